//! The timeline: a bar over the whole run with what happened when, and a cursor that is moved over it.

use crate::lab::timeline::{Mark, MarkKind};
use crate::lab::{Frame, Window};
use crate::tui::theme::Theme;
use crate::tui::widgets::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::time::{Span as Length, Time};
use std::cell::Cell;
use unicode_width::UnicodeWidthStr;

#[derive(Default)]
pub struct TimeBar {
    /// The moment that charts and caption read; none: now.
    cursor: Option<Time>,
    /// Where the track was drawn last: a step is one of its columns.
    track: Cell<Rect>,
}

/// How the cursor moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    On,
    Back,
    NextMark,
    PreviousMark,
}

/// From here on the bar has a row of its own under it.
pub const TWO_ROWS: u16 = 30;
/// Cells for a moment beside the track, at least.
const TIME_COLS: usize = 11;

impl TimeBar {
    pub fn cursor(&self) -> Option<Time> {
        self.cursor
    }

    /// Back to now; false if it was there.
    pub fn forget(&mut self) -> bool {
        self.cursor.take().is_some()
    }

    pub fn go(&mut self, step: Move, frame: &Frame) {
        let at = self.cursor.unwrap_or(frame.now);
        let end = end(frame);
        let column = Length((end.0 / u64::from(self.track.get().width.max(20))).max(1));
        self.cursor = match step {
            Move::On => Some((at + column).min(end)),
            Move::Back => Some(at - column),
            Move::NextMark => frame.marks.iter().map(|mark| mark.at).find(|mark| *mark > at).or(self.cursor),
            Move::PreviousMark => frame.marks.iter().rev().map(|mark| mark.at).find(|mark| *mark < at).or(self.cursor),
        };
    }

    /// A click on the track: the moment there.
    pub fn click(&mut self, column: u16, row: u16, frame: &Frame) -> bool {
        let track = self.track.get();
        if track.width < 2 || !track.contains((column, row).into()) {
            return false;
        }
        let part = f64::from(column - track.x) / f64::from(track.width - 1);
        self.cursor = Some(Time((end(frame).0 as f64 * part) as u64));
        true
    }

    /// The window of time the charts show: the one that was chosen, moved so that the cursor lies in it.
    pub fn window(&self, chosen: Window, now: Time) -> Window {
        let Some(cursor) = self.cursor else { return chosen };
        let Window::Last(span) = chosen else { return chosen };
        if cursor >= now - span {
            return chosen;
        }
        let from = cursor - Length(span.0 / 2);
        Window::Between(from, (from + span).min(now))
    }

    pub fn draw(&self, frame: &Frame, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let area = area.intersection(buf.area);
        if area.is_empty() || area.width < 40 {
            return;
        }
        let row = Rect { height: 1, ..area };
        let caption = self.caption(frame, theme);
        // On one row a caption takes its room from the track.
        let beside = if area.height == 1 { (caption.width() as u16 + 2).min(area.width / 2) } else { 0 };
        let (shown, end) = (self.cursor.unwrap_or(frame.now), end(frame));
        let times = (end.to_string().width() + 1).max(TIME_COLS) as u16;
        let track = Rect { x: row.x + times, width: row.width.saturating_sub(2 * times + beside), ..row };
        self.track.set(track);
        let style = if self.cursor.is_some() { theme.accent } else { theme.text };
        Line::styled(format!("{shown} "), style).right_aligned().render(Rect { width: times, ..row }, buf);
        Line::styled(format!(" {end}"), theme.dim).render(Rect { x: track.right(), width: times, ..row }, buf);
        self.draw_track(frame, track, buf, theme);
        if area.height == 1 {
            let room = Rect { x: row.right().saturating_sub(beside), width: beside, ..row };
            Line::from(vec![Span::styled(text::fit(&format!(" {}", caption.to_string().trim_end()), usize::from(beside)), caption.style)]).render(room, buf);
        } else {
            caption.render(Rect { x: track.x, y: row.y + 1, width: area.right().saturating_sub(track.x), height: 1 }, buf);
        }
    }

