//! What lies over a screen and has the keys: the help, and a question.

use super::keymap::{GLOBAL, KeyHelp, help, is_no, is_yes};
use super::screen::Ask;
use super::theme::Theme;
use super::widgets::popup;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

pub enum Overlay {
    Help { title: String, keys: Vec<KeyHelp>, from: u16 },
    Confirm { question: String, yes: Box<Ask> },
}

impl Overlay {
    pub fn help(title: &str, mut keys: Vec<KeyHelp>) -> Overlay {
        for key in help(GLOBAL) {
            if !keys.iter().any(|k| k.shown == key.shown) {
                keys.push(key);
            }
        }
        Overlay::Help { title: title.trim().to_string(), keys, from: 0 }
    }

    pub fn confirm(question: &str, yes: Ask) -> Overlay {
        Overlay::Confirm { question: question.to_string(), yes: Box::new(yes) }
    }

    /// What stays of it after a key, and what is asked for.
    pub fn on_key(self, key: KeyEvent) -> (Option<Overlay>, Vec<Ask>) {
        match self {
            Overlay::Help { title, keys, from } => {
                let last = u16::try_from(keys.len()).unwrap_or(u16::MAX);
                let from = match key.code {
                    KeyCode::Down | KeyCode::Char('j') => from.saturating_add(1).min(last),
                    KeyCode::Up | KeyCode::Char('k') => from.saturating_sub(1),
                    _ => return (None, Vec::new()),
                };
                (Some(Overlay::Help { title, keys, from }), Vec::new())
            }
            Overlay::Confirm { yes, .. } if is_yes(key) => (None, vec![*yes]),
            Overlay::Confirm { .. } if is_no(key) => (None, Vec::new()),
            Overlay::Confirm { question, yes } => (Some(Overlay::Confirm { question, yes }), Vec::new()),
        }
    }
}

pub fn draw(overlay: &Overlay, area: Rect, buf: &mut Buffer, theme: &Theme) {
    match overlay {
        Overlay::Help { title, keys, from } => draw_help(title, keys, *from, area, buf, theme),
        Overlay::Confirm { question, .. } => draw_confirm(question, area, buf, theme),
    }
}

fn draw_help(title: &str, keys: &[KeyHelp], from: u16, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let shown = keys.iter().map(|k| Span::raw(k.shown).width()).max().unwrap_or(0);
    let says = keys.iter().map(|k| Span::raw(k.says).width()).max().unwrap_or(0);
    let rows = u16::try_from(keys.len()).unwrap_or(u16::MAX);
    let cols = u16::try_from(shown + says + 8).unwrap_or(u16::MAX).max(44);
    // Of a header that tells more than its screen's name, the name.
    let title = title.split(" · ").take(2).collect::<Vec<_>>().join(" · ");
    let inner = popup::draw(&format!("Keys: {title}"), cols, rows.saturating_add(4), area, buf, theme);
    let lines: Vec<Line<'_>> = keys
        .iter()
        .map(|key| {
            let pad = " ".repeat(shown - Span::raw(key.shown).width());
            Line::from(vec![Span::raw(pad), Span::styled(key.shown, theme.key), Span::raw("  "), Span::styled(key.says, theme.text)])
        })
        .collect();
    let [list, foot] = popup::with_foot(inner);
    let from = from.min(rows.saturating_sub(list.height));
    Paragraph::new(lines).scroll((from, 0)).render(list, buf);
    let hint = if rows > list.height { "j k more · any other key closes" } else { "any key closes" };
    Line::styled(hint, theme.dim).render(foot, buf);
}

fn draw_confirm(question: &str, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let cols = u16::try_from(question.chars().count() + 6).unwrap_or(u16::MAX).clamp(30, 70);
    let wraps = u16::try_from(question.chars().count() / usize::from(cols - 4)).unwrap_or(0);
    let inner = popup::draw("", cols, 5 + wraps, area, buf, theme);
    let [text, foot] = popup::with_foot(inner);
    Paragraph::new(question).wrap(ratatui::widgets::Wrap { trim: true }).style(theme.text).render(text, buf);
    Line::styled("y or enter yes · n or esc no", theme.dim).render(foot, buf);
}
