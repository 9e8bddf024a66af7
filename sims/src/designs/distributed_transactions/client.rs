//! Those who move money, and those who look at it: transfers arrive at a rate, and reads of both accounts of a transfer under way.

use super::bank::READ;
use super::coord::reason;
use super::system::{Banking, COORD, bank_id};
use super::watch::Fact;
use super::wire::{Ending, Leg, Msg, Timer, Transfer, Tx};
use super::{metrics, reasons};
use crate::kernel::cx::Cx;
use crate::kernel::load::{Arrivals, Stream};
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::Flat;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How long a client waits for an answer. After that it does not know how its transfer ended.
const PATIENCE: Span = Span::secs(30);
/// A read looks at one of so many transfers begun last.
const RECENT: usize = 8;
/// A read that takes longer is given up.
pub const READ_LIMIT: Span = Span::millis(500);
/// A read that lost a lock comes again after about so long.
const READ_AGAIN: Span = Span::millis(5);

/// A balance and its version.
type Found = (i64, u64);

#[derive(Clone, Debug)]
struct Reading {
    since: Time,
    /// The attempt under way.
    read: Tx,
    tries: u64,
    /// Bank, account, and what was found there: balance and version.
    legs: [(u8, u32, Option<Found>); 2],
}

#[derive(Clone)]
pub struct Client {
    transfers: Stream,
    reads: Stream,
    /// What is drawn for transfers and reads: the same for every protocol.
    rng: Rng,
    /// Given to each transfer and read in turn.
    last: u64,
    open: BTreeMap<u64, Time>,
    recent: VecDeque<Arc<Transfer>>,
    reading: BTreeMap<u64, Reading>,
    pub asked: u64,
    pub done: u64,
}

impl Client {
    pub fn new(transfers: Rng, reads: Rng, rng: Rng) -> Client {
        Client {
            transfers: Stream::new(Arrivals::Poisson, transfers),
            reads: Stream::new(Arrivals::Poisson, reads),
            rng,
            last: 0,
            open: BTreeMap::new(),
            recent: VecDeque::new(),
            reading: BTreeMap::new(),
            asked: 0,
            done: 0,
        }
    }

    pub fn start(&mut self, cx: &mut Cx<'_, Banking>) {
        self.next_transfer(cx);
        self.next_read(cx);
    }

    /// What it was waiting for it will not recognise any more. Its numbers go on, as from a disk.
    pub fn crash(&mut self) {
        self.open.clear();
        self.reading.clear();
    }

    pub fn waiting(&self) -> usize {
        self.open.len()
    }

    fn next_transfer(&mut self, cx: &mut Cx<'_, Banking>) {
        let rate = cx.system().rate * cx.load();
        cx.expect(self.transfers.gap(rate, cx.now()), |now| Timer::Arrive { now });
    }

    fn next_read(&mut self, cx: &mut Cx<'_, Banking>) {
        let rate = cx.system().reads * cx.load();
        cx.expect(self.reads.gap(rate, cx.now()), |now| Timer::ArriveRead { now });
    }

    pub fn on_timer(&mut self, timer: &Timer, cx: &mut Cx<'_, Banking>) {
        match *timer {
            Timer::Arrive { now } => {
                if now && !cx.draining() {
                    let system = cx.shared();
                    let hot = self.rng.chance(system.hot_share);
                    let refused = self.rng.chance(system.refusals);
                    self.transfer(hot, refused, cx);
                }
                self.next_transfer(cx);
            }
            Timer::ArriveRead { now } => {
                if now && !cx.draining() {
                    let back = self.rng.below(RECENT as u64) as usize;
                    self.read(back, cx);
                }
                self.next_read(cx);
            }
            Timer::Unanswered { id } => self.open.remove(&id).into_iter().for_each(|_| cx.fail(reasons::NO_ANSWER)),
            Timer::ReadDue { read } => self.read_due(read, cx),
            Timer::ReadAgain { age } => self.send_read(age, cx),
            _ => {}
        }
    }

    /// Begins a transfer. Accounts 0 and up are the hot ones of each bank.
    pub fn transfer(&mut self, hot: bool, refused: bool, cx: &mut Cx<'_, Banking>) {
        let system = cx.shared();
        let mut banks: Vec<u8> = (0..system.banks as u8).collect();
        self.rng.shuffle(&mut banks);
        let amount = 100 + self.rng.below(9_901) as i64;
        let receivers = system.legs as i64 - 1;
        let mut legs = Vec::with_capacity(system.legs);
        for (place, bank) in banks.into_iter().take(system.legs).enumerate() {
            let (few, many) = (system.hot_accounts as u64, system.accounts as u64);
            // Draw first: what is hot must not shift what comes after.
            let (a, b) = (self.rng.below(few), self.rng.below((many - few).max(1)));
            let account = if hot || many == few { a } else { few + b };
            let share = amount / receivers + if place == 1 { amount % receivers } else { 0 };
            legs.push(Leg { bank, account: account as u32, amount: if place == 0 { -amount } else { share } });
        }
        self.last += 1;
        let refused_by = refused.then(|| legs[legs.len() - 1].bank);
        let transfer = Arc::new(Transfer { id: self.last, legs, refused_by });
        self.asked += 1;
        cx.count(metrics::ASKED, 1);
        cx.count(metrics::MESSAGES, 1);
        self.open.insert(transfer.id, cx.now());
        cx.background(PATIENCE, Timer::Unanswered { id: transfer.id });
        let to = if system.choreography() { bank_id(transfer.legs[0].bank) } else { COORD };
        cx.send(to, Msg::Transfer(Arc::clone(&transfer)));
        self.recent.push_front(transfer);
        self.recent.truncate(RECENT);
    }

