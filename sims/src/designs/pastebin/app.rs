//! An application server: keeps pastes and gives them out. What waits for another node is a job.

use super::messages::{Copied, Draft, Found, Missing, Msg, Outcome, Row, Timer};
use super::metrics::{BURNT, CLEARED, reasons};
use super::role::Ctx;
use super::system::{CACHE_PATIENCE, Map, PATIENCE, STORE_PATIENCE};
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::blobs::Body;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct App {
    map: Arc<Map>,
    jobs: BTreeMap<u64, Job>,
    /// Grows over the node's whole life: an answer to an earlier life must not be taken for one to this.
    next: u64,
    /// Crash between the two writes of the next paste, and come back after so long.
    crash_between: Option<Span>,
}

#[derive(Clone, Copy, Debug)]
struct Job {
    ticket: u64,
    from: NodeId,
    since: Time,
    /// Counts what it has waited for, so that a late timer does not end a later wait.
    stage: u32,
    waits: Waits,
    work: Work,
}

#[derive(Clone, Copy, Debug)]
enum Work {
    Create { draft: Draft, id: u64, row: Row },
    Read { id: u64, reader: u64, row: Option<Row> },
    Delete { id: u64, owner: u64 },
    List,
}

/// What a job waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    /// The body to be put, or the row to be written; `first` of the two.
    Put {
        first: bool,
    },
    Name {
        first: bool,
    },
    /// The paste, or a body, from the cache.
    Cache,
    Open,
    Get,
    Kill,
    List,
}

impl App {
    pub fn new(map: Arc<Map>, place: usize) -> App {
        App { map, jobs: BTreeMap::new(), next: (place as u64 + 1) << 40, crash_between: None }
    }

    pub fn crash(&mut self) {
        self.jobs.clear();
    }

