//! The interview as a state machine: no clock and no disk of its own, time is handed in.

pub mod estimate;
mod event;
mod find;
mod lines;
mod plan;
mod snapshot;
mod table;
mod template;

#[cfg(test)]
mod machine_tests;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use crate::catalog::MomentKind;
pub use estimate::{Amount, Slip, Worked, amount_of, sheet, show as show_amount, split_tag};
pub use event::{Event, What};
pub use lines::{Line, TimeWord, Voice};
pub use plan::{Fact, Mode, Moment, PhasePlan, Plan};
pub use snapshot::Unreadable;
pub use table::{FIRST_PATH, TimeRow, TimeTable};
pub use template::{Template, templates};

/// An interviewer waits for this long a silence before speaking,
pub const SILENCE: Duration = Duration::from_secs(2);
/// but not longer than this.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// The last part of a phase's time that is shown in amber, as a divisor.
const AMBER_PART: u32 = 5;

/// Whether the clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    Running,
    Paused,
    Finished,
}

/// The colour of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Light {
    Calm,
    Amber,
    Red,
}

/// Elapsed against allowed. It is never cut off: `spent` may pass `allowed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    pub spent: Duration,
    pub allowed: Duration,
    pub light: Light,
}

impl Clock {
    fn new(spent: Duration, allowed: Duration, mode: Mode) -> Self {
        let light = match () {
            () if !mode.is_timed() => Light::Calm,
            () if spent > allowed => Light::Red,
            () if spent >= allowed - allowed / AMBER_PART => Light::Amber,
            () => Light::Calm,
        };
        Self { spent, allowed, light }
    }

    /// Spent over allowed, at most 1: how full a bar is.
    pub fn share(&self) -> f64 {
        if self.allowed.is_zero() { 1.0 } else { (self.spent.as_secs_f64() / self.allowed.as_secs_f64()).min(1.0) }
    }
}

/// A hint as it is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint<'a> {
    /// 1 for the nudge, 2 for the point, 3 for the answer.
    pub step: usize,
    pub text: &'a str,
}

/// Why something is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("a real interview has no pause")]
    NoPause,
    #[error("a real interview shows no solution before its end")]
    NoReveal,
    #[error("the interview is over")]
    Over,
    #[error("this is the last phase: finish instead")]
    LastPhase,
    #[error("no more hints in this phase")]
    NoMoreHints,
    #[error("there is no such thing on this card")]
    Unknown,
}

/// Something said in the room: a fact asked for, or the interviewer's own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// A fact of the card, by its place.
    Fact(usize),
    /// The candidate's own question, which no fact answers.
    Open(String),
    /// A moment of the card, by its place.
    Moment(usize),
    /// A hint: phase and step, both from 0.
    Hint(usize, usize),
    /// A phase ran over and the interviewer presses on: phase and step, both from 0.
    Press(usize, usize),
    /// The time that is left, in words.
    Time(TimeWord),
}

/// One interview. It is its own snapshot: stored as it is, and taken up again from any moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The shape of this snapshot; one without a number is the first.
    #[serde(default = "snapshot::first")]
    format: u32,
    plan: Plan,
    mode: Mode,
    stage: Stage,
    phase: usize,
    spent: Vec<Duration>,
    begun: Vec<bool>,
    notes: Vec<String>,
    hints: Vec<usize>,
    /// When each moment was said, by the session's clock.
    moments: Vec<Option<Duration>>,
    last_key: Duration,
    said: Vec<(Duration, Said)>,
    estimates: Vec<String>,
    sizing: BTreeMap<String, String>,
    marks: BTreeMap<String, Duration>,
    revealed: BTreeSet<usize>,
    paused_for: Duration,
    /// How long the process stood still: stopped by the shell, or the machine asleep.
    #[serde(default)]
    away_for: Duration,
    /// When the current phase was entered last, by the session's clock.
    #[serde(default)]
    entered: Duration,
    /// What happened since the last `take_events`; stored apart, so no part of the snapshot.
    #[serde(skip)]
    events: Vec<Event>,
}

