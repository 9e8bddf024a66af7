//! A consumer group: members come and go, and each generation divides the partitions anew.
//!
//! *Eager* (Kafka's first protocol): everybody gives up everything, and then all is dealt out. *Cooperative* (KIP-429): everybody keeps working
//! on what they hold; what must move is first given up by its owner, and dealt out one generation later.

mod assign;

#[cfg(test)]
mod tests;

pub use assign::{Assignor, Part};

use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Eager,
    Cooperative,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No members.
    Empty,
    /// Waiting for every member to join the next generation.
    Joining,
    Stable,
}

/// What a member is told when it says that it is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    Fine,
    /// A new generation is being made: join it.
    Rejoin,
    /// Not a member, or of an older generation than the group's: what it owned is not its own any more.
    Fenced,
}

/// A right of an older generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fenced;

#[derive(Clone, Debug, Default)]
struct Member {
    /// Has joined the generation that is being made.
    joined: bool,
    /// What it said that it holds when it joined.
    holds: Vec<Part>,
    /// What the present generation gives it.
    assigned: Vec<Part>,
}

/// The coordinator's view of one group.
#[derive(Clone, Debug)]
pub struct Group {
    topics: Vec<u32>,
    generation: u32,
    phase: Phase,
    members: BTreeMap<u32, Member>,
}

impl Group {
    pub fn new(topics: &[u32]) -> Group {
        Group { topics: topics.to_vec(), generation: 0, phase: Phase::Empty, members: BTreeMap::new() }
    }

    pub fn generation(&self) -> u32 {
        self.generation
    }

    pub fn phase(&self) -> Phase {
        self.phase
    }

    pub fn members(&self) -> impl Iterator<Item = (u32, &[Part])> {
        self.members.iter().map(|(member, state)| (*member, state.assigned.as_slice()))
    }

    pub fn has(&self, member: u32) -> bool {
        self.members.contains_key(&member)
    }

    /// Members that the generation in the making still waits for.
    pub fn awaited(&self) -> impl Iterator<Item = u32> + '_ {
        self.members.iter().filter(|(_, state)| !state.joined).map(|(member, _)| *member)
    }

    /// A member asks for a place in the next generation and says what it goes on holding since which one. True if a rebalance begins with this.
    ///
    /// # Errors
    /// It holds what was its own in an older generation, and may be somebody else's by now: it must let go first.
    pub fn join(&mut self, member: u32, generation: u32, holds: &[Part]) -> Result<bool, Fenced> {
        if !holds.is_empty() && !self.may_commit(member, generation) {
            return Err(Fenced);
        }
        let begins = self.phase != Phase::Joining;
        if begins {
            self.phase = Phase::Joining;
            self.members.values_mut().for_each(|member| member.joined = false);
        }
        let state = self.members.entry(member).or_default();
        state.joined = true;
        state.holds = holds.to_vec();
        Ok(begins)
    }

    /// A member has gone, or is taken for dead. True if a rebalance begins with this.
    pub fn leave(&mut self, member: u32) -> bool {
        if self.members.remove(&member).is_none() {
            return false;
        }
        if self.members.is_empty() {
            self.phase = Phase::Empty;
            self.generation += 1;
            return false;
        }
        let begins = self.phase == Phase::Stable;
        if begins {
            self.phase = Phase::Joining;
            self.members.values_mut().for_each(|member| member.joined = false);
        }
        begins
    }

    /// Whether everybody has joined the generation in the making.
    pub fn complete(&self) -> bool {
        self.phase == Phase::Joining && self.members.values().all(|member| member.joined)
    }

    /// Makes the next generation out of those who have joined; the others are out. Gives what each member owns now. With the cooperative protocol,
    /// what somebody else still holds is left out: its holder sees that it is not on its list, gives it up, and joins again.
    pub fn settle(&mut self, assignor: Assignor, protocol: Protocol) -> BTreeMap<u32, Vec<Part>> {
        self.members.retain(|_, member| member.joined);
        self.generation += 1;
        self.phase = if self.members.is_empty() { Phase::Empty } else { Phase::Stable };
        let holds: BTreeMap<u32, Vec<Part>> = self.members.iter().map(|(member, state)| (*member, state.holds.clone())).collect();
        let mut given = assignor.assign(&self.topics, &holds);
        if protocol == Protocol::Cooperative {
            withhold(&mut given, &holds);
        }
        for (member, state) in &mut self.members {
            state.assigned = given.get(member).cloned().unwrap_or_default();
        }
        given
    }

    pub fn beat(&self, member: u32, generation: u32) -> Beat {
        match (self.members.get(&member), self.phase) {
            (Some(state), Phase::Joining) if !state.joined && generation == self.generation => Beat::Rejoin,
            (Some(_), _) if generation == self.generation => Beat::Fine,
            _ => Beat::Fenced,
        }
    }

    /// Whether a commit by that member under that generation counts.
    pub fn may_commit(&self, member: u32, generation: u32) -> bool {
        self.members.contains_key(&member) && generation == self.generation
    }

    /// Bytes, near enough.
    pub fn weight(&self) -> usize {
        self.members.values().map(|m| 120 + (m.holds.len() + m.assigned.len()) * std::mem::size_of::<Part>()).sum()
    }
}

/// Takes out of everybody's list what somebody else holds.
fn withhold(given: &mut BTreeMap<u32, Vec<Part>>, holds: &BTreeMap<u32, Vec<Part>>) {
    let mut holders: BTreeMap<Part, BTreeSet<u32>> = BTreeMap::new();
    for (member, parts) in holds {
        parts.iter().for_each(|part| {
            holders.entry(*part).or_default().insert(*member);
        });
    }
    for (member, list) in given {
        list.retain(|part| holders.get(part).is_none_or(|by| by.iter().all(|holder| holder == member)));
    }
}
