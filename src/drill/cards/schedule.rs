//! From a log to the state of every card: stages, steps, intervals, leeches. A pure function of the log and the rules.

use super::log::{Event, Grade, What, live};
use super::memory::{Memory, Model};
use crate::config::Config;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use sims::kernel::rng::{hash_name, splitmix};
use std::collections::BTreeMap;

/// A card forgotten so often is suspended: it wants another wording, not another review.
pub const LEECH_LAPSES: u32 = 8;
/// And once it was let back in, again after so many more.
const LEECH_MORE: u32 = 4;
/// Minutes between the first looks at a card.
const LEARNING: &[u32] = &[1, 10];
/// Minutes until one that was forgotten is asked again.
const RELEARNING: &[u32] = &[10];
/// Each card is seen once more within so many days before the interview.
pub const LAST_DAYS: u64 = 7;
/// No interval is longer: a hundred years.
const DAYS_MAX: f32 = 36_500.0;

/// What the user set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// The share of reviews that should be recalled.
    pub retention: f64,
    /// Only one that is still to come.
    pub interview: Option<NaiveDate>,
    pub new_a_day: u32,
    pub reviews_a_day: u32,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { retention: 0.9, interview: None, new_a_day: 10, reviews_a_day: 100 }
    }
}

impl Rules {
    /// As the settings have it on this day: an interview that is over no longer counts.
    pub fn of(config: &Config, today: NaiveDate) -> Rules {
        let interview = config.interview_date.filter(|day| *day > today);
        Rules { retention: config.retention, interview, new_a_day: config.new_cards_a_day, reviews_a_day: config.reviews_a_day }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    New,
    /// At this step.
    Learning(usize),
    Review,
    Relearning(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    New,
    At(DateTime<Utc>),
    On(NaiveDate),
}

/// Where a card stands.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub memory: Option<Memory>,
    pub stage: Stage,
    pub due: Due,
    pub reps: u32,
    pub lapses: u32,
    pub first: Option<NaiveDate>,
    pub last: Option<NaiveDate>,
    pub suspended: bool,
    pub leech: bool,
    /// Until the end of this day.
    pub buried: Option<NaiveDate>,
}

impl Default for State {
    fn default() -> State {
        State { memory: None, stage: Stage::New, due: Due::New, reps: 0, lapses: 0, first: None, last: None, suspended: false, leech: false, buried: None }
    }
}

impl State {
    /// Days since the last review; 0 before the first.
    pub fn days_since(&self, day: NaiveDate) -> u32 {
        self.last.map_or(0, |last| u32::try_from((day - last).num_days()).unwrap_or(0))
    }
}

/// What a replay tells of each event: the card before it and after it.
pub struct Told<'a> {
    pub event: &'a Event,
    pub before: &'a State,
    pub after: &'a State,
}

/// The model of memory with the user's rules.
#[derive(Clone, Debug, Default)]
pub struct Scheduler {
    pub model: Model,
    pub rules: Rules,
}

impl Scheduler {
    pub fn new(rules: Rules) -> Scheduler {
        Scheduler { model: Model::default(), rules }
    }

    /// The state of every card in the log, whether its deck still has it or not.
    pub fn states(&self, log: &[Event]) -> BTreeMap<String, State> {
        self.replay(log, |_| {})
    }

