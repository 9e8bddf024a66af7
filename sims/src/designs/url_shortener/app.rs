//! An application server: makes links and follows them. What waits for another node is a job.

use super::messages::{Cached, Found, Link, Msg, Outcome, Put, Timer};
use super::metrics::{ATTEMPTS, CLICKS_LOST, COLLISIONS, REUSED, WASTED, reasons};
use super::numbers::Numbers;
use super::outgoing::Clicks;
use super::role::Ctx;
use super::system::{CACHE_PATIENCE, Insert, Map, PATIENCE, STORE_PATIENCE, Shortener};
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::Time;
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// So many codes are drawn for one link before it is given up.
const ATTEMPTS_MOST: u32 = 10;

#[derive(Clone, Debug)]
pub struct App {
    map: Arc<Map>,
    jobs: BTreeMap<u64, Job>,
    /// Grows over the node's whole life: an answer to an earlier life must not be taken for one to this.
    next: u64,
    numbers: Numbers,
    /// Links that wait for a range.
    starved: VecDeque<u64>,
    clicks: Clicks,
}

#[derive(Clone, Debug)]
struct Job {
    ticket: u64,
    from: NodeId,
    since: Time,
    /// Counts what it has waited for, so that a late timer does not end a later wait.
    stage: u32,
    work: Work,
}

#[derive(Clone, Debug)]
enum Work {
    Make { link: Link, alias: bool, drawn: u32, number: u64, asked: Asked },
    Find { number: u64, at_store: bool },
}

/// What a new link waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Range,
    Check,
    Insert,
}

impl App {
    pub fn new(map: Arc<Map>, place: usize) -> App {
        App { map, jobs: BTreeMap::new(), next: (place as u64) << 40, numbers: Numbers::default(), starved: VecDeque::new(), clicks: Clicks::default() }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.clicks.start(self.map.counter, cx);
    }

    pub fn crash(&mut self) {
        self.jobs.clear();
        self.starved.clear();
        self.numbers.crash();
        self.clicks.crash();
    }

    /// After a crash: what it took along.
    pub fn tell_losses(&mut self, cx: &mut Ctx<'_>) {
        cx.count(WASTED, self.numbers.told_waste());
        cx.count(CLICKS_LOST, self.clicks.told_losses());
    }

    pub fn hear(&mut self, from: NodeId, msg: &Msg, cx: &mut Ctx<'_>) {
        match *msg {
            Msg::Create { ticket, link, alias } => {
                let number = alias.and_then(|code| cx.system().number(&code));
                let work = Work::Make { link, alias: alias.is_some(), drawn: 0, number: number.unwrap_or(0), asked: Asked::Range };
                let job = self.open(ticket, from, work, cx.now());
                match number {
                    Some(_) => self.put(job, cx),
                    None => self.draw(job, cx),
                }
            }
            Msg::Visit { ticket, code } => match cx.system().number(&code) {
                Some(number) => self.find(ticket, from, number, cx),
                None => cx.send(from, Msg::Answer { ticket, found: Found::Unknown }),
            },
            Msg::Leased { ask, range } => {
                if !self.numbers.leased(ask, range) {
                    cx.count(WASTED, range.left());
                }
                for job in std::mem::take(&mut self.starved) {
                    self.draw(job, cx);
                }
            }
            Msg::Free { job, number, free } if self.waits_for(job, number, Asked::Check) => self.checked(job, free, cx),
            Msg::Inserted { job, number, outcome } if self.waits_for(job, number, Asked::Insert) => self.inserted(job, outcome, cx),
            Msg::Got { job, found } => self.got(job, found, cx),
            Msg::Row { job, link } => self.row(job, link, cx),
            Msg::Counted { batch } => self.clicks.counted(batch, cx),
            _ => {}
        }
    }

    pub fn ring(&mut self, timer: &Timer, cx: &mut Ctx<'_>) {
        match *timer {
            Timer::Late { job, stage } if self.jobs.get(&job).is_some_and(|open| open.stage == stage) => self.late(job, cx),
            Timer::LeaseLate { ask } => {
                self.numbers.late(ask, self.map.ranges, cx);
            }
            Timer::Flush => self.clicks.flush(self.map.counter, cx),
            Timer::Resend { batch } => self.clicks.resend(batch, self.map.counter, cx),
            _ => {}
        }
    }

