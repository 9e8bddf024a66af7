//! The vocabulary of faults, common to every design that has nodes and links.

use super::action::{Action, ActionSpec, ArgDefault, ArgSpec};
use super::time::{HOUR, Span};
use super::value::Kind;

const NODE: ArgSpec = ArgSpec { name: "node", says: "which node", kind: Kind::Node, default: ArgDefault::Required };
const FROM: ArgSpec = ArgSpec { name: "from", says: "sender", kind: Kind::Node, default: ArgDefault::Required };
const TO: ArgSpec = ArgSpec { name: "to", says: "receiver", kind: Kind::Node, default: ArgDefault::Required };
const SHARE: ArgSpec = ArgSpec { name: "share", says: "share of the messages", kind: Kind::Number { min: 0.0, max: 1.0 }, default: ArgDefault::Required };
const SLOWER: ArgSpec = ArgSpec { name: "by", says: "delay added", kind: Kind::Duration { min: Span::ZERO, max: HOUR }, default: ArgDefault::Required };
const FOR: ArgSpec =
    ArgSpec { name: "for", says: "how long; without it, until undone", kind: Kind::Duration { min: Span::ZERO, max: HOUR }, default: ArgDefault::Absent };

const fn optional(mut arg: ArgSpec) -> ArgSpec {
    arg.default = ArgDefault::Absent;
    arg
}

/// A fault in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Inflicted {
    /// In words: `s1 is down`.
    pub says: String,
    /// What heals this one alone.
    pub undo: Action,
}

pub const SPECS: &[ActionSpec] = &[
    ActionSpec {
        name: "crash",
        says: "stop a node at once; what was not durable is lost",
        args: &[NODE, ArgSpec { name: "for_good", says: "never restarted, not even at the end", kind: Kind::Switch, default: ArgDefault::Text("off") }],
    },
    ActionSpec { name: "restart", says: "start a crashed node again", args: &[NODE] },
    ActionSpec { name: "pause", says: "freeze a node: it handles nothing, then everything that waited", args: &[NODE, FOR] },
    ActionSpec { name: "resume", says: "let a paused node go on", args: &[NODE] },
    ActionSpec {
        name: "cut",
        says: "drop every message on a link",
        args: &[FROM, TO, ArgSpec { name: "both", says: "in both directions", kind: Kind::Switch, default: ArgDefault::Text("on") }],
    },
    ActionSpec {
        name: "heal",
        says: "undo the faults of one link, or of all",
        args: &[optional(FROM), optional(TO), ArgSpec { name: "both", says: "in both directions", kind: Kind::Switch, default: ArgDefault::Text("on") }],
    },
    ActionSpec {
        name: "partition",
        says: "cut every link between groups of nodes",
        args: &[ArgSpec { name: "groups", says: "nodes, groups divided by |", kind: Kind::Groups, default: ArgDefault::Required }],
    },
    ActionSpec { name: "slow", says: "delay every message on a link", args: &[FROM, TO, SLOWER] },
    ActionSpec { name: "lose", says: "lose a share of the messages on a link", args: &[FROM, TO, SHARE] },
    ActionSpec { name: "duplicate", says: "deliver a share of the messages twice", args: &[FROM, TO, SHARE] },
    ActionSpec { name: "reorder", says: "hold back a share of the messages so that later ones overtake", args: &[FROM, TO, SHARE] },
    ActionSpec {
        name: "step-clock",
        says: "set a node's clock forward or back",
        args: &[NODE, ArgSpec { name: "by", says: "how far; negative is back", kind: Kind::Shift { max: HOUR }, default: ArgDefault::Required }],
    },
    ActionSpec {
        name: "drift-clock",
        says: "let a node's clock run fast or slow",
        args: &[
            NODE,
            ArgSpec {
                name: "ppm",
                says: "parts per million; negative is slow",
                kind: Kind::Number { min: -100_000.0, max: 100_000.0 },
                default: ArgDefault::Required,
            },
        ],
    },
    ActionSpec { name: "slow-disk", says: "delay every sync of a node's disk", args: &[NODE, SLOWER] },
    ActionSpec {
        name: "fill-disk",
        says: "refuse every write of a node's disk",
        args: &[NODE, ArgSpec { name: "full", says: "off makes room again", kind: Kind::Switch, default: ArgDefault::Text("on") }],
    },
    ActionSpec { name: "forget-disk", says: "put an empty disk in; a node that runs restarts on it", args: &[NODE] },
    ActionSpec { name: "join", says: "add a node", args: &[optional(NODE)] },
    ActionSpec { name: "leave", says: "take a node out in good order", args: &[NODE] },
    ActionSpec {
        name: "load",
        says: "multiply the load",
        args: &[ArgSpec { name: "times", says: "factor", kind: Kind::Number { min: 0.0, max: 1000.0 }, default: ArgDefault::Required }, FOR],
    },
];

/// A design's faults: groups of names.
pub type Groups = &'static [&'static [&'static str]];

pub const MACHINES: &[&str] = &["crash", "restart", "pause", "resume"];
pub const LINKS: &[&str] = &["cut", "heal", "partition", "slow", "lose", "duplicate", "reorder"];
pub const CLOCKS: &[&str] = &["step-clock", "drift-clock"];
pub const LOAD: &[&str] = &["load"];
pub const SLOW_DISKS: &[&str] = &["slow-disk"];
pub const FULL_DISKS: &[&str] = &["fill-disk"];
pub const LOST_DISKS: &[&str] = &["forget-disk"];
pub const MEMBERS: &[&str] = &["join", "leave"];

/// What every design with nodes and links can suffer.
pub const NETWORK: Groups = &[MACHINES, LINKS, CLOCKS, LOAD];

/// The same for designs whose nodes have disks.
pub const WITH_DISKS: Groups = &[MACHINES, LINKS, CLOCKS, LOAD, SLOW_DISKS, FULL_DISKS, LOST_DISKS];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_group_is_in_the_vocabulary_and_every_one_there_in_a_group() {
        let grouped: Vec<&str> = [WITH_DISKS, &[MEMBERS]].concat().concat();
        for name in &grouped {
            assert!(SPECS.iter().any(|spec| spec.name == *name), "{name}");
        }
        for spec in SPECS {
            assert!(grouped.contains(&spec.name), "{}", spec.name);
        }
    }
}
