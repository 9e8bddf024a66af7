//! Who is there: coming counts at once, going only when it has lasted.
//!
//! Debounce hides a connection that breaks and comes back: nobody is told of either. What it costs is that somebody who is really gone is
//! shown as present for that much longer.

use crate::kernel::time::{Span, Time};
use crate::kernel::weight::Flat;
use std::collections::VecDeque;

#[derive(Clone, Debug, Default)]
pub struct Presence {
    /// Connections of each user.
    up: Vec<u16>,
    /// What others are told.
    shown: Vec<bool>,
    /// Since when a user has had none, while that has not been told.
    since: Vec<Option<Time>>,
    /// The same in order of time; entries of those who came back are passed over.
    leaving: VecDeque<(Time, u32)>,
}

impl Presence {
    pub fn new(users: usize) -> Presence {
        Presence { up: vec![0; users], shown: vec![false; users], since: vec![None; users], leaving: VecDeque::new() }
    }

    /// A connection of a user opens: whether others must be told.
    pub fn up(&mut self, user: usize) -> bool {
        self.up[user] += 1;
        self.since[user] = None;
        !std::mem::replace(&mut self.shown[user], true)
    }

    /// A connection of a user closes. Others are told by [`Presence::due`] if that lasts.
    pub fn down(&mut self, user: usize, now: Time) {
        self.up[user] = self.up[user].saturating_sub(1);
        if self.up[user] == 0 && self.shown[user] {
            self.since[user] = Some(now);
            self.leaving.push_back((now, user as u32));
        }
    }

    /// Who has been gone for `debounce` by now, the longest first, and since when: others must be told of each.
    pub fn due(&mut self, now: Time, debounce: Span, mut each: impl FnMut(u32, Time)) {
        while let Some((since, user)) = self.leaving.front().copied().filter(|(since, _)| *since + debounce <= now) {
            self.leaving.pop_front();
            let at = user as usize;
            if self.since[at] == Some(since) && self.shown[at] {
                self.since[at] = None;
                self.shown[at] = false;
                each(user, since);
            }
        }
    }

    /// When to look again.
    pub fn next(&self, debounce: Span) -> Option<Time> {
        self.leaving.front().map(|(since, _)| *since + debounce)
    }

    /// Whether a user has gone, and others have not been told.
    pub fn leaves(&self, user: usize) -> bool {
        self.since[user].is_some()
    }

    /// What others are told.
    pub fn shown(&self, user: usize) -> bool {
        self.shown[user]
    }

    pub fn clear(&mut self) {
        *self = Presence::new(self.up.len());
    }

    pub fn weight(&self) -> usize {
        self.up.bytes() + self.shown.bytes() + self.since.bytes() + self.leaving.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert_eq, proptest};

    #[test]
    fn a_tunnel_shorter_than_the_debounce_is_not_seen() {
        let mut presence = Presence::new(1);
        let told = |presence: &mut Presence, now| {
            let mut told = 0;
            presence.due(Time::from_secs(now), Span::secs(10), |_, _| told += 1);
            told
        };
        assert!(presence.up(0));
        presence.down(0, Time::from_secs(5));
        assert_eq!(told(&mut presence, 14), 0);
        assert!(!presence.up(0), "back within the ten seconds: nobody hears of it");
        assert_eq!(told(&mut presence, 30), 0);
        presence.down(0, Time::from_secs(31));
        assert_eq!((told(&mut presence, 40), told(&mut presence, 41), presence.shown(0)), (0, 1, false));
    }

    proptest! {
        /// Against the whole history of one user's connections, looked through at every moment.
        #[test]
        fn what_is_told_is_what_lasted(debounce in 0u64..8, ops in proptest::collection::vec((0u64..6, 0u8..2), 1..60)) {
            let (mut presence, mut now, mut open, mut gone_since, mut shown) = (Presence::new(1), 0u64, 0u16, None::<u64>, false);
            for (gap, what) in ops {
                // Every moment in between, one by one.
                for at in now..=now + gap {
                    let expected = gone_since.is_some_and(|since| since + debounce <= at);
                    let mut told = false;
                    presence.due(Time(at), Span(debounce), |_, _| told = true);
                    prop_assert_eq!(told, expected);
                    if expected { gone_since = None; shown = false; }
                }
                now += gap;
                if what == 0 {
                    prop_assert_eq!(presence.up(0), !shown);
                    (open, shown, gone_since) = (open + 1, true, None);
                } else if open > 0 {
                    presence.down(0, Time(now));
                    open -= 1;
                    if open == 0 { gone_since = Some(now); }
                }
                prop_assert_eq!(presence.shown(0), shown);
            }
        }
    }
}
