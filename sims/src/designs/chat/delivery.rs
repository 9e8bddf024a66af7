//! Delivery: every screen gets what follows what it has, in order, until it has confirmed it. What is kept is the truth, a push only a shortcut.

use super::metrics::{FRAMES, OPENED, PUSHES, REDELIVERED, RUNG_COLLAPSED, SKIPPED};
use super::people::People;
use super::role::Ctx;
use super::shelf::Shelf;
use super::watch::Fact;
use super::wire::{Ack, Heaps, Item, Line, Mark, Msg, Path, Receipt, Timer};
use crate::kernel::node::NodeId;
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::Flat;
use std::collections::VecDeque;

#[derive(Clone)]
pub struct Delivery {
    screens: Vec<Screen>,
    lanes: Vec<Lane>,
    /// Seats whose phone was rung for something not seen yet.
    rung: Vec<bool>,
    /// Messages to be looked after again, the earliest first.
    watched: VecDeque<(Time, u32, u32)>,
    armed: bool,
    /// Conversations that were looked after once more, the last time.
    again: usize,
    first_conv: u32,
    first_seat: u32,
    first_screen: u32,
}

/// A screen, by places.
#[derive(Clone, Copy, Debug)]
struct Screen {
    /// The last message handed to a gateway.
    pushed: u32,
    /// The last one that was really handed over: passing over moves `pushed` alone.
    handed: u32,
    /// What the device itself has said that it has.
    has: u32,
    /// The gateway it was last heard from.
    heard: NodeId,
}

impl Screen {
    /// From what is confirmed on, once more.
    fn back_to(&mut self, acked: u32) {
        (self.pushed, self.handed) = (acked, self.has);
    }
}

/// A conversation, by places.
#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    durable: u32,
    /// Up to here nobody who is online lacks anything.
    settled: u32,
    /// Up to here its members were looked for: what is above comes for the first time.
    sought: u32,
    /// What senders were told: delivered, and read.
    told: [u32; 2],
}

/// Not heard from yet: no gateway has this number.
const NOBODY: NodeId = NodeId(0);

/// Messages handed to one screen before it confirms any of them.
const WINDOW: u32 = 64;
/// Receipts are looked for so many messages ahead at once.
const AHEAD: usize = 64;
const DELIVERED: usize = 0;
const READ: usize = 1;

impl Delivery {
    /// Takes up what is durable: a new start, or after a crash.
    pub fn new(shelf: &Shelf) -> Delivery {
        let (first_conv, first_seat) = (shelf.convs.start, shelf.seats.start);
        let lane = |conv| Lane { durable: shelf.last(conv), sought: shelf.last(conv), ..Lane::default() };
        let lanes = shelf.convs.clone().map(lane).collect();
        let first_screen = first_seat * (shelf.screens() / shelf.seats.len().max(1)) as u32;
        let screen = |at| {
            let acked = shelf.acked(first_screen + at);
            Screen { pushed: acked, handed: acked, has: acked, heard: NOBODY }
        };
        let screens = (0..shelf.screens() as u32).map(screen).collect();
        Delivery {
            screens,
            lanes,
            rung: vec![false; shelf.seats.len()],
            watched: VecDeque::new(),
            armed: false,
            again: 0,
            first_conv,
            first_seat,
            first_screen,
        }
    }

    fn lane(&self, conv: u32) -> usize {
        (conv - self.first_conv) as usize
    }

    fn at(&self, screen: u32) -> usize {
        (screen - self.first_screen) as usize
    }

    pub fn durable(&self, conv: u32) -> u32 {
        self.lanes[self.lane(conv)].durable
    }

    pub fn is_durable(&mut self, conv: u32, place: u32) {
        let lane = self.lane(conv);
        self.lanes[lane].durable = self.lanes[lane].durable.max(place);
    }

    /// A device has spoken through this gateway.
    pub fn heard_of(&mut self, people: &People, conv: u32, device: u32, gateway: NodeId) {
        if let Some(seat) = people.seat_in(conv, device / people.devices) {
            let at = self.at(people.screen(seat, device));
            self.screens[at].heard = gateway;
        }
    }

    /// After a crash: whoever lacks anything is looked for again. What senders were told by then they were told.
    pub fn resume(&mut self, shelf: &mut Shelf, people: &People, cx: &mut Ctx<'_>) {
        let mut again = Vec::new();
        for conv in shelf.convs.clone() {
            let lane = self.lane(conv);
            self.lanes[lane].told = [shelf.last(conv); 2];
            if self.lacking(conv, shelf.last(conv), shelf, people) {
                again.push((conv, shelf.last(conv)));
                self.lanes[lane].told = [self.lowest(conv, shelf, people), shelf.last(conv)];
            }
        }
        self.fresh(again, cx);
    }

