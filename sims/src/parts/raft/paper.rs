//! The cases of the papers: figures 7 and 8, the vote that is forgotten, the membership error of 2015.

use super::cluster::{Cluster, id};
use super::{Change, Config, Role};

fn plain() -> Config {
    Config { pre_vote: false, check_quorum: false, ..Config::default() }
}

/// Figure 7: the leader of term 8 and six followers whose logs have gone wrong in every way they can.
#[test]
fn a_leader_makes_the_logs_of_figure_7_like_its_own() {
    let logs: [&[u64]; 7] = [
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6],
        &[1, 1, 1, 4],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
        &[1, 1, 1, 4, 4, 4, 4],
        &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    ];
    let mut group = Cluster::with_logs(&[7; 7], &logs, plain());
    let all: Vec<usize> = (0..7).collect();
    group.elect(0, &all);
    assert_eq!(group.leaders(), [0], "it has the votes of (a), (b), (e), (f)");
    for n in 0..7 {
        assert_eq!(group.terms(n), [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 8], "member {n}");
    }
    assert!(group.broken().is_empty(), "{:?}", group.broken());
}

/// Figure 8 from (b) on: S1, S2 hold an entry of term 2, S5 one of term 3. S1 is elected again and (c) brings its old entry to
/// S3, so that a majority has it; the no-op of its term goes no further than S2. S1 dies and S5 is elected (d).
fn overwrite(own_term_commit: bool) -> (u64, Vec<&'static str>) {
    let config = Config { own_term_commit, max_batch: 1, max_in_flight: 1, ..plain() };
    let logs: [&[u64]; 5] = [&[1, 2], &[1, 2], &[1], &[1], &[1, 3]];
    let mut group = Cluster::with_logs(&[3, 3, 3, 3, 3], &logs, config);
    group.now += crate::kernel::time::Span::secs(10);
    group.time_out(0);
    // Until S3 has taken the old entry and the leader knows.
    for _ in 0..200 {
        group.net.retain(|(from, to, _)| *from < 3 && *to < 3);
        let Some(which) = group.net.iter().position(|_| true) else { break };
        if group.seats[2].raft.as_ref().is_some_and(|raft| raft.log().last_index() >= 2) && group.net[which].0 == 0 {
            group.net.remove(which);
            continue;
        }
        group.deliver(which);
    }
    assert_eq!(group.terms(2), [1, 2], "S3 has the old entry and no more");
    let commit = group.raft(0).commit();
    group.crash(0);
    group.net.clear();
    group.elect(4, &[1, 2, 3, 4]);
    if group.raft(4).role() != Role::Leader {
        group.elect(4, &[1, 2, 3, 4]);
    }
    assert_eq!(group.leaders(), [4], "S5's last term is the latest of those that are up");
    group.restart(0);
    group.time_out(4);
    group.talk(&[0, 1, 2, 3, 4]);
    (commit, group.broken())
}

#[test]
fn an_old_entry_on_a_majority_is_not_committed() {
    let (commit, broken) = overwrite(true);
    assert_eq!(commit, 0);
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn counting_an_old_entry_loses_it() {
    let (commit, broken) = overwrite(false);
    assert_eq!(commit, 2, "the entry of term 2 was called committed");
    assert!(broken.contains(&"leader-completeness"), "{broken:?}");
}

/// Three members; the second gives its vote, forgets it in a crash, and gives it again.
fn vote_twice(keep_vote: bool) -> Vec<&'static str> {
    let mut group = Cluster::new(3, 3, Config { keep_vote, ..plain() }, 1);
    group.elect(0, &[0, 1]);
    assert_eq!(group.leaders(), [0]);
    assert_eq!(group.raft(0).term(), 1);
    // The no-op reached nobody else's disk for this play: the second member's log must not be ahead of the third's.
    group.crash(1);
    group.seats[1].disk.log.truncate(0);
    group.restart(1);
    group.elect(2, &[1, 2]);
    group.broken()
}

#[test]
fn a_forgotten_vote_elects_two_leaders() {
    assert!(vote_twice(true).is_empty());
    assert_eq!(vote_twice(false).first(), Some(&"election-safety"));
}

/// Ongaro's letter of July 2015: four servers; S1 adds S5 at itself alone, S2 removes S1 by a majority of the smaller group,
/// then S1 is elected by a majority of the larger one, and they share nobody.
fn two_changes(change_after_own_term: bool) -> Vec<&'static str> {
    let config = Config { change_after_own_term, ..plain() };
    let mut group = Cluster::new(5, 4, config, 1);
    group.elect(0, &[0, 1, 2, 3]);
    group.time_out(0);
    group.talk(&[0, 1, 2, 3]);
    // S5 catches up, and S1 writes the larger group: only S5 and itself hear of it.
    group.at(0, |raft, now| raft.change(Change::Add(id(4)), now)).unwrap().unwrap();
    group.talk(&[0, 4]);
    assert_eq!(group.raft(0).voters().len(), 5);
    // S2 leads the old group, and, if it may, removes S1 before an entry of its own term is committed.
    group.now += crate::kernel::time::Span::secs(10);
    group.time_out(1);
    group.net.retain(|(_, to, _)| *to != 0 && *to != 4);
    while group.raft(1).role() != Role::Leader {
        group.deliver(0);
    }
    group.net.clear();
    let changed = group.at(1, |raft, now| raft.change(Change::Remove(id(0)), now)).unwrap();
    assert_eq!(changed.is_err(), change_after_own_term, "{changed:?}");
    group.net.retain(|(_, to, _)| *to == 2);
    group.time_out(1);
    group.talk(&[1, 2]);
    // S1 comes back, with the votes of S4 and S5.
    group.elect(0, &[0, 3, 4]);
    if group.raft(0).role() != Role::Leader {
        group.elect(0, &[0, 3, 4]);
    }
    group.broken()
}

#[test]
fn a_change_before_the_own_term_is_committed_splits_the_group() {
    assert!(two_changes(true).is_empty());
    assert_eq!(two_changes(false), ["leader-completeness", "state-machine-safety"]);
}
