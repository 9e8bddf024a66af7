//! The bench with given numbers: what is timed depends on the machine.

use super::{Bench, Running};
use crate::lab::bench::Timing;
use crate::lab::toy;
use crate::tui::event::Message;
use crate::tui::screen::Screen;
use crate::tui::screens::harness::Stage;
use ratatui::crossterm::event::KeyCode;
use std::time::Duration;

fn timing(threads: usize, ns_per_op: f64) -> Timing {
    Timing { design: "toy", case: "add", says: "one addition", threads, ops: 1000, ns_per_op, ops_per_s: 1e9 / ns_per_op, note: None }
}

#[test]
fn each_case_has_a_row_and_a_bar() {
    let stage = Stage::new();
    let mut screen = Bench::new(&toy::DESIGN);
    screen.timings = vec![timing(1, 8.25), timing(2, 33.0)];
    screen.running = Some(Running { round: 0, cases: 2, cancel: std::sync::Arc::default() });
    insta::assert_snapshot!("bench_80x24", stage.show(&screen, 80, 24));
}

#[test]
fn cases_beyond_the_window_are_scrolled_to() {
    let stage = Stage::new();
    let mut screen = Bench::new(&toy::DESIGN);
    screen.timings = (1..=40).map(|threads| timing(threads, 8.0)).collect();
    let shows = |screen: &Bench, threads: usize| stage.show(screen, 80, 24).split_whitespace().any(|word| word == threads.to_string());
    assert!(shows(&screen, 1) && !shows(&screen, 40));
    stage.press(&mut screen, KeyCode::Char('G'));
    assert!(!shows(&screen, 1) && shows(&screen, 40));
    stage.press(&mut screen, KeyCode::Char('g'));
    assert!(shows(&screen, 1));
}

#[test]
fn a_round_times_every_case_and_can_be_stopped() {
    let stage = Stage::new();
    let mut screen = Bench::new(&toy::DESIGN);
    stage.press(&mut screen, KeyCode::Char('r'));
    while screen.timings.len() < 2 {
        let Ok(Message::To(_, message)) = stage.inbox.recv_timeout(Duration::from_secs(20)) else { panic!("no timing") };
        screen.on_message(message, &stage.ctx());
    }
    assert!(screen.running().is_none());
    stage.press(&mut screen, KeyCode::Char('f'));
    stage.press(&mut screen, KeyCode::Char('c'));
    assert!(screen.running().is_none() && screen.timings.is_empty());
}
