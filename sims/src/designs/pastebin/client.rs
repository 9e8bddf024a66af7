//! Everybody outside: people who paste, people who read, and owners who delete.

use super::messages::{Draft, Missing, Msg, Timer, Visibility};
use super::metrics::{CREATE, CREATED, GONE, NOT_FOUND, READ, READS, REQUESTS, reasons};
use super::role::Ctx;
use super::system::{Map, PATIENCE, Pastebin};
use super::watch::Fact;
use crate::kernel::load::{Arrivals, Stream};
use crate::kernel::math;
use crate::kernel::node::Look;
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::blobs::Body;
use crate::parts::outstanding::Outstanding;
use crate::parts::popularity::Popularity;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Pastes that readers choose from: a new one takes the place of another.
const POOL: usize = 1_000;
/// Bodies that may be pasted once more.
const RECENT: usize = 500;
const USERS: u64 = 10_000;
/// Most bodies are small and a few are large: the logarithm of their size is normal, with this deviation.
const SPREAD: f64 = 1.5;
/// Who was given the address of a paste that burns opens it after so long.
const OPENED_AFTER: Span = Span::millis(500);

#[derive(Clone, Debug)]
pub struct Client {
    map: Arc<Map>,
    makes: Stream,
    visits: Stream,
    waiting: Outstanding<What>,
    pool: Vec<Known>,
    place: usize,
    /// Places of pastes that somebody found gone: the next new ones come there.
    vacant: BTreeSet<usize>,
    popularity: Popularity<u64>,
    next_content: u64,
    recent: VecDeque<Body>,
}

/// A paste as its readers know it.
#[derive(Clone, Copy, Debug)]
struct Known {
    id: u64,
    owner: u64,
    private: bool,
}

#[derive(Clone, Debug)]
enum What {
    Make {
        draft: Draft,
    },
    /// From this place among those that readers choose from.
    Read {
        id: u64,
        place: Option<usize>,
    },
    Delete {
        id: u64,
    },
    FrontPage,
}

impl Client {
    pub fn new(map: Arc<Map>, system: &Pastebin, loads: [Rng; 2]) -> Client {
        let [makes, visits] = loads.map(|rng| Stream::new(Arrivals::Poisson, rng));
        Client {
            map,
            makes,
            visits,
            waiting: Outstanding::default(),
            pool: Vec::new(),
            place: 0,
            vacant: BTreeSet::new(),
            popularity: Popularity::new(POOL, system.skew),
            next_content: 0,
            recent: VecDeque::new(),
        }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.next_make(cx);
        self.next_visit(cx);
    }

    pub fn crash(&mut self) {
        self.waiting.forget();
    }

    pub fn turned(&mut self, cx: &mut Ctx<'_>) {
        self.popularity.turn(cx.system().skew);
    }

    fn next_make(&mut self, cx: &mut Ctx<'_>) {
        let rate = cx.system().create_rate * cx.load();
        cx.expect(self.makes.gap(rate, cx.now()), |arrives| if arrives { Timer::Make } else { Timer::IdleMake });
    }

    fn next_visit(&mut self, cx: &mut Ctx<'_>) {
        let rate = cx.system().read_rate * cx.load();
        cx.expect(self.visits.gap(rate, cx.now()), |arrives| if arrives { Timer::Visit } else { Timer::IdleVisit });
    }

    pub fn ring(&mut self, timer: &Timer, cx: &mut Ctx<'_>) {
        match *timer {
            Timer::Make => {
                self.make(cx);
                self.next_make(cx);
            }
            Timer::Visit => {
                self.visit(cx);
                self.next_visit(cx);
            }
            Timer::IdleMake => self.next_make(cx),
            Timer::IdleVisit => self.next_visit(cx),
            Timer::OpenBurning { id } => {
                for reader in 0..cx.system().burn_readers {
                    self.read(id, USERS + reader, cx);
                }
            }
            Timer::GiveUp { ticket } if self.waiting.close(ticket).is_some() => cx.fail(reasons::TIMEOUT),
            _ => {}
        }
    }

    /// Sends to some server, and waits.
    fn send(&mut self, what: What, cx: &mut Ctx<'_>, msg: impl FnOnce(u64) -> Msg) {
        cx.count(REQUESTS, 1);
        let (ticket, server) = (self.waiting.open(cx.now(), what), *cx.rng().pick(&self.map.apps));
        cx.after(PATIENCE, Timer::GiveUp { ticket });
        cx.send(server, msg(ticket));
    }

    fn make(&mut self, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let again = cx.rng().chance(system.duplicate_share);
        let body = if again && !self.recent.is_empty() { *cx.rng().pick(self.recent.make_contiguous()) } else { self.fresh(system.body, cx) };
        let burn = cx.rng().chance(system.burn_share);
        let ttl = if cx.rng().chance(system.short_share) { system.short } else { system.long };
        let share = cx.rng().unit();
        let visibility = if share < system.private_share {
            Visibility::Private
        } else if share < system.private_share + system.unlisted_share {
            Visibility::Unlisted
        } else {
            Visibility::Public
        };
        let owner = cx.rng().below(USERS);
        // What burns is meant for somebody who has its address.
        let visibility = if burn { Visibility::Unlisted } else { visibility };
        let draft = Draft { body, ttl, burn, visibility, owner };
        self.send(What::Make { draft }, cx, |ticket| Msg::Create { ticket, draft });
        if cx.rng().chance(system.delete_share) {
            self.delete(cx);
        }
    }

