//! Breakpoints stop at the very event of the first crossing, whatever steps the run is advanced in.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use sims::kernel::design::Spec;
use sims::kernel::halt::{Halt, Halts, Side};
use sims::kernel::mm1;
use sims::kernel::run::{Run, Stop};
use sims::kernel::time::{Span, Time};

fn spec(seed: u64, load: &str) -> Spec {
    let mut spec = Spec::new(&mm1::DESIGN);
    spec.seed = seed;
    spec.set("load", load).unwrap();
    spec.length = Span::secs(20);
    spec
}

/// One event at a time, looking at the metric by its name: slow and plainly right.
fn naive(spec: Spec, metric: &str, is: Side, than: f64, until: Time) -> Option<(Time, u64)> {
    let mut run = spec.start().unwrap();
    let holds = |run: &dyn Run| run.metric(metric).is_some_and(|value| is.holds(value, than));
    let mut was = holds(run.as_ref());
    while run.next_at().is_some_and(|at| at <= until) {
        run.step();
        let now = holds(run.as_ref());
        if now && !was {
            return Some((run.now(), run.events()));
        }
        was = now;
    }
    None
}

fn in_steps(spec: Spec, halt: Halt, until: Time, step: u64) -> Option<(Time, u64)> {
    let (mut run, mut halts) = (spec.start().unwrap(), Halts::new(vec![halt]));
    let mut to = 0;
    while to < until.0 {
        to = (to + step).min(until.0);
        if run.advance_halting(Time(to), &mut halts) == Stop::Halted {
            return Some((run.now(), run.events()));
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_first_crossing_is_found_in_any_steps(
        seed in 1u64..500,
        load in prop::sample::select(vec!["0.5", "0.8", "0.95"]),
        (metric, than) in prop::sample::select(vec![
            ("waiting", 6.0), ("served", 700.0), ("sojourn_p99_ms", 6.0), ("sojourn_p99_ms", 12.0), ("sojourn_p50_ms", 2.0),
            ("sojourn_mean_ms", 3.0), ("sojourn_max_ms", 15.0), ("sojourn_p90_ms", 8.0), ("sojourn_count", 321.0),
        ]),
        is in prop::sample::select(vec![Side::Above, Side::AtLeast, Side::Below, Side::AtMost]),
        step in prop::sample::select(vec![999_937u64, 37_000_001, 20_000_000_000]),
        warm_up in prop::sample::select(vec![0u64, 3]),
    ) {
        let mut spec = spec(seed, load);
        spec.warm_up = Span::secs(warm_up);
        let until = Time::from_secs(6);
        let expected = naive(spec.clone(), metric, is, than, until);
        let halt = Halt::Crossing { metric: metric.into(), is, than };
        prop_assert_eq!(in_steps(spec, halt, until, step), expected);
    }
}

#[test]
fn a_level_is_crossed_again_only_after_it_was_left() {
    let mut run = spec(3, "0.8").start().unwrap();
    let mut halts = Halts::new(vec![Halt::Crossing { metric: "waiting".into(), is: Side::Above, than: 4.0 }]);
    let mut seen = Vec::new();
    while run.advance_halting(Time::from_secs(2), &mut halts) == Stop::Halted {
        assert_eq!(run.metric("waiting"), Some(5.0), "right after the event that crossed");
        seen.push(run.now());
    }
    assert!(seen.len() > 2 && seen.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
    assert_eq!(run.now(), Time::from_secs(2));
}

#[test]
fn faults_messages_timers_and_actions_are_stopped_at() {
    let design = sims::designs::ALL.iter().find(|d| d.id == "rate-limiter").unwrap();
    let node = Spec::new(design).start().unwrap().nodes().into_iter().next_back().unwrap();
    let mut spec = Spec::new(design);
    spec.script.push(design.read_step(&format!("2s=crash:node={node}")).unwrap());
    spec.script.push(design.read_step(&format!("3s=restart:node={node}")).unwrap());
    let stops = |halt: Halt| {
        let (mut run, mut halts) = (spec.clone().start().unwrap(), Halts::new(vec![halt]));
        let mut stops = Vec::new();
        while stops.len() < 3 && run.advance_halting(Time::from_secs(4), &mut halts) == Stop::Halted {
            assert_eq!(halts.hit(), Some(0));
            stops.push(run.now());
        }
        stops
    };
    let seconds = |all: &[u64]| all.iter().map(|s| Time::from_secs(*s)).collect::<Vec<_>>();
    assert_eq!(stops(Halt::Fault), seconds(&[2, 3]));
    assert_eq!(stops(Halt::Act("crash".into())), seconds(&[2]));
    assert_eq!(stops(Halt::Timer).len(), 3);
    let mut run = spec.clone().start().unwrap();
    run.follow();
    run.advance(Time::from_secs(1));
    let labels = run.messages();
    assert!(!labels.is_empty());
    for label in labels {
        assert!(!stops(Halt::Message(Some(label.into()))).is_empty(), "{label}");
    }
    assert!(stops(Halt::Message(Some("nonsense".into()))).is_empty());
}

#[test]
fn halting_changes_nothing_and_events_are_told_as_they_are_handled() {
    for design in sims::designs::ALL {
        let end = Time::from_secs(2);
        let mut plain = Spec::new(design).start().unwrap();
        plain.advance(end);
        let mut halting = Spec::new(design).start().unwrap();
        let mut halts = Halts::new(vec![Halt::Break(None), Halt::Crossing { metric: "failed".into(), is: Side::Above, than: 0.0 }]);
        while halting.advance_halting(end, &mut halts) == Stop::Halted {}
        let mut told = Spec::new(design).start().unwrap();
        let mut words = std::collections::BTreeSet::new();
        while told.next_at().is_some_and(|at| at <= end) {
            let due = told.next_at();
            let happened = told.step_told().unwrap();
            assert_eq!(Some(happened.at), due);
            words.insert(told.tell(happened.what));
        }
        assert_eq!((plain.digest(), plain.events()), (halting.digest(), halting.events()), "{}", design.id);
        assert_eq!((plain.digest(), plain.events()), (told.digest(), told.events()), "{}", design.id);
        assert!(words.iter().any(|w| w.contains(" from ") && w.contains(" to ")), "{}: {words:?}", design.id);
    }
}
