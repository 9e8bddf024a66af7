//! Ten thousand nodes: building, picturing and copying a world costs no more than its nodes are many.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod crowd;

use crowd::{DESIGN, start};
use sims::kernel::time::{Span, Time};
use sims::kernel::view::{Ask, View, What};
use std::time::Instant;

fn timed<T>(what: &str, f: impl FnOnce() -> T) -> (T, f64) {
    #[allow(clippy::disallowed_methods)]
    let began = Instant::now();
    let done = f();
    let ms = began.elapsed().as_secs_f64() * 1e3;
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
    assert_eq!(diagram.nodes.iter().map(|node| (node.name.as_str(), node.count)).collect::<Vec<_>>(), [("client", 10_000), ("server", 20)]);
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
