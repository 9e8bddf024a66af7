//! Scoring's screen: two readings, kept as they are given, and a result that says what to do.

use super::*;
use crate::score::Grade;
use crate::session::{Mode, Plan, sample};
use crate::tui::screens::harness::Stage as Room;
use std::time::Duration;

/// A finished attempt that never reached operations, 4 minutes of 60 used.
fn open(room: &Room) -> Scoring {
    let mut session = Session::start(Plan::of(&sample::problem(), None), Mode::Real);
    let live = room.store().begin(&mut session).unwrap();
    session.write(0, "20 M players, a tenth of them each day. Reads are top 100 and own rank.").unwrap();
    session.pass(Duration::from_secs(120));
    session.next_phase().unwrap();
    session.write(1, "app -> api -> sorted set, exact top 10k").unwrap();
    session.estimate("20M * 10 / day").unwrap();
    session.pass(Duration::from_secs(120));
    session.finish();
    room.store().keep(&live, &mut session);
    again(room, live.id())
}

fn again(room: &Room, id: &str) -> Scoring {
    let (row, session) = (room.store().attempt(id).unwrap(), room.store().session(id).unwrap());
    Scoring::new(row, session, Arc::new(sample::problem()), Arc::new(sample::rubric()))
}

/// Judges everything that can be judged: full, half, half, then threes.
fn judge(room: &Room, screen: &mut Scoring) {
    room.write(screen, "fhh");
    room.write(screen, "33333333");
}

#[test]
fn blind_fits_a_small_terminal() {
    let room = Room::new();
    let mut screen = open(&room);
    room.write(&mut screen, "f");
    insta::assert_snapshot!("blind_small", room.show(&screen, 80, 24));
    for (cols, says) in [(80, "1 of 2 · blind"), (120, "1 of 2 · blind: from your notes alone"), (60, "1 of 2 · blind")] {
        screen.attempt.title = "Distributed transactions".into();
        let shown = room.show(&screen, cols, 24);
        assert!(shown.lines().next().is_some_and(|head| head.contains(says)), "{shown}");
    }
}

#[test]
fn informed_stands_beside_the_solution() {
    let room = Room::new();
    let mut screen = open(&room);
    judge(&room, &mut screen);
    room.write(&mut screen, "cj");
    insta::assert_snapshot!("informed_large", room.show(&screen, 120, 40));
    insta::assert_snapshot!("informed_small", room.show(&screen, 80, 24));
}

#[test]
fn the_result_says_what_to_do_next() {
    let room = Room::new();
    let mut screen = open(&room);
    judge(&room, &mut screen);
    room.write(&mut screen, "c");
    // Beside the solution the second line is worth nothing after all.
    room.write(&mut screen, "jnc");
    assert_eq!(screen.stage, Stage::Done);
    insta::assert_snapshot!("result_large", room.show(&screen, 120, 40));
    insta::assert_snapshot!("result_small", room.show(&screen, 80, 24));
    let kept = room.store().attempt(&screen.attempt.id).unwrap();
    assert_eq!((kept.blind.unwrap().total, kept.informed.unwrap().total), (23.0, 13.0));
}

#[test]
fn lines_of_phases_not_begun_cannot_be_graded() {
    let room = Room::new();
    let mut screen = open(&room);
    screen.select(3);
    assert!(matches!(room.press(&mut screen, KeyCode::Char('f'))[..], [Ask::Toast(..)]));
    assert!(screen.blind.lines.is_empty());
}

#[test]
fn open_lines_are_told_once() {
    let room = Room::new();
    let mut screen = open(&room);
    room.write(&mut screen, "f");
    let asks = room.press(&mut screen, KeyCode::Char('c'));
    assert!(matches!(&asks[..], [Ask::Toast(Tone::Warn, says)] if says.starts_with("10 still open")));
    assert_eq!(screen.reading(), Reading::Blind);
    room.press(&mut screen, KeyCode::Char('c'));
    assert_eq!(screen.reading(), Reading::Informed);
    assert_eq!(screen.score(Reading::Blind).total, 8.0);
}

