//! What is timed natively: timers set, cancelled and fired with a million pending, in wheels and in heaps.

use crate::kernel::bench::{Bench, Case};
use crate::kernel::queue::Queue;
use crate::kernel::time::Time;
use crate::parts::cron::{CENTRAL_EUROPE, Reading, Schedule};
use crate::parts::hash::mix;
use crate::parts::wheel::{Hashed, Wheel};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Mutex;

pub const BENCHES: &[Bench] = &[
    Bench { name: "wheel", says: "set one timer and fire one, a million pending: hierarchical wheel", threads: &[1], ops: 1_000_000, prepare: wheel },
    Bench { name: "hashed-wheel", says: "the same, one wheel of a million slots", threads: &[1], ops: 1_000_000, prepare: hashed },
    Bench { name: "binary-heap", says: "the same, std's binary heap", threads: &[1], ops: 1_000_000, prepare: heap },
    Bench { name: "four-ary-heap", says: "the same, the simulator's own event queue", threads: &[1], ops: 1_000_000, prepare: queue },
    Bench {
        name: "wheel-cancel",
        says: "set one timer and cancel one, a million pending: hierarchical wheel",
        threads: &[1],
        ops: 1_000_000,
        prepare: wheel_cancel,
    },
    Bench { name: "four-ary-heap-cancel", says: "the same, the simulator's own event queue", threads: &[1], ops: 1_000_000, prepare: queue_cancel },
    Bench { name: "cron-next", says: "the next time of a nightly job in a zone with summer time", threads: &[1], ops: 20_000, prepare: cron },
];

const PENDING: u64 = 1_000_000;
/// Timers are set up to so many ticks ahead: with as many ticks as timers one fires per tick on average, and as many wait as were set.
const AHEAD: u64 = 2 * PENDING;
/// Time-outs lie so far ahead that nearly all are cancelled before.
const FAR_AHEAD: u64 = 100 * AHEAD;

/// How many fired, and a sum of their payloads.
#[derive(Clone, Copy, Default)]
struct Fired {
    count: u64,
    sum: u64,
}

impl Fired {
    fn add(&mut self, payload: u64) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(payload);
    }
}

/// Something that holds timers by tick.
trait Timers: Send {
    type Ticket: Copy + Send;
    fn set(&mut self, due: u64, payload: u64) -> Self::Ticket;
    /// Fires what is due by then.
    fn fire(&mut self, to: u64) -> Fired;
    fn cancel(&mut self, ticket: Self::Ticket) -> u64;
    fn pending(&self) -> usize;
}

impl Timers for Wheel<u64> {
    type Ticket = crate::parts::wheel::Ticket;

    fn set(&mut self, due: u64, payload: u64) -> Self::Ticket {
        self.insert(due, payload)
    }

    fn fire(&mut self, to: u64) -> Fired {
        let mut fired = Fired::default();
        self.advance(to, |_, payload| fired.add(payload));
        fired
    }

    fn cancel(&mut self, ticket: Self::Ticket) -> u64 {
        Wheel::cancel(self, ticket).unwrap_or(0)
    }

    fn pending(&self) -> usize {
        self.len()
    }
}

impl Timers for Hashed<u64> {
    type Ticket = crate::parts::wheel::Ticket;

    fn set(&mut self, due: u64, payload: u64) -> Self::Ticket {
        self.insert(due, payload)
    }

    fn fire(&mut self, to: u64) -> Fired {
        let mut fired = Fired::default();
        self.advance(to, |_, payload| fired.add(payload));
        fired
    }

    fn cancel(&mut self, ticket: Self::Ticket) -> u64 {
        Hashed::cancel(self, ticket).unwrap_or(0)
    }

    fn pending(&self) -> usize {
        self.len()
    }
}

impl Timers for BinaryHeap<Reverse<(u64, u64)>> {
    type Ticket = ();

    fn set(&mut self, due: u64, payload: u64) {
        self.push(Reverse((due, payload)));
    }

    fn fire(&mut self, to: u64) -> Fired {
        let mut fired = Fired::default();
        while let Some(Reverse((_, payload))) = self.peek().copied().filter(|Reverse((due, _))| *due <= to) {
            self.pop();
            fired.add(payload);
        }
        fired
    }

    fn cancel(&mut self, (): ()) -> u64 {
        0
    }

    fn pending(&self) -> usize {
        self.len()
    }
}

impl Timers for Queue<u64> {
    type Ticket = crate::kernel::queue::Ticket;

    fn set(&mut self, due: u64, payload: u64) -> Self::Ticket {
        self.put(Time(due), payload)
    }

