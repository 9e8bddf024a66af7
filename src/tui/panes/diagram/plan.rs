//! Where nodes and links of a diagram go: the largest form that fits, laid out in layers.

use crate::tui::panes::numbers::short;
use ascii_dag::{CustomNode, Direction, EdgePath, FlowAxis, Graph, LayoutConfig, LayoutEdge};
use ratatui::layout::Rect;
use sims::kernel::view::{Box_, Diagram, Edge};
use std::collections::BTreeMap;
use unicode_width::UnicodeWidthStr;

/// Above these the layers become a thicket, and take too long for a frame.
const NODES_MOST: usize = 40;
const LINKS_MOST: usize = 120;
/// Cells beside a node for the bus that joins peers of one layer.
const BUS: u16 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A box with the name in its border and the label inside.
    Boxes,
    /// One line in brackets, label and all.
    Words,
    /// Mark and name in brackets.
    Names,
}

/// Room between and around nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Air {
    Wide,
    Tight,
}

pub struct Plan {
    pub form: Form,
    pub width: u16,
    pub height: u16,
    /// One a node, in the diagram's order.
    pub places: Vec<Rect>,
    pub links: Vec<Link>,
}

/// A drawn link: both directions in one.
pub struct Link {
    /// Corners, from the earlier layer to the later.
    pub points: Vec<(u16, u16)>,
    pub ends: [Option<End>; 2],
    pub flow: f64,
    /// Messages so far, from the earlier layer to the later and back.
    pub sent: [u64; 2],
    pub cut: bool,
    pub slow: bool,
    pub lossy: bool,
}

/// Where a link meets a box.
#[derive(Clone, Copy, Debug)]
pub struct End {
    pub at: (u16, u16),
    /// On which side of that cell the box lies.
    pub side: Side,
    /// Whether messages go this way.
    pub arrow: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Up,
    Right,
    Down,
    Left,
}

/// Both directions between two nodes, in the order of the layers.
#[derive(Clone, Debug, Default)]
struct Pair {
    forth: bool,
    back: bool,
    flow: f64,
    sent: [u64; 2],
    cut: bool,
    slow: bool,
    lossy: bool,
}

impl Pair {
    fn link(&self, points: Vec<(u16, u16)>, ends: [Option<End>; 2]) -> Link {
        Link { points, ends, flow: self.flow, sent: self.sent, cut: self.cut, slow: self.slow, lossy: self.lossy }
    }
}

pub fn title(node: &Box_) -> String {
    if node.count > 1 { format!("{} ×{}", node.name, short(node.count as f64)) } else { node.name.clone() }
}

/// The first form and direction whose layout fits: what shows more comes first, along the longer side.
pub fn fitting(diagram: &Diagram, area: Rect) -> Option<Plan> {
    if diagram.nodes.len() > NODES_MOST {
        return None;
    }
    let depth = depths(diagram);
    let pairs = pairs(diagram, &depth);
    if pairs.len() > LINKS_MOST {
        return None;
    }
    let wide = area.width > area.height * 3;
    let directions = if wide { [Direction::LeftRight, Direction::TopDown] } else { [Direction::TopDown, Direction::LeftRight] };
    [(Form::Boxes, Air::Wide), (Form::Boxes, Air::Tight), (Form::Words, Air::Tight), (Form::Names, Air::Tight)]
        .into_iter()
        .flat_map(|(form, air)| directions.map(|direction| (form, air, direction)))
        .map(|(form, air, direction)| plan(diagram, &depth, &pairs, (form, air), direction))
        .find(|plan| plan.width <= area.width && plan.height <= area.height)
}

