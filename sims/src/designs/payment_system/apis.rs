//! An API server: it leads each request through its steps and keeps nothing that a crash may not take.

use super::flow::{Flow, Step, What};
use super::message::{Call, Card, Event, Msg, Op, Outcome, Point, Query, Said, Ticket, Timer, Told};
use super::metrics::{AMBIGUOUS, BUSY, KILLED, NETWORK_ASKS, TOLD_PENDING};
use super::payment::{RefundState, State, reference};
use super::system::{Claim, Events, OnTimeout, Payments, RELAY, RISK, STORE, VAULT, network};
use super::tables::fingerprint;
use super::vault::{falls_under, sees};
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::Span;
use crate::kernel::view;
use crate::kernel::weight::Flat;
use std::collections::BTreeMap;

type Ctx<'a> = Cx<'a, Payments>;

/// How soon a supervisor starts a killed process again.
const REVIVAL: Span = Span::secs(1);
/// How often a server asks the store once more before it gives up.
const STORE_ASKS: u32 = 3;

#[derive(Clone)]
pub struct Api {
    flows: BTreeMap<u64, Flow>,
    next: u64,
    card_numbers: bool,
    /// Where the next request that comes there finds its end.
    armed: Option<Point>,
    /// Killed, and not yet started again.
    down: bool,
}

impl Api {
    /// Servers number their requests apart from each other, and go on after a crash.
    pub fn new(at: u64) -> Api {
        Api { flows: BTreeMap::new(), next: at << 40, card_numbers: false, armed: None, down: false }
    }

    pub fn arm(&mut self, point: Point) {
        self.armed = Some(point);
    }

    pub fn crash(&mut self) {
        self.flows.clear();
        self.down = false;
    }

