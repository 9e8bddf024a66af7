//! A pool of servers with one version in memory: it fetches features, answers, and logs what it saw.

use super::message::{Feature, Msg, Served, Timer};
use super::metrics::MISSING;
use super::model::Version;
use super::role::Ctx;
use super::users::moment;
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::Span;
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Logs leave in lots.
const LOT: Span = Span::millis(250);
/// Who waits for features for so long has been given up by its caller.
const STALE: Span = Span::secs(1);

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
    log: Vec<Served>,
    answers: u64,
}

impl Pool {
    pub fn new(online: NodeId, store: NodeId, monitor: NodeId, registry: NodeId, version: Arc<Version>) -> Pool {
        Pool { online, store, monitor, registry, version: Some(version), loading: None, open: BTreeMap::new(), log: Vec::new(), answers: 0 }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.status(cx);
        cx.background(LOT, Timer::Tick);
    }

    pub fn crash(&mut self) {
        self.version = None;
        self.loading = None;
        self.open.clear();
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
            }
            Msg::Got { id, found } => self.score(id, found, cx),
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

    fn score(&mut self, id: u64, found: Option<Feature>, cx: &mut Ctx<'_>) {
        let Some((from, who, _)) = self.open.remove(&id) else { return };
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
        cx.send_after(takes, from, Msg::Answer { id, given: true });
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
            _ => {
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
        self.open.bytes() + self.log.bytes()
    }

    pub fn look(&self) -> Look {
        match (&self.version, self.loading) {
            (Some(version), _) => Look { label: format!("v{}, {} answers", version.id, self.answers), state: State::Busy, fill: None },
            (None, Some(next)) => Look { label: format!("loads v{next}"), state: State::Warn, fill: None },
            (None, None) => Look { label: "no version".into(), state: State::Idle, fill: None },
        }
    }
}
