//! The lamps: what must hold, judged from what the machines' logs say.

use super::system::{Banking, COORD, Role};
use super::wire::{Transfer, Tx};
use crate::kernel::invariant::{InvariantSpec, Lamps, always, finally, sometimes};
use crate::kernel::node::Watch;
use crate::kernel::time::Time;
use crate::kernel::weight::{Flat, deep};
use crate::kernel::world::World;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

const ATOMIC: usize = 0;
const CONSERVED: usize = 1;
const STANDS: usize = 2;
const READS_WHOLE: usize = 3;
const NEVER_OVERDRAWN: usize = 4;
const ADDS_UP: usize = 5;
const SETTLED: usize = 6;
const IN_DOUBT: usize = 7;
const DIED: usize = 8;
const COMPENSATED: usize = 9;

pub const LAMPS: &[InvariantSpec] = &[
    always("atomic", "no bank commits what another aborts, and no saga is both completed and undone"),
    always("conserved", "no money appears or vanishes, counting what is logged as committed and not yet applied, and what a saga has under way"),
    always("decision-stands", "a decision, once logged or told, never changes"),
    always("reads-whole", "a read of two accounts sees all of a transfer between them, or nothing"),
    always("never-overdrawn", "no account goes below zero"),
    finally("adds-up", "at rest the balances of all banks sum to what they began with"),
    finally("settled", "at rest nobody is in doubt, no lock is held and no saga is half done"),
    sometimes("in-doubt", "a bank has voted, hears nothing and has to ask"),
    sometimes("died-young", "a younger transaction gives way to an older one"),
    sometimes("compensated", "a saga's step is undone"),
];

pub enum Fact {
    /// The coordinator has logged, or told, how a transaction ends.
    Decided {
        tx: Tx,
        transfer: Option<Arc<Transfer>>,
        commit: bool,
    },
    /// It knows nothing of a transaction, and says abort.
    Presumed {
        tx: Tx,
    },
    /// A bank has logged it.
    Outcome {
        tx: Tx,
        bank: u8,
        commit: bool,
    },
    /// A bank has changed an account, and logged it.
    Changed {
        tx: Tx,
        transfer: Arc<Transfer>,
        bank: u8,
        forward: bool,
        account: u32,
        balance: i64,
    },
    /// The coordinator has forgotten it, since everyone has it.
    Ended {
        tx: Tx,
    },
    /// A saga is over.
    Closed {
        saga: u64,
        complete: bool,
    },
    /// Two accounts were read: bank, account, and how often it had been changed.
    Read {
        accounts: [(u8, u32, u64); 2],
    },
    InDoubt,
    Died,
    Compensated,
}

/// What is remembered of transactions, and of changes to one account.
const REMEMBERED: usize = 20_000;
const CHANGES: usize = 64;

#[derive(Clone, Debug, Default)]
struct Known {
    legs: Vec<LegState>,
    /// What the coordinator said, and whether it told somebody to abort because it knew nothing.
    said: Option<bool>,
    presumed: bool,
    /// Somebody has logged a commit.
    committed: bool,
    /// Banks that have logged a commit, and an abort.
    outcomes: [u32; 2],
    /// A saga is over: completed or not.
    closed: Option<bool>,
}

#[derive(Clone, Copy, Debug)]
struct LegState {
    bank: u8,
    account: u32,
    amount: i64,
    /// How often it was applied, less how often undone.
    net: i64,
}

impl Known {
    fn learn(&mut self, transfer: &Transfer) {
        if self.legs.is_empty() {
            self.legs = transfer.legs.iter().map(|leg| LegState { bank: leg.bank, account: leg.account, amount: leg.amount, net: 0 }).collect();
        }
    }

    /// Money of a committed transaction that has not been applied.
    fn outstanding(&self) -> i64 {
        self.legs.iter().map(|leg| leg.amount * (1 - leg.net)).sum()
    }

    /// Every leg is where it is to stay.
    fn is_settled(&self) -> bool {
        let goal = i64::from(self.committed || self.closed == Some(true));
        self.legs.iter().all(|leg| leg.net == goal)
    }

