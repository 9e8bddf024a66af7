//! What a server keeps on disk: the order of its conversations, their messages by time, and how far each screen and reader has come.
//!
//! A file of the kernel's disk: a journal knows the way back to what is durable, and a crash takes it.

use super::people::People;
use super::wire::Line;
use crate::kernel::disk::File;
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::Flat;
use crate::parts::partitions::Partitions;
use crate::parts::sequencer::{Seen, Sequencer, Taken};
use std::ops::Range;
use std::sync::Arc;

#[derive(Clone)]
pub struct Shelf {
    people: Arc<People>,
    pub convs: Range<u32>,
    pub seats: Range<u32>,
    order: Sequencer,
    lines: Partitions<Line>,
    /// What each screen has confirmed.
    acked: Vec<u32>,
    /// What each seat's user has read, and what they have not.
    read: Vec<u32>,
    unread: Vec<u32>,
    /// Up to where each conversation was let go: everybody had confirmed and read that far, whatever a crash takes back.
    floor: Vec<u32>,
    /// Messages times screens that have not confirmed them.
    waiting: u64,
    fresh: Vec<Change>,
    syncing: Vec<Change>,
}

/// What was there before a change.
#[derive(Clone, Copy)]
enum Change {
    Posted { conv: u32, seat: u32, sender: u32, before: Seen, read: u32 },
    Acked { screen: u32, before: u32 },
    Read { seat: u32, read: u32, unread: u32 },
}

impl Shelf {
    pub fn new(people: Arc<People>, convs: Range<u32>, bucket: Span) -> Shelf {
        let seats = people.seats_between(convs.start, convs.end);
        let (screens, sitting) = ((seats.len() * people.devices as usize), seats.len());
        let order = Sequencer::new(convs.len(), (people.users * people.devices) as usize);
        let (acked, read, unread) = (vec![0; screens], vec![0; sitting], vec![0; sitting]);
        let floor = vec![0; convs.len()];
        let lines = Partitions::new(bucket, convs.len());
        Shelf { people, convs, seats, order, lines, acked, read, unread, floor, waiting: 0, fresh: Vec::new(), syncing: Vec::new() }
    }

    fn lane(&self, conv: u32) -> usize {
        (conv - self.convs.start) as usize
    }

    fn sitting(&self, seat: u32) -> usize {
        (seat - self.seats.start) as usize
    }

    /// A screen's place in arrays of this server's screens.
    pub fn local(&self, screen: u32) -> usize {
        (screen - self.seats.start * self.people.devices) as usize
    }

    pub fn screens(&self) -> usize {
        self.acked.len()
    }

    /// Gives a message its place and keeps it; one that is known already has the place it had.
    pub fn post(&mut self, conv: u32, line: Line, at: Time, dedupe: bool) -> Taken {
        let (lane, sender) = (self.lane(conv), line.device as usize);
        let Some(seat) = self.people.seat_in(conv, line.device / self.people.devices) else { return Taken::Stale };
        let before = self.order.seen(sender);
        let taken = if dedupe { self.order.take(lane, sender, line.number) } else { Taken::New(self.order.place(lane, sender, line.number)) };
        let Taken::New(place) = taken else { return taken };
        self.lines.append(lane as u32, place, at, line);
        self.waiting += (self.people.seats(conv).len() as u64) * u64::from(self.people.devices);
        let own = self.sitting(seat);
        self.fresh.push(Change::Posted { conv, seat, sender: line.device, before, read: self.read[own] });
        for other in self.people.seats(conv).filter(|other| *other != seat) {
            self.unread[(other - self.seats.start) as usize] += 1;
        }
        // Who has nothing unread has read what they wrote.
        if self.unread[own] == 0 {
            self.read[own] = place;
        }
        taken
    }

    /// The last place of a conversation.
    pub fn last(&self, conv: u32) -> u32 {
        self.order.last(self.lane(conv))
    }

    pub fn acked(&self, screen: u32) -> u32 {
        self.acked[self.local(screen)]
    }

