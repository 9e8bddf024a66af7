//! The faults' room: the whole vocabulary, the form of the chosen word, and what is in force with what heals it.

mod form;
mod groups;
#[cfg(test)]
mod tests;

use crate::lab::Frame;
use crate::lab::chaos::Wish;
use crate::tui::keymap::{KeyHelp, Place};
use crate::tui::theme::Theme;
use crate::tui::widgets::{popup, scroll, text};
use form::Form;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::action::{Action, ActionSpec, ArgDefault, ArgSpec};
use sims::kernel::design::Design;
use sims::kernel::log::Level;
use sims::kernel::time::Span as Length;
use sims::kernel::value::Kind;

pub struct Menu {
    chosen: usize,
    /// Open on the chosen word.
    form: Option<Form>,
    /// The place in the list of what is in force, while that has the keys.
    healing: Option<usize>,
}

pub enum Picked {
    Stay,
    Close,
    Act(Vec<Action>),
    /// Random faults for so long.
    Chaos(Wish, Length),
}

/// A word of our own beside the design's: many faults at once.
const CHAOS: ActionSpec = ActionSpec {
    name: "chaos",
    says: "random faults from a seed, each undone after a while; the same seed at the same moment gives the same faults",
    args: &[
        ArgSpec { name: "seed", says: "which chaos", kind: Kind::Integer { min: 1, max: 999_999 }, default: ArgDefault::Text("1") },
        ArgSpec { name: "for", says: "how long", kind: Kind::Duration { min: Length::millis(100), max: Length::secs(3600) }, default: ArgDefault::Text("30s") },
        ArgSpec { name: "faults", says: "how many a minute", kind: Kind::Integer { min: 1, max: 600 }, default: ArgDefault::Text("20") },
    ],
};

/// Every word: the kernel's by what they hit, the design's own, chaos.
fn words(design: &'static Design) -> Vec<(&'static str, &'static ActionSpec)> {
    let head = |name: &str| match name {
        "crash" | "restart" | "pause" | "resume" => "Nodes",
        "cut" | "heal" | "partition" | "slow" | "lose" | "duplicate" | "reorder" => "Links",
        "step-clock" | "drift-clock" => "Clocks",
        "slow-disk" | "fill-disk" | "forget-disk" => "Disks",
        _ => "Load, members",
    };
    let own = design.actions.iter().map(|spec| ("This design's", spec));
    let common = design.all_actions().into_iter().filter(|spec| !design.actions.iter().any(|own| own.name == spec.name));
    let mut words: Vec<_> = common.map(|spec| (head(spec.name), spec)).collect();
    let many = !words.is_empty();
    words.extend(own);
    words.extend(many.then_some(("Many at once", &CHAOS)));
    words
}

impl Menu {
    pub fn new() -> Menu {
        Menu { chosen: 0, form: None, healing: None }
    }

    pub fn types(&self) -> bool {
        self.form.as_ref().is_some_and(Form::types)
    }

    pub fn keys(&self) -> Vec<KeyHelp> {
        let rows: &[(&'static str, &'static str)] = match (&self.form, self.healing) {
            (Some(form), _) if form.groups() => {
                &[("enter", "do it"), ("↑ ↓", "node"), ("← → 1-9", "group"), ("r", "its whole role"), ("0", "none"), ("esc", "back")]
            }
            (Some(_), _) => &[("enter", "do it"), ("↑ ↓", "argument"), ("← →", "choose"), ("esc", "back")],
            (None, Some(_)) => &[("enter", "heal it"), ("a", "heal all"), ("j k", "move"), ("tab", "faults"), ("esc", "close")],
            (None, None) => &[("enter", "choose"), ("j k", "move"), ("tab", "what is in force"), ("a", "heal all"), ("esc", "close")],
        };
        rows.iter().map(|(shown, says)| KeyHelp { shown, says, place: Place::Footer }).collect()
    }

    pub fn on_key(&mut self, key: KeyEvent, frame: &Frame) -> Picked {
        if let Some(form) = &mut self.form {
            let picked = form.on_key(key, frame);
            if !matches!(picked, Picked::Stay) {
                self.form = None;
            }
            // Leaving the form is not leaving the room.
            return if matches!(picked, Picked::Close) { Picked::Stay } else { picked };
        }
        match (key.code, self.healing) {
            (KeyCode::Char('a'), _) => return Picked::Act(frame.faults.iter().map(|fault| fault.undo.clone()).collect()),
            (KeyCode::Tab | KeyCode::BackTab, None) => self.healing = Some(0),
            (KeyCode::Tab | KeyCode::BackTab, Some(_)) => self.healing = None,
            (KeyCode::Esc | KeyCode::Char('x' | 'q'), _) => return Picked::Close,
            (_, Some(at)) => return self.force_key(key, at, frame),
            (_, None) => return self.word_key(key, frame),
        }
        Picked::Stay
    }

    fn word_key(&mut self, key: KeyEvent, frame: &Frame) -> Picked {
        let words = words(frame.design);
        match key.code {
            KeyCode::Enter | KeyCode::Char('l') | KeyCode::Right => {
                let Some((_, spec)) = words.get(self.chosen) else { return Picked::Stay };
                let form = Form::new(spec, frame);
                if spec.args.is_empty() {
                    return form.done(frame).unwrap_or(Picked::Stay);
                }
                self.form = Some(form);
            }
            _ => self.chosen = moved(self.chosen, key, words.len()),
        }
        Picked::Stay
    }

