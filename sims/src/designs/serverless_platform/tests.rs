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
fn keeping_longer_means_fewer_starts_and_more_idle_memory() {
    let of = |keep: &str| {
        let run = run(&[("keep_alive", keep)], &[], Span::secs(120));
        (run.metric("cold_share").unwrap(), run.metric("idle_share").unwrap())
    };
    let [none, short, long] = ["0s", "2s", "60s"].map(of);
    assert!(none.0 > 2.0 * short.0 && short.0 > 2.0 * long.0, "starts: {none:?} {short:?} {long:?}");
    assert!(none.1 < short.1 && short.1 < long.1, "idle: {none:?} {short:?} {long:?}");
}

/// A crash of the router loses its book, not the calls: workers tell it what they run.
#[test]
fn a_reborn_router_takes_over_what_runs() {
    let set = [("base_rate", "0/s"), ("duration", "8s"), ("lengths", "fixed"), ("tenants", "1"), ("functions", "1")];
    let run = run(&set, &["1s=burst:n=20", "4s=crash:node=router", "5s=restart:node=router"], Span::secs(30));
    assert_eq!(run.metric("completed"), Some(20.0));
    assert!(run.verdicts().iter().all(|(_, verdict)| !matches!(verdict, Verdict::Broken { .. })), "{:?}", run.verdicts());
}

/// Whatever a run does, every record on the bills is a call that ended.
#[test]
fn bills_cover_what_ran() {
    let run = run(&[("period", "5s")], &["10s=crash:node=w1", "20s=restart:node=w1"], Span::secs(60));
    let (billed, ended) = (run.metric("billed_calls").unwrap(), run.metric("completed").unwrap());
    assert!(billed <= ended + 50.0 && billed >= ended * 0.9, "{billed} billed, {ended} completed");
}

/// A reborn router waits for workers that have not spoken, and not for a lease when all have.
#[test]
fn a_reborn_router_goes_on_when_all_workers_have_spoken() {
    let set = [("base_rate", "0/s"), ("lease", "12s"), ("lengths", "fixed"), ("tenants", "1"), ("functions", "1")];
    let restart = ["3s=crash:node=router", "4s=restart:node=router", "9s=burst:n=5"];
    let all = run(&set, &restart, Span::secs(30));
    assert_eq!((all.metric("completed"), all.metric("failed")), (Some(5.0), Some(0.0)));
    // One of them is away: it may still run something.
    let away = run(&set, &["2s=cut:from=w1,to=router", restart[0], restart[1], restart[2]], Span::secs(30));
    assert_eq!(away.metric("failed"), Some(5.0), "they waited in vain");
}
