//! The five safety properties of figure 3, judged after every event from what members tell, in work proportional to what changed.
//!
//! Each entry gets a *chain*: a hash of its term, its contents and the chain before it. Two logs that agree in the chain at
//! one index agree in everything before it, so one comparison stands for a whole prefix.

use super::{Index, Pos, Term};
use crate::kernel::invariant::{InvariantSpec, Lamps, always};
use crate::kernel::node::NodeId;
use crate::kernel::rng::splitmix;
use crate::kernel::time::Time;
use crate::kernel::weight::{Flat, deep};
use std::collections::{BTreeMap, VecDeque};

/// What members tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    Elected {
        member: NodeId,
        term: Term,
    },
    Appended {
        member: NodeId,
        index: Index,
        term: Term,
        mark: u64,
    },
    /// Entries behind `after` are dropped, in the member's term `term`.
    Truncated {
        member: NodeId,
        after: Index,
        term: Term,
    },
    /// It knows that everything up to `index` is committed.
    Committed {
        member: NodeId,
        index: Index,
        term: Term,
    },
    Applied {
        member: NodeId,
        index: Index,
    },
    /// A snapshot covers the front of its log, which is dropped up to `base`.
    Covered {
        member: NodeId,
        base: Index,
    },
    /// A snapshot has replaced its log.
    Installed {
        member: NodeId,
        at: Pos,
    },
    /// Its log is read from disk again: what follows is what stands there behind `base`.
    Reloaded {
        member: NodeId,
        base: Pos,
    },
}

const ELECTION: usize = 0;
const APPEND_ONLY: usize = 1;
const MATCHING: usize = 2;
const COMPLETENESS: usize = 3;
const MACHINE: usize = 4;

/// To stand as one block in a design's list.
pub const LAMPS: [InvariantSpec; 5] = [
    always("election-safety", "at most one leader is elected in a term"),
    always("leader-append-only", "a leader never overwrites or deletes entries of its log"),
    always("log-matching", "two logs that hold an entry of the same index and term are the same up to it"),
    always("leader-completeness", "a committed entry is in the log of every leader of a later term"),
    always("state-machine-safety", "no two members apply different entries at one index"),
];

/// Entries remembered behind the highest committed one at most, though a member still holds older ones.
const MEMORY: usize = 65_536;
/// What nobody holds any more is forgotten in steps of so many entries.
const STEP: u64 = if cfg!(test) { 1 } else { 256 };

#[derive(Clone, Debug, Default)]
pub struct RaftWatch {
    leaders: BTreeMap<Term, NodeId>,
    /// One per member: its log as chains.
    logs: BTreeMap<NodeId, Shadow>,
    /// Per index and term the chain that was seen there first.
    entries: BTreeMap<(Index, Term), u64>,
    /// Per index, from `first` on, what was committed there first.
    committed: VecDeque<Commit>,
    first: Index,
}

#[derive(Clone, Copy, Debug)]
struct Commit {
    chain: u64,
    /// The term in which it was committed.
    term: Term,
}

#[derive(Clone, Debug, Default)]
struct Shadow {
    /// Index of the first chain held.
    first: Index,
    chains: VecDeque<u64>,
    /// The fronts of its log that its last snapshot and the one before covered. The older one stands again after a crash before
    /// the sync.
    covered: [Index; 2],
    /// Its log was read from disk again behind an entry that is forgotten: the chains have no beginning until a known one comes.
    adrift: bool,
    /// The term it was last elected in.
    led: Option<Term>,
    committed: Index,
}

impl Shadow {
    fn at(&self, index: Index) -> Option<u64> {
        index.checked_sub(self.first).and_then(|at| self.chains.get(at as usize)).copied()
    }

    /// Whether it holds this entry; what a snapshot covers it does.
    fn has(&self, index: Index, chain: u64) -> bool {
        index < self.first || self.at(index) == Some(chain)
    }

    /// Holds nothing but the chain at `index`.
    fn restart(&mut self, index: Index, chain: Option<u64>) {
        self.first = index;
        self.chains.clear();
        self.chains.push_back(chain.unwrap_or_default());
        self.adrift = chain.is_none();
        self.covered = [index; 2];
    }

    fn cover(&mut self, base: Index) {
        self.covered = [self.covered[1], base];
        self.drop_to(self.covered[0]);
    }

    /// Holds nothing before `index`, if it goes so far.
    fn drop_to(&mut self, index: Index) {
        let count = index.saturating_sub(self.first).min((self.chains.len() as u64).saturating_sub(1));
        self.chains.drain(..count as usize);
        self.first += count;
    }

    fn truncate(&mut self, after: Index) {
        self.chains.truncate((after + 1).saturating_sub(self.first) as usize);
    }
}

impl RaftWatch {
    /// `first_lamp` is the place of [`LAMPS`] in the design's list.
    pub fn see(&mut self, now: Time, fact: &Fact, first_lamp: usize, lamps: &mut Lamps) {
        let judge = &mut |lamp: usize, holds: bool, detail: &dyn Fn() -> String| lamps.judge(first_lamp + lamp, now, holds, detail);
        match *fact {
            Fact::Elected { member, term } => self.elected(member, term, judge),
            Fact::Appended { member, index, term, mark } => self.appended(member, index, term, mark, judge),
            Fact::Truncated { member, after, term } => {
                let log = self.log(member);
                let led = log.led == Some(term);
                log.truncate(after);
                judge(APPEND_ONLY, !led, &|| format!("node {} led term {term} and dropped its entries behind {after}", member.0));
            }
            Fact::Committed { member, index, term } => self.commit(member, index, term, judge),
            Fact::Applied { member, index } => self.applied(member, index, judge),
            Fact::Covered { member, base } => self.log(member).cover(base),
            Fact::Installed { member, at } | Fact::Reloaded { member, base: at } => self.restart(member, at),
        }
    }

