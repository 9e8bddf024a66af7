//! The interview in words, line by line: for screen readers, slow links and scripts. It shares all rules with the screens.

mod command;
mod judge;
mod result;
mod talk;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::catalog::{Catalog, FileKind, Missing, Problem, Rubric, Variant};
use crate::prose::{self, flat};
use crate::session::{Line, Mode, Plan, Session, Stage, Voice};
use crate::store::{Attempt, Live, State, Store};
use judge::Judge;

/// Where the sitting stands.
enum Step {
    Interview,
    Judging(Box<Judge>),
    Over,
}

/// One sitting of one problem, from the statement to the result.
pub struct Room {
    problem: Arc<Problem>,
    rubric: Arc<Rubric>,
    store: Store,
    session: Session,
    /// `None`: the interview is over, or the store takes nothing.
    live: Option<Live>,
    attempt: Option<String>,
    step: Step,
    last: Instant,
    /// How much of the time slept through the session knows of.
    away: Duration,
    /// How much of what was said was told.
    told: usize,
}

/// What is asked for on the command line.
pub struct Wanted<'a> {
    pub problem: &'a str,
    pub variant: Option<&'a str>,
    /// `None`: the configuration's.
    pub mode: Option<Mode>,
    pub usual: Mode,
}

impl Room {
    /// Takes up the interview that was cut off, or begins one; with the words that open it.
    ///
    /// # Errors
    /// The card is missing or has faults.
    pub fn enter(wanted: &Wanted<'_>, catalog: &Catalog, store: Store, now: Instant) -> Result<(Room, Vec<String>), String> {
        let problem = card(wanted.problem, catalog)?;
        let variant = wanted.variant.map(|id| problem.variant(id).cloned().ok_or_else(|| format!("`{}` has no variant `{id}`", wanted.problem))).transpose()?;
        let of_this = |attempt: &Attempt| attempt.problem == problem.id && attempt.variant.as_deref() == wanted.variant;
        let cut = store.unfinished().unwrap_or_default().into_iter().find(|cut| of_this(&cut.attempt));
        let mut words = Vec::new();
        if let Some(cut) = cut {
            match store.take_up(&cut.attempt.id) {
                Ok((session, live)) if session.stage() != Stage::Finished => {
                    let mut room = Room::new(&problem, catalog, store, session, Some(live), now);
                    words.extend(room.opening());
                    words.push(format!(
                        "Taken up where it was left, with {} on the clock ({} mode); `anew` begins another.",
                        spoken(room.session.elapsed()),
                        room.session.mode().name()
                    ));
                    words.extend(room.said_again());
                    room.told = room.session.said().len();
                    return Ok((room, words));
                }
                Ok(_) => {}
                Err(why) => words.push(format!("An interview of this problem was cut off, but {why}. This is a new one.")),
            }
        }
        let session = start(&problem, variant.as_ref(), wanted.mode.unwrap_or(wanted.usual));
        let mut room = Room::new(&problem, catalog, store, session, None, now);
        words.extend(room.claim());
        words.extend(room.opening());
        Ok((room, words))
    }

    /// Goes on with the scoring of the last interview that was finished.
    ///
    /// # Errors
    /// There is none, or its card is gone.
    pub fn score_last(wanted: &Wanted<'_>, catalog: &Catalog, store: Store, now: Instant) -> Result<(Room, Vec<String>), String> {
        let problem = card(wanted.problem, catalog)?;
        let attempts = store.attempts().map_err(|why| why.to_string())?;
        let last = attempts.into_iter().find(|attempt| attempt.problem == problem.id && attempt.state == State::Finished);
        let last = last.ok_or_else(|| format!("no interview of `{}` was finished yet", problem.id))?;
        let session = store.session(&last.id).map_err(|why| why.to_string())?;
        let mut room = Room::new(&problem, catalog, store, session, None, now);
        room.told = room.session.said().len();
        let words = room.judge(last);
        Ok((room, words))
    }

    fn new(problem: &Arc<Problem>, catalog: &Catalog, store: Store, session: Session, live: Option<Live>, now: Instant) -> Room {
        let rubric = catalog.rubric(&problem.level).unwrap_or_else(|| Arc::new(unscaled(&problem.level)));
        let attempt = live.as_ref().map(|live| live.id().to_string());
        Room { problem: Arc::clone(problem), rubric, store, session, live, attempt, step: Step::Interview, last: now, away: Duration::ZERO, told: 0 }
    }

    /// Enters a new interview into the store. Without one the hour is not lost, only not kept.
    fn claim(&mut self) -> Vec<String> {
        match self.store.begin(&mut self.session) {
            Ok(live) => {
                self.attempt = Some(live.id().to_string());
                self.live = Some(live);
                Vec::new()
            }
            Err(why) => vec![format!("This interview is not kept: {why}.")],
        }
    }

    /// Acts on one line; returns what is answered. `away` is all the time slept through so far.
    pub fn hear(&mut self, line: &str, now: Instant, away: Duration) -> Vec<String> {
        let mut words = self.wait(now, away);
        match &mut self.step {
            Step::Interview => {
                self.session.key();
                words.extend(self.talk(line));
            }
            Step::Judging(_) => words.extend(self.weigh(line)),
            Step::Over => {}
        }
        self.keep();
        words
    }