    fn lowest(&self, conv: u32, shelf: &Shelf, people: &People) -> u32 {
        people.seats(conv).map(|seat| reach(seat, shelf, people)).min().unwrap_or(0)
    }

    fn lacking(&self, conv: u32, place: u32, shelf: &Shelf, people: &People) -> bool {
        people.seats(conv).any(|seat| (0..people.devices).any(|device| shelf.acked(people.screen(seat, device)) < place))
    }

    /// Durable messages: where are those who should see them? And they are looked after until all who are there have confirmed.
    pub fn fresh(&mut self, asked: Vec<(u32, u32)>, cx: &mut Ctx<'_>) {
        if asked.is_empty() {
            return;
        }
        let due = cx.now() + cx.system().redeliver;
        self.watched.extend(asked.iter().map(|(conv, place)| (due, *conv, *place)));
        self.arm(cx);
        cx.send(cx.system().registry(), Msg::Where { asked, again: false });
    }

    fn arm(&mut self, cx: &mut Ctx<'_>) {
        if let (false, Some((due, _, _))) = (self.armed, self.watched.front()) {
            // A moment's patience lets a handful be looked after at once.
            let wait = Span(due.since(cx.now()).0.max(10_000_000));
            self.armed = true;
            cx.after(wait, Timer::Redeliver);
        }
    }

    pub fn redeliver(&mut self, shelf: &Shelf, people: &People, cx: &mut Ctx<'_>) {
        self.armed = false;
        let (now, next) = (cx.now(), cx.now() + cx.system().redeliver);
        let mut asked: Vec<(u32, u32)> = Vec::new();
        while let Some((_, conv, place)) = self.watched.pop_front_if(|(due, _, _)| *due <= now) {
            if self.lanes[self.lane(conv)].settled < place && self.lacking(conv, place, shelf, people) {
                asked.push((conv, place));
            }
        }
        self.again = 0;
        if !asked.is_empty() {
            // One question for each conversation is enough, for its latest message.
            asked.sort_unstable();
            asked.reverse();
            asked.dedup_by_key(|(conv, _)| *conv);
            self.again = asked.len();
            self.watched.extend(asked.iter().map(|(conv, place)| (next, *conv, *place)));
            cx.send(cx.system().registry(), Msg::Where { asked, again: true });
        }
        self.arm(cx);
    }

    /// The registry's answer: screens that are connected, conversation by conversation.
    pub fn here(&mut self, asked: &[(u32, u32, u32)], found: &[(u32, u32)], again: bool, shelf: &mut Shelf, people: &People, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let (mut out, mut ticks) = (Heaps::new(system.gateways as usize), Heaps::new(system.gateways as usize));
        let mut ring = Vec::new();
        let mut from = 0;
        for (conv, place, count) in asked {
            let found = &found[from..from + *count as usize];
            from += *count as usize;
            let awaited = self.push_to((*conv, *place), found, again, shelf, &mut out, cx);
            let lane = self.lane(*conv);
            self.lanes[lane].sought = self.lanes[lane].sought.max(*place);
            self.absent((*conv, *place), found, shelf, people, &mut ring, cx);
            if !awaited {
                self.lanes[lane].settled = self.lanes[lane].settled.max(*place);
            }
            if system.tick_early {
                self.receipts(*conv, DELIVERED, shelf, people, &mut ticks, cx);
            }
        }
        tick(ticks, cx);
        out.empty(|rank, items| {
            hand_over(system.gateway(rank as u32), items, cx);
        });
        if !ring.is_empty() {
            cx.send(system.push(), Msg::Notify(ring));
        }
    }

    /// Who is there gets what they lack. Whether anything is to be confirmed.
    fn push_to(&mut self, (conv, place): (u32, u32), found: &[(u32, u32)], again: bool, shelf: &mut Shelf, out: &mut Heaps<Item>, cx: &mut Ctx<'_>) -> bool {
        let (system, sought, mut awaited) = (cx.shared(), self.lanes[self.lane(conv)].sought, false);
        for (screen, gateway) in found.iter().copied() {
            let at = self.at(screen);
            if shelf.acked(screen) >= place {
                continue;
            }
            let mut path = Path::Direct;
            if again && self.screens[at].pushed > shelf.acked(screen) {
                self.screens[at].back_to(shelf.acked(screen));
                path = Path::Retried;
                cx.count(REDELIVERED, 1);
                cx.fact(Fact::Redelivered);
            }
            self.push(screen, conv, path, shelf, |mut item| {
                if path == Path::Direct && item.place <= sought {
                    item.path = Path::Inbox;
                }
                out.put(system.gateway_rank(NodeId(gateway)), item);
            });
            if system.commit_before {
                // Whatever becomes of it: its offset is committed, and nobody will look after it.
                shelf.ack(screen, self.screens[at].pushed);
            } else {
                awaited = true;
            }
        }
        awaited
    }

