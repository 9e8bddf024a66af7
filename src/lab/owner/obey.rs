//! What the owner does at each command.

use super::{Command, Owner, SLICE};
use crate::lab::branch::{self, Branches};
use crate::lab::chaos::{self, Wish};
use crate::lab::checkpoints::Moment;
use crate::lab::seek::{Seek, Way};
use sims::kernel::action::Action;
use sims::kernel::design::Spec;
use sims::kernel::time::{Span, Time};

impl Owner {
    pub(super) fn obey(&mut self, command: Command) {
        self.refused = None;
        let now = self.branches.now();
        match command {
            Command::Play => self.start_playing(),
            Command::Pause | Command::GiveUp => {
                self.playing = false;
                self.seek = None;
                self.branches.forget_halts();
            }
            Command::Pace(pace) => self.pace = pace,
            Command::Step => self.step(),
            Command::StepBy(span) => self.stride(span),
            Command::Back => self.back_one_event(),
            Command::BackBy(span) => self.jump_back(self.bound_for() - span),
            Command::BackTo(to) => self.jump_back(to.min(now)),
            Command::Jump(to) => self.jump(to),
            Command::Act(action) => self.refused = self.act(&action).err(),
            Command::Chaos(wish, length) => self.refused = self.chaos(wish, length).err(),
            Command::Set(knob, text) => self.refused = self.set(&knob, &text).err(),
            Command::Restart(seed) => self.refused = self.restart(seed).err(),
            Command::Open(runs) => self.refused = self.open(runs).err(),
            Command::Show(wanted) => self.wanted = wanted,
            Command::EndAtLength => self.end_at_length = true,
            Command::FrameEvery(gap) => self.frame_every = gap,
            Command::Breakpoints(list) => {
                self.breakpoints = list;
                self.branches.stop_at(&self.breakpoints);
            }
            Command::Fork(change) => self.refused = self.fork(&change).err(),
            Command::EachValue(knob, values) => self.refused = self.each_value(&knob, &values).err(),
            Command::Choose(at) => self.branches.choose(at),
            Command::Close(at) => self.refused = self.branches.close(at).err(),
            Command::End => {
                self.stand_still();
                self.branches.all_mut().iter_mut().for_each(|branch| branch.film.drain());
            }
            Command::Record(answer) => {
                let _ = answer.send(self.branches.film().recorded());
            }
        }
    }

    fn start_playing(&mut self) {
        self.halted = None;
        if self.branches.ended() {
            self.refused = Some("the run has ended: restart it, or go back".into());
        }
        self.playing = !self.branches.ended();
    }

    fn stand_still(&mut self) {
        self.playing = false;
        self.seek = None;
        self.halted = None;
    }

    /// One event of the chosen run; the others keep its time.
    fn step(&mut self) {
        self.stand_still();
        if !self.branches.film_mut().step() {
            self.refused = Some("nothing more will happen".into());
        }
        let now = self.branches.now();
        self.branches.play(now, false, false);
        self.branches.forget_halts();
    }

    /// Where the run is going to be: keys that are pressed faster than it winds add up.
    fn bound_for(&self) -> Time {
        match self.seek.as_ref().map(Seek::goal) {
            Some(Moment::At(to)) => to,
            Some(Moment::Events(_)) | None => self.branches.now(),
        }
    }

    fn stride(&mut self, span: Span) {
        let to = self.bound_for() + span;
        self.stand_still();
        self.seek = Some(Seek::stride(&self.branches, to));
    }

    fn back_one_event(&mut self) {
        let events = match self.seek.as_ref().map(Seek::goal) {
            Some(Moment::Events(events)) => events,
            Some(Moment::At(_)) | None => self.branches.film().run().events(),
        };
        self.stand_still();
        self.seek = Some(Seek::to_events(&mut self.branches, events.saturating_sub(1)));
    }

