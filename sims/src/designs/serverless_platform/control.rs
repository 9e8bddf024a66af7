//! The control plane: which version serves, how many sandboxes are to stand ready, and when a bad version goes back. No call passes it.

use super::messages::{Alias, Msg, Seen, Timer, Version};
use super::metrics::{FLAPS, LOWERED, RAISED, ROLLBACKS, TARGETS};
use super::role::Ctx;
use super::system::Serverless;
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::{Flat, deep};
use crate::parts::autoscale::{Demand, Move, Scaler};
use crate::parts::forecast::Seasonal;
use std::collections::BTreeMap;

/// How long a new version is on trial before it gets every call.
const BAKE: Span = Span::secs(10);
/// A version goes back if more than this share of at least so many calls failed.
const BAD: (f64, u32) = (0.2, 10);
/// Up again so soon after a lowering: the lowering was a mistake.
const FLAP: Span = Span::secs(15);
/// Weight of the last season in the forecast.
const NEWEST: f64 = 0.5;
/// What the router has not confirmed is said again.
const AGAIN: Span = Span::secs(1);

/// One function in the registry.
#[derive(Clone)]
struct Function {
    /// Versions ever published.
    published: u32,
    alias: Alias,
    since: Time,
    tried: u32,
    failed: u32,
    scaler: Scaler,
    /// Seconds that a call takes, smoothed.
    seconds_each: f64,
    lowered: Time,
    forecast: Option<Seasonal>,
}

/// What the router was told and has not confirmed.
#[derive(Clone, Copy)]
struct Unconfirmed {
    serial: u64,
    alias: Alias,
    withdrawn: Option<Version>,
}

#[derive(Clone)]
pub struct Control {
    router: NodeId,
    functions: Vec<Function>,
    open: BTreeMap<u32, Unconfirmed>,
    serial: u64,
    second: u64,
    /// The targets that were said last.
    said: Vec<u32>,
    number: u64,
}

impl Control {
    pub fn new(router: NodeId, system: &Serverless) -> Control {
        let function = Function {
            published: 1,
            alias: Alias { stable: Version { number: 1, bad: false }, trial: None },
            since: Time::ZERO,
            tried: 0,
            failed: 0,
            scaler: Scaler::default(),
            seconds_each: 0.0,
            lowered: Time::ZERO,
            forecast: None,
        };
        let count = system.functions() as usize;
        Control { router, functions: vec![function; count], open: BTreeMap::new(), serial: 0, second: 0, said: vec![0; count], number: 0 }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        cx.after(AGAIN, Timer::Tick);
    }

    pub fn wake(&mut self, cx: &mut Ctx<'_>) {
        for (function, open) in &self.open {
            cx.send(self.router, Msg::Serve { serial: open.serial, function: *function, alias: open.alias });
        }
        let due: Vec<u32> = self.due(cx.now());
        due.into_iter().for_each(|function| self.promote(function, cx));
        if cx.draining() && self.open.is_empty() {
            cx.background(AGAIN, Timer::Tick);
        } else {
            cx.after(AGAIN, Timer::Tick);
        }
    }

    fn due(&self, now: Time) -> Vec<u32> {
        let baked = |f: &Function| f.alias.trial.is_some() && now.since(f.since) >= BAKE;
        (0..self.functions.len() as u32).filter(|at| baked(&self.functions[*at as usize])).collect()
    }

