//! A worker: asks the queue, looks again at the store, does the work, calls the target, says what became of it.

use super::messages::{Msg, Timer, Work};
use super::metrics::{LATE, RUNS};
use super::queue::POLL;
use super::role::Ctx;
use super::system::OnError;
use super::task::{Kind, Outcome};
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;

#[derive(Clone)]
pub struct Worker {
    store: NodeId,
    queue: NodeId,
    target: NodeId,
    polls: u64,
    job: Option<Job>,
    /// Counts its processes: one that died does not come back.
    life: u32,
    dead: bool,
}

#[derive(Clone, Copy, Debug)]
struct Job {
    receipt: u64,
    work: Work,
    received: u32,
    step: Step,
    /// Counts steps, so that a late timer of an earlier one does nothing.
    number: u32,
    tries: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Looking,
    Working,
    Calling,
    Reporting(Outcome),
}

/// A question to the store is asked again after this, and so many times.
const AGAIN: Span = Span::millis(500);
const TRIES: u32 = 12;
/// A process that died is started again after this.
const REBIRTH: Span = Span::secs(1);

impl Worker {
    pub fn new(store: NodeId, queue: NodeId, target: NodeId) -> Worker {
        Worker { store, queue, target, polls: 0, job: None, life: 0, dead: false }
    }

    pub fn crash(&mut self) {
        self.job = None;
        self.dead = false;
        self.life += 1;
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.ask(cx);
    }

    /// Asks for work, and again if there is no answer.
    fn ask(&mut self, cx: &mut Ctx<'_>) {
        self.job = None;
        self.polls += 1;
        cx.send(self.queue, Msg::Receive { poll: self.polls });
        cx.background(POLL, Timer::Poll { poll: self.polls });
    }

    pub fn hear(&mut self, msg: Msg, cx: &mut Ctx<'_>) {
        if self.dead {
            return;
        }
        match (msg, self.job) {
            // What comes while it is busy becomes visible again by itself.
            (Msg::Handed { receipt, work, received }, None) => self.take(receipt, work, received, cx),
            (Msg::Begun { receipt, granted }, Some(job)) if job.receipt == receipt && job.step == Step::Looking => {
                if granted {
                    self.work(true, cx);
                } else {
                    cx.send(self.queue, Msg::Delete { receipt });
                    self.ask(cx);
                }
            }
            (Msg::Answer { receipt, outcome }, Some(job)) if job.receipt == receipt && job.step == Step::Calling => self.report(outcome, cx),
            (Msg::Finished { receipt }, Some(job)) if job.receipt == receipt => self.finish(job, cx),
            _ => {}
        }
    }

    pub fn wake(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match (timer, self.job) {
            (Timer::Poll { poll }, None) if poll == self.polls && !self.dead => self.ask(cx),
            (Timer::Extend { receipt }, Some(job)) if job.receipt == receipt => self.beat(receipt, cx),
            (Timer::Worked { receipt }, Some(job)) if job.receipt == receipt && job.step == Step::Working => self.worked(job, cx),
            (Timer::Unanswered { receipt, step }, Some(job)) if job.receipt == receipt && job.number == step => self.unanswered(job, cx),
            (Timer::Reborn { life }, _) if life == self.life && self.dead => {
                self.dead = false;
                self.ask(cx);
            }
            _ => {}
        }
    }

    fn take(&mut self, receipt: u64, work: Work, received: u32, cx: &mut Ctx<'_>) {
        self.job = Some(Job { receipt, work, received, step: Step::Looking, number: 0, tries: 0 });
        if cx.system().ack_first {
            cx.send(self.queue, Msg::Delete { receipt });
        }
        if cx.system().heartbeat {
            self.beat_later(receipt, cx);
        }
        if cx.system().look_again {
            self.step(Step::Looking, cx);
        } else {
            self.work(false, cx);
        }
    }

    fn beat_later(&self, receipt: u64, cx: &mut Ctx<'_>) {
        cx.background(Span((cx.system().visibility.0 / 3).max(1)), Timer::Extend { receipt });
    }

