//! Which metrics the lab charts: the design's own groups, and one that the user puts together.

use crate::lab::Frame;
use crate::tui::panes::numbers;
use crate::tui::theme::Theme;
use crate::tui::widgets::{scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::design::Design;
use sims::kernel::metric::{MetricSpec, STATISTICS, Shape, statistic_name};

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

/// The chooser's rows: every metric with its value now.
pub fn draw(chosen: usize, frame: &Frame, charts: &Charts, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let metrics = frame.design.metrics;
    let from = scroll::window(chosen, area.height, metrics.len());
    let name_cols = metrics.iter().map(|m| m.name.len()).max().unwrap_or(0);
    for (row, (at, metric)) in area.rows().zip(metrics.iter().enumerate().skip(from)) {
        let mark = match (charts.has_own(metric.name), charts.histogram == Some(metric.name)) {
            (true, _) => theme.pick("●", "*"),
            (_, true) => theme.pick("▂", "h"),
            _ => " ",
        };
        let value = value(metric, frame).map_or_else(|| "-".into(), numbers::short);
        let head = format!("{mark} {} {value:>7}  ", text::pad(metric.name, name_cols));
        let room = usize::from(area.width).saturating_sub(head.chars().count());
        let style = if at == chosen { theme.selected } else { theme.text };
        Line::from(vec![Span::styled(head, style), Span::styled(text::fit(metric.says, room), theme.dim)]).render(row, buf);
    }
}

/// A histogram is told by its p99.
fn value(metric: &MetricSpec, frame: &Frame) -> Option<f64> {
    match metric.shape {
        Shape::Histogram { unit } => frame.metric(&statistic_name(metric.name, STATISTICS[2], unit)),
        Shape::Counter | Shape::Gauge | Shape::Derived(_) => frame.metric(metric.name),
    }
}
