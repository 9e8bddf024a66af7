//! The sizing form: the numbers of the candidate's design, which knob each turns, and outside real mode a run of them.

use crate::catalog::{Problem, Sizing};
use crate::lab::verify;
use crate::session::{Mode, Session};
use crate::tui::event::Mailbox;
use crate::tui::screens::proof::{Proof, Tell};
use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::scroll::Scroll;
use crate::tui::widgets::{popup, prose, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::design::{Design, find};
use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

pub struct Form {
    problem: Arc<Problem>,
    entries: Vec<Entry>,
    chosen: usize,
    design: Option<&'static Design>,
    proof: Proof,
    /// What the run said stands in place of the questions.
    told: bool,
    scroll: Scroll,
    /// Whether the numbers may run before the interview is over.
    may_run: bool,
}

/// One row of the form.
enum Row {
    Ask(Line<'static>),
    Answer(usize),
}

impl Form {
    pub fn new(problem: &Arc<Problem>, session: &Session) -> Form {
        let entries = problem.sizing.iter().map(|row| Entry::new(session.sizing().get(&row.knob).cloned().unwrap_or_default())).collect();
        let design = problem.design.as_deref().and_then(|id| find(sims::designs::ALL, id).ok());
        let may_run = session.mode() != Mode::Real && verify::can(problem) && design.is_some();
        Form { problem: Arc::clone(problem), entries, chosen: 0, design, proof: Proof::default(), told: false, scroll: Scroll::default(), may_run }
    }

    pub fn on_key(&mut self, key: KeyEvent, session: &mut Session, mailbox: &Mailbox) {
        let held = key.modifiers.contains(KeyModifiers::CONTROL);
        let last = self.problem.sizing.len().saturating_sub(1);
        match key.code {
            KeyCode::Char('r') if held && self.may_run => {
                self.proof.start(&self.problem, session, mailbox);
                (self.told, self.scroll) = (true, Scroll::default());
            }
            KeyCode::Char('x') if held && self.proof.is_running() => self.proof.stop(),
            _ if self.told => {
                // Whatever does not move the text leads back to the questions.
                const LINES: usize = 500;
                self.told = self.scroll.on_key(key, 20, LINES) || self.proof.is_running();
            }
            KeyCode::Down | KeyCode::Tab | KeyCode::Enter => self.chosen = (self.chosen + 1).min(last),
            KeyCode::Up | KeyCode::BackTab => self.chosen = self.chosen.saturating_sub(1),
            _ => {
                if self.entries.get_mut(self.chosen).is_some_and(|entry| entry.on_key(key)) {
                    self.keep(session);
                }
            }
        }
    }

    pub fn paste(&mut self, pasted: &str, session: &mut Session) {
        if let Some(entry) = self.entries.get_mut(self.chosen) {
            entry.paste(pasted);
            self.keep(session);
        }
    }

    /// # Errors
    /// The message, if it is another's.
    pub fn on_message(&mut self, message: Box<dyn Any + Send>) -> Result<(), Box<dyn Any + Send>> {
        self.proof.take(message).map(drop)
    }

    pub fn runs(&self) -> bool {
        self.proof.is_running()
    }

    /// Whatever is typed is kept as it is, also what no knob can take: it can be mended later, and the debrief says so.
    fn keep(&self, session: &mut Session) {
        if let (Some(row), Some(entry)) = (self.problem.sizing.get(self.chosen), self.entries.get(self.chosen)) {
            let _ = session.size(&row.knob, entry.text());
        }
    }

    /// What an answer does: `replicas = 4`, or why it does nothing.
    fn effect(&self, row: &Sizing, answer: &str) -> Result<String, String> {
        let answer = answer.trim();
        if answer.is_empty() {
            return Ok(String::new());
        }
        let Some(design) = self.design else { return Ok(format!("{} = {answer}", row.knob)) };
        let scale = if row.scale == 1.0 { String::new() } else { format!("  ({answer} × {})", say_scale(row.scale)) };
        verify::put(design, row, answer).map(|value| format!("{} = {value}{scale}", row.knob))
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        const COLS: u16 = 100;
        if self.told {
            return self.draw_told(area, buf, theme);
        }
        // The frame and its margin take four cells of what the terminal leaves.
        let cols = usize::from(area.width.saturating_sub(2).min(COLS).saturating_sub(4));
        let feeds = text::wrap(&self.feeds(), cols);
        let (rows, chosen) = self.rows(cols, theme);
        let height = u16::try_from(rows.len() + feeds.len() + 5).unwrap_or(u16::MAX).max(7);
        let inner = popup::draw("Sizing: the numbers of your design", COLS, height, area, buf, theme);
        let [body, foot] = popup::with_foot(inner);
        for (row, line) in body.rows().zip(&feeds) {
            Line::styled(line.clone(), theme.dim).render(row, buf);
        }
        let head = u16::try_from(feeds.len() + 1).unwrap_or(u16::MAX);
        let list = Rect { y: body.y.saturating_add(head), height: body.height.saturating_sub(head), ..body }.intersection(body);
        // The chosen question is in sight from its first word to its answer.
        let from = scroll::window(chosen.end.saturating_sub(1), list.height, rows.len()).min(chosen.start);
        let length = rows.len();
        for (row, what) in list.rows().zip(rows.into_iter().skip(from)) {
            match what {
                Row::Ask(line) => line.render(row, buf),
                Row::Answer(n) => self.draw_answer(n, row, buf, theme),
            }
        }
        let below = length.saturating_sub(from + usize::from(list.height));
        let more = if from + below == 0 { String::new() } else { format!(" · {} of {}", self.chosen + 1, self.problem.sizing.len()) };
        let run = if self.may_run { "ctrl-r runs them · " } else { "" };
        Line::styled(format!("↑ ↓ choose{more} · kept as you type · {run}esc back"), theme.dim).render(foot, buf);
    }

    /// What the numbers are for.
    fn feeds(&self) -> String {
        let (objectives, seeds) = (self.problem.objectives.len(), self.problem.proof.as_ref().map_or(1, |proof| proof.seeds.len()));
        if self.design.is_none() || !verify::can(&self.problem) {
            return "This card has no design to run them: they are kept.".into();
        }
        let when = if self.may_run { "when you say so" } else { "after the interview" };
        format!("They feed a run of the design {when}: {}, {}.", text::count(seeds, "seed"), text::count(objectives, "objective"))
    }

    /// Every question whole with its answer under it, and the rows of the chosen one.
    fn rows(&self, cols: usize, theme: &Theme) -> (Vec<Row>, Range<usize>) {
        let (mut rows, mut chosen) = (Vec::new(), 0..0);
        for (n, row) in self.problem.sizing.iter().enumerate() {
            let here = n == self.chosen;
            let (mark, style) = if here { (theme.pick("▶ ", "> "), theme.title) } else { ("  ", theme.text) };
            let first = rows.len();
            rows.extend(prose::hanging(mark, theme.accent, &row.ask, style, cols, theme).into_iter().map(Row::Ask));
            rows.push(Row::Answer(n));
            if here {
                chosen = first..rows.len();
            }
        }
        if rows.is_empty() {
            rows.push(Row::Ask(Line::styled("This card asks for no numbers.", theme.dim)));
        }
        (rows, chosen)
    }

    fn draw_answer(&self, n: usize, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let (Some(row), Some(entry)) = (self.problem.sizing.get(n), self.entries.get(n)) else { return };
        let field = Rect { x: area.x + 4, width: 14, ..area }.intersection(area);
        if n == self.chosen {
            entry.draw(field, buf, theme);
        } else {
            Span::raw(text::fit(entry.text(), usize::from(field.width))).render(field, buf);
        }
        let (effect, style) = match self.effect(row, entry.text()) {
            Ok(good) if good.is_empty() => (String::new(), theme.dim),
            Ok(good) => (format!("{} {good}", theme.pick("→", "->")), theme.dim),
            Err(why) => (format!("! not possible: {why}"), theme.warn),
        };
        let right = Rect { x: area.x + 19, width: area.width.saturating_sub(19), ..area }.intersection(area);
        // What is allowed names the unit itself.
        let unit = if row.unit.is_empty() || effect.starts_with('!') { String::new() } else { format!("{}  ", row.unit) };
        let cols = usize::from(right.width).saturating_sub(unit.chars().count());
        Line::from(vec![Span::styled(unit, theme.text), Span::styled(text::fit(&effect, cols), style)]).render(right, buf);
    }

    fn draw_told(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let inner = popup::draw("Your numbers, run", 100, area.height.saturating_sub(2), area, buf, theme);
        let [body, foot] = popup::with_foot(inner);
        let lines = self.proof.lines(Tell::Verdict, usize::from(body.width), theme);
        let from = self.scroll.clamped(body.height, lines.len());
        for (row, line) in body.rows().zip(lines.into_iter().skip(from)) {
            line.render(row, buf);
        }
        let says = if self.proof.is_running() {
            "ctrl-x stops it · esc back to your notes"
        } else {
            "ctrl-r again · any other key back to the numbers · esc back to your notes"
        };
        Line::styled(says, theme.dim).render(foot, buf);
    }
}

/// A scale as the card writes it: `1/80`.
fn say_scale(scale: f64) -> String {
    let below = 1.0 / scale;
    if scale < 1.0 && (below - below.round()).abs() < 1e-6 * below { format!("1/{below:.0}") } else { crate::catalog::expect::significant(scale) }
}
