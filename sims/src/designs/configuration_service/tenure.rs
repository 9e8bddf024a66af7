//! A leader's duties: it alone counts the leases' time, and it decides what history may be forgotten.

use super::machine::{Answer, Command};
use super::message::{Reply, Timer};
use super::server::{Ctx, Server, Waiting};
use super::system::{LeaseClock, Renewals, Takeover};
use super::watch::Fact;
use super::{COMPACT_EVERY, STABLE_TICK, metrics};
use crate::kernel::node::NodeId;
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::Flat;
use crate::parts::lease::Deadlines;
use crate::parts::raft::Ticket;
use std::collections::VecDeque;

#[derive(Clone, Default)]
pub struct Tenure {
    /// It leads, and has applied its first entry.
    pub in_office: bool,
    /// Since when it leads and runs without a stop.
    pub stable_since: Time,
    pub deadlines: Deadlines<u64>,
    /// The store's revision some time ago: what compaction goes by.
    past: VecDeque<(Time, u64)>,
    compacted_at: Time,
}

impl Tenure {
    pub fn weight(&self) -> usize {
        self.past.bytes() + self.deadlines.len() * 64
    }
}

/// An end of a lease that was proposed and has not come is proposed again after this.
const ASK_AGAIN: Span = Span::secs(2);

impl Server {
    /// The clock by which leases are counted.
    pub(super) fn lease_clock(&self, cx: &Ctx<'_>) -> Time {
        match cx.system().lease_clock {
            // Monotonic clocks only measure spans; that they drift by some parts per million is left out.
            LeaseClock::Monotonic => cx.now(),
            LeaseClock::Wall => cx.clock(),
        }
    }

    pub(super) fn take_office(&mut self, cx: &mut Ctx<'_>) {
        cx.count(metrics::ELECTIONS, 1);
        let (name, term) = (cx.name(cx.me()).to_string(), self.member.term());
        cx.log(format!("{name} leads, term {term}"));
        self.tenure = Tenure { in_office: true, stable_since: cx.now(), compacted_at: cx.now(), ..Tenure::default() };
        cx.fact(Fact::Leads { term: self.member.term(), since: cx.now() });
        let now = self.lease_clock(cx);
        let machine = self.member.machine();
        for (id, lease) in machine.store.leases() {
            match cx.system().takeover {
                // How long it has run is not known here: it gets its full time again.
                Takeover::Full => self.tenure.deadlines.start(id, 0, now + Span(lease.ttl_ns)),
                // Renewals are not in the log, so this forgets them all.
                Takeover::Granted => {
                    let granted = machine.granted.get(&id).copied().unwrap_or(now);
                    self.tenure.deadlines.start(id, 0, granted + Span(lease.ttl_ns));
                }
                Takeover::Forget => {}
            }
        }
    }

    pub(super) fn leave_office(&mut self) {
        self.tenure = Tenure::default();
    }

    pub(super) fn lead(&mut self, cx: &mut Ctx<'_>) {
        if !self.tenure.in_office {
            return;
        }
        cx.fact(Fact::Leads { term: self.member.term(), since: self.tenure.stable_since });
        self.end_leases(cx);
        self.forget_history(cx);
        let store = &self.member.machine().store;
        cx.gauge(metrics::REVISION, store.revision() as f64);
        cx.gauge(metrics::HISTORY, store.kept() as f64);
        cx.gauge(metrics::LEASES, store.leases().count() as f64);
    }

    fn end_leases(&mut self, cx: &mut Ctx<'_>) {
        let now = self.lease_clock(cx);
        let again = Time(now.0.saturating_sub(ASK_AGAIN.0));
        for (lease, _) in self.tenure.deadlines.over(now, again) {
            cx.fact(Fact::Expiring { lease });
            // No longer the leader: then the next one counts anew.
            let _ = self.member.propose(Command::Revoke { lease }, None, cx);
        }
        self.drive(cx);
    }

    /// Every so often proposes to forget what was overwritten longer ago than the window.
    fn forget_history(&mut self, cx: &mut Ctx<'_>) {
        let (now, keep) = (cx.now(), cx.system().keep);
        self.tenure.past.push_back((now, self.member.machine().store.revision()));
        let mut upto = None;
        while let Some((at, revision)) = self.tenure.past.front().copied()
            && now.since(at) >= keep
        {
            upto = Some(revision);
            self.tenure.past.pop_front();
        }
        // The latest that is old enough stays, for the next time.
        if let Some(revision) = upto {
            self.tenure.past.push_front((Time(now.0.saturating_sub(keep.0)), revision));
            if now.since(self.tenure.compacted_at) >= COMPACT_EVERY {
                self.tenure.compacted_at = now;
                self.compact(revision, cx);
            }
        }
    }

