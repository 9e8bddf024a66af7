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
    screen.take(Book::read(room.store(), &Catalog::default()).unwrap(), &room.ctx());
    screen
}

/// Forty weeks of history, looked at on a fixed day.
fn long(room: &Room, catalog: &Catalog) -> History {
    let now: chrono::DateTime<chrono::Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
    crate::store::sample::long(room.store(), catalog, 7, 40, now);
    let mut screen = History::new(None);
    screen.take(Book::on(now.date_naive(), room.store(), catalog).unwrap(), &room.ctx());
    screen
}

/// Delivers what workers have found until nothing more comes.
fn settle(room: &Room, screen: &mut History) {
    while let Ok(message) = room.inbox.recv_timeout(Duration::from_secs(2)) {
        let last = room.inbox.try_recv();
        for message in std::iter::once(message).chain(last.ok()) {
            if let crate::tui::event::Message::To(_, what) = message {
                screen.on_message(what, &room.ctx());
            }
        }
    }
}

/// Hours are the machine's: a snapshot must not hold them.
fn timeless(shown: &str) -> String {
    let mut text: Vec<char> = shown.chars().collect();
    for at in 2..text.len().saturating_sub(2) {
        let digit = |n: usize| text[n].is_ascii_digit();
        if text[at] == ':' && digit(at - 2) && digit(at - 1) && digit(at + 1) && digit(at + 2) {
            (text[at - 2], text[at - 1], text[at + 1], text[at + 2]) = ('h', 'h', 'm', 'm');
        }
    }
    let text: String = text.into_iter().collect();
    text.replace(&chrono::Local::now().format("%d %b").to_string(), "dd mmm")
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
fn months_of_history_stand_on_every_view() {
    let (room, catalog) = (Room::new(), Catalog::load(None));
    let mut screen = long(&room, &catalog);
    for (view, must) in
        [(View::Attempts, "Trend by problem"), (View::Calendar, "Minutes a week"), (View::Trends, "Mechanisms, %"), (View::Predictions, "biggest misses first")]
    {
        screen.view = view;
        for (cols, rows) in [(80, 24), (120, 40), (200, 60)] {
            let shown = room.show(&screen, cols, rows);
            // A long list of trends begins with what is chosen: its heading stands further down.
            assert!(shown.contains(must) || view == View::Trends, "{view:?} {cols}x{rows}: no {must}:\n{shown}");
            assert!(!shown.contains("NaN") && !shown.contains("inf"), "{shown}");
        }
    }
    let streak = screen.book.as_ref().unwrap().look.streak;
    assert!(streak.now >= 2 && streak.longest >= streak.now, "{streak:?}");
}

#[test]
fn words_filters_and_problems_narrow_the_list() {
    let (room, catalog) = (Room::new(), Catalog::load(None));
    let mut screen = long(&room, &catalog);
    let all = screen.entries().len();
    room.write(&mut screen, "/two regions");
    settle(&room, &mut screen);
    let found = screen.entries().len();
    assert!(found > 0 && found < all, "{found} of {all}");
    room.press(&mut screen, KeyCode::Enter);
    let shown = room.show(&screen, 120, 40);
    assert!(shown.contains("/two regions") && shown.contains("Found"), "{shown}");
    room.write(&mut screen, "f");
    for _ in 0..3 {
        room.press(&mut screen, KeyCode::Down);
    }
    room.press(&mut screen, KeyCode::Right);
    room.press(&mut screen, KeyCode::Enter);
    assert!(screen.entries().iter().all(|entry| entry.attempt.mode == Mode::Coached) && screen.entries().len() < found);
    room.press(&mut screen, KeyCode::Esc);
    room.press(&mut screen, KeyCode::Esc);
    assert_eq!(screen.entries().len(), all, "esc takes one thing back after another");
    assert!(matches!(screen.act(Act::Clear, &room.ctx()), Reply::Passed), "then it leaves");
    room.write(&mut screen, "p");
    assert!(screen.entries().len() < all);
}

#[test]
fn a_wrong_day_is_told_and_the_form_stays() {
    let (room, catalog) = (Room::new(), Catalog::load(None));
    let mut screen = long(&room, &catalog);
    room.write(&mut screen, "f");
    room.press(&mut screen, KeyCode::Up);
    room.write(&mut screen, "2026-13-01\n");
    assert!(room.show(&screen, 80, 24).contains("`2026-13-01` is no day"));
    for _ in 0..10 {
        room.press(&mut screen, KeyCode::Backspace);
    }
    room.write(&mut screen, "30d\n");
    assert_eq!(screen.filter.until.map(|day| day.to_string()).as_deref(), Some("2026-10-23"));
}

#[test]
fn two_attempts_stand_side_by_side() {
    let (room, catalog) = (Room::new(), Catalog::load(None));
    let mut screen = long(&room, &catalog);
    room.write(&mut screen, "c");
    for (cols, rows) in [(80, 24), (120, 40), (200, 60)] {
        let shown = room.show(&screen, cols, rows);
        assert!(shown.contains("Score") && shown.contains("of 50") && shown.contains('→'), "{cols}x{rows}: {shown}");
    }
    let (left, right) = screen.compared.clone().unwrap();
    let book = screen.book.clone().unwrap();
    let (left, right) = (book.entry(&left).unwrap(), book.entry(&right).unwrap());
    assert!(left.attempt.problem == right.attempt.problem && left.attempt.started_at < right.attempt.started_at);
    room.press(&mut screen, KeyCode::Esc);
    assert!(screen.compared.is_none());
    // A marked one wins over the one before.
    room.write(&mut screen, " jjjc");
    assert_eq!(screen.compared.clone().unwrap().1, book.past.entries[0].attempt.id);
}

#[test]
fn mending_keeps_the_original_and_the_penalty_follows() {
    let room = Room::new();
    let id = sit(&room, Grade::Full);
    let mut screen = open(&room);
    room.write(&mut screen, "m");
    assert!(room.show(&screen, 80, 24).contains("What was wrong?"));
    room.press(&mut screen, KeyCode::Down);
    room.press(&mut screen, KeyCode::Down);
    room.press(&mut screen, KeyCode::Backspace);
    room.write(&mut screen, "x\n");
    assert!(room.show(&screen, 80, 24).contains("minutes are a whole number"));
    room.press(&mut screen, KeyCode::Backspace);
    room.press(&mut screen, KeyCode::Backspace);
    room.write(&mut screen, "70\n");
    settle(&room, &mut screen);
    assert_eq!(room.store().attempt(&id).unwrap().used_ms, 70 * 60_000);
    assert!(room.show(&screen, 120, 40).contains("minutes was 50 min"), "{}", room.show(&screen, 120, 40));
    let late = sample::rubric().late;
    forms::do_mend(room.store(), &id, vec![], &late).unwrap();
    let mended = room.store().attempt(&id).unwrap();
    let (blind, informed) = (mended.blind.unwrap(), mended.informed.unwrap());
    assert_eq!((informed.penalty, informed.total, blind.penalty), (5, 33.0, 5), "70 of 60 minutes are 17 % over");
}

#[test]
fn the_calendar_goes_to_a_day_and_its_attempts() {
    let (room, catalog) = (Room::new(), Catalog::load(None));
    let mut screen = long(&room, &catalog);
    room.write(&mut screen, "2");
    room.write(&mut screen, "k");
    assert!(room.show(&screen, 80, 24).contains("Saturday, 21 November 2026"));
    room.press(&mut screen, KeyCode::Enter);
    assert!(!screen.entries().is_empty() && screen.filter.since == screen.filter.until);
}

#[test]
fn the_history_is_written_where_the_form_says() {
    let room = Room::new();
    sit(&room, Grade::Half);
    let mut screen = open(&room);
    let folder = tempfile::tempdir().unwrap();
    for format in ["html", "md", "json", "csv"] {
        let path = folder.path().join(format!("history.{format}"));
        let book = screen.book.clone().unwrap();
        forms::write(format, path.to_str().unwrap(), Existing::Keep, &book, room.store()).unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() > 50, "{format}");
        assert!(forms::write(format, path.to_str().unwrap(), Existing::Keep, &book, room.store()).unwrap_err().contains("already there"));
    }
    room.write(&mut screen, "x");
    room.press(&mut screen, KeyCode::Right);
    assert!(room.show(&screen, 80, 24).contains(".md"), "the file's ending follows the format");
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
    settle(&room, &mut screen);
    assert!(screen.entries().is_empty());
    room.write(&mut screen, "u");
    settle(&room, &mut screen);
    assert_eq!((room.store().attempts().unwrap().len(), screen.entries().len()), (1, 1));
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
