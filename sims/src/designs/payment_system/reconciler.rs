//! The reconciler: round by round it holds the networks' files against our rows, and settles what is older than the cut-off.

use super::message::{Call, Fix, Msg, Op, OpenList, Outcome, Query, Record, Said, Standing, Ticket, Timer};
use super::metrics::{ROUNDS, SETTLED};
use super::network::FILE_MOST;
use super::payment::State;
use super::system::{Payments, STORE, network};
use super::watch::Fact;
use crate::kernel::cx::Cx;
use crate::kernel::node::Look;
use crate::kernel::time::{Span, Time};
use crate::kernel::view;
use crate::kernel::weight::Flat;
use std::collections::BTreeMap;

type Ctx<'a> = Cx<'a, Payments>;

/// While the world comes to rest a round begins so often.
const DRAIN_ROUND: Span = Span::millis(500);

/// A round that is not answered for so long is given up.
const ROUND_PATIENCE: Span = Span::secs(10);

/// What a question was about.
#[derive(Clone, Copy)]
enum About {
    Open,
    Reverse(Standing),
    Refund(u64),
    /// Lines of a network's file up to that one; whether older ones than the cut-off follow.
    Compare {
        net: u8,
        last: u64,
        more: bool,
    },
    Settle,
    Other,
}

/// Nothing here is durable: a round that is cut short is begun anew.
#[derive(Clone, Default)]
pub struct Reconciler {
    asked: BTreeMap<u64, About>,
    next: u64,
    /// Counts timers, so that an old one does nothing.
    turn: u32,
    began: Time,
    /// Of the current round: whether anything is left to settle, and which networks have not sent their file to its end.
    left: bool,
    files: Vec<u8>,
    open: usize,
}

