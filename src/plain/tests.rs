//! The interview in words: everything the screens can do, line by line.

use super::*;
use crate::session::sample;

struct Sitting {
    room: Room,
    now: Instant,
}

/// The sample card in a store in memory.
fn sit(mode: Mode) -> (Sitting, String) {
    let folder = tempfile::tempdir().unwrap();
    let problems = folder.path().join("problems");
    let rubrics = folder.path().join("rubrics");
    std::fs::create_dir_all(&problems).unwrap();
    std::fs::create_dir_all(&rubrics).unwrap();
    // JSON is YAML.
    std::fs::write(problems.join("leaderboard.yaml"), serde_json::to_string(&sample::problem()).unwrap()).unwrap();
    std::fs::write(rubrics.join("L6.yaml"), serde_json::to_string(&sample::rubric()).unwrap()).unwrap();
    let catalog = Catalog::only(folder.path());
    let now = Instant::now();
    let wanted = Wanted { problem: "leaderboard", variant: None, mode: Some(mode), usual: Mode::Coached };
    let (room, words) = Room::enter(&wanted, &catalog, Store::in_memory(), now).unwrap();
    (Sitting { room, now }, words.join("\n"))
}

impl Sitting {
    fn say(&mut self, line: &str) -> String {
        self.room.hear(line, self.now, Duration::ZERO).join("\n")
    }

    fn wait(&mut self, seconds: u64) -> String {
        let mut words = Vec::new();
        for _ in 0..seconds {
            self.now += Duration::from_secs(1);
            words.extend(self.room.wait(self.now, Duration::ZERO));
        }
        words.join("\n")
    }
}

#[test]
fn it_opens_with_the_bare_problem_and_answers_what_is_asked() {
    let (mut sitting, opening) = sit(Mode::Real);
    assert!(opening.contains("A mobile game wants a leaderboard") && !opening.contains("What breaks first"), "{opening}");
    assert!(!opening.contains('\x1b'));
    assert!(sitting.say("ask how many players play").contains("20 M, a tenth of them each day."));
    assert!(sitting.say("ask how many players play").contains("You asked that before"));
    assert!(sitting.say("ask is there a budget").contains("You decide. Tell me why."));
    assert!(sitting.say("questions").contains("nobody lists the questions"));
    assert!(sitting.say("questions fresh").contains("How fresh must a rank be?"));
    assert!(sit(Mode::Coached).1.contains("What breaks first in scope?"));
}

#[test]
fn notes_are_lines_that_can_be_mended() {
    let (mut sitting, _) = sit(Mode::Coached);
    sitting.say("note one");
    sitting.say("note");
    sitting.say("note three");
    assert_eq!(sitting.say("notes"), "1 one\n2 \n3 three");
    assert_eq!(sitting.say("replace 2 two -> 2"), "1 one\n2 two -> 2\n3 three");
    assert_eq!(sitting.say("remove 1"), "1 two -> 2\n2 three");
    assert!(sitting.say("remove 9").contains("there is no line 9"));
    assert!(sitting.say("template wrap").contains("What stands:"));
    assert!(sitting.say("template nothing").contains("no template"));
    sitting.say("next");
    assert!(sitting.say("notes").contains("No notes yet for High-level design"));
}

#[test]
fn sums_are_worked_out_and_slips_are_explained() {
    let (mut sitting, _) = sit(Mode::Coached);
    assert!(sitting.say("estimate 86400 / day * 10KB").contains("KB/s"));
    assert!(sitting.say("estimate 3 KB + 5 s").contains("not kept"));
    assert!(sitting.say("estimate").starts_with("86400 / day * 10KB is"));
    assert!(sitting.say("size").contains("asks for no numbers"));
}

#[test]
fn the_interviewer_speaks_while_one_is_silent() {
    let (mut sitting, _) = sit(Mode::Real);
    assert!(sitting.wait(299).is_empty());
    assert_eq!(sitting.wait(1), "Minute 5. Interviewer asks: What does a rank cost?");
    assert!(sitting.wait(360).contains("We are past the time I had for this part."));
    assert!(sitting.say("time").contains("Requirements: 11 minutes of 10 minutes, 1 minute over"));
}

#[test]
fn pause_and_reveal_are_as_on_the_screen() {
    let (mut coached, _) = sit(Mode::Coached);
    coached.say("pause");
    coached.wait(100);
    assert!(coached.say("note x").contains("Paused"));
    coached.say("pause");
    assert!(coached.say("time").contains("In all: 0 seconds of 60 minutes"));
    assert!(coached.say("reveal").contains("Twenty million players."));
    let (mut real, _) = sit(Mode::Real);
    assert!(real.say("pause").contains("no pause"));
    assert!(real.say("reveal").contains("reveal anyway") && !real.room.session.assisted());
    assert!(real.say("reveal anyway").contains("Twenty million players.") && real.room.session.assisted());
}

#[test]
fn scored_blind_and_then_beside_the_solution() {
    let (mut sitting, _) = sit(Mode::Real);
    sitting.say("note 20 M players");
    sitting.say("next");
    sitting.say("note app -> set");
    let over = sitting.say("finish");
    assert!(over.contains("first blind") && over.contains("20 M players") && over.contains("1 lines belong to phases"), "{over}");
    assert!(!over.contains("Twenty million players."), "the solution comes later");
    assert!(sitting.say("great").contains("is no grade"));
    sitting.say("half 20 M players");
    sitting.say("full app -> set");
    assert!(sitting.say("solution").contains("after the blind reading"));
    let scale = sitting.say("n");
    assert!(scale.contains("from 1 to 5: architecture"), "{scale}");
    assert!(sitting.say("6").contains("no step"));
    sitting.say("4");
    let beside = sitting.say("rest");
    assert!(beside.contains("Twenty million players.") && beside.contains("So far: half 20 M players"), "{beside}");
    // 4 + 20 blind; beside the solution the first line is full.
    sitting.say("full");
    for _ in 0..10 {
        if !sitting.room.is_over() {
            let words = sitting.say("");
            if words.contains("Result") {
                assert!(words.contains("Result: 28 of 50, lean no hire. Blind you gave 24."), "{words}");
                assert!(words.contains("You did not ask: How many players?"), "{words}");
                assert!(words.contains("not reached: alarms is settled"));
            }
        }
    }
    assert!(sitting.room.is_over());
    let attempt = sitting.room.store.attempts().unwrap().remove(0);
    assert_eq!((attempt.blind.unwrap().total, attempt.informed.unwrap().total), (24.0, 28.0));
}

#[test]
fn anew_leaves_the_old_one_in_the_history() {
    let (mut sitting, _) = sit(Mode::Real);
    sitting.say("note old words");
    assert!(sitting.say("anew").contains("A mobile game wants"));
    assert!(sitting.say("notes").contains("No notes yet"));
    let attempts = sitting.room.store.attempts().unwrap();
    assert_eq!(attempts.iter().map(|attempt| attempt.state).collect::<Vec<_>>(), [State::Live, State::Abandoned]);
}

#[test]
fn times_are_said_as_spans() {
    let said = |seconds| spoken(Duration::from_secs(seconds));
    assert_eq!([said(0), said(61), said(3600), said(125)], ["0 seconds", "1 minute 1 second", "60 minutes", "2 minutes 5 seconds"]);
}
