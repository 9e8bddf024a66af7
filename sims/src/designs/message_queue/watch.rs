//! The laws' own books: what was promised, what was agreed on, and who may do what.

use super::record::Id;
use super::seen::{Seen, Sight};
use super::system::Queue;
use crate::kernel::invariant::Lamps;
use crate::kernel::node::Watch;
use crate::kernel::time::Time;
use std::collections::{BTreeMap, VecDeque};

pub const ORDER: usize = 0;
pub const ONCE: usize = 1;
pub const WATERMARK: usize = 2;
pub const ACKED: usize = 3;
pub const AGREED: usize = 4;
pub const OWNER: usize = 5;
pub const AT_MOST: usize = 6;
pub const AT_LEAST: usize = 7;
pub const SAME: usize = 8;
pub const TAKEN_OVER: usize = 9;

/// What handlers report.
pub enum Fact {
    /// A leader begins, with this log from `start` on.
    Leads {
        part: u32,
        epoch: u32,
        start: u64,
        ids: Vec<Id>,
    },
    /// Its high watermark has passed these.
    Committed {
        part: u32,
        from: u64,
        ids: Vec<Id>,
    },
    /// A producer is told that these are safe.
    Acked {
        part: u32,
        epoch: u32,
        from: u64,
        ids: Vec<Id>,
    },
    /// A consumer was given records before `next`.
    Served {
        part: u32,
        next: u64,
    },
    Trimmed {
        part: u32,
        start: u64,
    },
    Processed {
        part: u32,
        offset: u64,
        id: Id,
        committed_first: bool,
    },
    /// A dead letter stands for it.
    Buried {
        part: u32,
        offset: u64,
        id: Id,
    },
    Owned {
        part: u32,
        member: u32,
        generation: u32,
    },
    Committing {
        part: u32,
        member: u32,
        offset: u64,
    },
    FailedOver,
}

#[derive(Clone, Default)]
pub struct QueueWatch {
    parts: BTreeMap<u32, Truth>,
    sources: BTreeMap<u64, Seen>,
    owners: BTreeMap<u32, (u32, u32)>,
}

/// One partition as it was promised.
#[derive(Clone, Default)]
pub struct Truth {
    /// Offset of the first of `agreed`.
    base: u64,
    /// What some leader's watermark has passed.
    agreed: VecDeque<Kept>,
    /// Acknowledged, but not agreed on yet.
    promised: BTreeMap<u64, Id>,
    /// The latest leader's epoch, and what its log held beyond what was agreed when it began.
    epoch: u32,
    tail_from: u64,
    tail: Vec<Id>,
}

#[derive(Clone, Copy)]
pub struct Kept {
    pub id: Id,
    acked: bool,
    pub times: u8,
    committed_first: bool,
}

impl Truth {
    pub fn end(&self) -> u64 {
        self.base + self.agreed.len() as u64
    }

    fn get(&mut self, offset: u64) -> Option<&mut Kept> {
        self.agreed.get_mut(offset.checked_sub(self.base)? as usize)
    }

    /// Messages with their offsets.
    pub fn kept(&self) -> impl Iterator<Item = (u64, &Kept)> {
        self.agreed.iter().enumerate().map(|(i, kept)| (self.base + i as u64, kept))
    }
}

impl QueueWatch {
    pub fn part(&self, part: u32) -> Option<&Truth> {
        self.parts.get(&part)
    }

    fn leads(&mut self, now: Time, part: u32, epoch: u32, start: u64, ids: &[Id], lamps: &mut Lamps) {
        let truth = self.parts.entry(part).or_default();
        let has = |offset: u64| offset.checked_sub(start).and_then(|at| ids.get(at as usize)).copied();
        let mut cut = None;
        for (offset, kept) in truth.kept().filter(|(offset, _)| *offset >= start) {
            if has(offset) == Some(kept.id) {
                continue;
            }
            cut = cut.or(Some(offset));
            let told = || format!("partition {part}, epoch {epoch}: {} at offset {offset} is not in the new leader's log", kept.id);
            lamps.judge(AGREED, now, false, told);
            if kept.acked {
                lamps.judge(ACKED, now, false, || format!("acknowledged, and lost: {}", told()));
            }
        }
        for (offset, id) in truth.promised.iter().filter(|(offset, _)| **offset >= start) {
            let told = || format!("acknowledged, and lost: partition {part}, epoch {epoch}: {id} at offset {offset} is not in the new leader's log");
            lamps.judge(ACKED, now, has(*offset) == Some(*id), told);
        }
        truth.promised.retain(|offset, id| has(*offset) == Some(*id));
        if let Some(cut) = cut {
            truth.agreed.truncate((cut - truth.base) as usize);
        }
        truth.epoch = epoch;
        truth.tail_from = truth.end().max(start);
        truth.tail = ids.iter().skip((truth.tail_from - start) as usize).copied().collect();
    }

