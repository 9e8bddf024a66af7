//! An API server: before it does the work it asks the limiter, which may be the store, itself, or both now and then.

use super::message::{Entry, Msg, Outcome, Request, Timer};
use super::store::Table;
use super::system::{ADDRESS, Outage, Placement, Promised, RateLimiter, USER, connection, key};
use super::watch::{Fact, Verdict};
use super::{DECISION, QUEUED, STORE_AWAY, UNJUDGED};
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::queue::Ticket;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::{Flat, deep};
use crate::parts::hash::mix;
use crate::parts::limiter::Decision;
use std::collections::BTreeMap;

#[derive(Clone)]
pub struct Server {
    stores: Vec<NodeId>,
    clients: Option<NodeId>,
    /// Never used twice, not even across a crash: a late answer must not decide somebody else's request.
    next: u64,
    /// Requests whose decision is under way.
    waiting: BTreeMap<u64, Check>,
    /// This server's own counts: all there is with `local`, a copy with `local-sync`, a fallback otherwise.
    table: Table,
    /// What was let through of each key since the last report.
    spent: BTreeMap<u64, u64>,
}

/// A request on its way through the rules it must pass.
#[derive(Clone, Debug)]
struct Check {
    request: Request,
    since: Time,
    keys: Vec<u64>,
    /// How many of the keys have let it through.
    passed: usize,
    wait_ns: u64,
    give_up: Ticket,
}

impl Server {
    pub fn new(stores: Vec<NodeId>) -> Server {
        Server { stores, clients: None, next: 0, waiting: BTreeMap::new(), table: Table::default(), spent: BTreeMap::new() }
    }

    pub fn table(&self) -> &Table {
        &self.table
    }

    pub fn start(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        // Servers report at different moments: each draws its own.
        let first = cx.system().sync_period.times(cx.rng().unit());
        cx.background(first, Timer::Sync);
    }

    pub fn crash(&mut self) {
        self.waiting.clear();
        self.table.clear();
        self.spent.clear();
    }

