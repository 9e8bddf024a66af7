//! Everyone outside: authors who post, readers who read, people who follow, unfollow, delete and come back.

use super::metrics::{AGE, READ, READS, TIMED_OUT};
use super::msg::{Msg, Timer};
use super::node::Ctx;
use super::system::{Map, TIMEOUT};
use super::watch::Fact;
use crate::kernel::load::{Arrivals, Stream};
use crate::kernel::math;
use crate::kernel::node::Look;
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::{Flat, deep};
use crate::parts::timeline::{NUMBERS, PostId};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// The streams of the load, by their place.
const POST: usize = 0;
const READING: usize = 1;
const RETURN: usize = 2;
const CHURN: usize = 3;
const DELETE: usize = 4;
pub const STREAMS: [&str; 5] = ["posts", "reads", "returns", "churn", "deletes"];

/// Posts that may still be deleted by chance.
const RECENT: usize = 200;
/// An author's posts that can still be deleted by name: as many as the action can ask for.
const LATEST: usize = 500;
const SWEEP: Span = Span::secs(1);
/// Where so much has changed by churn, every other change takes back the oldest: a graph that only drifts away is another graph in the end.
const CHANGES: usize = 1_000;

#[derive(Clone, Debug)]
pub struct Client {
    map: Arc<Map>,
    streams: Vec<Stream>,
    /// Sums of the authors' weights, for drawing who posts.
    weights: Arc<Vec<f64>>,
    post_skew: f64,
    awake: Vec<u32>,
    asleep: Vec<u32>,
    /// Number of the last post within its millisecond.
    last: (u64, u64),
    /// Confirmed posts, the latest last.
    recent: VecDeque<PostId>,
    latest: BTreeMap<u32, Vec<PostId>>,
    reads: BTreeMap<u64, (u32, Time)>,
    next_read: u64,
    /// Who follows or unfollowed whom by churn, the latest last.
    changes: VecDeque<(u32, u32, bool)>,
}

impl Client {
    pub fn new(map: Arc<Map>, active: &[bool], post_skew: f64, rngs: Vec<Rng>) -> Client {
        let users = 0..active.len() as u32;
        let (awake, asleep) = users.partition(|user| active[*user as usize]);
        let weights = Arc::new(weights(&map, post_skew));
        let streams = rngs.into_iter().map(|rng| Stream::new(Arrivals::Poisson, rng)).collect();
        Client {
            map,
            streams,
            weights,
            post_skew,
            awake,
            asleep,
            last: (0, 0),
            recent: VecDeque::new(),
            latest: BTreeMap::new(),
            reads: BTreeMap::new(),
            next_read: 0,
            changes: VecDeque::new(),
        }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        for stream in 0..STREAMS.len() {
            self.arrange(stream, cx);
        }
        cx.background(SWEEP, Timer::Sweep);
    }

    pub fn retune(&mut self, cx: &mut Ctx<'_>) {
        let skew = cx.system().post_skew;
        if skew.total_cmp(&self.post_skew).is_ne() {
            self.post_skew = skew;
            self.weights = Arc::new(weights(&self.map, skew));
        }
    }

