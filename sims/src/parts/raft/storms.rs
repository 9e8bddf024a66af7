//! Thousands of random plays: loss, copies, disorder, crashes, slow disks, changes of members.

use super::cluster::{Cluster, id};
use super::{Change, Config};
use crate::kernel::rng::Rng;
use crate::kernel::time::Span;
use std::collections::BTreeSet;

struct Play {
    group: Cluster,
    rng: Rng,
    next: u64,
    /// Members crash all the time.
    rough: bool,
    /// Commands that their proposer saw applied.
    promised: BTreeSet<u64>,
}

impl Play {
    fn new(seed: u64, config: Config) -> Play {
        let mut rng = Rng::stream(seed, "play");
        let founders = 1 + rng.below(5) as usize;
        let mut group = Cluster::new(founders + 2, founders, config, seed);
        group.sync_at_once = rng.chance(0.3);
        Play { group, rng, next: 0, rough: false, promised: BTreeSet::new() }
    }

    fn step(&mut self) {
        let members = self.group.seats.len() as u64;
        let n = self.rng.below(members) as usize;
        let what = if self.rough && self.rng.chance(0.3) { 94 + self.rng.below(4) } else { self.rng.below(100) };
        match what {
            0..55 => self.deliver(),
            55..70 => self.group.sync(n),
            70..80 => {
                if self.group.is_up(n) && self.rng.chance(0.3) {
                    self.group.now = self.group.now.max(self.group.raft(n).deadline());
                }
                self.group.now += Span::millis(self.rng.below(30));
                if self.group.is_up(n) && self.group.raft(n).deadline() <= self.group.now {
                    self.group.at(n, super::Raft::tick);
                }
            }
            80..94 => {
                self.next += 1;
                let command = self.next;
                self.group.propose(n, command);
            }
            94..96 => self.group.crash(n),
            96..98 if !self.group.is_up(n) => self.group.restart(n),
            98 => {
                let other = id(self.rng.below(members) as usize);
                let change = if self.rng.chance(0.5) { Change::Add(other) } else { Change::Remove(other) };
                self.group.at(n, |raft, now| raft.change(change, now));
            }
            99 => {
                let other = id(self.rng.below(members) as usize);
                self.group.at(n, |raft, now| raft.transfer(other, now));
            }
            _ => {}
        }
        // A leader that has applied a command promises it.
        for leader in self.group.leaders() {
            self.promised.extend(self.group.seats[leader].machine.0.iter().copied());
        }
    }

    fn deliver(&mut self) {
        let waiting = self.group.net.len() as u64;
        if waiting == 0 {
            return;
        }
        let which = self.rng.below(waiting.min(6)) as usize;
        match self.rng.below(20) {
            0 => drop(self.group.net.remove(which)),
            1 => {
                let copy = self.group.net[which].clone();
                self.group.net.push(copy);
            }
            _ => self.group.deliver(which),
        }
        while self.group.net.len() > 200 {
            self.group.net.remove(0);
        }
    }

    /// Everything is mended; the group must come together.
    fn rest(&mut self, seed: u64) {
        self.group.sync_at_once = true;
        let all: Vec<usize> = (0..self.group.seats.len()).collect();
        for n in &all {
            if !self.group.is_up(*n) {
                self.group.restart(*n);
            }
            self.group.sync(*n);
            // Without pre-vote a member that was removed unawares may keep the others from ever agreeing (4.2.3).
            let mended = Config { pre_vote: true, check_quorum: true, ..self.group.config.clone() };
            self.group.at(*n, |raft, _| raft.set_config(mended));
        }
        for _ in 0..60 {
            let first = all.iter().copied().min_by_key(|n| self.group.raft(*n).deadline()).unwrap();
            self.group.time_out(first);
            self.group.talk(&all);
        }
        let leaders = self.group.leaders();
        let leader = *leaders.iter().max_by_key(|n| self.group.raft(**n).term()).unwrap_or_else(|| panic!("seed {seed}: nobody leads"));
        self.group.propose(leader, u64::MAX);
        for _ in 0..20 {
            self.group.talk(&all);
            self.group.time_out(leader);
        }
        let tape = self.group.seats[leader].machine.clone();
        assert_eq!(tape.0.last(), Some(&u64::MAX), "seed {seed}: nothing is committed any more");
        for voter in self.group.raft(leader).voters().to_vec() {
            assert_eq!(self.group.seats[voter.at()].machine, tape, "seed {seed}: member {}", voter.0);
        }
        assert!(!self.group.disagreed, "seed {seed}: the naive model disagrees");
        for command in &self.promised {
            assert!(tape.0.contains(command), "seed {seed}: command {command} is gone");
        }
    }
}

fn config_of(seed: u64) -> Config {
    let mut rng = Rng::stream(seed, "config");
    Config {
        pre_vote: rng.chance(0.5),
        check_quorum: rng.chance(0.5),
        max_batch: 1 + rng.below(4) as usize,
        max_in_flight: 1 + rng.below(3) as usize,
        snapshot_after: rng.below(3) * 5,
        snapshot_keep: rng.below(4),
        snapshot_chunk: 16 + rng.below(64) as usize,
        ..Config::default()
    }
}

#[test]
fn nothing_breaks_the_five_properties() {
    for seed in 0..3_000 {
        let mut play = Play::new(seed, config_of(seed));
        for step in 0..600 {
            play.step();
            assert!(play.group.broken().is_empty(), "seed {seed}, step {step}: {:?}", play.group.lamps);
        }
        play.rest(seed);
        assert!(play.group.broken().is_empty(), "seed {seed}, at rest: {:?}", play.group.lamps);
    }
}

/// The same plays find each safeguard that is off: the watch is no ornament.
#[test]
fn the_same_plays_find_a_forgotten_vote() {
    let found = (0..3_000).find(|seed| {
        let mut play = Play::new(*seed, Config { keep_vote: false, pre_vote: false, ..config_of(*seed) });
        play.rough = true;
        play.group.sync_at_once = true;
        (0..600).any(|_| {
            play.step();
            play.group.broken().contains(&"election-safety")
        })
    });
    assert!(found.is_some());
}
