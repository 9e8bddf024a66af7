//! What the lab shows of the ids, and what is judged when all is quiet.

use super::config::{Ids, START_MS, Scheme, year};
use super::generator::Generator;
use super::nodes::{Role, generator};
use super::watch::{ENDS, INDEX};
use crate::kernel::invariant::Lamps;
use crate::kernel::node::NodeId;
use crate::kernel::view::{Ask, Heat, PaneSpec, Table, View};
use crate::kernel::world::World;
use crate::parts::snowflake::Layout;
use crate::parts::{ulid, uuid};

pub const PANES: &[PaneSpec] = &[
    PaneSpec { id: "bits", title: "The latest ids, bit by bit" },
    PaneSpec { id: "leaves", title: "Leaves of the index, in the order of the keys" },
    PaneSpec { id: "generators", title: "Generators" },
    PaneSpec { id: "splits", title: "What each split of 63 bits buys" },
];

pub fn pane(world: &World<Ids>, pane: &str, ask: &Ask) -> View {
    match pane {
        "bits" => View::Table(bits(world, ask)),
        "leaves" => leaves(world, ask),
        "generators" => View::Table(generators(world, ask)),
        "splits" => View::Table(splits(world)),
        other => View::Empty(format!("no pane {other}")),
    }
}

/// The *finally* lamps.
pub fn judge_at_last(world: &World<Ids>, lamps: &mut Lamps) {
    let now = world.now();
    for id in world.ids() {
        match world.node(id) {
            Role::Client(client) if world.is_up(id) => {
                lamps.judge(ENDS, now, client.open() == 0, || format!("{} still waits for {} requests", world.name(id), client.open()));
            }
            Role::Database(database) => {
                let (index, mut last, mut entries, mut ordered) = (database.index(), None, 0, true);
                for (key, _) in index.iter() {
                    ordered &= last < Some(key);
                    last = Some(key);
                    entries += 1;
                }
                lamps.judge(INDEX, now, ordered && entries == index.len() && entries == database.rows(), || {
                    format!("{entries} entries for {} rows, in order: {ordered}", database.rows())
                });
            }
            Role::Client(_) | Role::Generator(_) | Role::Coordinator(_) | Role::Sequence(_) => {}
        }
    }
}

/// One row per id: its fields as bits, then as numbers.
fn bits(world: &World<Ids>, ask: &Ask) -> Table {
    let system = world.system();
    let rows = usize::from(ask.rows.saturating_sub(1));
    let row = |(id, node): (u128, u32)| -> Vec<String> {
        let name = format!("g{node}");
        match system.scheme {
            Scheme::Snowflake => {
                let maker = world.role("g").into_iter().find(|id| world.name(*id) == name);
                let site = maker.and_then(|id| generator(world.node(id))).map_or(0, Generator::site);
                let layout = system.layout_of(site);
                let parsed = layout.parse(id as u64);
                let tick = (parsed.at_ms - layout.epoch_ms) / layout.tick_ms;
                let field = |value: u64, width: u32| format!("{value:0width$b}", width = width as usize);
                let at = parsed.at_ms as i64 - START_MS as i64;
                vec![
                    name,
                    field(tick, layout.time_bits),
                    field(parsed.node, layout.node_bits),
                    field(parsed.sequence, layout.sequence_bits),
                    format!("{:.3} s, {}, {}", at as f64 / 1000.0, parsed.node, parsed.sequence),
                ]
            }
            Scheme::Uuid4 | Scheme::Uuid7 => vec![name, uuid::text(id), format!("version {}", uuid::version(id))],
            Scheme::Ulid => vec![name, ulid::text(id), format!("{:.3} s", (ulid::at_ms(id) as i64 - START_MS as i64) as f64 / 1000.0)],
            Scheme::DbSequence | Scheme::TicketServer => vec![name, id.to_string()],
        }
    };
    let head: &[&str] = match system.scheme {
        Scheme::Snowflake => &["node", "time", "number", "sequence", "reads as"],
        Scheme::Uuid4 | Scheme::Uuid7 => &["node", "id", "kind"],
        Scheme::Ulid => &["node", "id", "time"],
        Scheme::DbSequence | Scheme::TicketServer => &["node", "id"],
    };
    Table { head: head.iter().map(ToString::to_string).collect(), rows: world.watch().latest().take(rows).map(row).collect() }
}

