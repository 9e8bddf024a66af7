//! What comes next: every card of the decks has exactly one standing, and those that may be asked have an order.

use super::schedule::{Due, LAST_DAYS, Rules, Stage, State};
use crate::catalog::{Card, Deck};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sims::kernel::rng::{hash_name, splitmix};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// When nothing else is left, a card that is being learnt is asked so much before its time.
const AHEAD: TimeDelta = TimeDelta::minutes(20);

/// A card as the queue knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub card: String,
    pub deck: String,
    /// Cards of one group give each other away: they are not asked on the same day.
    pub group: Option<String>,
}

/// The cards of the decks, in their order. A card that two decks have counts once.
pub fn entries(decks: &[Arc<Deck>]) -> Vec<Entry> {
    let mut seen = BTreeSet::new();
    let cards = decks.iter().flat_map(|deck| deck.cards.iter().map(move |card| (deck, card)));
    cards
        .filter(|(_, card)| seen.insert(card.id.clone()))
        .map(|(deck, card)| Entry { card: card.id.clone(), deck: deck.id.clone(), group: group(deck, card) })
        .collect()
}

/// Its topic in its deck, else what it points to first. A whole problem is too wide to be a group.
fn group(deck: &Deck, card: &Card) -> Option<String> {
    if !card.topic.trim().is_empty() {
        return Some(format!("{} {}", deck.id, card.topic.trim()));
    }
    card.see.0.first().filter(|see| see.contains(['/', ':'])).cloned()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    Learning,
    Due,
    New,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// May be asked now.
    Ready(Why),
    /// Being learnt, due in a while.
    Soon(DateTime<Utc>),
    Waiting(NaiveDate),
    /// One of its group is asked today.
    Apart,
    /// Today's limit is reached.
    Over(Why),
    Buried,
    Suspended,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub new: usize,
    pub learning: usize,
    pub due: usize,
    pub suspended: usize,
    pub total: usize,
    /// Were seen at least once.
    pub seen: usize,
}

/// The day's work.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Of every card, in the decks' order.
    pub standings: Vec<(Entry, Standing)>,
    /// Those that may be asked now, the next one first.
    pub ready: Vec<(String, Why)>,
    /// Those being learnt whose time comes today, the earliest first.
    pub soon: Vec<(DateTime<Utc>, String)>,
    /// New cards and reviews that were done today.
    pub done_new: usize,
    pub done_due: usize,
}

impl Plan {
    /// The card to ask now: of one deck, or of all.
    pub fn next(&self, at: DateTime<Utc>) -> Option<(&str, Why)> {
        let ready = self.ready.first().map(|(card, why)| (card.as_str(), *why));
        let ahead = || self.soon.first().filter(|(due, _)| *due <= at + AHEAD).map(|(_, card)| (card.as_str(), Why::Learning));
        ready.or_else(ahead)
    }

    /// Counts by deck; the sum under the empty name.
    pub fn counts(&self, states: &BTreeMap<String, State>) -> BTreeMap<String, Counts> {
        let mut all: BTreeMap<String, Counts> = BTreeMap::from([(String::new(), Counts::default())]);
        for (entry, standing) in &self.standings {
            for deck in [entry.deck.as_str(), ""] {
                let counts = all.entry(deck.to_string()).or_default();
                counts.total += 1;
                counts.seen += usize::from(states.get(&entry.card).is_some_and(|state| state.first.is_some()));
                match standing {
                    Standing::Ready(Why::New) => counts.new += 1,
                    Standing::Ready(Why::Due) => counts.due += 1,
                    Standing::Ready(Why::Learning) | Standing::Soon(_) => counts.learning += 1,
                    Standing::Suspended => counts.suspended += 1,
                    Standing::Waiting(_) | Standing::Apart | Standing::Over(_) | Standing::Buried => {}
                }
            }
        }
        all
    }
}

