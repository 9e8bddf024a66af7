//! A double-entry ledger: every entry has legs that sum to nothing in each currency, and none is ever changed.
//!
//! Pacioli's rule (Summa de arithmetica, 1494) kept by the type: the only way to book is a whole entry, which is refused unless it balances.
//! Amounts are whole minor units (cents, yen), debits positive and credits negative, so that the sum over all accounts of one
//! currency is zero at every moment, and an imbalance is a defect, not a rounding.

use crate::kernel::time::Time;
use crate::kernel::weight::Flat;

/// An account of one ledger, in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account(pub u32);

/// A currency by its place in whatever list the design keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(pub u8);

/// One side of an entry: a positive amount is a debit, a negative one a credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    pub account: Account,
    pub amount: i64,
}

impl Leg {
    pub const fn debit(account: Account, amount: i64) -> Leg {
        Leg { account, amount }
    }

    pub const fn credit(account: Account, amount: i64) -> Leg {
        Leg { account, amount: amount.saturating_neg() }
    }
}

/// An entry as it stands in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub at: Time,
    /// What it is about: a payment, a refund. The ledger only keeps it.
    pub about: u64,
    /// The entry that this one takes back.
    pub reverses: Option<usize>,
    first: usize,
    legs: usize,
}

/// Why an entry was not booked. Nothing was changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No leg, or one of nothing.
    Empty,
    NoAccount(Account),
    /// The legs of this currency sum to that.
    Unbalanced {
        currency: Currency,
        sum: i128,
    },
    /// The account would pass the bound it was opened with.
    Bound {
        account: Account,
        would_be: i128,
    },
    NoEntry(usize),
    ReversedAlready(usize),
}

#[derive(Clone, Copy, Debug)]
struct Row {
    currency: Currency,
    balance: i64,
    /// The balance stays within these.
    least: i64,
    most: i64,
}

#[derive(Clone, Debug, Default)]
pub struct Ledger {
    rows: Vec<Row>,
    entries: Vec<Entry>,
    legs: Vec<Leg>,
    reversed: Vec<bool>,
    /// Entries of closed books: how many, and the balances they left.
    closed: usize,
    opening: Vec<i64>,
    /// Sum of all balances, per currency.
    totals: Vec<i128>,
}

impl Ledger {
    /// Opens an account without a bound.
    pub fn open(&mut self, currency: Currency) -> Account {
        self.open_bounded(currency, i64::MIN, i64::MAX)
    }

    /// Opens an account whose balance never leaves `least` to `most`: a wallet that may not be overdrawn is at most 0, since it is a debt of ours.
    pub fn open_bounded(&mut self, currency: Currency, least: i64, most: i64) -> Account {
        self.rows.push(Row { currency, balance: 0, least: least.min(0), most: most.max(0) });
        self.opening.push(0);
        let needed = usize::from(currency.0) + 1;
        if self.totals.len() < needed {
            self.totals.resize(needed, 0);
        }
        Account((self.rows.len() - 1) as u32)
    }

    /// Books a whole entry, or nothing. Gives its number.
    ///
    /// # Errors
    /// As [`Refusal`] says.
    pub fn post(&mut self, at: Time, about: u64, legs: &[Leg]) -> Result<usize, Refusal> {
        self.check(legs)?;
        Ok(self.book(at, about, None, legs))
    }

    /// Takes an entry back by its mirror image. An entry is never changed, and taken back once at most.
    ///
    /// # Errors
    /// No such entry, taken back before, or a bound.
    pub fn reverse(&mut self, at: Time, number: usize) -> Result<usize, Refusal> {
        let place = number.checked_sub(self.closed).ok_or(Refusal::NoEntry(number))?;
        let entry = *self.entries.get(place).ok_or(Refusal::NoEntry(number))?;
        if self.reversed[place] {
            return Err(Refusal::ReversedAlready(number));
        }
        let mirror: Vec<Leg> = self.legs(&entry).iter().map(|leg| Leg { amount: leg.amount.saturating_neg(), ..*leg }).collect();
        self.check(&mirror)?;
        self.reversed[place] = true;
        Ok(self.book(at, entry.about, Some(number), &mirror))
    }

