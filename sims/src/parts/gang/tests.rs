//! Policies against hand-worked cases, their definitions and water-filling.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::place::{in_turn, whole};
use super::*;
use proptest::prelude::*;

fn job(tenant: usize, gpus: u32, lasts: u64) -> Waiting {
    Waiting { tenant, gpus, lasts }
}

fn places(policy: Policy, queue: &[Waiting], free: u32, running: &[Running], ceilings: &[u32]) -> Vec<usize> {
    let floor = Floor { now: 0, free, running: running.to_vec(), held: vec![0; ceilings.len()], ceilings };
    choose(policy, queue, floor).iter().map(|start| start.place).collect()
}

/// The textbook's picture: ten processors, four run on until 10. A job of eight waits; behind it a short job of two, a long one of two, a long one of four.
#[test]
fn backfilling_takes_what_does_not_move_the_reservation() {
    let running = [Running { gpus: 4, ends: 10 }];
    let queue = [job(0, 8, 20), job(1, 2, 10), job(1, 2, 50), job(1, 4, 50)];
    let all = [10, 10];
    assert_eq!(places(Policy::Fifo, &queue, 6, &running, &all), [] as [usize; 0]);
    assert_eq!(places(Policy::FirstFit, &queue, 6, &running, &all), [1, 2]);
    // At 10 all ten are free, eight are promised, two are extra: the short one ends by then, the first long one takes the extra.
    assert_eq!(reservation(&running, 6, 8, 0), Some(Reservation { at: 10, extra: 2 }));
    assert_eq!(places(Policy::Backfill, &queue, 6, &running, &all), [1, 2]);
    let late = [job(0, 8, 20), job(1, 4, 50), job(1, 3, 11), job(1, 6, 9)];
    assert_eq!(places(Policy::Backfill, &late, 6, &running, &all), [3]);
    assert_eq!(places(Policy::FirstFit, &late, 6, &running, &all), [1]);
}

/// Demands of 20, 26, 40 and 50 on 100: the max-min fair shares are 20, 26, 27 and 27.
#[test]
fn fair_shares_are_those_of_the_textbook() {
    let demands = [20, 26, 40, 50];
    let mut queue = Vec::new();
    for (tenant, demand) in demands.iter().enumerate().rev() {
        queue.extend((0..*demand).map(|_| job(tenant, 1, 100)));
    }
    let mut got = [0; 4];
    for place in places(Policy::FairShare, &queue, 100, &[], &[100; 4]) {
        got[queue[place].tenant] += 1;
    }
    assert_eq!(got, [20, 26, 27, 27]);
}

#[test]
fn a_tenant_at_its_ceiling_stops_itself_and_nobody_else() {
    let queue = [job(0, 6, 10), job(0, 3, 10), job(0, 1, 10), job(1, 2, 10)];
    for policy in [Policy::Fifo, Policy::Backfill, Policy::FairShare] {
        let mut got = places(policy, &queue, 20, &[], &[8, 8]);
        got.sort_unstable();
        assert_eq!(got, [0, 3], "{policy:?}: the job of 1 must not pass the one of 3");
    }
    assert_eq!(places(Policy::FirstFit, &queue, 20, &[], &[8, 8]), [0, 2, 3]);
}

#[test]
fn gangs_stand_on_few_machines() {
    assert_eq!(whole(&[4, 2, 3], 2), Some(vec![(1, 2)]));
    assert_eq!(whole(&[4, 4, 1, 2], 6), Some(vec![(0, 4), (3, 2)]));
    assert_eq!(whole(&[4, 4], 9), None);
}

#[test]
fn pods_in_turn_give_halves_to_everybody() {
    assert_eq!(in_turn(32, &[20, 20], &[0, 1], &mut [99, 99]), [16, 16]);
    assert_eq!(in_turn(32, &[20, 20], &[0, 1], &mut [5, 99]), [5, 20]);
    assert_eq!(in_turn(5, &[1, 20], &[0, 0], &mut [99]), [1, 4]);
}

/// Water-filling one drop at a time.
fn naive_shares(demands: &[u32], mut room: u32) -> Vec<u32> {
    let mut got = vec![0; demands.len()];
    while room > 0 {
        let Some(least) = (0..demands.len()).filter(|t| got[*t] < demands[*t]).min_by_key(|t| (got[*t], *t)) else { break };
        got[least] += 1;
        room -= 1;
    }
    got
}

/// In order, stopping where the definition says so.
fn naive_fifo(queue: &[Waiting], mut free: u32, ceilings: &[u32]) -> Vec<usize> {
    let (mut held, mut closed, mut got) = (vec![0; ceilings.len()], vec![false; ceilings.len()], Vec::new());
    for (place, job) in queue.iter().enumerate() {
        if closed[job.tenant] {
            continue;
        }
        if held[job.tenant] + job.gpus > ceilings[job.tenant] {
            closed[job.tenant] = true;
        } else if job.gpus <= free {
            free -= job.gpus;
            held[job.tenant] += job.gpus;
            got.push(place);
        } else {
            break;
        }
    }
    got
}

fn queue() -> impl Strategy<Value = Vec<Waiting>> {
    proptest::collection::vec((0usize..3, 1u32..12, 1u64..40).prop_map(|(t, g, l)| job(t, g, l)), 0..20)
}

