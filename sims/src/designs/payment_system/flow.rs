//! One request on its way through an API server: what it wants, where it is, what it waits for.

use super::message::{Op, Order, Standing};
use super::payment::State;
use crate::kernel::node::NodeId;
use crate::kernel::queue::Ticket;
use crate::kernel::time::Span;

#[derive(Clone, Copy, Debug)]
pub enum What {
    Pay { order: Order, key: Option<u64> },
    Refund { refund: u64, payment: u64, amount: i64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Look,
    Begin,
    Risk,
    /// At a card network, with the operation that the request stands at.
    Network,
    Move(State),
    OtherSide,
    Room,
    Reserve,
    Settle(bool),
}

#[derive(Clone, Copy, Debug)]
pub struct Flow {
    pub back: NodeId,
    pub what: What,
    pub step: Step,
    pub op: Op,
    pub standing: Standing,
    /// The latest question; answers to others are not heard.
    pub ask: u32,
    pub timer: Option<Ticket>,
    /// How often the store was asked in this step, and the networks in all.
    pub asked: u32,
    pub retry: u32,
    pub wait: Span,
}

impl Flow {
    pub fn new(back: NodeId, what: What) -> Flow {
        let standing = Standing { payment: 0, state: State::Pending, reference: 0, net: 0 };
        Flow { back, what, step: Step::Begin, op: Op::Authorise, standing, ask: 0, timer: None, asked: 0, retry: 0, wait: Span::ZERO }
    }
}
