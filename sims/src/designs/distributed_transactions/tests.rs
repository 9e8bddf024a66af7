//! The design keeps its text's promise, and survives a crash at any step and after any record.

use super::DESIGN;
use super::step::{STEPS, Step};
use crate::kernel::design::Spec;
use crate::kernel::proof;
use crate::kernel::run::Run;
use crate::kernel::time::Span;

fn run(knobs: &[(&str, &str)], script: &[String], seconds: u64, seed: u64) -> Box<dyn Run> {
    let mut spec = Spec { seed, length: Span::secs(seconds), ..Spec::new(&DESIGN) };
    for (knob, value) in knobs {
        spec.set(knob, value).unwrap();
    }
    spec.script = script.iter().map(|step| DESIGN.read_step(step).unwrap()).collect();
    let mut run = spec.start().unwrap();
    run.drain();
    run
}

/// A little traffic on few accounts, some of it refused.
const BUSY: &[(&str, &str)] =
    &[("rate", "30/s"), ("accounts", "4"), ("hot_share", "0.3"), ("refusals", "0.2"), ("legs", "3"), ("vote_timeout", "300ms"), ("decision_timeout", "700ms")];

fn busy(protocol: &'static str) -> Vec<(&'static str, &'static str)> {
    BUSY.iter().copied().chain([("protocol", protocol)]).collect()
}

/// Laws that a protocol keeps whatever crashes: no saga keeps reads whole, or accounts above zero.
fn broken(run: &dyn Run, protocol: &str) -> Vec<String> {
    let beyond = |told: &String| protocol != "2pc" && (told.starts_with("reads-whole") || told.starts_with("never-overdrawn"));
    proof::broken(run).into_iter().filter(|told| !beyond(told)).collect()
}

#[test]
fn locks_stay_for_as_long_as_the_coordinator_is_away() {
    let held = |away: &str| {
        let script = [format!("1s=crash-at:node=coord,step=votes-in,for={away}"), "1s=transfer".to_string()];
        run(&[("rate", "0/s"), ("reads", "0/s")], &script, 40, 1).metric("lock_held_max_ms").unwrap()
    };
    let (short, long) = (held("3s"), held("12s"));
    assert!((3000.0..5200.0).contains(&short), "{short}");
    assert!((12_000.0..14_200.0).contains(&long), "{long}");
}

/// The recovery law: whatever was the last record, written or durable, and whichever machine it was, all laws hold once it is back.
#[test]
fn a_crash_after_any_record_of_any_log_leaves_money_and_atomicity_whole() {
    for protocol in ["2pc", "saga", "choreography"] {
        for node in ["coord", "bank1", "bank2", "bank3"] {
            for step in ["written", "logged"] {
                for nth in 1..=12 {
                    let script = [format!("500ms=crash-at:node={node},step={step},nth={nth},for=400ms")];
                    let run = run(&busy(protocol), &script, 3, nth);
                    let broken = broken(&*run, protocol);
                    assert!(broken.is_empty(), "{protocol}, {node} at its {nth}th {step}: {broken:?}");
                }
            }
        }
    }
}

#[test]
fn a_crash_at_any_step_leaves_money_and_atomicity_whole() {
    for protocol in ["2pc", "3pc", "saga", "choreography"] {
        for step in STEPS.iter().filter_map(|name| Step::named(name)) {
            for (node, there) in [("coord", step.is_at_coord()), ("bank2", step.is_at_bank())] {
                if !there {
                    continue;
                }
                for (seed, back) in [(1, "200ms"), (2, "3s")] {
                    // Three phases take silence for death: who died must not be back before the others have noticed.
                    let script = [format!("500ms=crash-at:node={node},step={},nth=2,for={back}", step.name())];
                    let run = run(&busy(protocol), &script, 6, seed);
                    let broken = broken(&*run, protocol);
                    assert!(broken.is_empty(), "{protocol}, {node} at {} for {back}: {broken:?}", step.name());
                }
            }
        }
    }
}

#[test]
fn knobs_that_make_no_sense_together_are_refused_with_what_is_allowed() {
    for (knob, value, told) in [("legs", "5", "at most 3"), ("hot_accounts", "100", ""), ("decision_timeout", "500ms", "above the `vote_timeout`")] {
        let mut spec = Spec::new(&DESIGN);
        spec.set(knob, value).unwrap();
        match spec.check() {
            Ok(()) => assert!(told.is_empty(), "{knob}={value}"),
            Err(why) => assert!(!told.is_empty() && why.contains(told), "{why}"),
        }
    }
}
