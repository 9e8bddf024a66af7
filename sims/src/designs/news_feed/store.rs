//! A post store: the authors' own lists, durable, from which everything else can be built again.

use super::metrics::{LIST_READS, READ_WORK};
use super::msg::{Job, Msg, Part};
use super::node::Ctx;
use super::outbox::Outbox;
use super::system::{Desk, Map, cost};
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::view::State;
use crate::parts::author_lists::AuthorLists;
use crate::parts::timeline::PostId;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Store {
    map: Arc<Map>,
    pub posts: AuthorLists,
    pub outbox: Outbox,
    desk: Desk,
}

impl Store {
    pub fn new(map: Arc<Map>) -> Store {
        let outbox = Outbox::new(map.queue);
        Store { map, posts: AuthorLists::default(), outbox, desk: Desk::default() }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.outbox.flush(cx);
    }

    pub fn crash(&mut self) {
        self.outbox.crash();
        self.desk = Desk::default();
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Post { id } => self.post(from, id, cx),
            Msg::Delete { id } => self.delete(from, id, cx),
            Msg::Lists { ticket, authors, count } => self.lists(from, ticket, &authors, count, cx),
            Msg::Check { ticket, ids } => self.check(from, ticket, ids, cx),
            Msg::Enqueued { number } => self.outbox.confirmed(number),
            _ => {}
        }
    }

    /// The post and its job are one write: either both are there after a crash, or neither.
    fn post(&mut self, from: NodeId, id: PostId, cx: &mut Ctx<'_>) {
        let wait = self.desk.serve(cx.now(), cost::FETCH) + cost::SYNC;
        cx.send_after(wait, from, Msg::Posted { id });
        let horizon = cx.system().horizon(cx.now());
        if id < horizon || !self.posts.put(id) {
            return;
        }
        self.posts.forget_before(id.author(), horizon);
        cx.count(super::metrics::POSTS, 1);
        cx.fact(Fact::Stored(id));
        if !cx.system().plan.pulls(&self.map.graph, id.author()) {
            self.outbox.put(Job::Post { id, part: Part::ALL }, wait, cx);
        }
    }

    fn delete(&mut self, from: NodeId, id: PostId, cx: &mut Ctx<'_>) {
        let wait = self.desk.serve(cx.now(), cost::FETCH) + cost::SYNC;
        cx.send_after(wait, from, Msg::Deleted { id });
        if !self.posts.delete(id) {
            return;
        }
        cx.fact(Fact::Gone(id));
        if !cx.system().plan.pulls(&self.map.graph, id.author()) {
            self.outbox.put(Job::Delete { id, part: Part::ALL }, wait, cx);
        }
    }

    fn lists(&mut self, from: NodeId, ticket: u64, authors: &[u32], count: usize, cx: &mut Ctx<'_>) {
        let work = cx.system().list_cost * authors.len() as u64;
        cx.count(LIST_READS, authors.len() as u64);
        cx.count(READ_WORK, work.0 / 1_000);
        let wait = self.desk.serve(cx.now(), work);
        let horizon = cx.system().horizon(cx.now());
        let newest = |author: &u32| self.posts.newest(*author, count).into_iter().take_while(|id| *id >= horizon).collect();
        let lists = authors.iter().map(|author| (*author, newest(author))).collect();
        cx.send_after(wait, from, Msg::ListsAre { ticket, lists, count });
    }

    /// The bodies of a page are fetched here; a deleted post has none. Without tombstones a copy of the body is believed as it is.
    fn check(&mut self, from: NodeId, ticket: u64, ids: Vec<PostId>, cx: &mut Ctx<'_>) {
        let wait = self.desk.serve(cx.now(), cost::FETCH + cost::FETCH_PER_POST * ids.len() as u64);
        let believe = !cx.system().tombstones;
        let ids = ids.into_iter().filter(|id| believe || self.posts.is_live(*id)).collect();
        cx.send_after(wait, from, Msg::Live { ticket, ids });
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.posts.weight()
    }

    pub fn look(&self) -> Look {
        let state = if self.outbox.is_empty() { State::Idle } else { State::Busy };
        Look { label: format!("{} posts", self.posts.len()), state, fill: None }
    }
}
