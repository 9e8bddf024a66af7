//! Comparing: the runs, where they part, which numbers and invariants differ; and the menu that chooses, closes and opens them.

use crate::catalog::expect::significant;
use crate::lab::compare;
use crate::lab::owner::letter;
use crate::lab::{Frame, frame::Compared};
use crate::tui::panes::dots;
use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::{popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::knob::Knob;
use sims::kernel::value::Kind;

/// The pane: what each run does otherwise, then what came of it.
pub fn draw(frame: &Frame, area: Rect, buf: &mut Buffer, theme: &Theme) {
    // What differs matters more than where it began in full.
    let cols = usize::from(area.width);
    let whole = lines(frame, cols, PARTING_ROWS, theme);
    let lines = if whole.len() <= usize::from(area.height) { whole } else { lines(frame, cols, 1, theme) };
    area.rows().zip(lines).for_each(|(row, line)| line.render(row, buf));
}

/// Rows that where two runs part may take.
const PARTING_ROWS: usize = 3;

fn lines(frame: &Frame, cols: usize, parting_rows: usize, theme: &Theme) -> Vec<Line<'static>> {
    let runs = &frame.compared;
    let mut lines = Vec::new();
    for (n, run) in runs.iter().enumerate() {
        let chosen = if n == frame.chosen { theme.pick("▸", ">") } else { " " };
        let name = if run.name.is_empty() { "as it was" } else { &run.name };
        let ended = if run.ended { " · ended" } else { "" };
        let head = format!("{chosen}{} {} ", letter(n), dots::sample(n, theme));
        lines.push(Line::from(vec![
            Span::styled(head, theme.line(n)),
            Span::styled(text::fit(&format!("{name}{ended}"), cols.saturating_sub(9)), if n == frame.chosen { theme.accent } else { theme.text }),
        ]));
        if n > 0 {
            let cols = cols.saturating_sub(9);
            let says = parting(run, &runs[0]);
            let says = if parting_rows == 1 { vec![text::fit(&says, cols)] } else { text::wrap(&says, cols) };
            lines.extend(says.into_iter().take(parting_rows).map(|line| Line::styled(format!("         {line}"), theme.dim)));
        }
    }
    lines.push(Line::raw(""));
    let each = 9;
    let name_cols = cols.saturating_sub(each * runs.len()).clamp(8, 34);
    for (spec, verdicts) in compare::lamps(runs) {
        let mut line = Line::from(Span::styled(text::pad(&text::fit(spec.id, name_cols - 1), name_cols), theme.text));
        for verdict in &verdicts {
            let (mark, style) = super::draw::lamp(verdict, theme);
            line.push_span(Span::raw(" ".repeat(each - 2)));
            line.push_span(Span::styled(mark, style));
            line.push_span(Span::raw(" "));
        }
        lines.push(line);
    }
    let rows = compare::differences(runs);
    if rows.is_empty() {
        lines.push(Line::styled(" no number differs so far", theme.dim));
        return lines;
    }
    let heads: String = (0..runs.len()).map(|n| format!("{:>width$} ", letter(n), width = each - 1)).collect();
    lines.push(Line::styled(format!("{}{heads}", text::pad("differs most", name_cols)), theme.title));
    for row in rows {
        let mut line = Line::from(Span::styled(text::pad(&text::fit(&row.metric, name_cols - 1), name_cols), theme.dim));
        for value in &row.values {
            let shown = value.map_or_else(|| "-".into(), significant);
            line.push_span(Span::styled(format!("{:>width$} ", text::fit(&shown, each - 1), width = each - 1), theme.text));
        }
        lines.push(line);
    }
    lines
}

/// Where a run first does something else than the first one.
fn parting(run: &Compared, first: &Compared) -> String {
    match &run.parting {
        Some(parting) if parting.first == parting.second => {
            format!("parts from A at {}, event {}: {}, but with other content", parting.at, parting.event, parting.first)
        }
        Some(parting) => {
            format!("parts from A at {}, event {}: {} instead of {}", parting.at, parting.event, parting.second, parting.first)
        }
        None if run.digest == first.digest => "the same run as A so far".into(),
        None => "no event differs from A so far".into(),
    }
}

/// The menu: runs to choose or close, then knobs whose values are compared.
#[derive(Default)]
pub struct Menu {
    chosen: usize,
    values: Option<Values>,
    refused: Option<String>,
}

/// The values of one knob: ticked where there is a list, typed where there is none.
struct Values {
    knob: &'static Knob,
    ticks: Vec<(String, bool)>,
    at: usize,
    input: Entry,
}

pub enum Done {
    Stay,
    Close,
    Choose(usize),
    CloseRun(usize),
    Values(String, Vec<String>),
}

/// Knobs to compare: lists first, since "which algorithm" is what is asked most.
fn knobs(frame: &Frame) -> Vec<&'static Knob> {
    let mut knobs: Vec<&'static Knob> = frame.knobs.iter().map(|(knob, _)| knob).collect();
    knobs.sort_by_key(|knob| !matches!(knob.kind, Kind::Choice(_)));
    knobs
}

impl Menu {
    pub fn types(&self) -> bool {
        self.values.as_ref().is_some_and(|values| values.ticks.is_empty())
    }

    pub fn in_values(&self) -> bool {
        self.values.is_some()
    }

