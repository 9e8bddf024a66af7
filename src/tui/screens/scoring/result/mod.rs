//! What the scoring came to, on pages: debrief, lines, time, numbers, the user's eye over time, the solution and the hints.

mod numbers;
mod pages;

use super::keys::{AFTER, After, MATCHING};
use super::view::short;
use super::{Scoring, Stage, finding, hint};
use crate::catalog::Rubric;
use crate::drill::cards::draft::Draft;
use crate::score::{Band, Goes, Leaning, NextStep, Reading, Score, Step, estimates, leanings, misses, next_step};
use crate::store::Attempt;
use crate::tui::keymap::{self, KeyHelp};
use crate::tui::screen::{Ask, Ctx, Reply};
use crate::tui::screens::Place;
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, popup, scroll};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use std::cell::Cell;

/// The pages, in the order of their keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tab {
    #[default]
    Debrief,
    Lines,
    Time,
    Numbers,
    Eye,
    Solution,
    Hints,
}

const TABS: [(Tab, &str); 7] = [
    (Tab::Debrief, "Debrief"),
    (Tab::Lines, "Lines"),
    (Tab::Time, "Time"),
    (Tab::Numbers, "Numbers"),
    (Tab::Eye, "Your eye"),
    (Tab::Solution, "Solution"),
    (Tab::Hints, "Hints"),
];

/// From this width the lines stand beside every page.
const WIDE: u16 = 110;

/// The result's own state, and what it knows of other attempts.
#[derive(Default)]
pub(super) struct Debrief {
    tab: Tab,
    /// The question that is being matched with a line.
    matching: Option<usize>,
    /// The phase whose solution or hints are read first.
    phase: Option<String>,
    /// The attempt on the same problem before this one.
    before: Option<Attempt>,
    /// Blind less informed over all attempts; and without this one, for the correction of it.
    leanings: Vec<Leaning>,
    others: Option<crate::score::Lean>,
    /// Rows and lines of the page when it was last drawn.
    seen: Cell<(u16, usize)>,
}

impl Debrief {
    pub fn look_back(&mut self, this: &Attempt, attempts: Vec<Attempt>, rubric: &Rubric) {
        let mut attempts = attempts;
        attempts.sort_by_key(|attempt| attempt.started_at);
        let both: Vec<(&str, &Score, &Score)> =
            attempts.iter().filter_map(|attempt| Some((attempt.id.as_str(), attempt.blind.as_ref()?, attempt.informed.as_ref()?))).collect();
        let scales: Vec<&str> = rubric.dimensions.iter().chain(&rubric.communication).map(|scale| scale.id.as_str()).collect();
        self.leanings = leanings(&both.iter().map(|(_, blind, informed)| (*blind, *informed)).collect::<Vec<_>>(), &scales);
        self.others = crate::score::lean(both.iter().filter(|(id, ..)| *id != this.id).map(|(_, blind, informed)| (blind.total, informed.total)));
        let same = |attempt: &Attempt| attempt.problem == this.problem && attempt.variant == this.variant && attempt.started_at < this.started_at;
        self.before = attempts.into_iter().rev().find(|attempt| same(attempt) && attempt.result().is_some());
    }

    pub fn keys(&self) -> Vec<KeyHelp> {
        if self.matching.is_some() { keymap::help(MATCHING) } else { keymap::help(AFTER) }
    }

    fn show(&mut self, tab: Tab) {
        (self.tab, self.matching) = (tab, None);
    }
}

impl Scoring {
    /// The candidate's estimates beside the card's.
    pub(super) fn steps(&self) -> Vec<Step> {
        estimates(&self.problem, self.session.estimates(), &self.picks)
    }

    pub(super) fn next(&self) -> NextStep {
        next_step(&self.problem, &self.session, &self.score(Reading::Informed), &self.steps(), self.proof.verification())
    }

    /// Offers a card for each line of which nothing was found, each objective that was missed, each estimate far off.
    fn cards(&self) -> Vec<Ask> {
        let missed = misses(&self.problem, Some(&self.score(Reading::Informed)), &self.steps(), self.proof.verification());
        match missed.iter().map(Draft::of_miss).collect::<Vec<_>>() {
            none if none.is_empty() => hint("nothing was missed that a card could be made of"),
            drafts => vec![Ask::Open(Place::Keep { drafts })],
        }
    }

