//! `mock --plain` as a program: piped lines, saved at the end of input, taken up again, scored; never an escape code.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use assert_cmd::Command;
use std::path::Path;

fn said(home: &Path, args: &[&str], lines: &str) -> String {
    let mut command = Command::cargo_bin("greenroom").unwrap();
    let done = command.args(args).env("GREENROOM_HOME", home).write_stdin(lines.to_string()).output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{:?} {}\n{text}", done.status, String::from_utf8_lossy(&done.stderr));
    assert!(!text.contains('\x1b'), "{text}");
    text
}

const REAL: [&str; 4] = ["mock", "rate-limiter", "--real", "--plain"];

#[test]
fn the_end_of_input_saves_and_the_next_call_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let first =
        said(home.path(), &REAL, "ask how many users and calls\nnote one script in the store\nestimate 10M * 200 / day\nsize stores 3\nsize\nnext\nmark");
    for words in ["We run a public API", "10 million users a day", "23.1 K/s", "stores will run as 3", "Path and algorithm", "Saved. The same command goes on"]
    {
        assert!(first.contains(words), "{words}: {first}");
    }
    let second = said(home.path(), &REAL, "back\nnotes\nestimate\n");
    for words in ["Taken up where it was left", "1 one script in the store", "10M * 200 / day is", "10 million users a day"] {
        assert!(second.contains(words), "{words}: {second}");
    }
}

#[test]
fn a_whole_interview_in_words() {
    let home = tempfile::tempdir().unwrap();
    let lines = "ask is it per calendar minute\nnote token bucket, one script\nsize stores 3\nsize store_timeout 4.5\nsize burst 10\nnext\nnote client -> server -> store\nfinish\n\
        full token bucket\nleave\n";
    let over = said(home.path(), &REAL, lines);
    assert!(over.contains("Scoring, first blind") && over.contains("`--score` goes on with it"), "{over}");
    let scored = said(home.path(), &["mock", "rate-limiter", "--plain", "--score"], &format!("{}rest\nrest\n", "\n"));
    for words in ["Result: ", "First gap: ", "Next: ", "objectives met", "You did not ask: ", "Time per phase:", "In all: "] {
        assert!(scored.contains(words), "{words}: {scored}");
    }
    // Once scored, its result is read again.
    assert!(said(home.path(), &["mock", "rate-limiter", "--plain", "--score"], "").contains("Result: "));
    // And a new interview begins.
    assert!(!said(home.path(), &REAL, "").contains("Taken up"));
}

#[test]
fn a_cards_text_is_told_in_whole_sentences_and_without_marks() {
    let home = tempfile::tempdir().unwrap();
    let told = said(home.path(), &["mock", "url-shortener", "--plain", "--coached"], "ask how many links\nreveal\nproblem\n");
    assert!(told.contains("Whoever opens the short one lands at the long one. Design the service.\n"), "{told}");
    assert!(told.contains("The average hides everything: most links are followed a handful of times, some by millions.\n"), "{told}");
    assert!(!told.contains("**"), "{told}");
}

#[test]
fn the_help_says_what_score_wants() {
    let home = tempfile::tempdir().unwrap();
    assert!(said(home.path(), &["mock", "--help"], "").contains("With --plain: score the last finished interview"));
}

#[test]
fn wrong_use_leaves_with_2() {
    let home = tempfile::tempdir().unwrap();
    let code = |args: &[&str]| {
        let mut command = Command::cargo_bin("greenroom").unwrap();
        command.args(args).env("GREENROOM_HOME", home.path()).write_stdin("").output().unwrap().status.code()
    };
    assert_eq!(code(&["mock", "rate-limitr", "--plain"]), Some(2));
    assert_eq!(code(&["mock", "rate-limiter/none", "--plain"]), Some(2));
    assert_eq!(code(&["mock", "rate-limiter", "--score"]), Some(2));
    assert_eq!(code(&["mock", "rate-limiter", "--plain", "--score"]), Some(2), "nothing to score yet");
}
