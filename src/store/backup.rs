//! Copies of the database: before a migration, once a day, seven days and four weeks kept; and the way back.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use rusqlite::{Connection, OpenFlags};

use super::schema;

const DAYS_KEPT: usize = 7;
const WEEKS_KEPT: usize = 4;
/// Copies made before migrations that are kept.
const MIGRATIONS_KEPT: usize = 3;
/// Copies made before imports that are kept.
const IMPORTS_KEPT: usize = 3;

/// The day in the name of a daily copy, `greenroom-2026-11-22.db`.
fn day_of(path: &Path) -> Option<NaiveDate> {
    path.file_name()?.to_str()?.strip_prefix("greenroom-")?.strip_suffix(".db")?.parse().ok()
}

fn is_migration(path: &Path) -> bool {
    is_before(path, "before-v")
}

fn is_import(path: &Path) -> bool {
    is_before(path, "before-import-")
}

fn is_before(path: &Path, what: &str) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(what) && name.ends_with(".db"))
}

/// Every copy in the folder, newest first.
pub(super) fn all(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| day_of(path).is_some() || is_migration(path) || is_import(path))
        .map(|path| (std::fs::metadata(&path).and_then(|meta| meta.modified()).ok(), path))
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, path)| path).collect()
}

/// Writes a copy beside the database, whole or not at all.
fn copy(conn: &Connection, to: &Path) -> Result<(), String> {
    let partial = to.with_extension("partial");
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    // Left over from a copy that was cut off.
    let _ = std::fs::remove_file(&partial);
    let name = partial.to_str().ok_or("the folder's name is not UTF-8")?;
    conn.execute("VACUUM INTO ?1", [name]).map_err(|error| error.to_string())?;
    std::fs::rename(&partial, to).map_err(|error| error.to_string())
}

/// The copy before a migration. Without it no migration.
pub(super) fn before_migration(conn: &Connection, folder: &Path, from: i64, now: DateTime<Utc>) -> Result<PathBuf, String> {
    let to = folder.join(format!("before-v{}-from-v{from}-{}.db", schema::VERSION, now.format("%Y%m%dT%H%M%S")));
    copy(conn, &to)?;
    for old in all(folder).into_iter().filter(|path| is_migration(path)).skip(MIGRATIONS_KEPT) {
        let _ = std::fs::remove_file(old);
    }
    Ok(to)
}

/// The copy before an import. Without it no import.
pub(super) fn before_import(conn: &Connection, folder: &Path, now: DateTime<Utc>) -> Result<(), String> {
    copy(conn, &folder.join(format!("before-import-{}.db", now.format("%Y%m%dT%H%M%S%3f"))))?;
    for old in all(folder).into_iter().filter(|path| is_import(path)).skip(IMPORTS_KEPT) {
        let _ = std::fs::remove_file(old);
    }
    Ok(())
}

/// Today's copy, unless there is one, and the old ones thinned.
pub(super) fn daily(conn: &Connection, folder: &Path, now: DateTime<Utc>) -> Result<(), String> {
    let to = folder.join(format!("greenroom-{}.db", now.date_naive()));
    if !to.exists() {
        copy(conn, &to)?;
    }
    let days: BTreeSet<_> = all(folder).iter().filter_map(|path| day_of(path)).collect();
    let kept = kept(&days);
    for old in all(folder).into_iter().filter(|path| day_of(path).is_some_and(|day| !kept.contains(&day))) {
        let _ = std::fs::remove_file(old);
    }
    Ok(())
}

/// The last seven days, and the first of each of the last four weeks that have one.
fn kept(days: &BTreeSet<NaiveDate>) -> BTreeSet<NaiveDate> {
    let mut kept: BTreeSet<_> = days.iter().rev().take(DAYS_KEPT).copied().collect();
    let mut weeks = BTreeSet::new();
    let firsts: Vec<_> = days.iter().filter(|day| weeks.insert((day.iso_week().year(), day.iso_week().week()))).collect();
    kept.extend(firsts.into_iter().rev().take(WEEKS_KEPT));
    kept
}

/// The newest copy that is sound and that this program can read.
pub(super) fn newest_good(folder: &Path) -> Option<PathBuf> {
    all(folder).into_iter().find(|path| {
        let opened = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        opened.is_ok_and(|conn| check(&conn).is_ok() && schema::version(&conn).is_ok_and(|version| (1..=schema::VERSION).contains(&version)))
    })
}

/// `quick_check`, whose findings are an error like any other damage.
pub(super) fn check(conn: &Connection) -> rusqlite::Result<()> {
    let verdict: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" {
        return Ok(());
    }
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    Err(rusqlite::Error::SqliteFailure(code, Some(verdict)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_days_and_four_weeks_are_kept() {
        let first = NaiveDate::from_ymd_opt(2026, 9, 1).unwrap();
        let days: BTreeSet<_> = first.iter_days().take(80).collect();
        let kept = kept(&days);
        let last = *days.last().unwrap();
        assert!((0..7).all(|back| kept.contains(&(last - chrono::Days::new(back)))));
        assert!(kept.len() >= 9 && kept.len() <= 11, "{kept:?}");
        assert!(kept.iter().all(|day| last.signed_duration_since(*day).num_days() < 28), "{kept:?}");
    }
}
