//! Known answers, and laws under any clock.

use super::*;
use proptest::prelude::*;

type Hand = Generator<Cell<u64>, HandClock>;

const CATALOGUE_MS: u64 = 1_699_900_000_000;

fn unix() -> Layout {
    Layout { epoch_ms: 0, ..Layout::TWITTER }
}

fn generator(policy: Policy, at_ms: u64) -> Hand {
    Generator::new(Layout::TWITTER, 42, policy, HandClock::at(at_ms))
}

#[test]
fn known_answers_hold_with_two_epochs() {
    for (layout, id) in [(unix(), 7_129_897_369_600_172_032), (Layout::TWITTER, 1_724_131_680_056_418_304)] {
        let made = Hand::new(layout, 42, Policy::Wait, HandClock::at(CATALOGUE_MS)).generate().unwrap();
        assert_eq!(made, id);
        assert_eq!(layout.parse(id), Parsed { at_ms: CATALOGUE_MS, node: 42, sequence: 0 });
    }
}

#[test]
fn the_published_figures_follow_from_the_bits() {
    let twitter = Layout::TWITTER;
    assert_eq!((twitter.nodes(), twitter.per_tick()), (1024, 4096));
    let years = (twitter.runs_out_ms() - twitter.epoch_ms) as f64 / 1000.0 / 86_400.0 / 365.25;
    assert!((years - 69.7).abs() < 0.05, "{years}");
    // Sony's: 39 bits of 10 ms, 16 of machine, 8 of sequence.
    let sony = Layout::split(39, 16, 10, 0);
    assert_eq!((sony.nodes(), sony.per_tick(), sony.runs_out_ms()), (65_536, 256, 10 << 39));
}

#[test]
fn a_full_tick_waits_for_the_next() {
    let ids = generator(Policy::Fail, CATALOGUE_MS);
    let first = ids.generate().unwrap();
    assert_eq!(ids.reserve(5000).unwrap(), Block { first: first + 1, count: 4095 });
    assert_eq!(ids.generate(), Err(Refused::NotYet { until_ms: CATALOGUE_MS + 1 }));
    ids.clock().set(CATALOGUE_MS + 1);
    assert_eq!(Layout::TWITTER.parse(ids.generate().unwrap()), Parsed { at_ms: CATALOGUE_MS + 1, node: 42, sequence: 0 });
}

#[test]
fn each_policy_answers_a_step_back_in_its_way() {
    let stepped = |policy| {
        let ids = generator(policy, CATALOGUE_MS);
        let first = ids.generate().unwrap();
        ids.clock().set(CATALOGUE_MS - 5000);
        (first, ids.generate(), ids)
    };
    assert_eq!(stepped(Policy::Fail).1, Err(Refused::Behind { by_ms: 5000 }));
    assert_eq!(stepped(Policy::Wait).1, Err(Refused::NotYet { until_ms: CATALOGUE_MS }));
    let (first, second, ids) = stepped(Policy::Logical { most_ms: 5001 });
    assert_eq!(second, Ok(first + 1));
    assert_eq!(ids.lead_ms(), 5000);
    // Two more ticks' worth: the first ends the borrowed tick and fills one more, then the lead is as long as allowed.
    assert_eq!(ids.reserve(4096).unwrap().count, 4094);
    assert_eq!(ids.reserve(4096).unwrap().count, 4096);
    assert_eq!(ids.generate(), Err(Refused::NotYet { until_ms: CATALOGUE_MS - 4999 }));
}

#[test]
fn the_ends_of_time_are_refused() {
    let layout = Layout { epoch_ms: 1000, ..Layout::split(40, 10, 1, 1000) };
    let ids = Hand::new(layout, 1, Policy::Wait, HandClock::at(999));
    assert_eq!(ids.generate(), Err(Refused::BeforeEpoch));
    ids.clock().set(layout.runs_out_ms() - 1);
    assert!(ids.generate().is_ok());
    ids.clock().set(layout.runs_out_ms());
    assert_eq!(ids.generate(), Err(Refused::Expired));
    // Nor may the sequence run over out of the last tick there is.
    ids.clock().set(layout.runs_out_ms() - 1);
    assert_eq!(ids.reserve(u64::MAX).unwrap().count, layout.per_tick() - 1);
    ids.clock().set(layout.runs_out_ms());
    assert_eq!(ids.generate(), Err(Refused::Expired));
}

#[test]
fn one_number_and_a_forgotten_position_make_the_same_id_twice() {
    let ids = generator(Policy::Wait, CATALOGUE_MS);
    let first = ids.generate().unwrap();
    assert_eq!(generator(Policy::Wait, CATALOGUE_MS).generate(), Ok(first), "a restart that forgets");
    let mut remembers = generator(Policy::Wait, CATALOGUE_MS);
    remembers.resume(ids.position());
    assert_eq!(remembers.generate(), Ok(first + 1));
}

