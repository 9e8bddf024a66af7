//! The buyers and the load balancer before the servers: who pays, tries again when nothing comes back, and now and then gives something back.

use super::message::{Card, Msg, Order, Timer, Told};
use super::metrics::*;
use super::money::{COINS, coin_of, exchange};
use super::system::{Payments, VAULT};
use super::watch::Fact;
use crate::kernel::action::Action;
use crate::kernel::cx::Cx;
use crate::kernel::load::{Arrivals, Stream};
use crate::kernel::node::{Look, NodeId};
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::hash::mix;
use std::collections::{BTreeMap, VecDeque};

type Ctx<'a> = Cx<'a, Payments>;

/// Cards in circulation.
const CARDS: u64 = 500;
/// Paid orders remembered, to be given back.
const REMEMBERED: usize = 64;
/// When a merchant gives something back after a sale.
const SECOND_THOUGHTS: Span = Span::secs(2);
/// Amounts, in minor units of a euro.
const LEAST: u64 = 500;
const MOST: u64 = 20_000;

#[derive(Clone, Copy)]
struct Pending {
    order: Order,
    /// How often the first try is sent.
    copies: u32,
    attempt: u32,
    wait: Span,
    since: Time,
}

#[derive(Clone, Copy)]
struct Giving {
    payment: u64,
    amount: i64,
    attempt: u32,
    wait: Span,
}

#[derive(Clone)]
pub struct Buyers {
    first_api: u32,
    apis: u32,
    turn: u32,
    stream: Stream,
    next: u64,
    next_refund: u64,
    tokens: BTreeMap<u64, u64>,
    waiting: BTreeMap<u64, Pending>,
    giving: BTreeMap<u64, Giving>,
    paid: VecDeque<(u64, i64)>,
    /// The latest order that was placed by hand.
    by_hand: Option<Order>,
}

impl Buyers {
    pub fn new(networks: usize, apis: usize, rng: Rng) -> Buyers {
        Buyers {
            first_api: super::system::network(networks as u8).0,
            apis: apis as u32,
            turn: 0,
            stream: Stream::new(Arrivals::Poisson, rng),
            next: 0,
            next_refund: 0,
            tokens: BTreeMap::new(),
            waiting: BTreeMap::new(),
            giving: BTreeMap::new(),
            paid: VecDeque::new(),
            by_hand: None,
        }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.expect(cx);
    }

    /// People reload the page and forget what they waited for.
    pub fn crash(&mut self) {
        self.waiting.clear();
        self.giving.clear();
    }

