//! The social graph: who follows whom, who is active, and a logical clock that orders its answers.

use super::msg::{Job, Msg, Part, Which};
use super::node::Ctx;
use super::outbox::Outbox;
use super::system::{Desk, Map, NewsFeed, cost};
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::view::State;
use crate::kernel::weight::{Flat, deep};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Durable, all of it.
#[derive(Clone, Debug)]
pub struct Social {
    map: Arc<Map>,
    /// What changed since the start, both ways.
    following: BTreeMap<u32, BTreeMap<u32, bool>>,
    followers: BTreeMap<u32, BTreeMap<u32, bool>>,
    active: Vec<bool>,
    /// Grows at each read and each change, so that two answers can be put in order: it fences late deliveries.
    clock: u64,
    pub outbox: Outbox,
    desk: Desk,
}

impl Social {
    pub fn new(map: Arc<Map>, active: Vec<bool>) -> Social {
        let outbox = Outbox::new(map.queue);
        Social { map, following: BTreeMap::new(), followers: BTreeMap::new(), active, clock: 0, outbox, desk: Desk::default() }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        cx.fact(Fact::Graph(Arc::clone(&self.map)));
        self.outbox.flush(cx);
    }

    pub fn crash(&mut self) {
        self.outbox.crash();
        self.desk = Desk::default();
    }

    pub fn hear(&mut self, from: NodeId, msg: &Msg, cx: &mut Ctx<'_>) {
        match *msg {
            Msg::Whom { ticket, user, which } => self.whom(from, ticket, user, which, cx),
            Msg::Followers { ticket, author, part } => self.followers_of(from, ticket, author, part, cx),
            Msg::Follow { user, author, on } => self.change(from, user, author, on, cx),
            Msg::Enqueued { number } => self.outbox.confirmed(number),
            _ => {}
        }
    }

    fn whom(&mut self, from: NodeId, ticket: u64, user: u32, which: Which, cx: &mut Ctx<'_>) {
        let plan = cx.system().plan;
        self.clock += 1;
        if which == Which::Pushed {
            self.active[user as usize] = true;
        }
        let mut authors = self.following_of(user);
        match which {
            Which::All => {}
            Which::Pulled => authors.retain(|author| plan.pulls(&self.map.graph, *author)),
            Which::Pushed => authors.retain(|author| !plan.pulls(&self.map.graph, *author)),
        }
        let wait = self.desk.serve(cx.now(), cost::GRAPH + cost::GRAPH_PER_EDGE * authors.len() as u64);
        cx.send_after(wait, from, Msg::Whose { ticket, authors, stamp: self.clock });
    }

    fn followers_of(&mut self, from: NodeId, ticket: u64, author: u32, part: Part, cx: &mut Ctx<'_>) {
        self.clock += 1;
        let all = self.followers_in(author, part);
        let followed_by = all.len();
        let skip = cx.system().skip_inactive;
        let users: Vec<u32> = all.into_iter().filter(|user| !skip || self.active[*user as usize]).collect();
        let skipped = (followed_by - users.len()) as u64;
        let wait = self.desk.serve(cx.now(), cost::GRAPH + cost::GRAPH_PER_EDGE * followed_by as u64);
        cx.send_after(wait, from, Msg::FollowersAre { ticket, users, skipped, stamp: self.clock });
    }

    /// Both directions change in one step, and the job that back-fills or clears goes into the outbox with them.
    fn change(&mut self, from: NodeId, user: u32, author: u32, on: bool, cx: &mut Ctx<'_>) {
        let wait = self.desk.serve(cx.now(), cost::GRAPH) + cost::SYNC;
        cx.send_after(wait, from, Msg::Followed { user });
        if user == author || self.is_following(user, author) == on {
            return;
        }
        self.clock += 1;
        let as_at_first = self.map.graph.following(user).binary_search(&author).is_ok() == on;
        note(&mut self.following, user, author, on, as_at_first);
        note(&mut self.followers, author, user, on, as_at_first);
        cx.fact(Fact::Edge { user, author, on });
        if !cx.system().plan.pulls(&self.map.graph, author) {
            self.outbox.put(Job::Edge { user, author, on, stamp: self.clock }, wait, cx);
        }
    }

    pub fn is_following(&self, user: u32, author: u32) -> bool {
        let changed = self.following.get(&user).and_then(|row| row.get(&author));
        changed.copied().unwrap_or_else(|| self.map.graph.following(user).binary_search(&author).is_ok())
    }

    /// Whom a user follows now.
    pub fn following_of(&self, user: u32) -> Vec<u32> {
        patched(self.map.graph.following(user), self.following.get(&user), Part::ALL)
    }

    fn followers_in(&self, author: u32, part: Part) -> Vec<u32> {
        patched(self.map.graph.followers(author), self.followers.get(&author), part)
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        [&self.following, &self.followers].iter().map(|edges| edges.bytes() + deep(edges.values(), Flat::bytes)).sum::<usize>() + self.active.bytes()
    }

    pub fn look(&self) -> Look {
        Look { label: format!("{} changes", self.following.values().map(BTreeMap::len).sum::<usize>()), state: State::Idle, fill: None }
    }
}

/// Keeps a change beside the graph, or forgets the one that was there if all is as it was at first.
pub fn note(changes: &mut BTreeMap<u32, BTreeMap<u32, bool>>, row: u32, item: u32, on: bool, as_at_first: bool) {
    let kept = changes.entry(row).or_default();
    if as_at_first {
        kept.remove(&item);
    } else {
        kept.insert(item, on);
    }
    if kept.is_empty() {
        changes.remove(&row);
    }
}

/// A sorted row with its changes laid over it.
fn patched(row: &[u32], changes: Option<&BTreeMap<u32, bool>>, part: Part) -> Vec<u32> {
    let from = row.partition_point(|item| *item < part.from);
    let to = row.partition_point(|item| *item <= part.to);
    let row = &row[from..to];
    let Some(changes) = changes else { return row.to_vec() };
    let mut items: BTreeSet<u32> = row.iter().copied().collect();
    for (item, on) in changes.range(part.from..=part.to) {
        if *on {
            items.insert(*item);
        } else {
            items.remove(item);
        }
    }
    items.into_iter().collect()
}

/// Users who are active at the start.
pub fn draw_active(system: &NewsFeed, mut unit: impl FnMut() -> f64) -> Vec<bool> {
    (0..system.users).map(|_| unit() < system.active).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_is_taken_back_leaves_nothing() {
        let mut changes = BTreeMap::new();
        note(&mut changes, 1, 7, true, false);
        note(&mut changes, 1, 8, false, false);
        assert_eq!(patched(&[8, 9], changes.get(&1), Part::ALL), [7, 9]);
        note(&mut changes, 1, 7, false, true);
        note(&mut changes, 1, 8, true, true);
        assert!(changes.is_empty() && patched(&[8, 9], changes.get(&1), Part::ALL) == [8, 9]);
    }
}
