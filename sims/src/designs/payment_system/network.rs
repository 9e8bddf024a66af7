//! A card network: it takes calls under names, keeps its own records, and answers late, never, or with a no.

use super::message::{Booked, Call, Card, Msg, Op, Record, Said, Ticket};
use super::metrics::{CAPTURES, DECLINES, DOUBLE_CAPTURES, GIVEN_BACK, OVER_REFUNDS};
use super::system::{Payments, VAULT};
use super::watch::Fact;
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

type Ctx<'a> = Cx<'a, Payments>;

/// Names and orders remembered: more than any archive of ours keeps.
const NAMES_KEPT: usize = 30_000;
/// How long a line is kept at least.
const LINES_KEPT: Span = Span::secs(120);
/// Lines of a file sent at once.
pub const FILE_MOST: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Held,
    Captured,
    /// Let go, or closed before it was ever seen.
    Closed,
    Declined,
}

/// What a network knows under one name.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    standing: Standing,
    order: u64,
    amount: i64,
    pub refunded: i64,
    pub disputed: i64,
}

impl Known {
    /// What was taken under this name, before anything was given back.
    pub fn captured(&self) -> i64 {
        if self.standing == Standing::Captured { self.amount } else { 0 }
    }
}

/// All of it is durable: a bank's books.
#[derive(Clone)]
pub struct CardNetwork {
    me: u8,
    pub names: BTreeMap<u64, Known>,
    refunds: BTreeSet<u64>,
    orders: BTreeSet<u64>,
    /// Lines that were asked past are settled there, and leave.
    file: VecDeque<(Time, Record)>,
    lines: u64,
    held: usize,
}

impl CardNetwork {
    pub fn new(me: u8) -> CardNetwork {
        CardNetwork { me, names: BTreeMap::new(), refunds: BTreeSet::new(), orders: BTreeSet::new(), file: VecDeque::new(), lines: 0, held: 0 }
    }

    pub fn on_msg(&mut self, from: NodeId, msg: &Msg, cx: &mut Ctx<'_>) {
        match *msg {
            Msg::Network { ticket, back, call } => self.called(from, ticket, back, &call, cx),
            Msg::File { above } => self.send_file(from, above, cx),
            _ => {}
        }
    }

    fn called(&mut self, from: NodeId, ticket: Ticket, back: NodeId, call: &Call, cx: &mut Ctx<'_>) {
        // Draw first, so that what one call meets does not shift what the next one does.
        let (silent, declined) = (cx.system().silent_share, cx.system().decline_share);
        let (unit, chance) = (cx.rng().unit(), cx.rng().unit());
        let said = match call.op {
            Op::Authorise => self.authorise(call, chance < declined, cx),
            Op::Capture => self.capture(call, cx),
            Op::Reverse => self.reverse(call),
            Op::Refund { refund } => self.refund(call, refund, cx),
        };
        // The work is done; only the answer may be missing.
        if unit >= silent || from != VAULT {
            cx.send(from, Msg::Result { ticket, back, said });
        }
        if cx.system().dispute_share > 0.0 && said == Said::Captured && super::vault::falls_under(call.order, 3, cx.system().dispute_share) {
            self.charge_back(call.reference, cx);
        }
    }

    fn authorise(&mut self, call: &Call, decline: bool, cx: &mut Ctx<'_>) -> Said {
        if let Some(known) = self.names.get(&call.reference) {
            return match known.standing {
                Standing::Held | Standing::Captured => Said::Approved,
                Standing::Declined => Said::Declined,
                Standing::Closed => Said::Refused,
            };
        }
        let declined = decline || !matches!(call.card, Some(Card::Number(_)));
        let standing = if declined { Standing::Declined } else { Standing::Held };
        self.names.insert(call.reference, Known { standing, order: call.order, amount: call.amount, refunded: 0, disputed: 0 });
        if declined {
            cx.count(DECLINES, 1);
            return Said::Declined;
        }
        self.held += 1;
        self.forget();
        Said::Approved
    }

    fn capture(&mut self, call: &Call, cx: &mut Ctx<'_>) -> Said {
        let Some(known) = self.names.get_mut(&call.reference) else { return Said::Refused };
        match known.standing {
            Standing::Captured => Said::Captured,
            Standing::Closed | Standing::Declined => Said::Refused,
            Standing::Held => {
                known.standing = Standing::Captured;
                self.held -= 1;
                let (order, amount) = (known.order, known.amount);
                self.write(Booked::Captured, call.reference, amount, cx.now());
                cx.count(CAPTURES, 1);
                // An order always goes to the same network, so this sees every capture of it.
                if !self.orders.insert(order) {
                    cx.count(DOUBLE_CAPTURES, 1);
                }
                cx.fact(Fact::Captured { order, reference: call.reference, amount });
                Said::Captured
            }
        }
    }

