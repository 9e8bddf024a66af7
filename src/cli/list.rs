//! `greenroom list`: the problems, with the best score of each.

use super::{Done, Out, Trouble, out};
use crate::catalog::{Catalog, Head};
use crate::home::Home;
use serde::Serialize;
use sims::kernel::knob::unknown;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this level: L6 or L7.
    #[arg(long)]
    level: Option<String>,
    /// Only this group.
    #[arg(long)]
    group: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    title: &'a str,
    group: &'a str,
    level: &'a str,
    difficulty: &'a str,
    minutes: u32,
    variants: &'a [String],
    design: Option<&'a str>,
    experiments: &'a [String],
    /// The best of all attempts.
    score: Option<f64>,
}

pub fn run(args: &Args, catalog: &Catalog, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let heads = catalog.heads();
    known("level", args.level.as_deref(), heads.iter().map(|h| h.level.as_str()))?;
    known("group", args.group.as_deref(), heads.iter().map(|h| h.group.as_str()))?;
    let wanted = |head: &&Head| args.level.as_ref().is_none_or(|l| *l == head.level) && args.group.as_ref().is_none_or(|g| *g == head.group);
    let scores = super::scores(home);
    let rows: Vec<Row<'_>> = heads.iter().filter(wanted).map(|head| row(head, scores.get(&head.id).copied())).collect();
    if args.json {
        out.json(&rows)?;
    } else {
        out.text(&told(&rows))?;
    }
    Ok(Done::Code(0))
}

fn row(head: &Head, score: Option<f64>) -> Row<'_> {
    Row {
        id: &head.id,
        title: &head.title,
        group: &head.group,
        level: &head.level,
        difficulty: &head.difficulty,
        minutes: head.minutes,
        variants: &head.variants,
        design: head.design.as_deref(),
        experiments: &head.experiments,
        score,
    }
}

fn known<'a>(what: &str, given: Option<&str>, known: impl Iterator<Item = &'a str>) -> Result<(), Trouble> {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    known.dedup();
    match given {
        Some(name) if !known.contains(&name) => Err(Trouble::Use(unknown(what, name, known.into_iter()))),
        _ => Ok(()),
    }
}

fn told(rows: &[Row<'_>]) -> String {
    let mut table = vec![["id", "title", "group", "level", "minutes", "score"].map(String::from).to_vec()];
    for row in rows {
        let score = row.score.map_or_else(|| "-".into(), |score| format!("{score}/50"));
        table.push(vec![row.id.into(), row.title.into(), row.group.into(), row.level.into(), row.minutes.to_string(), score]);
    }
    out::table(&table, &[4, 5])
}
