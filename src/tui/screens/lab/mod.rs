//! The lab: a design running, with knobs to turn, faults to inject and lamps to watch.

mod compare;
mod draw;
mod faults;
mod fork;
mod jump;
mod keys;
mod knobs;
mod layout;
mod log;
mod messages;
mod metrics;
mod popup;
mod save;
mod smallest;
mod stops;
#[cfg(test)]
mod tests;
mod timebar;

use crate::catalog::RunFile;
use crate::lab::{Command, Frame, Lab, Pace, Window, plan, target};
use crate::tui::keymap::{self, KeyHelp};
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::screens::Place;
use jump::Jump;
use keys::{Act, KEYS};
use knobs::Knobs;
use layout::{Needs, Panes, View};
use log::LogPane;
use messages::Messages;
use popup::{After, Popup};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;
use sims::kernel::design::Spec;
use sims::kernel::time::Span;
use std::any::Any;
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use stops::{Editor, Stops};
use timebar::TimeBar;

/// The run has something new to show.
struct Fresh;

pub struct LabScreen {
    /// The problem it was opened for, or the design's own id.
    problem: String,
    title: String,
    /// The run file it was opened with.
    file: Option<RunFile>,
    lab: Lab,
    frame: Arc<Frame>,
    knobs: Knobs,
    log: LogPane,
    popup: Option<Popup>,
    /// Which of the views the main pane shows.
    main: usize,
    window: usize,
    charts: metrics::Charts,
    stops: Stops,
    time: TimeBar,
    /// Which metric of a chart's group is compared.
    metric: usize,
    /// Charts are smoothed.
    smooth: bool,
    /// The size it was drawn at last: views are asked for at that size.
    drawn: Cell<Rect>,
    asked: Rect,
    /// A refusal is told once.
    told: Option<String>,
    /// How much of what was done by hand is in a file.
    kept: usize,
}

/// The windows of time that `t` walks through.
const WINDOWS: [(Window, &str); 4] =
    [(Window::Last(Span::secs(60)), "1 min"), (Window::Last(Span::secs(600)), "10 min"), (Window::All, "all"), (Window::Last(Span::secs(10)), "10 s")];

/// So much done by hand is not thrown away unasked; less is soon done again.
const MUCH: usize = 3;

/// What `<` and `>` move by.
const STRIDE: Span = Span::secs(1);

impl LabScreen {
    /// Opens the run, paused at its start.
    ///
    /// # Errors
    /// As [`Spec::start`].
    pub fn open(problem: &str, title: &str, spec: Spec, ctx: &Ctx<'_>) -> Result<LabScreen, String> {
        LabScreen::open_all(problem, title, vec![(String::new(), spec)], ctx)
    }

    /// Opens several runs of one design side by side, paused at their start.
    ///
    /// # Errors
    /// As [`Spec::start`]; no run at all.
    pub fn open_all(problem: &str, title: &str, runs: Vec<(String, Spec)>, ctx: &Ctx<'_>) -> Result<LabScreen, String> {
        let mailbox = ctx.mailbox.clone();
        let design = runs.first().map(|(_, spec)| spec.design).ok_or("there is no run to open")?;
        let lab = Lab::open_all(runs, move || mailbox.send(Fresh))?;
        lab.send(Command::FrameEvery(ctx.rooms.frame_gap()));
        let frame = lab.frame();
        Ok(LabScreen {
            problem: problem.into(),
            title: title.into(),
            file: None,
            lab,
            frame,
            knobs: Knobs::default(),
            log: LogPane::default(),
            popup: None,
            main: 0,
            window: 0,
            charts: metrics::Charts::of(design),
            stops: Stops::default(),
            time: TimeBar::default(),
            metric: 0,
            smooth: false,
            drawn: Cell::new(Rect::ZERO),
            asked: Rect::ZERO,
            told: None,
            kept: 0,
        })
    }

