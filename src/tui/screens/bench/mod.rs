//! The bench: a design's parts timed natively beside the machine's floor, on a worker that can be stopped.

mod draw;
#[cfg(test)]
mod tests;

use crate::lab::bench::{self, Care, Timing};
use crate::lab::floor;
use crate::store::BenchResult;
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code, quiet};
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use sims::designs::ALL;
use sims::kernel::bench::Bench as Case;
use sims::kernel::design::Design;
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Quick,
    Full,
    Stop,
    Choose,
    All,
    WarmUp,
    Up,
    Down,
    First,
    Last,
    Back,
}

const KEYS: &[Binding<Act>] = &[
    bind(&[ch('r'), code(KeyCode::Enter)], "r", "quick", Act::Quick),
    bind(&[ch('f')], "f", "full", Act::Full),
    bind(&[ch(' ')], "space", "choose", Act::Choose),
    bind(&[ch('a')], "a", "all or none", Act::All),
    bind(&[ch('w')], "w", "warm-up", Act::WarmUp),
    bind(&[ch('c')], "c", "stop", Act::Stop),
    quiet(&[ch('k'), code(KeyCode::Up)], "j k", "move", Act::Up),
    quiet(&[ch('j'), code(KeyCode::Down)], "j k", "move", Act::Down),
    quiet(&[ch('g'), code(KeyCode::Home)], "g G", "first, last", Act::First),
    quiet(&[ch('G'), code(KeyCode::End)], "g G", "first, last", Act::Last),
    quiet(&[ch('q')], "q", "back", Act::Back),
];

/// Rounds before the first that counts, as `w` turns them.
const WARM_UPS: [usize; 4] = [bench::WARM_UP, 3, 10, 0];

pub struct Bench {
    design: &'static Design,
    rows: Vec<Row>,
    chosen: usize,
    warm_up: usize,
    /// The machine's floor, timed in the same run.
    floor: Vec<Timing>,
    /// Results of earlier days, newest first.
    past: Vec<BenchResult>,
    running: Option<Running>,
}

/// A case with one of its numbers of threads.
struct Row {
    case: &'static Case,
    threads: usize,
    on: bool,
    timing: Option<Timing>,
}

struct Running {
    /// Tells results of this round from those of one that was stopped.
    round: u64,
    left: usize,
    cancel: Arc<AtomicBool>,
}

/// A row is timed.
struct Timed(u64, usize, Timing);

struct Floor(u64, Vec<Timing>);

struct Past(Vec<BenchResult>);

impl Bench {
    /// Begins with a quick round.
    ///
    /// # Errors
    /// An unknown design, or one without cases.
    pub fn open(design: &str, ctx: &Ctx<'_>) -> Result<Bench, String> {
        let design = sims::kernel::design::find(ALL, design)?;
        if design.benches.is_empty() {
            return Err(format!("{} has nothing to time", design.title));
        }
        if let Some(store) = ctx.rooms.store().cloned() {
            ctx.mailbox.work("past benches", move || Past(store.benches(design.id).unwrap_or_default()));
        }
        let mut screen = Bench::new(design);
        screen.start(Care::Quick, ctx);
        Ok(screen)
    }

    fn new(design: &'static Design) -> Bench {
        let rows = bench::cases(design).map(|(_, case, threads)| Row { case, threads, on: true, timing: None }).collect();
        Bench { design, rows, chosen: 0, warm_up: bench::WARM_UP, floor: Vec::new(), past: Vec::new(), running: None }
    }

