//! The owner of the runs: a thread that plays them at a pace, takes commands and publishes frames.

mod obey;
#[cfg(test)]
mod tests;

use super::branch::{Branches, Change, Hit};
use super::breakpoint::Breakpoint;
use super::chaos::Wish;
use super::frame::{Compared, Frame, Wanted};
use super::pace::Pace;
use super::seek::{self, Seek, Way};
use super::wall::Stopwatch;
use sims::kernel::action::Action;
use sims::kernel::design::Spec;
use sims::kernel::time::{Span, Time};
use sims::kernel::view::What;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the screen may ask of a run. Refusals come back in the next frame.
#[derive(Clone, Debug)]
pub enum Command {
    Play,
    Pause,
    Pace(Pace),
    /// One event on.
    Step,
    /// So much virtual time on, then pause.
    StepBy(Span),
    /// One event back.
    Back,
    BackBy(Span),
    BackTo(Time),
    Act(Action),
    /// A knob from text: acts if the knob is live, else starts the run anew.
    Set(String, String),
    /// From the start, same knobs and script, with this seed.
    Restart(u64),
    /// Other runs altogether, each with its name.
    Open(Vec<(String, Spec)>),
    /// Views that every frame holds from now on.
    Show(Vec<Wanted>),
    /// While it plays, a frame at most this often.
    FrameEvery(Duration),
    /// To a moment of the film, before or after this one.
    Jump(Time),
    /// Stop on the way to another moment.
    GiveUp,
    /// What pauses the runs from now on.
    Breakpoints(Vec<Breakpoint>),
    /// Another future of the chosen run, compared with it from now on.
    Fork(Change),
    /// The chosen run under each of these values of a knob, from the start.
    EachValue(String, Vec<String>),
    /// The run that is acted on and shown in full.
    Choose(usize),
    /// Random faults from now on, for so long.
    Chaos(Wish, Span),
    /// No longer compared.
    Close(usize),
    /// End the run at its length, as a challenge does; else it goes on.
    EndAtLength,
    /// Drain: judge *finally*.
    End,
    /// Answer with the film so far as a spec.
    Record(Sender<Spec>),
}

/// A run on its own thread. Dropping it ends the thread.
pub struct Lab {
    commands: Option<Sender<Command>>,
    latest: Arc<Mutex<Arc<Frame>>>,
    thread: Option<JoinHandle<()>>,
}

/// Frames at most this often, unless the screen asks for fewer.
const FRAME_EVERY: Duration = Duration::from_millis(33);
/// A slice of simulation takes about this long: commands wait no longer.
const SLICE: Duration = Duration::from_millis(8);
/// Entries of the log in a frame.
const LOG_TAIL: usize = 200;

impl Lab {
    /// Starts paused at zero. `wake` is called after each new frame, from the run's thread.
    ///
    /// # Errors
    /// As [`Spec::start`].
    pub fn open(spec: Spec, wake: impl Fn() + Send + 'static) -> Result<Lab, String> {
        Lab::open_all(vec![(String::new(), spec)], wake)
    }

