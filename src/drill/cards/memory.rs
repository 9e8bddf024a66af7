//! The memory of one card, as FSRS models it. The only file that knows the `fsrs` crate.

use super::log::Grade;
use fsrs::{FSRS, FSRS6_DEFAULT_DECAY, MemoryState};

/// How well a card is remembered: days until recall falls to 90 %, and how hard it is, from 1 to 10.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    pub stability: f32,
    pub difficulty: f32,
}

impl Memory {
    /// The chance that it is recalled so many days after the last review.
    pub fn recall(self, days: u32) -> f64 {
        let state = MemoryState { stability: self.stability, difficulty: self.difficulty };
        f64::from(fsrs::current_retrievability(state, days as f32, FSRS6_DEFAULT_DECAY))
    }
}

/// FSRS with its own default parameters.
#[derive(Clone, Debug, Default)]
pub struct Model(FSRS);

impl Model {
    /// The memory after a review, so many days after the last one; none before it: the first.
    pub fn after(&self, before: Option<Memory>, days: u32, grade: Grade) -> Option<Memory> {
        // The desired retention moves intervals only: any will do.
        const ANY: f32 = 0.9;
        let before = before.map(|m| MemoryState { stability: m.stability, difficulty: m.difficulty });
        // It refuses only what is not finite, and nothing here is.
        let next = self.0.next_states(before, ANY, days).ok()?;
        let state = match grade {
            Grade::Again => next.again,
            Grade::Hard => next.hard,
            Grade::Good => next.good,
            Grade::Easy => next.easy,
        };
        Some(Memory { stability: state.memory.stability, difficulty: state.memory.difficulty })
    }

    /// Days until recall falls to `retention`, not yet rounded.
    pub fn interval(&self, memory: Memory, retention: f64) -> f32 {
        // The grade matters only without a stability.
        self.0.next_interval(Some(memory.stability), retention as f32, 0)
    }
}
