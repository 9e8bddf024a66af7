//! Messages between nodes over time: one lane a node, time to the right, lost ones end in a cross, a break's chain drawn over.

use super::dots::Dots;
use crate::tui::theme::Theme;
use crate::tui::widgets::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::Widget;
use sims::kernel::time::{Span, Time};
use sims::kernel::view::{Passage, SpaceTime};
use unicode_width::UnicodeWidthStr;

pub fn draw(view: &SpaceTime, area: Rect, buf: &mut Buffer, theme: &Theme) {
    Picture { view, first: 0 }.draw(area, buf, theme);
}

/// The picture with its lanes scrolled.
pub struct Picture<'a> {
    pub view: &'a SpaceTime,
    /// The first lane shown, of those in use.
    pub first: usize,
}

/// Rows that a lane needs, so that lines between two can be told apart.
const LANE_ROWS: u16 = 2;

/// Lanes that have something to show in the window, in their order.
pub fn in_use(view: &SpaceTime) -> Vec<usize> {
    let mut used = vec![false; view.lanes.len()];
    let ends = view.messages.iter().chain(&view.chain).flat_map(|p| [p.from, p.to]);
    for lane in ends.chain(view.breaks.iter().filter_map(|(_, lane, _)| *lane)) {
        if let Some(used) = used.get_mut(lane) {
            *used = true;
        }
    }
    (0..used.len()).filter(|lane| used[*lane]).collect()
}

impl Picture<'_> {
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let view = self.view;
        let lanes = in_use(view);
        if lanes.is_empty() {
            return super::empty(&nothing(view), area, buf, theme);
        }
        let room = usize::from((area.height.saturating_sub(1) / LANE_ROWS).max(2));
        let first = self.first.min(lanes.len().saturating_sub(room));
        let shown: Vec<usize> = lanes.iter().copied().skip(first).take(room).collect();
        let names = shown.iter().map(|lane| view.lanes[*lane].width()).max().unwrap_or(0).min(usize::from(area.width) / 4) as u16;
        let plot = Rect { x: area.x + names + 1, width: area.width.saturating_sub(names + 1), height: area.height.saturating_sub(1), ..area };
        if plot.width < 4 || plot.height < 2 {
            return;
        }
        let plan = Plan { view, shown, plot, theme };
        plan.lanes(area.x, names, buf);
        plan.lines(buf);
        plan.ends(buf);
        plan.breaks(buf);
        foot(view, lanes.len() - plan.shown.len(), Rect { y: area.bottom() - 1, height: 1, ..area }, plot.x, buf, theme);
    }
}

fn nothing(view: &SpaceTime) -> String {
    if view.to < view.since {
        format!("messages before {} are no longer remembered: go back in time to see them", view.since)
    } else {
        "no messages in this window".into()
    }
}

/// Where everything lies.
struct Plan<'a> {
    view: &'a SpaceTime,
    shown: Vec<usize>,
    plot: Rect,
    theme: &'a Theme,
}

