//! The rows of findings: what was found out about an attempt after it, as JSON by its kind.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{columns, mend};

pub(super) fn write(tx: &Transaction<'_>, attempt: &str, kind: &str, body: &str, at: DateTime<Utc>) -> rusqlite::Result<()> {
    tx.execute("INSERT OR REPLACE INTO findings VALUES (?1, ?2, ?3, ?4)", params![attempt, kind, body, columns::text(at)])?;
    // Never older than what belongs to it: see `graves::settle`.
    mend::touch(tx, attempt, at)
}

pub(super) fn one(conn: &Connection, attempt: &str, kind: &str) -> rusqlite::Result<Option<String>> {
    conn.query_row("SELECT body FROM findings WHERE attempt = ?1 AND kind = ?2", [attempt, kind], |row| row.get(0)).optional()
}
