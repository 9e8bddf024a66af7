//! A consumer: a member of the group that reads its partitions, works on one message at a time, and commits how far it is.

use super::lane::{Done, Sender};
use super::metrics;
use super::record::Stored;
use super::system::Queue;
use super::watch::Fact;
use super::wire::{Msg, NoRead, Timer};
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::parts::group::Beat;
use std::collections::{BTreeMap, VecDeque};

#[derive(Clone)]
pub struct Consumer {
    coordinator: NodeId,
    sink: NodeId,
    /// Writes dead letters.
    sender: Sender,
    generation: u32,
    /// Has asked for a place in the next generation, or wants to as soon as its hands are free.
    joining: Joining,
    owned: BTreeMap<u32, Own>,
    /// Partitions that it must give up once its hands are free.
    busy: Option<Busy>,
    turn: u64,
    last: u32,
    since_commit: u64,
    /// Counts commits, so that a late one does not undo a newer.
    commits: u64,
    joined_at: Time,
    /// Counts wishes to join, over all its lives.
    attempt: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joining {
    No,
    /// After the message in hand.
    Soon,
    Asked,
}

#[derive(Clone, Copy, Debug)]
struct Busy {
    part: u32,
    stored: Stored,
}

/// A partition that it owns.
#[derive(Clone, Debug)]
pub struct Own {
    /// The next message to work on.
    pub position: u64,
    /// The next one to ask the leader for.
    fetched: u64,
    buffer: VecDeque<Stored>,
    asked: Option<Time>,
    committed: u64,
    /// With commit before processing: what may be worked on.
    cleared: u64,
    attempts: u32,
    /// Waits for another attempt, or for a dead letter to be acknowledged.
    pub blocked: bool,
}

const TICK: Span = Span::millis(250);
const COMMIT_EVERY: Span = Span::millis(500);
const ASK_AGAIN: Span = Span::millis(500);
const TRY_AGAIN: Span = Span::millis(200);
/// A consumer whose wish to join is not answered wishes anew.
const JOIN_AGAIN: Span = Span::secs(15);
/// Messages it keeps of one partition.
const BUFFER: usize = 50;

impl Consumer {
    pub fn new(coordinator: NodeId, sink: NodeId, sender: Sender) -> Consumer {
        Consumer {
            coordinator,
            sink,
            sender,
            generation: 0,
            joining: Joining::No,
            owned: BTreeMap::new(),
            busy: None,
            turn: 0,
            last: 0,
            since_commit: 0,
            commits: 0,
            joined_at: Time::ZERO,
            attempt: 0,
        }
    }

    pub fn owned(&self) -> &BTreeMap<u32, Own> {
        &self.owned
    }

    pub fn start(&mut self, cx: &mut Cx<'_, Queue>) {
        self.sender.begin(cx);
        self.join(cx);
        cx.background(TICK, Timer::Tick);
        cx.background(COMMIT_EVERY, Timer::Commit);
    }

    pub fn crash(&mut self) {
        self.owned.clear();
        self.busy = None;
        self.generation = 0;
        self.joining = Joining::No;
    }

    /// Leaves in good order.
    pub fn quit(&mut self, cx: &mut Cx<'_, Queue>) {
        self.give_up_all(cx);
        cx.send(self.coordinator, Msg::Quit);
    }

    pub fn on_msg(&mut self, msg: Msg, cx: &mut Cx<'_, Queue>) {
        match msg {
            Msg::Leaders(metadata) => self.sender.learn(metadata),
            // An answer to an earlier wish is void: by the group's books this consumer holds what the latest one said.
            Msg::Assigned { attempt, generation, parts } if attempt == self.attempt => self.assigned(generation, &parts, cx),
            // What was said of an older generation does not concern this one.
            Msg::Heard { generation, beat } if generation == self.generation => match beat {
                Beat::Rejoin => self.rejoin(cx),
                Beat::Fenced => self.fenced(cx),
                Beat::Fine => {}
            },
            Msg::Committed { generation, part, offset, counted } => self.committed(generation, part, offset, counted, cx),
            Msg::Records { part, from, records } => {
                if let Some(own) = self.owned.get_mut(&part).filter(|own| own.fetched == from) {
                    own.asked = None;
                    own.fetched = records.last().map_or(from, |stored| stored.offset + 1);
                    own.buffer.extend(records);
                    self.ask(part, cx);
                    self.work(cx);
                }
            }
            Msg::NotRead { part, why } => self.not_read(part, why, cx),
            Msg::Produced { part, request, result } => {
                let done = self.sender.answered(part, request, result, cx);
                self.buried(done, cx);
            }
            _ => {}
        }
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Queue>) {
        match timer {
            Timer::Tick => self.tick(cx),
            Timer::Commit => {
                self.commit_all(cx);
                cx.background(COMMIT_EVERY, Timer::Commit);
            }
            Timer::Worked { turn } if turn == self.turn => self.worked(cx),
            Timer::Unblock { part, offset } => {
                if let Some(own) = self.owned.get_mut(&part).filter(|own| own.position == offset) {
                    own.blocked = false;
                }
                self.work(cx);
            }
            Timer::NoAnswer { .. } | Timer::Again { .. } => {
                let done = self.sender.on_timer(timer, cx);
                self.buried(done, cx);
            }
            _ => {}
        }
    }

