//! The ledger: what was promised, what each screen has shown, and what each user has read, beside what must hold.

use super::metrics::{BADGES_WRONG, MISPLACED, TWICE, UPSIDE_DOWN};
use super::people::People;
use super::system::Chat;
use super::wire::Line;
use super::{ACKED_IS_KEPT, BADGE_TRUE, CAUGHT_UP, CONVERSATION_ORDER, REDELIVERED_LAMP, RESTORED_LAMP, SHOWN_ONCE, TICKS_TRUE};
use crate::kernel::invariant::Lamps;
use crate::kernel::node::Watch;
use crate::kernel::time::Time;
use crate::kernel::weight::{Flat, deep};
use std::collections::VecDeque;
use std::sync::Arc;

pub enum Fact {
    /// A server gave a message its place.
    Sequenced {
        conv: u32,
        place: u32,
        line: Line,
    },
    /// A server says that it is sent.
    Acked {
        conv: u32,
        place: u32,
    },
    /// A server is back after a crash, and has this much.
    Recovered {
        conv: u32,
        last: u32,
    },
    /// A server let go of what everybody has.
    Forgot {
        conv: u32,
        upto: u32,
    },
    Shown {
        screen: u32,
        place: u32,
        line: Line,
    },
    /// A message that answers another was shown.
    Answered {
        conv: u32,
        line: Line,
    },
    /// A server says what a user has not read.
    Badge {
        seat: u32,
        read: u32,
        last: u32,
        unread: u32,
    },
    /// A sender is told that all others have a message, or have read it.
    Told {
        conv: u32,
        place: u32,
        read: bool,
    },
    Redelivered,
    CaughtUp,
    Restored,
}

#[derive(Clone, Default)]
pub struct Ledger {
    people: Arc<People>,
    convs: Vec<Story>,
    /// By screen: the place of the last message shown, and how many were.
    shown: Vec<Seen>,
    /// By screen, where clocks give the order: the latest time shown.
    latest: Vec<i64>,
    /// By seat: what the user was said to have read.
    read: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    place: u32,
    count: u32,
}

/// What is known of a conversation's messages from some place on.
#[derive(Clone, Debug, Default)]
struct Story {
    /// Messages up to here are forgotten.
    base: u32,
    known: VecDeque<Known>,
    acked: u32,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    device: u32,
    number: u32,
    written: i64,
    /// The same message has an earlier place: this one.
    repeats: u32,
}

impl Story {
    fn get(&self, place: u32) -> Option<&Known> {
        self.known.get(place.checked_sub(self.base + 1)? as usize)
    }
}

impl Ledger {
    pub fn meet(&mut self, people: Arc<People>, by_client_time: bool) {
        let seats = people.seats_between(0, people.conversations()).len();
        self.convs = vec![Story::default(); people.conversations() as usize];
        let screens = seats * people.devices as usize;
        self.shown = vec![Seen::default(); screens];
        self.latest = vec![i64::MIN; if by_client_time { screens } else { 0 }];
        self.read = vec![0; seats];
        self.people = people;
    }

    /// The last message of a conversation that its sender was told is sent.
    pub fn acked(&self, conv: u32) -> u32 {
        self.convs[conv as usize].acked
    }

    /// Messages that a screen has shown.
    pub fn count(&self, screen: u32) -> u32 {
        self.shown[screen as usize].count
    }

    fn sequenced(&mut self, conv: u32, place: u32, line: &Line) {
        let story = &mut self.convs[conv as usize];
        story.known.truncate(place.saturating_sub(story.base + 1) as usize);
        let from = story.known.len().saturating_sub(LOOK_BACK);
        let earlier = story.known.range(from..).position(|known| (known.device, known.number) == (line.device, line.number));
        let repeats = earlier.map_or(0, |at| story.base + 1 + (from + at) as u32);
        story.known.push_back(Known { device: line.device, number: line.number, written: line.written, repeats });
    }

