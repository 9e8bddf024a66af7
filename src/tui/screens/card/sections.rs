//! A card as Markdown, section by section: what may be read before an interview, and what only if the user insists.

use crate::catalog::{Clarify, Estimation, FollowUp, Phase, Problem, RubricLine, Scalar, SolutionSection};
use std::fmt::Write;

pub struct Section {
    pub title: &'static str,
    pub text: String,
}

/// Statement, requirements, phases, what the lab offers, references: nothing that an interview asks for.
pub fn open(problem: &Problem) -> Vec<Section> {
    let mut sections = vec![section("Statement", statement(problem))];
    if !problem.requirements.functional.is_empty() || !problem.requirements.non_functional.is_empty() {
        sections.push(section("Requirements", requirements(problem)));
    }
    sections.push(section("Phases", problem.phases.iter().map(phase).collect()));
    if !problem.variants.is_empty() {
        sections.push(section("Variants", variants(problem)));
    }
    if !problem.experiments.is_empty() {
        sections.push(section("Experiments", experiments(problem)));
    }
    if !problem.references.is_empty() {
        sections.push(section("References", references(problem)));
    }
    sections
}

/// Everything else: shown on *reveal anyway* alone.
pub fn hidden(problem: &Problem) -> Vec<Section> {
    let all = [
        section("Clarifying facts", problem.clarify.iter().map(fact).collect()),
        section("Estimation", problem.estimation.iter().map(estimation).collect()),
        section("Solution", problem.solution.iter().map(solution).collect()),
        section("Follow-ups", problem.follow_ups.iter().map(follow_up).collect()),
        section("Rubric", problem.rubric.iter().map(line).collect()),
    ];
    all.into_iter().filter(|s| !s.text.is_empty()).collect()
}

fn section(title: &'static str, text: String) -> Section {
    Section { title, text }
}

fn statement(problem: &Problem) -> String {
    let mut text = format!("{} · {} · {} min · {}\n\n{}\n", problem.level, problem.difficulty, problem.minutes, problem.group, problem.statement);
    if !problem.asked_at.is_empty() {
        let _ = write!(text, "\nAsked at {}.\n", problem.asked_at.join(", "));
    }
    text
}

fn requirements(problem: &Problem) -> String {
    let list = |title: &str, items: &[String]| {
        let bullets: String = items.iter().map(|item| format!("- {item}\n")).collect();
        if items.is_empty() { String::new() } else { format!("### {title}\n\n{bullets}\n") }
    };
    list("What it does", &problem.requirements.functional) + &list("How well", &problem.requirements.non_functional)
}

fn phase(phase: &Phase) -> String {
    let goals: String = phase.goals.iter().map(|goal| format!("- {goal}\n")).collect();
    format!("### {} · {} min\n\n{goals}\n", phase.name, phase.minutes)
}

fn variants(problem: &Problem) -> String {
    problem
        .variants
        .iter()
        .map(|v| format!("### {} · {} · {} min\n\n{}\n\n`greenroom mock {}/{}`\n\n", v.title, v.difficulty, v.minutes, v.scope, problem.id, v.id))
        .collect()
}

fn experiments(problem: &Problem) -> String {
    let list: String = problem.experiments.iter().map(|e| format!("- **{}** {}\n", e.title, e.ask.trim())).collect();
    format!("In the lab, each asks for your prediction first:\n\n{list}")
}

fn references(problem: &Problem) -> String {
    problem.references.iter().map(|r| format!("- {}  \n  `{}`\n", r.title, r.url)).collect()
}

fn fact(clarify: &Clarify) -> String {
    format!("- *{}* {}\n", clarify.ask.trim(), clarify.answer.trim())
}

fn estimation(item: &Estimation) -> String {
    let given: Vec<String> = item.given.iter().map(|(name, value)| format!("{name} {}", scalar(value))).collect();
    let so = if item.so.is_empty() { String::new() } else { format!("\n*So: {}*\n", item.so.trim()) };
    format!("### {}\n\nGiven {}: `{}` = **{} {}**\n\n{}\n{so}\n", item.ask.trim(), given.join(", "), item.formula, item.answer, item.unit, item.steps.trim())
}

fn scalar(value: &Scalar) -> String {
    value.to_string()
}

fn solution(section: &SolutionSection) -> String {
    let diagram = section.diagram.as_ref().map_or(String::new(), |d| format!("\n```mermaid\n{}\n```\n", d.trim_end()));
    format!("### {}\n\n{}\n{diagram}\n", section.title, section.body.trim())
}

fn follow_up(item: &FollowUp) -> String {
    let deeper = |name: &str, text: &Option<String>| text.as_ref().map_or(String::new(), |t| format!("- *{name}*: {}\n", t.trim()));
    format!("### {}\n\n- *solid*: {}\n{}{}\n", item.ask.trim(), item.solid.trim(), deeper("senior", &item.senior), deeper("staff", &item.staff))
}

fn line(line: &RubricLine) -> String {
    format!("- **{}** ({})\n  - full: {}\n  - half: {}\n  - none: {}\n", line.line.trim(), line.points, line.full.trim(), line.half.trim(), line.none.trim())
}
