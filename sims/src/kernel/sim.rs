//! The loop: one queue, one clock, a script, a digest. What happens at an event is the model's business.

use super::action::Action;
use super::design::Spec;
use super::faults::Inflicted;
use super::halt::{Halts, Seen};
use super::invariant::{InvariantSpec, Lamps, Verdict};
use super::knob::Knobs;
use super::log::{Entry, Level, Log};
use super::metrics::Metrics;
use super::queue::{Queue, Ticket};
use super::run::{Happened, Occasion, Run, Stop};
use super::time::{Span, Time};
use super::trail::{Chain, Trail};
use super::view::{Ask, View, What};
use std::sync::Arc;

/// What is simulated. Events are the model's own type; chance, where it needs any, is its own too.
pub trait Model: Clone + Send + 'static {
    type Event: Clone + Send + 'static;

    fn start(&mut self, core: &mut Core<Self::Event>);
    fn handle(&mut self, event: Self::Event, core: &mut Core<Self::Event>);
    /// A number that an event gives of itself, folded into the digest: node, kind, content.
    fn mark(event: &Self::Event) -> u64;
    /// Anything but `set`.
    ///
    /// # Errors
    /// A sentence: no such node, nothing to resume.
    fn act(&mut self, action: &Action, core: &mut Core<Self::Event>) -> Result<(), String>;
    /// The knobs have changed.
    fn turn(&mut self, _knobs: &Knobs, _core: &mut Core<Self::Event>) {}
    /// Heal, restart, stop the load.
    fn drain(&mut self, _core: &mut Core<Self::Event>) {}
    /// Judge the *finally* lamps.
    fn finally(&mut self, _core: &mut Core<Self::Event>) {}
    fn diagram(&self, _ask: &Ask, _now: Time) -> View {
        View::Empty("this design has no nodes".into())
    }
    fn space_time(&self, _ask: &Ask, _chains: &[Chain]) -> View {
        View::Empty("this design sends no messages".into())
    }
    fn pane(&self, _pane: &str, _ask: &Ask) -> View {
        View::Empty("nothing to show".into())
    }
    fn nodes(&self) -> Vec<String> {
        Vec::new()
    }
    fn faults(&self) -> Vec<Inflicted> {
        Vec::new()
    }
    /// What kind of event it is, for breakpoints.
    fn occasion(_event: &Self::Event) -> Occasion {
        Occasion::Other
    }
    fn node_name(&self, _node: u32) -> String {
        String::new()
    }
    /// Kinds of messages seen lately.
    fn messages(&self) -> Vec<&'static str> {
        Vec::new()
    }
    /// Bytes that the model holds beyond its own size, near enough; the kernel adds queue, metrics and log.
    fn weight(&self) -> usize {
        0
    }
}

/// The common part of every run: clock, queue, metrics, lamps, log, digest.
#[derive(Clone)]
pub struct Core<E> {
    now: Time,
    queue: Queue<Pending<E>>,
    /// Events pending that are not housekeeping: with none left the world is quiet.
    work: usize,
    handled: u64,
    digest: u64,
    draining: bool,
    /// None where nobody looks.
    trail: Option<Box<Trail>>,
    pub metrics: Metrics,
    pub lamps: Lamps,
    pub log: Log,
}

#[derive(Clone)]
struct Pending<E> {
    background: bool,
    event: E,
}

impl<E> Core<E> {
    #[inline]
    pub fn now(&self) -> Time {
        self.now
    }

    /// The load must stop.
    pub fn draining(&self) -> bool {
        self.draining
    }

    /// Puts an event that is work: while it is pending the world is not quiet.
    #[inline]
    pub fn after(&mut self, wait: Span, event: E) -> Ticket {
        self.work += 1;
        let ticket = self.queue.put(self.now + wait, Pending { background: false, event });
        self.trace(ticket)
    }

    /// Puts an event that is housekeeping.
    #[inline]
    pub fn background(&mut self, wait: Span, event: E) -> Ticket {
        let ticket = self.queue.put(self.now + wait, Pending { background: true, event });
        self.trace(ticket)
    }

    #[inline]
    fn trace(&mut self, ticket: Ticket) -> Ticket {
        if let Some(trail) = &mut self.trail {
            trail.put(ticket.slot as usize);
        }
        ticket
    }

