//! The relay: it carries events from the outbox to the merchants, and calls each again until it hears a 2xx.

use super::message::{Event, Msg, Timer};
use super::metrics::{HOOK_DELAY, HOOK_RETRIES, HOOKS};
use super::system::{Events, MERCHANTS, Payments, STORE};
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

type Ctx<'a> = Cx<'a, Payments>;

/// Numbers of events that were published here directly, apart from the outbox's.
const DIRECT: u64 = 1 << 62;
/// While the world comes to rest the outbox is asked so often.
const DRAIN_POLL: Span = Span::secs(1);

/// One event on its way.
#[derive(Clone, Copy)]
struct Flight {
    event: Event,
    since: Time,
    retry: u32,
    wait: Span,
}

#[derive(Clone, Default)]
pub struct Relay {
    /// Volatile: the outbox gives out again what was under way.
    flights: BTreeMap<u64, Flight>,
    /// What servers published by themselves; durable, as a broker's queue is.
    direct: BTreeMap<u64, Event>,
    published: u64,
    /// How far a relay has read that goes by numbers.
    cursor: u64,
}

impl Relay {
    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.poll(cx);
        let wait = cx.system().relay_period;
        cx.background(wait, Timer::Poll);
        let waiting: Vec<(u64, Event)> = self.direct.iter().map(|(number, event)| (*number, *event)).collect();
        for (number, event) in waiting {
            self.fly(number, event, cx);
        }
    }

    pub fn crash(&mut self) {
        self.flights.clear();
    }

    pub fn poll(&mut self, cx: &mut Ctx<'_>) {
        cx.send(STORE, Msg::Fetch { above: self.cursor });
    }

    pub fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Nudge => self.poll(cx),
            Msg::Events { rows, left } => {
                let got = rows.len();
                for (number, event) in rows {
                    self.cursor = self.cursor.max(number);
                    self.fly(number, event, cx);
                }
                if cx.draining() && left > 0 && !(cx.system().relay_cursor && got == 0) {
                    cx.after(DRAIN_POLL, Timer::Resend { number: 0 });
                }
            }
            Msg::Publish { event } => {
                self.published += 1;
                let number = DIRECT | self.published;
                self.direct.insert(number, event);
                self.fly(number, event, cx);
            }
            Msg::Heard { number } if from == MERCHANTS => self.heard(number, cx),
            _ => {}
        }
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Poll => {
                if cx.system().events == Events::Outbox {
                    self.poll(cx);
                }
                let wait = cx.system().relay_period;
                cx.background(wait, Timer::Poll);
            }
            Timer::Unheard { number } => self.unheard(number, cx),
            Timer::Resend { number: 0 } => self.poll(cx),
            Timer::Resend { number } => self.send(number, cx),
            _ => {}
        }
    }

    fn fly(&mut self, number: u64, event: Event, cx: &mut Ctx<'_>) {
        if let Entry::Vacant(free) = self.flights.entry(number) {
            free.insert(Flight { event, since: cx.now(), retry: 0, wait: Span::ZERO });
            self.send(number, cx);
        }
    }

    fn send(&mut self, number: u64, cx: &mut Ctx<'_>) {
        let Some(flight) = self.flights.get(&number) else { return };
        cx.count(HOOKS, 1);
        cx.send(MERCHANTS, Msg::Hook { number, event: flight.event });
        let patience = cx.system().hook_timeout;
        cx.after(patience, Timer::Unheard { number });
    }

    /// No 2xx: again later. When the retries are used up the outbox gives it out anew, so the last wait is repeated for ever.
    fn unheard(&mut self, number: u64, cx: &mut Ctx<'_>) {
        let policy = cx.system().hook_policy;
        let Some(flight) = self.flights.get_mut(&number) else { return };
        flight.retry = (flight.retry + 1).min(policy.retries.max(1));
        let wait = policy.wait(flight.retry.min(policy.retries), flight.wait, cx.rng()).unwrap_or(policy.cap).max(Span::millis(1));
        flight.wait = wait;
        cx.count(HOOK_RETRIES, 1);
        cx.after(wait, Timer::Resend { number });
    }

    fn heard(&mut self, number: u64, cx: &mut Ctx<'_>) {
        if let Some(flight) = self.flights.remove(&number) {
            cx.record_since(HOOK_DELAY, flight.since);
        }
        if number & DIRECT == 0 {
            cx.send(STORE, Msg::Confirmed { number });
        } else {
            self.direct.remove(&number);
        }
    }

    /// Webhooks under way, and those of them that were not answered in time.
    pub fn under_way(&self) -> (usize, usize) {
        (self.flights.len(), self.flights.values().filter(|flight| flight.retry > 0).count())
    }

    pub fn is_busy(&self) -> bool {
        !self.flights.is_empty()
    }

    pub fn weight(&self) -> usize {
        self.flights.bytes() + self.direct.bytes()
    }

    pub fn look(&self) -> Look {
        let (label, state) = match self.under_way() {
            (out, 0) => (format!("{out} out"), State::Idle),
            (_, again) => (format!("{again} again"), State::Warn),
        };
        Look { label, state, fill: None }
    }
}
