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
    // Blind: full for the first line, with evidence; then on without the rest.
    terminal.until("blind: from your notes alone");
    terminal.keys("f");
    terminal.enter();
    terminal.keys("a hundred a minute");
    terminal.enter();
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
    // A fault: the third of the list stops the first node.
    terminal.keys("x");
    terminal.until("stop a node at once");
    terminal.keys("jj");
    terminal.enter();
    terminal.until("Do");
    terminal.enter();
    terminal.until("crash node=");
    terminal.escape();
    terminal.until("First gap");
    terminal.enter();
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
