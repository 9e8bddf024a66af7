//! Invariants: what must hold, judged from the facts that handlers report.

use super::metric::Id;
use super::time::Time;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvariantKind {
    /// Holds at every moment.
    Always,
    /// Holds once load has stopped, faults are healed and the world is quiet.
    Finally,
    /// Is reached at least once.
    Sometimes,
}

/// One lamp of a design, declared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InvariantSpec {
    /// kebab-case.
    pub id: &'static str,
    pub kind: InvariantKind,
    /// The law in one sentence.
    pub says: &'static str,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Held,
    Broken {
        at: Time,
        /// Which ids, what happened, in one sentence.
        detail: String,
        times: u64,
    },
    /// Nothing was judged.
    Unknown,
    /// It was tried, and could not be decided within its bound: neither held nor broken.
    Undecided {
        why: String,
    },
}

/// Must hold at every moment.
pub const fn always(id: &'static str, says: &'static str) -> InvariantSpec {
    InvariantSpec { id, kind: InvariantKind::Always, says }
}

/// Must hold once the faults are healed and the load has stopped.
pub const fn finally(id: &'static str, says: &'static str) -> InvariantSpec {
    InvariantSpec { id, kind: InvariantKind::Finally, says }
}

/// Must happen in some run, or the others are judged without it.
pub const fn sometimes(id: &'static str, says: &'static str) -> InvariantSpec {
    InvariantSpec { id, kind: InvariantKind::Sometimes, says }
}

/// The lamps of one run, in the order they are declared.
#[derive(Clone, Debug)]
pub struct Lamps {
    declared: &'static [InvariantSpec],
    verdicts: Vec<Verdict>,
    fresh: Vec<usize>,
    /// Counts every break of every lamp: what a breakpoint watches.
    pub(crate) breaks: u64,
    /// What a watch has counted, until the world takes it.
    pub(crate) counted: Option<(Id, u64)>,
}

impl Lamps {
    pub fn new(declared: &'static [InvariantSpec]) -> Lamps {
        Lamps { declared, verdicts: vec![Verdict::Unknown; declared.len()], fresh: Vec::new(), breaks: 0, counted: None }
    }

    /// Judges lamp number `lamp` (its place in the design's list). The sentence is made only when it breaks for the first time.
    pub fn judge(&mut self, lamp: usize, now: Time, holds: bool, detail: impl FnOnce() -> String) {
        let verdict = &mut self.verdicts[lamp];
        if holds {
            if *verdict == Verdict::Unknown {
                *verdict = Verdict::Held;
            }
            return;
        }
        self.breaks += 1;
        match verdict {
            Verdict::Broken { times, .. } => *times += 1,
            Verdict::Held | Verdict::Unknown | Verdict::Undecided { .. } => {
                *verdict = Verdict::Broken { at: now, detail: detail(), times: 1 };
                self.fresh.push(lamp);
            }
        }
    }

    /// What is judged could not be decided: from here on the lamp can break, but no longer be held.
    pub fn doubt(&mut self, lamp: usize, why: String) {
        let verdict = &mut self.verdicts[lamp];
        if matches!(verdict, Verdict::Held | Verdict::Unknown) {
            *verdict = Verdict::Undecided { why };
        }
    }

    /// Counts what only the watch can know, such as a stale read. Once for a fact: each of its metrics wants its own fact.
    pub fn count(&mut self, metric: Id, by: u64) {
        self.counted = Some((metric, by));
    }

    /// A *sometimes* was reached.
    pub fn reach(&mut self, lamp: usize) {
        self.verdicts[lamp] = Verdict::Held;
    }

    /// Lamps that broke since this was last asked: what they say, when, the sentence.
    pub(crate) fn take_fresh(&mut self) -> Vec<(&'static str, Time, String)> {
        let broken = std::mem::take(&mut self.fresh).into_iter().filter_map(|lamp| match &self.verdicts[lamp] {
            Verdict::Broken { at, detail, .. } => Some((self.declared[lamp].id, *at, detail.clone())),
            Verdict::Held | Verdict::Unknown | Verdict::Undecided { .. } => None,
        });
        broken.collect()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static InvariantSpec, &Verdict)> {
        self.declared.iter().zip(&self.verdicts)
    }

    pub fn verdict(&self, id: &str) -> Option<&Verdict> {
        self.iter().find(|(spec, _)| spec.id == id).map(|(_, verdict)| verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAMPS: &[InvariantSpec] = &[InvariantSpec { id: "a", kind: InvariantKind::Always, says: "" }];

    #[test]
    fn what_could_not_be_decided_is_not_held_but_can_still_break() {
        let mut lamps = Lamps::new(LAMPS);
        lamps.judge(0, Time(1), true, String::new);
        lamps.doubt(0, "too much work".into());
        lamps.judge(0, Time(2), true, String::new);
        assert_eq!(lamps.verdict("a"), Some(&Verdict::Undecided { why: "too much work".into() }));
        lamps.judge(0, Time(3), false, || "seen".into());
        lamps.doubt(0, "again".into());
        assert_eq!(lamps.verdict("a"), Some(&Verdict::Broken { at: Time(3), detail: "seen".into(), times: 1 }));
    }

    #[test]
    fn the_first_break_is_kept_and_later_ones_are_counted() {
        let mut lamps = Lamps::new(LAMPS);
        assert_eq!(lamps.verdict("a"), Some(&Verdict::Unknown));
        lamps.judge(0, Time(1), true, String::new);
        assert_eq!(lamps.verdict("a"), Some(&Verdict::Held));
        lamps.judge(0, Time(2), false, || "first".into());
        lamps.judge(0, Time(3), false, || "second".into());
        lamps.judge(0, Time(4), true, String::new);
        assert_eq!(lamps.verdict("a"), Some(&Verdict::Broken { at: Time(2), detail: "first".into(), times: 2 }));
    }
}
