//! Styled text broken into lines at words.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// One character and its look.
pub type Glyph = (char, Style);

/// Text in one style, as glyphs.
pub fn glyphs(text: &str, style: Style) -> Vec<Glyph> {
    text.chars().map(|c| (c, style)).collect()
}

pub fn width(glyphs: &[Glyph]) -> usize {
    glyphs.iter().map(|(c, _)| c.width().unwrap_or(0)).sum()
}

/// Lines of at most `cols` cells. A line break in the text is kept; a word that is too long is broken anywhere.
pub fn wrap(text: &[Glyph], cols: usize) -> Vec<Vec<Glyph>> {
    let cols = cols.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split(|(c, _)| *c == '\n') {
        let mut line: Vec<Glyph> = Vec::new();
        let mut gap: Option<Glyph> = None;
        for word in words(paragraph) {
            if let [(' ', style)] = word {
                gap = Some((' ', *style));
                continue;
            }
            if !line.is_empty() && width(&line) + usize::from(gap.is_some()) + width(word) > cols {
                lines.push(std::mem::take(&mut line));
                gap = None;
            }
            if !line.is_empty() {
                line.extend(gap.take());
            }
            gap = None;
            for glyph in word {
                let wide = glyph.0.width().unwrap_or(0);
                if !line.is_empty() && width(&line) + wide > cols {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(*glyph);
            }
        }
        lines.push(line);
    }
    lines
}

/// Words, and single blanks between them.
fn words(text: &[Glyph]) -> impl Iterator<Item = &[Glyph]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.first()?;
        let length = if first.0.is_whitespace() { 1 } else { rest.iter().position(|(c, _)| c.is_whitespace()).unwrap_or(rest.len()) };
        let (word, after) = rest.split_at(length);
        rest = after;
        Some(word)
    })
}

/// Glyphs as spans: one for each stretch of one style.
pub fn line(glyphs: &[Glyph]) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (c, style) in glyphs {
        match spans.last_mut() {
            Some(span) if span.style == *style => span.content.to_mut().push(*c),
            _ => spans.push(Span::styled(c.to_string(), *style)),
        }
    }
    Line::from(spans)
}

/// Text cut into pieces of at most `cols` cells, wherever that falls: for code.
pub fn chop(text: &[Glyph], cols: usize) -> Vec<Vec<Glyph>> {
    let mut lines = vec![Vec::new()];
    let mut used = 0;
    for glyph in text {
        let wide = glyph.0.width().unwrap_or(0);
        if used + wide > cols.max(1) && used > 0 {
            lines.push(Vec::new());
            used = 0;
        }
        used += wide;
        if let Some(line) = lines.last_mut() {
            line.push(*glyph);
        }
    }
    lines
}

pub fn columns(text: &str) -> usize {
    text.width()
}