    /// The same, told event by event.
    pub fn replay(&self, log: &[Event], mut tell: impl FnMut(Told<'_>)) -> BTreeMap<String, State> {
        let mut states: BTreeMap<String, State> = BTreeMap::new();
        for event in live(log) {
            let before = states.get(&event.card).cloned().unwrap_or_default();
            let after = self.after(&before, event);
            tell(Told { event, before: &before, after: &after });
            states.insert(event.card.clone(), after);
        }
        states
    }

    /// One event.
    pub fn after(&self, state: &State, event: &Event) -> State {
        let mut next = state.clone();
        match event.what {
            What::Review { grade, .. } => return self.graded(&event.card, state, grade, event.at, event.day),
            What::Suspend => next.suspended = true,
            What::Unsuspend => next.suspended = false,
            What::Bury => next.buried = Some(event.day),
            What::Reset => next = State { suspended: state.suspended, ..State::default() },
            What::Cram { .. } | What::Undo { .. } => {}
        }
        next
    }

    /// What each grade would lead to, in the order of [`Grade::ALL`].
    pub fn choices(&self, card: &str, state: &State, at: DateTime<Utc>, day: NaiveDate) -> [State; 4] {
        Grade::ALL.map(|grade| self.graded(card, state, grade, at, day))
    }

    fn graded(&self, card: &str, state: &State, grade: Grade, at: DateTime<Utc>, day: NaiveDate) -> State {
        let memory = self.model.after(state.memory, state.days_since(day), grade).or(state.memory);
        let mut next = State { memory, reps: state.reps + 1, last: Some(day), first: state.first.or(Some(day)), ..state.clone() };
        match state.stage {
            Stage::New => self.step(&mut next, card, grade, at, day, Stage::Learning, LEARNING, 0),
            Stage::Learning(step) => self.step(&mut next, card, grade, at, day, Stage::Learning, LEARNING, step),
            Stage::Relearning(step) => self.step(&mut next, card, grade, at, day, Stage::Relearning, RELEARNING, step),
            Stage::Review if grade == Grade::Again => {
                forget(&mut next);
                self.step(&mut next, card, grade, at, day, Stage::Relearning, RELEARNING, 0);
            }
            Stage::Review => self.graduate(&mut next, card, day),
        }
        next
    }

    /// Along the steps of learning or relearning: again to the first, hard stays, good goes on, easy is done with them.
    #[allow(clippy::too_many_arguments)]
    fn step(&self, next: &mut State, card: &str, grade: Grade, at: DateTime<Utc>, day: NaiveDate, stage: fn(usize) -> Stage, steps: &[u32], step: usize) {
        let minutes = |step: usize| f64::from(steps.get(step).copied().unwrap_or(10));
        let (to, wait) = match grade {
            Grade::Again => (0, minutes(0)),
            // Half-way to the next step, or half as long again where there is none.
            Grade::Hard if step == 0 && steps.len() > 1 => (0, (minutes(0) + minutes(1)) / 2.0),
            Grade::Hard if step == 0 => (0, minutes(0) * 1.5),
            Grade::Hard => (step, minutes(step)),
            Grade::Good if step + 1 < steps.len() => (step + 1, minutes(step + 1)),
            Grade::Good | Grade::Easy => return self.graduate(next, card, day),
        };
        next.stage = stage(to);
        next.due = Due::At(at + TimeDelta::milliseconds((wait * 60_000.0) as i64));
    }

    /// On to days, as many as FSRS says, spread a little, and the interview heeded.
    fn graduate(&self, next: &mut State, card: &str, day: NaiveDate) {
        let days = next.memory.map_or(1, |memory| spread(card, next.reps, self.days(memory)));
        next.stage = Stage::Review;
        next.due = Due::On(self.before_interview(card, day, day + Days::new(u64::from(days))));
    }

    /// FSRS's interval in whole days, before it is spread.
    pub fn days(&self, memory: Memory) -> u32 {
        self.model.interval(memory, self.rules.retention).clamp(1.0, DAYS_MAX).round() as u32
    }

    /// A card that would next be due on the day of the interview or later is called up once more, on one of the last days before it.
    /// One seen in those days has been called up: it goes where FSRS says. The memory is never touched.
    fn before_interview(&self, card: &str, day: NaiveDate, due: NaiveDate) -> NaiveDate {
        let Some(interview) = self.rules.interview else { return due };
        let first = interview - Days::new(LAST_DAYS);
        if due < interview || day >= first {
            return due;
        }
        let first = first.max(day + Days::new(1));
        first + Days::new(hash_name(card) % u64::try_from((interview - first).num_days()).unwrap_or(1).max(1))
    }
}

fn forget(next: &mut State) {
    next.lapses += 1;
    let leech = next.lapses >= LEECH_LAPSES && (next.lapses - LEECH_LAPSES).is_multiple_of(LEECH_MORE);
    next.leech |= leech;
    next.suspended |= leech;
}

/// The interval moved by a share of itself, so that cards learnt together do not stay together. The same card at the same count
/// of reviews moves alike whatever the grade: so what the buttons show is what happens, and a better grade is never sooner.
fn spread(card: &str, reps: u32, days: u32) -> u32 {
    let d = f64::from(days);
    if d < 2.5 {
        return days;
    }
    let by = 1.0 + 0.15 * (d.min(7.0) - 2.5) + 0.10 * (d.clamp(7.0, 20.0) - 7.0) + 0.05 * (d.max(20.0) - 20.0);
    let (low, high) = ((d - by).round().max(2.0), (d + by).round());
    let unit = (splitmix(hash_name(card) ^ splitmix(u64::from(reps))) >> 11) as f64 / (1u64 << 53) as f64;
    (low + (unit * (high - low + 1.0)).floor()) as u32
}