fn plan(diagram: &Diagram, depth: &[usize], pairs: &BTreeMap<(usize, usize), Pair>, (form, air): (Form, Air), direction: Direction) -> Plan {
    let sizes: Vec<(u16, u16)> = diagram.nodes.iter().map(|n| size(n, form, air)).collect();
    let peers: Vec<(&(usize, usize), &Pair)> = pairs.iter().filter(|((a, b), _)| depth[*a] == depth[*b]).collect();
    let buses: Vec<bool> = (0..sizes.len()).map(|n| peers.iter().any(|((a, b), _)| *a == n || *b == n)).collect();
    let sideways = direction == Direction::LeftRight;
    let mut graph = Graph::new().with_direction(direction);
    for (n, (width, height)) in sizes.iter().enumerate() {
        let (w, h) = if buses[n] && sideways { (*width + BUS, *height) } else { (*width, *height + if buses[n] { 2 } else { 0 }) };
        graph.add_node(n + 1, CustomNode { label: "", width: usize::from(w), height: usize::from(h), painter: None, payload: "" });
    }
    let across: Vec<(&(usize, usize), &Pair)> = pairs.iter().filter(|((a, b), _)| depth[*a] != depth[*b]).collect();
    for ((a, b), _) in &across {
        graph.add_edge(a + 1, b + 1, None);
    }
    let mut config = LayoutConfig::standard();
    config.direction = direction;
    (config.node_spacing, config.level_spacing) = match (air, sideways) {
        (Air::Wide, true) => (1, 6),
        (Air::Wide, false) => (3, 1),
        (Air::Tight, true) => (0, 0),
        (Air::Tight, false) => (1, 0),
    };
    let layout = graph.compute_layout_with_config(&config);
    let places: Vec<Rect> =
        (0..sizes.len()).map(|n| layout.node_by_id(n + 1).map_or(Rect::ZERO, |at| Rect::new(cells(at.x), cells(at.y), sizes[n].0, sizes[n].1))).collect();
    let mut links: Vec<Link> = Vec::new();
    for edge in layout.edges() {
        let (a, b) = (edge.from_id.saturating_sub(1), edge.to_id.saturating_sub(1));
        if let Some(pair) = pairs.get(&(a, b)) {
            // A bus lies between the box and what the layout took for its border.
            let mut points = corners(edge);
            if buses.get(a) == Some(&true) {
                points.insert(0, leave(&places[a], &points, sideways));
            }
            let points = outside(points, &places[a], &places[b]);
            let ends = (points.first().copied(), points.last().copied());
            let end = |at: Option<(u16, u16)>, to: &Rect, arrow| at.and_then(|at| Some(End { at, side: side(at, to)?, arrow }));
            let ends = [end(ends.0, &places[a], pair.back), end(ends.1, &places[b], pair.forth)];
            links.push(pair.link(points, ends));
        }
    }
    links.extend(bus(&peers, &places, sideways));
    let corners = || links.iter().flat_map(|l| l.points.iter().map(|(x, y)| (x + 1, y + 1)));
    let width = places.iter().map(|p| p.right()).chain(corners().map(|p| p.0)).max().unwrap_or(0);
    let height = places.iter().map(|p| p.bottom()).chain(corners().map(|p| p.1)).max().unwrap_or(0);
    Plan { form, width, height, places, links }
}

/// On which side of the point the box lies that it leads to.
fn side((x, y): (u16, u16), to: &Rect) -> Option<Side> {
    match () {
        () if x < to.x => Some(Side::Right),
        () if x >= to.right() => Some(Side::Left),
        () if y < to.y => Some(Side::Down),
        () if y >= to.bottom() => Some(Side::Up),
        () => None,
    }
}

/// Ends that lie on a box's border move one cell off it, so that arrow heads are seen.
fn outside(mut points: Vec<(u16, u16)>, from: &Rect, to: &Rect) -> Vec<(u16, u16)> {
    for place in [from, to] {
        points.reverse();
        if let [.., before, end] = points.as_mut_slice()
            && place.contains((*end).into())
        {
            let toward = |a: u16, b: u16| if a < b { a + 1 } else { a - u16::from(a > b) };
            *end = (toward(end.0, before.0), toward(end.1, before.1));
        }
    }
    points
}

/// Where a link leaves a box: its border, on the line of the link's first corner.
fn leave(place: &Rect, points: &[(u16, u16)], sideways: bool) -> (u16, u16) {
    let first = points.first().copied().unwrap_or((place.x, place.y));
    if sideways { (place.right(), first.1) } else { (first.0, place.bottom()) }
}

/// Peers of one layer are joined by one line beside them: a mesh of five would hide everything else.
fn bus(peers: &[(&(usize, usize), &Pair)], places: &[Rect], sideways: bool) -> Vec<Link> {
    peers
        .iter()
        .map(|((a, b), pair)| {
            let (p, q) = (&places[*a], &places[*b]);
            let points = if sideways {
                let x = p.right().max(q.right()) + BUS - 2;
                let (y1, y2) = (p.y + p.height / 2, q.y + q.height / 2);
                vec![(p.right(), y1), (x, y1), (x, y2), (q.right(), y2)]
            } else {
                let y = p.bottom().max(q.bottom());
                let (x1, x2) = (p.x + p.width / 2, q.x + q.width / 2);
                vec![(x1, p.bottom()), (x1, y), (x2, y), (x2, q.bottom())]
            };
            // Without arrows: everyone on the bus may speak. Below the boxes there is no room for more of it than its corners.
            let up = |at| (!sideways).then_some(End { at, side: Side::Up, arrow: false });
            let ends = [up(points[0]), up(points[3])];
            pair.link(points, ends)
        })
        .collect()
}

