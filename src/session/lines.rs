//! What the interviewer says by the clock: the card's moments, a word when a phase runs over, and the time that is left.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{MomentKind, PATIENCE, SILENCE, Said, Session, What, as_u32};

/// Who leaves a phase within this time is not pressed.
const GRACE: Duration = Duration::from_secs(30);
/// After as long again, and a fifth of the phase's time, the interviewer asks to go on.
const PRESS_AGAIN: Duration = Duration::from_secs(90);
/// A card's own word about the time, this near, takes the place of ours.
const NEAR: Duration = Duration::from_secs(120);

/// A point at which the remaining time is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeWord {
    Half,
    Ten,
    Five,
    Two,
    Up,
}

impl TimeWord {
    pub const ALL: [Self; 5] = [Self::Half, Self::Ten, Self::Five, Self::Two, Self::Up];

    /// As people say it: nobody reads out seconds.
    pub fn says(self) -> &'static str {
        match self {
            Self::Half => "We are about halfway through our time.",
            Self::Ten => "We have about ten minutes left.",
            Self::Five => "We have about five minutes left.",
            Self::Two => "We have a couple of minutes left; start to wrap up, please.",
            Self::Up => "That is our time. Finish the thought you are at, then let us stop here.",
        }
    }

    /// When it is due in an interview of this length; none where it would say little, or the same as another.
    pub fn due(self, whole: Duration) -> Option<Duration> {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        let (least, left) = match self {
            Self::Half => (minutes(30), whole / 2),
            Self::Ten => (minutes(18), minutes(10)),
            Self::Five => (minutes(10), minutes(5)),
            Self::Two => (minutes(5), minutes(2)),
            Self::Up => (Duration::from_secs(1), Duration::ZERO),
        };
        let doubled = self == Self::Five && whole >= minutes(18);
        (whole >= least && !doubled).then(|| whole.saturating_sub(left))
    }
}

/// How something that was said is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// A fact, or the candidate's own question handed back.
    Answer,
    /// A requirement changes.
    Change,
    Probe,
    /// About the time.
    Time,
    /// A step of a ladder, from 0.
    Hint(usize),
}

/// One thing said, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    pub at: Duration,
    pub voice: Voice,
    /// What the candidate had asked.
    pub asked: Option<&'a str>,
    pub text: Cow<'a, str>,
}

