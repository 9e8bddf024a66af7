//! The design keeps its text's promise, and its parts do what their names say.

use super::DESIGN;
use crate::kernel::design::Spec;
use crate::kernel::invariant::Verdict;
use crate::kernel::run::Run;
use crate::kernel::time::Span;
use crate::kernel::view::{Ask, View, What};

/// A finished run without base load unless a knob says otherwise.
fn run(knobs: &[(&str, &str)], script: &[&str], seconds: u64) -> Box<dyn Run> {
    let mut spec = Spec::new(&DESIGN);
    for (knob, value) in [("base_rate", "0")].iter().chain(knobs) {
        spec.set(knob, value).unwrap();
    }
    spec.script = script.iter().map(|step| DESIGN.read_step(step).unwrap()).collect();
    spec.length = Span::secs(seconds);
    let mut run = spec.start().unwrap();
    run.drain();
    run
}

fn metric(run: &dyn Run, name: &str) -> f64 {
    run.metric(name).unwrap_or_else(|| panic!("no value of {name}"))
}

fn holds(run: &dyn Run, lamp: &str) -> bool {
    run.verdicts().iter().any(|(spec, verdict)| spec.id == lamp && *verdict == Verdict::Held)
}

/// The card's edge: a hundred requests at 0:59, a hundred at 1:01.
const EDGE: &[&str] = &["59s=burst:n=100", "61s=burst:n=100"];

#[test]
fn turning_the_algorithm_halves_what_passes_around_an_edge() {
    let admitted = |algorithm| metric(&*run(&[("algorithm", algorithm)], EDGE, 120), "admitted");
    assert_eq!((admitted("fixed-window"), admitted("sliding-log")), (200.0, 100.0));
}

#[test]
fn a_store_whose_clock_is_set_back_or_forth_gives_nothing_away() {
    for step in ["-30s", "30s"] {
        let script =
            ["10s=burst:n=100", &format!("11s=step-clock:node=store,by={step}"), "12s=burst:n=100", "13s=step-clock:node=store,by=-30s", "14s=burst:n=100"];
        let run = run(&[], &script, 30);
        assert_eq!(metric(&*run, "admitted"), 100.0, "stepped by {step}");
        assert!(holds(&*run, "never-above-limit"));
    }
}

#[test]
fn a_leaky_bucket_delays_what_a_token_bucket_lets_through_at_once() {
    let knobs = |algorithm| [("algorithm", algorithm), ("limit", "600/min"), ("burst", "20")];
    let (leaky, token) = (run(&knobs("leaky-bucket"), &["1s=burst:n=100"], 30), run(&knobs("token-bucket"), &["1s=burst:n=100"], 30));
    assert_eq!(metric(&*leaky, "admitted"), metric(&*token, "admitted"));
    // Twenty requests leave one per 100 ms: the last waits 1.9 s. By chance of arrival a little of that has dripped out.
    assert!((metric(&*leaky, "queued_max_ms") / 1900.0 - 1.0).abs() < 0.01, "{}", metric(&*leaky, "queued_max_ms"));
    assert_eq!(token.metric("queued_max_ms"), None);
}

#[test]
fn both_rules_must_let_a_request_through() {
    // Users 1 to 4 share an address that may have twice what a user may.
    let script = ["1s=burst:n=100,client=1", "2s=burst:n=100,client=2", "3s=burst:n=100,client=3", "4s=burst:n=100,client=5"];
    let run = run(&[("rule", "user-and-ip"), ("ip_times", "2"), ("store_timeout", "1s")], &script, 30);
    assert_eq!(metric(&*run, "admitted"), 300.0, "two users of one address, none of the third, one of another address");
}

#[test]
fn a_paying_user_has_the_limit_of_its_tier() {
    let knobs = [("pro_share", "0.1"), ("pro_times", "10"), ("users", "100"), ("store_timeout", "1s")];
    let run = run(&knobs, &["1s=burst:n=2000,client=100", "5s=burst:n=2000,client=1"], 30);
    assert_eq!(metric(&*run, "admitted"), 1000.0 + 100.0);
}

#[test]
fn a_new_limit_begins_with_clean_counts_and_an_old_one_finds_its_own() {
    let script = ["1s=burst:n=100", "2s=set:limit=50/min", "3s=burst:n=100", "4s=set:limit=100/min", "5s=burst:n=100"];
    let run = run(&[], &script, 30);
    assert_eq!(metric(&*run, "admitted"), 150.0);
    assert!(holds(&*run, "never-above-limit"));
}

#[test]
fn stores_share_the_keys_and_the_limit_stands() {
    let run = run(&[("stores", "4"), ("base_rate", "500/s")], &["5s=burst:n=300"], 20);
    for lamp in ["never-above-limit", "never-above-burst", "never-refused-with-quota", "remaining-not-negative", "nobody-locked-out"] {
        assert!(holds(&*run, lamp), "{lamp}");
    }
}

#[test]
fn panes_show_the_busiest_user_first_and_no_more_than_was_asked() {
    let run = run(&[("base_rate", "50/s")], &["5s=burst:n=300,client=42"], 20);
    let ask = |pane| Ask { what: What::Pane(pane), cols: 40, rows: 6, from: run.now(), to: run.now() };
    let View::Table(table) = run.view(&ask("users")) else { panic!("no table") };
    assert_eq!((table.rows.len(), table.rows[0][0].as_str()), (5, "42"));
    let View::Heat(heat) = run.view(&ask("window")) else { panic!("no heat map") };
    assert!(heat.cells.len() <= 6 && heat.cells.iter().all(|row| row.len() == 40));
    assert!(heat.cells.iter().flatten().any(|cell| *cell > 0.5));
}
