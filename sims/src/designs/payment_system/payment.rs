//! A payment and its states: which there are, and the only ways between them.

use super::money::Coin;
use crate::kernel::time::Time;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Written down; what the network made of it is not known here.
    Pending,
    /// The network holds the money on the card.
    Authorised,
    Captured,
    /// Refused by risk or network, or never begun there. Nothing was taken and nothing is held.
    Failed,
    /// A hold that was let go. Not a failure: the card was good.
    Voided,
    /// Captured, and all of it given back.
    Refunded,
}

impl State {
    pub const ALL: [State; 6] = [State::Pending, State::Authorised, State::Captured, State::Failed, State::Voided, State::Refunded];

    pub fn word(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Authorised => "authorised",
            State::Captured => "captured",
            State::Failed => "failed",
            State::Voided => "voided",
            State::Refunded => "refunded",
        }
    }

    /// The arrows of the state diagram; there are no others.
    pub fn may_become(self, to: State) -> bool {
        use State::{Authorised, Captured, Failed, Pending, Refunded, Voided};
        matches!((self, to), (Pending, Authorised | Failed) | (Authorised, Captured | Voided) | (Captured, Refunded))
    }

    /// The states passed on the way to `to`, itself last; none if there is no way. Only a capture that reconciliation finds skips a step.
    pub fn way(self, to: State) -> Option<&'static [State]> {
        use State::{Authorised, Captured, Failed, Pending, Refunded, Voided};
        match (self, to) {
            (Pending, Authorised) => Some(&[Authorised]),
            (Pending, Failed) => Some(&[Failed]),
            (Pending, Captured) => Some(&[Authorised, Captured]),
            (Authorised, Captured) => Some(&[Captured]),
            (Authorised, Voided) => Some(&[Voided]),
            (Captured, Refunded) => Some(&[Refunded]),
            _ => None,
        }
    }

    pub fn is_open(self) -> bool {
        matches!(self, State::Pending | State::Authorised)
    }

    /// Whether the buyer's money was taken.
    pub fn is_paid(self) -> bool {
        matches!(self, State::Captured | State::Refunded)
    }
}

/// A row of the payments' table.
#[derive(Clone, Copy, Debug)]
pub struct Payment {
    pub order: u64,
    pub key: Option<u64>,
    pub merchant: u32,
    pub net: u8,
    pub state: State,
    /// The name under which the network knows it.
    pub reference: u64,
    /// In the merchant's coin.
    pub amount: i64,
    pub coin: Coin,
    /// In the card's coin: what the network pays us.
    pub card_amount: i64,
    pub card_coin: Coin,
    /// Given back, being given back, and taken back by the cardholder's bank.
    pub refunded: i64,
    pub reserved: i64,
    pub disputed: i64,
    pub born: Time,
    /// With single-entry books: the debit stands, the credit does not yet.
    pub one_sided: bool,
}

impl Payment {
    /// What may still be refunded.
    pub fn room(&self) -> i64 {
        if self.state == State::Captured { self.amount - self.refunded - self.reserved - self.disputed } else { 0 }
    }
}

/// A row of the refunds' table, which is the saga's memory: reserved, asked for at the network, settled or given up.
#[derive(Clone, Copy, Debug)]
pub struct Refund {
    /// None for an orphan: money that the network took and no payment of ours accounts for.
    pub payment: Option<u64>,
    pub reference: u64,
    pub net: u8,
    pub amount: i64,
    pub state: RefundState,
    pub born: Time,
    /// The orphan's entry in the books, which its refund takes back.
    pub entry: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundState {
    Open,
    Done,
    /// The network refused: the reservation was given back.
    Failed,
}

/// A network's name for a payment: the payment's number and which try it is, where tries get names of their own.
const TRY_BITS: u32 = 4;

pub fn reference(payment: u64, attempt: u32) -> u64 {
    payment << TRY_BITS | u64::from(attempt.min((1 << TRY_BITS) - 1))
}

/// As a person would say it: `payment 7`, or `payment 7, name 2` where a try had a name of its own.
pub fn told(reference: u64) -> String {
    match reference & ((1 << TRY_BITS) - 1) {
        0 => format!("payment {}", payment_of(reference)),
        n => format!("payment {}, name {}", payment_of(reference), n + 1),
    }
}

pub fn payment_of(reference: u64) -> u64 {
    reference >> TRY_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_follows_the_arrows_and_ends_where_it_should() {
        for from in State::ALL {
            for to in State::ALL {
                let Some(way) = from.way(to) else {
                    assert!(!from.may_become(to), "{from:?} to {to:?} is an arrow without a way");
                    continue;
                };
                let mut at = from;
                for step in way {
                    assert!(at.may_become(*step), "{at:?} to {step:?}");
                    at = *step;
                }
                assert_eq!(at, to);
            }
        }
    }

    #[test]
    fn a_void_is_no_failure_and_ends_are_ends() {
        assert!(!State::Voided.may_become(State::Failed) && !State::Authorised.may_become(State::Failed));
        for end in [State::Failed, State::Voided, State::Refunded] {
            assert!(State::ALL.iter().all(|to| !end.may_become(*to)), "{end:?}");
        }
    }
}
