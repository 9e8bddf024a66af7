//! Branches: up to four films side by side that keep together in virtual time.

use super::breakpoint::Breakpoint;
use super::checkpoints::BYTES_MAX;
use super::film::Film;
use super::parting::{Parting, Search};
use super::timeline::Source;
use sims::kernel::action::Action;
use sims::kernel::design::Spec;
use sims::kernel::halt::Halts;
use sims::kernel::run::Stop;
use sims::kernel::time::Time;

/// More than four lines of one metric cannot be told apart.
pub const BRANCHES_MAX: usize = 4;

/// What a fork does otherwise than the film it comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Nothing yet: it will be done by hand.
    Nothing,
    /// A knob: at this moment if it is live, else from the start.
    Set { knob: String, text: String },
    /// One thing that was done, or will be, is left out.
    Without(Source),
}

pub struct Branch {
    pub name: String,
    pub film: Film,
    pub halts: Halts,
    /// Looks for where it parts from the first branch; none for the first, and where that can no longer be found.
    search: Option<Search>,
}

/// What stopped a branch.
pub struct Hit {
    pub branch: usize,
    /// Place of the breakpoint in the list of those that are on.
    pub place: usize,
}

pub struct Branches {
    all: Vec<Branch>,
    chosen: usize,
}

impl Branches {
    /// # Errors
    /// As [`Spec::start`]; no run at all.
    pub fn start(runs: Vec<(String, Spec)>) -> Result<Branches, String> {
        let films: Vec<(String, Film)> =
            runs.into_iter().take(BRANCHES_MAX).map(|(name, spec)| Ok((name, Film::start(spec)?))).collect::<Result<_, String>>()?;
        if films.is_empty() {
            return Err("there is no run to open".into());
        }
        Ok(Branches::of(films))
    }

    fn of(films: Vec<(String, Film)>) -> Branches {
        let branch = |(name, film)| Branch { name, film, halts: Halts::default(), search: None };
        let mut branches = Branches { all: films.into_iter().map(branch).collect(), chosen: 0 };
        for at in 1..branches.all.len() {
            branches.search_from_here(at);
        }
        branches.share();
        branches
    }

    pub fn all(&self) -> &[Branch] {
        &self.all
    }

    pub fn all_mut(&mut self) -> &mut [Branch] {
        &mut self.all
    }

    pub fn chosen(&self) -> usize {
        self.chosen
    }

    pub fn choose(&mut self, at: usize) {
        self.chosen = at.min(self.all.len() - 1);
    }

    pub fn film(&self) -> &Film {
        &self.all[self.chosen].film
    }

    pub fn film_mut(&mut self) -> &mut Film {
        &mut self.all[self.chosen].film
    }

    /// The time of the chosen one; of those that still move, once that has ended.
    pub fn now(&self) -> Time {
        let moving = self.all.iter().filter(|branch| !branch.film.drained()).map(|branch| branch.film.run().now()).max();
        let own = self.film().run().now();
        if self.film().drained() { moving.unwrap_or(own) } else { own }
    }

    /// Nothing moves any more in any of them.
    pub fn ended(&self) -> bool {
        self.all.iter().all(|branch| branch.film.drained())
    }

    /// All to the same time; if a breakpoint is hit, those before it may have gone further.
    pub fn play(&mut self, until: Time, halting: bool, end_at_length: bool) -> Option<Hit> {
        for (at, branch) in self.all.iter_mut().enumerate() {
            let end = Time::ZERO + branch.film.run().spec().length;
            let until = if end_at_length { until.min(end.max(branch.film.run().now())) } else { until };
            if halting && !branch.halts.is_empty() {
                if branch.film.play_halting(until, &mut branch.halts) == Stop::Halted {
                    return Some(Hit { branch: at, place: branch.halts.hit().unwrap_or(0) });
                }
            } else {
                branch.film.play(until);
            }
            if end_at_length && branch.film.run().now() >= end {
                branch.film.drain();
            }
        }
        None
    }

    /// Everything that is on; places in the list of those are what [`Hit`] tells.
    pub fn stop_at(&mut self, breakpoints: &[Breakpoint]) {
        for branch in &mut self.all {
            branch.halts = Halts::new(breakpoints.iter().filter(|b| b.on).map(|b| b.halt.clone()).collect());
        }
    }

    /// Some of them were wound: what was true before means nothing.
    pub fn forget_halts(&mut self) {
        self.all.iter_mut().for_each(|branch| branch.halts.forget());
    }

    /// Another future of the chosen film. The new branch stands where the change begins: it still has to be wound on to now.
    ///
    /// # Errors
    /// There are four already, or the change is refused.
    pub fn fork(&mut self, change: &Change) -> Result<(), String> {
        if self.all.len() == BRANCHES_MAX {
            return Err(format!("{BRANCHES_MAX} runs are compared already: close one first"));
        }
        let parent = &self.all[self.chosen].film;
        let (film, name, alike) = changed(parent, change)?;
        let halts = self.all[self.chosen].halts.clone();
        let search = alike.filter(|_| self.chosen == 0).map(|(first, second)| Search::new(first, second));
        self.all.push(Branch { name, film, halts, search });
        let last = self.all.len() - 1;
        if self.all[last].search.is_none() {
            self.search_from_here(last);
        }
        self.chosen = self.all.len() - 1;
        self.share();
        Ok(())
    }

