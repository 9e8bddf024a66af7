//! A host's side of watching: its streams from the servers, its many watchers, and how they find their way back.

use super::machine::Batch;
use super::message::{Ask, Down, How, Msg, Reply, Timer};
use super::server::Ctx;
use super::system::{Config, Notify, Resume};
use super::watch::Fact;
use super::watcher::{Arrived, Phase, Watcher};
use super::{BEAT, GAP, SILENCE, metrics};
use crate::kernel::node::NodeId;
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::{Flat, deep};
use crate::parts::watches::WatchId;
use std::collections::BTreeMap;

/// A stream from one server. Epoch 0: there is none.
#[derive(Clone, Debug, Default)]
struct Stream {
    epoch: u64,
    last_epoch: u64,
    /// Number of the last message taken in order.
    seq: u64,
    /// Number of the last message sent up about what was handled.
    up: u64,
    /// Messages that overtook others.
    early: BTreeMap<u64, Down>,
    gap_since: Option<Time>,
    heard: Time,
}

#[derive(Clone)]
pub struct Watching {
    servers: Vec<NodeId>,
    streams: Vec<Stream>,
    pub all: Vec<Watcher>,
    /// Number of its first watcher among all hosts'.
    pub first: u32,
}

/// Requests of watchers bear this, so that a node with other requests can tell them apart.
pub const FETCH: u64 = 1 << 63;
/// The number of a watcher's request.
fn fetch_op(place: u32, attempt: u32) -> u64 {
    FETCH | (u64::from(attempt & 0x7fff_ffff) << 32) | u64::from(place)
}

/// So often the coming to rest is looked at.
const SETTLE: Span = Span::millis(500);
const SETTLES: u32 = 16;

impl Watching {
    pub fn new(servers: Vec<NodeId>, first: u32, all: Vec<Watcher>) -> Watching {
        let streams = vec![Stream::default(); servers.len()];
        Watching { servers, streams, all, first }
    }

    /// A watch stands before the run begins. Gives the stream's epoch.
    pub fn found(&mut self, place: u32, server: usize, id: WatchId) {
        let watcher = &mut self.all[place as usize];
        (watcher.server, watcher.id, watcher.phase) = (server, id, Phase::Watching);
        (self.streams[server].epoch, self.streams[server].last_epoch) = (1, 1);
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        for stream in &mut self.streams {
            stream.heard = cx.now();
        }
        if cx.system().notify == Notify::Poll {
            for place in 0..self.all.len() as u32 {
                let period = cx.system().poll_every;
                let wait = Span(cx.rng().below(period.0.max(1)));
                self.all[place as usize].phase = Phase::Resting;
                cx.background(wait, Timer::Try(place));
            }
        }
        cx.background(BEAT, Timer::Beat);
    }

    pub fn crash(&mut self) {
        for stream in &mut self.streams {
            *stream = Stream { last_epoch: stream.last_epoch, ..Stream::default() };
        }
        self.all.iter_mut().for_each(Watcher::forget);
    }

    pub fn restart(&mut self, cx: &mut Ctx<'_>) {
        self.start(cx);
        for place in 0..self.all.len() as u32 {
            cx.fact(Fact::Forgot { watcher: self.first + place });
            self.all[place as usize].lost_at = Some(cx.now());
            if cx.system().notify == Notify::Watch {
                self.rest(place, cx);
            }
        }
    }

    /// Watchers that are told of changes.
    pub fn live(&self) -> usize {
        self.all.iter().filter(|w| w.phase == Phase::Watching).count()
    }

    // ---- finding the way back -------------------------------------------------------------------------------------------

    /// Its try came to nothing, or its stream is gone: it waits, then tries again.
    fn rest(&mut self, place: u32, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let watcher = &mut self.all[place as usize];
        watcher.phase = Phase::Resting;
        watcher.attempt += 1;
        watcher.failed += 1;
        watcher.drop_inbox();
        if system.notify == Notify::Poll {
            cx.background(system.poll_every, Timer::Try(place));
            return;
        }
        let wait = system.retry.wait(watcher.failed, watcher.waited, cx.rng()).unwrap_or(system.retry.cap);
        watcher.waited = wait;
        // The world comes to rest: nobody is to wait for long.
        let wait = if cx.draining() { Span(wait.0.min(1_000_000_000)) } else { wait };
        cx.after(wait, Timer::Try(place));
    }

