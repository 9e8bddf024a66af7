//! Three-phase commit without its coordinator: banks that have heard nothing for too long end a transaction among themselves.
//!
//! The termination protocol of Skeen (1981), as in Bernstein, Hadzilacos and Goodman, chapter 7.5: who stands in asks for all states and
//! decides by four rules. It is right as long as whoever does not answer in time is down; if it is only cut off, each side decides alone.

use super::bank::{Bank, Owner, Work};
use super::book::Record;
use super::step::Step;
use super::system::{Banking, COORD, Protocol, bank_id};
use super::wire::{Known, Msg, Timer, Transfer, Tx, Wrote};
use super::{bank, metrics};
use crate::kernel::cx::Cx;
use crate::kernel::node::NodeId;
use crate::kernel::time::Span;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a bank that stands in has gathered.
#[derive(Clone, Debug)]
pub struct Lead {
    pub ballot: u32,
    pub transfer: Arc<Transfer>,
    /// What the others know, and whether they have been down since they voted.
    answers: BTreeMap<u8, (Known, bool)>,
    /// Once pushing, who has pre-committed.
    pushing: bool,
    /// Decided: told to the others once it is durable here.
    decided: bool,
}

/// What the rules say of a set of states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    Commit,
    Abort,
    /// Bring the uncertain to pre-commit, then commit.
    Push,
}

/// Skeen's four rules, in their order.
pub fn rule(states: &[Known]) -> Rule {
    if states.contains(&Known::Aborted) {
        Rule::Abort
    } else if states.contains(&Known::Committed) {
        Rule::Commit
    } else if states.contains(&Known::Precommitted) {
        Rule::Push
    } else {
        Rule::Abort
    }
}

impl Bank {
    fn peers(&self, transfer: &Transfer) -> Vec<u8> {
        transfer.legs.iter().map(|leg| leg.bank).filter(|bank| *bank != self.me).collect()
    }

    fn prepared_transfer(&self, tx: Tx) -> Option<Arc<Transfer>> {
        self.book.prepared.get(&tx).map(|prepared| Arc::clone(&prepared.transfer))
    }

    /// How long it waits to hear something before it acts. The banks wait one after the other, so that one at a time stands in.
    pub fn patience(&self, tx: Tx, cx: &Cx<'_, Banking>) -> Span {
        let system = cx.system();
        let base = system.decision_timeout;
        if system.protocol != Protocol::ThreePhase {
            return base;
        }
        let rank = self.prepared_transfer(tx).and_then(|transfer| transfer.at(self.me)).unwrap_or(0);
        base + system.vote_timeout.times(2.5 * rank as f64)
    }

    pub fn stand_in(&mut self, tx: Tx, cx: &mut Cx<'_, Banking>) {
        let Some(transfer) = self.prepared_transfer(tx) else { return };
        let (patience, heard) = (self.patience(tx, cx), self.heard.get(&tx).copied().unwrap_or(cx.now()));
        let silent = cx.now().since(heard);
        let recovered = self.recovered.contains(&tx);
        if !recovered && silent < patience {
            cx.after(Span(patience.0 - silent.0), Timer::InDoubt { tx });
            return;
        }
        cx.count(metrics::TERMINATIONS, 1);
        let legs = transfer.legs.len() as u32;
        // A bank that was down asks under ballot 0, which binds nobody.
        let ballot = if recovered { 0 } else { (self.ballots.get(&tx).copied().unwrap_or(0) / legs + 1) * legs + transfer.at(self.me).unwrap_or(0) as u32 };
        self.ballots.insert(tx, ballot.max(self.ballots.get(&tx).copied().unwrap_or(0)));
        self.heard.insert(tx, cx.now());
        for peer in self.peers(&transfer) {
            self.say(bank_id(peer), Msg::StateAsk { tx, ballot }, cx);
        }
        self.leads.insert(tx, Lead { ballot, transfer, answers: BTreeMap::new(), pushing: false, decided: false });
        let wait = cx.system().vote_timeout;
        cx.after(wait, Timer::Tally { tx, ballot });
        cx.after(patience, Timer::InDoubt { tx });
    }

