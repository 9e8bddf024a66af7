//! A client: takes the lock, renews it, reads, works, writes, frees it; and keeps its own count of how long it may believe.

use super::config::Locks;
use super::job::{Job, Phase};
use super::round::{Round, Standing};
use super::watch::Fact;
use super::wire::{Answer, Ask, Lock, Msg, Owner, Request, Timer};
use super::{metrics, reasons};
use crate::kernel::cx::Cx;
use crate::kernel::load::{Arrivals, Stream};
use crate::kernel::node::{Look, NodeId};
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::parts::raft::{Finder, NotLeader};

/// A release that nobody answers is sent so many times; then the lease's own end must do.
const FREE_TRIES: u32 = 5;

#[derive(Clone)]
pub struct Client {
    number: u32,
    servers: Vec<NodeId>,
    finder: Finder,
    pub storage: NodeId,
    stream: Stream,
    /// Jobs begun, rounds asked: never used twice, not even across a crash. A real client draws long random values.
    jobs: u32,
    pub rounds: u64,
    pub job: Option<Job>,
}

impl Client {
    pub fn new(number: u32, servers: Vec<NodeId>, storage: NodeId, rng: Rng) -> Client {
        let finder = Finder::new(servers.clone());
        Client { number, servers, finder, storage, stream: Stream::new(Arrivals::Poisson, rng), jobs: 0, rounds: 0, job: None }
    }

    /// Whether it is at work under this lock, or about to free it.
    pub fn works_on(&self, lock: Lock) -> bool {
        self.job.as_ref().is_some_and(|job| job.lock == lock && job.phase != Phase::Wanting)
    }

    pub fn start(&mut self, cx: &mut Cx<'_, Locks>) {
        self.expect(cx);
    }

    pub fn crash(&mut self) {
        self.job = None;
    }

    fn expect(&mut self, cx: &mut Cx<'_, Locks>) {
        if cx.draining() {
            return;
        }
        let rate = cx.system().base_rate / cx.system().clients as f64 * cx.load();
        cx.expect(self.stream.gap(rate, cx.now()), |begin| Timer::Arrive { begin });
    }

    fn arrive(&mut self, cx: &mut Cx<'_, Locks>) {
        let locks = u64::from(cx.system().locks);
        let lock = 1 + cx.rng().below(locks) as u32;
        if self.job.is_some() {
            return cx.count(metrics::SKIPPED, 1);
        }
        // A free client takes any job.
        let _ = self.begin(lock, None, cx);
    }

    /// Begins a job on a lock, with work of this length or the knob's.
    ///
    /// # Errors
    /// It has one already.
    pub fn begin(&mut self, lock: Lock, work: Option<Span>, cx: &mut Cx<'_, Locks>) -> Result<(), String> {
        if let Some(job) = &self.job {
            return Err(format!("client{} is busy with job {}", self.number, job.owner.job));
        }
        // Drawn whether needed or not: a job of fixed length must not shift the others' chances.
        let unit = cx.rng().exponential();
        let mean = cx.system().work;
        let work = work.unwrap_or(if cx.system().work_varies { mean.times(unit) } else { mean });
        self.jobs += 1;
        let owner = Owner { client: self.number, job: self.jobs };
        cx.count(metrics::JOBS, 1);
        self.job = Some(Job {
            owner,
            lock,
            begun: cx.now(),
            work,
            phase: Phase::Wanting,
            round: None,
            waited: (0, Span::ZERO),
            frees: 0,
            token: 0,
            over: 0,
            over_true: Time::ZERO,
            over_timer: None,
            based_on: 0,
            storage: (0, 0),
        });
        self.ask(Ask::Take, cx);
        Ok(())
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Locks>) {
        match timer {
            Timer::Arrive { begin } => {
                if begin && !cx.draining() {
                    self.arrive(cx);
                }
                self.expect(cx);
            }
            Timer::Again { job } if self.is_in(job, Phase::Wanting) => self.ask(Ask::Take, cx),
            Timer::RoundOver { round } => self.round_over(round, cx),
            Timer::Renew { job } if self.holds(job) && cx.system().renew_every.is_some() => self.ask(Ask::Renew, cx),
            Timer::LeaseOver { job } if self.holds(job) => {
                self.still_mine(cx);
            }
            Timer::WorkDone { job } if self.is_in(job, Phase::Working) => self.write(cx),
            Timer::StorageOver { id } => self.storage_over(id, cx),
            _ => {}
        }
    }

    fn is_in(&self, job: u32, phase: Phase) -> bool {
        self.job.as_ref().is_some_and(|j| j.owner.job == job && j.phase == phase)
    }

    fn holds(&self, job: u32) -> bool {
        self.job.as_ref().is_some_and(|j| j.owner.job == job && j.phase.holds())
    }