impl Session {
    /// Begins an interview in its first phase, with the clock at zero.
    ///
    /// A plan without phases is given one, so that there always is a current phase.
    pub fn start(mut plan: Plan, mode: Mode) -> Self {
        if plan.phases.is_empty() {
            let whole = PhasePlan { id: "whole".into(), name: "Interview".into(), time: Duration::ZERO, goals: vec![], prompts: vec![], hints: vec![] };
            plan.phases.push(whole);
        }
        let phases = plan.phases.len();
        let mut session = Self {
            format: snapshot::FORMAT,
            mode,
            stage: Stage::Running,
            phase: 0,
            spent: vec![Duration::ZERO; phases],
            begun: vec![false; phases],
            notes: vec![String::new(); phases],
            hints: vec![0; phases],
            moments: vec![None; plan.moments.len()],
            last_key: Duration::ZERO,
            said: Vec::new(),
            estimates: Vec::new(),
            sizing: BTreeMap::new(),
            marks: BTreeMap::new(),
            revealed: BTreeSet::new(),
            paused_for: Duration::ZERO,
            away_for: Duration::ZERO,
            entered: Duration::ZERO,
            events: Vec::new(),
            plan,
        };
        session.record(What::Started { mode: mode.name().to_owned() });
        session.enter(0);
        session
    }

    /// Lets time pass. Nothing depends on the size of the steps.
    pub fn pass(&mut self, dt: Duration) {
        match self.stage {
            Stage::Finished => return,
            Stage::Paused => {
                self.paused_for += dt;
                return;
            }
            Stage::Running => {}
        }
        let (before, phase_before) = (self.elapsed(), self.spent[self.phase]);
        self.spent[self.phase] += dt;
        let now = before + dt;
        let mut due = self.speak(before, phase_before, now);
        let limit = self.plan.phases[self.phase].time;
        if self.mode.is_timed() && phase_before <= limit && limit < self.spent[self.phase] {
            due.push((before + (limit - phase_before), What::PhaseOver { id: self.phase_plan().id.clone() }));
        }
        let whole = self.plan.time();
        if self.mode.is_timed() && before <= whole && whole < now {
            due.push((whole, What::TimeUp));
        }
        // Told by their own times, so that one long step leaves the same record as many short ones.
        due.sort_by_key(|(at, _)| *at);
        self.events.extend(due.into_iter().map(|(at, what)| Event { at, what }));
    }

    /// The process stood still for a while: stopped, or the machine asleep. No clock counts it, in no mode.
    pub fn away(&mut self, gap: Duration) {
        if self.stage != Stage::Finished && !gap.is_zero() {
            self.away_for += gap;
            self.record(What::Away { ms: u64::try_from(gap.as_millis()).unwrap_or(u64::MAX) });
        }
    }

    /// A key was pressed: the interviewer does not speak into typing.
    pub fn key(&mut self) {
        self.last_key = self.elapsed();
    }

    /// Replaces the notes of a phase.
    pub fn write(&mut self, phase: usize, text: &str) -> Result<(), Refused> {
        self.open()?;
        let notes = self.notes.get_mut(phase).ok_or(Refused::Unknown)?;
        if notes != text {
            text.clone_into(notes);
        }
        Ok(())
    }

    /// Goes on to the next phase.
    pub fn next_phase(&mut self) -> Result<(), Refused> {
        self.open()?;
        if self.phase + 1 == self.plan.phases.len() {
            return Err(Refused::LastPhase);
        }
        self.enter(self.phase + 1);
        Ok(())
    }

    /// Goes to any phase, also back.
    pub fn go(&mut self, phase: usize) -> Result<(), Refused> {
        self.open()?;
        if phase >= self.plan.phases.len() {
            return Err(Refused::Unknown);
        }
        if phase != self.phase {
            self.enter(phase);
        }
        Ok(())
    }

    fn enter(&mut self, phase: usize) {
        self.phase = phase;
        self.entered = self.elapsed();
        self.begun[phase] = true;
        self.record(What::Phase { id: self.phase_plan().id.clone() });
    }