    /// Times what is chosen; what is not keeps its last result.
    fn start(&mut self, care: Care, ctx: &Ctx<'_>) {
        self.stop();
        let jobs: Vec<(usize, &'static Case, usize)> =
            self.rows.iter().enumerate().filter(|(_, row)| row.on).map(|(at, row)| (at, row.case, row.threads)).collect();
        jobs.iter().for_each(|(at, ..)| self.rows[*at].timing = None);
        let cancel = Arc::new(AtomicBool::new(false));
        let round = self.running.as_ref().map_or(0, |running| running.round + 1);
        self.running = Some(Running { round, left: jobs.len(), cancel: Arc::clone(&cancel) });
        let (design, warm_up, mailbox, store) = (self.design, self.warm_up, ctx.mailbox.clone(), ctx.rooms.store().cloned());
        ctx.mailbox.work("bench", move || {
            let Some(machine) = floor::time(care, &cancel) else { return };
            let mut results: Vec<BenchResult> = machine.iter().map(kept).collect();
            mailbox.send(Floor(round, machine));
            for (at, case, threads) in jobs {
                let Some(timing) = bench::time(design.id, case, threads, care, warm_up, &cancel) else { return };
                results.push(kept(&timing));
                mailbox.send(Timed(round, at, timing));
            }
            // Only careful numbers are worth keeping.
            if let (Care::Full, Some(store)) = (care, store) {
                let _ = store.save_benches(&results);
            }
        });
    }

    fn stop(&mut self) {
        if let Some(running) = &self.running {
            running.cancel.store(true, Ordering::Relaxed);
        }
    }

    fn running(&self) -> Option<&Running> {
        self.running.as_ref().filter(|running| running.left > 0 && !running.cancel.load(Ordering::Relaxed))
    }

    fn choose(&mut self, by: isize) {
        self.chosen = self.chosen.saturating_add_signed(by).min(self.rows.len().saturating_sub(1));
    }
}

fn kept(timing: &Timing) -> BenchResult {
    BenchResult::now(timing.design, timing.case, timing.threads, timing.ops, timing.ns_per_op, timing.ops_per_s)
}

impl Screen for Bench {
    fn header(&self, ctx: &Ctx<'_>) -> Header {
        let right = match self.running() {
            Some(running) => Line::from(vec![Span::styled(format!("timing, {} to go", running.left), ctx.theme.accent)]),
            None => Line::raw("done"),
        };
        Header { right, ..Header::title(format!("Bench · {}", self.design.title)) }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        keymap::help(KEYS)
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        match keymap::find(KEYS, key) {
            Some(Act::Quick | Act::Full) if self.rows.iter().all(|row| !row.on) => {
                return Reply::ask(Ask::Toast(crate::tui::screen::Tone::Warn, "nothing is chosen: space chooses a case, a all of them".into()));
            }
            Some(Act::Quick) => self.start(Care::Quick, ctx),
            Some(Act::Full) => self.start(Care::Full, ctx),
            Some(Act::Stop) => self.stop(),
            Some(Act::Choose) => {
                if let Some(row) = self.rows.get_mut(self.chosen) {
                    row.on = !row.on;
                }
            }
            Some(Act::All) => {
                let on = !self.rows.iter().all(|row| row.on);
                self.rows.iter_mut().for_each(|row| row.on = on);
            }
            Some(Act::WarmUp) => {
                let at = WARM_UPS.iter().position(|rounds| *rounds == self.warm_up).unwrap_or(0);
                self.warm_up = WARM_UPS[(at + 1) % WARM_UPS.len()];
            }
            Some(Act::Up) => self.choose(-1),
            Some(Act::Down) => self.choose(1),
            Some(Act::First) => self.choose(isize::MIN),
            Some(Act::Last) => self.choose(isize::MAX),
            Some(Act::Back) => return Reply::ask(Ask::Back),
            None => return Reply::Passed,
        }
        Reply::DONE
    }

    fn on_mouse(&mut self, mouse: MouseEvent, _body: Rect, _ctx: &Ctx<'_>) -> Reply {
        match mouse.kind {
            MouseEventKind::ScrollUp => self.choose(-1),
            MouseEventKind::ScrollDown => self.choose(1),
            _ => return Reply::Passed,
        }
        Reply::DONE
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, _ctx: &Ctx<'_>) -> Vec<Ask> {
        let Some(now) = self.running.as_ref().map(|running| running.round) else { return self.on_past(message) };
        let message = match message.downcast::<Timed>() {
            Ok(timed) => {
                let Timed(round, at, timing) = *timed;
                if round == now
                    && let (Some(row), Some(running)) = (self.rows.get_mut(at), &mut self.running)
                {
                    row.timing = Some(timing);
                    running.left = running.left.saturating_sub(1);
                }
                return Vec::new();
            }
            Err(other) => other,
        };
        match message.downcast::<Floor>() {
            Ok(floor) if floor.0 == now => self.floor = floor.1,
            Ok(_) => {}
            Err(other) => return self.on_past(other),
        }
        Vec::new()
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        draw::draw(self, area, buf, ctx.theme);
    }
}

impl Bench {
    fn on_past(&mut self, message: Box<dyn Any + Send>) -> Vec<Ask> {
        if let Ok(past) = message.downcast::<Past>() {
            self.past = past.0;
        }
        Vec::new()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop();
    }
}
