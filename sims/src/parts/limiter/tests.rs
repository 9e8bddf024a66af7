//! The six algorithms against their laws and against naive models in exact fractions.

use super::*;
use proptest::prelude::*;
use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

const MINUTE: u64 = 60_000_000_000;
const SECOND: u64 = 1_000_000_000;

/// Small numbers and awkward fractions: laws break at edges, not at large values.
fn quotas() -> impl Strategy<Value = Quota> {
    (1u64..12, prop_oneof![1u64..40, Just(1000), Just(MINUTE)], 1u64..12).prop_map(|(limit, window, burst)| Quota::new(limit, window, burst).unwrap())
}

/// Instants in order, in steps near the window's own scale, with many at one instant.
fn arrivals() -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec(prop_oneof![3 => Just(0u64), 3 => 1u64..5, 1 => 5u64..60], 1..200)
}

fn instants(quota: &Quota, steps: &[u64]) -> Vec<u64> {
    let step = (quota.window_ns / 20).max(1);
    steps
        .iter()
        .scan(0, |now, gap| {
            *now += gap * step;
            Some(*now)
        })
        .collect()
}

fn admitted<L: Limiter>(limiter: &L, instants: &[u64]) -> Vec<u64> {
    let mut state = limiter.fresh();
    instants.iter().copied().filter(|now| limiter.decide(&mut state, *now).allowed()).collect()
}

/// The most in any (t - window, t].
fn most_in_window(admitted: &[u64], window: u64) -> usize {
    (0..admitted.len()).map(|i| admitted[..=i].iter().filter(|at| **at + window > admitted[i]).count()).max().unwrap_or(0)
}

/// Two numbers, as the textbook has it, in units of 1/(limit) of a nanosecond: tokens times window, refilled by limit a nanosecond.
struct NaiveBucket {
    level: i128,
    last: i128,
}

impl NaiveBucket {
    fn new(quota: &Quota) -> NaiveBucket {
        NaiveBucket { level: i128::from(quota.burst) * i128::from(quota.window_ns), last: 0 }
    }

    fn take(&mut self, quota: &Quota, now: u64) -> bool {
        let token = i128::from(quota.window_ns);
        self.level = (self.level + (i128::from(now) - self.last) * i128::from(quota.limit)).min(i128::from(quota.burst) * token);
        self.last = i128::from(now);
        let enough = self.level >= token;
        if enough {
            self.level -= token;
        }
        enough
    }
}

