//! Flashcards from outside: a new user's first cards through a pseudo-terminal, and the command line with good and bad files.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod pty;

use pty::Terminal;
use std::path::Path;
use std::process::{Command, Output};

fn greenroom(home: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_greenroom")).env("GREENROOM_HOME", home).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(home: &Path) -> serde_json::Value {
    let output = greenroom(home, &["drill", "cards", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_new_user_reviews_first_cards_takes_one_back_leaves_and_comes_back() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::open(home.path(), 120, 40, &["drill", "cards"]);
    terminal.until("0 done today");
    terminal.enter();
    terminal.until("new · 0 learning · 0 due");
    for _ in 0..2 {
        terminal.function(2);
        terminal.until("How did it go?");
        terminal.keys("3");
        terminal.until_gone("How did it go?");
    }
    terminal.function(3);
    terminal.until("took back: review");
    terminal.escape();
    terminal.until("1 done today");
    terminal.escape();
    terminal.until("Problems");
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);

    let due = json(home.path());
    assert_eq!((&due["done_new"], &due["done_reviews"]), (&1.into(), &0.into()));
    let reviews = text(&greenroom(home.path(), &["drill", "export", "--format", "reviews"]).stdout);
    let kinds: Vec<&str> = reviews.lines().skip(1).map(|line| line.split(',').nth(4).unwrap()).collect();
    assert_eq!(kinds, ["review", "review", "undo"], "nothing is lost");

    let mut again = Terminal::open(home.path(), 80, 24, &["drill", "cards"]);
    again.until("1 done today");
    again.keys("s");
    again.until("answer");
    again.escape();
    again.escape();
    again.keys("q");
    assert_eq!(again.ends(), 0);
}

#[test]
fn another_machines_reviews_are_merged_and_a_bad_file_changes_nothing() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let card = json(here.path())["ready"][0]["id"].as_str().unwrap().to_string();
    let log = format!(
        "id,card,at,day,kind,grade,took_ms,undoes\n01,{card},2026-01-01T10:00:00.000Z,2026-01-01,review,4,900,\n02,{card},2026-01-20T10:00:00.000Z,2026-01-20,review,3,900,\n"
    );
    let file = there.path().join("log.csv");
    std::fs::write(&file, &log).unwrap();
    let import = |file: &Path| greenroom(here.path(), &["drill", "import", file.to_str().unwrap()]);
    assert!(text(&import(&file).stdout).starts_with("2 of 2 events are new"));
    assert!(text(&import(&file).stdout).starts_with("0 of 2 events are new"));
    let export = || text(&greenroom(here.path(), &["drill", "export", "--format", "reviews"]).stdout);
    assert_eq!(export(), log);

    std::fs::write(&file, format!("{log}03,{card},soon,2026-01-01,review,4,900,\n04,{card},2026-01-01T10:00:00Z,2026-01-01,review,9,900,\n")).unwrap();
    let refused = import(&file);
    assert_eq!(refused.status.code(), Some(2));
    let why = text(&refused.stderr);
    assert!(why.contains("nothing is changed") && why.contains("line 4: `soon` is no moment") && why.contains("line 5: `9` is no grade"), "{why}");
    assert_eq!(export(), log);
}

#[test]
fn ankis_files_go_out_and_come_in() {
    let home = tempfile::tempdir().unwrap();
    let out = text(&greenroom(home.path(), &["drill", "export"]).stdout);
    assert!(out.starts_with("#separator:tab\n#html:true\n"), "{}", &out[..80]);
    let file = home.path().join("My notes.txt");
    std::fs::write(&file, "#separator:tab\n#html:true\n#tags column:3\nWhat is <b>it</b>?\t\"two\nlines\"\ttopic\nonly a question\n").unwrap();
    let import = || greenroom(home.path(), &["drill", "import", file.to_str().unwrap()]);
    let first = import();
    assert_eq!(first.status.code(), Some(1), "one line was left out");
    assert!(text(&first.stdout).starts_with("1 taken into"), "{}", text(&first.stdout));
    assert!(text(&first.stderr).contains("line 6: a card needs a question and an answer"), "{}", text(&first.stderr));
    assert!(text(&import().stdout).contains("0 taken into") && text(&import().stdout).contains("1 there before"));
    let deck = home.path().join("problems/decks/my-notes.yaml");
    let checked = greenroom(home.path(), &["check", deck.to_str().unwrap()]);
    assert!(checked.status.success(), "{}", text(&checked.stdout));
    assert!(text(&greenroom(home.path(), &["drill", "export", "--deck", "my-notes"]).stdout).contains("What is <b>it</b>?"));
    let unknown = greenroom(home.path(), &["drill", "cards", "--deck", "fundamental"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("fundamentals"), "{}", text(&unknown.stderr));
}

#[test]
fn a_round_in_words_grades_undoes_and_ends() {
    use std::io::Write;
    let home = tempfile::tempdir().unwrap();
    let decks = home.path().join("problems/decks");
    std::fs::create_dir_all(&decks).unwrap();
    let cards = "format: 1\nkind: deck\nid: mine\ntitle: Mine\ncards:\n  - {id: day-of-mine, kind: number, ask: Seconds of a day?, answer: 86400, unit: s}\n  - {id: why-of-mine, kind: basic, ask: Why?, answer: Because.}\n";
    std::fs::write(decks.join("mine.yaml"), cards).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_greenroom"))
        .env("GREENROOM_HOME", home.path())
        .args(["drill", "cards", "--deck", "mine"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // A slip, the answer, a grade that is none, the suggested one; then the first is taken back and asked again.
    child.stdin.take().unwrap().write_all(b"ninety\n1d\nfine\n\nu\n86_400 s\n4\n\n1\nq\n").unwrap();
    let told = text(&child.wait_with_output().unwrap().stdout);
    for wanted in ["`ninety` is no number", "Right.", "`fine` is no grade", "3 good (10 m)", "Took back the last one", "Because.", "2 answered"] {
        assert!(told.contains(wanted), "{wanted}\n{told}");
    }
}