    pub fn hear(&mut self, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Posted { id } => {
                if self.recent.len() == RECENT {
                    self.recent.pop_front();
                }
                self.recent.push_back(id);
                let (latest, horizon) = (self.latest.entry(id.author()).or_default(), cx.system().horizon(cx.now()));
                latest.retain(|id| *id >= horizon);
                if !latest.contains(&id) {
                    latest.push(id);
                    if latest.len() > LATEST {
                        latest.remove(0);
                    }
                }
            }
            Msg::Deleted { id } => cx.fact(Fact::DeleteAcked(id)),
            Msg::Page { ticket, ids } => self.see(ticket, ids, cx),
            _ => {}
        }
    }

    fn see(&mut self, ticket: u64, ids: Vec<PostId>, cx: &mut Ctx<'_>) {
        let Some((user, asked)) = self.reads.remove(&ticket) else { return };
        cx.count(READS, 1);
        cx.record_since(READ, asked);
        for id in &ids {
            cx.record(AGE, cx.now().0.saturating_sub(id.ms() * 1_000_000));
        }
        cx.fact(Fact::Page { user, asked, ids });
    }

    pub fn ring(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Arrive(stream) => {
                // While draining the load is off: arrivals that were arranged before are void.
                if cx.load() > 0.0 {
                    self.arrive(stream, cx);
                }
                self.arrange(stream, cx);
            }
            Timer::Later(stream) => self.arrange(stream, cx),
            Timer::Sweep => {
                let now = cx.now();
                while let Some((_, (_, asked))) = self.reads.first_key_value()
                    && now.since(*asked) >= TIMEOUT
                {
                    self.reads.pop_first();
                    cx.fail(TIMED_OUT);
                }
                cx.background(SWEEP, Timer::Sweep);
            }
            _ => {}
        }
    }

    fn arrange(&mut self, stream: usize, cx: &mut Ctx<'_>) {
        let system = cx.system();
        let rate = [system.post_rate, system.read_rate, system.return_rate, system.churn_rate, system.delete_rate][stream] * cx.load();
        cx.expect(self.streams[stream].gap(rate, cx.now()), |arrives| if arrives { Timer::Arrive(stream) } else { Timer::Later(stream) });
    }

    fn arrive(&mut self, stream: usize, cx: &mut Ctx<'_>) {
        match stream {
            POST => {
                let author = self.draw_author(cx.rng());
                self.post(author, cx);
            }
            READING if !self.awake.is_empty() => {
                let user = *cx.rng().pick(&self.awake);
                self.read(user, cx);
            }
            RETURN => self.come_back(1, cx),
            CHURN => self.churn(cx),
            DELETE if !self.recent.is_empty() => {
                let at = cx.rng().below(self.recent.len() as u64) as usize;
                if let Some(id) = self.recent.remove(at) {
                    self.delete(id, cx);
                }
            }
            _ => {}
        }
    }

    fn draw_author(&self, rng: &mut Rng) -> u32 {
        let total = self.weights.last().copied().unwrap_or(1.0);
        let x = rng.unit() * total;
        (self.weights.partition_point(|sum| *sum <= x) as u32).min(self.map.graph.users() - 1)
    }

    fn ask(&mut self, msg: Msg, cx: &mut Ctx<'_>) {
        let api = *cx.rng().pick(&self.map.apis);
        cx.send(api, msg);
    }

    pub fn post(&mut self, author: u32, cx: &mut Ctx<'_>) {
        let ms = (cx.now().0 / 1_000_000).max(self.last.0);
        self.last = match self.last {
            (last, number) if last == ms && number + 1 < NUMBERS => (ms, number + 1),
            (last, _) if last == ms => (ms + 1, 1),
            _ => (ms, 1),
        };
        let id = PostId::new(self.last.0, author, self.last.1);
        self.ask(Msg::Post { id }, cx);
    }

    pub fn read(&mut self, user: u32, cx: &mut Ctx<'_>) {
        self.next_read += 1;
        self.reads.insert(self.next_read, (user, cx.now()));
        self.ask(Msg::Read { ticket: self.next_read, user }, cx);
    }

    /// So many inactive users open the app; they are readers from now on.
    pub fn come_back(&mut self, users: usize, cx: &mut Ctx<'_>) {
        for _ in 0..users.min(self.asleep.len()) {
            let at = cx.rng().below(self.asleep.len() as u64) as usize;
            let user = self.asleep.swap_remove(at);
            self.awake.push(user);
            self.read(user, cx);
        }
    }

    fn churn(&mut self, cx: &mut Ctx<'_>) {
        if self.changes.len() >= CHANGES
            && let Some((user, author, on)) = self.changes.pop_front()
        {
            return self.ask(Msg::Follow { user, author, on: !on }, cx);
        }
        let (who, whom, follows) = (cx.rng().unit(), cx.rng().unit(), cx.rng().chance(0.5));
        let users = self.map.graph.users();
        let user = ((who * f64::from(users)) as u32).min(users - 1);
        let author = if follows {
            ((whom * f64::from(users)) as u32).min(users - 1)
        } else {
            let row = self.map.graph.following(user);
            let Some(author) = row.get((whom * row.len() as f64) as usize) else { return };
            *author
        };
        self.changes.push_back((user, author, follows));
        self.ask(Msg::Follow { user, author, on: follows }, cx);
    }

    /// The user follows so many whom they did not follow at the start, drawn without preference.
    pub fn follow_many(&mut self, user: u32, n: usize, cx: &mut Ctx<'_>) -> usize {
        let mut others: Vec<u32> = (0..self.map.graph.users()).filter(|a| *a != user && self.map.graph.following(user).binary_search(a).is_err()).collect();
        cx.rng().shuffle(&mut others);
        others.truncate(n);
        for author in &others {
            self.ask(Msg::Follow { user, author: *author, on: true }, cx);
        }
        others.len()
    }

    /// The user unfollows so many of those they followed at the start, the most followed first.
    pub fn unfollow(&mut self, user: u32, n: usize, cx: &mut Ctx<'_>) -> usize {
        let row: Vec<u32> = self.map.graph.following(user).iter().take(n).copied().collect();
        for author in &row {
            self.ask(Msg::Follow { user, author: *author, on: false }, cx);
        }
        row.len()
    }

    /// So many of an author's followers at the start unfollow, the highest numbers first.
    pub fn lose_followers(&mut self, author: u32, n: usize, cx: &mut Ctx<'_>) -> usize {
        let users: Vec<u32> = self.map.graph.followers(author).iter().rev().take(n).copied().collect();
        for user in &users {
            self.ask(Msg::Follow { user: *user, author, on: false }, cx);
        }
        users.len()
    }

    /// The author deletes their latest posts.
    pub fn delete_latest(&mut self, author: u32, n: usize, cx: &mut Ctx<'_>) -> usize {
        let posts = self.latest.get_mut(&author).map_or_else(Vec::new, |posts| posts.split_off(posts.len().saturating_sub(n)));
        for id in &posts {
            self.delete(*id, cx);
        }
        posts.len()
    }

    fn delete(&mut self, id: PostId, cx: &mut Ctx<'_>) {
        self.recent.retain(|recent| *recent != id);
        self.ask(Msg::Delete { id }, cx);
    }

    pub fn map(&self) -> &Map {
        &self.map
    }

    /// Somebody who reads, for the sample pane.
    pub fn sample(&self) -> Option<u32> {
        self.awake.first().copied()
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.streams.bytes()
            + self.awake.bytes()
            + self.asleep.bytes()
            + self.recent.bytes()
            + self.latest.bytes()
            + deep(self.latest.values(), Flat::bytes)
            + self.reads.bytes()
            + self.changes.bytes()
    }

    pub fn look(&self) -> Look {
        Look { label: format!("{} readers", self.awake.len()), state: State::Idle, fill: None }
    }
}

/// Author i posts with a weight of followers^skew: 0 is all alike, 1 is in proportion to the audience.
fn weights(map: &Map, skew: f64) -> Vec<f64> {
    let mut sum = 0.0;
    (0..map.graph.users())
        .map(|author| {
            sum += math::pow(map.graph.followers(author).len().max(1) as f64, skew);
            sum
        })
        .collect()
}
