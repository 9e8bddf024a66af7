//! A store with set-if-absent and a time to live: the only one with its replica, or one of Redlock's.

use super::config::{Locks, Replica, Service};
use super::watch::{Change, Fact};
use super::wire::{Answer, Ask, Lock, Msg, Owner, Request, Row, Timer};
use super::{TICK, metrics};
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::lease::{Lease, Table};
use std::collections::VecDeque;

#[derive(Clone)]
pub struct Store {
    /// The other of a pair.
    peer: Option<NodeId>,
    primary: bool,
    /// Whose reign: each promotion begins the next.
    epoch: u64,
    /// Counts the changes of this reign.
    version: u64,
    table: Table<Lock, Owner>,
    /// Answers that wait until the replica has their version.
    waiting: VecDeque<Waiting>,
    /// Whether the peer has been heard in this reign: until then a promoted store serves alone.
    heard: bool,
    ticking: bool,
}

#[derive(Clone)]
struct Waiting {
    version: u64,
    to: NodeId,
    request: Request,
    answer: Answer,
    fact: Option<Change>,
}

/// Answers kept for a replica that is silent; their clients have long given up on older ones.
const WAITING_MAX: usize = 1_000;
const COPY_EVERY: Span = Span::secs(1);

impl Store {
    pub fn alone() -> Store {
        let table = Table::default();
        Store { peer: None, primary: true, epoch: 1, version: 0, table, waiting: VecDeque::new(), heard: true, ticking: false }
    }

    pub fn replica_of(primary: NodeId) -> Store {
        Store { peer: Some(primary), primary: false, ..Store::alone() }
    }

    pub fn pair(&mut self, replica: NodeId) {
        self.peer = Some(replica);
    }

    pub fn is_primary(&self) -> bool {
        self.primary
    }

    pub fn held(&self) -> impl Iterator<Item = (Lock, &Lease<Owner>)> {
        self.table.iter().map(|(lock, lease)| (*lock, lease))
    }

    pub fn start(&mut self, cx: &mut Cx<'_, Locks>) {
        if self.peer.is_some() {
            cx.background(COPY_EVERY, Timer::CopyAgain);
        }
    }

    pub fn crash(&mut self) {
        self.waiting.clear();
        self.ticking = false;
    }

    /// It is back. What it held is there only if it was on disk.
    pub fn restart(&mut self, cx: &mut Cx<'_, Locks>) {
        if !cx.system().persist {
            self.table = Table::default();
        }
        self.start(cx);
        // If another reigns by now, it says so.
        self.copy(cx);
        self.tick_again(cx);
    }

    /// Takes over, with what it has got so far.
    pub fn promote(&mut self, cx: &mut Cx<'_, Locks>) {
        self.primary = true;
        self.epoch += 1;
        self.heard = false;
        self.copy(cx);
        self.tick_again(cx);
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Locks>) {
        match timer {
            Timer::Tick => {
                self.ticking = false;
                self.sweep(cx);
                self.tick_again(cx);
            }
            Timer::CopyLate => self.send_copy(cx),
            Timer::CopyAgain => {
                self.copy(cx);
                cx.background(COPY_EVERY, Timer::CopyAgain);
            }
            _ => {}
        }
    }

