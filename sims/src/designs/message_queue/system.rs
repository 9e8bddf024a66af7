//! What the knobs mean, who is there at the start, and what can be done to it.

use super::broker::Broker;
use super::consumer::Consumer;
use super::controller::Controller;
use super::coordinator::Coordinator;
use super::lane::Sender;
use super::producer::Producer;
use super::sink::Sink;
use super::watch::QueueWatch;
use super::wire::{Acks, Metadata, Msg, PartState, Timer};
use super::{finally, metrics, view};
use crate::kernel::action::Action;
use crate::kernel::cx::Cx;
use crate::kernel::disk::{Disk, File};
use crate::kernel::invariant::Lamps;
use crate::kernel::knob::Knobs;
use crate::kernel::network::Delay;
use crate::kernel::node::{Look, Node, NodeId, System};
use crate::kernel::stage::Stage;
use crate::kernel::time::Span;
use crate::kernel::view::{Ask, View};
use crate::kernel::world::World;
use crate::parts::group::{Assignor, Protocol};
use crate::parts::hash::mix;
use crate::parts::segments::Shape;
use crate::parts::zipf::Zipf;
use std::sync::Arc;

pub struct Queue {
    pub rate: f64,
    pub keys: Zipf,
    pub producers: usize,
    /// Of the topic; the dead letters' partition comes on top.
    pub partitions: u32,
    pub brokers: usize,
    pub replication: usize,
    pub acks: Acks,
    pub min_insync: usize,
    pub unclean_election: bool,
    idempotence: bool,
    pub in_flight: usize,
    pub request_timeout: Span,
    pub delivery_timeout: Span,
    /// A sync before each acknowledgement.
    pub sync_first: bool,
    pub flush_every: Span,
    sync_time: Span,
    pub leaves_in_sync: bool,
    pub cut_by_epoch: bool,
    pub read_committed: bool,
    pub lag_most: Span,
    pub broker_timeout: Span,
    pub retention: Span,
    pub retention_bytes: u64,
    segment: u64,
    pub consumers: usize,
    pub processing: Span,
    pub commit_before: bool,
    pub commit_every: u64,
    pub eager: bool,
    pub assignor: Assignor,
    pub session_timeout: Span,
    pub attempts: u32,
    pub fence_commits: bool,
    round_trip: Span,
}

impl Queue {
    pub fn part_of(&self, key: u32) -> u32 {
        (mix(u64::from(key) ^ 0x6b65_7973) % u64::from(self.partitions)) as u32
    }

    /// The partition of dead letters.
    pub fn dead_letters(&self) -> u32 {
        self.partitions
    }

    /// As in Kafka's client, only what waits for all can be repeated safely.
    pub fn idempotent(&self) -> bool {
        self.idempotence && self.acks == Acks::All
    }

    pub fn protocol(&self) -> Protocol {
        if self.eager { Protocol::Eager } else { Protocol::Cooperative }
    }

    fn shape(&self) -> Shape {
        Shape { segment: self.segment, index_every: 4096 }
    }

    /// Partition p's replicas are the brokers p, p + 1, … in a circle; the first one leads.
    fn placement(&self, brokers: &[NodeId]) -> Metadata {
        let place = |part: usize| {
            let replicas: Vec<NodeId> = (0..self.replication).map(|i| brokers[(part + i) % brokers.len()]).collect();
            PartState { leader: replicas.first().copied(), epoch: 1, isr: replicas.clone(), version: 1, replicas }
        };
        Metadata { version: 1, parts: (0..=self.partitions as usize).map(place).collect() }
    }
}

pub fn refuses(knobs: &Knobs) -> Result<(), String> {
    let (brokers, replication, min) = (knobs.int("brokers"), knobs.int("replication"), knobs.int("min_insync"));
    if replication > brokers {
        return Err(format!("knob `replication` is {replication}, but must be at most the number of `brokers`, {brokers}"));
    }
    if min > replication {
        return Err(format!("knob `min_insync` is {min}, but must be at most `replication`, {replication}"));
    }
    if knobs.on("idempotence") && knobs.int("in_flight") > 5 {
        let in_flight = knobs.int("in_flight");
        return Err(format!(
            "knob `in_flight` is {in_flight}, but must be at most 5 with `idempotence` on: a broker remembers so many batches of each producer"
        ));
    }
    if knobs.span("request_timeout") > knobs.span("delivery_timeout") {
        let (request, delivery) = (knobs.span("request_timeout"), knobs.span("delivery_timeout"));
        return Err(format!("knob `request_timeout` is {request}, but must be at most `delivery_timeout`, {delivery}"));
    }
    Ok(())
}