    /// The erroneous variant: some legs by themselves, as code that adds to one balance and then subtracts from another does it.
    /// The ledger is out of balance until the other side comes, and for ever if it never does.
    ///
    /// # Errors
    /// An account that is not there.
    pub fn post_one_sided(&mut self, at: Time, about: u64, legs: &[Leg]) -> Result<usize, Refusal> {
        for leg in legs {
            self.row(leg.account)?;
        }
        Ok(self.book(at, about, None, legs))
    }

    fn row(&self, account: Account) -> Result<&Row, Refusal> {
        self.rows.get(account.0 as usize).ok_or(Refusal::NoAccount(account))
    }

    fn check(&self, legs: &[Leg]) -> Result<(), Refusal> {
        if legs.is_empty() || legs.iter().any(|leg| leg.amount == 0) {
            return Err(Refusal::Empty);
        }
        for (at, leg) in legs.iter().enumerate() {
            let row = self.row(leg.account)?;
            // Entries have a handful of legs, so comparing each with each costs less than a map.
            let before = &legs[..at];
            if !before.iter().any(|l| self.currency(l.account) == Some(row.currency)) {
                let same = legs.iter().filter(|l| self.currency(l.account) == Some(row.currency));
                let sum: i128 = same.map(|l| i128::from(l.amount)).sum();
                if sum != 0 {
                    return Err(Refusal::Unbalanced { currency: row.currency, sum });
                }
            }
            if !before.iter().any(|l| l.account == leg.account) {
                let change: i128 = legs.iter().filter(|l| l.account == leg.account).map(|l| i128::from(l.amount)).sum();
                let would_be = i128::from(row.balance) + change;
                if would_be < i128::from(row.least) || would_be > i128::from(row.most) {
                    return Err(Refusal::Bound { account: leg.account, would_be });
                }
            }
        }
        Ok(())
    }

    fn book(&mut self, at: Time, about: u64, reverses: Option<usize>, legs: &[Leg]) -> usize {
        let first = self.legs.len();
        for leg in legs {
            let row = &mut self.rows[leg.account.0 as usize];
            row.balance = row.balance.saturating_add(leg.amount);
            self.totals[usize::from(row.currency.0)] += i128::from(leg.amount);
        }
        self.legs.extend_from_slice(legs);
        self.entries.push(Entry { at, about, reverses, first, legs: legs.len() });
        self.reversed.push(false);
        self.closed + self.entries.len() - 1
    }

    /// Closes the books but for the latest `keep` entries: the older ones leave the journal, and what they sum to per account stays as
    /// its opening balance, as at the end of a year. Numbers of entries go on.
    pub fn close(&mut self, keep: usize) {
        let old = self.entries.len().saturating_sub(keep);
        let legs = self.entries.get(old).map_or(self.legs.len(), |entry| entry.first);
        for leg in self.legs.drain(..legs) {
            let opening = &mut self.opening[leg.account.0 as usize];
            *opening = opening.saturating_add(leg.amount);
        }
        self.entries.drain(..old);
        self.entries.iter_mut().for_each(|entry| entry.first -= legs);
        self.reversed.drain(..old);
        self.closed += old;
    }

    /// Nothing for an account that was never opened.
    pub fn balance(&self, account: Account) -> i64 {
        self.row(account).map_or(0, |row| row.balance)
    }

    pub fn currency(&self, account: Account) -> Option<Currency> {
        self.row(account).ok().map(|row| row.currency)
    }

    /// What all balances of a currency sum to, kept as entries are booked: zero, or something is wrong.
    pub fn total(&self, currency: Currency) -> i128 {
        self.totals.get(usize::from(currency.0)).copied().unwrap_or(0)
    }

    /// The first currency that does not sum to zero.
    pub fn imbalance(&self) -> Option<(Currency, i128)> {
        self.totals.iter().enumerate().find(|(_, total)| **total != 0).map(|(at, total)| (Currency(at as u8), *total))
    }

