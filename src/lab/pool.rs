//! Independent pieces of work over all cores, each result at its piece's place.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Does every job; the order in which threads finish changes nothing. `done` counts for whoever shows progress; none if `cancel` was set.
pub fn each<J: Sync, T: Send>(jobs: &[J], done: &AtomicUsize, cancel: &AtomicBool, work: impl Fn(&J) -> T + Sync) -> Option<Vec<T>> {
    let next = AtomicUsize::new(0);
    let slots: Vec<Mutex<Option<T>>> = jobs.iter().map(|_| Mutex::new(None)).collect();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(jobs.len());
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while !cancel.load(Ordering::Relaxed) {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(place) else { break };
                    let result = work(job);
                    *slots[place].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    slots.into_iter().map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_at_their_jobs_places() {
        let (done, go) = (AtomicUsize::new(0), AtomicBool::new(false));
        let jobs: Vec<u64> = (0..500).collect();
        let squares = each(&jobs, &done, &go, |n| n * n).unwrap();
        assert!(squares.iter().enumerate().all(|(n, square)| *square == (n * n) as u64));
        assert_eq!(done.load(Ordering::Relaxed), 500);
        assert_eq!(each(&jobs, &done, &AtomicBool::new(true), |n| n * n), None);
        assert_eq!(each(&[], &done, &go, |n: &u64| n * n), Some(Vec::new()));
    }
}
