//! The list of experiments, with what became of earlier predictions beside the question of the chosen one.

use crate::catalog::Problem;
use crate::store::Prediction;
use crate::tui::panes::markdown::Markdown;
use crate::tui::theme::Theme;
use crate::tui::widgets::{popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

pub fn draw(problem: &Problem, chosen: usize, ledger: &[Prediction], area: Rect, buf: &mut Buffer, theme: &Theme) {
    let [left, right] = area.layout(&Layout::horizontal([Constraint::Percentage(45), Constraint::Fill(1)]));
    let block = popup::focused("Experiments", theme);
    let inner = block.inner(left);
    block.render(left, buf);
    let count = problem.experiments.len();
    let from = scroll::window(chosen, inner.height, count);
    for (row, (at, experiment)) in inner.rows().zip(problem.experiments.iter().enumerate().skip(from)) {
        let last = last_of(ledger, &problem.id, &experiment.id);
        let (mark, style) = match last.map(|made| made.guess.hit()) {
            None => (theme.pick("○", "."), theme.dim),
            Some(true) => (theme.pick("✓", "+"), theme.good),
            Some(false) => (theme.pick("✗", "x"), theme.warn),
        };
        let title = text::pad(&experiment.title, usize::from(row.width).saturating_sub(3));
        let words = if at == chosen { theme.selected } else { theme.text };
        Line::from(vec![Span::styled(format!(" {mark} "), style), Span::styled(title, words)]).render(row, buf);
    }
    scroll::bar(left, from, count, buf, theme);
    let Some(experiment) = problem.experiments.get(chosen) else { return };
    let block = popup::frame(&experiment.title, theme);
    let inner = block.inner(right);
    block.render(right, buf);
    let cols = usize::from(inner.width);
    let mut lines = Markdown::new(experiment.ask.trim()).lines(inner.width, theme, None).to_vec();
    lines.push(Line::raw(""));
    let runs: Vec<&str> = experiment.runs.keys().collect();
    let seeds = if experiment.seeds.len() == 1 { "one seed".to_string() } else { format!("{} seeds", experiment.seeds.len()) };
    lines.extend(text::wrap(&format!("Runs: {}; {seeds}.", runs.join(", ")), cols).into_iter().map(|line| Line::styled(line, theme.dim)));
    let tries = ledger.iter().filter(|made| made.problem == problem.id && made.experiment == experiment.id).count();
    if tries > 0 {
        let word = if last_of(ledger, &problem.id, &experiment.id).is_some_and(|made| made.guess.hit()) { "right" } else { "wrong" };
        lines.push(Line::styled(format!("Predicted {}, {word} the last time.", if tries == 1 { "once".into() } else { format!("{tries} times") }), theme.dim));
    }
    inner.rows().zip(lines).for_each(|(row, line)| line.render(row, buf));
}

fn last_of<'a>(ledger: &'a [Prediction], problem: &str, experiment: &str) -> Option<&'a Prediction> {
    ledger.iter().rev().find(|made| made.problem == problem && made.experiment == experiment)
}
