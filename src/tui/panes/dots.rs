//! A raster finer than cells: braille, half blocks, or what ASCII can do.

use crate::tui::theme::{Glyphs, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Dots over an area. Where two lines share a cell, the later one gives the colour.
pub struct Dots {
    area: Rect,
    glyphs: Glyphs,
    across: usize,
    down: usize,
    cells: Vec<(u8, Style)>,
}

impl Dots {
    pub fn new(area: Rect, theme: &Theme) -> Dots {
        let (across, down) = per_cell(theme.glyphs);
        let cells = vec![(0, Style::new()); usize::from(area.width) * usize::from(area.height)];
        Dots { area, glyphs: theme.glyphs, across, down, cells }
    }

    /// Dots from left to right.
    pub fn width(&self) -> usize {
        usize::from(self.area.width) * self.across
    }

    /// Dots from top to bottom.
    pub fn height(&self) -> usize {
        usize::from(self.area.height) * self.down
    }

    /// Width of a dot over its height: 1 where dots are square.
    pub fn aspect(&self) -> f64 {
        self.down as f64 / self.across as f64 / 2.0
    }

    pub fn set(&mut self, x: usize, y: usize, style: Style) {
        if x >= self.width() || y >= self.height() {
            return;
        }
        let at = (y / self.down) * usize::from(self.area.width) + x / self.across;
        let bit = (y % self.down) * self.across + x % self.across;
        let cell = &mut self.cells[at];
        *cell = (cell.0 | 1 << bit, style);
    }

    /// A straight line, both ends included.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), style: Style) {
        let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs()).ceil().clamp(1.0, 4096.0);
        for n in 0..=steps as usize {
            let part = n as f64 / steps;
            let (x, y) = (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
            if x >= -0.5 && y >= -0.5 {
                self.set((x + 0.5) as usize, (y + 0.5) as usize, style);
            }
        }
    }

    /// A line through many points in the pattern of run number `run`: solid, dashed, dotted, dash and dot. The pattern goes on
    /// from point to point, so that it is seen in a curve of many short pieces.
    pub fn path(&mut self, points: &[(f64, f64)], run: usize, style: Style) {
        let pattern = PATTERNS[run % PATTERNS.len()];
        let mut walked = 0usize;
        for pair in points.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs()).ceil().clamp(1.0, 4096.0);
            for n in 0..steps as usize {
                let part = n as f64 / steps;
                let (x, y) = (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
                if pattern[walked % pattern.len()] == b'x' && x >= -0.5 && y >= -0.5 {
                    self.set((x + 0.5) as usize, (y + 0.5) as usize, style);
                }
                walked += 1;
            }
        }
        if let [one] = points {
            self.line(*one, *one, style);
        }
    }

    /// Paints the cells that have a dot; the others stay as they are.
    pub fn paint(&self, buf: &mut Buffer) {
        for (at, (bits, style)) in self.cells.iter().enumerate().filter(|(_, (bits, _))| *bits != 0) {
            let (row, col) = (at / usize::from(self.area.width), at % usize::from(self.area.width));
            let place = (self.area.x + col as u16, self.area.y + row as u16);
            if let Some(cell) = buf.cell_mut(place) {
                cell.set_char(glyph(self.glyphs, *bits)).set_style(*style);
            }
        }
    }
}

/// One letter a dot.
const PATTERNS: [&[u8]; 4] = [b"x", b"xxxx....", b"x...", b"xxxxxx..x.."];

/// What a line of run number `run` looks like, four cells wide.
pub fn sample(run: usize, theme: &Theme) -> &'static str {
    match run % PATTERNS.len() {
        0 => theme.pick("⠤⠤⠤⠤", "----"),
        1 => theme.pick("⠤⠤  ", "--  "),
        2 => theme.pick("⠄ ⠄ ", ". . "),
        _ => theme.pick("⠤⠤⠠ ", "--. "),
    }
}

fn per_cell(glyphs: Glyphs) -> (usize, usize) {
    match glyphs {
        Glyphs::Unicode => (2, 4),
        Glyphs::Blocks | Glyphs::Ascii => (1, 2),
    }
}

fn glyph(glyphs: Glyphs, bits: u8) -> char {
    match (glyphs, bits) {
        (Glyphs::Unicode, _) => braille(bits),
        (Glyphs::Blocks, 1) => '▀',
        (Glyphs::Blocks, 2) => '▄',
        (Glyphs::Blocks, _) => '█',
        (Glyphs::Ascii, 1) => '\'',
        (Glyphs::Ascii, 2) => '.',
        (Glyphs::Ascii, _) => ':',
    }
}

/// Bits row by row, two a row, to the order that Unicode gives the dots of a braille cell.
fn braille(bits: u8) -> char {
    const ORDER: [u8; 8] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];
    let dots = ORDER.iter().enumerate().filter(|(bit, _)| bits & 1 << bit != 0).fold(0, |sum, (_, dot)| sum | u32::from(*dot));
    char::from_u32(0x2800 + dots).unwrap_or('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braille_dots_stand_where_they_are_set() {
        assert_eq!(braille(0b1), '⠁');
        assert_eq!(braille(0b10), '⠈');
        assert_eq!(braille(0b1100_0000), '⣀');
        assert_eq!(braille(0xff), '⣿');
    }
}
