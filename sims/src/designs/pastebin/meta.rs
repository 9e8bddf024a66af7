//! The key-value store: a row for each paste, and who may see it. Each request is one step.

use super::messages::{Found, Msg, Outcome, Row, Visibility};
use super::metrics::{DELETED, ROWS, TOO_LATE};
use super::role::Ctx;
use super::system::META_TIME;
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::Time;
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Pastes on the front page.
const LISTED: usize = 50;
/// Dead rows told to the sweeper at once.
const BATCH: usize = 500;

/// All of it is on disk before an answer leaves.
#[derive(Clone, Debug, Default)]
pub struct Meta {
    rows: BTreeMap<u64, Stored>,
    /// Rows by the instant at which they die.
    soonest: BTreeSet<(Time, u64)>,
    front: VecDeque<u64>,
}

#[derive(Clone, Copy, Debug)]
pub struct Stored {
    pub row: Row,
    /// When it was burnt or deleted, or will expire.
    pub dies: Time,
    /// Who took it to burn it.
    taker: Option<u64>,
}

impl Stored {
    /// It is dead, nobody who opened it while it lived still fetches its body, and nobody may write it once more.
    fn may_go(&self, now: Time, grace: crate::kernel::time::Span) -> bool {
        self.dies + grace <= now && self.row.deadline <= now
    }
}

impl Meta {
    pub fn rows(&self) -> impl Iterator<Item = (u64, &Stored)> {
        self.rows.iter().map(|(id, stored)| (*id, stored))
    }

    pub fn get(&self, id: u64) -> Option<&Stored> {
        self.rows.get(&id)
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        let answer = match msg {
            Msg::Name { job, id, row } => Msg::Named { job, outcome: self.name(id, row, cx) },
            Msg::Open { job, id, reader } => Msg::Opened { job, found: self.open(job, id, reader, cx) },
            Msg::Burn { id } => return self.kill(id, cx),
            Msg::Kill { job, id, owner } => {
                if self.rows.get(&id).is_some_and(|stored| stored.row.owner == owner && stored.dies > cx.now()) {
                    self.kill(id, cx);
                    cx.count(DELETED, 1);
                }
                Msg::Killed { job }
            }
            Msg::Latest { job } => Msg::LatestAre { job, ids: self.listed(cx.now()) },
            Msg::Dead { step } => Msg::DeadAre { step, list: self.dead(cx) },
            Msg::Forget { step, ids } => {
                ids.iter().for_each(|id| self.forget(*id, cx));
                Msg::Forgotten { step }
            }
            Msg::Unnamed { step, list } => {
                let list = list.into_iter().filter(|(name, id)| self.rows.get(id).is_none_or(|stored| stored.row.name != *name)).collect();
                Msg::UnnamedAre { step, list }
            }
            _ => return,
        };
        cx.send_after(META_TIME, from, answer);
    }

    fn name(&mut self, id: u64, row: Row, cx: &mut Ctx<'_>) -> Outcome {
        if let Some(there) = self.rows.get(&id) {
            // The same row again is a retry.
            return if there.row == row { Outcome::Stored } else { Outcome::Taken };
        }
        if cx.system().fence && row.deadline <= cx.clock() {
            cx.count(TOO_LATE, 1);
            return Outcome::TooLate;
        }
        self.rows.insert(id, Stored { row, dies: row.expires, taker: None });
        self.soonest.insert((row.expires, id));
        if row.visibility == Visibility::Public && !row.burn {
            if self.front.len() == LISTED {
                self.front.pop_front();
            }
            self.front.push_back(id);
        }
        cx.fact(Fact::Named { id, row });
        cx.gauge(ROWS, self.rows.len() as f64);
        Outcome::Stored
    }

    /// Decides and, where it burns and that is atomic, takes it: one step. The same taker may ask again, since the answer may have been lost.
    fn open(&mut self, job: u64, id: u64, reader: u64, cx: &mut Ctx<'_>) -> Found {
        let now = cx.now();
        let system = cx.shared();
        let Some(stored) = self.rows.get(&id).copied() else { return Found::Unknown };
        if stored.row.visibility == Visibility::Private && stored.row.owner != reader {
            return Found::Forbidden;
        }
        let expired_only = stored.dies == stored.row.expires && stored.taker.is_none();
        if stored.dies <= now && stored.taker != Some(job) && (system.check_expiry || !expired_only) {
            return Found::Gone { clear: stored.may_go(now, system.grace).then_some(stored.row.name) };
        }
        if stored.row.burn && system.atomic_take && stored.taker.is_none() {
            self.kill(id, cx);
            if let Some(stored) = self.rows.get_mut(&id) {
                stored.taker = Some(job);
            }
        }
        Found::Live(stored.row)
    }

    /// Dead from now on. The row stays until the sweeper has released its body, and until nobody may write it any more.
    fn kill(&mut self, id: u64, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let Some(stored) = self.rows.get_mut(&id).filter(|stored| stored.dies > now) else { return };
        self.soonest.remove(&(stored.dies, id));
        stored.dies = now;
        self.soonest.insert((now, id));
        cx.fact(Fact::Died { id });
    }

    fn listed(&self, now: Time) -> Vec<u64> {
        self.front.iter().filter(|id| self.rows.get(id).is_some_and(|stored| stored.dies > now)).copied().collect()
    }

    /// Dead rows that may go: body's name and id.
    fn dead(&self, cx: &Ctx<'_>) -> Vec<(u64, u64)> {
        let (now, grace) = (cx.now(), cx.system().grace);
        let dying = self.soonest.iter().take_while(|(dies, _)| *dies + grace <= now);
        let rows = dying.filter_map(|(_, id)| Some((*id, self.rows.get(id)?)));
        rows.filter(|(_, stored)| stored.may_go(now, grace)).map(|(id, stored)| (stored.row.name, id)).take(BATCH).collect()
    }

    fn forget(&mut self, id: u64, cx: &mut Ctx<'_>) {
        let (now, grace) = (cx.now(), cx.system().grace);
        if !self.rows.get(&id).is_some_and(|stored| stored.may_go(now, grace)) {
            return;
        }
        if let Some(stored) = self.rows.remove(&id) {
            self.soonest.remove(&(stored.dies, id));
        }
        cx.fact(Fact::Forgotten { id });
        cx.gauge(ROWS, self.rows.len() as f64);
    }

    pub fn weight(&self) -> usize {
        self.rows.bytes() + self.soonest.bytes() + self.front.bytes()
    }

    pub fn look(&self) -> Look {
        Look { label: format!("{} rows", self.rows.len()), state: State::Busy, fill: None }
    }
}
