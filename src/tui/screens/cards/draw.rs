//! How the decks and a round of cards look.

use super::review::{Asked, Review, Stage, Told, summed};
use super::{Decks, next_due};
use crate::catalog::CardKind;
use crate::drill::cards::answer::Verdict;
use crate::drill::cards::{Counts, Desk, Grade, Moment, Stage as Learnt, State, What, Why, days, short_wait};
use crate::tui::panes;
use crate::tui::screen::Ctx;
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// From here on a round has the card's own past beside it.
const WIDE: u16 = 108;
/// Prose wider than this is hard to read.
const PROSE_COLS: u16 = 100;

pub(super) fn decks(screen: &Decks, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
    let theme = ctx.theme;
    let block = popup::focused("Decks", theme);
    let Some(desk) = &screen.desk else { return block.render(area, buf) };
    if desk.decks.is_empty() {
        let inner = block.inner(area);
        block.render(area, buf);
        return panes::empty("No decks. Your own go to problems/decks in your folder: see `greenroom doctor`.", inner, buf, theme);
    }
    let [list, side] = if area.width >= WIDE {
        area.layout(&Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]))
    } else {
        area.layout(&Layout::vertical([Constraint::Length((screen.rows() as u16 + 3).min(area.height * 2 / 3)), Constraint::Fill(1)]))
    };
    let inner = block.inner(list);
    block.render(list, buf);
    let [head, body] = inner.layout(&Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]));
    let name_cols = usize::from(inner.width).saturating_sub(27);
    Line::styled(format!(" {}   new  learn    due  known", text::pad("", name_cols.saturating_sub(2))), theme.dim).render(head, buf);
    let from = scroll::window(screen.chosen, body.height, screen.rows());
    for (row, at) in body.rows().zip(from..screen.rows()) {
        let deck = at.checked_sub(1).and_then(|n| desk.decks.get(n));
        let counts = screen.counts.get(deck.map_or("", |deck| deck.id.as_str())).copied().unwrap_or_default();
        deck_row(deck.map_or("All decks", |deck| deck.title.as_str()), counts, name_cols, theme).render(row, buf);
        if at == screen.chosen {
            buf.set_style(row, theme.selected);
        }
    }
    scroll::bar(list, from, screen.rows(), buf, theme);
    deck_side(screen, desk, side, buf, ctx);
}

fn deck_row(title: &str, counts: Counts, cols: usize, theme: &Theme) -> Line<'static> {
    let number = |n: usize, style: Style| if n == 0 { Span::styled(format!("{:>6} ", "-"), theme.dim) } else { Span::styled(format!("{n:>6} "), style) };
    let known = (counts.seen * 100).checked_div(counts.total).map_or(String::new(), |share| format!("{share:>3} %"));
    Line::from(vec![
        Span::raw(" "),
        Span::raw(text::pad(title, cols)),
        number(counts.new, theme.accent),
        number(counts.learning, theme.warn),
        number(counts.due, theme.good),
        Span::styled(known, theme.dim),
    ])
}

