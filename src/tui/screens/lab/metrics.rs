//! Which metrics the lab charts: the design's own groups, and one that the user puts together.

use crate::lab::Frame;
use crate::tui::panes::numbers;
use crate::tui::theme::Theme;
use crate::tui::widgets::{scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::design::Design;
use sims::kernel::knob::Knob;
use sims::kernel::metric::{Basis, MetricSpec, STATISTICS, Shape, statistic_name};

pub struct Charts {
    pub groups: Vec<Vec<&'static str>>,
    pub histogram: Option<&'static str>,
    /// The group that the user made, by its place; it is made with its first metric.
    own: Option<usize>,
}

impl Charts {
    pub fn of(design: &'static Design) -> Charts {
        // A derived metric has no series: a chart of it would stay empty.
        let drawn = |name: &&str| design.metrics.iter().any(|metric| metric.name == *name && has_series(metric));
        let groups = design.charts.iter().map(|group| group.iter().copied().filter(drawn).collect::<Vec<_>>()).filter(|group| !group.is_empty()).collect();
        let histogram = design.metrics.iter().find(|m| matches!(m.shape, Shape::Histogram { .. })).map(|m| m.name);
        Charts { groups, histogram, own: None }
    }

    /// Number of charts, the histogram included.
    pub fn shown(&self) -> usize {
        self.groups.len() + usize::from(self.histogram.is_some())
    }

    pub fn has_own(&self, metric: &str) -> bool {
        self.own.is_some_and(|at| self.groups[at].contains(&metric))
    }

    /// Puts a metric into the user's own chart, or takes it out. A chart without metrics goes.
    pub fn toggle(&mut self, metric: &'static str) {
        let at = *self.own.get_or_insert_with(|| {
            self.groups.insert(0, Vec::new());
            0
        });
        let group = &mut self.groups[at];
        if let Some(place) = group.iter().position(|m| *m == metric) {
            group.remove(place);
        } else {
            group.push(metric);
        }
        if group.is_empty() {
            self.groups.remove(at);
            self.own = None;
        }
    }
}

/// What a chart of this metric would show: a derived one has no series.
pub fn has_series(metric: &MetricSpec) -> bool {
    !matches!(metric.shape, Shape::Derived(_))
}

/// A number that can be asked where it comes from.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    Metric(&'static MetricSpec),
    /// Failed requests: all, or of one reason.
    Failed(Option<&'static str>),
    Knob(&'static Knob),
}

/// Every number of a design: what it measures, what failed, what is set.
pub fn numbers(design: &'static Design) -> Vec<Number> {
    let failed = if design.reasons.is_empty() { Vec::new() } else { vec![Number::Failed(None)] };
    let metrics = design.metrics.iter().map(Number::Metric).chain(failed);
    metrics.chain(design.reasons.iter().map(|reason| Number::Failed(Some(reason)))).chain(design.knobs.iter().map(Number::Knob)).collect()
}

impl Number {
    pub fn metric(self) -> Option<&'static MetricSpec> {
        match self {
            Number::Metric(metric) => Some(metric),
            Number::Failed(_) | Number::Knob(_) => None,
        }
    }

    fn name(self) -> String {
        match self {
            Number::Metric(metric) => metric.name.into(),
            Number::Failed(reason) => reason.map_or_else(|| "failed".into(), |reason| format!("failed.{reason}")),
            Number::Knob(knob) => knob.name.into(),
        }
    }

    /// The name, and which of a histogram's numbers its value is.
    fn label(self) -> String {
        let p99 = self.metric().is_some_and(|metric| matches!(metric.shape, Shape::Histogram { .. }));
        if p99 { format!("{} {}", self.name(), STATISTICS[2]) } else { self.name() }
    }

    fn says(self) -> &'static str {
        match self {
            Number::Metric(metric) => metric.says,
            Number::Failed(None) => "requests that failed, for whatever reason",
            Number::Failed(Some(_)) => "requests that failed for this reason",
            Number::Knob(knob) => knob.says,
        }
    }

    fn value(self, frame: &Frame) -> Option<String> {
        match self {
            Number::Metric(metric) => value(metric, frame).map(|value| numbers::with_unit(value, unit(metric))),
            Number::Failed(_) => frame.metric(&self.name()).map(numbers::short),
            Number::Knob(knob) => frame.knobs.get(knob.name).map(ToString::to_string),
        }
    }

    /// Measured, modelled or assumed, and from what.
    fn origin(self, frame: &Frame) -> Vec<String> {
        match self {
            Number::Metric(metric) => {
                let basis = match metric.basis {
                    Basis::Measured => "Measured in this run",
                    Basis::Modelled => "Modelled: a formula over what was measured, not observed itself",
                    Basis::Assumed => "Assumed: put in by hand, measured nowhere",
                };
                vec![format!("{basis}. {}", kept(metric)), statistics(metric, frame)]
            }
            Number::Failed(_) => vec!["Measured in this run. Counted where the request fails, once each, since the end of the warm-up.".into(), String::new()],
            Number::Knob(knob) => {
                let when = if knob.live { "may be turned while it runs" } else { "holds from the start of a run" };
                let safe = frame.design.safeguards.iter().find(|guard| guard.knob == knob.name);
                let safe = safe.map_or_else(String::new, |guard| format!(" A safeguard: safe at {}.", guard.safe.join(", ")));
                vec![format!("Assumed: set by hand. It is {}, {} by default, and {when}.{safe}", knob.kind, knob.default), String::new()]
            }
        }
    }
}