    pub(super) fn after_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        if let Some(question) = self.debrief.matching {
            self.matching_key(question, key, ctx);
            return Reply::DONE;
        }
        if let KeyCode::Char(c @ '1'..='7') = key.code
            && key.modifiers.is_empty()
        {
            return Reply::Used(self.after(After::Tab(usize::from(c as u8 - b'1')), ctx));
        }
        keymap::find(AFTER, key).map_or(Reply::Passed, |after| Reply::Used(self.after(after, ctx)))
    }

    fn after(&mut self, after: After, ctx: &Ctx<'_>) -> Vec<Ask> {
        let problem = self.attempt.problem.clone();
        let at = TABS.iter().position(|(tab, _)| *tab == self.debrief.tab).unwrap_or(0);
        match after {
            After::Next => return self.go_next(),
            After::Tab(n) => self.turn(n),
            After::TabOn => self.turn((at + 1) % TABS.len()),
            After::TabBack => self.turn((at + TABS.len() - 1) % TABS.len()),
            After::Home => return vec![Ask::Home],
            After::Lab if self.problem.design.is_none() => return hint("this card has no design to run"),
            After::Lab => return vec![Ask::Open(Place::lab(&problem))],
            After::History => return vec![Ask::Open(Place::History { problem: Some(problem) })],
            After::Again => {
                self.stage = Stage::Judge(Reading::Informed);
                self.select(0);
                self.keep_place(ctx);
            }
            After::Cards => return self.cards(),
            After::Copy => return vec![Ask::Copy(pages::text(self))],
            After::Pick if self.problem.estimation.is_empty() => return hint("this card asks for no estimates"),
            After::Pick if self.session.estimates().is_empty() => return hint("your sheet has no lines to pick from"),
            After::Pick => {
                self.debrief.show(Tab::Numbers);
                (self.debrief.matching, self.from) = (Some(0), 0);
            }
            After::Run if !crate::lab::verify::can(&self.problem) => return hint("this card has no design to run"),
            After::Run => {
                self.proof.start(&self.problem, &self.session, ctx.mailbox);
                self.turn(3);
            }
            After::Stop if self.proof.is_running() => self.proof.stop(),
            After::Stop => return hint("nothing is running"),
            After::ScrollDown => self.scroll(1),
            After::ScrollUp => self.scroll(-1),
            After::PageDown => self.scroll(isize::from(i16::try_from(self.debrief.seen.get().0 / 2).unwrap_or(10))),
            After::PageUp => self.scroll(-isize::from(i16::try_from(self.debrief.seen.get().0 / 2).unwrap_or(10))),
        }
        Vec::new()
    }

    fn turn(&mut self, tab: usize) {
        if let Some((tab, _)) = TABS.get(tab) {
            self.debrief.show(*tab);
            self.debrief.phase = None;
            self.from = 0;
        }
    }

    fn scroll(&mut self, by: isize) {
        let (rows, length) = self.debrief.seen.get();
        self.from = self.from.saturating_add_signed(by).min(length.saturating_sub(usize::from(rows)));
    }

    fn go_next(&mut self) -> Vec<Ask> {
        let problem = self.attempt.problem.clone();
        match self.next().goes {
            Goes::Experiment(experiment) => return vec![Ask::Open(Place::Experiment { problem, experiment })],
            Goes::Lab if self.problem.design.is_some() => return vec![Ask::Open(Place::lab(&problem))],
            Goes::Lab => return vec![Ask::Home],
            Goes::Solution(phase) => {
                self.turn(5);
                self.debrief.phase = Some(phase);
            }
            Goes::Hints(phase) => {
                self.turn(6);
                self.debrief.phase = Some(phase);
            }
            Goes::Estimates => self.turn(3),
        }
        Vec::new()
    }

    /// Another question, or another line for this one: none, the first, the second, …
    fn matching_key(&mut self, question: usize, key: KeyEvent, ctx: &Ctx<'_>) {
        let (last, lines) = (self.problem.estimation.len().saturating_sub(1), self.session.estimates().len());
        let now = self.steps().get(question).and_then(|step| step.yours.as_ref().map(|yours| yours.line));
        let picked = match key.code {
            KeyCode::Down | KeyCode::Char('j') => return self.debrief.matching = Some((question + 1).min(last)),
            KeyCode::Up | KeyCode::Char('k') => return self.debrief.matching = Some(question.saturating_sub(1)),
            KeyCode::Right | KeyCode::Char('l') => now.map_or(Some(0), |line| Some(line + 1).filter(|line| *line < lines)),
            KeyCode::Left | KeyCode::Char('h') => now.map_or(lines.checked_sub(1), |line| line.checked_sub(1)),
            KeyCode::Enter | KeyCode::Esc | KeyCode::Char('p') => return self.debrief.matching = None,
            _ => return,
        };
        // A line answers one question: it is taken from another that had picked it.
        self.picks.retain(|other, line| *other == question || line.is_none() || *line != picked);
        self.picks.insert(question, picked);
        self.keep(finding::PICKS, &self.picks, ctx);
    }
}

