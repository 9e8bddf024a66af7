//! What `bench` times: naming a body, keeping and releasing it, a page of the audit; without network.

use crate::kernel::bench::{Bench, Case};
use crate::kernel::time::Time;
use crate::parts::blobs::{Blobs, Body};
use crate::parts::hash::mix;
use crate::parts::sha256::sha256_prefix;
use std::hint::black_box;

#[rustfmt::skip]
pub const BENCHES: &[Bench] = &[
    Bench { name: "name", says: "SHA-256 of a body of 10 KB", threads: &[1], ops: 2_000, prepare: || Box::new(Name { text: (0..10_000u32).map(|n| mix(u64::from(n)) as u8).collect() }) },
    Bench { name: "put-release", says: "a reference put and one released among a hundred thousand, a third of the bodies shared", threads: &[1], ops: 200_000, prepare: || Box::new(PutRelease) },
    Bench { name: "get", says: "a body looked up among a hundred thousand", threads: &[1], ops: 1_000_000, prepare: || Box::new(Lookup::new()) },
    Bench { name: "audit", says: "one reference looked at by the audit, in pages of 500", threads: &[1], ops: 1_000_000, prepare: || Box::new(Audit { blobs: filled(HELD) }) },
];

const HELD: u64 = 100_000;

/// Every third holder shares its body with the one before.
fn name_of(holder: u64) -> u64 {
    mix(holder - u64::from(holder % 3 == 2))
}

fn body_of(holder: u64) -> Body {
    Body { content: holder, bytes: 10_000 }
}

fn filled(holders: u64) -> Blobs {
    let mut blobs = Blobs::default();
    (0..holders).for_each(|n| _ = blobs.put(name_of(n), body_of(n), n, Time::ZERO));
    blobs
}

struct Name {
    text: Vec<u8>,
}

impl Case for Name {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        (0..ops).fold(0, |sum, _| sum ^ sha256_prefix(black_box(&self.text)))
    }
}

struct PutRelease;

impl Case for PutRelease {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let mut blobs = Blobs::default();
        for n in 0..ops {
            blobs.put(name_of(n), body_of(n), n, Time(n));
            if n >= HELD {
                blobs.release(name_of(n - HELD), n - HELD);
            }
        }
        blobs.bytes()
    }
}

struct Lookup {
    blobs: Blobs,
}

impl Lookup {
    fn new() -> Lookup {
        Lookup { blobs: filled(HELD) }
    }
}

impl Case for Lookup {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        (0..ops).fold(thread as u64, |sum, n| sum ^ self.blobs.get(name_of(mix(n) % HELD)).map_or(0, |body| body.content))
    }
}

struct Audit {
    blobs: Blobs,
}

impl Case for Audit {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let (mut from, mut met) = ((0, 0), 0);
        for _ in 0..ops / 500 {
            let (old, next) = self.blobs.older(from, Time(1), 500);
            met += old.len() as u64;
            from = next.unwrap_or((0, 0));
        }
        met
    }
}
