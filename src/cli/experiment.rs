//! `greenroom experiment`: a card's experiments, run and judged.

use super::{Done, Out, Trouble, target};
use crate::catalog::expect::significant;
use crate::catalog::{Catalog, Problem};
use crate::lab::evaluate::Judged;
use crate::lab::experiment::{self, Report};
use serde_json::{Value, json};
use sims::kernel::knob::unknown;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A problem's id, or PROBLEM/EXPERIMENT.
    #[arg(conflicts_with = "all")]
    id: Option<String>,
    /// Every experiment of every problem.
    #[arg(long)]
    all: bool,
    /// Seeds 1 to N instead of the card's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    seeds: Option<u64>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, catalog: &Catalog, out: &mut Out) -> Result<Done, Trouble> {
    let wanted = wanted(args, catalog)?;
    let mut passed = true;
    let mut told: Vec<Value> = Vec::new();
    for (problem, name) in &wanted {
        let design = target::design_of(problem)?;
        for experiment in problem.experiments.iter().filter(|e| name.as_ref().is_none_or(|name| *name == e.id)) {
            let place = |why: String| Trouble::Use(format!("experiment {}/{}: {why}", problem.id, experiment.id));
            let mut ready = experiment::prepare(design, experiment).map_err(place)?;
            if let Some(seeds) = args.seeds {
                ready = ready.with_seeds(seeds);
            }
            let Some(report) = ready.run(&AtomicUsize::new(0), &AtomicBool::new(false)).map_err(place)? else { continue };
            passed &= report.passed;
            if args.json {
                told.push(as_json(&problem.id, &report));
            } else {
                // One by one: whoever waits sees how far it is.
                out.text(&as_text(&problem.id, &report))?;
            }
        }
    }
    if args.json {
        out.json(&told)?;
    }
    Ok(Done::Code(u8::from(!passed)))
}

type Wanted = Vec<(Arc<Problem>, Option<String>)>;

fn wanted(args: &Args, catalog: &Catalog) -> Result<Wanted, Trouble> {
    let Some(id) = &args.id else {
        if !args.all {
            return Err(Trouble::Use("say which: a problem's id, PROBLEM/EXPERIMENT, or --all".into()));
        }
        let heads = catalog.heads().iter().filter(|head| !head.experiments.is_empty());
        return heads.map(|head| Ok((target::problem(catalog, &head.id)?, None))).collect();
    };
    let (id, name) = id.split_once('/').map_or((id.as_str(), None), |(id, name)| (id, Some(name.to_string())));
    let problem = target::problem(catalog, id)?;
    if problem.experiments.is_empty() {
        return Err(Trouble::Use(format!("problem `{id}` has no experiments")));
    }
    if let Some(name) = &name
        && problem.experiment(name).is_none()
    {
        return Err(Trouble::Use(unknown("experiment", name, problem.experiments.iter().map(|e| e.id.as_str()))));
    }
    Ok(vec![(problem, name)])
}

fn as_json(problem: &str, report: &Report) -> Value {
    let expectations: Vec<Value> =
        report.judged.iter().map(|line| json!({"text": line.text, "passed": line.passed, "seed": line.seed, "left": line.left, "right": line.right})).collect();
    json!({"problem": problem, "experiment": report.id, "seeds": report.seeds, "passed": report.passed, "expectations": expectations})
}

fn as_text(problem: &str, report: &Report) -> String {
    let word = if report.passed { "passed" } else { "FAILED" };
    let mut text = format!("{word} {problem}/{} · {} · {} seeds\n", report.id, report.title, report.seeds.len());
    report.judged.iter().for_each(|line| text.push_str(&format!("  {}\n", expectation(line))));
    text
}

fn expectation(line: &Judged) -> String {
    let mark = if line.passed { "✓" } else { "✗" };
    let mut text = format!("{mark} {}", line.text);
    if let (Some(left), Some(right)) = (line.left, line.right) {
        text.push_str(&format!("   {} against {}", significant(left), significant(right)));
    }
    if !line.passed
        && let Some(detail) = &line.detail
    {
        text.push_str(&format!("   {detail}"));
    }
    if let (Some(seed), false) = (line.seed, line.passed) {
        text.push_str(&format!("   (seed {seed})"));
    }
    text
}
