//! Nodes that join and leave a running world: links, names, roles, the picture, faults, levels and weight all follow.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod crowd;

use crowd::{DESIGN, start};
use sims::kernel::run::Run;
use sims::kernel::time::{Span, Time};
use sims::kernel::trail::Linked;
use sims::kernel::view::{Ask, Diagram, View, What};

fn act(run: &mut dyn Run, step: &str) -> Result<(), String> {
    run.act(&DESIGN.read_step(&format!("0s={step}")).unwrap().action)
}

fn diagram(run: &dyn Run) -> Diagram {
    let ask = Ask { what: What::Diagram, cols: 200, rows: 60, from: Time::ZERO, to: run.now() };
    let View::Diagram(diagram) = run.view(&ask) else { panic!("no diagram") };
    diagram
}

fn boxes(run: &dyn Run) -> Vec<String> {
    diagram(run).nodes.into_iter().map(|node| node.name).collect()
}

fn pass(run: &mut dyn Run, span: Span) {
    run.advance(run.now() + span);
}

#[test]
fn one_that_joins_is_linked_named_drawn_and_can_be_hit() {
    let mut run = start(&[]);
    pass(&mut *run, Span::secs(1));
    act(&mut *run, "join").unwrap();
    assert_eq!(run.nodes(), ["client1", "client2", "client3", "server1", "server2", "server3", "server4"]);
    pass(&mut *run, Span::secs(1));
    let picture = diagram(&*run);
    let new = picture.nodes.iter().position(|node| node.name == "server4").unwrap();
    assert!(picture.nodes[new].label != "0 asked" && picture.edges.iter().any(|edge| edge.to == new && edge.flow > 0.0));
    act(&mut *run, "cut:from=server4,to=client1").unwrap();
    act(&mut *run, "partition:groups=server4 | server1 server2").unwrap();
    assert!(run.faults().iter().any(|fault| fault.says == "server4 to client1: cut"));
    act(&mut *run, "crash:node=server4").unwrap();
    assert_eq!(run.faults()[0].says, "server4 is down");
}

#[test]
fn a_new_role_has_its_own_delays() {
    let mut run = start(&[("clients", "1"), ("servers", "1")]);
    act(&mut *run, "join:node=late").unwrap();
    act(&mut *run, "leave:node=server1").unwrap();
    pass(&mut *run, Span::millis(1_000));
    let answers = run.metric("answers").unwrap();
    // The first answer needs 500 ms there and 10 ms back, then one each 100 ms.
    assert!((3.0..=6.0).contains(&answers), "{answers}");
    assert_eq!(run.nodes(), ["client1", "late1"]);
}

#[test]
fn one_that_has_left_is_gone_from_everything_and_its_name_stays_its_own() {
    let mut run = start(&[]);
    run.follow();
    pass(&mut *run, Span::secs(1));
    let (sum, most) = (run.metric("asked").unwrap(), run.metric("busiest").unwrap());
    act(&mut *run, "cut:from=client1,to=server2").unwrap();
    act(&mut *run, "leave:node=server2").unwrap();
    assert!(run.metric("asked").unwrap() < sum && run.metric("busiest").unwrap() <= most, "it has no level any more");
    assert!(!boxes(&*run).contains(&"server2".into()));
    assert!(act(&mut *run, "crash:node=server2").unwrap_err().contains("server2"));
    act(&mut *run, "join").unwrap();
    assert!(run.nodes().contains(&"server4".into()), "{:?}", run.nodes());
    assert!(run.faults().is_empty(), "its cut links went with it: {:?}", run.faults());
    let before = run.metric("answers").unwrap();
    pass(&mut *run, Span::secs(1));
    assert!(run.metric("answers").unwrap() > before + 25.0, "the others answer on");
    let ask = Ask { what: What::SpaceTime, cols: 80, rows: 24, from: Time::ZERO, to: run.now() };
    let View::SpaceTime(seen) = run.view(&ask) else { panic!("no space-time") };
    assert_eq!(seen.lanes[4], "server2", "what it sent before is still told by its name");
    assert!(run.chains().iter().all(|chain| chain.links.iter().all(|link| !matches!(link.what, Linked::Rest))));
}

#[test]
fn coming_and_going_gathers_no_weight() {
    let mut run = start(&[]);
    for n in 0..200 {
        pass(&mut *run, Span::millis(100));
        act(&mut *run, "join").unwrap();
        act(&mut *run, &format!("leave:node=server{}", n + 1)).unwrap();
    }
    let each = (run.weight() - start(&[]).weight()) / 200;
    assert!(each < 2_000, "{each} bytes for one that has come and gone");
    let (mut copy, mut again) = (run.fork(), run.fork());
    pass(&mut *copy, Span::secs(1));
    pass(&mut *again, Span::secs(1));
    assert_eq!(copy.digest(), again.digest());
}

#[test]
fn levels_are_those_of_nodes_that_are_up() {
    let mut run = start(&[]);
    pass(&mut *run, Span::secs(1));
    let (sum, most) = (run.metric("asked").unwrap(), run.metric("busiest").unwrap());
    assert!(most < sum && 3.0 * most >= sum, "{most} of {sum}");
    act(&mut *run, "crash:node=server1").unwrap();
    let left = run.metric("asked").unwrap();
    assert!(left < sum && left >= sum - most, "{left} of {sum}");
}
