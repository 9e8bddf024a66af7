//! The scheduler: jobs by arrival, what each machine should have, and who starts next.

use super::message::{Job, JobState, Msg, Pod, PodState, Report, Timer};
use super::metrics::*;
use super::role::Ctx;
use super::system::Platform;
use super::watch::Fact;
use super::{REASON_FULL, REASON_QUOTA, TEAMS};
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::{Flat, deep};
use crate::parts::gang::place::{in_turn, whole};
use crate::parts::gang::{Floor, Running, Waiting, choose};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

const TICK: Span = Span::millis(500);
/// A machine that says nothing for so long is down: four beats.
const SILENT: Span = Span::secs(2);
/// A part that is not reported so long after it was given never came to be.
const UNSTARTED: Span = Span::secs(2);
/// More jobs than that wait outside.
const QUEUE_MAX: usize = 1_500;
/// Ended jobs that are remembered for who asks.
const ENDED_MAX: usize = 512;

#[derive(Clone)]
pub struct Sched {
    hosts: Vec<Host>,
    /// By arrival.
    jobs: BTreeMap<u64, Entry>,
    places: BTreeMap<u64, u64>,
    arrivals: u64,
    /// Ids below which all submissions are settled, and those above it that came.
    settled: u64,
    seen: BTreeSet<u64>,
    ended: VecDeque<u64>,
    held: [u32; TEAMS.len()],
    /// Teams that have used `flood`: for measuring how the others fare.
    flooding: [bool; TEAMS.len()],
    /// The most that one team ever held.
    peak: u32,
    counted: Time,
}

#[derive(Clone)]
pub struct Host {
    pub node: NodeId,
    pub up: bool,
    pub free: u32,
    heard: Time,
    seq: u64,
    pods: BTreeMap<u64, Part>,
    changed: bool,
}

/// What a machine should have of one job.
#[derive(Clone, Copy)]
struct Part {
    pod: Pod,
    given: Time,
    /// It was reported: from here on, not to be reported is to be lost.
    seen: bool,
    ready: bool,
    /// Work of which it has said that its share is written.
    saved: Span,
}

#[derive(Clone)]
pub struct Entry {
    pub job: Job,
    pub attempt: u32,
    /// Machines and GPUs of each.
    pub on: Vec<(usize, u32)>,
    pub asked: Time,
    pub started: Option<Time>,
    /// Work that a checkpoint has saved.
    saved: Span,
}

impl Entry {
    pub fn holds(&self) -> u32 {
        self.on.iter().map(|(_, gpus)| gpus).sum()
    }

    pub fn whole(&self) -> bool {
        self.holds() == self.job.gpus
    }

    fn rest(&self) -> Span {
        Span(self.job.lasts.0.saturating_sub(self.saved.0))
    }

    fn estimate(&self) -> Span {
        Span(self.job.says.0.saturating_sub(self.saved.0).max(1))
    }
}

impl Sched {
    pub fn new(machines: Vec<NodeId>, gpus: u32) -> Sched {
        let host = |node| Host { node, up: true, free: gpus, heard: Time::ZERO, seq: 0, pods: BTreeMap::new(), changed: false };
        Sched {
            hosts: machines.into_iter().map(host).collect(),
            jobs: BTreeMap::new(),
            places: BTreeMap::new(),
            arrivals: 0,
            settled: 0,
            seen: BTreeSet::new(),
            ended: VecDeque::new(),
            held: [0; TEAMS.len()],
            flooding: [false; TEAMS.len()],
            peak: 0,
            counted: Time::ZERO,
        }
    }

    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    pub fn jobs(&self) -> impl Iterator<Item = &Entry> {
        self.jobs.values()
    }

    pub fn held(&self) -> &[u32] {
        &self.held
    }

    pub fn has(&self, id: u64) -> bool {
        self.places.contains_key(&id)
    }

    /// Who runs what on a machine: job, team, GPUs, whether it works.
    pub fn on_host(&self, host: usize) -> impl Iterator<Item = (&Entry, u32)> {
        self.jobs.values().filter_map(move |entry| entry.on.iter().find(|(h, _)| *h == host).map(|(_, gpus)| (entry, *gpus)))
    }

