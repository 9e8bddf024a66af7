//! The truth, as the invariants know it: what the networks really took, what was stored, what people were told.

use super::message::{Event, Told};
use super::payment::{self, State};
use super::system::Payments;
use super::{
    AMBIGUITY_SETTLED, ANSWERS_ARE_TRUE, CARD_NUMBERS_IN_VAULT, EVENTS_ARE_TRUE, LEDGER_SUMS_TO_ZERO, ONE_CAPTURE_PER_ORDER, ONLY_LEGAL_CHANGES,
    REFUNDS_WITHIN_CAPTURES, SHIPPED_ONCE,
};
use crate::kernel::invariant::Lamps;
use crate::kernel::node::{NodeId, Watch};
use crate::kernel::time::Time;
use crate::kernel::weight::Flat;
use crate::parts::ledger::Currency;
use std::collections::{BTreeMap, BTreeSet};

pub enum Fact {
    Changed {
        payment: u64,
        from: State,
        to: State,
    },
    /// A capture is stored.
    Committed {
        payment: u64,
    },
    Summed {
        imbalance: Option<(Currency, i128)>,
    },
    /// A network took money.
    Captured {
        order: u64,
        reference: u64,
        amount: i64,
    },
    /// A network gave money back.
    GivenBack {
        reference: u64,
        amount: i64,
    },
    /// A buyer asks anew.
    Asked {
        order: u64,
    },
    Told {
        order: u64,
        told: Told,
    },
    /// A card passed a node: as a number, or as a token.
    Seen {
        node: NodeId,
        number: bool,
    },
    Heard {
        event: Event,
    },
    Shipped {
        event: u64,
    },
    /// Reconciliation has settled what was open.
    Settled,
}

#[derive(Clone, Copy, Default)]
struct Taken {
    order: u64,
    amount: i64,
    given_back: i64,
}

/// Payments remembered.
const KEPT: usize = 40_000;

#[derive(Clone, Default)]
pub struct Truth {
    /// By the networks' names.
    taken: BTreeMap<u64, Taken>,
    /// Per order, the first name it was captured under.
    captured: BTreeMap<u64, u64>,
    declined: BTreeSet<u64>,
    committed: BTreeSet<u64>,
    shipped: BTreeSet<u64>,
}

impl Truth {
    fn captured(&mut self, now: Time, order: u64, reference: u64, amount: i64, lamps: &mut Lamps) {
        self.taken.insert(reference, Taken { order, amount, given_back: 0 });
        let first = *self.captured.entry(order).or_insert(reference);
        self.forget();
        lamps.judge(ONE_CAPTURE_PER_ORDER, now, first == reference, || {
            format!("order {order} was captured as {} and as {}", payment::told(first), payment::told(reference))
        });
        let told = self.declined.contains(&order);
        lamps.judge(ANSWERS_ARE_TRUE, now, !told, || format!("the buyer of order {order} was told that nothing was taken, and its card is charged"));
    }

    /// Only what is recent can still be told of, shipped or given back.
    fn forget(&mut self) {
        if self.taken.len() > KEPT {
            self.taken.pop_first();
        }
        if self.captured.len() > KEPT {
            self.captured.pop_first();
        }
        for ids in [&mut self.declined, &mut self.committed, &mut self.shipped] {
            if ids.len() > KEPT {
                ids.pop_first();
            }
        }
    }

    fn told(&mut self, now: Time, order: u64, told: Told, lamps: &mut Lamps) {
        let forgotten = self.captured.len() >= KEPT && self.captured.first_key_value().is_some_and(|(first, _)| order < *first);
        if forgotten {
            return;
        }
        let taken = self.captured.contains_key(&order);
        match told {
            Told::Paid { .. } => {
                lamps.judge(ANSWERS_ARE_TRUE, now, taken, || format!("the buyer of order {order} was told that it is paid, and nothing was taken"));
            }
            Told::Declined => {
                self.declined.insert(order);
                lamps.judge(ANSWERS_ARE_TRUE, now, !taken, || format!("the buyer of order {order} was told that nothing was taken, and its card was charged"));
            }
            Told::Pending | Told::Conflict | Told::Error => {}
        }
    }
}

impl Watch<Payments> for Truth {
    type Fact = Fact;

    fn weight(&self) -> usize {
        self.taken.bytes() + self.captured.bytes() + self.declined.bytes() + self.committed.bytes() + self.shipped.bytes()
    }

    fn see(&mut self, now: Time, fact: Fact, _: &Payments, lamps: &mut Lamps) {
        match fact {
            Fact::Changed { payment, from, to } => {
                lamps.judge(ONLY_LEGAL_CHANGES, now, from.may_become(to), || format!("payment {payment} went from {} to {}", from.word(), to.word()));
            }
            Fact::Committed { payment } => {
                self.committed.insert(payment);
            }
            Fact::Summed { imbalance } => lamps.judge(LEDGER_SUMS_TO_ZERO, now, imbalance.is_none(), || {
                let (currency, sum) = imbalance.unwrap_or((Currency(0), 0));
                let name = super::money::MONIES[usize::from(currency.0) % super::money::COINS].name;
                format!("all balances in {name} sum to {sum} minor units")
            }),
            Fact::Captured { order, reference, amount } => self.captured(now, order, reference, amount, lamps),
            Fact::GivenBack { reference, amount } => {
                let Some(taken) = self.taken.get_mut(&reference) else { return };
                taken.given_back += amount;
                let (order, amount, back) = (taken.order, taken.amount, taken.given_back);
                lamps.judge(REFUNDS_WITHIN_CAPTURES, now, back <= amount, || {
                    format!("{back} minor units were given back of the {amount} taken for order {order}")
                });
            }
            Fact::Asked { order } => {
                self.declined.remove(&order);
            }
            Fact::Told { order, told } => self.told(now, order, told, lamps),
            Fact::Seen { node, number } => {
                // Reported by servers and store only: networks issue the numbers, and the vault is there to know them.
                lamps.judge(CARD_NUMBERS_IN_VAULT, now, !number, || format!("node {} had a card number in its hands", node.0));
            }
            Fact::Heard { event } => {
                let forgotten = self.committed.len() >= KEPT && self.committed.first().is_some_and(|first| event.payment < *first);
                let known = !event.paid || forgotten || self.committed.contains(&event.payment);
                lamps.judge(EVENTS_ARE_TRUE, now, known, || {
                    format!("a merchant was told that payment {} is paid, and no capture of it is stored", event.payment)
                });
            }
            Fact::Shipped { event } => {
                let first = self.shipped.insert(event);
                lamps.judge(SHIPPED_ONCE, now, first, || format!("goods were shipped a second time for payment {}", event >> 1));
            }
            Fact::Settled => lamps.reach(AMBIGUITY_SETTLED),
        }
    }
}