    fn committed(&mut self, now: Time, part: u32, from: u64, ids: Vec<Id>, lamps: &mut Lamps) {
        let truth = self.parts.entry(part).or_default();
        if from > truth.end() {
            (truth.base, truth.agreed) = (from, VecDeque::new());
        }
        let base = truth.base;
        for (offset, id) in (from..).zip(ids).filter(|(offset, _)| *offset >= base) {
            if let Some(kept) = truth.get(offset) {
                let before = kept.id;
                lamps.judge(AGREED, now, before == id, || format!("partition {part}: offset {offset} held {before} and holds {id} now"));
                continue;
            }
            let acked = truth.promised.remove(&offset) == Some(id);
            truth.agreed.push_back(Kept { id, acked, times: 0, committed_first: false });
            lamps.judge(AGREED, now, true, String::new);
            let sight = self.sources.entry(id.source()).or_default().note(id.number());
            lamps.judge(ORDER, now, sight != Sight::Late, || format!("partition {part}: {id} stands at offset {offset}, behind a later one of its producer"));
            lamps.judge(ONCE, now, sight != Sight::Again, || format!("partition {part}: {id} stands at offset {offset} and once before"));
        }
    }

    fn acked(&mut self, now: Time, part: u32, epoch: u32, from: u64, ids: Vec<Id>, lamps: &mut Lamps) {
        let truth = self.parts.entry(part).or_default();
        let base = truth.base;
        for (offset, id) in (from..).zip(ids).filter(|(offset, _)| *offset >= base) {
            let told = || format!("acknowledged, and lost: partition {part}, epoch {epoch}: {id} at offset {offset}, which a newer leader never had");
            if let Some(kept) = truth.get(offset) {
                kept.acked |= kept.id == id;
                let same = kept.id == id;
                lamps.judge(ACKED, now, same, told);
                continue;
            }
            let stale = epoch < truth.epoch;
            let survives = offset.checked_sub(truth.tail_from).and_then(|at| truth.tail.get(at as usize)) == Some(&id);
            lamps.judge(ACKED, now, !stale || survives, told);
            if !stale || survives {
                truth.promised.insert(offset, id);
            }
        }
    }

    fn processed(&mut self, now: Time, part: u32, offset: u64, id: Id, committed_first: bool, lamps: &mut Lamps) {
        let Some(kept) = self.parts.entry(part).or_default().get(offset).filter(|kept| kept.id == id) else { return };
        let once = !(kept.committed_first && kept.times > 0);
        lamps.judge(AT_MOST, now, once, || format!("partition {part}, offset {offset}: committed, then processed, then processed again"));
        kept.committed_first |= committed_first;
        kept.times = kept.times.saturating_add(1);
    }
}

impl Watch<Queue> for QueueWatch {
    type Fact = Fact;

    fn see(&mut self, now: Time, fact: Fact, _: &Queue, lamps: &mut Lamps) {
        match fact {
            Fact::Leads { part, epoch, start, ids } => self.leads(now, part, epoch, start, &ids, lamps),
            Fact::Committed { part, from, ids } => self.committed(now, part, from, ids, lamps),
            Fact::Acked { part, epoch, from, ids } => self.acked(now, part, epoch, from, ids, lamps),
            Fact::Served { part, next } => {
                let end = self.parts.get(&part).map_or(0, Truth::end);
                lamps.judge(WATERMARK, now, next <= end, || {
                    format!("partition {part}: a consumer was given offset {}, agreed on is what comes before {end}", next - 1)
                });
            }
            Fact::Trimmed { part, start } => {
                let truth = self.parts.entry(part).or_default();
                while truth.base < start && truth.agreed.pop_front().is_some() {
                    truth.base += 1;
                }
                truth.promised = truth.promised.split_off(&start);
            }
            Fact::Processed { part, offset, id, committed_first } => self.processed(now, part, offset, id, committed_first, lamps),
            Fact::Buried { part, offset, id } => {
                if let Some(kept) = self.parts.entry(part).or_default().get(offset).filter(|kept| kept.id == id) {
                    kept.times = kept.times.saturating_add(1);
                }
            }
            Fact::Owned { part, member, generation } => {
                let before = self.owners.insert(part, (generation, member));
                let alone = before.is_none_or(|(earlier, owner)| earlier < generation || owner == member);
                lamps.judge(OWNER, now, alone, || format!("partition {part} has two owners in generation {generation}"));
            }
            Fact::Committing { part, member, offset } => {
                let owner = self.owners.get(&part).copied();
                let told = || {
                    format!(
                        "a commit of offset {offset} counted in partition {part}, whose owner since generation {} is somebody else",
                        owner.map_or(0, |o| o.0)
                    )
                };
                lamps.judge(OWNER, now, owner.is_none_or(|(_, owner)| owner == member), told);
            }
            Fact::FailedOver => lamps.reach(TAKEN_OVER),
        }
    }

    fn weight(&self) -> usize {
        let truth = |truth: &Truth| 200 + truth.agreed.len() * std::mem::size_of::<Kept>() + truth.promised.len() * 24 + truth.tail.len() * 8;
        self.parts.values().map(truth).sum::<usize>() + self.sources.values().map(|seen| 60 + seen.weight()).sum::<usize>() + self.owners.len() * 20
    }
}
