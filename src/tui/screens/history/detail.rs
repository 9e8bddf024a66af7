//! The chosen attempt in full: what was corrected, score, time, numbers, notes, and what happened when.

use super::{Book, History};
use crate::prose::flat;
use crate::score::Score;
use crate::session::{Event, What};
use crate::store::{Attempt, Entry, MARK};
use crate::tui::screens::interview::clock_digits;
use crate::tui::screens::scoring::{grade_mark, short};
use crate::tui::theme::Theme;
use crate::tui::widgets::{popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use std::time::Duration;

pub fn draw(screen: &History, book: &Book, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let title = screen.entry().map_or("", |entry| entry.attempt.title.as_str());
    let block = popup::frame(title, theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let Some(entry) = screen.entry() else { return };
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let lines = told(screen, book, entry, usize::from(inner.width), theme);
    let (from, length) = (screen.from.min(lines.len().saturating_sub(usize::from(inner.height))), lines.len());
    for (row, line) in inner.rows().zip(lines.into_iter().skip(from)) {
        line.render(row, buf);
    }
    scroll::bar(area, from, length, buf, theme);
}

fn told(screen: &History, book: &Book, entry: &Entry, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let attempt = &entry.attempt;
    let of = |ms: u64| clock_digits(Duration::from_millis(ms));
    let assisted = if attempt.assisted { " · assisted" } else { "" };
    let hints = text::count(attempt.hints as usize, "hint");
    let head = format!("{} · {} · {} of {} · {hints}{assisted}", attempt.level, attempt.mode.name(), of(attempt.used_ms), of(attempt.allowed_ms));
    let mut lines: Vec<Line<'static>> = text::wrap(&head, cols).into_iter().map(|line| Line::styled(line, theme.dim)).collect();
    for corrected in &entry.corrections {
        let day = corrected.corrected_at.with_timezone(&chrono::Local).format("%d %b");
        let says = format!("corrected {day}: {} was {}", corrected.field.name(), corrected.was);
        lines.extend(text::wrap(&says, cols).into_iter().map(|line| Line::styled(line, theme.warn)));
    }
    lines.extend(found(screen, attempt, cols, theme));
    if let Some(score) = attempt.result() {
        lines.push(Line::default());
        lines.extend(scored(book, attempt, score, cols, theme));
    }
    lines.extend(phases(entry, cols, theme));
    let sizing: Vec<String> = entry.sizing.iter().map(|(knob, answer)| format!("{knob}: {answer}")).collect();
    for (title, rows) in [("Estimates", &entry.estimates), ("Sizing", &sizing)] {
        if !rows.is_empty() {
            lines.push(Line::default());
            lines.push(Line::styled(title, theme.title));
            lines.extend(rows.iter().flat_map(|row| text::wrap(row, cols)).map(Line::raw));
        }
    }
    for (phase, notes) in entry.notes.iter().filter(|(_, notes)| !notes.trim().is_empty()) {
        lines.push(Line::default());
        let name = entry.phases.iter().find(|known| known.id == *phase).map_or(phase, |known| &known.name);
        lines.push(Line::styled(format!("Notes: {name}"), theme.title));
        lines.extend(text::wrap(notes.trim_end(), cols).into_iter().map(Line::raw));
    }
    if let Some((_, events)) = screen.events.as_ref().filter(|(of, events)| *of == attempt.id && !events.is_empty()) {
        lines.push(Line::default());
        lines.push(Line::styled("What happened", theme.title));
        lines.extend(events.iter().flat_map(|event| happened(event, cols, theme)));
    }
    lines
}

/// The places where the words were found, the words themselves marked.
fn found(screen: &History, attempt: &Attempt, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let here: Vec<_> = screen.found.iter().filter(|found| found.attempt == attempt.id).collect();
    let mut lines = Vec::new();
    for found in here {
        if lines.is_empty() {
            lines.push(Line::default());
            lines.push(Line::styled("Found", theme.title));
        }
        let mut line = Line::from(Span::styled(format!("{}: ", found.place), theme.dim));
        let mut room = cols.saturating_sub(found.place.len() + 2);
        for (n, piece) in found.around.replace('\n', " ").split(MARK).enumerate() {
            let piece = text::fit(piece, room);
            room = room.saturating_sub(Span::raw(piece.as_str()).width());
            let style = if n % 2 == 1 { theme.accent.add_modifier(ratatui::style::Modifier::UNDERLINED) } else { theme.text };
            line.push_span(Span::styled(piece, style));
        }
        lines.push(line);
    }
    lines
}

fn scored(book: &Book, attempt: &Attempt, score: &Score, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let late = if score.penalty > 0 { format!(" - {} late", score.penalty) } else { String::new() };
    let blind = attempt.blind.as_ref().map_or(String::new(), |blind| format!(" · blind {}", short(blind.total)));
    let sum = format!("{} of 50, {} ({}{late}{blind})", short(score.total), score.band.name(), short(score.points));
    let mut lines: Vec<Line<'static>> = text::wrap(&sum, cols).into_iter().map(|line| Line::styled(line, theme.title)).collect();
    for line in &score.lines {
        let (mark, style) = grade_mark(line.grade, line.reached, theme);
        let tail = if line.reached { format!("{}/{}", short(line.points), short(line.of)) } else { "not reached".into() };
        let says = text::pad(&flat(book.line(&attempt.problem, &line.line)), cols.saturating_sub(tail.len() + 3));
        lines.push(Line::from(vec![Span::styled(format!("{mark} "), style), Span::raw(says), Span::styled(format!(" {tail}"), theme.dim)]));
    }
    for (name, mean) in [("dimensions", score.dimensions_mean), ("communication", score.communication_mean)] {
        if let Some(mean) = mean {
            lines.push(Line::styled(format!("{name} {mean:.1} of 5"), theme.dim));
        }
    }
    lines
}

fn phases(entry: &Entry, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    if entry.phases.iter().all(|phase| phase.spent_ms == 0) {
        return Vec::new();
    }
    let mut lines = vec![Line::default(), Line::styled("Time per phase, against plan", theme.title)];
    for phase in &entry.phases {
        let of = |ms: u64| clock_digits(Duration::from_millis(ms));
        let over = phase.plan_ms > 0 && phase.spent_ms > phase.plan_ms;
        let tail = if phase.begun { format!("{} of {}{}", of(phase.spent_ms), of(phase.plan_ms), if over { " over" } else { "" }) } else { "not begun".into() };
        let style = if over { theme.warn } else { theme.dim };
        lines.push(Line::from(vec![Span::raw(text::pad(&phase.name, cols.saturating_sub(tail.len() + 1))), Span::styled(format!(" {tail}"), style)]));
    }
    lines
}

fn happened(event: &Event, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let says = match &event.what {
        What::Started { mode } => format!("began, {mode}"),
        What::Phase { id } => format!("phase {id}"),
        What::Hint { phase, step } => format!("hint {step} in {phase}"),
        What::Asked { question } => format!("asked: {question}"),
        What::Estimated { line } => format!("estimated: {line}"),
        What::Sized { knob, answer } => format!("{knob}: {answer}"),
        What::Marked { mark } => format!("reached: {mark}"),
        What::Revealed { phase } => format!("looked at the solution of {phase}"),
        other => other.kind().replace('-', " "),
    };
    let at = clock_digits(event.at);
    let mut wrapped = text::wrap(&says, cols.saturating_sub(at.len() + 2)).into_iter();
    let first = wrapped.next().unwrap_or_default();
    let mut lines = vec![Line::from(vec![Span::styled(format!("{at}  "), theme.dim), Span::raw(first)])];
    lines.extend(wrapped.map(|line| Line::raw(format!("{}{line}", " ".repeat(at.len() + 2)))));
    lines
}