impl Session {
    /// Everything said so far as words, oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = Line<'_>> {
        self.said.iter().filter_map(|(at, said)| self.line(*at, said))
    }

    fn line<'a>(&'a self, at: Duration, said: &'a Said) -> Option<Line<'a>> {
        let (voice, asked, text) = match said {
            Said::Fact(fact) => {
                let fact = self.plan.facts.get(*fact)?;
                (Voice::Answer, Some(fact.ask.as_str()), Cow::from(fact.answer.trim_end()))
            }
            Said::Open(question) => (Voice::Answer, Some(question.as_str()), Cow::from("You decide. Tell me why.")),
            Said::Moment(moment) => {
                let moment = self.plan.moments.get(*moment)?;
                let voice = match moment.kind {
                    MomentKind::Change => Voice::Change,
                    MomentKind::Probe => Voice::Probe,
                    MomentKind::Pressure => Voice::Time,
                };
                (voice, None, Cow::from(moment.say.trim_end()))
            }
            Said::Hint(phase, step) => (Voice::Hint(*step), None, Cow::from(self.plan.phases.get(*phase)?.hints.get(*step)?.trim_end())),
            Said::Press(phase, 0) => (Voice::Probe, None, Cow::from(self.probe(*phase)?)),
            Said::Press(phase, _) => (Voice::Time, None, Cow::from(self.ask_to_go_on(*phase)?)),
            Said::Time(word) => (Voice::Time, None, Cow::from(word.says())),
        };
        Some(Line { at, voice, asked, text })
    }

    /// A question of the card's own for this phase; never what its answer would be.
    fn probe(&self, phase: usize) -> Option<String> {
        let phase = self.plan.phases.get(phase)?;
        let question = phase.prompts.last().map_or("What here is still open that would change your design?", |prompt| prompt.trim());
        Some(format!("We are past the time I had for this part. Before we leave it: {question}"))
    }

    fn ask_to_go_on(&self, phase: usize) -> Option<String> {
        let next = self.plan.phases.get(phase + 1)?;
        Some(format!("Let us go on, or we will not get to “{}”. You can come back if there is time.", next.name))
    }

    /// What is due between two instants of the session's clock: at its time or after a silence, but not kept back for longer than
    /// the patience.
    pub(super) fn speak(&mut self, before: Duration, phase_before: Duration, now: Duration) -> Vec<(Duration, What)> {
        let silence = self.last_key + SILENCE;
        let mut said: Vec<(Duration, Said)> = Vec::new();
        for (due, what) in self.waiting(before, phase_before) {
            // Nothing is said in the past: a phase may be entered again long after its time was over.
            let at = due.max(silence).min(due + PATIENCE).max(before);
            if at <= now {
                said.push((at, what));
            }
        }
        said.sort_by_key(|(at, _)| *at);
        let told = said.iter().filter_map(|(at, said)| Some((*at, self.told(said)?))).collect();
        for (at, what) in &said {
            if let Said::Moment(moment) = what {
                self.moments[*moment] = Some(*at);
            }
        }
        self.said.extend(said);
        told
    }

    /// What is still to be said, with its time.
    fn waiting(&self, before: Duration, phase_before: Duration) -> Vec<(Duration, Said)> {
        let moments = self.plan.moments.iter().enumerate().filter(|(place, _)| self.moments[*place].is_none());
        let mut waiting: Vec<_> = moments.map(|(place, moment)| (moment.at, Said::Moment(place))).collect();
        if self.mode.is_timed() {
            waiting.extend(self.presses(before, phase_before));
            // What was due long ago is no longer true: an interview kept by an older greenroom was never told.
            waiting.extend(self.time_words().into_iter().filter(|(at, _)| *at + PATIENCE >= before));
        }
        waiting.retain(|(_, said)| !self.said.iter().any(|(_, old)| old == said));
        waiting
    }

    /// The current phase runs over: first a question, then the wish to go on. The last phase has nothing to go on to.
    fn presses(&self, before: Duration, phase_before: Duration) -> Vec<(Duration, Said)> {
        let limit = self.phase_plan().time;
        if limit.is_zero() || self.phase + 1 == self.plan.phases.len() {
            return Vec::new();
        }
        // A phase that was entered again counts on from where it was left.
        let since = before.saturating_sub(self.entered).min(phase_before);
        let at_entry = phase_before - since;
        let when = |spent: Duration| (before - since) + spent.saturating_sub(at_entry);
        let first = limit + GRACE;
        vec![(when(first), Said::Press(self.phase, 0)), (when(first + PRESS_AGAIN + limit / 5), Said::Press(self.phase, 1))]
    }

    fn time_words(&self) -> Vec<(Duration, Said)> {
        let whole = self.plan.time();
        let pressure = |at: Duration| self.plan.moments.iter().any(|moment| moment.kind == MomentKind::Pressure && moment.at.abs_diff(at) <= NEAR);
        let due = TimeWord::ALL.into_iter().filter_map(|word| Some((word.due(whole)?, word)));
        due.filter(|(at, word)| *word == TimeWord::Up || !pressure(*at)).map(|(at, word)| (at, Said::Time(word))).collect()
    }

    /// How it is recorded; answers and hints are recorded where they are given.
    fn told(&self, said: &Said) -> Option<What> {
        match said {
            Said::Press(phase, step) => Some(What::Pressed { phase: self.plan.phases.get(*phase)?.id.clone(), step: as_u32(step + 1) }),
            Said::Time(word) => Some(What::TimeTold { word: *word }),
            Said::Moment(moment) => Some(What::Said { moment: as_u32(*moment) }),
            Said::Fact(_) | Said::Open(_) | Said::Hint(..) => None,
        }
    }
}
