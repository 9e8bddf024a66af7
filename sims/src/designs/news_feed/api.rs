//! The API tier: passes writes on, gathers, merges and checks a page, and may keep authors' lists for a while.

use super::metrics::{HIDDEN, LIST_HITS};
use super::msg::{Msg, Timer, Which};
use super::node::Ctx;
use super::system::{Map, Strategy, TIMEOUT};
use crate::kernel::math;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::{Flat, deep};
use crate::parts::merge::newest;
use crate::parts::timeline::PostId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Asked for beyond a page, so that a few deleted posts do not cost a second round.
const SPARE: usize = 5;
/// A ranked page is chosen from so many pages' worth of the newest posts.
const CANDIDATES: usize = 5;
/// A post loses as much in this time as an author with e times fewer followers.
const RANK_DECAY: Span = Span::secs(20);
const SWEEP: Span = Span::secs(1);

#[derive(Clone, Debug)]
pub struct Api {
    map: Arc<Map>,
    reads: BTreeMap<u64, Box<Read>>,
    /// Grows over the node's whole life.
    next: u64,
    /// Authors' lists: when they were fetched, how many posts were asked for, the posts.
    cache: BTreeMap<u32, (Time, usize, Vec<PostId>)>,
}

/// A page being put together.
#[derive(Clone, Debug)]
struct Read {
    /// The client's number for it.
    ticket: u64,
    user: u32,
    began: Time,
    /// Posts wanted from each source.
    count: usize,
    /// Who has not answered yet.
    awaited: Vec<NodeId>,
    lists: Vec<Vec<PostId>>,
    /// What the merge gave; set once the posts are being checked.
    merged: Option<usize>,
    live: Vec<PostId>,
}

impl Api {
    pub fn new(map: Arc<Map>) -> Api {
        Api { map, reads: BTreeMap::new(), next: 0, cache: BTreeMap::new() }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        cx.background(SWEEP, Timer::Sweep);
    }

    pub fn crash(&mut self) {
        self.reads.clear();
        self.cache.clear();
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        let client = self.map.client;
        match msg {
            Msg::Post { id } | Msg::Delete { id } => cx.send(self.map.store_of(id.author()), msg),
            Msg::Follow { .. } => cx.send(self.map.social, msg),
            Msg::Posted { .. } | Msg::Deleted { .. } | Msg::Followed { .. } => cx.send(client, msg),
            Msg::Read { ticket, user } => {
                let system = cx.system();
                let pages = if system.ranked { CANDIDATES } else { 1 };
                let count = (system.page * pages + SPARE).min(system.plan.keep);
                self.gather(ticket, user, cx.now(), count, cx);
            }
            Msg::Shown { ticket, ids } => self.add(ticket, from, vec![ids], cx),
            Msg::Whose { ticket, authors, .. } => self.fetch_lists(ticket, from, &authors, cx),
            Msg::ListsAre { ticket, lists, count } => {
                self.remember(&lists, count, cx);
                self.add(ticket, from, lists.into_iter().map(|(_, ids)| ids).collect(), cx);
            }
            Msg::Live { ticket, ids } => self.show_if_checked(ticket, from, &ids, cx),
            _ => {}
        }
    }

    /// First round: the stored timeline, or the followees, or both, by the strategy.
    fn gather(&mut self, ticket: u64, user: u32, began: Time, count: usize, cx: &mut Ctx<'_>) {
        self.next += 1;
        let number = self.next;
        let mut awaited = Vec::new();
        let strategy = cx.system().plan.strategy;
        if strategy != Strategy::Pull {
            let shard = self.map.shard_of(user);
            awaited.push(shard);
            cx.send(shard, Msg::Show { ticket: number, user, count });
        }
        if strategy != Strategy::Push {
            awaited.push(self.map.social);
            let which = if strategy == Strategy::Pull { Which::All } else { Which::Pulled };
            cx.send(self.map.social, Msg::Whom { ticket: number, user, which });
        }
        self.reads.insert(number, Box::new(Read { ticket, user, began, count, awaited, lists: Vec::new(), merged: None, live: Vec::new() }));
    }

    fn fetch_lists(&mut self, number: u64, from: NodeId, authors: &[u32], cx: &mut Ctx<'_>) {
        let now = cx.now();
        let ttl = cx.system().list_cache;
        let Some(read) = self.reads.get_mut(&number) else { return };
        if !answered(read, from) {
            return;
        }
        let mut missing = Vec::new();
        for author in authors {
            match self.cache.get(author) {
                Some((at, asked, ids)) if now.since(*at) < ttl && *asked >= read.count => {
                    cx.count(LIST_HITS, 1);
                    read.lists.push(ids.iter().take(read.count).copied().collect());
                }
                _ => missing.push(*author),
            }
        }
        for (store, authors) in self.map.by_store(missing.into_iter()) {
            read.awaited.push(store);
            cx.send(store, Msg::Lists { ticket: number, authors, count: read.count });
        }
        self.check_if_gathered(number, cx);
    }