fn kept(metric: &MetricSpec) -> &'static str {
    match metric.shape {
        Shape::Counter => "Counted one by one since the end of the warm-up; its chart shows it per second.",
        Shape::Gauge => "A level: what it was when it last changed.",
        Shape::Levels(_) => "A level of each node that is up, told as one number.",
        Shape::Histogram { .. } => "Every single value is recorded, to three digits, since the end of the warm-up.",
        Shape::Derived(_) => "Computed when it is read, from the totals of other numbers here.",
    }
}

/// What else a histogram knows.
fn statistics(metric: &MetricSpec, frame: &Frame) -> String {
    let Shape::Histogram { unit } = metric.shape else { return String::new() };
    let one = |statistic: &&str| frame.metric(&statistic_name(metric.name, statistic, unit)).map(|value| format!("{statistic} {}", numbers::short(value)));
    let all: Vec<String> = STATISTICS.iter().filter_map(one).collect();
    if all.is_empty() {
        "Nothing recorded yet.".into()
    } else {
        format!("{} ({})", all.join(" · "), if unit.suffix().is_empty() { "plain" } else { unit.suffix() })
    }
}

/// Cells of the longest value: `token-bucket`, `central-atomic`.
const VALUE_COLS_MOST: usize = 16;

/// Rows below the list that tell the chosen number's origin.
pub const ORIGIN_ROWS: u16 = 5;

/// The chooser's rows: every number as it stands, and where the chosen one comes from.
pub fn draw(chosen: usize, frame: &Frame, charts: &Charts, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let [list, foot] = area.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(ORIGIN_ROWS.min(area.height / 2))]));
    let all = numbers(frame.design);
    let from = scroll::window(chosen, list.height, all.len());
    scroll::bar_beside(list, from, all.len(), buf, theme);
    let name_cols = all.iter().map(|number| number.label().len()).max().unwrap_or(0).min(usize::from(area.width) / 3);
    let values: Vec<String> = all.iter().map(|number| number.value(frame).unwrap_or_else(|| "-".into())).collect();
    let value_cols = values.iter().map(|value| value.chars().count()).max().unwrap_or(0).min(VALUE_COLS_MOST);
    for (row, (at, number)) in list.rows().zip(all.iter().enumerate().skip(from)) {
        let name = number.name();
        let mark = match (charts.has_own(&name), charts.histogram == Some(name.as_str())) {
            (true, _) => theme.pick("●", "*"),
            (_, true) => theme.pick("▂", "h"),
            _ => " ",
        };
        let head = format!("{mark} {} {:>value_cols$}  ", text::pad(&number.label(), name_cols), text::fit(&values[at], value_cols));
        let room = usize::from(area.width).saturating_sub(head.chars().count());
        let style = if at == chosen { theme.selected } else { theme.text };
        Line::from(vec![Span::styled(head, style), Span::styled(text::fit(number.says(), room), theme.dim)]).render(row, buf);
    }
    if let Some(number) = all.get(chosen) {
        let cols = usize::from(foot.width);
        let mut lines: Vec<Line<'_>> =
            text::wrap(&format!("{}: {}", number.name(), number.says()), cols).into_iter().map(|l| Line::styled(l, theme.title)).collect();
        lines.extend(number.origin(frame).iter().flat_map(|says| text::wrap(says, cols)).map(|line| Line::styled(line, theme.text)));
        foot.rows().skip(1).zip(lines).for_each(|(row, line)| line.render(row, buf));
    }
}

/// The unit of a histogram's numbers; others have theirs in the name.
fn unit(metric: &MetricSpec) -> &'static str {
    match metric.shape {
        Shape::Histogram { unit } => unit.suffix(),
        _ if metric.name.ends_with("_bytes") => "B",
        _ => "",
    }
}

/// A histogram is told by its p99.
fn value(metric: &MetricSpec, frame: &Frame) -> Option<f64> {
    match metric.shape {
        Shape::Histogram { unit } => frame.metric(&statistic_name(metric.name, STATISTICS[2], unit)),
        Shape::Counter | Shape::Gauge | Shape::Levels(_) | Shape::Derived(_) => frame.metric(metric.name),
    }
}
