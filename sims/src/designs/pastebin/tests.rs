//! The design's promise, tried: one knob turned, one number watched.

use super::DESIGN;
use crate::kernel::design::Spec;
use crate::kernel::invariant::Verdict;
use crate::kernel::run::Run;
use crate::kernel::time::Span;

fn ran(set: &[(&str, &str)], script: &[&str], seconds: u64) -> Box<dyn Run> {
    let mut spec = Spec::new(&DESIGN);
    set.iter().for_each(|(knob, value)| spec.set(knob, value).unwrap());
    spec.script.extend(script.iter().map(|step| DESIGN.read_step(step).unwrap()));
    spec.length = Span::secs(seconds);
    let mut run = spec.start().unwrap();
    run.drain();
    run
}

fn metric(run: &dyn Run, name: &str) -> f64 {
    run.metric(name).unwrap_or_else(|| panic!("no {name}"))
}

fn verdict(run: &dyn Run, id: &str) -> Verdict {
    run.verdicts().into_iter().find(|(lamp, _)| lamp.id == id).map(|(_, verdict)| verdict).unwrap()
}

#[test]
fn an_interrupted_paste_leaves_an_orphan_or_a_bare_name() {
    let script = ["2s=crash-between:node=app1", "4s=crash-between:node=app2", "6s=crash-between:node=app3"];
    let quiet = [("short", "5min"), ("duplicate_share", "0"), ("burn_share", "0"), ("delete_share", "0")];
    let with = |order| ran(&[&quiet[..], &[("write_order", order)]].concat(), &script, 30);
    let (body, name) = (with("body-first"), with("name-first"));
    assert_eq!(metric(body.as_ref(), "orphans"), 3.0);
    assert_eq!(verdict(body.as_ref(), "all-there"), Verdict::Held);
    assert_eq!(metric(name.as_ref(), "orphans"), 0.0);
    assert!(matches!(verdict(name.as_ref(), "all-there"), Verdict::Broken { .. }));
}

/// Little's law: what is stored is what comes in a second, times how long it stays.
#[test]
fn storage_is_rate_times_stay() {
    let with = |sweeper| {
        ran(
            &[
                ("sweeper", sweeper),
                ("short", "10s"),
                ("short_share", "1"),
                ("duplicate_share", "0"),
                ("delete_share", "0"),
                ("burn_share", "0"),
                ("body", "1KB"),
            ],
            &[],
            120,
        )
    };
    let (swept, kept) = (with("on"), with("off"));
    // It lives for 10 s, is kept for 5 s more, and waits for the next sweep for 2.5 s in the mean.
    let rows = metric(swept.as_ref(), "rows");
    assert!((rows - 12.0 * 17.5).abs() < 5.0 * (12.0f64 * 17.5).sqrt(), "{rows}");
    assert!(metric(kept.as_ref(), "stored_bytes") > 3.0 * metric(swept.as_ref(), "stored_bytes"));
}

#[test]
fn of_many_readers_one_gets_what_burns() {
    let with = |take| ran(&[("take", take), ("burn_share", "1"), ("burn_readers", "5"), ("read_rate", "0/s")], &[], 20);
    let (atomic, two_steps) = (with("atomic"), with("read-then-delete"));
    assert!(metric(atomic.as_ref(), "burnt") <= metric(atomic.as_ref(), "created"));
    assert!(metric(two_steps.as_ref(), "burnt") > 2.0 * metric(two_steps.as_ref(), "created"));
}

#[test]
fn equal_bodies_are_written_once() {
    let with = |dedup| ran(&[("dedup", dedup), ("create_rate", "0/s"), ("body", "10KB")], &["1s=paste-again:n=50"], 5);
    assert_eq!(metric(with("on").as_ref(), "shared"), 49.0);
    assert_eq!(metric(with("off").as_ref(), "shared"), 0.0);
}

#[test]
fn what_is_too_large_is_refused() {
    let run = ran(&[("create_rate", "0/s")], &["1s=paste-large:bytes=11MB", "2s=paste-large:bytes=9MB"], 5);
    assert_eq!((metric(run.as_ref(), "failed.too_large"), metric(run.as_ref(), "created")), (1.0, 1.0));
}
