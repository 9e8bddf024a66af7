//! Views: what a run shows, as data, at the size that is asked for.

use super::time::Time;

/// A pane that a design offers beside the ones every design has (diagram, series, histograms, log).
#[derive(Clone, Copy, Debug)]
pub struct PaneSpec {
    pub id: &'static str,
    pub title: &'static str,
}

/// What is asked of a run. A view draws no chance and changes nothing.
#[derive(Clone, Debug)]
pub struct Ask {
    pub what: What,
    /// Size in cells; the answer holds at most that many marks.
    pub cols: u16,
    pub rows: u16,
    /// The window of time, for panes that have one.
    pub from: Time,
    pub to: Time,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Diagram,
    /// One line per metric (counters as rates per second, gauges as they are, histograms as their p99 in their unit).
    Series(Vec<&'static str>),
    /// One histogram, by its metric's name.
    Histogram(&'static str),
    /// A pane of the design's own, by its id.
    Pane(&'static str),
    /// Messages between nodes in the window.
    SpaceTime,
}

#[derive(Clone, Debug, PartialEq)]
pub enum View {
    Diagram(Diagram),
    Series(Vec<Line>),
    Histogram(HistogramView),
    Bars(Vec<Bar>),
    Table(Table),
    Ring(Ring),
    Heat(Heat),
    SpaceTime(SpaceTime),
    Prose(Vec<String>),
    /// Nothing to show, and why.
    Empty(String),
}

/// How a thing is: never told by colour alone, so each has a word and a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Idle,
    Busy,
    Warn,
    Down,
    Paused,
    Leader,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Diagram {
    pub nodes: Vec<Box_>,
    pub edges: Vec<Edge>,
}

/// A node of the diagram. More than some 200 nodes are grouped: then `count` is above 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Box_ {
    pub name: String,
    /// What stands under the name: `tokens 7/100`.
    pub label: String,
    pub state: State,
    /// How full it is, 0 to 1, where that means something.
    pub fill: Option<f64>,
    pub count: usize,
}

/// A directed link between two boxes, by their places in the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    /// What is wrong with it, in words; empty if nothing is.
    pub label: String,
    /// Messages a second, lately.
    pub flow: f64,
    /// Messages so far.
    pub sent: u64,
    pub cut: bool,
    pub slow: bool,
    /// Some are lost, doubled or overtaken.
    pub lossy: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub name: String,
    pub unit: String,
    /// Seconds and value; at most as many points as columns were asked, times two for braille.
    pub points: Vec<(f64, f64)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct HistogramView {
    pub unit: String,
    /// Lower and upper edge, count.
    pub bins: Vec<(f64, f64, u64)>,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub max: f64,
    pub count: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub name: String,
    pub value: f64,
    pub says: String,
    pub state: State,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// Points on a circle, each an angle in turns (0 to 1) and an owner.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    pub owners: Vec<String>,
    pub points: Vec<(f64, usize)>,
    /// Share of the circle per owner.
    pub shares: Vec<f64>,
}

/// Rows by columns of values in 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Heat {
    pub row_names: Vec<String>,
    pub cells: Vec<Vec<f64>>,
    pub says: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SpaceTime {
    pub lanes: Vec<String>,
    pub messages: Vec<Passage>,
    /// Messages that led to the break of a law: drawn over the others.
    pub chain: Vec<Passage>,
    /// Laws that broke in the window: when, at which node if at one, the law's id.
    pub breaks: Vec<(Time, Option<usize>, &'static str)>,
    /// The window of time.
    pub from: Time,
    pub to: Time,
    /// Messages before this are no longer remembered.
    pub since: Time,
    /// Messages of the window left out because there were too many.
    pub left_out: usize,
}

/// One message: sent here then, received there then (or never).
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    pub from: usize,
    pub to: usize,
    pub sent: Time,
    pub received: Option<Time>,
    pub label: &'static str,
}
