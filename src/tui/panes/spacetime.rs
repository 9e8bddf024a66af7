//! Messages between nodes over time: one lane a node, time to the right, lost ones end in a cross.

use super::dots::Dots;
use crate::tui::theme::Theme;
use crate::tui::widgets::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sims::kernel::time::Span;
use sims::kernel::view::{Passage, SpaceTime};
use unicode_width::UnicodeWidthStr;

pub fn draw(view: &SpaceTime, area: Rect, buf: &mut Buffer, theme: &Theme) {
    if view.lanes.is_empty() || view.messages.is_empty() {
        return super::empty("no messages in this window", area, buf, theme);
    }
    let names = view.lanes.iter().map(|l| l.width()).max().unwrap_or(0).min(usize::from(area.width) / 4) as u16;
    let plot = Rect { x: area.x + names + 1, width: area.width.saturating_sub(names + 1), height: area.height.saturating_sub(1), ..area };
    if plot.width < 4 || plot.height < 2 {
        return;
    }
    let (from, to) = window(&view.messages);
    let lane = |n: usize| plot.y + (u32::from(plot.height - 1) * n as u32 / (view.lanes.len().max(2) as u32 - 1)) as u16;
    for (n, name) in view.lanes.iter().enumerate() {
        let y = lane(n).min(plot.bottom() - 1);
        buf.set_stringn(area.x, y, text::fit(name, usize::from(names)), usize::from(names), theme.dim);
        for x in plot.x..plot.right() {
            buf.set_string(x, y, theme.pick("─", "-"), theme.border);
        }
    }
    let mut dots = Dots::new(plot, theme);
    let (wide, per_row) = (dots.width() as f64 - 1.0, dots.height() as f64 / f64::from(plot.height));
    let x = |secs: f64| (secs - from) / (to - from) * wide;
    let y = |n: usize| (f64::from(lane(n) - plot.y) + 0.5) * per_row;
    for passage in &view.messages {
        let start = (x(passage.sent.as_secs()), y(passage.from));
        match passage.received {
            Some(at) => dots.line(start, (x(at.as_secs()), y(passage.to)), theme.line(passage.from)),
            None => dots.line(start, (start.0 + 1.0, (start.1 + y(passage.to)) / 2.0), theme.bad),
        }
    }
    dots.paint(buf);
    draw_ends(view, plot, (from, to), &lane, buf, theme);
    let foot = area.bottom() - 1;
    let says = |secs: f64| Span::from_secs_f64(secs).to_string().replace('µ', theme.pick("µ", "u"));
    let times = (says(from), says(to));
    buf.set_string(plot.x, foot, &times.0, theme.dim);
    buf.set_string(plot.right().saturating_sub(times.1.len() as u16), foot, &times.1, theme.dim);
}

/// What arrived is named where it arrived, as long as there is room; what was lost gets its cross.
fn draw_ends(view: &SpaceTime, plot: Rect, (from, to): (f64, f64), lane: &dyn Fn(usize) -> u16, buf: &mut Buffer, theme: &Theme) {
    let column = |secs: f64| plot.x + ((secs - from) / (to - from) * f64::from(plot.width - 1)) as u16;
    let mut free = vec![plot.x; view.lanes.len()];
    for passage in &view.messages {
        let Some(at) = passage.received else {
            let y = (lane(passage.from) + lane(passage.to)) / 2;
            buf.set_string(column(passage.sent.as_secs()).min(plot.right() - 1), y, theme.pick("✗", "x"), theme.bad);
            continue;
        };
        let (x, width) = (column(at.as_secs()), passage.label.width() as u16);
        if let Some(free) = free.get_mut(passage.to)
            && x >= *free
            && x + width < plot.right()
        {
            buf.set_string(x, lane(passage.to).min(plot.bottom() - 1), passage.label, theme.line(passage.from));
            *free = x + width + 1;
        }
    }
}

fn window(messages: &[Passage]) -> (f64, f64) {
    let from = messages.iter().map(|m| m.sent.as_secs()).fold(f64::INFINITY, f64::min);
    let to = messages.iter().map(|m| m.received.unwrap_or(m.sent).as_secs()).fold(f64::NEG_INFINITY, f64::max);
    (from, to.max(from + 1e-9))
}
