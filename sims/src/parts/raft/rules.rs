//! One test a rule, on a table.

use super::cluster::{Cluster, id};
use super::{Change, Config, Message, Role, Ticket};
use crate::kernel::node::NodeId;
use crate::kernel::time::Span;

fn ticket(id: u64) -> Ticket {
    Ticket { from: NodeId(9), id }
}

fn led(members: usize, config: Config) -> Cluster {
    let mut group = Cluster::new(members, members, config, 1);
    let all: Vec<usize> = (0..members).collect();
    group.elect(0, &all);
    assert_eq!(group.leaders(), [0]);
    group
}

#[test]
fn one_stands_alone_and_leads_itself() {
    let mut group = led(1, Config::default());
    group.propose(0, 7);
    assert_eq!(group.seats[0].machine.0, [7]);
}

#[test]
fn what_a_majority_has_is_applied_everywhere() {
    let mut group = led(3, Config::default());
    group.propose(0, 7);
    group.talk(&[0, 1, 2]);
    for seat in &group.seats {
        assert_eq!(seat.machine.0, [7]);
    }
    // A minority applies nothing.
    group.propose(0, 8);
    group.talk(&[0]);
    assert_eq!(group.seats[0].machine.0, [7]);
    assert_eq!(group.raft(0).commit(), 2);
}

#[test]
fn the_shorter_log_is_not_elected() {
    let mut group = led(3, Config { pre_vote: false, ..Config::default() });
    group.propose(0, 7);
    group.talk(&[0, 1]);
    group.crash(0);
    group.elect(2, &[1, 2]);
    assert!(group.leaders().is_empty());
    group.elect(1, &[1, 2]);
    assert_eq!(group.leaders(), [1]);
}

#[test]
fn a_member_cut_off_raises_no_term_with_pre_vote() {
    for (pre_vote, rises) in [(true, false), (false, true)] {
        let mut group = led(3, Config { pre_vote, ..Config::default() });
        let before = group.raft(2).term();
        for _ in 0..5 {
            group.time_out(2);
            group.talk(&[2]);
        }
        assert_eq!(group.raft(2).term() > before, rises, "pre-vote {pre_vote}");
    }
}

#[test]
fn no_pre_vote_is_given_while_a_leader_is_heard() {
    let mut group = led(3, Config::default());
    group.time_out(0);
    group.talk(&[0, 1, 2]);
    // The third was told of nothing wrong; it simply times out. The others have just heard the leader.
    let term = group.raft(2).term();
    let now = group.now;
    group.at(2, |raft, _| raft.tick(now + Span::secs(1)));
    group.talk(&[0, 1, 2]);
    assert_eq!((group.raft(2).term(), group.leaders()), (term, vec![0]));
}

#[test]
fn a_leader_that_nobody_answers_steps_down() {
    for (check_quorum, leads) in [(true, false), (false, true)] {
        let mut group = led(3, Config { check_quorum, ..Config::default() });
        for _ in 0..10 {
            if group.raft(0).role() == Role::Leader {
                group.time_out(0);
            }
            group.talk(&[0]);
        }
        assert_eq!(group.raft(0).role() == Role::Leader, leads);
    }
}

#[test]
fn a_vote_leaves_only_once_it_is_durable() {
    let mut group = Cluster::new(3, 3, Config { pre_vote: false, ..Config::default() }, 1);
    group.sync_at_once = false;
    group.time_out(0);
    group.net.retain(|(_, to, _)| *to == 1);
    group.deliver(0);
    assert!(group.net.is_empty(), "the voter's answer waits for its disk");
    group.sync(1);
    group.deliver(0);
    assert_eq!(group.raft(0).role(), Role::Candidate, "its own vote is not on its disk yet: one of three");
    group.sync(0);
    assert_eq!(group.raft(0).role(), Role::Leader);
}

#[test]
fn a_leader_counts_itself_only_when_its_disk_has_it() {
    let mut group = led(3, Config::default());
    group.sync_at_once = false;
    group.propose(0, 7);
    let before = group.raft(0).commit();
    group.net.retain(|(_, to, _)| *to == 1);
    group.deliver(0);
    group.sync(1);
    group.talk(&[0, 1]);
    assert_eq!(group.raft(0).commit(), before, "one of three has it on disk");
    group.sync(0);
    assert_eq!(group.raft(0).commit(), before + 1);
}

#[test]
fn a_read_waits_for_a_majority() {
    let mut group = led(3, Config::default());
    group.at(0, |raft, now| raft.read(ticket(1), now)).unwrap().unwrap();
    assert!(group.seats[0].readable.is_empty());
    group.talk(&[0, 1]);
    assert_eq!(group.seats[0].readable, [ticket(1)]);
    // A leader cut off answers none.
    group.at(0, |raft, now| raft.read(ticket(2), now)).unwrap().unwrap();
    for _ in 0..10 {
        group.talk(&[0]);
        group.time_out(0);
    }
    assert_eq!((group.seats[0].readable.len(), group.seats[0].lost_reads.as_slice()), (1, [ticket(2)].as_slice()));
}

