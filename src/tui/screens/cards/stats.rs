//! Statistics of the cards: what is due when, how much is recalled, how stable and how hard they are, time a day.

use super::{Found, now};
use crate::drill::cards::Moment;
use crate::drill::cards::stats::{DAYS, Recall, STABILITY_ENDS, Stats};
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code, quiet};
use crate::tui::panes;
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::theme::Theme;
use crate::tui::widgets::scroll::{self, Scroller};
use crate::tui::widgets::{meter, popup, text};
use chrono::{Days, NaiveDate};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use std::any::Any;

const KEYS: &[Binding<()>] = &[bind(&[ch('q'), code(KeyCode::Enter)], "q", "back", ()), quiet(&[], "j k", "scroll", ())];

/// From here on four panes stand two by two.
const WIDE: u16 = 100;

pub struct CardStats {
    pub(super) stats: Option<(Stats, f64)>,
    pub(super) clock: fn() -> Moment,
    scroll: Scroller,
}

impl CardStats {
    /// # Errors
    /// The catalog or the store is not there yet.
    pub fn open(ctx: &Ctx<'_>) -> Result<CardStats, String> {
        Found::ask(ctx)?;
        Ok(CardStats { stats: None, clock: now, scroll: Scroller::default() })
    }
}

impl Screen for CardStats {
    fn header(&self, _ctx: &Ctx<'_>) -> Header {
        let right = self.stats.as_ref().map_or("reading the cards".into(), |(stats, _)| {
            let month = stats.answers.iter().sum();
            format!("{} seen · {} in {DAYS} days", text::count(stats.seen, "card"), text::count(month, "answer"))
        });
        Header { right: Line::raw(right), ..Header::title("Cards: statistics") }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        keymap::help(KEYS)
    }

    fn on_key(&mut self, key: KeyEvent, _ctx: &Ctx<'_>) -> Reply {
        match keymap::find(KEYS, key) {
            Some(()) => Reply::ask(Ask::Back),
            None if self.scroll.on_key(key) => Reply::DONE,
            None => Reply::Passed,
        }
    }

    fn on_mouse(&mut self, mouse: MouseEvent, _body: Rect, _ctx: &Ctx<'_>) -> Reply {
        if self.scroll.on_wheel(mouse) { Reply::DONE } else { Reply::Passed }
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, _ctx: &Ctx<'_>) -> Vec<Ask> {
        match message.downcast::<Found>().map(|found| found.0) {
            Ok(Ok(desk)) => {
                self.stats = Some((desk.stats((self.clock)().day), desk.scheduler.rules.retention));
                Vec::new()
            }
            Ok(Err(why)) => vec![Ask::Toast(Tone::Bad, why.to_string())],
            Err(_) => Vec::new(),
        }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        let theme = ctx.theme;
        let Some((stats, target)) = &self.stats else { return };
        if stats.answers.iter().all(|n| *n == 0) && stats.seen == 0 {
            let block = popup::focused("", theme);
            let inner = block.inner(area);
            block.render(area, buf);
            return panes::empty("Nothing yet: what comes of your reviews stands here.", inner, buf, theme);
        }
        let today = (self.clock)().day;
        if area.width < WIDE {
            return self.narrow(stats, *target, today, area, buf, theme);
        }
        let [top, bottom] = area.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]));
        let [forecast, recall] = top.layout(&Layout::horizontal([Constraint::Percentage(55), Constraint::Fill(1)]));
        let [spread, time] = bottom.layout(&Layout::horizontal([Constraint::Percentage(55), Constraint::Fill(1)]));
        let pane = |title: &str, place: Rect, buf: &mut Buffer, lines: &dyn Fn(usize, usize) -> Vec<Line<'static>>| {
            let block = popup::frame(title, theme);
            let inner = block.inner(place);
            block.render(place, buf);
            let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
            inner.rows().zip(lines(inner.width.into(), inner.height.into())).for_each(|(row, line)| line.render(row, buf));
        };
        pane("Due in the next days", forecast, buf, &|cols, rows| due_lines(stats, today, cols, rows, theme));
        pane("Recalled", recall, buf, &|cols, _| recall_lines(stats, *target, cols, theme));
        pane("Stability and difficulty", spread, buf, &|cols, rows| spread_lines(stats, cols, rows, theme));
        pane("Time a day", time, buf, &|cols, rows| time_lines(stats, today, cols, rows, theme));
    }
}

