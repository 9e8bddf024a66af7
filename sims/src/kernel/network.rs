//! Links between nodes: how long a message travels, what is lost, doubled, held back or cut.

use super::node::NodeId;
use super::rng::Rng;
use super::time::{Span, Time};
use super::weight::Flat;
use std::collections::BTreeSet;

/// How long a message travels: a base, plus an exponential with mean `jitter`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Delay {
    pub base: Span,
    pub jitter: Span,
}

impl Delay {
    pub const fn fixed(base: Span) -> Delay {
        Delay { base, jitter: Span::ZERO }
    }

    pub const fn with_jitter(base: Span, jitter: Span) -> Delay {
        Delay { base, jitter }
    }

    pub(crate) fn draw(self, rng: &mut Rng) -> Span {
        // Draw first: a change of the jitter must not shift the delays of the others.
        let unit = rng.exponential();
        self.base + self.jitter.times(unit)
    }
}

/// What is wrong with one direction of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Trouble {
    pub cut: bool,
    pub slow: Span,
    pub lose: f64,
    pub duplicate: f64,
    pub reorder: f64,
}

/// One direction of a link that has been used or troubled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Link {
    pub trouble: Trouble,
    /// When the last message arrives: links deliver in order unless told otherwise.
    last: Time,
    pub sent: u64,
    flow: Flow,
}

/// Messages in the last whole second.
#[derive(Clone, Debug, Default)]
struct Flow {
    second: u64,
    count: u32,
    before: u32,
}

impl Flow {
    fn tick(&mut self, now: Time) {
        let second = now.0 / 1_000_000_000;
        if second != self.second {
            self.before = if second == self.second + 1 { self.count } else { 0 };
            self.second = second;
            self.count = 0;
        }
        self.count += 1;
    }

    fn per_second(&self, now: Time) -> f64 {
        match (now.0 / 1_000_000_000).saturating_sub(self.second) {
            0 => f64::from(self.before.max(self.count)),
            1 => f64::from(self.count),
            _ => 0.0,
        }
    }
}

/// One direction of a link, as it is shown.
pub(crate) struct Used {
    pub from: NodeId,
    pub to: NodeId,
    /// Messages a second, lately.
    pub flow: f64,
    /// Messages so far.
    pub sent: u64,
    pub trouble: Trouble,
}

/// Every link of a world, by sender and receiver. In order and lossless unless troubled: what a connection gives.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    /// Row per sender.
    links: Vec<Row>,
    /// Links that may be troubled, so that nobody has to look through all of them.
    touched: BTreeSet<(u32, u32)>,
    delays: Rng,
    troubles: Rng,
}

/// The links of one sender, by receiver. A node that sends to few has a short row, whatever their numbers: else ten thousand clients
/// of one server would take room for a hundred million links.
#[derive(Clone, Debug, Default)]
struct Row {
    /// Receivers, ascending, and the places of their links: small, because new ones are put in between.
    to: Vec<(u32, u32)>,
    /// As they were first used.
    links: Vec<Link>,
}

impl Row {
    #[inline]
    fn link(&mut self, to: u32) -> &mut Link {
        // Receivers are mostly of one role, with numbers one after the other: then the place is known without looking for it.
        let guess = to.wrapping_sub(self.to.first().map_or(0, |first| first.0)) as usize;
        let place = match self.to.get(guess) {
            Some((is, place)) if *is == to => *place,
            _ => self.find(to),
        };
        &mut self.links[place as usize]
    }

    fn find(&mut self, to: u32) -> u32 {
        match self.to.binary_search_by_key(&to, |(to, _)| *to) {
            Ok(at) => self.to[at].1,
            Err(at) => {
                let place = self.links.len() as u32;
                self.to.insert(at, (to, place));
                self.links.push(Link::default());
                place
            }
        }
    }

    fn trouble(&self, to: u32) -> Option<Trouble> {
        let at = self.to.binary_search_by_key(&to, |(to, _)| *to).ok()?;
        Some(self.links[self.to[at].1 as usize].trouble)
    }

    fn drop(&mut self, to: u32) {
        if let Ok(at) = self.to.binary_search_by_key(&to, |(to, _)| *to) {
            let (_, gone) = self.to.remove(at);
            self.links.remove(gone as usize);
            self.to.iter_mut().filter(|(_, place)| *place > gone).for_each(|(_, place)| *place -= 1);
        }
    }
}

