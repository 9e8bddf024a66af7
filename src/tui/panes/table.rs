//! A table whose columns fit: numbers to the right; long heads are broken at words first, then heads and the widest text are cut.

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
    let plan = Plan::of(table, area);
    let mut rows = area.rows();
    for (head, row) in plan.heads.iter().zip(&mut rows) {
        plan.line(head).style(theme.title).render(row, buf);
    }
    let room = usize::from(area.height).saturating_sub(plan.heads.len());
    let fits = if table.rows.len() > room { room.saturating_sub(1) } else { table.rows.len() };
    for (cells, row) in table.rows[..fits].iter().zip(&mut rows) {
        plan.line(cells).style(theme.text).render(row, buf);
    }
    if fits < table.rows.len()
        && let Some(row) = rows.next()
    {
        // A run hands over what fits, so how many are left nobody knows.
        Line::styled("and more", theme.dim).render(row, buf);
    }
}

/// How the columns share the width.
struct Plan {
    widths: Vec<usize>,
    gap: usize,
    aligns: Vec<Align>,
    /// The rows of the heads, broken where they are wider than their columns.
    heads: Vec<Vec<String>>,
}

impl Plan {
    fn of(table: &Table, area: Rect) -> Plan {
        let room = usize::from(area.width);
        let (natural, cells) = (widest(table, &table.head), widest(table, &[]));
        let floors: Vec<usize> = table.head.iter().zip(&cells).map(|(head, cell)| longest_word(head).max(*cell)).collect();
        // Where even broken heads do not fit, the columns move together before anything is cut.
        let gap = if floors.iter().sum::<usize>() + GAP * table.head.len().saturating_sub(1) <= room { GAP } else { 1 };
        // `fitted` counts with full gaps: what they give up is room.
        let room = room + (GAP - gap) * table.head.len().saturating_sub(1);
        let widths = fitted(&natural, &floors, room);
        let widths = if widths.iter().zip(&floors).all(|(width, floor)| width >= floor) { widths } else { fitted(&floors, &cells, room) };
        let broken: Vec<Vec<String>> = table.head.iter().zip(&widths).map(|(head, width)| broken(head, *width)).collect();
        let high = broken.iter().map(Vec::len).max().unwrap_or(1);
        // The last line of each stands on its column.
        let at = |row: usize| broken.iter().map(|lines| (row + lines.len()).checked_sub(high).map_or_else(String::new, |n| lines[n].clone())).collect();
        let heads = (0..high).map(at).collect();
        Plan { widths, gap, aligns: (0..table.head.len()).map(|c| align(table, c)).collect(), heads }
    }

    fn line(&self, cells: &[String]) -> Line<'static> {
        let mut line = Line::default();
        for (n, (width, align)) in self.widths.iter().zip(&self.aligns).enumerate() {
            let cell = cells.get(n).map_or("", String::as_str);
            let text = text::pad(cell, *width);
            let text = if *align == Align::Right { format!("{:>1$}", text.trim_end(), width) } else { text };
            line.push_span(Span::raw(text));
            line.push_span(Span::raw(" ".repeat(self.gap)));
        }
        line
    }
}

fn longest_word(head: &str) -> usize {
    head.split_whitespace().map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// A head at its words; where one of them is too long, it stays whole and is cut.
fn broken(head: &str, width: usize) -> Vec<String> {
    if longest_word(head) > width { vec![head.to_string()] } else { text::wrap(head, width) }
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

    #[test]
    fn heads_are_broken_before_they_are_cut() {
        let table = |heads: [&str; 3]| Table { head: heads.map(String::from).to_vec(), rows: vec![["app1", "73064..74000", "7"].map(String::from).to_vec()] };
        let heads = |heads, width| Plan::of(&table(heads), Rect::new(0, 0, width, 9)).heads;
        assert_eq!(heads(["server", "range", "clicks waiting"], 40), [["server", "range", "clicks waiting"]]);
        assert_eq!(heads(["server", "range", "clicks waiting"], 30), [["", "", "clicks"], ["server", "range", "waiting"]]);
        let close = Plan::of(&table(["server", "range", "confirmed"]), Rect::new(0, 0, 29, 9));
        assert_eq!((close.gap, close.widths), (1, vec![6, 12, 9]), "columns move together before anything is cut");
        let cut = Plan::of(&table(["server", "range", "confirmed"]), Rect::new(0, 0, 24, 9));
        assert_eq!(cut.widths.iter().sum::<usize>() + 2, 24);
        assert_eq!(cut.widths[1], 12, "heads give before cells");
    }
}
