//! The router's book of sandboxes: who is idle, what runs where, how much memory each worker has left.

use super::messages::{Told, Version};
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::{Flat, deep};
use std::collections::VecDeque;

/// No sandbox: the end of a list.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A free place in the book.
    Free,
    /// Comes up without a call.
    Starting,
    Idle,
    Busy,
    /// Idle, but nobody will find it: the source's forgotten sandbox.
    Forgotten,
}

/// One sandbox as the router knows it.
#[derive(Clone, Copy, Debug)]
pub struct Sandbox {
    pub state: State,
    pub worker: u32,
    pub function: u32,
    pub version: Version,
    /// What runs in it.
    pub call: u64,
    pub tenant: u16,
    pub mb: u32,
    /// Since when it is as it is.
    pub since: Time,
    /// Neighbours in the list of idle ones, the longest idle first.
    before: u32,
    after: u32,
}

const FREE: Sandbox = Sandbox {
    state: State::Free,
    worker: 0,
    function: 0,
    version: Version { number: 0, bad: false },
    call: 0,
    tenant: 0,
    mb: 0,
    since: Time::ZERO,
    before: NONE,
    after: NONE,
};

/// A worker's room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    pub up: bool,
    pub free_mb: u32,
    pub sandboxes: u32,
}

#[derive(Clone)]
pub struct Pool {
    sandboxes: Vec<Sandbox>,
    free: Vec<u32>,
    /// Idle sandboxes by function, the longest idle first: the last one in is taken first, so that surplus ages at the front.
    idle: Vec<VecDeque<u32>>,
    /// The list of all idle ones.
    oldest: u32,
    newest: u32,
    pub idle_count: usize,
    pub rooms: Vec<Room>,
    /// Sandboxes of each function, whatever they do.
    pub counts: Vec<u32>,
}

impl Pool {
    pub fn new(functions: usize, workers: usize) -> Pool {
        Pool {
            sandboxes: Vec::new(),
            free: Vec::new(),
            idle: vec![VecDeque::new(); functions],
            oldest: NONE,
            newest: NONE,
            idle_count: 0,
            rooms: vec![Room::default(); workers],
            counts: vec![0; functions],
        }
    }

    pub fn get(&self, at: u32) -> Option<&Sandbox> {
        self.sandboxes.get(at as usize).filter(|sandbox| sandbox.state != State::Free)
    }

    /// Everything that is not free, with its number.
    pub fn all(&self) -> impl Iterator<Item = (u32, &Sandbox)> {
        self.sandboxes.iter().enumerate().filter(|(_, s)| s.state != State::Free).map(|(at, s)| (at as u32, s))
    }

    pub fn len(&self) -> usize {
        self.sandboxes.len() - self.free.len()
    }

    /// Puts a new one on a worker.
    pub fn create(&mut self, worker: u32, function: u32, version: Version, mb: u32, now: Time) -> u32 {
        let at = self.free.pop().unwrap_or_else(|| {
            self.sandboxes.push(FREE);
            (self.sandboxes.len() - 1) as u32
        });
        self.sandboxes[at as usize] = Sandbox { state: State::Starting, worker, function, version, mb, since: now, ..FREE };
        self.counts[function as usize] += 1;
        let room = &mut self.rooms[worker as usize];
        room.free_mb = room.free_mb.saturating_sub(mb);
        room.sandboxes += 1;
        at
    }

    /// Takes over one that a worker tells of, under the number it has there.
    pub fn adopt(&mut self, worker: u32, told: &Told, mb: u32, now: Time) {
        let at = told.sandbox as usize;
        if at >= self.sandboxes.len() {
            self.sandboxes.resize(at + 1, FREE);
        }
        if self.sandboxes[at].state != State::Free || told.function as usize >= self.counts.len() {
            return;
        }
        let (state, call, tenant) = told.call.map_or((State::Starting, 0, 0), |call| (State::Busy, call.id, call.tenant));
        self.sandboxes[at] = Sandbox { state, worker, function: told.function, version: told.version, call, tenant, mb, since: now, ..FREE };
        self.counts[told.function as usize] += 1;
        let room = &mut self.rooms[worker as usize];
        room.free_mb = room.free_mb.saturating_sub(mb);
        room.sandboxes += 1;
        if told.call.is_none() {
            self.rest(told.sandbox, now);
        }
    }

