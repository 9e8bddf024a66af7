//! `greenroom bench`: the building blocks of a design, timed natively.

use super::{Done, Out, Trouble, out, target};
use crate::catalog::Catalog;
use crate::catalog::expect::significant;
use crate::lab::bench::{self, Care, Timing};
use serde_json::{Value, json};
use sims::designs::ALL;
use sims::kernel::design::Design;
use std::sync::atomic::AtomicBool;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A problem's id, or a design's; all without it.
    id: Option<String>,
    /// Fewer operations and rounds.
    #[arg(long)]
    quick: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, catalog: &Catalog, out: &mut Out) -> Result<Done, Trouble> {
    let designs: Vec<&'static Design> = match &args.id {
        Some(id) => vec![target::design(catalog, id)?],
        None => ALL.to_vec(),
    };
    let care = if args.quick { Care::Quick } else { Care::Full };
    let mut timings = Vec::new();
    for (design, case, threads) in designs.into_iter().flat_map(bench::cases) {
        timings.extend(bench::time(design, case, threads, care, &AtomicBool::new(false)));
    }
    if args.json {
        out.json(&timings.iter().map(as_json).collect::<Vec<_>>())?;
    } else {
        out.text(&told(&timings))?;
    }
    Ok(Done::Code(0))
}

fn as_json(timing: &Timing) -> Value {
    json!({
        "design": timing.design,
        "case": timing.case,
        "threads": timing.threads,
        "ops": timing.ops,
        "ns_per_op": timing.ns_per_op,
        "ops_per_s": timing.ops_per_s,
    })
}

fn told(timings: &[Timing]) -> String {
    let mut rows = vec![["design", "case", "threads", "ns/op", "ops/s", ""].map(String::from).to_vec()];
    for timing in timings {
        rows.push(vec![
            timing.design.into(),
            timing.case.into(),
            timing.threads.to_string(),
            significant(timing.ns_per_op),
            significant(timing.ops_per_s),
            timing.note.clone().unwrap_or_else(|| timing.says.into()),
        ]);
    }
    out::table(&rows, &[2, 3, 4]) + "\nns/op is processor time, the median of several rounds; ops/s is wall time, all threads together.\n"
}