    fn draw_track(&self, frame: &Frame, track: Rect, buf: &mut Buffer, theme: &Theme) {
        let end = end(frame);
        let column = |at: Time| track.x + column(at, end, track.width);
        for x in track.x..track.right() {
            let at = Time((end.0 as f64 * f64::from(x - track.x) / f64::from(track.width.max(2) - 1)) as u64);
            let (symbol, style) = if at <= frame.now {
                (theme.pick("━", "="), theme.text)
            } else if at <= frame.reached {
                (theme.pick("─", "-"), theme.dim)
            } else {
                (theme.pick("┄", "."), theme.dim)
            };
            buf.set_string(x, track.y, symbol, style);
        }
        // The graver covers the lighter where two share a cell.
        let mut marks: Vec<&Mark> = frame.marks.iter().filter(|mark| mark.at <= end).collect();
        marks.sort_by_key(|mark| mark.kind);
        for mark in marks {
            let (symbol, style) = glyph(mark.kind, theme);
            buf.set_string(column(mark.at), track.y, symbol, style);
        }
        let now = column(frame.now);
        if let Some(cell) = buf.cell_mut((now, track.y)) {
            if ["━", "─", "┄", "=", "-", "."].contains(&cell.symbol()) {
                cell.set_symbol(theme.pick("█", "#"));
            }
            cell.set_style(theme.focus.add_modifier(Modifier::BOLD));
        }
        if let Some(cell) = self.cursor.and_then(|at| buf.cell_mut((column(at), track.y))) {
            if ["━", "─", "┄", "=", "-", "."].contains(&cell.symbol()) {
                cell.set_symbol(theme.pick("┃", "|"));
            }
            cell.set_style(theme.selected);
        }
    }

    /// What the bar has to say in words: why it stands, what is under the cursor, or what the marks mean.
    fn caption(&self, frame: &Frame, theme: &Theme) -> Line<'static> {
        if let Some(cursor) = self.cursor {
            let track = usize::from(self.track.get().width.max(20));
            let near = (end(frame).0 / track as u64).max(1);
            let here = frame.marks.iter().filter(|mark| mark.at.0.abs_diff(cursor.0) <= near).min_by_key(|mark| mark.at.0.abs_diff(cursor.0));
            let says = here.map_or_else(|| format!("cursor at {cursor}"), Mark::told);
            return Line::styled(format!("{says} · enter goes there"), theme.accent);
        }
        if let Some(why) = &frame.halted {
            return Line::styled(format!("{} {why}", theme.pick("‖", "=")), theme.warn);
        }
        let mut line = Line::default();
        for (kind, one, many) in [
            (MarkKind::Fault, "fault", "faults"),
            (MarkKind::Knob, "knob", "knobs"),
            (MarkKind::Action, "action", "actions"),
            (MarkKind::Break, "broken", "broken"),
        ] {
            let count = frame.marks.iter().filter(|mark| mark.kind == kind).count();
            if count > 0 {
                let (symbol, style) = glyph(kind, theme);
                line.push_span(Span::styled(symbol, style));
                line.push_span(Span::styled(format!(" {count} {}  ", if count == 1 { one } else { many }), theme.dim));
            }
        }
        if frame.reached > frame.now {
            line.push_span(Span::styled(format!("played to {}", frame.reached), theme.dim));
        }
        line
    }
}

/// The end of the bar: where the run will end, or has been already.
fn end(frame: &Frame) -> Time {
    (Time::ZERO + frame.length).max(frame.reached).max(frame.now).max(Time(1))
}

fn column(at: Time, end: Time, width: u16) -> u16 {
    let part = (at.0 as f64 / end.0.max(1) as f64).clamp(0.0, 1.0);
    (part * f64::from(width.saturating_sub(1)) + 0.5) as u16
}

/// Each kind of mark has a glyph of its own, besides its colour.
pub fn glyph(kind: MarkKind, theme: &Theme) -> (&'static str, Style) {
    match kind {
        MarkKind::Fault => (theme.pick("▾", "v"), theme.warn),
        MarkKind::Knob => (theme.pick("◆", "*"), theme.accent),
        MarkKind::Action => (theme.pick("▴", "^"), theme.text),
        MarkKind::Break => (theme.pick("✗", "x"), theme.bad),
    }
}
