//! The orchestrator of sagas: one step after the other, and back again if one cannot be done.

use super::coord::{Coord, Entry};
use super::metrics;
use super::step::Step;
use super::system::{Banking, CLIENT, bank_id};
use super::wire::{Ending, Msg, Timer, Transfer, Vote, Wrote};
use crate::kernel::cx::Cx;
use crate::kernel::queue::Ticket;
use crate::kernel::time::{Span, Time};
use crate::parts::backoff::{Jitter, Policy};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Saga {
    pub transfer: Arc<Transfer>,
    /// The step under way: being done, or with `back` being undone.
    pub at: usize,
    pub back: bool,
    /// Why it goes back.
    ending: Ending,
    /// A record must be durable before anything else happens.
    logging: bool,
    tries: u32,
    since: Time,
    due: Option<Ticket>,
    /// Where the log must be kept from.
    pub kept: u64,
}

impl Saga {
    pub fn begun(transfer: Arc<Transfer>, kept: u64) -> Saga {
        Saga { transfer, at: 0, back: false, ending: Ending::GaveUp, logging: false, tries: 0, since: Time::ZERO, due: None, kept }
    }

    pub fn turned(&mut self, from: u8) {
        (self.at, self.back) = (usize::from(from), true);
    }
}

impl Coord {
    pub fn saga_begin(&mut self, transfer: Arc<Transfer>, cx: &mut Cx<'_, Banking>) {
        if self.fuse.at(Step::Asked, cx) || self.sagas.contains_key(&transfer.id) {
            return;
        }
        let id = transfer.id;
        match self.write(Entry::Begun { saga: Arc::clone(&transfer) }, id, Wrote::Begun, cx) {
            Some(at) => drop(self.sagas.insert(id, Saga { logging: true, ..Saga::begun(transfer, at) })),
            None => self.say(CLIENT, Msg::Answer { id, ending: Ending::GaveUp }, cx),
        }
    }

    pub fn saga_begun(&mut self, id: u64, cx: &mut Cx<'_, Banking>) {
        if !self.fuse.at(Step::SagaBegun, cx) {
            self.go_on(id, cx);
        }
    }

    /// Sends the step under way, or its undoing. After a restart this begins with the first step again: who has done it says so.
    pub fn go_on(&mut self, id: u64, cx: &mut Cx<'_, Banking>) {
        let Some(saga) = self.sagas.get_mut(&id) else { return };
        saga.logging = false;
        saga.tries = 0;
        saga.since = cx.now();
        self.send_step(id, cx);
    }

    fn send_step(&mut self, id: u64, cx: &mut Cx<'_, Banking>) {
        let Some(saga) = self.sagas.get_mut(&id) else { return };
        saga.tries += 1;
        let (at, transfer) = (saga.at as u8, Arc::clone(&saga.transfer));
        let (tries, back, due) = (saga.tries, saga.back, saga.due.take());
        due.into_iter().for_each(|due| cx.cancel(due));
        if tries > 1 {
            cx.count(metrics::REPEATS, 1);
        }
        let to = bank_id(transfer.legs[usize::from(at)].bank);
        let msg = if back { Msg::Undo { saga: transfer, at } } else { Msg::Step { saga: transfer, at } };
        self.say(to, msg, cx);
        if self.fuse.at(if back { Step::UndoSent } else { Step::Sent }, cx) {
            return;
        }
        let retry = cx.system().retry;
        let policy = Policy { base: retry, factor: 2.0, cap: retry.times(16.0), retries: u32::MAX, jitter: Jitter::Equal };
        let wait = policy.wait(tries, Span::ZERO, cx.rng()).unwrap_or(retry);
        let due = cx.after(wait, Timer::Again { tx: id });
        if let Some(saga) = self.sagas.get_mut(&id) {
            saga.due = Some(due);
        }
    }

