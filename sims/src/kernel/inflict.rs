//! Faults done to a world: what each word of the vocabulary does.

use super::action::Action;
use super::faults::Inflicted;
use super::network::Trouble;
use super::node::{Node, NodeId, System};
use super::stage::Stage;
use super::time::Span;
use super::value::Value;
use super::world::{Event, Life, World};

/// Does one of the kernel's faults; none if the action is the design's own.
pub(crate) fn inflict<S: System>(stage: &mut Stage<'_, S>, action: &Action) -> Option<Result<(), String>> {
    Some(match action.name.as_str() {
        "crash" => each_node(stage, action, |stage, id| crash(stage, id, action.on("for_good"))),
        "restart" => each_node(stage, action, restart),
        "pause" => each_node(stage, action, |stage, id| pause(stage, id, action.span("for"))),
        "resume" => each_node(stage, action, |stage, id| {
            resume(stage, id);
            Ok(())
        }),
        "cut" => cut(stage, action),
        "heal" => heal(stage, action),
        "partition" => partition(stage, action.text("groups").unwrap_or_default()),
        "slow" => each_link(stage, action, |trouble| trouble.slow = action.span("by").unwrap_or_default()),
        "lose" => each_link(stage, action, |trouble| trouble.lose = action.num("share").unwrap_or_default()),
        "duplicate" => each_link(stage, action, |trouble| trouble.duplicate = action.num("share").unwrap_or_default()),
        "reorder" => each_link(stage, action, |trouble| trouble.reorder = action.num("share").unwrap_or_default()),
        "step-clock" => each_node(stage, action, |stage, id| {
            let (clock, by) = (&mut stage.rest.slots[id.at()].clock, action.shift("by").unwrap_or_default());
            clock.step(by);
            clock.stepped_ns = clock.stepped_ns.saturating_add(by);
            Ok(())
        }),
        "drift-clock" => each_node(stage, action, |stage, id| {
            let ppm = action.num("ppm").unwrap_or_default();
            stage.set_drift(id, ppm);
            stage.rest.slots[id.at()].clock.drifted_ppm = ppm;
            Ok(())
        }),
        "slow-disk" => each_node(stage, action, |stage, id| {
            stage.rest.slots[id.at()].device.slow = action.span("by").unwrap_or_default();
            Ok(())
        }),
        "fill-disk" => each_node(stage, action, |stage, id| {
            fill_disk(stage, id, action.on("full"));
            Ok(())
        }),
        "forget-disk" => each_node(stage, action, |stage, id| {
            forget_disk(stage, id);
            Ok(())
        }),
        "load" => {
            load(stage, action);
            Ok(())
        }
        _ => return None,
    })
}

fn each_node<S: System>(stage: &mut Stage<'_, S>, action: &Action, mut f: impl FnMut(&mut Stage<'_, S>, NodeId) -> Result<(), String>) -> Result<(), String> {
    for id in stage.select(action.text("node").unwrap_or_default())? {
        f(stage, id)?;
    }
    Ok(())
}

/// Every directed link between two ends, each one node, a role or all.
fn links<S: System>(stage: &Stage<'_, S>, from: &str, to: &str) -> Result<Vec<(NodeId, NodeId)>, String> {
    let (from, to) = (stage.select(from)?, stage.select(to)?);
    Ok(from.iter().flat_map(|a| to.iter().filter(move |b| *b != a).map(move |b| (*a, *b))).collect())
}

fn each_link<S: System>(stage: &mut Stage<'_, S>, action: &Action, f: impl Fn(&mut Trouble)) -> Result<(), String> {
    for (from, to) in links(stage, action.text("from").unwrap_or_default(), action.text("to").unwrap_or_default())? {
        f(&mut stage.rest.network.link(from, to).trouble);
    }
    Ok(())
}

fn cut<S: System>(stage: &mut Stage<'_, S>, action: &Action) -> Result<(), String> {
    for (from, to) in links(stage, action.text("from").unwrap_or_default(), action.text("to").unwrap_or_default())? {
        stage.rest.network.link(from, to).trouble.cut = true;
        if action.on("both") {
            stage.rest.network.link(to, from).trouble.cut = true;
        }
    }
    Ok(())
}

/// Undoes the troubles of the links between two ends, in both directions unless told otherwise; with one end, of all its links;
/// with none, of all.
fn heal<S: System>(stage: &mut Stage<'_, S>, action: &Action) -> Result<(), String> {
    if action.text("from").is_none() && action.text("to").is_none() {
        stage.rest.network.heal();
        return Ok(());
    }
    for (from, to) in links(stage, action.text("from").unwrap_or("all"), action.text("to").unwrap_or("all"))? {
        stage.rest.network.link(from, to).trouble = Trouble::default();
        if action.on("both") {
            stage.rest.network.link(to, from).trouble = Trouble::default();
        }
    }
    Ok(())
}

