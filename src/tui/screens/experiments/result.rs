//! What an experiment showed: the guess against the truth, the expectations, the runs side by side, and why.

use crate::catalog::expect::significant;
use crate::lab::evaluate::Judged;
use crate::lab::experiment::{Report, Truth};
use crate::store::Guess;
use crate::tui::panes::markdown::Markdown;
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use std::cell::Cell;

pub struct Told {
    report: Report,
    debrief: Markdown,
    guess: Option<Guess>,
    scroll: scroll::Scroll,
    /// Rows of the window and of the text when it was drawn last: what keys scroll by.
    drawn: Cell<(u16, usize)>,
}

/// A number and the blank before it; what is left of a column is a bar.
const NUMBER_COLS: usize = 10;
/// From here on the debrief has a column of its own.
const WIDE: u16 = 100;

impl Told {
    pub fn new(report: Report, guess: Option<Guess>) -> Told {
        Told { debrief: Markdown::new(report.debrief.as_str()), report, guess, scroll: scroll::Scroll::default(), drawn: Cell::new((1, 1)) }
    }

    /// A guess that failed, and why.
    pub fn missed(&self) -> Option<(Guess, &str)> {
        let guess = self.guess.filter(|guess| !guess.hit())?;
        Some((guess, &self.report.debrief))
    }

    pub fn on_key(&mut self, key: KeyEvent) -> bool {
        let (rows, length) = self.drawn.get();
        self.scroll.on_key(key, rows, length)
    }

    pub fn by(&mut self, lines: isize) {
        let (rows, length) = self.drawn.get();
        self.scroll.by(lines, rows, length);
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        if area.width < WIDE {
            let cols = usize::from(area.width).saturating_sub(2);
            let mut lines = self.findings(cols, theme);
            lines.push(Line::raw(""));
            lines.extend(self.why(cols, theme));
            return self.pane(&self.report.title, lines, area, buf, theme);
        }
        let [left, right] = area.layout(&Layout::horizontal([Constraint::Percentage(55), Constraint::Fill(1)]));
        let cols = |area: Rect| usize::from(area.width).saturating_sub(2);
        self.pane(&self.report.title, self.findings(cols(left), theme), left, buf, theme);
        let block = popup::frame("Why", theme);
        let inner = block.inner(right);
        block.render(right, buf);
        inner.rows().zip(self.why(cols(right), theme)).for_each(|(row, line)| line.render(row, buf));
    }

    fn pane(&self, title: &str, lines: Vec<Line<'static>>, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let block = popup::focused(title, theme);
        let inner = block.inner(area);
        block.render(area, buf);
        self.drawn.set((inner.height, lines.len()));
        let from = self.scroll.clamped(inner.height, lines.len());
        scroll::bar(area, from, lines.len(), buf, theme);
        inner.rows().zip(lines.into_iter().skip(from)).for_each(|(row, line)| line.render(row, buf));
    }

    fn findings(&self, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
        let mut lines = self.guess_lines(cols, theme);
        lines.push(Line::raw(""));
        let word = if self.report.passed { "What was to be shown, holds" } else { "Not everything holds" };
        lines.push(Line::styled(format!("{word} ({} seeds)", self.report.seeds.len()), theme.title));
        self.report.judged.iter().for_each(|judged| lines.extend(judged_lines(judged, cols, theme)));
        lines.push(Line::raw(""));
        lines.push(Line::styled("The runs side by side (median of the seeds)", theme.title));
        lines.extend(self.side_by_side(cols, theme));
        lines
    }

    fn guess_lines(&self, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
        let truth = match self.report.truth {
            Truth::Number(Some(actual)) => format!("The runs say {}.", significant(actual)),
            Truth::Number(None) => "The runs give no value.".into(),
            Truth::Choice(right) => format!("Choice {} is right.", right + 1),
        };
        let (says, style) = match self.guess {
            None => (truth, theme.text),
            Some(guess) => {
                let mine = match guess {
                    Guess::Number { value, low, high, .. } => {
                        format!("You said {}, between {} and {}.", significant(value), significant(low), significant(high))
                    }
                    Guess::Choice { chosen, .. } => format!("You said {chosen}."),
                };
                let (mark, style) = if guess.hit() { (theme.pick("✓", "+"), theme.good) } else { (theme.pick("✗", "x"), theme.warn) };
                (format!("{mark} {mine} {truth}"), style)
            }
        };
        text::wrap(&says, cols).into_iter().map(|line| Line::styled(line, style)).collect()
    }

