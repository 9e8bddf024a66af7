//! What stands around every screen: header, footer, toast, and the line for too small a terminal.

use super::app::{COLS_MIN, ROWS_MIN};
use super::keymap::{KeyHelp, Place};
use super::screen::{Header, Tone};
use super::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// Header, body, footer.
pub fn split(area: Rect) -> [Rect; 3] {
    area.layout(&Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)]))
}

/// `help` is the key that opens the help now: while letters are text, `?` is one.
pub fn header(header: &Header, help: &str, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let row = Rect { height: area.height.min(1), ..area }.intersection(buf.area);
    let help = Line::from(vec![Span::styled(format!("  {help}"), theme.key), Span::styled(" help ", theme.dim)]);
    let help_cols = width(&help);
    let [left, right] = row.layout(&Layout::horizontal([Constraint::Fill(1), Constraint::Length(help_cols)]));
    help.right_aligned().render(right, buf);
    let indent = Rect { x: left.x + 1, width: left.width.saturating_sub(1), ..left };
    let widths = [&header.left, &header.middle, &header.right].map(|line| width(line));
    let free = indent.width.saturating_sub(widths[0]);
    header.left.clone().style(theme.title).render(indent, buf);
    let brief = width(&header.brief);
    if widths[1] + widths[2] + 4 > free && brief > 0 {
        let both = brief + widths[2] + 4 <= free;
        let mut right = header.brief.clone();
        if both {
            right.push_span(Span::raw("  "));
            right.extend(header.right.clone());
        }
        if brief + 2 <= free {
            right.style(theme.bar).right_aligned().render(indent, buf);
        }
        return;
    }
    if widths[2] > 0 && widths[2] + 2 <= free {
        header.right.clone().style(theme.bar).right_aligned().render(indent, buf);
    }
    if widths[1] > 0 && widths[1] + widths[2] + 4 <= free {
        // In the middle of the whole line where that is free, else in the middle of what is left.
        let centre = indent.width.saturating_sub(widths[1]) / 2;
        let x = centre.max(widths[0] + 2).min(indent.width.saturating_sub(widths[1] + widths[2] + 2));
        header.middle.clone().style(theme.bar).render(Rect { x: indent.x + x, width: widths[1], ..indent }, buf);
    }
}

fn width(line: &Line<'_>) -> u16 {
    u16::try_from(line.width()).unwrap_or(u16::MAX)
}

/// As many keys as fit, in the order of the table.
pub fn footer(keys: &[KeyHelp], area: Rect, buf: &mut Buffer, theme: &Theme) {
    let mut line = Line::raw(" ");
    let room = usize::from(area.width);
    for key in keys.iter().filter(|key| key.place == Place::Footer) {
        let more = [Span::styled(key.shown, theme.key), Span::styled(format!(" {}  ", key.says), theme.bar)];
        let needed: usize = more.iter().map(Span::width).sum();
        if line.width() + needed > room + 2 {
            break;
        }
        line.extend(more);
    }
    line.render(area.intersection(buf.area), buf);
}

pub fn toast(tone: Tone, text: &str, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let (mark, style) = mark(tone, theme);
    let says = super::widgets::text::fit(text, usize::from(area.width).saturating_sub(4));
    let line = Line::from(vec![Span::raw(" "), Span::styled(format!("{mark} "), style), Span::styled(says, style)]);
    line.render(area.intersection(buf.area), buf);
}

/// Each tone has a mark of its own, so that it can be told without colour.
pub fn mark(tone: Tone, theme: &Theme) -> (&'static str, Style) {
    match tone {
        Tone::Plain => (theme.pick("•", "-"), theme.text),
        Tone::Good => (theme.pick("✓", "+"), theme.good),
        Tone::Warn => ("!", theme.warn),
        Tone::Bad => (theme.pick("✗", "x"), theme.bad),
    }
}

/// One line says how large the terminal must be. Everything goes on behind it: clocks do not stop for a small window.
pub fn too_small(area: Rect, buf: &mut Buffer, theme: &Theme) {
    let says = [
        format!("{}x{} is too small: greenroom needs {COLS_MIN}x{ROWS_MIN}", area.width, area.height),
        format!("needs {COLS_MIN}x{ROWS_MIN}"),
        format!("{COLS_MIN}x{ROWS_MIN}"),
    ];
    let fits = says.iter().find(|s| s.chars().count() <= usize::from(area.width)).unwrap_or(&says[2]);
    let row = Rect { y: area.y + area.height / 2, height: area.height.min(1), ..area }.intersection(buf.area);
    Line::styled(fits.clone(), theme.warn).centered().render(row, buf);
}

/// Puts the theme's own ground under whatever no painter has coloured.
pub fn to_ground(buf: &mut Buffer, theme: &Theme) {
    let (Some(fg), Some(bg)) = (theme.base.fg, theme.base.bg) else { return };
    for cell in &mut buf.content {
        if cell.bg == Color::Reset {
            cell.bg = bg;
        }
        if cell.fg == Color::Reset {
            cell.fg = fg;
        }
    }
}

/// Twins for what no painter has chosen itself: punctuation in texts. Letters of other scripts stay as they are.
pub fn to_ascii(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if let Some(twin) = twin(cell.symbol()) {
            cell.set_symbol(twin);
        }
    }
}

fn twin(symbol: &str) -> Option<&'static str> {
    Some(match symbol {
        "…" | "≈" => "~",
        "·" | "–" | "—" | "─" | "−" | "━" => "-",
        "│" | "┃" => "|",
        "•" | "×" | "∙" => "*",
        "→" | "▸" | "›" | "⇒" | "≥" => ">",
        "←" | "◂" | "‹" | "≤" => "<",
        "↑" | "▴" => "^",
        "↓" | "▾" => "v",
        "“" | "”" | "„" => "\"",
        "‘" | "’" => "'",
        "µ" | "μ" => "u",
        "✗" => "x",
        "✓" | "┌" | "┐" | "└" | "┘" | "├" | "┤" | "┬" | "┴" | "┼" | "╭" | "╮" | "╯" | "╰" => "+",
        _ => return None,
    })
}
