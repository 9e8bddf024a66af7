//! The sizing form: the numbers of the candidate's design, which knob each turns, and outside real mode a run of them.

use crate::catalog::{Problem, Sizing};
use crate::lab::verify;
use crate::session::{Mode, Session};
use crate::tui::event::Mailbox;
use crate::tui::screens::proof::{Proof, Tell};
use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::scroll::Scroll;
use crate::tui::widgets::{popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::design::{Design, find};
use std::any::Any;
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
        let asked = &self.problem.sizing;
        if self.told {
            return self.draw_told(area, buf, theme);
        }
        let rows = u16::try_from(asked.len() * 2 + 5).unwrap_or(u16::MAX).max(7);
        let inner = popup::draw("Sizing: the numbers of your design", 100, rows, area, buf, theme);
        let [body, foot] = popup::with_foot(inner);
        if asked.is_empty() {
            Line::styled("This card asks for no numbers.", theme.dim).render(body, buf);
        }
        let shown = (body.height / 2).max(1);
        let from = scroll::window(self.chosen, shown, asked.len());
        for (n, row) in asked.iter().enumerate().skip(from).take(usize::from(shown)) {
            let y = body.y + u16::try_from((n - from) * 2).unwrap_or(0);
            let (ask, answer) = (Rect { y, height: 1, ..body }.intersection(body), Rect { y: y + 1, height: 1, ..body }.intersection(body));
            let mark = if n == self.chosen { theme.pick("▶ ", "> ") } else { "  " };
            let style = if n == self.chosen { theme.title } else { theme.text };
            let says = text::fit(row.ask.trim(), usize::from(body.width).saturating_sub(2));
            Line::from(vec![Span::styled(mark, theme.accent), Span::styled(says, style)]).render(ask, buf);
            self.draw_answer(n, answer, buf, theme);
        }
        let run = match (self.may_run, self.design) {
            (true, _) => "ctrl-r runs them",
            (false, Some(_)) => "they run when the interview is over",
            (false, None) => "this card has no design to run them",
        };
        Line::styled(format!("↑ ↓ choose · kept as you type · {run} · esc back"), theme.dim).render(foot, buf);
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
