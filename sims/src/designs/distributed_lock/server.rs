//! A member of the Raft group that keeps the locks: its leader answers clients and alone counts the time of leases.

use super::config::Locks;
use super::machine::{Command, Machine, Outcome};
use super::watch::{Change, Fact};
use super::wire::{Answer, Ask, Lock, Msg, Owner, Request, Timer};
use super::{TICK, metrics};
use crate::kernel::cx::Cx;
use crate::kernel::disk::File;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::lease::Deadlines;
use crate::parts::raft::{Event, Member, Role, Ticket};
use std::collections::BTreeMap;

#[derive(Clone)]
pub struct Server {
    member: Member<Machine>,
    /// Counted by the leader only.
    deadlines: Deadlines<Lock>,
    ticking: bool,
    /// Requests whose entries are on their way into the log.
    open: BTreeMap<u64, Request>,
    next: u64,
}

/// A proposed end that did not come through is proposed again after this.
const END_AGAIN: Span = Span::secs(1);

impl Default for Server {
    fn default() -> Self {
        let member = Member::new(Machine::default());
        Server { member, deadlines: Deadlines::default(), ticking: false, open: BTreeMap::new(), next: 0 }
    }
}

impl Server {
    /// What stands on its disk.
    pub fn files(&mut self, each: &mut dyn FnMut(&mut dyn File)) {
        self.member.files(each);
    }

    pub fn found(&mut self, group: &[NodeId]) {
        self.member.begin(group);
    }

    pub fn is_leader(&self) -> bool {
        self.member.is_leader()
    }

    pub fn term(&self) -> u64 {
        self.member.term()
    }

    pub fn machine(&self) -> &Machine {
        self.member.machine()
    }

    /// When a lease ends by this leader's count.
    pub fn until(&self, lock: Lock) -> Option<Time> {
        self.deadlines.until(&lock)
    }

    pub fn start(&mut self, cx: &mut Cx<'_, Locks>) {
        self.member.on_start(cx);
        self.go_on(cx);
    }

    pub fn restart(&mut self, cx: &mut Cx<'_, Locks>) {
        self.member.on_restart(cx);
        self.go_on(cx);
    }

    pub fn crash(&mut self) {
        self.member.on_crash();
        self.deadlines.clear();
        self.open.clear();
        self.ticking = false;
    }

    pub fn knobs(&mut self, cx: &mut Cx<'_, Locks>) {
        self.member.on_knobs(cx);
        self.go_on(cx);
    }

    pub fn settle(&mut self, cx: &mut Cx<'_, Locks>) {
        self.member.settle(cx);
    }

