//! Workflows: from rows to a version that serves, step by step, each step asked for until it is answered.

use super::message::{Job, JobState, Monitor, Msg, Timer};
use super::metrics::*;
use super::model::{Marks, ROWS_LEAST, Set, Version};
use super::role::Ctx;
use super::system::Retrain;
use super::truth::Values;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::dag::{Dag, Progress, State as StepState};
use crate::parts::drift::Reference;
use crate::parts::learn::Logistic;
use std::collections::VecDeque;
use std::sync::Arc;

const TICK: Span = Span::millis(250);
/// Jobs of workflows have numbers from here on: no team ever has.
pub const JOBS: u64 = 1 << 40;
/// Runs that are shown.
const SHOWN: usize = 12;
/// More open runs than that are refused.
const OPEN_MAX: usize = 8;
/// Who trains here.
const PLATFORM: usize = 3;

const ROWS_STEP: usize = 0;
const TRAIN: usize = 1;
const PROFILE: usize = 2;
const EVALUATE: usize = 3;
const REGISTER: usize = 4;
const DEPLOY: usize = 5;

const STEPS: &[(&str, &[&str])] =
    &[("rows", &[]), ("train", &["rows"]), ("profile", &["rows"]), ("evaluate", &["train"]), ("register", &["evaluate", "profile"]), ("deploy", &["register"])];

#[derive(Clone)]
pub struct Flow {
    sched: NodeId,
    store: NodeId,
    registry: NodeId,
    dag: Dag,
    pub runs: VecDeque<Run>,
    /// Numbers given; the first version was made before the start.
    number: u32,
    last: Time,
}

#[derive(Clone)]
pub struct Run {
    pub number: u32,
    pub why: &'static str,
    pub ended: Option<Time>,
    pub progress: Progress,
    /// When a step last began or ended, and how things stood then.
    pub moved: Time,
    stood: Progress,
    /// Its training code has a slip.
    broken: bool,
    accepted: bool,
    job: Option<Job>,
    set: Option<Arc<Set>>,
    model: Option<Logistic<{ super::FEATURES }>>,
    profile: Option<Arc<Vec<Reference>>>,
    pub marks: Option<Marks>,
    version: Option<Arc<Version>>,
}

impl Flow {
    /// # Panics
    /// If the steps of this design are a circle, which its tests would show.
    pub fn new(sched: NodeId, store: NodeId, registry: NodeId) -> Flow {
        let dag = Dag::new(STEPS).unwrap_or_else(|why| panic!("{why}"));
        Flow { sched, store, registry, dag, runs: VecDeque::new(), number: 1, last: Time::ZERO }
    }

    pub fn dag(&self) -> &Dag {
        &self.dag
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.wake(cx);
    }

    /// A look at every open run: what can begin begins, what was asked for and not answered is asked for again.
    pub fn wake(&mut self, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        if system.retrain == Retrain::Schedule && !cx.draining() && cx.now().since(self.last) >= system.retrain_every {
            self.last = cx.now();
            self.begin("schedule", false, cx);
        }
        for at in 0..self.runs.len() {
            self.advance(at, cx);
        }
        let open = self.open();
        cx.gauge(OPEN_RUNS, open as f64);
        if open > 0 {
            cx.after(TICK, Timer::Tick)
        } else {
            cx.background(TICK, Timer::Tick)
        };
    }

    fn open(&self) -> usize {
        self.runs.iter().filter(|run| run.ended.is_none()).count()
    }

    /// A new run; false if too many are open.
    pub fn begin(&mut self, why: &'static str, broken: bool, cx: &mut Ctx<'_>) -> bool {
        if self.open() >= OPEN_MAX {
            return false;
        }
        self.number += 1;
        cx.gauge(VERSIONS, f64::from(self.number));
        self.runs.push_back(Run {
            number: self.number,
            why,
            ended: None,
            progress: Progress::new(&self.dag),
            moved: cx.now(),
            stood: Progress::new(&self.dag),
            broken,
            accepted: false,
            job: None,
            set: None,
            model: None,
            profile: None,
            marks: None,
            version: None,
        });
        if self.runs.len() > SHOWN
            && let Some(old) = self.runs.iter().position(|run| run.ended.is_some())
        {
            self.runs.remove(old);
        }
        true
    }

    fn advance(&mut self, at: usize, cx: &mut Ctx<'_>) {
        if self.runs[at].ended.is_some() {
            return;
        }
        for step in self.runs[at].progress.ready(&self.dag) {
            self.runs[at].progress.begin(step);
        }
        for step in 0..self.dag.len() {
            if self.runs[at].progress.state(step) == StepState::Running {
                self.ask(at, step, cx);
            }
        }
        let run = &mut self.runs[at];
        if run.progress != run.stood {
            run.stood = run.progress.clone();
            run.moved = cx.now();
        }
        if run.progress.ended() && run.ended.is_none() {
            run.ended = Some(cx.now());
            // The registry keeps what matters: the version and where it came from.
            run.set = None;
            run.profile = None;
            run.version = None;
        }
    }

