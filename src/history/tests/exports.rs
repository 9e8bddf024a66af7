//! What is exported holds everything once, and nothing that could be taken for markup.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::store::{Correction, Field, Past};

fn past() -> Past {
    let entries = some().into_iter().map(|attempt| {
        let mut entry = entry(attempt, vec![("scope".into(), "20 M players, \"all\"\n<script>alert(1)</script>".into()), ("design".into(), String::new())]);
        entry.corrections = vec![Correction { field: Field::Minutes, was: "61 min".into(), corrected_at: "2026-11-22T10:00:00Z".parse().unwrap() }];
        entry
    });
    let guess = Guess::Number { value: 100.0, low: 50.0, high: 200.0, actual: 1000.0 };
    let made = Prediction { problem: "cache".into(), experiment: "<e>".into(), guess, made_at: "2026-11-21T10:00:00Z".parse().unwrap() };
    Past { entries: entries.collect(), predictions: vec![made], stints: vec![] }
}

fn look(past: &Past) -> Look {
    Look::back(past, &Topics::default(), NaiveDate::from_ymd_opt(2026, 11, 22).unwrap(), &Utc)
}

fn written(write: impl FnOnce(&mut dyn std::io::Write, &Past, &Look) -> std::io::Result<()>) -> String {
    let (past, mut out) = (past(), Vec::new());
    write(&mut out, &past, &look(&past)).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn markdown_holds_everything_once() {
    let text = written(markdown);
    assert!(text.contains("## The cache · 2026-11-21 23:30 UTC") && text.contains("**35 of 50, lean hire**"), "{text}");
    assert!(text.contains("| path | 12 | 20 | a \\| b |") && text.contains("### Notes: scope"), "{text}");
    assert!(!text.contains("### Notes: design"));
    assert!(text.contains("minutes was 61 min") && text.contains("| cache/<e> | 100 (50 to 200) | 1000 | no |"), "{text}");
}

#[test]
fn json_says_what_the_screen_says() {
    let past = past();
    let value = json(&past, &look(&past));
    assert_eq!(value["attempts"][0]["score"], 35.0);
    assert_eq!(value["attempts"][0]["band"], "lean hire");
    assert!(value["attempts"][0]["notes"]["scope"].as_str().unwrap().starts_with("20 M players"));
    assert_eq!(value["attempts"][1]["score"], serde_json::Value::Null);
    assert_eq!(value["trends"]["score"]["all interviews"].as_array().unwrap().len(), 2);
    assert_eq!((&value["problems"][0]["best"], &value["calibration"]["ranges_held"]), (&serde_json::json!(35.0), &serde_json::json!(0)));
    assert_eq!(value["minutes_by_day"]["2026-11-21"], 30);
}

#[test]
fn tables_have_as_many_cells_in_every_row() {
    let table = written(|out, past, look| csv(out, Table::Attempts, past, look));
    assert_eq!(table.lines().nth(1), Some("c,cache,,L6,real,finished,2026-11-21T23:30:00Z,3600,1800,2,false,40,35,lean hire"));
    assert_eq!(table.lines().count(), 4);
    let notes = written(|out, past, look| csv(out, Table::Notes, past, look));
    assert!(notes.contains("\"20 M players, \"\"all\"\"\n<script>"), "{notes}");
    for (which, head) in [(Table::Lines, 10), (Table::Predictions, 10), (Table::Days, 6), (Table::Phases, 7)] {
        let text = written(|out, past, look| csv(out, which, past, look));
        assert!(text.lines().all(|line| line.split(',').count() == head), "{which:?}: {text}");
    }
}

#[test]
fn the_page_is_whole_by_itself_and_notes_stay_text() {
    let page = written(html);
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    for outside in ["http://", "https://", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    for chart in ["Active days", "Score, of 50", "Calibration", "prefers-color-scheme:dark", "<title>"] {
        assert!(page.contains(chart), "{chart}");
    }
    assert_eq!(page.matches("<svg ").count(), page.matches("<svg viewBox=").count());
    assert_eq!(page.matches("<svg ").count(), page.matches("</desc>").count(), "every chart says what it shows");
    for (open, close) in [("<svg ", "</svg>"), ("<table>", "</table>"), ("<details>", "</details>"), ("<pre>", "</pre>"), ("<p", "</p>")] {
        let wide = if open == "<p" { page.matches("<p>").count() + page.matches("<p class").count() } else { page.matches(open).count() };
        assert_eq!(wide, page.matches(close).count(), "{open}");
    }
}

#[test]
fn an_empty_history_is_a_page_too() {
    let (past, mut out) = (Past::default(), Vec::new());
    html(&mut out, &past, &look(&past)).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("</html>"));
    assert!(words(&past, &look(&past)).contains("streak 0 days"));
}

#[test]
fn the_words_name_trends_and_the_biggest_miss() {
    let past = past();
    let text = words(&past, &look(&past));
    assert!(text.contains("The cache   20 → 35   best 35   weakest: path (12 of 20)"), "{text}");
    assert!(text.contains("cache/<e>: you said 100 (50 to 200), it came to 1000"), "{text}");
    assert!(text.contains("By lean\n  storage   0 points\n  total   5 points"), "{text}");
}

#[test]
fn compared_notes_face_each_other() {
    let sat = |text: &str| entry(some().remove(0), vec![("scope".into(), text.into())]);
    let diff = compare::notes(&sat("same\nold\nend"), &sat("same\nnew\nmore\nend"));
    let rows: Vec<_> = diff[0].rows.iter().map(|row| (row.left.as_deref().unwrap_or("-"), row.right.as_deref().unwrap_or("-"))).collect();
    assert_eq!(rows, [("same", "same"), ("old", "new"), ("-", "more"), ("end", "end")]);
    let mut later = entry(some().remove(0), vec![("design".into(), "x".into())]);
    later.attempt.informed = Some(scored(28.0, 20.0));
    let lines = compare::lines(&sat(""), &later);
    assert_eq!(lines[1].change(), Some(8.0));
    assert_eq!(compare::notes(&sat("a"), &later).len(), 2, "phases of both");
}

#[test]
fn filters_narrow_by_what_they_name() {
    let attempts = some();
    let topics = looking_back::topics();
    let count = |filter: &Filter| attempts.iter().filter(|attempt| filter.holds(attempt, &topics, &Utc)).count();
    let day = |d| NaiveDate::from_ymd_opt(2026, 11, d);
    assert_eq!(count(&Filter::default()), 3);
    assert_eq!(count(&Filter::of_problem(Some("cache".into()))), 2);
    assert_eq!(count(&Filter { group: Some("social".into()), ..Filter::default() }), 1);
    assert_eq!(count(&Filter { since: day(19), until: day(20), ..Filter::default() }), 1);
    assert_eq!(count(&Filter { mode: Some(Mode::Coached), ..Filter::default() }), 0);
    assert_eq!(count(&Filter { found: Some(["a".to_owned()].into()), ..Filter::default() }), 1);
    assert_eq!(Filter { since: day(19), level: Some("L6".into()), ..Filter::default() }.says(), ["L6", "since 2026-11-19"]);
}