    /// Whether somebody looks: then messages are remembered.
    #[inline]
    pub(crate) fn followed(&self) -> bool {
        self.trail.is_some()
    }

    /// Takes a pending event back; false if it has happened already.
    pub fn cancel(&mut self, ticket: Ticket) -> bool {
        let Some(pending) = self.queue.cancel(ticket) else { return false };
        if !pending.background {
            self.work -= 1;
        }
        true
    }

    pub fn note(&mut self, text: String) {
        self.log.push(self.now, Level::Note, text);
    }

    /// Folds one number into the digest: a multiply to 128 bits, halves crossed.
    #[inline]
    fn fold(&mut self, number: u64) {
        let product = u128::from(self.digest ^ number) * 0x9e37_79b9_7f4a_7c15u128;
        self.digest = (product >> 64) as u64 ^ product as u64;
    }
}

/// A model that runs by a spec.
#[derive(Clone)]
pub struct Sim<M: Model> {
    spec: Spec,
    knobs: Knobs,
    core: Core<M::Event>,
    model: M,
    /// Place of the next step in the script.
    next_step: usize,
    warm: bool,
    drained: bool,
    /// The last judgement has begun.
    judged: bool,
    breaks_logged: u64,
}

/// How long the world may run on after the load has stopped.
const DRAIN_MAX: Span = Span::secs(60);

impl<M: Model> Sim<M> {
    /// `spec` has been checked.
    pub fn new(spec: &Spec, model: M) -> Sim<M> {
        let core = Core {
            now: Time::ZERO,
            queue: Queue::default(),
            work: 0,
            handled: 0,
            digest: super::rng::splitmix(spec.seed),
            draining: false,
            trail: None,
            metrics: Metrics::new(spec.design.metrics, spec.design.reasons),
            lamps: Lamps::new(spec.design.invariants),
            log: Log::default(),
        };
        let warm = spec.warm_up == Span::ZERO;
        let mut sim = Sim { spec: spec.clone(), knobs: spec.knobs.clone(), core, model, next_step: 0, warm, drained: false, judged: false, breaks_logged: 0 };
        sim.model.start(&mut sim.core);
        sim.log_breaks();
        sim
    }

    pub fn model(&self) -> &M {
        &self.model
    }

    pub fn core(&self) -> &Core<M::Event> {
        &self.core
    }

    /// Handles that many events: for measuring the loop itself.
    pub fn run_events(&mut self, events: u64) {
        for _ in 0..events {
            let Some((_, is_step)) = self.next() else { return };
            self.do_next(is_step, |_| ());
        }
    }

    /// When the next thing happens, and whether it is a step of the script. Events of one time go first.
    fn next(&mut self) -> Option<(Time, bool)> {
        let event = self.core.queue.peek();
        let step = self.spec.script.get(self.next_step).map(|s| s.at);
        match (event, step) {
            (Some(event), Some(step)) if step < event => Some((step, true)),
            (Some(event), _) => Some((event, false)),
            (None, Some(step)) => Some((step, true)),
            (None, None) => None,
        }
    }