#[test]
fn a_read_waits_for_the_first_commit_of_the_term() {
    let mut group = Cluster::new(3, 3, Config { pre_vote: false, ..Config::default() }, 1);
    group.time_out(0);
    while group.raft(0).role() != Role::Leader {
        group.deliver(0);
    }
    group.at(0, |raft, now| raft.read(ticket(1), now)).unwrap().unwrap();
    assert!(!group.raft(0).settled() && group.seats[0].readable.is_empty());
    group.talk(&[0, 1, 2]);
    assert!(group.raft(0).settled());
    assert_eq!(group.seats[0].readable, [ticket(1)]);
}

#[test]
fn who_lags_behind_the_log_gets_the_snapshot_in_chunks() {
    let config = Config { snapshot_after: 20, snapshot_keep: 2, snapshot_chunk: 32, ..Config::default() };
    let mut group = led(3, config);
    for n in 0..50 {
        group.propose(0, n);
        group.talk(&[0, 1]);
    }
    assert!(group.raft(0).log().base().index > 30, "the front is gone");
    group.time_out(0);
    let mut chunks = 0;
    for _ in 0..500 {
        let Some((_, _, message)) = group.net.first() else { break };
        chunks += usize::from(matches!(message, Message::Snapshot { .. }));
        group.deliver(0);
    }
    assert!(chunks >= 10, "{chunks}");
    assert_eq!(group.seats[2].machine, group.seats[0].machine);
    // And it stands after a crash.
    group.crash(2);
    group.restart(2);
    group.time_out(0);
    group.talk(&[0, 1, 2]);
    assert_eq!(group.seats[2].machine.0.len(), 50);
    assert!(group.broken().is_empty(), "{:?}", group.broken());
}

#[test]
fn a_newcomer_catches_up_before_it_votes() {
    let mut group = Cluster::new(4, 3, Config::default(), 1);
    group.elect(0, &[0, 1, 2, 3]);
    for n in 0..10 {
        group.propose(0, n);
    }
    group.talk(&[0, 1, 2]);
    group.at(0, |raft, now| raft.change(Change::Add(id(3)), now)).unwrap().unwrap();
    assert_eq!((group.raft(0).voters().len(), group.raft(0).newcomer()), (3, Some(id(3))));
    group.talk(&[0, 1, 2, 3]);
    assert_eq!(group.raft(3).voters().len(), 4);
    assert_eq!(group.seats[3].machine.0.len(), 10);
    assert!(group.at(0, |raft, now| raft.change(Change::Add(id(3)), now)).unwrap().is_err());
}

#[test]
fn one_change_at_a_time() {
    let mut group = Cluster::new(5, 5, Config::default(), 1);
    group.elect(0, &[0, 1, 2, 3, 4]);
    group.at(0, |raft, now| raft.change(Change::Remove(id(4)), now)).unwrap().unwrap();
    assert!(group.at(0, |raft, now| raft.change(Change::Remove(id(3)), now)).unwrap().is_err());
    group.talk(&[0, 1, 2, 3]);
    assert!(group.at(0, |raft, now| raft.change(Change::Remove(id(3)), now)).unwrap().is_ok());
}

#[test]
fn a_leader_that_removes_itself_leads_until_that_is_committed() {
    let mut group = led(3, Config::default());
    group.at(0, |raft, now| raft.change(Change::Remove(id(0)), now)).unwrap().unwrap();
    assert_eq!(group.leaders(), [0]);
    group.talk(&[0, 1, 2]);
    assert!(group.leaders().is_empty());
    assert_eq!(group.raft(1).voters(), [id(1), id(2)]);
    group.elect(1, &[1, 2]);
    assert_eq!(group.leaders(), [1]);
}

/// The last of two removes itself: the entry is on its disk alone, so the other cannot be elected, and it must (4.2.2).
#[test]
fn who_is_leaving_stands_while_it_is_needed() {
    let mut group = led(2, Config::default());
    group.at(0, |raft, now| raft.change(Change::Remove(id(0)), now)).unwrap().unwrap();
    group.net.clear();
    group.crash(0);
    group.restart(0);
    group.elect(1, &[0, 1]);
    assert!(group.leaders().is_empty());
    group.elect(0, &[0, 1]);
    assert_eq!((group.raft(1).voters(), group.raft(1).commit()), ([id(1)].as_slice(), 3), "it led, committed its own leave and was done");
}

#[test]
fn leadership_is_handed_over_without_a_time_out() {
    let mut group = led(3, Config::default());
    group.propose(0, 7);
    group.at(0, |raft, now| raft.transfer(id(2), now)).unwrap().unwrap();
    assert!(group.propose(0, 8).is_none(), "no new commands meanwhile");
    let before = group.now;
    group.talk(&[0, 1, 2]);
    assert_eq!((group.leaders(), group.now), (vec![2], before));
    assert_eq!(group.seats[2].machine.0, [7]);
}

#[test]
fn a_lost_message_in_the_stream_is_sent_again() {
    let mut group = led(3, Config { max_in_flight: 4, ..Config::default() });
    for n in 0..20 {
        group.propose(0, n);
        // Every other message to the second member is lost.
        if n % 2 == 0 {
            group.net.retain(|(_, to, _)| *to != 1);
        }
    }
    group.talk(&[0, 1, 2]);
    for _ in 0..3 {
        group.time_out(0);
        group.talk(&[0, 1, 2]);
    }
    assert_eq!(group.seats[1].machine.0, (0..20).collect::<Vec<u64>>());
}