    /// A screen has come this far; what it had confirmed before is never taken back.
    pub fn ack(&mut self, screen: u32, place: u32) {
        let at = self.local(screen);
        if place > self.acked[at] {
            self.waiting = self.waiting.saturating_sub(u64::from(place - self.acked[at]));
            self.fresh.push(Change::Acked { screen, before: self.acked[at] });
            self.acked[at] = place;
        }
    }

    pub fn read(&self, seat: u32) -> u32 {
        self.read[self.sitting(seat)]
    }

    pub fn unread(&self, seat: u32) -> u32 {
        self.unread[self.sitting(seat)]
    }

    /// A user has read up to a place. What is unread now is counted anew, or, bluntly, taken for nothing. False if that was known.
    pub fn mark(&mut self, seat: u32, place: u32, blunt: bool) -> bool {
        let (at, conv) = (self.sitting(seat), self.people.conv(seat));
        let place = place.min(self.last(conv));
        if place <= self.read[at] {
            return false;
        }
        self.fresh.push(Change::Read { seat, read: self.read[at], unread: self.unread[at] });
        self.read[at] = place;
        self.unread[at] = if blunt { 0 } else { self.count_unread(seat, place) };
        true
    }

    /// Messages of others above a place.
    fn count_unread(&self, seat: u32, place: u32) -> u32 {
        let (conv, user, mut unread) = (self.people.conv(seat), self.people.user(seat), 0);
        self.lines.range(self.lane(conv) as u32, place, self.last(conv), usize::MAX, |_, line| unread += u32::from(line.device / self.people.devices != user));
        unread
    }

    /// Messages of a conversation above `after`, up to `upto`, at most `most`.
    pub fn range(&self, conv: u32, after: u32, upto: u32, most: usize, each: impl FnMut(u32, &Line)) -> usize {
        self.lines.range(self.lane(conv) as u32, after, upto, most, each)
    }

    /// Whether there is anything that no sync has covered.
    pub fn dirty(&self) -> bool {
        !self.fresh.is_empty()
    }

    /// Lets partitions go that everybody has, and everybody has read. Gives how many messages went, and up to where in which conversations.
    pub fn retire(&mut self) -> (usize, Vec<(u32, u32)>) {
        let mut gone = Vec::new();
        let (people, acked, read, first, start) = (&self.people, &self.acked, &self.read, self.seats.start, self.convs.start);
        let done = |lane: u32, last: u32| {
            people.seats(start + lane).all(|seat| {
                let (at, devices) = ((seat - first) as usize, people.devices as usize);
                read[at] >= last && acked[at * devices..(at + 1) * devices].iter().all(|place| *place >= last)
            })
        };
        let floor = &mut self.floor;
        let rows = self.lines.retire(done, |lane, last| {
            floor[lane as usize] = floor[lane as usize].max(last);
            gone.push((start + lane, last));
        });
        (rows, gone)
    }

    pub fn waiting(&self) -> u64 {
        self.waiting
    }

    pub fn lines(&self) -> &Partitions<Line> {
        &self.lines
    }

    fn undo(&mut self, changes: Vec<Change>) {
        for change in changes.into_iter().rev() {
            match change {
                Change::Posted { conv, seat, sender, before, read } => {
                    self.lines.pop();
                    self.waiting = self.waiting.saturating_sub((self.people.seats(conv).len() as u64) * u64::from(self.people.devices));
                    self.order.undo((conv - self.convs.start) as usize, sender as usize, before);
                    for other in self.people.seats(conv).filter(|other| *other != seat) {
                        self.unread[(other - self.seats.start) as usize] -= 1;
                    }
                    let own = self.sitting(seat);
                    self.read[own] = read;
                }
                Change::Acked { screen, before } => {
                    let at = self.local(screen);
                    let back = before.max(self.floor[self.lane(self.people.conv(self.people.seat_of_screen(screen)))]);
                    self.waiting += u64::from(self.acked[at] - back);
                    self.acked[at] = back;
                }
                Change::Read { seat, read, unread } => {
                    let (at, floor) = (self.sitting(seat), self.floor[self.lane(self.people.conv(seat))]);
                    self.read[at] = read.max(floor);
                    self.unread[at] = if read < floor { self.count_unread(seat, floor) } else { unread };
                }
            }
        }
    }

