//! The hash ring beside hashring: 100 nodes of 150 virtual nodes, the same balance.

use crate::measure::{compare as measure, contender};
use hashring::HashRing;
use sims::parts::hash::mix;
use sims::parts::ring::Ring;
use std::collections::BTreeMap;

const NODES: u32 = 100;
const VIRTUAL: usize = 150;

pub fn compare() {
    let members: Vec<u32> = (0..NODES).collect();
    let ours = Ring::new(&members, VIRTUAL, 1);
    let mut theirs: HashRing<(u32, u32)> = HashRing::new();
    theirs.batch_add((0..NODES).flat_map(|node| (0..VIRTUAL as u32).map(move |v| (node, v))).collect());

    let imbalance = |owner: &dyn Fn(u64) -> u32| {
        let mut counts: BTreeMap<u32, f64> = BTreeMap::new();
        for key in 0..1_000_000u64 {
            *counts.entry(owner(key)).or_default() += 1.0;
        }
        let mean = 1e6 / f64::from(NODES);
        (counts.values().map(|c| (c - mean) * (c - mean)).sum::<f64>() / f64::from(NODES)).sqrt() / mean
    };
    println!(
        "\nring of {NODES} nodes x {VIRTUAL} points: deviation over mean {:.3} (greenroom), {:.3} (hashring)",
        imbalance(&|key| ours.owner(mix(key)).expect("members")),
        imbalance(&|key| theirs.get(&key).expect("members").0)
    );
    measure(
        "one look-up, hashing included",
        1_000_000,
        vec![
            contender("greenroom, prefix index over sorted points", |ops| (0..ops).map(|key| u64::from(ours.owner(mix(key)).expect("members"))).sum()),
            contender("hashring", |ops| (0..ops).map(|key| u64::from(theirs.get(&key).expect("members").0)).sum()),
        ],
    );
}
