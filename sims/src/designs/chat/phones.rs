//! The phones and laptops of one network, a pool for many users: how they connect, beat, lose their connection and come back.
//!
//! Devices are rows of one array, not nodes: a hundred thousand users are four nodes and their arrays.

use super::metrics::ONLINE;
use super::people::{People, share};
use super::role::Ctx;
use super::system::{Chat, SLICES};
use super::wire::{Heaps, Msg, Timer, Which};
use crate::kernel::action::Action;
use crate::kernel::load::{Arrivals, Stream};
use crate::kernel::node::{Look, NodeId};
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::{Flat, deep};
use std::collections::VecDeque;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The app is closed.
    Off,
    /// Until it tries again.
    Waiting,
    Connecting,
    Up,
}

/// A message on its way to its server.
#[derive(Clone, Copy, Debug, Default)]
pub struct Draft {
    pub conv: u32,
    pub written: i64,
    pub sent: Time,
    pub answers: u32,
}

/// What is looked at with every message; there are many devices, and most wait for nothing.
#[derive(Clone)]
pub struct Device {
    /// Rank of its gateway, or of the last one it tried.
    pub gateway: u32,
    /// Connections so far.
    pub count: u32,
    /// Its latest message's number.
    pub number: u32,
    pub link: Link,
    /// It has a message on its way, this one; and so many more wait in its outbox.
    pub sending: bool,
    pub draft: Draft,
    pub queued: u16,
    /// Its user wants to be online.
    pub wants: bool,
}

/// What a user has read of a conversation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reader {
    /// Up to here, as the server has confirmed.
    pub upto: u32,
    /// They are about to read what is there.
    pub soon: bool,
}

/// The rest of a device.
#[derive(Clone)]
pub struct More {
    pub tries: u32,
    pub waited: Span,
    /// When it lost its connection, or last heard from a gateway that is silent.
    pub lost: Option<Time>,
    /// Place among those that are up.
    pub at: u32,
    /// Servers that have answered what it asked when it came back, as bits.
    pub synced: u64,
    pub outbox: VecDeque<Draft>,
}

#[derive(Clone)]
pub struct Phones {
    pub people: Arc<People>,
    pub first_user: u32,
    pub first_device: u32,
    pub first_slot: u32,
    pub devices: Vec<Device>,
    pub more: Vec<More>,
    /// Devices that are up, in no order.
    pub up: Vec<u32>,
    /// By screen of this pool: what was shown, and whether the other side of a pair is there.
    pub shown: Vec<u32>,
    pub sees: Vec<bool>,
    /// By slot of this pool.
    pub read: Vec<Reader>,
    pub overdue: VecDeque<(Time, u32, u32)>,
    pub to_read: VecDeque<(Time, u32)>,
    pub to_confirm: VecDeque<(Time, u32)>,
    pub armed: [bool; 3],
    slice: u32,
    /// Whose turn it is to come or go.
    pub turn: usize,
    /// By gateway and slice: heartbeats without an answer.
    silent: Vec<u8>,
    /// When each was answered last.
    answered: Vec<Time>,
    load: Stream,
    churn: Stream,
    flaps: Stream,
    /// The series of ticks that is in force. After the end of the load heartbeats come quickly until then, and count as work, so that everybody learns who is there.
    series: u32,
    quick_until: Time,
}

/// A gateway that has not answered so many heartbeats of a slice is given up.
const SILENT: u8 = 2;
/// While the world comes to rest.
const QUICK_TICK: Span = Span::millis(200);
const QUICK_FOR: Span = Span::secs(8);

