//! The shrinking of a broken run: a worker looks for the smallest script, the popup shows how far it is and then tells it.

use crate::lab::shrink::Progress;
use crate::lab::smallest::{self, Smallest};
use crate::lab::{Frame, plan};
use crate::tui::keymap::{KeyHelp, Place};
use crate::tui::screen::Ctx;
use crate::tui::theme::Theme;
use crate::tui::widgets::{popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;
use sims::kernel::design::Spec;
use sims::kernel::invariant::InvariantSpec;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub struct Shrinking {
    law: &'static str,
    state: State,
    /// Tells the worker to come back with the best so far.
    stop: Arc<AtomicBool>,
    /// Which search this is: one that was left behind must not answer for the next.
    serial: u64,
    scroll: scroll::Scroll,
}

enum State {
    Looking(Progress),
    Found(Box<Smallest>),
    Failed(String),
}

/// What the worker says.
pub struct Told {
    serial: u64,
    what: Word,
}

enum Word {
    Progress(Progress),
    Done(Result<Box<Smallest>, String>),
}

pub enum After {
    Stay,
    Close,
    /// Play the smallest run.
    Open(Box<Spec>),
    /// Keep it as a run file, with its story.
    Save(Box<Smallest>),
}

impl Shrinking {
    /// Starts the search for the law that broke first.
    ///
    /// # Errors
    /// Nothing is broken.
    pub fn start(spec: Spec, frame: &Frame, ctx: &Ctx<'_>) -> Result<Shrinking, String> {
        let lamp = smallest::first_broken(&frame.verdicts).ok_or("no invariant is broken: there is nothing to shrink")?;
        let (stop, serial) = (Arc::new(AtomicBool::new(false)), frame.serial);
        let (stopped, mailbox) = (Arc::clone(&stop), ctx.mailbox.clone());
        let progress = Progress { tried: 0, steps: spec.script.len() };
        ctx.mailbox.work("shrink", move || {
            let mut go_on = |progress: Progress| {
                mailbox.send(Told { serial, what: Word::Progress(progress) });
                !stopped.load(Ordering::Relaxed)
            };
            Told { serial, what: Word::Done(search(&spec, lamp, &mut go_on)) }
        });
        Ok(Shrinking { law: lamp.id, state: State::Looking(progress), stop, serial, scroll: scroll::Scroll::default() })
    }

    pub fn on_told(&mut self, told: Told) {
        if told.serial != self.serial {
            return;
        }
        self.state = match told.what {
            Word::Progress(progress) => State::Looking(progress),
            Word::Done(Ok(found)) => State::Found(found),
            Word::Done(Err(why)) => State::Failed(why),
        };
    }

    pub fn keys(&self) -> Vec<KeyHelp> {
        let rows: &[(&'static str, &'static str)] = match self.state {
            State::Looking(_) => &[("enter", "enough: take the best so far"), ("esc", "stop")],
            State::Found(_) => &[("enter", "open it here"), ("s", "save as a run"), ("j k", "scroll"), ("esc", "close")],
            State::Failed(_) => &[("esc", "close")],
        };
        rows.iter().map(|(shown, says)| KeyHelp { shown, says, place: Place::Footer }).collect()
    }

    pub fn on_key(&mut self, key: KeyEvent) -> After {
        match (&self.state, key.code) {
            (State::Looking(_), KeyCode::Enter) => self.stop.store(true, Ordering::Relaxed),
            (State::Found(found), KeyCode::Enter) => return After::Open(Box::new(found.spec.clone())),
            (State::Found(found), KeyCode::Char('s')) => return After::Save(found.clone()),
            (_, KeyCode::Esc | KeyCode::Char('q' | 'z')) => return After::Close,
            _ => {
                self.scroll.on_key(key, 10, 100);
            }
        }
        After::Stay
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let inner = popup::draw(&format!("The smallest script that breaks {}", self.law), 96, 20, area, buf, theme);
        let cols = usize::from(inner.width);
        let mut lines = Vec::new();
        match &self.state {
            State::Looking(progress) => {
                lines.push(Line::raw(format!("{} runs so far; {} steps are left", progress.tried, progress.steps)));
                lines.push(Line::raw(""));
                let how = "Each run leaves something out: a step, a part of its length, a node. What still breaks the law is kept.";
                lines.extend(text::wrap(how, cols).into_iter().map(|line| Line::styled(line, theme.dim)));
            }
            State::Failed(why) => lines.extend(text::wrap(why, cols).into_iter().map(|line| Line::styled(line, theme.bad))),
            State::Found(found) => {
                lines.extend(text::wrap(&format!("{}.", found.found()), cols).into_iter().map(|line| Line::styled(line, theme.dim)));
                lines.push(Line::styled(format!("Played again, also without a screen, it has the digest {:016x}.", found.digest), theme.dim));
                lines.push(Line::raw(""));
                let told = found.told();
                for (n, says) in told.iter().enumerate() {
                    let style = if n + 1 == told.len() { theme.bad } else { theme.text };
                    lines.extend(text::wrap(says, cols).into_iter().map(|line| Line::styled(line, style)));
                }
            }
        }
        let from = self.scroll.clamped(inner.height, lines.len());
        inner.rows().zip(lines.into_iter().skip(from)).for_each(|(row, line)| line.render(row, buf));
    }
}

impl Drop for Shrinking {
    /// Whoever closes the popup does not want the search to go on.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn search(spec: &Spec, lamp: &'static InvariantSpec, go_on: &mut dyn FnMut(Progress) -> bool) -> Result<Box<Smallest>, String> {
    smallest::smallest(spec, lamp, go_on).map(Box::new)
}

/// The smallest run as a file: its title says what it breaks, its story how.
pub fn file(found: &Smallest) -> crate::catalog::RunFile {
    let mut file = plan::to_file(&found.spec, &format!("{} breaks {} seed {}", found.spec.design.id, found.lamp.id, found.spec.seed));
    file.story = found.told().join("\n");
    file
}