impl CardStats {
    /// One column that scrolls.
    fn narrow(&self, stats: &Stats, target: f64, today: NaiveDate, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let block = popup::focused("", theme);
        let inner = block.inner(area);
        block.render(area, buf);
        let cols = usize::from(inner.width).saturating_sub(2);
        let mut lines = Vec::new();
        let mut part = |title: &'static str, more: Vec<Line<'static>>| {
            lines.push(Line::styled(title, theme.title));
            lines.extend(more);
            lines.push(Line::raw(""));
        };
        part("Recalled", recall_lines(stats, target, cols, theme));
        part("Due in the next days", due_lines(stats, today, cols, 10, theme));
        part("Stability and difficulty", spread_lines(stats, cols, 20, theme));
        part("Time a day", time_lines(stats, today, cols, 10, theme));
        let from = self.scroll.see(inner.height, lines.len()).from;
        scroll::bar(area, from, lines.len(), buf, theme);
        for (row, line) in inner.rows().zip(lines.into_iter().skip(from)) {
            line.render(Rect { x: row.x + 1, width: row.width.saturating_sub(2), ..row }, buf);
        }
    }
}

/// ` Mon 23   12 ████████`: one bar a row, scaled to the longest.
fn bars(rows: Vec<(String, f64, String)>, cols: usize, style: Style, theme: &Theme) -> Vec<Line<'static>> {
    let most = rows.iter().map(|(_, value, _)| *value).fold(0.0, f64::max);
    let wide = |pick: fn(&(String, f64, String)) -> &String| rows.iter().map(|row| Span::raw(pick(row).as_str()).width()).max().unwrap_or(0);
    let (names, says) = (wide(|row| &row.0), wide(|row| &row.2));
    let room = cols.saturating_sub(names + says + 3);
    rows.into_iter()
        .map(|(name, value, said)| {
            let part = if most > 0.0 { value / most } else { 0.0 };
            Line::from(vec![
                Span::styled(format!("{} ", text::pad(&name, names)), theme.dim),
                Span::styled(format!("{said:>says$} "), theme.text),
                Span::styled(meter::bar(part, room, theme), style),
            ])
        })
        .collect()
}

fn due_lines(stats: &Stats, today: NaiveDate, cols: usize, rows: usize, theme: &Theme) -> Vec<Line<'static>> {
    let sum: usize = stats.forecast.iter().sum();
    let week: usize = stats.forecast.iter().take(7).sum();
    let mut lines = vec![Line::styled(format!("{} today, {week} in a week, {sum} in {DAYS} days", stats.forecast[0]), theme.text), Line::raw("")];
    let shown = rows.saturating_sub(lines.len()).clamp(3, DAYS);
    let day = |n: usize| if n == 0 { "today".into() } else { (today + Days::new(n as u64)).format("%a %e %b").to_string() };
    let each = stats.forecast.iter().take(shown).enumerate().map(|(n, count)| (day(n), *count as f64, count.to_string())).collect();
    lines.extend(bars(each, cols, theme.accent, theme));
    lines
}

