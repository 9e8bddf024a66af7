//! The sweeper: takes out what is dead, and audits the blob store for references that no paste stands behind.
//!
//! It keeps nothing that matters: a sweep that was cut short is begun anew. The row of a dead paste goes last, after its reference,
//! so that what is cut short leaves a row that is told once more, and never a body that nobody knows of.

use super::messages::{Msg, Timer};
use super::metrics::{ORPHANS, SWEEP, SWEPT};
use super::role::Ctx;
use super::system::{Map, PATIENCE, STORE_PATIENCE};
use crate::kernel::node::Look;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Sweeper {
    map: Arc<Map>,
    stage: Stage,
    /// Number of the last question: grows over the node's whole life.
    step: u64,
    began: Time,
    sweeps: u64,
    /// Dead rows and orphans taken out so far.
    taken: u64,
    /// When the last sweep of all began, and whether it has ended.
    last: Option<Time>,
    last_done: bool,
}

/// What is being done. References are a body's name and its holder, the paste's id.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    Listing,
    Releasing(Vec<(u64, u64)>),
    Forgetting(Vec<u64>),
    Auditing { from: (u64, u64) },
    Asking { list: Vec<(u64, u64)>, next: Option<(u64, u64)> },
    Dropping { list: Vec<(u64, u64)>, next: Option<(u64, u64)> },
}

impl Sweeper {
    pub fn new(map: Arc<Map>) -> Sweeper {
        Sweeper { map, stage: Stage::Idle, step: 0, began: Time::ZERO, sweeps: 0, taken: 0, last: None, last_done: false }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        let period = cx.system().sweep_period;
        cx.background(period, Timer::Sweep);
    }

    pub fn crash(&mut self) {
        self.stage = Stage::Idle;
    }

    /// The load has stopped: all that is dead by then shall be gone once the world is quiet.
    pub fn plan_last(&mut self, cx: &mut Ctx<'_>) {
        if cx.system().sweeper {
            cx.after(cx.system().grace + cx.system().grace + PATIENCE + Span::secs(1), Timer::LastSweep);
        }
    }

    /// When the last sweep began, once it has ended.
    pub fn last(&self) -> Option<Time> {
        self.last.filter(|_| self.last_done)
    }

    pub fn ring(&mut self, timer: &Timer, cx: &mut Ctx<'_>) {
        match *timer {
            Timer::Sweep => {
                if self.stage == Stage::Idle && cx.system().sweeper {
                    self.begin(cx);
                }
                self.start(cx);
            }
            Timer::LastSweep => {
                self.last = Some(cx.now());
                self.begin(cx);
            }
            Timer::SweepLate { step } if step == self.step && self.stage != Stage::Idle => self.ask(cx),
            _ => {}
        }
    }

    fn begin(&mut self, cx: &mut Ctx<'_>) {
        self.began = cx.now();
        self.go(Stage::Listing, cx);
    }

    fn go(&mut self, stage: Stage, cx: &mut Ctx<'_>) {
        self.stage = stage;
        self.step += 1;
        self.ask(cx);
    }

    /// Asked again an answer to the first time will do: each step may be done twice.
    fn ask(&self, cx: &mut Ctx<'_>) {
        let step = self.step;
        let (to, msg) = match &self.stage {
            Stage::Idle => return,
            Stage::Listing => (self.map.meta, Msg::Dead { step }),
            Stage::Releasing(list) | Stage::Dropping { list, .. } => (self.map.blobs, Msg::Release { step, list: list.clone() }),
            Stage::Forgetting(ids) => (self.map.meta, Msg::Forget { step, ids: ids.clone() }),
            Stage::Auditing { from } => (self.map.blobs, Msg::Old { step, from: *from }),
            Stage::Asking { list, .. } => (self.map.meta, Msg::Unnamed { step, list: list.clone() }),
        };
        cx.after(STORE_PATIENCE, Timer::SweepLate { step });
        cx.send(to, msg);
    }

    pub fn hear(&mut self, msg: Msg, cx: &mut Ctx<'_>) {
        match (msg, std::mem::replace(&mut self.stage, Stage::Idle)) {
            (Msg::DeadAre { step, list }, Stage::Listing) if step == self.step => {
                let next = if list.is_empty() { Stage::Auditing { from: (0, 0) } } else { Stage::Releasing(list) };
                self.go(next, cx);
            }
            (Msg::Released { step }, Stage::Releasing(list)) if step == self.step => {
                self.go(Stage::Forgetting(list.into_iter().map(|(_, id)| id).collect()), cx);
            }
            (Msg::Forgotten { step }, Stage::Forgetting(ids)) if step == self.step => {
                cx.count(SWEPT, ids.len() as u64);
                self.taken += ids.len() as u64;
                self.go(Stage::Listing, cx);
            }
            (Msg::OldAre { step, list, next }, Stage::Auditing { .. }) if step == self.step => {
                if list.is_empty() {
                    self.page(next, cx);
                } else {
                    self.go(Stage::Asking { list, next }, cx);
                }
            }
            (Msg::UnnamedAre { step, list }, Stage::Asking { next, .. }) if step == self.step => {
                if list.is_empty() {
                    self.page(next, cx);
                } else {
                    self.go(Stage::Dropping { list, next }, cx);
                }
            }
            (Msg::Released { step }, Stage::Dropping { list, next }) if step == self.step => {
                cx.count(ORPHANS, list.len() as u64);
                self.taken += list.len() as u64;
                self.page(next, cx);
            }
            (_, stage) => self.stage = stage,
        }
    }

    /// The audit's next page; after the last one the sweep is over.
    fn page(&mut self, next: Option<(u64, u64)>, cx: &mut Ctx<'_>) {
        match next {
            Some(from) => self.go(Stage::Auditing { from }, cx),
            None => {
                self.stage = Stage::Idle;
                self.sweeps += 1;
                self.last_done |= self.last == Some(self.began);
                cx.record_since(SWEEP, self.began);
            }
        }
    }

    pub fn weight(&self) -> usize {
        match &self.stage {
            Stage::Releasing(list) | Stage::Asking { list, .. } | Stage::Dropping { list, .. } => list.bytes(),
            Stage::Forgetting(ids) => ids.bytes(),
            Stage::Idle | Stage::Listing | Stage::Auditing { .. } => 0,
        }
    }

    pub fn look(&self) -> Look {
        let (label, state) = match &self.stage {
            Stage::Idle => (format!("{} sweeps, {} out", self.sweeps, self.taken), State::Idle),
            Stage::Listing | Stage::Releasing(_) | Stage::Forgetting(_) => ("takes out the dead".into(), State::Busy),
            Stage::Auditing { .. } | Stage::Asking { .. } | Stage::Dropping { .. } => ("audits".into(), State::Busy),
        };
        Look { label, state, fill: None }
    }
}