    /// Who is not there. A phone is rung once for a conversation until its user has looked; where only what offline users miss is kept,
    /// the other devices of somebody who is online are passed over for good.
    fn absent(&mut self, (conv, place): (u32, u32), found: &[(u32, u32)], shelf: &mut Shelf, people: &People, ring: &mut Vec<u32>, cx: &mut Ctx<'_>) {
        let keep_first = cx.system().keep_first;
        let mut next = 0;
        for seat in people.seats(conv) {
            let before = next;
            while found.get(next).is_some_and(|(screen, _)| people.seat_of_screen(*screen) == seat) {
                next += 1;
            }
            let there = &found[before..next];
            if there.is_empty() {
                let at = (seat - self.first_seat) as usize;
                if shelf.unread(seat) > 0 {
                    if std::mem::replace(&mut self.rung[at], true) {
                        cx.count(RUNG_COLLAPSED, 1);
                    } else {
                        ring.push(people.user(seat));
                    }
                }
            } else if !keep_first && (there.len() as u32) < people.devices {
                for screen in (0..people.devices).map(|device| people.screen(seat, device)) {
                    if shelf.acked(screen) < place && there.iter().all(|(other, _)| *other != screen) {
                        cx.count(SKIPPED, u64::from(place - shelf.acked(screen)));
                        shelf.ack(screen, place);
                    }
                }
            }
        }
    }

    /// What a screen lacks, as far as the window allows. Gives how many partitions were opened for it.
    fn push(&mut self, screen: u32, conv: u32, path: Path, shelf: &Shelf, mut each: impl FnMut(Item)) -> usize {
        let (at, acked) = (self.at(screen), shelf.acked(screen));
        let after = self.screens[at].pushed.max(acked);
        let upto = self.lanes[self.lane(conv)].durable.min(acked + WINDOW);
        let handed = &mut self.screens[at].handed;
        let opened = shelf.range(conv, after, upto, WINDOW as usize, |place, line| {
            let follows = std::mem::replace(handed, place);
            each(Item { screen, place, follows, line: *line, path });
        });
        self.screens[at].pushed = after.max(upto);
        opened
    }

    pub fn acks(&mut self, gateway: NodeId, all: &[Ack], shelf: &mut Shelf, people: &People, cx: &mut Ctx<'_>) {
        let (mut more, mut ticks) = (Vec::new(), Heaps::new(cx.system().gateways as usize));
        let mut last = None;
        for ack in all {
            let (at, conv) = (self.at(ack.screen), people.conv(people.seat_of_screen(ack.screen)));
            self.screens[at].heard = gateway;
            shelf.ack(ack.screen, ack.place);
            let acked = shelf.acked(ack.screen);
            let mut path = Path::Inbox;
            self.screens[at].has = ack.place;
            if ack.gap && self.screens[at].pushed > acked {
                self.screens[at].back_to(acked);
                path = Path::Retried;
            }
            if self.screens[at].pushed.max(acked) < self.lanes[self.lane(conv)].durable {
                self.push(ack.screen, conv, path, shelf, |item| more.push(item));
            }
            if last != Some(conv) {
                if let Some(conv) = last {
                    self.receipts(conv, DELIVERED, shelf, people, &mut ticks, cx);
                }
                last = Some(conv);
            }
        }
        if let Some(conv) = last {
            self.receipts(conv, DELIVERED, shelf, people, &mut ticks, cx);
        }
        tick(ticks, cx);
        if !more.is_empty() {
            hand_over(gateway, more, cx);
        }
    }

