//! The sweep: one knob of a run over a range, several seeds, on all cores; a chart with the spread, and files of it.

mod draw;
mod keys;
#[cfg(test)]
mod tests;

use crate::catalog::RunFile;
use crate::lab::sweep::{Shard, Sheet, Sweep as Work};
use crate::lab::{plan, range};
use crate::tui::keymap::{self, KeyHelp};
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::widgets::entry::Entry;
use keys::{Act, KEYS};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;
use sims::kernel::design::Spec;
use sims::kernel::value::Value;
use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Seeds offered at first.
const SEEDS: u64 = 5;
/// More would keep a laptop busy for long; the command line takes more, and shards.
const SEEDS_MAX: u64 = 1_000;

/// The action that turns knobs.
const SET: &str = "set";

/// What can be filled in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Field {
    Knob,
    Range,
    Metric,
    Seeds,
}

const FIELDS: [Field; 4] = [Field::Knob, Field::Range, Field::Metric, Field::Seeds];

pub struct Sweep {
    base: Spec,
    metrics: Vec<String>,
    field: Field,
    knob: usize,
    range: Entry,
    metric: usize,
    seeds: Entry,
    running: Option<Running>,
    sheet: Option<Sheet>,
    /// Why it did not start.
    refused: Option<String>,
    spins: usize,
}

struct Running {
    done: Arc<AtomicUsize>,
    of: usize,
    cancel: Arc<AtomicBool>,
}

/// The work is over; none if it was stopped.
struct Done(Result<Option<Sheet>, String>);

struct Saved(Result<PathBuf, String>);

impl Sweep {
    /// # Errors
    /// A run that does not start.
    pub fn open(run: &RunFile) -> Result<Sweep, String> {
        Ok(Sweep::of(plan::spec_of_file(run)?))
    }

    fn of(base: Spec) -> Sweep {
        let metrics = base.design.metric_names();
        // The first thing the lab charts is what one would look at.
        let charted = base.design.charts.iter().flat_map(|group| group.iter()).next();
        let metric = charted.and_then(|name| metrics.iter().position(|metric| metric.starts_with(name))).unwrap_or(0);
        let seeds = Entry::new(SEEDS.to_string());
        let mut screen =
            Sweep { base, metrics, field: Field::Knob, knob: 0, range: Entry::default(), metric, seeds, running: None, sheet: None, refused: None, spins: 0 };
        screen.offer_range();
        screen
    }

    fn knob(&self) -> &'static sims::kernel::knob::Knob {
        &self.base.design.knobs[self.knob.min(self.base.design.knobs.len() - 1)]
    }

    /// Where the chosen knob stands: as it was turned last, else as the run began.
    fn now(&self) -> Option<&Value> {
        let name = self.knob().name;
        let turned = self.base.script.iter().rev().filter(|step| step.action.name == SET).flat_map(|step| &step.action.args);
        turned.filter(|(knob, _)| knob == name).map(|(_, value)| value).next().or_else(|| self.base.knobs.get(name))
    }

    /// The run without what turned the chosen knob: that would undo each value of the sweep.
    fn swept(&self) -> Spec {
        let mut spec = self.base.clone();
        for step in spec.script.iter_mut().filter(|step| step.action.name == SET) {
            step.action.args.retain(|(knob, _)| knob != self.knob().name);
        }
        spec.script.retain(|step| step.action.name != SET || !step.action.args.is_empty());
        spec
    }

    fn offer_range(&mut self) {
        let knob = self.knob();
        let offered = self.now().map_or_else(String::new, |value| range::offer(knob, value));
        self.range = Entry::new(offered);
    }

    fn start(&mut self, ctx: &Ctx<'_>) {
        self.stop();
        self.refused = None;
        let seeds = self.seeds.text().trim().parse().ok().filter(|n| (1..=SEEDS_MAX).contains(n));
        let work = seeds
            .ok_or_else(|| format!("seeds: `{}` must be 1 to {SEEDS_MAX}", self.seeds.text()))
            .and_then(|seeds| Work::new(self.swept(), self.knob().name, self.range.text(), vec![self.metrics[self.metric].clone()], (1..=seeds).collect()));
        let work = match work {
            Ok(work) => work,
            Err(why) => {
                self.refused = Some(why);
                return;
            }
        };
        self.sheet = None;
        let (done, cancel) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        self.running = Some(Running { done: Arc::clone(&done), of: work.runs(Shard::WHOLE), cancel: Arc::clone(&cancel) });
        ctx.mailbox.work("sweep", move || Done(work.run(Shard::WHOLE, &done, &cancel)));
    }

    fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.cancel.store(true, Ordering::Relaxed);
        }
    }

    /// Turns the field that is chosen by one; text fields have none to turn.
    fn turn(&mut self, by: usize) {
        match self.field {
            Field::Knob => {
                self.knob = (self.knob + by) % self.base.design.knobs.len();
                self.offer_range();
            }
            Field::Metric => self.metric = (self.metric + by) % self.metrics.len(),
            Field::Range | Field::Seeds => {}
        }
    }

    fn go(&mut self, by: usize) {
        let at = FIELDS.iter().position(|field| *field == self.field).unwrap_or(0);
        self.field = FIELDS[(at + by) % FIELDS.len()];
    }

    fn entry(&mut self) -> Option<&mut Entry> {
        match self.field {
            Field::Range => Some(&mut self.range),
            Field::Seeds => Some(&mut self.seeds),
            Field::Knob | Field::Metric => None,
        }
    }

    fn save(&self, ctx: &Ctx<'_>) -> Reply {
        let Some(sheet) = self.sheet.clone() else { return Reply::ask(Ask::Toast(Tone::Warn, "there is nothing to save yet: enter runs the sweep".into())) };
        let folder = ctx.rooms.home.data().join("sweeps");
        ctx.mailbox.work("save sweep", move || Saved(write(&folder, &sheet)));
        Reply::DONE
    }
}

