//! The answer that is being given: nothing yet, a choice, ticks, gaps, an order, a number.

use crate::catalog::{Card, CardKind};
use crate::drill::cards::answer::{Given, filled, gap, gap_words, shuffled};
use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::{prose, text};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Choices stand in an order of their own: `order[place]` is the card's number of what stands there.
pub enum Input {
    Basic,
    One { order: Vec<usize>, at: usize },
    Some { order: Vec<usize>, at: usize, ticked: Vec<usize> },
    Gaps { entries: Vec<Entry>, at: usize },
    Order { order: Vec<usize>, at: usize, lifted: bool },
    Number(Entry),
}

/// What came of a key.
pub enum Typed {
    Used,
    /// This is my answer.
    Answer,
    Passed,
}

impl Input {
    pub fn of(card: &Card, reps: u32) -> Input {
        match card.kind {
            CardKind::Basic => Input::Basic,
            CardKind::Choice => Input::One { order: shuffled(card, reps), at: 0 },
            CardKind::Several => Input::Some { order: shuffled(card, reps), at: 0, ticked: Vec::new() },
            CardKind::Cloze => Input::Gaps { entries: vec![Entry::default(); card.answer.0.len().max(1)], at: 0 },
            CardKind::Order => Input::Order { order: shuffled(card, reps), at: 0, lifted: false },
            CardKind::Number => Input::Number(Entry::default()),
        }
    }

    /// Whether letters are text now.
    pub fn types(&self) -> bool {
        matches!(self, Input::Gaps { .. } | Input::Number(_))
    }

    pub fn given(&self) -> Given {
        match self {
            Input::Basic => Given::Shown,
            Input::One { order, at } => Given::Chosen(order.get(*at).copied().into_iter().collect()),
            Input::Some { ticked, .. } => Given::Chosen(ticked.clone()),
            Input::Gaps { entries, .. } => Given::Gaps(entries.iter().map(|entry| entry.text().to_string()).collect()),
            Input::Order { order, .. } => Given::Ordered(order.clone()),
            Input::Number(entry) => Given::Number(entry.text().to_string()),
        }
    }