fn deck_side(screen: &Decks, desk: &Desk, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
    let theme = ctx.theme;
    let deck = screen.chosen.checked_sub(1).and_then(|n| desk.decks.get(n));
    let block = popup::frame(deck.map_or("Today", |deck| deck.title.as_str()), theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let cols = usize::from(inner.width).saturating_sub(2);
    let mut lines = Vec::new();
    let rules = &desk.scheduler.rules;
    let counts = screen.counts.get(deck.map_or("", |deck| deck.id.as_str())).copied().unwrap_or_default();
    let todo = counts.new + counts.learning + counts.due;
    let now = (screen.clock)();
    let says = if todo > 0 {
        format!("{} now: {} new, {} being learnt, {} due.", text::count(todo, "card"), counts.new, counts.learning, counts.due)
    } else {
        next_due(desk, now).map_or("Nothing to do.".to_string(), |wait| format!("Nothing to do now; the next card comes in {wait}."))
    };
    lines.extend(text::wrap(&says, cols).into_iter().map(|line| Line::styled(line, theme.text)));
    let done = screen.plan.done_new;
    lines.push(Line::styled(format!("New today: {done} of {}. Reviews: {} of {}.", rules.new_a_day, screen.plan.done_due, rules.reviews_a_day), theme.dim));
    lines.push(Line::styled(format!("{} of {} seen, {} suspended.", counts.seen, counts.total, counts.suspended), theme.dim));
    if counts.seen == 0 {
        let first = "A card is asked, you answer, then say how it went: 1 again, 2 hard, 3 good, 4 easy. Each shows when it would come back.";
        lines.push(Line::raw(""));
        lines.extend(text::wrap(first, cols).into_iter().map(|line| Line::styled(line, theme.text)));
    }
    if let Some(day) = rules.interview {
        let left = counts.total.saturating_sub(counts.seen + counts.suspended) as i64;
        let days = (day - now.day).num_days().max(1);
        let says = format!("To have seen every card before {day}: {} new a day. Each comes once more in the last week.", (left + days - 1) / days);
        lines.extend(text::wrap(&says, cols).into_iter().map(|line| Line::styled(line, theme.dim)));
    }
    lines.push(Line::raw(""));
    lines.extend(topics(screen, desk, deck.map(|deck| deck.id.as_str()), cols, theme));
    for (row, line) in inner.rows().zip(lines) {
        line.render(Rect { x: row.x + 1, width: row.width.saturating_sub(2), ..row }, buf);
    }
}

/// What a deck is about, and how much of each was seen; for all decks: how much of each deck.
fn topics(screen: &Decks, desk: &Desk, deck: Option<&str>, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut found: Vec<(String, usize, usize)> = Vec::new();
    for (entry, _) in screen.plan.standings.iter().filter(|(entry, _)| deck.is_none_or(|deck| entry.deck == deck)) {
        let name = match (deck, desk.card(&entry.card)) {
            (Some(_), Some((_, card))) if !card.topic.is_empty() => card.topic.clone(),
            (Some(_), _) => "other".to_string(),
            (None, Some((deck, _))) => deck.title.clone(),
            (None, None) => continue,
        };
        let seen = usize::from(desk.state(&entry.card).first.is_some());
        match found.iter_mut().find(|(other, ..)| *other == name) {
            Some((_, all, of)) => (*all, *of) = (*all + 1, *of + seen),
            None => found.push((name, 1, seen)),
        }
    }
    let wide = found.iter().map(|(name, ..)| Span::raw(name.as_str()).width()).max().unwrap_or(0).min(cols / 2);
    let bar = cols.saturating_sub(wide + 11).min(30);
    found
        .into_iter()
        .map(|(name, all, seen)| {
            let mut line = Line::from(vec![Span::styled(format!("{}  ", text::pad(&name, wide)), theme.text)]);
            line.extend(meter::gauge(seen as f64 / all.max(1) as f64, bar, theme.accent, theme));
            line.push_span(Span::styled(format!("  {seen} of {all}"), theme.dim));
            line
        })
        .collect()
}

pub(super) fn review(screen: &Review, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
    match &screen.stage {
        Stage::Reading => popup::focused("", ctx.theme).render(area, buf),
        Stage::Over => over(screen, area, buf, ctx.theme),
        Stage::Asked(asked) => {
            let [main, side] =
                if area.width >= WIDE { area.layout(&Layout::horizontal([Constraint::Fill(1), Constraint::Length(36)])) } else { [area, Rect::default()] };
            card(screen, asked, main, buf, ctx);
            if !side.is_empty() {
                past(screen, asked, side, buf, ctx.theme);
            }
            if asked.links {
                links(asked, area, buf, ctx.theme);
            }
        }
    }
}

fn over(screen: &Review, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::focused("Done", theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let now = (screen.clock)();
    let mut lines = Vec::new();
    if screen.done.answers > 0 {
        lines.push(Line::styled(format!("{} in this round.", summed(&screen.done)), theme.title));
    } else if screen.cram.is_some() {
        lines.push(Line::styled("There is nothing to cram here.", theme.title));
    } else {
        lines.push(Line::styled("Nothing to do here now.", theme.title));
    }
    lines.push(Line::raw(""));
    if let (Some(desk), None) = (&screen.desk, &screen.cram) {
        if let Some((at, _)) = screen.plan.soon.first() {
            let wait = short_wait(crate::drill::cards::Due::At(*at), now.at, now.day);
            lines.push(Line::raw(format!("A card that is being learnt comes back in {wait}; it will show up here.")));
        } else if let Some(wait) = next_due(desk, now) {
            lines.push(Line::raw(format!("The next card comes in {wait}.")));
        }
        let held = |wanted: fn(&crate::drill::cards::Standing) -> bool| screen.plan.standings.iter().filter(|(_, s)| wanted(s)).count();
        use crate::drill::cards::Standing::{Apart, Over};
        let (apart, over) = (held(|s| matches!(s, Apart)), held(|s| matches!(s, Over(Why::New))));
        if apart > 0 {
            let says = format!("{} of topics that were asked today wait until tomorrow, so that one does not give the other away.", text::count(apart, "card"));
            lines.extend(text::wrap(&says, usize::from(inner.width.min(PROSE_COLS))).into_iter().map(|line| Line::styled(line, theme.dim)));
        }
        if over > 0 {
            lines.push(Line::styled(format!("{} wait for other days: + in the decks gives more a day.", text::count(over, "new card")), theme.dim));
        }
    }
    let top = inner.height.saturating_sub(lines.len() as u16) / 3;
    for (row, line) in inner.rows().skip(usize::from(top)).zip(lines) {
        line.centered().render(row, buf);
    }
}

fn card(screen: &Review, asked: &Asked, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
    let theme = ctx.theme;
    let topic = if asked.card.topic.is_empty() { String::new() } else { format!(" · {}", asked.card.topic) };
    let block = popup::focused(&format!("{}{topic}", asked.deck), theme).title_top(Line::styled(format!(" {} ", standing(asked)), theme.dim).right_aligned());
    let inner = block.inner(area);
    block.render(area, buf);
    let foot = if asked.told.is_some() { 3 } else { 1 };
    let [body, grades] = inner.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(foot)]));
    let cols = body.width.saturating_sub(4).min(PROSE_COLS);
    let body = Rect { x: body.x + 2, width: body.width.saturating_sub(2), ..body };
    let lines = card_lines(asked, cols, ctx);
    let from = screen.scroll.see(body.height, lines.len()).from;
    scroll::bar(Rect { height: area.height.saturating_sub(foot), ..area }, from, lines.len(), buf, theme);
    for (row, line) in body.rows().zip(lines.iter().skip(from)) {
        line.render(row, buf);
    }
    let foot = Rect { x: grades.x + 2, width: grades.width.saturating_sub(2), ..grades };
    match &asked.told {
        Some(told) => grade_bar(screen, told, foot, buf, theme),
        None => Line::styled(prompt(asked), theme.dim).render(foot, buf),
    }
}