#[test]
fn leaving_in_the_middle_keeps_what_was_judged() {
    let room = Room::new();
    let mut screen = open(&room);
    room.write(&mut screen, "f");
    room.press(&mut screen, KeyCode::Enter);
    room.write(&mut screen, "sorted set, nj");
    room.press(&mut screen, KeyCode::Enter);
    screen.on_save(&room.ctx());
    let later = again(&room, &screen.attempt.id);
    assert_eq!(later.reading(), Reading::Blind);
    assert_eq!(later.evidence_of("path"), "sorted set, nj");
    assert!(later.is_open(later.items()[1]), "words are no grade");
    assert_eq!(later.blind.lines["numbers"].grade, Grade::Full);
}

#[test]
fn a_rating_moves_on_to_the_next_row_without_one() {
    let room = Room::new();
    let mut screen = open(&room);
    room.write(&mut screen, "j");
    room.write(&mut screen, "h");
    assert_eq!(screen.chosen, 2);
    room.write(&mut screen, "kk");
    room.write(&mut screen, "f");
    assert_eq!(screen.chosen, 2, "a line that is rated is passed over");
    room.write(&mut screen, "n");
    assert_eq!(screen.chosen, 4, "and so is one whose phase was not begun");
    room.write(&mut screen, "3333333");
    let last = screen.items().len() - 1;
    assert_eq!(screen.chosen, last);
    room.write(&mut screen, "34");
    assert_eq!((screen.chosen, screen.first_open()), (last, None), "the last row stays");
}

#[test]
fn a_rating_is_taken_back_by_one_key() {
    let room = Room::new();
    let mut screen = open(&room);
    room.write(&mut screen, "fh");
    room.write(&mut screen, "u");
    assert_eq!((screen.chosen, screen.blind.lines.len()), (1, 1));
    assert!(matches!(room.press(&mut screen, KeyCode::Char('u'))[..], [Ask::Toast(..)]), "one step back, no more");
    room.press(&mut screen, KeyCode::Enter);
    room.write(&mut screen, "sorted set\n");
    assert_eq!(screen.chosen, 1, "words wait for their grade");
    room.write(&mut screen, "f");
    assert_eq!((screen.chosen, screen.evidence_of("path").as_str()), (2, "sorted set"));
}

#[test]
fn a_step_is_for_scales_and_a_grade_for_lines() {
    let room = Room::new();
    let mut screen = open(&room);
    assert!(matches!(room.press(&mut screen, KeyCode::Char('3'))[..], [Ask::Toast(..)]));
    screen.select(4);
    assert!(matches!(room.press(&mut screen, KeyCode::Char('f'))[..], [Ask::Toast(..)]));
    room.press(&mut screen, KeyCode::Char('4'));
    assert_eq!(screen.blind.dimensions["architecture"], 4);
}

#[test]
fn any_size_can_be_drawn() {
    let room = Room::new();
    let mut screen = open(&room);
    for keys in ["", "fff4", "t", "\n", "cc", "cc", "1", "2", "3", "4", "p", "\n", "5", "6", "7"] {
        room.write(&mut screen, keys);
        for (cols, rows) in [(1, 3), (5, 4), (20, 5), (60, 18), (80, 24), (200, 60)] {
            room.show(&screen, cols, rows);
        }
    }
}

