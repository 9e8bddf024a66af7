//! A film: a run with what was done to it by hand, that can be wound back and played again.

use super::checkpoints::Checkpoints;
use sims::kernel::action::{Action, Step};
use sims::kernel::design::Spec;
use sims::kernel::run::{Run, Stop};
use sims::kernel::time::{Span, Time};

/// Something done by hand, at its time.
#[derive(Clone, Debug)]
struct Act {
    step: Step,
    /// Events handled before it.
    events: u64,
}

pub struct Film {
    run: Box<dyn Run>,
    checkpoints: Checkpoints,
    acts: Vec<Act>,
    /// How many of `acts` have been taken: fewer than all after winding back.
    taken: usize,
    drained: bool,
}

impl Film {
    /// # Errors
    /// As [`Spec::start`].
    pub fn start(spec: Spec) -> Result<Film, String> {
        let run = spec.start()?;
        Ok(Film { checkpoints: Checkpoints::new(run.as_ref()), run, acts: Vec::new(), taken: 0, drained: false })
    }

    pub fn run(&self) -> &dyn Run {
        self.run.as_ref()
    }

    /// Plays to `until`, taking the actions that were recorded on the way.
    pub fn play(&mut self, until: Time) -> Stop {
        self.play_by(until, |run, until| run.advance(until))
    }

    /// As `play`, but stops right after a lamp broke.
    pub fn play_to_break(&mut self, until: Time) -> Stop {
        self.play_by(until, |run, until| run.advance_to_break(until))
    }

    fn play_by(&mut self, until: Time, advance: impl Fn(&mut dyn Run, Time) -> Stop) -> Stop {
        if self.drained {
            return Stop::Quiet;
        }
        while let Some(at) = self.acts.get(self.taken).map(|act| act.step.at).filter(|at| *at <= until) {
            if advance(self.run.as_mut(), at) == Stop::Broke {
                return Stop::Broke;
            }
            self.take_next();
        }
        let stop = advance(self.run.as_mut(), until);
        self.checkpoints.offer(self.run.as_ref(), self.taken);
        stop
    }

    /// Handles one event, or takes the recorded action that comes before it. False if nothing is left.
    pub fn step(&mut self) -> bool {
        if self.drained {
            return false;
        }
        if self.acts.get(self.taken).is_some_and(|act| act.events <= self.run.events()) {
            self.take_next();
            return true;
        }
        self.run.step()
    }

    /// Does something now and records it. What had been recorded after this moment is forgotten.
    ///
    /// # Errors
    /// As [`Run::act`]; then nothing is recorded.
    pub fn act(&mut self, action: &Action) -> Result<(), String> {
        if self.drained {
            return Err("the run has ended: restart it, or go back".into());
        }
        self.run.act(action)?;
        self.acts.truncate(self.taken);
        self.checkpoints.cut(self.taken, self.run.now());
        self.acts.push(Act { step: Step { at: self.run.now(), action: action.clone() }, events: self.run.events() });
        self.taken += 1;
        Ok(())
    }

    fn take_next(&mut self) {
        if let Some(act) = self.acts.get(self.taken) {
            // It was accepted when it was recorded, and the run is the same.
            let _ = self.run.act(&act.step.action);
            self.taken += 1;
        }
    }

    /// Goes back to the moment `to`, at most to the start.
    pub fn back_to(&mut self, to: Time) {
        let (run, taken) = self.checkpoints.nearest(|run| run.now() <= to);
        (self.run, self.taken, self.drained) = (run, taken, false);
        self.play(to);
    }

    /// Goes back so that one event less has been handled.
    pub fn back_one_event(&mut self) {
        let target = self.run.events().saturating_sub(1);
        let (run, taken) = self.checkpoints.nearest(|run| run.events() <= target);
        (self.run, self.taken, self.drained) = (run, taken, false);
        while self.run.events() < target {
            if !self.step() {
                break;
            }
        }
    }

    /// Ends the run: metrics freeze, faults heal, *finally* is judged.
    pub fn drain(&mut self) {
        if !self.drained {
            self.checkpoints.offer(self.run.as_ref(), self.taken);
            self.run.drain();
            self.drained = true;
        }
    }

    pub fn drained(&self) -> bool {
        self.drained
    }

    pub fn checkpoints(&self) -> usize {
        self.checkpoints.len()
    }

    /// Actions taken by hand so far.
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// The whole film as a spec: played from the start it gives this very run.
    pub fn recorded(&self) -> Spec {
        let mut spec = self.run.spec().clone();
        spec.script.extend(self.acts[..self.taken].iter().map(|act| act.step.clone()));
        spec.script.sort_by_key(|step| step.at);
        spec.length = spec.length.max(Span(self.run.now().0));
        spec
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::toy;

    fn burst(n: &str) -> Action {
        toy::DESIGN.read_action("burst", &[("n".into(), n.into())]).unwrap()
    }

    #[test]
    fn winding_back_and_playing_again_gives_the_same_run() {
        let mut film = Film::start(toy::spec()).unwrap();
        film.play(Time::from_secs(3));
        film.act(&burst("40")).unwrap();
        film.play(Time::from_secs(8));
        let (digest, events) = (film.run().digest(), film.run().events());
        for back in [0, 1, 3, 5, 8] {
            film.back_to(Time::from_secs(back));
            assert_eq!(film.run().now(), Time::from_secs(back));
            film.play(Time::from_secs(8));
            assert_eq!((film.run().digest(), film.run().events()), (digest, events), "back to {back} s");
        }
    }

    #[test]
    fn one_event_back_and_one_forward_is_where_it_was() {
        let mut film = Film::start(toy::spec()).unwrap();
        film.play(Time::from_secs(2));
        film.act(&burst("3")).unwrap();
        for _ in 0..5 {
            film.step();
        }
        let (digest, events) = (film.run().digest(), film.run().events());
        for _ in 0..7 {
            film.back_one_event();
        }
        assert_eq!(film.run().events(), events - 7);
        while film.run().events() < events {
            assert!(film.step());
        }
        assert_eq!(film.run().digest(), digest);
    }

    #[test]
    fn a_recorded_film_is_the_same_run_from_its_start() {
        let mut film = Film::start(toy::spec()).unwrap();
        film.play(Time::from_secs(3));
        film.act(&burst("40")).unwrap();
        film.play(Time::from_secs(5));
        film.act(&toy::DESIGN.read_action("set", &[("service".into(), "20ms".into())]).unwrap()).unwrap();
        film.play(Time::from_secs(9));
        let mut again = film.recorded().start().unwrap();
        again.advance(Time::from_secs(9));
        assert_eq!(again.digest(), film.run().digest());
    }

    #[test]
    fn acting_after_winding_back_begins_another_film() {
        let mut film = Film::start(toy::spec()).unwrap();
        film.play(Time::from_secs(3));
        film.act(&burst("40")).unwrap();
        film.play(Time::from_secs(5));
        film.back_to(Time::from_secs(1));
        assert_eq!(film.taken(), 0);
        film.act(&burst("1")).unwrap();
        film.play(Time::from_secs(5));
        assert_eq!(film.recorded().script.len(), 1);
    }
}
