//! The design's promise, tried: one knob turned, one number watched.

use super::DESIGN;
use crate::kernel::design::Spec;
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

#[test]
fn counted_codes_never_collide_and_drawn_ones_do() {
    let small = [("alphabet", "hex"), ("length", "5"), ("links", "10"), ("create_rate", "200/s")];
    let with = |generator| ran(&[&small[..], &[("generator", generator)]].concat(), &[], 30);
    assert_eq!(metric(with("counter").as_ref(), "collisions"), 0.0);
    // Six thousand of a million: 17 pairs are expected.
    for generator in ["hash", "random"] {
        let run = with(generator);
        let (seen, expected) = (metric(run.as_ref(), "collisions"), metric(run.as_ref(), "birthday_pairs"));
        assert!(seen > expected / 3.0 && seen < expected * 3.0, "{generator}: {seen}, expected {expected}");
    }
}

#[test]
fn a_crash_wastes_at_most_a_range() {
    let run = ran(&[("range", "100")], &["5s=crash:node=app1", "6s=restart:node=app1"], 20);
    let wasted = metric(run.as_ref(), "wasted");
    assert!(wasted > 0.0 && wasted <= 100.0, "{wasted}");
    assert_eq!(metric(run.as_ref(), "collisions"), 0.0);
}

#[test]
fn the_hash_gives_one_address_one_code() {
    let codes = |generator| {
        let run = ran(&[("generator", generator), ("create_rate", "0/s")], &["1s=submit-again:n=5"], 5);
        metric(run.as_ref(), "created") - metric(run.as_ref(), "reused")
    };
    assert_eq!((codes("hash"), codes("counter")), (1.0, 5.0));
}

#[test]
fn an_alias_goes_to_one_of_those_who_want_it() {
    let run = ran(&[("create_rate", "0/s")], &["1s=want-alias:n=4"], 5);
    assert_eq!((metric(run.as_ref(), "created"), metric(run.as_ref(), "failed.alias_taken")), (1.0, 3.0));
}
