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
fn what_is_kept_only_for_the_offline_never_reaches_a_second_device() {
    let verdict = |keep| {
        let run = run(&[("keep", keep)], &[], Span::secs(20));
        let told = run.verdicts().into_iter().find(|(lamp, _)| lamp.id == "every-device-has-it").map(|(_, verdict)| verdict);
        (told.unwrap(), run.metric("skipped").unwrap_or(0.0))
    };
    assert_eq!(verdict("first"), (Verdict::Held, 0.0));
    let (broken, skipped) = verdict("offline-only");
    assert!(matches!(broken, Verdict::Broken { .. }) && skipped > 0.0, "{broken:?}, {skipped} passed over");
}
