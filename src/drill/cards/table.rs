//! Cards and their log as comma-separated tables; a log's table is read back, also on another machine.

use super::anki::sides;
use super::log::{Event, What};
use super::schedule::State;
use crate::catalog::Deck;
use chrono::SecondsFormat;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const LOG: [&str; 8] = ["id", "card", "at", "day", "kind", "grade", "took_ms", "undoes"];

/// Every card with where it stands.
pub fn cards(decks: &[&Deck], states: &BTreeMap<String, State>) -> String {
    let mut text = String::from("deck,id,kind,topic,question,answer,see,reviews,lapses,stability_days,difficulty,suspended\n");
    for deck in decks {
        for card in &deck.cards {
            let (front, back) = sides(card);
            let state = states.get(&card.id).cloned().unwrap_or_default();
            let kind = serde_json::to_value(card.kind).ok().and_then(|kind| kind.as_str().map(str::to_string)).unwrap_or_default();
            let (stability, difficulty) =
                state.memory.map_or((String::new(), String::new()), |m| (format!("{:.3}", m.stability), format!("{:.3}", m.difficulty)));
            let numbers = [state.reps.to_string(), state.lapses.to_string(), stability, difficulty, state.suspended.to_string()];
            let texts = [deck.id.clone(), card.id.clone(), kind, card.topic.clone(), front, back, card.see.0.join(" ")];
            let cells: Vec<String> = texts.iter().chain(&numbers).map(|text| cell(text)).collect();
            let _ = writeln!(text, "{}", cells.join(","));
        }
    }
    text
}

/// The whole log, what was taken back as well: a merge needs it.
pub fn log(events: &[Event]) -> String {
    let mut text = LOG.join(",") + "\n";
    for event in events {
        let undoes = if let What::Undo { event } = &event.what { event.clone() } else { String::new() };
        let number = |n: Option<u64>| n.map_or(String::new(), |n| n.to_string());
        let cells = [
            event.id.clone(),
            event.card.clone(),
            event.at.to_rfc3339_opts(SecondsFormat::Millis, true),
            event.day.to_string(),
            event.what.kind().to_string(),
            number(event.what.grade().map(|grade| u64::from(grade.number()))),
            number(event.what.took_ms()),
            undoes,
        ];
        let _ = writeln!(text, "{}", cells.map(|text| cell(&text)).join(","));
    }
    text
}

/// Whether a text begins as a log's table does.
pub fn is_log(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').lines().next().is_some_and(|line| line.trim_end() == LOG.join(","))
}

/// A log from its table.
///
/// # Errors
/// Every line that is no event, with what is wrong with it: half a log is not taken.
pub fn read_log(text: &str) -> Result<Vec<Event>, String> {
    let text = text.trim_start_matches('\u{feff}');
    if !is_log(text) {
        return Err(format!("line 1: a review log begins with `{}`", LOG.join(",")));
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let (mut events, mut wrong) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(why) => return Err(why.to_string()),
        };
        let line = record.position().map_or(0, csv::Position::line);
        match event(&record) {
            Ok(event) => events.push(event),
            Err(why) => wrong.push(format!("line {line}: {why}")),
        }
    }
    if wrong.is_empty() { Ok(events) } else { Err(wrong.join("\n")) }
}

fn event(record: &csv::StringRecord) -> Result<Event, String> {
    if record.len() != LOG.len() {
        return Err(format!("{} columns, but a review log has {}", record.len(), LOG.len()));
    }
    let text = |n: usize| record.get(n).unwrap_or("").trim();
    let some = |n: usize| Some(text(n)).filter(|text| !text.is_empty());
    let number = |n: usize| some(n).map(|text| text.parse::<u64>().map_err(|_| format!("`{text}` is no {}", LOG[n]))).transpose();
    if text(0).is_empty() || text(1).is_empty() {
        return Err("an event without its id or its card".into());
    }
    let grade = number(5)?.map(|grade| u32::try_from(grade).unwrap_or(u32::MAX));
    Ok(Event {
        id: text(0).into(),
        card: text(1).into(),
        at: chrono::DateTime::parse_from_rfc3339(text(2)).map_err(|_| format!("`{}` is no moment: 2026-11-22T10:00:00.000Z", text(2)))?.to_utc(),
        day: text(3).parse().map_err(|_| format!("`{}` is no day: 2026-11-22", text(3)))?,
        what: What::of(text(4), grade, number(6)?, some(7))?,
    })
}

fn cell(text: &str) -> String {
    // A spreadsheet would take these for a formula.
    let formula = text.starts_with(['=', '+', '@']) || (text.starts_with('-') && text.parse::<f64>().is_err());
    let text = if formula { format!("'{text}") } else { text.to_string() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::super::Grade;
    use super::*;

    fn sample() -> Vec<Event> {
        let at: chrono::DateTime<chrono::Utc> = "2026-11-22T23:59:59.999Z".parse().unwrap();
        let what = [
            What::Review { grade: Grade::Easy, took_ms: 12 },
            What::Cram { grade: Grade::Again, took_ms: 0 },
            What::Suspend,
            What::Unsuspend,
            What::Bury,
            What::Reset,
            What::Undo { event: "e2".into() },
        ];
        what.into_iter()
            .enumerate()
            .map(|(n, what)| Event { id: format!("e{n}"), card: "a, \"b\"".into(), at, day: "2026-11-23".parse().unwrap(), what })
            .collect()
    }

    #[test]
    fn a_log_comes_back_as_it_was_written() {
        assert_eq!(read_log(&log(&sample())), Ok(sample()));
    }

    #[test]
    fn every_bad_line_is_named_and_nothing_is_taken() {
        let head = LOG.join(",");
        let text = format!(
            "{head}\nx,c,2026-11-22T10:00:00Z,2026-11-22,review,5,1,\nx,c,yesterday,2026-11-22,bury,,,\nx,c\ny,c,2026-11-22T10:00:00Z,2026-11-22,bury,,,\n"
        );
        let why = read_log(&text).unwrap_err();
        let lines: Vec<&str> = why.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(
            lines[0].starts_with("line 2: `5` is no grade") && lines[1].contains("`yesterday` is no moment") && lines[2].starts_with("line 4: 2 columns"),
            "{why}"
        );
        assert!(read_log("a,b\n").unwrap_err().contains("begins with"));
    }
}