    /// Pauses there. Breakpoints do not hold on the way: who names a moment wants that moment.
    fn jump(&mut self, to: Time) {
        self.stand_still();
        self.seek = Some(Seek::to_time(&mut self.branches, to));
    }

    /// Goes on playing from there if it played.
    fn jump_back(&mut self, to: Time) {
        let playing = self.playing;
        self.jump(to);
        self.playing = playing;
    }

    fn act(&mut self, action: &Action) -> Result<(), String> {
        self.no_seek()?;
        self.branches.film_mut().act(action)
    }

    /// The faults of every run that is compared are those of the chosen one: so the futures can be compared.
    fn chaos(&mut self, wish: Wish, length: Span) -> Result<(), String> {
        self.no_seek()?;
        let (run, now) = (self.branches.film().run(), self.branches.now());
        let steps = wish.script(run.spec(), &chaos::targets(run), now, now + length);
        if steps.is_empty() {
            return Err("this design has no faults".into());
        }
        self.branches.all_mut().iter_mut().for_each(|branch| branch.film.plan(&steps));
        Ok(())
    }

    /// On the way nobody knows when "now" is. A short way is gone first, so that keys pressed quickly are not refused.
    fn no_seek(&mut self) -> Result<(), String> {
        if let Some(seek) = &mut self.seek
            && matches!(seek.go_on(&mut self.branches, self.end_at_length, SLICE), Way::There)
        {
            self.seek = None;
            self.branches.forget_halts();
        }
        if self.seek.is_some() { Err("the run is on its way to another moment: wait, or stop it with esc".into()) } else { Ok(()) }
    }

    fn set(&mut self, name: &str, text: &str) -> Result<(), String> {
        let design = self.branches.film().run().spec().design;
        if design.knobs.iter().any(|knob| knob.name == name && !knob.live) {
            let mut spec = self.as_it_stands(self.branches.chosen());
            spec.set(name, text)?;
            return self.replace(spec);
        }
        self.no_seek()?;
        let action = branch::set_action(self.branches.film(), name, text)?;
        self.branches.film_mut().act(&action)
    }

    /// The run anew with the knobs as they stand: what was tried out is kept.
    fn as_it_stands(&self, branch: usize) -> Spec {
        let run = self.branches.all()[branch].film.run();
        let mut spec = run.spec().clone();
        spec.knobs = run.knobs();
        spec
    }

    /// Another run in place of the chosen one: from the start if it is alone, else wound to where the others are.
    fn replace(&mut self, spec: Spec) -> Result<(), String> {
        let now = self.branches.now();
        self.branches.replace(spec)?;
        self.halted = None;
        self.seek = (self.branches.all().len() > 1).then(|| Seek::to_time(&mut self.branches, now));
        Ok(())
    }

    fn restart(&mut self, seed: u64) -> Result<(), String> {
        let runs = (0..self.branches.all().len()).map(|at| {
            let mut spec = self.as_it_stands(at);
            spec.seed = seed;
            (self.branches.all()[at].name.clone(), spec)
        });
        self.open(runs.collect())
    }

    fn open(&mut self, runs: Vec<(String, Spec)>) -> Result<(), String> {
        let chosen = self.branches.chosen();
        self.branches = Branches::start(runs)?;
        self.branches.choose(chosen);
        self.branches.stop_at(&self.breakpoints);
        (self.seek, self.halted) = (None, None);
        Ok(())
    }

    fn fork(&mut self, change: &branch::Change) -> Result<(), String> {
        self.no_seek()?;
        let now = self.branches.now();
        self.branches.fork(change)?;
        self.seek = Some(Seek::to_time(&mut self.branches, now));
        Ok(())
    }

    fn each_value(&mut self, knob: &str, values: &[String]) -> Result<(), String> {
        let now = self.branches.now();
        self.branches.each_value(knob, values)?;
        self.branches.stop_at(&self.breakpoints);
        self.seek = Some(Seek::to_time(&mut self.branches, now));
        Ok(())
    }
}