    fn remember(&mut self, lists: &[(u32, Vec<PostId>)], count: usize, cx: &Ctx<'_>) {
        if cx.system().list_cache > Span::ZERO {
            for (author, ids) in lists {
                self.cache.insert(*author, (cx.now(), count, ids.clone()));
            }
        }
    }

    fn add(&mut self, number: u64, from: NodeId, lists: Vec<Vec<PostId>>, cx: &mut Ctx<'_>) {
        let Some(read) = self.reads.get_mut(&number).filter(|read| read.merged.is_none()) else { return };
        if answered(read, from) {
            read.lists.extend(lists);
            self.check_if_gathered(number, cx);
        }
    }

    /// Second round: merge, and ask the stores for what is still there.
    fn check_if_gathered(&mut self, number: u64, cx: &mut Ctx<'_>) {
        let Some(read) = self.reads.get_mut(&number).filter(|read| read.awaited.is_empty()) else { return };
        let mut lists = std::mem::take(&mut read.lists);
        lists.retain(|list| !list.is_empty());
        // A single list is taken as it is: were it merged, a post that stands in it twice would be hidden, not cured.
        let ids = match lists.len() {
            0 => Vec::new(),
            1 => lists.swap_remove(0),
            _ => newest(lists.iter().map(Vec::as_slice).collect(), read.count),
        };
        read.merged = Some(ids.len());
        let mut groups: BTreeMap<NodeId, Vec<PostId>> = BTreeMap::new();
        for id in ids {
            groups.entry(self.map.store_of(id.author())).or_default().push(id);
        }
        read.awaited = groups.keys().copied().collect();
        for (store, ids) in groups {
            cx.send(store, Msg::Check { ticket: number, ids });
        }
        self.finish_if_checked(number, cx);
    }

    fn show_if_checked(&mut self, number: u64, from: NodeId, ids: &[PostId], cx: &mut Ctx<'_>) {
        let Some(read) = self.reads.get_mut(&number).filter(|read| read.merged.is_some()) else { return };
        if answered(read, from) {
            read.live.extend_from_slice(ids);
            self.finish_if_checked(number, cx);
        }
    }

    fn finish_if_checked(&mut self, number: u64, cx: &mut Ctx<'_>) {
        if self.reads.get(&number).is_none_or(|read| !read.awaited.is_empty()) {
            return;
        }
        let Some(read) = self.reads.remove(&number) else { return };
        let merged = read.merged.unwrap_or(0);
        cx.count(HIDDEN, (merged - read.live.len().min(merged)) as u64);
        let (page, keep, ranked) = (cx.system().page, cx.system().plan.keep, cx.system().ranked);
        if read.live.len() < page && merged >= read.count && read.count < keep {
            // Deleted posts left the page short and there is more below: once again, deeper.
            return self.gather(read.ticket, read.user, read.began, (2 * read.count).min(keep), cx);
        }
        let mut ids = read.live;
        ids.sort_unstable_by(|a, b| b.cmp(a));
        if ranked {
            self.rank(&mut ids, cx.now());
        }
        ids.truncate(page);
        cx.send(self.map.client, Msg::Page { ticket: read.ticket, ids });
    }

    /// Simply ranked: the logarithm of the author's followers, less the post's age.
    fn rank(&self, ids: &mut [PostId], now: Time) {
        let score = |id: &PostId| {
            let age = now.as_secs() - id.ms() as f64 / 1e3;
            math::ln(1.0 + self.map.graph.followers(id.author()).len() as f64) - age / RANK_DECAY.as_secs()
        };
        ids.sort_by(|a, b| score(b).total_cmp(&score(a)));
    }

    /// Forgets pages that will never be complete; the client counts them.
    pub fn sweep(&mut self, cx: &mut Ctx<'_>) {
        let now = cx.now();
        self.reads.retain(|_, read| now.since(read.began) < TIMEOUT);
        cx.background(SWEEP, Timer::Sweep);
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.reads.bytes()
            + deep(self.reads.values(), |read| std::mem::size_of::<Read>() + deep(read.lists.iter(), Flat::bytes) + read.live.bytes())
            + self.cache.bytes()
            + deep(self.cache.values(), |(_, _, posts)| posts.bytes())
    }

    pub fn look(&self) -> Look {
        let state = if self.reads.is_empty() { State::Idle } else { State::Busy };
        Look { label: format!("{} pages", self.reads.len()), state, fill: None }
    }
}

/// Takes one answer off the list; false if it was not awaited, as a repeated one is not.
fn answered(read: &mut Read, from: NodeId) -> bool {
    let at = read.awaited.iter().position(|awaited| *awaited == from);
    at.map(|at| read.awaited.swap_remove(at)).is_some()
}
