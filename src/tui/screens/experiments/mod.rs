//! Experiments: choose one, say what you expect, watch it run, compare, read why.

mod ask;
mod list;
mod result;
#[cfg(test)]
mod tests;

use crate::catalog::Problem;
use crate::catalog::expect::significant;
use crate::drill::cards::draft::{Draft, Failed};
use crate::lab::branch::BRANCHES_MAX;
use crate::lab::experiment::{self, Ready, Report};
use crate::lab::target;
use crate::store::{Guess, Prediction, Store};
use crate::tui::keymap::{self, KeyHelp};
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::screens::{Place, Runs};
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, popup};
use ask::Form;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use result::Told;
use sims::kernel::design::Design;
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

pub struct Experiments {
    problem: Arc<Problem>,
    design: &'static Design,
    chosen: usize,
    /// What was predicted before, for the marks in the list.
    ledger: Vec<Prediction>,
    stage: Stage,
}

enum Stage {
    Choosing,
    Asking { ready: Box<Ready>, form: Form },
    Running(Running),
    Told(Box<Told>),
}

struct Running {
    title: String,
    runs: usize,
    done: Arc<AtomicUsize>,
    cancel: Arc<AtomicBool>,
}

/// What a worker brings: the report, and what had been guessed.
struct Finished {
    experiment: String,
    report: Result<Option<Report>, String>,
    guess: Option<Guess>,
    ledger: Vec<Prediction>,
}

/// The ledger, read by a worker.
struct Ledger(Vec<Prediction>);

impl Experiments {
    /// # Errors
    /// An unknown problem, one without design or experiments.
    pub fn open(problem: &str, ctx: &Ctx<'_>) -> Result<Experiments, String> {
        let catalog = ctx.rooms.catalog.as_deref().ok_or("the problems are still being read")?;
        let problem = target::problem(catalog, problem)?;
        if problem.experiments.is_empty() {
            return Err(format!("{} has no experiments", problem.title));
        }
        let design = target::design_of(&problem)?;
        if let Some(store) = ctx.rooms.store().cloned() {
            ctx.mailbox.work("ledger", move || Ledger(store.predictions().unwrap_or_default()));
        }
        Ok(Experiments::new(problem, design))
    }

    /// With one experiment chosen and its question asked.
    ///
    /// # Errors
    /// As [`Experiments::open`].
    pub fn open_one(problem: &str, experiment: &str, ctx: &Ctx<'_>) -> Result<Experiments, String> {
        let mut screen = Experiments::open(problem, ctx)?;
        screen.chosen = screen.problem.experiments.iter().position(|known| known.id == experiment).unwrap_or(0);
        let _ = screen.choose();
        Ok(screen)
    }

    fn new(problem: Arc<Problem>, design: &'static Design) -> Experiments {
        Experiments { problem, design, chosen: 0, ledger: Vec::new(), stage: Stage::Choosing }
    }

    fn choose(&mut self) -> Reply {
        let Some(experiment) = self.problem.experiments.get(self.chosen) else { return Reply::DONE };
        match experiment::prepare(self.design, experiment) {
            Ok(ready) => {
                self.stage = Stage::Asking { form: Form::of(&ready), ready: Box::new(ready) };
                Reply::DONE
            }
            Err(why) => Reply::ask(Ask::Toast(Tone::Bad, format!("this experiment has a fault: {why}"))),
        }
    }

    /// Runs on a worker; the guess is entered into the ledger there too, once the truth is known.
    fn start(&mut self, ready: Box<Ready>, said: Option<ask::Said>, ctx: &Ctx<'_>) {
        let running = Running { title: ready.title.clone(), runs: ready.runs(), done: Arc::default(), cancel: Arc::default() };
        let (done, cancel) = (Arc::clone(&running.done), Arc::clone(&running.cancel));
        let (problem, experiment, store) = (self.problem.id.clone(), ready.id.clone(), ctx.rooms.store().cloned());
        self.stage = Stage::Running(running);
        ctx.mailbox.work("experiment", move || {
            let report = ready.run(&done, &cancel);
            let guess = match (&report, said) {
                (Ok(Some(report)), Some(said)) => said.against(&report.truth),
                _ => None,
            };
            let ledger = store.map_or_else(Vec::new, |store| enter(&store, &problem, &experiment, guess));
            Finished { experiment, report, guess, ledger }
        });
    }

    fn back(&mut self) -> Reply {
        match std::mem::replace(&mut self.stage, Stage::Choosing) {
            Stage::Choosing => Reply::Passed,
            Stage::Running(running) => {
                running.cancel.store(true, Ordering::Relaxed);
                Reply::DONE
            }
            Stage::Asking { .. } | Stage::Told(_) => Reply::DONE,
        }
    }

