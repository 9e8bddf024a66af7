//! The check of fencing tokens at what the lease protects: a number below one it has seen is refused.

use std::collections::BTreeMap;

/// The highest token seen for each name. It orders those who come, it keeps nobody out: an old holder that comes before the
/// new one has shown itself still gets in, and precedes.
#[derive(Clone, Debug)]
pub struct Fence<K> {
    highest: BTreeMap<K, u64>,
}

impl<K> Default for Fence<K> {
    fn default() -> Self {
        Fence { highest: BTreeMap::new() }
    }
}

impl<K: Ord> Fence<K> {
    /// Lets a token in that is not below the highest seen, and remembers it. One holder may come again and again.
    ///
    /// # Errors
    /// The highest seen, which is above this one.
    pub fn admit(&mut self, key: K, token: u64) -> Result<(), u64> {
        let highest = self.highest.entry(key).or_default();
        if token < *highest {
            return Err(*highest);
        }
        *highest = token;
        Ok(())
    }

    /// The highest token seen, 0 before any.
    pub fn seen(&self, key: &K) -> u64 {
        self.highest.get(key).copied().unwrap_or(0)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&K, u64)> {
        self.highest.iter().map(|(key, token)| (key, *token))
    }

    pub fn len(&self) -> usize {
        self.highest.len()
    }

    pub fn is_empty(&self) -> bool {
        self.highest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against the list of all that came: in if and only if nobody with a higher number was let in before.
        #[test]
        fn what_is_let_in_never_falls(came in proptest::collection::vec((0u8..3, 0u64..20), 0..80)) {
            let mut fence = Fence::default();
            let mut admitted: Vec<(u8, u64)> = Vec::new();
            for (key, token) in came {
                let highest = admitted.iter().filter(|(k, _)| *k == key).map(|(_, t)| *t).max().unwrap_or(0);
                let expected = if token >= highest { Ok(()) } else { Err(highest) };
                prop_assert_eq!(fence.admit(key, token), expected);
                if expected.is_ok() { admitted.push((key, token)); }
                prop_assert_eq!(fence.seen(&key), highest.max(if expected.is_ok() { token } else { 0 }));
            }
        }
    }

    /// Kleppmann's figure: 33 pauses, 34 writes, 33 comes back and is refused. And errata E28: had 34 not come yet, 33 gets in.
    #[test]
    fn an_old_holder_is_refused_once_the_new_one_has_been_seen() {
        let mut fence = Fence::default();
        assert_eq!(fence.admit("file", 33), Ok(()));
        assert_eq!(fence.admit("file", 33), Ok(()), "34 exists by now, but has not been here");
        assert_eq!(fence.admit("file", 34), Ok(()));
        assert_eq!(fence.admit("file", 33), Err(34));
        assert_eq!(fence.admit("other", 33), Ok(()));
    }
}
