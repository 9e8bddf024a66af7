//! Pictures of a world: its diagram, and its messages in space and time.

use super::inflict;
use super::network::Trouble;
use super::node::{Look, Node, NodeId, System};
use super::run::Occasion;
use super::time::{Span, Time};
use super::trail::{Chain, Link, Linked};
use super::view::{Ask, Box_, Diagram, Edge, Passage, SpaceTime, State, View};
use super::world::{Life, PASSAGES_MAX, World};

/// Cells that a box and its edges need to be readable.
const CELLS_PER_BOX: usize = 60;
/// Roles with more members than this are drawn as one box where room is short.
const MEMBERS_MAX: usize = 4;
/// Nodes of one box that are asked how full they are.
const ASKED_MAX: usize = 256;

/// Nodes and links; large roles as one box where the pane is small.
pub(crate) fn diagram<S: System>(world: &World<S>, ask: &Ask, now: Time) -> View {
    let ids: Vec<NodeId> = world.ids().collect();
    let room = (usize::from(ask.cols) * usize::from(ask.rows) / CELLS_PER_BOX).clamp(4, 200);
    let mut members = vec![0; world.rest.roles.len()];
    ids.iter().for_each(|id| members[world.rest.slots[id.at()].role] += 1);
    let as_one = as_one(&members, room);
    let mut boxes: Vec<(Vec<NodeId>, usize)> = Vec::new();
    let mut shared: Vec<Option<usize>> = vec![None; members.len()];
    let mut place: Vec<Option<usize>> = vec![None; world.nodes.len()];
    for id in &ids {
        let role = world.rest.slots[id.at()].role;
        let at = shared[role].unwrap_or(boxes.len());
        if at == boxes.len() {
            boxes.push((Vec::new(), role));
        }
        if as_one[role] {
            shared[role] = Some(at);
        }
        boxes[at].0.push(*id);
        place[id.at()] = Some(at);
    }
    let nodes = boxes.iter().map(|(members, role)| draw(world, members, world.rest.roles[*role])).collect();
    View::Diagram(Diagram { nodes, edges: edges(world, &place, now) })
}

/// Which roles are one box each: the largest first, until the boxes fit the room.
fn as_one(members: &[usize], room: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..members.len()).filter(|role| members[*role] > MEMBERS_MAX).collect();
    order.sort_by_key(|role| std::cmp::Reverse(members[*role]));
    let mut boxes: usize = members.iter().sum();
    let mut as_one = vec![false; members.len()];
    for role in order {
        if boxes <= room {
            break;
        }
        as_one[role] = true;
        boxes -= members[role] - 1;
    }
    as_one
}

fn draw<S: System>(world: &World<S>, members: &[NodeId], role: &str) -> Box_ {
    if let [id] = members {
        let look = world.node(*id).look(world.system());
        let disk = world.rest.slots[id.at()].device.say();
        let state = fate(world, *id).unwrap_or(if disk.is_empty() { look.state } else { worried(look.state) });
        let label = if look.label.is_empty() || disk.is_empty() { look.label + &disk } else { format!("{}, {disk}", look.label) };
        return Box_ { name: world.name(*id).to_string(), label, state, fill: look.fill, count: 1 };
    }
    let down = members.iter().filter(|id| fate(world, **id) == Some(State::Down)).count();
    // Of very many some are asked, evenly spread: each makes its label, which nobody sees here.
    let asked = || members.iter().step_by(members.len().div_ceil(ASKED_MAX));
    let looks: Vec<(NodeId, Look)> = asked().map(|id| (*id, world.node(*id).look(world.system()))).collect();
    let fills: Vec<f64> = looks.iter().filter_map(|(_, look)| look.fill).collect();
    let fill = (!fills.is_empty()).then(|| fills.iter().sum::<f64>() / fills.len() as f64);
    let leads = looks.iter().find(|(id, look)| look.state == State::Leader && fate(world, *id).is_none());
    let (label, state) = match leads {
        _ if down > 0 => (format!("{down} down"), State::Warn),
        Some((id, _)) => (format!("{} leads", world.name(*id)), State::Leader),
        None => (String::new(), State::Idle),
    };
    Box_ { name: role.to_string(), label, state, fill, count: members.len() }
}

