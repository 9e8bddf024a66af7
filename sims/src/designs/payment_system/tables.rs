//! What the store keeps, and what each transaction does to it when it commits.

use super::message::{Booked, Event, Fix, OpenList, Order, Outcome, Query, Record, Standing, Told};
use super::money::{Chart, coin_of, exchange};
use super::payment::{Payment, Refund, RefundState, State, payment_of, reference};
use super::system::{Claim, Events, HotRows, Payments};
use super::watch::Fact;
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::{Flat, deep};
use crate::parts::hash::mix;
use crate::parts::idempotency::{Begin, Keys};
use crate::parts::ledger::{Account, Currency, Ledger, Leg};
use crate::parts::outbox::Outbox;
use std::collections::{BTreeMap, BTreeSet};

/// Items of one network in one round of reconciliation.
const ROUND_MOST: usize = 500;
/// How long closed rows stay in the tables, and how many entries in the open books.
const KEPT: Span = Span::secs(600);
const ENTRIES_KEPT: usize = 30_000;
/// Refund numbers of orphans, apart from those that merchants choose.
const ORPHAN: u64 = 1 << 60;

#[derive(Clone)]
pub struct Tables {
    pub payments: BTreeMap<u64, Payment>,
    pub refunds: BTreeMap<u64, Refund>,
    by_order: BTreeMap<u64, u64>,
    open: BTreeSet<u64>,
    open_refunds: BTreeSet<u64>,
    pub keys: Keys<Told, u64>,
    pub ledger: Ledger,
    pub chart: Chart,
    pub outbox: Outbox<Event>,
    /// Per network: the last line of its file that agrees with us.
    cursors: Vec<u64>,
    /// Per state: how many payments are in it.
    pub census: [u64; State::ALL.len()],
    /// Payments below this number are in the archive.
    archived: u64,
}

/// What a commit did, for lamps and metrics.
#[derive(Default)]
pub struct Effects {
    pub facts: Vec<Fact>,
    pub answered_by_key: u64,
    pub taken_over: u64,
    pub refund_refused: u64,
    pub orphans: u64,
    pub disputes: u64,
    pub captured: Option<u32>,
}

fn standing(payment: u64, row: &Payment) -> Standing {
    Standing { payment, state: row.state, reference: row.reference, net: row.net }
}

/// The same for equal requests, so that a key used for another one is known.
pub fn fingerprint(order: &Order) -> u64 {
    mix(order.id ^ mix(order.amount.unsigned_abs() ^ u64::from(order.merchant) << 40))
}

impl Tables {
    pub fn new(system: &Payments) -> Tables {
        let mut ledger = Ledger::default();
        let chart = Chart::open(&mut ledger, system.merchants, system.shards);
        Tables {
            payments: BTreeMap::new(),
            refunds: BTreeMap::new(),
            by_order: BTreeMap::new(),
            open: BTreeSet::new(),
            open_refunds: BTreeSet::new(),
            keys: Keys::new(system.key_lease, system.key_ttl),
            ledger,
            chart,
            outbox: Outbox::default(),
            cursors: vec![0; system.networks],
            census: [0; State::ALL.len()],
            archived: 0,
        }
    }

    /// A query that changes nothing.
    pub fn read(&self, query: &Query, now: Time, system: &Payments) -> Outcome {
        match query {
            Query::Look { key, print } => match self.keys.look(*key, *print, now) {
                Some(Begin::Done(told)) => Outcome::Done(told),
                Some(Begin::Mismatch) => Outcome::Mismatch,
                Some(_) => Outcome::Busy,
                None => Outcome::Nothing,
            },
            Query::Room { payment } => Outcome::Room(self.payments.get(payment).map_or(0, Payment::room)),
            Query::Open => Outcome::Open(Box::new(self.open_list(now, system))),
            _ => Outcome::Nothing,
        }
    }