fn standing(asked: &Asked) -> &'static str {
    match (asked.why, asked.state.stage) {
        (_, Learnt::New) => "new",
        (_, Learnt::Learning(_)) => "being learnt",
        (_, Learnt::Relearning(_)) => "learnt again",
        (Why::Due, _) => "review",
        _ => "",
    }
}

fn prompt(asked: &Asked) -> &'static str {
    match asked.card.kind {
        CardKind::Basic => "Say it to yourself, then look: space",
        CardKind::Choice => "One is right",
        CardKind::Several => "One or more are right",
        CardKind::Cloze => "Fill the gaps; F2 shows them",
        CardKind::Order => "Put them in order, the first on top",
        CardKind::Number => "A number with its unit: 86400, 12k/s, 1.2 TB, 3e9, 10 days. F2 shows it",
    }
}

fn card_lines(asked: &Asked, cols: u16, ctx: &Ctx<'_>) -> Vec<Line<'static>> {
    let theme = ctx.theme;
    let mut lines = vec![Line::raw("")];
    lines.extend(asked.question.lines(cols, theme, Some(ctx.code)).iter().cloned());
    lines.push(Line::raw(""));
    let own = asked.input.lines(&asked.card, asked.told.is_some(), usize::from(cols), theme);
    if !own.is_empty() {
        lines.extend(own);
        lines.push(Line::raw(""));
    }
    let Some(told) = &asked.told else { return lines };
    if let Some(line) = verdict(&told.verdict, theme) {
        lines.push(line);
        lines.push(Line::raw(""));
    }
    if !told.answer.source().is_empty() {
        lines.push(Line::styled("Answer", theme.dim));
        lines.extend(told.answer.lines(cols, theme, Some(ctx.code)).iter().cloned());
        lines.push(Line::raw(""));
    }
    if !told.why.source().is_empty() {
        lines.push(Line::styled("Why", theme.dim));
        lines.extend(told.why.lines(cols, theme, Some(ctx.code)).iter().cloned());
        lines.push(Line::raw(""));
    }
    if !asked.card.see.0.is_empty() {
        let see = asked.card.see.0.join(", ");
        lines.push(Line::from(vec![Span::styled("o", theme.key), Span::styled(format!(" shows it: {see}"), theme.dim)]));
    }
    lines
}

fn verdict(verdict: &Verdict, theme: &Theme) -> Option<Line<'static>> {
    let (mark, word, note, style) = match verdict {
        Verdict::Yours => return None,
        Verdict::Right(note) => (theme.pick("✓", "+"), "Right", note, theme.good),
        Verdict::Wrong(note) => (theme.pick("✗", "x"), "Not right", note, theme.bad),
    };
    let note = if note.is_empty() { String::new() } else { format!(": {note}") };
    Some(Line::from(Span::styled(format!("{mark} {word}{note}"), style)))
}

