//! The bench with given numbers: what is timed depends on the machine.

use super::Bench;
use crate::lab::bench::{Spread, Timing};
use crate::lab::{floor, toy};
use crate::tui::event::Message;
use crate::tui::screen::{Ask, Screen};
use crate::tui::screens::harness::Stage;
use ratatui::crossterm::event::KeyCode;
use std::time::Duration;

fn timing(design: &'static str, case: &'static str, threads: usize, ns_per_op: f64) -> Timing {
    let spread = Spread { portion: 100, portions: 300, p50: ns_per_op, p99: ns_per_op * 1.5, worst: ns_per_op * 9.0 };
    Timing { design, case, says: "one addition", threads, ops: 1000, ns_per_op, ops_per_s: 1e9 / ns_per_op, note: None, spread }
}

fn with_numbers() -> Bench {
    let mut screen = Bench::new(&toy::DESIGN);
    screen.rows[0].timing = Some(timing("toy", "add", 1, 8.25));
    screen.rows[1].timing = Some(timing("toy", "add", 2, 33.0));
    screen.floor = vec![timing(floor::MACHINE, "atomic-add", 1, 5.5), timing(floor::MACHINE, "clock-read", 1, 25.0)];
    screen
}

#[test]
fn each_case_has_a_row_and_the_chosen_one_is_held_against_the_floor() {
    let stage = Stage::new();
    let mut screen = with_numbers();
    insta::assert_snapshot!("bench_80x24", stage.show(&screen, 80, 24));
    stage.press(&mut screen, KeyCode::Char('j'));
    stage.press(&mut screen, KeyCode::Char(' '));
    insta::assert_snapshot!("bench_120x40_second_row_off", stage.show(&screen, 120, 40));
}

#[test]
fn cases_beyond_the_window_are_walked_to() {
    let stage = Stage::new();
    let mut screen = Bench::new(&toy::DESIGN);
    let case = screen.rows[0].case;
    screen.rows = (101..=140).map(|threads| super::Row { case, threads, on: true, timing: None }).collect();
    let shows =
        |screen: &Bench, threads: usize| stage.show(screen, 80, 24).lines().filter(|line| line.contains("[x]")).any(|line| line.contains(&threads.to_string()));
    assert!(shows(&screen, 101) && !shows(&screen, 140));
    stage.press(&mut screen, KeyCode::Char('G'));
    assert!(!shows(&screen, 101) && shows(&screen, 140));
    stage.press(&mut screen, KeyCode::Char('g'));
    assert!(shows(&screen, 101));
}

#[test]
fn a_round_times_what_is_chosen_and_can_be_stopped() {
    let stage = Stage::new();
    let mut screen = Bench::new(&toy::DESIGN);
    stage.press(&mut screen, KeyCode::Char(' '));
    stage.press(&mut screen, KeyCode::Char('r'));
    while screen.running().is_some() {
        let Ok(Message::To(_, message)) = stage.inbox.recv_timeout(Duration::from_secs(60)) else { panic!("no timing") };
        screen.on_message(message, &stage.ctx());
    }
    assert!(screen.rows[0].timing.is_none() && screen.rows[1].timing.is_some() && screen.floor.len() == sims::kernel::floor::FLOOR.len());
    stage.press(&mut screen, KeyCode::Char('f'));
    stage.press(&mut screen, KeyCode::Char('c'));
    assert!(screen.running().is_none() && screen.rows[1].timing.is_none());
    // With nothing chosen there is nothing to do, and it says so.
    stage.press(&mut screen, KeyCode::Char('a'));
    stage.press(&mut screen, KeyCode::Char('a'));
    assert!(matches!(stage.press(&mut screen, KeyCode::Char('r')).as_slice(), [Ask::Toast(..)]));
}
