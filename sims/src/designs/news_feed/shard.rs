//! A timeline shard: the timelines of its users, in memory, and what it takes to build one again.

use super::metrics::{BYTES_PER_TIMELINE, DELIVERIES, DELIVERY_LAG, DROPPED_TWICE, FENCED, READ_WORK, REBUILDS, REFILLS, WRITE_WORK};
use super::msg::{Change, Msg, Timer};
use super::node::Ctx;
use super::slot::{Landed, Rules, Slot};
use super::system::{Desk, Map, Plan, cost};
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::{Flat, deep};
use crate::parts::timeline::PostId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const BUILDS: Span = Span::millis(500);
/// An unfinished build starts over after so long.
const BUILD_PATIENCE: Span = Span::secs(2);
const REPORT: Span = Span::secs(1);
/// Timelines filled up at the same time after a deletion: the rest wait, so that one delete is no storm of reads.
const REFILLS_MAX: usize = 4;
/// Seconds of load that the heat map shows.
pub const HEAT: usize = 60;

#[derive(Clone, Debug)]
pub struct Shard {
    map: Arc<Map>,
    plan: Plan,
    /// Volatile.
    slots: BTreeMap<u32, Slot>,
    /// Deleted posts, in a small log on disk: a late write must not bring one back, not even after a crash.
    tombstones: BTreeSet<PostId>,
    /// Which user each unfinished build is for, and when it began.
    builds: BTreeMap<u64, (u32, Time)>,
    /// Users whose timeline fell short and waits to be filled up.
    short: BTreeSet<u32>,
    /// Never reset: an answer to a build before the crash must not be taken for a new one's.
    next_build: u64,
    armed: bool,
    desk: Desk,
    /// Operations per second, the last minute, as a ring.
    heat: Vec<(u64, u32)>,
}

impl Shard {
    /// Timelines of those users exist from the start: nothing has been posted yet, so they are complete.
    pub fn new(map: Arc<Map>, plan: Plan, users: impl Iterator<Item = u32>) -> Shard {
        let slots = users.map(|user| (user, Slot::complete(plan.bound()))).collect();
        Shard {
            map,
            plan,
            slots,
            tombstones: BTreeSet::new(),
            builds: BTreeMap::new(),
            short: BTreeSet::new(),
            next_build: 0,
            armed: false,
            desk: Desk::default(),
            heat: vec![(0, 0); HEAT],
        }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        cx.background(REPORT, Timer::Report);
    }

    pub fn crash(&mut self) {
        self.slots.clear();
        self.builds.clear();
        self.short.clear();
        self.armed = false;
        self.desk = Desk::default();
    }

    pub fn restart(&mut self, cx: &mut Ctx<'_>) {
        self.plan = cx.system().plan;
        self.start(cx);
    }

