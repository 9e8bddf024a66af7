//! A new user's first day through a pseudo-terminal: welcome, first cards, first drill, first flaw, first plan; only what the screen says is known.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod pty;

use pty::Terminal;

#[test]
fn a_first_day_works_by_what_the_screens_say() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::open(home.path(), 100, 30, &[]);
    // The welcome names the key that leads on.
    terminal.until("what to do today");
    terminal.enter();
    terminal.until("Distributed rate limiter");
    terminal.until("today: Review cards");
    terminal.keys("t");
    // Cards come first for somebody who has seen none.
    terminal.until("Review cards");
    terminal.until("Choose a plan");
    terminal.enter();
    terminal.until("new");
    terminal.enter();
    terminal.until("enter");
    terminal.escape();
    terminal.escape();
    terminal.until("Today and drills");
    // The first estimate: typed wrongly, then rightly.
    terminal.keys("n");
    terminal.until("press enter");
    terminal.keys("many");
    terminal.enter();
    terminal.until("many");
    terminal.keys("\x15");
    terminal.keys("10K/s");
    terminal.enter();
    terminal.until("In your head");
    terminal.escape();
    terminal.until("1 answered");
    // The first flaw.
    terminal.keys("f");
    terminal.until("What is wrong?");
    terminal.keys("1");
    terminal.until_some("a verdict", |text| text.contains("you chose 1"));
    terminal.escape();
    terminal.until("Today and drills");
    // The first plan.
    terminal.keys("p");
    terminal.until("enter follows one");
    terminal.enter();
    terminal.until("Week 1, now");
    terminal.escape();
    terminal.until("Today and drills");
    terminal.until("of your plan");
    terminal.escape();
    terminal.until("Problems");
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);

    // What was done is told on the command line as well.
    let run = |args: &[&str]| {
        let out = assert_cmd::Command::cargo_bin("greenroom").unwrap().env("GREENROOM_HOME", home.path()).args(args).output().unwrap();
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    };
    let today: serde_json::Value = serde_json::from_str(&run(&["today", "--json"])).unwrap();
    assert_eq!((today["estimates"].as_u64(), today["plan"]["id"].as_str()), (Some(1), Some("beginner")));
    assert!(today["suggestions"].as_array().is_some_and(|all| all.iter().all(|one| one["why"].as_str().is_some_and(|why| !why.is_empty()))));
    assert!(run(&["today"]).contains("Plan Beginner"));
    assert!(run(&["drill"]).contains("1 answered"));
}

#[test]
fn numbers_and_flaws_work_in_words_through_a_pipe() {
    let home = tempfile::tempdir().unwrap();
    let run = |args: &[&str], input: &str| {
        let mut command = assert_cmd::Command::cargo_bin("greenroom").unwrap();
        let out = command.env("GREENROOM_HOME", home.path()).args(args).write_stdin(input.to_owned()).output().unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
    };
    let (code, out, _) = run(&["drill", "numbers", "--kind", "requests", "--seed", "7"], "lots\n12k/s\n");
    assert_eq!(code, Some(0));
    assert!(out.contains("`lots`") && out.contains("In your head") && out.contains("So:"), "{out}");
    let (_, out, _) = run(&["drill", "numbers", "--json"], "");
    let drill: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(drill["trend"]["count"].as_u64(), Some(1));
    // Answered in one command nobody was timed: it is judged, and not kept.
    let (code, out, err) = run(&["drill", "numbers", "--kind", "requests", "--seed", "8", "--answer", "12k/s"], "");
    assert!(code == Some(0) && out.contains("It is "), "{out}{err}");
    let (_, out, _) = run(&["drill", "numbers", "--json"], "");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&out).unwrap()["trend"]["count"].as_u64(), Some(1));
    let (code, _, err) = run(&["drill", "numbers", "--answer", "50M * 3"], "");
    assert_eq!(code, Some(2), "{err}");
    let (code, out, _) = run(&["drill", "flaws"], "9\nline 999\n1\nq\n");
    assert_eq!(code, Some(0));
    assert!(out.contains("give a choice") && out.contains("the code has lines") && (out.contains("Found") || out.contains("Missed")), "{out}");
    let (_, out, _) = run(&["drill", "flaws", "--json"], "");
    let all: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(all.as_array().is_some_and(|all| all.len() >= 15 && all.iter().filter(|one| one["standing"] != "new").count() == 1));
    let (code, _, _) = run(&["drill", "numbers", "--kind", "weather"], "");
    assert_eq!(code, Some(2));
}
