//! How a plan is drawn: weeks with their tasks, the routine, the checklist, the plans to choose from.

use super::{Part, PlanScreen};
use crate::agenda::Agenda;
use crate::catalog::plans;
use crate::drill::plan::{self, Status, Ticked};
use crate::drill::today;
use crate::tui::panes;
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Margin, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// From this width on the routine and the checklist stand beside the weeks.
const BESIDE: u16 = 110;

pub(super) fn draw(screen: &PlanScreen, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let Some(agenda) = &screen.agenda else {
        return panes::empty("looking at what you did", area, buf, theme);
    };
    if screen.part == Part::Choosing {
        return draw_offered(screen, area, buf, theme);
    }
    if area.width < BESIDE {
        return match screen.part {
            Part::Weeks => draw_weeks(screen, agenda, area, buf, theme),
            _ => draw_checklist(screen, agenda, area, buf, theme),
        };
    }
    let [weeks, side] = area.layout(&Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]));
    let [routine, list] = side.layout(&Layout::vertical([Constraint::Length(9), Constraint::Fill(1)]));
    draw_weeks(screen, agenda, weeks, buf, theme);
    draw_routine(agenda, routine, buf, theme);
    draw_checklist(screen, agenda, list, buf, theme);
}

fn framed(title: &str, has_keys: bool, area: Rect, buf: &mut Buffer, theme: &Theme) -> Rect {
    let block = if has_keys { popup::focused(title, theme) } else { popup::frame(title, theme) };
    let inner = block.inner(area).inner(Margin::new(1, 0));
    block.render(area, buf);
    inner
}

fn look(status: Status, theme: &Theme) -> (&'static str, Style, &'static str) {
    match status {
        Status::Done => (theme.pick("✓", "+"), theme.good, ""),
        Status::Open => (theme.pick("○", "."), theme.text, ""),
        Status::Late => ("!", theme.warn, "late"),
        Status::ToCome => (theme.pick("·", "-"), theme.dim, "to come"),
    }
}

fn draw_weeks(screen: &PlanScreen, agenda: &Agenda, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let title = agenda.followed.as_ref().map_or_else(String::new, |(_, plan)| plan.title.clone());
    let inner = framed(&title, screen.part == Part::Weeks, area, buf, theme);
    let cols = usize::from(inner.width);
    let (mut lines, mut chosen_row, mut n) = (Vec::new(), 0, 0);
    for (w, week) in agenda.weeks.iter().enumerate() {
        let now = (week.from..=week.to).contains(&agenda.today);
        let dates = format!("{} to {}", week.from.format("%d %b"), week.to.format("%d %b"));
        let here = if now { ", now" } else { "" };
        let head = format!("Week {}{here}: {}", w + 1, week.title);
        let style = if now { theme.accent } else { theme.title };
        lines.push((
            Line::from(vec![Span::styled(text::pad(&head, cols.saturating_sub(dates.len() + 1)), style), Span::styled(format!(" {dates}"), theme.dim)]),
            false,
        ));
        for task in &week.tasks {
            let chosen = screen.part == Part::Weeks && n == screen.at[0];
            if chosen {
                chosen_row = lines.len();
            }
            let (mark, style, word) = look(task.status, theme);
            let count = task.count.filter(|_| task.status != Status::Done).map_or_else(String::new, |(have, need)| format!("{have} of {need}"));
            let tail = [count.as_str(), word].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(", ");
            let says = plan::says(&task.task, plans::plans());
            let room = cols.saturating_sub(tail.chars().count() + 5);
            let spans = vec![
                Span::styled(format!("  {mark} "), style),
                Span::styled(text::pad(&says, room), if task.status == Status::ToCome { theme.dim } else { theme.text }),
                Span::styled(format!(" {tail}"), style),
            ];
            lines.push((Line::from(spans), chosen));
            n += 1;
        }
    }
    write(&lines, chosen_row, inner, area, buf, theme);
}