#[derive(Clone)]
#[allow(clippy::large_enum_variant, reason = "a world holds few of them and moves none")]
pub enum Machine {
    Controller(Controller),
    Broker(Broker),
    Producer(Producer),
    Coordinator(Coordinator),
    Sink(Sink),
    Consumer(Consumer),
}

/// Consumers that a run may have, joined ones included.
const CONSUMERS_MOST: usize = 40;

impl System for Queue {
    type Node = Machine;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = QueueWatch;

    fn configure(knobs: &Knobs) -> Self {
        Queue {
            rate: knobs.rate("base_rate").per_second(),
            keys: Zipf::new(knobs.count("keys"), knobs.num("key_skew")),
            producers: knobs.count("producers"),
            partitions: knobs.count("partitions") as u32,
            brokers: knobs.count("brokers"),
            replication: knobs.count("replication"),
            acks: match knobs.choice("acks") {
                "0" => Acks::None,
                "1" => Acks::Leader,
                _ => Acks::All,
            },
            min_insync: knobs.count("min_insync"),
            unclean_election: knobs.on("unclean_election"),
            idempotence: knobs.on("idempotence"),
            in_flight: knobs.count("in_flight"),
            request_timeout: knobs.span("request_timeout"),
            delivery_timeout: knobs.span("delivery_timeout"),
            sync_first: knobs.choice("flush") == "ack",
            flush_every: knobs.span("flush_every"),
            sync_time: knobs.span("sync_time"),
            leaves_in_sync: knobs.choice("unclean_restart") == "leaves",
            cut_by_epoch: knobs.choice("truncate") == "epoch",
            read_committed: knobs.choice("visible") == "watermark",
            lag_most: knobs.span("lag_most"),
            broker_timeout: knobs.span("broker_timeout"),
            retention: knobs.span("retention"),
            retention_bytes: knobs.size("retention_bytes"),
            segment: knobs.size("segment"),
            consumers: knobs.count("consumers"),
            processing: knobs.span("processing_time"),
            commit_before: knobs.choice("commit") == "before",
            commit_every: knobs.count("commit_every") as u64,
            eager: knobs.choice("rebalance") == "eager",
            assignor: Assignor::named(knobs.choice("assignor")),
            session_timeout: knobs.span("session_timeout"),
            attempts: knobs.int("attempts") as u32,
            fence_commits: knobs.on("fence_commits"),
            round_trip: knobs.span("round_trip"),
        }
    }

    fn build(&self, stage: &mut Stage<'_, Self>) {
        // The controller knows the brokers by their places: right behind it.
        let brokers: Vec<NodeId> = (1..=self.brokers as u32).map(NodeId).collect();
        let metadata = Arc::new(self.placement(&brokers));
        let controller = stage.add_one("controller", Machine::Controller(Controller::new(Arc::clone(&metadata))));
        for broker in &brokers {
            let parts = metadata.parts.iter().enumerate().filter(|(_, state)| state.replicas.contains(broker)).map(|(part, _)| part as u32);
            let id = stage.add("b", Machine::Broker(Broker::new(controller, parts, self.shape())));
            debug_assert_eq!(id, *broker);
        }
        let sender = || Sender::new(controller, self.partitions as usize + 1, Arc::clone(&metadata));
        for number in 0..self.producers {
            let rng = stage.rng(&format!("producer {number}"));
            stage.add("producer", Machine::Producer(Producer::new(sender(), rng)));
        }
        let coordinator = stage.add_one("coordinator", Machine::Coordinator(Coordinator::new(self.partitions)));
        let sink = stage.add_one("sink", Machine::Sink(Sink::new(brokers, self.partitions as usize)));
        for _ in 0..self.consumers {
            stage.add("c", Machine::Consumer(Consumer::new(coordinator, sink, sender())));
        }
    }

    fn delay(&self, _: &'static str, _: &'static str) -> Delay {
        let half = Span(self.round_trip.0 / 2);
        Delay::with_jitter(half, Span(half.0 / 10))
    }

    fn disk(&self, _: &'static str) -> Disk {
        Disk { sync: Delay::with_jitter(self.sync_time, Span(self.sync_time.0 / 10)), torn: true, metric: Some(metrics::FSYNC) }
    }

