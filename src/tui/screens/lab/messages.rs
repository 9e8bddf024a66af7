//! The messages' room: who sent what to whom around any moment, in space and time, and what led to a broken law.

use super::popup::After;
use crate::lab::{Frame, Wanted, Window};
use crate::tui::keymap::{KeyHelp, Place};
use crate::tui::panes::{self, spacetime};
use crate::tui::theme::Theme;
use crate::tui::widgets::{popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::Widget;
use sims::kernel::run::Occasion;
use sims::kernel::time::{Span, Time};
use sims::kernel::trail::{Chain, Link, Linked};
use sims::kernel::view::{View, What};
use std::cell::Cell;

pub struct Messages {
    /// Place in [`ZOOM`].
    zoom: usize,
    /// The window's end; none follows the run.
    end: Option<Time>,
    first_lane: usize,
    /// Which of the broken laws is looked at.
    law: usize,
    links: scroll::Scroll,
    drawn: Cell<(u16, u16)>,
}

/// Widths of the window.
const ZOOM: [Span; 14] = [
    Span::micros(500),
    Span::millis(1),
    Span::millis(2),
    Span::millis(5),
    Span::millis(10),
    Span::millis(20),
    Span::millis(50),
    Span::millis(100),
    Span::millis(200),
    Span::millis(500),
    Span::secs(1),
    Span::secs(2),
    Span::secs(5),
    Span::secs(10),
];
const ZOOM_AT_FIRST: usize = 6;

impl Messages {
    /// Opens on the break that the run is looked at for, else on what happens now.
    pub fn new(frame: &Frame) -> Messages {
        let mut room = Messages { zoom: ZOOM_AT_FIRST, end: None, first_lane: 0, law: 0, links: scroll::Scroll::default(), drawn: Cell::new((80, 24)) };
        room.look_at(frame);
        room
    }

    /// Puts the chosen chain into the window, as near as it fits.
    fn look_at(&mut self, frame: &Frame) {
        let Some(chain) = frame.chains.get(self.law) else { return };
        let (Some(first), Some(last)) = (chain.links.first(), chain.links.last()) else { return };
        let length = Span(last.at.since(first.at).0 * 5 / 4);
        self.zoom = ZOOM.iter().position(|zoom| *zoom >= length).unwrap_or(ZOOM.len() - 1).max(1);
        self.end = Some(last.at + Span(ZOOM[self.zoom].0 / 10));
        (self.first_lane, self.links) = (0, scroll::Scroll::default());
    }

    pub fn keys(&self) -> Vec<KeyHelp> {
        let rows: &[(&'static str, &'static str)] = &[
            ("h l", "earlier, later"),
            ("+ -", "zoom"),
            ("j k", "nodes"),
            ("n", "next broken law"),
            ("g", "go to its moment"),
            ("0", "now"),
            ("space", "pause"),
            (". ,", "step"),
            ("pgup pgdn", "chain"),
            ("esc", "close"),
        ];
        rows.iter().map(|(shown, says)| KeyHelp { shown, says, place: Place::Footer }).collect()
    }

    /// What it needs of the run.
    pub fn wanted(&self, now: Time) -> Wanted {
        let (cols, rows) = self.drawn.get();
        let end = self.end.unwrap_or(now);
        let window = if self.end.is_none() { Window::Last(ZOOM[self.zoom]) } else { Window::Between(end - ZOOM[self.zoom], end) };
        Wanted { what: What::SpaceTime, cols, rows, window }
    }

    pub fn on_key(&mut self, key: KeyEvent, frame: &Frame) -> After {
        let quarter = Span(ZOOM[self.zoom].0 / 4);
        let end = self.end.unwrap_or(frame.now);
        match key.code {
            KeyCode::Char('h') | KeyCode::Left => self.end = Some((end - quarter).max(Time::ZERO + quarter)),
            KeyCode::Char('l') | KeyCode::Right => self.end = Some(end + quarter).filter(|end| *end < frame.now),
            KeyCode::Char('+' | '=') => self.zoom_to(self.zoom.saturating_sub(1), end),
            KeyCode::Char('-' | '_') => self.zoom_to((self.zoom + 1).min(ZOOM.len() - 1), end),
            KeyCode::Char('j') | KeyCode::Down => self.first_lane = (self.first_lane + 1).min(frame.nodes.len().saturating_sub(1)),
            KeyCode::Char('k') | KeyCode::Up => self.first_lane = self.first_lane.saturating_sub(1),
            KeyCode::Char('0') => self.end = None,
            KeyCode::Char('n') if !frame.chains.is_empty() => {
                self.law = (self.law + 1) % frame.chains.len();
                self.look_at(frame);
            }
            // The replay remembers its messages anew.
            KeyCode::Char('g') => {
                let Some(last) = frame.chains.get(self.law).and_then(|chain| chain.links.last()) else { return After::Stay };
                let to = last.at + Span(ZOOM[self.zoom].0 / 10);
                self.look_at(frame);
                return After::Rewind(to);
            }
            KeyCode::PageDown | KeyCode::PageUp => {
                self.links.by(if key.code == KeyCode::PageDown { 3 } else { -3 }, 4, 64);
            }
            KeyCode::Char(' ' | '.' | ',') => return After::Pass,
            KeyCode::Esc | KeyCode::Char('v' | 'q') => return After::Close,
            _ => return After::Stay,
        }
        After::Views
    }

    /// Around the middle of the window, unless it follows the run.
    fn zoom_to(&mut self, zoom: usize, end: Time) {
        if self.end.is_some() {
            self.end = Some(end - Span(ZOOM[self.zoom].0 / 2) + Span(ZOOM[zoom].0 / 2));
        }
        self.zoom = zoom;
    }

    pub fn draw(&self, frame: &Frame, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let until = self.end.map_or_else(|| "now".to_string(), |end| end.to_string());
        let inner = popup::draw(&format!("Messages · {} until {until}", ZOOM[self.zoom]), area.width, area.height, area, buf, theme);
        let chain = frame.chains.get(self.law);
        let wanted = chain.map_or(0, |chain| u16::try_from(chain.links.len()).unwrap_or(u16::MAX).saturating_add(2).clamp(4, (inner.height * 2 / 5).max(4)));
        let [picture, list] = inner.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(wanted)]));
        self.drawn.set((picture.width, picture.height));
        match frame.view(&What::SpaceTime) {
            Some(View::SpaceTime(view)) => spacetime::Picture { view, first: self.first_lane }.draw(picture, buf, theme),
            Some(other) => panes::draw(other, picture, buf, theme),
            None => panes::empty("…", picture, buf, theme),
        }
        if let Some(chain) = chain {
            let of = if frame.chains.len() > 1 { format!(" ({} of {} broken laws, n for the next)", self.law + 1, frame.chains.len()) } else { String::new() };
            let lines = told(chain, frame);
            let more = lines.len().saturating_sub(usize::from(list.height.saturating_sub(1)));
            let earlier = if more > 0 { format!(" · {more} links more: page up") } else { String::new() };
            let head = format!("How {} broke{of}{earlier}", chain.lamp);
            let [title, body] = list.layout(&Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]));
            Line::styled(text::fit(&head, usize::from(title.width)), theme.title).render(title, buf);
            // The end is what broke it: a list that is too long shows that first.
            let hidden = lines.len().saturating_sub(usize::from(body.height));
            let from = hidden.saturating_sub(self.links.from);
            for (n, (row, line)) in body.rows().zip(lines.iter().skip(from)).enumerate() {
                let last = from + n + 1 == lines.len();
                let mark = if last { theme.pick("✗", "x") } else { theme.pick("◆", "*") };
                Line::styled(text::fit(&format!("{mark} {line}"), usize::from(row.width)), if last { theme.bad } else { theme.text }).render(row, buf);
            }
        }
    }
}

/// A chain in words, oldest first.
pub fn told(chain: &Chain, frame: &Frame) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    if chain.cut {
        lines.push("… (what came before is no longer remembered)".into());
    }
    lines.extend(chain.links.iter().map(|link| format!("{:>14}  {}", format!("{:.6} s", link.at.as_secs()), happened(link, frame))));
    if let Some(last) = lines.last_mut() {
        last.push_str(&format!(" and {} breaks", chain.lamp));
    }
    lines
}

fn happened(link: &Link, frame: &Frame) -> String {
    let name = |node: u32| frame.names.get(&node).cloned().unwrap_or_else(|| format!("node {node}"));
    match &link.what {
        Linked::Event(Occasion::Message { label, from, to }) => format!("{} gets `{label}` from {}", name(*to), name(*from)),
        Linked::Event(Occasion::Timer { node }) => format!("a timer of {} goes off", name(*node)),
        Linked::Event(Occasion::Sync { node }) => format!("the disk of {} syncs", name(*node)),
        Linked::Event(Occasion::Step | Occasion::Other) => "a fault ends".into(),
        Linked::Act(told) => format!("done from outside: {told}"),
        Linked::Rest => "all has come to rest, and the last judgement is made".into(),
    }
}