    /// A body that nobody has pasted before; its mean size is `mean`.
    fn fresh(&mut self, mean: u64, cx: &mut Ctx<'_>) -> Body {
        let scale = math::exp(SPREAD * cx.rng().normal() - SPREAD * SPREAD / 2.0);
        let body = Body { content: self.next_content, bytes: ((mean as f64 * scale) as u64).max(1) };
        self.next_content += 1;
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(body);
        body
    }

    /// An owner deletes one of the pastes that are read. Readers go on asking for it.
    fn delete(&mut self, cx: &mut Ctx<'_>) {
        if self.pool.is_empty() {
            return;
        }
        let Known { id, owner, .. } = *cx.rng().pick(&self.pool);
        self.send(What::Delete { id }, cx, |ticket| Msg::Delete { ticket, id, owner });
    }

    fn visit(&mut self, cx: &mut Ctx<'_>) {
        let front = cx.system().front_share;
        if cx.rng().chance(front) {
            return self.send(What::FrontPage, cx, |ticket| Msg::FrontPage { ticket });
        }
        if let Some(id) = self.popularity.craze(cx.now(), cx.rng()) {
            return self.read(id, USERS, cx);
        }
        let place = self.popularity.rank(cx.rng()) % self.pool.len().max(1);
        let Some(known) = self.pool.get(place).copied() else { return };
        // A private paste is opened by its owner, and now and then somebody else tries.
        let reader = if known.private && cx.rng().chance(0.8) { known.owner } else { cx.rng().below(USERS) };
        let id = known.id;
        self.send(What::Read { id, place: Some(place) }, cx, |ticket| Msg::Read { ticket, id, reader });
    }

    fn read(&mut self, id: u64, reader: u64, cx: &mut Ctx<'_>) {
        self.send(What::Read { id, place: None }, cx, |ticket| Msg::Read { ticket, id, reader });
    }

    /// From now on a share of all reads goes to the latest public paste.
    pub fn go_viral(&mut self, share: f64, length: Span, now: Time) -> Result<(), String> {
        let known = self.pool.iter().rev().find(|known| !known.private).ok_or("nothing has been pasted yet")?;
        self.popularity.go_viral(known.id, share, now + length);
        Ok(())
    }

    /// One and the same body, handed in so many times at once.
    pub fn paste_again(&mut self, times: u64, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let body = self.fresh(system.body, cx);
        for _ in 0..times {
            let owner = cx.rng().below(USERS);
            let draft = Draft { body, ttl: system.short, burn: false, visibility: Visibility::Unlisted, owner };
            self.send(What::Make { draft }, cx, |ticket| Msg::Create { ticket, draft });
        }
    }

    /// A paste of this size.
    pub fn paste_large(&mut self, bytes: u64, cx: &mut Ctx<'_>) {
        let body = Body { bytes, ..self.fresh(1, cx) };
        let draft = Draft { body, ttl: cx.system().short, burn: false, visibility: Visibility::Unlisted, owner: 0 };
        self.send(What::Make { draft }, cx, |ticket| Msg::Create { ticket, draft });
    }

    pub fn hear(&mut self, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Created { ticket, id } => {
                if let Some((since, What::Make { draft })) = self.waiting.close(ticket) {
                    cx.count(CREATED, 1);
                    cx.record_since(CREATE, since);
                    self.keep(id, &draft, cx);
                }
            }
            Msg::Refused { ticket, reason } if self.waiting.close(ticket).is_some() => cx.fail(reason),
            Msg::Body { ticket, .. } => {
                if let Some((since, What::Read { id, .. })) = self.waiting.close(ticket) {
                    cx.count(READS, 1);
                    cx.record_since(READ, since);
                    cx.fact(Fact::Seen { id, asked: since });
                }
            }
            Msg::NoBody { ticket, why } => {
                let Some((_, what)) = self.waiting.close(ticket) else { return };
                cx.count(if why == Missing::Gone { GONE } else { NOT_FOUND }, 1);
                if let (What::Read { id, place: Some(place) }, Missing::Gone) = (what, why)
                    && self.pool.get(place).is_some_and(|known| known.id == id)
                {
                    self.vacant.insert(place);
                }
            }
            Msg::Deleted { ticket } => {
                if let Some((_, What::Delete { id })) = self.waiting.close(ticket) {
                    cx.fact(Fact::Deleted { id });
                }
            }
            // Whoever looks at the front page opens one of its pastes.
            Msg::Listed { ticket, ids } if self.waiting.close(ticket).is_some() && !ids.is_empty() && !cx.draining() => {
                let (id, reader) = (*cx.rng().pick(&ids), cx.rng().below(USERS));
                self.read(id, reader, cx);
            }
            _ => {}
        }
    }

    fn keep(&mut self, id: u64, draft: &Draft, cx: &mut Ctx<'_>) {
        if draft.burn {
            cx.after(OPENED_AFTER, Timer::OpenBurning { id });
            return;
        }
        let known = Known { id, owner: draft.owner, private: draft.visibility == Visibility::Private };
        if let Some(place) = self.vacant.pop_first() {
            self.pool[place] = known;
        } else if self.pool.len() < POOL {
            self.pool.push(known);
        } else {
            self.place = (self.place + 1) % POOL;
            self.pool[self.place] = known;
        }
    }

    pub fn weight(&self) -> usize {
        self.waiting.weight() + self.vacant.bytes() + self.pool.bytes() + self.recent.bytes() + self.popularity.weight()
    }

    pub fn look(&self) -> Look {
        let state = if self.waiting.is_empty() { State::Idle } else { State::Busy };
        Look { label: format!("{} wait", self.waiting.len()), state, fill: None }
    }
}
