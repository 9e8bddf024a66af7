//! The router's housekeeping: what waited too long, what is too old, who has fallen silent, what is to stand ready.

use super::super::messages::{Alias, Command, Msg, Outcome, Session, Timer};
use super::super::metrics::{BOUGHT, CONCURRENCY, IDLE_NOW, PREWARMED, QUEUED, RUNNING, SANDBOXES};
use super::super::pool::State as Box_;
use super::super::role::Ctx;
use super::super::system::Serverless;
use super::{MARGIN, QUEUE_PATIENCE, Router, TICK};
use crate::kernel::time::Span;

impl Router {
    pub(super) fn tick(&mut self, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let now = cx.now();
        if now >= self.recovers_until {
            self.recover();
        }
        if !cx.draining() {
            // What is bought, whether it is up or not.
            let bought = self.peers.len() as u64 * u64::from(system.worker_mb);
            cx.count(BOUGHT, bought * (TICK.0 / 1_000_000));
        }
        for rank in 0..self.peers.len() as u32 {
            let peer = &self.peers[rank as usize];
            if peer.life.is_some() && now.since(peer.heard) >= system.silence() + MARGIN {
                self.lose(rank, cx);
            }
            self.again(rank, system.resend, cx);
        }
        while let Some(call) = self.waiting.expired(now, QUEUE_PATIENCE) {
            let limited = system.limits && self.slots[usize::from(call.tenant)] >= system.limit;
            self.refuse(call.id, if limited { Outcome::Throttled } else { Outcome::NoRoom }, cx);
        }
        if !system.timeout_by_worker {
            self.overdue(&system, cx);
        }
        self.expire(&system, cx);
        self.pump(cx);
        cx.gauge(RUNNING, f64::from(self.under_way));
        cx.record(CONCURRENCY, u64::from(self.under_way));
        cx.gauge(SANDBOXES, self.pool.len() as f64);
        cx.gauge(IDLE_NOW, self.pool.idle_count as f64);
        cx.gauge(QUEUED, self.waiting.len() as f64);
        let busy = self.under_way > 0 || self.waiting.len() > 0 || self.recovering || self.peers.iter().any(|peer| !peer.commands.is_empty());
        if cx.draining() && !busy {
            cx.background(TICK, Timer::Tick);
        } else {
            cx.after(TICK, Timer::Tick);
        }
    }

    /// Whatever runs is known now, or has no right to run any more.
    pub(super) fn recover(&mut self) {
        if std::mem::take(&mut self.recovering) {
            self.pool.settle();
        }
    }

    fn again(&mut self, rank: u32, wait: Span, cx: &mut Ctx<'_>) {
        let router = self.life;
        let peer = &mut self.peers[rank as usize];
        let Some(life) = peer.life else { return };
        let acked = peer.reports.upto();
        for (number, command) in peer.commands.overdue(cx.now(), wait) {
            cx.send(peer.node, Msg::Command { session: Session { router, worker: life }, number, acked, command });
        }
    }

    /// Sandboxes that have been idle for too long are stopped, but not those that are to stand ready.
    fn expire(&mut self, system: &Serverless, cx: &mut Ctx<'_>) {
        let now = cx.now();
        for _ in 0..self.pool.idle_count {
            let Some((oldest, found)) = self.pool.oldest() else { return };
            if now.since(found.since) < system.keep_alive {
                return;
            }
            let function = found.function as usize;
            if found.state == Box_::Idle && self.pool.counts[function] <= self.targets[function] {
                let (mb, idle) = (found.mb, now.since(found.since));
                self.idled(idle, mb, cx);
                self.pool.occupy(oldest, 0, 0, now);
                self.pool.rest(oldest, now);
            } else {
                self.stop(oldest, cx);
            }
        }
    }

    /// The router's own idea of a time-out: whoever has run so long is taken for done, whatever its worker does.
    fn overdue(&mut self, system: &Serverless, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let late: Vec<u32> = self.pool.all().filter(|(_, s)| s.state == Box_::Busy && now.since(s.since) >= system.timeout).map(|(at, _)| at).collect();
        for sandbox in late {
            let Some(found) = self.pool.get(sandbox).copied() else { continue };
            self.done(found.worker, sandbox, found.call, Outcome::TimedOut, system.timeout, cx);
        }
    }

    /// Brings every function to its target: starts what is missing; stops idle ones beyond it where targets rule alone.
    pub(super) fn provide(&mut self, cx: &mut Ctx<'_>) {
        if self.recovering {
            return;
        }
        let system = cx.shared();
        for function in 0..self.targets.len() as u32 {
            let (target, mut have) = (self.targets[function as usize], self.pool.counts[function as usize]);
            while have < target {
                let Some(worker) = self.pool.place(system.memory_mb, system.spread) else { return };
                let version = self.aliases[function as usize].1.stable;
                let start = self.start_of(function, version, system.snapshots);
                let sandbox = self.create(worker, function, version, cx);
                cx.count(PREWARMED, 1);
                self.command(sandbox, Command::Warm { sandbox, start, function, version }, cx);
                have += 1;
            }
            if system.scale_to_target && have > target {
                let surplus: Vec<u32> = self.pool.idle_of(function).take((have - target) as usize).collect();
                surplus.into_iter().for_each(|sandbox| self.stop(sandbox, cx));
            }
        }
    }

    /// Idle sandboxes of a version that does not serve any more are stopped: keep-alive would keep the old code alive.
    pub(super) fn retire(&mut self, function: u32, cx: &mut Ctx<'_>) {
        if !cx.system().warm_by_version {
            return;
        }
        let Alias { stable, trial } = self.aliases[function as usize].1;
        let old = |at: &u32| self.pool.get(*at).is_some_and(|found| found.version != stable && Some(found.version) != trial);
        let old: Vec<u32> = self.pool.idle_of(function).filter(old).collect();
        old.into_iter().for_each(|sandbox| self.stop(sandbox, cx));
        self.provide(cx);
    }
}