    /// One step: what is worked out here ends at once, what others do is asked of them.
    fn ask(&mut self, at: usize, step: usize, cx: &mut Ctx<'_>) {
        let (sched, store, registry) = (self.sched, self.store, self.registry);
        let run = &mut self.runs[at];
        match (step, &run.set) {
            (ROWS_STEP, _) => cx.send(store, Msg::Build { run: run.number }),
            (TRAIN, _) => {
                let job = *run.job.get_or_insert_with(|| job(run.number, cx));
                let msg = if run.accepted { Msg::AskJob { id: job.id } } else { Msg::Submit { job, settled: 0 } };
                cx.send(sched, msg);
            }
            (PROFILE, Some(set)) => {
                run.profile = Some(Arc::new(set.profile()));
                run.progress.done(PROFILE);
            }
            (EVALUATE, Some(set)) => {
                let Some(model) = &run.model else { return };
                let marks = set.judge(model);
                cx.gauge(OFFLINE_AUC, marks.joined);
                if let Some(logged) = marks.logged {
                    cx.gauge(LOGGED_AUC, logged);
                }
                run.marks = Some(marks);
                run.progress.done(EVALUATE);
            }
            (REGISTER | DEPLOY, Some(set)) => {
                let (Some(model), Some(profile), Some(marks)) = (run.model, &run.profile, run.marks) else { return };
                let made = || Arc::new(Version::of(run.number, set, model, profile.as_ref().clone(), marks));
                let version = Arc::clone(run.version.get_or_insert_with(made));
                cx.send(registry, Msg::Candidate { version });
            }
            _ => {}
        }
    }

    pub fn hear(&mut self, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Rows { run, set } => self.with(run, |run, dag| {
                if run.set.is_some() || run.progress.state(ROWS_STEP).ended() {
                } else if set.examples.len() < ROWS_LEAST {
                    run.progress.fail(dag, ROWS_STEP);
                } else {
                    run.set = Some(set);
                    run.progress.done(ROWS_STEP);
                }
            }),
            Msg::Accepted { id } => self.with(number(id), |run, _| run.accepted = true),
            Msg::TellJob { id, state } => self.trained(number(id), state, cx),
            Msg::Judged { run, passed } => self.with(run, |run, dag| if passed { run.progress.done(REGISTER) } else { run.progress.fail(dag, REGISTER) }),
            Msg::Placed { run, kept } => self.with(run, |run, dag| {
                run.progress.done(REGISTER);
                if kept { run.progress.done(DEPLOY) } else { run.progress.fail(dag, DEPLOY) }
            }),
            Msg::Alarm { by } => self.alarm(by, cx),
            _ => {}
        }
    }

    fn with(&mut self, number: u32, f: impl FnOnce(&mut Run, &Dag)) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.number == number && run.ended.is_none()) {
            f(run, &self.dag);
        }
    }

    /// The gang has done its time: the model is what these rows teach.
    fn trained(&mut self, number: u32, state: JobState, cx: &mut Ctx<'_>) {
        let Some(run) = self.runs.iter_mut().find(|run| run.number == number && run.ended.is_none()) else { return };
        let Some(set) = run.set.clone().filter(|_| run.progress.state(TRAIN) == StepState::Running) else { return };
        match state {
            JobState::Open => {}
            JobState::Gone => run.progress.fail(&self.dag, TRAIN),
            JobState::Done => {
                let model = set.train(cx.rng());
                run.model = Some(if run.broken { model.upside_down() } else { model });
                run.progress.done(TRAIN);
                cx.count(TRAINED, 1);
            }
        }
    }

    fn alarm(&mut self, by: Monitor, cx: &mut Ctx<'_>) {
        let wanted = matches!((cx.system().retrain, by), (Retrain::OnPsi, Monitor::Psi) | (Retrain::OnKs, Monitor::Ks) | (Retrain::OnLabels, Monitor::Labels));
        if wanted && self.open() == 0 && !cx.draining() {
            self.begin("alarm", false, cx);
        }
    }

    pub fn weight(&self) -> usize {
        self.runs.bytes()
    }

    pub fn look(&self) -> Look {
        let doing = self.runs.iter().rev().find(|run| run.ended.is_none());
        let step = doing.and_then(|run| (0..self.dag.len()).find(|step| run.progress.state(*step) == StepState::Running));
        let label = match (doing, step) {
            (Some(run), Some(step)) => format!("run {}: {}", run.number, self.dag.name(step)),
            (Some(run), None) => format!("run {}", run.number),
            (None, _) => "no run".into(),
        };
        Look { label, state: if doing.is_some() { State::Busy } else { State::Idle }, fill: None }
    }
}

fn number(id: u64) -> u32 {
    id.saturating_sub(JOBS) as u32
}

fn job(number: u32, cx: &Ctx<'_>) -> Job {
    let system = cx.system();
    let lasts = system.train_time;
    Job { id: JOBS + u64::from(number), team: PLATFORM, gpus: system.train_gpus, lasts, says: lasts.times(system.estimate), flood: false }
}

/// The features of a model, as a person reads them.
pub fn weights(model: &Logistic<{ super::FEATURES }>) -> Values {
    std::array::from_fn(|i| model.slope(i))
}