    /// Several runs side by side, each with its name: at most four.
    ///
    /// # Errors
    /// As [`Spec::start`].
    pub fn open_all(runs: Vec<(String, Spec)>, wake: impl Fn() + Send + 'static) -> Result<Lab, String> {
        let mut owner = Owner::new(runs)?;
        let latest = Arc::new(Mutex::new(Arc::new(owner.frame())));
        let (commands, inbox) = mpsc::channel();
        let shelf = Arc::clone(&latest);
        let publish = move |frame: Frame| {
            *shelf.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(frame);
            wake();
        };
        let last_good = Arc::clone(&latest);
        let thread = std::thread::Builder::new()
            .name("lab".into())
            .spawn(move || {
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| owner.live(&inbox, &publish))) {
                    let mut frame = last_good.lock().unwrap_or_else(PoisonError::into_inner).as_ref().clone();
                    frame.serial += 1;
                    frame.playing = false;
                    frame.panicked = Some(words(panic.as_ref()));
                    publish(frame);
                }
            })
            .map_err(|why| format!("no thread for the run: {why}"))?;
        Ok(Lab { commands: Some(commands), latest, thread: Some(thread) })
    }

    /// Never blocks; after a panic of the design nothing happens.
    pub fn send(&self, command: Command) {
        if let Some(commands) = &self.commands {
            let _ = commands.send(command);
        }
    }

    pub fn frame(&self) -> Arc<Frame> {
        Arc::clone(&self.latest.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The film so far, to be saved as a run file; none if the run does not answer within a second.
    pub fn recorded(&self) -> Option<Spec> {
        let (answer, question) = mpsc::channel();
        self.send(Command::Record(answer));
        question.recv_timeout(Duration::from_secs(1)).ok()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What a panic said.
pub(super) fn words(panic: &(dyn std::any::Any + Send)) -> String {
    panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_else(|| "no words".into())
}

struct Owner {
    branches: Branches,
    pace: Pace,
    playing: bool,
    breakpoints: Vec<Breakpoint>,
    /// Why the run was paused, until it moves again.
    halted: Option<String>,
    /// On the way to another moment.
    seek: Option<Seek>,
    end_at_length: bool,
    frame_every: Duration,
    behind: bool,
    wanted: Vec<Wanted>,
    refused: Option<String>,
    serial: u64,
    /// Virtual time that a slice may cover: adapts so that a slice takes about [`SLICE`].
    slice: Span,
}

impl Owner {
    fn new(runs: Vec<(String, Spec)>) -> Result<Owner, String> {
        Ok(Owner {
            branches: Branches::start(runs)?,
            pace: Pace::times(1.0),
            playing: false,
            breakpoints: Vec::new(),
            halted: None,
            seek: None,
            end_at_length: false,
            frame_every: FRAME_EVERY,
            behind: false,
            wanted: Vec::new(),
            refused: None,
            serial: 0,
            slice: Span::millis(10),
        })
    }

    /// Until the other end of `inbox` is dropped.
    fn live(&mut self, inbox: &Receiver<Command>, publish: &dyn Fn(Frame)) {
        let mut since_frame = Stopwatch::start();
        let mut since_slice = Stopwatch::start();
        let mut searching = false;
        // How long the next frame may take from the last: less, if that one came late.
        let mut due = self.frame_every;
        loop {
            let mut changed = false;
            loop {
                let command = if self.playing || changed || searching || self.seek.is_some() {
                    match inbox.try_recv() {
                        Ok(command) => command,
                        Err(mpsc::TryRecvError::Empty) => break,
                        Err(mpsc::TryRecvError::Disconnected) => return,
                    }
                } else {
                    let Ok(command) = inbox.recv() else { return };
                    since_slice.lap();
                    command
                };
                self.obey(command);
                changed = true;
            }
            let was_searching = searching;
            let moved = self.playing || self.seek.is_some();
            let lap = since_slice.lap();
            let mut arrived = false;
            if let Some(seek) = &mut self.seek {
                let striding = seek.is_stride();
                match seek.go_on(&mut self.branches, self.end_at_length, SLICE * 2) {
                    Way::Still => {}
                    Way::Hit(hit) => {
                        self.seek = None;
                        self.stop_at(&hit);
                    }
                    Way::There => {
                        self.seek = None;
                        arrived = true;
                        if !striding {
                            self.branches.forget_halts();
                        }
                    }
                }
            } else if self.playing {
                // What is owed is played whole; flat out, until the next frame is due.
                let left = due.saturating_sub(since_frame.elapsed()).clamp(SLICE / 4, SLICE * 2);
                self.play(lap, if self.pace == Pace::Flat { left } else { SLICE * 2 });
            }
            searching = self.search();
            let stopped = moved && !self.playing && self.seek.is_none();
            if changed && self.seek.is_none() || stopped || arrived || was_searching != searching || since_frame.elapsed() >= due {
                // Counted from when it is begun: making a frame of many nodes takes its time, too.
                let late = since_frame.lap().saturating_sub(due);
                due = self.frame_every.saturating_sub(late.min(self.frame_every / 2));
                publish(self.frame());
            }
            if self.playing && self.seek.is_none() && self.pace != Pace::Flat {
                match inbox.recv_timeout(due.saturating_sub(since_frame.elapsed()).min(SLICE)) {
                    Ok(command) => {
                        self.obey(command);
                        publish(self.frame());
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        }
    }

    /// The search for partings has what time is left over.
    fn search(&mut self) -> bool {
        let watch = Stopwatch::start();
        let limit = if self.playing || self.seek.is_some() { SLICE / 4 } else { SLICE * 2 };
        while self.branches.search() {
            if watch.elapsed() >= limit {
                return true;
            }
        }
        false
    }

    /// Plays what is owed for `wall`, or as much as a few slices allow: debt is forgiven, never piled up.
    fn play(&mut self, wall: Duration, most: Duration) {
        let target = self.pace.owed(wall.min(FRAME_EVERY * 3)).map(|owed| self.branches.now() + owed);
        let budget = Stopwatch::start();
        self.behind = false;
        loop {
            let until = (self.branches.now() + self.slice).min(target.unwrap_or(Time::MAX));
            let watch = Stopwatch::start();
            let hit = self.branches.play(until, true, self.end_at_length);
            self.slice = seek::adapted(self.slice, watch.elapsed(), SLICE);
            if let Some(hit) = hit {
                return self.stop_at(&hit);
            }
            if self.branches.ended() {
                self.playing = false;
                return;
            }
            if target.is_some_and(|t| until >= t) {
                return;
            }
            if budget.elapsed() >= most {
                self.behind = target.is_some();
                return;
            }
        }
    }

    /// A breakpoint was hit: everything stands still there, also what had gone further.
    fn stop_at(&mut self, hit: &Hit) {
        self.playing = false;
        let what = self.breakpoints.iter().filter(|b| b.on).nth(hit.place).map_or_else(String::new, ToString::to_string);
        let now = self.branches.all()[hit.branch].film.run().now();
        let whose = if self.branches.all().len() > 1 { format!(" in run {}", letter(hit.branch)) } else { String::new() };
        self.halted = Some(format!("paused at {now}: {what}{whose}"));
        self.branches.choose(hit.branch);
        if self.branches.all().len() > 1 {
            self.seek = Some(Seek::to_time(&mut self.branches, now));
        }
    }

    fn frame(&mut self) -> Frame {
        self.serial += 1;
        let seeking = self.seek.as_ref().map(|seek| seek.progress(&self.branches));
        let compared = self.compared();
        let (chosen, bytes) = (self.branches.chosen(), self.branches.bytes());
        let film = self.branches.film_mut();
        let marks = film.marks();
        let run = film.run();
        let spec = run.spec();
        Frame {
            serial: self.serial,
            design: spec.design,
            seed: spec.seed,
            now: run.now(),
            events: run.events(),
            digest: run.digest(),
            length: spec.length,
            pace: self.pace,
            playing: self.playing,
            behind: self.behind,
            ended: film.drained(),
            views: self.wanted.iter().map(|wanted| (wanted.what.clone(), run.view(&wanted.at(run.now())))).collect(),
            verdicts: run.verdicts(),
            metrics: run.metrics(),
            log: run.log(LOG_TAIL),
            knobs: run.knobs(),
            faults: run.faults(),
            chains: run.chains(),
            names: super::frame::names(run),
            nodes: run.nodes(),
            messages: run.messages(),
            taken: film.taken(),
            checkpoints: film.checkpoints().len(),
            kept_bytes: bytes,
            reached: film.reached(),
            marks,
            seeking,
            halted: self.halted.clone(),
            compared,
            chosen,
            refused: self.refused.clone(),
            panicked: None,
        }
    }

    /// Every run, if there are several.
    fn compared(&self) -> Vec<Compared> {
        if self.branches.all().len() < 2 {
            return Vec::new();
        }
        let series = |run: &dyn sims::kernel::run::Run| {
            let wanted = self.wanted.iter().filter(|wanted| matches!(wanted.what, What::Series(_)));
            wanted.map(|wanted| (wanted.what.clone(), run.view(&wanted.at(run.now())))).collect()
        };
        let compared = self.branches.all().iter().enumerate().map(|(at, branch)| {
            let run = branch.film.run();
            Compared {
                name: branch.name.clone(),
                now: run.now(),
                ended: branch.film.drained(),
                events: run.events(),
                digest: run.digest(),
                metrics: run.metrics(),
                verdicts: run.verdicts(),
                series: series(run),
                parting: self.branches.parting(at).cloned(),
            }
        });
        compared.collect()
    }
}

/// Runs that are compared go by letters.
pub fn letter(branch: usize) -> char {
    char::from(b'A' + (branch % 26) as u8)
}