/// Fill of the leaves from the least key to the largest, row by row; neighbours are averaged to fit.
fn leaves(world: &World<Ids>, ask: &Ask) -> View {
    let database = world.ids().find_map(|id| match world.node(id) {
        Role::Database(database) => Some(database),
        _ => None,
    });
    let Some(database) = database else { return View::Empty("no database".into()) };
    let index = database.index();
    let (cols, rows) = (usize::from(ask.cols.max(1)), usize::from(ask.rows.max(1)));
    let leaves = index.leaves() as usize;
    let group = leaves.div_ceil(cols * rows).max(1);
    let (mut fills, mut sum, mut count, mut resident) = (Vec::with_capacity(leaves / group + 1), 0.0, 0, 0);
    for (fill, in_memory) in index.leaf_fills() {
        (sum, count) = (sum + fill, count + 1);
        resident += usize::from(in_memory);
        if count == group {
            fills.push(sum / count as f64);
            (sum, count) = (0.0, 0);
        }
    }
    if count > 0 {
        fills.push(sum / count as f64);
    }
    let fill = index.leaf_fill() * 100.0;
    let says = format!("{leaves} leaves, {fill:.0} % full, {group} a mark, {resident} in memory; {} rows", index.len());
    let cells: Vec<Vec<f64>> = fills.chunks(cols).map(<[f64]>::to_vec).collect();
    View::Heat(Heat { row_names: cells.iter().map(|_| String::new()).collect(), cells, says })
}

fn generators(world: &World<Ids>, ask: &Ask) -> Table {
    let head = ["node", "site", "number", "last id, s", "waiting"];
    let row = |id: NodeId| {
        let generator = generator(world.node(id))?;
        let last = generator.last_ms().filter(|ms| *ms > 0).map(|ms| (ms as i64 - START_MS as i64) as f64 / 1000.0);
        Some(vec![
            format!("{}{}", world.name(id), if world.is_up(id) { "" } else { " (down)" }),
            (generator.site() + 1).to_string(),
            generator.number().map_or("-".into(), |n| n.to_string()),
            last.map_or("-".into(), |s| format!("{s:.3}")),
            generator.waiting().to_string(),
        ])
    };
    let rows = world.role("g").into_iter().filter_map(row).take(usize::from(ask.rows.saturating_sub(1))).collect();
    Table { head: head.map(String::from).to_vec(), rows }
}

/// Splits in use elsewhere beside this run's.
fn splits(world: &World<Ids>) -> Table {
    let this = world.system().layout;
    let known = [
        ("this run", this),
        ("Twitter", Layout::TWITTER),
        // Uses the sign bit too.
        ("Instagram", Layout { sequence_bits: 10, ..Layout::split(41, 13, 1, 1_314_220_021_721) }),
        ("Discord", Layout { time_bits: 42, sequence_bits: 12, ..Layout::split(42, 10, 1, 1_420_070_400_000) }),
        ("Sonyflake", Layout::split(39, 16, 10, 1_409_529_600_000)),
    ];
    let head = ["split", "time", "node", "sequence", "nodes", "ids/s a node", "runs out in"];
    let rows = known
        .iter()
        .map(|(name, layout)| {
            vec![
                (*name).to_string(),
                format!("{} x {} ms", layout.time_bits, layout.tick_ms),
                layout.node_bits.to_string(),
                layout.sequence_bits.to_string(),
                layout.nodes().to_string(),
                (layout.per_tick() * 1000 / layout.tick_ms).to_string(),
                format!("{:.1}", year(layout.runs_out_ms())),
            ]
        })
        .collect();
    Table { head: head.map(String::from).to_vec(), rows }
}