    /// The open journal, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn legs(&self, entry: &Entry) -> &[Leg] {
        &self.legs[entry.first..entry.first + entry.legs]
    }

    pub fn accounts(&self) -> usize {
        self.rows.len()
    }

    /// Adds everything up again from the journal: each entry balances, and the balances are what the legs sum to.
    ///
    /// # Errors
    /// The number of the first entry that does not balance, or the account whose balance is another.
    pub fn audit(&self) -> Result<(), Fault> {
        let mut sums: Vec<i128> = self.opening.iter().map(|opening| i128::from(*opening)).collect();
        for (number, entry) in self.entries.iter().enumerate() {
            let mut totals = vec![0i128; self.totals.len()];
            for leg in self.legs(entry) {
                sums[leg.account.0 as usize] += i128::from(leg.amount);
                totals[usize::from(self.rows[leg.account.0 as usize].currency.0)] += i128::from(leg.amount);
            }
            if totals.iter().any(|total| *total != 0) {
                return Err(Fault::Entry(self.closed + number));
            }
        }
        match sums.iter().zip(&self.rows).position(|(sum, row)| *sum != i128::from(row.balance)) {
            Some(account) => Err(Fault::Balance(Account(account as u32))),
            None => Ok(()),
        }
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.rows.bytes() + self.entries.bytes() + self.legs.bytes() + self.reversed.bytes() + self.totals.bytes() + self.opening.bytes()
    }
}

