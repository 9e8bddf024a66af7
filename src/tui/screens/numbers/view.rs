//! How an estimation drill is drawn: the question, the answer's line, the way to it, and beside it how it went so far.

use super::{Numbers, Stage};
use crate::drill::numbers::{Drill, Grade, Kind, Taken, Verdict, trend};
use crate::session::estimate::{self, Amount};
use crate::tui::panes;
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Margin, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// From this width on the trend stands beside the question.
const BESIDE: u16 = 110;
/// Longer lines are hard to read, however wide the terminal is.
const LINE_MOST: u16 = 100;

pub(super) fn draw(screen: &Numbers, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let side = if area.width >= BESIDE { 48 } else { 0 };
    let [main, beside] = area.layout(&Layout::horizontal([Constraint::Fill(1), Constraint::Length(side)]));
    if !beside.is_empty() {
        draw_trend(screen.rows(), beside, buf, theme);
    }
    match &screen.stage {
        Stage::Reading => popup::focused("", theme).render(main, buf),
        Stage::Asking { drill, entry, slip, .. } => {
            let inner = frame(drill, main, buf, theme);
            let mut rows = question(drill, inner, buf, theme);
            let mut line = vec![Span::styled("  about ", theme.dim)];
            line.extend(entry.spans(theme.accent, theme));
            put(&mut rows, Line::from(line), buf);
            let (says, style) = match slip {
                Some(why) => (format!("{} {why}", theme.pick("✗", "x")), theme.bad),
                None => (format!("Type {}, and press enter. Near is enough: it counts in powers of ten.", drill.unit.hint()), theme.dim),
            };
            put(&mut rows, Line::default(), buf);
            for line in text::wrap(&says, usize::from(inner.width).saturating_sub(2)) {
                put(&mut rows, Line::styled(format!("  {line}"), style), buf);
            }
            if beside.is_empty() {
                summary(screen.rows(), &mut rows, buf, theme);
            }
        }
        Stage::Told { drill, typed, verdict, took, scroller } => {
            let inner = frame(drill, main, buf, theme);
            let lines = told(drill, typed, verdict.as_ref(), *took, usize::from(inner.width), theme);
            let scroll = scroller.see(inner.height, lines.len());
            for (row, line) in inner.rows().zip(lines.iter().skip(scroll.from)) {
                line.render(row, buf);
            }
            scroll::bar(main, scroll.from, lines.len(), buf, theme);
        }
    }
}

fn frame(drill: &Drill, area: Rect, buf: &mut Buffer, theme: &Theme) -> Rect {
    let block = popup::focused(&format!("{} · {}", drill.kind.title(), drill.level.name()), theme);
    let inner = block.inner(area).inner(Margin::new(1, 0));
    block.render(area, buf);
    Rect { width: inner.width.min(LINE_MOST), ..inner }
}

/// The rows that are left below the question.
fn question(drill: &Drill, area: Rect, buf: &mut Buffer, theme: &Theme) -> Vec<Rect> {
    let mut rows: Vec<Rect> = area.rows().collect();
    rows.reverse();
    put(&mut rows, Line::default(), buf);
    for line in text::wrap(&drill.ask, usize::from(area.width)) {
        put(&mut rows, Line::styled(line, theme.title), buf);
    }
    put(&mut rows, Line::default(), buf);
    rows
}

fn put(rows: &mut Vec<Rect>, line: Line<'_>, buf: &mut Buffer) {
    if let Some(row) = rows.pop() {
        line.render(row, buf);
    }
}

fn grade_style(grade: Grade, theme: &Theme) -> (&'static str, Style) {
    match grade {
        Grade::Sharp | Grade::Good => (theme.pick("✓", "+"), theme.good),
        Grade::Order => ("~", theme.warn),
        Grade::Off => (theme.pick("✗", "x"), theme.bad),
    }
}

fn told(drill: &Drill, typed: &str, verdict: Option<&Verdict>, took: Duration, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default()];
    lines.extend(text::wrap(&drill.ask, cols).into_iter().map(|line| Line::styled(line, theme.dim)));
    lines.push(Line::default());
    let right = drill.unit.told(drill.answer);
    if let Some(verdict) = verdict {
        let (mark, style) = grade_style(verdict.grade, theme);
        lines.push(Line::from(vec![
            Span::styled(format!("{mark} {}", capital(verdict.grade.says())), style),
            Span::raw(format!(": you said {}, {}; {}.", typed.trim(), verdict.says(drill.unit), seconds(took))),
        ]));
    }
    lines.push(Line::from(vec![Span::styled(format!("{} ", theme.pick("→", "=")), theme.accent), Span::styled(right, theme.title)]));
    lines.push(Line::default());
    lines.extend(steps(drill, cols, theme));
    lines.push(Line::default());
    for trick in &drill.tricks {
        lines.extend(hung("In your head: ", &trick.says, cols, theme.accent, theme));
        let result = drill.by_trick(trick);
        let room = cols.saturating_sub(result.width() + 20);
        lines.push(Line::from(vec![
            Span::raw("   "),
            Span::styled(text::fit(&trick.line, room), theme.code),
            Span::styled(format!("  {} ", theme.pick("→", "->")), theme.dim),
            Span::styled(result, theme.accent),
            Span::styled(format!(", {}", Drill::off(trick)), theme.text),
        ]));
    }
    lines.push(Line::default());
    lines.extend(hung("So: ", &drill.so, cols, theme.accent, theme));
    lines
}