    /// What the place names: a problem's design or a design, perhaps a run file, seed and knobs laid over.
    ///
    /// # Errors
    /// An unknown id, a bad run file, a knob out of range.
    pub fn of_place(problem: &str, run: Option<&Path>, seed: Option<u64>, set: &[(String, String)], ctx: &Ctx<'_>) -> Result<LabScreen, String> {
        let catalog = ctx.rooms.catalog.as_deref().ok_or("the problems are still being read")?;
        let design = target::design(catalog, problem)?;
        let file = run.map(|path| target::run_file(catalog, path)).transpose()?;
        let title = file.as_ref().map(|file| file.title.clone()).or_else(|| catalog.head(problem).map(|head| head.title.clone()));
        let spec = target::lab_spec(design, file.as_ref(), seed, set)?;
        let mut screen = LabScreen::open(problem, &title.unwrap_or_else(|| design.title.into()), spec, ctx)?;
        if let Some(file) = file {
            // The story is read first: a challenge waits for the user.
            screen.main = 1;
            screen.file = Some(file);
            screen.lab.send(Command::EndAtLength);
            return Ok(screen);
        }
        screen.lab.send(Command::Play);
        Ok(screen)
    }

    /// Runs of an experiment: paused at their start, each ending at its own length.
    ///
    /// # Errors
    /// As [`LabScreen::open_all`].
    pub fn of_runs(problem: &str, title: &str, runs: Vec<(String, Spec)>, ctx: &Ctx<'_>) -> Result<LabScreen, String> {
        let screen = LabScreen::open_all(problem, title, runs, ctx)?;
        screen.lab.send(Command::EndAtLength);
        Ok(screen)
    }

    /// The run as it was last told.
    pub fn shown(&self) -> &Arc<Frame> {
        &self.frame
    }

    fn needs(&self) -> Needs {
        Needs { charts: self.charts.shown(), knob_cols: knobs::cols(self.design()) }
    }

