//! The teams: everybody who hands in training jobs, each until it is accepted.

use super::message::{Job, Msg, Timer};
use super::metrics::SUBMITTED;
use super::role::Ctx;
use super::system::Mix;
use crate::kernel::action::Action;
use crate::kernel::load::{Arrivals, Stream};
use crate::kernel::node::{Look, NodeId};
use crate::kernel::rng::Rng;
use crate::kernel::time::Span;
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::BTreeMap;

const AGAIN: Span = Span::secs(1);

#[derive(Clone)]
pub struct Teams {
    sched: NodeId,
    stream: Stream,
    ids: u64,
    open: BTreeMap<u64, Job>,
}

impl Teams {
    pub fn new(sched: NodeId, rng: Rng) -> Teams {
        Teams { sched, stream: Stream::new(Arrivals::Poisson, rng), ids: 0, open: BTreeMap::new() }
    }

    /// What was not accepted is in the teams' own hands: it goes out again.
    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        for id in self.open.keys().copied().collect::<Vec<_>>() {
            self.send(id, cx);
        }
        self.expect(cx);
    }

    pub fn wake(&mut self, timer: &Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Arrive { really } => {
                if *really && !cx.draining() {
                    let job = self.job(cx);
                    self.hand_in(job, cx);
                }
                self.expect(cx);
            }
            Timer::Resubmit { id } => self.send(*id, cx),
            _ => {}
        }
    }

    pub fn hear(&mut self, msg: &Msg) {
        if let Msg::Accepted { id } = msg {
            self.open.remove(id);
        }
    }

    fn expect(&mut self, cx: &mut Ctx<'_>) {
        if cx.draining() {
            return;
        }
        cx.expect(self.stream.gap(cx.system().job_rate * cx.load(), cx.now()), |really| Timer::Arrive { really });
    }

    /// One of three teams, each with its own habit in a mixed load: large gangs, middling ones, single GPUs.
    fn job(&mut self, cx: &mut Ctx<'_>) -> Job {
        let system = cx.shared();
        let (kind, team, length) = (cx.rng().unit(), cx.rng().below(3) as usize, cx.rng().exponential());
        let (large, middling) = (system.large(), system.middling());
        let (team, gpus, longer) = match system.mix {
            Mix::Mixed if kind < 0.1 => (0, large, 1.5),
            Mix::Mixed if kind < 0.4 => (1, middling, 1.0),
            Mix::Mixed => (2, 1 + u32::from(kind > 0.85), 0.7),
            Mix::Large => (team, large, 1.5),
            Mix::Small => (team, 1, 0.7),
        };
        let lasts = system.job_length.times(longer * length);
        self.made(team, gpus, lasts, system.estimate, false)
    }

    fn made(&mut self, team: usize, gpus: u32, lasts: Span, estimate: f64, flood: bool) -> Job {
        self.ids += 1;
        let lasts = lasts.max(Span::millis(10));
        Job { id: self.ids, team, gpus: gpus.max(1), lasts, says: lasts.times(estimate), flood }
    }

    fn hand_in(&mut self, job: Job, cx: &mut Ctx<'_>) {
        cx.count(SUBMITTED, 1);
        self.open.insert(job.id, job);
        self.send(job.id, cx);
    }

    fn send(&mut self, id: u64, cx: &mut Ctx<'_>) {
        let settled = self.open.keys().next().copied().unwrap_or(0);
        let Some(job) = self.open.get(&id) else { return };
        cx.send(self.sched, Msg::Submit { job: *job, settled });
        cx.after(AGAIN, Timer::Resubmit { id });
    }

    /// `flood`: many equal jobs of one team at once.
    pub fn flood(&mut self, action: &Action, cx: &mut Ctx<'_>) {
        let n = action.int("n").unwrap_or(1).max(1);
        let gpus = action.int("gpus").unwrap_or(1).max(1) as u32;
        let lasts = action.span("lasts").unwrap_or(Span::secs(1));
        let team = action.text("team").and_then(|name| super::TEAMS.iter().position(|t| *t == name)).unwrap_or(0);
        let estimate = cx.system().estimate;
        for _ in 0..n {
            let job = self.made(team, gpus, lasts, estimate, true);
            self.hand_in(job, cx);
        }
    }

    pub fn weight(&self) -> usize {
        self.open.bytes()
    }

    pub fn look(&self) -> Look {
        let waits = self.open.len();
        Look { label: format!("{} handed in", self.ids), state: if waits > 5 { State::Warn } else { State::Busy }, fill: None }
    }
}
