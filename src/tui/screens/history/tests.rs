//! The history's screen: attempts newest first, trends, and a way into each attempt.

use super::*;
use crate::score::{Grade, Judged, Judgement, Reading, Taken, score};
use crate::session::{Mode, Plan, Session, sample};
use crate::tui::screens::harness::Stage as Room;
use std::time::Duration;

fn sit(room: &Room, grade: Grade) -> String {
    let mut session = Session::start(Plan::of(&sample::problem(), None), Mode::Real);
    let live = room.store().begin(&mut session).unwrap();
    session.write(0, "20 M players").unwrap();
    session.next_phase().unwrap();
    session.pass(Duration::from_secs(3000));
    session.finish();
    room.store().keep(&live, &mut session);
    let mut judgement = Judgement::default();
    for line in ["numbers", "path", "ranks"] {
        judgement.lines.insert(line.into(), Judged { grade, evidence: String::new() });
    }
    judgement.dimensions.insert("storage".into(), 4);
    let score = score(&sample::problem(), &sample::rubric(), &Taken::of(&session), &judgement);
    room.store().save_score(live.id(), Reading::Blind, &score).unwrap();
    room.store().save_score(live.id(), Reading::Informed, &score).unwrap();
    live.id().to_string()
}

fn open(room: &Room) -> History {
    let mut screen = History::new(None);
    screen.take(Book::read(room.store(), &Catalog::default()).unwrap());
    screen
}

/// Days and hours are the machine's: a snapshot must not hold them.
fn timeless(shown: &str) -> String {
    let stamp = chrono::Local::now().format("%d %b").to_string();
    shown.lines().map(|line| line.find(&stamp).map_or(line.to_string(), |at| format!("{}dd mmm hh:mm{}", &line[..at], &line[at + 12..])) + "\n").collect()
}

#[test]
fn it_fits_both_sizes() {
    let room = Room::new();
    sit(&room, Grade::Half);
    sit(&room, Grade::Full);
    let screen = open(&room);
    insta::assert_snapshot!("small", timeless(&room.show(&screen, 80, 24)));
    insta::assert_snapshot!("large", timeless(&room.show(&screen, 120, 40)));
}

#[test]
fn nothing_yet_says_how_to_begin() {
    let room = Room::new();
    let shown = room.show(&open(&room), 80, 24);
    assert!(shown.contains("Nothing yet"), "{shown}");
}

#[test]
fn the_newest_is_chosen_and_enter_opens_its_score() {
    let room = Room::new();
    sit(&room, Grade::Half);
    let newest = sit(&room, Grade::Full);
    let mut screen = open(&room);
    let asks = room.press(&mut screen, KeyCode::Enter);
    assert!(matches!(&asks[..], [Ask::Open(Place::Scoring { attempt })] if *attempt == newest));
    room.press(&mut screen, KeyCode::Char('j'));
    room.press(&mut screen, KeyCode::Char('j'));
    assert_eq!(screen.chosen, 1);
    assert!(matches!(&room.press(&mut screen, KeyCode::Char('y'))[..], [Ask::Copy(text)] if text.contains("19 of 50")));
}

#[test]
fn deleting_asks_first() {
    let room = Room::new();
    sit(&room, Grade::Half);
    let mut screen = open(&room);
    room.write(&mut screen, "dn");
    assert_eq!(room.store().attempts().unwrap().len(), 1);
    room.write(&mut screen, "dy");
    assert_eq!(room.store().attempts().unwrap().len(), 0);
}

#[test]
fn any_size_can_be_drawn() {
    let room = Room::new();
    sit(&room, Grade::Half);
    let screen = open(&room);
    for (cols, rows) in [(1, 3), (5, 4), (20, 5), (60, 18), (200, 60)] {
        room.show(&screen, cols, rows);
    }
}
