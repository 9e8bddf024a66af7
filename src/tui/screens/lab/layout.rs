//! Where the lab's panes lie at each size, and which views of the run they need.

use super::metrics::Charts;
use crate::lab::{Wanted, Window};
use ratatui::layout::{Constraint, Layout, Rect};
use sims::kernel::view::{PaneSpec, What};

/// What the main pane shows.
#[derive(Clone, Copy, Debug)]
pub enum View {
    Diagram,
    Pane(&'static PaneSpec),
    SpaceTime,
    /// A chart, by its place, where there is no room for charts of their own.
    Chart(usize),
    Histogram,
    Lamps,
}

/// The panes of one size. What has no place of its own is a view of the main pane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panes {
    pub main: Rect,
    /// The charts from the first on, the histogram last.
    pub charts: Vec<Rect>,
    pub knobs: Rect,
    pub lamps: Option<Rect>,
    pub log: Rect,
}

/// Below this the charts share the main pane.
const WIDE: u16 = 110;
const CHART_ROWS: u16 = 6;

impl Panes {
    /// `charts` is how many there are, the histogram included.
    pub fn of(body: Rect, charts: usize) -> Panes {
        if body.width < WIDE || body.height < 24 {
            return Panes::narrow(body);
        }
        let below = (body.height / 4).clamp(7, 14);
        let [top, bottom] = body.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]));
        let knobs = (body.width / 4).clamp(30, 46);
        let [main, middle, knobs] = top.layout(&Layout::horizontal([Constraint::Fill(9), Constraint::Fill(10), Constraint::Length(knobs)]));
        let [lamps, log] = bottom.layout(&Layout::horizontal([Constraint::Percentage(42), Constraint::Fill(1)]));
        let fit = (middle.height / CHART_ROWS).max(1);
        let shown = u16::try_from(charts).unwrap_or(u16::MAX).min(fit).max(1);
        let charts = Layout::vertical(vec![Constraint::Fill(1); usize::from(shown)]).split(middle).to_vec();
        Panes { main, charts, knobs, lamps: Some(lamps), log }
    }

    fn narrow(body: Rect) -> Panes {
        let below = (body.height / 4).clamp(4, 8);
        let [top, log] = body.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]));
        let knobs = (body.width * 2 / 5).clamp(24, 36);
        let [main, knobs] = top.layout(&Layout::horizontal([Constraint::Fill(1), Constraint::Length(knobs)]));
        Panes { main, charts: Vec::new(), knobs, lamps: None, log }
    }

    /// What each chart pane shows: if there are more charts than panes, the last groups wait; the histogram never does.
    pub fn chart_views(&self, charts: &Charts) -> Vec<View> {
        let histogram = usize::from(charts.histogram.is_some() && !self.charts.is_empty());
        let lines = self.charts.len().saturating_sub(histogram).min(charts.groups.len());
        let mut views: Vec<View> = (0..lines).map(View::Chart).collect();
        views.extend((histogram == 1).then_some(View::Histogram));
        views
    }
}

/// The views of the run that the panes need, at the size of their insides.
pub fn wanted(panes: &Panes, main: View, charts: &Charts, window: Window) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    let mut add = |view: View, area: Rect| {
        if let Some(what) = what(view, charts) {
            let window = if matches!(view, View::SpaceTime) { Window::Last(SPACE_TIME) } else { window };
            wanted.push(Wanted { what, cols: area.width.saturating_sub(2), rows: area.height.saturating_sub(2), window });
        }
    };
    add(main, panes.main);
    panes.chart_views(charts).into_iter().zip(&panes.charts).for_each(|(view, area)| add(view, *area));
    wanted
}

/// Messages take milliseconds: a longer window would be a blot.
const SPACE_TIME: sims::kernel::time::Span = sims::kernel::time::Span::millis(50);

/// What to ask of the run; lamps come with every frame.
pub fn what(view: View, charts: &Charts) -> Option<What> {
    Some(match view {
        View::Diagram => What::Diagram,
        View::Pane(pane) => What::Pane(pane.id),
        View::SpaceTime => What::SpaceTime,
        View::Chart(at) => What::Series(charts.groups.get(at)?.clone()),
        View::Histogram => What::Histogram(charts.histogram?),
        View::Lamps => return None,
    })
}