    pub fn weight(&self) -> usize {
        let flat = self.acked.bytes() + self.read.bytes() + self.unread.bytes() + self.floor.bytes() + self.fresh.bytes() + self.syncing.bytes();
        self.order.weight() + self.lines.weight() + flat
    }
}

impl File for Shelf {
    fn begin(&mut self) {
        self.syncing.append(&mut self.fresh);
    }

    fn done(&mut self) {
        self.syncing.clear();
    }

    fn crash(&mut self, _torn: Option<&mut Rng>) {
        let (fresh, syncing) = (std::mem::take(&mut self.fresh), std::mem::take(&mut self.syncing));
        self.undo(fresh);
        self.undo(syncing);
    }

    fn forget(&mut self) {
        *self = Shelf::new(Arc::clone(&self.people), self.convs.clone(), Span::secs(1));
    }

    fn fill(&mut self, _full: bool) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::disk::{crash, settle};
    use proptest::prelude::{prop_assert_eq, proptest};

    fn told(shelf: &Shelf) -> String {
        let mut lines = Vec::new();
        for conv in shelf.convs.clone() {
            shelf.range(conv, 0, u32::MAX, usize::MAX, |place, line| lines.push((conv, place, line.device, line.number)));
        }
        let seen: Vec<Seen> = (0..(shelf.people.users * shelf.people.devices) as usize).map(|device| shelf.order.seen(device)).collect();
        format!("{lines:?} {seen:?} {:?} {:?} {:?}", shelf.acked, shelf.read, shelf.unread)
    }

    proptest! {
        /// A crash gives back exactly what a copy taken at the last sync holds; and what is unread is what a count over everything says.
        #[test]
        fn a_crash_goes_back_to_the_last_sync(ops in proptest::collection::vec((0u8..10, 0u32..40, 0u32..6), 1..120)) {
            let people = Arc::new(People::new(5, 2, 3, 1, 4, &mut Rng::stream(1, "people")));
            let mut shelf = Shelf::new(Arc::clone(&people), 0..people.conversations(), Span::secs(2));
            let (mut durable, mut covered, mut numbers, mut now) = (told(&shelf), None, [0u32; 10], 0u64);
            for (what, pick, number) in ops {
                now += 1;
                let conv = pick % people.conversations();
                let seats = people.seats(conv);
                let seat = seats.start + number % seats.len() as u32;
                let screen = people.screen(seat, pick % 2);
                match what {
                    0..=4 => {
                        let device = people.device(screen);
                        numbers[device as usize] += 1;
                        let line = Line { device, number: numbers[device as usize], written: 0, sent: Time(now), answers: 0 };
                        shelf.post(conv, line, Time::from_secs(now), true);
                    }
                    5 => shelf.ack(screen, number.min(shelf.last(conv))),
                    6 => { shelf.mark(seat, number, false); }
                    7 => { shelf.begin(); covered = Some(told(&shelf)); }
                    8 => { shelf.done(); if let Some(text) = covered.take() { durable = text; } else { settle(&mut shelf); durable = told(&shelf); } }
                    _ => {
                        crash(&mut shelf);
                        covered = None;
                        prop_assert_eq!(&told(&shelf), &durable);
                        numbers = std::array::from_fn(|device| shelf.order.seen(device).number);
                    }
                }
                let mut unread = 0;
                shelf.range(conv, shelf.read(seat), u32::MAX, usize::MAX, |_, line| unread += u32::from(line.device / 2 != people.user(seat)));
                prop_assert_eq!(shelf.unread(seat), unread);
            }
        }
    }
}
