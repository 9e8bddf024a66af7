//! What is timed natively: a whole evening of chat, and the parts a message passes.

use super::DESIGN;
use crate::kernel::bench::{Bench, Case};
use crate::kernel::design::Spec;
use crate::kernel::rng::splitmix;
use crate::kernel::run::Run;
use crate::kernel::time::{Span, Time};
use crate::parts::partitions::Partitions;
use crate::parts::sequencer::Sequencer;
use crate::parts::sessions::Sessions;
use std::sync::Mutex;

pub const BENCHES: &[Bench] = &[
    Bench {
        name: "message",
        says: "one message through the whole simulated system, 100,000 users of one device each",
        threads: &[1],
        ops: 20_000,
        prepare: message,
    },
    Bench { name: "sequence", says: "a place for one message, and its dedupe", threads: &[1], ops: 1_000_000, prepare: sequence },
    Bench { name: "append", says: "one message appended to its partition of time, 100,000 conversations", threads: &[1], ops: 200_000, prepare: append },
    Bench { name: "page", says: "the newest fifty messages of a conversation read", threads: &[1], ops: 100_000, prepare: page },
    Bench { name: "route", says: "one device looked up in the session registry, a million devices", threads: &[1], ops: 1_000_000, prepare: route },
];

/// A run that goes on as long as it is asked to.
struct Evening(Mutex<Option<Box<dyn Run>>>);

/// Messages a second, by the knob and the `load` action; no answers, so that a second of the run is known to be as many messages.
const RATE: u64 = 20_000;

fn message() -> Box<dyn Case> {
    let mut spec = Spec { length: Span::secs(24 * 3600), ..Spec::new(&DESIGN) };
    let set = [
        ("users", "100000"),
        ("rate", "1000/s"),
        ("reply_share", "0"),
        ("heartbeat", "60s"),
        ("gather", "20ms"),
        ("devices", "1"),
        ("pools", "2"),
        ("gateways", "2"),
        ("servers", "2"),
    ];
    let ready = set.iter().all(|(knob, value)| spec.set(knob, value).is_ok());
    let more = DESIGN.read_step("0s=load:times=20");
    spec.script.extend(more);
    let mut run = if ready { spec.start().ok() } else { None };
    if let Some(run) = &mut run {
        run.advance(Time::from_secs(2));
    }
    Box::new(Evening(Mutex::new(run)))
}

impl Case for Evening {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let Ok(mut guard) = self.0.lock() else { return 0 };
        let Some(run) = guard.as_mut() else { return 0 };
        let until = run.now() + Span::from_secs_f64(ops as f64 / RATE as f64);
        run.advance(until);
        run.events()
    }

    fn note(&self) -> Option<String> {
        let guard = self.0.lock().ok()?;
        let run = guard.as_ref()?;
        Some(format!("{:.1} screens a message", run.metric("shown")? / run.metric("sent")?.max(1.0)))
    }
}

const LANES: u64 = 100_000;

struct Numbered(Mutex<(Sequencer, Vec<u32>)>);

fn sequence() -> Box<dyn Case> {
    Box::new(Numbered(Mutex::new((Sequencer::new(LANES as usize, LANES as usize), vec![0; LANES as usize]))))
}

impl Case for Numbered {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let Ok(mut guard) = self.0.lock() else { return 0 };
        let (order, numbers) = &mut *guard;
        (0..ops).fold(0, |sum: u64, n| {
            let random = splitmix(n);
            let (lane, sender) = ((random % LANES) as usize, (random >> 32) as usize % LANES as usize);
            // One in eight is a repeat.
            numbers[sender] += u32::from(random >> 20 & 7 != 0);
            order.take(lane, sender, numbers[sender]);
            sum.wrapping_add(u64::from(order.last(lane)))
        })
    }
}

struct Kept(Mutex<(Partitions<[u64; 4]>, Vec<u32>, u64)>);

fn append() -> Box<dyn Case> {
    Box::new(Kept(Mutex::new((Partitions::new(Span::secs(10), LANES as usize), vec![0; LANES as usize], 0))))
}

impl Case for Kept {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let Ok(mut guard) = self.0.lock() else { return 0 };
        let (parts, last, now) = &mut *guard;
        for n in 0..ops {
            *now += 1_000_000_000 / RATE;
            let lane = splitmix(*now ^ n) % LANES;
            last[lane as usize] += 1;
            parts.append(lane as u32, last[lane as usize], Time(*now), [n; 4]);
        }
        if parts.len() > 1_000_000 {
            parts.retire(|_, _| true, |_, _| {});
        }
        parts.len() as u64
    }
}

struct Pages(Partitions<[u64; 4]>);

fn page() -> Box<dyn Case> {
    let mut parts = Partitions::new(Span::secs(10), 100);
    for place in 1..=1_000u32 {
        for lane in 0..100u32 {
            parts.append(lane, place, Time(u64::from(place) * 100_000_000), [u64::from(place); 4]);
        }
    }
    Box::new(Pages(parts))
}

impl Case for Pages {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        (0..ops).fold(0, |mut sum, n| {
            self.0.range((n % 100) as u32, 950, 1_000, 50, |_, row| sum += row[0]);
            sum
        })
    }
}

struct Routes(Sessions);

fn route() -> Box<dyn Case> {
    let mut sessions = Sessions::new(1_000_000);
    for device in 0..1_000_000 {
        if !splitmix(device as u64).is_multiple_of(5) {
            sessions.open(device, (device % 64) as u32, 1, Time::ZERO);
        }
    }
    Box::new(Routes(sessions))
}

impl Case for Routes {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        (0..ops).fold(0, |sum, n| sum + u64::from(self.0.of((splitmix(n) % 1_000_000) as usize).unwrap_or(0)))
    }
}
