//! Cache policies beside quick_cache and moka: Zipf(0.99) over a million keys, room for a tenth.

use crate::measure::{compare as measure, contender};
use sims::kernel::rng::Rng;
use sims::kernel::time::Time;
use sims::parts::cache::{AnyCache, Entry, Policy};
use sims::parts::hash::mix;
use sims::parts::zipf::Zipf;

const KEYS: u64 = 1_000_000;
const ROOM: u64 = KEYS / 10;
const OPS: usize = 4_000_000;

pub fn compare() {
    let zipf = Zipf::new(KEYS as usize, 0.99);
    let mut rng = Rng::stream(1, "keys");
    let keys: Vec<u64> = (0..OPS).map(|_| mix(zipf.rank(rng.u64()) as u64)).collect();

    let mut modern = AnyCache::<u64>::new(Policy::named("s3-fifo"), ROOM);
    let mut lru = AnyCache::<u64>::new(Policy::named("lru"), ROOM);
    let mut quick = quick_cache::unsync::Cache::<u64, u64>::new(ROOM as usize);
    let moka = moka::sync::Cache::<u64, u64>::new(ROOM);
    let mut out = Vec::new();

    println!("\nhit share of the second half of {OPS} requests, Zipf(0.99) over {KEYS} keys, room for {ROOM}:");
    let mut ours = |cache: &mut AnyCache<u64>, key: u64| get_or_put(cache, key, &mut out);
    println!("  greenroom, S3-FIFO   {:.4}", share(&keys, |key| ours(&mut modern, key)));
    println!("  greenroom, LRU       {:.4}", share(&keys, |key| ours(&mut lru, key)));
    println!("  quick_cache, unsync  {:.4}", share(&keys, |key| quick_get_or_put(&mut quick, key)));
    println!("  moka, sync           {:.4}", share(&keys, |key| moka_get_or_put(&moka, key)));

    let (mut a, mut b, mut c, mut d) = (0, 0, 0, 0);
    let mut out = (Vec::new(), Vec::new());
    measure(
        "one get, and a put if it missed",
        1_000_000,
        vec![
            contender("greenroom, S3-FIFO", |ops| hits(&keys, &mut a, ops, |key| get_or_put(&mut modern, key, &mut out.0))),
            contender("greenroom, LRU", |ops| hits(&keys, &mut b, ops, |key| get_or_put(&mut lru, key, &mut out.1))),
            contender("quick_cache, unsync", |ops| hits(&keys, &mut c, ops, |key| quick_get_or_put(&mut quick, key))),
            contender("moka, sync", |ops| hits(&keys, &mut d, ops, |key| moka_get_or_put(&moka, key))),
        ],
    );
}

fn get_or_put(cache: &mut AnyCache<u64>, key: u64, out: &mut Vec<(u64, u64)>) -> bool {
    if cache.get(key, Time::ZERO).is_some() {
        return true;
    }
    cache.put(key, Entry { value: key, bytes: 1, expires: Time::MAX }, Time::ZERO, out);
    out.clear();
    false
}

fn quick_get_or_put(cache: &mut quick_cache::unsync::Cache<u64, u64>, key: u64) -> bool {
    let hit = cache.get(&key).is_some();
    if !hit {
        cache.insert(key, key);
    }
    hit
}

fn moka_get_or_put(cache: &moka::sync::Cache<u64, u64>, key: u64) -> bool {
    let hit = cache.get(&key).is_some();
    if !hit {
        cache.insert(key, key);
    }
    hit
}

/// Hit share of the second half; the first warms up.
fn share(keys: &[u64], mut hit: impl FnMut(u64) -> bool) -> f64 {
    let (warm_up, counted) = keys.split_at(keys.len() / 2);
    warm_up.iter().for_each(|key| {
        hit(*key);
    });
    counted.iter().filter(|key| hit(**key)).count() as f64 / counted.len() as f64
}

/// Goes on round the keys from where it stood.
fn hits(keys: &[u64], at: &mut usize, ops: u64, mut hit: impl FnMut(u64) -> bool) -> u64 {
    let mut found = 0;
    for _ in 0..ops {
        found += u64::from(hit(keys[*at]));
        *at = (*at + 1) % keys.len();
    }
    found
}