    fn fire(&mut self, to: u64) -> Fired {
        let mut fired = Fired::default();
        while self.peek().is_some_and(|at| at.0 <= to) {
            if let Some((_, _, payload)) = self.take() {
                fired.add(payload);
            }
        }
        fired
    }

    fn cancel(&mut self, ticket: Self::Ticket) -> u64 {
        Queue::cancel(self, ticket).unwrap_or(0)
    }

    fn pending(&self) -> usize {
        self.len()
    }
}

/// A million timers, and the tick they have come to.
struct State<T> {
    timers: T,
    now: u64,
    number: u64,
}

struct Firing<T>(Mutex<State<T>>);

fn filled<T: Timers>(mut timers: T) -> State<T> {
    for number in 0..PENDING {
        timers.set(1 + mix(number) % AHEAD, number);
    }
    State { timers, now: 0, number: PENDING }
}

impl<T: Timers> Case for Firing<T> {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let Ok(mut guard) = self.0.lock() else { return 0 };
        let State { timers, now, number } = &mut *guard;
        let (mut done, mut sum) = (0, 0u64);
        while done < ops {
            *now += 1;
            let fired = timers.fire(*now);
            sum = sum.wrapping_add(fired.sum);
            // As many as fired are set anew: a million always wait.
            for _ in 0..fired.count {
                *number += 1;
                timers.set(*now + 1 + mix(*number) % AHEAD, *number);
            }
            done += fired.count;
        }
        sum
    }

    fn note(&self) -> Option<String> {
        let state = self.0.lock().ok()?;
        Some(format!("{} pending", state.timers.pending()))
    }
}

fn firing<T: Timers + 'static>(timers: T) -> Box<dyn Case> {
    let case = Firing(Mutex::new(filled(timers)));
    // Half a turn, so that old and new timers are mixed.
    case.run(0, PENDING);
    Box::new(case)
}

fn wheel() -> Box<dyn Case> {
    firing(Wheel::<u64>::default())
}

fn hashed() -> Box<dyn Case> {
    firing(Hashed::<u64>::at(0, 1 << 20))
}

fn heap() -> Box<dyn Case> {
    firing(BinaryHeap::<Reverse<(u64, u64)>>::new())
}

fn queue() -> Box<dyn Case> {
    firing(Queue::<u64>::default())
}

/// Time-outs are nearly always cancelled: the answer came.
struct Cancelling<T: Timers>(Mutex<(State<T>, Vec<T::Ticket>)>);

fn cancelling<T: Timers + 'static>(timers: T) -> Box<dyn Case> {
    let mut state = State { timers, now: 0, number: 0 };
    let mut tickets = Vec::with_capacity(PENDING as usize);
    for number in 0..PENDING {
        tickets.push(state.timers.set(1 + mix(number) % FAR_AHEAD, number));
    }
    state.number = PENDING;
    Box::new(Cancelling(Mutex::new((state, tickets))))
}

impl<T: Timers> Case for Cancelling<T> {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let Ok(mut guard) = self.0.lock() else { return 0 };
        let (State { timers, now, number }, tickets) = &mut *guard;
        let mut sum = 0u64;
        for _ in 0..ops {
            *number += 1;
            // One tick a set, as time goes on; what comes due then is fired too.
            *now += 1;
            sum = sum.wrapping_add(timers.fire(*now).sum);
            let at = (mix(!*number) % PENDING) as usize;
            sum = sum.wrapping_add(timers.cancel(tickets[at]));
            tickets[at] = timers.set(*now + 1 + mix(*number) % FAR_AHEAD, *number);
        }
        sum
    }

    fn note(&self) -> Option<String> {
        let state = self.0.lock().ok()?;
        Some(format!("{} pending", state.0.timers.pending()))
    }
}

fn wheel_cancel() -> Box<dyn Case> {
    cancelling(Wheel::<u64>::default())
}

fn queue_cancel() -> Box<dyn Case> {
    cancelling(Queue::<u64>::default())
}

struct Nightly(Option<Schedule>);

/// A year of nights from the first of January 2026 on.
const YEAR_START: i64 = 1_767_225_600;

fn cron() -> Box<dyn Case> {
    Box::new(Nightly(Schedule::parse("30 2 * * *", CENTRAL_EUROPE, Reading::Zone, YEAR_START).ok()))
}

impl Case for Nightly {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let Some(schedule) = &self.0 else { return 0 };
        (0..ops).fold(0, |sum, n| sum.wrapping_add(schedule.next(YEAR_START + (mix(n) % (365 * 86_400)) as i64).unwrap_or(0) as u64))
    }
}