    /// Asks the lock's servers: the one that leads, or all of Redlock's at once.
    fn ask(&mut self, ask: Ask, cx: &mut Cx<'_, Locks>) {
        let Some(job) = &mut self.job else { return };
        let system = cx.shared();
        self.rounds += 1;
        if ask == Ask::Take {
            cx.count(metrics::TRIES, 1);
        }
        let sent_clock = system.clock_ns(cx);
        let request = Request { ask, lock: job.lock, owner: job.owner, round: self.rounds, ttl: system.ttl, sent: cx.now(), sent_clock };
        job.round = Some(Round::new(request));
        if system.needed() > 1 {
            for server in &self.servers {
                cx.send(*server, Msg::Ask(request));
            }
        } else {
            cx.send(self.finder.target(), Msg::Ask(request));
        }
        cx.after(system.request_timeout, Timer::RoundOver { round: self.rounds });
    }

    pub fn on_msg(&mut self, from: NodeId, msg: &Msg, cx: &mut Cx<'_, Locks>) {
        match *msg {
            Msg::Answer { request, answer } => self.answered(from, request, answer, cx),
            Msg::Value { access, version } => self.value(&access, version, cx),
            Msg::Written { access, at } => self.written(&access, at, cx),
            Msg::Refused { access, .. } => self.refused(&access, cx),
            _ => {}
        }
    }

    fn answered(&mut self, from: NodeId, request: Request, answer: Answer, cx: &mut Cx<'_, Locks>) {
        let needed = cx.system().needed();
        let mine = self.job.as_ref().is_some_and(|job| job.owner == request.owner && job.phase != Phase::Freeing);
        if !mine && matches!(answer, Answer::Granted { .. }) {
            // A late or doubled request has taken the lock for a job that is over.
            return cx.send(from, Msg::Ask(Request { ask: Ask::Free, ..request }));
        }
        let at = self.servers.iter().position(|id| *id == from).unwrap_or(0);
        let Some(job) = self.job.as_mut().filter(|job| job.owner == request.owner) else { return };
        let Some(round) = job.round.as_mut() else { return };
        // Of several stores only this round's votes count together; of one, any answer to this question is good.
        if round.request.ask != request.ask || (needed > 1 && round.request.round != request.round) {
            return;
        }
        if let Answer::NotLeader { hint } = answer {
            self.finder.redirect(NotLeader { hint });
            if hint.is_some() && round.redirect() {
                let again = round.request;
                cx.send(self.finder.target(), Msg::Ask(again));
            }
            return;
        }
        match round.vote(at, answer, needed, self.servers.len() as u32) {
            Standing::Open => {}
            Standing::Won => {
                let token = round.largest;
                job.round = None;
                self.won(request, token, cx);
            }
            Standing::Lost => {
                job.round = None;
                self.lost(request.ask, cx);
            }
        }
    }

    /// Enough servers said yes.
    fn won(&mut self, request: Request, token: u64, cx: &mut Cx<'_, Locks>) {
        let system = cx.shared();
        let Some(job) = &mut self.job else { return };
        if request.ask == Ask::Free {
            self.job = None;
            return;
        }
        let left = left_of(&system, &request, cx);
        if left == Span::ZERO {
            // The answer took longer than what it gives.
            return self.lost(request.ask, cx);
        }
        let redlock = system.needed() > 1;
        job.over = until(request.sent_clock, system.believed(request.ttl));
        job.over_true = cx.now() + left;
        if request.ask == Ask::Take {
            job.token = if redlock && !system.counters { cx.rng().u64() >> 32 } else { token };
            cx.count(metrics::GRANTED, 1);
            if self.number <= 2 {
                cx.count(if self.number == 1 { metrics::GRANTED_1 } else { metrics::GRANTED_2 }, 1);
            }
            cx.record_since(metrics::ACQUIRE, job.begun);
        } else {
            cx.count(metrics::RENEWALS, 1);
        }
        let (lock, owner, token, until) = (job.lock, job.owner, job.token, job.over_true);
        cx.fact(Fact::Promised { lock, owner, until: request.sent + system.believed(request.ttl) });
        if redlock {
            cx.fact(Fact::Majority { lock, owner, token, until, renewed: request.ask == Ask::Renew });
        }
        cx.fact(Fact::Believes { lock, owner, until });
        if let Some(timer) = job.over_timer.take() {
            cx.cancel(timer);
        }
        let job_number = owner.job;
        job.over_timer = (until < Time::MAX).then(|| cx.after(left, Timer::LeaseOver { job: job_number }));
        if let Some(every) = system.renew_every {
            cx.after(every, Timer::Renew { job: job_number });
        }
        if request.ask == Ask::Take {
            self.go_to(Phase::Reading, cx);
        }
    }

    /// It cannot have it now, or has it no longer.
    fn lost(&mut self, ask: Ask, cx: &mut Cx<'_, Locks>) {
        match ask {
            Ask::Take => self.rest(cx),
            // Somebody freed it, or it is over: a client that looks gives up here, another one goes on.
            Ask::Renew => {
                cx.count(metrics::RENEWALS_REFUSED, 1);
                if cx.system().self_check {
                    self.give_up(reasons::LEASE_LOST, cx);
                }
            }
            Ask::Free => self.job = None,
        }
    }

