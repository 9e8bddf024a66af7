//! Lines between boxes: where they meet they become corners and crossings.

use super::plan::{Link, Side};
use crate::tui::panes::numbers::short;
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

const UP: u8 = 1;
const RIGHT: u8 = 2;
const DOWN: u8 = 4;
const LEFT: u8 = 8;

/// How a cell's line looks: the worst of the links that share it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Look {
    #[default]
    Still,
    Busy,
    Lossy,
    Slow,
    Cut,
}

pub struct Wires<'a> {
    area: Rect,
    theme: &'a Theme,
    /// Sides that a line leaves by, how it looks, how many links share the cell.
    cells: Vec<(u8, Look, u8)>,
    /// Arrow heads, flows, crosses: painted over the lines.
    signs: Vec<(u16, u16, String, Look)>,
}

impl<'a> Wires<'a> {
    pub fn new(area: Rect, links: &[Link], theme: &'a Theme) -> Wires<'a> {
        let cells = vec![(0, Look::Still, 0); usize::from(area.width) * usize::from(area.height)];
        let mut wires = Wires { area, theme, cells, signs: Vec::new() };
        for link in links {
            link.points.windows(2).for_each(|pair| wires.segment(pair[0], pair[1], look(link)));
            for end in link.ends.iter().flatten() {
                wires.mark(end.at, bit(end.side), look(link));
            }
            for place in path(link) {
                if let Some(cell) = wires.cell(place) {
                    cell.2 = cell.2.saturating_add(1);
                }
            }
        }
        // Only when all lines stand is it known where a link runs alone.
        links.iter().for_each(|link| wires.sign(link));
        wires
    }

    fn cell(&mut self, (x, y): (u16, u16)) -> Option<&mut (u8, Look, u8)> {
        let inside = x < self.area.width && y < self.area.height;
        inside.then(|| &mut self.cells[usize::from(y) * usize::from(self.area.width) + usize::from(x)])
    }

    fn sign(&mut self, link: &Link) {
        for end in link.ends.iter().flatten().filter(|end| end.arrow) {
            self.head(end.at, end.side, look(link));
        }
        self.middle(link);
    }

    pub fn paint(&self, buf: &mut Buffer) {
        for (at, (mask, look, _)) in self.cells.iter().enumerate().filter(|(_, (mask, ..))| *mask != 0) {
            let (x, y) = (self.area.x + (at % usize::from(self.area.width)) as u16, self.area.y + (at / usize::from(self.area.width)) as u16);
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.set_symbol(self.glyph(*mask, *look)).set_style(self.style(*look));
            }
        }
        for (x, y, text, look) in &self.signs {
            buf.set_string(self.area.x + x, self.area.y + y, text, self.style(*look));
        }
    }

    fn style(&self, look: Look) -> Style {
        match look {
            Look::Still => self.theme.border,
            Look::Busy => self.theme.dim,
            Look::Lossy | Look::Slow => self.theme.warn,
            Look::Cut => self.theme.bad,
        }
    }

    fn segment(&mut self, from: (u16, u16), to: (u16, u16), look: Look) {
        // A slanting segment (the layout makes none) would be drawn as a corner.
        let corner = (to.0, from.1);
        self.straight(from, corner, look);
        self.straight(corner, to, look);
    }

    fn straight(&mut self, from: (u16, u16), to: (u16, u16), look: Look) {
        for x in from.0.min(to.0)..from.0.max(to.0) {
            self.mark((x, from.1), RIGHT, look);
            self.mark((x + 1, from.1), LEFT, look);
        }
        for y in from.1.min(to.1)..from.1.max(to.1) {
            self.mark((to.0, y), DOWN, look);
            self.mark((to.0, y + 1), UP, look);
        }
    }

    fn mark(&mut self, place: (u16, u16), side: u8, look: Look) {
        if let Some(cell) = self.cell(place) {
            (cell.0, cell.1) = (cell.0 | side, cell.1.max(look));
        }
    }

    /// An arrow head, unless lines turn or meet there: those say more.
    fn head(&mut self, at: (u16, u16), side: Side, look: Look) {
        let Some((mask, ..)) = self.cell(at).copied() else { return };
        let (across, glyph) = match side {
            Side::Up => (LEFT | RIGHT, self.theme.pick("▴", "^")),
            Side::Down => (LEFT | RIGHT, self.theme.pick("▾", "v")),
            Side::Left => (UP | DOWN, self.theme.pick("◂", "<")),
            Side::Right => (UP | DOWN, self.theme.pick("▸", ">")),
        };
        if mask & across == 0 {
            self.signs.push((at.0, at.1, glyph.to_string(), look));
        }
    }