    fn in_flight(&self) -> i64 {
        self.legs.iter().map(|leg| leg.amount * leg.net).sum()
    }
}

#[derive(Clone, Debug, Default)]
struct Account {
    changes: u64,
    recent: VecDeque<(Tx, i64)>,
}

impl Account {
    /// The latest changes up to that version, each transaction's taken together.
    fn seen(&self, version: u64) -> BTreeMap<Tx, i64> {
        let first = self.changes - self.recent.len() as u64;
        let mut net = BTreeMap::new();
        for (tx, sign) in self.recent.iter().take(version.saturating_sub(first) as usize) {
            *net.entry(*tx).or_insert(0) += sign;
        }
        net
    }
}

#[derive(Clone, Debug, Default)]
pub struct Shadow {
    known: BTreeMap<Tx, Known>,
    accounts: BTreeMap<(u8, u32), Account>,
    /// What all changes together have added to the balances, and what is still to come of what is decided.
    applied: i64,
    owed: i64,
    /// Transactions of which somebody committed what another aborted.
    pub splits: u64,
    /// Changes that left an account below zero.
    pub overdrawn: u64,
    /// Whether the latest read saw half of a transfer.
    pub half_read: bool,
}

impl Shadow {
    /// Money that is too much, or too little, by what the logs say.
    pub fn surplus(&self) -> i64 {
        self.applied + self.owed
    }

    fn of(&mut self, tx: Tx) -> &mut Known {
        if self.known.len() > REMEMBERED && !self.known.contains_key(&tx) {
            // What is still under way is not forgotten, however long a machine is down.
            let over = self.known.iter().find(|(_, known)| known.is_settled()).map(|(tx, _)| *tx);
            over.into_iter().for_each(|tx| drop(self.known.remove(&tx)));
        }
        self.known.entry(tx).or_default()
    }

    fn conserve(&self, now: Time, tx: Tx, lamps: &mut Lamps) {
        let surplus = self.surplus();
        lamps.judge(CONSERVED, now, surplus == 0, || {
            format!("{} {} after transaction {}", minor(surplus.abs()), if surplus > 0 { "too much" } else { "missing" }, short(tx))
        });
    }

    fn decided(&mut self, now: Time, tx: Tx, transfer: Option<Arc<Transfer>>, commit: bool, lamps: &mut Lamps) {
        let known = self.of(tx);
        let before = known.said.replace(commit);
        let mut owed = 0;
        if let Some(transfer) = transfer {
            known.learn(&transfer);
            if commit && !known.committed {
                known.committed = true;
                owed = known.outstanding();
            }
        }
        self.owed += owed;
        lamps.judge(STANDS, now, before.is_none_or(|was| was == commit), || {
            format!("the coordinator says {} of transaction {}, having said the opposite", word(commit), short(tx))
        });
        self.conserve(now, tx, lamps);
    }

    fn outcome(&mut self, now: Time, tx: Tx, bank: u8, commit: bool, lamps: &mut Lamps) {
        let known = self.of(tx);
        let (side, bit) = (usize::from(!commit), 1u32 << bank);
        let reversed = known.outcomes[1 - side] & bit != 0;
        let split_before = known.outcomes.iter().all(|banks| *banks != 0);
        known.outcomes[side] |= bit;
        let split = known.outcomes.iter().all(|banks| *banks != 0);
        let lost = known.legs.iter().find(|leg| leg.bank == bank && leg.net == 0).map_or(0, |leg| leg.amount);
        let lost = if !commit && known.committed { lost } else { 0 };
        let turned = !commit && known.presumed && known.said == Some(true);
        self.owed -= lost;
        self.splits += u64::from(split && !split_before);
        if turned {
            lamps.judge(STANDS, now, false, || {
                format!("the coordinator decided to commit transaction {}, and then told bank{} to abort it", short(tx), bank + 1)
            });
        }
        lamps.judge(STANDS, now, !reversed, || format!("bank{} has logged {} of transaction {} after the opposite", bank + 1, word(commit), short(tx)));
        lamps
            .judge(ATOMIC, now, !split, || format!("bank{} has logged {} of transaction {}, and another bank the opposite", bank + 1, word(commit), short(tx)));
        self.conserve(now, tx, lamps);
    }

