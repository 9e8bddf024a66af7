//! Money: whole minor units, exchange by integers, and the legs that each business event is booked with.

use super::payment::Payment;
use crate::parts::ledger::{Account, Currency, Ledger, Leg};

/// A currency by its place here.
pub type Coin = u8;

pub struct Money {
    pub name: &'static str,
    /// Digits after the point: the yen has none.
    pub digits: u32,
    /// Millionths of a euro per minor unit, at a made-up fixed rate.
    worth: i64,
}

pub const MONIES: [Money; 3] =
    [Money { name: "EUR", digits: 2, worth: 10_000 }, Money { name: "USD", digits: 2, worth: 9_200 }, Money { name: "JPY", digits: 0, worth: 6_100 }];
pub const COINS: usize = MONIES.len();

/// Our own price: 2.9 % and 30 minor units of a euro's size.
const FEE_PER_MILLE: i64 = 29;
const FEE_FIXED_WORTH: i64 = 300_000;

/// Half goes to even, as banks round, so that a million roundings do not drift.
fn divide_to_even(n: i64, by: i64) -> i64 {
    let (whole, rest) = (n.div_euclid(by), n.rem_euclid(by));
    whole + i64::from(2 * rest > by || (2 * rest == by && whole % 2 != 0))
}

pub fn exchange(amount: i64, from: Coin, to: Coin) -> i64 {
    if from == to { amount } else { divide_to_even(amount * worth(from), worth(to)).max(1) }
}

fn worth(coin: Coin) -> i64 {
    MONIES[usize::from(coin) % COINS].worth
}

pub fn fee(amount: i64, coin: Coin) -> i64 {
    (divide_to_even(amount * FEE_PER_MILLE, 1000) + divide_to_even(FEE_FIXED_WORTH, worth(coin))).min(amount / 2)
}

/// `12.34 EUR`.
pub fn told(amount: i64, coin: Coin) -> String {
    let money = &MONIES[usize::from(coin) % COINS];
    let unit = 10_i64.pow(money.digits);
    let sign = if amount < 0 { "-" } else { "" };
    match money.digits {
        0 => format!("{amount} {}", money.name),
        digits => format!("{sign}{}.{:0width$} {}", (amount / unit).abs(), (amount % unit).abs(), money.name, width = digits as usize),
    }
}

/// The platform's accounts of one currency.
#[derive(Clone, Copy, Debug)]
pub struct House {
    /// What the card networks owe us.
    pub receivable: Account,
    pub fees: Account,
    /// Our position in this currency from exchanges.
    pub position: Account,
    /// Money whose payment is not known: it belongs to somebody, and not to us.
    pub suspense: Account,
}

/// Which account is whose.
#[derive(Clone, Debug)]
pub struct Chart {
    pub houses: [House; COINS],
    /// Per merchant: the rows of its balance, one or many.
    pub merchants: Vec<Vec<Account>>,
    /// Per merchant: booked and not yet rolled up into its balance.
    pub incoming: Vec<Account>,
}

/// A merchant is paid out in one currency.
pub fn coin_of(merchant: u32) -> Coin {
    (merchant as usize % COINS) as Coin
}

impl Chart {
    pub fn open(ledger: &mut Ledger, merchants: usize, shards: usize) -> Chart {
        let houses = std::array::from_fn(|coin| {
            let mut account = || ledger.open(Currency(coin as u8));
            House { receivable: account(), fees: account(), position: account(), suspense: account() }
        });
        let currency = |merchant: usize| Currency(coin_of(merchant as u32));
        let rows = |merchant, ledger: &mut Ledger| (0..shards.max(1)).map(|_| ledger.open(currency(merchant))).collect();
        let merchants_rows = (0..merchants).map(|merchant| rows(merchant, ledger)).collect();
        let incoming = (0..merchants).map(|merchant| ledger.open(currency(merchant))).collect();
        Chart { houses, merchants: merchants_rows, incoming }
    }

    pub fn house(&self, coin: Coin) -> &House {
        &self.houses[usize::from(coin) % COINS]
    }

    /// The row of a merchant's balance that a payment is booked on.
    pub fn row(&self, merchant: u32, shard: usize) -> Account {
        let rows = &self.merchants[merchant as usize % self.merchants.len()];
        rows[shard % rows.len()]
    }

