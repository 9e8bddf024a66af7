//! One line of text that is being typed.

use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthChar;

/// The text and where the next character goes, as a count of characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    text: String,
    at: usize,
}

impl Entry {
    pub fn new(text: impl Into<String>) -> Entry {
        let text = text.into();
        Entry { at: text.chars().count(), text }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes the text out and leaves an empty line.
    pub fn take(&mut self) -> String {
        self.at = 0;
        std::mem::take(&mut self.text)
    }

    /// The usual keys of a line; false if the key is none of them.
    pub fn on_key(&mut self, key: KeyEvent) -> bool {
        let held = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('u') if held => drop(self.take()),
            KeyCode::Char('a') if held => self.at = 0,
            KeyCode::Char('e') if held => self.at = self.text.chars().count(),
            KeyCode::Char('w') if held => self.cut_word(),
            KeyCode::Char(c) if !held && !key.modifiers.contains(KeyModifiers::ALT) => self.insert(c),
            KeyCode::Backspace if self.at > 0 => {
                self.at -= 1;
                self.text.remove(self.byte(self.at));
            }
            KeyCode::Delete if self.at < self.text.chars().count() => drop(self.text.remove(self.byte(self.at))),
            KeyCode::Left => self.at = self.at.saturating_sub(1),
            KeyCode::Right => self.at = (self.at + 1).min(self.text.chars().count()),
            KeyCode::Home => self.at = 0,
            KeyCode::End => self.at = self.text.chars().count(),
            _ => return false,
        }
        true
    }

    /// Pasted text: line breaks become blanks.
    pub fn paste(&mut self, text: &str) {
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).for_each(|c| self.insert(c));
    }

    /// The text with the cursor in it, to stand in a line among others.
    pub fn spans(&self, style: Style, theme: &Theme) -> [Span<'static>; 3] {
        let (before, rest) = self.text.split_at(self.byte(self.at));
        let under = rest.chars().next();
        let after = under.map_or("", |c| &rest[c.len_utf8()..]);
        let cursor = theme.text.add_modifier(Modifier::REVERSED);
        [Span::styled(before.to_string(), style), Span::styled(under.unwrap_or(' ').to_string(), cursor), Span::styled(after.to_string(), style)]
    }

    fn insert(&mut self, c: char) {
        self.text.insert(self.byte(self.at), c);
        self.at += 1;
    }

    fn cut_word(&mut self) {
        let end = self.byte(self.at);
        let kept = self.text[..end].trim_end().rfind(' ').map_or(0, |at| at + 1);
        self.text.replace_range(kept..end, "");
        self.at = self.text[..kept].chars().count();
    }

    fn byte(&self, at: usize) -> usize {
        self.text.char_indices().nth(at).map_or(self.text.len(), |(byte, _)| byte)
    }

    /// Draws the line so that the cursor is in sight.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let area = Rect { height: area.height.min(1), ..area }.intersection(buf.area);
        let cols = usize::from(area.width).max(1);
        let chars: Vec<char> = self.text.chars().collect();
        let width = |c: &char| c.width().unwrap_or(0);
        let mut from = 0;
        while chars[from..self.at].iter().map(width).sum::<usize>() + 1 > cols && from < self.at {
            from += 1;
        }
        let text = |chars: &[char]| chars.iter().collect::<String>();
        let under = chars.get(self.at).map_or(" ".to_string(), char::to_string);
        let cursor = Span::styled(under, theme.text.add_modifier(Modifier::REVERSED));
        let after = chars.get(self.at + 1..).map_or(String::new(), text);
        Line::from(vec![Span::raw(text(&chars[from..self.at])), cursor, Span::raw(after)]).render(area, buf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[KeyCode]) -> Entry {
        let mut entry = Entry::new("añb");
        for key in keys {
            entry.on_key((*key).into());
        }
        entry
    }

    #[test]
    fn characters_go_where_the_cursor_stands() {
        assert_eq!(typed(&[KeyCode::Left, KeyCode::Char('漢')]).text(), "añ漢b");
        assert_eq!(typed(&[KeyCode::Left, KeyCode::Backspace]).text(), "ab");
        assert_eq!(typed(&[KeyCode::Home, KeyCode::Delete]).text(), "ñb");
        assert_eq!(typed(&[KeyCode::Home, KeyCode::Backspace, KeyCode::Left, KeyCode::Char('x')]).text(), "xañb");
        assert_eq!(typed(&[KeyCode::End, KeyCode::Delete, KeyCode::Right]).text(), "añb");
    }

    #[test]
    fn a_word_is_cut_before_the_cursor() {
        let mut entry = Entry::new("one two  three");
        let held = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
        entry.on_key(held('w'));
        assert_eq!(entry.text(), "one two  ");
        entry.on_key(held('w'));
        assert_eq!(entry.text(), "one ");
        entry.paste("a\nb");
        assert_eq!(entry.take(), "one a b");
    }
}
