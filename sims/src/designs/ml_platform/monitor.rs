//! The monitor: what is served against what was learnt from, by two statistics, and what answers cost once the truth is known.

use super::FEATURES;
use super::message::{Monitor, Msg, Served, Timer};
use super::metrics::*;
use super::model::Version;
use super::role::Ctx;
use super::system::Platform;
use super::truth::Values;
use super::watch::Fact;
use crate::kernel::math;
use crate::kernel::metric::Id;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::drift::ks_chance;
use crate::parts::learn::{auc, entropy, loss};
use std::collections::VecDeque;
use std::sync::Arc;

const CHECK: Span = Span::secs(1);
/// Labelled answers by which the live version's area is told.
const SCORED_MAX: usize = 5_000;
const SCORED_LEAST: usize = 50;
/// Labelled answers cost noticeably more than the version itself expects, by so many standard errors. What it expects and not what it cost
/// when it was judged: people who are harder to tell apart are no fault of a model.
const DEAR: f64 = 4.0;
/// A version on trial is kept unless it costs more by so many standard errors.
const WORSE: f64 = 2.0;

#[derive(Clone)]
pub struct Watcher {
    registry: NodeId,
    flow: NodeId,
    live: Arc<Version>,
    window: VecDeque<Values>,
    scored: VecDeque<(f64, bool)>,
    trial: Option<Trial>,
    /// Per feature, lately.
    pub psi: Values,
    pub ks: Values,
    /// Which alarms are on: each sounds once until it has been off.
    on: [bool; 3],
    /// When the world was changed by hand, and which alarms have not sounded since: for measuring only.
    changed: Option<Time>,
    silent: [bool; 3],
}

/// Losses of both arms since the trial began.
#[derive(Clone, Copy)]
struct Trial {
    version: u32,
    arms: [Sum; 2],
}

#[derive(Clone, Copy, Default)]
struct Sum {
    n: f64,
    sum: f64,
    squares: f64,
}

impl Sum {
    fn add(&mut self, x: f64) {
        self.n += 1.0;
        self.sum += x;
        self.squares += x * x;
    }

    fn mean(&self) -> f64 {
        self.sum / self.n.max(1.0)
    }

    /// The squared standard error of the mean.
    fn error(&self) -> f64 {
        (self.squares / self.n.max(1.0) - self.mean() * self.mean()).max(0.0) / self.n.max(1.0)
    }
}

impl Watcher {
    pub fn new(registry: NodeId, flow: NodeId, live: Arc<Version>) -> Watcher {
        Watcher {
            registry,
            flow,
            live,
            window: VecDeque::new(),
            scored: VecDeque::new(),
            trial: None,
            psi: [0.0; FEATURES],
            ks: [0.0; FEATURES],
            on: [false; 3],
            changed: None,
            silent: [true; 3],
        }
    }

    pub fn start(&self, cx: &mut Ctx<'_>) {
        cx.background(CHECK, Timer::Tick);
    }

    pub fn crash(&mut self) {
        self.window.clear();
        self.scored.clear();
        self.trial = None;
        self.on = [false; 3];
    }

    /// `drift` was done by hand: from now on delays are measured.
    pub fn note(&mut self, now: Time) {
        self.changed = Some(now);
        self.silent = [true; 3];
    }

