//! The fuzzy filter of the list, with helix's matcher.

use crate::catalog::Head;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

#[derive(Default)]
pub struct Filter {
    text: String,
}

impl Filter {
    pub fn set(&mut self, text: &str) {
        self.text = text.to_string();
    }

    /// True if the key changed the text.
    pub fn on_key(&mut self, key: KeyEvent) -> bool {
        let held = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('u') if held => self.text.clear(),
            KeyCode::Char('w') if held => {
                let kept = self.text.trim_end().rfind(' ').map_or(0, |at| at + 1);
                self.text.truncate(kept);
            }
            KeyCode::Char(c) if !held => self.text.push(c),
            KeyCode::Backspace => {
                self.text.pop();
            }
            _ => return false,
        }
        true
    }

    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Only the first line of what was pasted, and no control characters.
    pub fn paste(&mut self, text: &str) {
        self.text.extend(text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()));
    }

    /// `Problems by group`, `Problems / cache`, and a mark for the cursor while it is typed.
    pub fn title(&self, typing: bool, order: &str) -> String {
        match (typing, self.text.is_empty()) {
            (true, _) => format!("Problems / {}_", self.text),
            (false, true) => format!("Problems {order}"),
            (false, false) => format!("Problems / {}", self.text),
        }
    }

    /// The places of the heads that match, best first; none if there is no filter.
    pub fn apply(&self, heads: &[Head]) -> Option<Vec<usize>> {
        if self.is_empty() {
            return None;
        }
        let pattern = Pattern::parse(&self.text, CaseMatching::Smart, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut chars = Vec::new();
        let mut found: Vec<(u32, usize)> = heads
            .iter()
            .enumerate()
            .filter_map(|(at, head)| {
                let hay = format!("{} {} {} {} {} {}", head.title, head.id, head.group, head.level, head.difficulty, head.mechanisms.join(" "));
                pattern.score(Utf32Str::new(&hay, &mut chars), &mut matcher).map(|score| (score, at))
            })
            .collect();
        found.sort_by_key(|(score, at)| (std::cmp::Reverse(*score), *at));
        Some(found.into_iter().map(|(_, at)| at).collect())
    }
}