    /// Heartbeat, and questions that were not answered.
    fn tick(&mut self, cx: &mut Cx<'_, Queue>) {
        cx.send(self.coordinator, Msg::Pulse { generation: self.generation });
        if self.joining == Joining::Asked && cx.now().since(self.joined_at) > JOIN_AGAIN {
            self.join(cx);
        }
        let parts: Vec<u32> = self.owned.keys().copied().collect();
        for part in parts {
            let late = self.owned.get(&part).is_some_and(|own| own.asked.is_some_and(|at| cx.now().since(at) >= ASK_AGAIN));
            if late && let Some(own) = self.owned.get_mut(&part) {
                own.asked = None;
                // A leader that is gone does not say so.
                self.sender.ask_leaders(cx);
            }
            self.ask(part, cx);
        }
        self.work(cx);
        cx.background(TICK, Timer::Tick);
    }

    // ── the group ──

    fn join(&mut self, cx: &mut Cx<'_, Queue>) {
        self.joining = Joining::Asked;
        self.joined_at = cx.now();
        let holds = self.owned.keys().copied().collect();
        self.attempt += 1;
        cx.send(self.coordinator, Msg::Join { attempt: self.attempt, generation: self.generation, holds });
    }

    /// A new generation is being made. Eager: everything is given up first, for which the message in hand must be done.
    fn rejoin(&mut self, cx: &mut Cx<'_, Queue>) {
        if self.joining == Joining::Asked {
            return;
        }
        if cx.system().eager {
            if self.busy.is_some_and(|busy| self.owned.contains_key(&busy.part)) {
                self.joining = Joining::Soon;
                return;
            }
            self.give_up_all(cx);
        }
        self.join(cx);
    }

    /// What it owned is somebody else's by now.
    fn fenced(&mut self, cx: &mut Cx<'_, Queue>) {
        // An answer to an older heartbeat; but if it was the wish to join that got lost, wish again.
        if self.joining == Joining::Asked && self.generation == 0 && cx.now().since(self.joined_at) < ASK_AGAIN {
            return;
        }
        self.owned.clear();
        self.generation = 0;
        self.join(cx);
    }

    fn give_up_all(&mut self, cx: &mut Cx<'_, Queue>) {
        let parts: Vec<u32> = self.owned.keys().copied().collect();
        parts.into_iter().for_each(|part| self.give_up(part, cx));
    }

    /// Commits how far it is, which with commit before processing is further back than what was committed, and lets go.
    fn give_up(&mut self, part: u32, cx: &mut Cx<'_, Queue>) {
        if let Some(own) = self.owned.remove(&part)
            && own.committed != own.position
        {
            self.commits += 1;
            cx.send(self.coordinator, Msg::Commit { generation: self.generation, part, offset: own.position, number: self.commits });
        }
    }

    fn assigned(&mut self, generation: u32, parts: &[(u32, u64)], cx: &mut Cx<'_, Queue>) {
        if generation <= self.generation && self.generation != 0 {
            return;
        }
        self.generation = generation;
        self.joining = Joining::No;
        let goes: Vec<u32> = self.owned.keys().copied().filter(|part| !parts.iter().any(|(p, _)| p == part)).collect();
        for (part, offset) in parts {
            self.owned.entry(*part).or_insert_with(|| Own::from(*offset));
            self.ask(*part, cx);
        }
        if goes.is_empty() {
            return self.work(cx);
        }
        // Cooperative: what is no longer on the list goes now, and then somebody else may have it.
        let in_hand = self.busy.filter(|busy| goes.contains(&busy.part)).map(|busy| busy.part);
        for part in goes.iter().filter(|part| Some(**part) != in_hand) {
            self.give_up(*part, cx);
        }
        if in_hand.is_some() {
            self.joining = Joining::Soon;
        } else {
            self.join(cx);
        }
        self.work(cx);
    }

