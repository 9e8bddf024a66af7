//! Who gives out ranges of numbers: one durable count, a trip per range and not per link.

use super::messages::Msg;
use super::metrics::RANGES;
use super::role::Ctx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::view::State;
use crate::parts::tickets::Range;

/// The count is on disk before an answer leaves.
#[derive(Clone, Debug)]
pub struct Ranges {
    next: u64,
    given: u64,
}

impl Ranges {
    /// Numbers below `next` are in use.
    pub fn after(next: u64) -> Ranges {
        Ranges { next, given: 0 }
    }

    pub fn hear(&mut self, from: NodeId, msg: &Msg, cx: &mut Ctx<'_>) {
        let Msg::Lease { ask } = msg else { return };
        let (size, space) = (cx.system().range, cx.system().code_space());
        // An answer that gets lost wastes its range: giving it again could give it twice.
        let range = Range { next: self.next.min(space), end: (self.next + size).min(space) };
        self.next = range.end;
        self.given += 1;
        cx.count(RANGES, 1);
        cx.send(from, Msg::Leased { ask: *ask, range });
    }

    pub fn look(&self) -> Look {
        Look { label: format!("{} given, next {}", self.given, self.next), state: State::Leader, fill: None }
    }
}
