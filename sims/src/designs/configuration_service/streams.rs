//! The streams of a server's watchers: one per host, numbered so that a gap is noticed, with the hub that feeds them.

use super::machine::{Batch, Change, Key};
use super::message::{Down, Msg};
use super::server::{Ctx, Job, Server};
use super::{NO_LEADER, PEER_SILENT, metrics};
use crate::kernel::node::NodeId;
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::{Flat, deep};
use crate::parts::mvcc::Keys;
use crate::parts::watches::{Hub, Missing, Sent, WatchId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Whose watch it is.
#[derive(Clone, Copy, Debug)]
pub struct Tag {
    pub host: NodeId,
    pub watcher: u32,
}

/// A batch, and the watches of one host that get it.
type Told = (Batch, Vec<(u32, WatchId)>);

/// One host's stream.
#[derive(Clone, Debug)]
struct Peer {
    epoch: u64,
    seq: u64,
    heard: Time,
    watches: BTreeMap<u32, WatchId>,
    /// The latest try of each watcher: a copy of a request that came twice must not begin its watch anew.
    asked: BTreeMap<u32, u32>,
    /// Number of the last message about what was handled.
    up: u64,
}

/// How a numbered message stands to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// All before it were heard.
    Next,
    /// One before it was lost, and with it the room that it gave back: the stream ends, its watches resume.
    Gap,
    /// It came twice, or belongs to no stream.
    Nothing,
}

#[derive(Clone)]
pub struct Streams {
    pub hub: Hub<Key, Tag>,
    peers: BTreeMap<NodeId, Peer>,
    progress_at: Time,
}

/// Changes that one message of a watch that catches up holds, about.
const CATCH_UP: usize = 16;

impl Streams {
    pub fn new(missing: Missing) -> Streams {
        Streams { hub: Hub::new(missing), peers: BTreeMap::new(), progress_at: Time::ZERO }
    }

    pub fn clear(&mut self) {
        self.hub.clear();
        self.peers.clear();
    }

    /// A stream of that host and epoch; an older one of the host is over.
    fn open(&mut self, host: NodeId, epoch: u64, now: Time) -> bool {
        match self.peers.get(&host).map(|peer| peer.epoch) {
            Some(known) if known == epoch => return true,
            Some(known) if known > epoch => return false,
            Some(_) => self.close(host),
            None => {}
        }
        self.peers.insert(host, Peer { epoch, seq: 0, heard: now, watches: BTreeMap::new(), asked: BTreeMap::new(), up: 0 });
        true
    }

    /// Whether a watcher's try is none that was seen before, or was overtaken by a later one.
    fn is_new(&mut self, host: NodeId, watcher: u32, attempt: u32) -> bool {
        let Some(peer) = self.peers.get_mut(&host) else { return false };
        let latest = peer.asked.entry(watcher).or_default();
        let new = attempt > *latest;
        *latest = attempt.max(*latest);
        new
    }

    fn close(&mut self, host: NodeId) {
        if let Some(peer) = self.peers.remove(&host) {
            for id in peer.watches.into_values() {
                self.hub.end(id);
            }
        }
    }

    fn peer(&mut self, host: NodeId, epoch: u64) -> Option<&mut Peer> {
        self.peers.get_mut(&host).filter(|peer| peer.epoch == epoch)
    }

    pub fn ping(&mut self, host: NodeId, epoch: u64, seq: u64, now: Time) -> Heard {
        let Some(peer) = self.peer(host, epoch) else { return Heard::Nothing };
        peer.heard = now;
        if seq > peer.up { Heard::Gap } else { Heard::Next }
    }

    pub fn end_watch(&mut self, host: NodeId, epoch: u64, id: WatchId) {
        let Some(peer) = self.peer(host, epoch) else { return };
        let before = peer.watches.len();
        peer.watches.retain(|_, watch| *watch != id);
        if peer.watches.len() < before {
            self.hub.end(id);
        }
    }

    /// Watches have room again.
    pub fn handled(&mut self, host: NodeId, epoch: u64, seq: u64, ids: &[WatchId]) -> Heard {
        let Some(peer) = self.peer(host, epoch).filter(|peer| seq > peer.up) else { return Heard::Nothing };
        if seq > peer.up + 1 {
            return Heard::Gap;
        }
        peer.up = seq;
        for id in ids {
            // A place may belong to another by now.
            if self.hub.tag(*id).is_some_and(|tag| tag.host == host) {
                self.hub.handled(*id, 1);
            }
        }
        Heard::Next
    }

    /// A watch that stands before the run begins.
    pub fn found(&mut self, tag: Tag, epoch: u64, keys: Keys<Key>, newest: u64, room: u32) -> WatchId {
        self.open(tag.host, epoch, Time::ZERO);
        let id = self.hub.begin(keys, newest + 1, newest, room, tag);
        if let Some(peer) = self.peers.get_mut(&tag.host) {
            peer.watches.insert(tag.watcher, id);
        }
        id
    }

    pub fn hosts(&self) -> usize {
        self.peers.len()
    }

    pub fn weight(&self) -> usize {
        self.hub.weight() + self.peers.bytes() + deep(self.peers.values(), |peer| peer.watches.bytes() + peer.asked.bytes())
    }
}