    /// Takes the next step of this phase's hints.
    pub fn hint(&mut self) -> Result<Hint<'_>, Refused> {
        self.open()?;
        let (phase, step) = (self.phase, self.hints[self.phase]);
        if step >= self.plan.phases[phase].hints.len() {
            return Err(Refused::NoMoreHints);
        }
        self.hints[phase] += 1;
        self.say(Said::Hint(phase, step));
        self.record(What::Hint { phase: self.phase_plan().id.clone(), step: as_u32(step + 1) });
        Ok(Hint { step: step + 1, text: &self.plan.phases[phase].hints[step] })
    }

    /// Asks for a fact of the card. Asked twice, it is told twice and recorded once.
    pub fn ask(&mut self, fact: usize) -> Result<&Fact, Refused> {
        self.open()?;
        let question = self.plan.facts.get(fact).ok_or(Refused::Unknown)?.ask.clone();
        if !self.has_asked(fact) {
            self.say(Said::Fact(fact));
            self.record(What::Asked { question });
        }
        Ok(&self.plan.facts[fact])
    }

    /// Asks something the card has no fact for: the interviewer leaves it to the candidate.
    pub fn ask_openly(&mut self, question: &str) -> Result<(), Refused> {
        self.open()?;
        self.say(Said::Open(question.to_owned()));
        self.record(What::Asked { question: question.to_owned() });
        Ok(())
    }

    /// Adds a line to the estimation sheet.
    pub fn estimate(&mut self, line: &str) -> Result<(), Refused> {
        self.open()?;
        self.estimates.push(line.to_owned());
        self.record(What::Estimated { line: line.to_owned() });
        Ok(())
    }

    /// Takes the last line off the sheet again.
    pub fn unestimate(&mut self) -> Option<String> {
        self.estimates.pop()
    }

    /// Changes a line of the estimation sheet; an empty one is taken off it.
    pub fn re_estimate(&mut self, at: usize, line: &str) -> Result<(), Refused> {
        self.open()?;
        match self.estimates.get_mut(at) {
            None => return Err(Refused::Unknown),
            Some(old) if old == line => return Ok(()),
            Some(_) if line.is_empty() => drop(self.estimates.remove(at)),
            Some(old) => line.clone_into(old),
        }
        self.record(What::Estimated { line: line.to_owned() });
        Ok(())
    }

    /// Answers a question of the sizing form; an empty answer takes it back.
    pub fn size(&mut self, knob: &str, answer: &str) -> Result<(), Refused> {
        self.open()?;
        let answer = answer.trim();
        if self.sizing.get(knob).map_or("", String::as_str) == answer {
            return Ok(());
        }
        if answer.is_empty() {
            self.sizing.remove(knob);
        } else {
            self.sizing.insert(knob.to_owned(), answer.to_owned());
        }
        self.record(What::Sized { knob: knob.to_owned(), answer: answer.to_owned() });
        Ok(())
    }

    /// Notes when something was reached, such as the first full path; only the first time counts.
    pub fn mark(&mut self, mark: &str) -> Result<(), Refused> {
        self.open()?;
        if !self.marks.contains_key(mark) {
            self.marks.insert(mark.to_owned(), self.elapsed());
            self.record(What::Marked { mark: mark.to_owned() });
        }
        Ok(())
    }

    pub fn pause(&mut self) -> Result<(), Refused> {
        self.open()?;
        if !self.mode.may_pause() {
            return Err(Refused::NoPause);
        }
        if self.stage == Stage::Running {
            self.stage = Stage::Paused;
            self.record(What::Paused);
        }
        Ok(())
    }

    pub fn resume(&mut self) {
        if self.stage == Stage::Paused {
            self.stage = Stage::Running;
            self.record(What::Resumed);
        }
    }

    /// Looks at the solution of this phase; a real interview refuses.
    pub fn reveal(&mut self) -> Result<(), Refused> {
        if self.mode == Mode::Real && self.stage != Stage::Finished {
            return Err(Refused::NoReveal);
        }
        self.reveal_anyway();
        Ok(())
    }

    /// Nothing is ever locked: this always works, and marks the attempt as assisted.
    pub fn reveal_anyway(&mut self) {
        if self.stage != Stage::Finished && self.revealed.insert(self.phase) {
            self.record(What::Revealed { phase: self.phase_plan().id.clone() });
        }
    }

    /// Ends the interview, early or late.
    pub fn finish(&mut self) {
        if self.stage != Stage::Finished {
            self.stage = Stage::Finished;
            self.record(What::Finished);
        }
    }

    /// What happened since the last call, to be stored.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    fn open(&self) -> Result<(), Refused> {
        if self.stage == Stage::Finished { Err(Refused::Over) } else { Ok(()) }
    }

    fn say(&mut self, said: Said) {
        let at = self.elapsed();
        self.said.push((at, said));
    }

    fn record(&mut self, what: What) {
        let at = self.elapsed();
        self.events.push(Event { at, what });
    }
}