    fn open(&mut self, ticket: u64, from: NodeId, work: Work, since: Time) -> u64 {
        self.next += 1;
        self.jobs.insert(self.next, Job { ticket, from, since, stage: 0, work });
        self.next
    }

    /// Whether a link waits for this very answer: one to an earlier number, or one that came twice, is none to the present one.
    fn waits_for(&self, job: u64, number: u64, asked: Asked) -> bool {
        matches!(self.jobs.get(&job), Some(Job { work: Work::Make { number: of, asked: what, .. }, .. }) if *of == number && *what == asked)
    }

    /// Sends on behalf of a job and waits for the answer.
    fn ask(&mut self, job: u64, to: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        let Some(open) = self.jobs.get_mut(&job) else { return };
        open.stage += 1;
        let patience = if to == self.map.cache { CACHE_PATIENCE } else { STORE_PATIENCE };
        cx.after(patience, Timer::Late { job, stage: open.stage });
        cx.send(to, msg);
    }

    fn late(&mut self, job: u64, cx: &mut Ctx<'_>) {
        let Some(open) = self.jobs.get(&job) else { return };
        // Whoever asked has gone. To go on would be work for nobody, just when there is too much of it.
        if cx.now().since(open.since) >= PATIENCE {
            self.jobs.remove(&job);
            return;
        }
        match open.work {
            Work::Make { asked: Asked::Range, .. } => {}
            // Whether the row was put is not known. To put it again does no harm: it is the same number and the same address.
            Work::Make { .. } => self.put(job, cx),
            Work::Find { at_store: false, .. } => self.fetch(job, cx),
            Work::Find { .. } => {
                self.jobs.remove(&job);
            }
        }
    }

    /// A number for a new link.
    fn draw(&mut self, job: u64, cx: &mut Ctx<'_>) {
        let Some(Job { work: Work::Make { link, drawn, number, asked, .. }, stage, .. }) = self.jobs.get_mut(&job) else { return };
        match self.numbers.draw(link.address, *drawn, self.map.ranges, cx) {
            Some(fresh) => {
                *number = fresh;
                *drawn += 1;
                self.put(job, cx);
            }
            None => {
                *asked = Asked::Range;
                *stage += 1;
                cx.after(PATIENCE, Timer::Late { job, stage: *stage });
                while self.starved.front().is_some_and(|first| !self.jobs.contains_key(first)) {
                    self.starved.pop_front();
                }
                self.starved.push_back(job);
            }
        }
    }

    fn put(&mut self, job: u64, cx: &mut Ctx<'_>) {
        let insert = cx.system().insert;
        let Some(Job { work: Work::Make { link, number, asked, .. }, .. }) = self.jobs.get_mut(&job) else { return };
        let (link, number) = (*link, *number);
        *asked = if insert == Insert::CheckFirst { Asked::Check } else { Asked::Insert };
        let msg = match insert {
            Insert::CheckFirst => Msg::IsFree { job, number },
            Insert::Unique => Msg::Insert { job, number, link, put: Put::IfFree },
            Insert::Over => Msg::Insert { job, number, link, put: Put::Over },
        };
        self.ask(job, self.map.shard_of(number), msg, cx);
    }

    /// The second half of check-then-insert.
    fn checked(&mut self, job: u64, free: bool, cx: &mut Ctx<'_>) {
        let Some(Job { work: Work::Make { link, number, asked, .. }, .. }) = self.jobs.get_mut(&job) else { return };
        *asked = Asked::Insert;
        let (link, number) = (*link, *number);
        if free {
            self.ask(job, self.map.shard_of(number), Msg::Insert { job, number, link, put: Put::Over }, cx);
        } else {
            self.taken(job, cx);
        }
    }

    fn inserted(&mut self, job: u64, outcome: Outcome, cx: &mut Ctx<'_>) {
        if outcome == Outcome::Taken {
            return self.taken(job, cx);
        }
        let Some(Job { ticket, from, work: Work::Make { link, drawn, number, .. }, .. }) = self.jobs.remove(&job) else { return };
        cx.record(ATTEMPTS, u64::from(drawn.max(1)));
        cx.count(REUSED, u64::from(outcome == Outcome::Same));
        cx.fact(Fact::Acknowledged { number, link, drawn });
        let code = cx.system().code(number);
        cx.send(from, Msg::Created { ticket, code });
    }

