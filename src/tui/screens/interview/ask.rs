//! Asking the interviewer: what is typed is matched against the facts of the card, word by word.

use crate::session::{Fact, Mode, Session};
use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::{popup, text};
use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// What a key led to.
#[derive(Debug, PartialEq)]
pub enum Asked {
    Nothing,
    Fact(usize),
    /// The candidate's own words: no fact was chosen.
    Open(String),
}

/// The box in which a question is typed.
#[derive(Clone, Debug, Default)]
pub struct AskBox {
    pub entry: Entry,
    /// 0: the question as it is typed; from 1: the matching facts.
    chosen: usize,
}

impl AskBox {
    pub fn on_key(&mut self, key: KeyEvent, session: &Session) -> Asked {
        let found = self.found(session);
        match key.code {
            KeyCode::Down => self.chosen = (self.chosen + 1).min(found.len()),
            KeyCode::Up => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Enter => {
                if let Some(fact) = self.chosen.checked_sub(1).and_then(|at| found.get(at)) {
                    return Asked::Fact(*fact);
                }
                return if self.entry.text().trim().is_empty() { Asked::Nothing } else { Asked::Open(self.entry.take().trim().to_string()) };
            }
            _ => {
                if self.entry.on_key(key) {
                    self.retarget(session);
                }
            }
        }
        Asked::Nothing
    }

    pub fn paste(&mut self, text: &str, session: &Session) {
        self.entry.paste(text);
        self.retarget(session);
    }

    /// The best fact stands ready, so that Enter asks it.
    fn retarget(&mut self, session: &Session) {
        self.chosen = usize::from(!self.found(session).is_empty());
    }

    /// Places of the facts that may be offered. A real interviewer offers none until something was asked.
    fn found(&self, session: &Session) -> Vec<usize> {
        let facts = &session.plan().facts;
        let words = words(self.entry.text());
        if words.is_empty() {
            return if session.mode() == Mode::Real { Vec::new() } else { (0..facts.len()).collect() };
        }
        matching(&words, facts)
    }

    pub fn draw(&self, session: &Session, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let found = self.found(session);
        let rows = u16::try_from(found.len().min(10) + 6).unwrap_or(16);
        let inner = popup::draw("Ask the interviewer", 76, rows, area, buf, theme);
        let [body, foot] = popup::with_foot(inner);
        let row = |n: usize| Rect { y: body.y + u16::try_from(n).unwrap_or(0), height: 1, ..body }.intersection(body);
        let mark = |n: usize| if self.chosen == n { theme.pick("▶ ", "> ") } else { "  " };
        Span::styled(mark(0), theme.accent).render(row(0), buf);
        self.entry.draw(Rect { x: body.x + 2, width: body.width.saturating_sub(2), ..row(0) }, buf, theme);
        let cols = usize::from(body.width).saturating_sub(10);
        for (n, fact) in found.iter().enumerate().take(usize::from(body.height).saturating_sub(2)) {
            let at = row(n + 2);
            let known = if session.has_asked(*fact) { " asked" } else { "" };
            let ask = text::fit(&session.plan().facts[*fact].ask, cols);
            Line::from(vec![Span::styled(mark(n + 1), theme.accent), Span::raw(ask), Span::styled(known, theme.dim)]).render(at, buf);
            if self.chosen == n + 1 {
                buf.set_style(at, theme.selected);
            }
        }
        let hint = if found.is_empty() {
            "enter asks in your own words · esc back"
        } else {
            "enter asks · ↑ ↓ choose · the top line: your own words · esc back"
        };
        Line::styled(hint, theme.dim).render(foot, buf);
    }
}

/// Words that carry a question; the short ones are in every sentence.
fn words(text: &str) -> Vec<String> {
    const COMMON: [&str; 12] = ["what", "how", "many", "much", "the", "are", "does", "there", "will", "should", "which", "have"];
    let split = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    split.filter(|word| word.chars().count() >= 3 && !COMMON.contains(&word.as_str())).collect()
}

/// Facts whose question holds some of the words, those that hold most first.
fn matching(words: &[String], facts: &[Fact]) -> Vec<usize> {
    let atoms: Vec<_> = words.iter().map(|w| Atom::new(w, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy, false)).collect();
    let exact: Vec<_> = words.iter().map(|w| Atom::new(w, CaseMatching::Ignore, Normalization::Smart, AtomKind::Substring, false)).collect();
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut chars = Vec::new();
    let mut scored: Vec<(u32, usize)> = Vec::new();
    for (at, fact) in facts.iter().enumerate() {
        let mut score = 0;
        for hay in fact.ask.split_whitespace() {
            let hay = Utf32Str::new(hay, &mut chars);
            // A fuzzy match inside one word forgives a slip; across words it would match anything.
            score += atoms
                .iter()
                .zip(&exact)
                .filter_map(|(fuzzy, exact)| Some(exact.score(hay, &mut matcher).map_or(0, u32::from) + u32::from(fuzzy.score(hay, &mut matcher)?)))
                .sum::<u32>();
        }
        if score > 0 {
            scored.push((score, at));
        }
    }
    scored.sort_by_key(|(score, at)| (std::cmp::Reverse(*score), *at));
    scored.into_iter().map(|(_, at)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Vec<Fact> {
        ["How many players are there?", "How fresh must a rank be?", "May scores go down?"].map(|ask| Fact { ask: ask.into(), answer: String::new() }).to_vec()
    }

    #[test]
    fn a_question_finds_its_fact_in_other_words() {
        let found = |asked: &str| matching(&words(asked), &facts());
        assert_eq!(found("number of players?").first(), Some(&0));
        assert_eq!(found("how stale may ranks get, how fresh").first(), Some(&1));
        assert_eq!(found("can a score shrink").first(), Some(&2));
        assert_eq!(found("which colour is the button"), Vec::<usize>::new());
    }
}