    pub fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, RateLimiter>) {
        match msg {
            Msg::Request(request) => {
                self.clients = Some(from);
                self.receive(request, cx);
            }
            Msg::Decided { ticket, allowed, wait_ns } => self.go_on(ticket, allowed, wait_ns, cx),
            Msg::State { ticket, entry, at } => self.judge_copy(ticket, entry, at, cx),
            Msg::Counted { ticket, count, at } => self.judge_count(ticket, count, at, cx),
            Msg::Merged(entries) => self.merge(entries, cx),
            _ => {}
        }
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, RateLimiter>) {
        match timer {
            Timer::GiveUp { ticket } => self.give_up(ticket, cx),
            Timer::Pour(request) => self.answer(request, Outcome::Passed, cx),
            Timer::Sync => self.sync(cx),
            _ => {}
        }
    }

    fn receive(&mut self, request: Request, cx: &mut Cx<'_, RateLimiter>) {
        let (user, address) = (key(USER, u64::from(request.user)), key(ADDRESS, u64::from(request.ip)));
        let keys = match cx.system().rules {
            "ip" => vec![address],
            "user-and-ip" => vec![user, address],
            "ip-port" => vec![connection(request.ip, request.port)],
            _ => vec![user],
        };
        let placement = cx.system().placement;
        if matches!(placement, Placement::Local | Placement::Synced) {
            cx.record(DECISION, 0);
            let decision = self.decide_here(&keys, placement == Placement::Synced, cx);
            return self.finish(request, decision, cx);
        }
        self.next += 1;
        let timeout = cx.system().timeout;
        let give_up = cx.after(timeout, Timer::GiveUp { ticket: self.next });
        self.waiting.insert(self.next, Check { request, since: cx.now(), keys, passed: 0, wait_ns: 0, give_up });
        self.ask(self.next, cx);
    }

    /// Asks the store of the next key.
    fn ask(&mut self, ticket: u64, cx: &mut Cx<'_, RateLimiter>) {
        let Some(check) = self.waiting.get(&ticket) else { return };
        let key = check.keys[check.passed];
        let system = cx.system();
        let at = system.server_clock.then(|| cx.clock().0);
        let msg = match system.placement {
            _ if system.algorithm == "incr-expire" => Msg::Increment { ticket, key },
            Placement::Racy => Msg::Read { ticket, key },
            _ => Msg::Take { ticket, key, at },
        };
        cx.send(self.store_of(key), msg);
    }

    fn store_of(&self, key: u64) -> NodeId {
        self.stores[mix(key) as usize % self.stores.len()]
    }

    /// One key has judged. The request passes when all have let it through.
    fn go_on(&mut self, ticket: u64, allowed: bool, wait_ns: u64, cx: &mut Cx<'_, RateLimiter>) {
        let Some(check) = self.waiting.get_mut(&ticket) else { return };
        check.passed += 1;
        check.wait_ns = check.wait_ns.max(wait_ns);
        if allowed && check.passed < check.keys.len() {
            return self.ask(ticket, cx);
        }
        let Some(check) = self.waiting.remove(&ticket) else { return };
        cx.cancel(check.give_up);
        cx.record_since(DECISION, check.since);
        let decision = if allowed { Decision::Allow { wait_ns: check.wait_ns } } else { Decision::Refuse { retry_ns: 0 } };
        self.finish(check.request, decision, cx);
    }

    /// Judges a copy of the state and writes back what became of it: whoever did the same meanwhile is overwritten.
    fn judge_copy(&mut self, ticket: u64, mut entry: Entry, at: u64, cx: &mut Cx<'_, RateLimiter>) {
        let Some(key) = self.waiting.get(&ticket).map(|check| check.keys[check.passed]) else { return };
        let system = cx.shared();
        let promised = system.promised(key);
        if entry.promise != promised.mark {
            entry = Entry { promise: promised.mark, kept: promised.rule.fresh() };
        }
        let at = if system.server_clock { cx.clock().0 } else { at };
        let decision = promised.rule.decide(&mut entry.kept, at);
        report(key, decision, Some(promised.rule.reported(&entry.kept, at)), cx);
        let wait_ns = if let Decision::Allow { wait_ns } = decision { wait_ns } else { 0 };
        if decision.allowed() {
            cx.send(self.store_of(key), Msg::Write { key, entry });
        }
        self.go_on(ticket, decision.allowed(), wait_ns, cx);
    }

    /// The second step of `incr-expire`: whoever counted to 1 sets the expiry, if it lives so long.
    fn judge_count(&mut self, ticket: u64, count: i64, at: u64, cx: &mut Cx<'_, RateLimiter>) {
        let Some(key) = self.waiting.get(&ticket).map(|check| check.keys[check.passed]) else { return };
        if count == 1 {
            cx.send(self.store_of(key), Msg::Expire { key });
        }
        let remaining = cx.system().promised(key).quota.limit as i64 - count;
        let verdict = if remaining >= 0 { Verdict::Granted } else { Verdict::Refused };
        cx.fact(Fact { key, at, verdict, remaining: Some(remaining) });
        self.go_on(ticket, remaining >= 0, 0, cx);
    }

    /// Judges by this server's own table, and its own clock.
    fn decide_here(&mut self, keys: &[u64], synced: bool, cx: &mut Cx<'_, RateLimiter>) -> Decision {
        let system = cx.shared();
        let now = cx.clock().0;
        let mut longest = 0;
        for key in keys {
            let promised: &Promised = if synced { system.promised(*key) } else { system.promised_locally(*key) };
            let (decision, remaining) = self.table.with(*key, promised, |kept| {
                let decision = promised.rule.decide(kept, now);
                (decision, promised.rule.reported(kept, now))
            });
            if synced {
                // A key that is only refused is reported too: the others may have stopped using it.
                *self.spent.entry(*key).or_default() += u64::from(decision.allowed());
            }
            report(*key, decision, Some(remaining), cx);
            match decision {
                Decision::Allow { wait_ns } => longest = longest.max(wait_ns),
                Decision::Refuse { .. } => return decision,
            }
        }
        Decision::Allow { wait_ns: longest }
    }

    /// The store is silent: the failure policy decides.
    fn give_up(&mut self, ticket: u64, cx: &mut Cx<'_, RateLimiter>) {
        let Some(check) = self.waiting.remove(&ticket) else { return };
        cx.record_since(DECISION, check.since);
        match cx.system().outage {
            Outage::Closed => {
                cx.fail(STORE_AWAY);
                self.answer(check.request, Outcome::Failed, cx);
            }
            Outage::Open => {
                cx.count(UNJUDGED, 1);
                for key in &check.keys[check.passed..] {
                    report(*key, Decision::ALLOW, None, cx);
                }
                self.finish(check.request, Decision::ALLOW, cx);
            }
            Outage::Local => {
                cx.count(UNJUDGED, 1);
                let decision = self.decide_here(&check.keys[check.passed..], false, cx);
                self.finish(check.request, decision, cx);
            }
        }
    }

    /// Tells the client, after the wait in a leaky bucket's queue.
    fn finish(&mut self, request: Request, decision: Decision, cx: &mut Cx<'_, RateLimiter>) {
        match decision {
            Decision::Refuse { .. } => self.answer(request, Outcome::Refused, cx),
            Decision::Allow { wait_ns: 0 } => self.answer(request, Outcome::Passed, cx),
            Decision::Allow { wait_ns } => {
                cx.record(QUEUED, wait_ns);
                cx.after(Span(wait_ns), Timer::Pour(request));
            }
        }
    }

    fn answer(&self, request: Request, outcome: Outcome, cx: &mut Cx<'_, RateLimiter>) {
        if let Some(clients) = self.clients {
            cx.send(clients, Msg::Answer { request, outcome });
        }
    }

    /// Reports to each store what was let through of its keys, and asks how they stand.
    fn sync(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        let mut reports = vec![Vec::new(); self.stores.len()];
        for (key, n) in std::mem::take(&mut self.spent) {
            reports[mix(key) as usize % self.stores.len()].push((key, n));
        }
        for (store, report) in self.stores.iter().zip(reports) {
            if !report.is_empty() {
                cx.send(*store, Msg::Report(report));
            }
        }
        cx.background(cx.system().sync_period, Timer::Sync);
    }

    /// Takes over the stores' counts, and spends on them what was let through since the report.
    fn merge(&mut self, entries: Vec<(u64, Entry)>, cx: &mut Cx<'_, RateLimiter>) {
        let system = cx.shared();
        let now = cx.clock().0;
        for (key, entry) in entries {
            let promised = system.promised(key);
            self.table.put(key, promised, entry);
            let since = self.spent.get(&key).copied().unwrap_or(0);
            self.table.with(key, promised, |kept| promised.rule.charge(kept, now, since));
        }
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.waiting.bytes() + deep(self.waiting.values(), |check| check.keys.bytes()) + self.spent.bytes() + self.table.weight()
    }

    pub fn look(&self) -> Look {
        let waiting = self.waiting.len();
        Look { label: format!("{waiting} waiting"), state: if waiting > 0 { State::Busy } else { State::Idle }, fill: None }
    }
}

/// Tells the ledger of a decision made here, by true time: servers' clocks cannot be compared.
fn report(key: u64, decision: Decision, remaining: Option<i64>, cx: &mut Cx<'_, RateLimiter>) {
    let verdict = if decision.allowed() { Verdict::Granted } else { Verdict::Refused };
    cx.fact(Fact { key, at: cx.now().0, verdict, remaining });
}
