//! How a cache node catches up: it pulls what others know before it votes, or before a ring change counts.

use super::cache_node::CacheNode;
use super::messages::Msg;
use super::metrics;
use super::system::{Caching, Timer};
use crate::kernel::cx::Cx;
use crate::kernel::node::NodeId;
use crate::kernel::time::Span;
use crate::parts::ring::Ring;
use std::collections::BTreeSet;
use std::sync::Arc;

/// After which an unanswered request is sent again.
const AGAIN: Span = Span::millis(300);

#[derive(Clone, Debug)]
pub struct Pulling {
    phase: u64,
    old: Arc<Ring>,
    new: Arc<Ring>,
    waiting: BTreeSet<NodeId>,
    monitor: NodeId,
}

impl CacheNode {
    pub(super) fn hear_of_membership(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Caching>) {
        match msg {
            Msg::Clear { phase } => {
                // Said again because the answer was late: what came in since must stay.
                if phase > self.cleared {
                    self.clear();
                    self.cleared = phase;
                }
                cx.send(from, Msg::Cleared { phase });
            }
            Msg::Pull { phase, old, new, sources } => self.pull(from, phase, old, new, sources, cx),
            Msg::Give { phase, old, new, all } => {
                // A giver that has not caught up itself has nothing to vouch for.
                let items = if self.blank { Vec::new() } else { self.items_for(from, &old, &new, all, cx) };
                cx.count(metrics::KEYS_HANDED_OVER, items.len() as u64);
                cx.send(from, Msg::Given { phase, blank: self.blank, items: Arc::new(items) });
            }
            Msg::Given { phase, blank: false, items } if self.pulling.as_ref().is_some_and(|p| p.phase == phase && p.waiting.contains(&from)) => {
                for item in items.iter() {
                    self.learn(item.key, &item.known, item.value, item.born, cx);
                }
                if let Some(pulling) = &mut self.pulling {
                    pulling.waiting.remove(&from);
                }
                self.finish_if_done(cx);
            }
            // A late word of an earlier ring must not drop what a later one gave.
            Msg::Settle { phase, .. } if self.pulling.as_ref().is_some_and(|p| p.phase > phase) => {}
            Msg::Settle { ring, .. } => {
                let (system, me) = (cx.shared(), cx.me());
                if !system.handover {
                    self.blank = false;
                }
                if ring.members().contains(&me.0) {
                    self.keep_only(|key| system.owns(&ring, key, me));
                }
            }
            _ => {}
        }
    }

    fn items_for(&self, to: NodeId, old: &Ring, new: &Ring, all: bool, cx: &Cx<'_, Caching>) -> Vec<super::messages::Item> {
        let system = cx.system();
        self.items(system, cx.now(), |key| system.owns(new, key, to) && (all || !system.owns(old, key, to)))
    }

    /// The monitor's order: ask every source; an order for the same phase may come again with fewer sources.
    fn pull(&mut self, monitor: NodeId, phase: u64, old: Arc<Ring>, new: Arc<Ring>, sources: Vec<NodeId>, cx: &mut Cx<'_, Caching>) {
        let sources: BTreeSet<NodeId> = sources.into_iter().filter(|s| *s != cx.me()).collect();
        match &mut self.pulling {
            Some(pulling) if pulling.phase == phase => pulling.waiting.retain(|s| sources.contains(s)),
            _ => {
                self.pulling = Some(Pulling { phase, old, new, waiting: sources, monitor });
                self.ask_sources(cx);
                cx.background(AGAIN, Timer::PullAgain);
            }
        }
        self.finish_if_done(cx);
    }

    fn ask_sources(&self, cx: &mut Cx<'_, Caching>) {
        if let Some(p) = &self.pulling {
            for source in &p.waiting {
                cx.send(*source, Msg::Give { phase: p.phase, old: Arc::clone(&p.old), new: Arc::clone(&p.new), all: self.blank });
            }
        }
    }

    pub(super) fn pull_again(&mut self, cx: &mut Cx<'_, Caching>) {
        if self.pulling.as_ref().is_some_and(|p| !p.waiting.is_empty()) {
            self.ask_sources(cx);
            cx.background(AGAIN, Timer::PullAgain);
        }
    }

    /// The pull stays remembered, so that an order sent again is only acknowledged again.
    fn finish_if_done(&mut self, cx: &mut Cx<'_, Caching>) {
        if let Some(p) = &self.pulling
            && p.waiting.is_empty()
        {
            self.blank = false;
            cx.send(p.monitor, Msg::Pulled { phase: p.phase });
        }
    }
}