    fn design(&self) -> &'static sims::kernel::design::Design {
        self.frame.design
    }

    /// What the main pane can show: the drawing, the design's own panes, and what has no place of its own.
    fn views(&self, panes: &Panes) -> Vec<View> {
        let mut views = Vec::new();
        views.extend((!self.frame.compared.is_empty()).then_some(View::Compare));
        views.push(View::Diagram);
        views.extend(self.file.is_some().then_some(View::Story));
        views.extend((self.file.is_some() && panes.charts.is_empty()).then_some(View::Objectives));
        views.extend(self.design().panes.iter().map(View::Pane));
        views.extend((!self.design().reasons.is_empty()).then_some(View::Reasons));
        views.push(View::SpaceTime);
        if panes.charts.is_empty() {
            views.extend((0..self.charts.groups.len()).map(View::Chart));
            views.extend(self.charts.histogram.is_some().then_some(View::Histogram));
        }
        if panes.lamps.is_none() {
            views.push(View::Lamps);
        }
        views
    }

    fn view(&self, panes: &Panes) -> View {
        let views = self.views(panes);
        views[self.main % views.len()]
    }

    /// Tells the run which views to send, at the size of the panes that show them.
    fn ask_views(&mut self) {
        let body = self.drawn.get();
        let panes = Panes::of(body, self.needs());
        let window = self.time.window(WINDOWS[self.window].0, self.frame.now);
        let mut wanted = layout::wanted(&panes, self.view(&panes), &self.charts, window);
        // First, because a view is found by what it shows.
        wanted.splice(0..0, self.popup.as_ref().and_then(|popup| popup.wanted(&self.frame)));
        self.lab.send(Command::Show(wanted));
        self.asked = body;
    }

    fn send(&self, command: Command) -> Reply {
        self.lab.send(command);
        Reply::DONE
    }

    fn act(&mut self, act: Act, ctx: &Ctx<'_>) -> Reply {
        let frame = Arc::clone(&self.frame);
        match act {
            Act::Pause => self.send(if frame.playing { Command::Pause } else { Command::Play }),
            Act::Step => self.send(Command::Step),
            Act::Back => self.send(Command::Back),
            Act::StrideOn => self.send(Command::StepBy(STRIDE)),
            Act::StrideBack => self.send(Command::BackBy(STRIDE)),
            Act::Faster => self.send(Command::Pace(frame.pace.faster())),
            Act::Slower => self.send(Command::Pace(frame.pace.slower())),
            Act::Flat => self.send(Command::Pace(if frame.pace == Pace::Flat { Pace::times(1.0) } else { Pace::Flat })),
            Act::Restart => self.send(Command::Restart(frame.seed)),
            Act::OtherSeed => self.send(Command::Restart(frame.seed.wrapping_add(1))),
            Act::End => self.send(Command::End),
            Act::Stops => self.open_popup(Ok(Popup::Stops(Editor::default()))),
            Act::Jump => self.open_popup(Ok(Popup::Jump(Jump::default()))),
            Act::Fork => self.open_popup(Ok(Popup::Fork(fork::Fork::default()))),
            Act::Compare => self.open_popup(Ok(Popup::Compare(compare::Menu::default()))),
            Act::Choose(run) if run < frame.compared.len() => self.send(Command::Choose(run)),
            Act::Choose(_) => Reply::DONE,
            Act::NextMetric => {
                self.metric += 1;
                Reply::DONE
            }
            Act::Smooth => {
                self.smooth = !self.smooth;
                Reply::DONE
            }
            Act::Cursor(step) => {
                self.time.go(step, &frame);
                self.ask_views();
                Reply::DONE
            }
            Act::NextView | Act::PreviousView => self.turn_view(act),
            Act::Window => {
                self.window = (self.window + 1) % WINDOWS.len();
                self.ask_views();
                Reply::DONE
            }
            Act::Faults => self.open_popup(Popup::faults(&frame)),
            Act::Messages => {
                let opened = self.open_popup(Ok(Popup::Messages(Messages::new(&frame))));
                self.ask_views();
                opened
            }
            Act::Shrink => self.shrink(ctx),
            Act::Metrics => self.open_popup(Popup::metrics()),
            Act::Lamps => self.open_popup(Popup::lamps()),
            Act::Open => {
                save::find(frame.design.id, ctx);
                Reply::DONE
            }
            Act::Save => self.open_popup(Popup::save(&self.problem, frame.seed)),
            Act::Experiments => Reply::ask(Ask::Open(Place::Experiments { problem: self.problem.clone() })),
            Act::Sweep => match self.lab.recorded() {
                Some(spec) => Reply::ask(Ask::Open(Place::Sweep { run: Box::new(plan::to_file(&spec, "sweep")) })),
                None => Reply::ask(Ask::Toast(Tone::Warn, "the run does not answer".into())),
            },
            Act::Bench => Reply::ask(Ask::Open(Place::Bench { design: self.design().id.into() })),
            Act::LogUp => self.scroll_log(-1),
            Act::LogDown => self.scroll_log(1),
            Act::Knob(turn) => {
                let done = self.knobs.act(turn, &frame);
                self.after_knob(done, ctx)
            }
        }
    }

    fn scroll_log(&mut self, pages: isize) -> Reply {
        self.log.scroll(pages, self.frame.log.len());
        Reply::DONE
    }

    fn turn_view(&mut self, act: Act) -> Reply {
        let count = self.views(&Panes::of(self.drawn.get(), self.needs())).len();
        let step = if act == Act::NextView { 1 } else { count - 1 };
        self.main = (self.main + step) % count;
        self.ask_views();
        Reply::DONE
    }

    fn open_popup(&mut self, popup: Result<Popup, String>) -> Reply {
        match popup {
            Ok(popup) => {
                self.popup = Some(popup);
                Reply::DONE
            }
            Err(why) => Reply::ask(Ask::Toast(Tone::Warn, why)),
        }
    }

    fn after_knob(&mut self, done: knobs::Done, _ctx: &Ctx<'_>) -> Reply {
        match done {
            knobs::Done::Nothing => Reply::DONE,
            knobs::Done::Set(knob, text) => self.send(Command::Set(knob, text)),
            knobs::Done::Say(why) => Reply::ask(Ask::Toast(Tone::Plain, why)),
            knobs::Done::Refused(why) => Reply::ask(Ask::Toast(Tone::Warn, why)),
        }
    }

    /// Looks for the smallest script that breaks what is broken.
    fn shrink(&mut self, ctx: &Ctx<'_>) -> Reply {
        // What is searched is what has happened so far; a run that plays on would only take the processor.
        self.lab.send(Command::Pause);
        let spec = self.lab.recorded().ok_or_else(|| "the run does not answer".to_string());
        let popup = spec.and_then(|spec| smallest::Shrinking::start(spec, &self.frame, ctx)).map(Popup::Shrink);
        self.open_popup(popup)
    }

    fn popup_key(&mut self, mut popup: Popup, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        let after = popup.on_key(key, &self.frame, &mut self.charts, &mut self.stops);
        match after {
            After::Stay => self.popup = Some(popup),
            After::Close => {
                if popup.wanted(&self.frame).is_some() {
                    self.ask_views();
                }
            }
            After::Act(actions) => {
                self.popup = Some(popup);
                actions.into_iter().for_each(|action| self.lab.send(Command::Act(action)));
            }
            After::Chaos(wish, length) => {
                self.lab.send(Command::Chaos(wish, length));
                let says = format!("chaos of seed {}: {} faults a minute for {length}", wish.seed, wish.intensity);
                return Reply::ask(Ask::Toast(Tone::Plain, says));
            }
            After::Pass => {
                self.popup = Some(popup);
                return keymap::find(KEYS, key).map_or(Reply::DONE, |act| self.act(act, ctx));
            }
            After::Rewind(to) => {
                self.popup = Some(popup);
                self.lab.send(Command::Jump(to));
                self.ask_views();
            }
            After::Run(spec) => {
                self.lab.send(Command::Open(vec![(String::new(), *spec)]));
                self.lab.send(Command::Pause);
                return Reply::ask(Ask::Toast(Tone::Good, "the smallest run stands at its start: space plays it".into()));
            }
            After::Keep(found) => {
                self.popup = Some(popup);
                return save::keep(smallest::file(&found), ctx);
            }
            After::Go(to) => {
                self.time.forget();
                self.lab.send(Command::Jump(to));
            }
            After::Fork(change) => self.lab.send(Command::Fork(change)),
            After::Choose(run) => self.lab.send(Command::Choose(run)),
            After::CloseRun(run) => {
                // While runs are left to compare the menu stays: who closes one may close another.
                self.popup = (self.frame.compared.len() > 2).then_some(popup);
                self.lab.send(Command::Close(run));
            }
            After::Values(knob, values) => self.lab.send(Command::EachValue(knob, values)),
            After::Stops => {
                self.popup = Some(popup);
                self.lab.send(Command::Breakpoints(self.stops.list.clone()));
            }
            After::Views => {
                self.popup = Some(popup);
                self.ask_views();
            }
            After::Open(run) => {
                // A file of the user's own may be younger than the catalogue.
                let own = ctx.rooms.home.runs().join(format!("{run}.yaml"));
                let run = if own.exists() { own } else { run.into() };
                let place = Place::Lab { problem: self.problem.clone(), run: Some(run), seed: None, set: Vec::new() };
                return Reply::ask(Ask::Replace(place));
            }
            After::Save(title) => return save::save(&self.lab, &title, ctx),
        }
        Reply::DONE
    }
}

