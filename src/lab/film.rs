//! A film: a run with what was done to it by hand, that can be wound back, played again and forked.

use super::checkpoints::{Checkpoints, Moment};
use super::timeline::{Mark, MarkKind, Source};
use sims::kernel::action::{Action, Step};
use sims::kernel::design::Spec;
use sims::kernel::halt::Halts;
use sims::kernel::invariant::Verdict;
use sims::kernel::run::{Happened, Occasion, Run, Stop};
use sims::kernel::time::{Span, Time};
use std::collections::BTreeMap;

pub struct Film {
    run: Box<dyn Run>,
    checkpoints: Checkpoints,
    /// What was done by hand, in order of time.
    acts: Vec<Step>,
    /// How many of `acts` have been taken: fewer than all after winding back.
    taken: usize,
    drained: bool,
    /// How far it was ever played.
    reached: Time,
    /// First breaks ever seen on it, also those that lie ahead after winding back.
    breaks: BTreeMap<&'static str, Time>,
}

impl Film {
    /// # Errors
    /// As [`Spec::start`].
    pub fn start(spec: Spec) -> Result<Film, String> {
        let mut run = spec.start()?;
        run.follow();
        let checkpoints = Checkpoints::new(run.as_ref());
        Ok(Film { run, checkpoints, acts: Vec::new(), taken: 0, drained: false, reached: Time::ZERO, breaks: BTreeMap::new() })
    }

    pub fn run(&self) -> &dyn Run {
        self.run.as_ref()
    }

    /// The same moment of the same film, to go on by itself. Copies along the way are shared until each keeps its own.
    #[must_use]
    pub fn fork(&self) -> Film {
        Film {
            run: self.run.fork(),
            checkpoints: self.checkpoints.clone(),
            acts: self.acts.clone(),
            taken: self.taken,
            drained: self.drained,
            reached: self.reached,
            breaks: self.breaks.clone(),
        }
    }

    /// A copy that stands at the latest kept moment at or before `at`.
    #[must_use]
    pub fn fork_at(&self, at: Time) -> Film {
        let mut film = self.fork();
        (film.run, film.taken) = film.checkpoints.nearest(Moment::At(at));
        film.drained = false;
        film
    }

    /// Learns the actions of the film it was copied from; false if those differ that it has taken already.
    pub fn follow(&mut self, film: &Film) -> bool {
        let now = self.run.now();
        let alike = film.acts.len() >= self.taken && film.acts[..self.taken] == self.acts[..self.taken];
        // Something done since, before this copy's moment, is a change of the past as well.
        let past = film.acts.get(self.taken).is_some_and(|act| act.at < now);
        if alike && !past && film.acts != self.acts {
            self.acts.clone_from(&film.acts);
        }
        alike && !past
    }

    /// What was done by hand, in order.
    pub fn acts(&self) -> &[Step] {
        &self.acts
    }

    /// Plays to `until`, taking the actions that were recorded on the way.
    pub fn play(&mut self, until: Time) -> Stop {
        self.play_by(until, |run, until| run.advance(until), |_, _| false)
    }

    /// As `play`, but stops right after an event in which one of `halts` happens.
    pub fn play_halting(&mut self, until: Time, halts: &mut Halts) -> Stop {
        let halts = std::cell::RefCell::new(halts);
        self.play_by(until, |run, until| run.advance_halting(until, &mut halts.borrow_mut()), |action, _| halts.borrow_mut().acted(&action.name))
    }

    fn play_by(&mut self, until: Time, mut advance: impl FnMut(&mut dyn Run, Time) -> Stop, acted: impl Fn(&Action, Time) -> bool) -> Stop {
        if self.drained {
            return Stop::Quiet;
        }
        while let Some(at) = self.acts.get(self.taken).map(|act| act.at).filter(|at| *at <= until) {
            if advance(self.run.as_mut(), at) == Stop::Halted {
                return self.stopped(Stop::Halted);
            }
            let action = self.acts[self.taken].action.clone();
            self.take_next();
            if acted(&action, at) {
                return self.stopped(Stop::Halted);
            }
        }
        let stop = advance(self.run.as_mut(), until);
        self.checkpoints.offer(self.run.as_ref(), self.taken);
        self.stopped(stop)
    }

