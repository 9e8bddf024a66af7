//! What must hold, judged from what servers, watchers and applications tell: a shadow of history, of watchers and of leases.

use super::machine::{Batch, Change, ITEMS, LIVE, manifest, told};
use super::system::Config;
use super::watcher::Seen;
use super::{STABLE_TICK, lamps};
use crate::kernel::invariant::Lamps;
use crate::kernel::node::{NodeId, Watch};
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::{Flat, deep};
use crate::parts::linear::register::{Op, Out};
use crate::parts::linear::{CallId, History, Register};
use crate::parts::raft::{self, RaftWatch};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub enum Fact {
    Raft(raft::Fact),
    /// A server has applied a revision.
    Applied {
        changes: Arc<[Change]>,
    },
    /// A watcher has taken changes in.
    Got {
        watcher: u32,
        service: Option<u32>,
        batch: Batch,
    },
    /// A watcher believes that it has had everything up to a revision.
    Progress {
        watcher: u32,
        service: Option<u32>,
        upto: u64,
    },
    /// It was told that it cannot go on.
    Told {
        watcher: u32,
    },
    /// It has read everything anew.
    Based {
        watcher: u32,
        service: Option<u32>,
        revision: u64,
        polled: bool,
    },
    /// Its process was started anew.
    Forgot {
        watcher: u32,
    },
    /// A read begins, ends, is given up.
    Asked {
        app: NodeId,
        op: u64,
        service: u32,
    },
    Answered {
        app: NodeId,
        op: u64,
        service: u32,
        seen: Seen,
        torn: bool,
    },
    /// A transaction is sent for the first time; it swaps what stands there, or writes whatever does.
    Wrote {
        app: NodeId,
        op: u64,
        service: u32,
        from: Option<u64>,
        to: u64,
    },
    Swapped {
        app: NodeId,
        op: u64,
        held: bool,
    },
    /// Nobody waits any more for what a read or a transaction gives.
    GaveUp {
        app: NodeId,
        op: u64,
    },
    /// An update was acknowledged.
    Completed {
        revision: u64,
    },
    /// A server leads and has not stood still since.
    Leads {
        term: u64,
        since: Time,
    },
    Granted {
        lease: u64,
        ttl: Span,
    },
    /// A leader has given a lease its time anew.
    Renewed {
        lease: u64,
    },
    /// Its holder has been told so, and had asked at that moment.
    Held {
        lease: u64,
        since: Time,
    },
    /// A leader proposes its end.
    Expiring {
        lease: u64,
    },
    Gone {
        lease: u64,
    },
}

#[derive(Clone, Default)]
pub struct ConfigWatch {
    raft: RaftWatch,
    /// When each revision was first applied.
    applied: BTreeMap<u64, Time>,
    /// Revisions that changed a service, and those that changed any; without what every watcher has passed.
    services: BTreeMap<u32, Vec<u64>>,
    every: Vec<u64>,
    /// The length of that list at which to forget next.
    forget_at: usize,
    pairs: BTreeMap<u32, Pair>,
    watchers: Vec<Place>,
    /// The highest revision that somebody was told is there.
    completed: u64,
    /// What reads under way must see.
    reads: BTreeMap<(NodeId, u64), u64>,
    /// What applications called and were answered: who wrote the manifests, for the checker.
    history: History<u32, Register>,
    calls: BTreeMap<(NodeId, u64), (CallId, bool)>,
    /// The one read of an application and service that is told to the checker: its work doubles with each that is open besides.
    reading: BTreeMap<(NodeId, u32), u64>,
    leases: BTreeMap<u64, Lease>,
    /// Term of the latest leader, and since when it has not stood still.
    leader: Option<(u64, Time)>,
    /// By how much the latest read was stale: what the metric records.
    pub stale_by: Option<Span>,
    /// How long after its last acknowledged renewal the latest lease went.
    pub lease_tail: Option<Span>,
}

/// A service's manifest as last written, and the highest serial of its items.
#[derive(Clone, Copy, Default)]
struct Pair {
    modified: u64,
    serial: u32,
    top: u32,
}