/// What the screens and the score read.
impl Session {
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The current phase's place.
    pub fn phase(&self) -> usize {
        self.phase
    }

    pub fn phase_plan(&self) -> &PhasePlan {
        &self.plan.phases[self.phase]
    }

    pub fn has_begun(&self, phase: usize) -> bool {
        self.begun.get(phase).copied().unwrap_or(false)
    }

    /// Ids of the phases that were begun: only their lines count.
    pub fn begun(&self) -> impl Iterator<Item = &str> {
        self.plan.phases.iter().zip(&self.begun).filter(|(_, begun)| **begun).map(|(phase, _)| phase.id.as_str())
    }

    /// The session's clock: pauses do not count.
    pub fn elapsed(&self) -> Duration {
        self.spent.iter().sum()
    }

    pub fn paused_for(&self) -> Duration {
        self.paused_for
    }

    /// How long the process stood still, by the operating system's doing.
    pub fn away_for(&self) -> Duration {
        self.away_for
    }

    pub fn phase_clock(&self, phase: usize) -> Clock {
        let spent = self.spent.get(phase).copied().unwrap_or_default();
        Clock::new(spent, self.plan.phases.get(phase).map_or(Duration::ZERO, |plan| plan.time), self.mode)
    }

    pub fn total_clock(&self) -> Clock {
        Clock::new(self.elapsed(), self.plan.time(), self.mode)
    }

    pub fn notes(&self, phase: usize) -> &str {
        self.notes.get(phase).map_or("", String::as_str)
    }

    /// Steps taken and steps there are in the current phase: `hint (1/3)`.
    pub fn hint_count(&self) -> (usize, usize) {
        (self.hints[self.phase], self.phase_plan().hints.len())
    }

    /// Steps of the hints that were taken in a phase.
    pub fn hints_of(&self, phase: usize) -> usize {
        self.hints.get(phase).copied().unwrap_or(0)
    }

    /// Hints taken in the whole interview.
    pub fn hints_taken(&self) -> usize {
        self.hints.iter().sum()
    }

    /// Facts of the card that were never asked for: what the debrief names.
    pub fn unasked(&self) -> impl Iterator<Item = &Fact> {
        self.plan.facts.iter().enumerate().filter(|(place, _)| !self.has_asked(*place)).map(|(_, fact)| fact)
    }

    pub fn has_asked(&self, fact: usize) -> bool {
        self.said.iter().any(|(_, said)| *said == Said::Fact(fact))
    }

    /// Everything said so far, oldest first.
    pub fn said(&self) -> &[(Duration, Said)] {
        &self.said
    }

    pub fn estimates(&self) -> &[String] {
        &self.estimates
    }

    pub fn sizing(&self) -> &BTreeMap<String, String> {
        &self.sizing
    }

    pub fn marks(&self) -> &BTreeMap<String, Duration> {
        &self.marks
    }

    pub fn is_revealed(&self, phase: usize) -> bool {
        self.revealed.contains(&phase)
    }

    /// Whether the solution was looked at before the end.
    pub fn assisted(&self) -> bool {
        !self.revealed.is_empty()
    }
}

/// Places in a card fit easily; a card with more than four milliards of hints is cut.
fn as_u32(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