    /// What this bank knows of a transaction. One it has not voted on it gives up at once: then nobody can commit it.
    fn known(&mut self, tx: Tx, cx: &mut Cx<'_, Banking>) -> Known {
        if self.is_syncing(tx, Wrote::Outcome) {
            // On its way to the disk: what is not durable must not be told, but it was pre-committed at least.
            return Known::Precommitted;
        }
        if let Some(prepared) = self.book.prepared.get(&tx) {
            return if prepared.pre && !self.is_syncing(tx, Wrote::PreCommit) { Known::Precommitted } else { Known::Uncertain };
        }
        match self.book.outcome(tx) {
            Some(true) => Known::Committed,
            Some(false) => Known::Aborted,
            None => {
                if let Some(Work::Prepare(transfer)) = self.waiting.get(&tx).map(|waiting| waiting.work.clone()) {
                    self.release((transfer.id, tx), cx);
                }
                self.write_lazily(Record::Aborted { tx });
                Known::Aborted
            }
        }
    }

    pub fn on_state_ask(&mut self, from: NodeId, tx: Tx, ballot: u32, cx: &mut Cx<'_, Banking>) {
        if ballot > 0 {
            let seen = self.ballots.entry(tx).or_insert(0);
            if ballot <= *seen {
                return;
            }
            *seen = ballot;
            self.heard.insert(tx, cx.now());
            self.leads.remove(&tx);
        }
        let known = self.known(tx, cx);
        if !self.book.prepared.contains_key(&tx) {
            // Nothing is left to be led.
            self.ballots.remove(&tx);
            self.heard.remove(&tx);
        }
        let recovered = self.recovered.contains(&tx);
        self.say(from, Msg::StateIs { tx, ballot, bank: self.me, known, recovered }, cx);
    }

    pub fn on_state(&mut self, tx: Tx, ballot: u32, bank: u8, answer: (Known, bool), cx: &mut Cx<'_, Banking>) {
        let Some(lead) = self.leads.get_mut(&tx).filter(|lead| lead.ballot == ballot && !lead.pushing && !lead.decided) else { return };
        lead.answers.insert(bank, answer);
        if lead.answers.len() + 1 == lead.transfer.legs.len() {
            self.tally(tx, cx);
        }
    }

    pub fn tally_due(&mut self, tx: Tx, ballot: u32, cx: &mut Cx<'_, Banking>) {
        match self.leads.get(&tx) {
            Some(lead) if lead.ballot == ballot && lead.pushing => self.conclude(tx, true, cx),
            Some(lead) if lead.ballot == ballot && !lead.decided => self.tally(tx, cx),
            _ => {}
        }
    }

    fn tally(&mut self, tx: Tx, cx: &mut Cx<'_, Banking>) {
        let own = self.known(tx, cx);
        let Some(lead) = self.leads.get(&tx) else { return };
        let decided = |known: Known| matches!(known, Known::Committed | Known::Aborted);
        let everyone = lead.answers.len() + 1 == lead.transfer.legs.len();
        if self.recovered.contains(&tx) && !lead.answers.values().any(|(known, _)| decided(*known)) {
            // Others may have decided while it was down, and be down now. Only if all are here, and all have been down, may one of them decide.
            let all_were_down = everyone && lead.answers.values().all(|(_, recovered)| *recovered);
            if !all_were_down || lead.transfer.at(self.me) != Some(0) {
                self.leads.remove(&tx);
                return;
            }
        }
        // Who was down does not count, except for what is decided there: the others may have gone on without it.
        let counts = |(known, recovered): &(Known, bool)| everyone || !recovered || decided(*known);
        let mut states: Vec<Known> = lead.answers.values().filter(|a| counts(a)).map(|(known, _)| *known).collect();
        states.push(own);
        match rule(&states) {
            Rule::Commit => self.conclude(tx, true, cx),
            Rule::Abort => self.conclude(tx, false, cx),
            Rule::Push => self.push(tx, cx),
        }
    }

    /// Brings everyone to pre-commit that is not there yet.
    fn push(&mut self, tx: Tx, cx: &mut Cx<'_, Banking>) {
        let Some(lead) = self.leads.get_mut(&tx) else { return };
        lead.pushing = true;
        let (ballot, legs) = (lead.ballot, lead.transfer.legs.clone());
        let uncertain: Vec<u8> = lead.answers.iter().filter(|(_, (known, _))| *known == Known::Uncertain).map(|(bank, _)| *bank).collect();
        let (me, owner) = (self.me, (lead.transfer.id, tx));
        for leg in legs.iter().filter(|leg| leg.bank != me && uncertain.contains(&leg.bank)) {
            self.say(bank_id(leg.bank), Msg::PreCommit { tx, ballot }, cx);
        }
        if !self.is_precommitted(tx) {
            self.write(Record::PreCommitted { tx }, owner, Wrote::PreCommit, cx);
        }
        if uncertain.is_empty() {
            return self.conclude(tx, true, cx);
        }
        let wait = cx.system().vote_timeout;
        cx.after(wait, Timer::Tally { tx, ballot });
    }