fn write(lines: &[(Line<'static>, bool)], chosen: usize, inner: Rect, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let from = scroll::window(chosen, inner.height, lines.len());
    for (row, (line, is_chosen)) in inner.rows().zip(lines.iter().skip(from)) {
        line.render(row, buf);
        if *is_chosen {
            buf.set_style(row, theme.selected);
        }
    }
    scroll::bar(area, from, lines.len(), buf, theme);
}

fn draw_routine(agenda: &Agenda, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let inner = framed("A week", false, area, buf, theme);
    let routine = &plans::plans().routine;
    let today = today::habit(routine, agenda.today);
    for (row, habit) in inner.rows().zip(routine) {
        let now = today.is_some_and(|today| today.day == habit.day);
        let mark = if now { theme.pick("▸", ">") } else { " " };
        let style = if now { theme.accent } else { theme.dim };
        let says = text::fit(&habit.says, usize::from(row.width).saturating_sub(13));
        Line::from(vec![Span::styled(format!("{mark} {:<10}", habit.day), style), Span::raw(says)]).render(row, buf);
    }
}

fn draw_checklist(screen: &PlanScreen, agenda: &Agenda, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let proved = agenda.checklist.iter().filter(|line| line.proved()).count();
    let title = format!("Before the interview: {proved} of {} shown by your history", agenda.checklist.len());
    let inner = framed(&title, screen.part == Part::Checklist, area, buf, theme);
    let cols = usize::from(inner.width);
    let (mut lines, mut chosen_row, mut group) = (Vec::new(), 0, "");
    for (n, line) in agenda.checklist.iter().enumerate() {
        if line.item.group != group {
            group = &line.item.group;
            lines.push((Line::styled(capital(group), theme.dim), false));
        }
        let chosen = screen.part == Part::Checklist && n == screen.at[1];
        if chosen {
            chosen_row = lines.len();
        }
        lines.extend(checked(line, cols, theme).into_iter().map(|line| (line, chosen)));
    }
    write(&lines, chosen_row, inner, area, buf, theme);
}

/// A line of the checklist: proved by history, ticked by hand alone, or open.
fn checked(line: &Ticked, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    const GAUGE: usize = 10;
    let (mark, style) = match (line.proved(), line.by_hand) {
        (true, _) => (theme.pick("✓", "+"), theme.good),
        (false, true) => (theme.pick("◌", "o"), theme.warn),
        (false, false) => (theme.pick("○", "."), theme.text),
    };
    let part = line.have as f64 / line.need.max(1) as f64;
    let hand = if line.by_hand && !line.proved() { "; by hand only" } else { "" };
    let mut below = vec![Span::raw("    ")];
    below.extend(meter::gauge(part, GAUGE, style, theme));
    below.push(Span::styled(text::fit(&format!("  {} of {} {}{hand}", line.have, line.need, line.says), cols.saturating_sub(GAUGE + 4)), theme.dim));
    let says = text::fit(&line.item.says, cols.saturating_sub(4));
    vec![Line::from(vec![Span::styled(format!("  {mark} "), style), Span::raw(says)]), Line::from(below)]
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}

fn draw_offered(screen: &PlanScreen, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let wide = area.width >= 90;
    let layout =
        if wide { Layout::horizontal([Constraint::Fill(2), Constraint::Fill(3)]) } else { Layout::vertical([Constraint::Length(8), Constraint::Fill(1)]) };
    let [list, inside] = area.layout(&layout);
    let inner = framed("Plans: enter follows one", true, list, buf, theme);
    for (n, (row, plan)) in inner.rows().zip(&screen.offered).enumerate() {
        let mark = if n == screen.at[2] { theme.pick("▸", ">") } else { " " };
        let says = format!("{} weeks, {} h a week", plan.weeks.len(), plan.hours);
        let room = usize::from(row.width).saturating_sub(says.len() + 3);
        Line::from(vec![
            Span::styled(format!("{mark} "), theme.accent),
            Span::styled(text::pad(&plan.title, room), theme.title),
            Span::styled(format!(" {says}"), theme.dim),
        ])
        .render(row, buf);
        if n == screen.at[2] {
            buf.set_style(row, theme.selected);
        }
    }
    let Some(plan) = screen.offered.get(screen.at[2]) else { return };
    let inner = framed(&plan.title, false, inside, buf, theme);
    let cols = usize::from(inner.width);
    let mut lines: Vec<Line<'static>> = text::wrap(&plan.says, cols).into_iter().map(Line::raw).collect();
    lines.push(Line::default());
    for (n, week) in plan.weeks.iter().enumerate() {
        lines.push(Line::styled(text::fit(&format!("{}. {}", n + 1, week.title), cols), theme.title));
        let tasks: Vec<String> = week.tasks.iter().map(|task| plan::says(task, plans::plans())).collect();
        lines.extend(text::wrap(&tasks.join("; "), cols.saturating_sub(3)).into_iter().map(|line| Line::styled(format!("   {line}"), theme.dim)));
    }
    for (row, line) in inner.rows().zip(lines) {
        line.render(row, buf);
    }
}