    pub fn on_key(&mut self, key: KeyEvent, frame: &Frame) -> Done {
        if self.values.is_some() {
            return self.values_key(key);
        }
        let (runs, knobs) = (frame.compared.len(), knobs(frame));
        let count = runs + knobs.len();
        match key.code {
            KeyCode::Down | KeyCode::Char('j') => self.chosen = (self.chosen + 1).min(count.saturating_sub(1)),
            KeyCode::Up | KeyCode::Char('k') => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Char('d') | KeyCode::Delete if self.chosen < runs => return Done::CloseRun(self.chosen),
            KeyCode::Enter | KeyCode::Char('l') if self.chosen < runs => return Done::Choose(self.chosen),
            KeyCode::Enter | KeyCode::Char('l') => self.values = knobs.get(self.chosen - runs).map(|knob| Values::of(knob, frame)),
            KeyCode::Esc | KeyCode::Char('q' | 'c') => return Done::Close,
            _ => {}
        }
        Done::Stay
    }

    fn values_key(&mut self, key: KeyEvent) -> Done {
        let Some(values) = &mut self.values else { return Done::Stay };
        self.refused = None;
        match key.code {
            KeyCode::Esc => self.values = None,
            KeyCode::Enter => match values.done() {
                Ok(done) => return done,
                Err(why) => self.refused = Some(why),
            },
            _ if values.ticks.is_empty() => drop(values.input.on_key(key)),
            KeyCode::Down | KeyCode::Char('j') => values.at = (values.at + 1).min(values.ticks.len() - 1),
            KeyCode::Up | KeyCode::Char('k') => values.at = values.at.saturating_sub(1),
            KeyCode::Char(' ' | 'x') => values.ticks[values.at].1 = !values.ticks[values.at].1,
            _ => {}
        }
        Done::Stay
    }

    pub fn on_paste(&mut self, text: &str) {
        if let Some(values) = &mut self.values {
            values.input.paste(text);
        }
    }

    pub fn draw(&self, frame: &Frame, area: Rect, buf: &mut Buffer, theme: &Theme) {
        if let Some(values) = &self.values {
            return self.draw_values(values, area, buf, theme);
        }
        let knobs = knobs(frame);
        let count = frame.compared.len() + knobs.len();
        let inner = popup::draw("Compare", 74, count as u16 + 4, area, buf, theme);
        let [list, _, foot] = inner.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(1), Constraint::Length(1)]));
        let from = scroll::window(self.chosen, list.height, count);
        scroll::bar_beside(list, from, count, buf, theme);
        for (row, at) in list.rows().zip(from..count) {
            let style = if at == self.chosen { theme.selected } else { theme.text };
            let line = match frame.compared.get(at) {
                Some(run) => {
                    let name = if run.name.is_empty() { "as it was" } else { &run.name };
                    Line::from(vec![Span::styled(format!(" run {} ", letter(at)), style), Span::styled(format!(" {name}"), theme.dim)])
                }
                None => {
                    let knob = knobs[at - frame.compared.len()];
                    let head = format!(" values of {} ", knob.name);
                    let says = text::fit(&format!(" {}", knob.says), usize::from(row.width).saturating_sub(head.len()));
                    Line::from(vec![Span::styled(head, style), Span::styled(says, theme.dim)])
                }
            };
            line.render(row, buf);
        }
        let says =
            if self.chosen < frame.compared.len() { "enter shows it in full · d closes it" } else { "the same script under several values, from the start" };
        Line::styled(says, theme.dim).render(foot, buf);
    }

    fn draw_values(&self, values: &Values, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let rows = values.ticks.len().max(1) as u16 + 5;
        let inner = popup::draw(&format!("Compare values of {}", values.knob.name), 64, rows, area, buf, theme);
        let mut lines = Vec::new();
        for (at, (value, on)) in values.ticks.iter().enumerate() {
            let mark = if *on { theme.pick("[✓]", "[x]") } else { "[ ]" };
            lines.push(Line::styled(format!(" {mark} {value} "), if at == values.at { theme.selected } else { theme.text }));
        }
        if values.ticks.is_empty() {
            lines.push(Line::from(values.input.spans(theme.accent, theme).to_vec()));
        }
        lines.push(Line::raw(""));
        match &self.refused {
            Some(why) => lines.extend(text::wrap(why, usize::from(inner.width)).into_iter().map(|line| Line::styled(line, theme.bad))),
            None if values.ticks.is_empty() => lines.push(Line::styled(format!("two to four, with commas between: {}", values.knob.kind), theme.dim)),
            None => lines.push(Line::styled("space ticks · two to four · enter compares", theme.dim)),
        }
        inner.rows().zip(lines).for_each(|(row, line)| line.render(row, buf));
    }
}

impl Values {
    fn of(knob: &'static Knob, frame: &Frame) -> Values {
        let now = frame.knobs.get(knob.name).map(ToString::to_string).unwrap_or_default();
        let options: Vec<String> = match knob.kind {
            Kind::Choice(words) => words.iter().map(ToString::to_string).collect(),
            Kind::Switch => vec!["on".into(), "off".into()],
            _ => Vec::new(),
        };
        let all = options.len() <= 2;
        let ticks = options.into_iter().map(|value| (value.clone(), all || value == now)).collect();
        Values { knob, ticks, at: 0, input: Entry::new(format!("{now}, ")) }
    }

    fn done(&self) -> Result<Done, String> {
        let values: Vec<String> = if self.ticks.is_empty() {
            self.input.text().split(',').map(|value| value.trim().to_string()).filter(|value| !value.is_empty()).collect()
        } else {
            self.ticks.iter().filter(|(_, on)| *on).map(|(value, _)| value.clone()).collect()
        };
        if !(2..=crate::lab::branch::BRANCHES_MAX).contains(&values.len()) {
            return Err(format!("{} chosen, but two to four can be compared", values.len()));
        }
        for value in &values {
            self.knob.kind.read(value).map_err(|why| format!("{} {why}", self.knob.name))?;
        }
        Ok(Done::Values(self.knob.name.into(), values))
    }
}
