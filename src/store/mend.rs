//! Correcting an attempt afterwards: the row changes, what stood there before stays beside it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use uuid::Uuid;

use super::columns;
use super::rows::{Correction, Field};
use crate::score::{Band, Reading, Score};
use crate::session::Mode;

/// What is corrected, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mend {
    Title(String),
    Mode(Mode),
    /// The minutes that were used.
    Minutes(u64),
}

pub(super) fn mend(tx: &Transaction<'_>, attempt: &str, mend: &Mend, at: DateTime<Utc>) -> rusqlite::Result<()> {
    let column = |name: &str| tx.query_row(&format!("SELECT {name} FROM attempts WHERE id = ?1"), [attempt], |row| row.get::<_, String>(0));
    let (field, was, now) = match mend {
        Mend::Title(title) => (Field::Title, column("title")?, title.clone()),
        Mend::Mode(mode) => (Field::Mode, column("mode")?, mode.name().to_owned()),
        Mend::Minutes(minutes) => (Field::Minutes, column("CAST(used_ms / 60000 AS TEXT)")?, minutes.to_string()),
    };
    if was == now {
        return Ok(());
    }
    match mend {
        Mend::Title(title) => tx.execute("UPDATE attempts SET title = ?2 WHERE id = ?1", [attempt, title])?,
        Mend::Mode(mode) => tx.execute("UPDATE attempts SET mode = ?2 WHERE id = ?1", [attempt, mode.name()])?,
        Mend::Minutes(minutes) => {
            let ms = i64::try_from(minutes.saturating_mul(60_000)).unwrap_or(i64::MAX);
            tx.execute("UPDATE attempts SET used_ms = ?2 WHERE id = ?1", params![attempt, ms])?
        }
    };
    let was = if field == Field::Minutes { format!("{was} min") } else { was };
    record(tx, attempt, field, &was, at)?;
    touch(tx, attempt, at)
}

/// A score that was whole and is given anew: the first one stays as the original.
pub(super) fn rescored(tx: &Transaction<'_>, attempt: &str, reading: Reading, new: &Score, at: DateTime<Utc>) -> rusqlite::Result<()> {
    let open = "EXISTS (SELECT 1 FROM score_lines l WHERE l.attempt = s.attempt AND l.reading = s.reading AND l.reached AND l.grade IS NULL)";
    let whole = format!("SELECT total, penalty FROM scores s WHERE attempt = ?1 AND reading = ?2 AND NOT {open}");
    let old: Option<(f64, u32)> = tx.query_row(&whole, [attempt, reading.name()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((total, penalty)) = old else { return Ok(()) };
    let field = if reading == Reading::Blind { Field::Blind } else { Field::Informed };
    let same = (total - new.total).abs() < 1e-9 && penalty == new.penalty;
    let told: bool = tx.query_row("SELECT EXISTS (SELECT 1 FROM corrections WHERE attempt = ?1 AND field = ?2)", [attempt, field.name()], |row| row.get(0))?;
    if same || told {
        return Ok(());
    }
    record(tx, attempt, field, &format!("{total} of 50, {}", Band::of(total).name()), at)
}

fn record(tx: &Transaction<'_>, attempt: &str, field: Field, was: &str, at: DateTime<Utc>) -> rusqlite::Result<()> {
    let id = Uuid::now_v7().to_string();
    tx.execute("INSERT INTO corrections VALUES (?1, ?2, ?3, ?4, ?5, ?5)", params![id, attempt, field.name(), was, columns::text(at)])?;
    Ok(())
}

/// The attempt has a newer version than other machines know.
pub(super) fn touch(tx: &Transaction<'_>, attempt: &str, at: DateTime<Utc>) -> rusqlite::Result<()> {
    tx.execute("UPDATE attempts SET saved_at = max(saved_at, ?2) WHERE id = ?1", [attempt, &columns::text(at)])?;
    Ok(())
}

/// By attempt, oldest first.
pub(super) fn all(conn: &Connection) -> rusqlite::Result<BTreeMap<String, Vec<Correction>>> {
    let mut rows = conn.prepare_cached("SELECT attempt, field, was, corrected_at FROM corrections ORDER BY attempt, corrected_at, id")?;
    let mut rows = rows.query([])?;
    let mut found: BTreeMap<String, Vec<Correction>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let Some(field) = Field::parse(row.get_ref(1)?.as_str()?) else { continue };
        let correction = Correction { field, was: row.get(2)?, corrected_at: columns::moment(3, &row.get::<_, String>(3)?)? };
        found.entry(row.get(0)?).or_default().push(correction);
    }
    Ok(found)
}
