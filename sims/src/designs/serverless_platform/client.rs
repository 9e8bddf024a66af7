//! The clients: every tenant's callers in one node, open to the world.

use super::messages::{Call, Msg, Outcome, Timer, Version};
use super::metrics::{INVOCATIONS, LATENCY, NEIGHBOURS, NEIGHBOURS_FAILED, NEIGHBOURS_SENT};
use super::role::Ctx;
use super::system::Serverless;
use super::watch::Fact;
use crate::kernel::action::Action;
use crate::kernel::load::Stream;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::zipf::Zipf;
use std::collections::VecDeque;
use std::mem::size_of;

/// Whoever has heard nothing for so long gives up. Longer than the longest wait, start and run together.
const PATIENCE: Span = Span::secs(50);
const LOOK: Span = Span::secs(1);
/// The tenant that makes noise when asked to.
pub const NOISY: u16 = 0;

#[derive(Clone)]
pub struct Clients {
    router: NodeId,
    stream: Stream,
    noise: Stream,
    popularity: Zipf,
    /// Calls sent so far; the next one's id.
    ids: u64,
    /// From the oldest that may be open on: when it was sent and by whom, or that it is over.
    open: VecDeque<Option<(Time, u16)>>,
    first: u64,
    unanswered: usize,
    noisy_until: Time,
    noise_rate: f64,
    /// Counts noises, so that an old one's timers do nothing.
    turn: u32,
}

impl Clients {
    pub fn new(router: NodeId, system: &Serverless, arrivals: Rng, noise: Rng) -> Clients {
        Clients {
            router,
            stream: Stream::new(system.shape.clone(), arrivals),
            noise: Stream::new(crate::kernel::load::Arrivals::Poisson, noise),
            popularity: Zipf::new(system.functions() as usize, system.skew),
            ids: 0,
            open: VecDeque::new(),
            first: 1,
            unanswered: 0,
            noisy_until: Time::ZERO,
            noise_rate: 0.0,
            turn: 0,
        }
    }

    pub fn unanswered(&self) -> usize {
        self.unanswered
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.expect(cx);
        self.turn += 1;
        self.expect_noise(cx);
        cx.after(LOOK, Timer::Tick);
    }