    /// A transaction, at the moment of its commit. `number` is its place in the outbox.
    pub fn apply(&mut self, query: &Query, number: u64, now: Time, system: &Payments, effects: &mut Effects) -> Outcome {
        match query {
            Query::Begin { order, key } => self.begin(order, *key, now, system, effects),
            Query::Move { payment, to, reference } => self.change(*payment, *to, *reference, number, now, system, effects),
            Query::OtherSide { payment } => {
                self.book_credit(*payment, now, system);
                self.tell_sums(effects);
                Outcome::Nothing
            }
            Query::Reserve { refund, payment, amount, unchecked } => self.reserve(*refund, *payment, *amount, *unchecked, now, effects),
            Query::Settle { refund, done } => self.settle(*refund, *done, number, now, system, effects),
            Query::Orphan { reference, net, amount } => {
                self.orphan(*reference, *net, *amount, now, effects);
                Outcome::Nothing
            }
            Query::Dispute { payment, amount } => {
                self.dispute(*payment, *amount, now, system, effects);
                Outcome::Nothing
            }
            Query::Compare { net, records } => self.compare(*net, records),
            Query::RollUp { merchant } => {
                self.roll_up(*merchant, now);
                self.tell_sums(effects);
                Outcome::Nothing
            }
            Query::Look { .. } | Query::Room { .. } | Query::Open => self.read(query, now, system),
        }
    }

    fn begin(&mut self, order: &Order, key: Option<u64>, now: Time, system: &Payments, effects: &mut Effects) -> Outcome {
        if system.unique_order
            && let Some(payment) = self.by_order.get(&order.id).copied()
        {
            effects.answered_by_key += 1;
            // Of the archived only the paid ones are still in the index.
            let Some(row) = self.payments.get(&payment) else { return Outcome::Done(Told::Paid { payment }) };
            return match row.state {
                state if state.is_paid() => Outcome::Done(Told::Paid { payment }),
                State::Failed | State::Voided => Outcome::Done(Told::Declined),
                _ => Outcome::Begun(standing(payment, row)),
            };
        }
        let Some(key) = key else { return self.create(order, None, now) };
        let print = fingerprint(order);
        self.keys.set(system.key_lease, system.key_ttl);
        match system.claim {
            Claim::StoreAtEnd => self.create(order, Some(key), now),
            Claim::CheckThenInsert => {
                let claim = self.keys.insert_after_look(key, print, now);
                self.create_under(order, key, claim, now)
            }
            Claim::Unique => match self.keys.begin(key, print, now) {
                Begin::Fresh { claim } | Begin::TakenOver { claim, work: None } => self.create_under(order, key, claim, now),
                Begin::TakenOver { work: Some(payment), .. } => {
                    effects.taken_over += 1;
                    self.payments.get(&payment).map_or(Outcome::Busy, |row| Outcome::Begun(standing(payment, row)))
                }
                Begin::InProgress { .. } => Outcome::Busy,
                Begin::Done(told) => {
                    effects.answered_by_key += 1;
                    Outcome::Done(told)
                }
                Begin::Mismatch => Outcome::Mismatch,
            },
        }
    }

    fn create_under(&mut self, order: &Order, key: u64, claim: u64, now: Time) -> Outcome {
        let outcome = self.create(order, Some(key), now);
        if let Outcome::Begun(standing) = &outcome {
            self.keys.note(key, claim, standing.payment);
        }
        outcome
    }

    fn create(&mut self, order: &Order, key: Option<u64>, now: Time) -> Outcome {
        let payment = self.payments.last_key_value().map_or(self.archived, |(last, _)| *last).max(self.archived) + 1;
        let coin = coin_of(order.merchant);
        let row = Payment {
            order: order.id,
            key,
            merchant: order.merchant,
            net: (order.id % self.cursors.len().max(1) as u64) as u8,
            state: State::Pending,
            reference: reference(payment, 0),
            amount: order.amount,
            coin,
            card_amount: exchange(order.amount, coin, order.card_coin),
            card_coin: order.card_coin,
            refunded: 0,
            reserved: 0,
            disputed: 0,
            born: now,
            one_sided: false,
        };
        let begun = standing(payment, &row);
        self.payments.insert(payment, row);
        self.by_order.insert(order.id, payment);
        self.open.insert(payment);
        self.census[State::Pending as usize] += 1;
        Outcome::Begun(begun)
    }

