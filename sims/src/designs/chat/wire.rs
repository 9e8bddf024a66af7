//! What is said on the wire, and the timers. What many have to say at one instant travels together, as it does through real sockets.

use crate::kernel::node::Message;
use crate::kernel::time::Time;

/// One message as its conversation's server keeps it. Its place in the conversation is where it lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Who wrote it: a device, and that device's number for it.
    pub device: u32,
    pub number: u32,
    /// The device's clock, and true time, which only measurements may use.
    pub written: i64,
    pub sent: Time,
    /// The place of the message it answers; 0 for none.
    pub answers: u32,
}

/// How a message reached a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Pushed as soon as it was durable.
    Direct,
    /// Pushed again because nobody had confirmed it.
    Retried,
    /// Waiting when the device came back.
    Inbox,
}

#[derive(Clone, Copy, Debug)]
pub struct Item {
    pub screen: u32,
    pub place: u32,
    /// What the screen must have: the place of the one before it that was for this screen.
    pub follows: u32,
    pub line: Line,
    pub path: Path,
}

#[derive(Clone, Copy, Debug)]
pub struct Ack {
    pub screen: u32,
    /// All up to here has been shown.
    pub place: u32,
    /// Something above has come, and does not follow.
    pub gap: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Sent {
    pub device: u32,
    pub number: u32,
}

/// A user has read up to a place. On its way back, for each of the user's screens.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    pub seat: u32,
    pub place: u32,
}

#[derive(Clone, Copy, Debug)]
pub struct Receipt {
    pub device: u32,
    pub read: bool,
    pub sent: Time,
}

/// A connection: a device, and its count of connections.
pub type Connection = (u32, u32);

#[derive(Clone, Debug)]
pub enum Msg {
    Hello(Connection),
    Welcome(Connection),
    Bye(Connection),
    /// The gateway knows nothing of these connections, or ends them.
    Closed(Vec<Connection>),
    Register(Connection),
    Registered(Connection),
    Unregister(Vec<Connection>),
    Post {
        conv: u32,
        line: Line,
    },
    Sent(Vec<Sent>),
    Deliver(Vec<Item>),
    Acks(Vec<Ack>),
    /// What a device has, by seat.
    Sync {
        device: u32,
        has: Vec<(u32, u32)>,
    },
    Synced {
        device: u32,
        server: u32,
    },
    Reads(Vec<Mark>),
    /// A mark for each of its screens: which, and the mark.
    Marked(Vec<(u32, Mark)>),
    Receipts(Vec<Receipt>),
    /// Where are the members of these conversations? For a message each; asked again if it was not confirmed.
    Where {
        asked: Vec<(u32, u32)>,
        again: bool,
    },
    /// For each, how many of the screens found are its own; and where each is connected.
    Here {
        asked: Vec<(u32, u32, u32)>,
        found: Vec<(u32, u32)>,
        again: bool,
    },
    /// Heartbeats of a slice of the devices.
    Beats {
        slice: u32,
        devices: Vec<Connection>,
    },
    Pong {
        slice: u32,
    },
    /// Somebody comes or goes: by screen, whether the other side of the conversation is there.
    Statuses(Vec<(u32, bool)>),
    /// The answer to heartbeats. Of each device, how many of these are its own: whether each contact of its user is there, in their order.
    Refresh {
        devices: Vec<(u32, u32)>,
        on: Vec<bool>,
    },
    /// Devices whose session the registry did not know any more.
    Restored(Vec<u32>),
    /// Wake these users' phones.
    Notify(Vec<u32>),
    Ring(Vec<u32>),
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Hello(_) => "hello",
            Msg::Welcome(_) => "welcome",
            Msg::Bye(_) => "bye",
            Msg::Closed(_) => "closed",
            Msg::Register(_) => "register",
            Msg::Registered(_) => "registered",
            Msg::Unregister(_) => "unregister",
            Msg::Post { .. } => "post",
            Msg::Sent(_) => "sent",
            Msg::Deliver(_) => "deliver",
            Msg::Acks(_) => "ack",
            Msg::Sync { .. } => "sync",
            Msg::Synced { .. } => "synced",
            Msg::Reads(_) => "read",
            Msg::Marked(_) => "marked",
            Msg::Receipts(_) => "receipt",
            Msg::Where { .. } => "where?",
            Msg::Here { .. } => "here",
            Msg::Beats { .. } => "heartbeat",
            Msg::Pong { .. } => "pong",
            Msg::Statuses(_) => "presence",
            Msg::Refresh { .. } => "refresh",
            Msg::Restored(_) => "restored",
            Msg::Notify(_) => "notify",
            Msg::Ring(_) => "ring",
        }
    }

    fn mark(&self) -> u64 {
        let pair = |a: u32, b: u32| u64::from(a) << 32 | u64::from(b);
        match self {
            Msg::Hello((d, c)) | Msg::Welcome((d, c)) | Msg::Bye((d, c)) | Msg::Register((d, c)) | Msg::Registered((d, c)) => pair(*d, *c),
            Msg::Closed(all) | Msg::Unregister(all) | Msg::Beats { devices: all, .. } => ends(all, |(d, c)| pair(*d, *c)),
            Msg::Post { conv, line } => pair(*conv, line.device) ^ u64::from(line.number) << 20,
            Msg::Sent(all) => ends(all, |s| pair(s.device, s.number)),
            Msg::Deliver(all) => ends(all, |i| pair(i.screen, i.place)),
            Msg::Acks(all) => ends(all, |a| pair(a.screen, a.place)),
            Msg::Sync { device, has } => ends(has, |(s, p)| pair(*s, *p)) ^ u64::from(*device),
            Msg::Synced { device, server } => pair(*device, *server),
            Msg::Reads(all) => ends(all, |m| pair(m.seat, m.place)),
            Msg::Marked(all) => ends(all, |(s, m)| pair(*s, m.place)),
            Msg::Receipts(all) => ends(all, |r| pair(r.device, u32::from(r.read))),
            Msg::Where { asked, .. } => ends(asked, |(c, p)| pair(*c, *p)),
            Msg::Here { found, .. } => ends(found, |(s, g)| pair(*s, *g)),
            Msg::Pong { slice } => u64::from(*slice),
            Msg::Statuses(seen) => ends(seen, |(s, on)| pair(*s, u32::from(*on))),
            Msg::Refresh { devices, on } => ends(devices, |(d, n)| pair(*d, *n)) ^ ends(on, |on| u64::from(*on)).rotate_left(9),
            Msg::Notify(all) | Msg::Ring(all) | Msg::Restored(all) => ends(all, |one| u64::from(*one)),
        }
    }
}

