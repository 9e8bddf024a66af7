//! A machine: it has the parts of gangs that it should have, and says what it has.

use super::message::{Msg, Pod, PodState, Report, Timer};
use super::role::Ctx;
use super::system::Platform;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::BTreeMap;

/// How often a machine speaks unasked.
pub const BEAT: Span = Span::millis(500);
/// Images and data are fetched before a part is ready.
const PULL: Span = Span::millis(300);

#[derive(Clone)]
pub struct Machine {
    sched: NodeId,
    pods: BTreeMap<u64, Part>,
    /// The newest wish that was heard: an older one that comes later is no wish any more.
    heard: u64,
}

#[derive(Clone, Copy)]
struct Part {
    attempt: u32,
    gpus: u32,
    state: PodState,
    /// When it began to work, and up to when its checkpoints are counted.
    began: Time,
    mark: Time,
    saved: Span,
}

impl Part {
    /// Counts the checkpoints since the last look. Time without the setting makes none, not even afterwards.
    fn save(&mut self, now: Time, every: Span) {
        if self.state != PodState::Running {
            return;
        }
        let Some(whole) = now.since(self.mark).0.checked_div(every.0) else {
            self.mark = now;
            return;
        };
        if whole > 0 {
            self.mark += Span(whole * every.0);
            self.saved = self.mark.since(self.began);
        }
    }
}

impl Machine {
    pub fn new(sched: NodeId) -> Machine {
        Machine { sched, pods: BTreeMap::new(), heard: 0 }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.tell(cx);
        cx.background(BEAT, Timer::Tick);
    }

    pub fn crash(&mut self) {
        self.pods.clear();
        self.heard = 0;
    }

    fn tell(&mut self, cx: &mut Ctx<'_>) {
        let (now, every) = (cx.now(), cx.system().checkpoint);
        self.pods.values_mut().for_each(|part| part.save(now, every));
        let pods = self.pods.iter().map(|(id, part)| Report { id: *id, attempt: part.attempt, state: part.state, saved: part.saved }).collect();
        cx.send(self.sched, Msg::Beat { pods });
    }

    pub fn hear(&mut self, msg: Msg, cx: &mut Ctx<'_>) {
        let Msg::Want { seq, pods } = msg else { return };
        if seq < self.heard {
            return;
        }
        self.heard = seq;
        let before = self.pods.len();
        self.pods.retain(|id, part| pods.iter().any(|pod| pod.id == *id && pod.attempt == part.attempt));
        let mut changed = self.pods.len() != before;
        for pod in &pods {
            changed |= self.wish(pod, cx);
        }
        if changed {
            self.tell(cx);
        }
    }

    fn wish(&mut self, pod: &Pod, cx: &mut Ctx<'_>) -> bool {
        let Pod { id, attempt, gpus, go } = *pod;
        let part = self.pods.entry(id).or_insert_with(|| {
            cx.after(PULL, Timer::Pulled { id, attempt });
            Part { attempt, gpus, state: PodState::Pulling, began: Time::ZERO, mark: Time::ZERO, saved: Span::ZERO }
        });
        // A gang that is given GPUs one by one grows here.
        part.gpus = gpus;
        match (part.state, go) {
            (PodState::Ready, Some(rest)) => {
                part.state = PodState::Running;
                (part.began, part.mark) = (cx.now(), cx.now());
                cx.after(rest, Timer::Ran { id, attempt });
                true
            }
            _ => false,
        }
    }

    pub fn wake(&mut self, timer: &Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Pulled { id, attempt } => self.move_on(*id, *attempt, PodState::Pulling, PodState::Ready, cx),
            Timer::Ran { id, attempt } => self.move_on(*id, *attempt, PodState::Running, PodState::Done, cx),
            _ => {
                self.tell(cx);
                cx.background(BEAT, Timer::Tick);
            }
        }
    }

    fn move_on(&mut self, id: u64, attempt: u32, from: PodState, to: PodState, cx: &mut Ctx<'_>) {
        if let Some(part) = self.pods.get_mut(&id).filter(|part| part.attempt == attempt && part.state == from) {
            part.state = to;
            self.tell(cx);
        }
    }

    pub fn weight(&self) -> usize {
        self.pods.bytes()
    }

    pub fn look(&self, system: &Platform) -> Look {
        let used: u32 = self.pods.values().map(|part| part.gpus).sum();
        let idle = self.pods.values().any(|part| matches!(part.state, PodState::Pulling | PodState::Ready));
        let state = match used {
            0 => State::Idle,
            _ if idle => State::Warn,
            _ => State::Busy,
        };
        Look { label: format!("{used}/{} GPUs", system.gpus), state, fill: Some(f64::from(used) / f64::from(system.gpus.max(1))) }
    }
}
