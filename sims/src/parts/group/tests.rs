//! Known cases of Kafka's documentation, and the laws of assignors and generations against naive models.

use super::*;
use proptest::prelude::*;

fn none(members: &[u32]) -> BTreeMap<u32, Vec<Part>> {
    members.iter().map(|m| (*m, Vec::new())).collect()
}

fn names(given: &BTreeMap<u32, Vec<Part>>) -> Vec<String> {
    let of = |list: &Vec<Part>| list.iter().map(|p| format!("t{}p{}", p.topic, p.number)).collect::<Vec<_>>().join(" ");
    given.values().map(of).collect()
}

/// Two consumers, two topics of three partitions: the example in the documentation of both assignors.
#[test]
fn the_documentations_example() {
    assert_eq!(names(&Assignor::Range.assign(&[3, 3], &none(&[0, 1]))), ["t0p0 t0p1 t1p0 t1p1", "t0p2 t1p2"]);
    assert_eq!(names(&Assignor::RoundRobin.assign(&[3, 3], &none(&[0, 1]))), ["t0p0 t0p2 t1p1", "t0p1 t1p0 t1p2"]);
}

/// KIP-54's first example: three consumers, four topics of two partitions; the second one goes.
#[test]
fn sticky_moves_only_what_the_leaver_had() {
    let first = Assignor::Sticky.assign(&[2, 2, 2, 2], &none(&[0, 1, 2]));
    let sizes: Vec<usize> = first.values().map(Vec::len).collect();
    assert_eq!(sizes, [3, 3, 2]);
    let mut left = first.clone();
    left.remove(&1);
    let second = Assignor::Sticky.assign(&[2, 2, 2, 2], &left);
    for (member, list) in &left {
        assert!(list.iter().all(|part| second[member].contains(part)), "{member} lost something it had");
    }
    assert_eq!(second.values().map(Vec::len).collect::<Vec<_>>(), [4, 4]);
}

#[test]
fn a_partition_beyond_the_members_leaves_somebody_idle() {
    let given = Assignor::Range.assign(&[3], &none(&[1, 2, 3, 4, 5]));
    assert_eq!(given.values().filter(|list| list.is_empty()).count(), 2);
}

#[test]
fn cooperative_takes_two_generations_to_move_and_nobody_shares() {
    let mut group = Group::new(&[4]);
    group.join(1, 0, &[]).unwrap();
    let all = group.settle(Assignor::Sticky, Protocol::Cooperative)[&1].clone();
    assert_eq!(all.len(), 4);
    group.join(2, 0, &[]).unwrap();
    assert_eq!(group.beat(1, 1), Beat::Rejoin);
    group.join(1, 1, &all).unwrap();
    assert!(group.complete());
    let first = group.settle(Assignor::Sticky, Protocol::Cooperative);
    assert_eq!((first[&1].len(), first[&2].len()), (2, 0), "what member 1 held is not given away while it may still work on it");
    group.join(1, 2, &first[&1]).unwrap();
    group.join(2, 2, &first[&2]).unwrap();
    let second = group.settle(Assignor::Sticky, Protocol::Cooperative);
    assert_eq!((second[&1].len(), second[&2].len()), (2, 2));
    assert_eq!(second[&1], first[&1], "and what it kept stays");
}

#[test]
fn who_missed_a_generation_is_fenced() {
    let mut group = Group::new(&[2]);
    group.join(1, 0, &[]).unwrap();
    group.join(2, 0, &[]).unwrap();
    let held = group.settle(Assignor::Range, Protocol::Eager)[&2].clone();
    group.join(1, 1, &[]).unwrap();
    assert!(!group.complete());
    group.settle(Assignor::Range, Protocol::Eager);
    assert_eq!((group.beat(2, 1), group.may_commit(2, 1)), (Beat::Fenced, false));
    assert_eq!((group.beat(1, 2), group.may_commit(1, 2), group.may_commit(1, 1)), (Beat::Fine, true, false));
    assert_eq!(group.join(2, 1, &held), Err(Fenced), "what it held is somebody else's: as a member again it could commit for it");
    assert_eq!(group.join(2, 1, &[]), Ok(true));
    assert!(group.leave(1) || group.complete());
    assert!(!group.leave(2));
    assert_eq!(group.phase(), Phase::Empty);
}

