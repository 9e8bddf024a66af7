//! What travels between buyers, servers, store, vault, networks, relay, merchants and reconciler.

use super::payment::{RefundState, State};
use crate::kernel::node::{Message, NodeId};

/// A card as a message carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Card {
    /// The number itself: who sees this is in the scope of the card industry's rules.
    Number(u64),
    /// A stand-in that only the vault can turn back.
    Token(u64),
}

/// What a buyer wants, the same in every try.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    pub id: u64,
    pub merchant: u32,
    pub amount: i64,
    pub card: Card,
    pub card_coin: u8,
}

/// What a caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// 200.
    Paid { payment: u64 },
    /// 402: nothing was taken.
    Declined,
    /// 202: not known yet; a webhook will say.
    Pending,
    /// 409: another request with this key is at work.
    Conflict,
    /// 500: come again.
    Error,
}

/// Which request of a server is answered, and which of its questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub flow: u64,
    pub ask: u32,
}

#[derive(Clone, Copy, Debug)]
pub enum Op {
    Authorise,
    Capture,
    /// Lets a hold go; closes a name that was never seen, so that what comes later is refused.
    Reverse,
    Refund {
        refund: u64,
    },
}

#[derive(Clone, Copy, Debug)]
pub struct Call {
    pub op: Op,
    pub reference: u64,
    pub order: u64,
    pub amount: i64,
    pub card: Option<Card>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Approved,
    Declined,
    Captured,
    Reversed,
    Refunded,
    Refused,
}

/// What a payment's row says.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub payment: u64,
    pub state: State,
    pub reference: u64,
    pub net: u8,
}

#[derive(Clone, Debug)]
pub enum Query {
    Look {
        key: u64,
        print: u64,
    },
    Begin {
        order: Order,
        key: Option<u64>,
    },
    Move {
        payment: u64,
        to: State,
        reference: u64,
    },
    /// Single-entry books: the credit, after the debit.
    OtherSide {
        payment: u64,
    },
    Room {
        payment: u64,
    },
    Reserve {
        refund: u64,
        payment: u64,
        amount: i64,
        unchecked: bool,
    },
    Settle {
        refund: u64,
        done: bool,
    },
    Orphan {
        reference: u64,
        net: u8,
        amount: i64,
    },
    Dispute {
        payment: u64,
        amount: i64,
    },
    Compare {
        net: u8,
        records: Vec<Record>,
    },
    Open,
    /// A merchant's incoming legs into its balance; the store asks itself.
    RollUp {
        merchant: u32,
    },
}

#[derive(Clone, Debug)]
pub enum Outcome {
    Nothing,
    Busy,
    Mismatch,
    Done(Told),
    Begun(Standing),
    Moved { ok: bool, changed: bool, standing: Standing },
    Room(i64),
    Reserved { state: Option<RefundState>, standing: Option<Standing> },
    Compared { fixes: Vec<Fix> },
    Open(Box<OpenList>),
}

/// What reconciliation works on.
#[derive(Clone, Debug, Default)]
pub struct OpenList {
    pub payments: Vec<Standing>,
    /// Refund, reference, network, amount.
    pub refunds: Vec<(u64, u64, u8, i64)>,
    /// Others are open and younger than the cut-off, or did not fit.
    pub more: bool,
    /// Per network: how far its file is settled.
    pub cursors: Vec<u64>,
}

/// A line of a network's own file.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    pub line: u64,
    pub what: Booked,
    pub reference: u64,
    pub amount: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booked {
    Captured,
    Refunded { refund: u64 },
    ChargedBack,
}

/// A difference between a network's file and ours, as what settles it.
#[derive(Clone, Copy, Debug)]
pub enum Fix {
    Capture { payment: u64, reference: u64 },
    Orphan { reference: u64, net: u8, amount: i64 },
    Refunded { refund: u64 },
    Dispute { payment: u64, amount: i64 },
}

/// What a merchant is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The same for every copy.
    pub id: u64,
    pub payment: u64,
    pub paid: bool,
}

impl Event {
    pub fn paid(payment: u64) -> Event {
        Event { id: payment << 1, payment, paid: true }
    }

    pub fn refunded(refund: u64, payment: u64) -> Event {
        Event { id: refund << 1 | 1, payment, paid: false }
    }
}