    fn try_again(&mut self, place: u32, cx: &mut Ctx<'_>) {
        if self.all[place as usize].phase != Phase::Resting {
            return;
        }
        // Anyone but the last one.
        let others = (self.servers.len() - 1).max(1) as u64;
        let step = 1 + cx.rng().below(others) as usize;
        let watcher = &mut self.all[place as usize];
        watcher.server = (watcher.server + step) % self.servers.len();
        if watcher.fetch || cx.system().notify == Notify::Poll { self.fetch(place, cx) } else { self.ask(place, cx) }
    }

    fn fetch(&mut self, place: u32, cx: &mut Ctx<'_>) {
        let watcher = &mut self.all[place as usize];
        watcher.phase = Phase::Fetching;
        watcher.attempt += 1;
        let op = fetch_op(place, watcher.attempt);
        let ask = Ask::Read { keys: watcher.keys(), how: How::Local, least: watcher.last };
        let (server, attempt) = (self.servers[watcher.server], watcher.attempt);
        cx.count(metrics::FETCHES, 1);
        cx.send(server, Msg::Ask { op, ask });
        self.patience(place, attempt, cx);
    }

    fn patience(&self, place: u32, attempt: u32, cx: &mut Ctx<'_>) {
        let patience = cx.system().patience;
        match cx.system().notify {
            Notify::Poll => cx.background(patience, Timer::Patience(place, attempt)),
            Notify::Watch => cx.after(patience, Timer::Patience(place, attempt)),
        };
    }

    fn ask(&mut self, place: u32, cx: &mut Ctx<'_>) {
        let first = self.first;
        let watcher = &mut self.all[place as usize];
        watcher.phase = Phase::Asking;
        watcher.attempt += 1;
        let next = match cx.system().resume {
            Resume::Revision => Some(watcher.last + 1),
            Resume::Now => None,
        };
        let (server, attempt, keys) = (watcher.server, watcher.attempt, watcher.keys());
        let stream = &mut self.streams[server];
        if stream.epoch == 0 {
            let epoch = (stream.last_epoch + 1).max(cx.now().0);
            *stream = Stream { epoch, last_epoch: epoch, heard: cx.now(), ..Stream::default() };
        }
        cx.send(self.servers[server], Msg::Watch { epoch: stream.epoch, watcher: first + place, attempt, keys, next });
        self.patience(place, attempt, cx);
    }

    fn out_of_patience(&mut self, place: u32, attempt: u32, cx: &mut Ctx<'_>) {
        let watcher = &self.all[place as usize];
        if watcher.attempt == attempt && matches!(watcher.phase, Phase::Fetching | Phase::Asking) {
            self.rest(place, cx);
        }
    }

    /// A stream is gone: everybody on it is on their own.
    fn broken(&mut self, server: usize, cx: &mut Ctx<'_>) {
        let last_epoch = self.streams[server].last_epoch;
        self.streams[server] = Stream { last_epoch, ..Stream::default() };
        for place in 0..self.all.len() as u32 {
            let watcher = &mut self.all[place as usize];
            if watcher.server == server && matches!(watcher.phase, Phase::Asking | Phase::Watching) {
                if watcher.phase == Phase::Watching {
                    watcher.lost_at = Some(cx.now());
                    watcher.failed = 0;
                    cx.count(metrics::DROPPED, 1);
                }
                self.rest(place, cx);
            }
        }
    }

