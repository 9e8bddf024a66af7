//! How the interview looks: one line of clocks, the prompt with what was said, the notes.

use super::{Interview, Pane, times};
use crate::session::{Clock, Light, Mode, Session, Stage};
use crate::tui::screen::Ctx;
use crate::tui::theme::Theme;
use crate::tui::widgets::scroll::Scroll;
use crate::tui::widgets::{meter, popup, prose, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget, Wrap};
use std::time::Duration;

/// Where everything stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Parts {
    pub clocks: Rect,
    pub prompt: Rect,
    pub notes: Rect,
    /// Empty unless it is wanted.
    pub board: Rect,
}

/// A third column for the whiteboard where there is room; else it stands over the prompt.
pub fn split(area: Rect, with_board: bool) -> Parts {
    const THREE: u16 = 150;
    let [clocks, rest] = area.layout(&Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]));
    let share = |percent: u16| Layout::horizontal([Constraint::Percentage(percent), Constraint::Fill(1)]);
    if with_board && area.width >= THREE {
        let [prompt, notes, board] = rest.layout(&Layout::horizontal([Constraint::Percentage(28), Constraint::Fill(1), Constraint::Percentage(36)]));
        return Parts { clocks, prompt, notes, board };
    }
    if with_board {
        let [left, notes] = rest.layout(&share(50));
        let [board, prompt] = left.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length((left.height / 3).max(6))]));
        return Parts { clocks, prompt, notes, board };
    }
    let [prompt, notes] = rest.layout(&share(if area.width >= 160 { 36 } else { 42 }));
    Parts { clocks, prompt, notes, board: Rect::default() }
}

pub fn draw(screen: &Interview, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
    let (parts, theme) = (split(area, screen.board.is_some()), ctx.theme);
    draw_clocks(&screen.session, parts.clocks, buf, theme);
    screen.prompt.draw(&screen.statement, &screen.session, parts.prompt, buf, theme);
    draw_notes(screen, parts.notes, buf, theme);
    draw_board(screen, parts.board, buf, ctx);
    match &screen.pane {
        None => {}
        Some(Pane::Ask(asking)) => asking.draw(&screen.session, area, buf, theme),
        Some(Pane::Sheet(sheet)) => sheet.draw(&screen.session, area, buf, theme),
        Some(Pane::Form(form)) => form.draw(area, buf, theme),
        Some(Pane::Template(insert)) => insert.draw(area, buf, theme),
        Some(Pane::Times) => draw_times(&screen.session, "Time", "", "any key goes back", area, buf, theme),
        Some(Pane::Finish) => {
            draw_times(&screen.session, "Finish the interview?", &finish_says(&screen.session), "y or enter finish · n or esc go on", area, buf, theme);
        }
        Some(Pane::Reveal) => draw_reveal(screen, area, buf, theme),
        Some(Pane::Solution(at)) => draw_solution(screen, *at, area, buf, theme),
    }
}

fn draw_reveal(screen: &Interview, area: Rect, buf: &mut Buffer, theme: &Theme) {
    if screen.session.mode() == Mode::Real {
        let says =
            "A real interview shows no solution before its end. Nothing is locked, though: you may reveal it anyway, and the attempt counts as assisted.";
        confirm("No reveal in a real interview", says, "r reveal anyway · n or esc go on without", area, buf, theme);
    } else {
        let says = "The solution of this phase is shown, and the attempt is marked as assisted.";
        confirm("Reveal the solution?", says, "y or enter reveal · n or esc go on", area, buf, theme);
    }
}

