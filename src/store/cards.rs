//! The rows of the flashcards' log: added, read back, and merged with those of another machine.

use rusqlite::types::Type;
use rusqlite::{Connection, Error, Row, Transaction, params};
use uuid::Uuid;

use super::{Store, StoreError, columns};
use crate::drill::cards::{Event, What};

impl Store {
    /// An id for an event that happens now: it orders by time, and no other machine makes the same.
    pub fn event_id() -> String {
        Uuid::now_v7().to_string()
    }

    /// Adds to the log of cards, all or nothing. Events it has already are left as they are: returns how many are new.
    ///
    /// # Errors
    /// The database's.
    pub fn log_cards(&self, events: Vec<Event>) -> Result<usize, StoreError> {
        let before = self.read(count)?;
        self.write(move |tx| add(tx, &events))?;
        Ok(self.read(count)?.saturating_sub(before))
    }

    /// Adds one event to the log of cards.
    ///
    /// # Errors
    /// The database's.
    pub fn log_card(&self, event: &Event) -> Result<(), StoreError> {
        let events = [event.clone()];
        self.write(move |tx| add(tx, &events))
    }

    /// The whole log of cards, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub fn card_log(&self) -> Result<Vec<Event>, StoreError> {
        self.read(all)
    }
}

fn count(conn: &Connection) -> rusqlite::Result<usize> {
    conn.query_row("SELECT count(*) FROM card_log", [], |row| row.get::<_, i64>(0)).map(|n| usize::try_from(n).unwrap_or(0))
}

fn add(tx: &Transaction<'_>, events: &[Event]) -> rusqlite::Result<()> {
    // Not OR IGNORE: that would also pass over rows that the checks refuse.
    let mut row = tx.prepare_cached("INSERT INTO card_log VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING")?;
    for event in events {
        let undoes = if let What::Undo { event } = &event.what { Some(event) } else { None };
        let took = event.what.took_ms().map(|ms| i64::try_from(ms).unwrap_or(i64::MAX));
        let grade = event.what.grade().map(crate::drill::cards::Grade::number);
        row.execute(params![event.id, event.card, columns::text(event.at), event.day.to_string(), event.what.kind(), grade, took, undoes])?;
    }
    Ok(())
}

fn all(conn: &Connection) -> rusqlite::Result<Vec<Event>> {
    let mut rows = conn.prepare_cached("SELECT id, card, at, day, kind, grade, took_ms, undoes FROM card_log ORDER BY at, id")?;
    rows.query_map([], event)?.collect()
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let text = |column: usize| row.get::<_, String>(column);
    let wrong = |column: usize, why: String| Error::FromSqlConversionFailure(column, Type::Text, why.into());
    let took: Option<i64> = row.get(6)?;
    let undoes: Option<String> = row.get(7)?;
    let what = What::of(&text(4)?, row.get(5)?, took.and_then(|ms| u64::try_from(ms).ok()), undoes.as_deref()).map_err(|why| wrong(4, why))?;
    let day = text(3)?;
    let day = day.parse().map_err(|_| wrong(3, format!("`{day}` is no day")))?;
    Ok(Event { id: text(0)?, card: text(1)?, at: columns::moment(2, &text(2)?)?, day, what })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::cards::{Grade, Scheduler};

    fn review(id: &str, second: i64, grade: Grade) -> Event {
        let at = chrono::DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap();
        Event { id: id.into(), card: "c".into(), at, day: at.date_naive(), what: What::Review { grade, took_ms: 1500 } }
    }

    #[test]
    fn the_log_comes_back_as_it_went_in_and_only_grows() {
        let store = Store::in_memory();
        let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let mut log = vec![review("a", 0, Grade::Good), review("b", 700, Grade::Easy)];
        for (n, what) in [What::Suspend, What::Unsuspend, What::Bury, What::Reset, What::Cram { grade: Grade::Hard, took_ms: 3 }].into_iter().enumerate() {
            log.push(Event { id: format!("c{n}"), card: "c".into(), at: log[1].at + chrono::TimeDelta::seconds(1 + n as i64), day, what });
        }
        log.push(Event { id: "z".into(), card: "c".into(), at: log[1].at + chrono::TimeDelta::seconds(60), day, what: What::Undo { event: "c0".into() } });
        assert_eq!(store.log_cards(log.clone()), Ok(8));
        assert_eq!(store.card_log().unwrap(), log);
        for wrong in ["DELETE FROM card_log", "UPDATE card_log SET grade = 1 WHERE kind = 'review'"] {
            let refused = store.write(move |tx| tx.execute(wrong, []).map(drop));
            assert!(refused.is_err_and(|why| why.to_string().contains("only grows")), "{wrong}");
        }
        for wrong in
            ["('x', '', 'a', 'd', 'bury', NULL, NULL, NULL)", "('x', 'c', 'a', 'd', 'review', 5, 1, NULL)", "('x', 'c', 'a', 'd', 'undo', NULL, NULL, NULL)"]
        {
            assert!(store.write(move |tx| tx.execute(&format!("INSERT INTO card_log VALUES {wrong}"), []).map(drop)).is_err(), "{wrong}");
        }
        assert_eq!(store.card_log().unwrap(), log);
    }

    #[test]
    fn logs_of_two_machines_become_one() {
        let (here, there) = (Store::in_memory(), Store::in_memory());
        let both = review("a", 0, Grade::Good);
        here.log_cards(vec![both.clone(), review("h", 700, Grade::Good)]).unwrap();
        there.log_cards(vec![both, review("t", 400_000, Grade::Again)]).unwrap();
        assert_eq!(here.log_cards(there.card_log().unwrap()), Ok(1), "one of the two was known");
        assert_eq!(there.log_cards(here.card_log().unwrap()), Ok(1));
        let states = |store: &Store| Scheduler::default().states(&store.card_log().unwrap());
        assert_eq!(states(&here), states(&there));
        assert_eq!(states(&here)["c"].lapses, 1);
        assert_eq!(here.log_cards(there.card_log().unwrap()), Ok(0), "and again changes nothing");
    }
}