    // ---- what arrives ---------------------------------------------------------------------------------------------------

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        let Some(server) = self.servers.iter().position(|id| *id == from) else { return };
        match msg {
            Msg::Down { epoch, seq, down } if epoch == self.streams[server].epoch && epoch != 0 => self.in_order(server, seq, down, cx),
            Msg::Pong { epoch } if epoch == self.streams[server].epoch => self.streams[server].heard = cx.now(),
            Msg::Unknown { epoch } if epoch == self.streams[server].epoch && epoch != 0 => self.broken(server, cx),
            Msg::Answer { op, reply } => self.fetched(op, reply, cx),
            _ => {}
        }
    }

    /// Takes messages in the order they were sent, each once, as a connection does.
    fn in_order(&mut self, server: usize, seq: u64, down: Down, cx: &mut Ctx<'_>) {
        let stream = &mut self.streams[server];
        stream.heard = cx.now();
        if seq > stream.seq {
            stream.early.insert(seq, down);
        }
        let epoch = stream.epoch;
        loop {
            let stream = &mut self.streams[server];
            // Taking one may have ended the stream.
            if stream.epoch != epoch {
                return;
            }
            let next = stream.seq + 1;
            let Some(down) = stream.early.remove(&next) else { break };
            stream.seq = next;
            self.take(server, down, cx);
        }
        let stream = &mut self.streams[server];
        stream.gap_since = if stream.early.is_empty() { None } else { stream.gap_since.or(Some(cx.now())) };
    }

    fn take(&mut self, server: usize, down: Down, cx: &mut Ctx<'_>) {
        match down {
            Down::Watching { watcher, attempt, id, upto } => self.watching(server, watcher, attempt, id, upto, cx),
            Down::Refused { watcher, attempt } => {
                let place = watcher - self.first;
                if self.all[place as usize].attempt == attempt && self.all[place as usize].phase == Phase::Asking {
                    self.rest(place, cx);
                }
            }
            Down::Changes(batches) => self.changes(server, &batches, cx),
            Down::Compacted { watcher, .. } => {
                let place = watcher - self.first;
                let watcher = &mut self.all[place as usize];
                if watcher.server == server && watcher.phase == Phase::Watching {
                    if watcher.inbox.is_empty() { self.compacted(place, cx) } else { watcher.inbox.push_back(Arrived::Compacted) }
                }
            }
            Down::Progress { upto, behind } => self.progress(server, upto, &behind, cx),
            Down::Closed => self.broken(server, cx),
        }
    }

    fn watching(&mut self, server: usize, number: u32, attempt: u32, id: WatchId, upto: u64, cx: &mut Ctx<'_>) {
        let watcher = &mut self.all[(number - self.first) as usize];
        if watcher.phase != Phase::Asking || watcher.attempt != attempt || watcher.server != server {
            // It has gone elsewhere meanwhile.
            if watcher.phase != Phase::Watching || watcher.server != server || watcher.id != id {
                let epoch = self.streams[server].epoch;
                cx.send(self.servers[server], Msg::Unwatch { epoch, id });
            }
            return;
        }
        (watcher.phase, watcher.id, watcher.failed, watcher.waited) = (Phase::Watching, id, 0, Span::ZERO);
        if let Some(since) = watcher.lost_at.take() {
            cx.record_since(metrics::RECONNECT, since);
        }
        if upto > watcher.last {
            watcher.last = upto;
            cx.fact(Fact::Progress { watcher: number, service: watcher.service, upto });
        }
    }

    fn changes(&mut self, server: usize, batches: &[(Batch, Vec<(u32, WatchId)>)], cx: &mut Ctx<'_>) {
        let mut handled: Vec<WatchId> = Vec::new();
        for (batch, watches) in batches {
            for (number, id) in watches {
                let place = number - self.first;
                let watcher = &mut self.all[place as usize];
                if watcher.phase != Phase::Watching || watcher.server != server || watcher.id != *id {
                    continue;
                }
                // At rest nobody is slow, but nothing overtakes what is in hand.
                if (watcher.slow && !cx.draining()) || watcher.digesting {
                    watcher.inbox.push_back(Arrived::Changes(batch.clone()));
                    self.digest(place, cx);
                } else {
                    self.deliver(place, batch, cx);
                    handled.push(*id);
                }
            }
        }
        self.say_handled(server, handled, cx);
    }

    fn say_handled(&mut self, server: usize, ids: Vec<WatchId>, cx: &mut Ctx<'_>) {
        let stream = &mut self.streams[server];
        if !ids.is_empty() && stream.epoch != 0 {
            stream.up += 1;
            cx.send(self.servers[server], Msg::Handled { epoch: stream.epoch, seq: stream.up, ids });
        }
    }

    fn deliver(&mut self, place: u32, batch: &Batch, cx: &mut Ctx<'_>) {
        let watcher = &mut self.all[place as usize];
        for sent in watcher.take(batch) {
            cx.record_since(metrics::NOTICE, sent);
        }
        cx.fact(Fact::Got { watcher: self.first + place, service: watcher.service, batch: batch.clone() });
    }

    /// A slow watcher begins with its next message.
    fn digest(&mut self, place: u32, cx: &mut Ctx<'_>) {
        let watcher = &mut self.all[place as usize];
        if !watcher.digesting && !watcher.inbox.is_empty() {
            watcher.digesting = true;
            let time = if cx.draining() { Span::millis(1) } else { cx.system().slow_time * watcher.next_revisions() };
            cx.after(time, Timer::Digested(place));
        }
    }

    fn digested(&mut self, place: u32, cx: &mut Ctx<'_>) {
        let watcher = &mut self.all[place as usize];
        watcher.digesting = false;
        let (server, id) = (watcher.server, watcher.id);
        match watcher.inbox.pop_front() {
            Some(Arrived::Changes(batch)) => {
                self.deliver(place, &batch, cx);
                self.say_handled(server, vec![id], cx);
            }
            Some(Arrived::Compacted) => self.compacted(place, cx),
            // The stream broke meanwhile.
            None => {}
        }
        self.digest(place, cx);
    }

    /// It cannot go on from where it was: it says so, and reads everything anew.
    fn compacted(&mut self, place: u32, cx: &mut Ctx<'_>) {
        cx.count(metrics::RESYNCS, 1);
        cx.fact(Fact::Told { watcher: self.first + place });
        let watcher = &mut self.all[place as usize];
        watcher.lost_at = watcher.lost_at.or(Some(cx.now()));
        watcher.fetch = true;
        self.fetch(place, cx);
    }

    fn fetched(&mut self, op: u64, reply: Reply, cx: &mut Ctx<'_>) {
        let place = op as u32;
        let Some(watcher) = self.all.get_mut(place as usize) else { return };
        if watcher.phase != Phase::Fetching || fetch_op(place, watcher.attempt) != op {
            return;
        }
        let Reply::Items { revision, items } = reply else { return self.rest(place, cx) };
        let polls = cx.system().notify == Notify::Poll;
        let fresh = watcher.replace(revision, &items);
        watcher.fetch = false;
        for sent in fresh {
            cx.record_since(metrics::NOTICE, sent);
        }
        cx.fact(Fact::Based { watcher: self.first + place, service: watcher.service, revision, polled: polls });
        if polls {
            watcher.phase = Phase::Resting;
            watcher.lost_at = None;
            cx.background(cx.system().poll_every, Timer::Try(place));
        } else {
            self.ask(place, cx);
        }
    }

    /// Everybody on this stream who is not behind knows all up to here, though nothing of theirs changed.
    fn progress(&mut self, server: usize, upto: Option<u64>, behind: &[u32], cx: &mut Ctx<'_>) {
        let Some(upto) = upto else { return };
        for place in 0..self.all.len() as u32 {
            let number = self.first + place;
            let watcher = &mut self.all[place as usize];
            let takes = watcher.phase == Phase::Watching && watcher.server == server && watcher.inbox.is_empty() && watcher.last < upto;
            if takes && behind.binary_search(&number).is_err() {
                watcher.last = upto;
                cx.fact(Fact::Progress { watcher: number, service: watcher.service, upto });
            }
        }
    }

    // ---- timers ---------------------------------------------------------------------------------------------------------

    pub fn ring(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Beat => self.beat(cx),
            Timer::Try(place) => self.try_again(place, cx),
            Timer::Patience(place, attempt) => self.out_of_patience(place, attempt, cx),
            Timer::Digested(place) => self.digested(place, cx),
            Timer::Settle(times) => self.settle(times, cx),
            _ => {}
        }
    }

    /// Pings the servers it has watchers at; one that says nothing for long is given up.
    fn beat(&mut self, cx: &mut Ctx<'_>) {
        let mut used = vec![false; self.servers.len()];
        for watcher in &self.all {
            used[watcher.server] |= matches!(watcher.phase, Phase::Asking | Phase::Watching);
        }
        for (server, used) in used.into_iter().enumerate() {
            let stream = &self.streams[server];
            if stream.epoch == 0 {
                continue;
            }
            let gap = stream.gap_since.is_some_and(|since| cx.now().since(since) > GAP);
            if gap || cx.now().since(stream.heard) > SILENCE {
                self.broken(server, cx);
            } else if used {
                cx.send(self.servers[server], Msg::Ping { epoch: stream.epoch, seq: stream.up });
            } else {
                self.streams[server].epoch = 0;
            }
        }
        cx.gauge(metrics::LIVE, self.live() as f64);
        cx.background(BEAT, Timer::Beat);
    }

    /// The world comes to rest: stays awake until a broken stream would have been noticed, and polls once more.
    pub fn settle(&mut self, times: u32, cx: &mut Ctx<'_>) {
        if times == 0 && cx.system().notify == Notify::Poll {
            for place in 0..self.all.len() as u32 {
                let wait = Span(cx.rng().below(3_000_000_000));
                cx.after(wait, Timer::Try(place));
            }
        }
        if times < SETTLES {
            cx.after(SETTLE, Timer::Settle(times + 1));
        }
    }

    pub fn label(&self, _system: &Config) -> String {
        format!("{} of {} told", self.live(), self.all.len())
    }

    pub fn weight(&self) -> usize {
        self.all.bytes() + deep(self.all.iter(), Watcher::weight) + self.streams.bytes()
    }
}
