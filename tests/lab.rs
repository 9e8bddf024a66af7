//! The lab through a pseudo-terminal: pause, step, rewind, jump, breakpoints, fork, compare.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod pty;

use pty::Terminal;

#[test]
fn a_run_is_paused_stepped_wound_back_forked_and_compared() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::open(home.path(), 120, 40, &["lab", "rate-limiter"]);
    terminal.until("Knobs");
    terminal.keys(" ");
    terminal.until("paused");
    terminal.keys("g20s");
    terminal.enter();
    terminal.until("20.000 s  ‖");
    terminal.keys("<<");
    terminal.until("18.000 s  ‖");
    terminal.keys(".");
    terminal.until_gone("18.000 s  ‖");
    terminal.keys(",");
    terminal.keys("g18s");
    terminal.enter();
    terminal.until("18.000 s  ‖");
    // A level that is crossed at once: the run stops there and says why.
    terminal.keys("Baadmitted > 10");
    terminal.until("admitted > 10");
    terminal.enter();
    terminal.until("[✓] admitted > 10");
    terminal.escape();
    terminal.keys("g0");
    terminal.enter();
    terminal.until("· 0.000 s  ‖");
    terminal.keys(" ");
    terminal.until("paused at");
    terminal.keys("Bjd");
    terminal.escape();
    // Another future: nothing changed yet, then a knob turned in it alone.
    terminal.keys("g18s");
    terminal.enter();
    terminal.until("18.000 s  ‖");
    terminal.keys("f");
    terminal.until("Another future from 18.000 s");
    terminal.enter();
    terminal.until("2 runs compared");
    terminal.until("the same run as A so far");
    terminal.keys("jl");
    terminal.keys(">>>");
    terminal.until("21.000 s  ‖");
    terminal.until("runs A[B]");
    terminal.until("parts from A");
    terminal.keys("1");
    terminal.until("runs [A]B");
    terminal.keys("c");
    terminal.until("enter shows it in full");
    terminal.keys("jd");
    terminal.until_gone("runs compared");
    terminal.escape();
    terminal.until("Problems");
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
}