    fn is_precommitted(&self, tx: Tx) -> bool {
        self.book.prepared.get(&tx).is_some_and(|prepared| prepared.pre)
    }

    pub fn on_preacked(&mut self, from: NodeId, tx: Tx, ballot: u32, cx: &mut Cx<'_, Banking>) {
        let Some(lead) = self.leads.get_mut(&tx).filter(|lead| lead.ballot == ballot && lead.pushing) else { return };
        for (bank, answer) in &mut lead.answers {
            if bank_id(*bank) == from {
                answer.0 = Known::Precommitted;
            }
        }
        if lead.answers.values().all(|(known, _)| *known != Known::Uncertain) {
            self.conclude(tx, true, cx);
        }
    }

    /// Decides for all. A commit is told once it is durable here.
    fn conclude(&mut self, tx: Tx, commit: bool, cx: &mut Cx<'_, Banking>) {
        let Some(lead) = self.leads.get_mut(&tx) else { return };
        lead.decided = true;
        lead.pushing = false;
        let name = cx.name(cx.me()).to_string();
        cx.log(format!("{name} stands in for the coordinator and decides: {}", bank::word(commit)));
        let me = cx.me();
        self.on_decide(me, tx, commit, cx);
        if !commit || self.book.outcome(tx).is_some() && !self.is_syncing(tx, Wrote::Outcome) {
            self.pass_on(tx, cx);
        }
    }

    /// Tells the others what was decided here on their behalf.
    pub fn pass_on(&mut self, tx: Tx, cx: &mut Cx<'_, Banking>) {
        let Some(lead) = self.leads.remove(&tx).filter(|lead| lead.decided) else { return };
        let commit = self.book.outcome(tx) == Some(true);
        for peer in self.peers(&lead.transfer) {
            self.say(bank_id(peer), Msg::Decide { tx, commit }, cx);
        }
        self.say(COORD, Msg::Decide { tx, commit }, cx);
    }

    /// The coordinator, or who stands in for it, says that all have voted yes.
    pub fn on_precommit(&mut self, from: NodeId, tx: Tx, ballot: u32, cx: &mut Cx<'_, Banking>) {
        if ballot < self.ballots.get(&tx).copied().unwrap_or(0) || self.is_syncing(tx, Wrote::PreCommit) {
            return;
        }
        if self.fuse.at(Step::PrecommitIn, cx) {
            return;
        }
        let Some(transfer) = self.prepared_transfer(tx) else {
            if let Some(commit) = self.book.outcome(tx).filter(|_| !self.is_syncing(tx, Wrote::Outcome)) {
                self.say(from, Msg::Decide { tx, commit }, cx);
            }
            return;
        };
        self.heard.insert(tx, cx.now());
        self.pre_from.insert(tx, (from, ballot));
        if self.is_precommitted(tx) {
            return self.preacked(tx, cx);
        }
        let owner: Owner = (transfer.id, tx);
        self.write(Record::PreCommitted { tx }, owner, Wrote::PreCommit, cx);
    }

    /// That record is durable.
    pub fn preacked(&mut self, tx: Tx, cx: &mut Cx<'_, Banking>) {
        if let Some((to, ballot)) = self.pre_from.get(&tx).copied() {
            self.say(to, Msg::PreAcked { tx, ballot }, cx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Known::{Aborted, Committed, Precommitted, Uncertain};

    #[test]
    fn the_four_rules_of_termination() {
        for (states, expected) in [
            (&[Uncertain, Aborted, Uncertain][..], Rule::Abort),
            (&[Committed, Precommitted], Rule::Commit),
            (&[Uncertain, Precommitted], Rule::Push),
            (&[Uncertain, Uncertain], Rule::Abort),
        ] {
            assert_eq!(rule(states), expected, "{states:?}");
        }
    }
}