#[derive(Clone, Copy)]
struct Place {
    at: u64,
    told: bool,
}

#[derive(Clone, Copy)]
struct Lease {
    ttl: Span,
    /// When a leader last gave it time.
    accepted: Time,
    /// When its holder sent what was last acknowledged.
    held: Option<Time>,
    expiring: bool,
}

/// What every watcher has passed is forgotten whenever so many revisions have come.
const REVISIONS: usize = 1_024;

impl ConfigWatch {
    /// So many watchers there are, and all begin at a revision.
    pub fn begin(&mut self, watchers: u32, at: u64) {
        self.watchers = vec![Place { at, told: false }; watchers as usize];
    }

    /// Forgets the revisions that every watcher has passed, but for the latest of each list: an older read is still found out.
    fn forget(&mut self) {
        if self.every.len() < self.forget_at {
            return;
        }
        self.forget_at += REVISIONS;
        let Some(floor) = self.watchers.iter().filter(|place| !place.told).map(|place| place.at).min() else { return };
        for list in self.services.values_mut().chain([&mut self.every]) {
            let passed = list.partition_point(|revision| *revision <= floor);
            list.drain(..passed.saturating_sub(1));
        }
        let kept: BTreeSet<u64> = self.services.values().flatten().copied().collect();
        self.applied.retain(|revision, _| *revision > floor || kept.contains(revision));
        self.forget_at = self.every.len() + REVISIONS;
    }

    fn applied(&mut self, now: Time, changes: &[Change], lamps: &mut Lamps) {
        let Some(revision) = changes.first().map(|change| change.at.revision) else { return };
        if self.applied.last_key_value().is_some_and(|(newest, _)| *newest >= revision) {
            return;
        }
        self.applied.insert(revision, now);
        self.forget();
        let mut touched: Vec<u32> = changes.iter().filter(|c| c.key < LIVE).map(|c| c.key / ITEMS).collect();
        touched.dedup();
        if !touched.is_empty() {
            self.every.push(revision);
        }
        for service in touched {
            self.services.entry(service).or_default().push(revision);
            let pair = self.pairs.entry(service).or_insert(Pair { modified: u64::from(service) + 1, ..Pair::default() });
            for change in changes.iter().filter(|c| c.key < LIVE && c.key / ITEMS == service) {
                let Some(value) = change.value else { continue };
                if change.key == manifest(service) {
                    let (base, stood) = (value.base, pair.modified);
                    lamps.judge(lamps::ATOMIC, now, base == stood, || {
                        format!(
                            "revision {revision} replaced {} of revision {stood}, but its writer had read revision {base}: an update is lost",
                            told(change.key)
                        )
                    });
                    (pair.modified, pair.serial) = (revision, value.serial);
                } else {
                    pair.top = pair.top.max(value.serial);
                }
            }
            let Pair { serial, top, .. } = *pair;
            lamps.judge(lamps::ATOMIC, now, top == serial, || {
                format!("at revision {revision} the manifest of service {} says update {serial}, an item says {top}: half an update", service + 1)
            });
        }
    }

    fn list(&self, service: Option<u32>) -> &[u64] {
        service.map_or(&self.every, |service| self.services.get(&service).map_or(&[], |list| list))
    }

    /// The first change of a watcher's keys after a revision.
    fn next(&self, service: Option<u32>, after: u64) -> Option<u64> {
        let list = self.list(service);
        list.get(list.partition_point(|revision| *revision <= after)).copied()
    }

    fn place(&mut self, watcher: u32) -> &mut Place {
        &mut self.watchers[watcher as usize]
    }

    fn got(&mut self, now: Time, watcher: u32, service: Option<u32>, batch: &Batch, lamps: &mut Lamps) {
        let mut at = self.place(watcher).at;
        let mut last = 0;
        for change in batch.changes.iter() {
            let revision = change.at.revision;
            if revision == last {
                continue;
            }
            last = revision;
            let due = self.next(service, at);
            lamps.judge(lamps::COMPLETE, now, due == Some(revision), || match due {
                Some(due) if due < revision => format!("watcher {watcher} got revision {revision}, but {due} came before it and was never seen"),
                _ => format!("watcher {watcher} got revision {revision} after {at}: again, or out of order"),
            });
            at = at.max(revision);
        }
        self.place(watcher).at = at;
        self.progress(now, watcher, service, batch.upto, lamps);
    }

