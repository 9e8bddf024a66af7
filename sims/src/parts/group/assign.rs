//! Assignors: which member of a group owns which partition.
//!
//! Range and round-robin as Kafka's documentation describes them; sticky after KIP-54: as even as can be, and of all such divisions
//! one that moves as few partitions as any.

use std::collections::{BTreeMap, BTreeSet};

/// One partition of one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    pub topic: u32,
    pub number: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignor {
    Range,
    RoundRobin,
    Sticky,
}

impl Assignor {
    pub const NAMES: &'static [&'static str] = &["sticky", "range", "round-robin"];

    pub fn named(name: &str) -> Assignor {
        match name {
            "range" => Assignor::Range,
            "round-robin" => Assignor::RoundRobin,
            _ => Assignor::Sticky,
        }
    }

    /// What each member gets; `topics` says how many partitions each topic has, `owned` what each member holds on to (only sticky cares).
    /// Every member wants every topic.
    pub fn assign(self, topics: &[u32], owned: &BTreeMap<u32, Vec<Part>>) -> BTreeMap<u32, Vec<Part>> {
        let mut given: BTreeMap<u32, Vec<Part>> = owned.keys().map(|member| (*member, Vec::new())).collect();
        if given.is_empty() {
            return given;
        }
        match self {
            Assignor::Range => range(topics, &mut given),
            Assignor::RoundRobin => round_robin(topics, &mut given),
            Assignor::Sticky => sticky(topics, owned, &mut given),
        }
        given
    }
}

fn parts(topics: &[u32]) -> impl Iterator<Item = Part> + '_ {
    topics.iter().enumerate().flat_map(|(topic, count)| (0..*count).map(move |number| Part { topic: topic as u32, number }))
}

/// Topic by topic, neighbours to one member; what does not divide goes to the first members, in every topic anew.
fn range(topics: &[u32], given: &mut BTreeMap<u32, Vec<Part>>) {
    let members = given.len() as u32;
    for (topic, count) in topics.iter().enumerate() {
        let (each, more) = (count / members, count % members);
        let mut next = 0;
        for (place, list) in given.values_mut().enumerate() {
            let take = each + u32::from((place as u32) < more);
            list.extend((next..next + take).map(|number| Part { topic: topic as u32, number }));
            next += take;
        }
    }
}

/// All partitions of all topics dealt out like cards.
fn round_robin(topics: &[u32], given: &mut BTreeMap<u32, Vec<Part>>) {
    let members: Vec<u32> = given.keys().copied().collect();
    for (at, part) in parts(topics).enumerate() {
        if let Some(list) = given.get_mut(&members[at % members.len()]) {
            list.push(part);
        }
    }
}

/// Everybody keeps what fits an even division; who holds most keeps the places that are one larger.
fn sticky(topics: &[u32], owned: &BTreeMap<u32, Vec<Part>>, given: &mut BTreeMap<u32, Vec<Part>>) {
    let mut free: BTreeSet<Part> = parts(topics).collect();
    let (each, mut more) = (free.len() / given.len(), free.len() % given.len());
    // A partition that two members claim stays with neither: nobody knows who is right.
    let mut claims: BTreeMap<Part, u32> = BTreeMap::new();
    owned.values().flat_map(|list| list.iter().copied().collect::<BTreeSet<Part>>()).for_each(|part| *claims.entry(part).or_default() += 1);
    let kept = |member: &u32| -> Vec<Part> {
        let mine: BTreeSet<Part> = owned[member]
            .iter()
            .copied()
            .filter(|part| claims.get(part) == Some(&1) && part.number < topics.get(part.topic as usize).copied().unwrap_or(0))
            .collect();
        mine.into_iter().collect()
    };
    for (member, list) in given.iter_mut() {
        *list = kept(member);
        let room = each + usize::from(list.len() > each && more > 0);
        more -= room - each;
        list.truncate(room);
        list.iter().for_each(|part| {
            free.remove(part);
        });
    }
    let mut free = free.into_iter();
    for list in given.values_mut() {
        let room = each.saturating_sub(list.len());
        list.extend(free.by_ref().take(room));
    }
    for list in given.values_mut().filter(|list| list.len() == each) {
        list.extend(free.by_ref().take(1));
    }
    given.values_mut().for_each(|list| list.sort_unstable());
}
