//! The owner of runs: paces, refusals, breakpoints, seeks, forks.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::lab::toy;
use crate::lab::wall::Stopwatch;

fn wait(lab: &Lab, what: &str, until: impl Fn(&Frame) -> bool) -> Arc<Frame> {
    let watch = Stopwatch::start();
    loop {
        let frame = lab.frame();
        if until(&frame) {
            return frame;
        }
        assert!(watch.elapsed() < Duration::from_secs(10), "never came: {what}; last {frame:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_run_plays_pauses_and_takes_knobs_while_it_runs() {
    let lab = Lab::open(toy::spec(), || {}).unwrap();
    lab.send(Command::Pace(Pace::Flat));
    lab.send(Command::Play);
    wait(&lab, "a minute", |f| f.now > Time::from_secs(60));
    lab.send(Command::Set("service".into(), "500ms".into()));
    wait(&lab, "refusals", |f| f.metric("refused").unwrap_or(0.0) > 0.0);
    lab.send(Command::Pause);
    let frame = wait(&lab, "the pause", |f| !f.playing);
    assert_eq!(frame.taken, 1);
    let recorded = lab.recorded().unwrap();
    assert_eq!(recorded.script.len(), 1);
    let mut again = recorded.start().unwrap();
    again.advance(frame.now);
    assert_eq!(again.digest(), frame.digest, "a saved film is the same run");
}

#[test]
fn the_pace_is_kept_within_reason() {
    let lab = Lab::open(toy::spec(), || {}).unwrap();
    lab.send(Command::Pace(Pace::times(10.0)));
    lab.send(Command::Play);
    std::thread::sleep(Duration::from_millis(300));
    lab.send(Command::Pause);
    let now = wait(&lab, "the pause", |f| !f.playing && f.now > Time::ZERO).now.as_secs();
    assert!((0.5..=9.0).contains(&now), "ten times 0.3 s gave {now} s");
}

#[test]
fn a_lamp_can_stop_the_run_and_it_can_go_back_before_it() {
    let lab = Lab::open(toy::spec(), || {}).unwrap();
    lab.send(Command::Breakpoints(vec![Breakpoint::read(&toy::DESIGN, "broken").unwrap()]));
    lab.send(Command::Set("cap".into(), "off".into()));
    lab.send(Command::Set("service".into(), "1s".into()));
    lab.send(Command::Pace(Pace::Flat));
    lab.send(Command::Play);
    let frame = wait(&lab, "the break", |f| !f.playing && f.now > Time::ZERO);
    assert!(matches!(frame.verdicts[0].1, Verdict::Broken { .. }));
    lab.send(Command::BackBy(Span::millis(100)));
    let earlier = wait(&lab, "going back", |f| f.now < frame.now);
    assert_eq!(earlier.verdicts[0].1, Verdict::Held);
}

use sims::kernel::invariant::Verdict;

#[test]
fn a_refused_command_is_said_and_harms_nothing() {
    let lab = Lab::open(toy::spec(), || {}).unwrap();
    lab.send(Command::Set("service".into(), "9h".into()));
    let frame = wait(&lab, "the refusal", |f| f.refused.is_some());
    assert!(frame.refused.as_ref().unwrap().contains("0 ns to 1 s"));
    lab.send(Command::StepBy(Span::secs(1)));
    assert!(wait(&lab, "a second", |f| f.now == Time::from_secs(1)).refused.is_none());
}

#[test]
fn a_challenge_ends_at_its_length() {
    let lab = Lab::open(toy::spec(), || {}).unwrap();
    lab.send(Command::EndAtLength);
    lab.send(Command::Pace(Pace::Flat));
    lab.send(Command::Play);
    let frame = wait(&lab, "the end", |f| f.ended);
    assert!(!frame.playing && frame.metric("served").unwrap() < 6300.0, "metrics froze at a minute: {:?}", frame.metrics);
}

#[test]
fn ending_judges_finally_and_a_start_knob_begins_anew() {
    let lab = Lab::open(toy::spec(), || {}).unwrap();
    lab.send(Command::StepBy(Span::secs(1)));
    lab.send(Command::End);
    let frame = wait(&lab, "the end", |f| f.ended);
    assert_eq!(frame.verdicts[1].1, Verdict::Held);
    lab.send(Command::Set("rate".into(), "7/s".into()));
    let frame = wait(&lab, "a new run", |f| !f.ended);
    assert_eq!((frame.now, frame.knobs.rate("rate").count), (Time::ZERO, 7.0));
}
