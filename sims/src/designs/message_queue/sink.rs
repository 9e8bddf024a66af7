//! The sink: the store that consumers write to. It tells first deliveries from repeats, and measures how far behind the group is.

use super::metrics;
use super::record::Id;
use super::seen::{Seen, Sight};
use super::system::Queue;
use super::wire::{Msg, Timer};
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use std::collections::BTreeMap;

#[derive(Clone)]
pub struct Sink {
    brokers: Vec<NodeId>,
    seen: BTreeMap<u64, Seen>,
    /// By partition: the offset behind the last message processed, and where the log ended when last asked.
    done: Vec<u64>,
    ends: Vec<u64>,
    /// Brokers that have not answered the latest question yet.
    asked: usize,
}

const SAMPLE: Span = Span::millis(100);

impl Sink {
    pub fn new(brokers: Vec<NodeId>, parts: usize) -> Sink {
        Sink { brokers, seen: BTreeMap::new(), done: vec![0; parts], ends: vec![0; parts], asked: 0 }
    }

    pub fn lag(&self, part: u32) -> u64 {
        let at = part as usize;
        self.ends.get(at).copied().unwrap_or(0).saturating_sub(self.done.get(at).copied().unwrap_or(0))
    }

    pub fn start(&mut self, cx: &mut Cx<'_, Queue>) {
        cx.background(SAMPLE, Timer::Sample);
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Queue>) {
        if !matches!(timer, Timer::Sample) {
            return;
        }
        if self.asked > 0 {
            // Some broker is down: what the others say must do.
            self.measure(cx);
        }
        self.asked = self.brokers.len();
        for broker in self.brokers.clone() {
            cx.send(broker, Msg::WhereAreEnds);
        }
        cx.background(SAMPLE, Timer::Sample);
    }

    fn measure(&mut self, cx: &mut Cx<'_, Queue>) {
        self.asked = 0;
        let lags = || (0..self.done.len() as u32).map(|part| self.lag(part));
        let lag: u64 = lags().sum();
        cx.record(metrics::LAG, lag);
        cx.gauge(metrics::LAG_NOW, lag as f64);
        cx.gauge(metrics::LAG_WORST, lags().max().unwrap_or(0) as f64);
    }

    pub fn on_msg(&mut self, msg: Msg, cx: &mut Cx<'_, Queue>) {
        match msg {
            Msg::Ends(ends) => {
                for (part, end) in ends {
                    if let Some(known) = self.ends.get_mut(part as usize) {
                        *known = end;
                    }
                }
                if self.asked == 1 {
                    self.measure(cx);
                } else {
                    self.asked = self.asked.saturating_sub(1);
                }
            }
            Msg::Effect { part, offset, id, created, at } => self.effect(part, offset, id, created, at, cx),
            _ => {}
        }
    }

    fn effect(&mut self, part: u32, offset: u64, id: Id, created: Time, at: u64, cx: &mut Cx<'_, Queue>) {
        if let (Some(done), Some(end)) = (self.done.get_mut(part as usize), self.ends.get_mut(part as usize)) {
            *done = (*done).max(offset + 1);
            *end = (*end).max(offset + 1);
        }
        match self.seen.entry(id.source()).or_default().note(id.number()) {
            Sight::Again => return cx.count(metrics::PROCESSED_AGAIN, 1),
            Sight::Late => cx.count(metrics::OVERTAKEN, 1),
            Sight::New => {}
        }
        cx.count(metrics::PROCESSED, 1);
        if part == 0 {
            cx.count(metrics::PROCESSED_FIRST, 1);
        }
        cx.record_since(metrics::END_TO_END, created);
        cx.record_since(metrics::DELAY, Time(at));
    }

    pub fn weight(&self) -> usize {
        self.seen.values().map(|seen| 60 + seen.weight()).sum::<usize>() + self.done.len() * 16
    }

    pub fn look(&self, _: &Queue) -> Look {
        let lag: u64 = (0..self.done.len() as u32).map(|part| self.lag(part)).sum();
        Look { label: format!("lag {lag}"), state: State::Busy, fill: None }
    }
}
