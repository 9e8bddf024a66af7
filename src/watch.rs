//! The app's own clock: it stands while the process is stopped or the machine sleeps.

use std::time::{Duration, Instant};

/// Who wakes this much later than asked for was not awake: the screens that count ask for a tick every second.
const ASLEEP: Duration = Duration::from_secs(5);

/// Real time less what was slept through. `Instant` leaves out the machine's own sleep on Linux and macOS, but not a stopped
/// process (Ctrl-Z, SIGSTOP), a frozen virtual machine, nor sleep elsewhere. The wall clock plays no part: setting it changes nothing.
#[derive(Debug, Default)]
pub struct Watch {
    away: Duration,
}

impl Watch {
    pub fn now(&self) -> Instant {
        let real = Instant::now();
        real.checked_sub(self.away).unwrap_or(real)
    }

    /// All the time slept through so far.
    pub fn away(&self) -> Duration {
        self.away
    }

    /// The process is known to have stood still for this long.
    pub fn slept(&mut self, gap: Duration) {
        self.away += gap;
    }

    /// A wait of at most `limit` took `took`: more than a little more, and the rest was slept.
    pub fn woke(&mut self, took: Duration, limit: Duration) {
        let late = took.saturating_sub(limit);
        if late > ASLEEP {
            self.away += late;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_slept_through_is_left_out() {
        let s = Duration::from_secs;
        let mut watch = Watch::default();
        watch.woke(s(1), s(1));
        watch.woke(s(4), s(1));
        assert_eq!(watch.away(), s(0), "a busy machine wakes late; that is time all the same");
        watch.woke(s(3601), s(1));
        watch.slept(s(10));
        assert_eq!(watch.away(), s(3610));
        let (before, now) = (Instant::now(), watch.now());
        assert!(now <= before, "the watch is behind the real clock");
    }
}
