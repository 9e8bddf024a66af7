//! The text's promises, and what the refusals say.

use super::DESIGN;
use crate::kernel::design::Spec;
use crate::kernel::invariant::Verdict;
use crate::kernel::run::Run;
use crate::kernel::time::Span;

fn run(set: &[(&str, &str)], script: &[&str], secs: u64) -> Box<dyn Run> {
    let mut spec = Spec { length: Span::secs(secs), ..Spec::new(&DESIGN) };
    for (knob, value) in set {
        spec.set(knob, value).unwrap();
    }
    spec.script = script.iter().map(|step| DESIGN.read_step(step).unwrap()).collect();
    let mut run = spec.start().unwrap();
    run.drain();
    run
}

fn metric(run: &dyn Run, name: &str) -> f64 {
    run.metric(name).unwrap_or_else(|| panic!("no value of {name}"))
}

fn verdict(run: &dyn Run, id: &str) -> Verdict {
    run.verdicts().into_iter().find(|(lamp, _)| lamp.id == id).unwrap().1
}

/// `teaches`, word by word.
#[test]
fn an_acknowledgement_is_worth_what_stands_behind_it() {
    let script = ["1s=slow:from=b1,to=b2,by=300ms", "1s=slow:from=b1,to=b3,by=300ms", "4s=crash:node=b1", "6s=load:times=0"];
    let (leader, all) = (run(&[("acks", "1")], &script, 12), run(&[("acks", "all")], &script, 12));
    assert!(matches!(verdict(&*leader, "acked-not-lost"), Verdict::Broken { .. }));
    assert!(metric(&*leader, "missing") > 0.0, "{}", metric(&*leader, "missing"));
    assert_eq!(verdict(&*all, "acked-not-lost"), Verdict::Held);
    assert_eq!(metric(&*all, "missing"), 0.0);
}

#[test]
fn a_quiet_hour_processes_everything_once() {
    let run = run(&[], &["20s=load:times=0"], 24);
    assert_eq!(metric(&*run, "sent"), metric(&*run, "processed"));
    assert_eq!((metric(&*run, "processed_again"), metric(&*run, "overtaken"), metric(&*run, "failed")), (0.0, 0.0, 0.0));
    for (lamp, verdict) in run.verdicts() {
        assert!(verdict == Verdict::Held || lamp.id == "taken-over", "{}: {verdict:?}", lamp.id);
    }
}

#[test]
fn senseless_knobs_are_refused_with_what_is_allowed() {
    let refused = |set: &[(&str, &str)]| {
        let mut spec = Spec::new(&DESIGN);
        for (knob, value) in set {
            spec.set(knob, value).unwrap();
        }
        spec.check().unwrap_err()
    };
    assert_eq!(refused(&[("replication", "4")]), "knob `replication` is 4, but must be at most the number of `brokers`, 3");
    assert_eq!(refused(&[("min_insync", "4")]), "knob `min_insync` is 4, but must be at most `replication`, 3");
    assert!(refused(&[("in_flight", "6")]).contains("at most 5 with `idempotence` on"));
    assert!(refused(&[("delivery_timeout", "500ms")]).contains("at most `delivery_timeout`"));
}
