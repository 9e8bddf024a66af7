//! What the history's screen knows: the past, read by a worker, and what it comes to.

use crate::catalog::Catalog;
use crate::history::{Filter, Look, Topics};
use crate::store::{Attempt, Entry, Found, Past, Store, StoreError};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

pub struct Book {
    pub past: Past,
    pub topics: Topics,
    pub look: Look,
    /// What each rubric line says, by problem and line.
    pub lines: BTreeMap<(String, String), String>,
    /// Deleted attempts that can be brought back, the last deleted first.
    pub deleted: Vec<Attempt>,
}

impl Book {
    /// # Errors
    /// The store's own.
    pub fn read(store: &Store, catalog: &Catalog) -> Result<Book, StoreError> {
        Book::on(chrono::Local::now().date_naive(), store, catalog)
    }

    /// As it looks on a day.
    ///
    /// # Errors
    /// The store's own.
    pub fn on(today: NaiveDate, store: &Store, catalog: &Catalog) -> Result<Book, StoreError> {
        let past = store.past()?;
        let met = past.entries.iter().map(|entry| entry.attempt.problem.as_str()).chain(past.predictions.iter().map(|made| made.problem.as_str()));
        let met: BTreeSet<&str> = met.collect();
        let (mut topics, mut lines) = (Topics::of_heads(catalog.heads()), BTreeMap::new());
        for card in met.into_iter().filter_map(|id| catalog.problem(id).ok()) {
            topics.read(&card);
            lines.extend(card.rubric.iter().map(|line| ((card.id.clone(), line.id.clone()), line.line.clone())));
        }
        let look = Look::back(&past, &topics, today, &chrono::Local);
        Ok(Book { look, topics, lines, deleted: store.deleted()?, past })
    }

    pub fn entries(&self, filter: &Filter) -> Vec<&Entry> {
        self.past.entries.iter().filter(|entry| filter.holds(&entry.attempt, &self.topics, &chrono::Local)).collect()
    }

    pub fn entry(&self, id: &str) -> Option<&Entry> {
        self.past.entries.iter().find(|entry| entry.attempt.id == id)
    }

    /// A line that has left its card is told by its id.
    pub fn line<'a>(&'a self, problem: &str, line: &'a str) -> &'a str {
        self.lines.get(&(problem.to_owned(), line.to_owned())).map_or(line, String::as_str)
    }

    /// Every value that attempts have, for a filter's choices.
    pub fn values<'a>(&'a self, of: impl Fn(&'a Attempt) -> Option<&'a str>) -> Vec<String> {
        let values: BTreeSet<&str> = self.past.entries.iter().filter_map(|entry| of(&entry.attempt)).collect();
        values.into_iter().map(str::to_owned).collect()
    }
}

/// What a search brought: the words it was for, and where they stand.
pub struct Hits(pub String, pub Result<Vec<Found>, StoreError>);