    pub fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Locks>) {
        match msg {
            Msg::Ask(request) => self.asked(from, request, cx),
            Msg::Copy { epoch, version, rows, issued } => self.take_copy(from, (epoch, version), &rows, issued, cx),
            Msg::Copied { epoch, version } if epoch == self.epoch && self.primary => {
                self.heard = true;
                while self.waiting.front().is_some_and(|waiting| waiting.version <= version) {
                    if let Some(waiting) = self.waiting.pop_front() {
                        answer(&waiting, cx);
                    }
                }
            }
            _ => {}
        }
    }

    fn asked(&mut self, from: NodeId, request: Request, cx: &mut Cx<'_, Locks>) {
        cx.count(metrics::ASKS, 1);
        if !self.primary {
            let answer = Answer::NotLeader { hint: self.peer };
            return cx.send(from, Msg::Answer { request, answer });
        }
        self.sweep(cx);
        let (answered, fact) = self.decide(&request, cx);
        let changed = matches!(answered, Answer::Granted { .. } | Answer::Renewed | Answer::Freed);
        let waiting = Waiting { version: self.version + u64::from(changed), to: from, request, answer: answered, fact };
        if changed {
            self.version += 1;
            self.copy(cx);
            self.tick_again(cx);
        }
        if changed && cx.system().replica == Replica::Sync && self.peer.is_some() && self.heard {
            self.waiting.push_back(waiting);
            if self.waiting.len() > WAITING_MAX {
                self.waiting.pop_front();
            }
        } else {
            answer(&waiting, cx);
        }
    }

    fn decide(&mut self, request: &Request, cx: &mut Cx<'_, Locks>) -> (Answer, Option<Change>) {
        let (lock, owner, now) = (request.lock, request.owner, cx.system().clock(cx));
        let until = cx.now() + request.ttl;
        match request.ask {
            Ask::Take => {
                let before = self.table.issued();
                match self.table.take(lock, owner, now, request.ttl) {
                    Ok(token) if self.table.issued() > before => (Answer::Granted { token }, Some(Change::Granted { owner, token, until })),
                    Ok(token) => (Answer::Granted { token }, Some(Change::Renewed { owner, until })),
                    Err(_) => {
                        cx.count(metrics::BUSY, 1);
                        (Answer::Busy, None)
                    }
                }
            }
            Ask::Renew if self.table.renew(&lock, owner, now, request.ttl) => (Answer::Renewed, Some(Change::Renewed { owner, until })),
            Ask::Renew => (Answer::NotYours, None),
            Ask::Free if cx.system().owner_check => {
                let freed = self.table.release(&lock, owner);
                if freed { (Answer::Freed, Some(Change::Freed { by: owner, of: owner })) } else { (Answer::NotYours, None) }
            }
            Ask::Free => match self.table.remove(&lock) {
                Some(lease) => (Answer::Freed, Some(Change::Freed { by: owner, of: lease.owner })),
                None => (Answer::NotYours, None),
            },
        }
    }

    /// Drops what is over by this store's clock.
    fn sweep(&mut self, cx: &mut Cx<'_, Locks>) {
        let now = cx.system().clock(cx);
        for (lock, lease) in self.table.sweep(now) {
            self.version += 1;
            if self.primary && cx.system().service == Service::One {
                cx.log(format!("the lease of {} on lock {lock} is over", lease.owner));
                cx.fact(Fact::Service { index: None, lock, change: Change::Ended { owner: lease.owner } });
            }
        }
    }

    /// While something will end by itself, there is something to wait for.
    fn tick_again(&mut self, cx: &mut Cx<'_, Locks>) {
        if !self.ticking && self.table.next_end().is_some_and(|end| end < Time::MAX) {
            self.ticking = true;
            cx.after(TICK, Timer::Tick);
        }
    }

    /// Brings the replica up to date: at once, or, where nobody waits for it, when the stream gets round to it.
    fn copy(&mut self, cx: &mut Cx<'_, Locks>) {
        if self.peer.is_none() || !self.primary {
            return;
        }
        if cx.system().replica == Replica::Async {
            let lag = cx.system().lag;
            cx.background(lag, Timer::CopyLate);
        } else {
            self.send_copy(cx);
        }
    }

    /// The whole table: it is small, and a copy that got lost is made good by the next.
    fn send_copy(&mut self, cx: &mut Cx<'_, Locks>) {
        let Some(peer) = self.peer.filter(|_| self.primary) else { return };
        let now = cx.system().clock(cx);
        let left = |until: Time| if until == Time::MAX { Span(u64::MAX) } else { until.since(now) };
        let rows = self.table.iter().map(|(lock, lease)| Row { lock: *lock, owner: lease.owner, token: lease.token, left: left(lease.until) }).collect();
        cx.send(peer, Msg::Copy { epoch: self.epoch, version: self.version, rows, issued: self.table.issued() });
    }

    fn take_copy(&mut self, from: NodeId, (epoch, version): (u64, u64), rows: &[Row], issued: u64, cx: &mut Cx<'_, Locks>) {
        if epoch < self.epoch {
            // Somebody who slept through a promotion.
            return self.send_copy(cx);
        }
        if epoch > self.epoch {
            (self.primary, self.epoch, self.version) = (false, epoch, 0);
            self.waiting.clear();
        }
        if self.primary {
            return;
        }
        if version >= self.version {
            let now = cx.system().clock(cx);
            let lease = |row: &Row| (row.lock, Lease { owner: row.owner, token: row.token, until: now + row.left });
            self.table.restore(rows.iter().map(lease), issued);
            self.version = version;
            self.tick_again(cx);
        }
        cx.send(from, Msg::Copied { epoch, version });
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.waiting.bytes() + self.table.len() * std::mem::size_of::<(Lock, Lease<Owner>)>()
    }

    pub fn look(&self, system: &Locks) -> Look {
        let holders: Vec<String> = self.held().take(2).map(|(_, lease)| format!("client{} #{}", lease.owner.client, lease.token)).collect();
        let holders = if holders.is_empty() { "free".to_string() } else { holders.join(", ") };
        let (label, state) = match (system.service, self.primary) {
            (Service::One, true) => (format!("primary: {holders}"), State::Leader),
            (Service::One, false) => (format!("replica: {holders}"), State::Idle),
            _ => (holders, if self.table.is_empty() { State::Idle } else { State::Busy }),
        };
        Look { label, state, fill: None }
    }
}

/// Answers, and tells the invariants what was granted: what nobody was told of did not happen.
fn answer(waiting: &Waiting, cx: &mut Cx<'_, Locks>) {
    let Waiting { to, request, answer, fact, .. } = *waiting;
    if let Some(change) = fact.filter(|_| cx.system().service == Service::One) {
        cx.fact(Fact::Service { index: None, lock: request.lock, change });
    }
    cx.send(to, Msg::Answer { request, answer });
}
