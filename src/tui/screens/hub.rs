//! Drills: what there is besides interviews, with what is due of each; and what to do today, with its reasons.

use super::Place;
use crate::agenda::{self, Agenda};
use crate::drill::plan;
use crate::drill::today::{Go, Suggestion};
use crate::session::Mode;
use crate::store::StoreError;
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code, quiet};
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::theme::Theme;
use crate::tui::widgets::{popup, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Constraint, Layout, Margin, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use std::any::Any;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Down,
    Up,
    Go,
    Other,
    Back,
}

const KEYS: &[Binding<Act>] = &[
    bind(&[code(KeyCode::Enter), ch(' '), code(KeyCode::Right), ch('l')], "enter", "go there", Act::Go),
    bind(&[ch('j'), code(KeyCode::Down)], "j k", "choose", Act::Down),
    bind(&[code(KeyCode::Tab), code(KeyCode::BackTab)], "tab", "the other list", Act::Other),
    bind(&[code(KeyCode::Esc), ch('q')], "esc", "back", Act::Back),
    Binding { keys: &[ch('k'), code(KeyCode::Up)], shown: "k", says: "choose", place: keymap::Place::Nowhere, act: Act::Up },
];
const LETTERS: &[Binding<()>] = &[quiet(&[], "c n f m p r", "cards, numbers, flaws, machine, plan, reading", ())];

/// The kinds of drill with their letters and what they are.
const KINDS: &[(char, &str, &str)] = &[
    ('c', "Cards", "questions asked again just before you would forget"),
    ('n', "Numbers", "estimates with units, worked out with the same numbers"),
    ('f', "Flaws", "code with one defect, and the run that shows it"),
    ('m', "Machine", "the latency ladder of this computer beside the textbook's"),
    ('p', "Plan", "what to do week by week, and the checklist at the end"),
    ('r', "Reading", "the principles, a page each"),
];

/// Which list has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Today,
    Kinds,
}

pub struct Hub {
    side: Side,
    agenda: Option<Box<Agenda>>,
    pages: usize,
    at: [usize; 2],
}

/// Read by a worker; the second number counts concept pages.
struct Found(Result<Box<Agenda>, StoreError>, usize);

impl Hub {
    pub fn open(side: Side) -> Hub {
        Hub { side, agenda: None, pages: 0, at: [0, 0] }
    }

    fn suggestions(&self) -> &[Suggestion] {
        self.agenda.as_ref().map_or(&[], |agenda| &agenda.suggestions)
    }

    fn len(&self, side: Side) -> usize {
        if side == Side::Today { self.suggestions().len() } else { KINDS.len() }
    }

    fn go(&self) -> Reply {
        let place = match self.side {
            Side::Today => self.suggestions().get(self.at[0]).map(|found| place(&found.go)),
            Side::Kinds => KINDS.get(self.at[1]).map(|kind| of_letter(kind.0)),
        };
        place.map_or(Reply::DONE, |place| Reply::ask(Ask::Open(place)))
    }

    fn step(&mut self, by: isize) -> Reply {
        let last = self.len(self.side).saturating_sub(1);
        let at = &mut self.at[self.side as usize];
        *at = at.saturating_add_signed(by).min(last);
        Reply::DONE
    }

    fn says(&self, letter: char) -> String {
        let Some(agenda) = &self.agenda else { return String::new() };
        match letter {
            'c' => match agenda.cards {
                (0, 0) => "nothing due".into(),
                (0, new) => format!("{new} new"),
                (due, 0) => format!("{due} due"),
                (due, new) => format!("{due} due, {new} new"),
            },
            'n' => format!("{} answered", agenda.past.estimates.len()),
            'f' => {
                let (missed, new, found) = agenda.flaw_counts;
                if missed > 0 { format!("{new} new, {missed} missed") } else { format!("{new} new, {found} found") }
            }
            'p' => match &agenda.followed {
                None => "none chosen".into(),
                Some(_) => {
                    let (done, late, all) = plan::tally(&agenda.weeks);
                    let late = if late > 0 { format!(", {late} late") } else { String::new() };
                    format!("{done} of {all} done{late}")
                }
            },
            'r' => text::count(self.pages, "page"),
            _ => String::new(),
        }
    }
}