    fn expect(&mut self, cx: &mut Ctx<'_>) {
        if cx.draining() {
            return;
        }
        let rate = cx.system().rate * cx.load();
        cx.expect(self.stream.gap(rate, cx.now()), |send| Timer::Arrive { send });
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Arrive { send } => {
                if send && !cx.draining() {
                    let merchant = self.merchant(cx);
                    let order = self.order(merchant, cx);
                    self.place(order, cx);
                }
                self.expect(cx);
            }
            Timer::Patience { order, attempt } => self.out_of_patience(order, attempt, cx),
            Timer::Again { order, attempt } => {
                if let Some(pending) = self.waiting.get(&order).copied().filter(|pending| pending.attempt == attempt) {
                    self.pay(&pending, cx);
                }
            }
            Timer::GiveBack { refund } => self.give_back(refund, cx),
            _ => {}
        }
    }

    fn merchant(&mut self, cx: &mut Ctx<'_>) -> u32 {
        let (merchants, hot) = (cx.system().merchants as u64, cx.system().hot_share);
        let (unit, pick) = (cx.rng().unit(), cx.rng().u64());
        if unit < hot || merchants == 1 { 0 } else { 1 + (pick % (merchants - 1)) as u32 }
    }

    fn order(&mut self, merchant: u32, cx: &mut Ctx<'_>) -> Order {
        self.next += 1;
        let (euros, foreign) = (LEAST + cx.rng().below(MOST - LEAST), cx.system().fx_share);
        let (unit, card) = (cx.rng().unit(), cx.rng().below(CARDS));
        let coin = coin_of(merchant);
        let card_coin = if unit < foreign { (usize::from(coin) + 1) as u8 % COINS as u8 } else { coin };
        Order { id: self.next, merchant, amount: exchange(euros as i64, 0, coin), card: Card::Number(card), card_coin }
    }

    fn place(&mut self, order: Order, cx: &mut Ctx<'_>) {
        self.place_copies(order, 1, cx);
    }

    /// An order is placed: first its card becomes a token, unless there is no vault or the card is on file. Then its request is
    /// sent so many times at once, as by an impatient finger.
    fn place_copies(&mut self, mut order: Order, copies: u32, cx: &mut Ctx<'_>) {
        cx.count(ORDERS, 1);
        cx.fact(Fact::Asked { order: order.id });
        if let Card::Number(number) = order.card
            && cx.system().vault
        {
            match self.tokens.get(&number) {
                Some(token) => order.card = Card::Token(*token),
                None => {
                    self.wait_for(order, copies, cx);
                    cx.send(VAULT, Msg::Tokenise { order });
                    return;
                }
            }
        }
        self.wait_for(order, copies, cx);
        if let Some(pending) = self.waiting.get(&order.id).copied() {
            self.pay(&pending, cx);
        }
    }

    fn wait_for(&mut self, order: Order, copies: u32, cx: &mut Ctx<'_>) {
        let pending = Pending { order, copies, attempt: 0, wait: Span::ZERO, since: cx.now() };
        self.waiting.insert(order.id, pending);
        let patience = cx.system().buyer_timeout;
        cx.after(patience, Timer::Patience { order: order.id, attempt: 0 });
    }

    fn api(&mut self) -> NodeId {
        self.turn = (self.turn + 1) % self.apis.max(1);
        NodeId(self.first_api + self.turn)
    }

    /// One try. The key is the order's, made once: every try carries the same.
    fn pay(&mut self, pending: &Pending, cx: &mut Ctx<'_>) {
        let order = pending.order;
        if matches!(order.card, Card::Number(_)) && cx.system().vault {
            cx.send(VAULT, Msg::Tokenise { order });
            return;
        }
        let key = cx.system().keys.then(|| mix(order.id));
        let copies = if pending.attempt == 0 { pending.copies } else { 1 };
        for _ in 0..copies {
            let api = self.api();
            cx.send(api, Msg::Pay { order, key, attempt: pending.attempt });
        }
    }

    pub fn on_msg(&mut self, msg: &Msg, cx: &mut Ctx<'_>) {
        match *msg {
            Msg::Token { order } => self.tokenised(order, cx),
            Msg::Answer { order, told } => self.answered(order, told, cx),
            Msg::RefundAnswer { refund, settled: true } => {
                self.giving.remove(&refund);
            }
            _ => {}
        }
    }

    fn tokenised(&mut self, order: Order, cx: &mut Ctx<'_>) {
        let Some(pending) = self.waiting.get_mut(&order.id) else { return };
        if let (Card::Number(number), Card::Token(token)) = (pending.order.card, order.card) {
            self.tokens.insert(number, token);
            pending.order.card = order.card;
            let pending = *pending;
            if self.by_hand.is_some_and(|by_hand| by_hand.id == order.id) {
                self.by_hand = Some(pending.order);
            }
            self.pay(&pending, cx);
        }
    }

    fn answered(&mut self, id: u64, told: Told, cx: &mut Ctx<'_>) {
        cx.fact(Fact::Told { order: id, told });
        let Some(pending) = self.waiting.get(&id).copied() else { return };
        match told {
            Told::Paid { payment } => {
                cx.count(PAID, 1);
                self.paid.push_back((payment, pending.order.amount));
                if self.paid.len() > REMEMBERED {
                    self.paid.pop_front();
                }
                self.perhaps_give_back(payment, pending.order.amount, cx);
            }
            Told::Declined => cx.count(DECLINED, 1),
            Told::Pending => {}
            Told::Conflict | Told::Error => return self.again(id, pending.attempt, cx),
        }
        self.waiting.remove(&id);
        cx.record_since(PAY, pending.since);
    }

    fn out_of_patience(&mut self, id: u64, attempt: u32, cx: &mut Ctx<'_>) {
        if self.waiting.get(&id).is_some_and(|pending| pending.attempt == attempt) {
            self.again(id, attempt, cx);
        }
    }

    /// Nothing came back, or nothing of use: once more after a while, under the same key.
    fn again(&mut self, id: u64, attempt: u32, cx: &mut Ctx<'_>) {
        let policy = cx.system().buyer_policy;
        let Some(pending) = self.waiting.get_mut(&id) else { return };
        let Some(wait) = policy.wait(attempt + 1, pending.wait, cx.rng()) else {
            self.waiting.remove(&id);
            cx.fail(GAVE_UP);
            return;
        };
        (pending.attempt, pending.wait) = (attempt + 1, wait);
        cx.count(RETRIES, 1);
        cx.after(wait, Timer::Again { order: id, attempt: attempt + 1 });
        let patience = wait + cx.system().buyer_timeout;
        cx.after(patience, Timer::Patience { order: id, attempt: attempt + 1 });
    }

    fn perhaps_give_back(&mut self, payment: u64, amount: i64, cx: &mut Ctx<'_>) {
        let share = cx.system().refund_share;
        let (unit, part, twice) = (cx.rng().unit(), cx.rng().unit(), cx.rng().chance(0.3));
        if unit >= share || cx.draining() {
            return;
        }
        let part = ((amount as f64 * (0.3 + 0.7 * part)) as i64).clamp(1, amount);
        for _ in 0..=u32::from(twice) {
            self.plan_refund(payment, part, SECOND_THOUGHTS, cx);
        }
    }

    fn plan_refund(&mut self, payment: u64, amount: i64, wait: Span, cx: &mut Ctx<'_>) {
        self.next_refund += 1;
        self.giving.insert(self.next_refund, Giving { payment, amount, attempt: 0, wait: Span::ZERO });
        cx.count(REFUNDS_ASKED, 1);
        cx.after(wait, Timer::GiveBack { refund: self.next_refund });
    }

    /// Sends a refund, and again until it is answered: its number is its key.
    fn give_back(&mut self, refund: u64, cx: &mut Ctx<'_>) {
        let policy = cx.system().buyer_policy;
        let api = self.api();
        let Some(giving) = self.giving.get_mut(&refund) else { return };
        if giving.attempt > policy.retries {
            self.giving.remove(&refund);
            cx.fail(GAVE_UP);
            return;
        }
        giving.attempt += 1;
        giving.wait = policy.wait(giving.attempt.min(policy.retries), giving.wait, cx.rng()).unwrap_or_default();
        let (payment, amount, wait) = (giving.payment, giving.amount, giving.wait);
        cx.send(api, Msg::Refund { refund, payment, amount });
        let patience = wait + cx.system().buyer_timeout;
        cx.after(patience, Timer::GiveBack { refund });
    }

    /// What is done by hand.
    ///
    /// # Errors
    /// There is nothing yet to repeat or to give back.
    pub fn act(&mut self, action: &Action, cx: &mut Ctx<'_>) -> Result<(), String> {
        let count = |name: &str| action.int(name).unwrap_or(1).max(1);
        match action.name.as_str() {
            "pay" => {
                let merchant = (count("merchant") - 1) as u32 % cx.system().merchants as u32;
                for _ in 0..count("n") {
                    let order = self.order(merchant, cx);
                    self.by_hand = Some(order);
                    self.place(order, cx);
                }
            }
            "double-click" => {
                for _ in 0..count("orders") {
                    let merchant = self.merchant(cx);
                    let order = self.order(merchant, cx);
                    self.by_hand = Some(order);
                    self.place_copies(order, count("n") as u32, cx);
                }
            }
            "repeat" => {
                let order = self.by_hand.ok_or("nothing has been paid for by hand yet")?;
                self.place(order, cx);
            }
            _ => {
                let (payment, amount) = self.paid.back().copied().ok_or("nothing has been paid yet")?;
                let part = ((amount as f64 * action.num("share").unwrap_or(1.0)) as i64).clamp(1, amount);
                for _ in 0..count("n") {
                    self.plan_refund(payment, part, Span::ZERO, cx);
                }
            }
        }
        Ok(())
    }

    /// Orders that wait for an answer.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub fn weight(&self) -> usize {
        std::mem::size_of::<Buyers>() + self.tokens.bytes() + self.waiting.bytes() + self.giving.bytes() + self.paid.bytes()
    }

    pub fn look(&self) -> Look {
        Look { label: String::new(), state: if self.waiting.is_empty() { State::Idle } else { State::Busy }, fill: None }
    }
}