    fn act(stage: &mut Stage<'_, Self>, action: &Action) -> Result<(), String> {
        match action.name.as_str() {
            "publish" | "poison" => {
                let producer = stage.role("producer").first().copied().filter(|id| stage.is_up(*id)).ok_or("the first producer is down")?;
                let (n, poison) = (action.int("n").unwrap_or(1) as u64, action.name == "poison");
                let key = action.int("key").map(|key| key as u32);
                stage.with(producer, |node, cx| {
                    if let Machine::Producer(producer) = node {
                        producer.publish(n, key, poison, cx);
                    }
                });
                Ok(())
            }
            "join" => {
                if stage.role("c").len() >= CONSUMERS_MOST {
                    return Err(format!("there are {CONSUMERS_MOST} consumers already"));
                }
                let (controller, coordinator, sink) = (stage.find("controller")?, stage.find("coordinator")?, stage.find("sink")?);
                let system = stage.shared();
                let brokers = stage.role("b");
                let sender = Sender::new(controller, system.partitions as usize + 1, Arc::new(system.placement(&brokers)));
                stage.add("c", Machine::Consumer(Consumer::new(coordinator, sink, sender)));
                Ok(())
            }
            "leave" => {
                let id = stage.find(action.text("node").unwrap_or_default())?;
                if !matches!(stage.node(id), Machine::Consumer(_)) {
                    return Err(format!("`{}` is no consumer: only these leave in good order", stage.name(id)));
                }
                if stage.is_up(id) {
                    stage.with(id, |node, cx| {
                        if let Machine::Consumer(consumer) = node {
                            consumer.quit(cx);
                        }
                    });
                }
                stage.remove(id);
                Ok(())
            }
            other => Err(format!("no action `{other}` here")),
        }
    }

    /// Who is gone for good must be found out before all is judged.
    fn on_drain(stage: &mut Stage<'_, Self>) {
        let system = stage.shared();
        let wait = Span(system.session_timeout.0.max(system.broker_timeout.0) + Span::secs(12).0);
        if let Ok(coordinator) = stage.find("coordinator") {
            stage.with(coordinator, |_, cx| cx.after(wait, Timer::Wake));
        }
    }

    fn finally(world: &World<Self>, lamps: &mut Lamps) {
        finally::judge(world, lamps);
    }

    fn pane(world: &World<Self>, pane: &str, ask: &Ask) -> View {
        view::pane(world, pane, ask)
    }
}

impl Node<Queue> for Machine {
    fn on_start(&mut self, cx: &mut Cx<'_, Queue>) {
        match self {
            Machine::Controller(node) => node.start(cx),
            Machine::Broker(node) => node.start(cx),
            Machine::Producer(node) => node.start(cx),
            Machine::Coordinator(node) => node.start(cx),
            Machine::Sink(node) => node.start(cx),
            Machine::Consumer(node) => node.start(cx),
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Queue>) {
        match self {
            Machine::Controller(node) => node.on_msg(from, msg, cx),
            Machine::Broker(node) => node.on_msg(from, msg, cx),
            Machine::Producer(node) => node.on_msg(msg, cx),
            Machine::Coordinator(node) => node.on_msg(from, msg, cx),
            Machine::Sink(node) => node.on_msg(msg, cx),
            Machine::Consumer(node) => node.on_msg(msg, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Queue>) {
        match self {
            Machine::Controller(node) => node.on_timer(timer, cx),
            Machine::Broker(node) => node.on_timer(timer, cx),
            Machine::Producer(node) => node.on_timer(timer, cx),
            Machine::Coordinator(node) => node.on_timer(timer, cx),
            Machine::Sink(node) => node.on_timer(timer, cx),
            Machine::Consumer(node) => node.on_timer(timer, cx),
        }
    }

    fn on_crash(&mut self) {
        match self {
            Machine::Broker(node) => node.crash(),
            Machine::Consumer(node) => node.crash(),
            // What the others keep is durable, or begins anew when they start.
            Machine::Controller(_) | Machine::Producer(_) | Machine::Coordinator(_) | Machine::Sink(_) => {}
        }
    }

    fn files(&mut self, each: &mut dyn FnMut(&mut dyn File)) {
        if let Machine::Broker(node) = self {
            node.files(each);
        }
    }

    fn weight(&self) -> usize {
        match self {
            Machine::Controller(node) => node.weight(),
            Machine::Broker(node) => node.weight(),
            Machine::Producer(node) => node.weight(),
            Machine::Coordinator(node) => node.weight(),
            Machine::Sink(node) => node.weight(),
            Machine::Consumer(node) => node.weight(),
        }
    }

    fn look(&self, system: &Queue) -> Look {
        match self {
            Machine::Controller(node) => node.look(system),
            Machine::Broker(node) => node.look(system),
            Machine::Producer(node) => node.look(system),
            Machine::Coordinator(node) => node.look(system),
            Machine::Sink(node) => node.look(system),
            Machine::Consumer(node) => node.look(system),
        }
    }
}