    fn log(&mut self, member: NodeId) -> &mut Shadow {
        self.logs.entry(member).or_insert_with(|| {
            let mut shadow = Shadow::default();
            shadow.restart(0, Some(0));
            shadow
        })
    }

    fn elected(&mut self, member: NodeId, term: Term, judge: &mut Judge<'_>) {
        let first = *self.leaders.entry(term).or_insert(member);
        judge(ELECTION, first == member, &|| format!("node {} and node {} were both elected in term {term}", first.0, member.0));
        self.log(member).led = Some(term);
        judge(APPEND_ONLY, true, &String::new);
        // One comparison for the whole prefix that was committed in earlier terms.
        let count = self.committed.partition_point(|commit| commit.term < term);
        if let Some(last) = count.checked_sub(1) {
            let (index, commit) = (self.first + last as u64, self.committed[last]);
            let holds = self.logs[&member].has(index, commit.chain);
            judge(COMPLETENESS, holds, &|| {
                format!("entry {index} was committed in term {}, but node {}, elected in term {term}, does not have it", commit.term, member.0)
            });
        }
        while self.leaders.len() > 256 {
            self.leaders.pop_first();
        }
    }

    fn appended(&mut self, member: NodeId, index: Index, term: Term, mark: u64, judge: &mut Judge<'_>) {
        let seen = self.entries.get(&(index, term)).copied();
        let log = self.log(member);
        if log.adrift {
            log.adrift = seen.is_none();
            log.chains.push_back(seen.unwrap_or_default());
            return;
        }
        let before = log.chains.back().copied().unwrap_or_default();
        let chain = splitmix(splitmix(before ^ term) ^ mark);
        log.chains.push_back(chain);
        if log.chains.len() > MEMORY * 2 {
            log.drop_to(log.first + MEMORY as u64);
        }
        let known = *self.entries.entry((index, term)).or_insert(chain);
        judge(MATCHING, known == chain, &|| {
            format!("entry {index} of term {term} on node {} stands on other entries, or differs, from where it was first seen", member.0)
        });
    }

    fn commit(&mut self, member: NodeId, to: Index, term: Term, judge: &mut Judge<'_>) {
        if self.first == 0 {
            self.first = 1;
        }
        let log = self.logs.entry(member).or_default();
        let mut next = self.first + self.committed.len() as u64;
        while next <= to {
            let Some(chain) = log.at(next) else { break };
            self.committed.push_back(Commit { chain, term });
            next += 1;
        }
        log.committed = log.committed.max(to);
        self.complete_now(to, term, judge);
        self.forget();
    }

    /// A leader of a later term may stand already while an older one commits.
    fn complete_now(&mut self, index: Index, term: Term, judge: &mut Judge<'_>) {
        let Some((later, leader)) = self.leaders.last_key_value().filter(|(later, _)| **later > term) else { return };
        let (Some(log), Some(commit)) = (self.logs.get(leader), self.committed_at(index)) else { return };
        // Only while it still leads by its own log; what it took in since is not its own.
        if log.led == Some(*later) && commit.term < *later {
            let holds = log.has(index, commit.chain);
            judge(COMPLETENESS, holds, &|| {
                format!("entry {index} was committed in term {}, but node {}, leader of term {later}, does not have it", commit.term, leader.0)
            });
        }
    }

    fn committed_at(&self, index: Index) -> Option<Commit> {
        index.checked_sub(self.first).and_then(|at| self.committed.get(at as usize)).copied()
    }

    fn applied(&mut self, member: NodeId, index: Index, judge: &mut Judge<'_>) {
        let (mine, agreed) = (self.logs.get(&member).and_then(|log| log.at(index)), self.committed_at(index));
        if let (Some(mine), Some(agreed)) = (mine, agreed) {
            judge(MACHINE, mine == agreed.chain, &|| format!("node {} applied at {index} another entry than was committed there first", member.0));
        }
    }

    fn restart(&mut self, member: NodeId, at: Pos) {
        let chain = match at.index {
            0 => Some(0),
            index => self.entries.get(&(index, at.term)).copied(),
        };
        self.log(member).restart(at.index, chain);
    }

    /// What no member's log holds any more, or what is too long ago.
    fn forget(&mut self) {
        let unheld = self.logs.values().map(|log| log.covered[0]).min().unwrap_or_default();
        let old = (self.committed.len() >= MEMORY * 2).then(|| self.first + MEMORY as u64);
        let to = unheld.max(old.unwrap_or_default());
        let count = to.saturating_sub(self.first).min((self.committed.len() as u64).saturating_sub(1));
        if count >= STEP {
            self.committed.drain(..count as usize);
            self.first += count;
            self.entries = self.entries.split_off(&(self.first, 0));
        }
    }

    /// The highest index that any member knows to be committed.
    pub fn committed(&self) -> Index {
        (self.first + self.committed.len() as u64).saturating_sub(1)
    }

    /// The latest leader elected, and its term.
    pub fn latest_leader(&self) -> Option<(Term, NodeId)> {
        self.leaders.last_key_value().map(|(term, leader)| (*term, *leader))
    }

    pub fn weight(&self) -> usize {
        let logs = deep(self.logs.values(), |log| log.chains.bytes());
        self.leaders.bytes() + self.logs.bytes() + logs + self.entries.bytes() + self.committed.bytes()
    }
}

type Judge<'a> = dyn FnMut(usize, bool, &dyn Fn() -> String) + 'a;
