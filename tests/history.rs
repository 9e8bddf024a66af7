//! The history from outside: exports, imports, refusals on the command line, and the screen by keys alone.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod pty;

use assert_cmd::Command;
use pty::Terminal;
use std::path::Path;
use std::process::Output;

fn run(home: &Path, args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("greenroom").unwrap();
    command.env("GREENROOM_HOME", home).env("LC_ALL", "C.UTF-8").args(args).output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// One scored interview, as another machine would have exported it.
fn history(id: &str, second: u32, note: &str) -> String {
    let at = |second: u32| format!("2026-11-20T10:00:{second:02}.000Z");
    serde_json::json!({
        "format": 1, "kind": "history", "written_by": "0.1.0", "written_at": at(0),
        "attempts": [{
            "id": id, "problem": "rate-limiter", "title": "Distributed rate limiter", "level": "L6", "mode": "real", "state": "finished", "started_at": at(0),
            "saved_at": at(second), "ended_at": at(1), "allowed_ms": 2_700_000, "used_ms": 2_400_000, "hints": 0, "assisted": 0, "snapshot": "{}",
            "notes": [{ "phase": "requirements", "place": 0, "text": note }], "session_events": [],
        }],
        "scores": [{
            "attempt": id, "reading": "informed", "points": 30.0, "penalty": 0, "total": 30.0, "scored_at": at(1),
            "score_lines": [{ "place": 0, "line": "promise", "phase": "requirements", "worth": 4.0, "points": 2.0, "grade": "half", "evidence": "", "reached": 1 }],
            "score_steps": [{ "scale": "dimension", "id": "storage", "step": 4 }],
        }],
    })
    .to_string()
}

fn lived(home: &Path) {
    for (id, note) in [("one", "token buckets in one script <script>alert(1)</script>"), ("two", "a fixed window lets twice the limit pass")] {
        let file = home.join(format!("{id}.json"));
        std::fs::write(&file, history(id, 5, note)).unwrap();
        let output = run(home, &["import", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    }
}

#[test]
fn an_import_adds_updates_and_skips_and_twice_is_once() {
    let home = tempfile::tempdir().unwrap();
    lived(home.path());
    let file = home.path().join("more.json");
    let take = |text: String| {
        std::fs::write(&file, text).unwrap();
        let output = run(home.path(), &["import", "--json", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        let all: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let of = all.as_array().unwrap().iter().find(|one| one["what"] == "attempts").unwrap().clone();
        [&of["added"], &of["updated"], &of["skipped"]].map(|n| n.as_u64().unwrap())
    };
    assert_eq!(take(history("one", 5, "token buckets in one script <script>alert(1)</script>")), [0, 0, 1]);
    assert_eq!(take(history("one", 9, "newer")), [0, 1, 0]);
    assert_eq!(take(history("one", 7, "older")), [0, 0, 1]);
    assert_eq!(take(history("three", 1, "new")), [1, 0, 0]);
    let copies = std::fs::read_dir(home.path().join("backups")).unwrap().flatten();
    assert!(copies.filter(|copy| copy.file_name().to_string_lossy().starts_with("before-import-")).count() >= 1);
}

#[test]
fn what_one_machine_exports_another_takes_in_whole() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    lived(one.path());
    let file = one.path().join("all.json");
    assert_eq!(run(one.path(), &["export", file.to_str().unwrap()]).status.code(), Some(0), "the ending says JSON");
    assert_eq!(run(two.path(), &["import", file.to_str().unwrap()]).status.code(), Some(0));
    let text = |home: &Path| told(&run(home, &["export", "--format", "md"]));
    assert_eq!(text(one.path()), text(two.path()));
    assert!(text(two.path()).contains("twice the limit"));
}

#[test]
fn a_bad_file_is_wrong_use_and_says_why() {
    let home = tempfile::tempdir().unwrap();
    lived(home.path());
    let before = told(&run(home.path(), &["history", "--json"]));
    let file = home.path().join("bad.json");
    let good = history("one", 59, "never seen");
    for (text, said) in [
        (good[..200].to_owned(), "cut off"),
        (good.replace("\"format\":1", "\"format\":7"), "format 7"),
        (good.replace("\"kind\":\"history\"", "\"kind\":\"deck\""), "`deck`"),
        (good.replace("\"half\"", "\"splendid\""), "`scores`, entry 1"),
    ] {
        let text = text.replace("10:00:01.000Z", "10:00:59.000Z");
        std::fs::write(&file, text).unwrap();
        let output = run(home.path(), &["import", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2), "{}", told(&output));
        assert!(told(&output).contains(said) && told(&output).contains("nothing was changed"), "{}", told(&output));
    }
    assert_eq!(run(home.path(), &["import", "/no/such/file.json"]).status.code(), Some(2));
    assert_eq!(told(&run(home.path(), &["history", "--json"])), before);
}

#[test]
fn exports_overwrite_nothing_and_the_page_keeps_notes_as_text() {
    let home = tempfile::tempdir().unwrap();
    lived(home.path());
    let file = home.path().join("report.html");
    let name = file.to_str().unwrap();
    assert_eq!(run(home.path(), &["export", name]).status.code(), Some(0));
    let page = std::fs::read_to_string(&file).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("&lt;script&gt;alert(1)") && !page.contains("<script"));
    let output = run(home.path(), &["export", "--format", "md", name]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("already there: --force"), "{}", told(&output));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), page);
    assert_eq!(run(home.path(), &["export", "--format", "md", "--force", name]).status.code(), Some(0));
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("# greenroom"));
    assert_eq!(run(home.path(), &["export", "--table", "days"]).status.code(), Some(2), "a table belongs to CSV");
    assert_eq!(run(home.path(), &["export", "/no/such/folder/x.md"]).status.code(), Some(3));
    let days = told(&run(home.path(), &["export", "--format", "csv", "--table", "days"]));
    assert!(days.starts_with("day,minutes,") && days.lines().count() == 2, "{days}");
}

