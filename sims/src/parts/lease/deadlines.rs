//! The leader's side of leases in a replicated log: it alone counts their time, and proposes the end of those that are over.
//!
//! Replicas cannot compare clocks, so no end of a lease stands in the log. Whoever leads starts a full time for each lease it
//! finds, as Chubby and etcd do: a lease may last longer than was promised, never shorter.

use crate::kernel::time::Time;
use std::collections::BTreeMap;

/// When each lease ends by the leader's clock. Soft state: gone with the leader.
#[derive(Clone, Debug)]
pub struct Deadlines<K> {
    ends: BTreeMap<K, Running>,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    stamp: u64,
    until: Time,
    /// Its end was proposed: not again for a while.
    asked: Option<Time>,
}

impl<K> Default for Deadlines<K> {
    fn default() -> Self {
        Deadlines { ends: BTreeMap::new() }
    }
}

impl<K: Ord + Clone> Deadlines<K> {
    /// A lease was granted, renewed, or found by a new leader. The stamp is the log's own number of that grant or renewal: another
    /// one starts anew, the same one is never shortened.
    pub fn start(&mut self, key: K, stamp: u64, until: Time) {
        let running = self.ends.entry(key).or_insert(Running { stamp, until, asked: None });
        let until = if running.stamp == stamp { running.until.max(until) } else { until };
        *running = Running { stamp, until, asked: None };
    }

    /// A lease has ended, by release or by the log.
    pub fn stop(&mut self, key: &K) {
        self.ends.remove(key);
    }

    /// No longer the leader: somebody else counts.
    pub fn clear(&mut self) {
        self.ends.clear();
    }

    /// Leases that are over and whose end is to be proposed: name and stamp, so that the log can pass over an end that a renewal
    /// has overtaken. What is still there after `again_before` was lost on its way and comes once more.
    pub fn over(&mut self, now: Time, again_before: Time) -> Vec<(K, u64)> {
        let mut over = Vec::new();
        for (key, running) in &mut self.ends {
            if running.until <= now && running.asked.is_none_or(|asked| asked <= again_before) {
                running.asked = Some(now);
                over.push((key.clone(), running.stamp));
            }
        }
        over
    }

    pub fn until(&self, key: &K) -> Option<Time> {
        self.ends.get(key).map(|running| running.until)
    }

    /// The earliest end of those counted.
    pub fn next_end(&self) -> Option<Time> {
        self.ends.values().map(|running| running.until).min()
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against the list of everything said of a lease: it is over when its latest token's furthest end has come.
        #[test]
        fn a_lease_is_over_at_its_furthest_end(ops in proptest::collection::vec((0u8..4, 0u64..3, 0u64..4, 0u64..8), 0..100)) {
            let mut deadlines = Deadlines::default();
            let mut naive: Vec<(u64, u64, u64)> = Vec::new();
            let (mut now, mut token) = (0, 1);
            for (what, key, more, passed) in ops {
                now += passed;
                match what {
                    0 => {
                        token += more;
                        deadlines.start(key, token, Time(now + 10));
                        naive.retain(|(k, t, _)| *k != key || *t == token);
                        naive.push((key, token, now + 10));
                    }
                    1 => { deadlines.stop(&key); naive.retain(|(k, ..)| *k != key); }
                    _ => {
                        let over = deadlines.over(Time(now), Time(now));
                        for key in 0..3 {
                            let end = naive.iter().filter(|(k, ..)| *k == key).map(|(_, _, end)| *end).max();
                            prop_assert_eq!(over.iter().any(|(k, _)| *k == key), end.is_some_and(|end| end <= now));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn an_end_is_proposed_once_and_again_when_it_got_lost() {
        let mut deadlines = Deadlines::default();
        deadlines.start("a", 1, Time(10));
        assert_eq!(deadlines.over(Time(9), Time(0)), []);
        assert_eq!(deadlines.over(Time(10), Time(5)), [("a", 1)]);
        assert_eq!(deadlines.over(Time(11), Time(6)), []);
        assert_eq!(deadlines.over(Time(20), Time(15)), [("a", 1)]);
        deadlines.start("a", 1, Time(30));
        assert_eq!(deadlines.over(Time(29), Time(29)), [], "renewed after all");
    }
}
