//! The bench: a design's parts timed natively, a bar for each, on a worker that can be stopped.

#[cfg(test)]
mod tests;

use crate::lab::bench::{self, Care, Timing};
use crate::store::BenchResult;
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code, quiet};
use crate::tui::panes::numbers;
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen};
use crate::tui::theme::Theme;
use crate::tui::widgets::scroll::{self, Scroller};
use crate::tui::widgets::{meter, popup, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::designs::ALL;
use sims::kernel::design::Design;
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Quick,
    Full,
    Stop,
    Scroll,
    Back,
}

const KEYS: &[Binding<Act>] = &[
    bind(&[ch('r'), code(KeyCode::Enter)], "r", "quick", Act::Quick),
    bind(&[ch('f')], "f", "full", Act::Full),
    bind(&[ch('c')], "c", "stop", Act::Stop),
    quiet(&[ch('j'), ch('k'), code(KeyCode::Down), code(KeyCode::Up), ch('g'), ch('G')], "j k", "scroll", Act::Scroll),
    quiet(&[ch('q')], "q", "back", Act::Back),
];

pub struct Bench {
    design: &'static Design,
    timings: Vec<Timing>,
    /// Results of earlier days, newest first.
    past: Vec<BenchResult>,
    running: Option<Running>,
    scroller: Scroller,
}

struct Running {
    /// Tells results of this round from those of one that was stopped.
    round: u64,
    cases: usize,
    cancel: Arc<AtomicBool>,
}