/// How many, the first and the last: a batch differs in one of them, or its parts have differed before.
fn ends<T>(all: &[T], of: impl Fn(&T) -> u64) -> u64 {
    let end = |thing: Option<&T>| thing.map_or(0, &of);
    (all.len() as u64) << 48 ^ end(all.first()) ^ end(all.last()).rotate_left(21)
}
/// What happens to phones by itself.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    Load,
    Churn,
    Flap,
}

#[derive(Clone, Debug)]
pub enum Timer {
    // Phones.
    /// A stream's next arrival; or nothing yet, and it must be asked again.
    Next(Which, bool),
    /// Heartbeats of a slice; ticks of an older series are passed over.
    Tick(u32),
    /// A connection was not answered.
    Unanswered(Connection),
    Reconnect(Connection),
    SyncAgain(Connection),
    Overdue,
    Reading,
    Confirm,
    Reply {
        device: u32,
        conv: u32,
        answers: u32,
    },
    // Gateways.
    Accept(Connection),
    Sweep,
    // The registry.
    Settle,
    // Servers, and gateways that gather.
    Gather,
    Durable,
    Redeliver,
    // The push service.
    Wake,
}

/// Sorts things by where they go, and hands each heap over once.
#[derive(Clone, Debug)]
pub struct Heaps<T>(Vec<Vec<T>>);

impl<T> Heaps<T> {
    pub fn new(n: usize) -> Heaps<T> {
        Heaps((0..n).map(|_| Vec::new()).collect())
    }

    #[inline]
    pub fn put(&mut self, to: usize, thing: T) {
        if let Some(heap) = self.0.get_mut(to) {
            heap.push(thing);
        }
    }

    pub fn empty(&mut self, mut each: impl FnMut(usize, Vec<T>)) {
        for (to, heap) in self.0.iter_mut().enumerate() {
            if !heap.is_empty() {
                each(to, std::mem::take(heap));
            }
        }
    }
}
