//! How a flaw is drawn: the code with its lines numbered, the choices, and after the answer why.

use super::{Flaws, Told};
use crate::drill::flaws::{How, Posed};
use crate::tui::panes::{self, code};
use crate::tui::screen::Ctx;
use crate::tui::theme::Theme;
use crate::tui::widgets::{popup, prose, scroll};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Margin, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// From this width on the code stands beside the question.
const BESIDE: u16 = 130;

pub(super) fn draw(screen: &Flaws, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
    let theme = ctx.theme;
    let Some(posed) = screen.posed() else {
        let why = if screen.ready { "no snippets: they come with problems and decks" } else { "opening the cards" };
        return panes::empty(why, area, buf, theme);
    };
    let lines = u16::try_from(posed.flaw.code.lines().count()).unwrap_or(u16::MAX);
    let [left, right] = if area.width >= BESIDE {
        area.layout(&Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]))
    } else {
        // The code keeps what it needs, as long as the choices keep some rows.
        let least = 11;
        let rows = (lines + 2).min(area.height.saturating_sub(least)).max(5);
        area.layout(&Layout::vertical([Constraint::Length(rows), Constraint::Fill(1)]))
    };
    draw_code(screen, posed, left, buf, ctx);
    match &screen.told {
        None => draw_ask(screen, posed, right, buf, theme),
        Some(told) => draw_told(told, posed, right, buf, ctx),
    }
}

fn draw_code(screen: &Flaws, posed: &Posed, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
    let theme = ctx.theme;
    let naming = screen.told.is_none() && screen.by == How::Line;
    let title = format!("{} · {}", posed.flaw.title, posed.title);
    let block = if naming { popup::focused(&title, theme) } else { popup::frame(&title, theme) };
    let inner = block.inner(area);
    block.render(area, buf);
    let code = posed.flaw.code.trim_end();
    let pieces = ctx.code.get(&posed.flaw.language, code);
    let plain: Vec<&str> = code.lines().collect();
    let wanted = match &screen.told {
        Some(_) => posed.flaw.lines.first().map_or(0, |line| line - 1),
        None if naming => screen.line,
        None => 0,
    };
    let from = scroll::window(wanted, inner.height, plain.len());
    let gutter = plain.len().to_string().len();
    for (row, (n, text)) in inner.rows().zip(plain.iter().enumerate().skip(from)) {
        let (mark, style) = mark(screen, posed, n, theme);
        let mut spans = vec![Span::styled(format!("{mark}{:>gutter$} ", n + 1), style)];
        match pieces.as_ref().and_then(|pieces| pieces.get(n)) {
            Some(line) => spans.extend(line.iter().map(|(kind, text)| Span::styled(text.clone(), code::style(*kind, theme)))),
            None => spans.push(Span::styled((*text).to_string(), theme.text)),
        }
        Line::from(spans).render(row, buf);
        if naming && n == screen.line {
            buf.set_style(row, theme.selected);
        }
    }
    scroll::bar(area, from, plain.len(), buf, theme);
}

/// What stands before a line's number: the cursor, and after the answer where the defect is and what was named.
fn mark(screen: &Flaws, posed: &Posed, line: usize, theme: &Theme) -> (&'static str, Style) {
    let Some(told) = &screen.told else {
        let here = screen.by == How::Line && line == screen.line;
        return if here { (theme.pick("▸", ">"), theme.accent) } else { (" ", theme.dim) };
    };
    let defect = posed.flaw.lines.contains(&(line + 1));
    let named = told.how == How::Line && told.chosen == line + 1;
    match (defect, named) {
        (true, _) => (theme.pick("▸", ">"), theme.bad),
        (false, true) => ("?", theme.warn),
        (false, false) => (" ", theme.dim),
    }
}

fn draw_ask(screen: &Flaws, posed: &Posed, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let choosing = screen.by == How::Choice;
    let title = if choosing { "What is wrong?" } else { "Which line is wrong?" };
    let block = if choosing { popup::focused(title, theme) } else { popup::frame(title, theme) };
    let inner = block.inner(area).inner(Margin::new(1, 0));
    block.render(area, buf);
    let cols = usize::from(inner.width);
    let mut lines: Vec<(Line<'static>, bool)> = prose::lines(&posed.flaw.ask, cols, theme.title, theme).into_iter().map(|line| (line, false)).collect();
    let mut first = 0;
    for (n, choice) in posed.flaw.choices.iter().enumerate() {
        let chosen = choosing && n == screen.choice;
        if chosen {
            first = lines.len();
        }
        lines.extend(hung(&format!("{} ", n + 1), choice, cols, theme).into_iter().map(|line| (line, chosen)));
    }
    // Where not all fits, the chosen one is in sight.
    let from = scroll::window(first, inner.height, lines.len());
    for (row, (line, chosen)) in inner.rows().zip(lines.iter().skip(from)) {
        line.render(row, buf);
        if *chosen {
            buf.set_style(row, theme.selected);
        }
    }
    scroll::bar(area, from, lines.len(), buf, theme);
}

fn hung(label: &str, says: &str, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    prose::hanging(label, theme.key, says, theme.text, cols.max(label.len() + 8), theme)
}

fn draw_told(told: &Told, posed: &Posed, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
    let theme = ctx.theme;
    let block = popup::focused(if told.hit { "Found" } else { "Missed" }, theme);
    let inner = block.inner(area).inner(Margin::new(1, 0));
    block.render(area, buf);
    let cols = usize::from(inner.width);
    let (mark, style) = if told.hit { (theme.pick("✓", "+"), theme.good) } else { (theme.pick("✗", "x"), theme.bad) };
    let said = match told.how {
        How::Choice => format!("you chose {}", told.chosen),
        How::Line => format!("you named line {}", told.chosen),
    };
    let right = posed.flaw.choices.get(posed.flaw.right.saturating_sub(1)).map_or("", String::as_str);
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("{mark} {}", if told.hit { "Found" } else { "Missed" }), style),
        Span::styled(format!(": {said}"), theme.text),
    ])];
    lines.extend(hung(&format!("{} ", posed.flaw.right), right, cols, theme));
    lines.push(Line::default());
    lines.extend(told.answer.lines(inner.width, theme, Some(ctx.code)).iter().cloned());
    if let Some((problem, experiment)) = &posed.shows {
        lines.push(Line::default());
        lines.push(Line::from(vec![Span::styled("x ", theme.key), Span::styled(format!("runs defect and fix: {problem}/{experiment}"), theme.text)]));
    }
    let scroll = told.scroller.see(inner.height, lines.len());
    for (row, line) in inner.rows().zip(lines.iter().skip(scroll.from)) {
        line.render(row, buf);
    }
    scroll::bar(area, scroll.from, lines.len(), buf, theme);
}