/// Where a suggestion leads.
pub fn place(go: &Go) -> Place {
    match go {
        Go::Resume { attempt } => Place::Resume { attempt: attempt.clone() },
        Go::Score { attempt } => Place::Scoring { attempt: attempt.clone() },
        Go::Mock { problem, variant, mode } => Place::Interview { problem: problem.clone(), variant: variant.clone(), mode: mode.and_then(Mode::parse) },
        Go::Experiments { problem } => Place::Experiments { problem: problem.clone() },
        Go::Cards => Place::Cards,
        Go::Numbers { kind } => Place::Numbers { kind: *kind },
        Go::Flaws => Place::Flaws,
        Go::Plan => Place::Plan,
    }
}

fn of_letter(letter: char) -> Place {
    match letter {
        'c' => Place::Cards,
        'n' => Place::Numbers { kind: None },
        'f' => Place::Flaws,
        'm' => Place::Ladder,
        'p' => Place::Plan,
        _ => Place::Pages { page: None },
    }
}

impl Screen for Hub {
    fn header(&self, ctx: &Ctx<'_>) -> Header {
        let left = ctx.rooms.config.interview_date.map(|date| (date - chrono::Local::now().date_naive()).num_days()).filter(|left| *left >= 0);
        let right = left.map_or_else(String::new, |left| format!("interview {}", crate::drill::today::in_days(left)));
        Header { right: Line::raw(right), ..Header::title("Today and drills") }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        keymap::help(KEYS).into_iter().chain(keymap::help(LETTERS)).collect()
    }

    fn on_key(&mut self, key: KeyEvent, _ctx: &Ctx<'_>) -> Reply {
        match keymap::find(KEYS, key) {
            Some(Act::Down) => self.step(1),
            Some(Act::Up) => self.step(-1),
            Some(Act::Go) => self.go(),
            Some(Act::Other) => {
                self.side = if self.side == Side::Today { Side::Kinds } else { Side::Today };
                Reply::DONE
            }
            Some(Act::Back) => Reply::ask(Ask::Back),
            None => match KINDS.iter().find(|kind| key.code == KeyCode::Char(kind.0) && key.modifiers.is_empty()) {
                Some(kind) => Reply::ask(Ask::Open(of_letter(kind.0))),
                None => Reply::Passed,
            },
        }
    }

    fn on_mouse(&mut self, mouse: MouseEvent, body: Rect, ctx: &Ctx<'_>) -> Reply {
        if mouse.kind != MouseEventKind::Down(MouseButton::Left) {
            return Reply::Passed;
        }
        for (side, area) in [Side::Today, Side::Kinds].into_iter().zip(split(body)) {
            let inner = popup::frame("", ctx.theme).inner(area);
            if inner.contains(Position::new(mouse.column, mouse.row)) {
                let at = usize::from(mouse.row - inner.y) / 2;
                let again = self.side == side && self.at[side as usize] == at;
                self.side = side;
                self.at[side as usize] = at.min(self.len(side).saturating_sub(1));
                return if again { self.go() } else { Reply::DONE };
            }
        }
        Reply::Passed
    }

    fn on_show(&mut self, ctx: &Ctx<'_>) -> Vec<Ask> {
        if let (Some(store), Some(catalog)) = (ctx.rooms.store().cloned(), ctx.rooms.catalog.clone()) {
            let config = ctx.rooms.config.clone();
            ctx.mailbox.work("agenda", move || Found(agenda::read(&store, &catalog, &config, chrono::Utc::now()).map(Box::new), catalog.pages().len()));
        }
        Vec::new()
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, _ctx: &Ctx<'_>) -> Vec<Ask> {
        match message.downcast::<Found>().map(|found| *found) {
            Ok(Found(Ok(agenda), pages)) => {
                (self.agenda, self.pages) = (Some(agenda), pages);
                self.at[0] = self.at[0].min(self.len(Side::Today).saturating_sub(1));
                Vec::new()
            }
            Ok(Found(Err(why), _)) => vec![Ask::Toast(Tone::Bad, format!("your history cannot be read: {why}"))],
            Err(_) => Vec::new(),
        }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        let [today, kinds] = split(area);
        self.draw_today(today, buf, ctx.theme);
        self.draw_kinds(kinds, buf, ctx.theme);
    }
}

/// Beside each other where there is room, else one over the other.
fn split(area: Rect) -> [Rect; 2] {
    if area.width >= 110 {
        return area.layout(&Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]));
    }
    area.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(8)]))
}

impl Hub {
    fn block(&self, side: Side, title: &str, area: Rect, buf: &mut Buffer, theme: &Theme) -> Rect {
        let block = if self.side == side { popup::focused(title, theme) } else { popup::frame(title, theme) };
        let inner = block.inner(area).inner(Margin::new(1, 0));
        block.render(area, buf);
        inner
    }

