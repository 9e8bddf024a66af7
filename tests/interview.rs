//! Whole interviews through a pseudo-terminal, keyboard only: killed and taken up midway, finished, scored, exported.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod pty;

use pty::Terminal;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A home with the pack that holds the L7 card.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/packs/problems/team-metrics.yaml");
    std::fs::create_dir_all(home.path().join("problems")).unwrap();
    std::fs::copy(from, home.path().join("problems/team-metrics.yaml")).unwrap();
    home
}

fn export(home: &Path) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_greenroom"));
    let done = command.args(["export", "--format", "md"]).env("GREENROOM_HOME", home).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// What a candidate does in an interview of any level.
struct Script {
    id: &'static str,
    cols: u16,
    rows: u16,
    /// A question in the candidate's words, and what of the answer must be read.
    ask: (&'static str, &'static str),
    second_phase: &'static str,
}

/// The first half, in real mode: asks, writes, draws, works out, goes on; then the process dies.
fn first_half(script: &Script, home: &Path) {
    let mut terminal = Terminal::open(home, script.cols, script.rows, &["mock", script.id, "--real"]);
    terminal.until("real mode");
    terminal.until("Notes:");
    terminal.keys("what must hold comes first");
    terminal.until("what must hold");
    terminal.function(3);
    terminal.keys(script.ask.0);
    terminal.enter();
    terminal.until(script.ask.1);
    terminal.function(7);
    terminal.until("no pause");
    // A template, and the whiteboard.
    terminal.keys("\x14");
    terminal.until("Insert a template");
    terminal.enter();
    terminal.until("Must do");
    terminal.keys("\x07");
    terminal.until("Whiteboard");
    terminal.function(4);
    terminal.keys("writes = 80M / day");
    terminal.enter();
    terminal.escape();
    terminal.function(6);
    terminal.until(script.second_phase);
    terminal.keys("client -> edge -> store\r");
    terminal.until("│ edge │");
    terminal.function(9);
    terminal.until("a first full path stands");
    // At most one second of typing may be lost.
    std::thread::sleep(Duration::from_secs(1));
    terminal.kill();
}

/// The second half: taken up with every word, finished and scored.
fn second_half(script: &Script, home: &Path) {
    let mut terminal = Terminal::open(home, script.cols, script.rows, &["mock", script.id, "--real"]);
    terminal.until("You were in the middle of this");
    terminal.enter();
    // The offer shows the notes, too: only the interview itself has these keys.
    terminal.until("next phase");
    terminal.until("client -> edge -> store");
    terminal.keys("each step can fail, and says so");
    terminal.until("can fail");
    // A real interview refuses the solution, and says that nothing is locked.
    terminal.function(8);
    terminal.until("No reveal in a real interview");
    terminal.escape();
    terminal.function(10);
    terminal.until("Finish the interview?");
    terminal.until("First full path stood at");
    terminal.enter();
    terminal.until("n none");
    terminal.keys("f");
    terminal.keys("cc");
    terminal.until("beside the solution");
    terminal.keys("cc");
    terminal.until("First gap");
    terminal.keys("q");
    terminal.until("Problems");
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
    let told = export(home);
    for words in ["what must hold comes first", "client -> edge -> store", "each step can fail, and says so"] {
        assert!(told.contains(words), "{told}");
    }
}

fn sit(script: &Script) {
    let home = home();
    first_half(script, home.path());
    second_half(script, home.path());
}

#[test]
fn a_real_interview_of_level_6_in_a_small_terminal() {
    sit(&Script { id: "rate-limiter", cols: 80, rows: 24, ask: ("how many users are there", "10 million users"), second_phase: "Path and algorithm" });
}

#[test]
fn a_real_interview_of_level_7_in_a_middling_terminal() {
    sit(&Script { id: "team-metrics", cols: 120, rows: 40, ask: ("how many series", "80 million active series"), second_phase: "2/4 Platform" });
}