    /// After all have been taken over: which numbers are free.
    pub fn settle(&mut self) {
        let free = self.sandboxes.iter().enumerate().rev().filter(|(_, s)| s.state == State::Free).map(|(at, _)| at as u32);
        self.free = free.collect();
    }

    /// An idle sandbox of this function: of exactly this version, or of any.
    pub fn idle(&self, function: u32, version: Option<Version>) -> Option<u32> {
        let fits = |at: &&u32| version.is_none_or(|version| self.sandboxes[**at as usize].version == version);
        self.idle[function as usize].iter().rev().find(fits).copied()
    }

    /// A call runs in it from now on. Gives the time it was idle.
    pub fn occupy(&mut self, at: u32, call: u64, tenant: u16, now: Time) -> Span {
        let idle = self.unlist(at, now);
        let sandbox = &mut self.sandboxes[at as usize];
        sandbox.state = State::Busy;
        sandbox.call = call;
        sandbox.tenant = tenant;
        sandbox.since = now;
        idle
    }

    /// It waits for its next call.
    pub fn rest(&mut self, at: u32, now: Time) {
        self.list(at, now, State::Idle);
        self.idle[self.sandboxes[at as usize].function as usize].push_back(at);
    }

    /// It waits for a next call that will never find it.
    pub fn forget(&mut self, at: u32, now: Time) {
        self.list(at, now, State::Forgotten);
    }

    fn list(&mut self, at: u32, now: Time, state: State) {
        let newest = self.newest;
        let sandbox = &mut self.sandboxes[at as usize];
        (sandbox.state, sandbox.call, sandbox.since, sandbox.before, sandbox.after) = (state, 0, now, newest, NONE);
        if newest == NONE {
            self.oldest = at;
        } else {
            self.sandboxes[newest as usize].after = at;
        }
        self.newest = at;
        self.idle_count += 1;
    }

    /// Takes it out of the lists of idle ones, if it is in them; gives the time it was idle.
    fn unlist(&mut self, at: u32, now: Time) -> Span {
        let Sandbox { state, function, before, after, since, .. } = self.sandboxes[at as usize];
        if state != State::Idle && state != State::Forgotten {
            return Span::ZERO;
        }
        if state == State::Idle {
            let line = &mut self.idle[function as usize];
            // Mostly the last, which is taken, or the first, which is too old.
            if line.back() == Some(&at) {
                line.pop_back();
            } else if let Some(place) = line.iter().position(|one| *one == at) {
                line.remove(place);
            }
        }
        if before == NONE {
            self.oldest = after;
        } else {
            self.sandboxes[before as usize].after = after;
        }
        if after == NONE {
            self.newest = before;
        } else {
            self.sandboxes[after as usize].before = before;
        }
        self.idle_count -= 1;
        now.since(since)
    }

    /// The one that has been idle longest.
    pub fn oldest(&self) -> Option<(u32, &Sandbox)> {
        (self.oldest != NONE).then(|| (self.oldest, &self.sandboxes[self.oldest as usize]))
    }