    /// Metrics in which the runs differ; all of them where there is but one run.
    fn side_by_side(&self, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
        let Some(first) = self.report.trials.first() else { return Vec::new() };
        let runs: Vec<&str> = first.runs.iter().map(|(name, _)| name.as_str()).collect();
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in first.runs.iter().flat_map(|(_, outcome)| &outcome.metrics) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        // What the experiment speaks of comes first.
        let spoken = |name: &str| self.report.judged.iter().any(|line| speaks_of(&line.text, name));
        names.sort_by_key(|name| !spoken(name));
        let name_cols = names.iter().map(|n| n.len()).max().unwrap_or(0).min(cols / 3);
        let each = (cols.saturating_sub(name_cols) / runs.len().max(1)).clamp(NUMBER_COLS, NUMBER_COLS + 14);
        let bar_cols = each - NUMBER_COLS;
        let right = |cell: &str| format!("{:>1$} ", text::fit(cell, NUMBER_COLS - 1), NUMBER_COLS - 1);
        let head: String = runs.iter().map(|run| right(run) + &" ".repeat(bar_cols)).collect();
        let mut lines = vec![Line::styled(format!("{}{head}", " ".repeat(name_cols)), theme.dim)];
        for name in names {
            let values: Vec<Option<f64>> = runs.iter().map(|run| self.median(run, name)).collect();
            let alike = runs.len() > 1 && values.iter().all(|value| *value == values[0]);
            let nothing = values.iter().all(|value| value.is_none_or(|value| value == 0.0));
            if (alike || nothing) && !spoken(name) {
                continue;
            }
            let most = values.iter().flatten().fold(0.0, |most: f64, value| most.max(value.abs()));
            let mut line = Line::from(Span::styled(text::pad(name, name_cols), theme.dim));
            for (n, value) in values.iter().enumerate() {
                line.push_span(Span::styled(right(&value.map_or_else(|| "-".into(), significant)), theme.text));
                let part = value.map_or(0.0, |value| if most > 0.0 { value.abs() / most } else { 0.0 });
                line.push_span(Span::styled(meter::bar(part, bar_cols.saturating_sub(1), theme), theme.line(n)));
                line.push_span(Span::raw(if bar_cols > 0 { " " } else { "" }));
            }
            lines.push(line);
        }
        lines
    }

    fn median(&self, run: &str, metric: &str) -> Option<f64> {
        use crate::catalog::expect::{Leaf, Sum};
        let sum = Sum::Leaf(Leaf::Metric { run: run.into(), metric: metric.into() });
        crate::lab::evaluate::median(&sum, &self.report.trials)
    }

    fn why(&self, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
        self.debrief.lines(u16::try_from(cols).unwrap_or(u16::MAX), theme, None).to_vec()
    }
}

/// Whether a line names the metric of any run.
fn speaks_of(line: &str, metric: &str) -> bool {
    line.split(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))).any(|word| word.split_once('.').is_some_and(|(_, name)| name == metric))
}

fn judged_lines(judged: &Judged, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let (mark, style) = if judged.passed { (theme.pick("✓", "+"), theme.good) } else { (theme.pick("✗", "x"), theme.bad) };
    let mut says = judged.text.clone();
    if let (Some(left), Some(right)) = (judged.left, judged.right) {
        says.push_str(&format!(" · {} against {}", significant(left), significant(right)));
    }
    if let (false, Some(detail)) = (judged.passed, &judged.detail) {
        says.push_str(&format!(" · {detail}"));
    }
    if let (false, Some(seed)) = (judged.passed, judged.seed) {
        says.push_str(&format!(" (seed {seed})"));
    }
    let wrapped = text::wrap(&says, cols.saturating_sub(2));
    wrapped
        .into_iter()
        .enumerate()
        .map(|(n, line)| Line::from(vec![Span::styled(if n == 0 { format!("{mark} ") } else { "  ".into() }, style), Span::styled(line, theme.text)]))
        .collect()
}