/// The four grades side by side, each with what it leads to; the suggested one is marked.
fn grade_bar(screen: &Review, told: &Told, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let [rule, names, waits] = area.layout(&Layout::vertical([Constraint::Length(1); 3]));
    let says = if screen.cram.is_some() { "How did it go? Cram: the schedule stays as it is" } else { "How did it go? Each shows when the card comes back" };
    Line::styled(says, theme.dim).render(rule, buf);
    let columns = |row: Rect| row.layout::<4>(&Layout::horizontal([Constraint::Max(18); 4]));
    for (n, (name, wait)) in columns(names).into_iter().zip(columns(waits)).enumerate() {
        let grade = Grade::ALL[n];
        let here = grade == told.suggested;
        let mark = if here { theme.pick("›", ">") } else { " " };
        let style = if here { theme.title } else { theme.text };
        Line::from(vec![Span::styled(mark, theme.focus), Span::styled(format!("{}", n + 1), theme.key), Span::styled(format!(" {}", grade.name()), style)])
            .render(name, buf);
        let when = if screen.cram.is_some() { String::new() } else { format!("   {}", short_wait(told.choices[n].due, told.now.at, told.now.day)) };
        Line::styled(when, if here { theme.accent } else { theme.dim }).render(wait, buf);
    }
}

/// What the schedule knows of the card.
fn past(screen: &Review, asked: &Asked, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::frame("This card", theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let mut lines = facts(&asked.state, (screen.clock)(), theme);
    let events = screen.desk.as_ref().map(|desk| desk.past(&asked.card.id)).unwrap_or_default();
    if !events.is_empty() {
        lines.push(Line::raw(""));
        lines.push(Line::styled("Past reviews", theme.dim));
    }
    for event in events.iter().rev() {
        let (What::Review { grade, took_ms } | What::Cram { grade, took_ms }) = event.what else { continue };
        let style = if grade == Grade::Again { theme.warn } else { theme.text };
        let cram = if matches!(event.what, What::Cram { .. }) { " cram" } else { "" };
        let took = format!("{:.0} s", (took_ms as f64 / 1000.0).max(1.0));
        lines.push(Line::from(vec![
            Span::styled(format!("{}  ", event.day), theme.dim),
            Span::styled(format!("{:<6}", grade.name()), style),
            Span::styled(format!("{took:>6}{cram}"), theme.dim),
        ]));
    }
    for (row, line) in inner.rows().zip(lines) {
        line.render(Rect { x: row.x + 1, width: row.width.saturating_sub(2), ..row }, buf);
    }
}

/// Memory in words: also for the browser.
pub(super) fn facts(state: &State, now: Moment, theme: &Theme) -> Vec<Line<'static>> {
    let row = |name: &str, value: String| Line::from(vec![Span::styled(text::pad(name, 13), theme.dim), Span::styled(value, theme.text)]);
    let Some(memory) = state.memory else { return vec![row("stage", "new, never seen".into())] };
    let stage = match state.stage {
        Learnt::New => "new".into(),
        Learnt::Learning(step) => format!("learning, step {}", step + 1),
        Learnt::Relearning(_) => "learnt again".into(),
        Learnt::Review => "review".to_string(),
    };
    let mut lines = vec![
        row("stage", stage),
        row("stability", days(memory.stability.round() as i64)),
        row("difficulty", format!("{:.1} of 10", memory.difficulty)),
        row("recall now", format!("{:.0} %", memory.recall(state.days_since(now.day)) * 100.0)),
        row("reviews", format!("{}, {}", state.reps, text::count(state.lapses as usize, "lapse"))),
    ];
    if state.leech {
        lines.push(Line::styled("! a leech: say it in other words", theme.warn));
    }
    lines
}

fn links(asked: &Asked, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let places = &asked.card.see.0;
    let inner = popup::draw("What shows it", 60, places.len() as u16 + 4, area, buf, theme);
    let [body, foot] = popup::with_foot(inner);
    for (n, (row, see)) in body.rows().zip(places).enumerate() {
        Line::from(vec![Span::styled(format!("{} ", n + 1), theme.key), Span::raw(see.clone())]).render(row, buf);
    }
    Line::styled("a number opens it · any other key closes", theme.dim).render(foot, buf);
}