/// The notes of the phase, rendered; the part around the cursor is in sight.
fn draw_board(screen: &Interview, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
    let Some(board) = screen.board.as_ref().filter(|_| !area.is_empty()) else { return };
    let block = popup::frame("Whiteboard", ctx.theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    if screen.session.stage() == Stage::Paused {
        return;
    }
    if board.source().trim().is_empty() {
        let says = "A line of your notes such as\n\nclient -> balancer -> app -> cache\n\nis drawn here as boxes. Lines that share a name become one graph. The rest is shown as Markdown.";
        Paragraph::new(says).style(ctx.theme.dim).wrap(Wrap { trim: false }).render(inner, buf);
        return;
    }
    let lines = board.lines(inner.width, ctx.theme, Some(ctx.code));
    let notes = &screen.notes[screen.session.phase()];
    let hidden = lines.len().saturating_sub(usize::from(inner.height));
    let from = hidden * notes.cursor().0 / notes.lines().len().saturating_sub(1).max(1);
    board.draw(Scroll { from }, inner, buf, ctx.theme, Some(ctx.code));
    crate::tui::widgets::scroll::bar(area, from, lines.len(), buf, ctx.theme);
}

/// The table of times, with a question under it or without.
fn draw_times(session: &Session, title: &str, says: &str, keys: &str, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let cols = area.width.saturating_sub(6).min(90);
    let table = times::lines(&session.time_table(), session.mode().is_timed(), usize::from(cols), theme);
    let says = if says.is_empty() { Vec::new() } else { text::wrap(says, usize::from(cols)) };
    let rows = table.len() + says.len() + usize::from(!says.is_empty()) + 4;
    let inner = popup::draw(title, cols + 4, u16::try_from(rows).unwrap_or(u16::MAX), area, buf, theme);
    let [body, foot] = popup::with_foot(inner);
    let gap = (!says.is_empty()).then(Line::default);
    let says = says.into_iter().map(|line| Line::styled(line, theme.warn));
    for (row, line) in body.rows().zip(says.chain(gap).chain(table)) {
        line.render(row, buf);
    }
    Line::styled(keys.to_string(), theme.dim).render(foot, buf);
}

/// `2/5 High-level design ███████░░░ 09:12 / 15:00        total 19:40 / 60:00`
fn draw_clocks(session: &Session, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let place = format!(" {}/{} ", session.phase() + 1, session.plan().phases.len());
    let mut total = vec![Span::styled("total ", theme.dim)];
    total.extend(clock(&session.total_clock(), session, theme));
    let total = Line::from(total);
    let phase = session.phase_clock(session.phase());
    let style = light(phase.light, theme);
    let mut left = vec![Span::styled(place, theme.dim), Span::styled(session.phase_plan().name.clone(), theme.title), Span::raw("  ")];
    let times = clock(&phase, session, theme);
    let used = |spans: &[Span<'_>]| spans.iter().map(Span::width).sum::<usize>();
    let free = usize::from(area.width).saturating_sub(used(&left) + used(&times) + total.width() + 6);
    if session.mode().is_timed() && free >= 4 {
        left.extend(meter::gauge(phase.share(), free.min(20), style, theme));
        left.push(Span::raw(" "));
    }
    left.extend(times);
    if session.stage() == Stage::Paused {
        left.push(Span::styled(theme.pick("  ‖ paused", "  || paused"), theme.warn));
    }
    Line::from(left).render(area, buf);
    let right = Rect { x: area.right().saturating_sub(u16::try_from(total.width() + 1).unwrap_or(0)), ..area }.intersection(area);
    total.render(right, buf);
}

/// The light is told by a mark as well: `!` near the end, `+1:20 over` after it.
fn clock(clock: &Clock, session: &Session, theme: &Theme) -> Vec<Span<'static>> {
    let style = light(clock.light, theme);
    if !session.mode().is_timed() {
        return vec![Span::styled(digits(clock.spent), style)];
    }
    let mut spans = vec![Span::styled(digits(clock.spent), style), Span::styled(format!(" / {}", digits(clock.allowed)), theme.dim)];
    match clock.light {
        Light::Calm => {}
        Light::Amber => spans.push(Span::styled(" !", style)),
        Light::Red => spans.push(Span::styled(format!(" +{} over", digits(clock.spent.saturating_sub(clock.allowed))), style)),
    }
    spans
}

fn light(light: Light, theme: &Theme) -> Style {
    match light {
        Light::Calm => theme.accent,
        Light::Amber => theme.warn,
        Light::Red => theme.bad,
    }
}

/// `09:12`, and `1:02:03` from an hour on.
pub fn digits(time: Duration) -> String {
    let s = time.as_secs();
    if s >= 6000 { format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60) } else { format!("{:02}:{:02}", s / 60, s % 60) }
}