impl Plan<'_> {
    /// The row of a lane; none if it is not shown.
    fn row(&self, lane: usize) -> Option<u16> {
        let place = self.shown.iter().position(|shown| *shown == lane)? as u32;
        let last = self.shown.len().max(2) as u32 - 1;
        Some(self.plot.y + (u32::from(self.plot.height - 1) * place / last) as u16)
    }

    /// Where a moment lies, 0 to 1 within the window.
    fn part(&self, at: Time) -> f64 {
        let (from, to) = (self.view.from.as_secs(), self.view.to.as_secs());
        (at.as_secs() - from) / (to - from).max(1e-12)
    }

    fn column(&self, at: Time) -> u16 {
        self.plot.x + (self.part(at).clamp(0.0, 1.0) * f64::from(self.plot.width - 1)) as u16
    }

    fn lanes(&self, left: u16, names: u16, buf: &mut Buffer) {
        for lane in &self.shown {
            let Some(y) = self.row(*lane) else { continue };
            buf.set_stringn(left, y, text::fit(&self.view.lanes[*lane], usize::from(names)), usize::from(names), self.theme.text);
            for x in self.plot.x..self.plot.right() {
                buf.set_string(x, y, self.theme.pick("─", "-"), self.theme.border);
            }
        }
    }

    /// The messages; where there is a chain, the others step back.
    fn lines(&self, buf: &mut Buffer) {
        let (mut others, mut chain) = (Dots::new(self.plot, self.theme), Dots::new(self.plot, self.theme));
        let back = !self.view.chain.is_empty();
        self.view.messages.iter().for_each(|p| self.line(p, &mut others, if back { self.theme.dim } else { self.theme.line(p.from) }));
        self.view.chain.iter().for_each(|p| self.line(p, &mut chain, self.theme.bad));
        others.paint(buf);
        chain.paint(buf);
    }

    fn line(&self, passage: &Passage, dots: &mut Dots, style: Style) {
        let (Some(a), Some(b)) = (self.row(passage.from), self.row(passage.to)) else { return };
        let (wide, per_row) = (dots.width() as f64 - 1.0, dots.height() as f64 / f64::from(self.plot.height));
        let x = |at: Time| self.part(at) * wide;
        let y = |row: u16| (f64::from(row - self.plot.y) + 0.5) * per_row;
        let start = (x(passage.sent), y(a));
        match passage.received {
            Some(at) => dots.line(start, (x(at), y(b)), style),
            None => dots.line(start, (start.0 + 1.0, (start.1 + y(b)) / 2.0), self.theme.bad),
        }
    }

    /// What arrived is named where it arrived, as long as there is room; what was lost gets its cross. The chain comes first.
    fn ends(&self, buf: &mut Buffer) {
        let mut taken: Vec<(u16, u16, u16)> = Vec::new();
        let chain = self.view.chain.iter().map(|p| (p, true));
        // With a chain in sight only its messages are named: they are what is looked for.
        let others = self.view.messages.iter().filter(|_| self.view.chain.is_empty()).map(|p| (p, false));
        for (passage, of_chain) in chain.chain(others) {
            let (Some(from), Some(to)) = (self.row(passage.from), self.row(passage.to)) else { continue };
            let inside = |at: Time| at >= self.view.from && at <= self.view.to;
            let Some(at) = passage.received else {
                if inside(passage.sent) {
                    buf.set_string(self.column(passage.sent), u16::midpoint(from, to), self.theme.pick("✗", "x"), self.theme.bad);
                }
                continue;
            };
            if !inside(at) {
                continue;
            }
            let label = if of_chain { format!("{}{}", self.theme.pick("◆", "*"), passage.label) } else { passage.label.to_string() };
            let (x, width) = (self.column(at), label.width() as u16);
            let free = taken.iter().all(|(row, start, end)| *row != to || x >= *end || x + width < *start);
            if free && x + width <= self.plot.right() {
                let style = if of_chain { self.theme.bad.add_modifier(Modifier::BOLD) } else { self.theme.line(passage.from) };
                buf.set_string(x, to, &label, style);
                taken.push((to, x, x + width + 1));
            }
        }
    }

    fn breaks(&self, buf: &mut Buffer) {
        for (at, lane, law) in &self.view.breaks {
            let y = lane.and_then(|lane| self.row(lane)).map_or(self.plot.y, |row| (row + 1).min(self.plot.bottom() - 1));
            let says = format!("{}{law}", self.theme.pick("✗", "x"));
            let width = says.width() as u16;
            // Right of its moment where there is room, else left of it: the cross always stands at the moment.
            let x = self.column(*at);
            if x + width <= self.plot.right() {
                buf.set_string(x, y, &says, self.theme.bad.add_modifier(Modifier::REVERSED));
            } else {
                let says = format!("{law}{}", self.theme.pick("✗", "x"));
                buf.set_string((x + 1).saturating_sub(width).max(self.plot.x), y, &says, self.theme.bad.add_modifier(Modifier::REVERSED));
            }
        }
    }
}

/// The window's ends, and between them what is not shown.
fn foot(view: &SpaceTime, lanes_left: usize, row: Rect, left: u16, buf: &mut Buffer, theme: &Theme) {
    let says = |at: Time| at.since(Time::ZERO).to_string().replace('µ', theme.pick("µ", "u"));
    // Ends closer than a moment is told by are told by their distance.
    let span = Span(view.to.0.saturating_sub(view.from.0));
    let (mut from, to) = (format!("{:.6} s", view.from.as_secs()), format!("+{}", says(Time(span.0))));
    // In words, and shorter where those do not fit.
    let (mut more, mut brief) = (Vec::new(), Vec::new());
    if view.from < view.since {
        more.push(format!("nothing remembered before {}", view.since));
        brief.push("past forgotten".to_string());
    }
    if view.left_out > 0 {
        more.push(format!("{} messages left out: zoom in", view.left_out));
        brief.push(format!("+{} msgs", view.left_out));
    }
    if lanes_left > 0 {
        more.push(format!("{} not shown", text::count(lanes_left, "node")));
        brief.push(format!("+{}", text::count(lanes_left, "node")));
    }
    let mut words = more.join(" · ");
    if usize::from(row.right().saturating_sub(left)) < from.width() + to.width() + 2 + words.width() {
        words = brief.join(" ");
        from = format!("{:.3} s", view.from.as_secs());
    }
    buf.set_stringn(left, row.y, &from, usize::from(row.right().saturating_sub(left)), theme.dim);
    buf.set_string(row.right().saturating_sub(to.width() as u16), row.y, &to, theme.dim);
    let room = Rect { x: left + from.width() as u16 + 1, width: row.right().saturating_sub(left + (from.width() + to.width()) as u16 + 2), ..row };
    Line::styled(text::fit(&words, usize::from(room.width)), theme.warn).centered().render(room, buf);
}