    /// Waits before the next try, or gives up for want of patience.
    fn rest(&mut self, cx: &mut Cx<'_, Locks>) {
        let system = cx.shared();
        if system.needed() > 1 {
            // Votes of a minority are given back at once, those that may still be on their way too.
            self.free_all(cx);
        }
        let Some(job) = &mut self.job else { return };
        if cx.now() >= job.begun + system.patience {
            cx.fail(reasons::PATIENCE);
            return self.free(cx);
        }
        let (retry, last) = (job.waited.0 + 1, job.waited.1);
        let wait = system.retry.wait(retry, last, cx.rng()).unwrap_or(system.retry.cap);
        job.waited = (retry, wait);
        let number = job.owner.job;
        cx.after(wait, Timer::Again { job: number });
    }

    fn free_all(&mut self, cx: &mut Cx<'_, Locks>) {
        let Some(job) = &self.job else { return };
        self.rounds += 1;
        let (ttl, sent_clock) = (cx.system().ttl, cx.system().clock_ns(cx));
        let request = Request { ask: Ask::Free, lock: job.lock, owner: job.owner, round: self.rounds, ttl, sent: cx.now(), sent_clock };
        for server in &self.servers {
            cx.send(*server, Msg::Ask(request));
        }
    }

    /// Servers asked in this round have had their time.
    fn round_over(&mut self, round: u64, cx: &mut Cx<'_, Locks>) {
        let Some(job) = self.job.as_mut() else { return };
        let Some(asked) = job.round.as_ref().filter(|r| r.request.round == round) else { return };
        let ask = asked.request.ask;
        job.round = None;
        self.finder.no_answer();
        match ask {
            Ask::Take => self.rest(cx),
            Ask::Renew if job.phase.holds() => self.ask(Ask::Renew, cx),
            Ask::Renew => {}
            Ask::Free => self.free(cx),
        }
    }

    /// Whether this client may go on by its own count. If it looks and may not, it gives the job up.
    pub fn still_mine(&mut self, cx: &mut Cx<'_, Locks>) -> bool {
        let Some(job) = &mut self.job else { return false };
        let left = Span(job.over.saturating_sub(cx.system().clock_ns(cx)).max(0).unsigned_abs());
        if left > Span::ZERO {
            // The clock was set back, or this is asked early.
            if job.over_timer.is_none() && job.over < i64::MAX {
                let number = job.owner.job;
                job.over_timer = Some(cx.after(left, Timer::LeaseOver { job: number }));
            }
            return true;
        }
        if !cx.system().self_check {
            return true;
        }
        self.give_up(reasons::LEASE_LOST, cx);
        false
    }

    pub fn give_up(&mut self, reason: usize, cx: &mut Cx<'_, Locks>) {
        if reason == reasons::LEASE_LOST {
            let name = cx.name(cx.me()).to_string();
            cx.log(format!("{name} gives its job up: by its own count, or by a refusal, the lease is over"));
        }
        cx.fail(reason);
        self.free(cx);
    }

    /// Frees the lock, whatever became of the job: what is not its own the owner check protects.
    pub fn free(&mut self, cx: &mut Cx<'_, Locks>) {
        let Some(job) = &mut self.job else { return };
        if job.phase != Phase::Freeing {
            cx.fact(Fact::Stops { lock: job.lock, owner: job.owner });
            if let Some(timer) = job.over_timer.take() {
                cx.cancel(timer);
            }
            job.phase = Phase::Freeing;
        }
        job.frees += 1;
        if job.frees > FREE_TRIES {
            self.job = None;
            return;
        }
        self.ask(Ask::Free, cx);
    }

    pub fn look(&self) -> Look {
        let Some(job) = &self.job else { return Look { label: "idle".into(), state: State::Idle, fill: None } };
        let (label, state) = match job.phase {
            Phase::Wanting => (format!("wants it, try {}", job.waited.0 + 1), State::Busy),
            Phase::Reading => (format!("holds #{}, reads", job.token), State::Leader),
            Phase::Working => (format!("holds #{}, works", job.token), State::Leader),
            Phase::Writing => (format!("holds #{}, writes", job.token), State::Leader),
            Phase::Freeing => ("frees it".to_string(), State::Idle),
        };
        Look { label, state, fill: None }
    }
}

/// An instant of a signed clock, so much later.
fn until(clock: i64, span: Span) -> i64 {
    clock.saturating_add(i64::try_from(span.0).unwrap_or(i64::MAX))
}

/// What is left now of a lease asked for then, by the client's own clock.
fn left_of(system: &Locks, request: &Request, cx: &Cx<'_, Locks>) -> Span {
    let over = until(request.sent_clock, system.believed(request.ttl));
    if over == i64::MAX {
        return Span(u64::MAX);
    }
    Span(over.saturating_sub(system.clock_ns(cx)).max(0).unsigned_abs())
}
