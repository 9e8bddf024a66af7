//! The text's promises.

use super::DESIGN;
use crate::kernel::design::Spec;
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
fn the_gap_is_the_lease_and_what_fell_into_it_comes_at_once() {
    for (lease, seconds) in [("2s", 2.0), ("8s", 8.0)] {
        let run = run(&[("lease", lease), ("cron", "none"), ("base_rate", "50/s"), ("chain_share", "0")], &["20s=crash:node=s1"], Span::secs(50));
        let gap = run.metric("gap_max_ms").unwrap() / 1e3;
        // A crash comes up to a beat after the last renewal; the next asks within a beat of the end.
        assert!(gap >= seconds - 0.01 && gap <= seconds * 4.0 / 3.0 + 0.1, "lease {lease}: a gap of {gap} s");
        let at_once = run.metric("catch_up").unwrap();
        assert!(at_once > 50.0 * seconds * 0.6, "lease {lease}: {at_once} at once");
    }
}