    fn choosing_key(&mut self, key: KeyEvent) -> Reply {
        let last = self.problem.experiments.len() - 1;
        match key.code {
            KeyCode::Down | KeyCode::Char('j') => self.chosen = (self.chosen + 1).min(last),
            KeyCode::Up | KeyCode::Char('k') => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Home | KeyCode::Char('g') => self.chosen = 0,
            KeyCode::End | KeyCode::Char('G') => self.chosen = last,
            KeyCode::Enter | KeyCode::Right | KeyCode::Char('l' | ' ') => return self.choose(),
            KeyCode::Char('q') => return Reply::ask(Ask::Back),
            _ => return Reply::Passed,
        }
        Reply::DONE
    }

    /// A card from a guess that failed, with the user's own number.
    fn draft(&self) -> Option<Draft> {
        let Stage::Told(told) = &self.stage else { return None };
        let (guess, why) = told.missed()?;
        let experiment = self.problem.experiments.get(self.chosen)?;
        let choice = |n: u32| experiment.predict.choices.get((n as usize).checked_sub(1)?).map(|choice| choice.say.trim().to_string());
        let (mine, truth) = match guess {
            Guess::Number { value, low, high, actual } => {
                (format!("{}, between {} and {}", significant(value), significant(low), significant(high)), significant(actual))
            }
            Guess::Choice { chosen, right } => (choice(chosen)?, choice(right)?),
        };
        let (problem, experiment, ask) = (self.problem.id.as_str(), experiment.id.as_str(), experiment.ask.as_str());
        Some(Draft::of_prediction(&Failed { problem, experiment, ask, mine, truth, why }))
    }

    /// One run of the experiment, or all of them compared, in the lab: under its first seed.
    fn open_lab(&self, only: Option<usize>) -> Reply {
        let Some(experiment) = self.problem.experiments.get(self.chosen) else { return Reply::DONE };
        let runs = experiment::prepare(self.design, experiment).and_then(|ready| ready.specs(ready.seeds.first().copied().unwrap_or(1)));
        let mut runs = match runs {
            Ok(runs) => runs,
            Err(why) => return Reply::ask(Ask::Toast(Tone::Bad, why)),
        };
        let mut asks = Vec::new();
        if let Some(only) = only {
            if only >= runs.len() {
                return Reply::ask(Ask::Toast(Tone::Warn, format!("this experiment has {} runs", runs.len())));
            }
            runs = vec![runs.swap_remove(only)];
        } else if runs.len() > BRANCHES_MAX {
            asks.push(Ask::Toast(Tone::Plain, format!("the first {BRANCHES_MAX} of {} runs are compared; a digit opens one", runs.len())));
            runs.truncate(BRANCHES_MAX);
        }
        let place = Place::Runs { problem: self.problem.id.clone(), title: experiment.title.clone(), runs: Runs(runs) };
        asks.insert(0, Ask::Open(place));
        Reply::Used(asks)
    }

    fn told_key(&mut self, key: KeyEvent) -> Reply {
        if key.code == KeyCode::Char('c')
            && let Some(draft) = self.draft()
        {
            return Reply::ask(Ask::Open(Place::Keep { drafts: vec![draft] }));
        }
        let Stage::Told(told) = &mut self.stage else { return Reply::Passed };
        match key.code {
            KeyCode::Char('n') => {
                self.chosen = (self.chosen + 1).min(self.problem.experiments.len() - 1);
                self.choose()
            }
            KeyCode::Char('r') => self.choose(),
            KeyCode::Char('o') => self.open_lab(None),
            KeyCode::Char(c @ '1'..='9') => self.open_lab(Some(c as usize - '1' as usize)),
            KeyCode::Enter | KeyCode::Char('q') => self.back(),
            _ if told.on_key(key) => Reply::DONE,
            _ => Reply::Passed,
        }
    }
}

/// Enters the guess and reads the ledger anew. A ledger that cannot be written spoils no experiment.
fn enter(store: &Store, problem: &str, experiment: &str, guess: Option<Guess>) -> Vec<Prediction> {
    if let Some(guess) = guess {
        let _ = store.save_prediction(problem, experiment, guess);
    }
    store.predictions().unwrap_or_default()
}

impl Screen for Experiments {
    fn practises(&self) -> Option<crate::tui::practice::What> {
        Some((crate::store::Practice::Lab, self.problem.id.clone()))
    }

