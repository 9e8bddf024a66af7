//! Time per phase beside its plan, and when the first full path stood: for the end of an interview and for its result.

use super::clock_digits as digits;
use crate::session::TimeTable;
use crate::tui::theme::Theme;
use crate::tui::widgets::text;
use ratatui::text::{Line, Span};
use std::time::Duration;

/// A line a phase, then the whole and what else the clock knows. Where nothing is late (`timed` is false), no plan is shown.
pub fn lines(table: &TimeTable<'_>, timed: bool, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    // `12:34 / 15:00  +02:00 over` behind name and bar.
    const TIMES: usize = 28;
    let name = table.rows.iter().map(|row| Span::raw(row.name).width()).max().unwrap_or(0).clamp(5, cols.saturating_sub(TIMES + 8).clamp(5, 28));
    let bar = cols.saturating_sub(name + TIMES + 3).min(40);
    let most = table.rows.iter().map(|row| row.spent.max(row.planned)).max().unwrap_or_default();
    let mut lines = Vec::new();
    for row in &table.rows {
        let mut spans = vec![Span::styled(text::pad(&text::fit(row.name, name), name), if row.begun { theme.text } else { theme.dim }), Span::raw("  ")];
        let style = if row.over.is_zero() { theme.accent } else { theme.bad };
        let plan = timed.then_some(row.planned);
        spans.extend(self::bar(row.spent, plan, most, bar, theme).map(|(cells, planned)| Span::styled(cells, if planned { theme.dim } else { style })));
        spans.push(Span::raw(" "));
        if row.begun {
            spans.extend(times(row.spent, plan, row.over, theme));
        } else {
            spans.push(Span::styled("not begun", theme.dim));
        }
        lines.push(Line::from(spans));
    }
    let mut whole = vec![Span::styled(text::pad("Whole", name), theme.title), Span::raw(" ".repeat(bar + 3))];
    whole.extend(times(table.spent, timed.then_some(table.planned), table.over, theme));
    lines.push(Line::from(whole));
    lines.extend(rest(table).into_iter().map(|says| Line::styled(says, theme.dim)));
    lines
}

/// What stands under the table, in words.
fn rest(table: &TimeTable<'_>) -> Vec<String> {
    let path = table.first_path.map_or("First full path: not marked (F9 marks it)".to_string(), |at| format!("First full path stood at {}", digits(at)));
    let mut rest = vec![path];
    if !table.paused.is_zero() {
        rest.push(format!("Paused for {}", digits(table.paused)));
    }
    if !table.away.is_zero() {
        rest.push(format!("Stopped or asleep for {}, which no clock counts", digits(table.away)));
    }
    rest
}

fn times(spent: Duration, planned: Option<Duration>, over: Duration, theme: &Theme) -> Vec<Span<'static>> {
    let mut spans = vec![Span::styled(digits(spent), theme.text)];
    if let Some(planned) = planned {
        spans.push(Span::styled(format!(" / {}", digits(planned)), theme.dim));
    }
    if !over.is_zero() {
        spans.push(Span::styled(format!("  +{} over", digits(over)), theme.bad));
    }
    spans
}

/// What was spent as a bar with the plan as a tick; parts in order, true for what only the plan fills.
fn bar(spent: Duration, planned: Option<Duration>, most: Duration, cols: usize, theme: &Theme) -> [(String, bool); 2] {
    let cells = |time: Duration| if most.is_zero() { 0 } else { ((time.as_secs_f64() / most.as_secs_f64()) * cols as f64).round() as usize }.min(cols);
    let (full, plan) = (cells(spent), planned.map_or(0, cells));
    // A moment is a moment: what was begun shows at least a little.
    let full = if spent.is_zero() { 0 } else { full.max(1) }.min(cols);
    let cell = |n: usize| match () {
        () if plan > 0 && n + 1 == plan => theme.pick("│", "|"),
        () if n < full => theme.pick("█", "#"),
        () if n < plan => theme.pick("·", "."),
        () => " ",
    };
    [((0..full).map(cell).collect(), false), ((full..cols).map(cell).collect(), true)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{FIRST_PATH, Mode, Plan, Session, sample};
    use crate::tui::theme::{Glyphs, Mode as Look};

    fn told(mode: Mode, glyphs: Glyphs) -> String {
        let mut session = Session::start(Plan::of(&sample::problem(), None), mode);
        session.pass(Duration::from_secs(700));
        let _ = session.mark(FIRST_PATH);
        let _ = session.next_phase();
        session.pass(Duration::from_secs(65));
        session.away(Duration::from_secs(4000));
        let theme = Theme::with(Look::Dark, glyphs, false);
        lines(&session.time_table(), mode.is_timed(), 74, &theme).iter().map(|line| line.to_string().trim_end().to_string() + "\n").collect()
    }

    #[test]
    fn spent_stands_beside_planned() {
        insta::assert_snapshot!("timed", told(Mode::Real, Glyphs::Unicode));
    }

    #[test]
    fn nothing_is_late_untimed() {
        let told = told(Mode::Untimed, Glyphs::Ascii);
        assert!(told.is_ascii() && !told.contains("over") && !told.contains("10:00"), "{told}");
    }
}
