//! The latency ladder: textbook and this machine on one logarithmic axis, measured by a worker that can be stopped.

use crate::lab::ladder::{RUNGS, Rung, measure};
use crate::session::estimate::{self, Amount};
use crate::store::{Ladder as Measured, StoreError};
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code, quiet};
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::theme::Theme;
use crate::tui::widgets::scroll::{self, Scroller};
use crate::tui::widgets::{popup, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::layout::{Constraint, Layout, Margin, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::math;
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Measure,
    Stop,
    Back,
}

const KEYS: &[Binding<Act>] = &[
    bind(&[ch('r'), code(KeyCode::Enter)], "r", "measure", Act::Measure),
    bind(&[ch('c')], "c", "stop", Act::Stop),
    bind(&[code(KeyCode::Esc), ch('q')], "esc", "back", Act::Back),
];
const SCROLL: &[Binding<()>] = &[quiet(&[ch('j'), ch('k')], "j k", "scroll", ())];

#[derive(Default)]
pub struct Ladder {
    /// Earlier ladders, newest first.
    past: Vec<Measured>,
    now: Vec<(&'static str, f64)>,
    running: Option<Running>,
    round: u64,
    scroller: Scroller,
}

struct Running {
    /// The rung that is being measured, by its place.
    at: usize,
    cancel: Arc<AtomicBool>,
}

struct Past(Result<Vec<Measured>, StoreError>);

/// One rung of a round is measured, or could not be.
struct Rung1(u64, usize, Option<f64>);

/// The round is over; whether it was kept.
struct Done(u64, Result<(), StoreError>);

impl Ladder {
    pub fn open(ctx: &Ctx<'_>) -> Ladder {
        if let Some(store) = ctx.rooms.store().cloned() {
            ctx.mailbox.work("ladders", move || Past(store.ladders()));
        }
        Ladder::default()
    }

    fn start(&mut self, ctx: &Ctx<'_>) {
        self.stop();
        self.now.clear();
        self.round += 1;
        let (round, cancel) = (self.round, Arc::new(AtomicBool::new(false)));
        self.running = Some(Running { at: 0, cancel: Arc::clone(&cancel) });
        let (mailbox, store, folder) = (ctx.mailbox.clone(), ctx.rooms.store().cloned(), ctx.rooms.home.data().to_path_buf());
        ctx.mailbox.work("ladder", move || {
            let mut rungs = Vec::new();
            for (at, rung) in RUNGS.iter().enumerate() {
                let commit = || store.as_ref().is_some_and(|store| store.commit_once().is_ok());
                let ns = measure(rung, &folder, &commit, &cancel);
                if cancel.load(Ordering::Relaxed) {
                    return Done(round, Ok(()));
                }
                rungs.extend(ns.map(|ns| (rung.id.to_string(), ns)));
                mailbox.send(Rung1(round, at, ns));
            }
            let ladder = Measured { measured_at: chrono::Utc::now(), rungs };
            Done(round, store.map_or(Ok(()), |store| store.save_ladder(&ladder)))
        });
    }

    fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.cancel.store(true, Ordering::Relaxed);
        }
    }

    /// What this round says of a rung, else what the last kept one said.
    fn value(&self, rung: &Rung) -> Option<f64> {
        let now = self.now.iter().find(|(id, _)| *id == rung.id).map(|(_, ns)| *ns);
        let last = || self.past.first()?.rungs.iter().find(|(id, _)| id == rung.id).map(|(_, ns)| *ns);
        now.or_else(|| if self.now.is_empty() { last() } else { None })
    }
}

impl Drop for Ladder {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Screen for Ladder {
    fn header(&self, ctx: &Ctx<'_>) -> Header {
        let right = match (&self.running, self.past.first()) {
            (Some(running), _) => {
                let title = RUNGS.get(running.at).map_or("", |rung| rung.title);
                Line::from(Span::styled(format!("measuring {} of {}: {title}", running.at + 1, RUNGS.len()), ctx.theme.accent))
            }
            (None, Some(last)) => Line::raw(format!("measured {}", last.measured_at.with_timezone(&chrono::Local).format("%Y-%m-%d %H:%M"))),
            (None, None) => Line::raw("not measured yet"),
        };
        Header { right, ..Header::title("Numbers of this machine") }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        keymap::help(KEYS).into_iter().chain(keymap::help(SCROLL)).collect()
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        match keymap::find(KEYS, key) {
            Some(Act::Measure) => self.start(ctx),
            Some(Act::Stop) => self.stop(),
            Some(Act::Back) => return Reply::ask(Ask::Back),
            None if self.scroller.on_key(key) => {}
            None => return Reply::Passed,
        }
        Reply::DONE
    }

