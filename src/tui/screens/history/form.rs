//! A small form over the history: rows that are typed or chosen from.

use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::{popup, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

#[derive(Clone, Debug)]
pub enum Field {
    Choice {
        all: Vec<String>,
        at: usize,
    },
    Text(Entry),
    /// Enter goes there.
    Door(&'static str),
}

#[derive(Clone, Debug)]
pub struct Row {
    pub label: &'static str,
    pub field: Field,
}

/// What a form is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Filter,
    Mend,
    Export,
}

#[derive(Clone, Debug)]
pub struct Form {
    pub purpose: Purpose,
    title: &'static str,
    rows: Vec<Row>,
    at: usize,
    /// What is wrong with what was entered.
    pub wrong: Option<String>,
}

/// What a key did to the form.
pub enum Did {
    Stays,
    Leaves,
    /// To be done, with the chosen row's label.
    Enters(&'static str),
}

impl Row {
    /// One of `all`, `now` to begin with.
    pub fn choice(label: &'static str, all: Vec<String>, now: &str) -> Row {
        let at = all.iter().position(|one| one == now).unwrap_or(0);
        Row { label, field: Field::Choice { all, at } }
    }

    /// One of `all`, or any.
    pub fn any_of(label: &'static str, all: Vec<String>, now: Option<&str>) -> Row {
        let all = std::iter::once("any".to_owned()).chain(all).collect();
        Row::choice(label, all, now.unwrap_or("any"))
    }

    pub fn text(label: &'static str, now: impl Into<String>) -> Row {
        Row { label, field: Field::Text(Entry::new(now)) }
    }
}

impl Form {
    pub fn new(purpose: Purpose, title: &'static str, rows: Vec<Row>) -> Form {
        Form { purpose, title, rows, at: 0, wrong: None }
    }

    /// What stands in a row.
    pub fn value(&self, label: &str) -> &str {
        match self.rows.iter().find(|row| row.label == label).map(|row| &row.field) {
            Some(Field::Choice { all, at }) => all.get(*at).map_or("", String::as_str),
            Some(Field::Text(entry)) => entry.text().trim(),
            Some(Field::Door(_)) | None => "",
        }
    }

    /// The same, if it is one of the choices and not `any`.
    pub fn chosen(&self, label: &str) -> Option<String> {
        Some(self.value(label)).filter(|value| !value.is_empty() && *value != "any").map(str::to_owned)
    }

    pub fn set(&mut self, label: &str, value: String) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.label == label) {
            row.field = Field::Text(Entry::new(value));
        }
    }

    pub fn on_key(&mut self, key: KeyEvent) -> Did {
        let rows = self.rows.len();
        match key.code {
            KeyCode::Esc => return Did::Leaves,
            KeyCode::Enter => return Did::Enters(self.rows[self.at].label),
            KeyCode::Down | KeyCode::Tab => self.at = (self.at + 1) % rows,
            KeyCode::Up | KeyCode::BackTab => self.at = (self.at + rows - 1) % rows,
            _ => self.change(key),
        }
        Did::Stays
    }

    fn change(&mut self, key: KeyEvent) {
        self.wrong = None;
        match (&mut self.rows[self.at].field, key.code) {
            (Field::Choice { all, at }, KeyCode::Right | KeyCode::Char(' ' | 'l')) => *at = (*at + 1) % all.len().max(1),
            (Field::Choice { all, at }, KeyCode::Left | KeyCode::Char('h')) => *at = (*at + all.len().max(1) - 1) % all.len().max(1),
            (Field::Text(entry), _) => drop(entry.on_key(key)),
            _ => {}
        }
    }

    pub fn paste(&mut self, pasted: &str) {
        if let Field::Text(entry) = &mut self.rows[self.at].field {
            entry.paste(pasted);
        }
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let high = u16::try_from(self.rows.len() + 5).unwrap_or(u16::MAX);
        let inner = popup::draw(self.title, 66, high, area, buf, theme);
        let [body, foot] = popup::with_foot(inner);
        let wide = self.rows.iter().map(|row| row.label.len()).max().unwrap_or(0);
        for (n, (row, place)) in self.rows.iter().zip(body.rows()).enumerate() {
            let here = n == self.at;
            let mark = if here { theme.pick("▸", ">") } else { " " };
            let style = if here { theme.accent } else { theme.text };
            let mut spans = vec![Span::styled(format!("{mark} "), theme.accent), Span::styled(text::pad(row.label, wide + 2), theme.dim)];
            match &row.field {
                Field::Choice { all, at } => {
                    let value = all.get(*at).map_or("", String::as_str);
                    let (left, right) = if here { (theme.pick("◂ ", "< "), theme.pick(" ▸", " >")) } else { ("  ", "") };
                    spans.extend([Span::styled(left, theme.dim), Span::styled(value.to_owned(), style), Span::styled(right, theme.dim)]);
                }
                Field::Text(entry) if here => {
                    spans.push(Span::raw("  "));
                    spans.extend(entry.spans(style, theme));
                }
                Field::Text(entry) if entry.text().is_empty() => spans.push(Span::styled("  any", theme.dim)),
                Field::Text(entry) => spans.push(Span::raw(format!("  {}", entry.text()))),
                Field::Door(says) => spans.push(Span::styled(format!("  {says}"), style)),
            }
            Line::from(spans).render(place, buf);
        }
        match &self.wrong {
            Some(wrong) => Line::styled(format!("{} {wrong}", theme.pick("✗", "x")), theme.bad).render(foot, buf),
            None => Line::styled("enter does it · esc leaves it", theme.dim).render(foot, buf),
        }
    }
}