    fn draw_today(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let inner = self.block(Side::Today, "Today", area, buf, theme);
        if self.agenda.is_none() {
            return crate::tui::panes::empty("looking at what you did", inner, buf, theme);
        }
        let each = 2;
        let fits = usize::from(inner.height) / each;
        let from = (self.at[0] + 1).saturating_sub(fits);
        let mut rows = inner.rows();
        for (n, found) in self.suggestions().iter().enumerate().skip(from).take(fits) {
            let (Some(first), Some(second)) = (rows.next(), rows.next()) else { return };
            let chosen = self.side == Side::Today && n == self.at[0];
            let mark = if chosen { theme.pick("▸", ">") } else { " " };
            let minutes = format!("{} min", found.minutes);
            let room = usize::from(inner.width).saturating_sub(minutes.len() + 4);
            Line::from(vec![
                Span::styled(format!("{mark} "), theme.accent),
                Span::styled(text::pad(&found.title, room), theme.title),
                Span::styled(format!("  {minutes}"), theme.dim),
            ])
            .render(first, buf);
            Line::styled(format!("  {}", text::fit(&found.why, usize::from(inner.width).saturating_sub(3))), theme.dim).render(second, buf);
            if chosen {
                buf.set_style(first, theme.selected);
            }
        }
    }

    fn draw_kinds(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let inner = self.block(Side::Kinds, "Drills", area, buf, theme);
        let each = if inner.height >= 12 { 2 } else { 1 };
        for (n, (letter, name, what)) in KINDS.iter().enumerate() {
            let Some(row) = inner.rows().nth(n * each) else { return };
            let chosen = self.side == Side::Kinds && n == self.at[1];
            let mark = if chosen { theme.pick("▸", ">") } else { " " };
            let says = self.says(*letter);
            let mut spans = vec![
                Span::styled(format!("{mark} "), theme.accent),
                Span::styled(format!("{letter} "), theme.key),
                Span::styled(format!("{name:<9}"), theme.title),
                Span::styled(format!("{says:<22}"), theme.text),
            ];
            if each == 1 {
                spans.push(Span::styled(text::fit(what, usize::from(inner.width).saturating_sub(36)), theme.dim));
            } else if let Some(below) = inner.rows().nth(n * each + 1) {
                Line::styled(format!("    {}", text::fit(what, usize::from(inner.width).saturating_sub(5))), theme.dim).render(below, buf);
            }
            Line::from(spans).render(row, buf);
            if chosen {
                buf.set_style(row, theme.selected);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::testing::Stage;
    use crate::tui::theme::{Glyphs, Mode as Look};

    fn dark() -> Stage {
        Stage::with(Theme::with(Look::Dark, Glyphs::Unicode, true))
    }

    #[test]
    fn the_first_day_is_told_and_each_row_leads_somewhere() {
        let mut stage = dark();
        stage.keys("t");
        stage.settle();
        for (cols, rows) in [(80, 24), (120, 40), (200, 60)] {
            let text = stage.text(cols, rows);
            let at = |title: &str| text.find(title).unwrap_or_else(|| panic!("{title}: {text}"));
            // Built-in decks and snippets grow, so that no picture of their numbers is kept.
            let titles = ["Review cards", "Estimate", "Spot a flaw", "without a clock", "Choose a plan"].map(at);
            assert!(titles.is_sorted() && text.contains("none chosen"), "{text}");
        }
        stage.keys("j<enter>");
        stage.settle();
        assert!(stage.text(120, 40).contains("Estimation drills"));
        stage.keys("<esc>");
        stage.settle();
        assert!(stage.text(120, 40).contains("Today and drills"));
    }

    #[test]
    fn letters_open_every_kind_and_esc_comes_back() {
        let mut stage = dark();
        stage.keys("d");
        stage.settle();
        for (letter, title) in [("n", "Estimation drills"), ("f", "Spot the flaw"), ("m", "Numbers of this machine"), ("p", "Plan"), ("c", "ards")] {
            stage.keys(letter);
            stage.settle();
            let text = stage.text(120, 40);
            assert!(text.lines().next().unwrap_or_default().contains(title), "{letter}: {text}");
            stage.keys("<esc>");
            stage.settle();
        }
        stage.keys("r");
        assert!(stage.text(120, 40).contains("Concept pages"));
        for (cols, rows) in [(60, 18), (80, 24), (200, 60)] {
            stage.text(cols, rows);
        }
        stage.keys("<esc><tab>jj<up><enter>");
        stage.settle();
        for (cols, rows) in [(60, 18), (80, 24), (200, 60)] {
            stage.text(cols, rows);
        }
    }
}
