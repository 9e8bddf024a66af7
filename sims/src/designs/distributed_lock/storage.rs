//! The storage that the lock protects: one versioned value per lock, which may look at the number a writer brings.

use super::config::{Fencing, Locks};
use super::metrics;
use super::watch::Fact;
use super::wire::{Access, Lock, Msg, Owner};
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::lease::Fence;
use std::collections::BTreeMap;

/// Everything here is durable, the highest number too: a storage that forgets it after a crash fences nobody.
#[derive(Clone, Debug, Default)]
pub struct Storage {
    values: BTreeMap<Lock, Value>,
    fence: Fence<Lock>,
    /// Whether the last to come was sent away.
    refused_last: bool,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Value {
    pub version: u64,
    /// Who wrote it: a repeated write is known by its job.
    pub writer: Option<Owner>,
}

impl Storage {
    pub fn value(&self, lock: Lock) -> Value {
        self.values.get(&lock).copied().unwrap_or_default()
    }

    pub fn seen(&self, lock: Lock) -> u64 {
        self.fence.seen(&lock)
    }

    pub fn on_msg(&mut self, from: NodeId, msg: &Msg, cx: &mut Cx<'_, Locks>) {
        match *msg {
            Msg::Read(access) => self.read(from, access, cx),
            Msg::Write { access, based_on } => self.write(from, access, based_on, cx),
            _ => {}
        }
    }

    fn read(&mut self, from: NodeId, access: Access, cx: &mut Cx<'_, Locks>) {
        let fenced = cx.system().fencing == Fencing::All;
        match self.admit(fenced, &access) {
            Ok(()) => cx.send(from, Msg::Value { access, version: self.value(access.lock).version }),
            Err(highest) => self.refuse(from, access, highest, cx),
        }
    }

    fn write(&mut self, from: NodeId, access: Access, based_on: u64, cx: &mut Cx<'_, Locks>) {
        let value = self.value(access.lock);
        let at = cx.now();
        if value.writer == Some(access.owner) {
            // The answer was lost: it is written already.
            return cx.send(from, Msg::Written { access, at });
        }
        let fenced = cx.system().fencing != Fencing::Off;
        if let Err(highest) = self.admit(fenced, &access) {
            return self.refuse(from, access, highest, cx);
        }
        self.values.insert(access.lock, Value { version: value.version + 1, writer: Some(access.owner) });
        cx.count(metrics::WRITES, 1);
        if based_on != value.version {
            cx.count(metrics::LOST_UPDATES, 1);
        }
        cx.fact(Fact::Wrote { lock: access.lock, owner: access.owner, token: access.token, based_on, over: value.version });
        cx.send(from, Msg::Written { access, at });
    }

    fn admit(&mut self, fenced: bool, access: &Access) -> Result<(), u64> {
        self.refused_last = false;
        if fenced { self.fence.admit(access.lock, access.token) } else { Ok(()) }
    }

    fn refuse(&mut self, from: NodeId, access: Access, highest: u64, cx: &mut Cx<'_, Locks>) {
        self.refused_last = true;
        cx.count(metrics::REFUSED, 1);
        cx.fact(Fact::Refused);
        cx.log(format!("the storage refuses {} with token {}: it has seen {highest}", access.owner, access.token));
        cx.send(from, Msg::Refused { access, highest });
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.values.bytes() + self.fence.len() * 24
    }

    pub fn look(&self, system: &Locks) -> Look {
        let version: u64 = self.values.values().map(|value| value.version).sum();
        let label = match (system.fencing, self.values.len().max(self.fence.len())) {
            (Fencing::Off, _) => format!("{version} writes, no fence"),
            (_, 0 | 1) => format!("{version} writes, seen {}", self.fence.iter().map(|(_, token)| token).max().unwrap_or(0)),
            (_, locks) => format!("{version} writes to {locks}"),
        };
        Look { label, state: if self.refused_last { State::Warn } else { State::Busy }, fill: None }
    }
}