/// The fewest moves of any even division, found by trying every way to say who gets the larger places.
fn fewest_moves(parts: usize, holds: &[usize]) -> usize {
    let (each, more) = (parts / holds.len(), parts % holds.len());
    (0u32..1 << holds.len())
        .filter(|set| set.count_ones() as usize == more)
        .map(|set| parts - holds.iter().enumerate().map(|(i, held)| (*held).min(each + (set as usize >> i & 1))).sum::<usize>())
        .min()
        .unwrap_or(parts)
}

/// What members hold: each partition with one member or none.
fn held() -> impl Strategy<Value = (u32, BTreeMap<u32, Vec<Part>>)> {
    (1u32..20, 1usize..7).prop_flat_map(|(count, members)| {
        proptest::collection::vec(0..=members, count as usize).prop_map(move |owner| {
            let mut holds = none(&(0..members as u32).collect::<Vec<_>>());
            for (number, member) in owner.into_iter().enumerate() {
                if let Some(list) = holds.get_mut(&(member as u32)) {
                    list.push(Part { topic: 0, number: number as u32 });
                }
            }
            (count, holds)
        })
    })
}

proptest! {
    #[test]
    fn each_partition_has_one_owner_and_nobody_has_two_more_than_another((count, holds) in held()) {
        for assignor in [Assignor::Range, Assignor::RoundRobin, Assignor::Sticky] {
            let given = assignor.assign(&[count], &holds);
            let mut all: Vec<Part> = given.values().flatten().copied().collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..count).map(|number| Part { topic: 0, number }).collect::<Vec<_>>());
            let sizes: Vec<usize> = given.values().map(Vec::len).collect();
            prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{assignor:?} {sizes:?}");
        }
    }

    #[test]
    fn sticky_moves_as_few_as_any_even_division((count, holds) in held()) {
        let given = Assignor::Sticky.assign(&[count], &holds);
        let moved: usize = given.iter().map(|(member, list)| list.iter().filter(|part| !holds[member].contains(part)).count()).sum();
        let sizes: Vec<usize> = holds.values().map(Vec::len).collect();
        prop_assert_eq!(moved, fewest_moves(count as usize, &sizes));
    }

    /// Random joins, leaves, sleeps and rebalances: what members hold who may commit never overlaps, whatever those who slept still believe.
    #[test]
    fn nobody_ever_shares_a_partition(cooperative in any::<bool>(), steps in proptest::collection::vec((0u8..4, 0u32..5), 1..80)) {
        let protocol = if cooperative { Protocol::Cooperative } else { Protocol::Eager };
        let mut group = Group::new(&[7]);
        // What each member works on, and since which generation, as it believes itself.
        let mut works: BTreeMap<u32, (u32, Vec<Part>)> = BTreeMap::new();
        let join = |group: &mut Group, works: &mut BTreeMap<u32, (u32, Vec<Part>)>, member: u32| {
            let (generation, mut holds) = works.get(&member).cloned().unwrap_or_default();
            if !cooperative {
                holds.clear();
            }
            if group.join(member, generation, &holds).is_err() {
                holds.clear();
                group.join(member, 0, &[]).unwrap();
            }
            works.insert(member, (generation, holds));
        };
        for (step, member) in steps {
            match step {
                0 => join(&mut group, &mut works, member),
                1 => {
                    works.remove(&member);
                    group.leave(member);
                }
                // Taken for dead while it only sleeps, and believes what it believed.
                2 => {
                    group.leave(member);
                }
                _ => {
                    for late in group.awaited().collect::<Vec<u32>>() {
                        join(&mut group, &mut works, late);
                    }
                    if group.complete() {
                        for (member, parts) in group.settle(Assignor::Sticky, protocol) {
                            works.insert(member, (group.generation(), parts));
                        }
                    }
                }
            }
            let valid = works.iter().filter(|(member, (generation, _))| group.may_commit(**member, *generation));
            let all: Vec<Part> = valid.flat_map(|(_, (_, parts))| parts.iter().copied()).collect();
            prop_assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "two members may commit for one partition");
        }
    }
}