    #[allow(clippy::too_many_arguments, reason = "a row's change and its surroundings")]
    fn change(&mut self, payment: u64, to: State, name: u64, number: u64, now: Time, system: &Payments, effects: &mut Effects) -> Outcome {
        let Some(row) = self.payments.get_mut(&payment) else { return Outcome::Nothing };
        let from = row.state;
        let way: &[State] = match from.way(to) {
            Some(way) => way,
            None if from == to || (to == State::Captured && from == State::Refunded) => &[],
            // Whoever writes last is believed.
            None if !system.state_guard => std::slice::from_ref(State::ALL.iter().find(|state| **state == to).unwrap_or(&State::Pending)),
            None => return Outcome::Moved { ok: false, changed: false, standing: standing(payment, row) },
        };
        let mut at = from;
        for step in way {
            effects.facts.push(Fact::Changed { payment, from: at, to: *step });
            self.census[at as usize] = self.census[at as usize].saturating_sub(1);
            self.census[*step as usize] += 1;
            at = *step;
        }
        let changed = !way.is_empty();
        row.state = at;
        if changed && matches!(to, State::Authorised | State::Captured) {
            row.reference = name;
        }
        if at.is_open() {
            self.open.insert(payment)
        } else {
            self.open.remove(&payment)
        };
        let copy = *row;
        if changed && to == State::Captured {
            self.book_capture(payment, now, system);
            effects.captured = Some(copy.merchant);
            effects.facts.push(Fact::Committed { payment });
            if system.events == Events::Outbox {
                self.outbox.commit(number, Event::paid(payment));
            }
        }
        if changed && !at.is_open() {
            self.answer_key(payment, &copy, now, system);
            self.tell_sums(effects);
        }
        Outcome::Moved { ok: true, changed, standing: standing(payment, &copy) }
    }

    /// The answer is stored with the change that it tells of.
    fn answer_key(&mut self, payment: u64, row: &Payment, now: Time, system: &Payments) {
        let Some(key) = row.key else { return };
        let told = if row.state.is_paid() { Told::Paid { payment } } else { Told::Declined };
        if system.claim == Claim::StoreAtEnd {
            if row.state.is_paid() {
                let order = Order { id: row.order, merchant: row.merchant, amount: row.amount, card: super::message::Card::Token(0), card_coin: row.card_coin };
                self.keys.insert_done(key, fingerprint(&order), told, now);
            }
        } else {
            self.keys.settle(key, payment, told);
        }
    }

    fn balance_row(&self, payment: u64, row: &Payment, system: &Payments) -> Account {
        match system.hot_rows {
            HotRows::Lock => self.chart.row(row.merchant, 0),
            HotRows::Sharded => self.chart.row(row.merchant, shard(payment, system) as usize),
            HotRows::Batched => self.chart.incoming(row.merchant),
        }
    }

    fn book_capture(&mut self, payment: u64, now: Time, system: &Payments) {
        let Some(row) = self.payments.get(&payment) else { return };
        let (debits, credits) = self.chart.capture(row, self.balance_row(payment, row, system));
        if system.double_entry {
            // Legs that the chart makes balance, so this is never refused; `everything_balances_and_parts_add_up` proves it.
            let _ = self.ledger.post(now, payment, &[debits, credits].concat());
            return;
        }
        let _ = self.ledger.post_one_sided(now, payment, &debits);
        if let Some(row) = self.payments.get_mut(&payment) {
            row.one_sided = true;
        }
    }

    fn book_credit(&mut self, payment: u64, now: Time, system: &Payments) {
        let Some(row) = self.payments.get(&payment).filter(|row| row.one_sided) else { return };
        let (_, credits) = self.chart.capture(row, self.balance_row(payment, row, system));
        let _ = self.ledger.post_one_sided(now, payment, &credits);
        if let Some(row) = self.payments.get_mut(&payment) {
            row.one_sided = false;
        }
    }

    fn tell_sums(&self, effects: &mut Effects) {
        effects.facts.push(Fact::Summed { imbalance: self.ledger.imbalance() });
    }

    fn reserve(&mut self, refund: u64, payment: u64, amount: i64, unchecked: bool, now: Time, effects: &mut Effects) -> Outcome {
        if let Some(row) = self.refunds.get(&refund) {
            let standing = self.payments.get(&payment).map(|row| standing(payment, row));
            return Outcome::Reserved { state: Some(row.state), standing };
        }
        let Some(row) = self.payments.get_mut(&payment).filter(|row| unchecked || row.room() >= amount) else {
            effects.refund_refused += 1;
            return Outcome::Reserved { state: None, standing: None };
        };
        row.reserved += amount;
        let made = Refund { payment: Some(payment), reference: row.reference, net: row.net, amount, state: RefundState::Open, born: now, entry: None };
        let standing = standing(payment, row);
        self.refunds.insert(refund, made);
        self.open_refunds.insert(refund);
        Outcome::Reserved { state: Some(RefundState::Open), standing: Some(standing) }
    }

