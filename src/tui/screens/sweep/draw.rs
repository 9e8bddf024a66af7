//! The form above, and below it a row for each value: mean, least and most, and where they lie.

use super::{Field, Sweep};
use crate::lab::sweep::Spread;
use crate::tui::panes::numbers::short;
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use std::sync::atomic::Ordering;

/// Four fields, two lines of what the knob does, and the border.
const FORM_ROWS: u16 = 8;

pub fn draw(screen: &Sweep, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let [form, result] = area.layout(&Layout::vertical([Constraint::Length(FORM_ROWS), Constraint::Fill(1)]));
    draw_form(screen, form, buf, theme);
    let title = screen
        .sheet
        .as_ref()
        .map_or_else(|| "Result".into(), |sheet| format!("{} over {} · {} seeds", sheet.metrics.join(", "), sheet.knob, sheet.seeds.len()));
    let block = popup::frame(&title, theme);
    let inner = block.inner(result);
    block.render(result, buf);
    let says = if let Some(why) = &screen.refused {
        format!("{} {why}", theme.pick("✗", "x"))
    } else if let Some(running) = &screen.running {
        let (done, of) = (running.done.load(Ordering::Relaxed), running.of);
        let bar = meter::bar(done as f64 / of.max(1) as f64, usize::from(inner.width).saturating_sub(24).min(60), theme);
        format!("{} {done} of {of} runs {bar}", meter::spinner(screen.spins, theme))
    } else if let Some(sheet) = &screen.sheet {
        let spread: Vec<Spread> = sheet.metrics.first().map(|metric| sheet.spread(metric)).unwrap_or_default();
        return draw_result(&spread, result, inner, buf, theme);
    } else {
        "Every value runs under every seed, with the lab's other knobs and what else was done by hand. Enter begins.".into()
    };
    inner
        .rows()
        .zip(text::wrap(&says, usize::from(inner.width).saturating_sub(2)))
        .for_each(|(row, line)| Line::styled(format!(" {line}"), theme.text).render(row, buf));
}

fn draw_form(screen: &Sweep, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::focused("One knob over a range", theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let knob = screen.knob();
    let now = screen.now().map_or_else(String::new, ToString::to_string);
    let chosen = |field| if screen.field == field { theme.pick("▸", ">") } else { " " };
    let style = |field| if screen.field == field { theme.focus } else { theme.text };
    let turned = |field, what: &str| vec![Span::styled(format!("{} {what} {}", theme.pick("◂", "<"), theme.pick("▸", ">")), style(field))];
    let typed = |field, entry: &crate::tui::widgets::entry::Entry| {
        if screen.field == field { entry.spans(theme.focus, theme).to_vec() } else { vec![Span::styled(entry.text().to_string(), theme.text)] }
    };
    let fields = [
        (Field::Knob, "knob", turned(Field::Knob, &format!("{} (now {now})", knob.name))),
        (Field::Range, "values", typed(Field::Range, &screen.range)),
        (Field::Metric, "metric", turned(Field::Metric, &screen.metrics[screen.metric])),
        (Field::Seeds, "seeds", typed(Field::Seeds, &screen.seeds)),
    ];
    let mut rows = inner.rows();
    for (field, name, value) in fields {
        let Some(row) = rows.next() else { return };
        let mut line = Line::from(vec![Span::styled(format!("{}{} ", chosen(field), text::pad(name, 7)), theme.dim)]);
        line.extend(value);
        line.render(row, buf);
    }
    let says = match screen.field {
        Field::Knob => format!("{}; it may be {}", knob.says, knob.kind),
        Field::Range => "1..10, 1..10:3 (step), 1ms..1s:x10 (factor), fifo,lru, or all".into(),
        Field::Metric => "what each run is looked at for".into(),
        Field::Seeds => "so many runs for each value".into(),
    };
    let lines = text::wrap(&says, usize::from(inner.width).saturating_sub(2));
    rows.zip(lines).for_each(|(row, line)| Line::styled(format!(" {line}"), theme.dim).render(row, buf));
}

fn draw_result(spread: &[Spread], whole: Rect, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let name_cols = spread.iter().map(|at| at.value.chars().count()).max().unwrap_or(0).clamp(5, (usize::from(area.width) / 3).max(5));
    let most = spread.iter().map(|at| at.most).fold(0.0, f64::max);
    let mut rows = area.rows();
    if let Some(row) = rows.next() {
        Line::styled(format!(" {}     mean    least     most", text::pad("value", name_cols)), theme.dim).render(row, buf);
    }
    let fits = area.height.saturating_sub(1);
    scroll::bar(whole, 0, spread.len() + 1, buf, theme);
    let broke = |at: &Spread| if at.broken == 0 { String::new() } else { format!(" {} {} broke", theme.pick("✗", "x"), at.broken) };
    // One scale for all rows: the widest of the words at their ends leaves room for the others, too.
    let words = spread.iter().map(|at| broke(at).chars().count()).max().unwrap_or(0);
    for (at, row) in spread.iter().take(usize::from(fits)).zip(rows) {
        let broken = broke(at);
        let head = format!(" {} {:>8} {:>8} {:>8}  ", text::pad(&at.value, name_cols), short(at.mean), short(at.least), short(at.most));
        let room = usize::from(row.width).saturating_sub(head.chars().count() + words + 1);
        Line::from(vec![Span::styled(head, theme.text), Span::styled(whisker(at, most, room, theme), theme.accent), Span::styled(broken, theme.bad)])
            .render(row, buf);
    }
}

/// `├──●───┤` from least to most on a line from 0 to `most`.
fn whisker(at: &Spread, most: f64, cols: usize, theme: &Theme) -> String {
    let place = |x: f64| if most > 0.0 && x.is_finite() { ((x / most).clamp(0.0, 1.0) * cols.saturating_sub(1) as f64 + 0.5) as usize } else { 0 };
    let (least, mean, top) = (place(at.least), place(at.mean), place(at.most));
    if at.runs == 0 {
        return text::pad("no value", cols);
    }
    let glyph = |n: usize| match n {
        n if n == mean => theme.pick("●", "o"),
        n if n == least => theme.pick("├", "|"),
        n if n == top => theme.pick("┤", "|"),
        n if n > least && n < top => theme.pick("─", "-"),
        _ => " ",
    };
    (0..cols).map(glyph).collect()
}
