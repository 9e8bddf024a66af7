//! A server: a member of the group that answers clients.

use super::kv::Op;
use super::messages::{Machine, Msg};
use super::metrics;
use super::system::{Consensus, Reads};
use super::watch::Fact;
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::Time;
use crate::kernel::view::State;
use crate::parts::raft::{Change, Event, Load, Member, NotLeader, Read, Request, Role, Term, Ticket};

#[derive(Clone)]
pub struct Server {
    pub member: Member<Machine>,
    /// The term it last stood in, and the term it last led.
    stood: Term,
    led: Term,
    /// When a leader was heard before it stood.
    heard: Option<Time>,
}

/// A request's number and key in one.
fn ticket(from: NodeId, seq: u64, key: u32) -> Ticket {
    Ticket { from, id: seq << 8 | u64::from(key) }
}

fn split(ticket: Ticket) -> (u64, u32) {
    (ticket.id >> 8, (ticket.id & 0xff) as u32)
}

impl Server {
    pub fn new(machine: Machine) -> Server {
        Server { member: Member::new(machine), stood: 0, led: 0, heard: None }
    }

    pub fn on_ask(&mut self, from: NodeId, client: u64, seq: u64, op: Op, cx: &mut Cx<'_, Consensus>) {
        let ticket = ticket(from, seq, op.key());
        let how = match cx.system().reads {
            Reads::Log => None,
            Reads::Index => Some(Read::Index),
            Reads::Leader => Some(Read::Leader),
            Reads::Local => Some(Read::Local),
        };
        let taken = match how.filter(|_| op.reads()) {
            Some(how) => self.member.read(how, ticket, cx),
            None => self.member.propose(Request { client, seq, command: op }, Some(ticket), cx).map(drop),
        };
        if let Err(NotLeader { hint }) = taken {
            cx.send(from, Msg::No { seq, hint });
        }
        self.after(cx);
    }

    /// Tells the world what has come of the last call.
    pub fn after(&mut self, cx: &mut Cx<'_, Consensus>) {
        self.count_elections(cx);
        for event in self.member.events() {
            match event {
                Event::Applied { ticket, command, answer, at } => {
                    cx.fact(Fact::Executed { index: at.index, client: command.client, seq: command.seq, applied: answer.map(|answer| answer.applied) });
                    if let (Some(ticket), Some(answer)) = (ticket, answer) {
                        cx.count(metrics::COMMITTED, 1);
                        cx.send(ticket.from, Msg::Done { seq: split(ticket).0, value: answer.value, index: at.index });
                    }
                }
                Event::Readable { ticket } => {
                    let (seq, key) = split(ticket);
                    let value = self.member.machine().machine.get(key);
                    cx.send(ticket.from, Msg::Done { seq, value, index: self.member.raft().applied() });
                }
                Event::Lost { ticket } => cx.send(ticket.from, Msg::No { seq: split(ticket).0, hint: self.member.leader() }),
                Event::Leading { .. } | Event::Following { .. } => {}
                Event::Restored { .. } => {
                    cx.count(metrics::SNAPSHOTS, 1);
                    cx.fact(Fact::Restored);
                }
            }
        }
    }

    fn count_elections(&mut self, cx: &mut Cx<'_, Consensus>) {
        let raft = self.member.raft();
        let term = raft.term();
        let stands = matches!(raft.role(), Role::Candidate | Role::Leader) && raft.vote() == Some(cx.me());
        if stands && self.stood < term {
            self.stood = term;
            cx.count(metrics::ELECTIONS, 1);
        }
        if raft.role() != Role::Leader {
            self.heard = raft.heard();
            return;
        }
        if self.led < term {
            self.led = term;
            let members = raft.voters().len() as f64;
            let before = raft.log().term_at(raft.log().last_index().saturating_sub(1)).unwrap_or_default();
            cx.count(metrics::ELECTED, 1);
            cx.count(metrics::FIRST_TRY, u64::from(term == before + 1));
            cx.gauge(metrics::TERM, term as f64);
            cx.gauge(metrics::MEMBERS, members);
            if let Some(heard) = self.heard {
                cx.record_since(metrics::WITHOUT_LEADER, heard);
            }
            let text = format!("{} leads in term {term}", cx.name(cx.me()));
            cx.log(text);
        }
    }

    /// The operator's wish, at the leader.
    pub fn change(&mut self, change: Change, cx: &mut Cx<'_, Consensus>) -> Result<(), String> {
        let done = self.member.change(change, cx);
        if done.is_ok() {
            let members = self.member.raft().voters().len() as f64;
            cx.gauge(metrics::MEMBERS, members);
        }
        self.after(cx);
        done
    }

    pub fn on_crash(&mut self) {
        self.member.on_crash();
        self.heard = None;
    }

    pub fn look(&self) -> Look {
        let raft = self.member.raft();
        let lag = raft.log().last_index() - raft.commit().min(raft.log().last_index());
        let joined = raft.voters().contains(&raft.me());
        let (word, state) = match raft.role() {
            _ if self.member.is_outside() => ("lost its disk", State::Warn),
            Role::Leader => ("leads", State::Leader),
            Role::Follower if !joined => ("no member", State::Idle),
            Role::Follower => ("follows", State::Busy),
            Role::PreCandidate => ("asks around", State::Warn),
            Role::Candidate => ("stands", State::Warn),
        };
        let more = if lag > 0 { format!("+{lag}") } else { String::new() };
        let label = format!("{word} t{} · {}{more}", raft.term(), raft.commit());
        Look { label, state, fill: None }
    }

    /// What stands at one index, in few characters.
    pub fn cell(&self, index: u64) -> String {
        let raft = self.member.raft();
        let Some(entry) = raft.log().get(index) else {
            return if index <= raft.log().base().index { "(snapshot)".into() } else { String::new() };
        };
        let what = match &entry.load {
            Load::Noop => "no-op".to_string(),
            Load::Voters(voters) => format!("{} vote", voters.len()),
            Load::Command(Request { command: Op::Put { key, .. }, client, seq }) => format!("k{key}={}.{seq}", client % 1000),
            Load::Command(Request { command: Op::Get { key }, .. }) => format!("k{key}?"),
        };
        let mark = if index <= raft.commit() { '=' } else { '~' };
        format!("{mark}{} {what}", entry.term)
    }
}