    /// For the footer and the help.
    pub fn keys(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            Input::Basic => &[("space", "show the answer")],
            Input::One { .. } => &[("enter", "this one"), ("j k", "move"), ("1-9", "pick")],
            Input::Some { .. } => &[("enter", "these"), ("space", "tick"), ("j k", "move")],
            Input::Gaps { .. } => &[("enter", "next gap, then answer"), ("tab", "gap")],
            Input::Order { .. } => &[("enter", "this order"), ("space", "take, put down"), ("j k", "move"), ("J K", "carry")],
            Input::Number(_) => &[("enter", "answer")],
        }
    }

    pub fn on_key(&mut self, key: KeyEvent) -> Typed {
        match self {
            Input::Basic => match key.code {
                KeyCode::Char(' ') | KeyCode::Enter => Typed::Answer,
                _ => Typed::Passed,
            },
            Input::One { order, at } => match (key.code, digit(key, order.len())) {
                (_, Some(place)) => {
                    *at = place;
                    Typed::Used
                }
                (KeyCode::Enter | KeyCode::Char(' '), _) => Typed::Answer,
                _ => moved(at, order.len(), key),
            },
            Input::Some { order, at, ticked } => match (key.code, digit(key, order.len())) {
                (_, Some(place)) => {
                    *at = place;
                    tick(ticked, order[place]);
                    Typed::Used
                }
                (KeyCode::Char(' '), _) => {
                    tick(ticked, order[*at]);
                    Typed::Used
                }
                (KeyCode::Enter, _) => Typed::Answer,
                _ => moved(at, order.len(), key),
            },
            Input::Gaps { entries, at } => gaps_key(entries, at, key),
            Input::Order { order, at, lifted } => order_key(order, at, lifted, key),
            Input::Number(entry) => match key.code {
                KeyCode::Enter => Typed::Answer,
                _ if entry.on_key(key) => Typed::Used,
                _ => Typed::Passed,
            },
        }
    }

    pub fn on_paste(&mut self, text: &str) {
        match self {
            Input::Gaps { entries, at } => entries[*at].paste(text),
            Input::Number(entry) => entry.paste(text),
            _ => {}
        }
    }

    /// What stands under the question while it is answered; afterwards with marks of what was right.
    pub fn lines(&self, card: &Card, judged: bool, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
        match self {
            Input::Basic => Vec::new(),
            Input::One { order, at } => listed(card, order, cols, theme, |place, n| {
                let right = card.right().contains(&n);
                choice_mark(judged, place == *at, right, theme.pick("›", ">"), theme)
            }),
            Input::Some { order, at, ticked } => listed(card, order, cols, theme, |place, n| {
                let (mine, right) = (ticked.contains(&n), card.right().contains(&n));
                let (mark, style) = choice_mark(judged, mine, right, "x", theme);
                let here = if !judged && place == *at { theme.pick("›", ">") } else { " " };
                let style = if here.trim().is_empty() { style } else { theme.focus };
                (format!("{here}[{}]", if mark.trim().is_empty() { " " } else { mark.trim() }), style)
            }),
            Input::Gaps { entries, at } => gap_lines(card, entries, *at, judged, cols, theme),
            Input::Order { order, at, lifted } => listed(card, order, cols, theme, |place, n| match (judged, place == *at) {
                (true, _) if n == place + 1 => (theme.pick("✓", "+").into(), theme.good),
                (true, _) => (theme.pick("✗", "x").into(), theme.bad),
                (_, true) if *lifted => (theme.pick("↕", "=").into(), theme.warn),
                (_, true) => (theme.pick("›", ">").into(), theme.focus),
                _ => (" ".into(), theme.text),
            }),
            Input::Number(entry) => {
                let mut spans = vec![Span::styled("  ", theme.dim)];
                if judged {
                    spans.push(Span::styled(if entry.text().is_empty() { "-".to_string() } else { entry.text().to_string() }, theme.accent));
                } else {
                    spans.extend(entry.spans(theme.accent, theme));
                }
                if !card.unit.is_empty() {
                    spans.push(Span::styled(format!("  in {}", card.unit), theme.dim));
                }
                vec![Line::from(spans)]
            }
        }
    }
}

fn digit(key: KeyEvent, count: usize) -> Option<usize> {
    let KeyCode::Char(c) = key.code else { return None };
    let place = (c.to_digit(10)? as usize).checked_sub(1)?;
    (place < count).then_some(place)
}

fn moved(at: &mut usize, count: usize, key: KeyEvent) -> Typed {
    match key.code {
        KeyCode::Down | KeyCode::Char('j') => *at = (*at + 1).min(count.saturating_sub(1)),
        KeyCode::Up | KeyCode::Char('k') => *at = at.saturating_sub(1),
        _ => return Typed::Passed,
    }
    Typed::Used
}

fn tick(ticked: &mut Vec<usize>, n: usize) {
    match ticked.iter().position(|other| *other == n) {
        Some(place) => drop(ticked.remove(place)),
        None => ticked.push(n),
    }
}

fn gaps_key(entries: &mut [Entry], at: &mut usize, key: KeyEvent) -> Typed {
    let last = entries.len() - 1;
    match key.code {
        KeyCode::Enter if *at == last => return Typed::Answer,
        KeyCode::Enter | KeyCode::Tab | KeyCode::Down => *at = if *at == last { 0 } else { *at + 1 },
        KeyCode::BackTab | KeyCode::Up => *at = if *at == 0 { last } else { *at - 1 },
        _ if entries[*at].on_key(key) => {}
        _ => return Typed::Passed,
    }
    Typed::Used
}

/// Carries with capital letters or Shift and arrows, or takes with space and moves.
fn order_key(order: &mut [usize], at: &mut usize, lifted: &mut bool, key: KeyEvent) -> Typed {
    let shift = key.modifiers.contains(KeyModifiers::SHIFT);
    let carry = match key.code {
        KeyCode::Enter => return Typed::Answer,
        KeyCode::Char(' ') => {
            *lifted = !*lifted;
            return Typed::Used;
        }
        KeyCode::Char('J' | 'K') => true,
        KeyCode::Down | KeyCode::Up | KeyCode::Char('j' | 'k') => *lifted || shift,
        _ => return Typed::Passed,
    };
    let down = matches!(key.code, KeyCode::Down | KeyCode::Char('j' | 'J'));
    let to = if down { (*at + 1).min(order.len().saturating_sub(1)) } else { at.saturating_sub(1) };
    if carry {
        order.swap(*at, to);
    }
    *at = to;
    Typed::Used
}