    /// Does the next thing, after showing it. The clock has reached its time afterwards.
    #[inline]
    fn do_next<R: Default>(&mut self, is_step: bool, show: impl FnOnce(Next<'_, M::Event>) -> R) -> R {
        let mut shown = R::default();
        if is_step {
            let step = self.spec.script[self.next_step].clone();
            shown = show(Next::Step(&step.action));
            self.next_step += 1;
            self.move_clock(step.at);
            if let Err(why) = self.apply(&step.action) {
                self.core.log.push(step.at, Level::Refused, format!("could not {}: {why}", step.action.told()));
            }
        } else if let Some((at, sequence, pending)) = self.core.queue.take() {
            self.move_clock(at);
            let core = &mut self.core;
            if !pending.background {
                core.work -= 1;
            }
            core.handled += 1;
            core.fold(at.0 ^ sequence.rotate_left(40));
            core.fold(M::mark(&pending.event));
            if let Some(trail) = &mut core.trail {
                trail.handle(core.queue.last_slot(), core.handled, at, pending.background, M::occasion(&pending.event));
            }
            shown = show(Next::Event(&pending.event));
            self.model.handle(pending.event, core);
        }
        if self.core.lamps.breaks != self.breaks_logged {
            self.log_breaks();
        }
        shown
    }

    #[inline]
    fn move_clock(&mut self, at: Time) {
        if !self.warm && at > Time::ZERO + self.spec.warm_up {
            self.warm = true;
            self.core.metrics.pass(at);
            self.core.metrics.begin();
        }
        self.core.now = at;
        self.core.metrics.pass(at);
    }

    /// A lamp's first break is told in the log.
    #[cold]
    fn log_breaks(&mut self) {
        self.breaks_logged = self.core.lamps.breaks;
        let core = &mut self.core;
        for (spec, at, detail) in core.lamps.take_fresh() {
            match &mut core.trail {
                Some(trail) if self.judged => trail.broke_at_rest(spec, at),
                Some(trail) => trail.broke(spec),
                None => {}
            }
            core.log.push(at, Level::Broken, format!("{spec}: {detail}"));
        }
    }

    /// Does an action at the present instant.
    fn apply(&mut self, action: &Action) -> Result<(), String> {
        self.core.fold(super::rng::hash_name(&action.name) ^ self.core.now.0);
        if let Some(trail) = &mut self.core.trail {
            trail.act(self.core.now, action.told());
        }
        if action.name != "set" {
            self.model.act(action, &mut self.core)?;
            self.core.log.push(self.core.now, Level::Act, action.told());
            return Ok(());
        }
        let mut knobs = self.knobs.clone();
        for (name, value) in &action.args {
            knobs.put(name, value.clone());
        }
        (self.spec.design.refuses)(&knobs)?;
        self.knobs = knobs;
        self.model.turn(&self.knobs, &mut self.core);
        self.core.log.push(self.core.now, Level::Act, action.told());
        Ok(())
    }

    fn advance_while(&mut self, until: Time, mut go_on: impl FnMut(&mut Self, bool) -> bool) -> Stop {
        while let Some((at, is_step)) = self.next() {
            if at > until {
                self.core.now = self.core.now.max(until);
                return Stop::Reached;
            }
            if !go_on(self, is_step) {
                return Stop::Halted;
            }
        }
        self.core.now = self.core.now.max(until);
        Stop::Quiet
    }

    /// Does the next thing; false if one of `halts` happened in it.
    fn do_next_halting(&mut self, is_step: bool, halts: &mut Halts) -> bool {
        if is_step {
            let name = self.spec.script[self.next_step].action.name.clone();
            self.do_next(true, |_| ());
            return !halts.after(Seen::Act(&name), &self.core.metrics, &self.core.lamps);
        }
        let occasion = self.do_next(false, |next| match next {
            Next::Event(event) => Some(M::occasion(event)),
            Next::Step(_) => None,
        });
        let seen = match occasion {
            Some(Occasion::Message { label, from, to }) => Seen::Message { label, from, to },
            Some(Occasion::Timer { node }) => Seen::Timer { node },
            _ => Seen::Other,
        };
        !halts.after(seen, &self.core.metrics, &self.core.lamps)
    }
}

/// What is about to happen.
enum Next<'a, E> {
    Step(&'a Action),
    Event(&'a E),
}

impl<M: Model> Run for Sim<M> {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn now(&self) -> Time {
        self.core.now
    }

    fn events(&self) -> u64 {
        self.core.handled
    }

    fn step(&mut self) -> bool {
        let Some((_, is_step)) = self.next() else { return false };
        self.do_next(is_step, |_| ());
        true
    }

    fn step_told(&mut self) -> Option<Happened> {
        let (at, is_step) = self.next()?;
        self.do_next(is_step, |next| {
            Some(match next {
                Next::Step(action) => Happened { at, mark: super::rng::hash_name(&action.told()), what: Occasion::Step },
                Next::Event(event) => Happened { at, mark: M::mark(event), what: M::occasion(event) },
            })
        })
    }

    fn tell(&self, what: Occasion) -> String {
        match what {
            Occasion::Message { label, from, to } => format!("{label} from {} to {}", self.model.node_name(from), self.model.node_name(to)),
            Occasion::Timer { node } => format!("a timer at {}", self.model.node_name(node)),
            Occasion::Sync { node } => format!("a sync at {}", self.model.node_name(node)),
            Occasion::Step => "a step of the script".into(),
            Occasion::Other => "an event".into(),
        }
    }

    fn next_at(&mut self) -> Option<Time> {
        self.next().map(|(at, _)| at)
    }

    fn advance(&mut self, until: Time) -> Stop {
        self.advance_while(until, |sim, is_step| {
            sim.do_next(is_step, |_| ());
            true
        })
    }

    fn advance_halting(&mut self, until: Time, halts: &mut Halts) -> Stop {
        // What was done by hand since the last call may have crossed a level.
        if halts.after(Seen::Other, &self.core.metrics, &self.core.lamps) {
            return Stop::Halted;
        }
        self.advance_while(until, |sim, is_step| sim.do_next_halting(is_step, halts))
    }

    fn act(&mut self, action: &Action) -> Result<(), String> {
        // An instant is finished before anything is done in it, so that doing it by hand and by script are the same.
        self.advance(self.core.now);
        let done = self.apply(action);
        self.log_breaks();
        done
    }

    fn drain(&mut self) {
        if self.drained {
            return;
        }
        let end = Time::ZERO + self.spec.length;
        self.advance(end);
        self.drained = true;
        self.next_step = self.spec.script.len();
        if !self.warm {
            self.warm = true;
            self.core.metrics.begin();
        }
        self.core.metrics.freeze(self.core.now);
        self.core.draining = true;
        self.model.drain(&mut self.core);
        let latest = self.core.now + DRAIN_MAX;
        while self.core.work > 0 {
            match self.next() {
                Some((at, is_step)) if at <= latest => self.do_next(is_step, |_| ()),
                _ => break,
            }
        }
        self.judged = true;
        self.model.finally(&mut self.core);
        self.log_breaks();
    }

    fn fork(&self) -> Box<dyn Run> {
        Box::new(self.clone())
    }

    fn digest(&self) -> u64 {
        self.core.digest
    }

    fn view(&self, ask: &Ask) -> View {
        match &ask.what {
            What::Diagram => self.model.diagram(ask, self.core.now),
            What::SpaceTime => self.model.space_time(ask, &self.chains()),
            What::Pane(pane) => self.model.pane(pane, ask),
            What::Series(names) => {
                let points = usize::from(ask.cols.max(1)) * 2;
                View::Series(names.iter().filter_map(|name| self.core.metrics.line(name, ask.from, ask.to, points)).collect())
            }
            What::Histogram(name) => {
                self.core.metrics.histogram(name, usize::from(ask.cols)).map_or_else(|| View::Empty("nothing recorded yet".into()), View::Histogram)
            }
        }
    }

    fn verdicts(&self) -> Vec<(&'static InvariantSpec, Verdict)> {
        self.core.lamps.iter().map(|(spec, verdict)| (spec, verdict.clone())).collect()
    }

    fn metrics(&self) -> Vec<(String, f64)> {
        self.core.metrics.values()
    }

    fn metric(&self, name: &str) -> Option<f64> {
        self.core.metrics.value(name)
    }

    fn log(&self, most: usize) -> Vec<Entry> {
        self.core.log.tail(most)
    }

    fn nodes(&self) -> Vec<String> {
        self.model.nodes()
    }

    fn faults(&self) -> Vec<Inflicted> {
        self.model.faults()
    }

    fn follow(&mut self) {
        if self.core.trail.is_none() {
            self.core.trail = Some(Box::new(Trail::new(self.core.handled)));
        }
    }

    fn chains(&self) -> Arc<Vec<Chain>> {
        self.core.trail.as_ref().map_or_else(Arc::default, |trail| trail.chains())
    }

    fn node_name(&self, node: u32) -> String {
        self.model.node_name(node)
    }

    fn knobs(&self) -> Knobs {
        self.knobs.clone()
    }

    fn messages(&self) -> Vec<&'static str> {
        self.model.messages()
    }

    fn weight(&self) -> usize {
        let script = self.spec.script.len() * std::mem::size_of::<super::action::Step>();
        let own = std::mem::size_of::<Self>()
            + self.core.queue.weight()
            + self.core.metrics.weight()
            + self.core.log.weight()
            + self.core.trail.as_ref().map_or(0, |trail| trail.weight());
        own + script + self.model.weight()
    }
}