/// Cuts every link between the groups. Nodes that are not named keep theirs.
fn partition<S: System>(stage: &mut Stage<'_, S>, groups: &str) -> Result<(), String> {
    let mut split = Vec::new();
    for group in groups.split('|') {
        let mut members = Vec::new();
        for name in group.split([' ', ',']).filter(|n| !n.is_empty()) {
            members.extend(stage.select(name)?);
        }
        split.push(members);
    }
    if split.len() < 2 || split.iter().any(Vec::is_empty) {
        return Err(format!("`{groups}` must name at least two groups divided by |: s1 s2 | s3"));
    }
    for (i, group) in split.iter().enumerate() {
        for other in split.iter().skip(i + 1).flatten() {
            for node in group {
                if node == other {
                    return Err(format!("`{}` stands in two groups", stage.name(*node)));
                }
                stage.rest.network.link(*node, *other).trouble.cut = true;
                stage.rest.network.link(*other, *node).trouble.cut = true;
            }
        }
    }
    Ok(())
}

fn crash<S: System>(stage: &mut Stage<'_, S>, id: NodeId, for_good: bool) -> Result<(), String> {
    let slot = &mut stage.rest.slots[id.at()];
    if matches!(slot.life, Life::Crashed | Life::Dead) {
        return Err(format!("`{}` is down already", slot.name));
    }
    slot.life = if for_good { Life::Dead } else { Life::Crashed };
    stop(stage, id);
    Ok(())
}

/// The rest of what a node began that crashed itself.
pub(crate) fn fall<S: System>(stage: &mut Stage<'_, S>, id: NodeId, back: Option<Span>) {
    stop(stage, id);
    if let Some(span) = back {
        let event = Event::Back { node: id, epoch: stage.rest.slots[id.at()].epoch };
        stage.core.background(span, event);
    }
}

pub(crate) fn come_back<S: System>(stage: &mut Stage<'_, S>, id: NodeId) {
    // Somebody may have started it by hand, which is no fault: then there is nothing left to do.
    let _ = restart(stage, id);
}

/// What a node loses when its machine stops: its timers, what it has not read yet, and what no sync has covered.
fn stop<S: System>(stage: &mut Stage<'_, S>, id: NodeId) {
    let slot = &mut stage.rest.slots[id.at()];
    slot.epoch += 1;
    slot.held.clear();
    slot.device.crash();
    stage.core.metrics.forget(id.0);
    let torn = stage.rest.disks[slot.role].torn;
    let (node, tears) = (&mut stage.nodes[id.at()], &mut stage.rest.tears);
    node.files(&mut |file| file.crash(torn.then_some(&mut *tears)));
    node.on_crash();
}

fn fill_disk<S: System>(stage: &mut Stage<'_, S>, id: NodeId, full: bool) {
    stage.rest.slots[id.at()].device.full = full;
    stage.nodes[id.at()].files(&mut |file| file.fill(full));
}

/// Puts an empty disk in. A node that runs cannot go on without its files: it restarts.
fn forget_disk<S: System>(stage: &mut Stage<'_, S>, id: NodeId) {
    let runs = matches!(stage.rest.slots[id.at()].life, Life::Up | Life::Paused);
    if runs {
        stop(stage, id);
    }
    fill_disk(stage, id, false);
    stage.nodes[id.at()].files(&mut |file| file.forget());
    if runs {
        stage.rest.slots[id.at()].life = Life::Up;
        stage.with(id, Node::on_restart);
    }
}

fn restart<S: System>(stage: &mut Stage<'_, S>, id: NodeId) -> Result<(), String> {
    let slot = &mut stage.rest.slots[id.at()];
    if !matches!(slot.life, Life::Crashed | Life::Dead) {
        return Err(format!("`{}` is not down", slot.name));
    }
    slot.life = Life::Up;
    stage.with(id, Node::on_restart);
    Ok(())
}

fn pause<S: System>(stage: &mut Stage<'_, S>, id: NodeId, span: Option<Span>) -> Result<(), String> {
    let slot = &mut stage.rest.slots[id.at()];
    if slot.life != Life::Up {
        return Err(format!("`{}` is not running", slot.name));
    }
    slot.life = Life::Paused;
    if let Some(span) = span {
        let event = Event::Resume { node: id, epoch: slot.epoch };
        stage.core.background(span, event);
    }
    Ok(())
}

