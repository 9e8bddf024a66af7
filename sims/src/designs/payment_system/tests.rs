//! The design keeps its text's promise, and its steps do what their names say.

use super::DESIGN;
use crate::kernel::design::Spec;
use crate::kernel::invariant::Verdict;
use crate::kernel::run::Run;
use crate::kernel::time::Span;

/// A finished run in which only the script does something, unless a knob says otherwise.
fn run(knobs: &[(&str, &str)], script: &[&str], seconds: u64) -> Box<dyn Run> {
    let mut spec = Spec::new(&DESIGN);
    let calm =
        [("rate", "0"), ("decline_share", "0"), ("silent_share", "0"), ("risk_share", "0"), ("void_share", "0"), ("refund_share", "0"), ("dispute_share", "0")];
    for (knob, value) in calm.iter().chain(knobs) {
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

fn verdict(run: &dyn Run, lamp: &str) -> Verdict {
    run.verdicts().into_iter().find(|(spec, _)| spec.id == lamp).unwrap().1
}

fn broken(run: &dyn Run) -> Vec<&'static str> {
    run.verdicts().into_iter().filter(|(_, verdict)| matches!(verdict, Verdict::Broken { .. })).map(|(spec, _)| spec.id).collect()
}

#[test]
fn keys_make_of_a_second_charge_a_second_look() {
    let script = ["1s=lose:from=api,to=buyers,share=1", "2s=pay:n=3", "4s=heal"];
    let (on, off) = (run(&[], &script, 30), run(&[("keys", "off")], &script, 30));
    assert_eq!((metric(&*on, "captures"), metric(&*on, "double_captures"), metric(&*on, "paid")), (3.0, 0.0, 3.0));
    assert_eq!(metric(&*off, "double_captures"), 3.0);
    assert!(metric(&*on, "key_answers") >= 3.0);
}

#[test]
fn a_server_killed_at_any_step_loses_nothing() {
    for point in super::message::Point::NAMES {
        let script = [&format!("1s=crash-at:point={point}"), "2s=pay:n=6", "12s=refund:n=1,share=0.5", "13s=chargeback"];
        let run = run(&[("apis", "1")], &script, 40);
        assert!(broken(&*run).is_empty(), "{point}: {:?}", run.verdicts());
        assert_eq!(verdict(&*run, "settled-after-cut-off"), Verdict::Held, "{point}");
        let reached = !["one-sided"].contains(point);
        assert_eq!(metric(&*run, "killed"), f64::from(u8::from(reached)), "{point}");
    }
}

#[test]
fn a_chargeback_and_refunds_end_in_books_that_agree() {
    let run = run(&[("fx_share", "1")], &["1s=pay:n=5", "4s=refund:n=3,share=0.4", "6s=chargeback", "20s=refund"], 40);
    assert_eq!(metric(&*run, "disputes"), 1.0);
    assert_eq!((metric(&*run, "given_back"), metric(&*run, "refunds_refused")), (2.0, 2.0), "two of three parts of 40 % fit, and then nothing of the rest");
    assert!(broken(&*run).is_empty(), "{:?}", run.verdicts());
}

#[test]
fn a_lost_answer_is_settled_by_reconciliation() {
    let run = run(&[("on_timeout", "leave-pending")], &["1s=lose:from=net,to=vault,share=1", "2s=pay:n=4", "5s=heal"], 40);
    assert_eq!((metric(&*run, "told_pending"), metric(&*run, "settled")), (4.0, 4.0));
    assert_eq!(verdict(&*run, "ambiguity-settled"), Verdict::Held);
    assert!(broken(&*run).is_empty(), "{:?}", run.verdicts());
}
