//! The text's promises.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::DESIGN;
use crate::kernel::design::Spec;
use crate::kernel::invariant::Verdict;
use crate::kernel::run::Run;
use crate::kernel::time::Span;

fn run(set: &[(&str, &str)], script: &[&str], length: Span) -> Box<dyn Run> {
    let mut spec = Spec { length, ..Spec::new(&DESIGN) };
    for (knob, value) in set {
        spec.set(knob, value).unwrap();
    }
    spec.script = script.iter().map(|step| DESIGN.read_step(step).unwrap()).collect();
    let mut run = spec.start().unwrap();
    run.drain();
    run
}

/// `teaches`, word by word.
#[test]
fn a_leaking_join_scores_better_offline_and_worse_online() {
    let set = |join| [("join", join), ("gate", "off"), ("promote", "at-once"), ("retrain", "never"), ("job_rate", "0/s"), ("request_rate", "200/s")];
    let [honest, leaky] = ["point-in-time", "latest"].map(|join| run(&set(join), &["2s=train"], Span::secs(40)));
    let area = |run: &dyn Run, name: &str| run.metric(name).unwrap();
    assert!(area(&*leaky, "offline_auc") > area(&*honest, "offline_auc") + 0.03, "{}", area(&*leaky, "offline_auc"));
    assert!(area(&*leaky, "online_auc") < area(&*honest, "online_auc") - 0.01, "{}", area(&*leaky, "online_auc"));
}

fn held(run: &dyn Run, lamp: &str) {
    let verdict = run.verdicts().into_iter().find(|(spec, _)| spec.id == lamp).map(|(_, verdict)| verdict);
    assert_eq!(verdict, Some(Verdict::Held), "{lamp}");
}

/// Housekeeping alone does not keep a world awake, and a run that has just begun has only that.
#[test]
fn a_run_begun_at_the_last_moment_ends() {
    let run = run(&[("retrain", "never"), ("job_rate", "0/s")], &["9990ms=train"], Span::secs(10));
    held(&*run, "runs-end");
}

/// The first job could start when it came; then its team's quota was lowered. The small ones behind it still start.
#[test]
fn a_job_that_never_can_start_keeps_nobody_waiting() {
    let script = ["1s=flood:team=vision,n=2,gpus=16,lasts=5s", "2s=set:quota=0.25", "3s=flood:team=vision,n=4,gpus=1,lasts=1s"];
    for policy in ["fifo", "backfill", "fair-share"] {
        let run = run(&[("retrain", "never"), ("job_rate", "0/s"), ("policy", policy)], &script, Span::secs(30));
        assert_eq!(run.metric("completed"), Some(5.0), "{policy}");
        held(&*run, "no-deadlock");
    }
}

/// A late event is late by itself: it must not hold up what is sent after it, or the model would be served staler features than it learnt from.
#[test]
fn late_events_do_not_make_the_others_late() {
    let skew = |late: &str| {
        run(&[("late_share", late), ("late_by", "10s"), ("retrain", "never"), ("job_rate", "0/s")], &[], Span::secs(40)).metric("skew_rms").unwrap()
    };
    assert!(skew("0.1") < skew("0") * 1.1, "{} against {}", skew("0.1"), skew("0"));
}