fn keeps_its_manners<L: Limiter>(limiter: &L, instants: &[u64]) -> Result<(), TestCaseError> {
    let mut state = limiter.fresh();
    for now in instants {
        let before = limiter.remaining(&state, *now);
        match limiter.decide(&mut state, *now) {
            Decision::Allow { .. } => prop_assert_eq!(before, limiter.remaining(&state, *now) + 1, "an admission takes one"),
            Decision::Refuse { retry_ns } => {
                prop_assert_eq!(before, 0, "what remains may be used");
                prop_assert!(retry_ns > 0);
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_log_never_admits_more_than_the_limit_in_a_window(quota in quotas(), steps in arrivals()) {
        let instants = instants(&quota, &steps);
        let admitted = admitted(&SlidingLog::new(&quota), &instants);
        prop_assert!(most_in_window(&admitted, quota.window_ns) <= quota.limit as usize);
    }

    #[test]
    fn the_log_refuses_only_at_the_limit(quota in quotas(), steps in arrivals()) {
        let limiter = SlidingLog::new(&quota);
        let mut state = limiter.fresh();
        let mut admitted: Vec<u64> = Vec::new();
        for now in instants(&quota, &steps) {
            let recent = admitted.iter().filter(|at| **at + quota.window_ns > now).count() as u64;
            let allowed = limiter.decide(&mut state, now).allowed();
            prop_assert_eq!(allowed, recent < quota.limit);
            if allowed {
                admitted.push(now);
            }
        }
    }

    #[test]
    fn buckets_agree_with_the_textbook_and_with_each_other(quota in quotas(), steps in arrivals()) {
        let (bucket, gcra, leaky) = (TokenBucket::new(&quota), Gcra::new(&quota), LeakyBucket::new(&quota));
        let (mut b, mut g, mut l, mut naive) = (bucket.fresh(), gcra.fresh(), leaky.fresh(), NaiveBucket::new(&quota));
        for now in instants(&quota, &steps) {
            let expected = naive.take(&quota, now);
            prop_assert_eq!(bucket.decide(&mut b, now).allowed(), expected, "token bucket at {}", now);
            prop_assert_eq!(gcra.decide(&mut g, now).allowed(), expected, "GCRA at {}", now);
            prop_assert_eq!(leaky.decide(&mut l, now).allowed(), expected, "leaky bucket at {}", now);
            prop_assert_eq!(bucket.remaining(&b, now), gcra.remaining(&g, now));
            prop_assert_eq!(leaky.remaining(&l, now), gcra.remaining(&g, now));
        }
    }

    #[test]
    fn buckets_never_admit_more_than_burst_and_rate(quota in quotas(), steps in arrivals()) {
        let admitted = admitted(&Gcra::new(&quota), &instants(&quota, &steps));
        for (i, from) in admitted.iter().enumerate() {
            for (j, to) in admitted.iter().enumerate().skip(i) {
                let count = (j - i + 1) as u128;
                // count <= burst + limit * t / window, multiplied out.
                let allowed = u128::from(quota.burst) * u128::from(quota.window_ns) + u128::from(quota.limit) * u128::from(to - from);
                prop_assert!(count * u128::from(quota.window_ns) <= allowed);
            }
        }
    }

    #[test]
    fn a_leaky_bucket_lets_out_one_an_interval(quota in quotas(), steps in arrivals()) {
        let limiter = LeakyBucket::new(&quota);
        let mut state = limiter.fresh();
        let mut last: Option<u64> = None;
        for now in instants(&quota, &steps) {
            if let Decision::Allow { wait_ns } = limiter.decide(&mut state, now) {
                // Exits are rounded up to whole nanoseconds, so two may seem closer by one.
                if let Some(last) = last {
                    prop_assert!((now + wait_ns + 1 - last) * quota.limit >= quota.window_ns);
                }
                last = Some(now + wait_ns);
            }
        }
    }

    #[test]
    fn the_fixed_window_admits_the_limit_per_window_of_the_clock(quota in quotas(), steps in arrivals()) {
        let instants = instants(&quota, &steps);
        let admitted = admitted(&FixedWindow::new(&quota), &instants);
        let mut per_window = std::collections::BTreeMap::new();
        for now in &instants {
            *per_window.entry(now / quota.window_ns).or_insert(0u64) += 1;
        }
        for (window, asked) in per_window {
            let got = admitted.iter().filter(|at| **at / quota.window_ns == window).count() as u64;
            prop_assert_eq!(got, asked.min(quota.limit));
        }
        prop_assert!(most_in_window(&admitted, quota.window_ns) as u64 <= 2 * quota.limit);
    }

    #[test]
    fn the_sliding_counter_is_the_weighed_sum_of_two_windows(quota in quotas(), steps in arrivals()) {
        let limiter = SlidingCounter::new(&quota);
        let mut state = limiter.fresh();
        let mut counts = std::collections::BTreeMap::new();
        for now in instants(&quota, &steps) {
            let (window, into) = (now / quota.window_ns, now % quota.window_ns);
            let before: u64 = if window == 0 { 0 } else { counts.get(&(window - 1)).copied().unwrap_or(0) };
            let current: u64 = counts.get(&window).copied().unwrap_or(0);
            let fits = before * (quota.window_ns - into) + (current + 1) * quota.window_ns <= quota.limit * quota.window_ns;
            prop_assert_eq!(limiter.decide(&mut state, now).allowed(), fits);
            if fits {
                *counts.entry(window).or_insert(0) += 1;
            }
        }
    }

    #[test]
    fn what_remains_is_never_negative_and_never_a_lie(quota in quotas(), steps in arrivals()) {
        let instants = instants(&quota, &steps);
        keeps_its_manners(&FixedWindow::new(&quota), &instants)?;
        keeps_its_manners(&SlidingCounter::new(&quota), &instants)?;
        keeps_its_manners(&SlidingLog::new(&quota), &instants)?;
        keeps_its_manners(&TokenBucket::new(&quota), &instants)?;
        keeps_its_manners(&LeakyBucket::new(&quota), &instants)?;
        keeps_its_manners(&Gcra::new(&quota), &instants)?;
    }

    #[test]
    fn asking_again_when_told_succeeds(quota in quotas(), steps in arrivals()) {
        fn check<L: Limiter>(limiter: &L, instants: &[u64]) -> Result<(), TestCaseError> {
            let mut state = limiter.fresh();
            for now in instants {
                if let Decision::Refuse { retry_ns } = limiter.decide(&mut state, *now) {
                    prop_assert!(limiter.decide(&mut state.clone(), now + retry_ns).allowed());
                    prop_assert!(retry_ns == 1 || !limiter.decide(&mut state.clone(), now + retry_ns - 1).allowed(), "the promise is too late");
                }
            }
            Ok(())
        }
        let instants = instants(&quota, &steps);
        check(&FixedWindow::new(&quota), &instants)?;
        check(&SlidingLog::new(&quota), &instants)?;
        check(&TokenBucket::new(&quota), &instants)?;
        check(&LeakyBucket::new(&quota), &instants)?;
        check(&Gcra::new(&quota), &instants)?;
    }

    #[test]
    fn a_charge_is_so_many_admissions(quota in quotas(), steps in arrivals(), n in 0u64..12) {
        fn check<L: Limiter>(limiter: &L, now: u64, later: u64, n: u64) -> Result<(), TestCaseError> {
            let (mut charged, mut asked) = (limiter.fresh(), limiter.fresh());
            limiter.charge(&mut charged, now, n);
            for _ in 0..n {
                limiter.decide(&mut asked, now);
            }
            prop_assert_eq!(limiter.remaining(&charged, now), limiter.remaining(&asked, now));
            prop_assert_eq!(limiter.idle(&charged, now), n == 0);
            prop_assert!(limiter.idle(&charged, now + later));
            Ok(())
        }
        let now = *instants(&quota, &steps).last().unwrap();
        let later = 1000 * quota.window_ns;
        check(&FixedWindow::new(&quota), now, later, n)?;
        check(&SlidingCounter::new(&quota), now, later, n)?;
        check(&SlidingLog::new(&quota), now, later, n)?;
        check(&TokenBucket::new(&quota), now, later, n)?;
        check(&LeakyBucket::new(&quota), now, later, n)?;
        check(&Gcra::new(&quota), now, later, n)?;
    }
}

#[test]
fn the_fixed_window_admits_twice_the_limit_around_an_edge() {
    let quota = Quota::new(100, MINUTE, 100).unwrap();
    let instants: Vec<u64> = [59 * SECOND, 61 * SECOND].into_iter().flat_map(|at| std::iter::repeat_n(at, 100)).collect();
    assert_eq!(admitted(&FixedWindow::new(&quota), &instants).len(), 200);
    assert_eq!(admitted(&SlidingLog::new(&quota), &instants).len(), 100);
}

/// Seven a second is no whole number of nanoseconds: after a week not one decision may have drifted.
#[test]
fn a_week_at_an_awkward_rate_loses_nothing() {
    let quota = Quota::new(7, SECOND, 1).unwrap();
    let gcra = Gcra::new(&quota);
    let mut state = gcra.fresh();
    let week = 7 * 86_400;
    for n in 0..week * 7u64 {
        let due = (n * SECOND).div_ceil(7);
        if n % 997 == 0 && n > 0 {
            assert!(!gcra.decide(&mut state, due - 1).allowed(), "request {n} came a nanosecond early");
        }
        assert!(gcra.decide(&mut state, due).allowed(), "request {n}");
        // Rounded up, an arrival is late by less than a unit of 1/7 ns; catching up keeps the schedule exact.
        state = (n + 1) * SECOND;
    }
}

#[test]
fn an_atomic_shared_by_two_threads_admits_what_one_would() {
    let quota = Quota::new(1, MINUTE, 50_000).unwrap();
    let clock = Manual::at(7);
    let limit: Limit<_, AtomicU64, _> = Limit::new(Gcra::new(&quota), &clock);
    let log: Limit<_, Mutex<Log>, _> = Limit::new(SlidingLog::new(&Quota::new(3000, MINUTE, 1).unwrap()), &clock);
    let count = |check: &(dyn Fn() -> Decision + Sync)| -> usize {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| (0..40_000).filter(|_| check().allowed()).count())).collect();
            threads.into_iter().map(|t| t.join().unwrap()).sum()
        })
    };
    assert_eq!(count(&|| limit.check()), 50_000);
    assert_eq!(count(&|| log.check()), 3000);
}

