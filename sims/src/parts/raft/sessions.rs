//! Client sessions: a command that comes twice is applied once, and answered twice (thesis 6.3).

use super::StateMachine;
use crate::kernel::rng::splitmix;
use std::collections::BTreeMap;

/// A command as a client sends it: again under the same number until it is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Request<C> {
    pub client: u64,
    /// Rises by one with each new command of a client, which has one open at a time.
    pub seq: u64,
    pub command: C,
}

/// A state machine that remembers, per client, the last command and what was answered.
#[derive(Clone, Debug)]
pub struct Sessions<M: StateMachine> {
    pub machine: M,
    last: BTreeMap<u64, (u64, M::Answer)>,
    /// Safeguard: off, every copy is applied.
    numbered: bool,
    repeats: u64,
}

impl<M: StateMachine> Sessions<M> {
    pub fn new(machine: M, numbered: bool) -> Sessions<M> {
        Sessions { machine, last: BTreeMap::new(), numbered, repeats: 0 }
    }

    /// Clients remembered.
    pub fn len(&self) -> usize {
        self.last.len()
    }

    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// Each client's last command number.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.last.iter().map(|(client, (seq, _))| (*client, *seq))
    }

    /// Copies that came and were not applied again.
    pub fn repeats(&self) -> u64 {
        self.repeats
    }
}

impl<M: StateMachine> StateMachine for Sessions<M> {
    type Command = Request<M::Command>;
    /// None for a command older than the client's last: its answer is forgotten, and nobody waits for it.
    type Answer = Option<M::Answer>;

    fn apply(&mut self, request: &Request<M::Command>) -> Option<M::Answer> {
        if let Some((seq, answer)) = self.last.get(&request.client).filter(|_| self.numbered)
            && request.seq <= *seq
        {
            self.repeats += 1;
            return Some(answer.clone()).filter(|_| request.seq == *seq);
        }
        let answer = self.machine.apply(&request.command);
        self.last.insert(request.client, (request.seq, answer.clone()));
        Some(answer)
    }

    fn mark(request: &Request<M::Command>) -> u64 {
        splitmix(request.client ^ splitmix(request.seq)) ^ M::mark(&request.command)
    }

    fn bytes(&self) -> usize {
        self.machine.bytes() + self.last.len() * 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Counts what is applied, and answers the count.
    #[derive(Clone, Debug, Default)]
    struct Tally(u64);

    impl StateMachine for Tally {
        type Command = u64;
        type Answer = u64;
        fn apply(&mut self, by: &u64) -> u64 {
            self.0 += by;
            self.0
        }
        fn mark(by: &u64) -> u64 {
            *by
        }
    }

    proptest! {
        /// Against a set of all commands ever seen: each counts once, and its copies give its own answer while it is the last.
        #[test]
        fn each_command_counts_once(copies in proptest::collection::vec((0u64..4, 0u64..3, 1u64..9), 1..120)) {
            let mut sessions = Sessions::new(Tally::default(), true);
            let (mut seen, mut sum, mut next, mut answers) = (BTreeSet::new(), 0, [1u64; 4], BTreeMap::new());
            for (client, back, by) in copies {
                let seq = next[client as usize].saturating_sub(back).max(1);
                next[client as usize] = next[client as usize].max(seq + 1);
                let new = seen.insert((client, seq));
                if new { sum += by; answers.insert((client, seq), sum); }
                let answer = sessions.apply(&Request { client, seq, command: by });
                let latest = seq + 1 == next[client as usize];
                prop_assert_eq!(answer, if latest { Some(answers[&(client, seq)]) } else { None });
                prop_assert_eq!(sessions.machine.0, sum);
            }
        }
    }
}
