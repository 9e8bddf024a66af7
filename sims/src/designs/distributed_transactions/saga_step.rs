//! A bank's part in sagas: steps that are local transactions, undone by others, and passed on from bank to bank where nobody leads.

use super::bank::{Bank, Owner, UNDO, Work};
use super::book::{Record, StepState};
use super::metrics;
use super::step::Step;
use super::system::{Banking, CLIENT, COORD, bank_id};
use super::watch::Fact;
use super::wire::{Ending, Msg, Timer, Transfer, Vote, Wrote};
use crate::kernel::cx::Cx;
use crate::kernel::node::NodeId;
use crate::parts::locks::Mode;
use std::sync::Arc;

impl Bank {
    fn place(&self, saga: &Transfer) -> u8 {
        saga.at(self.me).unwrap_or(0) as u8
    }

    /// Do this step, says the orchestrator; or the client, or the bank before, where nobody leads.
    pub fn on_step(&mut self, from: NodeId, saga: Arc<Transfer>, cx: &mut Cx<'_, Banking>) {
        let busy = self.waiting.contains_key(&saga.id) || self.is_syncing(saga.id, Wrote::Step) || self.is_syncing(saga.id, Wrote::Refusal);
        if busy || self.is_syncing(saga.id | UNDO, Wrote::Undo) {
            return;
        }
        match self.book.step(saga.id) {
            Some(state) => self.step_told(from, &saga, state, cx),
            None => {
                let Some((account, _)) = self.book.leg(&saga) else { return };
                self.ask(account, (saga.id, saga.id), Mode::Exclusive, Work::Step(saga), cx);
            }
        }
    }

    /// It came before. A repeat gets the same answer and changes nothing.
    fn step_told(&self, from: NodeId, saga: &Transfer, state: StepState, cx: &mut Cx<'_, Banking>) {
        let at = self.place(saga);
        if !cx.system().choreography() {
            let vote = if state == StepState::Done { Vote::Yes } else { Vote::Refused };
            self.say(COORD, Msg::Stepped { saga: saga.id, at, vote }, cx);
        } else if from != CLIENT {
            self.say(from, Msg::Took { saga: saga.id, at, back: false }, cx);
        }
    }

    /// The account is ours: a local transaction, its log record and no more.
    pub fn step(&mut self, saga: Arc<Transfer>, cx: &mut Cx<'_, Banking>) -> bool {
        if self.book.step(saga.id).is_some() {
            // Undone while it waited.
            return false;
        }
        let (owner, event) = ((saga.id, saga.id), cx.system().choreography());
        let allowed = self.book.allows(&saga);
        let (record, what) = if allowed { (Record::Stepped { saga, event }, Wrote::Step) } else { (Record::Refused { saga, event }, Wrote::Refusal) };
        self.write_step(record, owner, what, cx)
    }

    /// If the disk is full the sender will come again.
    fn write_step(&mut self, record: Record, owner: Owner, what: Wrote, cx: &mut Cx<'_, Banking>) -> bool {
        if let Record::Stepped { saga, .. } | Record::Refused { saga, .. } | Record::Undone { saga, .. } = &record {
            self.sagas.insert(owner.1, Arc::clone(saga));
        }
        self.write(record, owner, what, cx) || self.fuse.fell()
    }

    pub fn on_undo(&mut self, from: NodeId, saga: Arc<Transfer>, cx: &mut Cx<'_, Banking>) {
        let undo = saga.id | UNDO;
        if self.waiting.contains_key(&undo) || self.is_syncing(undo, Wrote::Undo) {
            return;
        }
        if cx.now() < self.refusing {
            cx.count(metrics::UNDO_REFUSED, 1);
            return;
        }
        if self.waiting.contains_key(&saga.id) {
            self.release((saga.id, saga.id), cx);
        }
        let state = self.book.step(saga.id);
        let again = matches!(state, Some(StepState::Undone | StepState::Barred));
        if again && (cx.system().idempotent || state == Some(StepState::Barred)) {
            let at = self.place(&saga);
            let answer = if cx.system().choreography() { Msg::Took { saga: saga.id, at, back: true } } else { Msg::Undone { saga: saga.id, at } };
            return self.say(from, answer, cx);
        }
        let Some((account, _)) = self.book.leg(&saga) else { return };
        self.ask(account, (saga.id, undo), Mode::Exclusive, Work::Undo(saga), cx);
    }