/// What an audit finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Entry(usize),
    Balance(Account),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const EUR: Currency = Currency(0);
    const USD: Currency = Currency(1);

    #[test]
    fn a_sale_with_a_fee_is_three_legs() {
        let mut ledger = Ledger::default();
        let [card, shop, fee] = [(); 3].map(|()| ledger.open(EUR));
        ledger.post(Time(1), 7, &[Leg::debit(card, 10_000), Leg::credit(shop, 9_680), Leg::credit(fee, 320)]).unwrap();
        assert_eq!((ledger.balance(card), ledger.balance(shop), ledger.balance(fee)), (10_000, -9_680, -320));
        assert_eq!((ledger.total(EUR), ledger.imbalance(), ledger.audit()), (0, None, Ok(())));
    }

    #[test]
    fn an_exchange_balances_in_each_currency_by_itself() {
        let mut ledger = Ledger::default();
        let (euro_card, euro_position) = (ledger.open(EUR), ledger.open(EUR));
        let (dollar_shop, dollar_position) = (ledger.open(USD), ledger.open(USD));
        // 100.00 EUR for 108.00 USD: through two position accounts, never by adding euros to dollars.
        let legs = [Leg::debit(euro_card, 10_000), Leg::credit(euro_position, 10_000), Leg::debit(dollar_position, 10_800), Leg::credit(dollar_shop, 10_800)];
        assert_eq!(ledger.post(Time(1), 1, &legs[..3]), Err(Refusal::Unbalanced { currency: USD, sum: 10_800 }));
        assert_eq!(ledger.post(Time(1), 1, &[legs[0], legs[3]]), Err(Refusal::Unbalanced { currency: EUR, sum: 10_000 }));
        assert_eq!(ledger.post(Time(1), 1, &legs), Ok(0));
        assert_eq!((ledger.total(EUR), ledger.total(USD)), (0, 0));
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let mut ledger = Ledger::default();
        let (bank, wallet) = (ledger.open(EUR), ledger.open_bounded(EUR, i64::MIN, 0));
        ledger.post(Time(1), 1, &[Leg::debit(bank, 50), Leg::credit(wallet, 50)]).unwrap();
        let overdrawn = ledger.post(Time(2), 2, &[Leg::debit(wallet, 51), Leg::credit(bank, 51)]);
        assert_eq!(overdrawn, Err(Refusal::Bound { account: wallet, would_be: 1 }));
        assert_eq!(ledger.post(Time(2), 2, &[]), Err(Refusal::Empty));
        assert_eq!(ledger.post(Time(2), 2, &[Leg::debit(Account(9), 1)]), Err(Refusal::NoAccount(Account(9))));
        assert_eq!((ledger.balance(wallet), ledger.entries().len()), (-50, 1));
    }

    #[test]
    fn an_entry_is_taken_back_once_by_another() {
        let mut ledger = Ledger::default();
        let (a, b) = (ledger.open(EUR), ledger.open(EUR));
        let sale = ledger.post(Time(1), 1, &[Leg::debit(a, 30), Leg::credit(b, 30)]).unwrap();
        let back = ledger.reverse(Time(2), sale).unwrap();
        assert_eq!((ledger.balance(a), ledger.entries()[back].reverses), (0, Some(sale)));
        assert_eq!(ledger.reverse(Time(3), sale), Err(Refusal::ReversedAlready(sale)));
        assert_eq!(ledger.reverse(Time(3), 9), Err(Refusal::NoEntry(9)));
        assert_eq!(ledger.entries().len(), 2, "nothing is deleted");
    }

    #[test]
    fn closed_books_leave_their_balances() {
        let mut ledger = Ledger::default();
        let (a, b) = (ledger.open(EUR), ledger.open(EUR));
        let numbers: Vec<usize> = (1..=10).map(|n| ledger.post(Time(n), n, &[Leg::debit(a, 5), Leg::credit(b, 5)]).unwrap()).collect();
        ledger.close(3);
        assert_eq!((ledger.entries().len(), ledger.balance(a), ledger.audit()), (3, 50, Ok(())));
        assert_eq!(ledger.reverse(Time(11), numbers[6]), Err(Refusal::NoEntry(6)), "closed is closed");
        assert_eq!(ledger.reverse(Time(11), numbers[7]), Ok(10));
        assert_eq!((ledger.balance(a), ledger.audit()), (45, Ok(())));
    }

    #[test]
    fn half_an_entry_is_found_by_the_sum_and_by_the_audit() {
        let mut ledger = Ledger::default();
        let (a, b) = (ledger.open(EUR), ledger.open(EUR));
        ledger.post_one_sided(Time(1), 1, &[Leg::debit(a, 30)]).unwrap();
        assert_eq!((ledger.imbalance(), ledger.audit()), (Some((EUR, 30)), Err(Fault::Entry(0))));
        ledger.post_one_sided(Time(2), 1, &[Leg::credit(b, 30)]).unwrap();
        assert_eq!(ledger.imbalance(), None);
    }

    proptest! {
        /// Against a map of balances: an entry is booked if and only if it balances per currency and keeps every bound;
        /// whatever was tried, each currency sums to zero and the audit agrees.
        #[test]
        fn books_what_balances_and_nothing_else(entries in proptest::collection::vec(proptest::collection::vec((0u32..7, -4i64..5), 0..5), 0..60)) {
            let mut ledger = Ledger::default();
            let currency = |account: u32| Currency((account % 2) as u8);
            for account in 0..6 {
                if account < 2 { ledger.open_bounded(currency(account), -6, 6) } else { ledger.open(currency(account)) };
            }
            let mut naive: BTreeMap<u32, i64> = BTreeMap::new();
            for (about, raw) in entries.iter().enumerate() {
                let legs: Vec<Leg> = raw.iter().map(|(account, amount)| Leg { account: Account(*account), amount: *amount }).collect();
                let mut after = naive.clone();
                raw.iter().for_each(|(account, amount)| *after.entry(*account).or_default() += amount);
                let sums = |c: u32| raw.iter().filter(|(a, _)| a % 2 == c).map(|(_, amount)| amount).sum::<i64>();
                let lawful = !raw.is_empty()
                    && raw.iter().all(|(account, amount)| *account < 6 && *amount != 0)
                    && sums(0) == 0 && sums(1) == 0
                    && after.iter().all(|(account, balance)| *account > 1 || balance.abs() <= 6);
                prop_assert_eq!(ledger.post(Time(about as u64), about as u64, &legs).is_ok(), lawful, "{:?}", raw);
                if lawful { naive = after; }
            }
            for account in 0..6 {
                prop_assert_eq!(ledger.balance(Account(account)), naive.get(&account).copied().unwrap_or(0));
            }
            prop_assert_eq!(ledger.imbalance(), None);
            prop_assert_eq!(ledger.audit(), Ok(()));
        }
    }
}
