//! The owner of a run: a thread that plays a film at a pace, takes commands and publishes frames.

use super::film::Film;
use super::frame::{Frame, Wanted};
use super::pace::Pace;
use super::wall::Stopwatch;
use sims::kernel::action::Action;
use sims::kernel::design::Spec;
use sims::kernel::run::Stop;
use sims::kernel::time::{Span, Time};
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
    /// Another run altogether.
    Open(Box<Spec>),
    /// Views that every frame holds from now on.
    Show(Vec<Wanted>),
    /// While it plays, a frame at most this often.
    FrameEvery(Duration),
    /// Pause when a lamp breaks.
    StopOnBreak(bool),
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
        let mut owner = Owner::new(spec)?;
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
    film: Film,
    pace: Pace,
    playing: bool,
    stop_on_break: bool,
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
    fn new(spec: Spec) -> Result<Owner, String> {
        Ok(Owner {
            film: Film::start(spec)?,
            pace: Pace::times(1.0),
            playing: false,
            stop_on_break: false,
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
        loop {
            let mut changed = false;
            loop {
                let command = if self.playing || changed {
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
            if self.playing {
                self.play(since_slice.lap());
            }
            if changed || !self.playing || since_frame.elapsed() >= self.frame_every {
                publish(self.frame());
                since_frame.lap();
            }
            if self.playing && self.pace != Pace::Flat {
                match inbox.recv_timeout(SLICE) {
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

    /// Plays what is owed for `wall`, or as much as a few slices allow: debt is forgiven, never piled up.
    fn play(&mut self, wall: Duration) {
        let target = self.pace.owed(wall.min(FRAME_EVERY * 3)).map(|owed| self.film.run().now() + owed);
        let end = Time::ZERO + self.film.run().spec().length;
        let budget = Stopwatch::start();
        self.behind = false;
        loop {
            let now = self.film.run().now();
            let last = if self.end_at_length { end } else { Time::MAX };
            let until = (now + self.slice).min(target.unwrap_or(Time::MAX)).min(last.max(now));
            let watch = Stopwatch::start();
            let stop = if self.stop_on_break { self.film.play_to_break(until) } else { self.film.play(until) };
            self.adapt(watch.elapsed());
            if stop == Stop::Broke || (stop == Stop::Quiet && self.film.drained()) {
                self.playing = false;
                return;
            }
            if self.end_at_length && self.film.run().now() >= end {
                self.film.drain();
                self.playing = false;
                return;
            }
            if target.is_some_and(|t| until >= t) {
                return;
            }
            if budget.elapsed() >= SLICE * 2 {
                self.behind = target.is_some();
                return;
            }
        }
    }

    fn adapt(&mut self, took: Duration) {
        if took > SLICE {
            self.slice = Span((self.slice.0 / 2).max(1_000));
        } else if took * 4 < SLICE {
            self.slice = Span((self.slice.0 * 2).min(10_000_000_000));
        }
    }

    fn obey(&mut self, command: Command) {
        self.refused = None;
        let now = self.film.run().now();
        match command {
            Command::Play => {
                if self.film.drained() {
                    self.refused = Some("the run has ended: restart it, or go back".into());
                }
                self.playing = !self.film.drained();
            }
            Command::Pause => self.playing = false,
            Command::Pace(pace) => self.pace = pace,
            Command::Step => {
                self.playing = false;
                if !self.film.step() {
                    self.refused = Some("nothing more will happen".into());
                }
            }
            Command::StepBy(span) => {
                self.playing = false;
                self.film.play(now + span);
            }
            Command::Back => {
                self.playing = false;
                self.film.back_one_event();
            }
            Command::BackBy(span) => self.film.back_to(now - span),
            Command::BackTo(to) => self.film.back_to(to.min(now)),
            Command::Act(action) => self.refused = self.film.act(&action).err(),
            Command::Set(knob, text) => self.refused = self.set(&knob, &text).err(),
            Command::Restart(seed) => {
                let mut spec = self.film.run().spec().clone();
                spec.knobs = self.at_start_knobs();
                spec.seed = seed;
                self.open(spec);
            }
            Command::Open(spec) => self.open(*spec),
            Command::Show(wanted) => self.wanted = wanted,
            Command::EndAtLength => self.end_at_length = true,
            Command::FrameEvery(gap) => self.frame_every = gap,
            Command::StopOnBreak(stop) => self.stop_on_break = stop,
            Command::End => {
                self.playing = false;
                self.film.drain();
            }
            Command::Record(answer) => {
                let _ = answer.send(self.film.recorded());
            }
        }
    }

    /// The knobs a restart begins with: as they stand now, so that what was tried out is kept.
    fn at_start_knobs(&self) -> sims::kernel::knob::Knobs {
        self.film.run().knobs()
    }

    fn open(&mut self, spec: Spec) {
        match Film::start(spec) {
            Ok(film) => self.film = film,
            Err(why) => self.refused = Some(why),
        }
    }

    fn set(&mut self, name: &str, text: &str) -> Result<(), String> {
        let design = self.film.run().spec().design;
        if design.knobs.iter().any(|knob| knob.name == name && !knob.live) {
            let mut spec = self.film.run().spec().clone();
            spec.knobs = self.at_start_knobs();
            spec.set(name, text)?;
            self.film = Film::start(spec)?;
            return Ok(());
        }
        let action = design.read_action("set", &[(name.to_string(), text.to_string())])?;
        let mut knobs = self.film.run().knobs();
        for (name, value) in &action.args {
            knobs.put(name, value.clone());
        }
        (design.refuses)(&knobs)?;
        self.film.act(&action)
    }

    fn frame(&mut self) -> Frame {
        self.serial += 1;
        let run = self.film.run();
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
            ended: self.film.drained(),
            views: self.wanted.iter().map(|wanted| (wanted.what.clone(), run.view(&wanted.at(run.now())))).collect(),
            verdicts: run.verdicts(),
            metrics: run.metrics(),
            log: run.log(LOG_TAIL),
            knobs: run.knobs(),
            faults: run.faults(),
            nodes: run.nodes(),
            taken: self.film.taken(),
            checkpoints: self.film.checkpoints(),
            refused: self.refused.clone(),
            panicked: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::toy;
    use crate::lab::wall::Stopwatch;

    fn wait(lab: &Lab, what: &str, until: impl Fn(&Frame) -> bool) -> Arc<Frame> {
        let watch = Stopwatch::start();
        loop {
            let frame = lab.frame();
            if until(&frame) {
                return frame;
            }
            assert!(watch.elapsed() < Duration::from_secs(10), "never came: {what}; last {frame:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    #[test]
    fn a_run_plays_pauses_and_takes_knobs_while_it_runs() {
        let lab = Lab::open(toy::spec(), || {}).unwrap();
        lab.send(Command::Pace(Pace::Flat));
        lab.send(Command::Play);
        wait(&lab, "a minute", |f| f.now > Time::from_secs(60));
        lab.send(Command::Set("service".into(), "500ms".into()));
        wait(&lab, "refusals", |f| f.metric("refused").unwrap_or(0.0) > 0.0);
        lab.send(Command::Pause);
        let frame = wait(&lab, "the pause", |f| !f.playing);
        assert_eq!(frame.taken, 1);
        let recorded = lab.recorded().unwrap();
        assert_eq!(recorded.script.len(), 1);
        let mut again = recorded.start().unwrap();
        again.advance(frame.now);
        assert_eq!(again.digest(), frame.digest, "a saved film is the same run");
    }

    #[test]
    fn the_pace_is_kept_within_reason() {
        let lab = Lab::open(toy::spec(), || {}).unwrap();
        lab.send(Command::Pace(Pace::times(10.0)));
        lab.send(Command::Play);
        std::thread::sleep(Duration::from_millis(300));
        lab.send(Command::Pause);
        let now = wait(&lab, "the pause", |f| !f.playing && f.now > Time::ZERO).now.as_secs();
        assert!((0.5..=9.0).contains(&now), "ten times 0.3 s gave {now} s");
    }

    #[test]
    fn a_lamp_can_stop_the_run_and_it_can_go_back_before_it() {
        let lab = Lab::open(toy::spec(), || {}).unwrap();
        lab.send(Command::StopOnBreak(true));
        lab.send(Command::Set("cap".into(), "off".into()));
        lab.send(Command::Set("service".into(), "1s".into()));
        lab.send(Command::Pace(Pace::Flat));
        lab.send(Command::Play);
        let frame = wait(&lab, "the break", |f| !f.playing && f.now > Time::ZERO);
        assert!(matches!(frame.verdicts[0].1, Verdict::Broken { .. }));
        lab.send(Command::BackBy(Span::millis(100)));
        let earlier = wait(&lab, "going back", |f| f.now < frame.now);
        assert_eq!(earlier.verdicts[0].1, Verdict::Held);
    }

    use sims::kernel::invariant::Verdict;

    #[test]
    fn a_refused_command_is_said_and_harms_nothing() {
        let lab = Lab::open(toy::spec(), || {}).unwrap();
        lab.send(Command::Set("service".into(), "9h".into()));
        let frame = wait(&lab, "the refusal", |f| f.refused.is_some());
        assert!(frame.refused.as_ref().unwrap().contains("0 ns to 1 s"));
        lab.send(Command::StepBy(Span::secs(1)));
        assert!(wait(&lab, "a second", |f| f.now == Time::from_secs(1)).refused.is_none());
    }

    #[test]
    fn a_challenge_ends_at_its_length() {
        let lab = Lab::open(toy::spec(), || {}).unwrap();
        lab.send(Command::EndAtLength);
        lab.send(Command::Pace(Pace::Flat));
        lab.send(Command::Play);
        let frame = wait(&lab, "the end", |f| f.ended);
        assert!(!frame.playing && frame.metric("served").unwrap() < 6300.0, "metrics froze at a minute: {:?}", frame.metrics);
    }

    #[test]
    fn ending_judges_finally_and_a_start_knob_begins_anew() {
        let lab = Lab::open(toy::spec(), || {}).unwrap();
        lab.send(Command::StepBy(Span::secs(1)));
        lab.send(Command::End);
        let frame = wait(&lab, "the end", |f| f.ended);
        assert_eq!(frame.verdicts[1].1, Verdict::Held);
        lab.send(Command::Set("rate".into(), "7/s".into()));
        let frame = wait(&lab, "a new run", |f| !f.ended);
        assert_eq!((frame.now, frame.knobs.rate("rate").count), (Time::ZERO, 7.0));
    }
}
