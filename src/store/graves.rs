//! Deleting, and taking it back: a deleted attempt lies in its grave for a month, then its content is gone and only the grave stays.

use chrono::{DateTime, Days, Utc};
use rusqlite::{Connection, Transaction, params};

use super::columns;
use super::rows::Attempt;

/// How long a deletion can be taken back.
pub const KEPT_DAYS: u64 = 30;

/// What belongs to an attempt and has a clock of its own, never later than the attempt's.
const CHILDREN: [(&str, &str); 3] = [("scores", "scored_at"), ("corrections", "saved_at"), ("findings", "made_at")];

/// The grave alone: what lies in it goes with [`purge`].
pub(super) fn bury(tx: &Transaction<'_>, attempt: &str, at: DateTime<Utc>) -> rusqlite::Result<()> {
    // Not before what it buries, or a clock that was set back would leave the attempt standing.
    let dig = "INSERT INTO graves SELECT id, max(?2, saved_at) FROM attempts WHERE id = ?1
               ON CONFLICT (id) DO UPDATE SET deleted_at = max(deleted_at, excluded.deleted_at)";
    tx.execute(dig, [attempt, &columns::text(at)]).map(drop)
}

/// Takes the deletion back. The grave stays as a trace for other machines; the attempt is now newer than it.
pub(super) fn raise(tx: &Transaction<'_>, attempt: &str, at: DateTime<Utc>) -> rusqlite::Result<()> {
    let deleted: Option<String> = tx.query_row("SELECT max(deleted_at) FROM graves WHERE id = ?1", [attempt], |row| row.get(0))?;
    let Some(deleted) = deleted else { return Ok(()) };
    let after = columns::text(at.max(columns::moment(0, &deleted)? + chrono::Duration::milliseconds(1)));
    tx.execute("UPDATE attempts SET saved_at = ?2 WHERE id = ?1", params![attempt, after])?;
    CHILDREN.iter().try_for_each(|(table, clock)| tx.execute(&format!("UPDATE {table} SET {clock} = ?2 WHERE attempt = ?1"), params![attempt, after]).map(drop))
}

/// A deletion takes everything that was known until then, also what another machine knew: where an attempt stands because something
/// newer is known of it, older scores and corrections do not come back with it. So it does not matter in which order machines learn.
pub(super) fn settle(tx: &Transaction<'_>) -> rusqlite::Result<()> {
    for (table, clock) in CHILDREN {
        let dead = format!("SELECT 1 FROM graves WHERE graves.id = {table}.attempt AND graves.deleted_at >= {table}.{clock}");
        tx.execute(&format!("DELETE FROM {table} WHERE attempt IN (SELECT id FROM kept) AND EXISTS ({dead})"), [])?;
    }
    Ok(())
}

/// Removes for good what was deleted before the limit; says how many.
pub(super) fn purge(conn: &Connection, before: DateTime<Utc>) -> rusqlite::Result<usize> {
    let dead = "DELETE FROM attempts WHERE id IN (SELECT id FROM graves WHERE deleted_at <= ?1 AND deleted_at >= attempts.saved_at)";
    conn.execute(dead, [columns::text(before)])
}

pub(super) fn limit(now: DateTime<Utc>) -> DateTime<Utc> {
    now.checked_sub_days(Days::new(KEPT_DAYS)).unwrap_or(now)
}

/// Attempts that were deleted and can still be taken back, the last deleted first.
pub(super) fn deleted(conn: &Connection) -> rusqlite::Result<Vec<Attempt>> {
    super::attempts::buried(conn)
}
