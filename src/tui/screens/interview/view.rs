//! How the interview looks: one line of clocks, the prompt with what was said, the notes.

use super::{Interview, Pane};
use crate::session::{self, Clock, Light, Session, Stage, Voice};
use crate::tui::theme::Theme;
use crate::tui::widgets::scroll::Scroll;
use crate::tui::widgets::{meter, popup, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget, Wrap};
use std::time::Duration;

/// The clocks, the prompt, the notes.
pub fn split(area: Rect) -> [Rect; 3] {
    let [clocks, rest] = area.layout(&Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]));
    let share = if area.width >= 160 { 36 } else { 42 };
    let [prompt, notes] = rest.layout(&Layout::horizontal([Constraint::Percentage(share), Constraint::Fill(1)]));
    [clocks, prompt, notes]
}

pub fn draw(screen: &Interview, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let [clocks, prompt, notes] = split(area);
    draw_clocks(&screen.session, clocks, buf, theme);
    draw_prompt(screen, prompt, buf, theme);
    draw_notes(screen, notes, buf, theme);
    match &screen.pane {
        None => {}
        Some(Pane::Ask(asking)) => asking.draw(&screen.session, area, buf, theme),
        Some(Pane::Sheet(sheet)) => sheet.draw(&screen.session, area, buf, theme),
        Some(Pane::Form(form)) => form.draw(area, buf, theme),
        Some(Pane::Finish) => confirm("Finish the interview?", &finish_says(&screen.session), "enter finish · esc go on", area, buf, theme),
        Some(Pane::Reveal) => {
            let says = "The solution of this phase is shown, and the attempt is marked as assisted.";
            confirm("Reveal the solution?", says, "enter reveal · esc go on", area, buf, theme);
        }
        Some(Pane::Solution(at)) => draw_solution(screen, *at, area, buf, theme),
    }
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

fn draw_prompt(screen: &Interview, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::frame("Prompt", theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let lines = prompt(screen, usize::from(inner.width), theme);
    let rows = usize::from(inner.height);
    let last = lines.len().saturating_sub(rows);
    // What was said last is in sight, until the user scrolls back.
    let from = last.saturating_sub(screen.back);
    let length = lines.len();
    for (row, line) in lines.into_iter().skip(from).take(rows).enumerate() {
        line.render(Rect { y: inner.y + u16::try_from(row).unwrap_or(0), height: 1, ..inner }, buf);
    }
    crate::tui::widgets::scroll::bar(area, from, length, buf, theme);
}

fn prompt(screen: &Interview, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let (session, mut page) = (&screen.session, Page { cols, lines: Vec::new() });
    let wide = u16::try_from(cols).unwrap_or(u16::MAX);
    page.lines.extend(screen.statement.lines(wide, theme, None).iter().cloned());
    page.gap();
    let phase = session.phase_plan();
    let dot = theme.pick("• ", "- ");
    phase.goals.iter().for_each(|goal| page.say(dot, theme.accent, goal, theme.dim));
    phase.prompts.iter().for_each(|prompt| page.say("? ", theme.accent, prompt, theme.dim));
    // What was said at one moment is new together.
    let newest = session.said().last().map(|(at, _)| *at);
    for line in session.lines() {
        page.gap();
        let fresh = if Some(line.at) == newest { theme.title } else { theme.text };
        page.said(&line, fresh, theme);
    }
    page.lines
}

/// Lines at the width of the pane.
struct Page {
    cols: usize,
    lines: Vec<Line<'static>>,
}

impl Page {
    fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| line.width() > 0) {
            self.lines.push(Line::default());
        }
    }

    /// A text behind a mark; further lines hang under the first.
    fn say(&mut self, mark: &str, mark_style: Style, says: &str, style: Style) {
        let indent = Span::raw(mark).width();
        for (n, line) in text::wrap(says.trim_end(), self.cols.saturating_sub(indent)).into_iter().enumerate() {
            let before = if n == 0 { mark.to_string() } else { " ".repeat(indent) };
            self.lines.push(Line::from(vec![Span::styled(before, mark_style), Span::styled(line, style)]));
        }
    }

    fn said(&mut self, said: &session::Line<'_>, fresh: Style, theme: &Theme) {
        let when = digits(said.at);
        let mut spoken = |kind: &str, style: Style| {
            self.say("", theme.dim, &format!("{when} interviewer, {kind}:"), style);
            self.say(theme.pick("“ ", "\" "), style, &said.text, fresh);
        };
        match said.voice {
            Voice::Change => spoken("a change", theme.warn),
            Voice::Probe => spoken("a question", theme.accent),
            Voice::Time => spoken("time", theme.warn),
            Voice::Answer => {
                self.say("", theme.dim, &format!("{when} asked: {}", said.asked.unwrap_or_default()), theme.dim);
                self.say(theme.pick("→ ", "> "), theme.accent, &said.text, fresh);
            }
            Voice::Hint(step) => {
                let name = ["nudge", "point", "answer"][step % 3];
                self.say("", theme.dim, &format!("{when} hint, {name}:"), theme.dim);
                self.say("* ", theme.accent, &said.text, fresh);
            }
        }
    }
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
        let prompt = session.phase_plan().prompts.first().map_or("What do you say? It is kept as you type.", String::as_str);
        let says = Rect { x: inner.x + 2, width: inner.width.saturating_sub(2), ..inner };
        Paragraph::new(prompt).style(theme.dim).wrap(Wrap { trim: true }).render(says, buf);
        buf.set_style(Rect { width: inner.width.min(1), height: inner.height.min(1), ..inner }, theme.text.add_modifier(ratatui::style::Modifier::REVERSED));
        return;
    }
    notes.render(inner, buf);
}

fn finish_says(session: &Session) -> String {
    let phases = &session.plan().phases;
    let missed: Vec<&str> = phases.iter().enumerate().filter(|(n, _)| !session.has_begun(*n)).map(|(_, phase)| phase.name.as_str()).collect();
    let clock = session.total_clock();
    let time = if session.mode().is_timed() {
        format!("{} of {} used.", digits(clock.spent), digits(clock.allowed))
    } else {
        format!("{} used.", digits(clock.spent))
    };
    if missed.is_empty() { time } else { format!("{time} Not begun, so their lines count nothing: {}.", missed.join(", ")) }
}

fn confirm(title: &str, says: &str, keys: &str, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let rows = u16::try_from(text::wrap(says, 56).len() + 4).unwrap_or(12);
    let inner = popup::draw(title, 60, rows, area, buf, theme);
    let [body, foot] = popup::with_foot(inner);
    Paragraph::new(says).wrap(Wrap { trim: true }).render(body, buf);
    Line::styled(keys.to_string(), theme.dim).render(foot, buf);
}