pub fn draw(screen: &Scoring, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let score = screen.score(Reading::Informed);
    let [head, tabs, rest] = area.layout(&Layout::vertical([Constraint::Length(3), Constraint::Length(1), Constraint::Fill(1)]));
    draw_head(screen, &score, head, buf, theme);
    draw_tabs(screen, tabs, buf, theme);
    let tab = screen.debrief.tab;
    let beside = area.width >= WIDE && !matches!(tab, Tab::Lines | Tab::Solution);
    let parts = if beside { [Constraint::Percentage(42), Constraint::Fill(1)] } else { [Constraint::Length(0), Constraint::Fill(1)] };
    let [left, page] = rest.layout(&Layout::horizontal(parts));
    if beside {
        let cols = usize::from(left.width.saturating_sub(4));
        draw_page("Line by line", pages::lines(screen, &score, false, cols, theme), 0, left, buf, theme);
    }
    let cols = usize::from(page.width.saturating_sub(4));
    let (lines, at) = pages::page(screen, tab, &score, cols, theme);
    let rows = page.height.saturating_sub(2);
    screen.debrief.seen.set((rows, lines.len()));
    let from = match at {
        // What is being chosen stays in sight.
        Some(row) => scroll::window(row, rows, lines.len()),
        None => screen.from.min(lines.len().saturating_sub(usize::from(rows))),
    };
    let title = TABS.iter().find(|(known, _)| *known == tab).map_or("", |(_, title)| title);
    draw_page(title, lines, from, page, buf, theme);
}

fn draw_head(screen: &Scoring, score: &Score, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let inner = Rect { x: area.x + 2, y: area.y, width: area.width.saturating_sub(4), height: area.height }.intersection(area);
    let [total, sum] = inner.layout(&Layout::vertical([Constraint::Length(1), Constraint::Length(1)]));
    let mut line = vec![Span::styled(format!("{} of 50  ", short(score.total)), theme.title)];
    let cols = usize::from(area.width).saturating_sub(40).min(50);
    line.extend(meter::gauge(score.total / 50.0, cols, theme.accent, theme));
    let tone = match score.band {
        Band::StrongHire | Band::Hire => theme.good,
        Band::LeanHire | Band::LeanNoHire => theme.warn,
        Band::NoHire => theme.bad,
    };
    line.push(Span::styled(format!("  {}", score.band.name()), tone));
    Line::from(line).render(total, buf);
    let late = if score.penalty > 0 { format!(" - {} for being late", score.penalty) } else { String::new() };
    let assisted = if screen.session.assisted() { " · assisted" } else { "" };
    let blind = screen.score(Reading::Blind).total;
    let next = score.band.next().map_or(String::new(), |(from, band)| format!(" · {} from {}", band.name(), short(from)));
    let says = format!("{} points{late} · blind {}{assisted}{next}", short(score.points), short(blind));
    Line::styled(says, theme.dim).render(sum, buf);
}

fn draw_tabs(screen: &Scoring, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let mut spans = vec![Span::raw(" ")];
    for (n, (tab, title)) in TABS.iter().enumerate() {
        let here = *tab == screen.debrief.tab;
        spans.push(Span::styled(format!(" {} ", n + 1), theme.key));
        // The page that is open is told by brackets as well.
        spans.push(if here { Span::styled(format!("[{title}]"), theme.title) } else { Span::styled((*title).to_string(), theme.dim) });
    }
    Line::from(spans).render(area, buf);
}

fn draw_page(title: &str, lines: Vec<Line<'static>>, from: usize, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::frame(title, theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let length = lines.len();
    for (row, line) in inner.rows().zip(lines.into_iter().skip(from)) {
        line.render(row, buf);
    }
    scroll::bar(area, from, length, buf, theme);
}