    fn taken(&mut self, job: u64, cx: &mut Ctx<'_>) {
        let Some(Job { work: Work::Make { alias, drawn, .. }, .. }) = self.jobs.get(&job) else { return };
        let (alias, drawn) = (*alias, *drawn);
        if !alias {
            cx.count(COLLISIONS, 1);
        }
        if !alias && drawn < ATTEMPTS_MOST {
            return self.draw(job, cx);
        }
        if let Some(Job { ticket, from, .. }) = self.jobs.remove(&job) {
            cx.send(from, Msg::Refused { ticket, reason: if alias { reasons::ALIAS_TAKEN } else { reasons::NO_FREE_CODE } });
        }
    }

    fn find(&mut self, ticket: u64, from: NodeId, number: u64, cx: &mut Ctx<'_>) {
        let job = self.open(ticket, from, Work::Find { number, at_store: false }, cx.now());
        if cx.system().cache > 0 {
            self.ask(job, self.map.cache, Msg::Get { job, number }, cx);
        } else {
            self.fetch(job, cx);
        }
    }

    fn fetch(&mut self, job: u64, cx: &mut Ctx<'_>) {
        let Some(Job { work: Work::Find { number, at_store }, .. }) = self.jobs.get_mut(&job) else { return };
        *at_store = true;
        let number = *number;
        self.ask(job, self.map.shard_of(number), Msg::Fetch { job, number }, cx);
    }

    fn got(&mut self, job: u64, found: Cached, cx: &mut Ctx<'_>) {
        let Some(Job { work: Work::Find { at_store: false, .. }, .. }) = self.jobs.get(&job) else { return };
        match found {
            Cached::Link(link) if !expired(&link, cx) => self.answer(job, Found::Redirect(link.address), cx),
            Cached::Nothing => self.answer(job, Found::Unknown, cx),
            // An expired one may have been prolonged since: the store knows.
            Cached::Link(_) | Cached::Miss => self.fetch(job, cx),
        }
    }

    fn row(&mut self, job: u64, link: Option<Link>, cx: &mut Ctx<'_>) {
        let Some(Job { work: Work::Find { number, at_store: true }, .. }) = self.jobs.get(&job) else { return };
        let number = *number;
        let found = match link {
            Some(link) if expired(&link, cx) => Found::Gone,
            Some(link) => Found::Redirect(link.address),
            None => Found::Unknown,
        };
        let keeps = if link.is_some() { found != Found::Gone } else { cx.system().remember_unknown };
        if keeps && cx.system().cache > 0 {
            cx.send(self.map.cache, Msg::Fill { number, link });
        }
        self.answer(job, found, cx);
    }

    fn answer(&mut self, job: u64, found: Found, cx: &mut Ctx<'_>) {
        let Some(Job { ticket, from, .. }) = self.jobs.remove(&job) else { return };
        if let Found::Redirect(_) = found {
            self.clicks.add(cx);
        }
        cx.send(from, Msg::Answer { ticket, found });
    }

    pub fn clicks(&self) -> &Clicks {
        &self.clicks
    }

    pub fn row_of(&self, name: &str) -> Vec<String> {
        let mut row = vec![name.to_string()];
        row.extend(self.numbers.row());
        row.extend([self.jobs.len().to_string(), self.clicks.waiting().to_string(), self.clicks.lost().to_string()]);
        row
    }

    pub fn weight(&self) -> usize {
        self.jobs.bytes() + self.starved.bytes()
    }

    pub fn look(&self, system: &Shortener) -> Look {
        let state = if self.starved.is_empty() { if self.jobs.is_empty() { State::Idle } else { State::Busy } } else { State::Warn };
        let fill = self.numbers.left_share(system.range);
        Look { label: format!("{} under way", self.jobs.len()), state, fill }
    }
}

fn expired(link: &Link, cx: &Ctx<'_>) -> bool {
    cx.system().check_expiry && link.expires <= cx.clock().max(Time(1))
}
