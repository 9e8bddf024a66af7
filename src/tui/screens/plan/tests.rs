//! A plan is chosen, followed, and its checklist is ticked by what was done.

use super::*;
use crate::tui::event::Message;
use crate::tui::screens::harness::Stage;
use std::time::Duration;

/// Lets the worker read the agenda.
fn settle(stage: &Stage, screen: &mut PlanScreen) {
    loop {
        let Ok(Message::To(_, message)) = stage.inbox.recv_timeout(Duration::from_secs(30)) else { panic!("no agenda") };
        let agenda = message.is::<Found>();
        screen.on_message(message, &stage.ctx());
        if agenda {
            return;
        }
    }
}

#[test]
fn a_plan_is_chosen_and_followed_and_a_tick_by_hand_is_told_as_such() {
    let stage = Stage::new();
    let mut screen = PlanScreen::default();
    screen.on_show(&stage.ctx());
    settle(&stage, &mut screen);
    assert_eq!(screen.part, Part::Choosing);
    insta::assert_snapshot!("offered_80x24", stage.show(&screen, 80, 24));
    stage.press(&mut screen, KeyCode::Enter);
    settle(&stage, &mut screen);
    assert_eq!(stage.store().followed().unwrap().map(|followed| followed.plan), Some("beginner".into()));
    let shown = stage.show(&screen, 80, 24);
    // No card in this catalogue: every problem is to come.
    assert!(shown.contains("Week 1, now: Foundations") && shown.contains("Know 30 cards") && shown.contains("to come"), "{shown}");
    let asks = stage.press(&mut screen, KeyCode::Enter);
    assert!(matches!(asks.as_slice(), [Ask::Open(Place::Cards)]));
    stage.press(&mut screen, KeyCode::Tab);
    stage.press(&mut screen, KeyCode::Char('x'));
    settle(&stage, &mut screen);
    insta::assert_snapshot!("checklist_80x24", stage.show(&screen, 80, 24));
    for (cols, rows) in [(60, 18), (120, 40), (200, 60)] {
        stage.show(&screen, cols, rows);
    }
}