    /// Lets time pass; returns what the interviewer says now, and what the store has to tell.
    pub fn wait(&mut self, now: Instant, away: Duration) -> Vec<String> {
        if matches!(self.step, Step::Interview) {
            self.session.pass(now.saturating_duration_since(self.last));
            let slept = away.saturating_sub(self.away);
            self.session.away(slept);
        }
        (self.last, self.away) = (now, away);
        let words: Vec<String> = self.session.lines().skip(self.told).map(|line| spoken_line(&line)).collect();
        self.told = self.session.said().len();
        self.keep();
        words.into_iter().chain(self.store.notices()).collect()
    }

    /// Whether nothing is left to be said.
    pub fn is_over(&self) -> bool {
        matches!(self.step, Step::Over)
    }

    /// What stands before the place where a line is typed: where one is.
    pub fn prompt(&self) -> String {
        match &self.step {
            Step::Interview => {
                let paused = if self.session.stage() == Stage::Paused { ", paused" } else { "" };
                format!("{} of {}, {}{paused}> ", self.session.phase() + 1, self.session.plan().phases.len(), self.session.phase_plan().name)
            }
            Step::Judging(judge) => judge.prompt(),
            Step::Over => String::new(),
        }
    }

    /// The last word of a sitting that is left in the middle.
    pub fn leave(&mut self, now: Instant, away: Duration) -> Vec<String> {
        let mut words = self.wait(now, away);
        match self.step {
            Step::Interview if self.live.is_some() => words.push("Saved. The same command goes on with it.".into()),
            Step::Interview => words.push("Left. Nothing of it was kept.".into()),
            Step::Judging(_) => words.push(self.save_reading().map_or_else(|why| why, |()| "Saved. `--score` goes on with it.".into())),
            Step::Over => {}
        }
        self.step = Step::Over;
        const LIMIT: Duration = Duration::from_secs(2);
        if let Err(why) = self.store.flush(LIMIT) {
            words.push(format!("not saved: {why}"));
        }
        words
    }

    fn keep(&mut self) {
        if let Some(live) = &self.live {
            self.store.keep(live, &mut self.session);
        }
    }

    /// The bare problem, and how one talks here.
    fn opening(&self) -> Vec<String> {
        let (plan, mode) = (self.session.plan(), self.session.mode());
        let time = if mode.is_timed() { format!(", {}", spoken(plan.time())) } else { String::new() };
        let mut words = vec![format!("{}. {}{time}, {} mode.", plan.title, plan.level, mode.name())];
        words.extend(self.statement());
        words.push("`ask how many users`, `note what you would write on the board`, `next` for the next phase, `finish`; `help` for every word.".into());
        words.extend(self.phase_words());
        words
    }

    fn statement(&self) -> Vec<String> {
        let scope = self.session.plan().variant.as_deref().and_then(|id| self.problem.variant(id)).map(|variant| prose::plain(&variant.scope));
        let mut words = vec![prose::plain(&self.problem.statement)];
        words.extend(scope.filter(|scope| !scope.is_empty()));
        words
    }

    /// Where one is. A real interviewer keeps the list of what is looked for.
    fn phase_words(&self) -> Vec<String> {
        let (session, phase) = (&self.session, self.session.phase_plan());
        let time = if session.mode().is_timed() { format!(", {}", spoken(phase.time)) } else { String::new() };
        let mut words = vec![format!("Phase {} of {}: {}{time}.", session.phase() + 1, session.plan().phases.len(), phase.name)];
        if session.mode() != Mode::Real {
            words.extend(phase.goals.iter().map(|goal| format!("- {}", flat(goal))));
            words.extend(phase.prompts.iter().map(|prompt| format!("? {}", flat(prompt))));
        }
        words
    }

    fn said_again(&self) -> Vec<String> {
        self.session.lines().map(|line| spoken_line(&line)).collect()
    }
}

fn card(id: &str, catalog: &Catalog) -> Result<Arc<Problem>, String> {
    catalog.problem(id).map_err(|missing| match missing {
        Missing::Unknown(why) => why,
        Missing::Bad(faults) => faults.first().map_or_else(|| format!("the card of `{id}` has faults"), ToString::to_string),
    })
}

fn start(problem: &Problem, variant: Option<&Variant>, mode: Mode) -> Session {
    Session::start(Plan::of(problem, variant), mode)
}

/// A level without a rubric of its own: lines count, nothing else is asked.
fn unscaled(level: &str) -> Rubric {
    Rubric { format: 1, kind: FileKind::Rubric, id: level.into(), phases: vec![], dimensions: vec![], communication: vec![], late: vec![] }
}

/// `12 minutes 5 seconds`: read aloud, `12:05` would be a time of day.
pub(crate) fn spoken(time: Duration) -> String {
    let part = |n: u64, unit: &str| if n == 1 { format!("1 {unit}") } else { format!("{n} {unit}s") };
    match (time.as_secs() / 60, time.as_secs() % 60) {
        (0, s) => part(s, "second"),
        (m, 0) => part(m, "minute"),
        (m, s) => format!("{} {}", part(m, "minute"), part(s, "second")),
    }
}

fn spoken_line(line: &Line<'_>) -> String {
    let minute = line.at.as_secs() / 60;
    let text = prose::plain(&line.text);
    match line.voice {
        Voice::Answer => format!("Minute {minute}. You asked: {} Answer: {text}", line.asked.unwrap_or_default()),
        Voice::Change => format!("Minute {minute}. Interviewer, a change: {text}"),
        Voice::Probe => format!("Minute {minute}. Interviewer asks: {text}"),
        Voice::Time => format!("Minute {minute}. Interviewer: {text}"),
        Voice::Hint(step) => format!("Minute {minute}. Hint, {}: {text}", ["nudge", "point", "answer"][step % 3]),
    }
}
