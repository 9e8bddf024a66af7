//! What a node's handler may ask of its world.

use super::load::Gap;
use super::metric::Id;
use super::node::{Message, NodeId, System, Watch};
use super::queue::Ticket;
use super::rng::Rng;
use super::sim::Core;
use super::time::{Span, Time};
use super::view::Passage;
use super::world::{Event, Life, Rest};
use std::sync::Arc;

/// The context of one handler's call.
pub struct Cx<'a, S: System> {
    pub(crate) rest: &'a mut Rest<S>,
    pub(crate) core: &'a mut Core<Event<S>>,
    pub(crate) me: NodeId,
}

impl<S: System> Cx<'_, S> {
    /// True time. A real machine cannot know it: decide by [`Cx::clock`], measure by this.
    pub fn now(&self) -> Time {
        self.core.now()
    }

    /// This node's own clock, zero where it stands before the start.
    pub fn clock(&self) -> Time {
        Time(self.clock_ns().max(0) as u64)
    }

    /// This node's own clock in nanoseconds; negative where it stands before the start.
    pub fn clock_ns(&self) -> i64 {
        self.rest.slots[self.me.at()].clock.read(self.core.now())
    }

    pub fn me(&self) -> NodeId {
        self.me
    }

    pub fn name(&self, id: NodeId) -> &str {
        &self.rest.slots[id.at()].name
    }

    /// The configuration: what the knobs mean.
    pub fn system(&self) -> &S {
        &self.rest.system
    }

    /// The same to keep while asking for other things.
    pub fn shared(&self) -> Arc<S> {
        Arc::clone(&self.rest.system)
    }

    /// Nodes of a role that have not left. Made anew at each call: keep it where that counts.
    pub fn nodes(&self, role: &str) -> Vec<NodeId> {
        self.rest.role(role)
    }

    #[inline]
    pub fn send(&mut self, to: NodeId, msg: S::Msg) {
        self.send_after(Span::ZERO, to, msg);
    }

    /// Sends after some local work.
    #[inline]
    pub fn send_after(&mut self, wait: Span, to: NodeId, msg: S::Msg) {
        let (from, now) = (self.me, self.core.now());
        let leaves = now + wait;
        let delay = self.rest.delay(from, to);
        let arrivals = self.rest.network.send(from, to, leaves, delay);
        if self.core.followed() {
            self.rest.remember(Passage { from: from.at(), to: to.at(), sent: leaves, received: arrivals[0], label: msg.label() });
        }
        if let Some(at) = arrivals[1] {
            self.core.after(at.since(now), Event::Deliver { from, to, msg: msg.clone() });
        }
        if let Some(at) = arrivals[0] {
            self.core.after(at.since(now), Event::Deliver { from, to, msg });
        }
    }

    /// Sets a timer that is work: while it is pending the world is not quiet.
    #[inline]
    pub fn after(&mut self, wait: Span, timer: S::Timer) -> Ticket {
        let event = self.timer(timer);
        self.core.after(wait, event)
    }

    /// Sets a timer that is housekeeping: heartbeats, sweeps, the load's next arrival.
    #[inline]
    pub fn background(&mut self, wait: Span, timer: S::Timer) -> Ticket {
        let event = self.timer(timer);
        self.core.background(wait, event)
    }

    /// Waits for a stream's next arrival: the timer is told whether one comes then, or the stream must be asked again. It is housekeeping.
    #[inline]
    pub fn expect(&mut self, next: Gap, timer: impl FnOnce(bool) -> S::Timer) {
        let (wait, arrives) = match next {
            Gap::Arrival(gap) => (gap, true),
            Gap::Nothing(gap) => (gap, false),
        };
        self.background(wait, timer(arrives));
    }

    fn timer(&self, timer: S::Timer) -> Event<S> {
        Event::Timer { node: self.me, epoch: self.rest.slots[self.me.at()].epoch, timer }
    }

    /// Asks for a sync of this node's files: the timer fires when all that is written by now is durable. Who asks while one is
    /// under way shares the next with all others who do. It is work.
    pub fn sync(&mut self, timer: S::Timer) {
        let slot = &mut self.rest.slots[self.me.at()];
        if slot.device.ask(timer) {
            let event = Event::Sync { node: self.me, epoch: slot.epoch, ended: false };
            self.core.after(Span::ZERO, event);
        }
    }

    /// Files refuse to be written: for what a node keeps on disk without a file of the kernel's.
    pub fn disk_full(&self) -> bool {
        self.rest.slots[self.me.at()].device.full
    }

    /// This machine stops here: a design's own fault, at a step of its protocol that no clock can name. What was sent before is on its way;
    /// the handler must return at once. It is back after `back`, or when somebody restarts it.
    pub fn crash(&mut self, back: Option<Span>) {
        let slot = &mut self.rest.slots[self.me.at()];
        slot.life = Life::Crashed;
        slot.epoch += 1;
        let event = Event::Fell { node: self.me, epoch: slot.epoch, back };
        self.core.after(Span::ZERO, event);
    }

    pub fn cancel(&mut self, timer: Ticket) {
        self.core.cancel(timer);
    }

    #[inline]
    pub fn count(&mut self, metric: Id, by: u64) {
        self.core.metrics.count(metric, by);
    }

    /// A level: the metric's own, or this node's part of it.
    #[inline]
    pub fn gauge(&mut self, metric: Id, value: f64) {
        self.core.metrics.gauge_of(self.me.0, metric, value);
    }

    /// Times in nanoseconds, other things as plain numbers.
    #[inline]
    pub fn record(&mut self, metric: Id, raw: u64) {
        self.core.metrics.record(metric, raw);
    }

    /// Records the time from `since` until now.
    #[inline]
    pub fn record_since(&mut self, metric: Id, since: Time) {
        let span = self.core.now().since(since);
        self.core.metrics.record(metric, span.0);
    }

    /// A request failed, by its place in the design's list of reasons.
    pub fn fail(&mut self, reason: usize) {
        self.core.metrics.fail(reason);
    }

    /// Reports a fact to the invariants.
    #[inline]
    pub fn fact(&mut self, fact: <S::Watch as Watch<S>>::Fact) {
        self.rest.watch.see(self.core.now(), fact, &self.rest.system, &mut self.core.lamps);
        if let Some((metric, by)) = self.core.lamps.counted.take() {
            self.core.metrics.count(metric, by);
        }
    }

    /// Rare events only: each costs an allocation.
    pub fn log(&mut self, text: String) {
        self.core.note(text);
    }

    /// This node's own stream.
    #[inline]
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rest.slots[self.me.at()].rng
    }

    pub fn draining(&self) -> bool {
        self.core.draining()
    }

    /// The factor that the `load` action sets; 0 while draining.
    pub fn load(&self) -> f64 {
        if self.core.draining() { 0.0 } else { self.rest.load }
    }
}
