//! The final judgement: every timeline that a reader would get now is the naive model's.

use super::node::FeedNode;
use super::social::Social;
use super::store::Store;
use super::system::{Map, NewsFeed};
use super::watch::{SAME_TIMELINE, told};
use crate::kernel::invariant::Lamps;
use crate::kernel::world::World;
use crate::parts::merge::newest;
use crate::parts::timeline::PostId;

/// Users judged at most, evenly spread.
const JUDGED_MAX: u32 = 4_000;

/// The nodes a judgement looks at.
struct Parts<'a> {
    map: &'a Map,
    social: &'a Social,
    world: &'a World<NewsFeed>,
}

pub fn finally(world: &World<NewsFeed>, lamps: &mut Lamps) {
    let Some(parts) = Parts::of(world) else { return };
    if !parts.is_quiet() {
        return;
    }
    let users = parts.map.graph.users();
    let plan = world.system().plan;
    let horizon = world.system().horizon(world.now());
    for user in (0..users).step_by((users / JUDGED_MAX + 1) as usize) {
        let want = world.watch().naive(user, plan.keep, horizon);
        let Some((got, may_miss)) = parts.answer(user, horizon) else { continue };
        let enough = got.len() + may_miss >= want.len();
        let holds = enough && want.starts_with(&got);
        lamps.judge(SAME_TIMELINE, world.now(), holds, || differs(user, &got, &want));
    }
}

fn differs(user: u32, got: &[PostId], want: &[PostId]) -> String {
    let at = got.iter().zip(want).position(|(g, w)| g != w).unwrap_or(got.len().min(want.len()));
    let name = |ids: &[PostId]| ids.get(at).map_or_else(|| "nothing".to_string(), |id| told(Some(id)));
    format!("user {} has {} at place {}, the model has {} ({} entries against {})", user + 1, name(got), at + 1, name(want), got.len(), want.len())
}

impl<'a> Parts<'a> {
    fn of(world: &'a World<NewsFeed>) -> Option<Parts<'a>> {
        let client = world.role("client").first().copied()?;
        let FeedNode::Client(client) = world.node(client) else { return None };
        let map = client.map();
        let FeedNode::Social(social) = world.node(map.social) else { return None };
        Some(Parts { map, social, world })
    }

    /// Whether queue, outboxes and builds are empty: before that, timelines may lawfully differ.
    fn is_quiet(&self) -> bool {
        self.social.outbox.is_empty()
            && self.world.ids().all(|id| match self.world.node(id) {
                FeedNode::Queue(queue) => queue.is_empty(),
                FeedNode::Store(store) => store.outbox.is_empty(),
                FeedNode::Shard(shard) => shard.unfinished() == 0,
                FeedNode::Client(_) | FeedNode::Api(_) | FeedNode::Social(_) | FeedNode::Worker(_) => true,
            })
    }

    fn store(&self, author: u32) -> Option<&'a Store> {
        match self.world.node(self.map.store_of(author)) {
            FeedNode::Store(store) => Some(store),
            _ => None,
        }
    }

    /// What a reader of the whole timeline would get, and how many entries may be missing at its end: after deletes a timeline is
    /// filled up only once its slack is used up. None if there is no timeline and a reader would wait for a build.
    fn answer(&self, user: u32, horizon: PostId) -> Option<(Vec<PostId>, usize)> {
        let plan = self.world.system().plan;
        let FeedNode::Shard(shard) = self.world.node(self.map.shard_of(user)) else { return None };
        let slot = shard.slot(user);
        let is_short = slot.is_some_and(super::slot::Slot::is_short);
        let young = |mut ids: Vec<PostId>| {
            ids.retain(|id| *id >= horizon);
            ids
        };
        let stored = slot.and_then(|slot| slot.newest(usize::MAX)).map(young);
        let is_stored = stored.is_some() && plan.strategy != super::system::Strategy::Pull;
        let lists = self.social.following_of(user).into_iter().filter(|author| !is_stored || plan.pulls(&self.map.graph, *author));
        let lists: Vec<Vec<PostId>> = lists.filter_map(|author| Some(young(self.store(author)?.posts.newest(author, plan.keep)))).collect();
        let mut all: Vec<&[PostId]> = lists.iter().map(Vec::as_slice).collect();
        let stored = stored.filter(|_| is_stored).unwrap_or_default();
        let missing = if is_stored && is_short { plan.slack() } else { 0 };
        // Below the oldest entry of a short timeline there are gaps: nobody may look further down.
        let oldest = if missing > 0 { stored.last().copied() } else { None };
        if all.is_empty() {
            // One list is shown as it is, twice-delivered posts too.
            return Some((stored, missing));
        }
        all.push(&stored);
        let live = newest(all, usize::MAX).into_iter().filter(|id| self.store(id.author()).is_some_and(|store| store.posts.is_live(*id)));
        Some((live.take(plan.keep).filter(|id| oldest.is_none_or(|oldest| *id >= oldest)).collect(), missing))
    }
}