/// Lets a paused node go on with everything that waited; nothing if it is not paused.
pub(crate) fn resume<S: System>(stage: &mut Stage<'_, S>, id: NodeId) {
    let slot = &mut stage.rest.slots[id.at()];
    if slot.life != Life::Paused {
        return;
    }
    slot.life = Life::Up;
    let (held, missed) = (std::mem::take(&mut slot.held), std::mem::take(&mut slot.missed));
    if missed {
        stage.with(id, Node::on_knobs);
    }
    for event in held {
        stage.core.after(Span::ZERO, event);
    }
}

fn load<S: System>(stage: &mut Stage<'_, S>, action: &Action) {
    stage.rest.load = action.num("times").unwrap_or(1.0);
    stage.rest.load_turns += 1;
    if let Some(span) = action.span("for") {
        let event = Event::LoadBack { turn: stage.rest.load_turns };
        stage.core.background(span, event);
    }
}

/// The end of a run: links healed, nodes resumed and restarted, except those crashed for good.
pub(crate) fn heal_all<S: System>(stage: &mut Stage<'_, S>) {
    stage.rest.network.heal();
    stage.rest.load = 1.0;
    let ids: Vec<NodeId> = stage.rest.ids().collect();
    for id in ids {
        stage.rest.slots[id.at()].device.slow = Span::ZERO;
        fill_disk(stage, id, false);
        match stage.rest.slots[id.at()].life {
            Life::Paused => resume(stage, id),
            Life::Crashed => {
                stage.rest.slots[id.at()].life = Life::Up;
                stage.with(id, Node::on_restart);
            }
            Life::Up | Life::Dead | Life::Gone => {}
        }
    }
}

/// Faults in force, each with what undoes it.
pub(crate) fn in_force<S: System>(world: &World<S>) -> Vec<Inflicted> {
    let mut told = Vec::new();
    for id in world.ids() {
        let slot = &world.rest.slots[id.at()];
        let name = || text("node", &slot.name);
        match slot.life {
            Life::Crashed => told.push(inflicted(format!("{} is down", slot.name), "restart", vec![name()])),
            Life::Dead => told.push(inflicted(format!("{} is down for good", slot.name), "restart", vec![name()])),
            Life::Paused => told.push(inflicted(format!("{} is paused", slot.name), "resume", vec![name()])),
            Life::Up | Life::Gone => {}
        }
        if slot.device.slow > Span::ZERO {
            let says = format!("disk of {}: each sync takes {} longer", slot.name, slot.device.slow);
            told.push(inflicted(says, "slow-disk", vec![name(), ("by".into(), Value::Duration(Span::ZERO))]));
        }
        if slot.device.full {
            told.push(inflicted(format!("disk of {} is full", slot.name), "fill-disk", vec![name(), ("full".into(), Value::Switch(false))]));
        }
        let (step, ppm) = (slot.clock.stepped_ns, slot.clock.drifted_ppm);
        if step != 0 {
            let says = format!("clock of {}: {} {}", slot.name, Span(step.unsigned_abs()), if step < 0 { "back" } else { "ahead" });
            told.push(inflicted(says, "step-clock", vec![name(), ("by".into(), Value::Shift(-step))]));
        }
        if ppm != 0.0 {
            told.push(inflicted(format!("clock of {}: drifts {ppm} ppm", slot.name), "drift-clock", vec![name(), ("ppm".into(), Value::Number(0.0))]));
        }
    }
    for (from, to, trouble) in world.rest.network.troubled() {
        let (from, to) = (world.name(from), world.name(to));
        let args = vec![text("from", from), text("to", to), ("both".into(), Value::Switch(false))];
        told.push(inflicted(format!("{from} to {to}: {}", say(trouble)), "heal", args));
    }
    if world.rest.load != 1.0 {
        told.push(inflicted(format!("load is {} times the usual", world.rest.load), "load", vec![("times".into(), Value::Number(1.0))]));
    }
    told
}

fn text(name: &str, value: &str) -> (String, Value) {
    (name.into(), Value::Text(value.into()))
}

fn inflicted(says: String, name: &str, args: Vec<(String, Value)>) -> Inflicted {
    Inflicted { says, undo: Action { name: name.into(), args } }
}

pub(crate) fn say(trouble: Trouble) -> String {
    if trouble.cut {
        return "cut".into();
    }
    let mut words = Vec::new();
    if trouble.slow > Span::ZERO {
        words.push(format!("{} slower", trouble.slow));
    }
    for (share, what) in [(trouble.lose, "lost"), (trouble.duplicate, "doubled"), (trouble.reorder, "out of order")] {
        if share > 0.0 {
            words.push(format!("{} % {what}", (share * 1e4 + 0.5) as u64 as f64 / 100.0));
        }
    }
    words.join(", ")
}