fn recall_lines(stats: &Stats, target: f64, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let mut lines = vec![Line::styled(format!("The target is {}.", percent(target)), theme.text), Line::raw("")];
    let mut row = |name: &str, recall: &Recall| {
        let Some(share) = recall.share() else {
            return lines.push(Line::from(vec![Span::styled(text::pad(name, 16), theme.dim), Span::styled("no reviews yet", theme.dim)]));
        };
        let (mark, style) = if share >= target - 0.02 { (theme.pick("✓", "+"), theme.good) } else { ("!", theme.warn) };
        let mut line = Line::from(vec![Span::styled(text::pad(name, 16), theme.dim), Span::styled(format!("{mark} {:>5} ", percent(share)), style)]);
        line.extend(meter::gauge(share, cols.saturating_sub(46).min(24), style, theme));
        line.push_span(Span::styled(format!(" of {:<4} FSRS: {}", recall.of, percent(recall.expected)), theme.dim));
        lines.push(line);
    };
    row("last 30 days", &stats.recall_month);
    row("all time", &stats.recall_all);
    row("young cards", &stats.recall_young);
    row("mature cards", &stats.recall_mature);
    lines.push(Line::raw(""));
    let says = "Only reviews on a later day of cards past their steps count. FSRS: the recall it had expected. Mature: stable for three weeks.";
    lines.extend(text::wrap(says, cols).into_iter().map(|line| Line::styled(line, theme.dim)));
    if stats.leeches > 0 || stats.suspended > 0 {
        lines.push(Line::styled(format!("{}, {} suspended", text::count(stats.leeches, "leech card"), stats.suspended), theme.warn));
    }
    lines
}

fn spread_lines(stats: &Stats, cols: usize, rows: usize, theme: &Theme) -> Vec<Line<'static>> {
    let stability: Vec<_> = STABILITY_ENDS.iter().zip(stats.stability).map(|((_, name), n)| ((*name).to_string(), n as f64, n.to_string())).collect();
    let difficulty: Vec<_> = stats.difficulty.iter().enumerate().map(|(n, count)| (format!("{}", n + 1), *count as f64, count.to_string())).collect();
    let titles = |text: &str| Line::styled(text.to_string(), theme.dim);
    // Side by side where the rows do not suffice for one above the other.
    if rows >= stability.len() + difficulty.len() + 3 {
        let mut lines = vec![titles("stability: days until recall falls to 90 %")];
        lines.extend(bars(stability, cols, theme.accent, theme));
        lines.push(Line::raw(""));
        lines.push(titles("difficulty, 1 to 10"));
        lines.extend(bars(difficulty, cols, theme.warn, theme));
        return lines;
    }
    let half = cols / 2;
    let left: Vec<_> = std::iter::once(titles("stability")).chain(bars(stability, half.saturating_sub(2), theme.accent, theme)).collect();
    let right: Vec<_> = std::iter::once(titles("difficulty")).chain(bars(difficulty, half.saturating_sub(2), theme.warn, theme)).collect();
    (0..left.len().max(right.len()))
        .map(|n| {
            let mut line = left.get(n).cloned().unwrap_or_default();
            let gap = half.saturating_sub(line.width());
            line.push_span(Span::raw(" ".repeat(gap)));
            line.extend(right.get(n).cloned().unwrap_or_default());
            line
        })
        .collect()
}

fn time_lines(stats: &Stats, today: NaiveDate, cols: usize, rows: usize, theme: &Theme) -> Vec<Line<'static>> {
    let minutes = |ms: u64| ms as f64 / 60_000.0;
    let sum: u64 = stats.time_ms.iter().sum();
    let days = stats.time_ms.iter().filter(|ms| **ms > 0).count();
    let answers: usize = stats.answers.iter().sum();
    let each = sum as f64 / 1000.0 / answers.max(1) as f64;
    let mean = minutes(sum) / days.max(1) as f64;
    let says = format!("{} of {DAYS}, {mean:.1} min each, {each:.0} s an answer", text::count(days, "day"));
    let mut lines = vec![Line::styled(says, theme.text), Line::raw("")];
    let shown = rows.saturating_sub(lines.len()).clamp(3, DAYS);
    let day = |back: usize| if back == 0 { "today".into() } else { (today - Days::new(back as u64)).format("%a %e %b").to_string() };
    let each =
        (0..shown).map(|back| (day(back), minutes(stats.time_ms[DAYS - 1 - back]), format!("{:.1} min", minutes(stats.time_ms[DAYS - 1 - back])))).collect();
    lines.extend(bars(each, cols, theme.accent, theme));
    lines
}