    fn on_mouse(&mut self, mouse: MouseEvent, _body: Rect, _ctx: &Ctx<'_>) -> Reply {
        if self.scroller.on_wheel(mouse) { Reply::DONE } else { Reply::Passed }
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, ctx: &Ctx<'_>) -> Vec<Ask> {
        let message = match message.downcast::<Rung1>() {
            Ok(found) => {
                if found.0 == self.round
                    && let Some(running) = &mut self.running
                {
                    running.at = (found.1 + 1).min(RUNGS.len() - 1);
                    self.now.extend(RUNGS.get(found.1).zip(found.2).map(|(rung, ns)| (rung.id, ns)));
                }
                return Vec::new();
            }
            Err(other) => other,
        };
        let message = match message.downcast::<Done>() {
            Ok(done) => {
                if done.0 != self.round || self.running.is_none() {
                    return Vec::new();
                }
                self.running = None;
                if let Some(store) = ctx.rooms.store().cloned() {
                    ctx.mailbox.work("ladders", move || Past(store.ladders()));
                }
                return match done.1 {
                    Ok(()) => Vec::new(),
                    Err(why) => vec![Ask::Toast(Tone::Bad, format!("the ladder is not kept: {why}"))],
                };
            }
            Err(other) => other,
        };
        match message.downcast::<Past>().map(|past| past.0) {
            Ok(Ok(past)) => self.past = past,
            Ok(Err(why)) => return vec![Ask::Toast(Tone::Bad, format!("earlier ladders cannot be read: {why}"))],
            Err(_) => {}
        }
        Vec::new()
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        draw(self, area, buf, ctx.theme);
    }
}

/// The axis: from a tenth of a nanosecond to a second.
const FROM: f64 = 1e-1;
const TO: f64 = 1e9;

fn draw(screen: &Ladder, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::focused("Latency, each step of the axis ten times the one before", theme);
    let inner = block.inner(area).inner(Margin::new(1, 0));
    block.render(area, buf);
    let says = says(screen);
    let wrapped = text::wrap(&says, usize::from(inner.width));
    let foot = u16::try_from(wrapped.len()).unwrap_or(1) + 1;
    let [head, table, axis, foot] =
        inner.layout(&Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1), Constraint::Length(foot)]));
    let names = if inner.width >= 100 { 32 } else { 24 };
    let plot = Rect { x: inner.x + names, width: inner.width.saturating_sub(names + 20), ..table };
    Line::from(vec![
        Span::raw(" ".repeat(usize::from(names + plot.width))),
        Span::styled(format!("{:>9} ", format!("{} textbook", theme.pick("○", "o"))), theme.dim),
        Span::styled(format!("{:>8}", format!("{} here", theme.pick("●", "*"))), theme.accent),
    ])
    .render(head, buf);
    let each = if usize::from(table.height) >= RUNGS.len() * 2 { 2 } else { 1 };
    let lines = RUNGS.len() * each;
    let from = screen.scroller.see(table.height, lines).from;
    for (n, rung) in RUNGS.iter().enumerate() {
        let Some(y) = (n * each).checked_sub(from).and_then(|row| table.rows().nth(row)).map(|row| row.y) else { continue };
        draw_rung(rung, screen.value(rung), Rect { y, height: 1, ..table }, Rect { y, height: 1, ..plot }, buf, theme);
        if each == 2 && y + 1 < table.bottom() {
            let how = rung.how.unwrap_or("told, not measured: one machine has none");
            let row = Rect { y: y + 1, height: 1, ..table };
            Line::styled(format!("  {}", text::fit(how, usize::from(row.width).saturating_sub(2))), theme.dim).render(row, buf);
        }
    }
    scroll::bar(area, from, lines + usize::from(area.height.saturating_sub(2 + table.height)), buf, theme);
    draw_axis(Rect { y: axis.y, height: 1, ..plot }, buf, theme);
    for (row, line) in foot.rows().skip(1).zip(wrapped) {
        Line::styled(line, theme.dim).render(row, buf);
    }
}

