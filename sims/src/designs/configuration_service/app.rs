//! An application: it reads settings, updates them, and keeps its instances registered by leases.

use super::machine::{Item, Key, LIVE, Transaction, Value, keys_of, manifest};
use super::message::{Ask, How, Msg, Reply, Timer};
use super::server::Ctx;
use super::system::{ReadMode, Writes};
use super::watch::Fact;
use super::watcher::Seen;
use super::watching::{FETCH, Watching};
use super::{metrics, reasons};
use crate::kernel::load::{Arrivals, Gap, Stream};
use crate::kernel::node::NodeId;
use crate::kernel::queue::Ticket;
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::Flat;
use crate::parts::mvcc::{Compare, Op as Put, Txn};
use crate::parts::raft::{Finder, NotLeader};
use std::collections::BTreeMap;

/// What a request is for.
#[derive(Clone, Debug)]
enum Aim {
    Read,
    /// The read before an update: what will be written depends on it.
    Prepare,
    Update(Transaction),
    /// The second half of an update that is made in two.
    Rest(Transaction),
    Grant {
        holder: u32,
        lease: u64,
    },
    Renew {
        holder: u32,
        lease: u64,
    },
}

#[derive(Clone)]
struct Open {
    aim: Aim,
    service: u32,
    began: Time,
    /// When the present try was sent.
    sent: Time,
    /// The server it was sent to.
    to: NodeId,
    conflicts: u32,
    late: Option<Ticket>,
}

/// One instance that is registered while its lease lives.
#[derive(Clone, Debug)]
pub struct Holder {
    pub key: Key,
    /// 0: none.
    pub lease: u64,
    granted: u32,
}

#[derive(Clone)]
pub struct App {
    pub watching: Watching,
    servers: Vec<NodeId>,
    finder: Finder,
    load: Stream,
    /// Servers that did not answer, and until when they are not asked if others can be.
    suspects: BTreeMap<NodeId, Time>,
    open: BTreeMap<u64, Open>,
    ops: u64,
    pub holders: Vec<Holder>,
    number: u32,
}

/// A request that found the wrong server, or a compare that did not hold, is made again after this.
const AGAIN: Span = Span::millis(20);
/// A server that did not answer is not asked for so long.
const SUSPECTED: Span = Span::secs(10);
const CONFLICTS_MAX: u32 = 8;

impl App {
    pub fn new(number: u32, servers: &[NodeId], watching: Watching, holders: Vec<Key>, load: Rng) -> App {
        let holders = holders.into_iter().map(|key| Holder { key: LIVE + key, lease: 0, granted: 0 }).collect();
        App {
            watching,
            servers: servers.to_vec(),
            finder: Finder::new(servers.to_vec()),
            load: Stream::new(Arrivals::Poisson, load),
            suspects: BTreeMap::new(),
            open: BTreeMap::new(),
            ops: 0,
            holders,
            number,
        }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.watching.start(cx);
        self.wake(cx);
    }

    fn wake(&mut self, cx: &mut Ctx<'_>) {
        self.next_arrival(cx);
        let third = Span(cx.system().ttl.0 / 3);
        for holder in 0..self.holders.len() as u32 {
            let wait = Span(cx.rng().below(third.0.max(1)));
            cx.background(wait, Timer::Renew(holder));
        }
    }

    pub fn crash(&mut self) {
        self.watching.crash();
        self.open.clear();
        for holder in &mut self.holders {
            holder.lease = 0;
        }
    }

