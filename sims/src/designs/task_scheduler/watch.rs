//! The ledger: what happened to each task, beside what must.

use super::system::Scheduling;
use super::task::{State, told};
use super::{DEAD_LETTERED, DEPENDENCIES_FIRST, EFFECT_ONCE, NEVER_EARLY, NO_STALE_RUN, ONCE_A_DAY, QUEUED_ONCE, REDELIVERED, TAKEN_OVER};
use crate::kernel::invariant::Lamps;
use crate::kernel::node::Watch;
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::{Flat, deep};
use std::collections::{BTreeMap, VecDeque};

pub enum Fact {
    /// A task came to be.
    Known {
        id: u64,
        after: Vec<u64>,
    },
    /// The store wrote down when a try is due.
    Scheduled {
        id: u64,
        attempt: u32,
    },
    /// A scheduler says that something is due, at this time of its clock.
    Released {
        due: u64,
        clock: u64,
    },
    /// A try went into the ready queue.
    Queued {
        id: u64,
        attempt: u32,
    },
    /// The store lets a worker begin.
    Granted {
        id: u64,
        attempt: u32,
    },
    /// A worker begins, having looked again or not.
    Began {
        id: u64,
        attempt: u32,
        looked: bool,
    },
    /// A task had its effect.
    Effect {
        id: u64,
    },
    Ended {
        id: u64,
        how: State,
    },
    /// A job with a time of day is due, on this date.
    Daily {
        job: u32,
        day: i64,
        at: i64,
    },
    /// A message came back.
    Redelivered,
    TakenOver,
}

#[derive(Clone, Default)]
pub struct Ledger {
    tasks: BTreeMap<u64, Story>,
    /// What has ended, and when: an hour's tasks need not be remembered for ever.
    ended: VecDeque<(Time, u64)>,
    /// The last date on which each job was due.
    days: BTreeMap<u32, i64>,
}

/// What became of one task.
#[derive(Clone, Debug, Default)]
struct Story {
    after: Vec<u64>,
    attempt: u32,
    /// The last try that was put into the queue.
    queued: u32,
    effects: u32,
    ended: Option<State>,
}

/// How long what has ended is watched for things that must not happen any more.
const REMEMBERED: Span = Span::secs(600);

impl Ledger {
    /// Whether a try is what the store last wrote of its task.
    fn current(&self, id: u64, attempt: u32) -> Result<(), String> {
        match self.tasks.get(&id) {
            Some(Story { ended: Some(how), .. }) => Err(format!("{} is {}", told(id), how.word())),
            Some(story) if story.attempt != attempt => Err(format!("try {attempt} of {} was replaced by try {}", told(id), story.attempt)),
            _ => Ok(()),
        }
    }

    fn not_stale(&self, id: u64, attempt: u32, now: Time, lamps: &mut Lamps) {
        let current = self.current(id, attempt);
        lamps.judge(NO_STALE_RUN, now, current.is_ok(), || format!("{}, and is run all the same", current.err().unwrap_or_default()));
    }

    fn began(&self, id: u64, now: Time, lamps: &mut Lamps) {
        let Some(story) = self.tasks.get(&id).filter(|story| !story.after.is_empty()) else { return };
        // Who is not remembered has ended long ago.
        let open = story.after.iter().find(|before| self.tasks.get(before).is_some_and(|s| s.ended != Some(State::Completed)));
        lamps
            .judge(DEPENDENCIES_FIRST, now, open.is_none(), || format!("{} begins, but needs {}, which has not completed", told(id), open.map_or(0, |id| *id)));
    }
}

impl Watch<Scheduling> for Ledger {
    type Fact = Fact;

    fn weight(&self) -> usize {
        self.tasks.bytes() + deep(self.tasks.values(), |story| story.after.bytes()) + self.ended.bytes() + self.days.bytes()
    }

    fn see(&mut self, now: Time, fact: Fact, _system: &Scheduling, lamps: &mut Lamps) {
        match fact {
            Fact::Known { id, after } => {
                self.tasks.entry(id).or_default().after = after;
            }
            Fact::Scheduled { id, attempt } => self.tasks.entry(id).or_default().attempt = attempt,
            Fact::Released { due, clock } => {
                lamps.judge(NEVER_EARLY, now, clock >= due, || {
                    format!("released at {} of its scheduler's clock, {} before its time", Time(clock), Span(due - clock))
                });
            }
            Fact::Queued { id, attempt } => {
                let story = self.tasks.entry(id).or_default();
                let once = story.ended.is_none() && attempt == story.attempt && attempt > story.queued;
                let (ended, queued) = (story.ended, story.queued);
                story.queued = queued.max(attempt);
                lamps.judge(QUEUED_ONCE, now, once, || {
                    let state = ended.map_or_else(|| format!("try {queued} was there before"), |how| format!("the task is {}", how.word()));
                    format!("try {attempt} of {} goes into the ready queue, but {state}", told(id))
                });
            }
            Fact::Granted { id, attempt } => self.not_stale(id, attempt, now, lamps),
            Fact::Began { id, attempt, looked } => {
                if !looked {
                    self.not_stale(id, attempt, now, lamps);
                }
                self.began(id, now, lamps);
            }
            Fact::Effect { id } => {
                let story = self.tasks.entry(id).or_default();
                story.effects += 1;
                let effects = story.effects;
                lamps.judge(EFFECT_ONCE, now, effects == 1, || format!("{} had its effect {effects} times", told(id)));
            }
            Fact::Ended { id, how } => {
                self.tasks.entry(id).or_default().ended = Some(how);
                self.ended.push_back((now, id));
                while let Some((_, id)) = self.ended.front().copied().filter(|(at, _)| now.since(*at) >= REMEMBERED) {
                    self.ended.pop_front();
                    self.tasks.remove(&id);
                }
                if how == State::Failed {
                    lamps.reach(DEAD_LETTERED);
                }
            }
            Fact::Daily { job, day, at } => {
                // Of the first time there is nothing to compare with.
                let last = self.days.insert(job, day).unwrap_or(day - 1);
                lamps.judge(ONCE_A_DAY, now, day == last + 1, || format!("job {job} is due at second {at}, {} date(s) after the last time", day - last));
            }
            Fact::Redelivered => lamps.reach(REDELIVERED),
            Fact::TakenOver => lamps.reach(TAKEN_OVER),
        }
    }
}
