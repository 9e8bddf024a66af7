//! Calls that wait: a line for each tenant, served in turn or by who has waited longest.

use super::messages::Call;
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::{Flat, deep};
use std::collections::VecDeque;

/// How far into a line somebody looks for a call of one function.
const SEARCHED: usize = 64;

#[derive(Clone)]
pub struct Waiting {
    lines: Vec<VecDeque<(Call, Time)>>,
    len: usize,
    /// Whose turn it is.
    turn: usize,
}

impl Waiting {
    pub fn new(tenants: usize) -> Waiting {
        Waiting { lines: vec![VecDeque::new(); tenants], len: 0, turn: 0 }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn of(&self, tenant: usize) -> usize {
        self.lines[tenant].len()
    }

    pub fn is_empty_of(&self, tenant: usize) -> bool {
        self.len == 0 || self.lines[tenant].is_empty()
    }

    pub fn push(&mut self, call: Call, now: Time) {
        self.lines[usize::from(call.tenant)].push_back((call, now));
        self.len += 1;
    }

    /// Of those who may go on, the next tenant in turn, or the one whose first has waited longest.
    pub fn next(&self, fair: bool, may: impl Fn(usize) -> bool) -> Option<usize> {
        if self.len == 0 {
            return None;
        }
        let ready = |tenant: &usize| !self.lines[*tenant].is_empty() && may(*tenant);
        if fair {
            return (0..self.lines.len()).map(|n| (self.turn + n) % self.lines.len()).find(ready);
        }
        (0..self.lines.len()).filter(ready).min_by_key(|tenant| self.lines[*tenant].front().map_or(Time::MAX, |(_, since)| *since))
    }

    pub fn front(&self, tenant: usize) -> Option<(Call, Time)> {
        self.lines[tenant].front().copied()
    }

    pub fn pop(&mut self, tenant: usize) {
        if self.lines[tenant].pop_front().is_some() {
            self.len -= 1;
            self.turn = (tenant + 1) % self.lines.len();
        }
    }

    /// The first of a tenant's line that calls this function.
    pub fn take_of(&mut self, tenant: usize, function: u32) -> Option<(Call, Time)> {
        let line = &mut self.lines[tenant];
        let place = line.iter().take(SEARCHED).position(|(call, _)| call.function == function)?;
        let found = line.remove(place)?;
        self.len -= 1;
        Some(found)
    }

    /// Back to where it stood, or to the front.
    pub fn put_back(&mut self, call: Call, since: Time) {
        self.lines[usize::from(call.tenant)].push_front((call, since));
        self.len += 1;
    }

    /// One who has waited too long.
    pub fn expired(&mut self, now: Time, patience: Span) -> Option<Call> {
        if self.len == 0 {
            return None;
        }
        let line = self.lines.iter_mut().find(|line| line.front().is_some_and(|(_, since)| now.since(*since) >= patience))?;
        let (call, _) = line.pop_front()?;
        self.len -= 1;
        Some(call)
    }

    /// Adds one for each call that waits, by its function.
    pub fn each(&self, mut count: impl FnMut(u32)) {
        if self.len > 0 {
            self.lines.iter().flatten().for_each(|(call, _)| count(call.function));
        }
    }

    pub fn weight(&self) -> usize {
        self.lines.bytes() + deep(self.lines.iter(), Flat::bytes)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::messages::Version;
    use super::*;

    fn call(id: u64, tenant: u16) -> Call {
        Call { id, function: 0, tenant, limit: 0, version: Version::default(), length: Span::ZERO }
    }

    #[test]
    fn one_long_line_does_not_hold_up_the_others_if_they_take_turns() {
        for (fair, expected) in [(true, [1, 11, 2, 12, 3]), (false, [1, 2, 3, 4, 5])] {
            let mut waiting = Waiting::new(3);
            (1..=10).for_each(|id| waiting.push(call(id, 0), Time(id)));
            (11..=12).for_each(|id| waiting.push(call(id, 2), Time(id)));
            let served = expected.map(|_| {
                let tenant = waiting.next(fair, |_| true).unwrap();
                let (call, _) = waiting.front(tenant).unwrap();
                waiting.pop(tenant);
                call.id
            });
            assert_eq!(served, expected);
        }
    }

    #[test]
    fn who_has_no_slot_is_passed_over_and_who_waits_too_long_is_given_back() {
        let mut waiting = Waiting::new(2);
        waiting.push(call(1, 0), Time(0));
        waiting.push(call(2, 1), Time(5));
        assert_eq!(waiting.next(true, |tenant| tenant != 0), Some(1));
        assert_eq!(waiting.expired(Time(6), Span(6)).map(|call| call.id), Some(1));
        assert_eq!((waiting.expired(Time(6), Span(6)), waiting.len()), (None, 1));
    }
}