#[test]
fn the_history_is_narrowed_by_words_and_days() {
    let home = tempfile::tempdir().unwrap();
    lived(home.path());
    let rows = |args: &[&str]| told(&run(home.path(), &[&["history", "--csv"], args].concat())).lines().count() - 1;
    assert_eq!((rows(&[]), rows(&["--search", "bucket"]), rows(&["--since", "2026-12-01"]), rows(&["--mode", "real", "--state", "finished"])), (2, 1, 0, 2));
    assert_eq!(run(home.path(), &["history", "--mode", "surreal"]).status.code(), Some(2));
    let words = told(&run(home.path(), &["history"]));
    assert!(words.contains("By problem") && words.contains("Mechanisms, weakest first"), "{words}");
}

#[test]
fn by_keys_alone_one_searches_compares_deletes_and_exports() {
    let home = tempfile::tempdir().unwrap();
    lived(home.path());
    let mut terminal = Terminal::open(home.path(), 120, 40, &[]);
    terminal.until_some("welcome or list", |text| text.contains("Problems") || text.contains("elcome"));
    if terminal.text().contains("elcome") {
        terminal.enter();
    }
    terminal.until("Distributed rate limiter");
    terminal.keys("h");
    terminal.until("Trend by problem");
    terminal.keys("p");
    terminal.keys("/");
    terminal.keys("twice");
    terminal.until("1 attempt ");
    terminal.until("Found");
    terminal.enter();
    terminal.escape();
    terminal.until("2 attempts");
    terminal.keys(" ");
    terminal.keys("j");
    terminal.keys("c");
    terminal.until("back to the attempts");
    terminal.until("Notes: requirements");
    terminal.escape();
    terminal.until("Trend by problem");
    terminal.keys("d");
    terminal.until("Delete this attempt?");
    terminal.keys("y");
    terminal.until("1 attempt ");
    terminal.keys("u");
    terminal.until("2 attempts");
    terminal.keys("2");
    terminal.until("Minutes a week");
    terminal.keys("x");
    terminal.until("Export the whole history");
    terminal.keys("\x1b[B");
    terminal.keys("\x15");
    let file = home.path().join("by-keys.html");
    terminal.keys(file.to_str().unwrap());
    terminal.enter();
    terminal.until("written: ");
    assert!(std::fs::read_to_string(&file).unwrap().contains("My interviews"));
    terminal.escape();
    terminal.until("Problems");
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
}
