//! `greenroom drill flaws`: snippets with one defect, named in words.

use crate::catalog::Catalog;
use crate::cli::{Done, Out, Trouble};
use crate::drill::flaws::{self, Answered, How, Posed, is_line, standing};
use crate::home::Home;
use crate::store::StoreError;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::BufRead;

pub fn run(json: bool, catalog: &Catalog, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let around = |why: StoreError| Trouble::Around(why.to_string());
    let posed = flaws::all(catalog);
    let store = super::store(home);
    let mut rows = store.flaws().map_err(around)?;
    let order = flaws::order(&rows, &posed);
    if json {
        out.json(&order.iter().map(|at| as_json(&posed[*at], &rows)).collect::<Vec<_>>())?;
        return Ok(Done::Code(0));
    }
    let mut lines = std::io::stdin().lock().lines();
    'snippets: for at in order {
        let posed = &posed[at];
        out.text(&asked(posed, standing(&rows, posed).name()))?;
        loop {
            let Some(line) = lines.next().transpose().map_err(|why| Trouble::Around(format!("standard input: {why}")))? else { break 'snippets };
            match answer(line.trim(), posed) {
                Said::Quit => break 'snippets,
                Said::Skip => continue 'snippets,
                Said::Nothing(why) => out.line(&why)?,
                Said::Answer(row) => {
                    store.save_flaw(&row).map_err(around)?;
                    out.text(&told(posed, &row))?;
                    rows.push(row);
                    break;
                }
            }
        }
    }
    Ok(Done::Code(0))
}

enum Said {
    Quit,
    Skip,
    Answer(Answered),
    Nothing(String),
}

/// `2` is a choice, `line 5` a line.
fn answer(text: &str, posed: &Posed) -> Said {
    let choices = posed.flaw.choices.len();
    let lines = posed.flaw.code.trim_end().lines().count();
    let (how, chosen, hit) = match (text, text.strip_prefix("line")) {
        ("q" | "quit", _) => return Said::Quit,
        ("n" | "next", _) => return Said::Skip,
        (_, Some(line)) => match line.trim().parse::<usize>() {
            Ok(line) if (1..=lines).contains(&line) => match is_line(&posed.flaw, line) {
                Some(hit) => (How::Line, line, hit),
                None => return Said::Nothing("this defect is not in one line: give the number of a choice".into()),
            },
            _ => return Said::Nothing(format!("the code has lines 1 to {lines}")),
        },
        (_, None) => match text.parse::<usize>() {
            Ok(n) if (1..=choices).contains(&n) => (How::Choice, n, n == posed.flaw.right),
            _ => return Said::Nothing(format!("give a choice, 1 to {choices}, or `line 5`; `n` goes on, `q` ends")),
        },
    };
    let chosen = u32::try_from(chosen).unwrap_or(u32::MAX);
    Said::Answer(Answered { source: posed.source.clone(), flaw: posed.flaw.id.clone(), how, chosen, hit, made_at: chrono::Utc::now() })
}

fn asked(posed: &Posed, standing: &str) -> String {
    let mut text = format!("\n{} · {} ({standing})\n\n", posed.flaw.title, posed.title);
    for (n, line) in posed.flaw.code.trim_end().lines().enumerate() {
        let _ = writeln!(text, "{:>4}  {line}", n + 1);
    }
    let _ = writeln!(text, "\n{}", posed.flaw.ask.trim());
    for (n, choice) in posed.flaw.choices.iter().enumerate() {
        let _ = writeln!(text, "  {}. {choice}", n + 1);
    }
    text
}

fn told(posed: &Posed, row: &Answered) -> String {
    let right = posed.flaw.choices.get(posed.flaw.right.saturating_sub(1)).map_or("", String::as_str);
    let shows = posed.shows.as_ref().map_or_else(String::new, |(problem, experiment)| format!("It runs: greenroom experiment {problem}/{experiment}\n"));
    format!("{}: {right}\n\n{}\n{shows}", if row.hit { "Found" } else { "Missed" }, posed.flaw.answer.trim())
}

fn as_json(posed: &Posed, rows: &[Answered]) -> Value {
    json!({
        "source": posed.source,
        "flaw": *posed.flaw,
        "experiment": posed.shows.as_ref().map(|(problem, experiment)| format!("{problem}/{experiment}")),
        "standing": standing(rows, posed),
    })
}
