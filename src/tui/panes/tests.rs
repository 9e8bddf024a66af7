//! Every kind of view at every size: nothing panics, nothing paints outside, and it looks as recorded.

use super::*;
use crate::tui::theme::{Glyphs, Mode};
use ratatui::style::Modifier;
use sims::kernel::time::Time;
use sims::kernel::view::{Bar, Box_, Diagram, Edge, Heat, HistogramView, Line as Curve, Passage, Ring, SpaceTime, Table};

fn node(name: &str, label: &str, state: State, fill: Option<f64>) -> Box_ {
    Box_ { name: name.into(), label: label.into(), state, fill, count: 1 }
}

fn edge(from: usize, to: usize, flow: f64) -> Edge {
    Edge { from, to, label: String::new(), flow, sent: 0, cut: false, slow: false, lossy: false }
}

fn limiter() -> View {
    let nodes = vec![
        node("clients", "", State::Busy, None),
        node("s1", "tokens 7/100", State::Idle, Some(0.07)),
        node("s2", "tokens 93/100", State::Warn, Some(0.93)),
        node("s3", "", State::Down, None),
        node("store", "1204 keys", State::Busy, None),
    ];
    let mut edges = vec![edge(0, 1, 98.2), edge(0, 2, 97.0), edge(0, 3, 0.0), edge(1, 4, 196.0), edge(4, 1, 196.0), edge(2, 4, 12_300.0), edge(3, 4, 0.0)];
    edges[6].cut = true;
    View::Diagram(Diagram { nodes, edges })
}

/// As the rate limiter's lab asks for it in a narrow pane.
fn narrow() -> View {
    let mut nodes = vec![node("store", "93 keys", State::Busy, None)];
    nodes.extend((1..=4).map(|n| node(&format!("s{n}"), "0 waiting", State::Idle, None)));
    nodes.push(node("clients", "100 users", State::Busy, None));
    let edges = (1..=4).flat_map(|n| [edge(5, n, 49.0), edge(n, 5, 49.0), edge(n, 0, 50.0), edge(0, n, 50.0)]).collect();
    View::Diagram(Diagram { nodes, edges })
}

fn peers() -> View {
    let mut nodes = vec![node("client", "", State::Idle, None)];
    nodes.extend((1..=3).map(|n| node(&format!("n{n}"), "term 4", if n == 2 { State::Leader } else { State::Idle }, None)));
    let mut edges: Vec<Edge> = (1..=3).map(|n| edge(0, n, 10.0)).collect();
    edges.extend([edge(1, 2, 3.0), edge(2, 1, 3.0), edge(2, 3, 3.0), edge(3, 1, 0.0)]);
    View::Diagram(Diagram { nodes, edges })
}

fn samples() -> Vec<(&'static str, View)> {
    let wave = |n: f64, k: f64| 50.0 + 40.0 * sims::kernel::math::sin(n / 8.0 * k);
    let curve =
        |name: &str, k: f64| Curve { name: name.into(), unit: "/s".into(), points: (0..120).map(|n| (f64::from(n) * 0.5, wave(f64::from(n), k))).collect() };
    let bins = (0..24).map(|n| (f64::from(n), f64::from(n + 1), (1000.0 * sims::kernel::math::exp(-f64::from(n) / 5.0)) as u64)).collect();
    let passage = |from, to, sent, got: Option<u64>| Passage { from, to, sent: Time(sent), received: got.map(Time), label: "put" };
    vec![
        ("diagram", limiter()),
        ("peers", peers()),
        ("series", View::Series(vec![curve("admitted", 1.0), curve("rejected", 2.0)])),
        ("histogram", View::Histogram(HistogramView { unit: "ms".into(), bins, p50: 3.4, p90: 11.2, p99: 19.8, max: 23.9, count: 5034 })),
        (
            "bars",
            View::Bars(vec![
                Bar { name: "s1".into(), value: 120.0, says: String::new(), state: State::Busy },
                Bar { name: "s2".into(), value: 40.0, says: "40 of 64".into(), state: State::Warn },
                Bar { name: "s3".into(), value: 0.0, says: "down".into(), state: State::Down },
            ]),
        ),
        (
            "table",
            View::Table(Table {
                head: vec!["key".into(), "owner".into(), "count".into()],
                rows: (0..5).map(|n| vec![format!("user:{n}"), format!("s{}", n % 3 + 1), (n * 37).to_string()]).collect(),
            }),
        ),
        (
            "ring",
            View::Ring(Ring {
                owners: vec!["cache1".into(), "cache2".into(), "cache3".into()],
                points: (0..12).map(|n| (f64::from(n) / 12.0 + 0.01 * f64::from(n % 3), n as usize % 3)).collect(),
                shares: vec![0.31, 0.36, 0.33],
            }),
        ),
        (
            "heat",
            View::Heat(Heat {
                row_names: (1..=4).map(|n| format!("shard{n}")).collect(),
                cells: (0..4).map(|r| (0..20).map(|c| f64::from(r * c) / 57.0).collect()).collect(),
                says: "load over its limit".into(),
            }),
        ),
        (
            "spacetime",
            View::SpaceTime(SpaceTime {
                lanes: vec!["client".into(), "n1".into(), "n2".into()],
                messages: vec![passage(0, 1, 0, Some(400)), passage(1, 2, 420, Some(900)), passage(2, 1, 1000, None), passage(1, 0, 1200, Some(1600))],
                chain: Vec::new(),
                breaks: Vec::new(),
                from: Time(0),
                to: Time(1600),
                since: Time::ZERO,
                left_out: 0,
            }),
        ),
        (
            "spacetime_chain",
            View::SpaceTime(SpaceTime {
                lanes: vec!["client".into(), "n1".into(), "idle".into(), "n2".into()],
                messages: vec![passage(0, 1, 0, Some(400)), passage(0, 3, 100, Some(700)), passage(1, 3, 420, Some(900)), passage(3, 1, 1000, None)],
                chain: vec![passage(0, 1, 0, Some(400)), passage(1, 3, 420, Some(900))],
                breaks: vec![(Time(900), Some(3), "never-twice")],
                from: Time(0),
                to: Time(1600),
                since: Time::ZERO,
                left_out: 7,
            }),
        ),
        ("prose", View::Prose(vec!["A sentence that is longer than the pane is wide and must be wrapped at words.".into()])),
        ("empty", View::Empty("this design has no ring".into())),
    ]
}

