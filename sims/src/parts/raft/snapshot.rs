//! Snapshots: taken of what is applied, sent in chunks to who lags behind the log's front, installed whole (thesis, chapter 5).

use super::message::Message;
use super::progress::Flow;
use super::state::{Raft, Role};
use super::watch::Fact;
use super::{Index, Outcome, Pos, StateMachine, Write};
use crate::kernel::node::NodeId;
use std::sync::Arc;

/// The machine as it stood after the entry at `at`.
#[derive(Clone)]
pub struct Snapshot<M> {
    pub at: Pos,
    /// Who voted there.
    pub voters: Arc<[NodeId]>,
    pub machine: M,
    pub bytes: usize,
}

/// A snapshot on its way in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incoming {
    at: Pos,
    from: NodeId,
    offset: usize,
}

impl<M: StateMachine> Raft<M> {
    /// Whether enough has been applied since the last snapshot.
    pub fn wants_snapshot(&self) -> bool {
        let since = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.at.index);
        self.config.snapshot_after > 0 && self.applied - since.min(self.applied) >= self.config.snapshot_after
    }

    /// Takes a snapshot of the machine as it stands, everything handed out being applied, and drops the log's front.
    pub fn take_snapshot(&mut self, machine: M) {
        let Some(term) = self.log.term_at(self.applied) else { return };
        let at = Pos { term, index: self.applied };
        let bytes = machine.bytes();
        let snapshot = Arc::new(Snapshot { at, voters: self.voters_at(at.index), machine, bytes });
        self.keep_snapshot(snapshot);
    }

    fn keep_snapshot(&mut self, snapshot: Arc<Snapshot<M>>) {
        let at = snapshot.at;
        if self.log.has(at) {
            self.write_tail();
        }
        self.log.cover(at, self.config.snapshot_keep);
        let (member, base) = (self.me, self.log.base().index);
        self.tell(|| Fact::Covered { member, base });
        self.forget_configurations(at.index, &snapshot.voters);
        self.snapshot = Some(Arc::clone(&snapshot));
        self.write(Write::Snapshot { snapshot, keep: self.config.snapshot_keep });
    }

    /// The log's front is gone: sends the snapshot, from where the follower has it.
    pub(super) fn send_chunk(&mut self, which: usize) {
        let Some(snapshot) = self.snapshot.clone() else { return };
        let progress = &mut self.progress[which];
        let offset = match progress.flow {
            Flow::Snapshot { at, offset } if at == snapshot.at.index => offset,
            _ => 0,
        };
        progress.flow = Flow::Snapshot { at: snapshot.at.index, offset };
        progress.waiting = true;
        let to = progress.id;
        let message = Message::Snapshot { term: self.term, snapshot, offset, round: self.round };
        self.send_now(to, message);
    }

    pub(super) fn on_snapshot(&mut self, from: NodeId, snapshot: Arc<Snapshot<M>>, offset: usize, round: u64) {
        self.follow(from);
        let at = snapshot.at;
        if at.index <= self.commit {
            return self.reply(from, Message::Appended { term: self.term, outcome: Outcome::Matched(self.commit), round });
        }
        let wanted = match self.incoming {
            Some(incoming) if incoming.at == at && incoming.from == from => incoming.offset,
            _ => 0,
        };
        let mut got = wanted;
        if offset == wanted {
            got = offset + self.config.snapshot_chunk.max(1);
        }
        if got < snapshot.bytes {
            self.incoming = Some(Incoming { at, from, offset: got });
            return self.reply(from, Message::Received { term: self.term, at: at.index, offset: got, round });
        }
        self.incoming = None;
        self.install(snapshot);
        self.reply(from, Message::Appended { term: self.term, outcome: Outcome::Matched(at.index), round });
    }

    fn install(&mut self, snapshot: Arc<Snapshot<M>>) {
        let at = snapshot.at;
        let me = self.me;
        if !self.log.has(at) {
            self.tell(|| Fact::Installed { member: me, at });
            self.unstore(0);
        }
        self.keep_snapshot(snapshot);
        self.handed = self.handed.max(at.index);
        self.stored = self.stored.max(at.index);
        self.commit = at.index;
        self.applied = at.index;
        self.restored = true;
    }

    pub(super) fn on_received(&mut self, from: NodeId, at: Index, offset: usize, round: u64) {
        let Some(which) = self.heard_from(from, round) else { return };
        if self.role != Role::Leader {
            return;
        }
        if let Flow::Snapshot { at: current, offset: known } = &mut self.progress[which].flow
            && *current == at
            && *known != offset
        {
            // Back too: a follower that was restarted begins anew. An answer that says nothing new sends nothing, else
            // each copy of a chunk would beget another.
            *known = offset;
            self.send_chunk(which);
        }
    }
}
