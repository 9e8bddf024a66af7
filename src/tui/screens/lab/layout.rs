//! Where the lab's panes lie at each size, and which views of the run they need.

use super::metrics::Charts;
use super::timebar::TWO_ROWS;
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
    /// Failed requests by their reason.
    Reasons,
    Lamps,
    /// The run file's story, and its objectives where there is room for both.
    Story,
    /// The run file's objectives, where they have no room below the story.
    Objectives,
    /// The compared runs and their differences.
    Compare,
}

/// What a design needs of the panes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Needs {
    /// The histogram included.
    pub charts: usize,
    /// In which every knob's name and longest choice fit.
    pub knob_cols: u16,
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
    /// The timeline, under everything.
    pub time: Rect,
}

/// Below this the charts share the main pane.
const WIDE: u16 = 110;
const CHART_ROWS: u16 = 6;
const CHART_COLS: u16 = 48;

impl Panes {
    /// The drawing is wide, since requests flow from left to right.
    pub fn of(body: Rect, needs: Needs) -> Panes {
        let rows = if body.height >= TWO_ROWS { 2 } else { 1 };
        let [body, time] = body.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(rows)]));
        Panes { time, ..Panes::above(body, needs) }
    }

    fn above(body: Rect, needs: Needs) -> Panes {
        if body.width < WIDE || body.height < 22 {
            return Panes::narrow(body, needs);
        }
        let below = (body.height / 5).clamp(7, 14);
        let [top, bottom] = body.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]));
        let knobs = needs.knob_cols.clamp(32, 40);
        let [left, knobs] = top.layout(&Layout::horizontal([Constraint::Fill(1), Constraint::Length(knobs)]));
        let [main, middle] = left.layout(&Layout::vertical([Constraint::Fill(11), Constraint::Fill(10)]));
        let [lamps, log] = bottom.layout(&Layout::horizontal([Constraint::Percentage(42), Constraint::Fill(1)]));
        Panes { main, charts: grid(middle, needs.charts), knobs, lamps: Some(lamps), log, time: Rect::ZERO }
    }

    fn narrow(body: Rect, needs: Needs) -> Panes {
        let below = (body.height / 4).clamp(4, 8);
        let [top, log] = body.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]));
        let knobs = needs.knob_cols.clamp(32, 36);
        let [main, knobs] = top.layout(&Layout::horizontal([Constraint::Fill(1), Constraint::Length(knobs)]));
        Panes { main, charts: Vec::new(), knobs, lamps: None, log, time: Rect::ZERO }
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

/// Two charts a row, three where there is width; as many rows as fit.
fn grid(area: Rect, charts: usize) -> Vec<Rect> {
    let columns = if area.width >= 3 * CHART_COLS { 3 } else { 2 }.min(charts.max(1));
    let rows = charts.div_ceil(columns).clamp(1, usize::from(area.height / CHART_ROWS).max(1));
    let shown = charts.clamp(1, rows * columns);
    let areas = Layout::vertical(vec![Constraint::Fill(1); rows]).split(area);
    // The last row may hold fewer, which are wider then.
    let cells = areas.iter().enumerate().flat_map(|(row, area)| {
        let here = shown.saturating_sub(row * columns).min(columns);
        Layout::horizontal(vec![Constraint::Fill(1); here]).split(*area).to_vec()
    });
    cells.collect()
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
        View::Reasons | View::Lamps | View::Story | View::Objectives | View::Compare => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panes_fill_every_size_and_never_overlap() {
        for (cols, rows) in [(60, 16), (80, 22), (109, 40), (110, 24), (120, 38), (200, 58), (300, 100)] {
            let body = Rect::new(0, 1, cols, rows);
            for charts in 0..7 {
                let panes = Panes::of(body, Needs { charts, knob_cols: 36 });
                let mut all = vec![panes.main, panes.knobs, panes.log, panes.time];
                all.extend(panes.lamps.iter().chain(&panes.charts));
                let cells: u32 = all.iter().map(|r| r.area()).sum();
                for (n, one) in all.iter().enumerate() {
                    assert!(body.union(*one) == body && (one.height >= 3 || *one == panes.time), "{one} in {body}");
                    assert!(all[n + 1..].iter().all(|other| !one.intersects(*other)), "{one} in {all:?}");
                }
                assert_eq!(cells, body.area(), "{body} with {charts} charts");
            }
        }
    }
}
