//! A producer: messages with keys, to the partition that each key belongs to.

use super::lane::{Done, Sender};
use super::metrics;
use super::system::Queue;
use super::wire::{Msg, Timer};
use crate::kernel::cx::Cx;
use crate::kernel::load::{Arrivals, Stream};
use crate::kernel::node::Look;
use crate::kernel::rng::Rng;
use crate::kernel::view::State;

#[derive(Clone)]
pub struct Producer {
    sender: Sender,
    stream: Stream,
}

impl Producer {
    pub fn new(sender: Sender, rng: Rng) -> Producer {
        Producer { sender, stream: Stream::new(Arrivals::Poisson, rng) }
    }

    pub fn start(&mut self, cx: &mut Cx<'_, Queue>) {
        self.sender.begin(cx);
        self.expect(cx);
    }

    fn expect(&mut self, cx: &mut Cx<'_, Queue>) {
        if cx.draining() {
            return;
        }
        let rate = cx.system().rate / cx.system().producers as f64 * cx.load();
        cx.expect(self.stream.gap(rate, cx.now()), |send| Timer::Arrive { send });
    }

    /// Sends so many messages at once, of one key or of keys as they come.
    pub fn publish(&mut self, n: u64, key: Option<u32>, poison: bool, cx: &mut Cx<'_, Queue>) {
        for _ in 0..n {
            let key = match key {
                Some(key) => key,
                None => {
                    let word = cx.rng().u64();
                    cx.system().keys.rank(word) as u32
                }
            };
            let part = cx.system().part_of(key);
            cx.count(metrics::SENT, 1);
            self.sender.send(part, key, poison, cx);
        }
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Queue>) {
        if let Timer::Arrive { send } = timer {
            if send && !cx.draining() {
                self.publish(1, None, false, cx);
            }
            return self.expect(cx);
        }
        let done = self.sender.on_timer(timer, cx);
        Producer::note(&done, cx);
    }

    pub fn on_msg(&mut self, msg: Msg, cx: &mut Cx<'_, Queue>) {
        match msg {
            Msg::Leaders(metadata) => self.sender.learn(metadata),
            Msg::Produced { part, request, result } => {
                let done = self.sender.answered(part, request, result, cx);
                Producer::note(&done, cx);
            }
            _ => {}
        }
    }

    fn note(done: &Done, cx: &mut Cx<'_, Queue>) {
        if let Done::Acked(records) = done {
            cx.count(metrics::ACKED, records.len() as u64);
            records.iter().for_each(|record| cx.record_since(metrics::ACK, record.created));
        }
    }

    pub fn weight(&self) -> usize {
        self.sender.weight()
    }

    pub fn look(&self, _: &Queue) -> Look {
        let waiting = self.sender.waiting();
        let label = format!("{waiting} wait");
        Look { label, state: if waiting > 1000 { State::Warn } else { State::Busy }, fill: None }
    }
}
