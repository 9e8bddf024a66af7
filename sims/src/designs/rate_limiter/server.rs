//! An API server: asks the limiter before it does the work.

use super::DECISION;
use super::message::{Msg, Request};
use super::system::RateLimiter;
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::Time;
use crate::kernel::view::State;
use std::collections::BTreeMap;

#[derive(Clone)]
pub struct Server {
    store: NodeId,
    clients: NodeId,
    next: u64,
    /// Requests whose decision is under way.
    waiting: BTreeMap<u64, (Request, Time)>,
}

impl Server {
    pub fn new(store: NodeId) -> Server {
        Server { store, clients: store, next: 0, waiting: BTreeMap::new() }
    }

    pub fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, RateLimiter>) {
        match msg {
            Msg::Request(request) => {
                self.clients = from;
                self.next += 1;
                self.waiting.insert(self.next, (request, cx.now()));
                cx.send(self.store, Msg::Take { ticket: self.next, key: u64::from(request.user) });
            }
            Msg::Decided { ticket, allowed, .. } => {
                if let Some((request, since)) = self.waiting.remove(&ticket) {
                    cx.record_since(DECISION, since);
                    cx.send(self.clients, Msg::Answer { request, allowed });
                }
            }
            Msg::Take { .. } | Msg::Answer { .. } => {}
        }
    }

    pub fn look(&self) -> Look {
        let waiting = self.waiting.len();
        Look { label: format!("{waiting} waiting"), state: if waiting > 0 { State::Busy } else { State::Idle }, fill: None }
    }
}
