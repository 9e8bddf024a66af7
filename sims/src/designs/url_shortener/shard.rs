//! A shard of the store: rows by number, one request after another, durable.

use super::messages::{Link, Msg, Outcome, Put, Timer};
use super::metrics::{STORE_QUEUE, STORE_READS, SWEPT};
use super::role::Ctx;
use super::system::GRACE;
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::BTreeMap;

const SWEEP: Span = Span::secs(10);

#[derive(Clone, Debug)]
pub struct Shard {
    rows: BTreeMap<u64, Link>,
    /// Rows by expiry, for the sweeper.
    soonest: BTreeMap<(Time, u64), ()>,
    free_at: Time,
    waiting: u32,
}

impl Shard {
    pub fn new(rows: impl Iterator<Item = (u64, Link)>) -> Shard {
        let mut shard = Shard { rows: BTreeMap::new(), soonest: BTreeMap::new(), free_at: Time::ZERO, waiting: 0 };
        rows.for_each(|(number, link)| shard.write(number, link));
        shard
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        cx.background(SWEEP, Timer::Sweep);
    }

    /// Rows are on disk; requests that waited are not.
    pub fn crash(&mut self) {
        self.free_at = Time::ZERO;
        self.waiting = 0;
    }

    pub fn rows(&self) -> impl Iterator<Item = (u64, &Link)> {
        self.rows.iter().map(|(number, link)| (*number, link))
    }

    fn write(&mut self, number: u64, link: Link) {
        if let Some(old) = self.rows.insert(number, link) {
            self.soonest.remove(&(old.expires, number));
        }
        if link.expires < Time::MAX {
            self.soonest.insert((link.expires, number), ());
        }
    }

    /// Reads and writes at once, in the order in which requests come; the answer leaves when the work is done.
    pub fn hear(&mut self, from: NodeId, msg: &Msg, cx: &mut Ctx<'_>) {
        let answer = match *msg {
            Msg::IsFree { job, number } => Msg::Free { job, number, free: !self.rows.contains_key(&number) },
            Msg::Insert { job, number, link, put } => Msg::Inserted { job, number, outcome: self.insert(number, link, put, cx) },
            Msg::Fetch { job, number } => {
                cx.count(STORE_READS, 1);
                Msg::Row { job, link: self.rows.get(&number).copied() }
            }
            _ => return,
        };
        let now = cx.now();
        self.free_at = self.free_at.max(now) + cx.system().store_time;
        self.waiting += 1;
        cx.gauge(STORE_QUEUE, f64::from(self.waiting));
        cx.after(self.free_at.since(now), Timer::Done { to: from, answer: Box::new(answer) });
    }

    fn insert(&mut self, number: u64, link: Link, put: Put, cx: &mut Ctx<'_>) -> Outcome {
        match self.rows.get(&number) {
            Some(there) if put == Put::IfFree && there.address == link.address => return Outcome::Same,
            Some(_) if put == Put::IfFree => return Outcome::Taken,
            _ => {}
        }
        self.write(number, link);
        cx.fact(Fact::Written { number, link });
        Outcome::Stored
    }

    pub fn ring(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Done { to, answer } => {
                self.waiting = self.waiting.saturating_sub(1);
                cx.send(to, *answer);
            }
            Timer::Sweep => {
                self.sweep(cx);
                cx.background(SWEEP, Timer::Sweep);
            }
            _ => {}
        }
    }

    /// Takes out what expired a while ago.
    fn sweep(&mut self, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let mut swept = 0;
        while let Some((&(expires, number), ())) = self.soonest.first_key_value() {
            if expires + GRACE > now {
                break;
            }
            self.soonest.pop_first();
            self.rows.remove(&number);
            cx.fact(Fact::Swept { number });
            swept += 1;
        }
        cx.count(SWEPT, swept);
    }

    pub fn weight(&self) -> usize {
        self.rows.bytes() + self.soonest.bytes()
    }

    pub fn look(&self) -> Look {
        let state = if self.waiting > 0 { State::Busy } else { State::Idle };
        Look { label: format!("{} rows, {} wait", self.rows.len(), self.waiting), state, fill: Some((f64::from(self.waiting) / 50.0).min(1.0)) }
    }
}