/// Each step in words, and under it as the sheet has it, with its result.
fn steps(drill: &Drill, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (n, (step, result)) in drill.worked().into_iter().enumerate() {
        lines.push(Line::styled(format!("{}. {}", n + 1, step.says), theme.text));
        let room = cols.saturating_sub(result.width() + 8);
        lines.push(Line::from(vec![
            Span::raw("   "),
            Span::styled(text::fit(&step.line, room), theme.code),
            Span::styled(format!("  {} ", theme.pick("→", "->")), theme.dim),
            Span::styled(result, theme.accent),
        ]));
    }
    lines
}

fn hung(label: &str, says: &str, cols: usize, style: Style, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (n, line) in text::wrap(&format!("{label}{says}"), cols).into_iter().enumerate() {
        match line.strip_prefix(label.trim_end()) {
            Some(rest) if n == 0 => lines.push(Line::from(vec![Span::styled(label.trim_end().to_string(), style), Span::styled(rest.to_string(), theme.text)])),
            _ => lines.push(Line::styled(line, theme.text)),
        }
    }
    lines
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}

fn seconds(took: Duration) -> String {
    estimate::show(Amount { value: (took.as_secs_f64() * 10.0).floor() / 10.0, bytes: 0, seconds: 1 })
}

/// On a narrow screen: one line for all that went before.
fn summary(rows: &[Taken], free: &mut Vec<Rect>, buf: &mut Buffer, theme: &Theme) {
    let Some(found) = trend(rows.iter()) else { return };
    put(free, Line::default(), buf);
    let says = format!("  So far: {} answered, {:.0} % within a factor of two.", found.count, found.good * 100.0);
    put(free, Line::styled(says, theme.dim), buf);
    let says = format!("  Lately a factor of {:.1} off, in {}.", found.factor, seconds(Duration::from_millis(found.took_ms as u64)));
    put(free, Line::styled(says, theme.dim), buf);
}

fn draw_trend(rows: &[Taken], area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::frame("How it goes", theme);
    let inner = block.inner(area).inner(Margin::new(1, 0));
    block.render(area, buf);
    let Some(all) = trend(rows.iter()) else {
        return panes::empty("Error and speed will stand here, kind by kind, once you have answered.", inner, buf, theme);
    };
    let cols = usize::from(inner.width);
    let mut lines = vec![Line::raw(format!("{} answered, {:.0} % within a factor of two", all.count, all.good * 100.0)), Line::default()];
    let recent = &rows[rows.len().saturating_sub(cols.saturating_sub(12))..];
    let errors: Vec<f64> = recent.iter().map(|row| row.error.abs().min(2.0)).collect();
    let times: Vec<f64> = recent.iter().map(|row| row.took_ms as f64).collect();
    let slowest = times.iter().copied().fold(0.0, f64::max);
    lines.push(Line::from(vec![Span::styled("error ", theme.dim), Span::styled(meter::spark(&errors, 2.0, theme), theme.accent)]));
    lines.push(Line::from(vec![Span::styled("time  ", theme.dim), Span::styled(meter::spark(&times, slowest, theme), theme.accent)]));
    if let Some((factor, took)) = all.was {
        let (was, now) = (Duration::from_millis(took as u64), Duration::from_millis(all.took_ms as u64));
        let says = format!("A factor of {:.1} off, was {factor:.1}; {}, was {}.", all.factor, seconds(now), seconds(was));
        lines.push(Line::default());
        lines.extend(text::wrap(&says, cols).into_iter().map(Line::raw));
    }
    lines.push(Line::default());
    lines.push(Line::styled(format!("{:<25} {:>3} {:>6} {:>7}", "", "n", "off by", "time"), theme.dim));
    for kind in Kind::ALL {
        let of = trend(rows.iter().filter(|row| row.kind == kind));
        let says = match of {
            Some(found) => format!("{:>3} {:>6} {:>7}", found.count, format!("x{:.1}", found.factor), seconds(Duration::from_millis(found.took_ms as u64))),
            None => format!("{:>3}", "-"),
        };
        lines.push(Line::from(vec![Span::raw(text::pad(kind.title(), 25)), Span::raw(" "), Span::styled(says, theme.text)]));
    }
    for (row, line) in inner.rows().zip(lines) {
        line.render(row, buf);
    }
}