fn painted(view: &View, cols: u16, rows: u16, theme: &Theme) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, cols, rows));
    draw(view, buf.area, &mut buf, theme);
    buf
}

fn text_of(buf: &Buffer) -> String {
    let row = |y: u16| (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect::<String>();
    (0..buf.area.height).map(|y| row(y).trim_end().to_string() + "\n").collect()
}

#[test]
fn every_view_looks_as_recorded() {
    for (name, view) in samples() {
        let unicode = text_of(&painted(&view, 60, 12, &Theme::with(Mode::Dark, Glyphs::Unicode, true)));
        let ascii = text_of(&painted(&view, 60, 12, &Theme::with(Mode::Plain, Glyphs::Ascii, false)));
        assert!(ascii.is_ascii(), "{name}:\n{ascii}");
        insta::assert_snapshot!(name, format!("{unicode}\n{ascii}"));
    }
}

#[test]
fn a_diagram_gives_up_detail_before_its_picture() {
    let theme = Theme::with(Mode::Dark, Glyphs::Unicode, true);
    let sizes = [(100, 16), (71, 40), (41, 28), (41, 9)];
    let shown: Vec<String> = sizes.iter().map(|(cols, rows)| text_of(&painted(&narrow(), *cols, *rows, &theme))).collect();
    insta::assert_snapshot!("narrow", shown.join("\n=====\n"));
}

#[test]
fn nothing_panics_at_any_size() {
    for (_, view) in samples() {
        for glyphs in [Glyphs::Unicode, Glyphs::Blocks, Glyphs::Ascii] {
            let theme = Theme::with(Mode::Dark, glyphs, false);
            for (cols, rows) in (0..40).flat_map(|cols| (0..14).map(move |rows| (cols, rows))) {
                painted(&view, cols, rows, &theme);
            }
        }
    }
}

#[test]
fn nothing_is_painted_outside_its_area() {
    let theme = Theme::with(Mode::Dark, Glyphs::Unicode, false);
    for (name, view) in samples() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 50, 20));
        let area = Rect::new(7, 5, 31, 9);
        draw(&view, area, &mut buf, &theme);
        for place in buf.area.positions().filter(|p| !area.contains(*p)) {
            assert_eq!(buf[place].symbol(), " ", "{name} at {place}");
        }
    }
}

#[test]
fn much_of_something_is_no_alarm() {
    let theme = Theme::with(Mode::Dark, Glyphs::Unicode, true);
    let full = View::Heat(Heat { row_names: vec!["w1".into()], cells: vec![vec![1.0; 8]], says: "full runs".into() });
    assert!(painted(&full, 40, 4, &theme).content.iter().all(|cell| Some(cell.fg) != theme.bad.fg && Some(cell.fg) != theme.warn.fg));
}

#[test]
fn a_dead_node_is_told_without_colour() {
    let buf = painted(&limiter(), 100, 20, &Theme::with(Mode::Plain, Glyphs::Unicode, false));
    assert!(text_of(&buf).contains("✗ s3"));
    assert!(text_of(&buf).contains("cut s3>store"));
    let coloured = buf.content.iter().find(|c| c.fg != ratatui::style::Color::Reset || c.bg != ratatui::style::Color::Reset);
    assert_eq!(coloured, None);
    assert!(buf.content.iter().any(|c| c.modifier.contains(Modifier::UNDERLINED)), "what is bad stands out");
}
