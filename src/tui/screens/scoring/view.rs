//! How judging looks: the lines with their grades, the notes, the solution, and the chosen line in full.

use super::{Item, Scoring, Side, detail, notes};
use crate::score::{Grade, Reading, Score};
use crate::tui::theme::Theme;
use crate::tui::widgets::{popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// From this width notes and solution stand side by side.
const WIDE: u16 = 110;

pub fn draw(screen: &Scoring, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let below = if area.height >= 30 { 12 } else { 10 };
    let [above, below] = area.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(below)]));
    let informed = screen.reading() == Reading::Informed;
    if informed && area.width >= WIDE {
        let thirds = [Constraint::Percentage(34), Constraint::Percentage(30), Constraint::Fill(1)];
        let [list, notes, solution] = above.layout(&Layout::horizontal(thirds));
        draw_list(screen, list, buf, theme);
        draw_side(screen, Side::Notes, notes, buf, theme);
        draw_side(screen, Side::Solution, solution, buf, theme);
    } else {
        let [list, side] = above.layout(&Layout::horizontal([Constraint::Percentage(50), Constraint::Fill(1)]));
        draw_list(screen, list, buf, theme);
        draw_side(screen, if informed { screen.side } else { Side::Notes }, side, buf, theme);
    }
    detail::draw(screen, below, buf, theme);
}

/// A grade has a mark of its own besides its colour.
pub fn mark(grade: Option<Grade>, reached: bool, theme: &Theme) -> (&'static str, Style) {
    match (reached, grade) {
        (false, _) => (theme.pick("–", "-"), theme.dim),
        (true, Some(Grade::Full)) => (theme.pick("●", "#"), theme.good),
        (true, Some(Grade::Half)) => (theme.pick("◐", "+"), theme.warn),
        (true, Some(Grade::None)) => (theme.pick("○", "o"), theme.bad),
        (true, None) => ("?", theme.accent),
    }
}

fn draw_list(screen: &Scoring, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let score = screen.score(screen.reading());
    let late = if score.penalty > 0 { format!(" - {} late", score.penalty) } else { String::new() };
    let sum = if late.is_empty() { format!(" {} of 50 ", short(score.total)) } else { format!(" {}{late} = {} ", short(score.points), short(score.total)) };
    let block = popup::focused("Rubric", theme).title_bottom(Line::styled(sum, theme.accent).right_aligned());
    let inner = block.inner(area);
    block.render(area, buf);
    let items = screen.items();
    let from = scroll::window(screen.chosen, inner.height, items.len());
    for (n, item) in items.iter().enumerate().skip(from).take(usize::from(inner.height)) {
        let row = Rect { y: inner.y + u16::try_from(n - from).unwrap_or(0), height: 1, ..inner };
        draw_item(screen, *item, &score, row, buf, theme);
        if n == screen.chosen {
            buf.set_style(row, theme.selected);
        }
    }
    scroll::bar(area, from, items.len(), buf, theme);
}

fn draw_item(screen: &Scoring, item: Item<'_>, score: &Score, row: Rect, buf: &mut Buffer, theme: &Theme) {
    let (mark, style, says, tail) = match item {
        Item::Line(line) => {
            let of = score.lines.iter().find(|scored| scored.line == line.id);
            let (points, worth) = of.map_or((0.0, 0.0), |scored| (scored.points, scored.of));
            let (mark, style) = mark(of.and_then(|scored| scored.grade), screen.is_reached(line), theme);
            let tail = if screen.is_reached(line) { format!("{}/{}", short(points), short(worth)) } else { "not reached".into() };
            (mark, style, &line.line, tail)
        }
        Item::Dimension(scale) => step(&scale.title, screen.judgement().dimensions.get(&scale.id), theme),
        Item::Communication(scale) => step(&scale.title, screen.judgement().communication.get(&scale.id), theme),
    };
    let cols = usize::from(row.width).saturating_sub(tail.len() + 5);
    let spans = [Span::styled(format!(" {mark} "), style), Span::raw(text::pad(&crate::prose::flat(says), cols)), Span::styled(format!(" {tail} "), theme.dim)];
    Line::from(spans.to_vec()).render(row, buf);
}

fn step<'a>(title: &'a String, step: Option<&u8>, theme: &Theme) -> (&'static str, Style, &'a String, String) {
    match step {
        Some(step) => (theme.pick("■", "*"), theme.good, title, format!("{step} of 5")),
        None => ("?", theme.accent, title, "1 to 5".into()),
    }
}

/// Points without a needless `.0`.
pub fn short(points: f64) -> String {
    let text = format!("{points:.1}");
    text.strip_suffix(".0").map(str::to_string).unwrap_or(text)
}

fn draw_side(screen: &Scoring, side: Side, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let phase = match screen.item() {
        Some(Item::Line(line)) => Some(line.phase.as_str()),
        _ => None,
    };
    let title = match side {
        Side::Notes => "Your notes",
        Side::Solution => "Solution",
    };
    let block = if side == Side::Notes && screen.picking.is_some() { popup::focused(title, theme) } else { popup::frame(title, theme) };
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let (lines, cursor) = match side {
        Side::Notes => notes::rows(screen, usize::from(inner.width), theme),
        Side::Solution => (solution(screen, phase, usize::from(inner.width), theme), None),
    };
    let from = match cursor {
        Some(row) => scroll::window(row, inner.height, lines.len()),
        None => screen.from.min(lines.len().saturating_sub(usize::from(inner.height))),
    };
    let length = lines.len();
    for (row, line) in lines.into_iter().skip(from).take(usize::from(inner.height)).enumerate() {
        line.render(Rect { y: inner.y + u16::try_from(row).unwrap_or(0), height: 1, ..inner }, buf);
    }
    scroll::bar(area, from, length, buf, theme);
}

fn solution(screen: &Scoring, phase: Option<&str>, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut sections: Vec<_> = screen.solution.iter().collect();
    sections.sort_by_key(|section| Some(section.phase.as_str()) != phase);
    let mut lines = Vec::new();
    for section in sections {
        lines.extend(section.text.lines(u16::try_from(cols).unwrap_or(u16::MAX), theme, None).iter().cloned());
        lines.push(Line::default());
    }
    if lines.is_empty() {
        lines.push(Line::styled("This card has no solution.", theme.dim));
    }
    lines
}
