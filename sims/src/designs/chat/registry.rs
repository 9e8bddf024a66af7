//! The session registry: which gateway has which device, and so who is there. All of it is soft: heartbeats bring it back.

use super::metrics::{EXPIRED, HEARTBEATS, LOOKUPS, PRESENCE_PUSHED, PRESENCE_REFRESHED, RESTORED, SEEN_GONE, STATUS_CHANGES};
use super::people::People;
use super::role::Ctx;
use super::system::Chat;
use super::watch::Fact;
use super::wire::{Connection, Heaps, Msg, Timer};
use crate::kernel::node::{Look, NodeId};
use crate::kernel::queue::Ticket;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::parts::presence::Presence;
use crate::parts::sessions::{Beat, Sessions};
use std::sync::Arc;

#[derive(Clone)]
pub struct Registry {
    people: Arc<People>,
    sessions: Sessions,
    presence: Presence,
    armed: Option<Ticket>,
    /// When it began to learn who is there. Until everybody has had a turn it does not speak of who is not.
    since: Option<Time>,
}

/// While the world comes to rest everybody beats within two seconds.
const QUICK_TURN: Span = Span::millis(2_500);

impl Registry {
    pub fn new(people: Arc<People>, connected: &[Option<u32>], system: &Chat) -> Registry {
        let mut sessions = Sessions::new(connected.len());
        let mut presence = Presence::new(people.users as usize);
        for (device, at) in connected.iter().enumerate() {
            if let Some(rank) = at {
                sessions.open(device, system.gateway(*rank).0, 1, Time::ZERO);
                presence.up(device / people.devices as usize);
            }
        }
        Registry { people, sessions, presence, armed: None, since: None }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        let heartbeat = cx.system().heartbeat;
        cx.background(heartbeat, Timer::Sweep);
        if self.sessions.open_count() == 0 {
            self.since = Some(cx.now());
            cx.log("the registry is empty: heartbeats will fill it".into());
        }
    }

