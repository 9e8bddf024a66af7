//! A gateway: holds connections and knows nothing else. What it passes on is somebody else's to keep.

use super::metrics::{CLOSED, CONNECT_PEAK, CONNECTS, REFUSED, SESSIONS};
use super::people::People;
use super::role::Ctx;
use super::system::Chat;
use super::wire::{Ack, Connection, Heaps, Line, Msg, Timer};
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::sessions::Sessions;
use std::sync::Arc;

#[derive(Clone)]
pub struct Gateway {
    people: Arc<People>,
    /// Volatile: connections die with their gateway.
    sessions: Sessions,
    /// When the handshakes that wait will be done.
    busy_until: Time,
    /// What waits a moment to travel together.
    acks: Vec<Ack>,
    gathering: bool,
    devices: usize,
    backed_up: bool,
    /// Attempts in the present tenth of a second, and the most in any.
    tenth: (u64, u32),
    peak: u32,
}

/// In nanoseconds.
const TENTH: u64 = 100_000_000;

impl Gateway {
    pub fn new(rank: u32, people: Arc<People>, connected: &[Option<u32>], system: &Chat) -> Gateway {
        let mut sessions = Sessions::new(connected.len());
        for (device, _) in connected.iter().enumerate().filter(|(_, at)| **at == Some(rank)) {
            sessions.open(device, system.pool_rank_of(device as u32), 1, Time::ZERO);
        }
        Gateway {
            people,
            sessions,
            busy_until: Time::ZERO,
            acks: Vec::new(),
            gathering: false,
            devices: connected.len(),
            backed_up: false,
            tenth: (0, 0),
            peak: 0,
        }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.gauge(cx);
        let silence = cx.system().silence();
        cx.background(silence, Timer::Sweep);
    }

    pub fn crash(&mut self) {
        self.sessions = Sessions::new(self.devices);
        self.busy_until = Time::ZERO;
        self.backed_up = false;
        self.acks.clear();
        self.gathering = false;
    }

