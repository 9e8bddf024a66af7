//! The house's rules, for every design at once.
//!
//! `HOUSE_STORMS=1000 cargo test -p sims --test house storms` runs more storms; `HOUSE_DESIGN=id` looks at one design.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use sims::kernel::design::{Design, Spec};
use sims::kernel::invariant::InvariantKind;
use sims::kernel::proof::{self, again, seeded};
use sims::kernel::run::Run;
use sims::kernel::time::{Span, Time};
use sims::kernel::view::{Ask, What};
use std::collections::BTreeSet;

/// A run at default length handles at most this many events, whatever a knob says.
const EVENTS_MAX: u64 = 2_000_000;

/// Every design, the frame of a new one, and the tiny one that only the kernel knows.
fn designs() -> Vec<&'static Design> {
    let one = std::env::var("HOUSE_DESIGN").ok().filter(|id| !id.is_empty());
    let all = sims::designs::ALL.iter().copied().chain([&sims::frame::DESIGN, &sims::kernel::mm1::DESIGN]);
    all.filter(|d| one.as_ref().is_none_or(|id| id == d.id)).collect()
}

fn start(spec: Spec) -> Box<dyn Run> {
    let name = format!("{} seed {}", spec.design.id, spec.seed);
    spec.start().unwrap_or_else(|why| panic!("{name}: {why}"))
}

fn finished(spec: Spec) -> Box<dyn Run> {
    proof::finished(spec).unwrap_or_else(|why| panic!("{why}"))
}

/// A proof that fails names its design.
fn proven<T>(design: &Design, proof: Result<T, String>) -> T {
    proof.unwrap_or_else(|why| panic!("{}: {why}", design.id))
}

/// A spec with a storm in it.
fn stormy(design: &'static Design, seed: u64, length: Span, steps: usize) -> Spec {
    proven(design, proof::stormy(design, seed, length, steps))
}

#[test]
fn declarations_are_whole() {
    for design in designs() {
        let id = design.id;
        let count = |kind| design.invariants.iter().filter(|i| i.kind == kind).count();
        if id != "mm1" {
            assert!(count(InvariantKind::Always) >= 3, "{id}: fewer than three *always*");
            assert!(count(InvariantKind::Finally) >= 1 && count(InvariantKind::Sometimes) >= 1, "{id}: no *finally* or no *sometimes*");
            assert!(design.safeguards.len() >= 2, "{id}: fewer than two safeguards");
            assert!(!design.benches.is_empty() && !design.charts.is_empty(), "{id}: no bench or no chart");
        }
        assert!(design.teaches.len() > 20 && design.leaves_out.len() > 20, "{id}: says too little of itself");
        Spec::new(design).check().unwrap_or_else(|why| panic!("{id}: defaults conflict: {why}"));
        let names = design.metric_names();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{id}: a metric's name stands twice");
        for name in &names {
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c)), "{id}: metric {name}");
        }
        for name in design.charts.iter().flat_map(|group| group.iter()) {
            assert!(design.metrics.iter().any(|m| m.name == *name) || names.iter().any(|n| n == name), "{id}: chart of an unknown metric {name}");
        }
        for guard in design.safeguards {
            let knob = design.knobs.iter().find(|k| k.name == guard.knob).unwrap_or_else(|| panic!("{id}: safeguard {} is no knob", guard.knob));
            assert!(guard.safe.contains(&knob.default), "{id}: the default of {} is not safe", guard.knob);
            assert!(!guard.safe.contains(&guard.off), "{id}: {} off is called safe", guard.knob);
            for value in guard.safe.iter().chain([&guard.off]) {
                knob.kind.read(value).unwrap_or_else(|why| panic!("{id}: safeguard {}: {why}", guard.knob));
            }
        }
        for words in design.knobs.iter().map(|k| k.says).chain(design.metrics.iter().map(|m| m.says)).chain(design.invariants.iter().map(|i| i.says)) {
            assert!(words.len() > 5, "{id}: a knob, metric or invariant says nothing of itself");
        }
    }
}

/// Every view at odd sizes.
fn ask_everything(run: &dyn Run) {
    let design = run.spec().design;
    let mut wanted = vec![What::Diagram, What::SpaceTime];
    wanted.extend(design.metrics.iter().map(|m| What::Histogram(m.name)));
    wanted.push(What::Series(design.metrics.iter().map(|m| m.name).collect()));
    wanted.extend(design.panes.iter().map(|p| What::Pane(p.id)));
    for what in wanted {
        for (cols, rows) in [(0, 0), (1, 1), (7, 3), (40, 15), (200, 60)] {
            run.view(&Ask { what: what.clone(), cols, rows, from: Time::ZERO, to: run.now() });
        }
    }
}

