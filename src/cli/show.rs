//! `greenroom show`: a problem's card as Markdown, or as JSON.

use super::{Done, Out, Trouble, target};
use crate::catalog::{Catalog, Problem};
use serde_json::Value;
use std::fmt::Write as _;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A problem's id, or PROBLEM/VARIANT.
    id: String,
    /// With what it takes to answer: facts, estimation, hints, solution, follow-ups, rubric.
    #[arg(long)]
    solution: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, catalog: &Catalog, out: &mut Out) -> Result<Done, Trouble> {
    let problem = target::problem_or_variant(catalog, &args.id)?;
    if args.json {
        let mut card = serde_json::to_value(problem.as_ref()).map_err(|why| Trouble::Around(format!("JSON: {why}")))?;
        if let (Value::Object(fields), false) = (&mut card, args.solution) {
            fields.shift_remove("solution");
        }
        out.json(&card)?;
    } else {
        let variant = args.id.split_once('/').map(|(_, variant)| variant);
        let mut text = question(&problem, variant);
        if args.solution {
            answer(&problem, &mut text);
        }
        out.text(&text)?;
    }
    Ok(Done::Code(0))
}

/// What a candidate may see before the interview.
fn question(problem: &Problem, variant: Option<&str>) -> String {
    let mut text = format!("# {}\n\n", problem.title);
    let _ = writeln!(text, "{} · {} · {} · {} minutes\n", problem.group, problem.level, problem.difficulty, problem.minutes);
    if let Some(variant) = variant.and_then(|id| problem.variant(id)) {
        let _ = writeln!(text, "## Variant: {} ({}, {} minutes)\n\n{}\n", variant.title, variant.difficulty, variant.minutes, variant.scope.trim_end());
    }
    let _ = writeln!(text, "{}\n", problem.statement.trim_end());
    list(&mut text, "Asked at", &problem.asked_at);
    list(&mut text, "Variants", &problem.variants.iter().map(|v| format!("{}/{}: {}, {} minutes", problem.id, v.id, v.title, v.minutes)).collect::<Vec<_>>());
    list(&mut text, "Phases", &problem.phases.iter().map(|p| format!("{}, {} minutes", p.name, p.minutes)).collect::<Vec<_>>());
    list(&mut text, "Experiments", &problem.experiments.iter().map(|e| format!("{}/{}: {}", problem.id, e.id, e.title)).collect::<Vec<_>>());
    text
}

fn answer(problem: &Problem, text: &mut String) {
    list(text, "Functional requirements", &problem.requirements.functional);
    list(text, "Non-functional requirements", &problem.requirements.non_functional);
    list(text, "Facts, when asked for", &problem.clarify.iter().map(|c| format!("{} {}", c.ask, c.answer)).collect::<Vec<_>>());
    for estimation in &problem.estimation {
        let _ = writeln!(
            text,
            "## Estimation: {}\n\n{}\n\nAbout {} {}. {}\n",
            estimation.ask,
            estimation.steps.trim_end(),
            estimation.answer,
            estimation.unit,
            estimation.so
        );
    }
    for hint in &problem.hints {
        let name = problem.phase(&hint.phase).map_or(hint.phase.as_str(), |p| p.name.as_str());
        let _ = writeln!(text, "## Hints: {name}\n\n1. {}\n2. {}\n3. {}\n", hint.nudge.trim_end(), hint.point.trim_end(), hint.tell.trim_end());
    }
    for section in &problem.solution {
        let _ = writeln!(text, "## {}\n\n{}\n", section.title, section.body.trim_end());
        if let Some(diagram) = &section.diagram {
            let _ = writeln!(text, "```mermaid\n{}\n```\n", diagram.trim_end());
        }
    }
    for follow_up in &problem.follow_ups {
        let _ = writeln!(text, "## Follow-up: {}\n", follow_up.ask);
        let depths = [("Solid", Some(&follow_up.solid)), ("Senior", follow_up.senior.as_ref()), ("Staff", follow_up.staff.as_ref())];
        depths.iter().filter_map(|(depth, words)| words.map(|words| (depth, words))).for_each(|(depth, words)| {
            let _ = writeln!(text, "- {depth}: {}", words.trim_end());
        });
        text.push('\n');
    }
    list(text, "Rubric", &problem.rubric.iter().map(|l| format!("{} ({} points)", l.line, l.points)).collect::<Vec<_>>());
    list(text, "References", &problem.references.iter().map(|r| format!("{}: <{}>", r.title, r.url)).collect::<Vec<_>>());
}

fn list(text: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "## {title}\n");
    lines.iter().for_each(|line| {
        let _ = writeln!(text, "- {}", line.trim_end());
    });
    text.push('\n');
}