    fn force_key(&mut self, key: KeyEvent, at: usize, frame: &Frame) -> Picked {
        if key.code == KeyCode::Enter {
            return frame.faults.get(at).map_or(Picked::Stay, |fault| Picked::Act(vec![fault.undo.clone()]));
        }
        self.healing = Some(moved(at, key, frame.faults.len()));
        Picked::Stay
    }

    pub fn on_paste(&mut self, text: &str) {
        if let Some(form) = &mut self.form {
            form.on_paste(text);
        }
    }

    pub fn draw(&self, frame: &Frame, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let inner = popup::draw("Faults and actions", 112, area.height, area, buf, theme);
        let words = words(frame.design);
        let name_cols = words.iter().map(|(_, spec)| spec.name.len()).max().unwrap_or(0).max(13);
        let [list, _, right] =
            inner.layout(&Layout::horizontal([Constraint::Length(u16::try_from(name_cols).unwrap_or(20) + 3), Constraint::Length(1), Constraint::Fill(1)]));
        self.draw_words(&words, list, buf, theme);
        let wanted = u16::try_from(frame.faults.len()).unwrap_or(u16::MAX).saturating_add(2).clamp(4, (right.height / 2).max(4));
        let [form, force, last] = right.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(wanted), Constraint::Length(1)]));
        match (&self.form, words.get(self.chosen)) {
            (Some(open), _) => open.draw(frame, form, buf, theme),
            (None, Some((_, spec))) => preview(spec, form, buf, theme),
            (None, None) => {}
        }
        self.draw_force(frame, force, buf, theme);
        draw_last(frame, last, buf, theme);
    }

    /// Under heads where there is room for them.
    fn draw_words(&self, words: &[(&'static str, &'static ActionSpec)], area: Rect, buf: &mut Buffer, theme: &Theme) {
        let mut lines: Vec<Line<'_>> = Vec::new();
        let heads = words.iter().map(|(head, _)| head).collect::<std::collections::BTreeSet<_>>().len();
        let with_heads = words.len() + heads <= usize::from(area.height);
        let (mut last, mut row) = ("", 0);
        for (at, (head, spec)) in words.iter().enumerate() {
            if with_heads && *head != last {
                lines.push(Line::styled(*head, theme.title));
            }
            last = head;
            if at == self.chosen {
                row = lines.len();
            }
            let style = if at == self.chosen && self.healing.is_none() { theme.selected } else { theme.text };
            let mark = if at == self.chosen { theme.pick("▸", ">") } else { " " };
            lines.push(Line::from(vec![Span::styled(mark, theme.accent), Span::styled(format!("{} ", spec.name), style)]));
        }
        let from = scroll::window(row, area.height, lines.len());
        scroll::bar_beside(Rect { width: area.width.saturating_sub(2), ..area }, from, lines.len(), buf, theme);
        area.rows().zip(lines.into_iter().skip(from)).for_each(|(row, line)| line.render(row, buf));
    }

    fn draw_force(&self, frame: &Frame, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let count = frame.faults.len();
        let title = if count == 0 { "In force: nothing".to_string() } else { format!("In force: {count} (tab, then enter heals one)") };
        let [head, list] = area.layout(&Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]));
        Line::styled(title, theme.title).render(head, buf);
        let chosen = self.healing.map(|at| at.min(count.saturating_sub(1)));
        let from = scroll::window(chosen.unwrap_or(0), list.height, count);
        for (row, (at, fault)) in list.rows().zip(frame.faults.iter().enumerate().skip(from)) {
            let style = if chosen == Some(at) { theme.selected } else { theme.warn };
            let says = text::fit(&format!("{} {}", theme.pick("✗", "x"), fault.says), usize::from(row.width).saturating_sub(2));
            Line::styled(says, style).render(row, buf);
        }
    }
}

/// What was done last, or why it could not be.
fn draw_last(frame: &Frame, row: Rect, buf: &mut Buffer, theme: &Theme) {
    let cols = usize::from(row.width);
    let line = match (&frame.refused, frame.log.iter().rev().find(|entry| entry.level == Level::Act)) {
        (Some(why), _) => Line::styled(text::fit(why, cols), theme.bad),
        (None, Some(entry)) => Line::styled(text::fit(&format!("last: {} {}", entry.at, entry.text), cols), theme.dim),
        (None, None) => return,
    };
    line.render(row, buf);
}

/// What a word does, before its form is open.
fn preview(spec: &ActionSpec, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let cols = usize::from(area.width);
    let mut lines = vec![Line::styled(spec.name, theme.title)];
    lines.extend(text::wrap(spec.says, cols).into_iter().map(|line| Line::styled(line, theme.text)));
    lines.push(Line::raw(""));
    for arg in spec.args {
        let default = match arg.default {
            ArgDefault::Required => String::new(),
            ArgDefault::Absent => " (may be left out)".into(),
            ArgDefault::Text(text) => format!(" ({text})"),
        };
        lines.push(Line::styled(text::fit(&format!("{}: {}{default}", arg.name, arg.says), cols), theme.dim));
    }
    area.rows().zip(lines).for_each(|(row, line)| line.render(row, buf));
}

fn moved(at: usize, key: KeyEvent, count: usize) -> usize {
    let last = count.saturating_sub(1);
    match key.code {
        KeyCode::Down | KeyCode::Char('j') => (at + 1).min(last),
        KeyCode::Up | KeyCode::Char('k') => at.min(last).saturating_sub(1),
        KeyCode::Char('g') | KeyCode::Home => 0,
        KeyCode::Char('G') | KeyCode::End => last,
        _ => at.min(last),
    }
}