    /// Proposes to forget everything overwritten up to a revision.
    pub(super) fn compact(&mut self, to: u64, cx: &mut Ctx<'_>) {
        if to > self.member.machine().store.compacted() {
            let _ = self.member.propose(Command::Compact { to }, None, cx);
            self.drive(cx);
        }
    }

    /// By hand: forget all history, now.
    pub fn compact_all(&mut self, cx: &mut Ctx<'_>) -> bool {
        if self.tenure.in_office {
            self.compact(self.member.machine().store.revision(), cx);
        }
        self.tenure.in_office
    }

    pub(super) fn renewal_asked(&mut self, from: NodeId, op: u64, lease: u64, cx: &mut Ctx<'_>) {
        if !self.tenure.in_office {
            let hint = self.member.leader().filter(|leader| *leader != cx.me());
            return cx.send(from, super::message::Msg::Answer { op, reply: Reply::NotLeader(hint) });
        }
        match cx.system().renewals {
            // Only a leader that still leads may promise more time.
            Renewals::Confirmed => {
                let number = self.wait(Waiting::Renewal { from, op, lease });
                self.ask_index(number, cx);
            }
            Renewals::Local => self.renew(from, op, lease, cx),
        }
    }

    pub(super) fn renew(&mut self, from: NodeId, op: u64, lease: u64, cx: &mut Ctx<'_>) {
        let now = self.lease_clock(cx);
        let until = self.tenure.deadlines.until(&lease);
        // One that is over is not renewed: its end may be on its way.
        let alive = self.tenure.in_office && until.is_none_or(|until| until > now);
        let found = self.member.machine().store.lease(lease).filter(|_| alive).map(|lease| Span(lease.ttl_ns));
        let reply = match found {
            Some(ttl) => {
                self.tenure.deadlines.start(lease, 0, now + ttl);
                cx.fact(Fact::Renewed { lease });
                Reply::Renewed
            }
            None => Reply::NoLease,
        };
        cx.send(from, super::message::Msg::Answer { op, reply });
    }

    pub(super) fn applied(&mut self, ticket: Option<Ticket>, command: &Command, answer: &Answer, cx: &mut Ctx<'_>) {
        match (command, answer) {
            (Command::Grant { lease, ttl, .. }, Answer::Granted { .. }) => {
                // Asked for twice, it is given its time twice: the asker counts from its last try.
                cx.fact(Fact::Granted { lease: *lease, ttl: *ttl });
                if self.tenure.in_office {
                    let until = self.lease_clock(cx) + *ttl;
                    self.tenure.deadlines.start(*lease, 0, until);
                }
            }
            (_, Answer::Revoked { lease, gone }) => {
                self.tenure.deadlines.stop(lease);
                if gone.is_some() {
                    cx.fact(Fact::Gone { lease: *lease });
                    if self.tenure.in_office {
                        cx.count(metrics::LEASES_ENDED, 1);
                        if let Some(tail) = cx.rest.watch.lease_tail {
                            cx.record(metrics::LEASE_TAIL, tail.0);
                        }
                    }
                }
            }
            (Command::Compact { .. }, _) if self.tenure.in_office => cx.count(metrics::COMPACTIONS, 1),
            _ => {}
        }
        let Some(Waiting::Write { from, op }) = ticket.and_then(|ticket| self.waiting.remove(&ticket.id)) else { return };
        let reply = match answer {
            Answer::Done { held, revision } => Reply::Done { held: *held, revision: *revision },
            Answer::Granted { revision, .. } => Reply::Granted { revision: *revision },
            Answer::Refused | Answer::Revoked { .. } | Answer::Compacted => Reply::NoLease,
        };
        cx.send(from, super::message::Msg::Answer { op, reply });
    }

    /// Before the world may rest, every lease must have had the time to end.
    pub fn drain(&mut self, cx: &mut Ctx<'_>) {
        self.member.settle(cx);
        self.outlive_leases(cx);
    }

    /// Looks again and again: what had been waiting for a disk may be granted only now, and for longer.
    pub(super) fn outlive_leases(&mut self, cx: &mut Ctx<'_>) {
        let longest = self.member.machine().store.leases().map(|(_, lease)| lease.ttl_ns).max();
        if let Some(ttl) = longest {
            // An election, the whole time, and some ticks.
            cx.after(Span(ttl) + Span::secs(4) + STABLE_TICK * 4, Timer::LastLease);
        }
    }
}