    pub fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Locks>) {
        match msg {
            Msg::Raft(message) => self.member.on_msg(from, *message, cx),
            Msg::Ask(request) => self.asked(from, request, cx),
            _ => {}
        }
        self.go_on(cx);
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Locks>) {
        match timer {
            Timer::Raft(timer) => self.member.on_timer(timer, cx),
            Timer::Tick => {
                self.ticking = false;
                self.end_what_is_over(cx);
            }
            _ => {}
        }
        self.go_on(cx);
    }

    fn asked(&mut self, from: NodeId, request: Request, cx: &mut Cx<'_, Locks>) {
        cx.count(metrics::ASKS, 1);
        let Request { lock, owner, ttl, .. } = request;
        // A refusal needs no log: at worst this leader does not know yet that the lock came free.
        let busy = request.ask == Ask::Take && self.member.is_leader() && self.machine().holder(lock).is_some_and(|holder| holder != owner);
        if busy {
            cx.count(metrics::BUSY, 1);
            return cx.send(from, Msg::Answer { request, answer: Answer::Busy });
        }
        let command = match request.ask {
            Ask::Take => Command::Take { lock, owner, ttl },
            Ask::Renew => Command::Renew { lock, owner, ttl },
            Ask::Free => Command::Free { lock, owner, check: cx.system().owner_check },
        };
        self.next += 1;
        self.open.insert(self.next, request);
        if let Err(not) = self.member.propose(command, Some(Ticket { from, id: self.next }), cx) {
            self.open.remove(&self.next);
            cx.send(from, Msg::Answer { request, answer: Answer::NotLeader { hint: not.hint } });
        }
    }

    fn end_what_is_over(&mut self, cx: &mut Cx<'_, Locks>) {
        if !self.member.is_leader() {
            return self.deadlines.clear();
        }
        let now = cx.system().clock(cx);
        for (lock, stamp) in self.deadlines.over(now, now - END_AGAIN) {
            // If it no longer leads, the next leader counts anew.
            let _ = self.member.propose(Command::End { lock, stamp }, None, cx);
        }
    }

    /// Does what the group has decided since it was last asked.
    fn go_on(&mut self, cx: &mut Cx<'_, Locks>) {
        loop {
            let events = self.member.events();
            if events.is_empty() {
                break;
            }
            for event in events {
                self.on_event(&event, cx);
            }
        }
        if !self.ticking && self.deadlines.next_end().is_some_and(|end| end < Time::MAX) {
            self.ticking = true;
            cx.after(TICK, Timer::Tick);
        }
    }

    fn on_event(&mut self, event: &Event<Machine>, cx: &mut Cx<'_, Locks>) {
        match *event {
            Event::Applied { at, ticket, command, answer } => {
                self.applied(at.index, command, answer, cx);
                if let Some(Ticket { from, id }) = ticket
                    && let Some(request) = self.open.remove(&id)
                {
                    let answer = answer_of(answer);
                    cx.count(metrics::BUSY, u64::from(answer == Answer::Busy));
                    cx.send(from, Msg::Answer { request, answer });
                }
            }
            Event::Lost { ticket } => {
                if let Some(request) = self.open.remove(&ticket.id) {
                    cx.send(ticket.from, Msg::Answer { request, answer: Answer::NotLeader { hint: self.member.leader() } });
                }
            }
            // It cannot know how much of each lease has passed: the full time again, so that none is cut short.
            Event::Leading { .. } => {
                cx.count(metrics::LEADERS, 1);
                cx.log(format!("{} leads term {}: every lease gets its full time again", cx.name(cx.me()), self.term()));
                let now = cx.system().clock(cx);
                let terms: Vec<_> = self.machine().iter().collect();
                for (lock, terms) in terms {
                    self.deadlines.start(lock, terms.stamp, now + terms.ttl);
                }
            }
            Event::Following { .. } => self.deadlines.clear(),
            Event::Readable { .. } | Event::Restored { .. } => {}
        }
    }

    /// One entry of the log: the leader counts its time, and whoever applies it first tells the invariants.
    fn applied(&mut self, index: u64, command: Command, outcome: Outcome, cx: &mut Cx<'_, Locks>) {
        let (lock, ttl, owner) = match command {
            Command::Take { lock, owner, ttl } | Command::Renew { lock, owner, ttl } => (lock, ttl, owner),
            Command::Free { lock, owner, .. } => (lock, Span::ZERO, owner),
            Command::End { lock, .. } => (lock, Span::ZERO, Owner { client: 0, job: 0 }),
        };
        let counts = self.member.is_leader();
        match outcome {
            Outcome::Granted { stamp, .. } | Outcome::Renewed { stamp } if counts => {
                let until = cx.system().clock(cx) + ttl;
                self.deadlines.start(lock, stamp, until);
            }
            Outcome::Freed { .. } | Outcome::Ended { .. } => self.deadlines.stop(&lock),
            _ => {}
        }
        // In the log a lease has no end of its own: it stands until its end is committed.
        let until = Time::MAX;
        let change = match outcome {
            Outcome::Granted { token, fresh: true, .. } => Change::Granted { owner, token, until },
            Outcome::Granted { .. } | Outcome::Renewed { .. } => Change::Renewed { owner, until },
            Outcome::Freed { of } => Change::Freed { by: owner, of },
            Outcome::Ended { of } => {
                if counts {
                    cx.log(format!("the lease of {of} on lock {lock} is over"));
                }
                Change::Ended { owner: of }
            }
            Outcome::Busy | Outcome::NotYours | Outcome::Overtaken => return,
        };
        cx.fact(Fact::Service { index: Some(index), lock, change });
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.member.weight() + self.open.bytes() + self.deadlines.len() * 64
    }

    pub fn look(&self) -> Look {
        let holders: Vec<String> = self
            .machine()
            .iter()
            .take(2)
            .filter_map(|(lock, _)| Some(format!("client{} #{}", self.machine().holder(lock)?.client, self.machine().token(lock)?)))
            .collect();
        let holders = if holders.is_empty() { "free".to_string() } else { holders.join(", ") };
        let term = self.term();
        let (label, state) = match self.member.role() {
            Role::Leader => (format!("leads term {term}: {holders}"), State::Leader),
            Role::Follower => (format!("term {term}: {holders}"), State::Idle),
            _ => (format!("wants to lead, term {term}"), State::Warn),
        };
        Look { label, state, fill: None }
    }
}

fn answer_of(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Granted { token, .. } => Answer::Granted { token },
        Outcome::Busy => Answer::Busy,
        Outcome::Renewed { .. } => Answer::Renewed,
        Outcome::Freed { .. } => Answer::Freed,
        Outcome::NotYours | Outcome::Ended { .. } | Outcome::Overtaken => Answer::NotYours,
    }
}