    fn progress(&mut self, now: Time, watcher: u32, service: Option<u32>, upto: u64, lamps: &mut Lamps) {
        let at = self.place(watcher).at;
        let missed = self.next(service, at).filter(|revision| *revision <= upto);
        lamps.judge(lamps::COMPLETE, now, missed.is_none(), || {
            format!("watcher {watcher} goes on from revision {upto}, but revision {} changed its keys and it was not told", missed.unwrap_or_default())
        });
        self.place(watcher).at = at.max(upto);
    }

    fn answered(&mut self, now: Time, floor: u64, service: u32, modified: u64, lamps: &mut Lamps) {
        let missed = self.next(Some(service), modified).filter(|revision| *revision <= floor);
        let when = missed.and_then(|revision| self.applied.get(&revision)).copied();
        self.stale_by = when.map(|when| now.since(when));
        lamps.judge(lamps::LINEAR, now, missed.is_none(), || {
            format!(
                "a read of service {} gave revision {modified}, though revision {} was known to somebody before it began",
                service + 1,
                missed.unwrap_or_default()
            )
        });
        self.completed = self.completed.max(modified);
    }

    fn call(&mut self, now: Time, app: NodeId, op: u64, service: u32, call: Op) {
        if call == Op::Read && self.reading.contains_key(&(app, service)) {
            return;
        }
        if call == Op::Read {
            self.reading.insert((app, service), op);
        }
        let id = self.history.invoke(now, service + 1, app.0, call);
        self.calls.insert((app, op), (id, matches!(call, Op::Swap { .. })));
    }

    fn read_over(&mut self, app: NodeId, op: u64) {
        self.reading.retain(|(reader, _), read| *reader != app || *read != op);
    }

    fn respond(&mut self, now: Time, app: NodeId, op: u64, out: Out) {
        self.read_over(app, op);
        if let Some((call, _)) = self.calls.remove(&(app, op)) {
            self.history.respond(now, call, out);
        }
    }

    /// Whether one order of all calls explains what was answered.
    pub fn judge_history(&self, now: Time, lamps: &mut Lamps) {
        self.history.judge(lamps::HISTORY, now, lamps);
    }

    /// Leases that should be over by now: their time, from when the leader last gave it or took office, and a tick.
    fn overdue(&mut self, now: Time, lamps: &mut Lamps) {
        let Some((_, since)) = self.leader else { return };
        for (id, lease) in &self.leases {
            let due = lease.accepted.max(since) + lease.ttl + STABLE_TICK + Span::millis(10);
            lamps.judge(lamps::LATE, now, lease.expiring || now <= due, || {
                format!("lease {id:x} was last given {:.1} s at {} and is still there", lease.ttl.as_secs(), lease.accepted.max(since))
            });
        }
    }

    fn gone(&mut self, now: Time, id: u64, lamps: &mut Lamps) {
        let Some(lease) = self.leases.remove(&id) else { return };
        self.lease_tail = lease.held.map(|held| now.since(held));
        if let Some(held) = lease.held {
            lamps.judge(lamps::EARLY, now, now >= held + lease.ttl, || {
                format!(
                    "lease {id:x} went {:.3} s after its holder had asked for {:.1} s and been granted them",
                    now.since(held).as_secs(),
                    lease.ttl.as_secs()
                )
            });
        }
    }
}

/// What a manifest holds, as the checker's register has it: before the first update nothing.
fn stored(by: u64) -> Option<u64> {
    (by > 0).then_some(by)
}

impl Watch<Config> for ConfigWatch {
    type Fact = Fact;

