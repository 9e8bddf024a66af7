//! A hash ring: the circle with its points, and each owner's share beside it.

use super::dots::Dots;
use super::numbers::short;
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::view::Ring;
use std::f64::consts::TAU;
use unicode_width::UnicodeWidthStr;

/// From this many points on, letters around the circle would cover one another.
const LETTERS_MOST: usize = 40;

pub fn draw(ring: &Ring, area: Rect, buf: &mut Buffer, theme: &Theme) {
    if ring.owners.is_empty() {
        return super::empty("nobody on the ring", area, buf, theme);
    }
    // The circle is twice as many cells wide as high, because cells are twice as high as wide.
    let side = area.height.saturating_mul(2).min(area.width.saturating_sub(16).max(area.width / 2));
    let [circle, _, shares] = area.layout(&Layout::horizontal([Constraint::Length(side), Constraint::Length(1), Constraint::Fill(1)]));
    if circle.height >= 4 && circle.width >= 8 {
        draw_circle(ring, circle, buf, theme);
    }
    draw_shares(ring, shares, buf, theme);
}

fn draw_circle(ring: &Ring, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let mut dots = Dots::new(area, theme);
    let (cx, cy) = ((dots.width() as f64 - 1.0) / 2.0, (dots.height() as f64 - 1.0) / 2.0);
    let aspect = dots.aspect();
    let radius = (cx / aspect).min(cy) * 0.82;
    let at = |turn: f64, r: f64| {
        let (sin, cos) = sin_cos(turn);
        (cx + sin * r * aspect, cy - cos * r)
    };
    let steps = (radius * TAU).ceil().max(8.0) as usize;
    for n in 0..steps {
        let turn = n as f64 / steps as f64;
        let style = owner_at(ring, turn).map_or(theme.border, |owner| theme.line(owner));
        dots.line(at(turn, radius), at((n + 1) as f64 / steps as f64, radius), style);
    }
    for (turn, owner) in &ring.points {
        dots.line(at(*turn, radius * 0.88), at(*turn, radius), theme.line(*owner));
    }
    dots.paint(buf);
    if ring.points.len() <= LETTERS_MOST {
        for (turn, owner) in &ring.points {
            let (x, y) = at(*turn, radius * 1.14);
            let part = |v: f64, dots: usize, cells: u16| (v / dots as f64 * f64::from(cells)).clamp(0.0, f64::from(cells) - 1.0) as u16;
            let place = (area.x + part(x, dots.width(), area.width), area.y + part(y, dots.height(), area.height));
            if let Some(cell) = buf.cell_mut(place) {
                cell.set_char(letter(*owner)).set_style(theme.line(*owner));
            }
        }
    }
}

/// Keys belong to the next point clockwise.
fn owner_at(ring: &Ring, turn: f64) -> Option<usize> {
    let next = |points: &[(f64, usize)]| points.iter().min_by(|a, b| a.0.total_cmp(&b.0)).map(|p| p.1);
    let after: Vec<(f64, usize)> = ring.points.iter().filter(|p| p.0 >= turn).copied().collect();
    next(&after).or_else(|| next(&ring.points))
}

fn draw_shares(ring: &Ring, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let names = ring.owners.iter().map(|o| o.width()).max().unwrap_or(0).min(usize::from(area.width) / 2);
    let most = ring.shares.iter().copied().fold(0.0, f64::max).max(1e-9);
    let room = usize::from(area.width).saturating_sub(names + 11);
    for (n, (row, owner)) in area.rows().zip(&ring.owners).enumerate() {
        let share = ring.shares.get(n).copied().unwrap_or(0.0);
        let spans = [
            Span::styled(format!("{} ", letter(n)), theme.line(n)),
            Span::raw(text::pad(owner, names)),
            Span::raw(format!(" {:>5}% ", short(share * 100.0))),
            Span::styled(meter::bar(share / most, room, theme), theme.line(n)),
        ];
        Line::from(spans.to_vec()).render(row, buf);
    }
}

fn letter(owner: usize) -> char {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char::from(LETTERS[owner % LETTERS.len()])
}

/// Of a whole turn; through the one portable mathematics of the house.
fn sin_cos(turn: f64) -> (f64, f64) {
    (sims::kernel::math::sin(turn * TAU), sims::kernel::math::cos(turn * TAU))
}
