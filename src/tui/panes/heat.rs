//! A heat map: rows of values between 0 and 1, told by density: much of something is no alarm, so one calm colour serves all.

use crate::tui::theme::Theme;
use crate::tui::widgets::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Widget;
use sims::kernel::view::Heat;
use unicode_width::UnicodeWidthStr;

/// Rows that the words below may take.
const FOOT_MOST: usize = 3;

const STEPS: [&str; 5] = [" ", "░", "▒", "▓", "█"];
const STEPS_ASCII: [&str; 5] = [" ", ".", "+", "*", "#"];

pub fn draw(heat: &Heat, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let columns = heat.cells.iter().map(Vec::len).max().unwrap_or(0);
    if columns == 0 {
        return super::empty("nothing yet", area, buf, theme);
    }
    let names = heat.row_names.iter().map(|n| n.width()).max().unwrap_or(0).min(usize::from(area.width) / 3);
    let steps = if theme.ascii() { STEPS_ASCII } else { STEPS };
    let mut foot = text::wrap(&format!("0 {} 1: {}", steps[1..].concat(), heat.says), usize::from(area.width));
    foot.truncate(usize::from(area.height / 3).clamp(1, FOOT_MOST));
    let foot_rows = foot.len() as u16;
    let map = Rect { x: area.x + names as u16 + 1, width: area.width.saturating_sub(names as u16 + 1), height: area.height.saturating_sub(foot_rows), ..area };
    let wide = (usize::from(map.width) / columns).clamp(1, 4);
    let rows = usize::from(map.height).max(1);
    let group = heat.cells.len().div_ceil(rows).max(1);
    for (n, block) in heat.cells.chunks(group).enumerate().take(rows) {
        let y = map.y + n as u16;
        let name = heat.row_names.get(n * group).map_or("", String::as_str);
        buf.set_stringn(area.x, y, text::fit(name, names), names, theme.dim);
        for (x, column) in (map.x..map.right()).zip(columns_of(columns, wide, usize::from(map.width))) {
            // The hottest of what shares a cell: a hot spot must not be averaged away.
            let value = block.iter().flat_map(|row| row.get(column.clone())).flatten().copied().fold(0.0, f64::max);
            let (symbol, style) = shade(value, theme);
            buf.set_string(x, y, symbol, style);
        }
    }
    for (row, line) in area.rows().skip(usize::from(area.height.saturating_sub(foot_rows))).zip(foot) {
        Line::styled(line, theme.dim).render(row, buf);
    }
}

/// Which columns of the data each cell of the map shows.
fn columns_of(columns: usize, wide: usize, cells: usize) -> Vec<std::ops::Range<usize>> {
    if columns * wide <= cells {
        return (0..columns * wide).map(|cell| cell / wide..cell / wide + 1).collect();
    }
    (0..cells).map(|cell| cell * columns / cells..((cell + 1) * columns / cells).max(cell * columns / cells + 1)).collect()
}

fn shade(value: f64, theme: &Theme) -> (&'static str, Style) {
    let step = if value > 0.0 { ((value.clamp(0.0, 1.0) * 4.0) as usize + 1).min(4) } else { 0 };
    let style = match step {
        0 | 1 => theme.dim,
        _ => theme.line(0),
    };
    (if theme.ascii() { STEPS_ASCII[step] } else { STEPS[step] }, style)
}
