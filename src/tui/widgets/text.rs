//! Text that fits: cut to a width, wrapped at words.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// At most `cols` cells of the text; what was cut is told by an ellipsis.
pub fn fit(text: &str, cols: usize) -> String {
    if text.width() <= cols {
        return text.to_string();
    }
    if cols == 0 {
        return String::new();
    }
    let mut cut = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > cols - 1 {
            break;
        }
        cut.push(c);
        used += wide;
    }
    cut.push('…');
    cut
}

/// `1 hint`, `2 hints`.
pub fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// The text in exactly `cols` cells: cut or filled up.
pub fn pad(text: &str, cols: usize) -> String {
    let mut text = fit(text, cols);
    text.extend(std::iter::repeat_n(' ', cols.saturating_sub(text.width())));
    text
}

/// Lines of at most `cols` cells, broken at words; a longer word is broken anywhere.
pub fn wrap(text: &str, cols: usize) -> Vec<String> {
    let cols = cols.max(1);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.width() + 1 + word.width() <= cols {
                line.push(' ');
                line.push_str(word);
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            let mut rest = word;
            while rest.width() > cols && break_at(rest, cols) < rest.len() {
                let (head, tail) = rest.split_at(break_at(rest, cols));
                lines.push(head.to_string());
                rest = tail;
            }
            line.push_str(rest);
        }
        lines.push(line);
    }
    lines
}

/// The place of the first character that does not fit in `cols` cells; at least one fits.
fn break_at(word: &str, cols: usize) -> usize {
    let mut used = 0;
    for (at, c) in word.char_indices() {
        used += c.width().unwrap_or(0);
        if used > cols && at > 0 {
            return at;
        }
    }
    word.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_and_filled_by_cells() {
        assert_eq!(fit("consistent hashing", 8), "consist…");
        assert_eq!(fit("漢字かな", 5), "漢字…");
        assert_eq!(pad("ab", 4), "ab  ");
        assert_eq!(fit("ab", 0), "");
    }

    #[test]
    fn words_are_kept_whole_where_they_fit() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("漢字", 1), ["漢", "字"]);
    }
}
