//! A pool of servers with one version in memory: it fetches features, answers, and logs what it saw.

use super::message::{Feature, Msg, Served, Timer};
use super::metrics::{MISSING, SERVER_ALL_MS, SERVER_BUSY_MS};
use super::model::Version;
use super::role::Ctx;
use super::users::{PATIENCE, moment};
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::Span;
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Logs leave in lots.
const LOT: Span = Span::millis(250);
/// Who waits for features for so long has been given up by its caller.
const STALE: Span = Span::secs(1);

/// A request whose features are there, or will not come.
#[derive(Clone, Copy)]
struct Asked {
    id: u64,
    from: NodeId,
    who: u32,
    since: u64,
    found: Option<Feature>,
}

#[derive(Clone)]
pub struct Pool {
    online: NodeId,
    store: NodeId,
    monitor: NodeId,
    registry: NodeId,
    version: Option<Arc<Version>>,
    loading: Option<u32>,
    /// Whose features are on their way: the caller, the person, since when.
    open: BTreeMap<u64, (NodeId, u32, u64)>,
    /// Servers at work, and who waits for one.
    busy: usize,
    line: VecDeque<Asked>,
    /// Work that is not yet a whole millisecond on the count.
    worked: Span,
    log: Vec<Served>,
    answers: u64,
}

impl Pool {
    pub fn new(online: NodeId, store: NodeId, monitor: NodeId, registry: NodeId, version: Arc<Version>) -> Pool {
        let (open, line) = (BTreeMap::new(), VecDeque::new());
        Pool { online, store, monitor, registry, version: Some(version), loading: None, open, busy: 0, line, worked: Span::ZERO, log: Vec::new(), answers: 0 }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.status(cx);
        cx.background(LOT, Timer::Tick);
    }

    pub fn crash(&mut self) {
        self.version = None;
        self.loading = None;
        self.open.clear();
        self.busy = 0;
        self.line.clear();
        self.log.clear();
    }

    fn status(&self, cx: &mut Ctx<'_>) {
        cx.send(self.registry, Msg::Status { version: self.version.as_ref().map(|version| version.id) });
    }

    pub fn hear(&mut self, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Assign { version } => self.assign(version, cx),
            Msg::Predict { id, who, from } => {
                if self.version.is_none() {
                    return cx.send(from, Msg::Answer { id, given: false });
                }
                self.open.insert(id, (from, who, moment(cx.now())));
                cx.send(self.online, Msg::Get { id, who });
                let patience = cx.system().feature_timeout;
                if patience > Span::ZERO {
                    cx.after(patience, Timer::Waited { id });
                }
            }
            Msg::Got { id, found } => self.has_features(id, found, cx),
            _ => {}
        }
    }

    /// One version fits into memory: while the next is loaded this pool answers nobody.
    fn assign(&mut self, version: Arc<Version>, cx: &mut Ctx<'_>) {
        if self.version.as_ref().is_some_and(|mine| mine.id == version.id) {
            return self.status(cx);
        }
        if self.loading == Some(version.id) {
            return;
        }
        self.loading = Some(version.id);
        self.version = None;
        let takes = cx.system().load_time;
        cx.after(takes, Timer::Loaded { version });
    }

    /// Features are there, or will not be in time: a server takes the request, or it waits in line.
    fn has_features(&mut self, id: u64, found: Option<Feature>, cx: &mut Ctx<'_>) {
        let Some((from, who, since)) = self.open.remove(&id) else { return };
        self.line.push_back(Asked { id, from, who, since, found });
        self.serve(cx);
    }

    /// Free servers take who waits, in turn. Whose caller has gone by now is left out: an answer for nobody would make the next one late.
    fn serve(&mut self, cx: &mut Ctx<'_>) {
        let (servers, oldest) = (cx.system().replicas, moment(cx.now()).saturating_sub(PATIENCE.0));
        while self.busy < servers {
            let Some(asked) = self.line.pop_front() else { return };
            if asked.since >= oldest {
                self.score(asked, cx);
            }
        }
    }

    fn score(&mut self, asked: Asked, cx: &mut Ctx<'_>) {
        let Asked { id, from, who, found, .. } = asked;
        let Some(version) = &self.version else { return cx.send(from, Msg::Answer { id, given: false }) };
        if found.is_none() {
            cx.count(MISSING, 1);
        }
        // Nothing known: what the model takes for the usual.
        let x = found.map_or(version.model.mean, |feature| feature.values);
        let served = Served { id, who, read: moment(cx.now()), x, score: version.model.says(&x), version: version.id };
        let work = cx.system().work;
        let takes = cx.rng().span(work);
        cx.fact(Fact::Served { version: served.version });
        self.worked = self.worked + takes;
        cx.count(SERVER_BUSY_MS, self.worked.0 / 1_000_000);
        self.worked = Span(self.worked.0 % 1_000_000);
        self.busy += 1;
        cx.after(takes, Timer::Worked { id, from });
        self.answers += 1;
        self.log.push(served);
    }

    pub fn wake(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Loaded { version } => {
                if self.loading == Some(version.id) {
                    self.loading = None;
                    self.version = Some(version);
                    self.status(cx);
                }
            }
            Timer::Waited { id } => self.has_features(id, None, cx),
            Timer::Worked { id, from } => {
                cx.send(from, Msg::Answer { id, given: true });
                self.busy = self.busy.saturating_sub(1);
                self.serve(cx);
            }
            _ => {
                if !cx.draining() {
                    cx.count(SERVER_ALL_MS, cx.system().replicas as u64 * LOT.0 / 1_000_000);
                }
                self.send_log(cx);
                let floor = moment(cx.now()).saturating_sub(STALE.0);
                self.open.retain(|_, (_, _, since)| *since > floor);
                self.status(cx);
                cx.background(LOT, Timer::Tick);
            }
        }
    }

    fn send_log(&mut self, cx: &mut Ctx<'_>) {
        if self.log.is_empty() {
            return;
        }
        let served = Arc::new(std::mem::take(&mut self.log));
        cx.send(self.store, Msg::Logged { served: Arc::clone(&served) });
        cx.send(self.monitor, Msg::Logged { served });
    }

    pub fn weight(&self) -> usize {
        self.open.bytes() + self.line.bytes() + self.log.bytes()
    }

    pub fn look(&self) -> Look {
        match (&self.version, self.loading) {
            (Some(version), _) => Look { label: format!("v{}, {} answers", version.id, self.answers), state: State::Busy, fill: None },
            (None, Some(next)) => Look { label: format!("loads v{next}"), state: State::Warn, fill: None },
            (None, None) => Look { label: "no version".into(), state: State::Idle, fill: None },
        }
    }
}
