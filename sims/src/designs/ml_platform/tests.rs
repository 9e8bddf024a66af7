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

/// A gang cannot save what a dead member should have written: one of four machines dies 20 s into a gang's work, and is missed two seconds later.
#[test]
fn a_checkpoint_without_a_member_is_none() {
    let script = ["1s=flood:team=vision,n=1,gpus=16,lasts=30s", "21s=crash:node=m1", "31s=restart:node=m1"];
    let set = [("retrain", "never"), ("job_rate", "0/s"), ("request_rate", "0/s"), ("feed_rate", "0/s"), ("checkpoint", "2s")];
    let run = run(&set, &script, Span::secs(80));
    // Saved at 18 s of work, since the machine died before 20; whatever the others wrote until 23 is of no use.
    let lost = run.metric("gpu_lost_ms").unwrap();
    assert!(lost > 16.0 * 3_500.0 && lost < 16.0 * 6_000.0, "{lost}");
    assert_eq!(run.metric("completed"), Some(1.0));
}

/// Nobody is on trial alone: the candidate does not inherit the people of a pool that dies.
#[test]
fn a_candidate_on_trial_does_not_go_live_because_the_live_pool_dies() {
    let set = [("retrain", "never"), ("job_rate", "0/s"), ("arm_rows", "5000")];
    let script = ["2s=train", "12s=crash:node=blue"];
    let run = run(&set, &script, Span::secs(30));
    assert!(run.metric("trial_answers").unwrap() > 0.0, "it was on trial");
    assert_eq!((run.metric("promoted"), run.metric("discarded")), (Some(0.0), Some(1.0)));
    assert_eq!(run.metric("live_version"), Some(1.0));
    // 1.5 s of silence, half a second for what is on its way, and loading; then the last good version answers from green.
    let failed = run.metric("failed").unwrap();
    assert!(failed > 60.0 * 3.0 && failed < 60.0 * 6.0, "{failed}");
    held(&*run, "runs-end");
}

/// What is asked of the online copy has a time-out, and what is answered then is counted.
#[test]
fn a_pool_does_not_wait_for_features_for_ever() {
    let of = |patience: &str| {
        let set = [("retrain", "never"), ("job_rate", "0/s"), ("feature_timeout", patience)];
        let run = run(&set, &["5s=crash:node=online", "7s=restart:node=online"], Span::secs(20));
        (run.metric("failed").unwrap(), run.metric("missing").unwrap())
    };
    let (waits, usual) = (of("0s"), of("20ms"));
    assert!(waits.0 > 80.0, "{waits:?}");
    assert!(usual.0 == 0.0 && usual.1 > 80.0, "{usual:?}");
}

/// Two half gangs hold what the other lacks; that a third job still works does not make it any better.
#[test]
fn a_deadlock_is_one_though_others_work() {
    let script = [
        "1s=flood:team=ads,n=1,gpus=32,lasts=12s",
        "2s=flood:team=vision,n=1,gpus=20,lasts=5s",
        "2s=flood:team=search,n=1,gpus=20,lasts=5s",
        "2s=flood:team=ads,n=1,gpus=1,lasts=60s",
    ];
    let set = [("gang", "off"), ("quota", "1"), ("retrain", "never"), ("job_rate", "0/s")];
    let run = run(&set, &script, Span::secs(12));
    let verdict = run.verdicts().into_iter().find(|(spec, _)| spec.id == "no-deadlock").map(|(_, verdict)| verdict);
    assert!(matches!(verdict, Some(Verdict::Broken { .. })), "{verdict:?}");
}

/// A server answers one at a time: 100 a second of 12 ms are too many for one and enough for three.
#[test]
fn too_few_servers_make_answers_late() {
    let of = |servers: &str| {
        let set = [("retrain", "never"), ("job_rate", "0/s"), ("request_rate", "100/s"), ("work", "12ms"), ("replicas", servers)];
        let run = run(&set, &[], Span::secs(30));
        (run.metric("served_share").unwrap(), run.metric("server_use_share").unwrap())
    };
    let (one, three) = (of("1"), of("3"));
    assert!(one.0 < 0.9 && three.0 > 0.995, "{one:?} {three:?}");
    // 1.2 servers' work on twice three.
    assert!((three.1 - 0.2).abs() < 0.02, "{three:?}");
}

/// A version that loads into the live pool does not keep the other one from answering when that pool dies.
#[test]
fn a_pool_that_dies_over_a_load_is_replaced() {
    let set = [("retrain", "never"), ("job_rate", "0/s"), ("deploy", "in-place"), ("load_time", "10s")];
    let run = run(&set, &["2s=train", "12s=crash:node=blue"], Span::secs(30));
    assert!(run.metric("failed.no_model").unwrap() > 0.0, "it was loading");
    let late = run.metric("failed.late").unwrap();
    assert!(late > 0.0 && late < 60.0 * 3.0, "{late}");
    held(&*run, "runs-end");
}