#[test]
fn every_key_has_its_own_quota() {
    let clock = Manual::default();
    let quota = Quota::new(2, SECOND, 2).unwrap();
    let limits: LimitByKey<_, Cell<u64>, Cell<u64>, _> = LimitByKey::new(TokenBucket::new(&quota), &clock, 10);
    for key in 0..10 {
        let allowed = (0..3).filter(|_| limits.check(key).unwrap().allowed()).count();
        assert_eq!(allowed, 2, "key {key}");
    }
    clock.advance(SECOND / 2);
    assert!(limits.check(3).unwrap().allowed() && !limits.check(3).unwrap().allowed());
}

#[test]
fn a_log_keeps_order_when_clocks_differ() {
    let quota = Quota::new(3, SECOND, 1).unwrap();
    let limiter = SlidingLog::new(&quota);
    let mut log = limiter.fresh();
    for at in [500, 200, 900] {
        assert!(limiter.decide(&mut log, at).allowed());
    }
    assert_eq!(log.iter().collect::<Vec<_>>(), [200, 500, 900]);
    assert_eq!(limiter.decide(&mut log, 900), Decision::Refuse { retry_ns: SECOND - 700 });
}

#[test]
fn quotas_out_of_range_are_refused() {
    assert!(Quota::new(0, 1, 1).is_none() && Quota::new(1, 0, 1).is_none() && Quota::new(1, 1, 0).is_none());
    assert!(Quota::new(LIMIT_MAX + 1, 1, 1).is_none() && Quota::new(1, WINDOW_MAX_NS + 1, 1).is_none());
    assert!(Quota::new(LIMIT_MAX, WINDOW_MAX_NS, LIMIT_MAX).is_some());
}
