//! Who is connected where: one session per device, kept by heartbeats, ended by silence.
//!
//! A device counts its connections. What an older connection leaves behind, a goodbye that comes late or a heartbeat on its way, never
//! touches a newer one: the count is a fencing number.

use crate::kernel::time::Time;
use crate::kernel::weight::Flat;

#[derive(Clone, Copy, Debug)]
struct Row {
    /// The newest connection that was heard of.
    count: u32,
    beat: Time,
}

const NOWHERE: u32 = u32::MAX;

/// What a heartbeat found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    Known,
    /// The session was not known, or no longer: it is now.
    Restored,
    /// A newer connection is known.
    Stale,
}

#[derive(Clone, Debug, Default)]
pub struct Sessions {
    /// By device: where it is connected; `NOWHERE` if it is not. By itself, because most of what is asked is this, of many devices.
    at: Vec<u32>,
    rows: Vec<Row>,
    open: usize,
}

impl Sessions {
    pub fn new(devices: usize) -> Sessions {
        Sessions { at: vec![NOWHERE; devices], rows: vec![Row { count: 0, beat: Time::ZERO }; devices], open: 0 }
    }

    /// A device has connected; false if a newer connection of it is known.
    pub fn open(&mut self, device: usize, at: u32, count: u32, now: Time) -> bool {
        let row = &mut self.rows[device];
        if count < row.count {
            return false;
        }
        *row = Row { count, beat: now };
        self.open += usize::from(self.at[device] == NOWHERE);
        self.at[device] = at;
        true
    }

    /// That connection has ended; false if it is not the one that is known.
    pub fn close(&mut self, device: usize, count: u32) -> bool {
        if self.at[device] == NOWHERE || self.rows[device].count != count {
            return false;
        }
        self.at[device] = NOWHERE;
        self.open -= 1;
        true
    }

    /// Ends whatever session the device has: what happens where nobody counts connections.
    pub fn close_any(&mut self, device: usize) -> bool {
        let count = self.rows[device].count;
        self.close(device, count)
    }

    pub fn beat(&mut self, device: usize, at: u32, count: u32, now: Time) -> Beat {
        let row = &mut self.rows[device];
        if self.at[device] != NOWHERE && row.count == count {
            row.beat = now;
            return Beat::Known;
        }
        if self.open(device, at, count, now) { Beat::Restored } else { Beat::Stale }
    }

    /// Ends sessions that have been silent since before then.
    pub fn expire(&mut self, before: Time, mut each: impl FnMut(usize)) {
        for (device, (at, row)) in self.at.iter_mut().zip(&self.rows).enumerate() {
            if *at != NOWHERE && row.beat < before {
                *at = NOWHERE;
                self.open -= 1;
                each(device);
            }
        }
    }

    /// Where a device is connected.
    pub fn of(&self, device: usize) -> Option<u32> {
        Some(self.at[device]).filter(|at| *at != NOWHERE)
    }

    /// Where a device is connected, and by which connection.
    pub fn connection(&self, device: usize) -> Option<(u32, u32)> {
        self.of(device).map(|at| (at, self.rows[device].count))
    }

    /// Sessions that are open.
    pub fn open_count(&self) -> usize {
        self.open
    }

    pub fn clear(&mut self) {
        *self = Sessions::new(self.rows.len());
    }

    pub fn weight(&self) -> usize {
        self.at.bytes() + self.rows.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert_eq, proptest};

    #[test]
    fn a_late_goodbye_ends_no_newer_session() {
        let mut sessions = Sessions::new(1);
        assert!(sessions.open(0, 1, 1, Time(0)) && sessions.open(0, 2, 2, Time(5)));
        assert!(!sessions.close(0, 1));
        assert_eq!(sessions.of(0), Some(2));
        assert_eq!(sessions.beat(0, 1, 1, Time(6)), Beat::Stale);
        assert!(sessions.close_any(0), "without the count it does");
        assert_eq!(sessions.of(0), None);
    }

    proptest! {
        /// Against the list of all that was said, searched for the newest connection each time.
        #[test]
        fn a_row_is_what_was_said_of_the_newest_connection(ops in proptest::collection::vec((0u8..4, 0usize..3, 1u32..6, 0u32..3), 1..150)) {
            #[derive(Clone, Copy, PartialEq)]
            enum Said { Here(u32), Gone }
            let mut sessions = Sessions::new(3);
            let mut said: Vec<(usize, u32, Said, u64)> = Vec::new();
            for (now, (what, device, count, at)) in ops.into_iter().enumerate() {
                let now = now as u64;
                let newest = said.iter().filter(|s| s.0 == device).map(|s| s.1).max().unwrap_or(0);
                let latest = said.iter().rev().find(|s| s.0 == device && s.1 == newest).map(|s| s.2);
                match what {
                    0 => {
                        prop_assert_eq!(sessions.open(device, at, count, Time(now)), count >= newest);
                        if count >= newest { said.push((device, count, Said::Here(at), now)); }
                    }
                    1 => {
                        let ends = count == newest && matches!(latest, Some(Said::Here(_)));
                        prop_assert_eq!(sessions.close(device, count), ends);
                        if ends { said.push((device, count, Said::Gone, now)); }
                    }
                    2 => {
                        let known = count == newest && matches!(latest, Some(Said::Here(_)));
                        let expected = if known { Beat::Known } else if count >= newest { Beat::Restored } else { Beat::Stale };
                        prop_assert_eq!(sessions.beat(device, at, count, Time(now)), expected);
                        if let (true, Some(said_before)) = (known, latest) {
                            said.push((device, count, said_before, now));
                        } else if count >= newest {
                            said.push((device, count, Said::Here(at), now));
                        }
                    }
                    _ => {
                        let before = now.saturating_sub(u64::from(count) * 3);
                        let mut ended = Vec::new();
                        sessions.expire(Time(before), |device| ended.push(device));
                        let expected: Vec<usize> = (0..3).filter(|device| {
                            let newest = said.iter().filter(|s| s.0 == *device).map(|s| s.1).max().unwrap_or(0);
                            said.iter().rev().find(|s| s.0 == *device && s.1 == newest).is_some_and(|s| s.2 != Said::Gone && s.3 < before)
                        }).collect();
                        prop_assert_eq!(&ended, &expected);
                        for device in expected {
                            let newest = said.iter().filter(|s| s.0 == device).map(|s| s.1).max().unwrap_or(0);
                            said.push((device, newest, Said::Gone, now));
                        }
                    }
                }
                for device in 0..3 {
                    let newest = said.iter().filter(|s| s.0 == device).map(|s| s.1).max().unwrap_or(0);
                    let here = said.iter().rev().find(|s| s.0 == device && s.1 == newest).and_then(|s| if let Said::Here(at) = s.2 { Some(at) } else { None });
                    prop_assert_eq!(sessions.of(device), here);
                }
                prop_assert_eq!(sessions.open_count(), (0..3).filter(|d| sessions.of(*d).is_some()).count());
            }
        }
    }
}
