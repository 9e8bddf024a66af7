//! The estimation sheet: a line is typed, its result stands beside it with its unit, earlier lines come back to be changed.

use crate::session::{self, Session};
use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::{popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

#[derive(Clone, Debug, Default)]
pub struct Sheet {
    pub entry: Entry,
    /// The line that came back to be changed; `None`: a new one is typed.
    at: Option<usize>,
    /// What was typed before an earlier line came back.
    draft: String,
    /// What the card asks to be estimated, where it may be known: then a line can say which it answers.
    asks: Vec<String>,
    /// The question that the typed line answers, from 0. It is kept apart from the text, so that typing goes on where it was.
    answers: Option<usize>,
}

impl Sheet {
    pub fn new(asks: Vec<String>) -> Sheet {
        Sheet { asks, ..Sheet::default() }
    }

    /// Takes a key; returns a line for the notes, if that was asked for.
    pub fn on_key(&mut self, key: KeyEvent, session: &mut Session) -> Option<String> {
        let held = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => self.enter(session),
            KeyCode::Up => self.recall(self.at.unwrap_or(session.estimates().len()).checked_sub(1), session),
            KeyCode::Down if self.at.is_some() => self.recall(self.at.map(|at| at + 1), session),
            KeyCode::Backspace if self.entry.text().is_empty() && self.at.is_none() => self.recall(session.estimates().len().checked_sub(1), session),
            KeyCode::Char('p') if held => return self.note(session),
            KeyCode::Char('x') if held => {
                if let Some(at) = self.at {
                    let _ = session.re_estimate(at, "");
                    self.leave_line();
                }
            }
            KeyCode::Tab if !self.asks.is_empty() => self.tag(),
            _ => drop(self.entry.on_key(key)),
        }
        None
    }

    /// A line that does not work out stays to be mended.
    fn enter(&mut self, session: &mut Session) {
        let line = self.line();
        match self.at {
            Some(at) if line.is_empty() || self.result(session).is_ok() => {
                let _ = session.re_estimate(at, &line);
                self.leave_line();
            }
            None if !line.is_empty() && self.result(session).is_ok() => {
                let _ = session.estimate(&line);
                self.entry.take();
                self.answers = None;
            }
            _ => {}
        }
    }

    /// The typed line as it is kept: with the tag of the question that it answers, before any remark. Nothing typed is no line.
    fn line(&self) -> String {
        let text = self.entry.text().trim();
        match self.answers.filter(|_| !text.is_empty()) {
            None => text.to_string(),
            Some(n) => match text.split_once('#') {
                None => format!("{text} #{}", n + 1),
                Some((sum, remark)) => format!("{} #{} {}", sum.trim_end(), n + 1, remark.trim_start()),
            },
        }
    }

    /// Takes up a line: a tag in it becomes the choice of its question.
    fn take_up(&mut self, line: &str) {
        (self.entry, self.answers) = (Entry::new(line), None);
        self.lift();
    }

    fn lift(&mut self) {
        let text = self.entry.text();
        let (sum, tag) = session::split_tag(text);
        let Some(tag) = tag.filter(|tag| *tag < self.asks.len()) else { return };
        let remark = text[sum.len() + 1..].trim_start_matches(|c: char| c.is_ascii_digit()).trim();
        let rest = if remark.is_empty() { sum.trim_end().to_string() } else { format!("{sum}# {remark}") };
        (self.entry, self.answers) = (Entry::new(rest), Some(tag));
    }

    fn leave_line(&mut self) {
        self.at = None;
        let draft = std::mem::take(&mut self.draft);
        self.take_up(&draft);
    }

    fn recall(&mut self, at: Option<usize>, session: &Session) {
        let Some(at) = at else { return };
        match session.estimates().get(at) {
            Some(line) => {
                if self.at.is_none() {
                    self.draft = self.line();
                }
                self.at = Some(at);
                self.take_up(line);
            }
            None => self.leave_line(),
        }
    }

    /// The next question, and after the last none.
    fn tag(&mut self) {
        self.lift();
        self.answers = Some(self.answers.map_or(0, |at| at + 1)).filter(|next| *next < self.asks.len());
    }

    /// The typed line with its result; on an empty line the last one.
    fn note(&self, session: &Session) -> Option<String> {
        let (line, worked) = if self.entry.text().trim().is_empty() {
            (session.estimates().last()?.as_str(), session::sheet(session.estimates()).pop()?.ok()?)
        } else {
            (self.entry.text(), self.result(session).ok()?)
        };
        let sum = session::split_tag(line).0.trim();
        // `writes = 100M/day` reads as `writes: 100M/day = 1.16 K/s`.
        let sum = sum.split_once('=').map_or(sum.to_string(), |(name, sum)| format!("{}: {}", name.trim(), sum.trim()));
        Some(format!("{sum} = {}", worked.shown))
    }

    /// What the typed line gives, below the lines that stand above it.
    fn result(&self, session: &Session) -> Result<session::Worked, session::Slip> {
        let above = self.at.unwrap_or(session.estimates().len());
        let typed = self.line();
        let lines: Vec<&str> = session.estimates().iter().take(above).map(String::as_str).chain([typed.as_str()]).collect();
        session::sheet(&lines).pop().unwrap_or_else(|| Err(session::Slip { from: 0, to: 1, says: String::new() }))
    }

    pub fn draw(&self, session: &Session, area: Rect, buf: &mut Buffer, theme: &Theme) {
        /// The typed line, the place of a slip, and two lines to say it.
        const TYPED: usize = 4;
        let lines = session.estimates();
        let rows = u16::try_from(lines.len().min(20) + TYPED + 5).unwrap_or(30).max(11);
        let inner = popup::draw("Estimate", 84, rows, area, buf, theme);
        let [body, foot] = popup::with_foot(inner);
        let room = usize::from(body.height).saturating_sub(TYPED).min(lines.len());
        let from = scroll::window(self.at.unwrap_or(lines.len().saturating_sub(1)), u16::try_from(room).unwrap_or(0), lines.len());
        let right = usize::from(body.width) * 2 / 5;
        let left = usize::from(body.width).saturating_sub(right + 2);
        let row = |n: usize| Rect { y: body.y + u16::try_from(n).unwrap_or(0), height: 1, ..body }.intersection(body);
        for (n, (line, result)) in lines.iter().zip(session::sheet(lines)).enumerate().skip(from).take(room) {
            let result = result.map_or_else(
                |slip| Span::styled(text::fit(&slip.says, right), theme.warn),
                |worked| Span::styled(text::fit(&worked.shown, right), theme.accent),
            );
            let mark = if self.at == Some(n) { theme.pick("▸ ", "> ") } else { "  " };
            let style = if self.at == Some(n) { theme.title } else { theme.text };
            Line::from(vec![Span::styled(mark, theme.accent), Span::styled(text::pad(line, left.saturating_sub(2)), style), Span::raw("  "), result])
                .render(row(n - from), buf);
        }
        self.draw_typed(session, left, right, Rect { y: row(room).y, height: body.bottom().saturating_sub(row(room).y), ..body }, buf, theme);
        let tab = if self.asks.is_empty() { "" } else { "tab question · " };
        let says = match self.at {
            None => format!("enter keeps · ↑ earlier · ctrl-p into the notes · {tab}esc back"),
            Some(_) => format!("enter changes · ctrl-x removes · ctrl-p into the notes · {tab}↓ new line"),
        };
        Line::styled(says, theme.dim).render(foot, buf);
    }

    /// The line with the cursor, its result or where it slips, and the question it answers.
    fn draw_typed(&self, session: &Session, left: usize, right: usize, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let cells = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        let row = |n: u16| Rect { y: area.y.saturating_add(n), height: 1, ..area }.intersection(area);
        let now = row(0);
        let mark = if self.at.is_some() { theme.pick("✎ ", "~ ") } else { theme.pick("▶ ", "> ") };
        Span::styled(mark, theme.accent).render(now, buf);
        self.entry.draw(Rect { x: now.x + 2, width: cells(left.saturating_sub(2)), ..now }.intersection(now), buf, theme);
        let typed = self.entry.text();
        if let (true, Some(says)) = (typed.trim().is_empty(), self.answering(self.answers)) {
            return under(&says, theme.accent, row(1), area, buf);
        }
        if typed.trim().is_empty() {
            let says = "writes = 100M/day · writes * 10 KB * 5y in TB · 20M users * 3 posts/user / day";
            return Line::styled(text::fit(says, usize::from(area.width)), theme.dim).render(row(2), buf);
        }
        match self.result(session) {
            Ok(worked) => {
                let at = Rect { x: now.x + cells(left + 2), width: cells(right), ..now }.intersection(now);
                Line::styled(text::fit(&worked.shown, right), theme.accent).render(at, buf);
                if let Some(says) = self.answering(worked.answers) {
                    under(&says, theme.dim, row(1), area, buf);
                }
            }
            Err(slip) => {
                // A line that has scrolled sideways shows no place; the words still say what.
                if typed.chars().count() + 3 < left {
                    let under = theme.pick("▔", "^").repeat(slip.to.saturating_sub(slip.from).max(1));
                    Span::styled(format!("  {}{under}", " ".repeat(slip.from)), theme.warn).render(row(1), buf);
                }
                for (n, line) in text::wrap(&slip.says, usize::from(area.width).saturating_sub(2)).into_iter().take(2).enumerate() {
                    Line::styled(format!("  {line}"), theme.warn).render(row(cells(n) + 2), buf);
                }
            }
        }
    }

    /// `answers 2: How many workers?`
    fn answering(&self, n: Option<usize>) -> Option<String> {
        n.and_then(|n| self.asks.get(n).map(|ask| format!("answers {}: {}", n + 1, crate::prose::flat(ask))))
    }
}

/// A sentence from this row of the area on, as much as there is room for.
fn under(says: &str, style: Style, first: Rect, area: Rect, buf: &mut Buffer) {
    let rows = Rect { height: area.bottom().saturating_sub(first.y), ..first };
    for (row, line) in rows.rows().zip(text::wrap(says, usize::from(area.width))) {
        Line::styled(line, style).render(row, buf);
    }
}
