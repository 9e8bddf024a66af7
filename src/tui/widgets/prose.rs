//! A card's own text on the screen: paragraphs flow to the width, marks become looks, lists and code keep their lines.

use crate::tui::panes::markdown;
use crate::tui::theme::Theme;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// The text at this width.
pub fn lines(text: &str, cols: usize, style: Style, theme: &Theme) -> Vec<Line<'static>> {
    markdown::prose(text.trim(), cols, style, theme)
}

/// The text behind a mark; further lines hang under the first.
pub fn hanging(mark: &str, mark_style: Style, text: &str, style: Style, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let indent = Span::raw(mark).width();
    let mut all = lines(text, cols.saturating_sub(indent), style, theme);
    for (n, line) in all.iter_mut().enumerate() {
        let before = if n == 0 { Span::styled(mark.to_string(), mark_style) } else { Span::raw(" ".repeat(indent)) };
        line.spans.insert(0, before);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{Glyphs, Mode};
    use ratatui::style::Modifier;

    fn theme(mode: Mode) -> Theme {
        Theme::with(mode, Glyphs::Unicode, false)
    }

    #[test]
    fn a_sentence_flows_to_the_width_whatever_lines_its_file_has() {
        let text = "Peak is 1,157 links\nand 11,574 visits\na second, **ten to one**.\n";
        let shown: Vec<String> = hanging("→ ", Style::new(), text, Style::new(), 40, &theme(Mode::Dark)).iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["→ Peak is 1,157 links and 11,574 visits", "  a second, ten to one."]);
    }

    #[test]
    fn marks_become_looks_over_the_style_of_the_place() {
        for mode in [Mode::Dark, Mode::Light, Mode::Plain] {
            let theme = theme(mode);
            let line = lines("so **much** it is", 40, theme.text, &theme).remove(0);
            assert_eq!(line.to_string(), "so much it is");
            assert_eq!(line.spans[0].style, theme.text);
            assert!(line.spans[1].style.add_modifier.contains(Modifier::BOLD), "{mode:?}");
        }
    }

    #[test]
    fn lists_and_code_keep_their_lines() {
        let shown: Vec<String> = lines("Two:\n- one\n- two\n\n```\na  b\n```", 20, Style::new(), &theme(Mode::Dark)).iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["Two:", "", "• one", "• two", "", "  a  b"]);
    }
}