    /// The chosen film under each of these values of a knob, from the start, instead of what is compared now.
    ///
    /// # Errors
    /// A value that the knob or the design refuses.
    pub fn each_value(&mut self, knob: &str, values: &[String]) -> Result<(), String> {
        let parent = self.film();
        let films = values.iter().take(BRANCHES_MAX).map(|value| {
            let mut spec = parent.run().spec().clone();
            spec.set(knob, value)?;
            Ok((format!("{knob}={value}"), parent.with_spec(spec)?))
        });
        let films: Vec<(String, Film)> = films.collect::<Result<_, String>>()?;
        if films.len() < 2 {
            return Err(format!("choose at least two values of {knob}"));
        }
        *self = Branches::of(films);
        Ok(())
    }

    /// Another run in place of the chosen one.
    ///
    /// # Errors
    /// As [`Spec::start`].
    pub fn replace(&mut self, spec: Spec) -> Result<(), String> {
        self.all[self.chosen].film = Film::start(spec)?;
        self.all[self.chosen].halts.forget();
        for at in 1..self.all.len() {
            if at == self.chosen || self.chosen == 0 {
                self.search_from_here(at);
            }
        }
        self.share();
        Ok(())
    }

    /// # Errors
    /// It is the only one.
    pub fn close(&mut self, at: usize) -> Result<(), String> {
        if self.all.len() < 2 || at >= self.all.len() {
            return Err("there is but one run".into());
        }
        self.all.remove(at);
        if at == 0 {
            // The others were compared with it.
            self.all[0].search = None;
            (1..self.all.len()).for_each(|at| self.search_from_here(at));
        }
        self.chosen = if self.chosen > at { self.chosen - 1 } else { self.chosen.min(self.all.len() - 1) };
        self.share();
        Ok(())
    }

    fn search_from_here(&mut self, at: usize) {
        let first = self.all[0].film.fork_at(Time::ZERO);
        let second = self.all[at].film.fork_at(Time::ZERO);
        self.all[at].search = Some(Search::new(first, second));
    }

    /// The limit on copies holds for all together.
    fn share(&mut self) {
        let each = BYTES_MAX / self.all.len();
        self.all.iter_mut().for_each(|branch| branch.film.limit(each));
    }

    /// Takes the search for partings on for a little; true if there is more to do.
    pub fn search(&mut self) -> bool {
        let mut more = false;
        let Some((first, rest)) = self.all.split_first_mut() else { return false };
        for branch in rest {
            let until = first.film.run().now().min(branch.film.run().now());
            let Some(search) = &mut branch.search else { continue };
            if !search.is_behind(until) {
                continue;
            }
            if search.follow(&first.film, &branch.film) {
                search.go_on(until);
                more |= search.is_behind(until);
            } else {
                branch.search = None;
            }
        }
        more
    }

    pub fn parting(&self, at: usize) -> Option<&Parting> {
        self.all[at].search.as_ref().and_then(Search::found)
    }

    /// What all copies weigh.
    pub fn bytes(&self) -> usize {
        self.all.iter().map(|branch| branch.film.checkpoints().bytes()).sum()
    }
}

/// A film and what it does otherwise; with two copies of a moment at which parent and child were still alike, if one is at hand.
type Changed = (Film, String, Option<(Film, Film)>);

fn changed(parent: &Film, change: &Change) -> Result<Changed, String> {
    let run = parent.run();
    let design = run.spec().design;
    match change {
        Change::Nothing => Ok((parent.fork(), format!("fork at {}", run.now()), Some((parent.fork(), parent.fork())))),
        Change::Set { knob, text } => {
            let name = format!("{knob}={text}");
            if design.knobs.iter().any(|k| k.name == knob && !k.live) {
                let mut spec = run.spec().clone();
                spec.set(knob, text)?;
                return Ok((parent.with_spec(spec)?, name, None));
            }
            let action = set_action(parent, knob, text)?;
            let mut film = parent.fork();
            film.amend(&action)?;
            // The copy learns of the change as the search follows the film.
            Ok((film, format!("{name} at {}", run.now()), Some((parent.fork(), parent.fork()))))
        }
        Change::Without(Source::Hand(place)) => {
            let film = parent.without_act(*place);
            let alike = (parent.fork_at(film.run().now()), film.fork());
            Ok((film, left_out(parent, Source::Hand(*place)), Some(alike)))
        }
        Change::Without(source @ Source::Script(place)) => {
            let mut spec = run.spec().clone();
            if *place >= spec.script.len() {
                return Err("that step is not in the script".into());
            }
            let name = left_out(parent, *source);
            spec.script.remove(*place);
            Ok((parent.with_spec(spec)?, name, None))
        }
    }
}

fn left_out(parent: &Film, source: Source) -> String {
    let step = match source {
        Source::Script(place) => parent.run().spec().script.get(place),
        Source::Hand(place) => parent.acts().get(place),
    };
    step.map_or_else(|| "without a step".into(), |step| format!("without {} at {}", step.action.told(), step.at))
}

/// A live knob's turn as an action, refused if the knobs would make no sense together.
///
/// # Errors
/// What the value must be, or what conflicts.
pub fn set_action(film: &Film, knob: &str, text: &str) -> Result<Action, String> {
    let design = film.run().spec().design;
    let action = design.read_action("set", &[(knob.to_string(), text.to_string())])?;
    let mut knobs = film.run().knobs();
    for (name, value) in &action.args {
        knobs.put(name, value.clone());
    }
    (design.refuses)(&knobs)?;
    Ok(action)
}
