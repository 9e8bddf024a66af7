//! Ten thousand nodes: building, picturing and copying a world costs no more than its nodes are many.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod crowd;

use crowd::{DESIGN, start};
use sims::kernel::rng::Rng;
use sims::kernel::time::{Span, Time};
use sims::kernel::view::{Ask, View, What};
use sims::parts::linear::{CallId, History, Register, Verdict, register};
use std::time::Instant;

/// Seconds this thread has computed: other programs on the machine do not count. Where the system does not say, seconds by the wall.
fn busy() -> f64 {
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = said.and_then(|said| said.split(' ').next()?.parse::<f64>().ok());
    nanos.map_or_else(
        || {
            static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
            #[allow(clippy::disallowed_methods)]
            BEGAN.get_or_init(Instant::now).elapsed().as_secs_f64()
        },
        |nanos| nanos * 1e-9,
    )
}

fn timed<T>(what: &str, f: impl FnOnce() -> T) -> (T, f64) {
    let began = busy();
    let done = f();
    let ms = (busy() - began) * 1e3;
    println!("{what}: {ms:.2} ms");
    (done, ms)
}

/// The limits are some ten times what a free core needs: they find what is quadratic, not what is slow.
#[test]
fn ten_thousand_nodes_are_drawn_and_copied_in_their_number() {
    let (mut run, ms) = timed("build", || start(&[("clients", "10000"), ("servers", "20"), ("pause", "100ms")]));
    assert!(ms < 1_000.0, "building takes {ms} ms");
    run.follow();
    let (_, ms) = timed("a virtual second of 100,000 questions", || run.advance(Time::from_secs(1)));
    println!("{} events, {:.0} a second", run.events(), run.events() as f64 / ms * 1e3);
    run.act(&DESIGN.read_step("0s=crash:node=client17").unwrap().action).unwrap();
    let ask = |what, cols, rows| Ask { what, cols, rows, from: Time::ZERO, to: Time::from_secs(1) };
    let (view, ms) = timed("diagram", || run.view(&ask(What::Diagram, 200, 60)));
    let View::Diagram(diagram) = view else { panic!("no diagram") };
    // The largest role is one box, and then there is room for the others.
    let boxes: Vec<(&str, usize)> = diagram.nodes.iter().map(|node| (node.name.as_str(), node.count)).collect();
    assert_eq!((boxes[0], boxes.len()), (("client", 10_000), 21), "{boxes:?}");
    assert!(ms < 100.0, "a diagram takes {ms} ms");
    for (what, f) in [
        ("faults", Box::new(|| run.faults().len()) as Box<dyn Fn() -> usize>),
        ("names", Box::new(|| run.nodes().len())),
        ("messages", Box::new(|| run.messages().len())),
        ("metrics", Box::new(|| run.metrics().len())),
        ("weight", Box::new(|| run.weight() / 1_000_000)),
    ] {
        let (_, ms) = timed(what, f);
        assert!(ms < 100.0, "{what} takes {ms} ms");
    }
    timed("space-time", || run.view(&ask(What::SpaceTime, 200, 60)));
    let (copy, ms) = timed("copy", || run.fork());
    assert!(ms < 500.0, "a copy takes {ms} ms");
    assert!(run.weight() < 60_000_000, "{} bytes", run.weight());
    drop(copy);
}

/// A million events a virtual second: what the machine does of it in a second is printed.
#[test]
fn a_dense_run_stays_as_small_as_a_thin_one() {
    let weigh = |pause: &str| {
        let mut run = start(&[("clients", "100"), ("servers", "4"), ("pause", pause)]);
        let (_, ms) = timed(&format!("a virtual second, {pause} between questions"), || run.advance(Time::ZERO + Span::secs(1)));
        println!("{} events, {:.0} a second", run.events(), run.events() as f64 / ms * 1e3);
        (run.weight(), run.events())
    };
    let ((thin, _), (dense, events)) = (weigh("10ms"), weigh("300us"));
    assert!(events > 900_000, "{events}");
    assert!(dense < 2 * thin + (1 << 20), "{thin} bytes thin, {dense} dense");
}

/// Ten clients at one key, reading and writing a true register: every call overlaps some others.
#[test]
fn ten_thousand_calls_of_one_key_are_judged_at_once() {
    let mut history = History::<u32, Register>::default();
    let mut rng = Rng::stream(1, "clients");
    let mut open: Vec<Option<(CallId, register::Out)>> = vec![None; 10];
    let mut value = None;
    let ((), ms) = timed("10,000 calls taken down and folded", || {
        for n in 0..10_000u64 {
            let client = rng.below(10) as usize;
            if let Some((id, out)) = open[client].take() {
                history.respond(Time(n), id, out);
            }
            let (op, out) =
                if rng.chance(0.5) { (register::Op::Read, register::Out::Value(value)) } else { (register::Op::Write(Some(n)), register::Out::Done) };
            if out == register::Out::Done {
                value = Some(n);
            }
            open[client] = Some((history.invoke(Time(n), 7, client as u32, op), out));
        }
    });
    let (verdict, judged) = timed("judged", || history.verdict());
    assert_eq!(verdict, Verdict::Held { calls: 10_000, keys: 1 });
    println!("{:.0} ns a call", (ms + judged) * 1e6 / 1e4);
    assert!(ms + judged < 5_000.0, "{ms} and {judged} ms");
}