    pub fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        if self.down {
            return;
        }
        match msg {
            Msg::Pay { order, key, .. } => {
                sees(&order.card, &mut self.card_numbers, cx);
                let look = key.is_some() && cx.system().claim != Claim::Unique;
                let id = self.enter(Flow::new(from, What::Pay { order, key }));
                self.go(id, if look { Step::Look } else { Step::Begin }, cx);
            }
            Msg::Refund { refund, payment, amount } => {
                let id = self.enter(Flow::new(from, What::Refund { refund, payment, amount }));
                let step = if cx.system().refund_locked { Step::Reserve } else { Step::Room };
                self.go(id, step, cx);
            }
            Msg::Reply { ticket, outcome } if self.answers(ticket, cx) => self.replied(ticket.flow, &outcome, cx),
            Msg::Judged { ticket, allowed } if self.answers(ticket, cx) => self.judged(ticket.flow, allowed, cx),
            Msg::Result { ticket, said, .. } if self.answers(ticket, cx) => self.network_said(ticket.flow, said, cx),
            _ => {}
        }
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Revive => self.down = false,
            Timer::Late(ticket) if self.is_waiting(ticket) => self.late(ticket.flow, cx),
            Timer::Once(ticket) if self.is_waiting(ticket) => {
                let Some(step) = self.flows.get(&ticket.flow).map(|flow| flow.step) else { return };
                self.go(ticket.flow, step, cx);
            }
            _ => {}
        }
    }

    fn enter(&mut self, flow: Flow) -> u64 {
        self.next += 1;
        self.flows.insert(self.next, flow);
        self.next
    }

    fn is_waiting(&self, ticket: Ticket) -> bool {
        self.flows.get(&ticket.flow).is_some_and(|flow| flow.ask == ticket.ask)
    }

    /// Whether this answers the question that a request waits for; then its time-out is off.
    fn answers(&mut self, ticket: Ticket, cx: &mut Ctx<'_>) -> bool {
        let Some(flow) = self.flows.get_mut(&ticket.flow).filter(|flow| flow.ask == ticket.ask) else { return false };
        if let Some(timer) = flow.timer.take() {
            cx.cancel(timer);
        }
        // A second copy of the answer finds another number.
        flow.ask += 1;
        true
    }

    /// Sends what a step asks, and sets its time-out.
    fn go(&mut self, id: u64, step: Step, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let Some(flow) = self.flows.get_mut(&id) else { return };
        if flow.step != step {
            flow.asked = 0;
        }
        flow.step = step;
        flow.ask += 1;
        let ticket = Ticket { flow: id, ask: flow.ask };
        let ask = |query| (STORE, Msg::Ask { ticket, query }, system.store_timeout);
        let standing = flow.standing;
        let (to, msg, patience) = match (step, flow.what) {
            (Step::Look, What::Pay { order, key }) => ask(Query::Look { key: key.unwrap_or(0), print: fingerprint(&order) }),
            (Step::Begin, What::Pay { order, key }) => ask(Query::Begin { order, key }),
            (Step::Move(to), _) => ask(Query::Move { payment: standing.payment, to, reference: standing.reference }),
            (Step::OtherSide, _) => ask(Query::OtherSide { payment: standing.payment }),
            (Step::Room, What::Refund { payment, .. }) => ask(Query::Room { payment }),
            (Step::Reserve, What::Refund { refund, payment, amount }) => ask(Query::Reserve { refund, payment, amount, unchecked: !system.refund_locked }),
            (Step::Settle(done), What::Refund { refund, .. }) => ask(Query::Settle { refund, done }),
            (Step::Risk, What::Pay { order, .. }) => (RISK, Msg::Judge { ticket, order: order.id }, system.risk_timeout),
            (Step::Network, _) => {
                cx.count(NETWORK_ASKS, 1);
                let call = flow.call();
                let net = network(standing.net);
                // A token means nothing to a network: the vault puts the number in. With the number in hand there is no need.
                let direct = matches!(call.card, Some(Card::Number(_)));
                let back = cx.me();
                let msg = if direct { Msg::Network { ticket, back, call } } else { Msg::Charge { ticket, net, call } };
                (if direct { net } else { VAULT }, msg, system.network_timeout)
            }
            // A step of the other kind of request: there is no way here.
            _ => return,
        };
        flow.timer = Some(cx.after(patience, Timer::Late(ticket)));
        cx.send(to, msg);
    }

    fn call(&mut self, id: u64, op: Op, cx: &mut Ctx<'_>) {
        if let Some(flow) = self.flows.get_mut(&id) {
            flow.op = op;
            self.go(id, Step::Network, cx);
        }
    }

    /// True if the server was killed here.
    fn reached(&mut self, point: Point, cx: &mut Ctx<'_>) -> bool {
        if self.armed != Some(point) {
            return false;
        }
        self.armed = None;
        self.down = true;
        self.flows.clear();
        cx.count(KILLED, 1);
        cx.log(format!("{} is killed right after `{}`", cx.name(cx.me()), point.word()));
        cx.after(REVIVAL, Timer::Revive);
        true
    }

    fn answer(&mut self, id: u64, told: Told, cx: &mut Ctx<'_>) {
        let Some(flow) = self.flows.remove(&id) else { return };
        match told {
            Told::Pending => cx.count(TOLD_PENDING, 1),
            Told::Conflict => cx.count(BUSY, 1),
            Told::Paid { .. } | Told::Declined | Told::Error => {}
        }
        match flow.what {
            What::Pay { order, .. } => cx.send(flow.back, Msg::Answer { order: order.id, told }),
            What::Refund { refund, .. } => cx.send(flow.back, Msg::RefundAnswer { refund, settled: told != Told::Error }),
        }
    }

    fn replied(&mut self, id: u64, outcome: &Outcome, cx: &mut Ctx<'_>) {
        let Some(flow) = self.flows.get(&id) else { return };
        let step = flow.step;
        match *outcome {
            Outcome::Done(told) => self.answer(id, told, cx),
            Outcome::Busy => self.answer(id, Told::Conflict, cx),
            Outcome::Mismatch => self.answer(id, Told::Declined, cx),
            Outcome::Begun(standing) => {
                if let Some(flow) = self.flows.get_mut(&id) {
                    flow.standing = standing;
                }
                if !self.reached(Point::Begun, cx) {
                    self.go_on(id, standing.state, cx);
                }
            }
            Outcome::Moved { ok, standing, .. } => self.moved(id, ok, standing.state, cx),
            Outcome::Room(left) => {
                let enough = matches!(flow.what, What::Refund { amount, .. } if amount <= left);
                if enough { self.go(id, Step::Reserve, cx) } else { self.answer(id, Told::Declined, cx) }
            }
            Outcome::Reserved { state, standing } => self.reserved(id, state, standing, cx),
            Outcome::Nothing if step == Step::Look => self.go(id, Step::Begin, cx),
            Outcome::Nothing => self.done(id, step, cx),
            Outcome::Compared { .. } | Outcome::Open(_) => {}
        }
    }

    /// From where a payment stands: what is missing.
    fn go_on(&mut self, id: u64, state: State, cx: &mut Ctx<'_>) {
        let Some(flow) = self.flows.get(&id) else { return };
        match state {
            State::Pending => self.go(id, Step::Risk, cx),
            State::Authorised if flow.is_cancelled(cx.system()) => self.call(id, Op::Reverse, cx),
            State::Authorised => self.call(id, Op::Capture, cx),
            State::Captured | State::Refunded => {
                let payment = flow.standing.payment;
                self.answer(id, Told::Paid { payment }, cx);
            }
            State::Failed | State::Voided => self.answer(id, Told::Declined, cx),
        }
    }

    fn moved(&mut self, id: u64, ok: bool, state: State, cx: &mut Ctx<'_>) {
        if !ok {
            // Somebody else was there first, and what they wrote holds.
            match state {
                State::Pending | State::Authorised => self.answer(id, Told::Pending, cx),
                _ => self.go_on(id, state, cx),
            }
        } else if state == State::Captured {
            self.stored(id, cx);
        } else {
            self.go_on(id, state, cx);
        }
    }

    /// The capture is stored.
    fn stored(&mut self, id: u64, cx: &mut Ctx<'_>) {
        if !cx.system().double_entry {
            if !self.reached(Point::OneSided, cx) {
                self.go(id, Step::OtherSide, cx);
            }
        } else if !self.reached(Point::Stored, cx) {
            self.tell(id, cx);
        }
    }

    fn tell(&mut self, id: u64, cx: &mut Ctx<'_>) {
        let Some(payment) = self.flows.get(&id).map(|flow| flow.standing.payment) else { return };
        if cx.system().events == Events::AfterCommit {
            cx.send(RELAY, Msg::Publish { event: Event::paid(payment) });
        }
        if cx.system().events == Events::BeforeCommit || !self.reached(Point::Published, cx) {
            self.answer(id, Told::Paid { payment }, cx);
        }
    }

    /// A step without a result of its own.
    fn done(&mut self, id: u64, step: Step, cx: &mut Ctx<'_>) {
        match step {
            Step::OtherSide if !self.reached(Point::Stored, cx) => self.tell(id, cx),
            Step::OtherSide => {}
            Step::Settle(true) => {
                let Some(What::Refund { refund, payment, .. }) = self.flows.get(&id).map(|flow| flow.what) else { return };
                if cx.system().events != Events::Outbox {
                    cx.send(RELAY, Msg::Publish { event: Event::refunded(refund, payment) });
                }
                self.answer(id, Told::Paid { payment }, cx);
            }
            _ => self.answer(id, Told::Declined, cx),
        }
    }

    fn reserved(&mut self, id: u64, state: Option<RefundState>, standing: Option<super::message::Standing>, cx: &mut Ctx<'_>) {
        let Some(flow) = self.flows.get_mut(&id) else { return };
        let What::Refund { refund, payment, .. } = flow.what else { return };
        match (state, standing) {
            (Some(RefundState::Open), Some(standing)) => {
                flow.standing = standing;
                if !self.reached(Point::Reserved, cx) {
                    self.call(id, Op::Refund { refund }, cx);
                }
            }
            (Some(RefundState::Done), _) => self.answer(id, Told::Paid { payment }, cx),
            _ => self.answer(id, Told::Declined, cx),
        }
    }

    fn judged(&mut self, id: u64, allowed: bool, cx: &mut Ctx<'_>) {
        if self.reached(Point::Judged, cx) {
            return;
        }
        if allowed { self.call(id, Op::Authorise, cx) } else { self.go(id, Step::Move(State::Failed), cx) }
    }

    fn network_said(&mut self, id: u64, said: Said, cx: &mut Ctx<'_>) {
        let Some(op) = self.flows.get(&id).map(|flow| flow.op) else { return };
        match (op, said) {
            (Op::Authorise, Said::Approved) => {
                if !self.reached(Point::Authorised, cx) {
                    self.go(id, Step::Move(State::Authorised), cx);
                }
            }
            (Op::Authorise, _) => self.go(id, Step::Move(State::Failed), cx),
            (Op::Capture | Op::Reverse, Said::Captured) => self.captured(id, cx),
            // The hold is gone: let go by reconciliation, or by the buyer's wish.
            (Op::Capture | Op::Reverse, _) => self.go(id, Step::Move(State::Voided), cx),
            (Op::Refund { .. }, said) => {
                if !self.reached(Point::Refunded, cx) {
                    self.go(id, Step::Settle(said == Said::Refunded), cx);
                }
            }
        }
    }

    fn captured(&mut self, id: u64, cx: &mut Ctx<'_>) {
        if self.reached(Point::Captured, cx) {
            return;
        }
        if cx.system().events == Events::BeforeCommit {
            let Some(payment) = self.flows.get(&id).map(|flow| flow.standing.payment) else { return };
            cx.send(RELAY, Msg::Publish { event: Event::paid(payment) });
            if self.reached(Point::Published, cx) {
                return;
            }
        }
        self.go(id, Step::Move(State::Captured), cx);
    }

    /// No answer in time.
    fn late(&mut self, id: u64, cx: &mut Ctx<'_>) {
        let Some(flow) = self.flows.get_mut(&id) else { return };
        match flow.step {
            Step::Network => self.ambiguous(id, cx),
            Step::Risk if cx.system().risk_lets_pass => self.judged(id, true, cx),
            Step::Risk => self.judged(id, false, cx),
            step if flow.asked + 1 < STORE_ASKS => {
                flow.asked += 1;
                self.go(id, step, cx);
            }
            _ => self.answer(id, Told::Error, cx),
        }
    }

    /// The network has not answered: it did what was asked, or did not, or will.
    fn ambiguous(&mut self, id: u64, cx: &mut Ctx<'_>) {
        cx.count(AMBIGUOUS, 1);
        let system = cx.shared();
        let Some(flow) = self.flows.get_mut(&id) else { return };
        let is_refund = matches!(flow.what, What::Refund { .. });
        let policy = match system.on_timeout {
            OnTimeout::CallItFailed if !is_refund => {
                let given_up = if matches!(flow.op, Op::Authorise) { State::Failed } else { State::Voided };
                return self.go(id, Step::Move(given_up), cx);
            }
            OnTimeout::LeavePending | OnTimeout::CallItFailed => None,
            OnTimeout::AskAgain | OnTimeout::NewReference => Some(system.network_policy),
        };
        flow.retry += 1;
        let wait = policy.and_then(|policy| policy.wait(flow.retry, flow.wait, cx.rng()));
        let Some(wait) = wait else {
            // What finishes only at the end of all work knows nothing in the middle of it.
            let told = if system.claim == Claim::StoreAtEnd { Told::Error } else { Told::Pending };
            return self.answer(id, told, cx);
        };
        flow.wait = wait;
        if system.on_timeout == OnTimeout::NewReference && !is_refund {
            flow.standing.reference = reference(flow.standing.payment, flow.retry);
            flow.op = Op::Authorise;
        }
        flow.ask += 1;
        let ticket = Ticket { flow: id, ask: flow.ask };
        cx.after(wait, Timer::Once(ticket));
    }

    /// Requests on their way, and those of them that a network has left without an answer.
    pub fn in_flight(&self) -> (usize, usize) {
        (self.flows.len(), self.flows.values().filter(|flow| flow.retry > 0).count())
    }

    pub fn weight(&self) -> usize {
        self.flows.bytes()
    }

    pub fn look(&self) -> Look {
        let (all, unsure) = self.in_flight();
        let label = match (self.down, self.armed) {
            (true, _) => "killed".into(),
            (false, Some(point)) => format!("dies: {}", point.word()),
            (false, None) if unsure > 0 => format!("{all}, {unsure}?"),
            (false, None) if self.card_numbers => format!("{all}, PCI"),
            (false, None) => format!("{all} in"),
        };
        let state = if self.down {
            view::State::Down
        } else if unsure > 0 || self.card_numbers {
            view::State::Warn
        } else if self.flows.is_empty() {
            view::State::Idle
        } else {
            view::State::Busy
        };
        Look { label, state, fill: None }
    }
}

impl Flow {
    /// The buyer has changed its mind between hold and capture.
    fn is_cancelled(&self, system: &Payments) -> bool {
        matches!(self.what, What::Pay { order, .. } if falls_under(order.id, 2, system.void_share))
    }

    fn call(&self) -> Call {
        let (order, amount, card) = match self.what {
            What::Pay { order, .. } => (order.id, order.amount, matches!(self.op, Op::Authorise).then_some(order.card)),
            What::Refund { amount, .. } => (0, amount, None),
        };
        Call { op: self.op, reference: self.standing.reference, order, amount, card }
    }
}