impl Phones {
    pub fn new(rank: u32, people: Arc<People>, connected: &[Option<u32>], system: &Chat, rng: &Rng) -> Phones {
        let (first_user, end) = (share(rank, system.pools, people.users), share(rank + 1, system.pools, people.users));
        let (first_device, slots) = (first_user * people.devices, people.slots_between(first_user, end));
        let mut phones = Phones {
            first_user,
            first_device,
            first_slot: slots.start,
            devices: Vec::new(),
            more: Vec::new(),
            up: Vec::new(),
            shown: vec![0; slots.len() * people.devices as usize],
            sees: vec![false; slots.len() * people.devices as usize],
            read: vec![Reader::default(); slots.len()],
            overdue: VecDeque::new(),
            to_read: VecDeque::new(),
            to_confirm: VecDeque::new(),
            armed: [false; 3],
            slice: 0,
            turn: 0,
            silent: vec![0; (system.gateways * SLICES) as usize],
            answered: vec![Time::ZERO; (system.gateways * SLICES) as usize],
            load: Stream::new(Arrivals::Poisson, rng.clone()),
            churn: Stream::new(Arrivals::Poisson, Rng::stream(rng.clone().u64(), "churn")),
            flaps: Stream::new(Arrivals::Poisson, Rng::stream(rng.clone().u64(), "flaps")),
            series: 0,
            quick_until: Time::ZERO,
            people,
        };
        for device in first_device..end * phones.people.devices {
            phones.devices.push(Device::new(connected[device as usize]));
            phones.more.push(More::default());
            if connected[device as usize].is_some() {
                phones.more[(device - first_device) as usize].at = phones.up.len() as u32;
                phones.up.push(device);
            }
        }
        phones.sees_at_first(connected);
        phones
    }

    /// What those who are connected when the run begins have been told of each other.
    fn sees_at_first(&mut self, connected: &[Option<u32>]) {
        let people = Arc::clone(&self.people);
        for user in self.first_user..self.first_user + (self.devices.len() as u32 / people.devices) {
            for (mine, theirs) in people.contacts(user) {
                let other = (people.user(theirs) * people.devices) as usize;
                let there = connected[other..other + people.devices as usize].iter().any(Option::is_some);
                for device in 0..people.devices {
                    let at = self.screen_at(people.screen(mine, device));
                    self.sees[at] = there;
                }
            }
        }
    }

    pub fn local(&self, device: u32) -> usize {
        (device - self.first_device) as usize
    }

    /// A screen's place in this pool's arrays.
    pub fn screen_at(&self, screen: u32) -> usize {
        let seat = self.people.seat_of_screen(screen);
        ((self.people.slot(seat) - self.first_slot) * self.people.devices + screen % self.people.devices) as usize
    }

    pub fn slot_at(&self, seat: u32) -> usize {
        (self.people.slot(seat) - self.first_slot) as usize
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        let tick = Span(cx.system().heartbeat.0 / u64::from(SLICES));
        cx.background(tick, Timer::Tick(self.series));
        for which in [Which::Load, Which::Churn, Which::Flap] {
            self.next(which, cx);
        }
        cx.gauge(ONLINE, self.up.len() as f64);
    }

    /// The batteries are empty: what was shown and written is kept, connections are not.
    pub fn crash(&mut self) {
        for local in 0..self.devices.len() {
            self.take_down(local, Link::Off);
        }
        self.armed = [false; 3];
        self.to_read.clear();
        self.to_confirm.clear();
        self.overdue.clear();
        self.read.iter_mut().for_each(|reader| reader.soon = false);
        self.silent.fill(0);
    }