    pub fn incoming(&self, merchant: u32) -> Account {
        self.incoming[merchant as usize % self.incoming.len()]
    }

    /// Debits, then credits of a capture: the network owes us, we owe the merchant the rest after our fee.
    pub fn capture(&self, payment: &Payment, row: Account) -> (Vec<Leg>, Vec<Leg>) {
        let fee = fee(payment.amount, payment.coin);
        let mut debits = vec![Leg::debit(self.house(payment.card_coin).receivable, payment.card_amount)];
        let mut credits = vec![Leg::credit(row, payment.amount - fee)];
        if fee > 0 {
            credits.push(Leg::credit(self.house(payment.coin).fees, fee));
        }
        if payment.card_coin != payment.coin {
            credits.push(Leg::credit(self.house(payment.card_coin).position, payment.card_amount));
            debits.push(Leg::debit(self.house(payment.coin).position, payment.amount));
        }
        (debits, credits)
    }

    /// A refund or a chargeback: the merchant gives the whole amount back, the fee stays. Converted as the capture was, in parts that
    /// add up to the whole, however it is cut: each part is the difference of two rounded running totals.
    pub fn give_back(&self, payment: &Payment, row: Account, before: i64, amount: i64) -> Vec<Leg> {
        let in_card_coin = |sum: i64| (i128::from(payment.card_amount) * i128::from(sum) / i128::from(payment.amount.max(1))) as i64;
        let card_part = in_card_coin(before + amount) - in_card_coin(before);
        let mut legs = vec![Leg::debit(row, amount)];
        if payment.card_coin == payment.coin {
            legs.push(Leg::credit(self.house(payment.coin).receivable, amount));
        } else {
            legs.push(Leg::credit(self.house(payment.coin).position, amount));
            if card_part != 0 {
                legs.push(Leg::debit(self.house(payment.card_coin).position, card_part));
                legs.push(Leg::credit(self.house(payment.card_coin).receivable, card_part));
            }
        }
        legs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::designs::payment_system::payment::State;
    use crate::kernel::time::Time;
    use proptest::prelude::*;

    fn payment(amount: i64, coin: Coin, card_coin: Coin) -> Payment {
        Payment {
            order: 1,
            key: None,
            merchant: u32::from(coin),
            net: 0,
            state: State::Captured,
            reference: 0,
            amount,
            coin,
            card_amount: exchange(amount, coin, card_coin),
            card_coin,
            refunded: 0,
            reserved: 0,
            disputed: 0,
            born: Time::ZERO,
            one_sided: false,
        }
    }

    #[test]
    fn halves_go_to_even_and_amounts_read_as_people_write_them() {
        assert_eq!([5, 15, 25, 35, -5, -15].map(|n| divide_to_even(n, 10)), [0, 2, 2, 4, 0, -2]);
        assert_eq!((told(1234, 0), told(-1205, 1), told(500, 2)), ("12.34 EUR".into(), "-12.05 USD".into(), "500 JPY".into()));
        assert_eq!(fee(10_000, 0), 320);
    }

    proptest! {
        /// Whatever the coins and however a payment is given back in parts, each entry balances and nothing but the fee remains.
        #[test]
        fn everything_balances_and_parts_add_up(amount in 1i64..2_000_000, coin in 0u8..3, card in 0u8..3, cuts in proptest::collection::vec(1i64..500_000, 0..6)) {
            let mut ledger = Ledger::default();
            let chart = Chart::open(&mut ledger, 3, 2);
            let payment = payment(amount, coin, card);
            let row = chart.row(payment.merchant, 1);
            let (debits, credits) = chart.capture(&payment, row);
            prop_assert!(ledger.post(Time::ZERO, 1, &[debits, credits].concat()).is_ok());
            let mut before = 0;
            for cut in cuts.into_iter().chain([amount]) {
                let part = cut.min(amount - before);
                if part > 0 {
                    prop_assert!(ledger.post(Time::ZERO, 1, &chart.give_back(&payment, row, before, part)).is_ok());
                    before += part;
                }
            }
            prop_assert_eq!(ledger.balance(chart.house(card).receivable), 0);
            prop_assert_eq!(ledger.balance(chart.house(coin).fees), -fee(amount, coin));
            prop_assert_eq!(ledger.balance(row), fee(amount, coin));
            prop_assert_eq!(ledger.imbalance(), None);
        }
    }
}