    fn changed(&mut self, now: Time, change: Change, system: &Banking, lamps: &mut Lamps) {
        let Change { tx, bank, account, balance, sign } = change;
        let known = self.of(tx);
        let Some(leg) = known.legs.iter_mut().find(|leg| leg.bank == bank) else { return };
        let amount = sign * leg.amount;
        leg.net += sign;
        let times = leg.net;
        let mut owed = 0;
        if system.is_saga() {
            // Under way, until the saga is over.
            owed = if known.closed.is_none() { -amount } else { 0 };
        } else if known.committed {
            owed = -amount;
        } else {
            known.committed = true;
            owed += known.outstanding();
        }
        let undone_after_all = known.closed == Some(true) && sign < 0;
        self.applied += amount;
        self.owed += owed;
        self.overdrawn += u64::from(balance < 0);
        let seen = self.accounts.entry((bank, account)).or_default();
        seen.changes += 1;
        seen.recent.push_back((tx, sign));
        if seen.recent.len() > CHANGES {
            seen.recent.pop_front();
        }
        if system.is_saga() {
            lamps.judge(ATOMIC, now, !undone_after_all, || format!("saga {tx} was completed, and is undone at bank{}", bank + 1));
        }
        lamps.judge(CONSERVED, now, (0..=1).contains(&times), || {
            let what = if sign > 0 { "done" } else { "undone" };
            format!("transaction {} is {what} at bank{} once too often: {} twice", short(tx), bank + 1, minor(amount.abs()))
        });
        lamps.judge(NEVER_OVERDRAWN, now, balance >= 0, || {
            format!("account {account} of bank{} stands at {} after transaction {}", bank + 1, minor(balance), short(tx))
        });
        self.conserve(now, tx, lamps);
    }

    fn ended(&mut self, now: Time, tx: Tx, lamps: &mut Lamps) {
        let known = self.of(tx);
        let lost = if known.committed { known.outstanding() } else { 0 };
        self.owed -= lost;
        self.conserve(now, tx, lamps);
    }

    fn closed(&mut self, now: Time, saga: u64, complete: bool, lamps: &mut Lamps) {
        let known = self.of(saga);
        let before = known.closed.replace(complete);
        // What is in flight now should be nothing; if it is something, it is lost or won from here on.
        let in_flight = if before.is_none() { known.in_flight() } else { 0 };
        let half = known.legs.iter().any(|leg| leg.net != i64::from(complete));
        self.owed += in_flight;
        lamps.judge(STANDS, now, before.is_none_or(|was| was == complete), || format!("saga {saga} is over twice, differently"));
        lamps.judge(ATOMIC, now, !half, || format!("saga {saga} is over, done at one bank and not at another"));
        self.conserve(now, saga, lamps);
    }

    fn read(&mut self, now: Time, accounts: [(u8, u32, u64); 2], lamps: &mut Lamps) {
        let [(a_bank, a, a_version), (b_bank, b, b_version)] = accounts;
        let empty = Account::default();
        let at = |bank, account| self.accounts.get(&(bank, account)).unwrap_or(&empty);
        let (seen_a, seen_b) = (at(a_bank, a).seen(a_version), at(b_bank, b).seen(b_version));
        let on = |tx: &Tx, to: (u8, u32)| self.known.get(tx).is_some_and(|known| known.legs.iter().any(|leg| (leg.bank, leg.account) == to));
        // A transfer between the two that is seen at one of them. What is too long ago to be remembered at the other is not judged.
        let half = |seen: &BTreeMap<Tx, i64>, there: &BTreeMap<Tx, i64>, to: (u8, u32)| {
            let other = at(to.0, to.1);
            let forgets = other.changes > other.recent.len() as u64;
            let missed = |tx: &Tx| there.get(tx).copied().unwrap_or(0) <= 0 && on(tx, to) && !(forgets && other.recent.iter().all(|(t, _)| t != tx));
            seen.iter().filter(|(_, net)| **net > 0).map(|(tx, _)| *tx).find(missed)
        };
        let found = half(&seen_a, &seen_b, (b_bank, b)).or_else(|| half(&seen_b, &seen_a, (a_bank, a)));
        self.half_read = found.is_some();
        lamps.judge(READS_WHOLE, now, found.is_none(), || {
            format!("a read of bank{} and bank{} sees transaction {} at one and not at the other", a_bank + 1, b_bank + 1, short(found.unwrap_or(0)))
        });
    }
}

