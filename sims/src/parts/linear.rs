//! Linearizability, checked: whether what clients saw can be explained by one order of their calls that keeps to real time.
//!
//! Herlihy and Wing (1990) for what it means, and that keys may be judged one by one (their theorem 1). The search is Wing and
//! Gong's (1993) with Lowe's memo of what was tried (2017); Knossos and Porcupine do the same. Deciding is NP-complete, so the
//! work is bounded, and beyond the bound the verdict is *unknown*.

mod objects;
mod search;
mod tell;
#[cfg(test)]
mod tests;

pub use objects::{Counter, Register, counter, register};

use crate::kernel::invariant::Lamps;
use crate::kernel::time::Time;
use search::{Found, Start, ends, search};
use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

/// What one key is, when one call follows another.
pub trait Object: Clone + Debug + Default + Send + 'static {
    /// Where it stands; it begins at the default.
    type State: Clone + Ord + Debug + Default + Send;
    type Op: Clone + PartialEq + Debug + Send;
    type Out: Clone + Debug + Send;

    /// Where it stands after `op`, if that may answer `out` there. With no `out` any answer will do.
    fn step(state: &Self::State, op: &Self::Op, out: Option<&Self::Out>) -> Option<Self::State>;
    /// With this answer it changes nothing, wherever the object stands; with no `out`, whatever it answers.
    fn only_looks(op: &Self::Op, out: Option<&Self::Out>) -> bool;
    /// Where it stands, in words.
    fn stands(state: &Self::State) -> String {
        format!("{state:?}")
    }
    /// A call in words.
    fn told(op: &Self::Op, out: Option<&Self::Out>) -> String {
        out.map_or_else(|| format!("{op:?} -> ?"), |out| format!("{op:?} -> {out:?}"))
    }
}

/// Steps of the search for one key: some tenths of a second.
pub const STEPS_MAX: u64 = 200_000;
/// From so many calls of one key on, what is behind is folded into the states it can have ended in.
const FOLD_FROM: usize = 128;
/// More possible ends than this are not worth keeping: then the calls are kept.
const ENDS_MAX: usize = 64;
/// A key that has come to so many calls without a quiet moment is given up.
const CALLS_MAX: usize = 16_384;

/// Names a call that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId(u64);

/// One call of one client. Moments are places in the history, which time alone does not order.
#[derive(Clone, Debug)]
struct Call<O: Object> {
    client: u32,
    op: O::Op,
    begun: u64,
    begun_at: Time,
    end: End<O::Out>,
}

#[derive(Clone, Debug)]
enum End<Out> {
    /// Not answered, but may be.
    Open,
    /// Never answered: it may have had its effect at any time since, or never.
    Lost,
    Answered {
        moment: u64,
        at: Time,
        out: Out,
    },
}

impl<O: Object> Call<O> {
    fn out(&self) -> Option<&O::Out> {
        match &self.end {
            End::Answered { out, .. } => Some(out),
            End::Open | End::Lost => None,
        }
    }

    fn answered(&self) -> Option<u64> {
        match self.end {
            End::Answered { moment, .. } => Some(moment),
            End::Open | End::Lost => None,
        }
    }
}

/// What clients called and were answered, by key.
#[derive(Clone, Debug)]
pub struct History<K: Ord, O: Object> {
    keys: BTreeMap<K, Track<O>>,
    /// Calls that may be answered, and their keys.
    open: BTreeMap<CallId, K>,
    moments: u64,
    calls: u64,
}

impl<K: Ord, O: Object> Default for History<K, O> {
    fn default() -> Self {
        History { keys: BTreeMap::new(), open: BTreeMap::new(), moments: 0, calls: 0 }
    }
}

/// One key: where it can have stood, and what was called since.
#[derive(Clone, Debug)]
struct Track<O: Object> {
    starts: Vec<Start<O::State>>,
    /// In the order they were begun. The lost ones of before `starts` come first.
    calls: Vec<Call<O>>,
    open: usize,
    /// Folding is tried at this many calls.
    fold_at: usize,
    settled: Option<Settled>,
}

/// What will not change any more.
#[derive(Clone, Debug)]
enum Settled {
    Broken { at: Time, told: String },
    Unknown(String),
}

impl<O: Object> Default for Track<O> {
    fn default() -> Self {
        Track { starts: vec![Start::default()], calls: Vec::new(), open: 0, fold_at: FOLD_FROM, settled: None }
    }
}

/// What became of a history.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Held {
        calls: u64,
        keys: usize,
    },
    /// No order explains it: when the answer came that settled it, and the shortest part that shows it, in words.
    Broken {
        at: Time,
        told: String,
    },
    /// Not decided within the bound, or nothing to decide.
    Unknown(String),
}

impl<K: Ord + Clone + Display, O: Object> History<K, O> {
    /// A client calls. Retries of one request are one call, from the first time it is sent.
    pub fn invoke(&mut self, now: Time, key: K, client: u32, op: O::Op) -> CallId {
        let id = CallId(self.moment());
        self.calls += 1;
        let track = self.keys.entry(key.clone()).or_default();
        if track.settled.is_none() {
            track.calls.push(Call { client, op, begun: id.0, begun_at: now, end: End::Open });
            track.open += 1;
            self.open.insert(id, key);
        }
        id
    }

