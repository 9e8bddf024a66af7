//! Scoring's screen: two readings, kept as they are given, and a result that says what to do.

use super::*;
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
    room.write(screen, "fjhjhj");
    room.press(screen, KeyCode::Down);
    room.write(screen, "33333333");
}

#[test]
fn blind_fits_a_small_terminal() {
    let room = Room::new();
    let mut screen = open(&room);
    room.write(&mut screen, "fj");
    insta::assert_snapshot!("blind_small", room.show(&screen, 80, 24));
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
    room.write(&mut screen, "fj");
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
    for keys in ["", "fjfjfj4", "cc", "cc"] {
        room.write(&mut screen, keys);
        for (cols, rows) in [(1, 3), (5, 4), (20, 5), (60, 18), (80, 24), (200, 60)] {
            room.show(&screen, cols, rows);
        }
    }
}