    /// A device says what it has: it gets what follows.
    pub fn sync(&mut self, gateway: NodeId, device: u32, has: &[(u32, u32)], shelf: &mut Shelf, people: &People, cx: &mut Ctx<'_>) {
        let mut items = Vec::new();
        for (seat, place) in has {
            let (screen, conv) = (people.screen(*seat, device), people.conv(*seat));
            let at = self.at(screen);
            self.screens[at].heard = gateway;
            self.rung[(*seat - self.first_seat) as usize] = false;
            shelf.ack(screen, (*place).min(self.lanes[self.lane(conv)].durable));
            self.screens[at].has = *place;
            self.screens[at].back_to(shelf.acked(screen));
            if self.screens[at].pushed < self.lanes[self.lane(conv)].durable {
                let opened = self.push(screen, conv, Path::Inbox, shelf, |item| items.push(item));
                cx.record(OPENED, opened as u64);
                cx.fact(Fact::CaughtUp);
                // Looked after like any other message, in case it is lost on the way.
                let due = cx.now() + cx.system().redeliver;
                let lane = self.lane(conv);
                self.lanes[lane].settled = self.lanes[lane].settled.min(shelf.acked(screen));
                self.watched.push_back((due, conv, self.lanes[lane].durable));
            }
        }
        if !items.is_empty() {
            hand_over(gateway, items, cx);
        }
        self.arm(cx);
    }

    /// Users have read: their other devices hear of it, and who wrote what they read.
    pub fn marked(&mut self, seats: &[u32], shelf: &Shelf, people: &People, cx: &mut Ctx<'_>) {
        if seats.is_empty() {
            return;
        }
        let system = cx.shared();
        let (mut heaps, mut ticks) = (Heaps::new(system.gateways as usize), Heaps::new(system.gateways as usize));
        for seat in seats {
            let mark = Mark { seat: *seat, place: shelf.read(*seat) };
            for screen in (0..people.devices).map(|device| people.screen(*seat, device)) {
                let gateway = self.screens[self.at(screen)].heard;
                if gateway != NOBODY {
                    heaps.put(system.gateway_rank(gateway), (screen, mark));
                }
            }
            self.receipts(people.conv(*seat), READ, shelf, people, &mut ticks, cx);
        }
        tick(ticks, cx);
        heaps.empty(|rank, all| cx.send(system.gateway(rank as u32), Msg::Marked(all)));
    }

    /// Ticks for who wrote what all others have by now, or have read.
    fn receipts(&mut self, conv: u32, which: usize, shelf: &Shelf, people: &People, out: &mut Heaps<Receipt>, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let lane = self.lane(conv);
        let durable = self.lanes[lane].durable;
        if !system.receipts || self.lanes[lane].told[which] >= durable {
            return;
        }
        let mut ticks: Vec<(u32, Line)> = Vec::new();
        let mut upto = self.lanes[lane].told[which];
        let come = |seat: u32| match which {
            READ => shelf.read(seat),
            _ if system.tick_early => (0..people.devices).map(|d| self.screens[self.at(people.screen(seat, d))].pushed).max().unwrap_or(0),
            _ => reach(seat, shelf, people),
        };
        let mut open = true;
        shelf.range(conv, upto, durable, AHEAD, |place, line| {
            let writer = line.device / people.devices;
            open = open && people.seats(conv).all(|seat| people.user(seat) == writer || come(seat) >= place);
            if open {
                upto = place;
                ticks.push((place, *line));
            }
        });
        self.lanes[lane].told[which] = upto;
        for (place, line) in ticks {
            let screen = people.seat_in(conv, line.device / people.devices).map(|seat| people.screen(seat, line.device));
            let gateway = screen.map_or(NOBODY, |screen| self.screens[self.at(screen)].heard);
            if gateway != NOBODY {
                cx.fact(Fact::Told { conv, place, read: which == READ });
                out.put(system.gateway_rank(gateway), Receipt { device: line.device, read: which == READ, sent: line.sent });
            }
        }
    }

    /// Whether it still looks after a conversation.
    pub fn seeks(&self, conv: u32) -> bool {
        self.watched.iter().any(|(_, other, _)| *other == conv)
    }

    pub fn again(&self) -> usize {
        self.again
    }

    pub fn weight(&self) -> usize {
        self.screens.bytes() + self.lanes.bytes() + self.rung.bytes() + self.watched.bytes()
    }
}

fn tick(mut ticks: Heaps<Receipt>, cx: &mut Ctx<'_>) {
    let system = cx.shared();
    ticks.empty(|rank, all| cx.send(system.gateway(rank as u32), Msg::Receipts(all)));
}

fn hand_over(gateway: NodeId, items: Vec<Item>, cx: &mut Ctx<'_>) {
    cx.count(FRAMES, 1);
    cx.count(PUSHES, items.len() as u64);
    cx.send(gateway, Msg::Deliver(items));
}

/// How far a user has come on any device.
fn reach(seat: u32, shelf: &Shelf, people: &People) -> u32 {
    (0..people.devices).map(|device| shelf.acked(people.screen(seat, device))).max().unwrap_or(0)
}