#[test]
fn same_spec_same_run_however_it_is_advanced() {
    for design in designs() {
        let mut spec = stormy(design, 7, Span::secs(20), 8);
        spec.warm_up = Span::secs(2);
        let whole = finished(spec.clone());

        let mut bits = start(spec.clone());
        for n in 1..=1000u64 {
            bits.advance(Time(n * 17_777_777 + n % 7));
            if n == 500 {
                bits = bits.fork();
            }
            if n % 100 == 0 {
                ask_everything(&*bits);
            }
        }
        bits.drain();

        let mut steps = start(spec.clone());
        while steps.now() < Time::from_secs(3) && steps.step() {}
        steps.drain();

        for (how, run) in [("in bits", &bits), ("step by step", &steps)] {
            assert_eq!(run.digest(), whole.digest(), "{how}: {}", again(&spec));
            assert_eq!(run.metrics(), whole.metrics(), "{how}: {}", again(&spec));
            assert_eq!(run.verdicts(), whole.verdicts(), "{how}: {}", again(&spec));
        }
        let other = finished(Spec { seed: 8, ..spec.clone() });
        assert_ne!(other.digest(), whole.digest(), "{}: the seed changes nothing", design.id);
    }
}

#[test]
fn by_hand_is_by_script() {
    for design in designs() {
        let spec = stormy(design, 3, Span::secs(20), 6);
        let mut by_hand = start(Spec { script: Vec::new(), ..spec.clone() });
        for step in &spec.script {
            by_hand.advance(step.at);
            // A refusal is the same by script, where the log tells it.
            let _ = by_hand.act(&step.action);
        }
        by_hand.drain();
        let scripted = finished(spec.clone());
        assert_eq!((by_hand.digest(), by_hand.metrics()), (scripted.digest(), scripted.metrics()), "{}", again(&spec));
    }
}

#[test]
fn views_change_nothing() {
    for design in designs() {
        let (mut run, mut untouched) = (start(seeded(design, 1)), start(seeded(design, 1)));
        for second in 1..=5 {
            ask_everything(&*run);
            run.advance(Time::from_secs(second));
            untouched.advance(Time::from_secs(second));
        }
        ask_everything(&*run);
        assert_eq!((run.digest(), run.metrics()), (untouched.digest(), untouched.metrics()), "{}", design.id);
    }
}

#[test]
fn invariants_hold_over_twenty_seeds() {
    for design in designs() {
        proven(design, proof::holds_over_seeds(design, 20));
    }
}

#[test]
fn invariants_hold_in_storms() {
    let storms: u64 = std::env::var("HOUSE_STORMS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    for design in designs() {
        proven(design, proof::holds_in_storms(design, storms));
    }
}

#[test]
fn every_safeguard_is_load_bearing() {
    for design in designs() {
        for guard in design.safeguards {
            proven(design, proof::load_bearing(design, guard, 3));
        }
    }
}

#[test]
fn each_sometimes_is_reached() {
    for design in designs() {
        for lamp in design.invariants.iter().filter(|l| l.kind == InvariantKind::Sometimes) {
            proven(design, proof::reached(design, lamp));
        }
    }
}

#[test]
fn no_knob_at_its_limits_panics_or_runs_away() {
    for design in designs() {
        for knob in design.knobs {
            for limit in knob.kind.limits() {
                let mut spec = seeded(design, 1);
                spec.set(knob.name, &limit).unwrap_or_else(|why| panic!("{}: {why}", design.id));
                if (design.refuses)(&spec.knobs).is_err() {
                    continue;
                }
                let run = finished(spec.clone());
                assert!(run.events() <= EVENTS_MAX, "{} events: {}", run.events(), again(&spec));
            }
        }
    }
}

/// One digest per design, to compare machines: `HOUSE_GOLDEN=write cargo test -p sims --test house golden` writes them anew.
#[test]
fn golden_digests_are_those_of_every_machine() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden.txt");
    let now: String = designs().iter().map(|d| format!("{} {:016x}\n", d.id, finished(seeded(d, 1)).digest())).collect();
    if std::env::var("HOUSE_GOLDEN").is_ok_and(|v| v == "write") {
        assert!(std::env::var("HOUSE_DESIGN").is_err(), "write the digests of all designs, or the others are lost");
        std::fs::write(path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap();
    for line in now.lines() {
        assert!(committed.lines().any(|l| l == line), "digest now: {line}; committed:\n{committed}");
    }
}
