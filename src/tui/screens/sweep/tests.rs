//! The sweep on a stage: filled in, run, stopped, saved, and refused.

use super::Sweep;
use crate::lab::toy;
use crate::tui::event::Message;
use crate::tui::screen::{Ask, Screen};
use crate::tui::screens::harness::Stage;
use ratatui::crossterm::event::KeyCode;
use sims::kernel::action::{Action, Step};
use sims::kernel::time::{Span, Time};
use sims::kernel::value::Value;
use std::time::Duration;

fn toy_sweep() -> Sweep {
    let mut spec = toy::spec();
    spec.length = Span::secs(5);
    Sweep::of(spec)
}

fn wait(stage: &Stage, screen: &mut Sweep) -> Vec<Ask> {
    loop {
        let Ok(Message::To(_, message)) = stage.inbox.recv_timeout(Duration::from_secs(60)) else { panic!("nothing came of it") };
        let asks = screen.on_message(message, &stage.ctx());
        if screen.running.is_none() {
            return asks;
        }
    }
}

/// Goes to the range of the knob `service` and types another.
fn fill(stage: &Stage, screen: &mut Sweep, range: &str) {
    screen.knob = toy::DESIGN.knobs.iter().position(|knob| knob.name == "service").unwrap();
    screen.metric = screen.metrics.iter().position(|metric| metric == "served").unwrap();
    screen.range = super::Entry::default();
    screen.field = super::Field::Range;
    stage.write(screen, range);
}

#[test]
fn a_sweep_is_filled_in_run_and_shown_with_its_spread() {
    let stage = Stage::new();
    let mut screen = toy_sweep();
    insta::assert_snapshot!("sweep_80x24_form", stage.show(&screen, 80, 24));
    fill(&stage, &mut screen, "1ms..64ms:x4");
    stage.press(&mut screen, KeyCode::Enter);
    wait(&stage, &mut screen);
    insta::assert_snapshot!("sweep_80x24_result", stage.show(&screen, 80, 24));
    insta::assert_snapshot!("sweep_120x40_result", stage.show(&screen, 120, 40));
}

#[test]
fn a_knob_that_was_turned_by_hand_does_not_undo_the_sweep() {
    let mut spec = toy::spec();
    let value = |text: &str| toy::DESIGN.knobs.iter().find(|knob| knob.name == "service").unwrap().kind.read(text).unwrap();
    let set = |args: Vec<(String, Value)>| Step { at: Time::ZERO, action: Action { name: super::SET.into(), args } };
    spec.script = vec![set(vec![("service".into(), value("7ms"))])];
    let mut screen = Sweep::of(spec);
    screen.knob = toy::DESIGN.knobs.iter().position(|knob| knob.name == "service").unwrap();
    assert_eq!(screen.now(), Some(&value("7ms")));
    assert!(screen.swept().script.is_empty());
    screen.knob = toy::DESIGN.knobs.iter().position(|knob| knob.name == "rate").unwrap();
    assert_eq!(screen.swept().script.len(), 1, "what turned another knob stays");
}

#[test]
fn what_cannot_be_run_is_told_and_nothing_starts() {
    let stage = Stage::new();
    let mut screen = toy_sweep();
    fill(&stage, &mut screen, "9s..1s");
    stage.press(&mut screen, KeyCode::Enter);
    assert!(screen.running.is_none() && stage.show(&screen, 80, 24).contains("must be"));
    screen.field = super::Field::Seeds;
    stage.write(&mut screen, "x");
    stage.press(&mut screen, KeyCode::Enter);
    assert!(stage.show(&screen, 80, 24).contains("must be 1 to 1000"));
    assert!(matches!(stage.press(&mut screen, KeyCode::F(5)).as_slice(), [Ask::Toast(..)]));
}

#[test]
fn a_sweep_that_is_stopped_leaves_nothing() {
    let stage = Stage::new();
    let mut screen = toy_sweep();
    fill(&stage, &mut screen, "1ms..64ms:x1.1");
    stage.press(&mut screen, KeyCode::Enter);
    assert!(screen.running.is_some());
    stage.press(&mut screen, KeyCode::F(8));
    assert!(screen.running.is_none() && screen.sheet.is_none());
}

#[test]
fn a_result_is_saved_as_two_files() {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::new();
    let mut screen = toy_sweep();
    fill(&stage, &mut screen, "1ms,2ms");
    stage.press(&mut screen, KeyCode::Enter);
    wait(&stage, &mut screen);
    let sheet = screen.sheet.clone().unwrap();
    let stem = super::write(dir.path(), &sheet).unwrap();
    assert!(std::fs::read_to_string(stem.with_extension("csv")).unwrap().starts_with("service,seed,"));
    let again: crate::lab::sweep::Sheet = serde_json::from_str(&std::fs::read_to_string(stem.with_extension("json")).unwrap()).unwrap();
    assert_eq!(again, sheet);
}
