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
fn with_leases_one_of_a_crowd_fetches() {
    let crowd = |coalesce: &str, n: usize| {
        let rush = format!("1s=rush:n={n}");
        let run = run(&[("coalesce", coalesce), ("base_rate", "0/s"), ("origin_time", "50ms")], &["1s=expire-hot", &rush], Span::secs(3));
        run.metric("hot_origin_reads").unwrap()
    };
    for n in [40, 400] {
        assert_eq!(crowd("lease", n), 1.0);
        assert_eq!(crowd("single-flight", n), 4.0, "one per server");
        assert_eq!(crowd("none", n), n as f64);
    }
}