/// Stored times, as digits.
pub fn minutes(ms: u64) -> String {
    digits(Duration::from_millis(ms))
}

/// Over everything but the clocks: tables and diagrams want the width.
fn draw_solution(screen: &Interview, at: Scroll, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let phase = screen.session.phase_plan();
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }.intersection(area);
    let inner = popup::draw(&format!("Solution: {}", phase.name), 110, below.height, below, buf, theme);
    let [body, foot] = popup::with_foot(inner);
    let mut lines = Vec::new();
    for section in screen.solution.iter().filter(|section| section.phase == phase.id) {
        lines.extend(section.text.lines(body.width, theme, None).iter().cloned());
        lines.push(Line::default());
    }
    if lines.is_empty() {
        lines.push(Line::styled("The card has none for this phase.", theme.dim));
    }
    let from = at.clamped(body.height, lines.len());
    let length = lines.len();
    for (row, line) in body.rows().zip(lines.into_iter().skip(from)) {
        line.render(row, buf);
    }
    let says = if length > usize::from(body.height) {
        "j k more · esc back to your notes · F8 shows it again"
    } else {
        "esc back to your notes · F8 shows it again"
    };
    Line::styled(says, theme.dim).render(foot, buf);
}

fn draw_notes(screen: &Interview, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let session = &screen.session;
    let (taken, of) = session.hint_count();
    let block = popup::focused(&format!("Notes: {}", session.phase_plan().name), theme);
    let block = if of == 0 { block } else { block.title_bottom(Line::styled(format!(" hints {taken}/{of} "), theme.dim).right_aligned()) };
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    if session.stage() == Stage::Paused {
        let middle = Rect { y: inner.y + inner.height / 2, height: inner.height.min(1), ..inner }.intersection(inner);
        Line::styled("paused · F7 goes on", theme.warn).centered().render(middle, buf);
        return;
    }
    let notes = &screen.notes[session.phase()];
    if notes.is_empty() {
        let prompts = if session.mode() == Mode::Real { &[][..] } else { &session.phase_plan().prompts };
        let prompt = prompts.first().map_or("What do you say? It is kept as you type.", String::as_str);
        let says = Rect { x: inner.x + 2, width: inner.width.saturating_sub(2), ..inner };
        for (row, line) in says.rows().zip(prose::lines(prompt, usize::from(says.width), theme.dim, theme)) {
            line.render(row, buf);
        }
        buf.set_style(Rect { width: inner.width.min(1), height: inner.height.min(1), ..inner }, theme.text.add_modifier(ratatui::style::Modifier::REVERSED));
        return;
    }
    notes.render(inner, buf);
}

fn finish_says(session: &Session) -> String {
    let phases = &session.plan().phases;
    let missed: Vec<&str> = phases.iter().enumerate().filter(|(n, _)| !session.has_begun(*n)).map(|(_, phase)| phase.name.as_str()).collect();
    if missed.is_empty() { String::new() } else { format!("Not begun, so their lines count nothing: {}.", missed.join(", ")) }
}

fn confirm(title: &str, says: &str, keys: &str, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let rows = u16::try_from(text::wrap(says, 56).len() + 4).unwrap_or(12);
    let inner = popup::draw(title, 60, rows, area, buf, theme);
    let [body, foot] = popup::with_foot(inner);
    Paragraph::new(says).wrap(Wrap { trim: true }).render(body, buf);
    Line::styled(keys.to_string(), theme.dim).render(foot, buf);
}
