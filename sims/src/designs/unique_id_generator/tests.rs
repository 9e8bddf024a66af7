//! The promises of the design's text, kept.

use super::DESIGN;
use crate::kernel::design::Spec;
use crate::kernel::run::Run;
use crate::kernel::time::Span;

fn run(set: &[(&str, &str)], script: &[&str], seconds: u64) -> Box<dyn Run> {
    run_with(1, set, script, seconds)
}

fn run_with(seed: u64, set: &[(&str, &str)], script: &[&str], seconds: u64) -> Box<dyn Run> {
    let mut spec = Spec { seed, length: Span::secs(seconds), ..Spec::new(&DESIGN) };
    for (knob, value) in set {
        spec.set(knob, value).unwrap();
    }
    spec.script = script.iter().map(|step| DESIGN.read_step(step).unwrap()).collect();
    let mut run = spec.start().unwrap();
    run.drain();
    run
}

#[test]
fn time_first_ids_spare_the_index_its_page_reads() {
    // What `teaches` promises: turn one knob, watch one number.
    let fetches = |scheme| run(&[("scheme", scheme), ("rate", "2000/s")], &[], 20).metric("fetches_per_row").unwrap();
    let (random, sorted) = (fetches("uuid4"), fetches("snowflake"));
    assert!(random > 20.0 * sorted.max(0.01), "random {random}, time first {sorted}");
}