    /// After a crash everybody has a new chance to be heard of.
    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        for host in &mut self.hosts {
            host.heard = cx.now();
        }
        self.tick(cx);
    }

    pub fn wake(&mut self, cx: &mut Ctx<'_>) {
        self.tick(cx);
    }

    fn tick(&mut self, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let silent: Vec<usize> = (0..self.hosts.len()).filter(|h| self.hosts[*h].up && now.since(self.hosts[*h].heard) > SILENT).collect();
        for host in silent {
            self.hosts[host].up = false;
            let lost: Vec<u64> = self.hosts[host].pods.keys().copied().collect();
            lost.into_iter().for_each(|id| self.abort(id, cx));
        }
        self.pass(cx);
        // While somebody could still be served there is work, and the world is not quiet.
        let waits = self.jobs.values().any(|entry| !entry.whole());
        if waits && cx.draining() {
            cx.after(TICK, Timer::Tick);
        } else {
            cx.background(TICK, Timer::Tick);
        }
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Submit { job, settled } => self.submit(from, job, settled, cx),
            Msg::Beat { pods } => self.beat(from, &pods, cx),
            Msg::AskJob { id } => {
                let state = if self.has(id) {
                    JobState::Open
                } else if self.ended.contains(&id) {
                    JobState::Done
                } else {
                    JobState::Gone
                };
                cx.send(from, Msg::TellJob { id, state });
            }
            _ => {}
        }
    }

    fn submit(&mut self, from: NodeId, job: Job, settled: u64, cx: &mut Ctx<'_>) {
        cx.send(from, Msg::Accepted { id: job.id });
        // Ids of workflows come from above, one at a time, and are known while they are remembered.
        let flows = job.id >= super::flow::JOBS;
        if !flows {
            self.settled = self.settled.max(settled);
            let settled = self.settled;
            self.seen.retain(|id| *id >= settled);
        }
        let known = if flows { self.has(job.id) || self.ended.contains(&job.id) } else { job.id < self.settled || !self.seen.insert(job.id) };
        if known {
            return;
        }
        let system = cx.shared();
        let at_work: u32 = self.jobs.values().filter(|e| e.job.team == job.team && e.started.is_some()).map(Entry::holds).sum();
        let counted = if system.quota_at_submit { at_work } else { 0 };
        if counted + job.gpus > system.ceiling() {
            return cx.fail(REASON_QUOTA);
        }
        if self.jobs.len() >= QUEUE_MAX {
            return cx.fail(REASON_FULL);
        }
        self.flooding[job.team] |= job.flood;
        self.arrivals += 1;
        self.places.insert(job.id, self.arrivals);
        let entry = Entry { job, attempt: 1, on: Vec::new(), asked: cx.now(), started: None, saved: Span::ZERO };
        self.jobs.insert(self.arrivals, entry);
        self.pass(cx);
    }

    /// What a machine has, against what it should have.
    fn beat(&mut self, from: NodeId, reports: &[Report], cx: &mut Ctx<'_>) {
        let Some(at) = self.hosts.iter().position(|host| host.node == from) else { return };
        let now = cx.now();
        let host = &mut self.hosts[at];
        host.heard = now;
        let mut news = !std::mem::replace(&mut host.up, true);
        let (mut lost, mut done, mut differs) = (Vec::new(), Vec::new(), false);
        for (id, part) in &mut host.pods {
            match reports.iter().find(|r| r.id == *id && r.attempt == part.pod.attempt) {
                Some(report) => {
                    part.seen = true;
                    part.saved = part.saved.max(report.saved);
                    news |= !part.ready && report.state != PodState::Pulling;
                    part.ready |= report.state != PodState::Pulling;
                    differs |= report.state == PodState::Ready && part.pod.go.is_some();
                    if report.state == PodState::Done {
                        done.push(*id);
                    }
                }
                None if part.seen || now.since(part.given) > UNSTARTED => lost.push(*id),
                None => differs = true,
            }
        }
        differs |= reports.iter().any(|r| host.pods.get(&r.id).is_none_or(|part| part.pod.attempt != r.attempt));
        host.changed |= differs;
        news |= differs || !done.is_empty() || !lost.is_empty();
        done.into_iter().for_each(|id| self.finish(id, cx));
        lost.into_iter().for_each(|id| self.abort(id, cx));
        if news {
            self.pass(cx);
        }
    }

    /// Adds up GPU time since the last change.
    fn account(&mut self, cx: &mut Ctx<'_>) {
        let span = cx.now().since(self.counted).0 / 1_000_000;
        self.counted = Time(self.counted.0 + span * 1_000_000);
        let (working, held) = self.gpus();
        cx.count(BUSY_MS, u64::from(working) * span);
        cx.count(HELD_MS, u64::from(held) * span);
        cx.count(ALL_MS, u64::from(cx.system().total()) * span);
    }

    /// GPUs at work, and GPUs held without work.
    fn gpus(&self) -> (u32, u32) {
        let sum = |works: bool| self.jobs.values().filter(|entry| entry.started.is_some() == works).map(Entry::holds).sum();
        (sum(true), sum(false))
    }

    /// Starts whoever can start, and tells machines what has changed.
    fn pass(&mut self, cx: &mut Ctx<'_>) {
        self.account(cx);
        let system = cx.shared();
        if system.gang {
            self.whole_gangs(&system, cx);
        } else {
            self.one_by_one(&system, cx);
        }
        self.release_the_ready(cx);
        self.tell(cx);
        let (working, held) = self.gpus();
        cx.gauge(GPUS_RUNNING, f64::from(working));
        cx.gauge(GPUS_HELD, f64::from(held));
        cx.gauge(QUEUE, self.jobs.values().filter(|entry| !entry.whole()).count() as f64);
        self.peak = self.held.iter().copied().max().unwrap_or(0).max(self.peak);
        cx.gauge(TEAM_PEAK, f64::from(self.peak) / f64::from(system.total().max(1)));
    }

    /// GPUs of machines that are up, free ones last.
    fn room(&self) -> (u32, Vec<u32>) {
        let up: u32 = self.hosts.iter().filter(|h| h.up).map(|h| h.free + h.pods.values().map(|p| p.pod.gpus).sum::<u32>()).sum();
        (up, self.hosts.iter().map(|h| if h.up { h.free } else { 0 }).collect())
    }

    /// Waiting jobs that could run on what is up, within what their team may hold by now, by arrival: one that never can keeps nobody waiting.
    fn waiting(&self, system: &Platform, up: u32) -> Vec<u64> {
        let most = up.min(system.ceiling());
        self.jobs.iter().filter(|(_, entry)| !entry.whole() && entry.job.gpus <= most).map(|(at, _)| *at).collect()
    }

    /// What each team may hold. Who looked when the job came does not look again, if that is the rule.
    fn ceilings(system: &Platform) -> [u32; TEAMS.len()] {
        [if system.quota_at_submit { u32::MAX } else { system.ceiling() }; TEAMS.len()]
    }

    fn whole_gangs(&mut self, system: &Platform, cx: &mut Ctx<'_>) {
        let (up, mut free) = self.room();
        let order = self.waiting(system, up);
        if order.is_empty() {
            return;
        }
        let now = cx.now().0;
        let queue: Vec<Waiting> =
            order.iter().map(|at| &self.jobs[at]).map(|e| Waiting { tenant: e.job.team, gpus: e.job.gpus - e.holds(), lasts: e.estimate().0 }).collect();
        let at_work = self.jobs.values().filter(|entry| entry.whole());
        let running = at_work.map(|e| Running { gpus: e.job.gpus, ends: e.started.map_or(now, |t| t.0).saturating_add(e.estimate().0) }).collect();
        let ceilings = Self::ceilings(system);
        let floor = Floor { now, free: free.iter().sum(), running, held: self.held.to_vec(), ceilings: &ceilings };
        for start in choose(system.policy, &queue, floor) {
            let Some(on) = whole(&free, queue[start.place].gpus) else { continue };
            on.iter().for_each(|(host, gpus)| free[*host] -= gpus);
            cx.count(BACKFILLED, u64::from(start.ahead));
            if start.ahead {
                cx.fact(Fact::Backfilled);
            }
            self.give(order[start.place], &on, system, cx);
        }
    }

    /// A scheduler that knows parts and no gangs: each free GPU goes to the next job in turn that lacks one.
    fn one_by_one(&mut self, system: &Platform, cx: &mut Ctx<'_>) {
        let (up, mut free) = self.room();
        let order = self.waiting(system, up);
        let (wants, tenants): (Vec<u32>, Vec<usize>) = order.iter().map(|at| &self.jobs[at]).map(|e| (e.job.gpus - e.holds(), e.job.team)).unzip();
        let ceilings = Self::ceilings(system);
        let mut may: Vec<u32> = ceilings.iter().zip(self.held).map(|(ceiling, held)| ceiling.saturating_sub(held)).collect();
        let got = in_turn(free.iter().sum(), &wants, &tenants, &mut may);
        for (at, gpus) in order.into_iter().zip(got).filter(|(_, gpus)| *gpus > 0) {
            let Some(on) = whole(&free, gpus) else { continue };
            on.iter().for_each(|(host, gpus)| free[*host] -= gpus);
            self.give(at, &on, system, cx);
        }
    }

    fn give(&mut self, at: u64, on: &[(usize, u32)], system: &Platform, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let Some(entry) = self.jobs.get_mut(&at) else { return };
        let (id, attempt, team) = (entry.job.id, entry.attempt, entry.job.team);
        for (host, gpus) in on {
            match entry.on.iter_mut().find(|(h, _)| h == host) {
                Some((_, held)) => *held += gpus,
                None => entry.on.push((*host, *gpus)),
            }
            let host = &mut self.hosts[*host];
            let part =
                host.pods.entry(id).or_insert(Part { pod: Pod { id, attempt, gpus: 0, go: None }, given: now, seen: false, ready: false, saved: Span::ZERO });
            part.pod.gpus += gpus;
            host.free -= gpus;
            host.changed = true;
            self.held[team] += gpus;
        }
        let gpus = on.iter().map(|(_, gpus)| gpus).sum();
        cx.fact(Fact::Given { id, team, gpus, wants: entry.job.gpus, ceiling: system.ceiling() });
    }

    /// Gangs whose parts are all ready begin to work.
    fn release_the_ready(&mut self, cx: &mut Ctx<'_>) {
        let (middling, now) = (cx.system().middling(), cx.now());
        for entry in self.jobs.values_mut().filter(|entry| entry.started.is_none() && entry.whole()) {
            let id = entry.job.id;
            if !entry.on.iter().all(|(host, _)| self.hosts[*host].pods.get(&id).is_some_and(|part| part.ready)) {
                continue;
            }
            entry.started = Some(now);
            let rest = entry.rest();
            for (host, _) in &entry.on {
                let host = &mut self.hosts[*host];
                host.changed = true;
                if let Some(part) = host.pods.get_mut(&id) {
                    part.pod.go = Some(rest);
                }
            }
            cx.count(STARTED, 1);
            if entry.attempt > 1 {
                continue;
            }
            cx.record_since(WAIT, entry.asked);
            if entry.job.gpus > middling {
                cx.record_since(WAIT_LARGE, entry.asked);
            } else if entry.job.gpus <= 2 {
                cx.record_since(WAIT_SMALL, entry.asked);
            }
            if !self.flooding[entry.job.team] {
                cx.record_since(WAIT_OTHERS, entry.asked);
            }
        }
    }

    fn tell(&mut self, cx: &mut Ctx<'_>) {
        for host in self.hosts.iter_mut().filter(|host| host.changed) {
            host.changed = false;
            host.seq += 1;
            cx.send(host.node, Msg::Want { seq: host.seq, pods: host.pods.values().map(|part| part.pod).collect() });
        }
    }

    fn finish(&mut self, id: u64, cx: &mut Ctx<'_>) {
        self.account(cx);
        let Some(at) = self.places.remove(&id) else { return };
        self.take_back(at, cx);
        self.jobs.remove(&at);
        cx.count(COMPLETED, 1);
        self.ended.push_back(id);
        if self.ended.len() > ENDED_MAX {
            self.ended.pop_front();
        }
    }

    /// What a gang has saved since it started: a checkpoint is one when every part has said that its share is written, and a dead one says nothing.
    fn written(&self, entry: &Entry) -> Span {
        let share = |host: &usize| self.hosts[*host].pods.get(&entry.job.id).map_or(Span::ZERO, |part| part.saved);
        entry.on.iter().map(|(host, _)| share(host)).min().unwrap_or(Span::ZERO)
    }

    /// A gang has lost a part: the others are of no use. It waits again, from its last checkpoint.
    fn abort(&mut self, id: u64, cx: &mut Ctx<'_>) {
        self.account(cx);
        let Some(at) = self.places.get(&id).copied() else { return };
        let written = self.jobs.get(&at).map_or(Span::ZERO, |entry| self.written(entry));
        self.take_back(at, cx);
        let Some(entry) = self.jobs.get_mut(&at) else { return };
        if let Some(started) = entry.started.take() {
            let worked = cx.now().since(started).0;
            let kept = written.0.min(worked);
            entry.saved = Span((entry.saved.0 + kept).min(entry.job.lasts.0));
            cx.count(LOST_MS, (worked - kept) / 1_000_000 * u64::from(entry.job.gpus));
        }
        entry.attempt += 1;
        cx.count(RESTARTS, 1);
    }

    fn take_back(&mut self, at: u64, cx: &mut Ctx<'_>) {
        let Some(entry) = self.jobs.get_mut(&at) else { return };
        for (host, gpus) in std::mem::take(&mut entry.on) {
            let host = &mut self.hosts[host];
            host.pods.remove(&entry.job.id);
            host.free += gpus;
            host.changed = true;
            self.held[entry.job.team] -= gpus;
            cx.fact(Fact::Back { id: entry.job.id, team: entry.job.team, gpus });
        }
    }

    pub fn weight(&self) -> usize {
        self.hosts.bytes()
            + deep(self.hosts.iter(), |host| host.pods.bytes())
            + self.jobs.bytes()
            + deep(self.jobs.values(), |entry| entry.on.bytes())
            + self.places.bytes()
            + self.seen.bytes()
            + self.ended.bytes()
    }

    /// A job that cannot get all its GPUs even if all that work now end: what it lacks is held by others that wait.
    /// Banker's reasoning: whoever could be completed gives back what it holds, until nobody more can.
    pub fn locked(&self, system: &Platform) -> Option<&Entry> {
        let (up, free) = self.room();
        let most = up.min(system.ceiling());
        let ceilings = Self::ceilings(system);
        let (mut free, mut held): (u32, _) = (free.iter().sum(), self.held);
        let mut left: Vec<&Entry> = Vec::new();
        for entry in self.jobs.values() {
            if entry.whole() {
                free += entry.holds();
                held[entry.job.team] -= entry.holds();
            } else {
                left.push(entry);
            }
        }
        loop {
            let before = left.len();
            left.retain(|entry| {
                let (lacks, team) = (entry.job.gpus - entry.holds(), entry.job.team);
                let ends = lacks <= free && held[team].saturating_add(lacks) <= ceilings[team];
                if ends {
                    free += entry.holds();
                    held[team] -= entry.holds();
                }
                !ends
            });
            if left.len() == before {
                return left.into_iter().find(|entry| entry.job.gpus <= most);
            }
        }
    }

    pub fn look(&self) -> Look {
        let waits = self.jobs.values().filter(|entry| !entry.whole()).count();
        let (working, held) = self.gpus();
        let total: u32 = self.room().0;
        let state = if held > 0 && working == 0 && waits > 1 { State::Warn } else { State::Leader };
        Look { label: format!("{waits} wait"), state, fill: Some(f64::from(working) / f64::from(total.max(1))) }
    }
}