    pub fn restart(&mut self, cx: &mut Ctx<'_>) {
        self.start(cx);
        for local in 0..self.devices.len() {
            if self.devices[local].wants || cx.draining() {
                self.lose(local, cx);
            }
        }
        if cx.draining() {
            self.everybody_back(cx);
        }
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Welcome(connection) => self.welcome(from, connection, cx),
            Msg::Closed(all) => {
                let rank = cx.system().gateway_rank(from) as u32;
                for (device, count) in all {
                    let local = self.local(device);
                    let of = &self.devices[local];
                    if of.link == Link::Up && of.gateway == rank && (count == 0 || count == of.count) {
                        self.lose(local, cx);
                    }
                }
            }
            Msg::Pong { slice } => {
                let at = cx.system().gateway_rank(from) * SLICES as usize + slice as usize;
                self.silent[at] = 0;
                self.answered[at] = cx.now();
            }
            Msg::Statuses(seen) => {
                for (screen, on) in seen {
                    let at = self.screen_at(screen);
                    self.sees[at] = on;
                }
            }
            Msg::Refresh { devices, on } => self.refresh(&devices, &on),
            // Whoever the registry had forgotten may have missed something.
            Msg::Restored(lost) => lost.into_iter().for_each(|device| self.sync(device, cx)),
            Msg::Synced { device, server } => {
                let local = self.local(device);
                self.more[local].synced |= 1 << server;
            }
            Msg::Ring(users) => users.into_iter().for_each(|user| self.ring(user, cx)),
            Msg::Sent(all) => all.iter().for_each(|sent| self.ticked(sent.device, sent.number, cx)),
            Msg::Deliver(items) => self.deliver(from, &items, cx),
            Msg::Marked(all) => self.marked(&all),
            Msg::Receipts(all) => self.receipts(&all, cx),
            _ => {}
        }
    }

    pub fn wake(&mut self, timer: &Timer, cx: &mut Ctx<'_>) {
        match *timer {
            Timer::Next(which, arrived) => {
                match (arrived, which) {
                    (false, _) => {}
                    (true, Which::Load) => self.write_one(cx),
                    (true, Which::Churn) => self.come_or_go(cx),
                    (true, Which::Flap) => self.flap(cx),
                }
                self.next(which, cx);
            }
            Timer::Tick(series) if series == self.series => self.tick(cx),
            Timer::Unanswered((device, count)) => {
                let local = self.local(device);
                if self.devices[local].count == count && self.devices[local].link == Link::Connecting {
                    self.lose(local, cx);
                }
            }
            Timer::Reconnect((device, count)) => {
                let local = self.local(device);
                if self.devices[local].count == count && self.devices[local].link == Link::Waiting {
                    self.connect(local, cx);
                }
            }
            Timer::SyncAgain((device, count)) => {
                let of = &self.devices[self.local(device)];
                if of.link == Link::Up && of.count == count && self.more[self.local(device)].synced != self.all_servers(device, cx.system()) {
                    self.sync(device, cx);
                }
            }
            Timer::Overdue => self.resend(cx),
            Timer::Reading => self.read_now(cx),
            Timer::Confirm => self.confirm(cx),
            Timer::Reply { device, conv, answers } => self.reply(device, conv, answers, cx),
            _ => {}
        }
    }

    fn refresh(&mut self, devices: &[(u32, u32)], on: &[bool]) {
        let mut from = 0;
        for (device, count) in devices {
            let upto = from + *count as usize;
            let slots = self.people.slots_of(device / self.people.devices);
            for (slot, on) in slots.zip(&on[from..upto]) {
                let at = (slot - self.first_slot) * self.people.devices + device % self.people.devices;
                self.sees[at as usize] = *on;
            }
            from = upto;
        }
    }

    /// The next arrival of a stream; all pools share its rate.
    fn next(&mut self, which: Which, cx: &mut Ctx<'_>) {
        let (system, there) = (cx.shared(), f64::from(u8::from(!cx.draining())));
        let (stream, rate) = match which {
            Which::Load => (&mut self.load, system.rate * cx.load()),
            Which::Churn => (&mut self.churn, system.churn * there),
            Which::Flap => (&mut self.flaps, system.flaps * there),
        };
        cx.expect(stream.gap(rate / f64::from(system.pools), cx.now()), |arrives| Timer::Next(which, arrives));
    }

    /// A slice of the devices beats; those whose gateway has not answered for too long give it up.
    fn tick(&mut self, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let slice = self.slice;
        self.slice = (slice + 1) % SLICES;
        let mut heaps = Heaps::new(system.gateways as usize);
        let mut lost = Vec::new();
        for local in (slice as usize..self.devices.len()).step_by(SLICES as usize) {
            let of = &self.devices[local];
            if of.link != Link::Up {
                continue;
            }
            if self.silent[(of.gateway * SLICES + slice) as usize] >= SILENT {
                let answered = self.answered[(of.gateway * SLICES + slice) as usize];
                self.more[local].lost = Some(answered);
                lost.push(local);
            } else {
                heaps.put(of.gateway as usize, (self.first_device + local as u32, of.count));
            }
        }
        for rank in 0..system.gateways {
            let silent = &mut self.silent[(rank * SLICES + slice) as usize];
            *silent = if *silent >= SILENT { 0 } else { *silent };
        }
        heaps.empty(|rank, devices| {
            self.silent[rank * SLICES as usize + slice as usize] += 1;
            cx.send(system.gateway(rank as u32), Msg::Beats { slice, devices });
        });
        lost.into_iter().for_each(|local| self.lose(local, cx));
        let tick = Span(system.heartbeat.0 / u64::from(SLICES));
        if cx.now() < self.quick_until {
            cx.after(tick.min(QUICK_TICK), Timer::Tick(self.series));
        } else {
            cx.background(tick, Timer::Tick(self.series));
        }
    }

    /// The load is over: everybody opens their apps, as far as the gateways can take them in a moment.
    pub fn everybody_back(&mut self, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let room = (5_000_000_000 / system.accept.0.max(1)) * u64::from(system.gateways);
        let all = u64::from(system.users * system.devices) <= room.min(20_000);
        for local in 0..self.devices.len() {
            let wait = Span::secs(2).times(cx.rng().unit());
            if all && self.devices[local].link == Link::Off {
                self.devices[local].wants = true;
                self.devices[local].link = Link::Waiting;
                let connection = (self.first_device + local as u32, self.devices[local].count);
                cx.after(wait, Timer::Reconnect(connection));
            }
        }
        self.series += 1;
        self.quick_until = cx.now() + QUICK_FOR;
        cx.after(QUICK_TICK, Timer::Tick(self.series));
    }

    /// `lose-signal`: many connections break at one instant.
    pub fn act(&mut self, action: &Action, turn: u64, shares: u64, cx: &mut Ctx<'_>) {
        let n = action.int("n").unwrap_or(0).max(0).unsigned_abs();
        let mine = n / shares + u64::from(turn < n % shares);
        match action.name.as_str() {
            "write" => (0..mine).for_each(|_| self.write_one(cx)),
            _ => (0..mine).for_each(|_| self.flap(cx)),
        }
    }

    pub fn weight(&self) -> usize {
        let devices = self.devices.bytes() + self.more.bytes() + deep(self.more.iter(), |more| more.outbox.bytes());
        let screens = self.shown.bytes() + self.sees.bytes() + self.read.bytes();
        devices + screens + self.up.bytes() + self.overdue.bytes() + self.to_read.bytes() + self.to_confirm.bytes() + self.silent.len() + self.answered.bytes()
    }

    pub fn look(&self) -> Look {
        let (up, all) = (self.up.len(), self.devices.len());
        let waiting = self.devices.iter().filter(|device| matches!(device.link, Link::Waiting | Link::Connecting)).count();
        let state = if waiting * 10 > all { State::Warn } else { State::Busy };
        let label = if waiting > 0 { format!("{up} on, {waiting} trying") } else { format!("{up} of {all} on") };
        Look { label, state, fill: Some(up as f64 / all.max(1) as f64) }
    }
}

impl Device {
    fn new(connected: Option<u32>) -> Device {
        Device {
            gateway: connected.unwrap_or(0),
            count: u32::from(connected.is_some()),
            number: 0,
            link: if connected.is_some() { Link::Up } else { Link::Off },
            sending: false,
            draft: Draft::default(),
            queued: 0,
            wants: connected.is_some(),
        }
    }
}

impl Default for More {
    fn default() -> Self {
        More { tries: 0, waited: Span::ZERO, lost: None, at: 0, synced: u64::MAX, outbox: VecDeque::new() }
    }
}