    fn header(&self, _ctx: &Ctx<'_>) -> Header {
        let right = format!("{} experiments", self.problem.experiments.len());
        Header { right: Line::raw(right), ..Header::title(format!("Experiments · {}", self.problem.title)) }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        let rows: &[(&'static str, &'static str)] = match &self.stage {
            Stage::Choosing => &[("enter", "choose"), ("j k", "move"), ("esc", "back")],
            Stage::Asking { form, .. } => form.keys(),
            Stage::Running(_) => &[("esc", "cancel")],
            Stage::Told(told) if told.missed().is_some() => &[
                ("c", "make a card of it"),
                ("j k", "scroll"),
                ("o", "runs in the lab"),
                ("1-9", "one run"),
                ("r", "again"),
                ("n", "next"),
                ("enter", "list"),
                ("esc", "list"),
            ],
            Stage::Told(_) => {
                &[("j k", "scroll"), ("o", "runs in the lab"), ("1-9", "one run"), ("r", "again"), ("n", "next"), ("enter", "list"), ("esc", "list")]
            }
        };
        rows.iter().map(|(shown, says)| KeyHelp { shown, says, place: keymap::Place::Footer }).collect()
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        if key.code == KeyCode::Esc {
            return self.back();
        }
        match &mut self.stage {
            Stage::Choosing => self.choosing_key(key),
            Stage::Asking { form, .. } => match form.on_key(key) {
                ask::Answer::None => Reply::DONE,
                ask::Answer::Refused(why) => Reply::ask(Ask::Toast(Tone::Warn, why)),
                ask::Answer::Said(said) => {
                    if let Stage::Asking { ready, .. } = std::mem::replace(&mut self.stage, Stage::Choosing) {
                        self.start(ready, said, ctx);
                    }
                    Reply::DONE
                }
            },
            Stage::Running(_) => Reply::Passed,
            Stage::Told(_) => self.told_key(key),
        }
    }

    fn on_paste(&mut self, text: &str, _ctx: &Ctx<'_>) -> Reply {
        if let Stage::Asking { form, .. } = &mut self.stage {
            form.on_paste(text);
        }
        Reply::DONE
    }

    fn on_mouse(&mut self, mouse: MouseEvent, _body: Rect, _ctx: &Ctx<'_>) -> Reply {
        let lines = match mouse.kind {
            MouseEventKind::ScrollDown => 3,
            MouseEventKind::ScrollUp => -3,
            _ => return Reply::Passed,
        };
        match &mut self.stage {
            Stage::Told(told) => told.by(lines),
            Stage::Choosing => self.chosen = self.chosen.saturating_add_signed(lines.signum()).min(self.problem.experiments.len() - 1),
            _ => return Reply::Passed,
        }
        Reply::DONE
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, _ctx: &Ctx<'_>) -> Vec<Ask> {
        let message = match message.downcast::<Ledger>() {
            Ok(ledger) => {
                self.ledger = ledger.0;
                return Vec::new();
            }
            Err(other) => other,
        };
        let Ok(finished) = message.downcast::<Finished>() else { return Vec::new() };
        if !finished.ledger.is_empty() {
            self.ledger = finished.ledger;
        }
        // One that was cancelled, or left for another, is not shown.
        let waited = matches!(&self.stage, Stage::Running(_)) && self.problem.experiments.get(self.chosen).is_some_and(|e| e.id == finished.experiment);
        if !waited {
            return Vec::new();
        }
        self.stage = Stage::Choosing;
        match finished.report {
            Ok(Some(report)) => {
                self.stage = Stage::Told(Box::new(Told::new(report, finished.guess)));
                Vec::new()
            }
            Ok(None) => Vec::new(),
            Err(why) => vec![Ask::Toast(Tone::Bad, why)],
        }
    }

    fn next_tick(&self, _ctx: &Ctx<'_>) -> Option<Duration> {
        matches!(self.stage, Stage::Running(_)).then_some(Duration::from_millis(100))
    }

    fn types(&self) -> bool {
        matches!(&self.stage, Stage::Asking { form, .. } if form.types())
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        match &self.stage {
            Stage::Choosing => list::draw(&self.problem, self.chosen, &self.ledger, area, buf, ctx.theme),
            Stage::Asking { ready, form } => form.draw(ready, area, buf, ctx.theme),
            Stage::Running(running) => running.draw(area, buf, ctx.theme),
            Stage::Told(told) => told.draw(area, buf, ctx.theme),
        }
    }
}

impl Drop for Experiments {
    /// Whoever leaves waits for nothing.
    fn drop(&mut self) {
        if let Stage::Running(running) = &self.stage {
            running.cancel.store(true, Ordering::Relaxed);
        }
    }
}

impl Running {
    fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let inner = popup::draw(&self.title, 60, 5, area, buf, theme);
        let done = self.done.load(Ordering::Relaxed);
        let cols = usize::from(inner.width).saturating_sub(16);
        let mut line = Line::from(meter::gauge(done as f64 / self.runs.max(1) as f64, cols, theme.accent, theme).to_vec());
        line.push_span(Span::styled(format!(" {done} of {} runs", self.runs), theme.dim));
        line.render(Rect { y: inner.y + 1, height: 1, ..inner }.intersection(inner), buf);
    }
}