    fn reverse(&mut self, call: &Call) -> Said {
        let closed = Known { standing: Standing::Closed, order: call.order, amount: call.amount, refunded: 0, disputed: 0 };
        let known = self.names.entry(call.reference).or_insert(closed);
        match known.standing {
            Standing::Captured => return Said::Captured,
            Standing::Held => {
                known.standing = Standing::Closed;
                self.held -= 1;
            }
            Standing::Closed | Standing::Declined => {}
        }
        Said::Reversed
    }

    /// Networks take any credit: that refunds stay within the capture is for the merchant's side to see to.
    fn refund(&mut self, call: &Call, refund: u64, cx: &mut Ctx<'_>) -> Said {
        if self.refunds.contains(&refund) {
            return Said::Refunded;
        }
        let Some(known) = self.names.get_mut(&call.reference).filter(|known| known.standing == Standing::Captured && known.disputed == 0) else {
            return Said::Refused;
        };
        known.refunded += call.amount;
        let over = known.refunded > known.amount;
        self.refunds.insert(refund);
        self.write(Booked::Refunded { refund }, call.reference, call.amount, cx.now());
        cx.count(GIVEN_BACK, 1);
        cx.count(OVER_REFUNDS, u64::from(over));
        cx.fact(Fact::GivenBack { reference: call.reference, amount: call.amount });
        Said::Refunded
    }

    /// What is closed and older than all that is asked for leaves.
    fn forget(&mut self) {
        if self.names.len() > NAMES_KEPT && self.names.first_key_value().is_some_and(|(_, known)| known.standing != Standing::Held) {
            self.names.pop_first();
        }
        if self.orders.len() > NAMES_KEPT {
            self.orders.pop_first();
        }
    }

    /// The cardholder's bank takes a clean capture back; true if it was one.
    fn charge_back(&mut self, reference: u64, cx: &mut Ctx<'_>) -> bool {
        let Some(known) = self.names.get_mut(&reference).filter(|known| known.captured() > 0 && known.refunded == 0 && known.disputed == 0) else {
            return false;
        };
        known.disputed = known.amount;
        let amount = known.amount;
        self.write(Booked::ChargedBack, reference, amount, cx.now());
        true
    }

    pub fn charge_back_latest(&mut self, cx: &mut Ctx<'_>) -> bool {
        let clean = self.names.iter().rev().find(|(_, known)| known.captured() > 0 && known.refunded == 0 && known.disputed == 0);
        let Some(reference) = clean.map(|(reference, _)| *reference) else { return false };
        self.charge_back(reference, cx)
    }

    fn write(&mut self, what: Booked, reference: u64, amount: i64, now: Time) {
        self.lines += 1;
        self.file.push_back((now, Record { line: self.lines, what, reference, amount }));
    }

    /// The lines of the file that are older than the cut-off; what is younger may still be under way.
    fn send_file(&mut self, to: NodeId, above: u64, cx: &mut Ctx<'_>) {
        let (now, cutoff) = (cx.now(), cx.system().cutoff);
        while self.file.front().is_some_and(|(at, record)| record.line <= above && *at + LINES_KEPT <= now) {
            self.file.pop_front();
        }
        let lines = self.file.iter().skip_while(|(_, record)| record.line <= above);
        let records: Vec<Record> = lines.take_while(|(at, _)| *at + cutoff <= now).take(FILE_MOST).map(|(_, record)| *record).collect();
        let more = records.last().map_or(above, |record| record.line) < self.lines;
        cx.send(to, Msg::Lines { net: self.me, records, more });
    }

    /// Authorised, and neither captured nor let go.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Names with a line in the file since then.
    pub fn named_since(&self, since: Time) -> BTreeSet<u64> {
        self.file.iter().rev().take_while(|(at, _)| *at > since).map(|(_, record)| record.reference).collect()
    }

    pub fn weight(&self) -> usize {
        self.names.bytes() + self.refunds.bytes() + self.orders.bytes() + self.file.bytes()
    }

    pub fn look(&self) -> Look {
        Look { label: format!("{} held", self.held), state: State::Idle, fill: None }
    }
}