fn running() -> impl Strategy<Value = Vec<Running>> {
    proptest::collection::vec((1u32..6, 1u64..40).prop_map(|(gpus, ends)| Running { gpus, ends }), 0..8)
}

const POLICIES: [Policy; 4] = [Policy::Fifo, Policy::FirstFit, Policy::Backfill, Policy::FairShare];

proptest! {
    #[test]
    fn room_and_ceilings_hold(queue in queue(), running in running(), free in 0u32..24, ceilings in proptest::collection::vec(0u32..24, 3)) {
        for policy in POLICIES {
            let starts = places(policy, &queue, free, &running, &ceilings);
            let sum: u32 = starts.iter().map(|place| queue[*place].gpus).sum();
            prop_assert!(sum <= free);
            for (tenant, ceiling) in ceilings.iter().enumerate() {
                let of: u32 = starts.iter().map(|place| queue[*place]).filter(|job| job.tenant == tenant).map(|job| job.gpus).sum();
                prop_assert!(of <= *ceiling);
            }
            let mut once = starts.clone();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), starts.len());
        }
        prop_assert_eq!(places(Policy::Fifo, &queue, free, &running, &ceilings), naive_fifo(&queue, free, &ceilings));
    }

    /// Estimates being right, nobody who goes ahead makes the first that waits for room wait longer.
    #[test]
    fn who_goes_ahead_delays_nobody_with_a_reservation(queue in queue(), running in running(), free in 0u32..24) {
        let ceilings = [1000; 3];
        let floor = Floor { now: 0, free, running: running.clone(), held: vec![0; 3], ceilings: &ceilings };
        let starts = choose(Policy::Backfill, &queue, floor);
        let (mut room, mut at_work) = (free, running);
        let mut promised = None;
        let head = (0..queue.len()).find(|place| !starts.iter().any(|s| s.place == *place && !s.ahead));
        for start in &starts {
            if start.ahead && promised.is_none() {
                promised = head.and_then(|head| reservation(&at_work, room, queue[head].gpus, 0));
            }
            room -= queue[start.place].gpus;
            at_work.push(Running { gpus: queue[start.place].gpus, ends: queue[start.place].lasts });
        }
        if let (Some(head), Some(promised)) = (head, promised) {
            let after = reservation(&at_work, room, queue[head].gpus, 0).unwrap();
            prop_assert!(after.at <= promised.at, "promised {:?}, now {:?}", promised, after);
        }
    }

    #[test]
    fn with_single_processors_fair_share_is_water_filling(demands in proptest::collection::vec(0u32..20, 1..5), room in 0u32..60) {
        let mut queue = Vec::new();
        for (tenant, demand) in demands.iter().enumerate() {
            queue.extend((0..*demand).map(|_| job(tenant, 1, 10)));
        }
        let ceilings = vec![1000; demands.len()];
        let mut got = vec![0; demands.len()];
        for place in places(Policy::FairShare, &queue, room, &[], &ceilings) {
            got[queue[place].tenant] += 1;
        }
        prop_assert_eq!(got, naive_shares(&demands, room));
    }

    #[test]
    fn a_reservation_is_the_first_moment_with_room(running in running(), free in 0u32..12, gpus in 0u32..30) {
        let room = |at: u64| free + running.iter().filter(|job| job.ends <= at).map(|job| job.gpus).sum::<u32>();
        match reservation(&running, free, gpus, 0) {
            Some(r) => {
                prop_assert!(room(r.at) >= gpus && r.extra == room(r.at) - gpus);
                prop_assert!(r.at == 0 || room(r.at - 1) < gpus);
            }
            None => prop_assert!(room(u64::MAX) < gpus),
        }
    }

    #[test]
    fn a_placed_gang_is_whole_and_fits(free in proptest::collection::vec(0u32..9, 1..10), gpus in 1u32..40) {
        match whole(&free, gpus) {
            Some(placed) => {
                prop_assert_eq!(placed.iter().map(|(_, n)| n).sum::<u32>(), gpus);
                prop_assert!(placed.iter().all(|(machine, n)| *n > 0 && *n <= free[*machine]));
                let mut sorted = free.clone();
                sorted.sort_unstable_by_key(|n| std::cmp::Reverse(*n));
                let mut left = gpus;
                let least = sorted.iter().take_while(|n| { let before = left; left = left.saturating_sub(**n); before > 0 }).count();
                prop_assert_eq!(placed.len(), least, "as few machines as can be");
            }
            None => prop_assert!(free.iter().sum::<u32>() < gpus),
        }
    }

    #[test]
    fn in_turn_leaves_nothing_that_somebody_may_take(wants in proptest::collection::vec((0u32..12, 0usize..3), 0..8), free in 0u32..30, may in proptest::collection::vec(0u32..20, 3)) {
        let (lacks, tenants): (Vec<u32>, Vec<usize>) = wants.into_iter().unzip();
        let mut left = may.clone();
        let got = in_turn(free, &lacks, &tenants, &mut left);
        let given: u32 = got.iter().sum();
        prop_assert!(given <= free);
        for tenant in 0..3 {
            let of: u32 = (0..got.len()).filter(|n| tenants[*n] == tenant).map(|n| got[n]).sum();
            prop_assert_eq!(of + left[tenant], may[tenant]);
        }
        if given < free {
            prop_assert!((0..got.len()).all(|n| got[n] == lacks[n] || left[tenants[n]] == 0));
        }
    }
}
