//! A client at work under its lock: it reads from the storage, works, looks at its lease, and writes.

use super::client::Client;
use super::config::Locks;
use super::job::Phase;
use super::watch::Fact;
use super::wire::{Access, Msg, Timer};
use super::{metrics, reasons};
use crate::kernel::cx::Cx;
use crate::kernel::time::Time;

/// How often a read or a write is sent to a silent storage.
const STORAGE_TRIES: u32 = 10;

impl Client {
    pub fn go_to(&mut self, phase: Phase, cx: &mut Cx<'_, Locks>) {
        let Some(job) = &mut self.job else { return };
        job.phase = phase;
        job.storage.1 = 0;
        self.ask_storage(cx);
    }

    /// Sends the read or the write that its phase calls for.
    fn ask_storage(&mut self, cx: &mut Cx<'_, Locks>) {
        self.rounds += 1;
        let Some(job) = &mut self.job else { return };
        job.storage = (self.rounds, job.storage.1 + 1);
        let access = Access { lock: job.lock, owner: job.owner, token: job.token, id: self.rounds };
        cx.fact(Fact::Acts { lock: job.lock, owner: job.owner });
        let msg = if job.phase == Phase::Writing { Msg::Write { access, based_on: job.based_on } } else { Msg::Read(access) };
        cx.send(self.storage, msg);
        cx.after(cx.system().request_timeout, Timer::StorageOver { id: self.rounds });
    }

    pub fn storage_over(&mut self, id: u64, cx: &mut Cx<'_, Locks>) {
        let waits = self.job.as_ref().is_some_and(|job| job.storage.0 == id && matches!(job.phase, Phase::Reading | Phase::Writing));
        if !waits || !self.still_mine(cx) {
            return;
        }
        if self.job.as_ref().is_some_and(|job| job.storage.1 >= STORAGE_TRIES) {
            return self.give_up(reasons::STORAGE_AWAY, cx);
        }
        self.ask_storage(cx);
    }

    fn expects(&self, access: &Access, phase: Phase) -> bool {
        self.job.as_ref().is_some_and(|job| job.owner == access.owner && job.phase == phase)
    }

    pub fn value(&mut self, access: &Access, version: u64, cx: &mut Cx<'_, Locks>) {
        if !self.expects(access, Phase::Reading) {
            return;
        }
        if let Some(job) = &mut self.job {
            job.phase = Phase::Working;
            job.based_on = version;
            let (work, number) = (job.work, job.owner.job);
            cx.after(work, Timer::WorkDone { job: number });
        }
    }

    /// The work is done. Between this look at the lease and the arrival of the write lies a gap that no look closes.
    pub fn write(&mut self, cx: &mut Cx<'_, Locks>) {
        if self.still_mine(cx) {
            self.go_to(Phase::Writing, cx);
        }
    }

    pub fn written(&mut self, access: &Access, at: Time, cx: &mut Cx<'_, Locks>) {
        if !self.expects(access, Phase::Writing) {
            return;
        }
        if let Some(job) = &self.job {
            cx.count(metrics::DONE, 1);
            cx.count(metrics::LATE_WRITES, u64::from(at >= job.over_true));
            cx.record_since(metrics::JOB, job.begun);
        }
        self.free(cx);
    }

    pub fn refused(&mut self, access: &Access, cx: &mut Cx<'_, Locks>) {
        if self.expects(access, Phase::Writing) || self.expects(access, Phase::Reading) {
            self.give_up(reasons::FENCED, cx);
        }
    }
}
