//! What people do with their phones: write, see, read, answer.

use super::metrics::{ACK, ANSWERS, DELIVERED_TICK, DIRECT, GAPS, GROUP, INBOX, POSTED, READ_TICK, REPEATS, RESENT, RETRIED, SENT, SHOWN};
use super::phones::{Draft, Link, Phones};
use super::role::Ctx;
use super::watch::Fact;
use super::wire::{Ack, Heaps, Item, Line, Mark, Msg, Path, Receipt, Timer};
use crate::kernel::node::NodeId;
use crate::kernel::time::{Span, Time};
use std::collections::VecDeque;

/// Timers that look after a queue, by their place in `armed`.
const OVERDUE: usize = 0;
const READING: usize = 1;
const CONFIRM: usize = 2;
/// A read that nobody has confirmed is told again.
const CONFIRM_AFTER: Span = Span::secs(2);
/// Timers wait a little for what is due soon after: nobody notices it of a read or of a repeat.
const TOGETHER: [Span; 3] = [Span::millis(100), Span::millis(50), Span::millis(100)];
/// So many messages wait for the one that is on its way; then their user stops writing.
const OUTBOX_MAX: u16 = 199;

impl Phones {
    /// Somebody who is online writes to one of their conversations.
    pub fn write_one(&mut self, cx: &mut Ctx<'_>) {
        let (pick, which, group) = (cx.rng().u64(), cx.rng().u64(), cx.rng().unit() < cx.system().group_share);
        if self.up.is_empty() {
            return;
        }
        let device = self.up[(pick % self.up.len() as u64) as usize];
        let seats = self.people.seats_of(device / self.people.devices);
        let pairs = seats.partition_point(|seat| self.people.in_pair(*seat));
        let (two, many) = seats.split_at(pairs);
        let from = if (group && !many.is_empty()) || two.is_empty() { many } else { two };
        if !from.is_empty() {
            let conv = self.people.conv(from[(which % from.len() as u64) as usize]);
            self.write(device, conv, 0, cx);
        }
    }

    /// An answer, if its writer is still there.
    pub fn reply(&mut self, device: u32, conv: u32, answers: u32, cx: &mut Ctx<'_>) {
        if !cx.draining() && self.devices[self.local(device)].link == Link::Up {
            self.write(device, conv, answers, cx);
        }
    }

    fn write(&mut self, device: u32, conv: u32, answers: u32, cx: &mut Ctx<'_>) {
        let (local, draft) = (self.local(device), Draft { conv, written: cx.clock_ns(), sent: cx.now(), answers });
        let of = &mut self.devices[local];
        if of.queued >= OUTBOX_MAX {
            return;
        }
        cx.count(POSTED, 1);
        if of.sending {
            of.queued += 1;
            self.more[local].outbox.push_back(draft);
        } else {
            (of.sending, of.draft) = (true, draft);
            of.number += 1;
            self.send_front(local, cx);
        }
    }

    /// One message of a device is on its way at a time, under one number until it is answered.
    pub fn send_front(&mut self, local: usize, cx: &mut Ctx<'_>) {
        let device = self.first_device + local as u32;
        let of = &self.devices[local];
        let Draft { conv, written, sent, answers } = of.draft;
        let (line, gateway, number) = (Line { device, number: of.number, written, sent, answers }, of.gateway, of.number);
        if of.link == Link::Up {
            cx.send(cx.system().gateway(gateway), Msg::Post { conv, line });
            self.overdue.push_back((cx.now() + cx.system().resend, device, number));
            self.arm(OVERDUE, cx);
        }
    }

    fn arm(&mut self, which: usize, cx: &mut Ctx<'_>) {
        let (due, timer) = match which {
            OVERDUE => (self.overdue.front().map(|(due, _, _)| *due), Timer::Overdue),
            READING => (self.to_read.front().map(|(due, _)| *due), Timer::Reading),
            _ => (self.to_confirm.front().map(|(due, _)| *due), Timer::Confirm),
        };
        if let (false, Some(due)) = (self.armed[which], due) {
            self.armed[which] = true;
            cx.after(due.since(cx.now()) + TOGETHER[which], timer);
        }
    }

    pub fn ticked(&mut self, device: u32, number: u32, cx: &mut Ctx<'_>) {
        let local = self.local(device);
        let of = &mut self.devices[local];
        if !of.sending || of.number != number {
            return;
        }
        cx.count(SENT, 1);
        cx.record_since(ACK, of.draft.sent);
        of.sending = of.queued > 0;
        if !of.sending {
            return;
        }
        if let Some(draft) = self.more[local].outbox.pop_front() {
            of.draft = draft;
            of.queued -= 1;
            of.number += 1;
            self.send_front(local, cx);
        }
    }

    /// Posts without a tick are sent again, under the same number.
    pub fn resend(&mut self, cx: &mut Ctx<'_>) {
        self.armed[OVERDUE] = false;
        while let Some((_, device, number)) = due(&mut self.overdue, cx.now(), |(at, _, _)| *at) {
            let local = self.local(device);
            let of = &self.devices[local];
            // Who has no connection sends it when there is one.
            if of.sending && of.number == number && of.link == Link::Up {
                cx.count(RESENT, 1);
                self.send_front(local, cx);
            }
        }
        self.arm(OVERDUE, cx);
    }