/// One case is timed.
struct Timed(u64, Timing);

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
        Bench { design, timings: Vec::new(), past: Vec::new(), running: None, scroller: Scroller::default() }
    }

    fn start(&mut self, care: Care, ctx: &Ctx<'_>) {
        self.stop();
        self.timings.clear();
        let cancel = Arc::new(AtomicBool::new(false));
        let round = self.running.as_ref().map_or(0, |running| running.round + 1);
        let design = self.design;
        self.running = Some(Running { round, cases: bench::cases(design).count(), cancel: Arc::clone(&cancel) });
        let (mailbox, store) = (ctx.mailbox.clone(), ctx.rooms.store().cloned());
        ctx.mailbox.work("bench", move || {
            let mut results = Vec::new();
            for (design, case, threads) in bench::cases(design) {
                let Some(timing) = bench::time(design, case, threads, care, &cancel) else { return };
                results.push(result(&timing));
                mailbox.send(Timed(round, timing));
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
        self.running.as_ref().filter(|running| self.timings.len() < running.cases && !running.cancel.load(Ordering::Relaxed))
    }

    /// The latest earlier result of the same case.
    fn earlier(&self, timing: &Timing) -> Option<f64> {
        let same = |past: &&BenchResult| past.name == timing.case && usize::try_from(past.threads) == Ok(timing.threads);
        self.past.iter().find(same).map(|past| past.ns_per_op)
    }
}

fn result(timing: &Timing) -> BenchResult {
    BenchResult {
        design: timing.design.into(),
        name: timing.case.into(),
        threads: u32::try_from(timing.threads).unwrap_or(u32::MAX),
        ops: timing.ops,
        ns_per_op: timing.ns_per_op,
        ops_per_s: timing.ops_per_s,
        measured_at: chrono::Utc::now(),
    }
}

impl Screen for Bench {
    fn header(&self, ctx: &Ctx<'_>) -> Header {
        let right = match self.running() {
            Some(running) => Line::from(vec![Span::styled(format!("timing {} of {}", self.timings.len() + 1, running.cases), ctx.theme.accent)]),
            None => Line::raw("done"),
        };
        Header { right, ..Header::title(format!("Bench · {}", self.design.title)) }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        keymap::help(KEYS)
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        match keymap::find(KEYS, key) {
            Some(Act::Quick) => self.start(Care::Quick, ctx),
            Some(Act::Full) => self.start(Care::Full, ctx),
            Some(Act::Stop) => self.stop(),
            Some(Act::Back) => return Reply::ask(Ask::Back),
            Some(Act::Scroll) => {
                self.scroller.on_key(key);
            }
            None if self.scroller.on_key(key) => {}
            None => return Reply::Passed,
        }
        Reply::DONE
    }

    fn on_mouse(&mut self, mouse: MouseEvent, _body: Rect, _ctx: &Ctx<'_>) -> Reply {
        if self.scroller.on_wheel(mouse) { Reply::DONE } else { Reply::Passed }
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, _ctx: &Ctx<'_>) -> Vec<Ask> {
        let round = self.running.as_ref().map(|running| running.round);
        let message = match message.downcast::<Timed>() {
            Ok(timed) => {
                if Some(timed.0) == round {
                    self.timings.push(timed.1);
                }
                return Vec::new();
            }
            Err(other) => other,
        };
        if let Ok(past) = message.downcast::<Past>() {
            self.past = past.0;
        }
        Vec::new()
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        draw(self, area, buf, ctx.theme);
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop();
    }
}

fn draw(screen: &Bench, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::focused("Processor time per operation: shorter is faster", theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let [table, foot] = inner.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(3)]));
    let name_cols = screen.design.benches.iter().map(|b| b.name.len()).max().unwrap_or(0).clamp(4, (usize::from(table.width) / 3).max(4));
    let most = screen.timings.iter().map(|t| t.ns_per_op).fold(0.0, f64::max);
    let head = format!(" {} threads    ns/op     was    ops/s", text::pad("case", name_cols));
    let mut rows = table.rows();
    if let Some(row) = rows.next() {
        Line::styled(head, theme.dim).render(row, buf);
    }
    // A case is one row where not all of them have room for two.
    let fits = table.height.saturating_sub(1);
    let from = screen.scroller.see(fits, screen.timings.len()).from;
    scroll::bar(area, from, screen.timings.len() + usize::from(area.height.saturating_sub(2 + fits)), buf, theme);
    for timing in screen.timings.iter().skip(from) {
        let (Some(row), more) = (rows.next(), timing.note.as_deref().unwrap_or(timing.says)) else { break };
        line(screen, timing, name_cols, most, usize::from(row.width), theme).render(row, buf);
        // What an operation is, where there is room for every case.
        if usize::from(table.height) > screen.timings.len() * 2 + 1
            && let Some(row) = rows.next()
        {
            Line::styled(format!("   {}", text::fit(more, usize::from(row.width).saturating_sub(4))), theme.dim).render(row, buf);
        }
    }
    if let (Some(_), Some(row)) = (screen.running(), rows.next()) {
        Line::styled(format!(" {} timing …", meter::spinner(screen.timings.len(), theme)), theme.dim).render(row, buf);
    }
    let says = "Median of several rounds. ns/op is processor time of all threads; ops/s is by the wall clock.";
    foot.rows()
        .skip(1)
        .zip(text::wrap(says, usize::from(foot.width).saturating_sub(2)))
        .for_each(|(row, says)| Line::styled(format!(" {says}"), theme.dim).render(row, buf));
}

fn line(screen: &Bench, timing: &Timing, name_cols: usize, most: f64, cols: usize, theme: &Theme) -> Line<'static> {
    let was = screen.earlier(timing).map_or_else(|| "-".into(), numbers::short);
    let head = format!(
        " {} {:>7} {:>8} {was:>7} {:>8}  ",
        text::pad(timing.case, name_cols),
        timing.threads,
        numbers::short(timing.ns_per_op),
        numbers::short(timing.ops_per_s)
    );
    let room = cols.saturating_sub(head.len() + 1);
    let part = if most > 0.0 { timing.ns_per_op / most } else { 0.0 };
    Line::from(vec![Span::styled(head, theme.text), Span::styled(meter::bar(part, room, theme), theme.accent)])
}
