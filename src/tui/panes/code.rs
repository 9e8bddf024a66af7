//! Code in colours. Highlighting is slow the first time, so a worker does it and the next frame shows it.

use crate::tui::event::Message;
use crate::tui::theme::Theme;
use ratatui::style::Style;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxSet};

/// A longer block stays plain.
const LINES_MOST: usize = 500;

/// What a piece of code is, told by scope; each theme has a style for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Plain,
    Comment,
    Text,
    Number,
    Keyword,
    Function,
    Type,
}

/// One line of code in pieces.
pub type Pieces = Vec<(Kind, String)>;

type Key = (String, String);

/// What has been asked for; none until it has come.
type Done = Mutex<BTreeMap<Key, Option<Arc<Vec<Pieces>>>>>;

/// Highlighted code by language and text, filled by a worker.
pub struct Highlighter {
    done: Arc<Done>,
    generation: Arc<AtomicU64>,
    asks: Sender<Key>,
}

impl Highlighter {
    pub fn new(app: Sender<Message>) -> Highlighter {
        let (asks, inbox) = channel();
        let highlighter = Highlighter { done: Arc::default(), generation: Arc::default(), asks };
        let (done, generation) = (Arc::clone(&highlighter.done), Arc::clone(&highlighter.generation));
        // Without the thread code stays plain: nothing else is lost.
        let _ = std::thread::Builder::new().name("highlight".into()).spawn(move || work(&inbox, &done, &generation, &app));
        highlighter
    }

    /// Grows whenever something has been highlighted: part of the key of whatever caches painted code.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The code in pieces if they are there; else they are asked for.
    pub fn get(&self, language: &str, code: &str) -> Option<Arc<Vec<Pieces>>> {
        if language.is_empty() || code.lines().count() > LINES_MOST {
            return None;
        }
        let key = (language.to_string(), code.to_string());
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = done.get(&key) {
            return found.clone();
        }
        done.insert(key.clone(), None);
        let _ = self.asks.send(key);
        None
    }
}

fn work(inbox: &Receiver<Key>, done: &Done, generation: &AtomicU64, app: &Sender<Message>) {
    let mut syntaxes = None;
    while let Ok(key) = inbox.recv() {
        let syntaxes = syntaxes.get_or_insert_with(two_face::syntax::extra_newlines);
        let Some(lines) = highlight(syntaxes, &key.0, &key.1) else { continue };
        done.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Some(Arc::new(lines)));
        generation.fetch_add(1, Ordering::Release);
        let _ = app.send(Message::Wake);
    }
}

fn highlight(syntaxes: &SyntaxSet, language: &str, code: &str) -> Option<Vec<Pieces>> {
    let syntax = syntaxes.find_syntax_by_token(language)?;
    let mut state = ParseState::new(syntax);
    let mut stack = ScopeStack::new();
    let kinds = kinds();
    let mut lines = Vec::new();
    for line in code.lines() {
        let whole = format!("{line}\n");
        let mut pieces = Pieces::new();
        let mut from = 0;
        for (at, op) in state.parse_line(&whole, syntaxes).ok()? {
            push(&mut pieces, kind(&stack, &kinds), whole.get(from..at.min(line.len())).unwrap_or_default());
            from = at.min(line.len());
            stack.apply(&op).ok()?;
        }
        push(&mut pieces, kind(&stack, &kinds), line.get(from..).unwrap_or_default());
        lines.push(pieces);
    }
    Some(lines)
}

fn push(pieces: &mut Pieces, kind: Kind, text: &str) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some((last, held)) if *last == kind => held.push_str(text),
        _ => pieces.push((kind, text.to_string())),
    }
}

fn kinds() -> Vec<(Scope, Kind)> {
    let table = [
        ("comment", Kind::Comment),
        ("string", Kind::Text),
        ("constant", Kind::Number),
        ("keyword.operator", Kind::Plain),
        ("keyword", Kind::Keyword),
        ("storage", Kind::Keyword),
        ("variable.language", Kind::Keyword),
        ("entity.name.function", Kind::Function),
        ("support.function", Kind::Function),
        ("variable.function", Kind::Function),
        ("entity.name", Kind::Type),
        ("support.type", Kind::Type),
    ];
    table.iter().filter_map(|(name, kind)| Some((Scope::new(name).ok()?, *kind))).collect()
}

/// The innermost scope that we know.
fn kind(stack: &ScopeStack, kinds: &[(Scope, Kind)]) -> Kind {
    let known = |scope: &Scope| kinds.iter().find(|(known, _)| known.is_prefix_of(*scope)).map(|(_, kind)| *kind);
    stack.scopes.iter().rev().find_map(known).unwrap_or(Kind::Plain)
}

pub fn style(kind: Kind, theme: &Theme) -> Style {
    match kind {
        Kind::Plain => theme.text,
        Kind::Comment => theme.dim,
        Kind::Text => theme.good,
        Kind::Number => theme.warn,
        Kind::Keyword => theme.accent,
        Kind::Function => Style::new().fg(theme.series[2]),
        Kind::Type => Style::new().fg(theme.series[4]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_comes_back_whole_and_in_kinds() {
        let syntaxes = two_face::syntax::extra_newlines();
        let code = "fn main() {\n    let n = 41; // why\n}";
        let lines = highlight(&syntaxes, "rust", code).unwrap();
        let back: Vec<String> = lines.iter().map(|line| line.iter().map(|(_, text)| text.as_str()).collect()).collect();
        assert_eq!(back.join("\n"), code);
        let kind_of = |text: &str| lines.iter().flatten().find(|(_, t)| t.contains(text)).map(|(k, _)| *k);
        assert_eq!(kind_of("why"), Some(Kind::Comment));
        assert_eq!(kind_of("41"), Some(Kind::Number));
        assert_eq!(kind_of("main"), Some(Kind::Function));
        assert!(highlight(&syntaxes, "no such language", code).is_none());
    }
}
