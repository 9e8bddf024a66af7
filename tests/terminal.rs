//! The program in a real terminal: how it begins, how it ends, what it does at odd sizes.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod pty;

use pty::Terminal;

fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Past the welcome of a first start, on the list.
fn at_the_list(home: &std::path::Path, cols: u16, rows: u16) -> Terminal {
    let mut terminal = Terminal::open(home, cols, rows, &[]);
    terminal.until_some("welcome or list", |text| text.contains("Problems") || text.contains("elcome"));
    if terminal.text().contains("elcome") {
        terminal.enter();
    }
    terminal.until("Distributed rate limiter");
    terminal
}

#[test]
fn it_opens_on_the_list_filters_and_leaves() {
    let home = home();
    let mut terminal = at_the_list(home.path(), 120, 40);
    terminal.keys("/");
    terminal.keys("zzzz");
    terminal.until_gone("L6 · medium-hard");
    terminal.escape();
    terminal.until("Distributed rate limiter");
    terminal.keys("?");
    terminal.until("history");
    terminal.escape();
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn a_tiny_terminal_says_so_and_recovers() {
    let home = home();
    let mut terminal = at_the_list(home.path(), 120, 40);
    terminal.resize(20, 5);
    terminal.until_some("too small", |text| text.to_lowercase().contains("small") || text.contains("60x18"));
    for (cols, rows) in [(10, 3), (200, 60), (61, 18), (80, 24), (1, 1), (120, 40)] {
        terminal.resize(cols, rows);
    }
    terminal.until("Distributed rate limiter");
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn signals_end_it_with_their_number() {
    for (signal, code) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
        let home = home();
        let terminal = at_the_list(home.path(), 80, 24);
        terminal.signal(signal);
        assert_eq!(terminal.ends(), code, "{signal}");
    }
}

#[test]
fn ctrl_c_asks_once_and_leaves_in_peace() {
    let home = home();
    let mut terminal = at_the_list(home.path(), 80, 24);
    terminal.keys("\x03");
    std::thread::sleep(std::time::Duration::from_millis(200));
    if !terminal.text().is_empty() {
        terminal.keys("\x03");
    }
    assert_eq!(terminal.ends(), 0);
}