    /// Where a link runs alone: a cross if it is cut, else its flow if there is room.
    fn middle(&mut self, link: &Link) {
        let path = path(link);
        let alone: Vec<bool> = path.iter().map(|place| self.cell(*place).is_some_and(|cell| cell.2 == 1)).collect();
        // The longest run of cells of its own, on one row.
        let mut best = (0, 0);
        let mut from = 0;
        for at in 0..path.len() {
            if !alone[at] || (at > from && path[at].1 != path[from].1) {
                from = if alone[at] { at } else { at + 1 };
            }
            if alone[at] && at + 1 - from > best.1 {
                best = (from, at + 1 - from);
            }
        }
        let (start, length) = best;
        if !link.cut {
            self.dots(link, &path, &alone);
        }
        let middle = path.get(start + length / 2).or(path.get(path.len() / 2));
        // Troubles by sign, not by colour alone; the words stand below the picture.
        let sign = match look(link) {
            Look::Cut => self.theme.pick("✗", "x"),
            Look::Slow => self.theme.pick("≈", "~"),
            Look::Lossy => "%",
            Look::Busy | Look::Still => "",
        };
        if let (false, Some((x, y))) = (sign.is_empty(), middle) {
            self.signs.push((*x, *y, sign.to_string(), look(link)));
        } else if link.flow >= 0.5 && link.ends.iter().flatten().any(|end| end.arrow) {
            let says = format!("{}/s", short(link.flow));
            let width = says.chars().count();
            if width + 3 <= length {
                let left = path[start].0.min(path[start + length - 1].0);
                self.signs.push((left + ((length - width) / 2) as u16, path[start].1, says, look(link)));
            }
        }
    }

    /// Messages on their way: a dot each way that moves on with every so many messages, so that a busy link is seen to be busy.
    fn dots(&mut self, link: &Link, path: &[(u16, u16)], alone: &[bool]) {
        if path.len() < 3 {
            return;
        }
        // Some eight cells a second of the run, whatever the flow.
        let step = ((link.flow / 8.0).max(1.0) as u64).next_power_of_two();
        for (back, sent) in link.sent.iter().enumerate().filter(|(_, sent)| **sent > 0 && link.flow > 0.0) {
            let place = (sent / step) as usize % path.len();
            let place = if back == 1 { path.len() - 1 - place } else { place };
            if alone[place] {
                let (x, y) = path[place];
                self.signs.push((x, y, self.theme.pick("•", "o").to_string(), look(link)));
            }
        }
    }

    fn glyph(&self, mask: u8, look: Look) -> &'static str {
        if self.theme.ascii() {
            return match mask {
                m if m & (UP | DOWN) == 0 => "-",
                m if m & (LEFT | RIGHT) == 0 => "|",
                _ => "+",
            };
        }
        match (mask, look) {
            (m, Look::Cut | Look::Slow | Look::Lossy) if m & (UP | DOWN) == 0 => "╌",
            (m, Look::Cut | Look::Slow | Look::Lossy) if m & (LEFT | RIGHT) == 0 => "╎",
            (m, _) if m & (UP | DOWN) == 0 => "─",
            (m, _) if m & (LEFT | RIGHT) == 0 => "│",
            (3, _) => "└",
            (6, _) => "┌",
            (9, _) => "┘",
            (12, _) => "┐",
            (7, _) => "├",
            (13, _) => "┤",
            (14, _) => "┬",
            (11, _) => "┴",
            _ => "┼",
        }
    }
}

fn bit(side: Side) -> u8 {
    match side {
        Side::Up => UP,
        Side::Right => RIGHT,
        Side::Down => DOWN,
        Side::Left => LEFT,
    }
}

fn look(link: &Link) -> Look {
    match () {
        () if link.cut => Look::Cut,
        () if link.slow => Look::Slow,
        () if link.lossy => Look::Lossy,
        () if link.flow > 0.0 => Look::Busy,
        () => Look::Still,
    }
}

/// Every cell of a link, in order, each once.
fn path(link: &Link) -> Vec<(u16, u16)> {
    let mut cells: Vec<(u16, u16)> = link.points.first().copied().into_iter().collect();
    for pair in link.points.windows(2) {
        let (mut at, to) = (pair[0], pair[1]);
        while at != to {
            let toward = |a: u16, b: u16| if a < b { a + 1 } else { a - u16::from(a > b) };
            // Across first, as the lines are drawn.
            at = if at.0 == to.0 { (at.0, toward(at.1, to.1)) } else { (toward(at.0, to.0), at.1) };
            cells.push(at);
        }
    }
    cells
}
