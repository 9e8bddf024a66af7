//! Metering: what was used, in whole megabyte-milliseconds and requests, and what it costs, rounded once.
//!
//! Money per call is far below a cent, so the order of rounding and adding decides: added first and rounded once, a bill is off by half
//! a cent at most, however many calls it has. All sums are integers over one denominator; no float touches them.

use crate::kernel::time::Span;

/// What somebody used: memory times time, and calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub mb_ms: u128,
    pub requests: u64,
}

impl Usage {
    /// One call of so many megabytes for so many milliseconds.
    pub fn call(mb: u32, ms: u64) -> Usage {
        Usage { mb_ms: u128::from(mb) * u128::from(ms), requests: 1 }
    }

    pub fn add(&mut self, other: Usage) {
        self.mb_ms += other.mb_ms;
        self.requests += other.requests;
    }
}

/// A duration as it is charged: begun steps of `step_ms` count whole, and none is free.
pub fn charged_ms(length: Span, step_ms: u64) -> u64 {
    let step = step_ms.max(1);
    length.0.div_ceil(step.saturating_mul(1_000_000)).max(1).saturating_mul(step)
}

/// Prices, as whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tariff {
    /// Ten-billionths of a dollar per gigabyte-second; a gigabyte is 1,024 megabytes here.
    pub gb_second: u64,
    /// Cents per million requests.
    pub million_requests: u64,
}

/// $0.0000166667 per gigabyte-second and $0.20 per million requests: the published price of the first tier.
pub const PUBLISHED: Tariff = Tariff { gb_second: 166_667, million_requests: 20 };

/// Parts of a cent in which everything is a whole number: 1,024 MB × 1,000 ms × 10^8 ten-billionths of a dollar in a cent.
pub const PARTS: u128 = 1_024 * 1_000 * 100_000_000;

/// Where the rounding to whole cents happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Once, of the sum.
    Once,
    /// Each call to the nearest cent.
    EachNearest,
    /// Each call up to a whole cent.
    EachUp,
}

impl Rounding {
    pub const NAMES: &[&str] = &["once", "each-nearest", "each-up"];

    pub fn named(name: &str) -> Rounding {
        match name {
            "each-nearest" => Rounding::EachNearest,
            "each-up" => Rounding::EachUp,
            _ => Rounding::Once,
        }
    }
}

impl Tariff {
    /// What it costs, exactly: in [`PARTS`] of a cent.
    pub fn parts(&self, usage: Usage) -> u128 {
        usage.mb_ms * u128::from(self.gb_second) + u128::from(usage.requests) * u128::from(self.million_requests) * (PARTS / 1_000_000)
    }

    /// The same in cents, half a cent up: the only place where anything is rounded.
    pub fn cents(&self, usage: Usage) -> u128 {
        (self.parts(usage) + PARTS / 2) / PARTS
    }

    fn cents_up(&self, usage: Usage) -> u128 {
        self.parts(usage).div_ceil(PARTS)
    }
}

/// One tenant's account since its last bill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    usage: Usage,
    /// What the erroneous ways would charge: sums of rounded calls.
    nearest: u128,
    up: u128,
}

/// What a tenant is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bill {
    pub usage: Usage,
    pub cents: u128,
}

impl Account {
    pub fn add(&mut self, call: Usage, tariff: &Tariff) {
        self.usage.add(call);
        self.nearest += tariff.cents(call);
        self.up += tariff.cents_up(call);
    }

    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Closes the period: the bill, and an empty account.
    pub fn close(&mut self, tariff: &Tariff, rounding: Rounding) -> Bill {
        let Account { usage, nearest, up } = std::mem::take(self);
        let cents = match rounding {
            Rounding::Once => tariff.cents(usage),
            Rounding::EachNearest => nearest,
            Rounding::EachUp => up,
        };
        Bill { usage, cents }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_published_prices_give_the_published_examples() {
        // 3 million calls of 512 MB for a second: 1.5 M GB-s at $25.00005 and $0.60.
        let month = Usage { mb_ms: 512 * 1_000 * 3_000_000, requests: 3_000_000 };
        assert_eq!(PUBLISHED.cents(month), 2_560);
        // A million requests of nothing cost 20 cents.
        assert_eq!(PUBLISHED.cents(Usage { mb_ms: 0, requests: 1_000_000 }), 20);
        // A gigabyte for 600 s: 600 × 0.00166667 cents are 1.000002 cents.
        assert_eq!(PUBLISHED.parts(Usage { mb_ms: 1_024 * 600_000, requests: 0 }), PARTS + 204_800_000);
    }

    #[test]
    fn half_a_cent_goes_up_and_less_goes_down() {
        let half = Tariff { gb_second: 0, million_requests: 1 };
        assert_eq!((half.cents(Usage { mb_ms: 0, requests: 500_000 }), half.cents(Usage { mb_ms: 0, requests: 499_999 })), (1, 0));
    }

    #[test]
    fn begun_steps_count_whole() {
        for (ns, step, ms) in [(0, 1, 1), (1, 1, 1), (1_000_000, 1, 1), (1_000_001, 1, 2), (30_000_000, 100, 100), (100_000_001, 100, 200)] {
            assert_eq!(charged_ms(Span(ns), step), ms, "{ns} ns in steps of {step} ms");
        }
    }

    /// A million small calls: rounded each they are free, or cost ten thousand dollars.
    #[test]
    fn rounding_each_call_makes_a_bill_of_nothing_or_of_a_fortune() {
        let mut account = Account::default();
        (0..1_000_000).for_each(|_| account.add(Usage::call(128, 100), &PUBLISHED));
        let closed = |rounding| {
            let mut account = account;
            account.close(&PUBLISHED, rounding).cents
        };
        let [once, nearest, up] = [Rounding::Once, Rounding::EachNearest, Rounding::EachUp].map(closed);
        assert_eq!((once, nearest, up), (41, 0, 1_000_000));
    }

    proptest! {
        /// However calls are put together, the sum is the same; and rounded once it is within half a cent of the exact price.
        #[test]
        fn a_bill_is_the_sum_of_its_calls_rounded_once(
            calls in prop::collection::vec((128u32..=10_240, 1u64..=900_000), 0..200),
            cut in 0usize..200,
            gb_second in 0u64..1_000_000,
            million_requests in 0u64..1_000,
        ) {
            let tariff = Tariff { gb_second, million_requests };
            let mut account = Account::default();
            calls.iter().for_each(|(mb, ms)| account.add(Usage::call(*mb, *ms), &tariff));
            let mut shuffled = Account::default();
            let cut = cut.min(calls.len());
            calls[cut..].iter().chain(&calls[..cut]).for_each(|(mb, ms)| shuffled.add(Usage::call(*mb, *ms), &tariff));
            prop_assert_eq!(account, shuffled);

            // The naive model: every call's exact price, added, in parts of a cent.
            let exact: u128 = calls.iter().map(|(mb, ms)| u128::from(*mb) * u128::from(*ms) * u128::from(gb_second) + u128::from(million_requests) * 102_400_000).sum();
            let bill = account.close(&tariff, Rounding::Once);
            prop_assert_eq!(bill.usage.requests, calls.len() as u64);
            prop_assert_eq!(tariff.parts(bill.usage), exact);
            prop_assert!((bill.cents * PARTS).abs_diff(exact) * 2 <= PARTS);
            prop_assert_eq!(account, Account::default());
        }
    }
}
