//! Whole sessions through a pseudo-terminal: from the list to the lab, and back from a killed process.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod pty;

use pty::Terminal;
use std::path::Path;
use std::time::Duration;

/// On the interview of the rate limiter, past a first start's welcome.
fn interview(home: &Path) -> Terminal {
    let mut terminal = Terminal::open(home, 120, 40, &[]);
    terminal.until_some("welcome or list", |text| text.contains("Problems") || text.contains("elcome"));
    if terminal.text().contains("elcome") {
        terminal.enter();
    }
    terminal.until("Distributed rate limiter");
    terminal.keys("/");
    terminal.keys("rate limiter");
    terminal.enter();
    terminal.keys("m");
    terminal.until("Notes:");
    terminal
}

#[test]
fn a_session_from_the_list_to_the_lab() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = interview(home.path());
    terminal.keys("a hundred a minute for each key");
    terminal.until("a hundred a minute");
    terminal.function(2);
    terminal.until("hint, nudge");
    terminal.function(6);
    terminal.keys("one script in the store decides");
    terminal.until("one script in the store");
    terminal.function(10);
    terminal.until("Finish the interview?");
    terminal.enter();
    // Blind: full for the first line, with evidence; then on without the rest. A rating moves on, so the words come first.
    terminal.until("blind: from your notes alone");
    terminal.enter();
    terminal.keys("a hundred a minute");
    terminal.enter();
    terminal.keys("f");
    terminal.keys("c");
    terminal.until("still open");
    terminal.keys("c");
    terminal.until("beside the solution");
    terminal.keys("c");
    terminal.until("still open");
    terminal.keys("c");
    terminal.until("First gap");
    terminal.keys("h");
    terminal.until("Trend by problem");
    terminal.until("1 hint");
    terminal.escape();
    terminal.until("First gap");
    terminal.keys("l");
    terminal.until("Lab");
    // A fault: the first of the vocabulary stops the first node.
    terminal.keys("x");
    terminal.until("stop a node at once");
    terminal.enter();
    terminal.until("which node");
    terminal.enter();
    terminal.until("crash node=");
    terminal.escape();
    terminal.until("Knobs");
    terminal.escape();
    terminal.until("First gap");
    terminal.keys("q");
    terminal.until("Problems");
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn killed_in_the_middle_it_is_taken_up_with_every_word() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = interview(home.path());
    terminal.keys("typed just before the end");
    terminal.until("typed just before the end");
    // At most one second of typing may be lost: this one has been over for a second.
    std::thread::sleep(Duration::from_secs(1));
    terminal.kill();

    let mut again = Terminal::open(home.path(), 120, 40, &[]);
    again.until("Go on with it?");
    again.keys("y");
    again.until("typed just before the end");
    again.keys(", and after it");
    again.until("before the end, and after it");
    again.escape();
    again.until("Leave the interview?");
    again.keys("y");
    again.until("Problems");
    again.keys("q");
    assert_eq!(again.ends(), 0);
}

/// The value after `"name": "` in JSON text.
fn text_of(json: &str, name: &str) -> String {
    let from = json.split_once(&format!("\"{name}\": \"")).unwrap_or_else(|| panic!("no {name} in {json}")).1;
    from.split('"').next().unwrap().to_string()
}

#[test]
fn chaos_breaks_a_law_and_the_smallest_script_that_does_is_saved_and_replayed() {
    let home = tempfile::tempdir().unwrap();
    let args = ["lab", "distributed-cache", "--seed", "1", "--set", "tombstones=off"];
    let mut terminal = Terminal::open(home.path(), 120, 40, &args);
    terminal.until_some("welcome or lab", |text| text.contains("Knobs") || text.contains("elcome"));
    if terminal.text().contains("elcome") {
        terminal.enter();
    }
    terminal.until("Knobs");
    terminal.keys(" ");
    terminal.until("paused");
    // The last word of the vocabulary: many faults from a seed; here 200 a minute.
    terminal.keys("xG");
    terminal.until("which");
    terminal.enter();
    terminal.until("which chaos");
    terminal.keys("\t\t\u{7f}\u{7f}200");
    terminal.enter();
    terminal.until("chaos of seed 1: 200 faults a minute");
    terminal.keys("F ");
    terminal.until("never-stale broken");
    terminal.keys(" z");
    terminal.until("enough to break `never-stale`");
    let digest = terminal.text().split_once("digest ").unwrap().1.chars().take(16).collect::<String>();
    terminal.keys("s");
    terminal.until("saved as");
    terminal.escape();
    terminal.until("Knobs");
    terminal.kill();

    let file = std::fs::read_dir(home.path().join("runs")).unwrap().next().unwrap().unwrap().path();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_greenroom"));
    let again = command.env("GREENROOM_HOME", home.path()).args(["sim", "distributed-cache", "--json", "--run"]).arg(&file).output().unwrap();
    let json = String::from_utf8(again.stdout).unwrap();
    assert_eq!(again.status.code(), Some(1), "the saved run breaks the law: {json}");
    assert_eq!(text_of(&json, "digest"), digest, "headless it is the run that was found in the lab");
    let law = json.split("\"name\": \"never-stale\"").nth(1).unwrap();
    assert_eq!(text_of(law, "verdict"), "broken");
}
