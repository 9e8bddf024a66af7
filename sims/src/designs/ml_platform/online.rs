//! The online copy: the newest features of everybody, in memory, for a look-up on the way of a prediction.

use super::message::{Feature, Msg, Timer};
use super::role::Ctx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::Span;
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::BTreeMap;

/// An empty copy asks again until it is filled.
const AGAIN: Span = Span::secs(1);

#[derive(Clone)]
pub struct Online {
    store: NodeId,
    pub people: BTreeMap<u32, Feature>,
    /// Everything was applied once since the start.
    filled: bool,
}

impl Online {
    pub fn new(store: NodeId, people: BTreeMap<u32, Feature>) -> Online {
        Online { store, people, filled: true }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        if !self.filled {
            cx.send(self.store, Msg::Refill);
            cx.after(AGAIN, Timer::Tick);
        }
    }

    /// It is memory: nothing is left.
    pub fn crash(&mut self) {
        self.people.clear();
        self.filled = false;
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Apply { upto, records } => {
                // What fills an empty copy is everything, and as much as that.
                self.filled |= records.len() >= cx.system().people;
                for record in records {
                    let kept = self.people.entry(record.who).or_insert(record);
                    if record.event >= kept.event {
                        *kept = record;
                    }
                }
                cx.send(from, Msg::Applied { upto });
            }
            Msg::Get { id, who } => {
                let found = self.people.get(&who).copied();
                cx.send(from, Msg::Got { id, found });
            }
            _ => {}
        }
    }

    pub fn weight(&self) -> usize {
        self.people.bytes()
    }

    pub fn look(&self) -> Look {
        Look { label: format!("{} people", self.people.len()), state: if self.filled { State::Busy } else { State::Warn }, fill: None }
    }
}