    fn showed(&mut self, now: Time, screen: u32, place: u32, line: &Line, system: &Chat, lamps: &mut Lamps) {
        let seen = &mut self.shown[screen as usize];
        let conv = self.people.conv(self.people.seat_of_screen(screen));
        let Some(known) = self.convs[conv as usize].get(place) else { return };
        let same = (known.device, known.number) == (line.device, line.number);
        // A message in two places is shown twice by who shows both; a place that was shown is shown again.
        let twice = place <= seen.place || known.repeats > 0;
        let follows = match self.latest.get_mut(screen as usize).filter(|_| system.by_client_time) {
            Some(latest) => line.written > std::mem::replace(latest, line.written.max(*latest)),
            None => place > seen.place,
        };
        *seen = Seen { place: seen.place.max(place), count: seen.count + 1 };
        let told = || format!("message {} of device {} in conversation {conv}", line.number, line.device);
        lamps.judge(SHOWN_ONCE, now, !twice, || format!("{} stands on one screen at {} and again at {place}", told(), known.repeats));
        let in_order = same && follows;
        lamps.judge(CONVERSATION_ORDER, now, in_order, || {
            if same {
                format!("{} has to stand above what this screen has shown already", told())
            } else {
                format!("place {place} of conversation {conv} holds two messages")
            }
        });
        if twice {
            lamps.count(TWICE, 1);
        } else if !in_order {
            lamps.count(MISPLACED, 1);
        }
    }

    fn badge(&self, now: Time, seat: u32, (read, last, unread): (u32, u32, u32), lamps: &mut Lamps) {
        let (conv, user) = (self.people.conv(seat), self.people.user(seat));
        let story = &self.convs[conv as usize];
        if read < story.base {
            return;
        }
        let others = (read + 1..=last).filter(|place| story.get(*place).is_some_and(|known| known.device / self.people.devices != user)).count() as u32;
        lamps.judge(BADGE_TRUE, now, others == unread, || format!("user {user} has {others} messages after the last one read, and the badge says {unread}"));
        if others != unread {
            lamps.count(BADGES_WRONG, 1);
        }
    }

    fn told(&self, now: Time, conv: u32, place: u32, read: bool, lamps: &mut Lamps) {
        let Some(writer) = self.convs[conv as usize].get(place).map(|known| known.device / self.people.devices) else { return };
        let has = |seat: u32| {
            if read {
                self.read[seat as usize] >= place
            } else {
                (0..self.people.devices).any(|d| self.shown[self.people.screen(seat, d) as usize].place >= place)
            }
        };
        let lacking = self.people.seats(conv).find(|seat| self.people.user(*seat) != writer && !has(*seat));
        lamps.judge(TICKS_TRUE, now, lacking.is_none(), || {
            let (user, word) = (lacking.map_or(0, |seat| self.people.user(seat)), if read { "read" } else { "delivered" });
            format!("user {writer} is told that message {place} of conversation {conv} is {word}, but user {user} has it on no device")
        });
    }

    fn forget(&mut self, conv: u32, upto: u32) {
        let story = &mut self.convs[conv as usize];
        while story.base < upto && story.known.pop_front().is_some() {
            story.base += 1;
        }
    }
}

/// A repeat comes within so many messages of a conversation, or not at all.
const LOOK_BACK: usize = 64;

impl Watch<Chat> for Ledger {
    type Fact = Fact;

    fn weight(&self) -> usize {
        self.convs.bytes() + deep(self.convs.iter(), |story| story.known.bytes()) + self.shown.bytes() + self.latest.bytes() + self.read.bytes()
    }

    fn see(&mut self, now: Time, fact: Fact, system: &Chat, lamps: &mut Lamps) {
        match fact {
            Fact::Sequenced { conv, place, line } => self.sequenced(conv, place, &line),
            Fact::Acked { conv, place } => {
                let story = &mut self.convs[conv as usize];
                story.acked = story.acked.max(place);
            }
            Fact::Recovered { conv, last } => {
                let acked = self.convs[conv as usize].acked;
                lamps.judge(ACKED_IS_KEPT, now, acked <= last, || {
                    format!("senders in conversation {conv} were told that {acked} messages are sent, and the server came back with {last}")
                });
            }
            Fact::Forgot { conv, upto } => self.forget(conv, upto),
            Fact::Shown { screen, place, line } => self.showed(now, screen, place, &line, system, lamps),
            Fact::Answered { conv, line } => {
                let question = self.convs[conv as usize].get(line.answers).map(|known| known.written);
                if system.by_client_time && question.is_some_and(|written| written >= line.written) {
                    lamps.count(UPSIDE_DOWN, 1);
                }
            }
            Fact::Badge { seat, read, last, unread } => {
                self.read[seat as usize] = self.read[seat as usize].max(read);
                self.badge(now, seat, (read, last, unread), lamps);
            }
            Fact::Told { conv, place, read } => self.told(now, conv, place, read, lamps),
            Fact::Redelivered => lamps.reach(REDELIVERED_LAMP),
            Fact::CaughtUp => lamps.reach(CAUGHT_UP),
            Fact::Restored => lamps.reach(RESTORED_LAMP),
        }
    }
}
