//! A position in something longer than its window: a scrolled text, or a list with a chosen row.

use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;
use std::cell::Cell;

/// How far a text is scrolled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scroll {
    pub from: usize,
}

impl Scroll {
    /// Moves by the usual keys; false if the key is none of them. `rows` is the window's height. The end is found when drawn:
    /// see [`Scroll::clamped`].
    pub fn on_key(&mut self, key: KeyEvent, rows: u16, length: usize) -> bool {
        let page = usize::from(rows.max(2)) - 1;
        let last = length.saturating_sub(usize::from(rows));
        let held = key.modifiers.contains(KeyModifiers::CONTROL);
        let at = self.clamped(rows, length);
        let to = match key.code {
            KeyCode::Char('d') if held => at + page / 2,
            KeyCode::Char('u') if held => at.saturating_sub(page / 2),
            KeyCode::Char('f') if held => at + page,
            KeyCode::Char('b') if held => at.saturating_sub(page),
            _ if held => return false,
            KeyCode::Down | KeyCode::Char('j') => at + 1,
            KeyCode::Up | KeyCode::Char('k') => at.saturating_sub(1),
            KeyCode::PageDown => at + page,
            KeyCode::PageUp => at.saturating_sub(page),
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => last,
            _ => return false,
        };
        self.from = to.min(last);
        true
    }

    /// Moves by lines, down if positive: for the mouse's wheel.
    pub fn by(&mut self, lines: isize, rows: u16, length: usize) {
        self.from = self.clamped(rows, length).saturating_add_signed(lines).min(length.saturating_sub(usize::from(rows)));
    }

    /// The first line shown, for a window of this height and a text of this length.
    pub fn clamped(&self, rows: u16, length: usize) -> usize {
        self.from.min(length.saturating_sub(usize::from(rows)))
    }
}

/// A scroll that remembers what was last in sight, so that keys need not know the size of the pane.
#[derive(Clone, Debug, Default)]
pub struct Scroller {
    scroll: Scroll,
    /// Rows of the window and lines of the text when it was last drawn.
    seen: Cell<(u16, usize)>,
}

impl Scroller {
    /// Moves by the usual keys; false if the key is none of them.
    pub fn on_key(&mut self, key: KeyEvent) -> bool {
        let (rows, length) = self.seen.get();
        self.scroll.on_key(key, rows, length)
    }

    /// Three lines a notch; false if the event is not the wheel's.
    pub fn on_wheel(&mut self, mouse: MouseEvent) -> bool {
        let lines = match mouse.kind {
            MouseEventKind::ScrollDown => 3,
            MouseEventKind::ScrollUp => -3,
            _ => return false,
        };
        let (rows, length) = self.seen.get();
        self.scroll.by(lines, rows, length);
        true
    }

    pub fn to_top(&mut self) {
        self.scroll.from = 0;
    }

    /// For a draw: notes the window and the text's length, and gives the scroll to draw with.
    pub fn see(&self, rows: u16, length: usize) -> Scroll {
        self.seen.set((rows, length));
        Scroll { from: self.scroll.clamped(rows, length) }
    }
}

/// The first row of a list shown so that `chosen` is in sight, with a little of what surrounds it.
pub fn window(chosen: usize, rows: u16, length: usize) -> usize {
    let rows = usize::from(rows);
    if length <= rows {
        return 0;
    }
    chosen.saturating_sub(rows / 2).min(length - rows)
}

/// A thumb in the right border of a box, if not everything is in sight. `area` is the whole box.
pub fn bar(area: Rect, from: usize, length: usize, buf: &mut Buffer, theme: &Theme) {
    let area = area.intersection(buf.area);
    let rows = usize::from(area.height.saturating_sub(2));
    if rows == 0 || length <= rows || area.width == 0 {
        return;
    }
    let thumb = (rows * rows / length).clamp(1, rows);
    let top = (rows - thumb) * from.min(length - rows) / (length - rows);
    for row in 0..thumb {
        let y = area.y + 1 + u16::try_from(top + row).unwrap_or(0);
        if let Some(cell) = buf.cell_mut((area.right() - 1, y)) {
            cell.set_symbol(theme.pick("┃", "#")).set_style(theme.focus);
        }
    }
}

/// The same for the rows of a list inside a popup: the thumb stands in the popup's border.
pub fn bar_beside(list: Rect, from: usize, length: usize, buf: &mut Buffer, theme: &Theme) {
    // Between rows and border lies one blank column.
    bar(Rect { y: list.y.saturating_sub(1), width: list.width + 2, height: list.height + 2, ..list }, from, length, buf, theme);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrolling_stops_at_both_ends() {
        let mut scroll = Scroll::default();
        assert!(scroll.on_key(KeyCode::Char('G').into(), 10, 25));
        assert_eq!(scroll.from, 15);
        assert!(scroll.on_key(KeyCode::Char('j').into(), 10, 25));
        assert_eq!(scroll.from, 15);
        scroll.by(-100, 10, 25);
        assert_eq!(scroll.from, 0);
        assert!(!scroll.on_key(KeyCode::Enter.into(), 10, 25));
    }

    #[test]
    fn the_chosen_row_is_always_in_sight() {
        for length in 0..40 {
            for rows in 1..12 {
                for chosen in 0..length {
                    let from = window(chosen, rows, length);
                    assert!((from..from + usize::from(rows)).contains(&chosen), "{chosen} of {length} in {rows}");
                }
            }
        }
    }
}
