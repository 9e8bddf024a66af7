//! The read-through cache that all servers share.

use super::messages::{Cached, Link, Msg};
use super::metrics::{HITS, MISSES};
use super::role::Ctx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::parts::cache::{Cache, Entry, Lru};

/// So long a code is remembered as unknown, where that is switched on.
const UNKNOWN_FOR: Span = Span::secs(30);

#[derive(Clone, Debug)]
pub struct CacheNode {
    /// One entry weighs one: the capacity is a number of links.
    links: Lru<Option<Link>>,
    asked: u64,
    hit: u64,
}

impl CacheNode {
    pub fn new(links: u64) -> CacheNode {
        CacheNode { links: Lru::with_capacity(links), asked: 0, hit: 0 }
    }

    pub fn clear(&mut self) {
        self.links = Lru::with_capacity(self.links.capacity());
    }

    /// A cache of another size begins empty.
    pub fn resize(&mut self, links: u64) {
        if links != self.links.capacity() {
            *self = CacheNode::new(links);
        }
    }

    pub fn hear(&mut self, from: NodeId, msg: &Msg, cx: &mut Ctx<'_>) {
        match *msg {
            Msg::Get { job, number } => {
                let found = match self.links.get(number, cx.now()) {
                    Some(Some(link)) => Cached::Link(*link),
                    Some(None) => Cached::Nothing,
                    None => Cached::Miss,
                };
                self.asked += 1;
                self.hit += u64::from(found != Cached::Miss);
                cx.count(if found == Cached::Miss { MISSES } else { HITS }, 1);
                cx.send(from, Msg::Got { job, found });
            }
            Msg::Fill { number, link } => {
                let expires = match link {
                    Some(link) if cx.system().check_expiry => link.expires,
                    Some(_) => Time::MAX,
                    None => cx.now() + UNKNOWN_FOR,
                };
                self.links.put(number, Entry { value: link, bytes: 1, expires }, cx.now(), &mut Vec::new());
            }
            _ => {}
        }
    }

    pub fn weight(&self) -> usize {
        self.links.len() * (std::mem::size_of::<Option<Link>>() + 80)
    }

    pub fn look(&self) -> Look {
        let share = if self.asked == 0 { 0.0 } else { self.hit as f64 / self.asked as f64 };
        let fill = self.links.used() as f64 / self.links.capacity().max(1) as f64;
        Look { label: format!("hit {:.0} %", share * 100.0), state: State::Busy, fill: Some(fill.min(1.0)) }
    }
}