/// A node whose disk is in trouble, unless it has more to say of itself.
fn worried(state: State) -> State {
    if matches!(state, State::Idle | State::Busy) { State::Warn } else { state }
}

/// What the kernel knows of a node's state, over what it says of itself.
fn fate<S: System>(world: &World<S>, id: NodeId) -> Option<State> {
    match world.rest.slots[id.at()].life {
        Life::Up => None,
        Life::Paused => Some(State::Paused),
        Life::Crashed | Life::Dead | Life::Gone => Some(State::Down),
    }
}

fn edges<S: System>(world: &World<S>, place: &[Option<usize>], now: Time) -> Vec<Edge> {
    // Boxes are few, links may be hundreds of thousands: a table finds an edge faster than a tree.
    let boxes = place.iter().flatten().max().map_or(0, |most| most + 1);
    let mut edges: Vec<Option<Edge>> = vec![None; boxes * boxes];
    for link in world.rest.network.used(now) {
        let (Some(a), Some(b)) = (place[link.from.at()], place[link.to.at()]) else { continue };
        if a == b {
            continue;
        }
        let still = || Edge { from: a, to: b, label: String::new(), flow: 0.0, sent: 0, cut: false, slow: false, lossy: false };
        let edge = edges[a * boxes + b].get_or_insert_with(still);
        edge.flow += link.flow;
        edge.sent += link.sent;
        let trouble = link.trouble;
        if trouble == Trouble::default() {
            continue;
        }
        let words = inflict::say(trouble);
        // Boxes of many nodes have many links: several troubles are not told one by one.
        edge.label = if edge.label.is_empty() || edge.label == words { words } else { "troubled".into() };
        edge.cut |= trouble.cut;
        edge.slow |= !trouble.cut && trouble.slow > Span::ZERO;
        edge.lossy |= !trouble.cut && trouble.lose.max(trouble.duplicate).max(trouble.reorder) > 0.0;
    }
    edges.into_iter().flatten().collect()
}

/// Messages under way in the window, the latest that fit, and those that led to a break.
pub(crate) fn space_time<S: System>(world: &World<S>, ask: &Ask, chains: &[Chain]) -> View {
    let inside = |p: &&Passage| p.sent <= ask.to && p.received.unwrap_or(p.sent) >= ask.from;
    let passages = &world.rest.passages;
    let mut messages: Vec<Passage> = passages.iter().filter(inside).cloned().collect();
    let most = (usize::from(ask.rows) * 8).max(usize::from(ask.cols) * 2);
    let left_out = messages.len().saturating_sub(most);
    messages.drain(..left_out);
    let lanes = (0..world.nodes.len()).map(|at| world.name(NodeId(at as u32)).to_string()).collect();
    let led = |p: &&Passage| chains.iter().flat_map(|chain| &chain.links).any(|link| is_arrival(link, p));
    let chain = if chains.is_empty() { Vec::new() } else { passages.iter().filter(inside).filter(led).cloned().collect() };
    let breaks = chains.iter().filter_map(|chain| {
        let last = chain.links.last()?;
        let node = match last.what {
            Linked::Event(Occasion::Message { to, .. }) => Some(to as usize),
            Linked::Event(Occasion::Timer { node } | Occasion::Sync { node }) => Some(node as usize),
            _ => None,
        };
        (last.at >= ask.from && last.at <= ask.to).then_some((last.at, node, chain.lamp))
    });
    let since = if passages.len() < PASSAGES_MAX { Time::ZERO } else { passages.front().map_or(Time::ZERO, |p| p.sent) };
    View::SpaceTime(SpaceTime { lanes, messages, chain, breaks: breaks.collect(), from: ask.from, to: ask.to, since, left_out })
}

/// Whether a link of a chain is the arrival of this message.
fn is_arrival(link: &Link, passage: &Passage) -> bool {
    let Linked::Event(Occasion::Message { label, from, to }) = link.what else { return false };
    passage.received == Some(link.at) && (passage.from, passage.to, passage.label) == (from as usize, to as usize, label)
}
