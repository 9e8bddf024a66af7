//! `greenroom sim`: a run without a screen, and what came of it.

use super::chaos::{self, Chaos};
use super::setting::Setting;
use super::{Done, Out, Trouble, out, target};
use crate::catalog::expect::significant;
use crate::catalog::{Catalog, RunFile};
use crate::lab::evaluate::told;
use crate::lab::headless::{self, Outcome};
use crate::lab::narrate;
use crate::lab::objectives::{self, Met};
use serde::Serialize;
use serde_json::{Map, Value, json};
use sims::kernel::invariant::{InvariantKind, InvariantSpec, Verdict};
use sims::kernel::knob::{Knob, Knobs};
use sims::kernel::time::Time;
use sims::kernel::value;
use sims::kernel::view::Line;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A problem's id, or a design's.
    id: String,
    #[command(flatten)]
    setting: Setting,
    #[command(flatten)]
    chaos: Chaos,
    /// Tell the run in sentences, for screen readers and logs.
    #[arg(long, conflicts_with = "json")]
    plain: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, catalog: &Catalog, out: &mut Out) -> Result<Done, Trouble> {
    let design = target::design(catalog, &args.id)?;
    let file = args.setting.file(catalog)?;
    let mut spec = args.setting.spec(design, catalog)?;
    let wish = args.chaos.lay_over(&mut spec)?;
    let (outcome, signals) = headless::play_and_look(spec.clone(), |run| if args.plain { narrate::signals(run) } else { Vec::new() })?;
    let found = args.chaos.smallest(&spec, &outcome)?;
    args.chaos.save(&spec, found.as_ref())?;
    let met = file.as_ref().map_or_else(|| Ok(Vec::new()), |file| objectives::of_file(file, &outcome))?;
    if args.json {
        let mut told = as_json(&outcome, file.as_ref(), &met);
        chaos::as_json(wish, &spec, found.as_ref(), &mut told);
        out.json(&told)?;
    } else {
        out.text(&if args.plain { in_sentences(&outcome, &signals, &met) } else { in_tables(&outcome, &met) })?;
        for line in chaos::in_words(wish, &spec, found.as_ref()) {
            out.line(&line)?;
        }
    }
    // A script goes on without a step that could not be done; whoever wrote it should not have to look for that.
    outcome.refused().for_each(|entry| eprintln!("greenroom: at {} {}", entry.at, entry.text));
    let well = outcome.unbroken() && met.iter().all(|m| m.judged.passed);
    Ok(Done::Code(u8::from(!well)))
}

#[derive(Serialize)]
struct Lamp {
    name: &'static str,
    kind: &'static str,
    says: &'static str,
    verdict: &'static str,
    at_s: Option<f64>,
    detail: Option<String>,
}

fn lamp((spec, verdict): &(&'static InvariantSpec, Verdict)) -> Lamp {
    let (at_s, detail) = match verdict {
        Verdict::Broken { at, detail, .. } => (Some(at.as_secs()), Some(detail.clone())),
        Verdict::Undecided { why } => (None, Some(why.clone())),
        Verdict::Held | Verdict::Unknown => (None, None),
    };
    Lamp { name: spec.id, kind: kind(spec.kind), says: spec.says, verdict: word(verdict), at_s, detail }
}

pub fn kind(kind: InvariantKind) -> &'static str {
    match kind {
        InvariantKind::Always => "always",
        InvariantKind::Finally => "finally",
        InvariantKind::Sometimes => "sometimes",
    }
}

pub fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Held => "held",
        Verdict::Broken { .. } => "broken",
        Verdict::Unknown | Verdict::Undecided { .. } => "unknown",
    }
}

fn as_json(outcome: &Outcome, file: Option<&RunFile>, met: &[Met]) -> Value {
    let knobs: Map<String, Value> = outcome.knobs.iter().map(|(knob, value)| (knob.name.to_string(), json!(value.to_string()))).collect();
    let metrics: Map<String, Value> = outcome.metrics.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let mut told = json!({
        "design": outcome.design.id,
        "seed": outcome.seed,
        "knobs": knobs,
        "virtual_s": outcome.length.as_secs(),
        "events": outcome.events,
        "events_per_s": outcome.events_per_s().round(),
        "digest": format!("{:016x}", outcome.digest),
        "metrics": metrics,
        "invariants": outcome.verdicts.iter().map(lamp).collect::<Vec<_>>(),
    });
    if file.is_some() {
        told["objectives"] =
            met.iter().map(|m| json!({"text": m.judged.text, "met": m.judged.passed, "left": m.judged.left, "right": m.judged.right})).collect();
    }
    told
}

