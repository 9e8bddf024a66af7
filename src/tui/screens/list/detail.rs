//! The right half of the list: what the chosen problem is, and how the user stands with it.

use super::entry::{Past, Standing};
use crate::catalog::{Head, Problem};
use crate::history;
use crate::tui::panes::markdown::Markdown;
use crate::tui::screen::Ctx;
use crate::tui::theme::Theme;
use crate::tui::widgets::scroll::Scroll;
use crate::tui::widgets::{popup, text};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::designs;
use sims::kernel::design::Design;

pub fn draw(head: &Head, statement: Option<&Markdown>, past: Option<&Past>, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
    let theme = ctx.theme;
    let block = popup::frame(&head.title, theme);
    let inner = block.inner(area);
    block.render(area, buf);
    // Longer lines are hard to read, however wide the terminal is.
    const LINE_MOST: u16 = 100;
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2).min(LINE_MOST), ..inner };
    let facts = facts(head, past, usize::from(inner.width), theme);
    let rows = u16::try_from(facts.len()).unwrap_or(u16::MAX);
    let Some(statement) = statement else {
        return write(&facts, inner, buf);
    };
    // Head, statement, then the rest: the statement takes what it needs and what there is.
    write(&facts[..1], inner, buf);
    let tall = u16::try_from(statement.height(inner.width, theme, Some(ctx.code))).unwrap_or(u16::MAX);
    let room = inner.height.saturating_sub(rows + 2).min(tall);
    let middle = Rect { y: inner.y + 2, height: room, ..inner };
    statement.draw(Scroll::default(), middle, buf, theme, Some(ctx.code));
    let below = Rect { y: middle.bottom() + 1, height: inner.bottom().saturating_sub(middle.bottom() + 1), ..inner };
    write(&facts[1..], below, buf);
}

/// All but the statement.
pub(super) fn facts(head: &Head, past: Option<&Past>, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut facts = vec![first_line(head, cols, theme)];
    facts.extend(own_lines(head, past, cols, theme));
    facts.extend(lab_lines(head, past, cols, theme));
    facts
}

/// What may be read of a card before its interview: the statement and the times. What a phase is called tells where the card is
/// deep, so names come once an interview of it was finished.
pub fn told(problem: &Problem, sat: bool) -> String {
    let named = || problem.phases.iter().map(|phase| format!("- {} · {} min\n", phase.name, phase.minutes)).collect();
    let minutes: Vec<String> = problem.phases.iter().map(|phase| phase.minutes.to_string()).collect();
    let phases: String = if sat { named() } else { format!("{} phases: {} min.\n", minutes.len(), minutes.join(" + ")) };
    let asked = if problem.asked_at.is_empty() { String::new() } else { format!("\nAsked at {}.\n", problem.asked_at.join(", ")) };
    format!("{}\n\n{phases}{asked}", problem.statement.trim())
}

fn write(lines: &[Line<'static>], area: Rect, buf: &mut Buffer) {
    for (row, line) in area.rows().zip(lines) {
        line.render(row, buf);
    }
}

/// As much as fits, the level first.
fn first_line(head: &Head, cols: usize, theme: &Theme) -> Line<'static> {
    let mut says = head.level.clone();
    let minutes = format!("{} min", head.minutes);
    let yours = if head.yours { "yours" } else { "" };
    for part in [head.difficulty.as_str(), &minutes, yours, &head.group] {
        if !part.is_empty() && says.chars().count() + part.chars().count() + 3 <= cols {
            says.push_str(" · ");
            says.push_str(part);
        }
    }
    Line::styled(says, theme.dim)
}

fn own_lines(head: &Head, past: Option<&Past>, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let Some(past) = past else { return Vec::new() };
    let wrapped = |says: &str, style: Style| text::wrap(says, cols).into_iter().map(|line| Line::styled(line, style)).collect::<Vec<_>>();
    match past.standing(&head.id) {
        Standing::Fresh => wrapped("Not tried yet: m sits it now", theme.dim),
        Standing::Paused(cut) => {
            let how = if cut.elsewhere { ", open in another greenroom" } else { ": m goes on with it" };
            wrapped(&format!("Paused after {} min{how}", cut.used_min), theme.warn)
        }
        Standing::Unscored => wrapped("Sat and not scored yet: h finds it", theme.accent),
        Standing::Done(trend) => {
            let best = trend.best().unwrap_or(0.0);
            let last = trend.last().unwrap_or(0.0);
            let mut lines = labelled("Best", &format!("{best:.0}/50, last {last:.0}, sat {} times", trend.attempts), cols, theme);
            if let Some(weakest) = &trend.weakest {
                let says = format!("{} ({} of {})", crate::prose::flat(&weakest.line), weakest.points, weakest.of);
                lines.extend(labelled("Weakest line", &says, cols, theme));
            }
            lines
        }
    }
}

fn lab_lines(head: &Head, past: Option<&Past>, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let design = head.design.as_deref().and_then(|id| designs::ALL.iter().find(|d| d.id == id));
    if let Some(design) = design {
        let done = past.map_or(0, |p| history::experiments_done(&p.predictions, &head.id));
        let says = format!("{} · {} experiments ({done} done)", offers(design), head.experiments.len());
        lines.extend(labelled("Lab", &says, cols, theme));
    }
    // The mechanisms are half of the answer.
    if !head.mechanisms.is_empty() && past.is_some_and(|past| past.sat(&head.id)) {
        lines.extend(labelled("Uses", &head.mechanisms.join(", "), cols, theme));
    }
    if !head.variants.is_empty() {
        lines.extend(labelled("Variants", &head.variants.join(", "), cols, theme));
    }
    lines
}

fn offers(design: &Design) -> String {
    format!("{} knobs · {} faults · {} invariants", design.knobs.len(), design.faults.len(), design.invariants.len())
}

/// A label, and a text that hangs under its own beginning.
fn labelled(name: &str, says: &str, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let label = format!("{name}: ");
    let indent = label.chars().count();
    let wrapped = text::wrap(says, cols.saturating_sub(indent).max(8));
    let line = |(n, part): (usize, String)| {
        let before = if n == 0 { label.clone() } else { " ".repeat(indent) };
        Line::from(vec![Span::styled(before, theme.dim), Span::raw(part)])
    };
    wrapped.into_iter().enumerate().map(line).collect()
}
