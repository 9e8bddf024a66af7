//! The design keeps its text's promise.

use super::DESIGN;
use crate::kernel::design::Spec;
use crate::kernel::run::Run;
use crate::kernel::time::Span;

/// A run of the card's edge: a hundred requests at 0:59, a hundred at 1:01.
fn edge(algorithm: &str) -> Box<dyn Run> {
    let mut spec = Spec::new(&DESIGN);
    for (knob, value) in [("algorithm", algorithm), ("limit", "100/min"), ("base_rate", "0")] {
        spec.set(knob, value).unwrap();
    }
    spec.script = ["59s=burst:n=100", "61s=burst:n=100"].iter().map(|step| DESIGN.read_step(step).unwrap()).collect();
    spec.length = Span::secs(120);
    let mut run = spec.start().unwrap();
    run.drain();
    run
}

#[test]
fn turning_the_algorithm_halves_what_passes_around_an_edge() {
    assert_eq!(edge("fixed-window").metric("admitted"), Some(200.0));
    assert_eq!(edge("sliding-log").metric("admitted"), Some(100.0));
}
