//! The desk one learns at: decks, log and states together, moved on event by event.

use super::log::{Event, What, last_to_undo};
use super::queue::{Entry, Plan, entries, plan};
use super::schedule::{Rules, Scheduler, State};
use super::stats::{Stats, stats};
use crate::catalog::{Card, Deck};
use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug, Default)]
pub struct Desk {
    pub decks: Vec<Arc<Deck>>,
    pub entries: Vec<Entry>,
    pub log: Vec<Event>,
    pub states: BTreeMap<String, State>,
    pub scheduler: Scheduler,
}

/// A moment, and the day it belongs to where the user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub at: DateTime<Utc>,
    pub day: NaiveDate,
}

impl Desk {
    pub fn new(decks: &[Arc<Deck>], log: Vec<Event>, rules: Rules) -> Desk {
        let decks: Vec<Arc<Deck>> = decks.iter().filter(|deck| !deck.cards.is_empty()).cloned().collect();
        let scheduler = Scheduler::new(rules);
        Desk { entries: entries(&decks), states: scheduler.states(&log), decks, log, scheduler }
    }

    pub fn plan(&self, deck: Option<&str>, now: Moment) -> Plan {
        plan(&self.entries, &self.states, deck, &self.scheduler.rules, now.at, now.day)
    }

    pub fn card(&self, id: &str) -> Option<(&Deck, &Card)> {
        self.decks.iter().find_map(|deck| deck.cards.iter().find(|card| card.id == id).map(|card| (&**deck, card)))
    }

    pub fn state(&self, card: &str) -> State {
        self.states.get(card).cloned().unwrap_or_default()
    }

    /// An event to be stored first, then taken.
    pub fn event(id: String, card: &str, what: What, now: Moment) -> Event {
        // As precise as it is stored, so that a replay gives the very same state.
        Event { id, card: card.to_string(), at: now.at.trunc_subsecs(3), day: now.day, what }
    }

    /// What takes back the last thing done today; none: nothing was.
    pub fn undo(&self, id: String, now: Moment) -> Option<Event> {
        let last = last_to_undo(&self.log, now.day)?;
        Some(Desk::event(id, &last.card, What::Undo { event: last.id.clone() }, now))
    }

    /// Enters an event and moves its card.
    pub fn take(&mut self, event: Event) {
        let card = event.card.clone();
        self.log.push(event);
        let of_card: Vec<Event> = self.log.iter().filter(|event| event.card == card).cloned().collect();
        match self.scheduler.states(&of_card).remove(&card) {
            Some(state) => drop(self.states.insert(card, state)),
            None => drop(self.states.remove(&card)),
        }
    }

    /// The reviews of a card, oldest first, without what was taken back.
    pub fn past(&self, card: &str) -> Vec<Event> {
        let of_card: Vec<Event> = self.log.iter().filter(|event| event.card == card).cloned().collect();
        super::log::live(&of_card).into_iter().cloned().collect()
    }

    pub fn stats(&self, today: NaiveDate) -> Stats {
        stats(&self.log, &self.scheduler, today, |card| self.card(card).is_some())
    }
}
