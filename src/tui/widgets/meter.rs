//! How much of a whole: bars, gauges, and lines of small columns.

use crate::tui::theme::Theme;
use ratatui::style::Style;
use ratatui::text::Span;

/// A bar of `cols` cells, filled to `part` (0 to 1) in eighths of a cell, with blanks after it.
pub fn bar(part: f64, cols: usize, theme: &Theme) -> String {
    const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let part = if part.is_finite() { part.clamp(0.0, 1.0) } else { 0.0 };
    let eighths = (part * cols as f64 * 8.0 + 0.5) as usize;
    let (full, rest) = (eighths / 8, eighths % 8);
    (0..cols)
        .map(|n| match (n < full, n == full, theme.ascii()) {
            (true, _, true) => '#',
            (true, _, false) => '█',
            (false, true, false) => EIGHTHS[rest],
            _ => ' ',
        })
        .collect()
}

/// A bar that shows its whole length as well: for clocks and progress.
pub fn gauge(part: f64, cols: usize, style: Style, theme: &Theme) -> [Span<'static>; 2] {
    let part = if part.is_finite() { part.clamp(0.0, 1.0) } else { 0.0 };
    let full = ((part * cols as f64 + 0.5) as usize).min(cols);
    [Span::styled(theme.pick("█", "#").repeat(full), style), Span::styled(theme.pick("░", ".").repeat(cols - full), theme.dim)]
}

/// A line of small columns, one a value, the largest the highest: `▂▄▆`. In ASCII, figures from 0 to 9.
pub fn spark(values: &[f64], most: f64, theme: &Theme) -> String {
    const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let level = |value: &f64, top: usize| if most > 0.0 { ((value / most).clamp(0.0, 1.0) * top as f64 + 0.5) as usize } else { 0 };
    if theme.ascii() {
        return values.iter().filter_map(|v| char::from_digit(level(v, 9) as u32, 10)).collect();
    }
    values.iter().map(|v| EIGHTHS[level(v, 7)]).collect()
}

/// Something that turns while work goes on; `n` counts ticks.
pub fn spinner(n: usize, theme: &Theme) -> &'static str {
    const TURNS: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇", "⠏", "⠹"];
    const ASCII: [&str; 4] = ["|", "/", "-", "\\"];
    if theme.ascii() { ASCII[n % 4] } else { TURNS[n % 8] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{Glyphs, Mode};

    #[test]
    fn bars_fill_what_they_say() {
        let theme = Theme::with(Mode::Dark, Glyphs::Unicode, false);
        assert_eq!(bar(0.5, 4, &theme), "██  ");
        assert_eq!(bar(0.625, 4, &theme), "██▌ ");
        assert_eq!(bar(2.0, 3, &theme), "███");
        assert_eq!(bar(f64::NAN, 3, &theme), "   ");
        assert_eq!(spark(&[0.0, 25.0, 50.0], 50.0, &theme), "▁▅█");
        let ascii = Theme::with(Mode::Plain, Glyphs::Ascii, false);
        assert_eq!(bar(0.5, 4, &ascii), "##  ");
        assert_eq!(spark(&[0.0, 50.0], 50.0, &ascii), "09");
    }
}
