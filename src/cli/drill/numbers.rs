//! `greenroom drill numbers`: sums asked and answered in words.

use crate::cli::{Done, Out, Trouble};
use crate::drill::numbers::{Drill, Kind, Level, Taken, Verdict, next_kind, next_level, trend};
use crate::home::Home;
use crate::store::StoreError;
use serde_json::{Value, json};
use sims::kernel::rng::splitmix;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::BufRead;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// One kind only; else what you practised least.
    #[arg(long, value_parser = Kind::ALL.map(Kind::name))]
    pub kind: Option<String>,
    /// How much there is to work out; else as your answers say.
    #[arg(long, value_parser = Level::ALL.map(Level::name))]
    level: Option<String>,
    /// The drill of this seed; else one that was not asked before.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Answer at once: 12k/s, 1.2TB, 99.95%. It is judged, and not kept: nobody was timed.
    #[arg(long, value_name = "TEXT")]
    answer: Option<String>,
}

pub fn run(args: &Args, json: bool, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let around = |why: StoreError| Trouble::Around(why.to_string());
    let store = super::store(home);
    let mut rows = store.estimates().map_err(around)?;
    // Nobody was timed who gives question and answer in one command: it is judged, and not kept, or the speed would be flattered.
    if json || args.answer.is_some() {
        let drill = pose(args, &rows);
        let verdict = args.answer.as_deref().map(|text| drill.judge(text)).transpose().map_err(Trouble::Use)?;
        if json {
            out.json(&as_json(&drill, verdict.as_ref(), &rows))?;
        } else {
            out.text(&format!("{}\n{}", drill.ask, told(&drill, verdict.as_ref(), None)))?;
        }
        return Ok(Done::Code(0));
    }
    let mut keep = |drill: &Drill, verdict: &Verdict, took: Duration, rows: &mut Vec<Taken>| {
        let row = Taken::of(drill, verdict, took, chrono::Utc::now());
        store.save_estimate(&row).map_err(around)?;
        rows.push(row);
        Ok::<(), Trouble>(())
    };
    converse(args, &mut rows, &mut keep, out)
}

type Keep<'a> = dyn FnMut(&Drill, &Verdict, Duration, &mut Vec<Taken>) -> Result<(), Trouble> + 'a;

/// Question after question until the input ends or says `q`.
fn converse(args: &Args, rows: &mut Vec<Taken>, keep: &mut Keep<'_>, out: &mut Out) -> Result<Done, Trouble> {
    let mut lines = std::io::stdin().lock().lines();
    let mut drill = pose(args, rows);
    let mut since = crate::lab::wall::Stopwatch::start();
    out.text(&asked(&drill))?;
    while let Some(line) = lines.next().transpose().map_err(|why| Trouble::Around(format!("standard input: {why}")))? {
        match line.trim() {
            "q" | "quit" => break,
            "?" => out.text(&told(&drill, None, None))?,
            text => match drill.judge(text) {
                Err(why) => {
                    out.line(&format!("{why}; `?` shows the way, `q` ends"))?;
                    continue;
                }
                Ok(verdict) => {
                    let took = since.elapsed();
                    keep(&drill, &verdict, took, rows)?;
                    out.text(&told(&drill, Some(&verdict), Some(took)))?;
                }
            },
        }
        if args.seed.is_some() {
            break;
        }
        drill = pose(args, rows);
        since = crate::lab::wall::Stopwatch::start();
        out.text(&format!("\n{}", asked(&drill)))?;
    }
    if let Some(found) = trend(rows.iter()) {
        out.line(&format!("\n{} answered so far, {:.0} % within a factor of two.", found.count, found.good * 100.0))?;
    }
    Ok(Done::Code(0))
}

fn pose(args: &Args, rows: &[Taken]) -> Drill {
    let kind = args.kind.as_deref().and_then(Kind::parse).unwrap_or_else(|| next_kind(rows));
    let level = args.level.as_deref().and_then(Level::parse).unwrap_or_else(|| next_level(rows));
    if let Some(seed) = args.seed {
        return Drill::new(kind, level, seed);
    }
    let asked: BTreeSet<String> = rows.iter().map(|row| row.ask.clone()).collect();
    Drill::fresh(kind, level, splitmix(rows.len() as u64), &asked)
}

fn asked(drill: &Drill) -> String {
    format!("{} · {}\n{}\nYour answer is {}.\n", drill.kind.title(), drill.level.name(), drill.ask, drill.unit.hint())
}

fn told(drill: &Drill, verdict: Option<&Verdict>, took: Option<Duration>) -> String {
    let mut text = String::new();
    let right = drill.unit.told(drill.answer);
    match verdict {
        Some(verdict) => {
            let time = took.map_or_else(String::new, |took| format!(" in {:.0} s", took.as_secs_f64()));
            let _ = writeln!(text, "{}: {}{time}. It is {right}.", verdict.grade.says(), verdict.says(drill.unit));
        }
        None => {
            let _ = writeln!(text, "It is {right}.");
        }
    }
    for (step, result) in drill.worked() {
        let _ = writeln!(text, "  {}: {} = {result}", step.says, step.line.replace(" = ", ": "));
    }
    for trick in &drill.tricks {
        let _ = writeln!(text, "  In your head: {} {} = {}, {}", trick.says, trick.line, drill.by_trick(trick), Drill::off(trick));
    }
    let _ = writeln!(text, "  So: {}", drill.so);
    text
}

fn as_json(drill: &Drill, verdict: Option<&Verdict>, rows: &[Taken]) -> Value {
    let steps: Vec<Value> = drill.worked().into_iter().map(|(step, result)| json!({"says": step.says, "line": step.line, "result": result})).collect();
    json!({
        "kind": drill.kind,
        "level": drill.level,
        "seed": drill.seed,
        "ask": drill.ask,
        "type": drill.unit.hint(),
        "answer": drill.answer,
        "told": drill.unit.told(drill.answer),
        "steps": steps,
        "tricks": drill.tricks,
        "so": drill.so,
        "verdict": verdict,
        "trend": trend(rows.iter()),
    })
}