fn says(screen: &Ladder) -> String {
    if screen.running.is_none() && screen.past.is_empty() && screen.now.is_empty() {
        return "r measures this machine: about three seconds, off the screen's thread; nothing leaves it.".into();
    }
    let memory = RUNGS.iter().find(|rung| rung.id == "memory").and_then(|rung| screen.value(rung));
    let fsync = RUNGS.iter().find(|rung| rung.id == "fsync").and_then(|rung| screen.value(rung));
    match (memory, fsync) {
        (Some(memory), Some(fsync)) if memory > 0.0 => {
            format!("In the time of one fsync this machine reads memory at random {} times. Medians of several rounds.", plain(fsync / memory))
        }
        _ => "Medians of several rounds.".into(),
    }
}

fn plain(value: f64) -> String {
    estimate::show(Amount { value, bytes: 0, seconds: 0 })
}

fn time(ns: f64) -> String {
    estimate::show(Amount { value: ns / 1e9, bytes: 0, seconds: 1 })
}

fn column(ns: f64, cols: u16) -> u16 {
    let part = (math::log10(ns) - math::log10(FROM)) / (math::log10(TO) - math::log10(FROM));
    (part.clamp(0.0, 1.0) * f64::from(cols.saturating_sub(1)) + 0.5) as u16
}

fn draw_rung(rung: &Rung, value: Option<f64>, row: Rect, plot: Rect, buf: &mut Buffer, theme: &Theme) {
    let names = usize::from(plot.x.saturating_sub(row.x));
    Line::raw(text::pad(rung.title, names.saturating_sub(1))).render(row, buf);
    let columns: Vec<u16> = rung.textbook.into_iter().chain(value).map(|ns| column(ns, plot.width)).collect();
    if let (Some(left), Some(right)) = (columns.iter().min(), columns.iter().max()) {
        for x in *left..=*right {
            put(plot, x, theme.pick("─", "-"), theme.dim, buf);
        }
    }
    if let Some(ns) = rung.textbook {
        put(plot, column(ns, plot.width), theme.pick("○", "o"), theme.text, buf);
    }
    if let Some(ns) = value {
        put(plot, column(ns, plot.width), theme.pick("●", "*"), theme.accent, buf);
    }
    let said = rung.textbook.map_or_else(|| "-".into(), time);
    let here = value.map_or_else(|| "-".into(), time);
    let end = Rect { x: plot.right(), width: row.right().saturating_sub(plot.right()), ..row };
    Line::from(vec![Span::styled(format!("{said:>9} "), theme.dim), Span::styled(format!("{here:>9}"), theme.accent)]).render(end, buf);
}

fn put(plot: Rect, x: u16, symbol: &str, style: ratatui::style::Style, buf: &mut Buffer) {
    if x < plot.width
        && let Some(cell) = buf.cell_mut((plot.x + x, plot.y))
    {
        cell.set_symbol(symbol).set_style(style);
    }
}

fn draw_axis(plot: Rect, buf: &mut Buffer, theme: &Theme) {
    let marks: &[(f64, &str)] = &[(1.0, "1 ns"), (1e3, "1 µs"), (1e6, "1 ms"), (1e9, "1 s")];
    for (ns, label) in marks {
        let wide = u16::try_from(label.chars().count()).unwrap_or(0);
        let x = column(*ns, plot.width).min(plot.width.saturating_sub(wide));
        let row = Rect { x: plot.x + x, width: plot.width.saturating_sub(x), ..plot };
        Line::styled(*label, theme.dim).render(row.intersection(buf.area), buf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::screens::harness::Stage;

    fn measured() -> Measured {
        let rungs = [("l1", 1.3), ("memory", 92.0), ("system-call", 130.0), ("loopback", 18e3), ("fsync", 2.4e6), ("commit", 3.1e6)];
        Measured { measured_at: chrono::DateTime::UNIX_EPOCH, rungs: rungs.map(|(id, ns)| (id.to_string(), ns)).to_vec() }
    }

    #[test]
    fn textbook_and_machine_stand_on_one_axis() {
        let stage = Stage::new();
        let mut screen = Ladder::default();
        screen.past = vec![measured()];
        let shown = stage.show(&screen, 80, 24);
        let body: String = shown.lines().skip(1).map(|line| format!("{line}\n")).collect();
        insta::assert_snapshot!("ladder_80x24", body);
        assert!(shown.contains("26.1 K times"), "{shown}");
        for (cols, rows) in [(60, 18), (200, 60)] {
            stage.show(&screen, cols, rows);
        }
    }

    #[test]
    fn the_axis_is_logarithmic() {
        assert_eq!([0.1, 1.0, 1e4, 1e9].map(|ns| column(ns, 101)), [0, 10, 50, 100]);
        assert_eq!((column(1e-9, 101), column(1e12, 101)), (0, 100));
    }
}
