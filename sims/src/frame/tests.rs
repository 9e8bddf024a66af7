//! The design's promise, tried: one knob turned, one number watched.

use super::DESIGN;
use super::nodes::Memory;
use crate::kernel::design::Spec;
use crate::kernel::node::NodeId;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[test]
fn without_numbers_a_lost_answer_is_counted_twice() {
    let per_ask = |numbered: &str| {
        let mut spec = Spec::new(&DESIGN);
        spec.set("numbered", numbered).unwrap();
        spec.script.push(DESIGN.read_step("1s=lose:from=server,to=client1,share=0.5").unwrap());
        let mut run = spec.start().unwrap();
        run.drain();
        run.metric("counted_per_ask").unwrap()
    };
    assert!(per_ask("on") <= 1.0, "{}", per_ask("on"));
    assert!(per_ask("off") > 1.1, "{}", per_ask("off"));
}

proptest! {
    /// A client asks in order and may repeat its last request: then counting by the highest number is counting a set.
    #[test]
    fn the_memory_counts_as_a_set_does(asks in prop::collection::vec((0u32..4, any::<bool>()), 1..200)) {
        let (mut memory, mut naive, mut last) = (Memory::default(), BTreeSet::new(), [0u64; 4]);
        for (client, again) in asks {
            if !again || last[client as usize] == 0 {
                last[client as usize] += 1;
            }
            let request = last[client as usize];
            let new = naive.insert((client, request));
            prop_assert_eq!(memory.count(NodeId(client), request, true), new);
        }
        prop_assert_eq!(memory.value(), naive.len() as u64);
    }
}
