//! The owner of runs: paces, refusals, breakpoints, seeks, forks.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::lab::branch::Change;
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

fn still(lab: &Lab, at: Time) -> Arc<Frame> {
    wait(lab, "the moment", |f| f.now == at && f.seeking.is_none() && !f.playing)
}

#[test]
fn forked_runs_keep_together_and_tell_where_they_part() {
    let lab = Lab::open(toy::spec(), || {}).unwrap();
    lab.send(Command::Jump(Time::from_secs(5)));
    let parent = still(&lab, Time::from_secs(5));
    lab.send(Command::Fork(Change::Set { knob: "service".into(), text: "20ms".into() }));
    let forked = wait(&lab, "two runs", |f| f.compared.len() == 2 && f.seeking.is_none());
    assert_eq!((forked.chosen, forked.now), (1, Time::from_secs(5)));
    assert_eq!(forked.compared[0].digest, parent.digest, "the first is as it was");
    lab.send(Command::StepBy(Span::secs(3)));
    let later = wait(&lab, "the parting", |f| f.now == Time::from_secs(8) && f.compared[1].parting.is_some());
    assert!(later.compared.iter().all(|run| run.now == Time::from_secs(8)), "{:?}", later.compared);
    let parting = later.compared[1].parting.as_ref().unwrap();
    assert!(parting.at > Time::from_secs(5) && parting.at < Time::from_secs(6), "{parting:?}");
    lab.send(Command::Choose(0));
    let first = wait(&lab, "the first", |f| f.chosen == 0);
    let mut alone = toy::spec().start().unwrap();
    alone.advance(Time::from_secs(8));
    assert_eq!(first.digest, alone.digest(), "its fork has not disturbed it");
    lab.send(Command::BackBy(Span::secs(2)));
    let back = still(&lab, Time::from_secs(6));
    assert!(back.compared.iter().all(|run| run.now == Time::from_secs(6)));
    lab.send(Command::Close(1));
    wait(&lab, "one run", |f| f.compared.is_empty());
}

#[test]
fn an_event_forth_and_back_moves_all_runs() {
    let lab = Lab::open(toy::spec(), || {}).unwrap();
    lab.send(Command::EachValue("cap".into(), vec!["on".into(), "off".into()]));
    lab.send(Command::Jump(Time::from_secs(2)));
    let start = still(&lab, Time::from_secs(2));
    lab.send(Command::Step);
    let on = wait(&lab, "one event", |f| f.events == start.events + 1);
    assert_eq!(on.compared[0].now, on.compared[1].now);
    assert!(on.now > start.now);
    lab.send(Command::Back);
    let back = wait(&lab, "one event back", |f| f.events == start.events && f.seeking.is_none());
    assert_eq!(back.compared[0].now, back.compared[1].now);
    let names: Vec<&str> = back.compared.iter().map(|run| run.name.as_str()).collect();
    assert_eq!(names, ["cap=on", "cap=off"]);
}

#[test]
fn at_most_four_runs_and_a_refusal_harms_nothing() {
    let lab = Lab::open(toy::spec(), || {}).unwrap();
    for n in 2..=4 {
        lab.send(Command::Fork(Change::Nothing));
        wait(&lab, "a fork", |f| f.compared.len() == n && f.seeking.is_none());
    }
    lab.send(Command::Fork(Change::Nothing));
    let frame = wait(&lab, "the refusal", |f| f.refused.is_some());
    assert!(frame.refused.as_ref().unwrap().contains("close one first") && frame.compared.len() == 4);
    lab.send(Command::EachValue("service".into(), vec!["9h".into(), "1ms".into()]));
    let frame = wait(&lab, "the other refusal", |f| f.refused.as_ref().is_some_and(|why| why.contains("0 ns to 1 s")));
    assert_eq!(frame.compared.len(), 4);
}

#[test]
fn a_start_knob_forks_from_the_start_and_a_step_can_be_left_out() {
    let mut spec = toy::spec();
    spec.script.push(toy::DESIGN.read_step("1s=burst:n=45").unwrap());
    let lab = Lab::open(spec, || {}).unwrap();
    lab.send(Command::Jump(Time::from_secs(3)));
    let parent = still(&lab, Time::from_secs(3));
    let source = parent.marks.iter().find_map(|mark| mark.source).unwrap();
    lab.send(Command::Fork(Change::Without(source)));
    let frame = wait(&lab, "a fork", |f| f.compared.len() == 2 && f.seeking.is_none());
    assert_eq!(frame.compared[1].name, "without burst n=45 at 1.000 s");
    let mut without = toy::spec().start().unwrap();
    without.advance(Time::from_secs(3));
    assert_eq!(frame.digest, without.digest());
    lab.send(Command::Fork(Change::Set { knob: "rate".into(), text: "7/s".into() }));
    let frame = wait(&lab, "another", |f| f.compared.len() == 3 && f.seeking.is_none());
    assert_eq!((frame.now, frame.knobs.rate("rate").count), (Time::from_secs(3), 7.0));
}

#[test]
fn a_breakpoint_in_one_run_stops_all_at_its_moment() {
    let lab = Lab::open(toy::spec(), || {}).unwrap();
    lab.send(Command::EachValue("cap".into(), vec!["on".into(), "off".into()]));
    lab.send(Command::Choose(1));
    lab.send(Command::Set("service".into(), "1s".into()));
    lab.send(Command::Breakpoints(vec![Breakpoint::read(&toy::DESIGN, "broken queue-below-fifty").unwrap()]));
    lab.send(Command::StepBy(Span::secs(30)));
    let frame = wait(&lab, "the break", |f| f.halted.is_some() && f.seeking.is_none());
    assert!(frame.now < Time::from_secs(2) && frame.compared.iter().all(|run| run.now == frame.now), "{:?}", frame.compared);
    assert_eq!(frame.chosen, 1);
    let why = frame.halted.as_ref().unwrap();
    assert!(why.contains("broken queue-below-fifty in run B"), "{why}");
}

#[test]
fn a_long_way_shows_progress_and_can_be_given_up() {
    let mut spec = toy::spec();
    spec.set("rate", "10000/s").unwrap();
    spec.set("service", "1us").unwrap();
    let lab = Lab::open(spec, || {}).unwrap();
    lab.send(Command::Jump(Time::from_secs(100_000)));
    let under_way = wait(&lab, "some progress", |f| f.seeking.is_some_and(|p| p.share > 0.0));
    assert!(under_way.seeking.unwrap().share < 1.0);
    lab.send(Command::GiveUp);
    let frame = wait(&lab, "standing still", |f| f.seeking.is_none());
    assert!(frame.now < Time::from_secs(100_000) && !frame.playing);
}