/// CSV for a spreadsheet, JSON for `sweep --merge`; gives the path without its ending.
fn write(folder: &Path, sheet: &Sheet) -> Result<PathBuf, String> {
    let stem = folder.join(format!("{}-{}", sheet.design, sheet.knob));
    let json = serde_json::to_string_pretty(sheet).map_err(|why| why.to_string())?;
    let write = |ending: &str, text: &str| std::fs::write(stem.with_extension(ending), text);
    let written = std::fs::create_dir_all(folder).and_then(|()| write("csv", &sheet.csv())).and_then(|()| write("json", &json));
    written.map(|()| stem.clone()).map_err(|why| format!("{}: {why}", stem.display()))
}

impl Screen for Sweep {
    fn header(&self, _ctx: &Ctx<'_>) -> Header {
        let right = match (&self.running, &self.sheet) {
            (Some(running), _) => format!("{} of {} runs", running.done.load(Ordering::Relaxed), running.of),
            (None, Some(_)) => "done".into(),
            (None, None) => String::new(),
        };
        Header { right: Line::raw(right), ..Header::title(format!("Sweep · {}", self.base.design.title)) }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        keymap::help(KEYS)
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        match keymap::find(KEYS, key) {
            Some(Act::Run) => self.start(ctx),
            Some(Act::Next) => self.go(1),
            Some(Act::Previous) => self.go(FIELDS.len() - 1),
            Some(Act::Save) => return self.save(ctx),
            Some(Act::Stop) => self.stop(),
            // In a line of text the arrows move the cursor.
            Some(Act::More) if self.entry().is_none() => self.turn(1),
            Some(Act::Less) if self.entry().is_none() => {
                let by = if self.field == Field::Knob { self.base.design.knobs.len() } else { self.metrics.len() };
                self.turn(by - 1);
            }
            _ => {
                let typed = key.code != KeyCode::Esc && self.entry().is_some_and(|entry| entry.on_key(key));
                if !typed {
                    return Reply::Passed;
                }
            }
        }
        Reply::DONE
    }

    fn on_paste(&mut self, text: &str, _ctx: &Ctx<'_>) -> Reply {
        if let Some(entry) = self.entry() {
            entry.paste(text);
        }
        Reply::DONE
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, _ctx: &Ctx<'_>) -> Vec<Ask> {
        match message.downcast::<Done>() {
            // What was stopped sends nothing worth having; what runs now may be another one.
            Ok(done) => match done.0 {
                Ok(None) => {}
                Ok(Some(sheet)) => {
                    self.running = None;
                    self.sheet = Some(sheet);
                }
                Err(why) => {
                    self.running = None;
                    self.refused = Some(why);
                }
            },
            Err(other) => {
                if let Ok(saved) = other.downcast::<Saved>() {
                    return vec![match saved.0 {
                        Ok(stem) => Ask::Toast(Tone::Good, format!("saved as {}.csv and .json", stem.display())),
                        Err(why) => Ask::Toast(Tone::Bad, format!("not saved: {why}")),
                    }];
                }
            }
        }
        Vec::new()
    }

    fn on_tick(&mut self, _ctx: &Ctx<'_>) -> Vec<Ask> {
        self.spins = self.spins.wrapping_add(1);
        Vec::new()
    }

    fn next_tick(&self, _ctx: &Ctx<'_>) -> Option<Duration> {
        self.running.is_some().then_some(Duration::from_millis(100))
    }

    fn types(&self) -> bool {
        matches!(self.field, Field::Range | Field::Seeds)
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        draw::draw(self, area, buf, ctx.theme);
    }
}

impl Drop for Sweep {
    fn drop(&mut self) {
        self.stop();
    }
}
