//! A sequence server: a database row that counts ranges, durable at every step.

use super::Ids;
use super::wire::Msg;
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::parts::tickets::Sequence;

/// One durable increment, assumed: a commit to a solid-state disk.
const COMMIT: Span = Span::micros(400);

#[derive(Clone, Debug)]
pub struct SequenceServer {
    sequence: Sequence,
    /// When the increments before the next one are done.
    busy_until: Time,
}

impl SequenceServer {
    pub fn new(server: u64, servers: u64) -> SequenceServer {
        SequenceServer { sequence: Sequence::new(server, servers), busy_until: Time::ZERO }
    }

    pub fn on_msg(&mut self, from: NodeId, msg: &Msg, cx: &mut Cx<'_, Ids>) {
        let Msg::Fetch { ask } = *msg else { return };
        let range = self.sequence.take(cx.system().range);
        self.busy_until = self.busy_until.max(cx.now()) + COMMIT;
        cx.send_after(self.busy_until.since(cx.now()), from, Msg::Fetched { range, ask });
    }

    /// The count survives; the line of waiting increments does not.
    pub fn crash(&mut self) {
        self.busy_until = Time::ZERO;
    }

    pub fn look(&self) -> Look {
        Look { label: format!("{} ranges given", self.sequence.given()), state: State::Idle, fill: None }
    }
}
