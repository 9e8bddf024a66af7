//! A chat server: gives the messages of its conversations their order, keeps them, and sees to it that every screen has them.

use super::delivery::Delivery;
use super::metrics::{ARCHIVED, DEDUPED, KEPT, WAITING};
use super::people::{People, share};
use super::role::Ctx;
use super::shelf::Shelf;
use super::system::Chat;
use super::watch::Fact;
use super::wire::{Ack, Heaps, Line, Mark, Msg, Sent, Timer};
use crate::kernel::disk::File;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::Span;
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::sequencer::Taken;
use std::sync::Arc;

#[derive(Clone)]
pub struct Server {
    rank: u32,
    people: Arc<People>,
    /// Durable.
    pub shelf: Shelf,
    /// All else is volatile. What waits for the sync that was asked for, and what was written since.
    asked: Option<Batch>,
    open: Batch,
    /// It waits a moment for more before it asks for a sync.
    gathering: bool,
    delivery: Delivery,
}

#[derive(Clone, Debug, Default)]
struct Batch {
    posts: Vec<Written>,
    marks: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Written {
    gateway: NodeId,
    conv: u32,
    place: u32,
    sent: Sent,
    answered: bool,
}

/// How often old partitions are looked at.
const SWEEP: Span = Span::secs(1);

impl Server {
    pub fn new(rank: u32, people: Arc<People>, system: &Chat) -> Server {
        let all = people.conversations();
        let shelf = Shelf::new(Arc::clone(&people), share(rank, system.servers, all)..share(rank + 1, system.servers, all), system.bucket);
        let delivery = Delivery::new(&shelf);
        Server { rank, people, shelf, asked: None, open: Batch::default(), gathering: false, delivery }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        cx.background(SWEEP, Timer::Sweep);
    }

    pub fn files(&mut self, each: &mut dyn FnMut(&mut dyn File)) {
        each(&mut self.shelf);
    }

    /// Its file has gone back to what is durable already.
    pub fn crash(&mut self) {
        self.asked = None;
        self.open = Batch::default();
        self.gathering = false;
    }

    pub fn restart(&mut self, cx: &mut Ctx<'_>) {
        self.start(cx);
        for conv in self.shelf.convs.clone() {
            cx.fact(Fact::Recovered { conv, last: self.shelf.last(conv) });
        }
        self.delivery = Delivery::new(&self.shelf);
        self.delivery.resume(&mut self.shelf, &self.people, cx);
        cx.log(format!("{} is back with {} messages", cx.name(cx.me()), self.shelf.lines().len()));
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Post { conv, line } => self.post(from, conv, line, cx),
            Msg::Acks(all) => self.acks(from, &all, cx),
            Msg::Reads(all) => self.reads(&all, cx),
            Msg::Sync { device, has } => self.sync(from, device, &has, cx),
            Msg::Here { asked, found, again } => {
                self.delivery.here(&asked, &found, again, &mut self.shelf, &self.people, cx);
            }
            _ => {}
        }
    }

