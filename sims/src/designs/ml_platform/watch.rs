//! The laws, judged by what handlers report: what each job and team holds, what each row used, which versions have passed.

use super::metrics::UNGATED;
use super::system::Platform;
use super::{ALARM, BACKFILLED, GANG_WHOLE, GATE_REFUSED, GATED_ONLY, NO_FUTURE, QUOTAS_HOLD, TEAMS};
use crate::kernel::invariant::Lamps;
use crate::kernel::node::Watch;
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::Flat;
use std::collections::{BTreeMap, BTreeSet};

/// Versions that are remembered as passed.
const PASSED_MAX: usize = 64;

pub enum Fact {
    /// The scheduler gave GPUs to a job, in one decision.
    Given {
        id: u64,
        team: usize,
        gpus: u32,
        wants: u32,
        ceiling: u32,
    },
    Back {
        id: u64,
        team: usize,
        gpus: u32,
    },
    Backfilled,
    /// A row of a training set got a value that was known from then on.
    Joined {
        who: u32,
        at: u64,
        known: u64,
    },
    /// A gate was asked.
    Gated {
        version: u32,
        passed: bool,
    },
    Served {
        version: u32,
    },
    Alarm,
}

#[derive(Clone, Default)]
pub struct Ledger {
    jobs: BTreeMap<u64, u32>,
    teams: [u32; TEAMS.len()],
    passed: BTreeSet<u32>,
    /// When the load stopped.
    pub drained: Option<Time>,
}

impl Ledger {
    fn given(&mut self, now: Time, (id, team, gpus): (u64, usize, u32), wants: u32, ceiling: u32, lamps: &mut Lamps) {
        let held = self.jobs.entry(id).or_default();
        *held += gpus;
        self.teams[team] += gpus;
        let (held, all) = (*held, self.teams[team]);
        lamps.judge(GANG_WHOLE, now, held == wants, || format!("job {id} of {} is given {held} of {wants} GPUs", TEAMS[team]));
        lamps.judge(QUOTAS_HOLD, now, all <= ceiling, || format!("{} holds {all} GPUs and may hold {ceiling}, with job {id}", TEAMS[team]));
    }

    fn back(&mut self, id: u64, team: usize, gpus: u32) {
        self.teams[team] = self.teams[team].saturating_sub(gpus);
        if let Some(held) = self.jobs.get_mut(&id) {
            *held = held.saturating_sub(gpus);
            if *held == 0 {
                self.jobs.remove(&id);
            }
        }
    }
}

impl Watch<Platform> for Ledger {
    type Fact = Fact;

    fn weight(&self) -> usize {
        self.jobs.bytes() + self.passed.bytes()
    }

    fn see(&mut self, now: Time, fact: Fact, _system: &Platform, lamps: &mut Lamps) {
        match fact {
            Fact::Given { id, team, gpus, wants, ceiling } => self.given(now, (id, team, gpus), wants, ceiling, lamps),
            Fact::Back { id, team, gpus } => self.back(id, team, gpus),
            Fact::Backfilled => lamps.reach(BACKFILLED),
            Fact::Joined { who, at, known } => {
                let told = || format!("a row of person {who} at {} uses what became known {} later", Time(at), Span(known - at));
                lamps.judge(NO_FUTURE, now, known <= at, told);
            }
            Fact::Gated { version, passed: true } => {
                self.passed.insert(version);
                if self.passed.len() > PASSED_MAX {
                    self.passed.pop_first();
                }
            }
            Fact::Gated { .. } => lamps.reach(GATE_REFUSED),
            Fact::Served { version } => {
                let passed = self.passed.contains(&version);
                if !passed {
                    lamps.count(UNGATED, 1);
                }
                lamps.judge(GATED_ONLY, now, passed, || format!("v{version} answers and has passed no gate"));
            }
            Fact::Alarm => lamps.reach(ALARM),
        }
    }
}
