//! The merchants' own servers: they hear webhooks, ship once per event if they look at its id, and say 2xx.

use super::message::{Event, Msg};
use super::metrics::{HEARD, HOOK_REPEATS, SHIPPED};
use super::system::{Payments, RELAY};
use super::watch::Fact;
use crate::kernel::cx::Cx;
use crate::kernel::node::Look;
use crate::kernel::time::Span;
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::BTreeSet;

type Ctx<'a> = Cx<'a, Payments>;

/// Events remembered; a relay repeats within hours, not within this many.
const SEEN_KEPT: usize = 30_000;
/// A merchant's own work on a webhook.
const WORK: Span = Span::millis(20);

#[derive(Clone, Default)]
pub struct Merchants {
    /// Durable: an event that was acted on is written down with what was done.
    seen: BTreeSet<u64>,
}

impl Merchants {
    pub fn on_msg(&mut self, msg: &Msg, cx: &mut Ctx<'_>) {
        let Msg::Hook { number, event } = *msg else { return };
        cx.fact(Fact::Heard { event });
        let new = self.seen.insert(event.id);
        if self.seen.len() > SEEN_KEPT {
            self.seen.pop_first();
        }
        if !new {
            cx.count(HOOK_REPEATS, 1);
        }
        if event.paid && new {
            cx.count(HEARD, 1);
        }
        if event.paid && (new || !cx.system().merchant_dedup) {
            cx.count(SHIPPED, 1);
            cx.fact(Fact::Shipped { event: event.id });
        }
        cx.send_after(WORK, RELAY, Msg::Heard { number });
    }

    pub fn knows(&self, event: Event) -> bool {
        self.seen.contains(&event.id)
    }

    pub fn weight(&self) -> usize {
        self.seen.bytes()
    }

    pub fn look(&self) -> Look {
        Look { label: String::new(), state: State::Idle, fill: None }
    }
}