    /// Its hands are free, and a new generation waits for it.
    fn join_at_last(&mut self, part: u32, cx: &mut Cx<'_, Queue>) {
        if cx.system().eager {
            self.give_up_all(cx);
        } else {
            self.give_up(part, cx);
        }
        self.join(cx);
    }

    // ── reading ──

    fn ask(&mut self, part: u32, cx: &mut Cx<'_, Queue>) {
        let Some(leader) = self.sender.metadata.leader(part) else { return self.sender.ask_leaders(cx) };
        let Some(own) = self.owned.get_mut(&part).filter(|own| own.asked.is_none() && own.buffer.len() < BUFFER) else { return };
        own.asked = Some(cx.now());
        cx.send(leader, Msg::Read { part, from: own.fetched });
    }

    fn not_read(&mut self, part: u32, why: NoRead, cx: &mut Cx<'_, Queue>) {
        let Some(own) = self.owned.get_mut(&part) else { return };
        match why {
            // Asked again by the clock, when the answer to this question may be there.
            NoRead::NotLeader => self.sender.ask_leaders(cx),
            NoRead::TooOld { start } if own.buffer.is_empty() && start > own.position => {
                cx.count(metrics::EXPIRED_UNREAD, start - own.position);
                own.jump(start);
                self.ask(part, cx);
            }
            NoRead::TooNew { end } if end < own.fetched => {
                cx.log(format!("partition {part} ends at {end}, before {}: what was read is gone", own.fetched));
                own.jump(end);
            }
            NoRead::TooOld { .. } | NoRead::TooNew { .. } => {}
        }
    }

    // ── working ──

    /// Takes the next message in hand: partitions in turn, those that are blocked left out.
    fn work(&mut self, cx: &mut Cx<'_, Queue>) {
        if self.busy.is_some() || self.joining == Joining::Soon || self.joining == Joining::Asked && cx.system().eager {
            return;
        }
        let before = cx.system().commit_before;
        let ready = |own: &Own| !own.blocked && own.buffer.front().is_some_and(|stored| !before || stored.offset < own.cleared);
        let next = self.owned.iter().filter(|(_, own)| ready(own)).map(|(part, _)| *part);
        let (after, first) =
            next.fold((None, None), |(after, first): (Option<u32>, Option<u32>), part| (after.or((part > self.last).then_some(part)), first.or(Some(part))));
        let Some(part) = after.or(first) else {
            if before {
                self.clear_more(cx);
            }
            return;
        };
        let Some(stored) = self.owned.get(&part).and_then(|own| own.buffer.front()).copied() else { return };
        self.busy = Some(Busy { part, stored });
        self.last = part;
        self.turn += 1;
        let mean = cx.system().processing;
        let takes = cx.rng().span(mean);
        cx.after(takes, Timer::Worked { turn: self.turn });
    }

    fn worked(&mut self, cx: &mut Cx<'_, Queue>) {
        let Some(Busy { part, stored }) = self.busy.take() else { return };
        // Work that was begun is done, even if the partition has been taken away meanwhile.
        let owns = self.owned.get(&part).is_some_and(|own| own.position == stored.offset);
        if !stored.record.poison {
            self.finished(part, &stored, cx);
        }
        match stored.record.poison {
            true if owns => self.failed(part, &stored, cx),
            false if owns => self.pass(part, cx),
            _ => {}
        }
        if self.joining == Joining::Soon {
            return self.join_at_last(part, cx);
        }
        self.ask(part, cx);
        self.work(cx);
    }

    fn finished(&self, part: u32, stored: &Stored, cx: &mut Cx<'_, Queue>) {
        let record = stored.record;
        cx.fact(Fact::Processed { part, offset: stored.offset, id: record.id, committed_first: cx.system().commit_before });
        cx.send(self.sink, Msg::Effect { part, offset: stored.offset, id: record.id, created: record.created, at: stored.at });
    }

    /// A partition's next message is done with.
    fn pass(&mut self, part: u32, cx: &mut Cx<'_, Queue>) {
        if let Some(own) = self.owned.get_mut(&part) {
            own.buffer.pop_front();
            own.position = own.buffer.front().map_or(own.fetched, |next| next.offset);
            own.attempts = 0;
            own.blocked = false;
        }
        self.since_commit += 1;
        if self.since_commit >= cx.system().commit_every {
            self.commit_all(cx);
        }
    }