    fn settle(&mut self, refund: u64, done: bool, number: u64, now: Time, system: &Payments, effects: &mut Effects) -> Outcome {
        let Some(row) = self.refunds.get_mut(&refund).filter(|row| row.state == RefundState::Open) else { return Outcome::Nothing };
        row.state = if done { RefundState::Done } else { RefundState::Failed };
        let copy = *row;
        self.open_refunds.remove(&refund);
        if let Some(payment) = copy.payment {
            self.settle_payment(refund, payment, &copy, done, number, now, system, effects);
        } else if let Some(entry) = copy.entry.filter(|_| done) {
            let _ = self.ledger.reverse(now, entry);
        }
        self.tell_sums(effects);
        Outcome::Nothing
    }

    #[allow(clippy::too_many_arguments, reason = "a refund, its payment and their surroundings")]
    fn settle_payment(&mut self, refund: u64, payment: u64, made: &Refund, done: bool, number: u64, now: Time, system: &Payments, effects: &mut Effects) {
        let Some(row) = self.payments.get(&payment).copied() else { return };
        let account = self.balance_row(payment, &row, system);
        let Some(stored) = self.payments.get_mut(&payment) else { return };
        stored.reserved -= made.amount;
        if !done {
            return;
        }
        let _ = self.ledger.post(now, payment, &self.chart.give_back(&row, account, row.refunded + row.disputed, made.amount));
        stored.refunded += made.amount;
        if stored.refunded >= stored.amount && stored.state == State::Captured {
            stored.state = State::Refunded;
            self.census[State::Captured as usize] = self.census[State::Captured as usize].saturating_sub(1);
            self.census[State::Refunded as usize] += 1;
            effects.facts.push(Fact::Changed { payment, from: State::Captured, to: State::Refunded });
        }
        if system.events == Events::Outbox {
            self.outbox.commit(number, Event::refunded(refund, payment));
        }
    }

    /// Money that came in under a name we do not know: it is held in suspense and sent back.
    fn orphan(&mut self, name: u64, net: u8, amount: i64, now: Time, effects: &mut Effects) {
        let refund = ORPHAN | name;
        if self.refunds.contains_key(&refund) {
            return;
        }
        let house = self.chart.house(self.payments.get(&payment_of(name)).map_or(0, |row| row.coin));
        let entry = self.ledger.post(now, refund, &[Leg::debit(house.receivable, amount), Leg::credit(house.suspense, amount)]).ok();
        self.refunds.insert(refund, Refund { payment: None, reference: name, net, amount, state: RefundState::Open, born: now, entry });
        self.open_refunds.insert(refund);
        effects.orphans += 1;
        self.tell_sums(effects);
    }

    fn dispute(&mut self, payment: u64, amount: i64, now: Time, system: &Payments, effects: &mut Effects) {
        let Some(row) = self.payments.get(&payment).copied().filter(|row| row.disputed == 0) else { return };
        let account = self.balance_row(payment, &row, system);
        let _ = self.ledger.post(now, payment, &self.chart.give_back(&row, account, row.refunded, amount));
        if let Some(row) = self.payments.get_mut(&payment) {
            row.disputed = amount;
        }
        effects.disputes += 1;
        self.tell_sums(effects);
    }

    fn roll_up(&mut self, merchant: u32, now: Time) {
        let (incoming, balance) = (self.chart.incoming(merchant), self.chart.row(merchant, 0));
        let amount = self.ledger.balance(incoming);
        if amount != 0 {
            let _ = self.ledger.post(now, 0, &[Leg { account: incoming, amount: -amount }, Leg { account: balance, amount }]);
        }
    }

    /// Merchants with something that is not rolled up.
    pub fn to_roll_up(&self) -> Vec<u32> {
        (0..self.chart.incoming.len() as u32).filter(|merchant| self.ledger.balance(self.chart.incoming(*merchant)) != 0).collect()
    }

    /// A network's lines against our rows. The cursor moves over what agrees and stops at the first difference, so that a
    /// reconciler that dies on the way finds it again.
    fn compare(&mut self, net: u8, records: &[Record]) -> Outcome {
        let fixes: Vec<(u64, Fix)> = records.iter().filter_map(|record| Some((record.line, self.difference(net, record)?))).collect();
        let agreed = fixes.first().map_or(records.last().map(|record| record.line), |(line, _)| Some(line - 1));
        if let (Some(agreed), Some(cursor)) = (agreed, self.cursors.get_mut(usize::from(net))) {
            *cursor = agreed.max(*cursor);
        }
        Outcome::Compared { fixes: fixes.into_iter().map(|(_, fix)| fix).take(ROUND_MOST).collect() }
    }