#[test]
fn many_threads_share_one_atomic_without_a_duplicate() {
    const EACH: usize = 20_000;
    let ids: Generator<AtomicU64, _> = Generator::new(Layout::TWITTER, 7, Policy::Logical { most_ms: u64::MAX }, || CATALOGUE_MS);
    // The first fills the tick, so that the logical clock may carry on with a clock that stands still.
    ids.resume_for_test();
    let mut made: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| (0..EACH).map(|_| ids.generate().unwrap()).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    made.sort_unstable();
    made.dedup();
    assert_eq!(made.len(), 4 * EACH);
}

impl<C: Clock> Generator<AtomicU64, C> {
    fn resume_for_test(&self) {
        let ahead = (self.ticks() + 1) << self.layout.sequence_bits;
        self.slot.store(ahead, Ordering::Relaxed);
    }
}

fn layouts() -> impl Strategy<Value = Layout> {
    (34u32..=45, 4u32..=16, 1u64..=20, 0u64..=1_600_000_000_000).prop_map(|(time, node, tick, epoch)| Layout::split(time, node, tick, epoch))
}

fn policies() -> impl Strategy<Value = Policy> {
    prop_oneof![Just(Policy::Fail), Just(Policy::Wait), (0u64..20_000).prop_map(|most_ms| Policy::Logical { most_ms })]
}

proptest! {
    #[test]
    fn parse_inverts_compose_whatever_the_epoch(layout in layouts(), tick in any::<u64>(), node in any::<u64>(), sequence in any::<u64>()) {
        let (tick, node, sequence) = (tick >> (64 - layout.time_bits), node % layout.nodes(), sequence % layout.per_tick());
        let id = layout.compose(tick, node, sequence);
        prop_assert!(i64::try_from(id).is_ok(), "the sign bit stays 0");
        prop_assert_eq!(layout.parse(id), Parsed { at_ms: layout.epoch_ms + tick * layout.tick_ms, node, sequence });
    }

    #[test]
    fn ids_rise_whatever_the_clock_does(
        layout in layouts(), policy in policies(), node in 0u64..16, steps in prop::collection::vec((-8000i64..8000, 1u64..9000), 1..200),
    ) {
        let start = layout.epoch_ms + 100_000_000;
        let ids = Hand::new(layout, node, policy, HandClock::at(start));
        let (mut now, mut last) = (start, 0);
        for (step, most) in steps {
            now = now.saturating_add_signed(step).max(layout.epoch_ms);
            ids.clock().set(now);
            match ids.reserve(most) {
                Ok(block) => {
                    prop_assert!(block.first > last);
                    last = block.first + block.count - 1;
                    let (first, end) = (layout.parse(block.first), layout.parse(last));
                    prop_assert_eq!((first.at_ms, first.node), (end.at_ms, node));
                    // The time in the id is the clock's tick, unless a logical clock leads, and then within its bound.
                    let lead = first.at_ms.saturating_sub(now);
                    let bound = match policy { Policy::Logical { most_ms } => most_ms, Policy::Fail | Policy::Wait => 0 };
                    prop_assert!(lead <= bound && first.at_ms + layout.tick_ms > now, "lead {lead}");
                }
                Err(Refused::NotYet { until_ms }) => {
                    prop_assert!(until_ms > now);
                    // Who comes back when told gets an id.
                    ids.clock().set(until_ms);
                    let id = ids.generate();
                    prop_assert!(matches!(id, Ok(id) if id > last), "{id:?}");
                    last = id.unwrap_or(last);
                }
                Err(Refused::Behind { by_ms }) => prop_assert!(policy == Policy::Fail && by_ms > 0),
                Err(other) => prop_assert!(false, "{other:?}"),
            }
        }
    }

    #[test]
    fn a_block_is_what_single_calls_would_give(most in 1u64..5000, before in 0u64..5000) {
        let (one, many) = (generator(Policy::Wait, CATALOGUE_MS), generator(Policy::Wait, CATALOGUE_MS));
        for ids in [&one, &many] {
            for _ in 0..before {
                let _ = ids.generate();
            }
        }
        match many.reserve(most) {
            Ok(block) => for id in block.first..block.first + block.count {
                prop_assert_eq!(one.generate(), Ok(id));
            },
            Err(refused) => prop_assert_eq!(one.generate(), Err(refused)),
        }
        prop_assert_eq!(one.position(), many.position());
    }
}