    pub fn on_msg(&mut self, msg: &Msg, cx: &mut Cx<'_, Banking>) {
        match *msg {
            Msg::Answer { id, ending } => {
                let Some(since) = self.open.remove(&id) else { return };
                if ending == Ending::Done {
                    self.done += 1;
                    cx.count(metrics::DONE, 1);
                    cx.record_since(metrics::TRANSFER, since);
                } else {
                    cx.fail(reason(ending));
                }
            }
            Msg::Value { read, leg, balance, version } => self.on_value(read, leg, (balance, version), cx),
            Msg::ReadNo { read } => self.on_read_no(read, cx),
            _ => {}
        }
    }

    /// Reads both accounts of the transfer that was begun so many before the last.
    pub fn read(&mut self, back: usize, cx: &mut Cx<'_, Banking>) {
        let Some(transfer) = self.recent.get(back.min(self.recent.len().saturating_sub(1))) else { return };
        let leg = |at: usize| (transfer.legs[at].bank, transfer.legs[at].account, None);
        let legs = [leg(0), leg(1)];
        self.last += 1;
        self.reading.insert(self.last, Reading { since: cx.now(), read: 0, tries: 0, legs });
        self.send_read(self.last, cx);
    }

    fn send_read(&mut self, age: u64, cx: &mut Cx<'_, Banking>) {
        let Some(reading) = self.reading.get_mut(&age) else { return };
        reading.tries += 1;
        reading.read = READ | age << 8 | reading.tries.min(255);
        let read = reading.read;
        if reading.tries == 1 {
            cx.background(READ_LIMIT, Timer::ReadDue { read: age });
        }
        for leg in &mut reading.legs {
            leg.2 = None;
        }
        for (bank, account, _) in reading.legs {
            cx.count(metrics::MESSAGES, 1);
            cx.send(bank_id(bank), Msg::Read { read, age, account });
        }
    }

    fn release(reading: &Reading, age: u64, cx: &mut Cx<'_, Banking>) {
        for (bank, ..) in reading.legs {
            cx.count(metrics::MESSAGES, 1);
            cx.send(bank_id(bank), Msg::Release { read: reading.read, age });
        }
    }

    fn on_value(&mut self, read: Tx, bank: u8, value: Found, cx: &mut Cx<'_, Banking>) {
        let age = (read & !READ) >> 8;
        let Some(reading) = self.reading.get_mut(&age).filter(|reading| reading.read == read) else {
            // Of an attempt that was given up: nobody else will give that lock back.
            return cx.send(bank_id(bank), Msg::Release { read, age });
        };
        for leg in reading.legs.iter_mut().filter(|leg| leg.0 == bank) {
            leg.2 = Some(value);
        }
        let [(a_bank, a, Some((_, a_version))), (b_bank, b, Some((_, b_version)))] = reading.legs else { return };
        let Some(reading) = self.reading.remove(&age) else { return };
        Client::release(&reading, age, cx);
        cx.count(metrics::READS, 1);
        cx.record_since(metrics::READ, reading.since);
        cx.fact(Fact::Read { accounts: [(a_bank, a, a_version), (b_bank, b, b_version)] });
        if cx.rest.watch.half_read {
            cx.count(metrics::HALF_READS, 1);
        }
    }

    /// It is too young to wait: it gives back what it has and comes again, as old as it is.
    fn on_read_no(&mut self, read: Tx, cx: &mut Cx<'_, Banking>) {
        let age = (read & !READ) >> 8;
        let Some(reading) = self.reading.get_mut(&age).filter(|reading| reading.read == read) else { return };
        Client::release(reading, age, cx);
        reading.read = 0;
        let wait = READ_AGAIN.times(0.5 + cx.rng().unit());
        cx.background(wait, Timer::ReadAgain { age });
    }

    fn read_due(&mut self, age: Tx, cx: &mut Cx<'_, Banking>) {
        if let Some(reading) = self.reading.remove(&age) {
            Client::release(&reading, age, cx);
            cx.count(metrics::READS_GIVEN_UP, 1);
        }
    }

    pub fn weight(&self) -> usize {
        self.open.bytes() + self.recent.bytes() + self.reading.bytes()
    }
}
