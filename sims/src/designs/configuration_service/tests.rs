//! The design keeps its text's promise, and its parts do what their names say.

use super::DESIGN;
use crate::kernel::design::Spec;
use crate::kernel::invariant::Verdict;
use crate::kernel::run::Run;
use crate::kernel::time::Span;

fn run(set: &[(&str, &str)], script: &[&str], seconds: u64) -> Box<dyn Run> {
    let mut spec = Spec { length: Span::secs(seconds), ..Spec::new(&DESIGN) };
    for (knob, value) in set {
        spec.set(knob, value).unwrap();
    }
    spec.script = script.iter().map(|step| DESIGN.read_step(step).unwrap()).collect();
    let mut run = spec.start().unwrap();
    run.drain();
    run
}

fn metric(run: &dyn Run, name: &str) -> f64 {
    run.metric(name).unwrap_or_else(|| panic!("no value of {name}"))
}

fn told(run: &dyn Run) -> String {
    crate::kernel::proof::broken(run).join("; ")
}

/// `teaches`, word by word: what suffers when all come back in one moment is everybody's reads.
#[test]
fn without_jitter_the_watchers_return_in_one_moment() {
    let back = |reconnect| run(&[("watchers", "6000"), ("reconnect", reconnect), ("shed", "10s")], &["5s=disconnect"], 30);
    let (jitter, in_step) = (back("jitter"), back("in-step"));
    let (alone, crowd) = (metric(&*jitter, "queue_p99_ms"), metric(&*in_step, "queue_p99_ms"));
    assert!(crowd > 10.0 * alone, "{crowd} against {alone}");
    for run in [&jitter, &in_step] {
        assert_eq!(told(&**run), "");
    }
}

/// Found by a storm: the copy of a refusal was taken for the answer to the next try, which had been done.
#[test]
fn a_refusal_that_comes_twice_refuses_one_try() {
    let set = [("services", "1"), ("watchers", "0"), ("hosts", "1"), ("write_share", "1"), ("base_rate", "200/s")];
    let copies: Vec<String> = [1, 2, 3].iter().flat_map(|s| [1, 2].map(|a| format!("1s=duplicate:from=s{s},to=app{a},share=0.7"))).collect();
    let later: Vec<String> = [1, 2, 3].iter().flat_map(|s| [1, 2].map(|a| format!("1s=reorder:from=s{s},to=app{a},share=0.7"))).collect();
    let script: Vec<&str> = copies.iter().chain(&later).map(String::as_str).collect();
    let run = run(&set, &script, 20);
    assert!(metric(&*run, "conflicts") > 100.0);
    assert_eq!(told(&*run), "");
}

#[test]
fn a_quiet_day_holds_everything() {
    let run = run(&[], &[], 20);
    assert_eq!(told(&*run), "");
    assert!(metric(&*run, "updated") > 100.0 && metric(&*run, "events_sent") > 1_000.0);
    assert_eq!((metric(&*run, "stale_reads"), metric(&*run, "failed"), metric(&*run, "leases_lost")), (0.0, 0.0, 0.0));
    for (lamp, verdict) in run.verdicts() {
        assert!(verdict == Verdict::Held || ["compacted-and-resynced", "leader-completeness"].contains(&lamp.id), "{}: {verdict:?}", lamp.id);
    }
}
