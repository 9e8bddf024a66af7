//! A bank's book: what its log says, record by record. Recovery is nothing else than reading the log again.

use super::wire::{Transfer, Tx};
use crate::kernel::weight::Flat;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One record of a bank's write-ahead log.
#[derive(Clone, Debug)]
pub enum Record {
    /// The bank is ready to go either way, and may no longer choose.
    Prepared {
        tx: Tx,
        transfer: Arc<Transfer>,
    },
    /// It knows that all have voted yes.
    PreCommitted {
        tx: Tx,
    },
    Committed {
        tx: Tx,
        transfer: Arc<Transfer>,
    },
    Aborted {
        tx: Tx,
    },
    /// A saga's step is done. With `event`, the next bank is owed the news.
    Stepped {
        saga: Arc<Transfer>,
        event: bool,
    },
    /// A saga's step cannot be done here.
    Refused {
        saga: Arc<Transfer>,
        event: bool,
    },
    /// A saga's step is undone; if it never came, it is barred.
    Undone {
        saga: Arc<Transfer>,
        event: bool,
    },
    /// The neighbour has the event.
    Passed {
        saga: u64,
        back: bool,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Account {
    pub balance: i64,
    /// Counts its changes.
    pub version: u64,
}

#[derive(Clone, Debug)]
pub struct Prepared {
    pub transfer: Arc<Transfer>,
    pub pre: bool,
}

/// Where a saga's step stands at this bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    Done,
    Refused,
    Undone,
    /// Undone before it came: it must not be done any more.
    Barred,
}

/// How many finished transactions and steps are remembered, so that a message that comes twice or late does no harm.
const REMEMBERED: usize = 8192;

#[derive(Clone, Debug, Default)]
pub struct Book {
    pub bank: u8,
    pub accounts: Vec<Account>,
    /// Prepared and not yet decided: in doubt, if the decision does not come.
    pub prepared: BTreeMap<Tx, Prepared>,
    done: BTreeMap<Tx, bool>,
    steps: BTreeMap<u64, StepState>,
    /// Events that the neighbour has not taken yet: forward, or back.
    pub owed: BTreeMap<(u64, bool), Arc<Transfer>>,
}

impl Book {
    pub fn new(bank: u8, accounts: usize, opening: i64) -> Book {
        Book { bank, accounts: vec![Account { balance: opening, version: 0 }; accounts], ..Book::default() }
    }

    /// How a transaction ended here, if it did and that is not too long ago.
    pub fn outcome(&self, tx: Tx) -> Option<bool> {
        self.done.get(&tx).copied()
    }

    pub fn step(&self, saga: u64) -> Option<StepState> {
        self.steps.get(&saga).copied()
    }

    pub fn account(&self, account: u32) -> Account {
        self.accounts.get(account as usize).copied().unwrap_or_default()
    }

    pub fn total(&self) -> i64 {
        self.accounts.iter().map(|account| account.balance).sum()
    }

    /// What a transfer would change here: account and amount.
    pub fn leg(&self, transfer: &Transfer) -> Option<(u32, i64)> {
        transfer.at(self.bank).map(|at| (transfer.legs[at].account, transfer.legs[at].amount))
    }

    /// Whether this bank can take its part of the transfer.
    pub fn allows(&self, transfer: &Transfer) -> bool {
        let covered = self.leg(transfer).is_some_and(|(account, amount)| self.account(account).balance + amount >= 0);
        covered && transfer.refused_by != Some(self.bank)
    }

    /// Takes in one record. Reading a log from its start gives the book that was when its last record was written.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::Prepared { tx, transfer } => drop(self.prepared.insert(*tx, Prepared { transfer: Arc::clone(transfer), pre: false })),
            Record::PreCommitted { tx } => {
                if let Some(prepared) = self.prepared.get_mut(tx) {
                    prepared.pre = true;
                }
            }
            Record::Committed { tx, transfer } => {
                self.prepared.remove(tx);
                self.book(transfer, 1);
                remember(&mut self.done, *tx, true);
            }
            Record::Aborted { tx } => {
                self.prepared.remove(tx);
                remember(&mut self.done, *tx, false);
            }
            Record::Stepped { saga, event } => {
                self.book(saga, 1);
                self.stand(saga, StepState::Done, *event);
            }
            Record::Refused { saga, event } => self.stand(saga, StepState::Refused, *event),
            Record::Undone { saga, event } => {
                let state = match self.step(saga.id) {
                    Some(StepState::Done | StepState::Undone) => {
                        self.book(saga, -1);
                        StepState::Undone
                    }
                    Some(StepState::Refused | StepState::Barred) | None => StepState::Barred,
                };
                self.stand(saga, state, *event);
            }
            Record::Passed { saga, back } => drop(self.owed.remove(&(*saga, *back))),
        }
    }

    fn book(&mut self, transfer: &Transfer, sign: i64) {
        let Some((account, amount)) = self.leg(transfer) else { return };
        if let Some(account) = self.accounts.get_mut(account as usize) {
            account.balance += sign * amount;
            account.version += 1;
        }
    }

    /// Remembers a step's state, and which neighbour is owed the news of it: the next one of a step done, the last one of any other.
    fn stand(&mut self, saga: &Arc<Transfer>, state: StepState, event: bool) {
        remember(&mut self.steps, saga.id, state);
        let place = saga.at(self.bank).unwrap_or(0);
        let back = state != StepState::Done;
        let neighbour = if back { place > 0 } else { place + 1 < saga.legs.len() };
        if event && neighbour {
            self.owed.insert((saga.id, back), Arc::clone(saga));
        }
    }

    pub fn weight(&self) -> usize {
        self.accounts.bytes() + self.prepared.bytes() + self.done.bytes() + self.steps.bytes() + self.owed.bytes()
    }
}