    pub fn hear(&mut self, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Stats { second, seen } => self.count(second, &seen, cx),
            Msg::Serves { serial, function } => {
                if self.open.get(&function).is_some_and(|open| open.serial == serial)
                    && let Some(Unconfirmed { withdrawn: Some(version), .. }) = self.open.remove(&function)
                {
                    cx.fact(Fact::Withdrawn { function, version });
                }
            }
            _ => {}
        }
    }

    // Versions.

    /// A new version comes; a share of the calls tries it.
    pub fn publish(&mut self, function: u32, bad: bool, cx: &mut Ctx<'_>) {
        let f = &mut self.functions[function as usize];
        f.published += 1;
        f.alias.trial = Some(Version { number: f.published, bad });
        (f.since, f.tried, f.failed) = (cx.now(), 0, 0);
        self.serve(function, None, cx);
    }

    fn promote(&mut self, function: u32, cx: &mut Ctx<'_>) {
        let f = &mut self.functions[function as usize];
        if let Some(trial) = f.alias.trial.take() {
            f.alias.stable = trial;
            self.serve(function, None, cx);
        }
    }

    /// The version on trial goes; by hand also when nobody has noticed anything.
    pub fn roll_back(&mut self, function: u32, cx: &mut Ctx<'_>) -> Result<(), String> {
        let f = &mut self.functions[function as usize];
        let Some(bad) = f.alias.trial.take() else {
            return Err(format!("function {} has no version on trial", function + 1));
        };
        cx.count(ROLLBACKS, 1);
        cx.log(format!("version {} of function {} goes back: {} of {} calls failed", bad.number, function + 1, f.failed, f.tried));
        self.serve(function, Some(bad), cx);
        Ok(())
    }

    fn serve(&mut self, function: u32, withdrawn: Option<Version>, cx: &mut Ctx<'_>) {
        self.serial += 1;
        let open = Unconfirmed { serial: self.serial, alias: self.functions[function as usize].alias, withdrawn };
        self.open.insert(function, open);
        cx.send(self.router, Msg::Serve { serial: open.serial, function, alias: open.alias });
    }

    // Targets.

    fn count(&mut self, second: u64, seen: &[Seen], cx: &mut Ctx<'_>) {
        if second <= self.second {
            return;
        }
        self.second = second;
        let system = cx.shared();
        for one in seen {
            let f = &mut self.functions[one.function as usize];
            if one.done > 0 {
                let each = one.busy.as_secs() / f64::from(one.done);
                f.seconds_each = if f.seconds_each == 0.0 { each } else { f.seconds_each + 0.3 * (each - f.seconds_each) };
            }
            if f.alias.trial.is_some_and(|trial| trial.number == one.trial) {
                f.tried += one.tried;
                f.failed += one.failed;
            }
        }
        if system.auto_rollback {
            self.judge(cx);
        }
        if system.scale_to_target || system.prewarm || self.said.iter().any(|target| *target > 0) {
            self.provide(seen, cx);
        }
    }

    fn judge(&mut self, cx: &mut Ctx<'_>) {
        let bad = |f: &Function| f.alias.trial.is_some() && f.tried >= BAD.1 && f64::from(f.failed) > BAD.0 * f64::from(f.tried);
        let bad: Vec<u32> = (0..self.functions.len() as u32).filter(|at| bad(&self.functions[*at as usize])).collect();
        for function in bad {
            // Only versions on trial were looked at, so there is one to take back.
            let _ = self.roll_back(function, cx);
        }
    }

    fn provide(&mut self, seen: &[Seen], cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let mut rows = seen.iter().peekable();
        let mut targets = vec![0; self.functions.len()];
        for (function, f) in self.functions.iter_mut().enumerate() {
            let one = rows.next_if(|row| row.function as usize == function).copied().unwrap_or_default();
            if system.scale_to_target {
                let demand = Demand { per_second: f64::from(one.arrived), seconds_each: f.seconds_each, waiting: f64::from(one.waiting) };
                let before = f.scaler.target();
                match f.scaler.decide(cx.now(), system.policy.wanted(demand), &system.policy) {
                    Move::Up => {
                        cx.count(RAISED, u64::from(f.scaler.target() - before));
                        let flap = f.lowered > Time::ZERO && cx.now().since(f.lowered) <= FLAP;
                        cx.count(FLAPS, u64::from(flap));
                        f.lowered = Time::ZERO;
                    }
                    Move::Down => {
                        cx.count(LOWERED, u64::from(before - f.scaler.target()));
                        f.lowered = cx.now();
                    }
                    Move::Stay => {}
                }
                targets[function] = f.scaler.target();
            }
            if system.prewarm {
                targets[function] = targets[function].max(foreseen(f, self.second, one.peak, &system));
            }
        }
        cx.gauge(TARGETS, targets.iter().map(|target| f64::from(*target)).sum());
        self.number += 1;
        self.said.clone_from(&targets);
        cx.send(self.router, Msg::Provide { number: self.number, targets });
    }

    pub fn weight(&self) -> usize {
        let function = |f: &Function| f.scaler.weight() + f.forecast.as_ref().map_or(0, Seasonal::weight);
        self.functions.bytes() + deep(self.functions.iter(), function) + self.open.bytes() + self.said.bytes()
    }

    /// Every function's row: its alias and target.
    pub fn rows(&self) -> impl Iterator<Item = (Alias, u32, u32)> {
        self.functions.iter().map(|f| (f.alias, f.scaler.target(), f.published))
    }

    pub fn look(&self) -> Look {
        let trials = self.functions.iter().filter(|f| f.alias.trial.is_some()).count();
        let state = if trials > 0 { State::Warn } else { State::Idle };
        let label = if trials > 0 { format!("{trials} on trial") } else { format!("{} functions", self.functions.len()) };
        Look { label, state, fill: None }
    }
}

/// What earlier seasons say of the seconds that a start made now would serve.
fn foreseen(f: &mut Function, second: u64, peak: u32, system: &Serverless) -> u32 {
    let places = system.season_seconds();
    let forecast = f.forecast.get_or_insert_with(|| Seasonal::new(places, NEWEST));
    forecast.observe(second, f64::from(peak));
    let lead = libm::ceil(system.cold.times(1.25).as_secs()) as u64 + 1;
    let most = forecast.most(second + 1, second + 1 + lead).unwrap_or(0.0);
    libm::ceil(most) as u32
}