fn size(node: &Box_, form: Form, air: Air) -> (u16, u16) {
    let (title, label) = (title(node).width(), node.label.width());
    let least = if air == Air::Wide { 10 } else { 0 };
    match form {
        Form::Boxes => (cells((title + 4).max(label).max(least) + 2), 3),
        Form::Words if label > 0 => (cells(title + label + 5), 1),
        Form::Words | Form::Names => (cells(title + 4), 1),
    }
}

fn cells(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

fn corners(edge: &LayoutEdge<'_>) -> Vec<(u16, u16)> {
    let (from, to) = ((edge.from_x, edge.from_y), (edge.to_x, edge.to_y));
    let mut points = vec![from];
    match (&edge.path, edge.flow_axis) {
        (EdgePath::Corner { bend_at }, FlowAxis::Y) => points.extend([(from.0, *bend_at), (to.0, *bend_at)]),
        (EdgePath::Corner { bend_at }, FlowAxis::X) => points.extend([(*bend_at, from.1), (*bend_at, to.1)]),
        (EdgePath::SideChannel { channel_at, span_start, span_end }, FlowAxis::Y) => {
            points.extend([(from.0, *span_start), (*channel_at, *span_start), (*channel_at, *span_end), (to.0, *span_end)]);
        }
        (EdgePath::SideChannel { channel_at, span_start, span_end }, FlowAxis::X) => {
            points.extend([(*span_start, from.1), (*span_start, *channel_at), (*span_end, *channel_at), (*span_end, to.1)]);
        }
        (EdgePath::MultiSegment { waypoints, .. }, _) => points.extend(waypoints),
        _ => {}
    }
    points.push(to);
    points.into_iter().map(|(x, y)| (cells(x), cells(y))).collect()
}

/// How far each node is from where requests come in: decides the layers, and which way a link counts as forth.
fn depths(diagram: &Diagram) -> Vec<usize> {
    const SOURCES: &[&str] = &["client", "user", "caller", "writer", "producer", "load", "driver", "generator"];
    let count = diagram.nodes.len();
    let mut depth = vec![usize::MAX; count];
    let mut queue: Vec<usize> = (0..count).filter(|n| SOURCES.iter().any(|s| diagram.nodes[*n].name.starts_with(s))).collect();
    let mut next = 0;
    for seed in 0..=count {
        queue.iter().skip(next).for_each(|n| depth[*n] = depth[*n].min(if seed == 0 { 0 } else { depth[*n] }));
        while next < queue.len() {
            let at = queue[next];
            next += 1;
            for edge in diagram.edges.iter().filter(|e| e.from == at || e.to == at) {
                let other = if edge.from == at { edge.to } else { edge.from };
                if other < count && depth[other] == usize::MAX {
                    depth[other] = depth[at] + 1;
                    queue.push(other);
                }
            }
        }
        // Whatever is joined to nothing seen so far starts at the front.
        match depth.iter().position(|d| *d == usize::MAX) {
            Some(alone) => {
                depth[alone] = 0;
                queue.push(alone);
            }
            None => break,
        }
    }
    depth
}

/// Links by their two ends, the nearer to the source first.
fn pairs(diagram: &Diagram, depth: &[usize]) -> BTreeMap<(usize, usize), Pair> {
    let mut pairs: BTreeMap<(usize, usize), Pair> = BTreeMap::new();
    let count = diagram.nodes.len();
    for edge in diagram.edges.iter().filter(|e| e.from < count && e.to < count && e.from != e.to) {
        let forth = (depth[edge.from], edge.from) < (depth[edge.to], edge.to);
        let key = if forth { (edge.from, edge.to) } else { (edge.to, edge.from) };
        add(pairs.entry(key).or_default(), edge, forth);
    }
    pairs
}

fn add(pair: &mut Pair, edge: &Edge, forth: bool) {
    pair.forth |= forth;
    pair.back |= !forth;
    pair.flow = pair.flow.max(edge.flow);
    pair.cut |= edge.cut;
    pair.slow |= edge.slow;
    pair.lossy |= edge.lossy;
    pair.sent[usize::from(!forth)] += edge.sent;
}
