//! `greenroom today`: what to do next, and why.

use super::{Done, Out, Trouble};
use crate::agenda::{self, Agenda};
use crate::catalog::Catalog;
use crate::config::Config;
use crate::drill::plan;
use crate::drill::today::{Go, in_days};
use crate::home::Home;
use crate::store::Store;
use serde_json::{Value, json};
use std::fmt::Write as _;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, catalog: &Catalog, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let (agenda, config) = read(catalog, home)?;
    if args.json {
        out.json(&as_json(&agenda, &config))?;
    } else {
        out.text(&told(&agenda, &config))?;
    }
    Ok(Done::Code(0))
}

/// Looking makes no database: without one, the day of a newcomer.
pub fn read(catalog: &Catalog, home: &Home) -> Result<(Agenda, Config), Trouble> {
    let (config, faults) = Config::load(&home.config());
    faults.iter().for_each(|fault| eprintln!("greenroom: {fault}"));
    let store = if home.database().exists() { Store::open(home) } else { Store::in_memory() };
    store.notices().iter().for_each(|notice| eprintln!("greenroom: {notice}"));
    let agenda = agenda::read(&store, catalog, &config, chrono::Utc::now()).map_err(|why| Trouble::Around(why.to_string()))?;
    Ok((agenda, config))
}

/// What to type for a suggestion.
fn command(go: &Go) -> String {
    match go {
        Go::Resume { .. } | Go::Score { .. } | Go::Plan => "greenroom".into(),
        Go::Mock { problem, variant, mode } => {
            let variant = variant.as_ref().map_or_else(String::new, |variant| format!("/{variant}"));
            let mode = mode.map_or_else(String::new, |mode| format!(" --{mode}"));
            format!("greenroom mock {problem}{variant}{mode}")
        }
        Go::Experiments { problem } => format!("greenroom lab {problem}"),
        Go::Cards => "greenroom drill cards".into(),
        Go::Numbers { .. } => "greenroom drill numbers".into(),
        Go::Flaws => "greenroom drill flaws".into(),
    }
}

fn told(agenda: &Agenda, config: &Config) -> String {
    let mut text = agenda.today.format("%A, %-d %B %Y").to_string();
    if let Some(left) = left(agenda, config) {
        let _ = write!(text, ", interview {}", in_days(left));
    }
    text.push('\n');
    for (n, found) in agenda.suggestions.iter().enumerate() {
        let _ = write!(text, "\n{}. {} (about {} min)\n   {}\n   {}\n", n + 1, found.title, found.minutes, found.why, command(&found.go));
    }
    if let Some((_, followed)) = &agenda.followed {
        let (done, late, all) = plan::tally(&agenda.weeks);
        let _ = writeln!(text, "\nPlan {}: {done} of {all} done, {late} late.", followed.title);
    }
    text
}

fn left(agenda: &Agenda, config: &Config) -> Option<i64> {
    config.interview_date.map(|date| (date - agenda.today).num_days()).filter(|left| *left >= 0)
}

fn as_json(agenda: &Agenda, config: &Config) -> Value {
    let (done, late, all) = plan::tally(&agenda.weeks);
    let (missed, new, found) = agenda.flaw_counts;
    json!({
        "date": agenda.today,
        "interview_in_days": left(agenda, config),
        "suggestions": agenda.suggestions,
        "cards": {"due": agenda.cards.0, "new": agenda.cards.1},
        "flaws": {"missed": missed, "new": new, "found": found},
        "estimates": agenda.past.estimates.len(),
        "plan": agenda.followed.as_ref().map(|(followed, plan)| json!({"id": plan.id, "begun_on": followed.begun_on, "done": done, "late": late, "tasks": all})),
        "checklist": agenda.checklist.iter().map(|line| json!({
            "id": line.item.id, "group": line.item.group, "says": line.item.says, "have": line.have, "need": line.need,
            "proved": line.proved(), "by_hand": line.by_hand,
        })).collect::<Vec<_>>(),
    })
}
