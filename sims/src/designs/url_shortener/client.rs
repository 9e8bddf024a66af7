//! Everybody outside: people who shorten addresses, visitors who follow links, and a stranger who guesses.

use super::messages::{Found, Link, Msg, Timer};
use super::metrics::{CREATE, CREATED, EXPIRED, PROBE_HITS, PROBED, REDIRECT, REQUESTS, UNKNOWN, reasons};
use super::role::Ctx;
use super::system::{Map, PATIENCE, Shortener};
use super::watch::Fact;
use crate::kernel::load::{Arrivals, Stream};
use crate::kernel::node::Look;
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::codes::Code;
use crate::parts::outstanding::Outstanding;
use crate::parts::popularity::Popularity;
use std::collections::VecDeque;
use std::sync::Arc;

/// Addresses that may be handed in once more.
const RECENT: usize = 1_000;
/// Codes shown in the pane.
const LATEST: usize = 40;

#[derive(Clone, Debug)]
pub struct Client {
    map: Arc<Map>,
    makes: Stream,
    visits: Stream,
    waiting: Outstanding<What>,
    /// Links by popularity: a new one takes the place of another.
    pool: Vec<Code>,
    place: usize,
    popularity: Popularity<Code>,
    next_address: u64,
    recent: VecDeque<u64>,
    latest: VecDeque<(Code, u64)>,
}

#[derive(Clone, Debug)]
enum What {
    Make { address: u64 },
    Visit { code: Code },
    Probe { code: Code },
}