/// Works out the day: learning first, reviews by how long they are due, new cards between them; groups kept apart, limits kept.
/// `deck` leaves the others out; their work of today still counts against the limits and the groups.
pub fn plan(entries: &[Entry], states: &BTreeMap<String, State>, deck: Option<&str>, rules: &Rules, at: DateTime<Utc>, today: NaiveDate) -> Plan {
    let fresh = State::default();
    let state = |entry: &Entry| states.get(&entry.card).unwrap_or(&fresh);
    let (done_new, done_due) = done(states, today);
    let mut plan = Plan { done_new, done_due, ..Plan::default() };
    // In the last days everything is to be seen once more: then a group may meet.
    let last_days = rules.interview.is_some_and(|day| day > today && (day - today).num_days() <= LAST_DAYS as i64);
    let mut met: BTreeSet<&str> = entries.iter().filter(|entry| state(entry).last == Some(today)).filter_map(|entry| entry.group.as_deref()).collect();
    let mut standing: BTreeMap<&str, Standing> = BTreeMap::new();
    for entry in entries {
        let first = at_first(state(entry), at, today);
        if matches!(first, Standing::Ready(Why::Learning) | Standing::Soon(_)) {
            met.extend(entry.group.as_deref());
        }
        standing.insert(&entry.card, first);
    }
    let mut due: Vec<&Entry> = entries.iter().filter(|entry| standing[entry.card.as_str()] == Standing::Ready(Why::Due)).collect();
    due.sort_by_key(|entry| (state(entry).due, shuffled(&entry.card, today)));
    let new: Vec<&Entry> = in_turn(entries.iter().filter(|entry| standing[entry.card.as_str()] == Standing::Ready(Why::New)));
    let room = |limit: u32, done: usize| usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(done);
    let mut rooms = [(due, Why::Due, room(rules.reviews_a_day, done_due)), (new, Why::New, room(rules.new_a_day, done_new))];
    let mut taken: [Vec<&str>; 2] = Default::default();
    for ((list, why, room), taken) in rooms.iter_mut().zip(&mut taken) {
        for entry in list.iter().filter(|entry| deck.is_none_or(|deck| entry.deck == deck)) {
            let apart = !last_days && entry.group.as_deref().is_some_and(|group| met.contains(group));
            let over = taken.len() >= *room;
            match (apart, over) {
                (true, _) => drop(standing.insert(&entry.card, Standing::Apart)),
                (_, true) => drop(standing.insert(&entry.card, Standing::Over(*why))),
                _ => {
                    met.extend(entry.group.as_deref());
                    taken.push(&entry.card);
                }
            }
        }
    }
    let wanted = |entry: &&Entry| deck.is_none_or(|deck| entry.deck == deck);
    let mut learning: Vec<(DateTime<Utc>, String)> = Vec::new();
    for entry in entries.iter().filter(wanted) {
        match (&standing[entry.card.as_str()], state(entry).due) {
            (Standing::Ready(Why::Learning), Due::At(due)) => learning.push((due, entry.card.clone())),
            (Standing::Soon(due), _) => plan.soon.push((*due, entry.card.clone())),
            _ => {}
        }
    }
    learning.sort();
    plan.soon.sort();
    plan.ready.extend(learning.into_iter().map(|(_, card)| (card, Why::Learning)));
    let [due, new] = taken;
    plan.ready.extend(mixed(&due, &new, done_due + done_new));
    plan.standings = entries.iter().filter(wanted).map(|entry| (entry.clone(), standing[entry.card.as_str()].clone())).collect();
    plan
}

/// Where a card stands by itself, before limits and groups.
fn at_first(state: &State, at: DateTime<Utc>, today: NaiveDate) -> Standing {
    if state.suspended {
        return Standing::Suspended;
    }
    if state.buried.is_some_and(|day| day >= today) {
        return Standing::Buried;
    }
    match (state.stage, state.due) {
        (Stage::New, _) | (_, Due::New) => Standing::Ready(Why::New),
        (_, Due::At(due)) if due <= at => Standing::Ready(Why::Learning),
        (_, Due::At(due)) => Standing::Soon(due),
        (_, Due::On(day)) if day <= today => Standing::Ready(Why::Due),
        (_, Due::On(day)) => Standing::Waiting(day),
    }
}

/// Cards met for the first time today, and others reviewed today.
fn done(states: &BTreeMap<String, State>, today: NaiveDate) -> (usize, usize) {
    let new = states.values().filter(|state| state.first == Some(today)).count();
    let due = states.values().filter(|state| state.last == Some(today) && state.first != Some(today)).count();
    (new, due)
}

/// One of each deck in turn, so that the first day shows something of all of them.
fn in_turn<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<&'a Entry> {
    let mut rounds: BTreeMap<&str, usize> = BTreeMap::new();
    let mut listed: Vec<(usize, &Entry)> = entries
        .map(|entry| {
            let round = rounds.entry(&entry.deck).or_default();
            *round += 1;
            (*round, entry)
        })
        .collect();
    listed.sort_by_key(|(round, _)| *round);
    listed.into_iter().map(|(_, entry)| entry).collect()
}

/// New cards spread evenly among reviews. `done` is how many were answered today: so the rhythm goes on after each answer.
fn mixed(due: &[&str], new: &[&str], done: usize) -> Vec<(String, Why)> {
    let gap = if new.is_empty() { usize::MAX } else { due.len() / new.len() };
    let (mut due, mut new) = (due.iter().peekable(), new.iter().peekable());
    let mut turn = done;
    let mut order = Vec::new();
    while due.peek().is_some() || new.peek().is_some() {
        let new_now = due.peek().is_none() || (new.peek().is_some() && turn % gap.saturating_add(1) == gap);
        let next = if new_now { new.next().map(|card| (card, Why::New)) } else { due.next().map(|card| (card, Why::Due)) };
        order.extend(next.map(|(card, why)| ((*card).to_string(), why)));
        turn = turn.wrapping_add(1);
    }
    order
}

/// The same order all day, another tomorrow.
fn shuffled(card: &str, today: NaiveDate) -> u64 {
    use chrono::Datelike;
    splitmix(hash_name(card) ^ splitmix(today.num_days_from_ce() as u64))
}
