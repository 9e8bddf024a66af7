//! The trail: which event caused which, of late. Kept only where somebody looks, so that it costs nothing elsewhere.

use super::run::Occasion;
use super::time::Time;
use std::collections::VecDeque;
use std::sync::Arc;

/// Names what has happened: an event by its number, something done from outside by its own.
pub(crate) type Id = u64;

/// What was done from outside has its numbers above this.
const ACT: Id = 1 << 63;
/// Before the first event.
const START: Id = 0;
/// Events and acts remembered.
const EVENTS_MAX: usize = 16_384;
const ACTS_MAX: usize = 1_024;
/// A chain longer than this is cut at its old end.
const LINKS_MAX: usize = 64;

/// Where a law was broken, and what led there.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// The law's id.
    pub lamp: &'static str,
    /// Each caused the next; the last one broke the law.
    pub links: Vec<Link>,
    /// The first link has a cause that is no longer remembered.
    pub cut: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    pub at: Time,
    pub what: Linked,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Linked {
    Event(Occasion),
    /// A fault, a knob, an action: from outside, so that nothing in the world caused it.
    Act(String),
    /// The last judgement, when all had come to rest.
    Rest,
}

#[derive(Clone, Copy, Debug)]
struct Happening {
    at: Time,
    cause: Id,
    what: Occasion,
    background: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Trail {
    /// What is going on: the cause of whatever is put into the queue now.
    now: Id,
    /// Causes of the events that are pending, by their slot in the queue.
    pending: Vec<Id>,
    events: VecDeque<Happening>,
    /// Number of the first of `events`.
    first: Id,
    acts: VecDeque<(Time, String)>,
    first_act: u64,
    /// Shared with whoever looks.
    chains: Arc<Vec<Chain>>,
}

impl Trail {
    /// `handled` events have gone by unseen.
    pub fn new(handled: u64) -> Trail {
        Trail { now: START, pending: Vec::new(), events: VecDeque::new(), first: handled + 1, acts: VecDeque::new(), first_act: 0, chains: Arc::default() }
    }

    /// An event was put into that slot.
    #[inline]
    pub fn put(&mut self, slot: usize) {
        if self.pending.len() <= slot {
            self.pending.resize(slot + 1, START);
        }
        self.pending[slot] = self.now;
    }

    /// The event of that slot is about to be handled, as number `handled`.
    #[inline]
    pub fn handle(&mut self, slot: usize, handled: u64, at: Time, background: bool, what: Occasion) {
        let cause = self.pending.get(slot).copied().unwrap_or(START);
        if self.events.len() == EVENTS_MAX {
            self.events.pop_front();
            self.first += 1;
        }
        self.events.push_back(Happening { at, cause, what, background });
        self.now = handled;
    }

    /// Something is about to be done from outside.
    pub fn act(&mut self, at: Time, told: String) {
        if self.acts.len() == ACTS_MAX {
            self.acts.pop_front();
            self.first_act += 1;
        }
        self.acts.push_back((at, told));
        self.now = ACT | (self.first_act + self.acts.len() as u64 - 1);
    }

    /// A law broke in what is going on now.
    pub fn broke(&mut self, lamp: &'static str) {
        let chain = self.chain(lamp, self.now);
        Arc::make_mut(&mut self.chains).push(chain);
    }

    /// A law broke in the last judgement: nothing that is going on caused it.
    pub fn broke_at_rest(&mut self, lamp: &'static str, at: Time) {
        Arc::make_mut(&mut self.chains).push(Chain { lamp, links: vec![Link { at, what: Linked::Rest }], cut: false });
    }

    pub fn chains(&self) -> Arc<Vec<Chain>> {
        Arc::clone(&self.chains)
    }

    /// From the event or act `id` back to where it came from.
    fn chain(&self, lamp: &'static str, mut id: Id) -> Chain {
        let mut links = Vec::new();
        let mut cut = false;
        while id != START {
            if id & ACT != 0 {
                match (id & !ACT).checked_sub(self.first_act).and_then(|place| self.acts.get(place as usize)) {
                    Some((at, told)) => links.push(Link { at: *at, what: Linked::Act(told.clone()) }),
                    None => cut = true,
                }
                break;
            }
            let Some(happening) = self.event(id) else {
                cut = true;
                break;
            };
            links.push(Link { at: happening.at, what: Linked::Event(happening.what) });
            if self.is_clockwork(happening) {
                break;
            }
            if links.len() == LINKS_MAX {
                cut = true;
                break;
            }
            id = happening.cause;
        }
        links.reverse();
        Chain { lamp, links, cut }
    }

    fn event(&self, id: Id) -> Option<&Happening> {
        self.events.get(usize::try_from(id.checked_sub(self.first)?).ok()?)
    }

    /// Housekeeping that only follows upon itself, such as the next arrival of a load: further back there is only more of it.
    fn is_clockwork(&self, happening: &Happening) -> bool {
        let Occasion::Timer { node } = happening.what else { return false };
        let same = |cause: &Happening| cause.what == Occasion::Timer { node };
        happening.background && (happening.cause == START || self.event(happening.cause).is_none_or(same))
    }

    /// Bytes, near enough.
    pub fn weight(&self) -> usize {
        self.pending.capacity() * 8
            + self.events.capacity() * std::mem::size_of::<Happening>()
            + self.acts.iter().map(|(_, told)| 32 + told.len()).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(from: u32, to: u32) -> Occasion {
        Occasion::Message { label: "m", from, to }
    }

    #[test]
    fn a_chain_goes_back_to_the_clockwork_that_began_it() {
        let mut trail = Trail::new(0);
        trail.put(0);
        trail.handle(0, 1, Time(10), true, Occasion::Timer { node: 7 });
        trail.put(0);
        trail.put(1);
        trail.handle(1, 2, Time(20), false, message(7, 8));
        trail.put(2);
        trail.handle(0, 3, Time(25), true, Occasion::Timer { node: 7 });
        trail.handle(2, 4, Time(30), false, message(8, 9));
        trail.broke("law");
        let chains = trail.chains();
        let told: Vec<(Time, Linked)> = chains[0].links.iter().map(|link| (link.at, link.what.clone())).collect();
        let event = |at, what| (Time(at), Linked::Event(what));
        assert_eq!(told, [event(10, Occasion::Timer { node: 7 }), event(20, message(7, 8)), event(30, message(8, 9))]);
        assert!(!chains[0].cut);
    }

    #[test]
    fn what_was_done_from_outside_begins_a_chain() {
        let mut trail = Trail::new(0);
        trail.act(Time(5), "crash node=s1".into());
        trail.put(0);
        trail.handle(0, 1, Time(9), false, message(1, 2));
        trail.broke("law");
        assert_eq!(trail.chains()[0].links[0].what, Linked::Act("crash node=s1".into()));
    }

    #[test]
    fn memory_stays_bounded_and_a_forgotten_cause_is_said() {
        let mut trail = Trail::new(100);
        for n in 0..3 * EVENTS_MAX as u64 {
            trail.put(0);
            trail.handle(0, 101 + n, Time(n), false, message(1, 2));
        }
        assert!(trail.events.len() == EVENTS_MAX && trail.weight() < 4 << 20);
        trail.broke("law");
        assert!(trail.chains()[0].cut && trail.chains()[0].links.len() == LINKS_MAX);
    }
}
