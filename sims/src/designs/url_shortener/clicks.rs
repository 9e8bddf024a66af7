//! Who adds up the clicks: batches of every server, each counted once.

use super::messages::Msg;
use super::metrics::{COUNTED, REPEATED_BATCHES};
use super::role::Ctx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::BTreeMap;

/// Total and last batches are on disk before a batch is confirmed.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    total: u64,
    /// The highest batch of each server: a server sends one batch at a time, with rising numbers.
    last: BTreeMap<NodeId, u64>,
}

impl Counter {
    pub fn total(&self) -> u64 {
        self.total
    }

    pub fn hear(&mut self, from: NodeId, msg: &Msg, cx: &mut Ctx<'_>) {
        let Msg::Clicks { batch, clicks } = *msg else { return };
        let last = self.last.entry(from).or_default();
        let again = batch <= *last;
        *last = batch.max(*last);
        if again {
            cx.count(REPEATED_BATCHES, 1);
        }
        if !again || !cx.system().count_once {
            self.total += clicks;
            cx.count(COUNTED, clicks);
        }
        cx.send(from, Msg::Counted { batch });
    }

    pub fn weight(&self) -> usize {
        self.last.bytes()
    }

    pub fn look(&self) -> Look {
        Look { label: format!("{} clicks", self.total), state: State::Idle, fill: None }
    }
}
