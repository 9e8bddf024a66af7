//! A chart of lines over virtual time: axes, thresholds, marks of what happened, a cursor that reads values.

use super::dots::Dots;
use super::numbers::{LONG_MS, moment, short, step, ticks, with_unit};
use crate::tui::theme::Theme;
use crate::tui::widgets::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line as Row, Span};
use ratatui::widgets::Widget;
use sims::kernel::view::Line;

/// What a chart shows. Only `lines` is needed.
#[derive(Clone, Copy, Default)]
pub struct Chart<'a> {
    pub lines: &'a [Line],
    /// Levels that matter, each with its name: `p99 limit`.
    pub thresholds: &'a [(f64, String)],
    /// What happened when: `12.0, "crash s1"`.
    pub marks: &'a [(f64, String)],
    /// The instant that the legend reads; else the end.
    pub cursor: Option<f64>,
    /// The window of time; else what the points cover.
    pub window: Option<(f64, f64)>,
    /// The lines are one metric in several runs: each has a pattern and a capital of its own.
    pub runs: bool,
}

impl<'a> Chart<'a> {
    pub fn of(lines: &'a [Line]) -> Chart<'a> {
        Chart { lines, ..Chart::default() }
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let Some(window) = self.window.or_else(|| self.covered()) else {
            return super::empty("no data yet", area, buf, theme);
        };
        let legend = Rect { height: 1, ..area };
        self.draw_legend(legend, buf, theme);
        let plot = Rect { y: area.y + 1, height: area.height - 1, ..area };
        if plot.height < 2 || plot.width < 8 {
            return;
        }
        let scale = Scale::new(self.values(window), self.thresholds, window, self.unit());
        let inner = scale.draw_axes(plot, buf, theme);
        self.draw_levels(inner, &scale, buf, theme);
        self.draw_lines(inner, &scale, buf, theme);
        self.draw_marks(inner, &scale, buf, theme);
    }

    fn covered(&self) -> Option<(f64, f64)> {
        let times = || self.lines.iter().flat_map(|line| line.points.iter().map(|p| p.0));
        let (from, to) = (times().fold(f64::INFINITY, f64::min), times().fold(f64::NEG_INFINITY, f64::max));
        (from.is_finite() && to.is_finite()).then_some((from, to.max(from + 1e-9)))
    }

    /// The least and the largest value in the window.
    fn values(&self, window: (f64, f64)) -> (f64, f64) {
        let inside = |p: &&(f64, f64)| p.0 >= window.0 && p.0 <= window.1 && p.1.is_finite();
        let values = || self.lines.iter().flat_map(|line| line.points.iter().filter(inside).map(|p| p.1));
        (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
    }

    /// The unit of all lines, if they share one.
    fn unit(&self) -> &str {
        let first = self.lines.first().map_or("", |line| line.unit.as_str());
        if self.lines.iter().all(|line| line.unit == first) { first } else { "" }
    }

    /// Letter, name and value of each line: the letter stands at the line's end as well, so that no colour is needed.
    fn draw_legend(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let mut row = Row::default();
        let mut values: Vec<String> = self.lines.iter().map(|line| self.read(line).map_or_else(|| "-".to_string(), |v| with_unit(v, &line.unit))).collect();
        let names: Vec<&str> = self.lines.iter().map(|line| line.name.as_str()).collect();
        let room = |values: &[String]| usize::from(area.width + 2).saturating_sub(values.iter().map(|value| value.len() + LEGEND_GAPS).sum::<usize>());
        // Of compared runs the pattern stands beside the letter, where it fits.
        let needed: usize =
            if self.runs { (0..names.len()).map(|n| super::dots::sample(n, theme).chars().count()).sum() } else { names.iter().map(|name| name.len()).sum() };
        let tight = needed > room(&values);
        if tight {
            // Where room is short, a unit that all share stands once, at the end.
            let shared = format!(" {}", self.unit());
            let last = values.len().saturating_sub(1);
            if values.iter().all(|value| value.ends_with(&shared)) {
                values[..last].iter_mut().for_each(|value| value.truncate(value.len() - shared.len()));
            }
        }
        let names = shortened(&names, room(&values));
        for (n, (value, short)) in values.into_iter().zip(names).enumerate() {
            let name = match (self.runs, self.lines.len() > 1) {
                (true, _) if tight => self.letter(n).to_string(),
                (true, _) => format!("{} {}", self.letter(n), super::dots::sample(n, theme)),
                (false, true) => format!("{} {short}", self.letter(n)),
                (false, false) => short,
            };
            let gap = if n == 0 { "" } else { "  " };
            row.extend([Span::raw(gap), Span::styled(name, theme.line(n)), Span::raw(" "), Span::styled(value, theme.text)]);
        }
        if let Some(at) = self.cursor {
            // Whole or not at all: the timeline tells it too.
            let note = format!("  at {} s", moment((at * 1e3).round() / 1e3));
            if row.width() + note.len() <= usize::from(area.width) {
                row.push_span(Span::styled(note, theme.dim));
            }
        }
        row.render(area, buf);
    }

    /// The value at the cursor, or the last one.
    fn read(&self, line: &Line) -> Option<f64> {
        match self.cursor {
            Some(at) => line.points.iter().rev().find(|p| p.0 <= at).map(|p| p.1),
            None => line.points.last().map(|p| p.1),
        }
    }

    fn draw_lines(&self, area: Rect, scale: &Scale, buf: &mut Buffer, theme: &Theme) {
        let mut dots = Dots::new(area, theme);
        let (wide, high) = (dots.width() as f64 - 1.0, dots.height() as f64 - 1.0);
        let place = |p: &(f64, f64)| (scale.x(p.0) * wide, (1.0 - scale.y(p.1)) * high);
        for (n, line) in self.lines.iter().enumerate() {
            let inside: Vec<&(f64, f64)> = line.points.iter().filter(|p| p.0 >= scale.from && p.0 <= scale.to && p.1.is_finite()).collect();
            if self.runs {
                let points: Vec<(f64, f64)> = inside.iter().map(|p| place(p)).collect();
                dots.path(&points, n, theme.line(n));
                continue;
            }
            match inside.as_slice() {
                [one] => dots.line(place(one), place(one), theme.line(n)),
                many => many.windows(2).for_each(|pair| dots.line(place(pair[0]), place(pair[1]), theme.line(n))),
            }
        }
        dots.paint(buf);
        if self.lines.len() > 1 {
            self.draw_letters(area, scale, buf, theme);
        }
    }

    fn draw_letters(&self, area: Rect, scale: &Scale, buf: &mut Buffer, theme: &Theme) {
        let mut taken = Vec::new();
        for (n, line) in self.lines.iter().enumerate() {
            let Some(last) = line.points.iter().rfind(|p| p.0 <= scale.to && p.1.is_finite()) else { continue };
            let mut place = (cell(area.x, area.width, scale.x(last.0)), cell(area.y, area.height, 1.0 - scale.y(last.1)));
            // Lines that end on one another write their letters side by side.
            while taken.contains(&place) && place.0 > area.x {
                place.0 -= 1;
            }
            taken.push(place);
            if let Some(cell) = buf.cell_mut(place) {
                cell.set_char(self.letter(n)).set_style(theme.line(n));
            }
        }
    }

    fn letter(&self, n: usize) -> char {
        if self.runs { letter(n).to_ascii_uppercase() } else { letter(n) }
    }

    fn draw_levels(&self, area: Rect, scale: &Scale, buf: &mut Buffer, theme: &Theme) {
        for (value, name) in self.thresholds {
            let y = cell(area.y, area.height, 1.0 - scale.y(*value));
            for x in (area.x..area.right()).step_by(2) {
                if let Some(cell) = buf.cell_mut((x, y)) {
                    cell.set_symbol(theme.pick("╌", "-")).set_style(theme.warn);
                }
            }
            let label = text::fit(name, usize::from(area.width / 2));
            Row::styled(label, theme.warn).right_aligned().render(Rect { y, height: 1, ..area }, buf);
        }
    }

    fn draw_marks(&self, area: Rect, scale: &Scale, buf: &mut Buffer, theme: &Theme) {
        let cursor = self.cursor.map(|at| (at, String::new()));
        let inside = || self.marks.iter().chain(cursor.as_ref()).filter(|(at, _)| *at >= scale.from && *at <= scale.to);
        let line = theme.pick("┊", "|");
        // What was done may have been a fault or a cure: no colour of alarm.
        let style = |name: &str| if name.is_empty() { theme.accent } else { theme.title };
        for (at, name) in inside() {
            let x = cell(area.x, area.width, scale.x(*at));
            for y in area.y..area.bottom() {
                if let Some(cell) = buf.cell_mut((x, y))
                    && cell.symbol() == " "
                {
                    cell.set_symbol(line).set_style(style(name));
                }
            }
        }
        // Names over the lines of marks, and where nothing else stands; what finds no place is left to the log.
        for (at, name) in inside() {
            let x = cell(area.x, area.width, scale.x(*at));
            let width = u16::try_from(name.chars().count()).unwrap_or(0).min(area.width);
            let left = (x + 1).min(area.right().saturating_sub(width));
            let around = left.saturating_sub(1).max(area.x)..(left + width + 1).min(area.right());
            let free = |y: &u16| around.clone().all(|x| buf.cell((x, *y)).is_some_and(|cell| [" ", line].contains(&cell.symbol())));
            if let Some(y) = (area.y..area.bottom()).find(free) {
                Row::styled(name.clone(), style(name)).render(Rect { x: left, y, width, height: 1 }, buf);
            }
        }
    }
}

/// Cells of a line's legend beside its name and value: its letter, and the gaps.
const LEGEND_GAPS: usize = 5;

/// Names in so many cells together: the longest gives first, so that every value is seen.
fn shortened(names: &[&str], room: usize) -> Vec<String> {
    const LEAST: usize = 3;
    let mut widths: Vec<usize> = names.iter().map(|name| name.chars().count()).collect();
    while widths.iter().sum::<usize>() > room {
        match (0..widths.len()).max_by_key(|n| widths[*n]) {
            Some(widest) if widths[widest] > LEAST => widths[widest] -= 1,
            _ => break,
        }
    }
    names.iter().zip(widths).map(|(name, width)| text::fit(name, width)).collect()
}

fn letter(n: usize) -> char {
    char::from(b'a' + (n % 26) as u8)
}

/// The cell at `part` (0 to 1) of a length.
fn cell(from: u16, length: u16, part: f64) -> u16 {
    from + (part.clamp(0.0, 1.0) * f64::from(length.saturating_sub(1)) + 0.5) as u16
}

/// From values to parts of the plot.
struct Scale {
    from: f64,
    to: f64,
    low: f64,
    high: f64,
    /// Milliseconds that are told in seconds.
    long: bool,
}

impl Scale {
    fn new((least, most): (f64, f64), thresholds: &[(f64, String)], (from, to): (f64, f64), unit: &str) -> Scale {
        let (mut least, mut most) = if least.is_finite() { (least, most) } else { (0.0, 1.0) };
        for (value, _) in thresholds {
            least = least.min(*value);
            most = most.max(*value);
        }
        // From zero, unless that would press the line flat: then from just under it.
        let flat = least > 0.0 && most - least < most * 0.1 && most > least;
        if !flat {
            least = least.min(0.0);
            most = most.max(0.0);
        }
        let grain = step(((most - least) / 4.0).max(most.abs().max(least.abs()) * 1e-6).max(1e-9));
        let (low, high) = ((least / grain).floor() * grain, (most / grain).ceil() * grain);
        Scale { from, to, low, high: if high > low { high } else { low + 1.0 }, long: unit == "ms" && high >= LONG_MS }
    }

    fn x(&self, time: f64) -> f64 {
        ((time - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }

    fn y(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// Draws both axes with their labels; returns what is left for the lines.
    fn draw_axes(&self, plot: Rect, buf: &mut Buffer, theme: &Theme) -> Rect {
        // Both ends always; what is between them where rows allow.
        let between = usize::from(plot.height.saturating_sub(1) / 3).min(6);
        let rows = if between < 2 { vec![self.low, self.high] } else { ticks(self.low, self.high, between) };
        let labels: Vec<String> = rows.iter().map(|v| if self.long { format!("{}s", short(v / 1e3)) } else { short(*v) }).collect();
        let wide = labels.iter().map(String::len).max().unwrap_or(1).min(8) as u16;
        let inner = Rect { x: plot.x + wide + 1, y: plot.y, width: plot.width.saturating_sub(wide + 1), height: plot.height - 1 };
        for y in inner.y..inner.bottom() {
            buf.set_string(inner.x - 1, y, theme.pick("│", "|"), theme.border);
        }
        for (value, label) in rows.iter().zip(&labels) {
            let y = cell(inner.y, inner.height, 1.0 - self.y(*value));
            buf.set_string(inner.x - 1, y, theme.pick("┤", "+"), theme.border);
            Row::styled(label.clone(), theme.dim).right_aligned().render(Rect { x: plot.x, y, width: wide, height: 1 }, buf);
        }
        self.draw_times(inner, plot.bottom() - 1, buf, theme);
        inner
    }

    fn draw_times(&self, inner: Rect, y: u16, buf: &mut Buffer, theme: &Theme) {
        let mut free = inner.x;
        for tick in ticks(self.from, self.to, usize::from(inner.width / 12).clamp(1, 10)) {
            let label = format!("{}s", moment(tick));
            let width = label.len() as u16;
            let x = cell(inner.x, inner.width, self.x(tick)).saturating_sub(width / 2).max(inner.x);
            if x >= free && x + width <= inner.right() {
                buf.set_string(x, y, &label, theme.dim);
                free = x + width + 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{Glyphs, Mode};

    /// The first row of a chart of so many columns.
    fn legend(lines: &[(&str, &str, f64)], cols: u16) -> String {
        let lines: Vec<Line> =
            lines.iter().map(|(name, unit, value)| Line { name: (*name).into(), unit: (*unit).into(), points: vec![(0.0, *value), (1.0, *value)] }).collect();
        let mut buf = Buffer::empty(Rect::new(0, 0, cols, 6));
        Chart::of(&lines).draw(buf.area, &mut buf, &Theme::with(Mode::Dark, Glyphs::Unicode, false));
        (0..cols).map(|x| buf[(x, 0)].symbol()).collect::<String>().trim_end().to_string()
    }

    #[test]
    fn names_give_way_in_a_legend_and_values_never() {
        let starts = [("cold_starts", "/s", 1.1), ("restored", "/s", 0.0), ("warm_starts", "/s", 57.9)];
        assert_eq!(legend(&starts, 80), "a cold_starts 1.1 /s  b restored 0 /s  c warm_starts 57.9 /s");
        assert_eq!(legend(&starts, 40), "a cold_… 1.1  b rest… 0  c warm… 57.9 /s");
        assert_eq!(legend(&[("inbox", "ms", 57_700.0)], 40), "inbox 57.7 s");
    }

    #[test]
    fn a_mark_is_named_where_nothing_else_stands() {
        let line = Line { name: "served".into(), unit: String::new(), points: (0..=10).map(|n| (f64::from(n), 100.0)).collect() };
        let mut buf = Buffer::empty(Rect::new(0, 0, 60, 10));
        let marks = [(2.0, "crash s1".to_string()), (2.1, "limit=50".to_string())];
        let chart = Chart { marks: &marks, window: Some((0.0, 10.0)), ..Chart::of(std::slice::from_ref(&line)) };
        chart.draw(buf.area, &mut buf, &Theme::with(Mode::Dark, Glyphs::Unicode, false));
        let rows: Vec<String> = (0..10).map(|y| (0..60).map(|x| buf[(x, y)].symbol()).collect()).collect();
        for name in ["crash s1", "limit=50"] {
            assert!(rows.iter().any(|row| row.contains(name)), "{name}\n{}", rows.join("\n"));
        }
        let of_line = rows.iter().find(|row| row.contains('⠉') || row.contains('⠒') || row.contains('⠤') || row.contains('⣀')).unwrap();
        assert!(!of_line.contains("crash"), "{of_line}");
    }
}