    pub fn crash(&mut self) {
        self.sessions.clear();
        self.presence.clear();
        self.armed = None;
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Register(connection) => self.register(from, connection, cx),
            Msg::Unregister(all) => {
                for (device, count) in all {
                    let ended = if cx.system().blunt_goodbyes { self.sessions.close_any(device as usize) } else { self.sessions.close(device as usize, count) };
                    if ended {
                        self.gone(device, cx);
                    }
                }
                self.settle(cx);
            }
            Msg::Where { asked, again } => self.look_up(from, &asked, again, cx),
            Msg::Beats { devices, .. } => self.beats(from, &devices, cx),
            _ => {}
        }
    }

    pub fn wake(&mut self, timer: &Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Sweep => self.sweep(cx),
            Timer::Settle => {
                self.armed = None;
                self.settle(cx);
            }
            _ => {}
        }
    }

    fn register(&mut self, gateway: NodeId, connection: Connection, cx: &mut Ctx<'_>) {
        let (device, count) = connection;
        let was_open = self.sessions.of(device as usize).is_some();
        if !self.sessions.open(device as usize, gateway.0, count, cx.now()) {
            return;
        }
        if !was_open {
            self.come(device, cx);
        }
        cx.send(gateway, Msg::Registered(connection));
        self.refresh(gateway, vec![device], cx);
    }

    fn come(&mut self, device: u32, cx: &mut Ctx<'_>) {
        let user = device / self.people.devices;
        if self.presence.up(user as usize) {
            self.tell(user, true, cx);
        }
    }

    fn gone(&mut self, device: u32, cx: &mut Ctx<'_>) {
        self.presence.down((device / self.people.devices) as usize, cx.now());
    }

    /// Tells of all who have been gone for long enough, and looks again when the next will have been.
    fn settle(&mut self, cx: &mut Ctx<'_>) {
        let (now, debounce) = (cx.now(), cx.system().debounce);
        let mut left = Vec::new();
        self.presence.due(now, debounce, |user, since| left.push((user, since)));
        for (user, since) in left {
            cx.record_since(SEEN_GONE, since);
            self.tell(user, false, cx);
        }
        if let Some(ticket) = self.armed.take() {
            cx.cancel(ticket);
        }
        if let Some(next) = self.presence.next(debounce) {
            self.armed = Some(cx.background(Span(next.since(now).0.max(1)), Timer::Settle));
        }
    }

    /// To every device of everybody who talks with them.
    fn tell(&mut self, user: u32, on: bool, cx: &mut Ctx<'_>) {
        cx.count(STATUS_CHANGES, 1);
        let system = cx.shared();
        let mut heaps = Heaps::new(system.gateways as usize);
        let mut told = 0;
        for (_, theirs) in self.people.contacts(user) {
            for device in 0..self.people.devices {
                let screen = self.people.screen(theirs, device);
                if let Some(gateway) = self.sessions.of(self.people.device(screen) as usize) {
                    heaps.put(system.gateway_rank(NodeId(gateway)), (screen, on));
                    told += 1;
                }
            }
        }
        cx.count(PRESENCE_PUSHED, told);
        heaps.empty(|rank, seen| cx.send(system.gateway(rank as u32), Msg::Statuses(seen)));
    }

    /// What devices are shown of their contacts.
    fn refresh(&self, gateway: NodeId, devices: Vec<u32>, cx: &mut Ctx<'_>) {
        let turn = if cx.draining() { QUICK_TURN } else { cx.system().heartbeat.times(1.5) };
        let learning = self.since.is_some_and(|since| cx.now().since(since) < turn);
        if learning || devices.is_empty() {
            return;
        }
        let mut on = Vec::with_capacity(devices.len() * 4);
        let of = |device: u32| {
            let partners = self.people.partners(device / self.people.devices);
            on.extend(partners.iter().map(|user| self.presence.shown(*user as usize)));
            (device, partners.len() as u32)
        };
        let devices = devices.into_iter().map(of).collect();
        cx.count(PRESENCE_REFRESHED, on.len() as u64);
        cx.send(gateway, Msg::Refresh { devices, on });
    }

    fn look_up(&mut self, from: NodeId, asked: &[(u32, u32)], again: bool, cx: &mut Ctx<'_>) {
        cx.count(LOOKUPS, asked.len() as u64);
        let (mut found, mut counted) = (Vec::new(), Vec::with_capacity(asked.len()));
        for (conv, place) in asked {
            let before = found.len();
            for seat in self.people.seats(*conv) {
                for device in 0..self.people.devices {
                    let screen = self.people.screen(seat, device);
                    if let Some(gateway) = self.sessions.of(self.people.device(screen) as usize) {
                        found.push((screen, gateway));
                    }
                }
            }
            counted.push((*conv, *place, (found.len() - before) as u32));
        }
        cx.send(from, Msg::Here { asked: counted, found, again });
    }

    /// A heartbeat is a registration too: whoever it did not know, it knows now, and the device must ask for what it has missed meanwhile.
    fn beats(&mut self, gateway: NodeId, devices: &[Connection], cx: &mut Ctx<'_>) {
        cx.count(HEARTBEATS, devices.len() as u64);
        let (mut known, mut lost) = (Vec::with_capacity(devices.len()), Vec::new());
        for (device, count) in devices {
            let was_open = self.sessions.of(*device as usize).is_some();
            match self.sessions.beat(*device as usize, gateway.0, *count, cx.now()) {
                Beat::Known => {}
                Beat::Restored => {
                    cx.count(RESTORED, 1);
                    lost.push(*device);
                    if !was_open {
                        self.come(*device, cx);
                    }
                }
                Beat::Stale => continue,
            }
            known.push(*device);
        }
        self.refresh(gateway, known, cx);
        if !lost.is_empty() {
            cx.fact(Fact::Restored);
            cx.send(gateway, Msg::Restored(lost));
        }
    }

    fn sweep(&mut self, cx: &mut Ctx<'_>) {
        let (now, silence) = (cx.now(), cx.system().silence());
        if now >= Time::ZERO + silence {
            let mut ended = Vec::new();
            self.sessions.expire(Time(now.0 - silence.0), |device| ended.push(device as u32));
            cx.count(EXPIRED, ended.len() as u64);
            ended.into_iter().for_each(|device| self.gone(device, cx));
        }
        self.settle(cx);
        let heartbeat = cx.system().heartbeat;
        cx.background(heartbeat, Timer::Sweep);
    }

    /// Whether a user's going is not told yet: it has to last, or is not noticed.
    pub fn doubts(&self, user: u32) -> bool {
        let first = (user * self.people.devices) as usize;
        self.presence.leaves(user as usize) || (first..first + self.people.devices as usize).any(|device| self.sessions.of(device).is_some())
    }

    /// What others are told of a user.
    pub fn shown(&self, user: u32) -> bool {
        self.presence.shown(user as usize)
    }

    pub fn weight(&self) -> usize {
        self.sessions.weight() + self.presence.weight()
    }

    pub fn look(&self, system: &Chat) -> Look {
        let open = self.sessions.open_count();
        let all = (system.users * system.devices).max(1);
        let state = if open == 0 { State::Warn } else { State::Busy };
        Look { label: format!("{open} sessions"), state, fill: Some(open as f64 / f64::from(all)) }
    }
}
