//! What the scoring came to: total and band, where the points lie, the first gap, and what to do next.

use super::view::{mark, short};
use super::{Proof, Scoring};
use crate::score::{Band, Reading, Score, first_gap};
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

pub fn draw(screen: &Scoring, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let score = screen.score(Reading::Informed);
    let [head, rest] = area.layout(&Layout::vertical([Constraint::Length(4), Constraint::Fill(1)]));
    draw_head(screen, &score, head, buf, theme);
    let [lines, next] = rest.layout(&Layout::horizontal([Constraint::Percentage(52), Constraint::Fill(1)]));
    draw_lines(screen, &score, lines, buf, theme);
    draw_next(screen, &score, next, buf, theme);
}

fn draw_head(screen: &Scoring, score: &Score, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let inner = Rect { x: area.x + 2, y: area.y + 1, width: area.width.saturating_sub(4), height: area.height.saturating_sub(1) }.intersection(area);
    let [total, sum] = inner.layout(&Layout::vertical([Constraint::Length(1), Constraint::Length(1)]));
    let mut line = vec![Span::styled(format!("{} of 50  ", short(score.total)), theme.title)];
    let cols = usize::from(area.width).saturating_sub(40).min(50);
    line.extend(meter::gauge(score.total / 50.0, cols, theme.accent, theme));
    let tone = match score.band {
        Band::StrongHire | Band::Hire => theme.good,
        Band::LeanHire | Band::LeanNoHire => theme.warn,
        Band::NoHire => theme.bad,
    };
    line.push(Span::styled(format!("  {}", score.band.name()), tone));
    Line::from(line).render(total, buf);
    let late = if score.penalty > 0 { format!(" - {} for being late", score.penalty) } else { String::new() };
    let assisted = if screen.session.assisted() { " · assisted" } else { "" };
    let blind = screen.score(Reading::Blind).total;
    let next = score.band.next().map_or(String::new(), |(from, band)| format!(" · {} from {}", band.name(), short(from)));
    let says = format!("{} points{late} · blind {}{assisted}{next}", short(score.points), short(blind));
    Line::styled(says, theme.dim).render(sum, buf);
}

fn draw_lines(screen: &Scoring, score: &Score, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::frame("Line by line", theme);
    let inner = block.inner(area);
    block.render(area, buf);
    for (n, line) in score.lines.iter().enumerate().take(usize::from(inner.height)) {
        let row = Rect { y: inner.y + u16::try_from(n).unwrap_or(0), height: 1, ..inner };
        let (mark, style) = mark(line.grade, line.reached, theme);
        let says = screen.problem.rubric.iter().find(|card| card.id == line.line).map_or(line.line.as_str(), |card| card.line.as_str());
        let tail = if line.reached { format!("{}/{}", short(line.points), short(line.of)) } else { "not reached".into() };
        let cols = usize::from(inner.width).saturating_sub(tail.len() + 5);
        let spans = vec![Span::styled(format!(" {mark} "), style), Span::raw(text::pad(says, cols)), Span::styled(format!(" {tail} "), theme.dim)];
        Line::from(spans).render(row, buf);
    }
    scroll::bar(area, 0, score.lines.len(), buf, theme);
}

fn draw_next(screen: &Scoring, score: &Score, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::frame("What it says", theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let mut lines = Vec::new();
    let cols = usize::from(inner.width);
    for (title, says) in sections(screen, score) {
        lines.push(Line::styled(title, theme.title));
        lines.extend(says.iter().flat_map(|says| text::wrap(says, cols)).map(Line::raw));
        lines.push(Line::default());
    }
    let (from, length) = (screen.from.min(lines.len().saturating_sub(usize::from(inner.height))), lines.len());
    for (row, line) in inner.rows().zip(lines.into_iter().skip(from)) {
        line.render(row, buf);
    }
    scroll::bar(area, from, length, buf, theme);
}

fn sections(screen: &Scoring, score: &Score) -> Vec<(&'static str, Vec<String>)> {
    let mut all = Vec::new();
    match first_gap(&screen.problem, score) {
        Some(gap) => all.push(("First gap", vec![format!("{} ({} points)", gap.text, short(gap.lost)), gap.action])),
        None => all.push(("No gap", vec!["Every line is full. Take a harder variant, or the lab's challenges.".into()])),
    }
    match &screen.proof {
        Proof::None => {}
        Proof::Running => all.push(("Your numbers, running", vec!["…".into()])),
        Proof::Known(Err(why)) => all.push(("Your numbers, run", vec![why.clone()])),
        Proof::Known(Ok(met)) => {
            let passed = met.iter().filter(|met| met.judged.passed).count();
            let mut says = vec![format!("{passed} of {} objectives met", met.len())];
            for miss in met.iter().filter(|met| !met.judged.passed) {
                let left = miss.judged.left.map_or(String::new(), |left| format!(", here {}", crate::catalog::expect::significant(left)));
                let because = miss.because.as_ref().map_or(String::new(), |because| format!(": {because}"));
                says.push(format!("missed {}{left}{because}", miss.judged.text));
            }
            all.push(("Your numbers, run", says));
        }
    }
    let mean = |mean: Option<f64>| mean.map_or("not judged".to_string(), |mean| format!("{mean:.1} of 5"));
    all.push(("Beside the score", vec![format!("dimensions {}", mean(score.dimensions_mean)), format!("communication {}", mean(score.communication_mean))]));
    if let Some(lean) = &screen.lean {
        all.push(("Your eye", vec![format!("so far {} ({} read both ways)", lean.say(), lean.readings)]));
    }
    all
}

/// The result as text, for the clipboard.
pub fn text(screen: &Scoring) -> String {
    let score = screen.score(Reading::Informed);
    let mut text = format!("{}: {} of 50, {}\n", screen.attempt.title, short(score.total), score.band.name());
    for (title, says) in sections(screen, &score) {
        text.push_str(&format!("{title}: {}\n", says.join(" ")));
    }
    text
}
