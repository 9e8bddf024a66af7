//! What opens over the lab: faults, metrics, invariants, the name of a run to save.

use super::compare;
use super::faults::{Menu, Picked};
use super::fork::{Fork, Forked};
use super::jump::{Jump, Typed};
use super::messages::Messages;
use super::metrics::{self, Charts};
use super::smallest::{self, Shrinking};
use super::stops::{Edited, Editor, Stops};
use crate::catalog::RunFile;
use crate::lab::branch::Change;
use crate::lab::chaos::Wish;
use crate::lab::smallest::Smallest;
use crate::lab::{Frame, Wanted, evaluate};
use crate::tui::keymap::{KeyHelp, Place};
use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::{popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::action::Action;
use sims::kernel::design::Spec;
use sims::kernel::metric::Shape;
use sims::kernel::time::{Span as Length, Time};
use std::sync::Arc;

pub enum Popup {
    Faults(Menu),
    Metrics {
        chosen: usize,
    },
    Lamps {
        scroll: scroll::Scroll,
    },
    Save {
        input: Entry,
    },
    Jump(Jump),
    Stops(Editor),
    Messages(Messages),
    Shrink(Shrinking),
    Fork(Fork),
    Compare(compare::Menu),
    /// Run files of this design: id, title, story.
    Challenges {
        runs: Vec<Arc<RunFile>>,
        chosen: usize,
    },
}

pub enum After {
    Stay,
    Close,
    /// Stays open: faults seldom come alone.
    Act(Vec<Action>),
    /// Random faults for so long.
    Chaos(Wish, Length),
    /// The key means what it means without the popup, which stays open.
    Pass,
    /// To another moment, with the popup open.
    Rewind(Time),
    /// Another run in place of this one.
    Run(Box<Spec>),
    Keep(Box<Smallest>),
    /// Other charts are shown now.
    Views,
    Save(String),
    Go(Time),
    /// Other breakpoints hold now.
    Stops,
    Fork(Change),
    Choose(usize),
    CloseRun(usize),
    /// A knob, and the values to compare.
    Values(String, Vec<String>),
    /// A run file, by its id.
    Open(String),
}

impl Popup {
    pub fn faults(frame: &Frame) -> Result<Popup, String> {
        if frame.design.all_actions().is_empty() { Err("this design has no actions and no faults".into()) } else { Ok(Popup::Faults(Menu::new())) }
    }

    // These two never refuse; they share the shape of the one that does.
    #[allow(clippy::unnecessary_wraps)]
    pub fn metrics() -> Result<Popup, String> {
        Ok(Popup::Metrics { chosen: 0 })
    }

    #[allow(clippy::unnecessary_wraps)]
    pub fn lamps() -> Result<Popup, String> {
        Ok(Popup::Lamps { scroll: scroll::Scroll::default() })
    }

    #[allow(clippy::unnecessary_wraps)]
    pub fn save(problem: &str, seed: u64) -> Result<Popup, String> {
        Ok(Popup::Save { input: Entry::new(format!("{problem} seed {seed}")) })
    }

    pub fn challenges(runs: Vec<Arc<RunFile>>) -> Result<Popup, String> {
        if runs.is_empty() { Err("no challenges and no saved runs for this design".into()) } else { Ok(Popup::Challenges { runs, chosen: 0 }) }
    }

    /// A view of the run that it needs beside those of the panes.
    pub fn wanted(&self, frame: &Frame) -> Option<Wanted> {
        match self {
            Popup::Messages(room) => Some(room.wanted(frame.now)),
            _ => None,
        }
    }

    pub fn types(&self) -> bool {
        match self {
            Popup::Faults(menu) => menu.types(),
            Popup::Save { .. } | Popup::Jump(_) => true,
            Popup::Stops(editor) => editor.types(),
            Popup::Fork(fork) => fork.types(),
            Popup::Compare(menu) => menu.types(),
            Popup::Metrics { .. } | Popup::Lamps { .. } | Popup::Challenges { .. } | Popup::Messages(_) | Popup::Shrink(_) => false,
        }
    }

    pub fn keys(&self) -> Vec<KeyHelp> {
        let rows: &[(&'static str, &'static str)] = match self {
            Popup::Faults(menu) => return menu.keys(),
            Popup::Messages(room) => return room.keys(),
            Popup::Shrink(shrinking) => return shrinking.keys(),
            Popup::Metrics { .. } => &[("space", "chart it"), ("enter", "as histogram"), ("j k", "move"), ("esc", "close")],
            Popup::Lamps { .. } => &[("j k", "scroll"), ("esc", "close")],
            Popup::Save { .. } => &[("enter", "save"), ("esc", "close")],
            Popup::Jump(_) => &[("enter", "go"), ("esc", "close")],
            Popup::Fork(fork) if fork.types() => &[("enter", "fork"), ("esc", "back")],
            Popup::Fork(_) => &[("enter", "fork"), ("j k", "move"), ("esc", "close")],
            Popup::Compare(menu) if menu.types() => &[("enter", "compare"), ("esc", "back")],
            Popup::Compare(menu) if menu.in_values() => &[("enter", "compare"), ("space", "tick"), ("j k", "move"), ("esc", "back")],
            Popup::Compare(_) => &[("enter", "choose"), ("d", "close a run"), ("j k", "move"), ("esc", "close")],
            Popup::Stops(editor) if editor.types() => &[("enter", "add"), ("esc", "back")],
            Popup::Stops(_) => &[("space", "on or off"), ("a", "add"), ("d", "remove"), ("j k", "move"), ("esc", "close")],
            Popup::Challenges { .. } => &[("enter", "open"), ("j k", "move"), ("esc", "close")],
        };
        rows.iter().map(|(shown, says)| KeyHelp { shown, says, place: Place::Footer }).collect()
    }

    pub fn on_key(&mut self, key: KeyEvent, frame: &Frame, charts: &mut Charts, stops: &mut Stops) -> After {
        match self {
            Popup::Faults(menu) => match menu.on_key(key, frame) {
                Picked::Stay => After::Stay,
                Picked::Close => After::Close,
                Picked::Act(actions) => After::Act(actions),
                Picked::Chaos(wish, length) => After::Chaos(wish, length),
            },
            Popup::Messages(room) => room.on_key(key, frame),
            Popup::Shrink(shrinking) => match shrinking.on_key(key) {
                smallest::After::Stay => After::Stay,
                smallest::After::Close => After::Close,
                smallest::After::Open(spec) => After::Run(spec),
                smallest::After::Save(found) => After::Keep(found),
            },
            Popup::Metrics { chosen } => metrics_key(chosen, key, frame, charts),
            Popup::Jump(jump) => match jump.on_key(key, frame.now) {
                Typed::Stay => After::Stay,
                Typed::Close => After::Close,
                Typed::Go(to) => After::Go(to),
            },
            Popup::Fork(fork) => match fork.on_key(key, frame) {
                Forked::Stay => After::Stay,
                Forked::Close => After::Close,
                Forked::Fork(change) => After::Fork(change),
            },
            Popup::Compare(menu) => match menu.on_key(key, frame) {
                compare::Done::Stay => After::Stay,
                compare::Done::Close => After::Close,
                compare::Done::Choose(run) => After::Choose(run),
                compare::Done::CloseRun(run) => After::CloseRun(run),
                compare::Done::Values(knob, values) => After::Values(knob, values),
            },
            Popup::Stops(editor) => match editor.on_key(key, stops, frame) {
                Edited::Stay => After::Stay,
                Edited::Close => After::Close,
                Edited::Changed => After::Stops,
            },
            Popup::Lamps { scroll } => {
                if scroll.on_key(key, 10, frame.verdicts.len() * 6) {
                    return After::Stay;
                }
                After::Close
            }
            Popup::Challenges { runs, chosen } => {
                match key.code {
                    KeyCode::Down | KeyCode::Char('j') => *chosen = (*chosen + 1).min(runs.len() - 1),
                    KeyCode::Up | KeyCode::Char('k') => *chosen = chosen.saturating_sub(1),
                    KeyCode::Home | KeyCode::Char('g') => *chosen = 0,
                    KeyCode::End | KeyCode::Char('G') => *chosen = runs.len() - 1,
                    KeyCode::Enter => return After::Open(runs[*chosen].id.clone()),
                    KeyCode::Esc | KeyCode::Char('o' | 'q') => return After::Close,
                    _ => {}
                }
                After::Stay
            }
            Popup::Save { input } => match key.code {
                KeyCode::Esc => After::Close,
                KeyCode::Enter if input.text().trim().is_empty() => After::Stay,
                KeyCode::Enter => After::Save(input.text().trim().to_string()),
                _ => {
                    input.on_key(key);
                    After::Stay
                }
            },
        }
    }

    pub fn on_paste(&mut self, text: &str) {
        match self {
            Popup::Faults(menu) => menu.on_paste(text),
            Popup::Save { input } => input.paste(text),
            Popup::Jump(jump) => jump.on_paste(text),
            Popup::Stops(editor) => editor.on_paste(text),
            Popup::Fork(fork) => fork.on_paste(text),
            Popup::Compare(menu) => menu.on_paste(text),
            Popup::Metrics { .. } | Popup::Lamps { .. } | Popup::Challenges { .. } | Popup::Messages(_) | Popup::Shrink(_) => {}
        }
    }

    pub fn draw(&self, frame: &Frame, charts: &Charts, stops: &Stops, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let rows = |n: usize| u16::try_from(n).unwrap_or(u16::MAX).saturating_add(2);
        match self {
            Popup::Faults(menu) => menu.draw(frame, area, buf, theme),
            Popup::Messages(room) => room.draw(frame, area, buf, theme),
            Popup::Shrink(shrinking) => shrinking.draw(area, buf, theme),
            Popup::Jump(jump) => jump.draw(frame.now, area, buf, theme),
            Popup::Fork(fork) => fork.draw(frame, area, buf, theme),
            Popup::Compare(menu) => menu.draw(frame, area, buf, theme),
            Popup::Stops(editor) => editor.draw(stops, frame, area, buf, theme),
            Popup::Metrics { chosen } => {
                let needed = rows(metrics::numbers(frame.design).len()).saturating_add(metrics::ORIGIN_ROWS);
                let inner = popup::draw("Numbers: what each is and where it comes from", 104, needed, area, buf, theme);
                metrics::draw(*chosen, frame, charts, inner, buf, theme);
            }
            Popup::Lamps { scroll } => {
                let inner = popup::draw("Invariants", 84, 24, area, buf, theme);
                let lines = lamp_lines(frame, usize::from(inner.width), theme);
                let from = scroll.clamped(inner.height, lines.len());
                scroll::bar_beside(inner, from, lines.len(), buf, theme);
                inner.rows().zip(lines.into_iter().skip(from)).for_each(|(row, line)| line.render(row, buf));
            }
            Popup::Challenges { runs, chosen } => {
                let inner = popup::draw("Challenges and saved runs", 84, rows(runs.len()), area, buf, theme);
                let from = scroll::window(*chosen, inner.height, runs.len());
                scroll::bar_beside(inner, from, runs.len(), buf, theme);
                for (row, (at, run)) in inner.rows().zip(runs.iter().enumerate().skip(from)) {
                    let title = Span::styled(format!(" {} ", run.title), if at == *chosen { theme.selected } else { theme.text });
                    let room = usize::from(row.width).saturating_sub(title.width() + 1);
                    let story = text::fit(run.story.lines().next().unwrap_or(""), room);
                    Line::from(vec![title, Span::styled(format!(" {story}"), theme.dim)]).render(row, buf);
                }
            }
            Popup::Save { input } => {
                let inner = popup::draw("Save this run under a name", 60, 5, area, buf, theme);
                let [_, row, _] = [0, 1, 2].map(|n| Rect { y: inner.y + n, height: 1, ..inner });
                Line::from(input.spans(theme.accent, theme).to_vec()).render(row, buf);
            }
        }
    }
}

fn metrics_key(chosen: &mut usize, key: KeyEvent, frame: &Frame, charts: &mut Charts) -> After {
    let numbers = metrics::numbers(frame.design);
    let metric = numbers.get(*chosen).and_then(|number| number.metric());
    match key.code {
        KeyCode::Down | KeyCode::Char('j') => *chosen = (*chosen + 1).min(numbers.len().saturating_sub(1)),
        KeyCode::PageDown => *chosen = (*chosen + 10).min(numbers.len().saturating_sub(1)),
        KeyCode::PageUp => *chosen = chosen.saturating_sub(10),
        KeyCode::Up | KeyCode::Char('k') => *chosen = chosen.saturating_sub(1),
        KeyCode::Char(' ') => {
            if let Some(metric) = metric.filter(|m| metrics::has_series(m)) {
                charts.toggle(metric.name);
                return After::Views;
            }
        }
        KeyCode::Enter => {
            if let Some(metric) = metric.filter(|m| matches!(m.shape, Shape::Histogram { .. })) {
                charts.histogram = Some(metric.name);
                return After::Views;
            }
        }
        KeyCode::Esc | KeyCode::Char('m' | 'q') => return After::Close,
        _ => {}
    }
    After::Stay
}

/// Every law with its kind, its verdict and the sentence of the break.
fn lamp_lines(frame: &Frame, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (spec, verdict) in &frame.verdicts {
        let (mark, style) = super::draw::lamp(verdict, theme);
        let kind = format!("{:?}", spec.kind).to_lowercase();
        lines.push(Line::from(vec![Span::styled(format!("{mark} {}", spec.id), style), Span::styled(format!("  {kind}"), theme.dim)]));
        let mut tell =
            |says: &str, style| lines.extend(text::wrap(says, cols.saturating_sub(2)).into_iter().map(|line| Line::styled(format!("  {line}"), style)));
        tell(spec.says, theme.text);
        tell(&evaluate::told(verdict), style);
        lines.push(Line::raw(""));
    }
    lines
}
