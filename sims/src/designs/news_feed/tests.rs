//! What the feed promises, each promise with one knob turned and one number watched.

use super::DESIGN;
use crate::kernel::design::Spec;
use crate::kernel::invariant::Verdict;
use crate::kernel::rng::Rng;
use crate::kernel::run::Run;
use crate::kernel::time::{Span, Time};

fn run(seed: u64, set: &[(&str, &str)], script: &[&str], seconds: u64) -> Box<dyn Run> {
    let mut spec = Spec::new(&DESIGN);
    spec.seed = seed;
    spec.length = Span::secs(seconds);
    for (knob, value) in set {
        spec.set(knob, value).unwrap_or_else(|why| panic!("{why}"));
    }
    spec.script = script.iter().map(|step| DESIGN.read_step(step).unwrap_or_else(|why| panic!("{why}"))).collect();
    let mut run = spec.start().unwrap_or_else(|why| panic!("{why}"));
    run.advance(Time::ZERO + Span::secs(seconds));
    run.drain();
    run
}

fn verdict(run: &dyn Run, id: &str) -> Verdict {
    run.verdicts().into_iter().find(|(spec, _)| spec.id == id).map_or(Verdict::Unknown, |(_, verdict)| verdict)
}

fn number(run: &dyn Run, metric: &str) -> f64 {
    run.metric(metric).unwrap_or_else(|| panic!("no {metric}"))
}

/// No lamp is broken, and timelines were compared.
fn assert_sound(run: &dyn Run, what: &str) {
    for (spec, verdict) in run.verdicts() {
        assert!(!matches!(verdict, Verdict::Broken { .. }), "{what}: {} {verdict:?}", spec.id);
    }
    assert_eq!(verdict(run, "same-timeline"), Verdict::Held, "{what}: timelines were not compared");
}

const BUSY: [(&str, &str); 5] = [("users", "300"), ("churn_rate", "20/s"), ("delete_rate", "4/s"), ("post_rate", "20/s"), ("return_rate", "3/s")];

fn busy<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    BUSY.iter().chain(more).copied().collect()
}

#[test]
fn pushing_a_celebritys_post_is_slow_and_fetching_it_at_read_is_not() {
    for seed in 1..=3 {
        let script = ["10s=celebrity-posts:rank=1"];
        let push = run(seed, &[("strategy", "push"), ("post_rate", "0/s"), ("active", "1")], &script, 20);
        let hybrid = run(seed, &[("strategy", "hybrid"), ("post_rate", "0/s"), ("active", "1")], &script, 20);
        assert!(number(push.as_ref(), "deliveries") > 500.0, "seed {seed}");
        assert!(number(push.as_ref(), "delivery_lag_max_ms") > 100.0, "seed {seed}");
        assert_eq!(number(hybrid.as_ref(), "deliveries"), 0.0, "seed {seed}");
        assert!(number(hybrid.as_ref(), "lists_per_read") > 1.0 + number(push.as_ref(), "lists_per_read"), "seed {seed}");
    }
}

#[test]
fn whatever_the_strategy_the_timeline_is_the_naive_models() {
    for strategy in ["push", "pull", "hybrid"] {
        for (keep, threshold) in [("20", "20"), ("800", "40")] {
            for seed in 1..=2 {
                let set = busy(&[("strategy", strategy), ("keep", keep), ("threshold", threshold)]);
                let run = run(seed, &set, &["8s=follow-many:user=7,n=200", "12s=unfollow:user=9,n=20", "15s=delete-latest:rank=1,n=3"], 20);
                assert_sound(run.as_ref(), &format!("{strategy}, keep {keep}, seed {seed}"));
            }
        }
    }
}

/// Posts grow too old all the while: what was forgotten is in no timeline, and nothing else is missing.
#[test]
fn what_is_too_old_is_forgotten_by_all_alike() {
    for strategy in ["push", "pull", "hybrid"] {
        for keep in ["20", "800"] {
            let set = busy(&[("strategy", strategy), ("keep", keep), ("threshold", "40"), ("retention", "60s")]);
            let script = [
                "80s=follow-many:user=7,n=200",
                "130s=unfollow:user=9,n=20",
                "140s=delete-latest:rank=1,n=3",
                "145s=crash:node=shard1",
                "150s=restart:node=shard1",
            ];
            let run = run(1, &set, &script, 170);
            assert_sound(run.as_ref(), &format!("{strategy}, keep {keep}"));
            let oldest = number(run.as_ref(), "shown_age_max_ms");
            assert!(oldest < 66_000.0, "{strategy}, keep {keep}: shown after {oldest} ms");
        }
    }
}

#[test]
fn a_change_of_plan_while_running_loses_nothing() {
    for seed in 1..=3 {
        let script = ["4s=set:strategy=push", "8s=set:strategy=pull", "12s=set:strategy=hybrid,threshold=30", "14s=set:keep=40,workers=2", "16s=set:workers=7"];
        let run = run(seed, &busy(&[("keep", "20")]), &script, 20);
        assert_sound(run.as_ref(), &format!("seed {seed}"));
    }
}

/// Faults drawn from the seed: every kind of node dies, links lose, double and reorder.
fn storm(seed: u64) -> Vec<String> {
    let mut rng = Rng::stream(seed, "storm");
    let nodes = ["w1", "w2", "w3", "w4", "shard1", "shard2", "shard3", "store1", "store2", "queue", "graph", "api1", "api2"];
    (0..12)
        .map(|_| {
            let at = 2_000 + rng.below(16_000);
            let (a, b, back) = (*rng.pick(&nodes), *rng.pick(&nodes), (at + 200 + rng.below(4_000)).min(20_000));
            match rng.below(7) {
                0 | 1 => vec![format!("{at}ms=crash:node={a}"), format!("{back}ms=restart:node={a}")],
                2 => vec![format!("{at}ms=pause:node={a},for=3s")],
                3 => vec![format!("{at}ms=lose:from={a},to={b},share=0.3"), format!("{at}ms=lose:from=queue,to=w1,share=0.5")],
                4 => vec![format!("{at}ms=duplicate:from={a},to={b},share=0.5"), format!("{at}ms=duplicate:from=w2,to=shard1,share=0.9")],
                5 => vec![format!("{at}ms=reorder:from={a},to={b},share=0.5"), format!("{at}ms=reorder:from=w3,to=shard2,share=0.9")],
                _ => vec![format!("{at}ms=cut:from={a},to={b}"), format!("{back}ms=heal")],
            }
        })
        .collect::<Vec<_>>()
        .concat()
}

#[test]
fn storms_break_nothing_while_the_safeguards_are_on() {
    for seed in 1..=20 {
        let script = storm(seed);
        let script: Vec<&str> = script.iter().map(String::as_str).collect();
        let strategy = ["push", "hybrid"][seed as usize % 2];
        let run = run(seed, &busy(&[("strategy", strategy), ("keep", "40"), ("threshold", "60")]), &script, 20);
        assert_sound(run.as_ref(), &format!("seed {seed}: {script:?}"));
    }
}

#[test]
fn a_shard_that_was_paused_hears_of_knobs_that_were_turned_meanwhile() {
    let script = ["10s=pause:node=shard2", "10s=come-back:n=3", "20s=set:threshold=3898"];
    assert_sound(run(292, &[], &script, 21).as_ref(), "threshold");
}