    fn difference(&self, net: u8, record: &Record) -> Option<Fix> {
        let payment = payment_of(record.reference);
        let row = self.payments.get(&payment);
        if row.is_none() && self.is_archived(payment) {
            return None;
        }
        match record.what {
            Booked::Captured => match row {
                Some(row) if row.state.is_paid() && row.reference == record.reference => None,
                Some(row) if row.state.is_open() => Some(Fix::Capture { payment, reference: record.reference }),
                _ if self.refunds.contains_key(&(ORPHAN | record.reference)) => None,
                _ => Some(Fix::Orphan { reference: record.reference, net, amount: record.amount }),
            },
            Booked::Refunded { refund } => {
                let open = self.refunds.get(&refund).is_some_and(|row| row.state == RefundState::Open);
                open.then_some(Fix::Refunded { refund })
            }
            Booked::ChargedBack => {
                let missing = row.is_some_and(|row| row.disputed == 0 && row.reference == record.reference);
                missing.then_some(Fix::Dispute { payment, amount: record.amount })
            }
        }
    }

    /// So many of each network, so that one that is dead for days does not hold up the others.
    fn open_list(&self, now: Time, system: &Payments) -> OpenList {
        let old = |born: Time| now.since(born) >= system.cutoff;
        let mut taken = vec![0; self.cursors.len()];
        let mut fits = |net: u8| {
            taken.get_mut(usize::from(net)).is_some_and(|n| {
                *n += 1;
                *n <= ROUND_MOST
            })
        };
        let rows = self.open.iter().filter_map(|id| Some((*id, self.payments.get(id)?)));
        let payments: Vec<Standing> = rows.filter(|(_, row)| old(row.born) && fits(row.net)).map(|(id, row)| standing(id, row)).collect();
        let rows = self.open_refunds.iter().filter_map(|id| Some((*id, self.refunds.get(id)?)));
        let due = rows.filter(|(_, row)| (row.payment.is_none() || old(row.born)) && fits(row.net));
        let refunds: Vec<_> = due.map(|(id, row)| (id, row.reference, row.net, row.amount)).collect();
        let more = self.open.len() + self.open_refunds.len() > payments.len() + refunds.len();
        OpenList { payments, refunds, more, cursors: self.cursors.clone() }
    }

    /// Closed payments, refunds and books of long ago go to the archive, so that a lab left open does not grow without end. The index of
    /// orders stays for what was paid.
    pub fn archive(&mut self, now: Time) {
        let old = |born: Time| now.since(born) >= KEPT;
        let by_order = &mut self.by_order;
        let mut archived = self.archived;
        self.payments.retain(|id, row| {
            let keep = !old(row.born) || row.state.is_open() || row.reserved != 0;
            if !keep {
                archived = archived.max(*id);
                if !row.state.is_paid() && by_order.get(&row.order) == Some(id) {
                    by_order.remove(&row.order);
                }
            }
            keep
        });
        self.archived = archived;
        self.refunds.retain(|_, row| !old(row.born) || row.state == RefundState::Open);
        self.ledger.close(ENTRIES_KEPT);
    }

    /// Whether a payment has left the table for the archive.
    pub fn is_archived(&self, payment: u64) -> bool {
        payment <= self.archived && !self.payments.contains_key(&payment)
    }

    /// Payments whose outcome is not known here.
    pub fn open_count(&self) -> usize {
        self.open.len()
    }

    /// What all balances of a coin sum to.
    pub fn total(&self, coin: usize) -> i128 {
        self.ledger.total(Currency(coin as u8))
    }

    pub fn weight(&self) -> usize {
        self.payments.bytes()
            + self.refunds.bytes()
            + self.by_order.bytes()
            + self.open.bytes()
            + self.open_refunds.bytes()
            + self.keys.weight()
            + self.ledger.weight()
            + self.outbox.weight()
            + self.chart.incoming.bytes()
            + deep(self.chart.merchants.iter(), |rows| rows.bytes() + std::mem::size_of::<Vec<Account>>())
    }
}

/// The row of a merchant's balance that a payment falls on.
pub fn shard(payment: u64, system: &Payments) -> u32 {
    match system.hot_rows {
        HotRows::Sharded => (mix(payment) % system.shards as u64) as u32,
        HotRows::Lock | HotRows::Batched => 0,
    }
}