    /// Idle ones of a function, the longest idle first.
    pub fn idle_of(&self, function: u32) -> impl Iterator<Item = u32> + '_ {
        self.idle[function as usize].iter().copied()
    }

    /// Takes it out of the book. Gives what it was and the time it was idle at last.
    pub fn remove(&mut self, at: u32, now: Time) -> (Sandbox, Span) {
        let idle = self.unlist(at, now);
        let sandbox = std::mem::replace(&mut self.sandboxes[at as usize], FREE);
        self.counts[sandbox.function as usize] -= 1;
        let room = &mut self.rooms[sandbox.worker as usize];
        room.free_mb += sandbox.mb;
        room.sandboxes -= 1;
        self.free.push(at);
        (sandbox, idle)
    }

    /// Everything on a worker.
    pub fn on(&self, worker: u32) -> Vec<u32> {
        self.all().filter(|(_, s)| s.worker == worker).map(|(at, _)| at).collect()
    }

    /// A worker with room: the fullest that has it, or the emptiest.
    pub fn place(&self, mb: u32, spread: bool) -> Option<u32> {
        let fits = self.rooms.iter().enumerate().filter(|(_, room)| room.up && room.free_mb >= mb);
        let chosen = if spread { fits.max_by_key(|(at, room)| (room.free_mb, usize::MAX - at)) } else { fits.min_by_key(|(at, room)| (room.free_mb, *at)) };
        chosen.map(|(at, _)| at as u32)
    }

    pub fn weight(&self) -> usize {
        self.sandboxes.bytes() + self.free.bytes() + deep(self.idle.iter(), Flat::bytes) + self.idle.bytes() + self.rooms.bytes() + self.counts.bytes()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    const V: Version = Version { number: 1, bad: false };

    fn pool(workers: usize, free_mb: u32) -> Pool {
        let mut pool = Pool::new(3, workers);
        pool.rooms.iter_mut().for_each(|room| *room = Room { up: true, free_mb, sandboxes: 0 });
        pool
    }

    #[test]
    fn the_last_in_is_taken_and_the_first_in_ages() {
        let mut pool = pool(1, 1000);
        let made: Vec<u32> = (0..3).map(|_| pool.create(0, 0, V, 100, Time::ZERO)).collect();
        made.iter().enumerate().for_each(|(n, at)| pool.rest(*at, Time(n as u64)));
        assert_eq!((pool.idle(0, Some(V)), pool.oldest().unwrap().0), (Some(made[2]), made[0]));
        assert_eq!(pool.idle(0, Some(Version { number: 2, bad: false })), None);
        assert_eq!(pool.occupy(made[2], 7, 0, Time(10)), Span(8));
    }

    #[test]
    fn packing_fills_one_worker_and_spreading_all() {
        for (spread, expected) in [(false, [3, 0]), (true, [2, 1])] {
            let mut pool = pool(2, 300);
            for _ in 0..3 {
                let worker = pool.place(100, spread).unwrap();
                pool.create(worker, 0, V, 100, Time::ZERO);
            }
            assert_eq!([pool.rooms[0].sandboxes, pool.rooms[1].sandboxes], expected);
        }
        assert_eq!(pool(2, 300).place(301, false), None);
    }

    proptest! {
        /// The lists agree with a naive list of everything, and memory is never lost.
        #[test]
        fn the_book_agrees_with_a_naive_one(ops in prop::collection::vec((0u8..5, 0u32..3, any::<prop::sample::Index>()), 1..200)) {
            let mut pool = pool(2, 2_000);
            let mut naive: Vec<(u32, u32, bool, u64)> = Vec::new();
            for (n, (op, function, pick)) in ops.into_iter().enumerate() {
                let now = Time(n as u64);
                match op {
                    0 => if let Some(worker) = pool.place(100, function == 1) {
                        let at = pool.create(worker, function, V, 100, now);
                        pool.rest(at, now);
                        naive.push((at, function, true, now.0));
                    },
                    1 => if let Some(at) = pool.idle(function, Some(V)) {
                        let newest = naive.iter().filter(|s| s.1 == function && s.2).max_by_key(|s| s.3).unwrap().0;
                        prop_assert_eq!(at, newest);
                        pool.occupy(at, 1, 0, now);
                        naive.iter_mut().find(|s| s.0 == at).unwrap().2 = false;
                    },
                    2 => if let Some(busy) = naive.iter_mut().find(|s| !s.2) {
                        pool.rest(busy.0, now);
                        (busy.2, busy.3) = (true, now.0);
                    },
                    _ => if !naive.is_empty() {
                        let at = naive.remove(pick.index(naive.len())).0;
                        pool.remove(at, now);
                    },
                }
                prop_assert_eq!(pool.oldest().map(|(at, _)| at), naive.iter().filter(|s| s.2).min_by_key(|s| s.3).map(|s| s.0));
                prop_assert_eq!(pool.idle_count, naive.iter().filter(|s| s.2).count());
                prop_assert_eq!(pool.rooms.iter().map(|r| r.free_mb).sum::<u32>() + 100 * naive.len() as u32, 4_000);
                prop_assert_eq!(pool.len(), naive.len());
            }
        }
    }
}
