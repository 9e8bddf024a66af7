//! The page of numbers: what their run said, and each estimate beside the card's own.

use super::super::Scoring;
use crate::score::{Close, Step};
use crate::tui::screens::proof::Tell;
use crate::tui::theme::Theme;
use crate::tui::widgets::{prose, text};
use ratatui::style::Style;
use ratatui::text::Line;

/// The page, and the row of the question that is being matched.
pub(super) fn page(screen: &Scoring, cols: usize, theme: &Theme) -> (Vec<Line<'static>>, Option<usize>) {
    let (mut lines, mut at) = (Vec::new(), None);
    // Whoever matches lines with questions sees the questions first.
    if screen.debrief.matching.is_none() {
        lines.push(Line::styled("Your numbers, run", theme.title));
        if crate::lab::verify::can(&screen.problem) {
            lines.extend(screen.proof.lines(Tell::Everything, cols, theme));
        } else {
            lines.push(Line::styled("This card has no design to run them on.", theme.dim));
        }
        lines.push(Line::default());
    }
    let steps = screen.steps();
    lines.push(Line::styled(if steps.is_empty() { "This card asks for no estimates." } else { "Estimates" }, theme.title));
    for (n, step) in steps.iter().enumerate() {
        let here = screen.debrief.matching == Some(n);
        if here {
            at = Some(lines.len());
        }
        lines.extend(estimate(n, step, here, screen, cols, theme));
    }
    (lines, at)
}

fn estimate(n: usize, step: &Step, here: bool, screen: &Scoring, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let (mark, style) = match step.close() {
        Some(Close::Near) => (theme.pick("✓", "+"), theme.good),
        Some(Close::Order) => (theme.pick("≈", "~"), theme.warn),
        Some(Close::Off) => (theme.pick("✗", "x"), theme.bad),
        None => ("-", theme.dim),
    };
    let mut lines = Vec::new();
    let mut own = None;
    let mut say = |before: String, before_style: Style, says: &str, style: Style| {
        lines.extend(prose::hanging(&before, before_style, says, style, cols, theme));
    };
    let cursor = if here { theme.pick("▶ ", "> ") } else { "" };
    say(format!("{cursor}{mark} {}. ", n + 1), style, &step.ask, if here { theme.title } else { theme.text });
    match &step.yours {
        None => say("    ".into(), style, &format!("{} · the card: {}", step.says(), step.right), theme.text),
        Some(yours) => {
            let error = step.error().filter(|error| error.is_finite()).map_or(String::new(), |error| format!(" ({error:+.1} powers of ten)"));
            let guessed = if yours.said { "" } else { " · the nearest line: p picks another" };
            say("    ".into(), style, &format!("{}{error}: yours {}, the card {}", step.says(), yours.shown, step.right), theme.text);
            // The candidate's own line is no Markdown: a product keeps its stars.
            own = Some(format!("line {}: {}{guessed}", yours.line + 1, yours.text));
        }
    }
    lines.extend(own.into_iter().flat_map(|own| text::wrap(&own, cols.saturating_sub(4))).map(|line| Line::styled(format!("    {line}"), theme.dim)));
    // The derivation stands where something is to be learnt from it.
    if step.close() != Some(Close::Near) && screen.debrief.matching.is_none() {
        lines.extend(prose::hanging("      ", theme.dim, &step.steps, theme.dim, cols, theme));
    }
    lines
}
