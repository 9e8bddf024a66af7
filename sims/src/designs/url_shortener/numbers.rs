//! A server's source of numbers: its range, a count of its own, a hash, or chance.

use super::messages::{Msg, Timer};
use super::role::Ctx;
use super::system::{Generator, STORE_PATIENCE};
use crate::kernel::node::NodeId;
use crate::parts::tickets::Range;

#[derive(Clone, Debug, Default)]
pub struct Numbers {
    range: Range,
    /// Numbers counted without asking anybody: the erroneous way. In memory, so a restart begins anew.
    own: u64,
    /// The question for a range that is under way; numbers of questions grow over the node's whole life.
    asking: Option<u64>,
    asked: u64,
    waste: u64,
}

impl Numbers {
    /// A number for a link, at its attempt (from 0); none if a range must be waited for: then it has been asked for.
    pub fn draw(&mut self, address: u64, attempt: u32, ranges: NodeId, cx: &mut Ctx<'_>) -> Option<u64> {
        let system = cx.shared();
        match system.generator {
            Generator::Hash => Some(system.hashed(address, attempt)),
            Generator::Random => Some(cx.rng().below(system.code_space())),
            Generator::Counter if system.leased => match self.range.take(1) {
                Some((counted, _)) => Some(system.shown(counted)),
                None => {
                    self.ask(ranges, cx);
                    None
                }
            },
            Generator::Counter => {
                self.own += 1;
                Some(system.shown((system.links as u64 + self.own - 1) % system.code_space()))
            }
        }
    }

    fn ask(&mut self, ranges: NodeId, cx: &mut Ctx<'_>) {
        if self.asking.is_none() {
            self.asked += 1;
            self.asking = Some(self.asked);
            cx.send(ranges, Msg::Lease { ask: self.asked });
            cx.after(STORE_PATIENCE, Timer::LeaseLate { ask: self.asked });
        }
    }

    /// Asks once more where an answer did not come.
    pub fn late(&mut self, ask: u64, ranges: NodeId, cx: &mut Ctx<'_>) {
        if self.asking == Some(ask) {
            self.asking = None;
            self.ask(ranges, cx);
        }
    }

    /// Takes a range; false if it was not waited for any more: nobody will ever use it.
    pub fn leased(&mut self, ask: u64, range: Range) -> bool {
        let awaited = self.asking == Some(ask);
        if awaited {
            self.asking = None;
            self.range = range;
        }
        awaited
    }

    pub fn crash(&mut self) {
        self.waste += self.range.left();
        (self.range, self.own, self.asking) = (Range::default(), 0, None);
    }

    /// Numbers that crashes have taken along since this was last asked.
    pub fn told_waste(&mut self) -> u64 {
        std::mem::take(&mut self.waste)
    }

    /// What is left of the range, as a share of a whole one.
    pub fn left_share(&self, whole: u64) -> Option<f64> {
        (self.range.end > 0).then(|| (self.range.left() as f64 / whole.max(1) as f64).min(1.0))
    }

    pub fn row(&self) -> [String; 2] {
        if self.range.end == 0 { ["-".into(), "-".into()] } else { [format!("{}..{}", self.range.next, self.range.end), self.range.left().to_string()] }
    }
}