    /// The next paste of this server is interrupted between its two writes.
    pub fn crash_between(&mut self, back: Span) {
        self.crash_between = Some(back);
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Create { ticket, draft } => self.create(ticket, from, draft, cx),
            Msg::Read { ticket, id, reader } => {
                let whole = cx.system().whole_pastes && cx.system().cache > 0;
                let waits = if whole { Waits::Cache } else { Waits::Open };
                self.open(ticket, from, waits, Work::Read { id, reader, row: None }, cx);
            }
            Msg::Delete { ticket, id, owner } => self.open(ticket, from, Waits::Kill, Work::Delete { id, owner }, cx),
            Msg::FrontPage { ticket } => self.open(ticket, from, Waits::List, Work::List, cx),
            Msg::PutDone { job } => self.put_done(job, cx),
            Msg::Named { job, outcome } => self.named(job, outcome, cx),
            Msg::Opened { job, found } => self.opened(job, found, cx),
            Msg::Kept { job, kept } => self.kept(job, kept, cx),
            Msg::Got { job, body } => self.got(job, body, cx),
            Msg::Busy { job } => self.refuse(job, reasons::OVERLOADED, cx),
            Msg::Killed { job } => {
                if let Some(open) = self.jobs.remove(&job) {
                    cx.send(open.from, Msg::Deleted { ticket: open.ticket });
                }
            }
            Msg::LatestAre { job, ids } => {
                if let Some(open) = self.jobs.remove(&job) {
                    cx.send(open.from, Msg::Listed { ticket: open.ticket, ids });
                }
            }
            _ => {}
        }
    }

    pub fn ring(&mut self, timer: &Timer, cx: &mut Ctx<'_>) {
        let Timer::Late { job, stage } = *timer else { return };
        let Some(open) = self.jobs.get_mut(&job).filter(|open| open.stage == stage) else { return };
        // Whoever asked has gone: to go on would be work for nobody.
        if cx.now().since(open.since) >= PATIENCE {
            self.jobs.remove(&job);
            return;
        }
        if open.waits == Waits::Cache {
            open.waits = past_the_cache(&open.work);
        }
        self.ask(job, cx);
    }

    fn open(&mut self, ticket: u64, from: NodeId, waits: Waits, work: Work, cx: &mut Ctx<'_>) {
        self.next += 1;
        self.jobs.insert(self.next, Job { ticket, from, since: cx.now(), stage: 0, waits, work });
        self.ask(self.next, cx);
    }

    /// Sends what this job waits for, and looks again when it is late. All of it may be sent twice.
    fn ask(&mut self, job: u64, cx: &mut Ctx<'_>) {
        let Some(open) = self.jobs.get_mut(&job) else { return };
        open.stage += 1;
        let (stage, map) = (open.stage, Arc::clone(&self.map));
        let (to, msg) = match (open.waits, open.work) {
            (Waits::Put { .. }, Work::Create { draft, id, row }) => (map.blobs, Msg::Put { job, name: row.name, holder: id, body: draft.body }),
            (Waits::Name { .. }, Work::Create { id, row, .. }) => (map.meta, Msg::Name { job, id, row }),
            (Waits::Cache, Work::Read { id, row, .. }) => (map.cache, Msg::Ask { job, key: row.map_or(id, |row| row.name) }),
            (Waits::Open, Work::Read { id, reader, .. }) => (map.meta, Msg::Open { job, id, reader }),
            (Waits::Get, Work::Read { row: Some(row), .. }) => (map.blobs, Msg::Get { job, name: row.name }),
            (Waits::Kill, Work::Delete { id, owner }) => (map.meta, Msg::Kill { job, id, owner }),
            (Waits::List, Work::List) => (map.meta, Msg::Latest { job }),
            _ => return,
        };
        let patience = if to == map.cache { CACHE_PATIENCE } else { STORE_PATIENCE };
        cx.after(patience, Timer::Late { job, stage });
        cx.send(to, msg);
    }

    /// Goes on to the next question of a job.
    fn then(&mut self, job: u64, waits: Waits, cx: &mut Ctx<'_>) {
        if let Some(open) = self.jobs.get_mut(&job) {
            open.waits = waits;
            self.ask(job, cx);
        }
    }

    fn waits(&self, job: u64) -> Option<Waits> {
        self.jobs.get(&job).map(|open| open.waits)
    }

    fn refuse(&mut self, job: u64, reason: usize, cx: &mut Ctx<'_>) {
        if let Some(open) = self.jobs.remove(&job) {
            cx.send(open.from, Msg::Refused { ticket: open.ticket, reason });
        }
    }

    fn create(&mut self, ticket: u64, from: NodeId, draft: Draft, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        if draft.body.bytes > system.limit {
            return cx.send(from, Msg::Refused { ticket, reason: reasons::TOO_LARGE });
        }
        let id = cx.rng().u64();
        let expires = if draft.ttl == Span::ZERO { Time::MAX } else { cx.clock() + draft.ttl };
        let name = system.name(&draft, id);
        let row = Row {
            name,
            expires,
            burn: draft.burn,
            visibility: draft.visibility,
            owner: draft.owner,
            deadline: cx.clock() + system.grace,
            content: draft.body.content,
        };
        let waits = if system.body_first { Waits::Put { first: true } } else { Waits::Name { first: true } };
        self.open(ticket, from, waits, Work::Create { draft, id, row }, cx);
    }

    fn put_done(&mut self, job: u64, cx: &mut Ctx<'_>) {
        match self.waits(job) {
            Some(Waits::Put { first: true }) if !self.interrupted(cx) => self.then(job, Waits::Name { first: false }, cx),
            Some(Waits::Put { first: false }) => self.created(job, cx),
            _ => {}
        }
    }

    fn named(&mut self, job: u64, outcome: Outcome, cx: &mut Ctx<'_>) {
        let Some(Waits::Name { first }) = self.waits(job) else { return };
        match outcome {
            Outcome::Stored if !first => self.created(job, cx),
            Outcome::Stored if self.interrupted(cx) => {}
            Outcome::Stored => self.then(job, Waits::Put { first: false }, cx),
            Outcome::TooLate => self.refuse(job, reasons::TOO_LATE, cx),
            // Another paste has the id: begin anew. What was put for it is left to the audit.
            Outcome::Taken => {
                if let Some(Job { ticket, from, work: Work::Create { draft, .. }, .. }) = self.jobs.remove(&job) {
                    self.create(ticket, from, draft, cx);
                }
            }
        }
    }

    /// This machine stops here, between the two writes.
    fn interrupted(&mut self, cx: &mut Ctx<'_>) -> bool {
        let back = self.crash_between.take();
        if let Some(back) = back {
            cx.log(format!("{} crashes between the two writes of a paste", cx.name(cx.me())));
            cx.crash(Some(back));
        }
        back.is_some()
    }

    fn created(&mut self, job: u64, cx: &mut Ctx<'_>) {
        if let Some(Job { ticket, from, work: Work::Create { id, .. }, .. }) = self.jobs.remove(&job) {
            cx.fact(Fact::Promised { id });
            cx.send(from, Msg::Created { ticket, id });
        }
    }

    fn opened(&mut self, job: u64, found: Found, cx: &mut Ctx<'_>) {
        if self.waits(job) != Some(Waits::Open) {
            return;
        }
        let Some(Job { work: Work::Read { id, row, .. }, .. }) = self.jobs.get_mut(&job) else { return };
        let id = *id;
        match found {
            Found::Live(there) => {
                *row = Some(there);
                let bodies = cx.system().cache > 0 && !cx.system().whole_pastes;
                self.then(job, if bodies { Waits::Cache } else { Waits::Get }, cx);
            }
            Found::Gone { clear } => {
                if let Some(name) = clear {
                    self.clear(name, id, cx);
                }
                self.none(job, Missing::Gone, cx);
            }
            Found::Unknown | Found::Forbidden => self.none(job, Missing::NotFound, cx),
        }
    }

    /// Somebody asked for a dead paste: what the sweeper would do later.
    fn clear(&mut self, name: u64, id: u64, cx: &mut Ctx<'_>) {
        cx.count(CLEARED, 1);
        cx.send(self.map.blobs, Msg::Release { step: 0, list: vec![(name, id)] });
        cx.send(self.map.meta, Msg::Forget { step: 0, ids: vec![id] });
    }

    fn kept(&mut self, job: u64, kept: Option<Copied>, cx: &mut Ctx<'_>) {
        if self.waits(job) != Some(Waits::Cache) {
            return;
        }
        let Some(Job { work: Work::Read { row, .. }, .. }) = self.jobs.get_mut(&job) else { return };
        match kept {
            Some(copy) => {
                *row = row.or(copy.row);
                self.serve(job, copy.body, cx);
            }
            None => {
                let next = if row.is_some() { Waits::Get } else { Waits::Open };
                self.then(job, next, cx);
            }
        }
    }

    fn got(&mut self, job: u64, body: Option<Body>, cx: &mut Ctx<'_>) {
        let Some(Job { waits: Waits::Get, work: Work::Read { id, row: Some(row), .. }, .. }) = self.jobs.get(&job).copied() else { return };
        let Some(body) = body else {
            cx.fact(Fact::Lacking { id });
            return self.refuse(job, reasons::BODY_MISSING, cx);
        };
        let system = cx.shared();
        // What burns is read once: a copy of it would only be in the way.
        if system.cache > 0 && !row.burn {
            let copy = if system.whole_pastes { (id, Copied { body, row: Some(row) }) } else { (row.name, Copied { body, row: None }) };
            cx.send(self.map.cache, Msg::Keep { key: copy.0, copy: copy.1 });
        }
        self.serve(job, body, cx);
    }

    fn serve(&mut self, job: u64, body: Body, cx: &mut Ctx<'_>) {
        let Some(Job { ticket, from, work: Work::Read { id, reader, row: Some(row) }, .. }) = self.jobs.get(&job).copied() else { return };
        // Fetching took time: what matters is the moment at which it leaves.
        if cx.system().check_expiry && row.expires <= cx.clock() {
            return self.none(job, Missing::Gone, cx);
        }
        self.jobs.remove(&job);
        cx.fact(Fact::Served { id, reader, content: body.content });
        if row.burn {
            cx.count(BURNT, 1);
            if !cx.system().atomic_take {
                cx.send(self.map.meta, Msg::Burn { id });
            }
        }
        cx.send_after(Span(body.bytes.saturating_mul(10)), from, Msg::Body { ticket, content: body.content });
    }

    fn none(&mut self, job: u64, why: Missing, cx: &mut Ctx<'_>) {
        if let Some(open) = self.jobs.remove(&job) {
            cx.send(open.from, Msg::NoBody { ticket: open.ticket, why });
        }
    }

    pub fn row_of(&self, name: &str) -> Vec<String> {
        let of = |what: fn(&Work) -> bool| self.jobs.values().filter(|job| what(&job.work)).count().to_string();
        let armed = if self.crash_between.is_some() { "crashes at its next paste" } else { "" };
        vec![name.into(), of(|work| matches!(work, Work::Create { .. })), of(|work| matches!(work, Work::Read { .. })), armed.into()]
    }

    pub fn weight(&self) -> usize {
        self.jobs.bytes()
    }

    pub fn look(&self) -> Look {
        let state = if self.crash_between.is_some() {
            State::Warn
        } else if self.jobs.is_empty() {
            State::Idle
        } else {
            State::Busy
        };
        Look { label: format!("{} under way", self.jobs.len()), state, fill: None }
    }
}

/// Where a read goes that got nothing from the cache.
fn past_the_cache(work: &Work) -> Waits {
    if matches!(work, Work::Read { row: Some(_), .. }) { Waits::Get } else { Waits::Open }
}
