//! What `bench` times: writing and reading codes, the permutation, a link made and a link found, without network.

use crate::kernel::bench::{Bench, Case};
use crate::kernel::time::Time;
use crate::parts::cache::{Cache, Entry, Lru};
use crate::parts::codes::BASE62;
use crate::parts::feistel::Feistel;
use crate::parts::hash::FixedMap;
use crate::parts::zipf::Zipf;
use std::hint::black_box;

#[rustfmt::skip]
pub const BENCHES: &[Bench] = &[
    Bench { name: "encode", says: "a number as seven symbols of base 62", threads: &[1], ops: 20_000_000, prepare: || Box::new(Encode) },
    Bench { name: "decode", says: "seven symbols of base 62 as a number", threads: &[1], ops: 20_000_000, prepare: || Box::new(Decode) },
    Bench { name: "permute", says: "a number through the Feistel network over 62^7 codes", threads: &[1], ops: 10_000_000, prepare: || Box::new(Permute) },
    Bench { name: "create", says: "count, permute, encode, put into a table of a million", threads: &[1], ops: 1_000_000, prepare: || Box::new(Create) },
    Bench { name: "resolve", says: "decode and look up in an LRU cache of 100 000 of a million links, Zipf 1", threads: &[1], ops: 2_000_000, prepare: || Box::new(Resolve::new()) },
];

const SPACE: u64 = 62u64.pow(7);

struct Encode;

impl Case for Encode {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let first = 1_000_000_007 * (thread as u64 + 1);
        (0..ops).fold(0, |sum, n| sum ^ u64::from(black_box(BASE62.encode(black_box(first + n), 7)).as_bytes()[6]))
    }
}

struct Decode;

impl Case for Decode {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let codes: Vec<_> = (0..1024).map(|n| BASE62.encode(n * 1_000_003 + thread as u64, 7)).collect();
        (0..ops).fold(0, |sum, n| sum ^ BASE62.decode(black_box(&codes[(n % 1024) as usize]).as_bytes()).unwrap_or(0))
    }
}

struct Permute;

impl Case for Permute {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let network = Feistel::new(SPACE, thread as u64);
        (0..ops).fold(0, |sum, n| sum ^ network.permute(black_box(n)))
    }
}

struct Create;

impl Case for Create {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let network = Feistel::new(SPACE, thread as u64);
        let mut table: FixedMap<u64, u64> = FixedMap::default();
        let mut sum = 0;
        for n in 0..ops {
            let number = network.permute(n);
            table.insert(number, n);
            sum ^= u64::from(BASE62.encode(number, 7).as_bytes()[0]);
        }
        sum ^ table.len() as u64
    }
}

struct Resolve {
    popularity: Zipf,
}

impl Resolve {
    fn new() -> Resolve {
        Resolve { popularity: Zipf::new(1_000_000, 1.0) }
    }
}

impl Case for Resolve {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let mut rng = crate::kernel::rng::Rng::stream(thread as u64, "visits");
        let mut cache: Lru<u64> = Lru::with_capacity(100_000);
        let (mut out, mut sum) = (Vec::new(), 0);
        for _ in 0..ops {
            let rank = self.popularity.rank(rng.u64()) as u64;
            let code = BASE62.encode(rank, 7);
            let number = BASE62.decode(code.as_bytes()).unwrap_or(0);
            match cache.get(number, Time::ZERO) {
                Some(address) => sum ^= *address,
                None => cache.put(number, Entry { value: rank * 3, bytes: 1, expires: Time::MAX }, Time::ZERO, &mut out),
            }
            out.clear();
        }
        sum
    }
}