#[test]
fn a_line_of_the_notes_becomes_evidence_by_a_key() {
    let room = Room::new();
    let mut screen = open(&room);
    room.write(&mut screen, "ft");
    assert_eq!(screen.picking, Some(0), "the notes of the line's own phase stand first");
    insta::assert_snapshot!("taking", room.show(&screen, 80, 24));
    room.press(&mut screen, KeyCode::Enter);
    assert_eq!((screen.picking, screen.evidence_of("path").as_str()), (None, "app -> api -> sorted set, exact top 10k"));
    room.write(&mut screen, "tjjjjj\n");
    assert_eq!(screen.evidence_of("path"), "20M * 10 / day = 2.31 K/s", "numbers are notes as well");
    room.write(&mut screen, "t");
    room.press(&mut screen, KeyCode::Esc);
    assert_eq!(screen.evidence_of("path"), "20M * 10 / day = 2.31 K/s");
}

#[test]
fn leaving_the_second_reading_comes_back_to_it() {
    let room = Room::new();
    let mut screen = open(&room);
    judge(&room, &mut screen);
    room.write(&mut screen, "cjn");
    room.press(&mut screen, KeyCode::Enter);
    room.write(&mut screen, "half a wo");
    screen.on_save(&room.ctx());
    let mut later = again(&room, &screen.attempt.id);
    later.restore(room.store());
    assert_eq!((later.stage, later.chosen), (Stage::Judge(Reading::Informed), 1));
    assert_eq!(later.informed.lines["path"].grade, Grade::None);
    assert_eq!(later.evidence_of("path"), "half a wo", "what was being typed is kept");
    room.write(&mut later, "c");
    assert_eq!(later.stage, Stage::Done);
    let mut last = again(&room, &screen.attempt.id);
    last.restore(room.store());
    assert_eq!(last.stage, Stage::Done);
}

/// A card with estimates, a sheet with three lines, judged to the end.
fn with_numbers(room: &Room) -> Scoring {
    let mut card = sample::problem();
    let step = |ask: &str, answer: &str, unit: &str| {
        serde_json::from_value(serde_json::json!({"ask": ask, "formula": "1", "steps": "- 20 M × 10\n- ÷ 86,400", "answer": answer, "unit": unit})).unwrap()
    };
    card.estimation = vec![step("How many reads?", "2300", "reads/s"), step("How many bytes?", "2G", "bytes"), step("How many nodes?", "3", "nodes")];
    let mut session = Session::start(Plan::of(&card, None), Mode::Real);
    let live = room.store().begin(&mut session).unwrap();
    session.ask(0).unwrap();
    session.hint().unwrap();
    for line in ["20M * 10 / day", "100/s", "20M * 10 KB"] {
        session.estimate(line).unwrap();
    }
    session.pass(Duration::from_secs(660));
    session.mark(crate::session::FIRST_PATH).unwrap();
    session.finish();
    room.store().keep(&live, &mut session);
    let row = room.store().attempt(live.id()).unwrap();
    let mut screen = Scoring::new(row, session, Arc::new(card), Arc::new(sample::rubric()));
    room.write(&mut screen, "f");
    room.write(&mut screen, "cccc");
    assert_eq!(screen.stage, Stage::Done);
    screen
}

#[test]
fn the_debrief_tells_what_was_not_asked_and_what_was_off() {
    let room = Room::new();
    let screen = with_numbers(&room);
    let shown = room.show(&screen, 120, 60);
    for says in [
        "Not asked: 1 of 2",
        "How fresh must a rank be?",
        "1 of 3 within ten times, 1 not estimated",
        "How many bytes?: 100 times too high",
        "The first full path stood at 11:00",
        "1 hint",
    ] {
        assert!(shown.contains(says), "{says}\n{shown}");
    }
    assert!(!shown.contains("fairly"), "nobody is fair after one attempt");
}

