//! Faults and reports as a person reads them: the line itself with what is wrong under it.

use super::check::Report;
use super::fault::Fault;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// Whether the reader sees colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    Plain,
    Colour,
}

/// Lines are shown up to here; a longer one is cut around what is meant.
const LINE_MAX: usize = 160;

impl Fault {
    /// Several lines: message, place, the line itself, what was expected. Ends with a line feed.
    pub fn render(&self, paint: Paint) -> String {
        let renderer = match paint {
            Paint::Plain => Renderer::plain(),
            Paint::Colour => Renderer::styled(),
        };
        let title = Level::ERROR.primary_title(&self.message);
        let mut text = match (self.place, &self.source_line) {
            (Some(place), Some(line)) => {
                let (shown, before) = window(line, place.column as usize - 1);
                let from = shown.char_indices().nth(before).map_or(shown.len(), |(at, _)| at);
                let to = shown[from..].char_indices().nth(self.width as usize).map_or(shown.len(), |(at, _)| from + at);
                let mark = AnnotationKind::Primary.span(from..to.max(from)).label(self.expected.as_deref().unwrap_or(""));
                let snippet = Snippet::source(shown.as_str()).line_start(place.line as usize).path(format!("{}:{}:{}", self.path, place.line, place.column));
                renderer.render(&[title.element(snippet.annotation(mark))])
            }
            _ => {
                let mut text = renderer.render(&[Group::with_title(title)]);
                text.push_str(&format!("\n --> {}", self.path));
                if let Some(expected) = &self.expected {
                    text.push_str(&format!("\n  = {expected}"));
                }
                text
            }
        };
        // The place stands in the path already: the crate counts columns of the part shown.
        if let Some(place) = self.place {
            let doubled = format!("{}:{}:{}", self.path, place.line, place.column);
            if let Some(at) = text.find(&doubled) {
                let after = at + doubled.len();
                let end = text[after..].find('\n').map_or(text.len(), |n| after + n);
                let tail: String = text[after..end].trim_start_matches(|c: char| c == ':' || c.is_ascii_digit()).to_string();
                text.replace_range(after..end, &tail);
            }
        }
        text.push('\n');
        text
    }
}

/// The part of a long line around a column, and that column within it.
fn window(line: &str, column: usize) -> (String, usize) {
    let line = line.replace('\t', " ");
    let length = line.chars().count();
    if length <= LINE_MAX {
        return (line, column.min(length));
    }
    let from = column.saturating_sub(LINE_MAX / 2).min(length - LINE_MAX);
    (line.chars().skip(from).take(LINE_MAX).collect(), column - from)
}

impl Report {
    /// Every fault, then one line that counts them.
    pub fn render(&self, paint: Paint) -> String {
        let mut text = String::new();
        for fault in &self.faults {
            text.push_str(&fault.render(paint));
            text.push('\n');
        }
        text.push_str(&self.summary());
        text.push('\n');
        text
    }

    /// `3 files, 2 faults`.
    pub fn summary(&self) -> String {
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let faults = if self.faults.is_empty() { "no faults".to_string() } else { count(self.faults.len(), "fault") };
        format!("{}, {faults}", count(self.files, "file"))
    }
}