fn choice_mark(judged: bool, mine: bool, right: bool, mark: &str, theme: &Theme) -> (String, Style) {
    match (judged, mine, right) {
        (true, _, true) => (theme.pick("✓", "+").into(), theme.good),
        (true, true, false) => (theme.pick("✗", "x").into(), theme.bad),
        (false, true, _) => (mark.into(), theme.focus),
        _ => (" ".into(), theme.text),
    }
}

/// Choices in the order in which they stand, each with a mark, wrapped under itself.
fn listed(card: &Card, order: &[usize], cols: usize, theme: &Theme, mark: impl Fn(usize, usize) -> (String, Style)) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (place, n) in order.iter().enumerate() {
        let choice = card.choices.get(n.saturating_sub(1)).map_or("", String::as_str);
        let (mark, style) = mark(place, *n);
        let head = format!(" {mark} {}. ", place + 1);
        lines.extend(prose::hanging(&head, style, choice, style, cols.saturating_sub(1), theme));
    }
    lines
}

fn gap_lines(card: &Card, entries: &[Entry], at: usize, judged: bool, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let words = gap_words(&card.ask);
    let wide = words.iter().map(|word| Span::raw(word.as_str()).width()).max().unwrap_or(0).clamp(4, cols / 3);
    let mut lines = Vec::new();
    for (n, entry) in entries.iter().enumerate() {
        let word = words.get(n).map_or("", String::as_str);
        let here = !judged && n == at;
        let mark = if here { theme.pick("›", ">") } else { " " };
        let mut spans = vec![Span::styled(format!(" {mark} {}  ", text::pad(word, wide)), if here { theme.focus } else { theme.dim })];
        match (judged, here) {
            (true, _) => {
                let wanted = card.answer.0.get(n).map_or("", String::as_str);
                let right = gap(wanted, entry.text());
                let (mark, style) = if right { (theme.pick("✓", "+"), theme.good) } else { (theme.pick("✗", "x"), theme.bad) };
                let typed = if entry.text().trim().is_empty() { "-" } else { entry.text() };
                spans.push(Span::styled(format!("{mark} {typed}"), style));
                if !right {
                    spans.push(Span::styled(format!("   {}", wanted.replace('|', " or ")), theme.accent));
                }
            }
            (_, true) => spans.extend(entry.spans(theme.accent, theme)),
            _ => spans.push(Span::styled(if entry.text().is_empty() { "…".to_string() } else { entry.text().to_string() }, theme.text)),
        }
        lines.push(Line::from(spans));
    }
    lines
}

/// The question as Markdown: gaps as blanks with their word, or filled in once it was answered.
pub fn question(card: &Card, judged: bool) -> String {
    if card.kind != CardKind::Cloze {
        return card.ask.trim().to_string();
    }
    filled(card.ask.trim(), |n, word| match (judged, card.answer.0.get(n)) {
        (true, Some(answer)) => format!("**{}**", answer.split('|').next().unwrap_or(answer).trim()),
        _ => format!("*[{word}]*"),
    })
}

/// The answer as Markdown; empty where the question and the choices show it already.
pub fn answer(card: &Card) -> String {
    match card.kind {
        CardKind::Basic => card.answer.0.join("\n\n"),
        CardKind::Number => {
            let unit = if card.unit.is_empty() { String::new() } else { format!(" {}", card.unit) };
            format!("**{}{unit}**", card.answer.0.first().map_or("", String::as_str))
        }
        CardKind::Order => card.choices.iter().enumerate().map(|(n, choice)| format!("{}. {choice}", n + 1)).collect::<Vec<_>>().join("\n"),
        CardKind::Choice | CardKind::Several | CardKind::Cloze => String::new(),
    }
}