#[test]
fn the_user_says_which_line_answers_which_question() {
    let room = Room::new();
    let mut screen = with_numbers(&room);
    room.write(&mut screen, "4");
    insta::assert_snapshot!("numbers", room.show(&screen, 80, 40));
    let line = |screen: &Scoring, n: usize| screen.steps()[n].yours.as_ref().map(|yours| (yours.line, yours.said));
    assert_eq!((line(&screen, 0), line(&screen, 2)), (Some((0, false)), None));
    room.write(&mut screen, "p");
    room.press(&mut screen, KeyCode::Right);
    assert_eq!(line(&screen, 0), Some((1, true)));
    room.write(&mut screen, "jj");
    room.press(&mut screen, KeyCode::Right);
    assert_eq!((line(&screen, 0), line(&screen, 2)), (Some((1, true)), Some((0, true))));
    room.press(&mut screen, KeyCode::Enter);
    let kept: Picks = room.store().finding(&screen.attempt.id, finding::PICKS).unwrap().unwrap();
    assert_eq!(kept, screen.picks);
    room.write(&mut screen, "pjj");
    room.press(&mut screen, KeyCode::Left);
    assert_eq!(line(&screen, 2), None, "none is an answer as well");
}

#[test]
fn the_next_step_is_a_key_away() {
    let room = Room::new();
    let mut screen = with_numbers(&room);
    assert!(room.press(&mut screen, KeyCode::Enter).is_empty());
    let shown = room.show(&screen, 80, 24);
    assert!(shown.contains("[Hints]") && shown.contains("nudge design"), "{shown}");
}

#[test]
fn what_the_run_said_is_kept_and_shown_again() {
    use crate::score::{Claim, Reached, Swing, Verification};
    let room = Room::new();
    let screen = with_numbers(&room);
    let reached = |passed, value| Some(Reached { passed, value: Some(value), spread: None });
    let claim = Claim {
        text: "p99_ms <= 5".into(),
        because: Some("so it was agreed".into()),
        yours: Reached { passed: false, value: Some(41.0), spread: None },
        limit: Some(5.0),
        seed: Some(2),
        detail: None,
        with_good: reached(true, 4.0),
        swings: vec![
            Swing { knob: "stores".into(), good: "3".into(), mended: reached(true, 4.9), spoiled: reached(false, 39.0) },
            Swing { knob: "cache".into(), good: "2".into(), mended: Some(Reached { passed: false, value: Some(40.0), spread: Some(3.0) }), spoiled: None },
        ],
    };
    let number = crate::score::Number {
        knob: "stores".into(),
        ask: "How many?".into(),
        unit: String::new(),
        answer: Some("1".into()),
        value: "1".into(),
        refused: None,
        good: "3..6".into(),
        fits: false,
    };
    let kept =
        Verification { seeds: vec![1, 2], numbers: vec![number], claims: vec![claim], changes: vec!["Ten times as many.".into()], ..Verification::default() };
    room.store().save_finding(&screen.attempt.id, finding::PROOF, &kept).unwrap();
    let mut later = again(&room, &screen.attempt.id);
    later.problem = Arc::clone(&screen.problem);
    Arc::make_mut(&mut later.problem).design = Some("toy".into());
    Arc::make_mut(&mut later.problem).objectives = vec![serde_json::from_value(serde_json::json!({"holds": "x"})).unwrap()];
    later.restore(room.store());
    room.write(&mut later, "4");
    let shown = room.show(&later, 100, 40);
    for says in [
        "0 of 1 objectives met",
        "p99_ms <= 5: 41, 8.2 times the limit (seed 2)",
        "It hangs on stores (yours 1, good 3..6): alone at 3 it is met (4.9)",
        "Ten times as many.",
        "cache alone at 2: no clear difference (40; the seeds lie 3 apart).",
    ] {
        assert!(shown.contains(says), "{says}\n{shown}");
    }
    // What was missed is offered as cards, with the user's own numbers.
    let asks = room.press(&mut later, KeyCode::Char('c'));
    let [crate::tui::screen::Ask::Open(crate::tui::screens::Place::Keep { drafts })] = &asks[..] else { panic!("no card is offered") };
    let objective = drafts.iter().find(|draft| draft.ask.contains("p99_ms <= 5")).unwrap();
    assert!(objective.why.contains("41 with stores = 1") && objective.answer.contains("3..6"), "{objective:?}");
}
