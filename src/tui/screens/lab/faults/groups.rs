//! Groups of nodes put together by keys: each node in a group or in none.

use crate::tui::theme::Theme;
use crate::tui::widgets::{scroll, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// Nodes and the group each is in, counted from 1; 0 is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Groups {
    members: Vec<(String, usize)>,
    at: usize,
}

const GROUPS_MAX: usize = 9;

impl Groups {
    /// Begins with nobody in a group: whoever stays so keeps all its links.
    pub fn new(nodes: &[String]) -> Groups {
        Groups { members: nodes.iter().map(|name| (name.clone(), 0)).collect(), at: 0 }
    }

    pub fn on_key(&mut self, key: KeyEvent) {
        let last = self.members.len().saturating_sub(1);
        let Some(group) = self.members.get(self.at).map(|(_, group)| *group) else { return };
        match key.code {
            KeyCode::Down | KeyCode::Tab | KeyCode::Char('j') => self.at = (self.at + 1).min(last),
            KeyCode::Up | KeyCode::BackTab | KeyCode::Char('k') => self.at = self.at.saturating_sub(1),
            KeyCode::Home | KeyCode::Char('g') => self.at = 0,
            KeyCode::End | KeyCode::Char('G') => self.at = last,
            KeyCode::Right | KeyCode::Char('l' | ' ') => self.put((group + 1) % (self.used() + 2).min(GROUPS_MAX + 1)),
            KeyCode::Left | KeyCode::Char('h') => self.put(group.checked_sub(1).unwrap_or((self.used() + 1).min(GROUPS_MAX))),
            KeyCode::Backspace | KeyCode::Delete => self.put(0),
            KeyCode::Char(c) if c.is_ascii_digit() => self.put(c as usize - '0' as usize),
            KeyCode::Char('r') => self.whole_role(group),
            _ => {}
        }
    }

    fn put(&mut self, group: usize) {
        self.members[self.at].1 = group;
    }

    /// Groups that have a member, as the highest number.
    fn used(&self) -> usize {
        self.members.iter().map(|(_, group)| *group).max().unwrap_or(0)
    }

    /// Everyone whose name differs only in its number goes where the chosen one is.
    fn whole_role(&mut self, group: usize) {
        let role = role(&self.members[self.at].0).to_string();
        self.members.iter_mut().filter(|(name, _)| role_of(name, &role)).for_each(|(_, g)| *g = group);
    }

    /// As a script writes it: `s1 s2 | s3`.
    pub fn text(&self) -> String {
        let group = |n: usize| self.members.iter().filter(|(_, group)| *group == n).map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" ");
        (1..=GROUPS_MAX).map(group).filter(|group| !group.is_empty()).collect::<Vec<_>>().join(" | ")
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let [head, list] = [Rect { height: 1.min(area.height), ..area }, Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }];
        let text = self.text();
        let says = if text.is_empty() { "no groups yet; who is in none keeps all links".to_string() } else { text };
        Line::styled(text::fit(&says, usize::from(area.width)), theme.accent).render(head, buf);
        let names = self.members.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let from = scroll::window(self.at, list.height, self.members.len());
        for (row, (at, (name, group))) in list.rows().zip(self.members.iter().enumerate().skip(from)) {
            let here = at == self.at;
            let mark = if here { theme.pick("▸", ">") } else { " " };
            let place = if *group == 0 { theme.pick("·", ".").to_string() } else { group.to_string() };
            // Each group stands in a column of its own, so that a glance shows who is with whom.
            let shift = " ".repeat(2 * group.saturating_sub(1));
            Line::from(vec![
                Span::styled(mark, theme.accent),
                Span::styled(format!("{} ", text::pad(name, names)), if here { theme.selected } else { theme.text }),
                Span::styled(format!(" {shift}[{place}]"), if *group == 0 { theme.dim } else { theme.line(*group) }),
            ])
            .render(row, buf);
        }
    }
}

/// `s` of `s12`.
pub fn role(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit())
}

pub fn role_of(name: &str, wanted: &str) -> bool {
    role(name) == wanted
}