    pub fn restart(&mut self, cx: &mut Ctx<'_>) {
        self.watching.restart(cx);
        self.wake(cx);
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Answer { op, reply } if op & FETCH == 0 => self.answered(op, reply, cx),
            msg => self.watching.hear(from, msg, cx),
        }
    }

    pub fn ring(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Arrive => self.arrive(cx),
            Timer::Late(op) => self.late(op, cx),
            Timer::Again(op) => self.send(op, cx),
            Timer::Renew(holder) => self.renew(holder, cx),
            timer => self.watching.ring(timer, cx),
        }
    }

    // ---- load -----------------------------------------------------------------------------------------------------------

    fn next_arrival(&mut self, cx: &mut Ctx<'_>) {
        let rate = cx.system().rate * cx.load() / cx.system().apps as f64;
        let (Gap::Arrival(wait) | Gap::Nothing(wait)) = self.load.gap(rate, cx.now());
        cx.background(wait, Timer::Arrive);
    }

    fn arrive(&mut self, cx: &mut Ctx<'_>) {
        // The wait may have been for a rate of nothing.
        if cx.load() > 0.0 && cx.system().rate > 0.0 {
            let system = cx.shared();
            let service = system.zipf.rank(cx.rng().u64()) as u32;
            if cx.rng().chance(system.write_share) { self.update(service, cx) } else { self.read(service, cx) }
        }
        self.next_arrival(cx);
    }

    fn begin(&mut self, aim: Aim, service: u32, cx: &mut Ctx<'_>) -> u64 {
        self.ops += 1;
        let op = self.ops;
        let late = cx.after(cx.system().patience, Timer::Late(op));
        let to = self.finder.target();
        self.open.insert(op, Open { aim, service, began: cx.now(), sent: cx.now(), to, conflicts: 0, late: Some(late) });
        op
    }

    fn read(&mut self, service: u32, cx: &mut Ctx<'_>) {
        cx.count(metrics::READS, 1);
        if cx.system().read_mode == ReadMode::Cache {
            let watcher = self.watching.all.first();
            let seen = watcher.and_then(|w| w.holds(manifest(service))).unwrap_or_default();
            cx.record(metrics::READ, 0);
            cx.fact(Fact::Asked { app: cx.me(), op: 0, service });
            return self.read_told(0, service, seen, false, cx);
        }
        let op = self.begin(Aim::Read, service, cx);
        cx.fact(Fact::Asked { app: cx.me(), op, service });
        self.send(op, cx);
    }

    /// An update of a service: reads its manifest, then writes it and one item.
    pub fn update(&mut self, service: u32, cx: &mut Ctx<'_>) {
        cx.count(metrics::UPDATES, 1);
        let op = self.begin(Aim::Prepare, service, cx);
        self.send(op, cx);
    }

    fn anyone(&self, cx: &mut Ctx<'_>) -> NodeId {
        let now = cx.now();
        let trusted: Vec<NodeId> = self.servers.iter().copied().filter(|id| self.suspects.get(id).is_none_or(|until| *until <= now)).collect();
        *cx.rng().pick(if trusted.is_empty() { &self.servers } else { &trusted })
    }

    fn send(&mut self, op: u64, cx: &mut Ctx<'_>) {
        let Some(open) = self.open.get(&op) else { return };
        let keys = keys_of(open.service);
        let leader = self.finder.target();
        let (to, ask) = match &open.aim {
            Aim::Read => match cx.system().read_mode {
                ReadMode::Leader => (leader, Ask::Read { keys, how: How::Leader, least: 0 }),
                ReadMode::Follower => (self.anyone(cx), Ask::Read { keys, how: How::Local, least: 0 }),
                ReadMode::Linearizable | ReadMode::Cache => (self.anyone(cx), Ask::Read { keys, how: How::Linearizable, least: 0 }),
            },
            // Whoever compares before it writes may read anywhere; after a conflict it wants to be sure.
            Aim::Prepare => {
                let how = if open.conflicts > 0 { How::Linearizable } else { How::Local };
                (self.anyone(cx), Ask::Read { keys, how, least: 0 })
            }
            Aim::Update(txn) | Aim::Rest(txn) => (leader, Ask::Write(txn.clone())),
            Aim::Grant { holder, lease } => {
                let key = self.holders[*holder as usize].key;
                (leader, Ask::Grant { lease: *lease, ttl: cx.system().ttl, key })
            }
            Aim::Renew { lease, .. } => (leader, Ask::Renew { lease: *lease }),
        };
        if let Some(open) = self.open.get_mut(&op) {
            (open.sent, open.to) = (cx.now(), to);
        }
        cx.send(to, Msg::Ask { op, ask });
    }

    fn close(&mut self, op: u64, cx: &mut Ctx<'_>) -> Option<Open> {
        let open = self.open.remove(&op)?;
        if let Some(late) = open.late {
            cx.cancel(late);
        }
        Some(open)
    }

    /// A further try is another request: a second copy of the last answer must not pass for its answer.
    fn renumber(&mut self, op: u64, cx: &mut Ctx<'_>) -> Option<u64> {
        let open = self.close(op, cx)?;
        self.ops += 1;
        let left = (open.began + cx.system().patience).since(cx.now());
        let late = cx.after(left, Timer::Late(self.ops));
        self.open.insert(self.ops, Open { late: Some(late), ..open });
        Some(self.ops)
    }

    fn again(&mut self, op: u64, cx: &mut Ctx<'_>) {
        cx.after(AGAIN, Timer::Again(op));
    }

    fn answered(&mut self, op: u64, reply: Reply, cx: &mut Ctx<'_>) {
        let Some(open) = self.open.get(&op) else { return };
        match reply {
            Reply::NotLeader(hint) => {
                // Only a request that went to the supposed leader says anything about it.
                if open.to == self.finder.target() {
                    self.finder.redirect(NotLeader { hint });
                }
                self.again(op, cx);
            }
            Reply::Busy => self.failed(op, reasons::BUSY, cx),
            Reply::Items { items, .. } => self.items(op, &items, cx),
            Reply::Done { held, revision } => self.done(op, held, revision, cx),
            Reply::Granted { .. } | Reply::Renewed => self.held(op, cx),
            Reply::NoLease => self.lease_gone(op, cx),
        }
    }

    fn items(&mut self, op: u64, items: &[Item], cx: &mut Ctx<'_>) {
        let Some(open) = self.open.get_mut(&op) else { return };
        let Some(head) = items.first().filter(|item| item.key == manifest(open.service)) else { return };
        let top = items.iter().map(|item| item.value.serial).max().unwrap_or_default();
        match open.aim {
            Aim::Read => {
                cx.record_since(metrics::READ, open.began);
                let seen = Seen { serial: head.value.serial, modified: head.modified, by: head.value.by };
                let (service, torn) = (open.service, top != head.value.serial);
                self.close(op, cx);
                self.read_told(op, service, seen, torn, cx);
            }
            Aim::Prepare => {
                let by = u64::from(self.number + 1) << 40 | op;
                let value = Value { serial: head.value.serial + 1, base: head.modified, sent: open.began, by };
                let item = head.key + 1 + value.serial % (super::machine::ITEMS - 1);
                let put = |key| Put::Put { key, value, lease: 0 };
                let compares = vec![Compare::unchanged(head.key, head.modified)];
                open.aim = Aim::Update(match cx.system().writes {
                    Writes::Compare => Txn { compares, then: vec![put(head.key), put(item)], otherwise: Vec::new() },
                    Writes::Blind => Txn::of(vec![put(head.key), put(item)]),
                    Writes::Split => Txn { compares, then: vec![put(item)], otherwise: Vec::new() },
                });
                let from = (cx.system().writes == Writes::Compare).then_some(head.value.by);
                cx.fact(Fact::Wrote { app: cx.me(), op, service: open.service, from, to: by });
                self.send(op, cx);
            }
            _ => {}
        }
    }

    fn read_told(&mut self, op: u64, service: u32, seen: Seen, torn: bool, cx: &mut Ctx<'_>) {
        cx.fact(Fact::Answered { app: cx.me(), op, service, seen, torn });
        if let Some(stale) = cx.rest.watch.stale_by {
            cx.count(metrics::STALE, 1);
            cx.record(metrics::STALENESS, stale.0);
        }
    }

    fn done(&mut self, op: u64, held: bool, revision: u64, cx: &mut Ctx<'_>) {
        let Some(open) = self.open.get_mut(&op) else { return };
        let split = cx.system().writes == Writes::Split;
        match &open.aim {
            Aim::Update(_) if !held => {
                cx.count(metrics::CONFLICTS, 1);
                cx.fact(Fact::Swapped { app: cx.me(), op, held });
                open.conflicts += 1;
                open.aim = Aim::Prepare;
                let conflicts = open.conflicts;
                let Some(op) = self.renumber(op, cx) else { return };
                if conflicts > CONFLICTS_MAX { self.failed(op, reasons::CONFLICT, cx) } else { self.again(op, cx) }
            }
            Aim::Update(txn) if split && txn.then.len() == 1 => {
                let value = txn.then.iter().find_map(|op| if let Put::Put { value, .. } = op { Some(*value) } else { None });
                open.aim = Aim::Rest(Txn::put(manifest(open.service), value.unwrap_or_default()));
                self.send(op, cx);
            }
            Aim::Update(_) | Aim::Rest(_) => {
                cx.count(metrics::UPDATED, 1);
                cx.record_since(metrics::UPDATE, open.began);
                cx.fact(Fact::Completed { revision });
                cx.fact(Fact::Swapped { app: cx.me(), op, held });
                self.close(op, cx);
            }
            _ => {}
        }
    }

    fn late(&mut self, op: u64, cx: &mut Ctx<'_>) {
        let Some(open) = self.open.get(&op) else { return };
        if open.to == self.finder.target() {
            self.finder.no_answer();
        }
        self.suspects.insert(open.to, cx.now() + SUSPECTED);
        self.failed(op, reasons::TIMEOUT, cx);
    }

    fn failed(&mut self, op: u64, reason: usize, cx: &mut Ctx<'_>) {
        let Some(open) = self.close(op, cx) else { return };
        match open.aim {
            Aim::Grant { holder, .. } | Aim::Renew { holder, .. } => drop(cx.background(AGAIN * 5, Timer::Renew(holder))),
            Aim::Read | Aim::Prepare | Aim::Update(_) | Aim::Rest(_) => {
                cx.fact(Fact::GaveUp { app: cx.me(), op });
                cx.fail(reason);
            }
        }
    }

    // ---- leases ---------------------------------------------------------------------------------------------------------

    fn renew(&mut self, holder: u32, cx: &mut Ctx<'_>) {
        // At rest nobody renews: every lease must end.
        if cx.draining() {
            return;
        }
        let one = &mut self.holders[holder as usize];
        let aim = if one.lease == 0 {
            one.granted += 1;
            // Unique over applications, their instances and their lives.
            let lease = u64::from(self.number + 1) << 48 | u64::from(holder) << 32 | u64::from(one.granted);
            Aim::Grant { holder, lease }
        } else {
            Aim::Renew { holder, lease: one.lease }
        };
        let op = self.begin(aim, 0, cx);
        self.send(op, cx);
    }

    /// A lease is good for its time from when this was *sent*: nothing later is certain.
    fn held(&mut self, op: u64, cx: &mut Ctx<'_>) {
        let Some(open) = self.close(op, cx) else { return };
        let (Aim::Grant { holder, lease } | Aim::Renew { holder, lease }) = open.aim else { return };
        self.holders[holder as usize].lease = lease;
        cx.count(metrics::RENEWALS, 1);
        cx.fact(Fact::Held { lease, since: open.sent });
        cx.background(Span(cx.system().ttl.0 / 3), Timer::Renew(holder));
    }

    fn lease_gone(&mut self, op: u64, cx: &mut Ctx<'_>) {
        let Some(open) = self.close(op, cx) else { return };
        match open.aim {
            Aim::Renew { holder, .. } => {
                cx.count(metrics::LEASES_LOST, 1);
                self.holders[holder as usize].lease = 0;
                self.renew(holder, cx);
            }
            Aim::Grant { holder, .. } => drop(cx.background(AGAIN * 5, Timer::Renew(holder))),
            _ => cx.fail(reasons::CONFLICT),
        }
    }

    pub fn weight(&self) -> usize {
        self.watching.weight() + self.open.bytes() + self.holders.bytes()
    }
}
