//! The cache: bodies by their names, which never change; or whole pastes by their ids, which do.

use super::messages::{Copied, Msg};
use super::metrics::{HITS, MISSES};
use super::role::Ctx;
use super::view::told;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::Time;
use crate::kernel::view::State;
use crate::parts::cache::{Cache, Entry, Lru};

#[derive(Clone, Debug)]
pub struct CacheNode {
    copies: Lru<Copied>,
    asked: u64,
    hit: u64,
}

impl CacheNode {
    pub fn new(bytes: u64) -> CacheNode {
        CacheNode { copies: Lru::with_capacity(bytes), asked: 0, hit: 0 }
    }

    pub fn clear(&mut self) {
        self.copies = Lru::with_capacity(self.copies.capacity());
    }

    /// A cache of another size begins empty.
    pub fn resize(&mut self, bytes: u64) {
        if bytes != self.copies.capacity() {
            *self = CacheNode::new(bytes);
        }
    }

    pub fn hear(&mut self, from: NodeId, msg: &Msg, cx: &mut Ctx<'_>) {
        match *msg {
            Msg::Ask { job, key } => {
                let kept = self.copies.get(key, cx.now()).copied();
                self.asked += 1;
                self.hit += u64::from(kept.is_some());
                cx.count(if kept.is_some() { HITS } else { MISSES }, 1);
                cx.send(from, Msg::Kept { job, kept });
            }
            Msg::Keep { key, copy } => {
                let expires = copy.row.filter(|_| cx.system().check_expiry).map_or(Time::MAX, |row| row.expires);
                let bytes = u32::try_from(copy.body.bytes).unwrap_or(u32::MAX);
                self.copies.put(key, Entry { value: copy, bytes, expires }, cx.now(), &mut Vec::new());
            }
            _ => {}
        }
    }

    pub fn weight(&self) -> usize {
        self.copies.len() * (size_of::<Copied>() + 80)
    }

    pub fn look(&self) -> Look {
        let share = if self.asked == 0 { 0.0 } else { self.hit as f64 / self.asked as f64 };
        let fill = self.copies.used() as f64 / self.copies.capacity().max(1) as f64;
        Look { label: format!("hit {:.0} %, {}", share * 100.0, told(self.copies.used())), state: State::Busy, fill: Some(fill.min(1.0)) }
    }
}
