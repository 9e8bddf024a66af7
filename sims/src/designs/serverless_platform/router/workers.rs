//! The router's side of its sessions with workers: who is in one, what it hears from them, and when it gives them up.

use super::super::channel::{Inbox, Outbox};
use super::super::messages::{Msg, Outcome, Report, Session};
use super::super::metrics::LOST;
use super::super::pool::{Room, State as Box_};
use super::super::role::Ctx;
use super::Router;
use crate::kernel::node::NodeId;

impl Router {
    fn rank(&self, node: NodeId) -> Option<u32> {
        let first = self.peers.first()?.node.0;
        node.0.checked_sub(first).filter(|rank| (*rank as usize) < self.peers.len())
    }

    pub(super) fn beat(&mut self, from: NodeId, session: Session, acked: u64, at: u64, cx: &mut Ctx<'_>) {
        let Some(rank) = self.rank(from) else { return };
        if session.router != self.life {
            cx.send(from, Msg::Reborn { router: self.life });
            return;
        }
        let peer = &mut self.peers[rank as usize];
        if peer.life == Some(session.worker) {
            peer.heard = cx.now();
            peer.commands.acked(acked, cx.now());
            let acked = peer.reports.upto();
            cx.send(from, Msg::Beaten { session, acked, at });
        } else if session.worker <= peer.last {
            cx.send(from, Msg::GivenUp { session });
        }
    }

    pub(super) fn report(&mut self, from: NodeId, session: Session, number: u64, acked: u64, report: &Report, cx: &mut Ctx<'_>) {
        let Some(rank) = self.rank(from) else { return };
        if session.router != self.life {
            return;
        }
        let known = self.peers[rank as usize].life == Some(session.worker);
        let in_session = known || (number == 1 && self.admit(rank, session, report, cx));
        if !in_session {
            return;
        }
        let peer = &mut self.peers[rank as usize];
        peer.commands.acked(acked, cx.now());
        if !peer.reports.accepts(number) {
            return;
        }
        match *report {
            Report::Here(_) => {}
            Report::Ready { sandbox } => {
                if self.pool.get(sandbox).is_some_and(|found| found.worker == rank && found.state == Box_::Starting) {
                    if let Some(found) = self.pool.get(sandbox) {
                        let (function, version) = (found.function as usize, found.version);
                        if self.snapshots[function].is_none_or(|taken| taken < version) {
                            self.snapshots[function] = Some(version);
                        }
                    }
                    self.release(sandbox, cx);
                    self.pump(cx);
                }
            }
            Report::Done { sandbox, call, outcome, ran } => self.done(rank, sandbox, call, outcome, ran, cx),
        }
    }

    /// A worker introduces itself with what it has.
    fn admit(&mut self, rank: u32, session: Session, report: &Report, cx: &mut Ctx<'_>) -> bool {
        let Report::Here(told) = report else { return false };
        let peer = &self.peers[rank as usize];
        if session.worker <= peer.last {
            cx.send(self.peers[rank as usize].node, Msg::GivenUp { session });
            return false;
        }
        if !told.is_empty() && !self.recovering {
            // It speaks of the time before: by now its right to run any of this is over.
            let node = peer.node;
            cx.send(node, Msg::GivenUp { session });
            return false;
        }
        if peer.life.is_some() {
            self.lose(rank, cx);
        }
        let system = cx.shared();
        let peer = &mut self.peers[rank as usize];
        (peer.life, peer.last, peer.heard) = (Some(session.worker), session.worker, cx.now());
        (peer.commands, peer.reports) = (Outbox::default(), Inbox::default());
        self.pool.rooms[rank as usize] = Room { up: true, free_mb: system.worker_mb, sandboxes: 0 };
        for told in told {
            self.pool.adopt(rank, told, system.memory_mb, cx.now());
            if let Some(call) = told.call {
                self.slots[usize::from(call.tenant)] += 1;
                self.under_way += 1;
                self.stats.began(call.function);
            }
        }
        // All have spoken: nobody is left who could run what is not in the book, and no lease need be waited for.
        if self.peers.iter().all(|peer| peer.life.is_some()) {
            self.recover();
        }
        if !self.recovering {
            self.provide(cx);
            self.pump(cx);
        }
        true
    }

    /// A worker is gone: its calls fail, its sandboxes are struck off.
    pub(super) fn lose(&mut self, rank: u32, cx: &mut Ctx<'_>) {
        let peer = &mut self.peers[rank as usize];
        peer.life = None;
        self.pool.rooms[rank as usize].up = false;
        let gone = self.pool.on(rank);
        cx.count(LOST, 1);
        cx.log(format!("{} is given up, with {} sandboxes", cx.name(self.peers[rank as usize].node), gone.len()));
        for sandbox in gone {
            let (was, idle) = self.pool.remove(sandbox, cx.now());
            self.idled(idle, was.mb, cx);
            if was.state == Box_::Busy {
                self.return_slot(was.tenant);
                self.stats.lost(was.function);
                cx.send(self.clients, Msg::Reply { call: was.call, outcome: Outcome::WorkerLost });
            }
        }
    }
}