    /// Still at it: the message stays hidden.
    fn beat(&mut self, receipt: u64, cx: &mut Ctx<'_>) {
        cx.send(self.queue, Msg::Extend { receipt });
        self.beat_later(receipt, cx);
    }

    /// The next step; what needs an answer is asked.
    fn step(&mut self, step: Step, cx: &mut Ctx<'_>) {
        if let Some(job) = &mut self.job {
            job.step = step;
            job.number += 1;
            job.tries = 0;
        }
        self.say(cx);
    }

    /// Asks what the present step asks, and waits for so long.
    fn say(&mut self, cx: &mut Ctx<'_>) {
        let Some(Job { receipt, work, step, number, .. }) = self.job else { return };
        let Work { id, attempt, .. } = work;
        let wait = match step {
            Step::Looking => {
                cx.send(self.store, Msg::Begin { receipt, id, attempt });
                AGAIN
            }
            Step::Working => return,
            Step::Calling => {
                cx.send(self.target, Msg::Call { receipt, work });
                cx.system().call_timeout()
            }
            Step::Reporting(outcome) => {
                cx.send(self.store, Msg::Finish { receipt, id, attempt, outcome });
                AGAIN
            }
        };
        cx.after(wait, Timer::Unanswered { receipt, step: number });
    }

    fn work(&mut self, looked: bool, cx: &mut Ctx<'_>) {
        let Some(job) = &mut self.job else { return };
        job.step = Step::Working;
        job.number += 1;
        let Job { receipt, work, received, .. } = *job;
        cx.count(RUNS, 1);
        if work.attempt == 1 && received == 1 {
            cx.record_since(LATE, Time(work.due));
        }
        cx.fact(Fact::Began { id: work.id, attempt: work.attempt, looked });
        let length = if work.kind == Kind::Killer { work.length / 2 } else { work.length };
        cx.after(Span(length), Timer::Worked { receipt });
    }

    /// The work is done; what is left is its effect.
    fn worked(&mut self, job: Job, cx: &mut Ctx<'_>) {
        match job.work.kind {
            Kind::Killer => self.die(cx),
            Kind::Hopeless => self.report(Outcome::Hopeless, cx),
            Kind::Poison => self.report(Outcome::Retry, cx),
            Kind::Plain => self.step(Step::Calling, cx),
        }
    }

    fn die(&mut self, cx: &mut Ctx<'_>) {
        cx.log(format!("{} dies at {}", cx.name(cx.me()), super::task::told(self.job.map_or(0, |job| job.work.id))));
        self.job = None;
        self.dead = true;
        self.life += 1;
        cx.background(REBIRTH, Timer::Reborn { life: self.life });
    }

    fn report(&mut self, outcome: Outcome, cx: &mut Ctx<'_>) {
        self.step(Step::Reporting(outcome), cx);
    }

    /// The store has it in writing: the message can go, or go back.
    fn finish(&mut self, job: Job, cx: &mut Ctx<'_>) {
        let Job { receipt, step, .. } = job;
        let hand_back = step == Step::Reporting(Outcome::Retry) && cx.system().on_error != OnError::Replace;
        cx.send(self.queue, if hand_back { Msg::Nack { receipt } } else { Msg::Delete { receipt } });
        self.ask(cx);
    }

    fn unanswered(&mut self, job: Job, cx: &mut Ctx<'_>) {
        if job.step == Step::Calling {
            // Whether it had its effect is not known: that is what the key is for.
            return self.report(Outcome::Retry, cx);
        }
        if job.tries >= TRIES {
            // The message comes back by itself.
            return self.ask(cx);
        }
        if let Some(job) = &mut self.job {
            job.tries += 1;
        }
        self.say(cx);
    }

    pub fn look(&self) -> Look {
        if self.dead {
            return Look { label: "died".into(), state: State::Down, fill: None };
        }
        match self.job {
            None => Look { label: "idle".into(), state: State::Idle, fill: None },
            Some(job) => {
                let state = if job.work.attempt > 1 || job.received > 1 { State::Warn } else { State::Busy };
                let name = if super::task::is_cron(job.work.id) { "cron".to_string() } else { job.work.id.to_string() };
                Look { label: format!("{name} #{}", job.work.attempt), state, fill: None }
            }
        }
    }
}
