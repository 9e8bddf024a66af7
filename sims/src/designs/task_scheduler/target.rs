//! The target: where tasks have their effect, a mail sent or a card charged. It knows keys it has seen, if it is told to.

use super::messages::Msg;
use super::metrics::{DOUBLE_RUNS, EFFECTS, RETRY_PEAK, TARGET_CALLS};
use super::role::Ctx;
use super::task::Outcome;
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::{BTreeSet, VecDeque};

#[derive(Clone, Default)]
pub struct Target {
    /// Keys of tasks whose effect it has had, on disk.
    had: BTreeSet<u64>,
    /// The same in order of time, to be forgotten some day.
    since: VecDeque<(Time, u64)>,
    /// Tries that have called lately.
    called: BTreeSet<(u64, u32)>,
    calls: VecDeque<(Time, u64, u32)>,
    /// What it may still take this second, in calls.
    room: f64,
    filled: Time,
    away_until: Time,
    /// Whether it turned the last call away: what the diagram shows.
    refusing: bool,
    /// Retries of the present tenth of a second, and the most of any.
    tenth: (u64, u32),
    peak: u32,
}

const TENTH: u64 = 100_000_000;
const CALLS_KEPT: Span = Span::secs(600);

impl Target {
    pub fn hear(&mut self, from: NodeId, msg: &Msg, cx: &mut Ctx<'_>) {
        let Msg::Call { receipt, work } = *msg else { return };
        cx.count(TARGET_CALLS, 1);
        if self.called.insert((work.id, work.attempt)) {
            self.calls.push_back((cx.now(), work.id, work.attempt));
        } else {
            cx.count(DOUBLE_RUNS, 1);
        }
        self.forget(cx.now(), cx.system().keys_kept());
        if work.attempt > 1 {
            self.tally(cx);
        }
        // Drawn whatever happens: an outage shifts no other chance.
        let unlucky = cx.rng().unit() < cx.system().fail_share;
        let served = cx.now() >= self.away_until && self.admit(cx) && !unlucky;
        if served {
            let new = self.had.insert(work.id);
            if new {
                self.since.push_back((cx.now(), work.id));
            }
            if new || !cx.system().idempotency {
                cx.count(EFFECTS, 1);
                cx.fact(Fact::Effect { id: work.id });
            }
        }
        self.refusing = !served && !unlucky;
        let outcome = if served { Outcome::Done } else { Outcome::Retry };
        cx.send_after(cx.system().call, from, Msg::Answer { receipt, outcome });
    }

    /// A bucket of one tenth of a second's calls; no rate is no limit.
    fn admit(&mut self, cx: &Ctx<'_>) -> bool {
        let rate = cx.system().target_rate;
        if rate <= 0.0 {
            return true;
        }
        self.room = (self.room + cx.now().since(self.filled).as_secs() * rate).min((rate * Span(TENTH).as_secs()).max(1.0));
        self.filled = cx.now();
        let admitted = self.room >= 1.0;
        if admitted {
            self.room -= 1.0;
        }
        admitted
    }

    fn forget(&mut self, now: Time, keys_kept: Span) {
        while let Some((_, id)) = self.since.front().copied().filter(|(at, _)| now.since(*at) >= keys_kept) {
            self.since.pop_front();
            self.had.remove(&id);
        }
        while let Some((_, id, attempt)) = self.calls.front().copied().filter(|(at, _, _)| now.since(*at) >= CALLS_KEPT) {
            self.calls.pop_front();
            self.called.remove(&(id, attempt));
        }
    }

    fn tally(&mut self, cx: &mut Ctx<'_>) {
        let tenth = cx.now().0 / TENTH;
        self.tenth = if self.tenth.0 == tenth { (tenth, self.tenth.1 + 1) } else { (tenth, 1) };
        if self.tenth.1 > self.peak {
            self.peak = self.tenth.1;
            cx.gauge(RETRY_PEAK, f64::from(self.peak));
        }
    }

    /// Answers nothing but errors until then.
    pub fn go_away(&mut self, until: Time) {
        self.away_until = self.away_until.max(until);
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.had.bytes() + self.since.bytes() + self.called.bytes() + self.calls.bytes()
    }

    pub fn look(&self) -> Look {
        let (label, state) = if self.refusing { ("503", State::Warn) } else { ("", State::Idle) };
        Look { label: label.into(), state, fill: None }
    }
}