    /// A screen takes what follows what it has; the rest it leaves, and says how far it is.
    pub fn deliver(&mut self, gateway: NodeId, items: &[Item], cx: &mut Ctx<'_>) {
        // Where an offset has moved on without it, nobody will ever bring what is missing.
        let blind = cx.system().commit_before;
        let mut acks: Vec<Ack> = Vec::with_capacity(items.len());
        for item in items {
            let at = self.screen_at(item.screen);
            let has = self.shown[at];
            let follows = item.place > has && (blind || has >= item.follows);
            let gap = !follows && item.place > has;
            if follows {
                self.shown[at] = item.place;
                self.show(item, cx);
            } else {
                cx.count(if gap { GAPS } else { REPEATS }, 1);
            }
            match acks.last_mut() {
                Some(ack) if ack.screen == item.screen => (ack.place, ack.gap) = (self.shown[at], ack.gap || gap),
                _ => acks.push(Ack { screen: item.screen, place: self.shown[at], gap }),
            }
        }
        cx.send(gateway, Msg::Acks(acks));
        self.arm(READING, cx);
    }

    fn show(&mut self, item: &Item, cx: &mut Ctx<'_>) {
        let (seat, line) = (self.people.seat_of_screen(item.screen), item.line);
        let (conv, user) = (self.people.conv(seat), self.people.user(seat));
        cx.count(SHOWN, 1);
        cx.fact(Fact::Shown { screen: item.screen, place: item.place, line });
        if line.answers > 0 {
            cx.count(ANSWERS, 1);
            cx.fact(Fact::Answered { conv, line });
        }
        if line.device / self.people.devices == user {
            return;
        }
        let metric = match item.path {
            Path::Direct if conv >= self.people.pairs => GROUP,
            Path::Direct => DIRECT,
            Path::Retried => RETRIED,
            Path::Inbox => INBOX,
        };
        cx.record_since(metric, line.sent);
        self.look_at(seat, cx);
        let device = self.people.device(item.screen);
        if item.path != Path::Inbox && self.in_hand(user) == Some(device) {
            let others = (self.people.seats(conv).len() as f64 - 1.0).max(1.0);
            let answers = cx.rng().unit() < cx.system().reply_share / others;
            let think = cx.system().think;
            let wait = cx.rng().span(think);
            if answers && !cx.draining() {
                cx.background(wait, Timer::Reply { device, conv, answers: item.place });
            }
        }
    }

    /// The device a user looks at: the first that is up.
    fn in_hand(&self, user: u32) -> Option<u32> {
        let first = user * self.people.devices;
        (first..first + self.people.devices).find(|device| self.devices[self.local(*device)].link == Link::Up)
    }

    /// A user will read what is there, in a moment.
    fn look_at(&mut self, seat: u32, cx: &mut Ctx<'_>) {
        let slot = self.slot_at(seat);
        if !std::mem::replace(&mut self.read[slot].soon, true) {
            self.to_read.push_back((cx.now() + cx.system().read_delay, seat));
        }
    }

    /// A device is back: what its user has not read, they will.
    pub fn read_again(&mut self, device: u32, cx: &mut Ctx<'_>) {
        let people = std::sync::Arc::clone(&self.people);
        for seat in people.seats_of(device / people.devices) {
            if self.shown[self.screen_at(people.screen(*seat, device))] > self.read[self.slot_at(*seat)].upto {
                self.look_at(*seat, cx);
            }
        }
        self.arm(READING, cx);
    }

    pub fn read_now(&mut self, cx: &mut Ctx<'_>) {
        self.armed[READING] = false;
        let system = cx.shared();
        let mut heaps = Heaps::new(system.gateways as usize);
        while let Some((_, seat)) = due(&mut self.to_read, cx.now(), |(at, _)| *at) {
            let slot = self.slot_at(seat);
            self.read[slot].soon = false;
            let Some(device) = self.in_hand(self.people.user(seat)) else { continue };
            let place = self.shown[self.screen_at(self.people.screen(seat, device))];
            if place > self.read[slot].upto {
                heaps.put(self.devices[self.local(device)].gateway as usize, Mark { seat, place });
                self.to_confirm.push_back((cx.now() + CONFIRM_AFTER, seat));
            }
        }
        heaps.empty(|rank, all| cx.send(system.gateway(rank as u32), Msg::Reads(all)));
        self.arm(READING, cx);
        self.arm(CONFIRM, cx);
    }

    /// Reads that nobody has confirmed.
    pub fn confirm(&mut self, cx: &mut Ctx<'_>) {
        self.armed[CONFIRM] = false;
        while let Some((_, seat)) = due(&mut self.to_confirm, cx.now(), |(at, _)| *at) {
            let user = self.people.user(seat);
            let Some(device) = self.in_hand(user) else { continue };
            if self.shown[self.screen_at(self.people.screen(seat, device))] > self.read[self.slot_at(seat)].upto {
                self.look_at(seat, cx);
            }
        }
        self.arm(READING, cx);
        self.arm(CONFIRM, cx);
    }

    pub fn marked(&mut self, all: &[(u32, Mark)]) {
        for (_, mark) in all {
            let slot = self.slot_at(mark.seat);
            self.read[slot].upto = self.read[slot].upto.max(mark.place);
        }
    }

    pub fn receipts(&mut self, all: &[Receipt], cx: &mut Ctx<'_>) {
        for receipt in all {
            cx.record_since(if receipt.read { READ_TICK } else { DELIVERED_TICK }, receipt.sent);
        }
    }
}

/// The first in a queue, if its time has come.
fn due<T>(queue: &mut VecDeque<T>, now: Time, at: impl Fn(&T) -> Time) -> Option<T> {
    queue.pop_front_if(|first| at(first) <= now)
}