/// When the copies of one message arrive: usually one, none if lost, two if doubled.
pub(crate) type Arrivals = [Option<Time>; 2];

/// A held-back message arrives this many mean delays later than it would have.
const HELD_BACK: f64 = 10.0;

impl Network {
    pub fn new(seed: u64) -> Network {
        Network { links: Vec::new(), touched: BTreeSet::new(), delays: Rng::stream(seed, "network"), troubles: Rng::stream(seed, "troubles") }
    }

    pub fn weight(&self) -> usize {
        self.links.iter().map(|row| std::mem::size_of::<Row>() + row.to.bytes() + row.links.bytes()).sum::<usize>() + self.touched.bytes()
    }

    /// A link to do something to.
    pub fn link(&mut self, from: NodeId, to: NodeId) -> &mut Link {
        self.touched.insert((from.0, to.0));
        if self.links.len() <= from.at() {
            self.links.resize_with(from.at() + 1, Row::default);
        }
        self.links[from.at()].link(to.0)
    }

    /// Sends at `at`; says when it arrives.
    #[inline]
    pub fn send(&mut self, from: NodeId, to: NodeId, at: Time, delay: Delay) -> Arrivals {
        let travel = delay.draw(&mut self.delays);
        let mut chance = None;
        if self.links.len() <= from.at() {
            self.links.resize_with(from.at() + 1, Row::default);
        }
        let link = self.links[from.at()].link(to.0);
        if link.trouble != Trouble::default() {
            // Three draws whatever the trouble, from a stream of their own.
            chance = Some((self.troubles.unit(), self.troubles.unit(), self.troubles.unit()));
        }
        link.sent += 1;
        link.flow.tick(at);
        let Some((lose, duplicate, reorder)) = chance else {
            link.last = link.last.max(at + travel);
            return [Some(link.last), None];
        };
        let trouble = link.trouble;
        if trouble.cut || lose < trouble.lose {
            return [None, None];
        }
        let arrives = at + travel + trouble.slow;
        let first = if reorder < trouble.reorder {
            arrives + travel.times(HELD_BACK)
        } else {
            link.last = link.last.max(arrives);
            link.last
        };
        [Some(first), (duplicate < trouble.duplicate).then(|| first + travel)]
    }

    pub fn heal(&mut self) {
        for (from, to) in std::mem::take(&mut self.touched) {
            self.links[from as usize].link(to).trouble = Trouble::default();
        }
    }

    /// A node has left: its links go with it.
    pub fn leave(&mut self, id: NodeId) {
        self.links.iter_mut().for_each(|row| row.drop(id.0));
        self.touched.retain(|(from, to)| *from != id.0 && *to != id.0);
        if let Some(row) = self.links.get_mut(id.at()) {
            *row = Row::default();
        }
    }

    /// Links that are troubled, in the order of their ends.
    pub fn troubled(&self) -> impl Iterator<Item = (NodeId, NodeId, Trouble)> + '_ {
        let links = self.touched.iter().filter_map(|(from, to)| Some((NodeId(*from), NodeId(*to), self.links.get(*from as usize)?.trouble(*to)?)));
        links.filter(|(_, _, trouble)| *trouble != Trouble::default())
    }

    /// Links that were used or are troubled.
    pub fn used(&self, now: Time) -> impl Iterator<Item = Used> {
        self.links.iter().enumerate().flat_map(move |(from, row)| {
            let links = row.to.iter().map(|(to, place)| (to, &row.links[*place as usize]));
            let used = links.filter(|(_, link)| link.sent > 0 || link.trouble != Trouble::default());
            used.map(move |(to, link)| Used {
                from: NodeId(from as u32),
                to: NodeId(*to),
                flow: link.flow.per_second(now),
                sent: link.sent,
                trouble: link.trouble,
            })
        })
    }
}

/// A node's own clock: an offset from true time that steps and drifts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    offset_ns: i64,
    ppm: f64,
    since: Time,
    /// What faults did to it, apart from what the design set.
    pub stepped_ns: i64,
    pub drifted_ppm: f64,
}