    /// It was answered.
    pub fn respond(&mut self, now: Time, id: CallId, out: O::Out) {
        let moment = self.moment();
        self.close(id, |key, track, at| {
            track.calls[at].end = End::Answered { moment, at: now, out };
            track.tidy(key);
        });
    }

    /// It was refused: it certainly had no effect.
    pub fn fail(&mut self, id: CallId) {
        self.close(id, |_, track, at| {
            track.calls.remove(at);
        });
    }

    /// Nobody waits for its answer any more. A call that is still open at the end is lost as well; said early, memory stays small.
    pub fn lose(&mut self, id: CallId) {
        self.close(id, |_, track, at| {
            track.calls[at].end = End::Lost;
            // An answer that nobody heard of a read tells nothing.
            if O::only_looks(&track.calls[at].op, None) {
                track.calls.remove(at);
            }
        });
    }

    fn close(&mut self, id: CallId, how: impl FnOnce(&K, &mut Track<O>, usize)) {
        let Some(key) = self.open.remove(&id) else { return };
        let Some(track) = self.keys.get_mut(&key) else { return };
        if let Ok(at) = track.calls.binary_search_by_key(&id.0, |call| call.begun) {
            track.open -= 1;
            how(&key, track, at);
        }
    }

    fn moment(&mut self) -> u64 {
        self.moments += 1;
        self.moments
    }

    /// Judges every key: broken if one is, the earliest first; else unknown if one is.
    pub fn verdict(&self) -> Verdict {
        self.verdict_within(STEPS_MAX)
    }

    /// The same with so many steps for each key.
    pub fn verdict_within(&self, steps: u64) -> Verdict {
        let mut unknown = None;
        let mut broken: Option<(Time, String)> = None;
        for (key, track) in &self.keys {
            match track.settled.clone().or_else(|| track.judge(key, steps)) {
                Some(Settled::Unknown(why)) => unknown = unknown.or(Some(why)),
                Some(Settled::Broken { at, told }) if broken.as_ref().is_none_or(|(earlier, _)| at < *earlier) => broken = Some((at, told)),
                Some(Settled::Broken { .. }) | None => {}
            }
        }
        match (broken, unknown) {
            (Some((at, told)), _) => Verdict::Broken { at, told },
            (None, Some(why)) => Verdict::Unknown(why),
            (None, None) if self.calls == 0 => Verdict::Unknown("nothing was called".into()),
            (None, None) => Verdict::Held { calls: self.calls, keys: self.keys.len() },
        }
    }

    /// Puts the verdict into a lamp. An unknown one is told in the log, and the lamp does not count as held.
    pub fn judge(&self, lamp: usize, now: Time, lamps: &mut Lamps) {
        match self.verdict() {
            Verdict::Held { .. } => lamps.judge(lamp, now, true, String::new),
            Verdict::Broken { told, .. } => lamps.judge(lamp, now, false, || told),
            Verdict::Unknown(why) => lamps.doubt(lamp, why),
        }
    }

    /// Calls so far.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Bytes, near enough, without what operations and answers point to.
    pub fn weight(&self) -> usize {
        let track = |track: &Track<O>| {
            std::mem::size_of::<(K, Track<O>)>()
                + track.calls.capacity() * std::mem::size_of::<Call<O>>()
                + track.starts.len() * std::mem::size_of::<Start<O::State>>()
        };
        self.keys.values().map(track).sum::<usize>() + self.open.len() * 3 * std::mem::size_of::<(CallId, K)>() / 2
    }
}

impl<O: Object> Track<O> {
    /// None if an order explains all of it.
    fn judge(&self, key: &impl Display, steps: u64) -> Option<Settled> {
        match search(&self.starts, &self.calls, steps) {
            Found::Order => None,
            Found::None => Some(tell::broken(key, &self.starts, &self.calls, steps)),
            Found::Nothing => Some(Settled::Unknown(self.undecided(key, steps))),
        }
    }

    fn undecided(&self, key: &impl Display, steps: u64) -> String {
        let lost = self.calls.iter().filter(|call| call.answered().is_none()).count();
        format!("key {key}: not decided within {steps} steps; {} calls, {lost} of them never answered", self.calls.len())
    }

    /// Keeps the memory bounded: at a quiet moment, all that is behind becomes the states it can have ended in.
    fn tidy(&mut self, key: &impl Display) {
        if self.open == 0 && self.calls.len() >= self.fold_at {
            match ends(&self.starts, &self.calls, STEPS_MAX, ENDS_MAX) {
                Ok(ends) if ends.is_empty() => self.settle(tell::broken(key, &self.starts, &self.calls, STEPS_MAX)),
                Ok(ends) => {
                    self.calls.retain(|call| call.answered().is_none());
                    self.starts = ends;
                    self.fold_at = self.calls.len() + FOLD_FROM;
                }
                Err(_) => self.fold_at = 2 * self.calls.len(),
            }
        }
        if self.calls.len() >= CALLS_MAX {
            self.settle(Settled::Unknown(format!("key {key}: {CALLS_MAX} calls without a moment at which its state was certain")));
        }
    }

    fn settle(&mut self, settled: Settled) {
        self.settled = Some(settled);
        self.calls = Vec::new();
        self.open = 0;
    }
}