    /// Under another plan other posts belong into the timelines: start from nothing, but answer those who wait.
    pub fn replan(&mut self, cx: &mut Ctx<'_>) {
        let plan = cx.system().plan;
        if plan == self.plan {
            return;
        }
        self.plan = plan;
        self.builds.clear();
        self.short.clear();
        let waiting: Vec<(u32, Slot)> = std::mem::take(&mut self.slots).into_iter().filter(|(_, slot)| slot.has_readers()).collect();
        for (user, slot) in waiting {
            self.slots.insert(user, Slot::waiting(slot.into_readers()));
            self.build(user, cx);
        }
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Show { ticket, user, count } => self.show(from, ticket, user, count, cx),
            Msg::Apply { ticket, change } => self.apply(from, ticket, change, cx),
            Msg::Whose { ticket, authors, stamp } => self.know_followees(ticket, authors, stamp, cx),
            Msg::ListsAre { ticket, lists, .. } => self.know_lists(from, ticket, lists, cx),
            _ => {}
        }
    }

    pub fn ring(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Builds => self.tend_builds(cx),
            Timer::Report => {
                self.forget(cx.system().horizon(cx.now()));
                if !self.slots.is_empty() {
                    cx.gauge(BYTES_PER_TIMELINE, self.bytes() as f64 / self.slots.len() as f64);
                }
                cx.background(REPORT, Timer::Report);
            }
            _ => {}
        }
    }

    /// Posts too old to be shown, and the tombstones that kept them out.
    fn forget(&mut self, horizon: PostId) {
        self.slots.values_mut().for_each(|slot| slot.forget_before(horizon));
        while self.tombstones.first().is_some_and(|id| *id < horizon) {
            self.tombstones.pop_first();
        }
    }

    fn show(&mut self, from: NodeId, ticket: u64, user: u32, count: usize, cx: &mut Ctx<'_>) {
        self.warm(cx.now(), 1);
        cx.count(READ_WORK, cost::SHOW.0 / 1_000);
        let wait = self.desk.serve(cx.now(), cost::SHOW);
        if let Some(mut ids) = self.slots.get(&user).and_then(|slot| slot.newest(count)) {
            let horizon = cx.system().horizon(cx.now());
            ids.retain(|id| *id >= horizon);
            cx.send_after(wait, from, Msg::Shown { ticket, ids });
            return;
        }
        let is_new = !self.slots.contains_key(&user);
        self.slots.entry(user).or_insert_with(Slot::absent).wait_for(from, ticket, count);
        if is_new {
            cx.count(REBUILDS, 1);
            self.build(user, cx);
        }
    }

    fn apply(&mut self, from: NodeId, ticket: u64, change: Change, cx: &mut Ctx<'_>) {
        let rules = self.rules(cx);
        let (writes, most) = match change {
            Change::Put { id, users, stamp } => (users.len() as u64, self.put(id, &users, stamp, cx)),
            Change::Remove { id, users } => {
                self.remove(id, &users);
                (users.len() as u64, 0)
            }
            Change::Followed { user, author, stamp, ids } => {
                let ids: Vec<PostId> = ids.into_iter().filter(|id| !self.tombstones.contains(id)).collect();
                let most = self.slots.get_mut(&user).map_or(0, |slot| {
                    slot.follow(author, stamp, &ids, rules);
                    slot.len()
                });
                (1, most)
            }
            Change::Unfollowed { user, author, stamp } => {
                if self.slots.get_mut(&user).is_some_and(|slot| slot.unfollow(author, stamp)) {
                    self.note_shortfall(user);
                }
                (1, 0)
            }
        };
        if most > 0 {
            cx.fact(Fact::Held { most });
        }
        self.warm(cx.now(), writes as u32);
        let work = cost::INSERT * writes;
        cx.count(WRITE_WORK, work.0 / 1_000);
        let wait = self.desk.serve(cx.now(), work);
        cx.send_after(wait, from, Msg::Applied { ticket });
        self.refill(cx);
    }

    /// Puts one post into many timelines; the length of the longest.
    fn put(&mut self, id: PostId, users: &[u32], stamp: u64, cx: &mut Ctx<'_>) -> usize {
        cx.count(DELIVERIES, users.len() as u64);
        if self.tombstones.contains(&id) {
            return 0;
        }
        if id < cx.system().horizon(cx.now()) {
            return 0;
        }
        let (rules, posted) = (self.rules(cx), Time(id.ms() * 1_000_000));
        let mut most = 0;
        for user in users {
            let Some(slot) = self.slots.get_mut(user) else { continue };
            match slot.put(id, stamp, rules) {
                Landed::New => cx.record_since(DELIVERY_LAG, posted),
                Landed::Twice => cx.count(DROPPED_TWICE, 1),
                Landed::Fenced => cx.count(FENCED, 1),
                Landed::Elsewhere => {}
            }
            most = most.max(slot.len());
        }
        most
    }

    fn remove(&mut self, id: PostId, users: &[u32]) {
        self.tombstones.insert(id);
        for user in users {
            if self.slots.get_mut(user).is_some_and(|slot| slot.remove(id)) {
                self.note_shortfall(*user);
            }
        }
    }

    fn rules(&self, cx: &Ctx<'_>) -> Rules {
        let system = cx.system();
        Rules { dedupe: system.dedupe, fence: system.fence, bound: self.plan.bound() }
    }

    fn note_shortfall(&mut self, user: u32) {
        if self.slots.get(&user).is_some_and(|slot| slot.is_short_by(self.plan)) {
            self.short.insert(user);
        }
    }

    /// Fills up timelines that fell short, a few at a time.
    fn refill(&mut self, cx: &mut Ctx<'_>) {
        if !cx.system().backfill {
            self.short.clear();
        }
        while self.builds.len() < REFILLS_MAX {
            let Some(user) = self.short.pop_first() else { break };
            if self.slots.get(&user).is_some_and(|slot| slot.is_short_by(self.plan) && !slot.is_building()) {
                cx.count(REFILLS, 1);
                self.build(user, cx);
            }
        }
    }

    /// Starts to build a timeline from the authors' own lists. From here on deliveries are kept aside, so that none falls between
    /// the reading of the lists and the finished timeline.
    fn build(&mut self, user: u32, cx: &mut Ctx<'_>) {
        self.next_build += 1;
        let Some(slot) = self.slots.get_mut(&user) else { return };
        slot.begin(self.next_build);
        self.builds.insert(self.next_build, (user, cx.now()));
        cx.send(self.map.social, Msg::Whom { ticket: self.next_build, user, which: super::msg::Which::Pushed });
        self.arm(cx);
    }

    fn know_followees(&mut self, build: u64, authors: Vec<u32>, stamp: u64, cx: &mut Ctx<'_>) {
        let Some((user, _)) = self.builds.get(&build).copied() else { return };
        let groups = self.map.by_store(authors.into_iter());
        let Some(slot) = self.slots.get_mut(&user) else { return };
        if !slot.expect(build, stamp, groups.iter().map(|(store, _)| *store).collect()) {
            return;
        }
        // Even an unbounded timeline is built from no more than would be kept.
        let count = self.plan.keep;
        for (store, authors) in groups {
            cx.send(store, Msg::Lists { ticket: build, authors, count });
        }
        self.finish_if_done(build, cx);
    }

    fn know_lists(&mut self, from: NodeId, build: u64, lists: Vec<(u32, Vec<PostId>)>, cx: &mut Ctx<'_>) {
        let Some((user, _)) = self.builds.get(&build).copied() else { return };
        if let Some(slot) = self.slots.get_mut(&user) {
            slot.gather(build, from, lists.into_iter().map(|(_, ids)| ids));
        }
        self.finish_if_done(build, cx);
    }

    fn finish_if_done(&mut self, build: u64, cx: &mut Ctx<'_>) {
        let Some((user, _)) = self.builds.get(&build).copied() else { return };
        let rules = self.rules(cx);
        let Some(slot) = self.slots.get_mut(&user) else { return };
        if !slot.finish(build, self.plan.keep, rules, &self.tombstones) {
            return;
        }
        self.builds.remove(&build);
        cx.fact(Fact::Rebuilt { len: slot.len() });
        let wait = self.desk.serve(cx.now(), cost::INSERT * slot.len() as u64);
        for (reader, ticket, count) in slot.take_readers() {
            let ids = slot.newest(count).unwrap_or_default();
            cx.send_after(wait, reader, Msg::Shown { ticket, ids });
        }
        self.refill(cx);
    }

    /// Starts builds over whose questions or answers were lost.
    fn tend_builds(&mut self, cx: &mut Ctx<'_>) {
        self.armed = false;
        let now = cx.now();
        let stuck: Vec<(u64, u32)> =
            self.builds.iter().filter(|(_, (_, since))| now.since(*since) >= BUILD_PATIENCE).map(|(build, (user, _))| (*build, *user)).collect();
        for (build, user) in stuck {
            self.builds.remove(&build);
            self.build(user, cx);
        }
        self.refill(cx);
        self.arm(cx);
    }

    fn arm(&mut self, cx: &mut Ctx<'_>) {
        if !self.armed && self.unfinished() > 0 {
            self.armed = true;
            cx.after(BUILDS, Timer::Builds);
        }
    }

    fn warm(&mut self, now: Time, operations: u32) {
        let second = now.0 / 1_000_000_000;
        let cell = &mut self.heat[second as usize % HEAT];
        if cell.0 != second {
            *cell = (second, 0);
        }
        cell.1 += operations;
    }

    /// Operations in that second, if it is within the last minute.
    pub fn heat(&self, second: u64) -> u32 {
        let (at, count) = self.heat[second as usize % HEAT];
        if at == second { count } else { 0 }
    }

    pub fn slot(&self, user: u32) -> Option<&Slot> {
        self.slots.get(&user)
    }

    pub fn unfinished(&self) -> usize {
        self.builds.len() + self.short.len()
    }

    /// Memory of the timelines themselves.
    pub fn bytes(&self) -> usize {
        self.slots.values().map(Slot::bytes).sum()
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.slots.bytes() + deep(self.slots.values(), Slot::weight) + self.tombstones.bytes() + self.builds.bytes() + self.short.bytes() + self.heat.bytes()
    }

    pub fn look(&self) -> Look {
        let state = if self.builds.is_empty() { State::Idle } else { State::Busy };
        Look { label: format!("{} timelines", self.slots.len()), state, fill: None }
    }
}