impl Clock {
    /// Nanoseconds on this clock; negative if it stands before the start.
    pub fn read(&self, now: Time) -> i64 {
        let drift = now.since(self.since).0 as f64 * self.ppm * 1e-6;
        (now.0 as i64).saturating_add(self.offset_ns).saturating_add(drift as i64)
    }

    pub fn step(&mut self, by_ns: i64) {
        self.offset_ns = self.offset_ns.saturating_add(by_ns);
    }

    pub fn drift(&mut self, ppm: f64, now: Time) {
        self.offset_ns = self.read(now).saturating_sub(now.0 as i64);
        self.ppm = ppm;
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId(0);
    const B: NodeId = NodeId(1);

    fn arrivals(network: &mut Network, messages: u64) -> Vec<Option<Time>> {
        let delay = Delay::with_jitter(Span::millis(1), Span::millis(5));
        (0..messages).map(|n| network.send(A, B, Time(n * 1_000_000), delay)[0]).collect()
    }

    #[test]
    fn a_link_delivers_in_order() {
        let seen = arrivals(&mut Network::new(1), 1000);
        assert!(seen.iter().all(Option::is_some) && seen.is_sorted());
    }

    #[test]
    fn troubles_do_what_they_say() {
        let mut network = Network::new(1);
        network.link(A, B).trouble.reorder = 0.1;
        assert!(!arrivals(&mut network, 1000).is_sorted());
        network.heal();
        network.link(A, B).trouble.lose = 0.3;
        let lost = arrivals(&mut network, 10_000).iter().filter(|a| a.is_none()).count();
        assert!((2_700..3_300).contains(&lost), "{lost}");
        network.link(A, B).trouble = Trouble { cut: true, ..Trouble::default() };
        assert_eq!(network.send(A, B, Time::ZERO, Delay::default()), [None, None]);
        assert!(network.send(B, A, Time::ZERO, Delay::default())[0].is_some(), "links are directed");
        network.link(A, B).trouble = Trouble { duplicate: 1.0, ..Trouble::default() };
        assert!(network.send(A, B, Time::ZERO, Delay::default())[1].is_some());
    }

    #[test]
    fn a_row_is_as_long_as_its_receivers_are_many() {
        let mut network = Network::new(1);
        for from in 0..1_000 {
            network.send(NodeId(from), NodeId(5_000), Time::ZERO, Delay::default());
            network.send(NodeId(5_000), NodeId(999 - from), Time::ZERO, Delay::default());
        }
        assert!(network.weight() < 1 << 20, "{} bytes", network.weight());
        let used: Vec<(u32, u32)> = network.used(Time::ZERO).map(|link| (link.from.0, link.to.0)).collect();
        assert!(used.len() == 2_000 && used.is_sorted());
        network.link(NodeId(5_000), NodeId(7)).trouble.cut = true;
        assert_eq!(network.send(NodeId(5_000), NodeId(7), Time::ZERO, Delay::default()), [None, None]);
        network.leave(NodeId(6));
        assert_eq!(network.used(Time::ZERO).filter(|link| link.from == NodeId(6) || link.to == NodeId(6)).count(), 0);
        let cut: Vec<u32> = network.used(Time::ZERO).filter(|link| link.trouble.cut).map(|link| link.to.0).collect();
        assert_eq!(cut, [7], "its neighbours' links are where they were");
    }

    #[test]
    fn a_cut_link_does_not_shift_the_delays_of_the_others() {
        let (mut whole, mut cut) = (Network::new(1), Network::new(1));
        cut.link(B, A).trouble.cut = true;
        let delay = Delay::with_jitter(Span::millis(1), Span::millis(5));
        for n in 0..100 {
            let at = Time(n * 1_000_000);
            whole.send(B, A, at, delay);
            cut.send(B, A, at, delay);
            assert_eq!(whole.send(A, B, at, delay), cut.send(A, B, at, delay));
        }
    }

    #[test]
    fn clocks_step_and_drift() {
        let mut clock = Clock::default();
        clock.step(-5_000_000_000);
        assert_eq!(clock.read(Time::from_secs(2)), -3_000_000_000);
        clock.drift(100.0, Time::from_secs(10));
        assert_eq!(clock.read(Time::from_secs(20)), 15_000_000_000 + 1_000_000);
        clock.drift(0.0, Time::from_secs(20));
        assert_eq!(clock.read(Time::from_secs(30)), 25_000_000_000 + 1_000_000);
    }
}