    pub fn saga_again(&mut self, id: u64, cx: &mut Cx<'_, Banking>) {
        let patience = cx.system().vote_timeout;
        let Some(saga) = self.sagas.get_mut(&id).filter(|saga| !saga.logging) else { return };
        saga.due = None;
        if !saga.back && cx.now().since(saga.since) >= patience {
            // The step may have been done or not. Undoing it is right in both cases.
            return self.turn(id, saga_at(self, id), Ending::GaveUp, cx);
        }
        self.send_step(id, cx);
    }

    pub fn on_stepped(&mut self, id: u64, at: u8, vote: Vote, cx: &mut Cx<'_, Banking>) {
        let Some(saga) = self.sagas.get_mut(&id).filter(|saga| !saga.back && !saga.logging && saga.at == usize::from(at)) else { return };
        match vote {
            Vote::Busy => {}
            Vote::Refused => self.refused(id, cx),
            Vote::Yes => {
                saga.at += 1;
                if saga.at < saga.transfer.legs.len() {
                    return self.go_on(id, cx);
                }
                self.close(id, true, cx);
            }
        }
    }

    fn refused(&mut self, id: u64, cx: &mut Cx<'_, Banking>) {
        match saga_at(self, id).checked_sub(1) {
            Some(from) => self.turn(id, from, Ending::Refused, cx),
            None => {
                if let Some(saga) = self.sagas.get_mut(&id) {
                    saga.ending = Ending::Refused;
                }
                self.close(id, false, cx);
            }
        }
    }

    /// Goes back, beginning with the undoing of step `from`. Once that is logged, it never goes forward again.
    fn turn(&mut self, id: u64, from: usize, ending: Ending, cx: &mut Cx<'_, Banking>) {
        let written = self.write(Entry::Turned { saga: id, from: from as u8 }, id, Wrote::Turned, cx).is_some();
        self.log_pending(id, written, cx);
        if let Some(saga) = self.sagas.get_mut(&id).filter(|_| written) {
            saga.turned(from as u8);
            saga.ending = ending;
        }
    }

    pub fn saga_turned(&mut self, id: u64, cx: &mut Cx<'_, Banking>) {
        self.go_on(id, cx);
    }

    /// Waits for the log; or, if the disk is full, tries the same again later.
    fn log_pending(&mut self, id: u64, written: bool, cx: &mut Cx<'_, Banking>) {
        let retry = cx.system().retry;
        let Some(saga) = self.sagas.get_mut(&id) else { return };
        saga.due.take().into_iter().for_each(|due| cx.cancel(due));
        saga.logging = written;
        if !written && !self.fuse.fell() {
            saga.at = saga.at.min(saga.transfer.legs.len() - 1);
            saga.due = Some(cx.after(retry, Timer::Again { tx: id }));
        }
    }

    pub fn on_undone(&mut self, id: u64, at: u8, cx: &mut Cx<'_, Banking>) {
        let Some(saga) = self.sagas.get_mut(&id).filter(|saga| saga.back && !saga.logging && saga.at == usize::from(at)) else { return };
        if saga.at > 0 {
            saga.at -= 1;
            return self.go_on(id, cx);
        }
        self.close(id, false, cx);
    }

    fn close(&mut self, id: u64, complete: bool, cx: &mut Cx<'_, Banking>) {
        let written = self.write(Entry::Closed { saga: id, complete }, id, Wrote::Ended, cx).is_some();
        self.log_pending(id, written, cx);
    }

    pub fn saga_ended(&mut self, id: u64, cx: &mut Cx<'_, Banking>) {
        if self.fuse.at(Step::Decided, cx) {
            return;
        }
        let Some(saga) = self.sagas.remove(&id) else { return };
        let complete = !saga.back && saga.at == saga.transfer.legs.len();
        self.say(CLIENT, Msg::Answer { id, ending: if complete { Ending::Done } else { saga.ending } }, cx);
        self.compact();
    }
}

fn saga_at(coord: &Coord, id: u64) -> usize {
    coord.sagas.get(&id).map_or(0, |saga| saga.at)
}