fn remember<V>(memory: &mut BTreeMap<u64, V>, key: u64, value: V) {
    memory.insert(key, value);
    if memory.len() > REMEMBERED {
        memory.pop_first();
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::Leg;
    use super::*;
    use proptest::prelude::*;

    fn transfer(id: u64, account: u32, amount: i64) -> Arc<Transfer> {
        let legs = vec![Leg { bank: 0, account, amount }, Leg { bank: 1, account, amount: -amount }];
        Arc::new(Transfer { id, legs, refused_by: None })
    }

    #[test]
    fn a_step_undone_before_it_came_moves_no_money_and_is_barred() {
        let mut book = Book::new(0, 4, 100);
        let saga = transfer(1, 2, -30);
        book.apply(&Record::Undone { saga: Arc::clone(&saga), event: false });
        assert_eq!((book.step(1), book.account(2).balance), (Some(StepState::Barred), 100));
        let saga = transfer(2, 2, -30);
        for record in [Record::Stepped { saga: Arc::clone(&saga), event: true }, Record::Undone { saga, event: true }] {
            book.apply(&record);
        }
        assert_eq!((book.step(2), book.account(2).balance, book.account(2).version), (Some(StepState::Undone), 100, 2));
    }

    #[test]
    fn the_first_bank_owes_the_next_and_the_last_owes_nobody() {
        let saga = transfer(1, 2, -30);
        let owes = |bank| {
            let mut book = Book::new(bank, 4, 100);
            book.apply(&Record::Stepped { saga: Arc::clone(&saga), event: true });
            let forward = book.owed.contains_key(&(1, false));
            book.apply(&Record::Undone { saga: Arc::clone(&saga), event: true });
            (forward, book.owed.contains_key(&(1, true)))
        };
        assert_eq!([owes(0), owes(1)], [(true, false), (false, true)]);
    }

    /// The fate of one transaction: prepared, and then committed, aborted, or nothing yet.
    fn history() -> impl Strategy<Value = Vec<(u32, i64, Option<bool>)>> {
        prop::collection::vec((0u32..4, -20i64..20, prop::option::of(any::<bool>())), 1..40)
    }

    proptest! {
        /// Crash after any prefix of the log: what is booked is what was committed within it, and what was prepared and not decided is in doubt.
        #[test]
        fn any_prefix_of_a_log_recovers_to_what_it_says(history in history(), cut in 0usize..200, every in 1usize..5) {
            let mut log = Vec::new();
            for (at, (account, amount, _)) in history.iter().enumerate() {
                let (tx, transfer) = (at as u64, transfer(at as u64, *account, *amount));
                log.push(Record::Prepared { tx, transfer: Arc::clone(&transfer) });
                // Decisions come late and in bunches.
                if at % every == 0 {
                    for (past, (account, amount, fate)) in history[..=at].iter().enumerate().filter(|(past, _)| past + every > at) {
                        let (tx, transfer) = (past as u64, self::transfer(past as u64, *account, *amount));
                        log.extend(fate.map(|commit| if commit { Record::Committed { tx, transfer } } else { Record::Aborted { tx } }));
                    }
                }
            }
            let cut = cut.min(log.len());
            let mut book = Book::new(0, 4, 1000);
            log[..cut].iter().for_each(|record| book.apply(record));

            let committed = |tx: u64| log[..cut].iter().any(|r| matches!(r, Record::Committed { tx: t, .. } if *t == tx));
            let aborted = |tx: u64| log[..cut].iter().any(|r| matches!(r, Record::Aborted { tx: t } if *t == tx));
            let prepared = |tx: u64| log[..cut].iter().any(|r| matches!(r, Record::Prepared { tx: t, .. } if *t == tx));
            let mut naive = [1000i64; 4];
            for (tx, (account, amount, _)) in history.iter().enumerate() {
                if committed(tx as u64) {
                    naive[*account as usize] += amount;
                }
                let in_doubt = prepared(tx as u64) && !committed(tx as u64) && !aborted(tx as u64);
                prop_assert_eq!(book.prepared.contains_key(&(tx as u64)), in_doubt);
                let outcome = if committed(tx as u64) { Some(true) } else if aborted(tx as u64) { Some(false) } else { None };
                prop_assert_eq!(book.outcome(tx as u64), outcome);
            }
            prop_assert_eq!(book.accounts.iter().map(|a| a.balance).collect::<Vec<_>>(), naive);
        }
    }
}