fn in_tables(outcome: &Outcome, met: &[Met]) -> String {
    let mut text = format!(
        "{} · seed {} · {} · {} events · {} events/s · digest {:016x}\n\n",
        outcome.design.title,
        outcome.seed,
        outcome.length,
        outcome.events,
        significant(outcome.events_per_s()),
        outcome.digest
    );
    let knobs: Vec<Vec<String>> = outcome.knobs.iter().map(|(knob, value)| vec![format!("  {}", knob.name), value.to_string(), knob.says.into()]).collect();
    text.push_str(&format!("Knobs\n{}\n", out::table(&knobs, &[])));
    let metrics: Vec<Vec<String>> = outcome.metrics.iter().map(|(name, value)| vec![format!("  {name}"), significant(*value)]).collect();
    text.push_str(&format!("Metrics\n{}\n", out::table(&metrics, &[1])));
    let lamps: Vec<Vec<String>> = outcome
        .verdicts
        .iter()
        .map(|(spec, verdict)| {
            let more = if matches!(verdict, Verdict::Broken { .. } | Verdict::Undecided { .. }) {
                format!("{} ({})", spec.says, told(verdict))
            } else {
                spec.says.into()
            };
            vec![format!("  {} {}", mark(verdict), spec.id), kind(spec.kind).into(), word(verdict).into(), more]
        })
        .collect();
    text.push_str(&format!("Invariants\n{}", out::table(&lamps, &[])));
    if !met.is_empty() {
        text.push_str("\nObjectives\n");
        met.iter().for_each(|m| text.push_str(&format!("  {}\n", objective(m))));
    }
    text
}

fn mark(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Held => "✓",
        Verdict::Broken { .. } => "✗",
        Verdict::Unknown => "·",
        Verdict::Undecided { .. } => "?",
    }
}

fn objective(met: &Met) -> String {
    let word = if met.judged.passed { "met" } else { "missed" };
    let value = met.judged.left.map_or_else(String::new, |left| format!(", was {}", significant(left)));
    let because = met.because.as_ref().map_or_else(String::new, |why| format!(" ({})", crate::prose::flat(why)));
    format!("{word}: {}{value}{because}", met.judged.text)
}

/// No marks, no columns: one sentence a line.
fn in_sentences(outcome: &Outcome, signals: &[Line], met: &[Met]) -> String {
    let defaults = Knobs::defaults(outcome.knobs.declared());
    let mut lines = vec![format!("This is a run of {}, seed {}, for {} of virtual time.", outcome.design.title, outcome.seed, outcome.length)];
    // What was turned, what happened, what came of it; then what is looked up: numbers, and the knobs that stand as they always do.
    let (turned, standing): (Vec<_>, Vec<_>) = outcome.knobs.iter().partition(|(knob, value)| defaults.get(knob.name) != Some(*value));
    let knob = |(knob, value): (&Knob, &value::Value)| format!("Knob {} is {value}: {}.", knob.name, knob.says.trim_end_matches('.'));
    lines.extend(turned.into_iter().map(knob));
    if outcome.log.is_empty() {
        lines.push("The log is empty.".into());
    }
    lines.extend(narrate::told(&outcome.log, signals, Time::ZERO + outcome.length));
    for (spec, verdict) in &outcome.verdicts {
        lines.push(format!("Invariant {} ({}), {}: {}.", spec.id, kind(spec.kind), spec.says.trim_end_matches('.'), told(verdict).trim_end_matches('.')));
    }
    lines.extend(met.iter().map(|m| format!("Objective {}.", objective(m))));
    lines.extend(outcome.metrics.iter().map(|(name, value)| format!("Metric {name} is {}.", significant(*value))));
    lines.extend(standing.into_iter().map(knob));
    lines.join("\n") + "\n"
}
