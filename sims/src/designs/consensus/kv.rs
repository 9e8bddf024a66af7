//! The state machine: keys and values, and how often anything was applied.

use crate::kernel::rng::splitmix;
use crate::parts::raft::StateMachine;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Get { key: u32 },
    Put { key: u32, value: u64 },
}

impl Op {
    pub fn key(self) -> u32 {
        match self {
            Op::Get { key } | Op::Put { key, .. } => key,
        }
    }

    pub fn reads(self) -> bool {
        matches!(self, Op::Get { .. })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What the key holds now.
    pub value: Option<u64>,
    /// Commands applied so far, this one included.
    pub applied: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kv {
    values: BTreeMap<u32, u64>,
    /// Writes by the session that made them.
    written: BTreeMap<u64, u64>,
    applied: u64,
}

/// Every value is unlike all others: its writer's session, and the number of the request.
pub fn value_of(session: u64, seq: u64) -> u64 {
    session << 24 | seq
}

fn writer(value: u64) -> u64 {
    value >> 24
}

impl Kv {
    /// How many writes of a session it has applied.
    pub fn written(&self, session: u64) -> u64 {
        self.written.get(&session).copied().unwrap_or_default()
    }

    pub fn get(&self, key: u32) -> Option<u64> {
        self.values.get(&key).copied()
    }
}

impl StateMachine for Kv {
    type Command = Op;
    type Answer = Answer;

    fn apply(&mut self, op: &Op) -> Answer {
        self.applied += 1;
        if let Op::Put { key, value } = *op {
            self.values.insert(key, value);
            *self.written.entry(writer(value)).or_default() += 1;
        }
        Answer { value: self.get(op.key()), applied: self.applied }
    }

    fn mark(op: &Op) -> u64 {
        match *op {
            Op::Get { key } => splitmix(u64::from(key)),
            Op::Put { key, value } => splitmix(value ^ u64::from(key) << 48),
        }
    }

    fn bytes(&self) -> usize {
        self.values.len() * 24 + self.written.len() * 24
    }
}