impl Server {
    /// Sends down a host's stream once the processor has got to it.
    fn down(&mut self, host: NodeId, wait: Span, down: Down, cx: &mut Ctx<'_>) {
        if let Some(peer) = self.streams.peers.get_mut(&host) {
            peer.seq += 1;
            let (epoch, seq) = (peer.epoch, peer.seq);
            cx.send_after(wait, host, Msg::Down { epoch, seq, down });
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the message's own fields")]
    pub(super) fn watch_asked(&mut self, from: NodeId, epoch: u64, watcher: u32, attempt: u32, keys: Keys<Key>, next: Option<u64>, cx: &mut Ctx<'_>) {
        cx.count(metrics::CONNECTS, 1);
        if !self.streams.open(from, epoch, cx.now()) || !self.streams.is_new(from, watcher, attempt) {
            return;
        }
        let cost = cx.system().connect_cost;
        if self.leaderless(cx) || !self.take_in(cost, Job::Watch { from, epoch, watcher, attempt, keys, next }, cx) {
            self.down(from, Span::ZERO, Down::Refused { watcher, attempt }, cx);
        }
    }

    fn leaderless(&self, cx: &Ctx<'_>) -> bool {
        cx.system().require_leader && cx.now().since(self.led_at) > NO_LEADER
    }

    #[allow(clippy::too_many_arguments, reason = "the message's own fields")]
    pub(super) fn serve_watch(&mut self, from: NodeId, epoch: u64, watcher: u32, attempt: u32, keys: Keys<Key>, next: Option<u64>, cx: &mut Ctx<'_>) {
        // The stream may have ended while this waited.
        if self.streams.peer(from, epoch).is_none() {
            return;
        }
        let newest = self.member.machine().store.revision();
        let next = next.unwrap_or(newest + 1);
        let old = self.streams.peer(from, epoch).and_then(|peer| peer.watches.remove(&watcher));
        if let Some(old) = old {
            self.streams.hub.end(old);
        }
        let id = self.streams.hub.begin(keys, next, newest, cx.system().room, Tag { host: from, watcher });
        if let Some(peer) = self.streams.peer(from, epoch) {
            peer.watches.insert(watcher, id);
        }
        self.down(from, Span::ZERO, Down::Watching { watcher, attempt, id, upto: next.saturating_sub(1) }, cx);
        self.catch_up(cx);
    }

    /// Hands one revision to those who watch its keys: one message per host, and some work for each watcher.
    pub(super) fn push(&mut self, changes: &[Change], cx: &mut Ctx<'_>) {
        let mut per_host: BTreeMap<NodeId, Vec<Told>> = BTreeMap::new();
        self.streams.hub.changed(changes, |id, tag, batch| {
            let batches = per_host.entry(tag.host).or_default();
            match batches.last_mut() {
                Some((last, watches)) if Arc::ptr_eq(&last.changes, &batch.changes) => watches.push((tag.watcher, id)),
                _ => batches.push((batch.clone(), vec![(tag.watcher, id)])),
            }
        });
        for (host, batches) in per_host {
            let told: u64 = batches.iter().map(|(_, watches)| watches.len() as u64).sum();
            cx.count(metrics::EVENTS, told);
            let wait = self.spend(cx.system().push_cost * told, cx);
            self.down(host, wait, Down::Changes(batches), cx);
        }
    }

    /// Those who are behind get their next piece of history.
    pub(super) fn catch_up(&mut self, cx: &mut Ctx<'_>) {
        if self.streams.hub.behind() == 0 {
            return;
        }
        let mut told: Vec<(Tag, WatchId, Sent<Key, super::machine::Value>)> = Vec::new();
        let store = &self.member.machine().store;
        self.streams.hub.catch_up(store, CATCH_UP, |id, tag, sent| told.push((*tag, id, sent)));
        for (tag, id, sent) in told {
            match sent {
                Sent::Changes(batch) => {
                    cx.count(metrics::EVENTS, 1);
                    let wait = self.spend(cx.system().push_cost, cx);
                    self.down(tag.host, wait, Down::Changes(vec![(batch, vec![(tag.watcher, id)])]), cx);
                }
                Sent::Compacted(at) => {
                    if let Some(peer) = self.streams.peers.get_mut(&tag.host) {
                        peer.watches.remove(&tag.watcher);
                    }
                    let wait = self.spend(Span::ZERO, cx);
                    self.down(tag.host, wait, Down::Compacted { watcher: tag.watcher, at }, cx);
                }
            }
        }
    }

    /// Progress for those who had nothing to hear, an end for those who are gone, and for all where no leader is heard.
    pub(super) fn keep_streams(&mut self, cx: &mut Ctx<'_>) {
        let now = cx.now();
        self.catch_up(cx);
        let silent: Vec<NodeId> = self.streams.peers.iter().filter(|(_, p)| now.since(p.heard) > PEER_SILENT).map(|(id, _)| *id).collect();
        for host in silent {
            self.streams.close(host);
        }
        if self.leaderless(cx) {
            self.close_streams(cx);
        }
        if now.since(self.streams.progress_at) >= cx.system().progress_every {
            self.streams.progress_at = now;
            let upto = cx.system().progress.then_some(self.told);
            let hosts: Vec<NodeId> = self.streams.peers.keys().copied().collect();
            for host in hosts {
                let hub = &self.streams.hub;
                let behind = |peer: &Peer| peer.watches.iter().filter(|(_, id)| !hub.is_live(**id)).map(|(watcher, _)| *watcher).collect();
                let behind = self.streams.peers.get(&host).map(behind).unwrap_or_default();
                let wait = self.spend(Span::ZERO, cx);
                self.down(host, wait, Down::Progress { upto, behind }, cx);
            }
        }
    }

    /// Ends a host's stream, and says so.
    pub(super) fn close_stream(&mut self, host: NodeId, cx: &mut Ctx<'_>) {
        self.down(host, Span::ZERO, Down::Closed, cx);
        self.streams.close(host);
    }

    /// Ends every stream, and says so.
    pub fn close_streams(&mut self, cx: &mut Ctx<'_>) {
        let hosts: Vec<NodeId> = self.streams.peers.keys().copied().collect();
        for host in hosts {
            self.close_stream(host, cx);
        }
    }
}
