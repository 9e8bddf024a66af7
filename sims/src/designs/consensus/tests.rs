//! The design's promise, tried: one knob turned, one number watched.

use super::DESIGN;
use super::bench::Group;
use crate::kernel::design::Spec;
use crate::kernel::run::Run;

fn run(set: &[(&str, &str)], script: &[&str]) -> Box<dyn Run> {
    let mut spec = Spec::new(&DESIGN);
    spec.length = crate::kernel::time::Span::secs(10);
    for (knob, value) in set {
        spec.set(knob, value).unwrap();
    }
    spec.script = script.iter().map(|step| DESIGN.read_step(step).unwrap()).collect();
    let mut run = spec.start().unwrap();
    run.drain();
    run
}

/// The time-outs' chance decides only how long one waits; and without any nobody is ever elected.
#[test]
fn chance_in_the_time_outs_elects() {
    let still = [("jitter", "0ms"), ("pre_vote", "off"), ("delay", "5ms"), ("election_spread", "0ms")];
    let without = run(&still, &[]);
    assert_eq!(without.metric("elected"), Some(0.0));
    assert!(without.metric("elections").unwrap() > 100.0);
    let with = run(&[still[0], still[1], still[2], ("election_spread", "150ms")], &[]);
    assert!(with.metric("elected").unwrap() >= 1.0 && with.metric("answered").unwrap() > 500.0);
}

#[test]
fn a_minority_commits_nothing() {
    let split = run(&[("rate", "0/s")], &["1s=time-out:node=s1", "2s=partition:groups=s1 s2 client1 | s3 s4 s5", "3s=write:client=client1"]);
    assert_eq!(split.metric("writes"), Some(0.0));
}

#[test]
fn the_bench_does_what_it_says() {
    let mut group = Group::default();
    assert!(group.leads());
    assert_eq!(group.commit(0..100), 4_950);
}