impl Reconciler {
    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.expect(cx);
    }

    pub fn crash(&mut self) {
        *self = Reconciler { next: self.next, turn: self.turn, ..Reconciler::default() };
    }

    /// Everything is healed: rounds are work now, until one finds nothing.
    pub fn drain(&mut self, cx: &mut Ctx<'_>) {
        self.asked.clear();
        self.files.clear();
        self.left = true;
        self.turn += 1;
        cx.after(DRAIN_ROUND, Timer::Round { turn: self.turn });
    }

    fn expect(&mut self, cx: &mut Ctx<'_>) {
        self.turn += 1;
        let wait = cx.system().round;
        cx.background(wait, Timer::Round { turn: self.turn });
    }

    pub fn on_timer(&mut self, turn: u32, cx: &mut Ctx<'_>) {
        if turn != self.turn || (cx.draining() && !cx.system().reconcile) {
            return;
        }
        let quiet = self.files.is_empty() && self.asked.is_empty();
        if !cx.draining() {
            self.expect(cx);
        } else if self.is_done() {
            return;
        } else {
            cx.after(DRAIN_ROUND, Timer::Round { turn });
        }
        if cx.system().reconcile && (quiet || cx.now().since(self.began) >= ROUND_PATIENCE) {
            self.round(cx);
        }
    }

    fn round(&mut self, cx: &mut Ctx<'_>) {
        cx.count(ROUNDS, 1);
        // What was not answered by now was lost, and is asked again.
        self.asked.clear();
        self.began = cx.now();
        self.left = true;
        self.files = (0..cx.system().networks as u8).collect();
        self.ask_store(Query::Open, About::Open, cx);
    }

    fn ticket(&mut self, about: About) -> Ticket {
        self.next += 1;
        self.asked.insert(self.next, about);
        Ticket { flow: self.next, ask: 0 }
    }

    fn ask_store(&mut self, query: Query, about: About, cx: &mut Ctx<'_>) {
        let ticket = self.ticket(about);
        cx.send(STORE, Msg::Ask { ticket, query });
    }

    fn ask_network(&mut self, net: u8, call: Call, about: About, cx: &mut Ctx<'_>) {
        let ticket = self.ticket(about);
        let back = cx.me();
        cx.send(network(net), Msg::Network { ticket, back, call });
    }

    pub fn on_msg(&mut self, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Reply { ticket, outcome } => {
                if let Some(about) = self.asked.remove(&ticket.flow) {
                    self.replied(about, outcome, cx);
                }
            }
            Msg::Result { ticket, said, .. } => {
                if let Some(about) = self.asked.remove(&ticket.flow) {
                    self.network_said(about, said, cx);
                }
            }
            Msg::Nudge if cx.draining() && cx.system().reconcile && self.is_done() => self.drain(cx),
            Msg::Lines { net, records, more } => self.lines(net, records, more, cx),
            _ => {}
        }
    }

    fn replied(&mut self, about: About, outcome: Outcome, cx: &mut Ctx<'_>) {
        match outcome {
            Outcome::Open(list) if matches!(about, About::Open) => self.work_on(&list, cx),
            Outcome::Compared { fixes } => {
                self.left |= !fixes.is_empty();
                if let (About::Compare { net, last, more: true }, true) = (about, fixes.is_empty()) {
                    self.files.push(net);
                    cx.send(network(net), Msg::File { above: last });
                }
                for fix in fixes {
                    self.fix(fix, cx);
                }
            }
            Outcome::Moved { changed: true, standing, .. } => {
                cx.count(SETTLED, 1);
                cx.fact(Fact::Settled);
                if standing.state == State::Captured && !cx.system().double_entry {
                    self.ask_store(Query::OtherSide { payment: standing.payment }, About::Other, cx);
                }
            }
            _ => {}
        }
    }

    fn work_on(&mut self, list: &OpenList, cx: &mut Ctx<'_>) {
        self.open = list.payments.len() + list.refunds.len() + usize::from(list.more);
        self.left = self.open > 0;
        for (net, above) in list.cursors.iter().enumerate() {
            cx.send(network(net as u8), Msg::File { above: *above });
        }
        for standing in &list.payments {
            // Reversing is asking: a network that has captured says so, any other lets go and will refuse what comes late.
            let call = Call { op: Op::Reverse, reference: standing.reference, order: 0, amount: 0, card: None };
            self.ask_network(standing.net, call, About::Reverse(*standing), cx);
        }
        for (refund, reference, net, amount) in &list.refunds {
            let call = Call { op: Op::Refund { refund: *refund }, reference: *reference, order: 0, amount: *amount, card: None };
            self.ask_network(*net, call, About::Refund(*refund), cx);
        }
    }

    fn network_said(&mut self, about: About, said: Said, cx: &mut Ctx<'_>) {
        match about {
            About::Reverse(standing) => {
                let to = match said {
                    Said::Captured => State::Captured,
                    _ if standing.state == State::Authorised => State::Voided,
                    _ => State::Failed,
                };
                self.ask_store(Query::Move { payment: standing.payment, to, reference: standing.reference }, About::Settle, cx);
            }
            About::Refund(refund) => self.ask_store(Query::Settle { refund, done: said == Said::Refunded }, About::Settle, cx),
            About::Open | About::Compare { .. } | About::Settle | About::Other => {}
        }
    }

    fn lines(&mut self, net: u8, records: Vec<Record>, more: bool, cx: &mut Ctx<'_>) {
        self.files.retain(|other| *other != net);
        self.left |= more;
        if let Some(last) = records.last().map(|record| record.line) {
            self.left = true;
            let more = records.len() >= FILE_MOST;
            self.ask_store(Query::Compare { net, records }, About::Compare { net, last, more }, cx);
        }
    }

    fn fix(&mut self, fix: Fix, cx: &mut Ctx<'_>) {
        let query = match fix {
            Fix::Capture { payment, reference } => Query::Move { payment, to: State::Captured, reference },
            Fix::Orphan { reference, net, amount } => Query::Orphan { reference, net, amount },
            Fix::Refunded { refund } => Query::Settle { refund, done: true },
            Fix::Dispute { payment, amount } => Query::Dispute { payment, amount },
        };
        self.ask_store(query, About::Settle, cx);
    }

    /// A whole round has found nothing to settle and nothing under way.
    pub fn is_done(&self) -> bool {
        !self.left && self.files.is_empty() && self.asked.is_empty()
    }

    pub fn weight(&self) -> usize {
        self.asked.bytes() + self.files.bytes()
    }

    pub fn look(&self, system: &Payments) -> Look {
        let state = if !system.reconcile {
            view::State::Paused
        } else if self.open > 0 {
            view::State::Busy
        } else {
            view::State::Idle
        };
        let label = match (system.reconcile, self.open) {
            (false, _) => "off".into(),
            (true, 0) => String::new(),
            (true, open) => open.to_string(),
        };
        Look { label, state, fill: None }
    }
}
