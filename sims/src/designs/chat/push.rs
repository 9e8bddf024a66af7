//! The push service of the phones' makers: wakes a phone whose app is closed, now and then, and promises nothing.

use super::metrics::RUNG;
use super::role::Ctx;
use super::wire::{Heaps, Msg, Timer};
use crate::kernel::node::Look;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::{Flat, deep};
use std::collections::VecDeque;

/// What it takes to reach a phone.
const TAKES: Span = Span::millis(400);

#[derive(Clone, Default)]
pub struct Push {
    waiting: VecDeque<(Time, Vec<u32>)>,
    rung: u64,
}

impl Push {
    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.arm(cx);
    }

    pub fn hear(&mut self, msg: Msg, cx: &mut Ctx<'_>) {
        let Msg::Notify(users) = msg else { return };
        let idle = self.waiting.is_empty();
        self.waiting.push_back((cx.now() + TAKES, users));
        if idle {
            self.arm(cx);
        }
    }

    fn arm(&mut self, cx: &mut Ctx<'_>) {
        if let Some((due, _)) = self.waiting.front() {
            cx.after(due.since(cx.now()), Timer::Wake);
        }
    }

    pub fn wake(&mut self, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let mut heaps = Heaps::new(system.pools as usize);
        while let Some((_, users)) = self.waiting.pop_front_if(|(due, _)| *due <= cx.now()) {
            self.rung += users.len() as u64;
            cx.count(RUNG, users.len() as u64);
            users.into_iter().for_each(|user| heaps.put(system.pool_rank_of(user * system.devices) as usize, user));
        }
        heaps.empty(|pool, users| cx.send(system.pool(pool as u32), Msg::Ring(users)));
        self.arm(cx);
    }

    /// It keeps nothing: what was on its way is gone.
    pub fn crash(&mut self) {
        self.waiting.clear();
    }

    pub fn weight(&self) -> usize {
        self.waiting.bytes() + deep(self.waiting.iter(), |(_, users)| users.bytes())
    }

    pub fn look(&self) -> Look {
        let state = if self.waiting.is_empty() { State::Idle } else { State::Busy };
        Look { label: format!("{} rung", self.rung), state, fill: None }
    }
}