impl Client {
    pub fn new(map: Arc<Map>, system: &Shortener, old: &[(u64, Link)], loads: [Rng; 2]) -> Client {
        let [makes, visits] = loads.map(|rng| Stream::new(Arrivals::Poisson, rng));
        Client {
            map,
            makes,
            visits,
            waiting: Outstanding::default(),
            pool: old.iter().map(|(number, _)| system.code(*number)).collect(),
            place: 0,
            popularity: Popularity::new(old.len(), system.skew),
            next_address: old.len() as u64,
            recent: (0..old.len().min(RECENT) as u64).collect(),
            latest: VecDeque::new(),
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
        let rate = cx.system().visit_rate * cx.load();
        cx.expect(self.visits.gap(rate, cx.now()), |arrives| if arrives { Timer::Follow } else { Timer::IdleFollow });
    }

    pub fn ring(&mut self, timer: &Timer, cx: &mut Ctx<'_>) {
        match *timer {
            Timer::Make => {
                self.make(cx);
                self.next_make(cx);
            }
            Timer::Follow => {
                self.follow(cx);
                self.next_visit(cx);
            }
            Timer::IdleMake => self.next_make(cx),
            Timer::IdleFollow => self.next_visit(cx),
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
        let resubmit = cx.system().resubmit;
        let address = if !self.recent.is_empty() && cx.rng().chance(resubmit) { *cx.rng().pick(self.recent.make_contiguous()) } else { self.fresh() };
        self.shorten(address, None, cx);
    }

    fn fresh(&mut self) -> u64 {
        let address = self.next_address;
        self.next_address += 1;
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(address);
        address
    }

    fn shorten(&mut self, address: u64, alias: Option<Code>, cx: &mut Ctx<'_>) {
        let ttl = cx.system().ttl;
        let expires = if ttl == Span::ZERO { Time::MAX } else { cx.now() + ttl };
        self.send(What::Make { address }, cx, |ticket| Msg::Create { ticket, link: Link { address, expires }, alias });
    }

    fn follow(&mut self, cx: &mut Ctx<'_>) {
        let craze = self.popularity.craze(cx.now(), cx.rng());
        let Some(code) = craze.or_else(|| self.pool.get(self.popularity.rank(cx.rng())).copied()) else { return };
        self.send(What::Visit { code }, cx, |ticket| Msg::Visit { ticket, code });
    }

    /// From now on a share of all visits goes to one link: the one that is followed least.
    pub fn go_viral(&mut self, share: f64, length: Span, now: Time) -> Result<(), String> {
        let code = *self.pool.last().ok_or("there is no link yet")?;
        self.popularity.go_viral(code, share, now + length);
        Ok(())
    }

    /// The same address, so many times at once.
    pub fn submit_again(&mut self, times: u64, cx: &mut Ctx<'_>) {
        let address = self.fresh();
        (0..times).for_each(|_| self.shorten(address, None, cx));
    }

    /// So many people want the same code of their own choice.
    pub fn want_alias(&mut self, times: u64, cx: &mut Ctx<'_>) {
        let number = cx.system().code_space() - 1 - self.next_address % 1_000;
        let alias = cx.system().code(number);
        for _ in 0..times {
            let address = self.fresh();
            self.shorten(address, Some(alias), cx);
        }
    }

    /// A stranger tries the codes just below, or above, the one handed out last.
    pub fn probe(&mut self, tries: u64, above: bool, cx: &mut Ctx<'_>) -> Result<(), String> {
        let (code, _) = self.latest.back().copied().or_else(|| Some((*self.pool.first()?, 0))).ok_or("nobody has a link yet")?;
        let number = cx.system().number(&code).unwrap_or(0);
        let numbers = if above { number + 1..cx.system().code_space().min(number + 1 + tries) } else { number.saturating_sub(tries)..number };
        for number in numbers {
            let code = cx.system().code(number);
            cx.count(PROBED, 1);
            self.send(What::Probe { code }, cx, |ticket| Msg::Visit { ticket, code });
        }
        Ok(())
    }

    pub fn hear(&mut self, msg: &Msg, cx: &mut Ctx<'_>) {
        match *msg {
            Msg::Created { ticket, code } => {
                if let Some((since, What::Make { address })) = self.waiting.close(ticket) {
                    cx.count(CREATED, 1);
                    cx.record_since(CREATE, since);
                    self.keep(code, address);
                }
            }
            Msg::Refused { ticket, reason } if self.waiting.close(ticket).is_some() => cx.fail(reason),
            Msg::Answer { ticket, found } => self.answered(ticket, found, cx),
            _ => {}
        }
    }

    fn keep(&mut self, code: Code, address: u64) {
        if !self.pool.is_empty() {
            self.place = (self.place + 1) % self.pool.len();
            self.pool[self.place] = code;
        }
        if self.latest.len() == LATEST {
            self.latest.pop_front();
        }
        self.latest.push_back((code, address));
    }

    fn answered(&mut self, ticket: u64, found: Found, cx: &mut Ctx<'_>) {
        let Some((since, what)) = self.waiting.close(ticket) else { return };
        let code = match what {
            What::Visit { code } => code,
            What::Probe { code } => {
                cx.count(PROBE_HITS, u64::from(matches!(found, Found::Redirect(_))));
                code
            }
            What::Make { .. } => return,
        };
        match found {
            Found::Redirect(_) => cx.record_since(REDIRECT, since),
            Found::Unknown => cx.count(UNKNOWN, 1),
            Found::Gone => cx.count(EXPIRED, 1),
        }
        if let Some(number) = cx.system().meant(&code) {
            cx.fact(Fact::Told { number, found, asked: since });
        }
    }

    /// The latest links, newest first: code and address.
    pub fn latest(&self) -> impl Iterator<Item = &(Code, u64)> {
        self.latest.iter().rev()
    }

    pub fn weight(&self) -> usize {
        self.waiting.weight() + self.pool.bytes() + self.recent.bytes() + self.latest.bytes() + self.popularity.weight()
    }

    pub fn look(&self) -> Look {
        let state = if self.waiting.is_empty() { State::Idle } else { State::Busy };
        Look { label: format!("{} wait", self.waiting.len()), state, fill: None }
    }
}
