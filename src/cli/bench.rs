//! `greenroom bench`: the building blocks of a design, timed natively, beside the machine's own floor.

use super::{Done, Out, Trouble, out, target};
use crate::catalog::Catalog;
use crate::catalog::expect::significant;
use crate::home::Home;
use crate::lab::bench::{self, Care, Timing};
use crate::lab::floor;
use crate::store::{BenchResult, Store};
use serde_json::{Map, Value, json};
use sims::designs::ALL;
use sims::kernel::design::Design;
use sims::kernel::knob::unknown;
use std::sync::atomic::AtomicBool;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A problem's id, or a design's; all without it.
    id: Option<String>,
    /// Only this case, as often as you like.
    #[arg(long, value_name = "NAME", requires = "id")]
    case: Vec<String>,
    /// So many threads instead of each case's own choice.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Rounds before the first that counts.
    #[arg(long, value_name = "N", default_value_t = bench::WARM_UP as u16, value_parser = clap::value_parser!(u16).range(0..=100))]
    warm_up: u16,
    /// Fewer operations and rounds.
    #[arg(long)]
    quick: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, catalog: &Catalog, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let designs: Vec<&'static Design> = match &args.id {
        Some(id) => vec![target::design(catalog, id)?],
        None => ALL.to_vec(),
    };
    let names: Vec<&str> = designs.iter().flat_map(|design| bench::of(design).map(|bench| bench.name)).collect();
    if let Some(wrong) = args.case.iter().find(|case| !names.contains(&case.as_str())) {
        return Err(Trouble::Use(unknown("case", wrong, names.into_iter())));
    }
    let (care, go) = (if args.quick { Care::Quick } else { Care::Full }, AtomicBool::new(false));
    let machine = floor::time(care, &go).unwrap_or_default();
    let mut timings = Vec::new();
    for design in designs {
        for case in bench::of(design).filter(|case| args.case.is_empty() || args.case.iter().any(|name| name == case.name)) {
            let own: Vec<usize> = args.threads.map_or_else(|| case.threads.to_vec(), |n| vec![usize::from(n)]);
            timings.extend(own.into_iter().filter_map(|threads| bench::time(design.id, case, threads, care, usize::from(args.warm_up), &go)));
        }
    }
    if args.json {
        out.json(&timings.iter().map(|timing| as_json(timing, &machine)).collect::<Vec<_>>())?;
    } else {
        // Nothing is written for a look: without a past there is nothing to compare with.
        let store = home.database().exists().then(|| Store::open(home));
        out.text(&told(&timings, &machine, store.as_ref()))?;
        if let (Some(store), Care::Full) = (store, care) {
            store.save_benches(&timings.iter().chain(&machine).map(kept).collect::<Vec<_>>()).map_err(|why| Trouble::Around(why.to_string()))?;
        }
    }
    Ok(Done::Code(0))
}

fn kept(timing: &Timing) -> BenchResult {
    BenchResult::now(timing.design, timing.case, timing.threads, timing.ops, timing.ns_per_op, timing.ops_per_s)
}

fn as_json(timing: &Timing, machine: &[Timing]) -> Value {
    let floor: Map<String, Value> = machine.iter().map(|floor| (floor.case.replace('-', "_"), json!(floor.ns_per_op))).collect();
    let spread = timing.spread;
    json!({
        "design": timing.design,
        "case": timing.case,
        "threads": timing.threads,
        "ops": timing.ops,
        "ns_per_op": timing.ns_per_op,
        "ops_per_s": timing.ops_per_s,
        "spread_ns": {"portion": spread.portion, "portions": spread.portions, "p50": spread.p50, "p99": spread.p99, "worst": spread.worst},
        "machine_ns": floor,
    })
}

fn told(timings: &[Timing], machine: &[Timing], store: Option<&Store>) -> String {
    let mut rows = vec![["design", "case", "threads", "ns/op", "was", "p50", "p99", "worst", "ops/s", ""].map(String::from).to_vec()];
    let mut past: Vec<BenchResult> = Vec::new();
    let mut of = "";
    for timing in machine.iter().chain(timings) {
        if let (Some(store), true) = (store, of != timing.design) {
            past = store.benches(timing.design).unwrap_or_default();
            of = timing.design;
        }
        let spread = timing.spread;
        rows.push(vec![
            timing.design.into(),
            timing.case.into(),
            timing.threads.to_string(),
            significant(timing.ns_per_op),
            BenchResult::earlier(&past, timing.case, timing.threads).map_or_else(|| "-".into(), significant),
            significant(spread.p50),
            significant(spread.p99),
            significant(spread.worst),
            significant(timing.ops_per_s),
            timing.note.clone().unwrap_or_else(|| timing.says.into()),
        ]);
    }
    out::table(&rows, &[2, 3, 4, 5, 6, 7, 8])
        + "\nns/op is processor time, the median of several rounds; `was` is the last full run on this machine. p50, p99 and worst are wall time per\n\
           operation over small portions on one thread; ops/s is wall time, all threads together. The machine's own floor comes first.\n"
}