impl Screen for LabScreen {
    fn practises(&self) -> Option<crate::tui::practice::What> {
        Some((crate::store::Practice::Lab, self.problem.clone()))
    }

    fn header(&self, ctx: &Ctx<'_>) -> Header {
        draw::header(self, ctx.theme)
    }

    fn keys(&self) -> Vec<KeyHelp> {
        match (&self.popup, self.knobs.types()) {
            (Some(popup), _) => popup.keys(),
            (None, true) => keymap::help(keys::TYPING),
            (None, false) => keymap::help(KEYS),
        }
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        // Help tells what the keys do now, so it opens over whatever has them.
        let help = key.code == KeyCode::F(1) || (key.code == KeyCode::Char('?') && !self.types());
        if help {
            return Reply::Passed;
        }
        if let Some(popup) = self.popup.take() {
            return self.popup_key(popup, key, ctx);
        }
        if self.knobs.types() {
            let frame = Arc::clone(&self.frame);
            let done = self.knobs.on_key(key, &frame);
            return self.after_knob(done, ctx);
        }
        match key.code {
            KeyCode::Esc if self.frame.seeking.is_some() => return self.send(Command::GiveUp),
            KeyCode::Esc if self.knobs.forget() => return Reply::DONE,
            KeyCode::Esc if self.time.forget() => {
                self.ask_views();
                return Reply::DONE;
            }
            KeyCode::Esc if self.frame.taken >= self.kept + MUCH => {
                let question = format!("Leave the lab? {} things were done here by hand and are in no file: s saves them.", self.frame.taken - self.kept);
                return Reply::ask(Ask::Confirm { question, yes: Box::new(Ask::Back) });
            }
            KeyCode::Enter => {
                if let Some(to) = self.time.cursor() {
                    self.time.forget();
                    self.lab.send(Command::Jump(to));
                    self.ask_views();
                    return Reply::DONE;
                }
            }
            _ => {}
        }
        keymap::find(KEYS, key).map_or(Reply::Passed, |act| self.act(act, ctx))
    }

