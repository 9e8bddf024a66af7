//! Ids counted by a database: a stepped sequence, one id or a range at a time.
//!
//! Flickr's ticket servers of 2010 are two stepped sequences, odd and even. With ranges, as in Hibernate's hi/lo, a client
//! asks once per range and counts inside it by itself.

/// Range number k of server i out of n is the (k·n + i)-th range: servers never meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    server: u64,
    servers: u64,
    /// Ranges given out so far; the one thing that must be durable.
    given: u64,
}

/// Ids `next` to `end - 1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    pub next: u64,
    pub end: u64,
}

impl Sequence {
    /// Server number `server` (from 0) of `servers`.
    pub fn new(server: u64, servers: u64) -> Sequence {
        Sequence { server, servers: servers.max(1), given: 0 }
    }

    /// Gives out the next range of `size` ids, starting at 1. Every server must use one size, or ranges overlap.
    pub fn take(&mut self, size: u64) -> Range {
        let number = self.given * self.servers + self.server;
        self.given += 1;
        Range { next: number * size + 1, end: (number + 1) * size + 1 }
    }

    pub fn given(&self) -> u64 {
        self.given
    }
}

impl Range {
    pub fn left(&self) -> u64 {
        self.end.saturating_sub(self.next)
    }

    /// Takes up to `most` consecutive ids: the first and how many; none if the range is used up.
    pub fn take(&mut self, most: u64) -> Option<(u64, u64)> {
        let count = most.min(self.left());
        let first = self.next;
        self.next += count;
        (count > 0).then_some((first, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn two_ticket_servers_give_odd_and_even() {
        let (mut odd, mut even) = (Sequence::new(0, 2), Sequence::new(1, 2));
        let firsts = |s: &mut Sequence| (0..3).map(|_| s.take(1).next).collect::<Vec<_>>();
        assert_eq!((firsts(&mut odd), firsts(&mut even)), (vec![1, 3, 5], vec![2, 4, 6]));
    }

    proptest! {
        #[test]
        fn no_id_is_given_twice(servers in 1u64..5, size in 1u64..50, asks in prop::collection::vec((0usize..5, 1u64..20), 1..100)) {
            let mut sequences: Vec<Sequence> = (0..servers).map(|i| Sequence::new(i, servers)).collect();
            let mut ranges = [Range::default(); 5];
            let mut seen = BTreeSet::new();
            for (client, most) in asks {
                if ranges[client].left() == 0 {
                    ranges[client] = sequences[client % servers as usize].take(size);
                }
                let (first, count) = ranges[client].take(most).unwrap();
                prop_assert!(count <= most);
                for id in first..first + count {
                    prop_assert!(seen.insert(id), "{id} twice");
                }
            }
        }
    }
}