    pub fn undo(&mut self, saga: Arc<Transfer>, cx: &mut Cx<'_, Banking>) -> bool {
        let (owner, event) = ((saga.id, saga.id | UNDO), cx.system().choreography());
        if self.book.step(saga.id).is_some() {
            cx.count(metrics::UNDOS, 1);
            cx.fact(Fact::Compensated);
        }
        self.write_step(Record::Undone { saga, event }, owner, Wrote::Undo, cx)
    }

    /// A step, a refusal or an undoing is durable: the lock goes, and whoever waits for the news hears it.
    pub fn step_durable(&mut self, owner: Owner, what: Wrote, cx: &mut Cx<'_, Banking>) {
        let saga = owner.1 & !UNDO;
        if self.fuse.at(if what == Wrote::Undo { Step::Undone } else { Step::Done }, cx) {
            return;
        }
        self.release(owner, cx);
        let Some(transfer) = self.sagas.remove(&owner.1) else { return };
        if cx.system().choreography() {
            return self.news(&transfer, what, cx);
        }
        let at = self.place(&transfer);
        let msg = match what {
            Wrote::Undo => Msg::Undone { saga, at },
            _ => Msg::Stepped { saga, at, vote: if what == Wrote::Step { Vote::Yes } else { Vote::Refused } },
        };
        self.say(COORD, msg, cx);
    }

    /// Nobody leads: the neighbour who sent the event has done its part, the next one is told, or the client.
    fn news(&mut self, transfer: &Transfer, what: Wrote, cx: &mut Cx<'_, Banking>) {
        let (saga, at, last) = (transfer.id, usize::from(self.place(transfer)), transfer.legs.len() - 1);
        let neighbour = |at: usize| bank_id(transfer.legs[at].bank);
        match what {
            Wrote::Undo if at < last => self.say(neighbour(at + 1), Msg::Took { saga, at: at as u8, back: true }, cx),
            Wrote::Undo => {}
            _ if at > 0 => self.say(neighbour(at - 1), Msg::Took { saga, at: at as u8, back: false }, cx),
            _ => {}
        }
        let back = what != Wrote::Step;
        if self.book.owed.contains_key(&(saga, back)) {
            return self.resend(saga, back, cx);
        }
        // No neighbour on that side: it ends here.
        let ending = if back { Ending::Refused } else { Ending::Done };
        self.say(CLIENT, Msg::Answer { id: saga, ending }, cx);
    }

    pub fn on_event(&mut self, from: NodeId, saga: Arc<Transfer>, back: bool, cx: &mut Cx<'_, Banking>) {
        if back {
            self.on_undo(from, saga, cx);
        } else {
            self.on_step(from, saga, cx);
        }
    }

    /// Sends an event that the neighbour has not taken yet, and again until it has.
    pub fn resend(&mut self, saga: u64, back: bool, cx: &mut Cx<'_, Banking>) {
        let Some(transfer) = self.book.owed.get(&(saga, back)).map(Arc::clone) else { return };
        let at = usize::from(self.place(&transfer));
        let to = if back { at.saturating_sub(1) } else { at + 1 };
        let Some(leg) = transfer.legs.get(to) else { return };
        self.say(bank_id(leg.bank), Msg::Event { saga: transfer, at: to as u8, back }, cx);
        let again = cx.system().retry;
        cx.after(again, Timer::Resend { saga, back });
    }
}
