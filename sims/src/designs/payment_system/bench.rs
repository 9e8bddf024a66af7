//! What `greenroom bench payment-system` times: postings of the ledger, look-ups and claims of keys, rows through the outbox.

use super::message::Told;
use super::money::{Chart, coin_of};
use crate::kernel::bench::{Bench, Case};
use crate::kernel::time::{Span, Time};
use crate::parts::hash::mix;
use crate::parts::idempotency::{Begin, DAY, Keys};
use crate::parts::ledger::{Ledger, Leg};
use crate::parts::outbox::Outbox;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const MERCHANTS: usize = 1000;
const KEYS: u64 = 1_000_000;
/// A journal is begun anew when it has grown so long, as one is closed at the end of a day.
const JOURNAL: usize = 2_000_000;

fn books() -> (Ledger, Chart) {
    let mut ledger = Ledger::default();
    let chart = Chart::open(&mut ledger, MERCHANTS, 1);
    (ledger, chart)
}

/// Entries of three legs: network, merchant, fee. An operation is one leg.
struct Postings {
    books: Mutex<(Ledger, Chart)>,
}

const LEGS: u64 = 3;

impl Case for Postings {
    fn run(&self, _: usize, ops: u64) -> u64 {
        let Ok(mut books) = self.books.lock() else { return 0 };
        let (ledger, chart) = &mut *books;
        for n in 0..ops / LEGS {
            let merchant = (mix(n) % MERCHANTS as u64) as u32;
            let house = chart.house(coin_of(merchant));
            let legs = [Leg::debit(house.receivable, 10_000), Leg::credit(chart.row(merchant, 0), 9_680), Leg::credit(house.fees, 320)];
            // These legs balance.
            let _ = ledger.post(Time(n), n, &legs);
        }
        let booked = ledger.entries().len();
        if booked > JOURNAL {
            *books = self::books();
        }
        booked as u64
    }

    fn note(&self) -> Option<String> {
        let books = self.books.lock().ok()?;
        Some(if books.0.imbalance().is_none() { "every currency sums to zero".into() } else { "out of balance".into() })
    }
}

/// A million keys with their answers, asked for in an order that no cache foresees.
struct LookUps {
    keys: Mutex<Keys<Told, u64>>,
    next: AtomicU64,
}

impl Case for LookUps {
    fn run(&self, _: usize, ops: u64) -> u64 {
        let Ok(mut keys) = self.keys.lock() else { return 0 };
        let from = self.next.fetch_add(ops, Ordering::Relaxed);
        (from..from + ops).filter(|n| matches!(keys.begin(mix(mix(*n) % KEYS), 1, Time(1)), Begin::Done(_))).count() as u64
    }
}

/// A new key each time: claimed, finished, and forgotten a thousand claims later.
struct Claims {
    keys: Mutex<Keys<Told, u64>>,
    next: AtomicU64,
}

const KEPT: u64 = 100_000;

impl Case for Claims {
    fn run(&self, _: usize, ops: u64) -> u64 {
        let Ok(mut keys) = self.keys.lock() else { return 0 };
        let from = self.next.fetch_add(ops, Ordering::Relaxed);
        for n in from..from + ops {
            if let Begin::Fresh { claim } = keys.begin(mix(n), 1, Time(n)) {
                keys.finish(mix(n), claim, Told::Paid { payment: n });
            }
        }
        keys.len() as u64
    }
}

/// Put, handed to a relay by the hundred, confirmed.
struct Rows {
    outbox: Mutex<Outbox<u64>>,
}

const BATCH: usize = 100;

impl Case for Rows {
    fn run(&self, _: usize, ops: u64) -> u64 {
        let Ok(mut outbox) = self.outbox.lock() else { return 0 };
        let mut sent = 0;
        for n in 0..ops {
            outbox.put(n);
            if outbox.len() == BATCH {
                for (number, _) in outbox.due(Time(n), Span::secs(5), BATCH) {
                    sent += u64::from(outbox.confirmed(number).is_some());
                }
            }
        }
        sent
    }
}

pub const BENCHES: &[Bench] = &[
    Bench {
        name: "postings",
        says: "one leg of a balanced entry of three, over a thousand merchants",
        threads: &[1],
        ops: 600_000,
        prepare: || Box::new(Postings { books: Mutex::new(books()) }),
    },
    Bench {
        name: "key-look-up",
        says: "a request whose key has its answer stored, among a million keys",
        threads: &[1],
        ops: 200_000,
        prepare: || {
            let mut keys = Keys::new(Span::secs(5), DAY);
            for n in 0..KEYS {
                if let Begin::Fresh { claim } = keys.begin(mix(n), 1, Time::ZERO) {
                    keys.finish(mix(n), claim, Told::Paid { payment: n });
                }
            }
            Box::new(LookUps { keys: Mutex::new(keys), next: AtomicU64::new(0) })
        },
    },
    Bench {
        name: "key-claim",
        says: "a new key: claimed, answered, and forgotten when a hundred thousand newer ones have come",
        threads: &[1],
        ops: 100_000,
        prepare: || Box::new(Claims { keys: Mutex::new(Keys::new(Span(10), Span(KEPT))), next: AtomicU64::new(0) }),
    },
    Bench {
        name: "outbox-row",
        says: "a row put into an outbox, handed to the relay with a hundred others, and confirmed",
        threads: &[1],
        ops: 200_000,
        prepare: || Box::new(Rows { outbox: Mutex::new(Outbox::default()) }),
    },
];