#[derive(Clone, Copy)]
struct Change {
    tx: Tx,
    bank: u8,
    account: u32,
    balance: i64,
    sign: i64,
}

impl Watch<Banking> for Shadow {
    type Fact = Fact;

    fn see(&mut self, now: Time, fact: Fact, system: &Banking, lamps: &mut Lamps) {
        match fact {
            Fact::Decided { tx, transfer, commit } => self.decided(now, tx, transfer, commit, lamps),
            Fact::Outcome { tx, bank, commit } => self.outcome(now, tx, bank, commit, lamps),
            Fact::Changed { tx, transfer, bank, forward, account, balance } => {
                self.of(tx).learn(&transfer);
                self.changed(now, Change { tx, bank, account, balance, sign: if forward { 1 } else { -1 } }, system, lamps);
            }
            Fact::Ended { tx } => self.ended(now, tx, lamps),
            Fact::Closed { saga, complete } => self.closed(now, saga, complete, lamps),
            Fact::Read { accounts } => self.read(now, accounts, lamps),
            Fact::Presumed { tx } => self.of(tx).presumed = true,
            Fact::InDoubt => lamps.reach(IN_DOUBT),
            Fact::Died => lamps.reach(DIED),
            Fact::Compensated => lamps.reach(COMPENSATED),
        }
    }

    fn weight(&self) -> usize {
        let legs = deep(self.known.values(), |known| known.legs.bytes());
        self.known.bytes() + legs + self.accounts.bytes() + deep(self.accounts.values(), |account| account.recent.bytes())
    }
}

/// Once the world is quiet. A machine that is gone for good keeps the others waiting, and what it holds cannot be counted.
pub fn judge_at_last(world: &World<Banking>, lamps: &mut Lamps) {
    if world.ids().any(|id| !world.is_up(id)) {
        return;
    }
    let system = world.system();
    let (mut total, mut left) = (0, Vec::new());
    for id in world.role("bank") {
        let Role::Bank(bank) = world.node(id) else { continue };
        total += bank.book.total();
        let name = world.name(id);
        for (n, what) in [(bank.book.prepared.len(), "in doubt"), (bank.locks_of_transfers(), "locks held"), (bank.book.owed.len(), "events not taken")] {
            if n > 0 {
                left.push(format!("{name} has {n} {what}"));
            }
        }
    }
    if let Role::Coord(coord) = world.node(COORD) {
        for (n, what) in [(coord.txs.len(), "transactions"), (coord.sagas.len(), "sagas")] {
            if n > 0 {
                left.push(format!("coord has {n} {what} under way"));
            }
        }
    }
    let began = system.opening * (system.accounts * system.banks) as i64;
    lamps.judge(ADDS_UP, world.now(), total == began, || format!("the balances sum to {}, and began with {}", minor(total), minor(began)));
    lamps.judge(SETTLED, world.now(), left.is_empty(), || left.join("; "));
}

fn word(commit: bool) -> &'static str {
    if commit { "commit" } else { "abort" }
}

/// A number without the coordinator's start it was given in.
pub fn short(tx: Tx) -> String {
    let (start, number) = (tx >> 32, tx & 0xffff_ffff);
    if start == 0 { number.to_string() } else { format!("{number} (start {})", start + 1) }
}

/// Minor units as money.
pub fn minor(amount: i64) -> String {
    format!("{}{}.{:02}", if amount < 0 { "-" } else { "" }, amount.abs() / 100, amount.abs() % 100)
}
