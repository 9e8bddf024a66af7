//! How a device connects, loses its connection and comes back; and how its user comes and goes.

use super::metrics::{BACK, ONLINE};
use super::phones::{Link, Phones};
use super::role::Ctx;
use super::system::Chat;
use super::wire::{Connection, Msg, Timer};
use crate::kernel::node::NodeId;
use crate::kernel::time::Span;

/// So long an attempt is waited for, beside the way there and back.
const PATIENCE: Span = Span::secs(3);
const SYNC_AGAIN: Span = Span::secs(2);
/// A prime, so that turns jump about and still come to everybody.
const STRIDE: usize = 1_299_709;

impl Phones {
    /// Not connected any more; those above it in the list take its place.
    pub fn take_down(&mut self, local: usize, link: Link) {
        if self.devices[local].link == Link::Up {
            let at = self.more[local].at as usize;
            self.up.swap_remove(at);
            if let Some(moved) = self.up.get(at) {
                let moved = (*moved - self.first_device) as usize;
                self.more[moved].at = at as u32;
            }
        }
        self.devices[local].link = link;
    }

    /// The connection is gone, or was not made: after a wait that grows, again.
    pub fn lose(&mut self, local: usize, cx: &mut Ctx<'_>) {
        let policy = cx.system().reconnect;
        self.take_down(local, Link::Waiting);
        cx.gauge(ONLINE, self.up.len() as f64);
        let more = &mut self.more[local];
        more.lost.get_or_insert(cx.now());
        more.tries += 1;
        more.waited = policy.wait(more.tries, more.waited, cx.rng()).unwrap_or(policy.cap);
        let (wait, connection) = (more.waited, (self.first_device + local as u32, self.devices[local].count));
        cx.after(wait, Timer::Reconnect(connection));
    }

    pub fn connect(&mut self, local: usize, cx: &mut Ctx<'_>) {
        let gateways = u64::from(cx.system().gateways);
        let of = &mut self.devices[local];
        // Any but the one that failed.
        let skip = u64::from(self.more[local].lost.is_some() && gateways > 1);
        let pick = cx.rng().below(gateways - skip) + skip;
        let of_gateway = if skip == 1 { (u64::from(of.gateway) + pick) % gateways } else { pick };
        of.gateway = of_gateway as u32;
        of.link = Link::Connecting;
        of.count += 1;
        let connection = (self.first_device + local as u32, of.count);
        cx.send(cx.system().gateway(of.gateway), Msg::Hello(connection));
        let patience = PATIENCE + cx.system().way() * 4;
        cx.after(patience, Timer::Unanswered(connection));
    }

    pub fn welcome(&mut self, from: NodeId, (device, count): Connection, cx: &mut Ctx<'_>) {
        let local = self.local(device);
        let of = &mut self.devices[local];
        if of.link != Link::Connecting || of.count != count {
            return;
        }
        if !of.wants && !cx.draining() {
            of.link = Link::Off;
            cx.send(from, Msg::Bye((device, count)));
            return;
        }
        of.link = Link::Up;
        let resume = of.sending;
        let more = &mut self.more[local];
        more.at = self.up.len() as u32;
        (more.tries, more.waited) = (0, Span::ZERO);
        let lost = more.lost.take();
        self.up.push(device);
        cx.gauge(ONLINE, self.up.len() as f64);
        if let Some(lost) = lost {
            cx.record_since(BACK, lost);
        }
        self.sync(device, cx);
        if resume {
            self.send_front(local, cx);
        }
        self.read_again(device, cx);
    }

    /// Which servers have a conversation of this device's user, as bits.
    pub fn all_servers(&self, device: u32, system: &Chat) -> u64 {
        let seats = self.people.seats_of(device / self.people.devices);
        seats.iter().fold(0, |bits, seat| bits | 1 << system.server_rank_of(self.people.conv(*seat), &self.people))
    }

    /// Says what it has; what follows will come.
    pub fn sync(&mut self, device: u32, cx: &mut Ctx<'_>) {
        let local = self.local(device);
        if self.devices[local].link != Link::Up {
            return;
        }
        self.more[local].synced = 0;
        let seats = self.people.seats_of(device / self.people.devices);
        let has = seats.iter().map(|seat| (*seat, self.shown[self.screen_at(self.people.screen(*seat, device))])).collect();
        let (gateway, count) = (self.devices[local].gateway, self.devices[local].count);
        cx.send(cx.system().gateway(gateway), Msg::Sync { device, has });
        cx.after(SYNC_AGAIN, Timer::SyncAgain((device, count)));
    }

    /// Somebody opens the app or closes it, so that in the long run the share that is asked for is online.
    pub fn come_or_go(&mut self, cx: &mut Ctx<'_>) {
        if cx.draining() || self.devices.is_empty() {
            return;
        }
        // Each has its turn, so that nobody stays away for as long as chance might have it.
        self.turn = (self.turn + STRIDE) % self.devices.len();
        let local = self.turn;
        let wants = cx.rng().unit() < cx.system().online;
        self.want(local, wants, cx);
    }

    pub fn want(&mut self, local: usize, wants: bool, cx: &mut Ctx<'_>) {
        self.devices[local].wants = wants;
        let of = &self.devices[local];
        match (wants, of.link) {
            (true, Link::Off) => self.connect(local, cx),
            (false, Link::Up) => self.leave(local, Link::Off, cx),
            (false, Link::Waiting) => self.devices[local].link = Link::Off,
            _ => {}
        }
    }

    pub fn leave(&mut self, local: usize, link: Link, cx: &mut Ctx<'_>) {
        let of = &self.devices[local];
        let (gateway, connection) = (of.gateway, (self.first_device + local as u32, of.count));
        cx.send(cx.system().gateway(gateway), Msg::Bye(connection));
        self.take_down(local, link);
        self.more[local].lost = None;
        cx.gauge(ONLINE, self.up.len() as f64);
    }

    /// A lift, a tunnel, another cell: the connection ends, and in a moment there is another one.
    pub fn flap(&mut self, cx: &mut Ctx<'_>) {
        if self.up.is_empty() || cx.draining() {
            return;
        }
        let device = *cx.rng().pick(&self.up);
        let gap = cx.system().flap_gap;
        let wait = cx.rng().span(gap);
        let local = self.local(device);
        self.leave(local, Link::Waiting, cx);
        let count = self.devices[local].count;
        cx.after(wait, Timer::Reconnect((device, count)));
    }

    pub fn ring(&mut self, user: u32, cx: &mut Ctx<'_>) {
        let taps = cx.rng().unit() < cx.system().tap_share;
        let local = self.local(user * self.people.devices);
        if taps && self.devices[local].link == Link::Off {
            self.want(local, true, cx);
        }
    }
}