    fn gauge(&self, cx: &mut Ctx<'_>) {
        cx.gauge(SESSIONS, self.sessions.open_count() as f64);
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Hello(connection) => self.hello(connection, cx),
            Msg::Registered(connection) => self.registered(connection, cx),
            Msg::Bye(connection) => self.bye(connection, cx),
            Msg::Post { conv, line } => self.post(from, conv, line, cx),
            Msg::Sync { device, has } => self.sync(from, device, has, cx),
            Msg::Acks(all) => self.acks(all, cx),
            Msg::Reads(all) => self.by_server(all, |mark, people| people.conv(mark.seat), Msg::Reads, cx),
            Msg::Beats { slice, devices } => self.beats(from, slice, devices, cx),
            Msg::Deliver(all) => self.by_pool(all, |item, people| people.device(item.screen), Msg::Deliver, cx),
            Msg::Sent(all) => self.by_pool(all, |sent, _| sent.device, Msg::Sent, cx),
            Msg::Marked(all) => self.by_pool(all, |(screen, _), people| people.device(*screen), Msg::Marked, cx),
            Msg::Receipts(all) => self.by_pool(all, |receipt, _| receipt.device, Msg::Receipts, cx),
            Msg::Synced { device, server } => self.by_pool(vec![device], |device, _| *device, |_| Msg::Synced { device, server }, cx),
            Msg::Statuses(seen) => self.by_pool(seen, |(screen, _), people| people.device(*screen), Msg::Statuses, cx),
            Msg::Refresh { devices, on } => self.refresh(&devices, &on, cx),
            Msg::Restored(lost) => self.by_pool(lost, |device, _| *device, Msg::Restored, cx),
            _ => {}
        }
    }

    pub fn wake(&mut self, timer: &Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Accept(connection) => cx.send(cx.system().registry(), Msg::Register(*connection)),
            Timer::Gather => {
                self.gathering = false;
                let all = std::mem::take(&mut self.acks);
                self.pass_acks(all, cx);
            }
            Timer::Sweep => {
                let silence = cx.system().silence();
                if cx.now() >= Time::ZERO + silence {
                    self.sessions.expire(Time(cx.now().0 - silence.0), |_| {});
                    self.gauge(cx);
                }
                cx.background(silence, Timer::Sweep);
            }
            _ => {}
        }
    }

    /// A handshake costs time; what waits for longer than the backlog allows is not even answered.
    fn hello(&mut self, connection: Connection, cx: &mut Ctx<'_>) {
        cx.count(CONNECTS, 1);
        self.tally(cx);
        let (now, accept, backlog) = (cx.now(), cx.system().accept, cx.system().backlog);
        let free = self.busy_until.max(now);
        self.backed_up = free.since(now) > Span(backlog.0 / 2);
        if free.since(now) > backlog {
            cx.count(REFUSED, 1);
            return;
        }
        self.busy_until = free + accept;
        cx.after(self.busy_until.since(now), Timer::Accept(connection));
    }

    fn bye(&mut self, connection: Connection, cx: &mut Ctx<'_>) {
        if self.sessions.close(connection.0 as usize, connection.1) {
            self.gauge(cx);
            cx.send(cx.system().registry(), Msg::Unregister(vec![connection]));
        }
    }

    fn post(&mut self, pool: NodeId, conv: u32, line: Line, cx: &mut Ctx<'_>) {
        if self.knows(pool, line.device, cx) {
            let to = cx.system().server(cx.system().server_rank_of(conv, &self.people));
            cx.send(to, Msg::Post { conv, line });
        }
    }

    fn tally(&mut self, cx: &mut Ctx<'_>) {
        let tenth = cx.now().0 / TENTH;
        self.tenth = if self.tenth.0 == tenth { (tenth, self.tenth.1 + 1) } else { (tenth, 1) };
        if self.tenth.1 > self.peak {
            self.peak = self.tenth.1;
            cx.gauge(CONNECT_PEAK, f64::from(self.peak));
        }
    }

    /// Only now can others find the device: whoever is told *welcome* misses nothing that comes later.
    fn registered(&mut self, connection: Connection, cx: &mut Ctx<'_>) {
        let (device, count) = connection;
        let rank = cx.system().pool_rank_of(device);
        if self.sessions.open(device as usize, rank, count, cx.now()) {
            self.gauge(cx);
            cx.send(cx.system().pool(rank), Msg::Welcome(connection));
        }
    }

    fn knows(&mut self, pool: NodeId, device: u32, cx: &mut Ctx<'_>) -> bool {
        let known = self.sessions.of(device as usize).is_some();
        if !known {
            // The device's own count is not in what it sent: nought stands for whatever it has.
            cx.send(pool, Msg::Closed(vec![(device, 0)]));
        }
        known
    }

    fn sync(&mut self, from: NodeId, device: u32, has: Vec<(u32, u32)>, cx: &mut Ctx<'_>) {
        if !self.knows(from, device, cx) {
            return;
        }
        let system = cx.shared();
        let mut parts: Vec<Vec<(u32, u32)>> = vec![Vec::new(); system.servers as usize];
        for (seat, place) in has {
            parts[system.server_rank_of(self.people.conv(seat), &self.people) as usize].push((seat, place));
        }
        for (rank, has) in parts.into_iter().enumerate().filter(|(_, has)| !has.is_empty()) {
            cx.send(system.server(rank as u32), Msg::Sync { device, has });
        }
    }

    fn acks(&mut self, mut all: Vec<Ack>, cx: &mut Ctx<'_>) {
        let gather = cx.system().gather;
        if gather == Span::ZERO {
            self.pass_acks(all, cx);
            return;
        }
        self.acks.append(&mut all);
        if !std::mem::replace(&mut self.gathering, true) {
            cx.after(gather, Timer::Gather);
        }
    }

    fn pass_acks(&self, all: Vec<Ack>, cx: &mut Ctx<'_>) {
        self.by_server(all, |ack, people| people.conv(people.seat_of_screen(ack.screen)), Msg::Acks, cx);
    }

    fn by_server<T>(&self, all: Vec<T>, conv: impl Fn(&T, &People) -> u32, msg: impl Fn(Vec<T>) -> Msg, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let mut heaps = Heaps::new(system.servers as usize);
        for thing in all {
            heaps.put(system.server_rank_of(conv(&thing, &self.people), &self.people) as usize, thing);
        }
        heaps.empty(|rank, all| cx.send(system.server(rank as u32), msg(all)));
    }

    /// To the devices that are connected here; what is for others is nobody's.
    fn by_pool<T>(&mut self, all: Vec<T>, device: impl Fn(&T, &People) -> u32, msg: impl Fn(Vec<T>) -> Msg, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let mut heaps = Heaps::new(system.pools as usize);
        for thing in all {
            if let Some(pool) = self.sessions.of(device(&thing, &self.people) as usize) {
                heaps.put(pool as usize, thing);
            }
        }
        heaps.empty(|rank, all| cx.send(system.pool(rank as u32), msg(all)));
    }

    fn beats(&mut self, from: NodeId, slice: u32, devices: Vec<Connection>, cx: &mut Ctx<'_>) {
        cx.send(from, Msg::Pong { slice });
        let now = cx.now();
        let sessions = &mut self.sessions;
        let (known, unknown): (Vec<Connection>, Vec<Connection>) = devices.into_iter().partition(|(device, count)| {
            let at = sessions.of(*device as usize);
            at.is_some_and(|at| sessions.beat(*device as usize, at, *count, now) != crate::parts::sessions::Beat::Stale)
        });
        if !unknown.is_empty() {
            cx.send(from, Msg::Closed(unknown));
        }
        if !known.is_empty() {
            cx.send(cx.system().registry(), Msg::Beats { slice, devices: known });
        }
    }

    fn refresh(&mut self, devices: &[(u32, u32)], on: &[bool], cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let mut parts = vec![(Vec::new(), Vec::new()); system.pools as usize];
        let mut from = 0;
        for (device, count) in devices {
            let upto = from + *count as usize;
            if let Some(pool) = self.sessions.of(*device as usize) {
                let part = &mut parts[pool as usize];
                part.0.push((*device, *count));
                part.1.extend_from_slice(&on[from..upto]);
            }
            from = upto;
        }
        for (rank, (devices, on)) in parts.into_iter().enumerate().filter(|(_, (devices, _))| !devices.is_empty()) {
            cx.send(system.pool(rank as u32), Msg::Refresh { devices, on });
        }
    }

    /// A new version is rolled out: every connection ends at once.
    pub fn close_all(&mut self, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let mut heaps = Heaps::new(system.pools as usize);
        let mut ended = Vec::new();
        for device in 0..self.devices {
            if let Some((pool, count)) = self.sessions.connection(device) {
                heaps.put(pool as usize, (device as u32, count));
                ended.push((device as u32, count));
            }
        }
        cx.count(CLOSED, ended.len() as u64);
        cx.log(format!("{} ends {} connections", cx.name(cx.me()), ended.len()));
        self.sessions = Sessions::new(self.devices);
        self.gauge(cx);
        cx.send(system.registry(), Msg::Unregister(ended));
        heaps.empty(|rank, all| cx.send(system.pool(rank as u32), Msg::Closed(all)));
    }

    pub fn weight(&self) -> usize {
        self.sessions.weight() + self.acks.bytes()
    }

    pub fn look(&self) -> Look {
        let open = self.sessions.open_count();
        let state = if self.backed_up { State::Warn } else { State::Busy };
        Look { label: format!("{open} connected"), state, fill: Some(open as f64 / self.devices.max(1) as f64) }
    }
}
