//! The token vault, the only place that knows card numbers, and the risk engine, which is asked before money moves.

use super::message::{Card, Msg};
use super::metrics::{SCOPE_NODES, TOKENS};
use super::system::{BUYERS, Payments};
use super::watch::Fact;
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::Span;
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::hash::mix;
use std::collections::BTreeMap;

type Ctx<'a> = Cx<'a, Payments>;

/// Notes that a node has a card number before it: the first time brings the node into the scope of the card industry's rules.
pub fn sees(card: &Card, seen: &mut bool, cx: &mut Ctx<'_>) {
    let number = matches!(card, Card::Number(_));
    if number && !*seen {
        *seen = true;
        cx.count(SCOPE_NODES, 1);
    }
    let node = cx.me();
    cx.fact(Fact::Seen { node, number });
}

/// Tokens are random, so that nothing of a number can be computed from one; here they come from the vault's own chance.
#[derive(Clone, Default)]
pub struct Vault {
    tokens: BTreeMap<u64, u64>,
    numbers: BTreeMap<u64, u64>,
    in_scope: bool,
}

impl Vault {
    pub fn on_msg(&mut self, from: NodeId, msg: &Msg, cx: &mut Ctx<'_>) {
        match *msg {
            Msg::Tokenise { mut order } => {
                let Card::Number(number) = order.card else { return };
                if !self.in_scope {
                    self.in_scope = true;
                    cx.count(SCOPE_NODES, 1);
                }
                order.card = Card::Token(self.token(number, cx));
                cx.send(BUYERS, Msg::Token { order });
            }
            Msg::Charge { ticket, net, mut call } => {
                if let Some(Card::Token(token)) = call.card {
                    call.card = self.numbers.get(&token).map(|number| Card::Number(*number));
                }
                cx.send(net, Msg::Network { ticket, back: from, call });
            }
            Msg::Result { ticket, back, said } => cx.send(back, Msg::Result { ticket, back, said }),
            _ => {}
        }
    }

    fn token(&mut self, number: u64, cx: &mut Ctx<'_>) -> u64 {
        if let Some(token) = self.tokens.get(&number) {
            return *token;
        }
        let mut token = cx.rng().u64();
        while self.numbers.contains_key(&token) {
            token = cx.rng().u64();
        }
        self.tokens.insert(number, token);
        self.numbers.insert(token, number);
        cx.count(TOKENS, 1);
        token
    }

    pub fn weight(&self) -> usize {
        self.tokens.bytes() + self.numbers.bytes()
    }

    pub fn look(&self) -> Look {
        Look { label: if self.in_scope { "PCI".into() } else { String::new() }, state: State::Idle, fill: None }
    }
}

/// Judges by order, so that every try of one order is judged alike.
#[derive(Clone)]
pub struct Risk;

const JUDGING: Span = Span::millis(8);

impl Risk {
    pub fn on_msg(&mut self, from: NodeId, msg: &Msg, cx: &mut Ctx<'_>) {
        if let Msg::Judge { ticket, order } = *msg {
            let allowed = !falls_under(order, 1, cx.system().risk_share);
            cx.send_after(JUDGING, from, Msg::Judged { ticket, allowed });
        }
    }
}

/// Whether an order belongs to a share of all, by a hash of its number.
pub fn falls_under(order: u64, purpose: u64, share: f64) -> bool {
    ((mix(order ^ purpose << 56) >> 11) as f64) < share * (1u64 << 53) as f64
}