    fn stopped(&mut self, stop: Stop) -> Stop {
        self.reached = self.reached.max(self.run.now());
        stop
    }

    /// Handles one event, or takes the recorded action that comes before it. False if nothing is left.
    pub fn step(&mut self) -> bool {
        if self.drained {
            return false;
        }
        let moved = if self.act_is_next() {
            self.take_next();
            true
        } else {
            self.run.step()
        };
        self.stopped(Stop::Reached);
        moved
    }

    /// As `step`, and says what it was; what is done by hand is a step of the script in all but name.
    pub fn step_told(&mut self) -> Option<Happened> {
        if self.act_is_next() {
            self.take_next();
            return Some(Happened { at: self.run.now(), mark: 0, what: Occasion::Step });
        }
        self.run.step_told()
    }

    /// Whether the next recorded action comes before the next event: an instant is finished before anything is done in it.
    fn act_is_next(&mut self) -> bool {
        let Some(at) = self.acts.get(self.taken).map(|act| act.at) else { return false };
        self.run.next_at().is_none_or(|next| next > at)
    }

    /// When the next event or action is.
    pub fn next_at(&mut self) -> Option<Time> {
        let act = self.acts.get(self.taken).map(|act| act.at);
        [act, self.run.next_at()].into_iter().flatten().min()
    }

    /// Does something now and records it. What had been recorded after this moment is forgotten.
    ///
    /// # Errors
    /// As [`Run::act`]; then nothing is recorded.
    pub fn act(&mut self, action: &Action) -> Result<(), String> {
        let wound_back = self.wound_back();
        self.take(action)?;
        // What is planned ahead of a run that was never wound back has not happened to anybody yet: it stays.
        if wound_back {
            self.acts.truncate(self.taken - 1);
        }
        self.acts.insert(self.taken - 1, Step { at: self.run.now(), action: action.clone() });
        Ok(())
    }

    fn wound_back(&self) -> bool {
        self.reached > self.run.now()
    }

    /// Plans what will be done later, as if by hand at its time.
    pub fn plan(&mut self, steps: &[Step]) {
        let now = self.run.now();
        if self.wound_back() {
            self.acts.truncate(self.taken);
        }
        self.changes_from(now);
        self.checkpoints.cut(self.taken, now);
        self.acts.extend(steps.iter().filter(|step| step.at >= now).cloned());
        self.acts[self.taken..].sort_by_key(|step| step.at);
    }

    /// Does something now and keeps what is recorded after this moment: the same film but for this.
    ///
    /// # Errors
    /// As [`Run::act`].
    pub fn amend(&mut self, action: &Action) -> Result<(), String> {
        self.take(action)?;
        self.acts.insert(self.taken - 1, Step { at: self.run.now(), action: action.clone() });
        Ok(())
    }

    fn take(&mut self, action: &Action) -> Result<(), String> {
        if self.drained {
            return Err("the run has ended: restart it, or go back".into());
        }
        self.run.act(action)?;
        self.changes_from(self.run.now());
        self.checkpoints.cut(self.taken, self.run.now());
        self.taken += 1;
        Ok(())
    }

    /// What was known of the time after `now` no longer holds.
    fn changes_from(&mut self, now: Time) {
        self.breaks.retain(|_, at| *at < now);
        self.reached = now;
    }

    /// The film without one of its actions by hand, wound back to before it: to be played on from there.
    #[must_use]
    pub fn without_act(&self, place: usize) -> Film {
        let mut film = self.fork();
        if place < film.acts.len() {
            let at = film.acts.remove(place).at;
            if place < film.taken {
                film.checkpoints.cut(place, at);
                let (run, taken) = film.checkpoints.nearest(Moment::At(at));
                (film.run, film.taken, film.drained) = (run, taken, false);
            } else {
                film.checkpoints.cut(film.taken, film.run.now().max(at));
            }
            film.changes_from(at.min(film.reached));
        }
        film
    }

    /// Another film with the same actions by hand: of another seed, with another knob.
    ///
    /// # Errors
    /// As [`Spec::start`].
    pub fn with_spec(&self, spec: Spec) -> Result<Film, String> {
        let mut film = Film::start(spec)?;
        film.acts.clone_from(&self.acts);
        Ok(film)
    }

