//! The lamps' own memory: a naive model of who posted what and who follows whom, fed with facts.

use super::social::note;
use super::system::{Map, NewsFeed};
use crate::kernel::invariant::Lamps;
use crate::kernel::node::Watch;
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::{Flat, deep};
use crate::parts::timeline::PostId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub const NO_DUPLICATES: usize = 0;
pub const WITHIN_BOUND: usize = 1;
pub const DELETED_STAYS_DELETED: usize = 2;
pub const SAME_TIMELINE: usize = 3;
pub const REBUILT_ON_RETURN: usize = 4;

/// Longer than a page is under way, or a list is cached.
const STALE: Span = Span::secs(300);

fn forget(posts: &mut BTreeSet<PostId>, horizon: PostId) {
    while posts.first().is_some_and(|id| *id < horizon) {
        posts.pop_first();
    }
}

#[derive(Clone, Debug)]
pub enum Fact {
    /// The graph that everything starts from.
    Graph(Arc<Map>),
    Stored(PostId),
    Gone(PostId),
    /// The author has been told that the post is gone.
    DeleteAcked(PostId),
    Edge {
        user: u32,
        author: u32,
        on: bool,
    },
    /// A page that was asked for then and is shown now.
    Page {
        user: u32,
        asked: Time,
        ids: Vec<PostId>,
    },
    /// The longest of the timelines just written.
    Held {
        most: usize,
    },
    /// A timeline was built from the lists.
    Rebuilt {
        len: usize,
    },
}

#[derive(Clone, Debug, Default)]
pub struct FeedWatch {
    map: Option<Arc<Map>>,
    edges: BTreeMap<u32, BTreeMap<u32, bool>>,
    live: BTreeMap<u32, BTreeSet<PostId>>,
    gone: BTreeSet<PostId>,
    acked: BTreeMap<PostId, Time>,
}

impl Watch<NewsFeed> for FeedWatch {
    type Fact = Fact;

    fn weight(&self) -> usize {
        self.edges.bytes()
            + deep(self.edges.values(), Flat::bytes)
            + self.live.bytes()
            + deep(self.live.values(), Flat::bytes)
            + self.gone.bytes()
            + self.acked.bytes()
    }

    fn see(&mut self, now: Time, fact: Fact, system: &NewsFeed, lamps: &mut Lamps) {
        match fact {
            Fact::Graph(map) => self.map = Some(map),
            Fact::Stored(id) => {
                if !self.gone.contains(&id) {
                    let posts = self.live.entry(id.author()).or_default();
                    posts.insert(id);
                    forget(posts, system.horizon(now));
                }
            }
            Fact::Gone(id) => {
                self.gone.insert(id);
                // Pages under way may still show what was young enough when they were asked for.
                let horizon = system.horizon(now - STALE);
                forget(&mut self.gone, horizon);
                while self.acked.first_key_value().is_some_and(|(id, _)| *id < horizon) {
                    self.acked.pop_first();
                }
                if let Some(posts) = self.live.get_mut(&id.author()) {
                    posts.remove(&id);
                }
            }
            Fact::DeleteAcked(id) => {
                self.acked.entry(id).or_insert(now);
            }
            Fact::Edge { user, author, on } => {
                let as_at_first = self.map.as_ref().is_some_and(|map| map.graph.following(user).binary_search(&author).is_ok() == on);
                note(&mut self.edges, user, author, on, as_at_first);
            }
            Fact::Page { user, asked, ids } => self.judge_page(now, user, asked, &ids, lamps),
            Fact::Held { most } => {
                let keep = system.plan.keep;
                lamps.judge(WITHIN_BOUND, now, most <= keep, || format!("a timeline holds {most} entries, the bound is {keep}"));
            }
            Fact::Rebuilt { len } => {
                if len > 0 {
                    lamps.reach(REBUILT_ON_RETURN);
                }
            }
        }
    }
}

impl FeedWatch {
    fn judge_page(&self, now: Time, user: u32, asked: Time, ids: &[PostId], lamps: &mut Lamps) {
        let mut seen = BTreeSet::new();
        let twice = ids.iter().find(|id| !seen.insert(**id));
        lamps.judge(NO_DUPLICATES, now, twice.is_none(), || format!("user {} was shown {} twice on one page", user + 1, told(twice)));
        let dead = ids.iter().find(|id| self.acked.get(id).is_some_and(|acked| *acked <= asked));
        lamps.judge(DELETED_STAYS_DELETED, now, dead.is_none(), || {
            let acked = dead.and_then(|id| self.acked.get(id)).copied().unwrap_or_default();
            format!("user {} asked at {asked} and was shown {}, whose deletion was acknowledged at {acked}", user + 1, told(dead))
        });
    }

    /// The newest posts since the horizon of everyone a user follows, by collecting and sorting them all.
    pub fn naive(&self, user: u32, keep: usize, horizon: PostId) -> Vec<PostId> {
        let Some(map) = &self.map else { return Vec::new() };
        let changes = self.edges.get(&user);
        let kept = map.graph.following(user).iter().filter(|author| changes.and_then(|c| c.get(author)).copied().unwrap_or(true));
        let added = changes.into_iter().flatten().filter(|(_, on)| **on).map(|(author, _)| author);
        let authors: BTreeSet<u32> = kept.chain(added).copied().collect();
        let mut posts: Vec<PostId> = authors.iter().filter_map(|author| self.live.get(author)).flat_map(|posts| posts.range(horizon..)).copied().collect();
        posts.sort_unstable_by(|a, b| b.cmp(a));
        posts.truncate(keep);
        posts
    }
}

/// A post as a person reads it: `post 12.345/7` is author 7's of 12.345 s.
pub fn told(id: Option<&PostId>) -> String {
    id.map_or_else(String::new, |id| format!("post {}.{:03}/{}", id.ms() / 1000, id.ms() % 1000, id.author() + 1))
}
