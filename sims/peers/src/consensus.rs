//! Commits of three members in memory, beside the raft crate, driven the same way: every write to a disk that is memory, every message handed on at once.

use crate::measure::{compare as measure, contender};
use raft::prelude::{Config, Entry, EntryType, Message};
use raft::raw_node::RawNode;
use raft::storage::MemStorage;
use sims::designs::consensus::bench::Group;

pub fn compare() {
    for batch in [1u64, 64] {
        let (mut ours, mut theirs) = (Group::default(), Peers::new());
        // Both apply the same commands on all three; the sums must agree.
        assert_eq!(ours.commit(0..batch), theirs.commit(0..batch), "the two disagree");
        measure(
            &format!("one command committed and applied by three members, {batch} at a time"),
            64 * 400,
            vec![
                contender("greenroom", move |ops| (0..ops).step_by(batch as usize).fold(0, |_, first| ours.commit(first..first + batch))),
                contender("raft 0.7", move |ops| (0..ops).step_by(batch as usize).fold(0, |_, first| theirs.commit(first..first + batch))),
            ],
        );
    }
}

struct Peers {
    nodes: Vec<(RawNode<MemStorage>, u64)>,
    mail: Vec<Message>,
}

impl Peers {
    fn new() -> Peers {
        let logger = slog::Logger::root(slog::Discard, slog::o!());
        let node = |id: u64| {
            // Without `batch_append` each proposal would leave in a message of its own.
            let config = Config {
                id,
                election_tick: 10,
                heartbeat_tick: 3,
                max_size_per_msg: u64::MAX,
                max_inflight_msgs: 256,
                batch_append: true,
                ..Config::default()
            };
            let storage = MemStorage::new_with_conf_state((vec![1, 2, 3], vec![]));
            (RawNode::new(&config, storage, &logger).expect("a valid configuration"), 0)
        };
        let mut peers = Peers { nodes: (1..=3).map(node).collect(), mail: Vec::new() };
        peers.nodes[0].0.campaign().expect("it may stand");
        peers.settle();
        peers
    }

    fn commit(&mut self, commands: impl Iterator<Item = u64>) -> u64 {
        for command in commands {
            self.nodes[0].0.propose(Vec::new(), command.to_le_bytes().to_vec()).expect("it leads");
        }
        self.settle();
        self.nodes[0].1
    }

    fn settle(&mut self) {
        (0..3).for_each(|n| self.serve(n));
        while !self.mail.is_empty() {
            for message in std::mem::take(&mut self.mail) {
                let to = message.to as usize - 1;
                self.nodes[to].0.step(message).expect("a message it knows");
                self.serve(to);
            }
        }
    }

    /// Writes, sends, applies, as the crate's own example does.
    fn serve(&mut self, n: usize) {
        let (node, sum) = &mut self.nodes[n];
        while node.has_ready() {
            let mut ready = node.ready();
            self.mail.extend(ready.take_messages());
            apply(sum, ready.take_committed_entries());
            if !ready.entries().is_empty() {
                node.mut_store().wl().append(ready.entries()).expect("memory has room");
            }
            if let Some(state) = ready.hs() {
                node.mut_store().wl().set_hardstate(state.clone());
            }
            self.mail.extend(ready.take_persisted_messages());
            let mut light = node.advance(ready);
            if let Some(commit) = light.commit_index() {
                node.mut_store().wl().mut_hard_state().set_commit(commit);
            }
            self.mail.extend(light.take_messages());
            apply(sum, light.take_committed_entries());
            node.advance_apply();
        }
    }
}

fn apply(sum: &mut u64, entries: Vec<Entry>) {
    for entry in entries {
        if entry.get_entry_type() == EntryType::EntryNormal && entry.data.len() == 8 {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&entry.data);
            *sum = sum.wrapping_add(u64::from_le_bytes(bytes));
        }
    }
}