    /// An attempt was in vain: try again, or write a dead letter and go on.
    fn failed(&mut self, part: u32, stored: &Stored, cx: &mut Cx<'_, Queue>) {
        cx.count(metrics::ATTEMPTS_FAILED, 1);
        let most = cx.system().attempts;
        let Some(own) = self.owned.get_mut(&part) else { return };
        own.attempts += 1;
        own.blocked = true;
        if most > 0 && own.attempts >= most {
            let letters = cx.system().dead_letters();
            // The letter says in its key which partition waits for it.
            if self.sender.send(letters, part, true, cx).is_some() {
                return;
            }
        }
        cx.after(TRY_AGAIN, Timer::Unblock { part, offset: stored.offset });
    }

    /// A dead letter is acknowledged, or could not be written.
    fn buried(&mut self, done: Done, cx: &mut Cx<'_, Queue>) {
        let (records, safe) = match done {
            Done::Nothing => return,
            Done::Acked(records) => (records, true),
            Done::GivenUp(records) => (records, false),
        };
        for letter in records.iter() {
            let part = letter.key;
            let Some(own) = self.owned.get_mut(&part).filter(|own| own.blocked) else { continue };
            let Some(stored) = own.buffer.front().copied().filter(|stored| stored.record.poison) else { continue };
            if safe {
                cx.count(metrics::DEAD_LETTERED, 1);
                cx.fact(Fact::Buried { part, offset: stored.offset, id: stored.record.id });
                self.pass(part, cx);
            } else {
                own.blocked = false;
            }
        }
        self.work(cx);
    }

    // ── committing ──

    fn commit_all(&mut self, cx: &mut Cx<'_, Queue>) {
        self.since_commit = 0;
        if cx.system().commit_before {
            return self.clear_more(cx);
        }
        for (part, own) in &mut self.owned {
            if own.position > own.committed {
                own.committed = own.position;
                self.commits += 1;
                cx.send(self.coordinator, Msg::Commit { generation: self.generation, part: *part, offset: own.position, number: self.commits });
            }
        }
    }

    /// Commit before processing: asks to commit the next few messages of partitions that have none left to work on.
    fn clear_more(&mut self, cx: &mut Cx<'_, Queue>) {
        let most = cx.system().commit_every;
        for (part, own) in &mut self.owned {
            if own.position >= own.cleared && !own.buffer.is_empty() {
                let upto = own.fetched.min(own.position + most);
                self.commits += 1;
                cx.send(self.coordinator, Msg::Commit { generation: self.generation, part: *part, offset: upto, number: self.commits });
            }
        }
    }

    fn committed(&mut self, generation: u32, part: u32, offset: u64, counted: bool, cx: &mut Cx<'_, Queue>) {
        if generation != self.generation {
            if let Some(own) = self.owned.get_mut(&part).filter(|_| !counted) {
                // Sent under the generation before: say it again under this one.
                own.committed = 0;
            }
            return;
        }
        if !counted {
            return self.fenced(cx);
        }
        let before = cx.system().commit_before;
        if let Some(own) = self.owned.get_mut(&part) {
            own.committed = own.committed.max(offset);
            if before {
                own.cleared = own.cleared.max(offset);
                self.work(cx);
            }
        }
    }

    pub fn weight(&self) -> usize {
        let own = |own: &Own| std::mem::size_of::<Own>() * 3 / 2 + own.buffer.len() * std::mem::size_of::<Stored>();
        self.owned.values().map(own).sum::<usize>() + self.sender.weight()
    }

    pub fn look(&self, _: &Queue) -> Look {
        let parts: Vec<String> = self.owned.keys().map(u32::to_string).collect();
        let blocked = self.owned.values().any(|own| own.blocked);
        let label = match parts.len() {
            _ if self.joining != Joining::No => "joins".to_string(),
            0 => "idle".to_string(),
            1..=6 => format!("has {}", parts.join(" ")),
            n => format!("has {n}"),
        };
        let state = match () {
            () if blocked || self.joining != Joining::No => State::Warn,
            () if self.busy.is_some() => State::Busy,
            () => State::Idle,
        };
        let full = self.owned.values().map(|own| own.buffer.len()).sum::<usize>() as f64 / (self.owned.len().max(1) * BUFFER) as f64;
        Look { label, state, fill: Some(full.min(1.0)) }
    }
}

impl Own {
    fn from(offset: u64) -> Own {
        Own { position: offset, fetched: offset, buffer: VecDeque::new(), asked: None, committed: offset, cleared: offset, attempts: 0, blocked: false }
    }

    fn jump(&mut self, to: u64) {
        *self = Own { committed: self.committed, ..Own::from(to) };
    }
}