    pub fn hear(&mut self, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Mind { live, trial } => self.mind(&live, trial),
            Msg::Logged { served } => self.logged(&served, cx.system().window),
            Msg::Labelled { version, score, label } => self.labelled(version, score, label),
            _ => {}
        }
    }

    /// Another version has another reference: everything is counted anew.
    fn mind(&mut self, live: &Arc<Version>, trial: Option<u32>) {
        if live.id != self.live.id {
            self.live = Arc::clone(live);
            self.window.clear();
            self.scored.clear();
            self.on = [false; 3];
        }
        if self.trial.map(|trial| trial.version) != trial {
            self.trial = trial.map(|version| Trial { version, arms: [Sum::default(); 2] });
        }
    }

    fn logged(&mut self, served: &[Served], window: usize) {
        self.window.extend(served.iter().map(|one| one.x));
        let over = self.window.len().saturating_sub(window);
        self.window.drain(..over);
    }

    fn labelled(&mut self, version: u32, score: f64, label: bool) {
        if let Some(trial) = &mut self.trial {
            if version == trial.version {
                trial.arms[1].add(loss(score, label));
            } else if version == self.live.id {
                trial.arms[0].add(loss(score, label));
            }
        }
        if version == self.live.id {
            self.scored.push_back((score, label));
            if self.scored.len() > SCORED_MAX {
                self.scored.pop_front();
            }
        }
    }

    pub fn wake(&mut self, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        self.inputs(&system, cx);
        self.answers(&system, cx);
        self.trial(&system, cx);
        cx.background(CHECK, Timer::Tick);
    }

    /// The features served lately against those learnt from.
    fn inputs(&mut self, system: &Platform, cx: &mut Ctx<'_>) {
        if self.window.len() < system.window {
            return;
        }
        let mut least = 1.0f64;
        for i in 0..FEATURES {
            let Some(reference) = self.live.profile.get(i) else { return };
            let mut sample: Vec<f64> = self.window.iter().map(|x| x[i]).collect();
            self.psi[i] = reference.psi(&sample);
            sample.sort_unstable_by(f64::total_cmp);
            self.ks[i] = reference.ks(&sample);
            least = least.min(ks_chance(self.ks[i], sample.len(), reference.len()));
        }
        let most = |values: &Values| values.iter().copied().fold(0.0, f64::max);
        cx.gauge(PSI, most(&self.psi));
        cx.gauge(KS, most(&self.ks));
        self.alarm(Monitor::Psi, most(&self.psi) > system.psi_limit, cx);
        self.alarm(Monitor::Ks, least < system.ks_chance, cx);
    }

    /// Answers whose truth is known.
    fn answers(&mut self, system: &Platform, cx: &mut Ctx<'_>) {
        if self.scored.len() < SCORED_LEAST {
            return;
        }
        if let Some(area) = auc(self.scored.make_contiguous()) {
            cx.gauge(ONLINE_AUC, area);
        }
        let (mut lately, mut excess) = (Sum::default(), Sum::default());
        for (score, label) in self.scored.iter().rev().take(system.window) {
            lately.add(loss(*score, *label));
            excess.add(loss(*score, *label) - entropy(*score));
        }
        cx.gauge(ONLINE_LOSS, lately.mean());
        if self.scored.len() >= system.window.min(SCORED_MAX) {
            self.alarm(Monitor::Labels, excess.mean() > DEAR * math::sqrt(excess.error()), cx);
        }
    }

    /// Both arms have enough: is the new one worse than chance explains?
    fn trial(&mut self, system: &Platform, cx: &mut Ctx<'_>) {
        let Some(Trial { version, arms: [old, new] }) = self.trial else { return };
        if new.n < system.arm_rows as f64 || old.n < SCORED_LEAST as f64 {
            return;
        }
        let better = new.mean() - old.mean() < WORSE * math::sqrt(old.error() + new.error());
        cx.send(self.registry, Msg::Verdict { version, better });
    }

    fn alarm(&mut self, by: Monitor, sounds: bool, cx: &mut Ctx<'_>) {
        let at = by as usize;
        if sounds && !self.on[at] {
            const COUNTS: [Id; 3] = [PSI_ALARMS, KS_ALARMS, LABEL_ALARMS];
            const DELAYS: [Id; 3] = [PSI_DELAY, KS_DELAY, super::metrics::LABEL_DELAY];
            cx.count(COUNTS[at], 1);
            cx.fact(Fact::Alarm);
            if let Some(changed) = self.changed.filter(|_| self.silent[at]) {
                self.silent[at] = false;
                cx.gauge(DELAYS[at], cx.now().since(changed).as_secs());
            }
        }
        if sounds {
            // As long as it sounds: a message may be lost.
            cx.send(self.flow, Msg::Alarm { by });
        }
        self.on[at] = sounds;
    }

    pub fn weight(&self) -> usize {
        self.window.bytes() + self.scored.bytes()
    }

    pub fn look(&self, system: &Platform) -> Look {
        let names = ["PSI", "KS", "labels"];
        let on: Vec<&str> = names.iter().zip(self.on).filter(|(_, on)| *on).map(|(name, _)| *name).collect();
        let label = if on.is_empty() { format!("{}/{} seen", self.window.len(), system.window) } else { on.join(", ") };
        Look { label, state: if on.is_empty() { State::Busy } else { State::Warn }, fill: None }
    }
}