    pub fn wake(&mut self, timer: &Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Durable => self.durable(cx),
            Timer::Gather => {
                self.gathering = false;
                if self.asked.is_none() {
                    self.sync_now(cx);
                }
            }
            Timer::Redeliver => self.delivery.redeliver(&self.shelf, &self.people, cx),
            Timer::Sweep => {
                let (rows, gone) = self.shelf.retire();
                cx.count(ARCHIVED, rows as u64);
                gone.into_iter().for_each(|(conv, upto)| cx.fact(Fact::Forgot { conv, upto }));
                cx.gauge(KEPT, self.shelf.lines().len() as f64);
                cx.gauge(WAITING, self.shelf.waiting() as f64);
                if self.asked.is_none() && self.shelf.dirty() {
                    self.ask(cx);
                }
                cx.background(SWEEP, Timer::Sweep);
            }
            _ => {}
        }
    }

    fn post(&mut self, gateway: NodeId, conv: u32, line: Line, cx: &mut Ctx<'_>) {
        let (at, dedupe, early) = (cx.clock(), cx.system().dedupe, cx.system().ack_early);
        let sent = Sent { device: line.device, number: line.number };
        self.delivery.heard_of(&self.people, conv, line.device, gateway);
        match self.shelf.post(conv, line, at, dedupe) {
            Taken::New(place) => {
                cx.fact(Fact::Sequenced { conv, place, line });
                if early {
                    cx.fact(Fact::Acked { conv, place });
                    cx.send(gateway, Msg::Sent(vec![sent]));
                }
                self.open.posts.push(Written { gateway, conv, place, sent, answered: early });
                self.ask(cx);
            }
            Taken::Again(place) => {
                cx.count(DEDUPED, 1);
                // What is not durable yet is answered when it is.
                if place <= self.delivery.durable(conv) || early {
                    cx.send(gateway, Msg::Sent(vec![sent]));
                }
            }
            Taken::Stale => cx.count(DEDUPED, 1),
        }
    }

    /// One sync at a time: what is written meanwhile shares the next one.
    fn ask(&mut self, cx: &mut Ctx<'_>) {
        let gather = cx.system().gather;
        if self.asked.is_some() || self.gathering {
            return;
        }
        if gather == Span::ZERO {
            self.sync_now(cx);
        } else {
            self.gathering = true;
            cx.after(gather, Timer::Gather);
        }
    }

    fn sync_now(&mut self, cx: &mut Ctx<'_>) {
        self.asked = Some(std::mem::take(&mut self.open));
        cx.sync(Timer::Durable);
    }

    fn durable(&mut self, cx: &mut Ctx<'_>) {
        let Some(batch) = self.asked.take() else { return };
        let system = cx.shared();
        let mut ticks = Heaps::new(system.gateways as usize);
        let mut fresh: Vec<(u32, u32)> = Vec::with_capacity(batch.posts.len());
        for written in &batch.posts {
            self.delivery.is_durable(written.conv, written.place);
            if !written.answered {
                cx.fact(Fact::Acked { conv: written.conv, place: written.place });
                ticks.put(system.gateway_rank(written.gateway), written.sent);
            }
            match fresh.last_mut() {
                Some((conv, place)) if *conv == written.conv => *place = written.place,
                _ => fresh.push((written.conv, written.place)),
            }
        }
        ticks.empty(|rank, all| cx.send(system.gateway(rank as u32), Msg::Sent(all)));
        self.delivery.fresh(fresh, cx);
        self.delivery.marked(&batch.marks, &self.shelf, &self.people, cx);
        if !self.open.posts.is_empty() || !self.open.marks.is_empty() || self.shelf.dirty() {
            self.ask(cx);
        }
    }

    fn acks(&mut self, gateway: NodeId, all: &[Ack], cx: &mut Ctx<'_>) {
        self.delivery.acks(gateway, all, &mut self.shelf, &self.people, cx);
    }

    /// What a user has read is told to their other devices, and to who wrote it, once it is durable.
    fn reads(&mut self, all: &[Mark], cx: &mut Ctx<'_>) {
        let blunt = cx.system().blunt_badges;
        for mark in all {
            if self.shelf.mark(mark.seat, mark.place, blunt) {
                let (read, unread) = (self.shelf.read(mark.seat), self.shelf.unread(mark.seat));
                cx.fact(Fact::Badge { seat: mark.seat, read, last: self.shelf.last(self.people.conv(mark.seat)), unread });
            }
            self.open.marks.push(mark.seat);
        }
        self.ask(cx);
    }

    /// A device is back and says what it has.
    fn sync(&mut self, gateway: NodeId, device: u32, has: &[(u32, u32)], cx: &mut Ctx<'_>) {
        self.delivery.sync(gateway, device, has, &mut self.shelf, &self.people, cx);
        cx.send(gateway, Msg::Synced { device, server: self.rank });
    }

    /// Whether it still looks after a conversation.
    pub fn seeks(&self, conv: u32) -> bool {
        self.delivery.seeks(conv)
    }

    pub fn weight(&self) -> usize {
        let batch = |b: &Batch| b.posts.bytes() + b.marks.bytes();
        self.shelf.weight() + self.delivery.weight() + batch(&self.open) + self.asked.as_ref().map_or(0, batch)
    }

    pub fn look(&self) -> Look {
        let (kept, again) = (self.shelf.lines().len(), self.delivery.again());
        let state = if again > 20 { State::Warn } else { State::Busy };
        let label = if again > 20 { format!("{again} sought again") } else { format!("{kept} kept") };
        Look { label, state, fill: None }
    }
}