    fn see(&mut self, now: Time, fact: Fact, _system: &Config, lamps: &mut Lamps) {
        match fact {
            Fact::Raft(fact) => self.raft.see(now, &fact, lamps::RAFT, lamps),
            Fact::Applied { changes } => self.applied(now, &changes, lamps),
            Fact::Got { watcher, service, batch } => self.got(now, watcher, service, &batch, lamps),
            Fact::Progress { watcher, service, upto } => self.progress(now, watcher, service, upto, lamps),
            Fact::Told { watcher } => self.place(watcher).told = true,
            Fact::Based { watcher, service, revision, polled } => {
                let Place { at, told } = *self.place(watcher);
                if !polled {
                    let missed = self.next(service, at).filter(|missed| *missed <= revision && !told);
                    lamps.judge(lamps::COMPLETE, now, missed.is_none() && revision >= at, || {
                        format!("watcher {watcher} went from revision {at} to {revision} without being told that it had missed something")
                    });
                    if told {
                        lamps.reach(lamps::RESYNCED);
                    }
                }
                *self.place(watcher) = Place { at: revision, told: false };
            }
            Fact::Forgot { watcher } => *self.place(watcher) = Place { at: 0, told: true },
            Fact::Asked { app, op, service } => {
                self.reads.insert((app, op), self.completed);
                self.call(now, app, op, service, Op::Read);
            }
            Fact::Answered { app, op, service, seen, torn } => {
                let floor = self.reads.remove(&(app, op)).unwrap_or_default();
                lamps.judge(lamps::ATOMIC, now, !torn, || format!("a read of service {} saw half an update", service + 1));
                self.answered(now, floor, service, seen.modified, lamps);
                self.respond(now, app, op, Out::Value(stored(seen.by)));
            }
            Fact::Wrote { app, op, service, from, to } => {
                let call = from.map_or(Op::Write(stored(to)), |from| Op::Swap { from: stored(from), to: stored(to) });
                self.call(now, app, op, service, call);
            }
            Fact::Swapped { app, op, held } => {
                match self.calls.get(&(app, op)) {
                    Some((_, true)) => self.respond(now, app, op, Out::Swapped(held)),
                    Some((_, false)) if held => self.respond(now, app, op, Out::Done),
                    // Its first half was refused: nothing was written.
                    Some((call, _)) => {
                        self.history.fail(*call);
                        self.calls.remove(&(app, op));
                    }
                    None => {}
                }
            }
            Fact::GaveUp { app, op } => {
                self.reads.remove(&(app, op));
                self.read_over(app, op);
                if let Some((call, _)) = self.calls.remove(&(app, op)) {
                    self.history.lose(call);
                }
            }
            Fact::Completed { revision } => self.completed = self.completed.max(revision),
            Fact::Leads { term, since } => {
                // An earlier leader may not know yet that it is none.
                if self.leader.is_none_or(|(known, _)| term >= known) {
                    self.leader = Some((term, since));
                    self.overdue(now, lamps);
                }
            }
            Fact::Granted { lease, ttl } => {
                let fresh = Lease { ttl, accepted: now, held: None, expiring: false };
                self.leases.entry(lease).and_modify(|known| known.accepted = now).or_insert(fresh);
            }
            Fact::Renewed { lease } => {
                if let Some(lease) = self.leases.get_mut(&lease) {
                    lease.accepted = now;
                }
            }
            Fact::Held { lease, since } => {
                if let Some(lease) = self.leases.get_mut(&lease) {
                    lease.held = lease.held.max(Some(since));
                }
            }
            Fact::Expiring { lease } => {
                if let Some(lease) = self.leases.get_mut(&lease) {
                    lease.expiring = true;
                }
            }
            Fact::Gone { lease } => self.gone(now, lease, lamps),
        }
    }

    fn weight(&self) -> usize {
        let lists = self.services.bytes() + deep(self.services.values(), Flat::bytes) + self.every.bytes() + self.applied.bytes();
        self.raft.weight()
            + lists
            + self.pairs.bytes()
            + self.watchers.bytes()
            + self.reads.bytes()
            + self.leases.bytes()
            + self.history.weight()
            + self.calls.bytes()
    }
}