#[derive(Clone, Debug)]
pub enum Msg {
    Tokenise {
        order: Order,
    },
    Token {
        order: Order,
    },
    Pay {
        order: Order,
        key: Option<u64>,
        attempt: u32,
    },
    Answer {
        order: u64,
        told: Told,
    },
    Refund {
        refund: u64,
        payment: u64,
        amount: i64,
    },
    RefundAnswer {
        refund: u64,
        settled: bool,
    },
    Ask {
        ticket: Ticket,
        query: Query,
    },
    Reply {
        ticket: Ticket,
        outcome: Outcome,
    },
    Judge {
        ticket: Ticket,
        order: u64,
    },
    Judged {
        ticket: Ticket,
        allowed: bool,
    },
    /// To the vault, for a network; `net` is where it goes.
    Charge {
        ticket: Ticket,
        net: NodeId,
        call: Call,
    },
    /// From the vault, or from who needs no card number, to a network.
    Network {
        ticket: Ticket,
        back: NodeId,
        call: Call,
    },
    Result {
        ticket: Ticket,
        back: NodeId,
        said: Said,
    },
    Nudge,
    Fetch {
        above: u64,
    },
    /// Rows to send; `left` are in the table altogether.
    Events {
        rows: Vec<(u64, Event)>,
        left: usize,
    },
    Confirmed {
        number: u64,
    },
    Publish {
        event: Event,
    },
    Hook {
        number: u64,
        event: Event,
    },
    Heard {
        number: u64,
    },
    File {
        above: u64,
    },
    Lines {
        net: u8,
        records: Vec<Record>,
        more: bool,
    },
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Tokenise { .. } => "card number",
            Msg::Token { .. } => "token",
            Msg::Pay { .. } => "pay",
            Msg::Answer { told, .. } => match told {
                Told::Paid { .. } => "200 paid",
                Told::Declined => "402 declined",
                Told::Pending => "202 pending",
                Told::Conflict => "409 in progress",
                Told::Error => "500",
            },
            Msg::Refund { .. } => "refund",
            Msg::RefundAnswer { .. } => "refund answer",
            Msg::Ask { query, .. } => match query {
                Query::Look { .. } => "look up key",
                Query::Begin { .. } => "begin",
                Query::Move { to: State::Captured, .. } => "store capture",
                Query::Move { .. } => "change state",
                Query::OtherSide { .. } => "book credit",
                Query::Room { .. } => "read room",
                Query::Reserve { .. } => "reserve refund",
                Query::Settle { .. } => "settle refund",
                Query::Orphan { .. } => "orphan",
                Query::Dispute { .. } => "dispute",
                Query::Compare { .. } => "compare",
                Query::Open => "what is open",
                Query::RollUp { .. } => "roll up",
            },
            Msg::Reply { .. } => "reply",
            Msg::Judge { .. } => "risk?",
            Msg::Judged { allowed: true, .. } => "allowed",
            Msg::Judged { .. } => "refused",
            Msg::Charge { call, .. } | Msg::Network { call, .. } => match call.op {
                Op::Authorise => "authorise",
                Op::Capture => "capture",
                Op::Reverse => "reverse",
                Op::Refund { .. } => "refund",
            },
            Msg::Result { .. } => "result",
            Msg::Nudge => "nudge",
            Msg::Fetch { .. } => "fetch",
            Msg::Events { .. } => "events",
            Msg::Confirmed { .. } => "confirmed",
            Msg::Publish { .. } => "publish",
            Msg::Hook { .. } => "webhook",
            Msg::Heard { .. } => "2xx",
            Msg::File { .. } => "file?",
            Msg::Lines { .. } => "file",
        }
    }

    fn mark(&self) -> u64 {
        let of = |ticket: &Ticket| ticket.flow << 8 ^ u64::from(ticket.ask);
        match self {
            Msg::Tokenise { order } | Msg::Token { order } => order.id,
            Msg::Pay { order, attempt, .. } => order.id << 4 ^ u64::from(*attempt),
            Msg::Answer { order, .. } => *order,
            Msg::Refund { refund, .. } | Msg::RefundAnswer { refund, .. } => *refund,
            Msg::Ask { ticket, .. } | Msg::Reply { ticket, .. } | Msg::Judge { ticket, .. } => of(ticket),
            Msg::Judged { ticket, allowed } => of(ticket) << 1 | u64::from(*allowed),
            Msg::Charge { ticket, call, .. } | Msg::Network { ticket, call, .. } => of(ticket) ^ call.reference.rotate_left(32),
            Msg::Result { ticket, said, .. } => of(ticket) << 3 ^ *said as u64,
            Msg::Nudge => 0,
            Msg::Fetch { above } | Msg::File { above } => *above,
            Msg::Events { rows, .. } => rows.len() as u64,
            Msg::Lines { records, .. } => records.len() as u64,
            Msg::Confirmed { number } | Msg::Heard { number } => *number,
            Msg::Publish { event } | Msg::Hook { event, .. } => event.id,
        }
    }
}

/// Where a server can be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    Begun,
    Judged,
    Authorised,
    Captured,
    Published,
    OneSided,
    Stored,
    Reserved,
    Refunded,
}

impl Point {
    pub const NAMES: &'static [&'static str] = &["begun", "judged", "authorised", "captured", "published", "one-sided", "stored", "reserved", "refunded"];

    pub fn word(self) -> &'static str {
        Point::NAMES[self as usize]
    }

    pub fn named(name: &str) -> Point {
        match name {
            "begun" => Point::Begun,
            "judged" => Point::Judged,
            "authorised" => Point::Authorised,
            "published" => Point::Published,
            "one-sided" => Point::OneSided,
            "stored" => Point::Stored,
            "reserved" => Point::Reserved,
            "refunded" => Point::Refunded,
            _ => Point::Captured,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Timer {
    /// The load's next arrival, or only the time to ask for it again.
    Arrive {
        send: bool,
    },
    /// A buyer has waited long enough for an answer.
    Patience {
        order: u64,
        attempt: u32,
    },
    /// Time for a buyer's next try.
    Again {
        order: u64,
        attempt: u32,
    },
    /// A merchant gives something back.
    GiveBack {
        refund: u64,
    },
    /// No answer to a server's question.
    Late(Ticket),
    /// A server asks a network once more.
    Once(Ticket),
    /// A killed server is started again.
    Revive,
    /// The store comes to a query; a transaction's log is on disk.
    Run {
        job: u64,
    },
    Commit {
        job: u64,
    },
    RollUps,
    Archive,
    Poll,
    /// No 2xx from a merchant.
    Unheard {
        number: u64,
    },
    Resend {
        number: u64,
    },
    /// A round of reconciliation; an old one's timer does nothing.
    Round {
        turn: u32,
    },
}