    fn take_next(&mut self) {
        if let Some(act) = self.acts.get(self.taken) {
            // It was accepted when it was recorded. In a fork it may be refused, as a step of a script may: the film goes on.
            let _ = self.run.act(&act.action);
            self.taken += 1;
        }
    }

    /// Stands at the latest copy before `moment`, unless the way on from here is the shorter one. `wind_on` does the rest.
    pub fn wind(&mut self, moment: Moment) {
        let behind = match moment {
            Moment::At(at) => at < self.run.now(),
            Moment::Events(events) => events < self.run.events(),
        };
        if behind || self.drained {
            let (run, taken) = self.checkpoints.nearest(moment);
            (self.run, self.taken, self.drained) = (run, taken, false);
        }
    }

    /// Plays towards `moment` for a while: at most `slice` of virtual time or so many events. True when it is there.
    pub fn wind_on(&mut self, moment: Moment, slice: Span) -> bool {
        match moment {
            Moment::At(at) => {
                let now = self.run.now();
                self.play((now + slice).min(at).max(now));
                self.run.now() >= at || self.drained
            }
            Moment::Events(events) => {
                for _ in 0..EVENTS_A_SLICE.min(events.saturating_sub(self.run.events())) {
                    if !self.step() {
                        return true;
                    }
                }
                self.run.events() >= events
            }
        }
    }

    /// Keeps a copy of this moment beside the others, because somebody is about to go back to just after it.
    pub fn keep_near(&mut self) {
        self.checkpoints.offer_near(self.run.as_ref(), self.taken);
    }

    /// Goes back to the moment `to`, at most to the start.
    pub fn back_to(&mut self, to: Time) {
        self.wind(Moment::At(to));
        while !self.wind_on(Moment::At(to), Span::MAX) {}
    }

    /// Goes back so that one event less has been handled.
    pub fn back_one_event(&mut self) {
        let target = Moment::Events(self.run.events().saturating_sub(1));
        self.wind(target);
        while !self.wind_on(target, Span::MAX) {}
    }

    /// Ends the run: metrics freeze, faults heal, *finally* is judged.
    pub fn drain(&mut self) {
        if !self.drained {
            self.checkpoints.offer(self.run.as_ref(), self.taken);
            self.run.drain();
            self.drained = true;
            self.stopped(Stop::Quiet);
        }
    }

    pub fn drained(&self) -> bool {
        self.drained
    }

    pub fn checkpoints(&self) -> &Checkpoints {
        &self.checkpoints
    }

    /// What its copies may weigh.
    pub fn limit(&mut self, bytes: usize) {
        self.checkpoints.limit(bytes);
    }

    /// Actions taken by hand so far.
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// How far it was ever played.
    pub fn reached(&self) -> Time {
        self.reached
    }

    /// The whole film as a spec: played from the start it gives this very run.
    pub fn recorded(&self) -> Spec {
        let mut spec = self.run.spec().clone();
        spec.script.extend(self.acts[..self.taken].iter().cloned());
        spec.script.sort_by_key(|step| step.at);
        spec.length = spec.length.max(Span(self.run.now().0));
        spec
    }

    /// What is known to happen on it, in order of time: its script, what was done by hand, what broke.
    pub fn marks(&mut self) -> Vec<Mark> {
        for (spec, verdict) in self.run.verdicts() {
            if let Verdict::Broken { at, .. } = verdict {
                self.breaks.insert(spec.id, at);
            }
        }
        let mark = |step: &Step, source| Mark { at: step.at, kind: MarkKind::of(&step.action), says: step.action.told(), source: Some(source) };
        let script = self.run.spec().script.iter().enumerate().map(|(n, step)| mark(step, Source::Script(n)));
        let acts = self.acts.iter().enumerate().map(|(n, step)| mark(step, Source::Hand(n)));
        let breaks = self.breaks.iter().map(|(id, at)| Mark { at: *at, kind: MarkKind::Break, says: (*id).to_string(), source: None });
        let mut marks: Vec<Mark> = script.chain(acts).chain(breaks).collect();
        marks.sort_by_key(|mark| mark.at);
        marks
    }
}

/// Events handled between two looks at the clock.
const EVENTS_A_SLICE: u64 = 20_000;

#[cfg(test)]
mod tests;