    fn on_paste(&mut self, text: &str, _ctx: &Ctx<'_>) -> Reply {
        if let Some(popup) = &mut self.popup {
            popup.on_paste(text);
            return Reply::DONE;
        }
        self.knobs.on_paste(text);
        Reply::DONE
    }

    fn on_mouse(&mut self, mouse: MouseEvent, body: Rect, _ctx: &Ctx<'_>) -> Reply {
        let panes = Panes::of(body, self.needs());
        let over_log = panes.log.contains((mouse.column, mouse.row).into());
        match mouse.kind {
            MouseEventKind::ScrollUp if over_log => self.log.by(-3, self.frame.log.len()),
            MouseEventKind::ScrollDown if over_log => self.log.by(3, self.frame.log.len()),
            MouseEventKind::Down(_) | MouseEventKind::Drag(_) if self.time.click(mouse.column, mouse.row, &self.frame) => self.ask_views(),
            MouseEventKind::Down(_) if panes.knobs.contains((mouse.column, mouse.row).into()) => {
                self.knobs.click(usize::from(mouse.row.saturating_sub(panes.knobs.y + 1)), panes.knobs.height, &self.frame);
            }
            _ => return Reply::Passed,
        }
        Reply::DONE
    }

    fn on_tick(&mut self, _ctx: &Ctx<'_>) -> Vec<Ask> {
        if self.asked != self.drawn.get() {
            self.ask_views();
        }
        Vec::new()
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, _ctx: &Ctx<'_>) -> Vec<Ask> {
        if let Some(saved) = message.downcast_ref::<save::Saved>() {
            if saved.well() {
                self.kept = self.frame.taken;
            }
            return vec![saved.told()];
        }
        if let Some(found) = message.downcast_ref::<save::Found>() {
            return match self.open_popup(Popup::challenges(found.0.clone())) {
                Reply::Used(asks) => asks,
                Reply::Passed => Vec::new(),
            };
        }
        let message = match message.downcast::<smallest::Told>() {
            Ok(told) => {
                if let Some(Popup::Shrink(shrinking)) = &mut self.popup {
                    shrinking.on_told(*told);
                }
                return Vec::new();
            }
            Err(message) => message,
        };
        drop(message);
        let compared = self.frame.compared.len();
        self.frame = self.lab.frame();
        match (compared, self.frame.compared.len()) {
            (0, 2..) => {
                // What differs is what was asked for: it is shown first.
                self.main = 0;
                self.ask_views();
            }
            (1.., 0) => {
                self.main = self.main.saturating_sub(1);
                self.ask_views();
            }
            _ => {}
        }
        if self.told == self.frame.refused {
            return Vec::new();
        }
        self.told.clone_from(&self.frame.refused);
        self.told.clone().into_iter().map(|why| Ask::Toast(Tone::Warn, why)).collect()
    }

    /// Only to ask for views once the size is known, and again when it has changed.
    fn next_tick(&self, _ctx: &Ctx<'_>) -> Option<Duration> {
        (self.asked != self.drawn.get()).then_some(Duration::from_millis(1))
    }

    fn types(&self) -> bool {
        self.knobs.types() || self.popup.as_ref().is_some_and(Popup::types)
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        self.drawn.set(area);
        draw::body(self, area, buf, ctx.theme);
    }
}