/// A program that stands in for an editor.
fn fake_editor(folder: &Path, name: &str, script: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn open_with_editor(home: &Path, editor: &str) -> Terminal {
    let mut terminal = Terminal::open_with(home, 80, 24, &["mock", "rate-limiter", "--coached"], &[("VISUAL", editor)]);
    terminal.until_some("interview or offer", |text| text.contains("Notes:") || text.contains("in the middle"));
    if terminal.text().contains("in the middle") {
        terminal.enter();
        terminal.until("Notes:");
    }
    terminal
}

#[test]
fn notes_go_to_the_editor_and_come_back() {
    let home = home();
    // Arguments, and a name with a blank: as `"/opt/my editor/ed" --wait`.
    let editor =
        fake_editor(home.path(), "my ed", "test \"$1\" = --wait || exit 9\ncp \"$2\" seen\nsleep 1\nprintf 'from the editor\\nsecond line\\n' >> \"$2\"");
    let mut terminal = open_with_editor(home.path(), &format!("'{}' --wait", editor.display()));
    terminal.keys("before\r");
    terminal.keys("\x0f");
    terminal.until("second line");
    let shown = terminal.until("from the editor");
    assert!(shown.contains("before"), "{shown}");
    terminal.keys(", and after it");
    terminal.until("second line, and after it");
    terminal.kill();
}

#[test]
fn an_editor_that_is_missing_fails_or_does_not_wait_says_so_and_loses_nothing() {
    let home = home();
    let mut terminal = open_with_editor(home.path(), "no-such-editor --wait");
    terminal.keys("my words");
    terminal.keys("\x0f");
    terminal.until("there is no editor `no-such-editor`");
    terminal.until("my words");
    terminal.kill();
    let failing = fake_editor(home.path(), "failing", "echo gone > \"$1\"; exit 3");
    let mut terminal = open_with_editor(home.path(), &failing.display().to_string());
    terminal.keys("\x0f");
    terminal.until("the notes are as they were");
    terminal.until("my words");
    terminal.kill();
    let hasty = fake_editor(home.path(), "hasty", "exit 0");
    let mut terminal = open_with_editor(home.path(), &hasty.display().to_string());
    terminal.keys("\x0f");
    terminal.until("needs a flag to wait");
    terminal.kill();
}

#[test]
fn a_stopped_process_is_not_time_of_the_interview() {
    let home = home();
    let mut terminal = Terminal::open(home.path(), 80, 24, &["mock", "rate-limiter", "--real"]);
    terminal.until("00:01 / 06:00");
    terminal.signal("STOP");
    std::thread::sleep(Duration::from_secs(8));
    terminal.signal("CONT");
    std::thread::sleep(Duration::from_millis(200));
    terminal.keys("\x1bc");
    let shown = terminal.until("Stopped or asleep for");
    assert!(!shown.contains("00:08") || shown.contains("asleep for 00:08"), "{shown}");
    let total = shown.lines().find(|line| line.contains("total ")).unwrap();
    let seconds: u32 = total.split("total 00:").nth(1).unwrap()[..2].parse().unwrap();
    assert!(seconds < 6, "the clock went on: {total}");
    terminal.kill();
}

#[test]
fn two_instances_cannot_have_one_interview_and_a_finished_one_stays_finished() {
    let home = home();
    let mut first = Terminal::open(home.path(), 80, 24, &["mock", "rate-limiter", "--coached"]);
    first.until("Notes:");
    first.keys("mine");
    first.until("mine");
    // Not offered while it is open elsewhere: this one is new.
    let mut second = Terminal::open(home.path(), 80, 24, &["mock", "rate-limiter", "--coached"]);
    second.until("Notes:");
    second.keys("yours");
    second.until("yours");
    for terminal in [&mut first, &mut second] {
        terminal.function(10);
        terminal.until("Finish the interview?");
        terminal.enter();
        terminal.until("n none");
    }
    first.kill();
    second.kill();
    let told = export(home.path());
    assert!(told.contains("mine") && told.contains("yours"), "{told}");
}
