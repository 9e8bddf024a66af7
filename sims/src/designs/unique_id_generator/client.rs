//! A client: asks for ids, checks what it gets, and stores a row under each request's first id.

use super::config::Scheme;
use super::watch::Fact;
use super::wire::{Ask, Made, Msg, Timer};
use super::{Ids, metrics, reasons};
use crate::kernel::cx::Cx;
use crate::kernel::load::{Arrivals, Stream};
use crate::kernel::node::{Look, NodeId};
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::VecDeque;

/// After so long a client counts a request as failed.
const PATIENCE: Span = Span::secs(10);

#[derive(Clone, Debug)]
pub struct Client {
    generators: Vec<NodeId>,
    database: NodeId,
    stream: Stream,
    /// This client's share of the load.
    share: f64,
    /// When it begins, as a part of the gap between its requests.
    turn: f64,
    /// Requests not yet ended, by number: when sent, and whether still open. The first one's number is `first_open`.
    sent: VecDeque<(Time, bool)>,
    first_open: u64,
    open: usize,
    gives_up: bool,
}

impl Client {
    pub fn new(generators: Vec<NodeId>, database: NodeId, (share, turn): (f64, f64), rng: Rng, system: &Ids) -> Client {
        Client {
            generators,
            database,
            stream: Stream::new(system.arrivals.clone(), rng),
            share,
            turn,
            sent: VecDeque::new(),
            first_open: 0,
            open: 0,
            gives_up: false,
        }
    }

    /// The generators have changed.
    pub fn know(&mut self, generators: Vec<NodeId>) {
        self.generators = generators;
    }

    pub fn open(&self) -> usize {
        self.open
    }

    pub fn start(&mut self, cx: &mut Cx<'_, Ids>) {
        let system = cx.system();
        if system.arrivals == Arrivals::Steady && system.rate > 0.0 {
            // Steady clients take turns, or they would all ask in one instant.
            let gap = 1.0 / (system.rate * self.share);
            cx.background(Span::from_secs_f64(gap * self.turn), Timer::Look);
        } else {
            self.wait_for_next(cx);
        }
    }

    pub fn crash(&mut self) {
        self.first_open += self.sent.len() as u64;
        self.sent.clear();
        self.open = 0;
        self.gives_up = false;
    }

    pub fn knobs(&mut self, cx: &mut Cx<'_, Ids>) {
        self.stream.set(cx.system().arrivals.clone());
    }

    fn wait_for_next(&mut self, cx: &mut Cx<'_, Ids>) {
        let rate = cx.system().rate * cx.load() * self.share;
        cx.expect(self.stream.gap(rate, cx.now()), |arrives| if arrives { Timer::Arrive } else { Timer::Look });
    }

    pub fn on_timer(&mut self, timer: &Timer, cx: &mut Cx<'_, Ids>) {
        match timer {
            Timer::Arrive => {
                if !cx.draining() {
                    let batch = cx.system().batch;
                    self.ask(None, batch, cx);
                }
                self.wait_for_next(cx);
            }
            Timer::Look => self.wait_for_next(cx),
            Timer::GiveUp => self.give_up(cx),
            Timer::Wake | Timer::Renew | Timer::Refetch | Timer::Redeploy => {}
        }
    }

    /// Asks one generator, or any, for some ids.
    pub fn ask(&mut self, generator: Option<NodeId>, ids: u64, cx: &mut Cx<'_, Ids>) {
        // Draw first, so that aiming a burst shifts nothing else.
        let draw = cx.rng().below(self.generators.len() as u64) as usize;
        let Some(to) = generator.or_else(|| self.generators.get(draw).copied()) else { return };
        let request = self.first_open + self.sent.len() as u64;
        self.sent.push_back((cx.now(), true));
        self.open += 1;
        cx.count(metrics::REQUESTS, 1);
        cx.send(to, Msg::Ask(Ask { client: cx.me(), request, left: ids, first: None, came: Time::ZERO }));
        if !self.gives_up {
            self.gives_up = true;
            cx.after(PATIENCE, Timer::GiveUp);
        }
    }

    pub fn on_msg(&mut self, msg: &Msg, cx: &mut Cx<'_, Ids>) {
        match *msg {
            Msg::Issued { request, made } => {
                let Some(sent) = self.end(request) else { return };
                cx.record_since(metrics::ISSUE, sent);
                check(made, cx);
                cx.send(self.database, Msg::Row { key: made.id });
            }
            Msg::Refused { request, reason } if self.end(request).is_some() => cx.fail(reason),
            _ => {}
        }
    }

    /// Ends a request: when it was sent, unless it had ended before.
    fn end(&mut self, request: u64) -> Option<Time> {
        let at = usize::try_from(request.checked_sub(self.first_open)?).ok()?;
        let (sent, open) = self.sent.get_mut(at)?;
        let sent = std::mem::replace(open, false).then_some(*sent)?;
        self.open -= 1;
        self.forget_ended();
        Some(sent)
    }

    fn forget_ended(&mut self) {
        while self.sent.front().is_some_and(|(_, open)| !open) {
            self.sent.pop_front();
            self.first_open += 1;
        }
    }

    fn give_up(&mut self, cx: &mut Cx<'_, Ids>) {
        let now = cx.now();
        while self.sent.front().is_some_and(|(sent, _)| now.since(*sent) >= PATIENCE) {
            if let Some((_, true)) = self.sent.pop_front() {
                self.open -= 1;
                cx.fail(reasons::TIMEOUT);
            }
            self.first_open += 1;
        }
        self.forget_ended();
        self.gives_up = false;
        if let Some((sent, _)) = self.sent.front() {
            self.gives_up = true;
            cx.after(Span(PATIENCE.0 - now.since(*sent).0), Timer::GiveUp);
        }
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.sent.bytes()
    }

    pub fn look(&self) -> Look {
        Look { label: format!("{} open", self.open), state: if self.open > 0 { State::Busy } else { State::Idle }, fill: None }
    }
}

/// Reads the time back out of an id and compares it with what the maker says it put in.
fn check(made: Made, cx: &mut Cx<'_, Ids>) {
    let Some(said_ms) = made.at_ms else { return };
    let system = cx.system();
    let read_ms = match system.scheme {
        Scheme::Snowflake => system.parser(made.site).parse(made.id as u64).at_ms,
        Scheme::Uuid7 => crate::parts::uuid::parse_v7(made.id).at_ms,
        Scheme::Ulid => crate::parts::ulid::at_ms(made.id),
        Scheme::Uuid4 | Scheme::DbSequence | Scheme::TicketServer => return,
    };
    cx.fact(Fact::Parsed { id: made.id, said_ms, read_ms });
}
