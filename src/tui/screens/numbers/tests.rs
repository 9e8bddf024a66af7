//! The drill as the user sees it: asked, answered, worked out, kept.

use super::*;
use crate::tui::event::Message;
use crate::tui::screens::harness::Stage as House;

/// A screen that has read its past.
fn opened(house: &House) -> Numbers {
    let mut screen = Numbers::open(Some(Kind::Requests), &house.ctx());
    let Ok(Message::To(_, past)) = house.inbox.recv_timeout(Duration::from_secs(20)) else { panic!("no past") };
    assert_eq!(screen.on_message(past, &house.ctx()).len(), 0);
    screen
}

#[test]
fn a_drill_is_asked_answered_worked_out_and_kept() {
    let mut house = House::new();
    let mut screen = opened(&house);
    insta::assert_snapshot!("asked_80x24", house.show(&screen, 80, 24));
    house.write(&mut screen, "lots");
    house.press(&mut screen, KeyCode::Enter);
    assert!(house.show(&screen, 80, 24).contains("`lots` is neither"));
    (0..4).for_each(|_| drop(house.press(&mut screen, KeyCode::Backspace)));
    house.now += Duration::from_secs(20);
    house.write(&mut screen, "5k/s");
    house.press(&mut screen, KeyCode::Enter);
    insta::assert_snapshot!("told_80x24", house.show(&screen, 80, 24));
    insta::assert_snapshot!("told_120x40", house.show(&screen, 120, 40));
    // The worker's own message says that the row is written.
    let _ = house.inbox.recv_timeout(Duration::from_secs(20));
    let kept = house.store().estimates().unwrap();
    assert_eq!((kept.len(), kept[0].answer, kept[0].took_ms), (1, 5000.0, 20_000));
    // The next one is another one.
    house.press(&mut screen, KeyCode::Enter);
    let Stage::Asking { drill, .. } = &screen.stage else { panic!("no question") };
    assert_ne!(drill.ask, kept[0].ask);
    // More than a power of ten off: that is worth a card.
    house.write(&mut screen, "1/day");
    house.press(&mut screen, KeyCode::Enter);
    let asks = house.press(&mut screen, KeyCode::Char('c'));
    let [Ask::Open(Place::Keep { drafts })] = &asks[..] else { panic!("no card is offered") };
    assert!(drafts[0].why.starts_with("I said 1/day.") && !drafts[0].answer.is_empty(), "{:?}", drafts[0]);
}

#[test]
fn level_and_kind_are_turned_and_giving_up_enters_nothing() {
    let house = House::new();
    let mut screen = opened(&house);
    house.press(&mut screen, KeyCode::Tab);
    assert_eq!(screen.level(), Level::Medium);
    house.press(&mut screen, KeyCode::F(2));
    assert!(house.show(&screen, 120, 40).contains("Storage over years · medium"));
    house.press(&mut screen, KeyCode::F(3));
    assert!(house.show(&screen, 120, 40).contains("In your head"));
    assert_eq!(house.store().estimates().unwrap(), []);
}

#[test]
fn every_drill_can_be_drawn_at_every_size() {
    let house = House::new();
    let mut screen = opened(&house);
    for kind in Kind::ALL {
        for level in Level::ALL {
            (screen.kind, screen.level) = (Some(kind), Some(level));
            screen.ask(&house.ctx());
            for (cols, rows) in [(60, 18), (80, 24), (200, 60)] {
                house.show(&screen, cols, rows);
            }
            house.press(&mut screen, KeyCode::F(3));
            for (cols, rows) in [(60, 18), (80, 24), (200, 60)] {
                house.show(&screen, cols, rows);
            }
        }
    }
}
