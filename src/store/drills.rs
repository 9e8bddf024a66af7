//! The rows of drills: estimates, flaws, ladders, and the plan that was chosen.

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::types::Type;
use rusqlite::{Connection, Row, Transaction, params};
use serde::Serialize;
use uuid::Uuid;

use super::{Store, StoreError, columns};
use crate::drill::flaws::{Answered, How};
use crate::drill::numbers::{Kind, Level, Taken};

/// A latency ladder as it was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ladder {
    pub measured_at: DateTime<Utc>,
    /// Id of the rung, nanoseconds.
    pub rungs: Vec<(String, f64)>,
}

/// The plan that the user follows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Followed {
    pub plan: String,
    pub begun_on: NaiveDate,
}

impl Store {
    pub fn save_estimate(&self, taken: &Taken) -> Result<(), StoreError> {
        let taken = taken.clone();
        self.write(move |tx| estimate(tx, &taken))
    }

    /// Every estimation drill that was answered, oldest first.
    pub fn estimates(&self) -> Result<Vec<Taken>, StoreError> {
        self.read(estimates)
    }

    pub fn save_flaw(&self, answered: &Answered) -> Result<(), StoreError> {
        let row = answered.clone();
        self.write(move |tx| {
            let how = if row.how == How::Choice { "choice" } else { "line" };
            tx.execute(
                "INSERT INTO flaw_answers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![Uuid::now_v7().to_string(), row.source, row.flaw, how, row.chosen, row.hit, columns::text(row.made_at)],
            )
            .map(drop)
        })
    }

    /// Every answer to a flaw, oldest first.
    pub fn flaws(&self) -> Result<Vec<Answered>, StoreError> {
        self.read(flaws)
    }

    pub fn save_ladder(&self, ladder: &Ladder) -> Result<(), StoreError> {
        let (id, ladder) = (Uuid::now_v7().to_string(), ladder.clone());
        self.write(move |tx| {
            let at = columns::text(ladder.measured_at);
            for (rung, ns) in &ladder.rungs {
                tx.execute("INSERT INTO ladders VALUES (?1, ?2, ?3, ?4)", params![id, at, rung, ns])?;
            }
            Ok(())
        })
    }

    /// Every ladder that was measured, newest first.
    pub fn ladders(&self) -> Result<Vec<Ladder>, StoreError> {
        self.read(ladders)
    }

    /// Writes one row and waits for the disk: what a commit costs here.
    pub fn commit_once(&self) -> Result<(), StoreError> {
        self.write(|tx| tx.execute("INSERT OR REPLACE INTO about VALUES ('last_commit_timed', ?1)", [columns::text(Utc::now())]).map(drop))
    }

    /// Takes up a plan; what was done before still counts.
    pub fn follow(&self, plan: &str, begun_on: NaiveDate) -> Result<(), StoreError> {
        let (plan, begun) = (plan.to_owned(), begun_on.to_string());
        self.write(move |tx| {
            tx.execute("INSERT INTO plans VALUES (?1, ?2, ?3, ?4)", params![Uuid::now_v7().to_string(), plan, begun, columns::text(Utc::now())]).map(drop)
        })
    }

    /// The plan that was taken up last.
    pub fn followed(&self) -> Result<Option<Followed>, StoreError> {
        self.read(|conn| {
            let mut rows = conn.prepare_cached("SELECT plan, begun_on FROM plans ORDER BY chosen_at DESC, id DESC LIMIT 1")?;
            let read = |row: &Row<'_>| {
                let begun: String = row.get(1)?;
                Ok(Followed { plan: row.get(0)?, begun_on: begun.parse().map_err(|error| wrong(1, error))? })
            };
            rows.query_map([], read)?.next().transpose()
        })
    }

    /// Ticks an item of the checklist by hand, or takes the tick back.
    pub fn tick(&self, item: &str, ticked: bool) -> Result<(), StoreError> {
        let item = item.to_owned();
        self.write(move |tx| {
            let done = match ticked {
                true => tx.execute("INSERT OR IGNORE INTO plan_ticks VALUES (?1, ?2)", params![item, columns::text(Utc::now())]),
                false => tx.execute("DELETE FROM plan_ticks WHERE item = ?1", [&item]),
            };
            done.map(drop)
        })
    }

    /// Items that were ticked by hand.
    pub fn ticks(&self) -> Result<Vec<String>, StoreError> {
        self.read(|conn| conn.prepare_cached("SELECT item FROM plan_ticks ORDER BY item")?.query_map([], |row| row.get(0))?.collect())
    }
}

fn wrong(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

fn estimate(tx: &Transaction<'_>, taken: &Taken) -> rusqlite::Result<()> {
    let took = i64::try_from(taken.took_ms).unwrap_or(i64::MAX);
    // SQLite's whole numbers have a sign; seeds use all bits.
    let seed = taken.seed.to_string();
    tx.execute(
        "INSERT INTO estimates VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            Uuid::now_v7().to_string(),
            taken.kind.name(),
            taken.level.name(),
            seed,
            taken.ask,
            taken.answer,
            taken.right,
            taken.error,
            took,
            columns::text(taken.made_at)
        ],
    )?;
    Ok(())
}

fn estimates(conn: &Connection) -> rusqlite::Result<Vec<Taken>> {
    let mut rows = conn.prepare_cached("SELECT kind, level, seed, ask, answer, truth, error, took_ms, made_at FROM estimates ORDER BY made_at, id")?;
    let read = |row: &Row<'_>| {
        let (kind, level, seed): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Taken {
            // A kind of a newer greenroom is counted with the first.
            kind: Kind::parse(&kind).unwrap_or(Kind::Requests),
            level: Level::parse(&level).unwrap_or_default(),
            seed: seed.parse().map_err(|error| wrong(2, error))?,
            ask: row.get(3)?,
            answer: row.get(4)?,
            right: row.get(5)?,
            error: row.get(6)?,
            took_ms: columns::count(row, 7)?,
            made_at: columns::moment(8, &row.get::<_, String>(8)?)?,
        })
    };
    rows.query_map([], read)?.collect()
}

fn flaws(conn: &Connection) -> rusqlite::Result<Vec<Answered>> {
    let mut rows = conn.prepare_cached("SELECT source, flaw, how, chosen, hit, made_at FROM flaw_answers ORDER BY made_at, id")?;
    let read = |row: &Row<'_>| {
        let how: String = row.get(2)?;
        Ok(Answered {
            source: row.get(0)?,
            flaw: row.get(1)?,
            how: if how == "line" { How::Line } else { How::Choice },
            chosen: row.get(3)?,
            hit: row.get(4)?,
            made_at: columns::moment(5, &row.get::<_, String>(5)?)?,
        })
    };
    rows.query_map([], read)?.collect()
}

fn ladders(conn: &Connection) -> rusqlite::Result<Vec<Ladder>> {
    let mut rows = conn.prepare_cached("SELECT id, measured_at, rung, ns FROM ladders ORDER BY measured_at DESC, id DESC, ns")?;
    let mut rows = rows.query([])?;
    let mut found: Vec<(String, Ladder)> = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, rung): (String, (String, f64)) = (row.get(0)?, (row.get(2)?, row.get(3)?));
        match found.last_mut() {
            Some((last, ladder)) if *last == id => ladder.rungs.push(rung),
            _ => {
                let measured_at = columns::moment(1, &row.get::<_, String>(1)?)?;
                found.push((id, Ladder { measured_at, rungs: vec![rung] }));
            }
        }
    }
    Ok(found.into_iter().map(|(_, ladder)| ladder).collect())
}