    pub fn wake(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Arrive { send } => {
                if send && !cx.draining() {
                    self.arrive(cx);
                }
                self.expect(cx);
            }
            Timer::Noise { send, turn } if turn == self.turn => {
                if send && !cx.draining() && cx.now() < self.noisy_until {
                    self.send(NOISY, u32::from(NOISY) * cx.system().per_tenant, cx);
                }
                self.expect_noise(cx);
            }
            Timer::Tick => self.give_up(cx),
            _ => {}
        }
    }

    fn expect(&mut self, cx: &mut Ctx<'_>) {
        if cx.draining() {
            return;
        }
        cx.expect(self.stream.gap(cx.system().base_rate * cx.load(), cx.now()), |send| Timer::Arrive { send });
    }

    fn expect_noise(&mut self, cx: &mut Ctx<'_>) {
        if cx.draining() || cx.now() >= self.noisy_until {
            return;
        }
        let turn = self.turn;
        cx.expect(self.noise.gap(self.noise_rate * cx.load(), cx.now()), |send| Timer::Noise { send, turn });
    }

    /// Functions by popularity go round the tenants, so that each has popular and rare ones.
    fn arrive(&mut self, cx: &mut Ctx<'_>) {
        let rank = self.popularity.rank(cx.rng().u64()) as u32;
        let system = cx.system();
        let tenant = rank % system.tenants;
        self.send(tenant as u16, tenant * system.per_tenant + rank / system.tenants, cx);
    }

    fn send(&mut self, tenant: u16, function: u32, cx: &mut Ctx<'_>) {
        let unit = cx.rng().exponential();
        let system = cx.system();
        let length = if system.lengths_vary { system.duration.times(unit) } else { system.duration };
        self.ids += 1;
        cx.count(INVOCATIONS, 1);
        if tenant != NOISY {
            cx.count(NEIGHBOURS_SENT, 1);
        }
        self.open.push_back(Some((cx.now(), tenant)));
        self.unanswered += 1;
        cx.send(self.router, Msg::Invoke(Call { id: self.ids, function, tenant, limit: 0, version: Version::default(), length }));
    }

    pub fn hear(&mut self, msg: &Msg, cx: &mut Ctx<'_>) {
        let Msg::Reply { call, outcome } = msg else { return };
        let Some(place) = call.checked_sub(self.first) else { return };
        let Some((sent, tenant)) = self.open.get_mut(place as usize).and_then(Option::take) else { return };
        self.over(*call, cx);
        if *outcome == Outcome::Done {
            cx.record_since(LATENCY, sent);
            if tenant != NOISY {
                cx.record_since(NEIGHBOURS, sent);
            }
            return;
        }
        let reason = match outcome {
            Outcome::Error => super::REASON_FUNCTION,
            Outcome::TimedOut => super::REASON_TIMEOUT,
            Outcome::Throttled => super::REASON_THROTTLED,
            Outcome::NoRoom => super::REASON_NO_ROOM,
            Outcome::WorkerLost | Outcome::Done => super::REASON_WORKER,
        };
        self.failed(tenant, reason, cx);
    }

    fn failed(&mut self, tenant: u16, reason: usize, cx: &mut Ctx<'_>) {
        cx.fail(reason);
        if tenant != NOISY {
            cx.count(NEIGHBOURS_FAILED, 1);
        }
    }

    fn over(&mut self, call: u64, cx: &mut Ctx<'_>) {
        self.unanswered -= 1;
        cx.fact(Fact::Over { call });
        while self.open.front().is_some_and(Option::is_none) {
            self.open.pop_front();
            self.first += 1;
        }
    }

    /// Calls that were never answered, the oldest first.
    fn give_up(&mut self, cx: &mut Ctx<'_>) {
        while let Some(Some((sent, tenant))) = self.open.front().copied() {
            if cx.now().since(sent) < PATIENCE {
                break;
            }
            self.open[0] = None;
            let call = self.first;
            self.over(call, cx);
            self.failed(tenant, super::REASON_UNANSWERED, cx);
        }
        if cx.draining() && self.unanswered == 0 {
            cx.background(LOOK, Timer::Tick);
        } else {
            cx.after(LOOK, Timer::Tick);
        }
    }

    /// A knob was turned: the shape may be another.
    pub fn turn(&mut self, system: &Serverless) {
        self.stream.set(system.shape.clone());
    }

    /// `burst` and `noise`: by hand or by script.
    pub fn act(&mut self, action: &Action, cx: &mut Ctx<'_>) -> Result<(), String> {
        let system = cx.shared();
        if action.name == "noise" {
            self.noise_rate = action.num("rate").unwrap_or(0.0);
            self.noisy_until = cx.now() + action.span("for").unwrap_or_default();
            self.turn += 1;
            self.expect_noise(cx);
            return Ok(());
        }
        let tenant = action.int("tenant").unwrap_or(1).unsigned_abs() as u32;
        if tenant == 0 || tenant > system.tenants {
            return Err(format!("there is no tenant {tenant}; there are 1 to {}", system.tenants));
        }
        for _ in 0..action.int("n").unwrap_or(1).unsigned_abs() {
            self.send((tenant - 1) as u16, (tenant - 1) * system.per_tenant, cx);
        }
        Ok(())
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        // A cell of the popularity table is two words of 32 bits; copies share it.
        self.open.bytes() + size_of::<Zipf>()
    }

    pub fn look(&self, system: &Serverless) -> Look {
        let state = if self.unanswered > 200 { State::Warn } else { State::Busy };
        Look { label: format!("{} tenants, {} open", system.tenants, self.unanswered), state, fill: None }
    }
}
