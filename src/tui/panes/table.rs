//! A table whose columns fit: numbers to the right, long heads cut first, then the widest text.

use crate::tui::theme::Theme;
use crate::tui::widgets::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::view::Table;
use unicode_width::UnicodeWidthStr;

/// To which side a column leans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

const GAP: usize = 2;

pub fn draw(table: &Table, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let columns = table.head.len();
    if columns == 0 || table.rows.is_empty() {
        return super::empty("nothing yet", area, buf, theme);
    }
    let cells = widest(table, &[]);
    let widths = fitted(&widest(table, &table.head), &cells, usize::from(area.width));
    let aligns: Vec<Align> = (0..columns).map(|c| align(table, c)).collect();
    let mut rows = area.rows();
    if let Some(row) = rows.next() {
        line(&table.head, &widths, &aligns).style(theme.title).render(row, buf);
    }
    let room = usize::from(area.height).saturating_sub(1);
    let fits = if table.rows.len() > room { room.saturating_sub(1) } else { table.rows.len() };
    for (cells, row) in table.rows[..fits].iter().zip(&mut rows) {
        line(cells, &widths, &aligns).style(theme.text).render(row, buf);
    }
    if fits < table.rows.len()
        && let Some(row) = rows.next()
    {
        Line::styled(format!("and {} more", table.rows.len() - fits), theme.dim).render(row, buf);
    }
}

fn line(cells: &[String], widths: &[usize], aligns: &[Align]) -> Line<'static> {
    let mut line = Line::default();
    for (n, (width, align)) in widths.iter().zip(aligns).enumerate() {
        let cell = cells.get(n).map_or("", String::as_str);
        let text = text::pad(cell, *width);
        let text = if *align == Align::Right { format!("{:>1$}", text.trim_end(), width) } else { text };
        line.push_span(Span::raw(text));
        line.push_span(Span::raw(" ".repeat(GAP)));
    }
    line
}

/// The widths of columns that cut nothing, under these heads.
fn widest(table: &Table, head: &[String]) -> Vec<usize> {
    let widest = |c: usize| table.rows.iter().filter_map(|row| row.get(c)).chain(head.get(c)).map(|cell| cell.width()).max().unwrap_or(0);
    (0..table.head.len()).map(widest).collect()
}

/// Widths that fit into `room`: the widest column gives first, below its floor (its longest word, or cell) only if all are there.
pub fn fitted(natural: &[usize], floors: &[usize], room: usize) -> Vec<usize> {
    let mut widths = natural.to_vec();
    let gaps = GAP * natural.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > room {
        let above = |n: usize, width: usize| width > floors.get(n).copied().unwrap_or(0);
        let widest = (0..widths.len()).max_by_key(|n| (above(*n, widths[*n]), widths[*n]));
        match widest {
            Some(n) if widths[n] > 1 => widths[n] -= 1,
            _ => break,
        }
    }
    widths
}

/// To the right if every cell begins like a number.
fn align(table: &Table, column: usize) -> Align {
    let mut cells = table.rows.iter().filter_map(|row| row.get(column)).map(|c| c.trim()).filter(|c| !c.is_empty() && *c != "-").peekable();
    let number = |cell: &str| cell.trim_start_matches(['-', '+', '~']).starts_with(|c: char| c.is_ascii_digit());
    if cells.peek().is_some() && cells.all(number) { Align::Right } else { Align::Left }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_column_gives_first() {
        assert_eq!(fitted(&[4, 20, 6], &[], 24), [4, 10, 6]);
        assert_eq!(fitted(&[10, 20, 6], &[10, 5, 6], 25), [10, 5, 6]);
        assert_eq!(fitted(&[4, 5], &[], 80), [4, 5]);
        assert_eq!(fitted(&[9, 9], &[], 1), [1, 1]);
    }
}
