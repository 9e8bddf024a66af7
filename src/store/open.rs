//! Opening the database, whatever state it is in: sound, old, too new, damaged, locked, or not writable at all.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::error::{Kind, kind, say};
use super::locks::{self, Lock};
use super::{backup, graves, schema};
use crate::home::Home;

/// How the store works right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    Good,
    /// Nothing reaches the disk; work goes on and is lost with the program.
    Memory(String),
    /// What is there can be read; nothing new is taken.
    ReadOnly(String),
}

/// An open database and what the user must be told about it.
pub(super) struct Opened {
    pub conn: Connection,
    pub health: Health,
    pub notices: Vec<String>,
    /// Says to other instances that this one lives.
    pub alive: Option<Lock>,
}

const BUSY: Duration = Duration::from_secs(5);
/// Longer than a migration or a repair of another instance takes.
const OTHERS: Duration = Duration::from_secs(10);

/// Opens what can be opened. It always gives a working connection.
pub(super) fn open(home: &Home, now: DateTime<Utc>) -> Opened {
    match on_disk(home, now) {
        Ok(opened) => opened,
        Err(why) => {
            let why = format!("{}: {why}; nothing you do now is kept", home.database().display());
            Opened { conn: in_memory(&home.database()), health: Health::Memory(why.clone()), notices: vec![why], alive: None }
        }
    }
}

fn on_disk(home: &Home, now: DateTime<Utc>) -> Result<Opened, String> {
    std::fs::create_dir_all(home.data()).map_err(|error| error.to_string())?;
    let lock = home.data().join("greenroom.lock");
    // Who is alone may repair and migrate; who is not finds it done, or keeps its hands off.
    let alone = locks::try_alone(&lock).map_err(|error| error.to_string())?;
    let mut alive = None;
    if alone.is_none() {
        alive = locks::share(&lock, OTHERS).map_err(|error| error.to_string())?;
    }
    if alone.is_some() {
        // Nobody else lives, so nobody holds one of these.
        let _ = std::fs::remove_dir_all(home.data().join("live"));
    }
    let mut opened = ready(home, alone.is_some(), now)?;
    drop(alone);
    opened.alive = match alive {
        Some(alive) => Some(alive),
        None => locks::share(&lock, OTHERS).map_err(|error| error.to_string())?,
    };
    Ok(opened)
}

fn ready(home: &Home, alone: bool, now: DateTime<Utc>) -> Result<Opened, String> {
    let (path, mut notices) = (home.database(), Vec::new());
    let empty = std::fs::metadata(&path).is_ok_and(|meta| meta.len() == 0) && !backup::all(&home.backups()).is_empty();
    let first = if empty { Err((Kind::Damaged, "the file is empty, but there are back-ups".to_owned())) } else { sound(&path) };
    let conn = match first {
        Ok(conn) => conn,
        Err((Kind::Damaged, why)) if alone => {
            notices.push(repair(home, &why, now)?);
            sound(&path).map_err(|(_, why)| why)?
        }
        Err((Kind::Damaged, why)) => return Err(format!("{why}, and another greenroom has it open: close that one first")),
        Err((_, why)) => return Err(why),
    };
    let version = schema::version(&conn).map_err(|error| say(&error))?;
    if version > schema::VERSION {
        return Ok(too_new(conn, &path, version, notices));
    }
    if conn.is_readonly("main").unwrap_or(false) {
        return Err("the file is read-only".to_owned());
    }
    let conn = up_to_date(conn, home, version, alone, now)?;
    if alone && has_attempts(&conn) {
        // A missing copy is no reason not to work.
        if let Err(why) = backup::daily(&conn, &home.backups(), now) {
            notices.push(format!("no back-up today: {why}"));
        }
        // What was deleted long ago goes for good. If it cannot now, it will tomorrow.
        let _ = graves::purge(&conn, graves::limit(now));
    }
    Ok(Opened { conn, health: Health::Good, notices, alive: None })
}

fn has_attempts(conn: &Connection) -> bool {
    conn.query_row("SELECT EXISTS (SELECT 1 FROM attempts UNION ALL SELECT 1 FROM predictions)", [], |row| row.get(0)).unwrap_or(false)
}

fn up_to_date(mut conn: Connection, home: &Home, version: i64, alone: bool, now: DateTime<Utc>) -> Result<Connection, String> {
    if version == schema::VERSION {
        return Ok(conn);
    }
    if version > 0 {
        if !alone {
            return Err("an older greenroom still has it open: close that one first".to_owned());
        }
        backup::before_migration(&conn, &home.backups(), version, now).map_err(|why| format!("no back-up, so no migration: {why}"))?;
    }
    schema::migrate(&mut conn).map_err(|error| format!("its tables cannot be brought up to date: {}", say(&error)))?;
    Ok(conn)
}

fn too_new(conn: Connection, path: &Path, version: i64, mut notices: Vec<String>) -> Opened {
    let by = schema::written_by(&conn).map_or("a newer greenroom".to_owned(), |by| format!("greenroom {by}"));
    let mine = schema::VERSION;
    let why = format!("{}: written by {by} (tables of version {version}; this one knows {mine}). It is read only: take {by} or newer", path.display());
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap_or(conn);
    notices.push(why.clone());
    Opened { conn, health: Health::ReadOnly(why), notices, alive: None }
}

/// A connection to a file that has been found sound.
fn sound(path: &Path) -> Result<Connection, (Kind, String)> {
    let opened = connect(path).and_then(|conn| backup::check(&conn).map(|()| conn));
    opened.map_err(|error| (kind(&error), say(&error)))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(BUSY)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    let wal = if on_network(path) { false } else { journal(&conn, "WAL").is_ok_and(|mode| mode == "wal") };
    if !wal {
        journal(&conn, "DELETE")?;
    }
    conn.pragma_update(None, "synchronous", "FULL")?;
    Ok(conn)
}

fn journal(conn: &Connection, mode: &str) -> rusqlite::Result<String> {
    conn.query_row(&format!("PRAGMA journal_mode = {mode}"), [], |row| row.get(0))
}

/// File systems over a network share no memory, which WAL needs.
const NETWORK: [&str; 12] = ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "fuse.sshfs", "fuse.glusterfs", "beegfs"];

fn on_network(path: &Path) -> bool {
    let full = path.parent().and_then(|folder| folder.canonicalize().ok()).unwrap_or_else(|| path.to_owned());
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    network_in(&mounts, &full)
}

fn network_in(mounts: &str, path: &Path) -> bool {
    let of = |line: &str| -> Option<(PathBuf, String)> {
        let mut words = line.split(' ').skip(1);
        Some((PathBuf::from(words.next()?.replace("\\040", " ")), words.next()?.to_owned()))
    };
    let deepest = mounts.lines().filter_map(of).filter(|(at, _)| path.starts_with(at)).max_by_key(|(at, _)| at.components().count());
    deepest.is_some_and(|(_, kind)| NETWORK.contains(&kind.as_str()))
}

/// A working copy in memory: with what the file holds, if that can still be read, else empty.
pub(super) fn in_memory(path: &Path) -> Connection {
    let read = |uri: String| {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let from = Connection::open_with_flags(uri, flags).ok()?;
        backup::check(&from).ok().filter(|()| schema::version(&from).is_ok_and(|version| version <= schema::VERSION))?;
        copied(&from)
    };
    let plain = path.is_file().then(|| path.display().to_string().replace('%', "%25").replace('?', "%3f").replace('#', "%23"));
    // In a folder that cannot be written, WAL has no place for its shared memory: then the file is read as it stands.
    let loaded = plain.and_then(|plain| read(format!("file:{plain}?mode=ro")).or_else(|| read(format!("file:{plain}?mode=ro&immutable=1"))));
    loaded.unwrap_or_else(fresh)
}

/// A copy of a database in memory, up to date.
pub(super) fn copied(from: &Connection) -> Option<Connection> {
    let mut to = Connection::open_in_memory().ok()?;
    Backup::new(from, &mut to).ok()?.run_to_completion(1024, Duration::ZERO, None).ok()?;
    to.pragma_update(None, "foreign_keys", true).ok()?;
    schema::migrate(&mut to).ok()?;
    Some(to)
}

/// An empty database in memory.
#[allow(clippy::expect_used)] // Only a machine without memory fails here, or a schema that no test has seen.
pub(super) fn fresh() -> Connection {
    let mut conn = Connection::open_in_memory().expect("memory for an empty database");
    schema::migrate(&mut conn).expect("the tables are sound");
    conn.pragma_update(None, "foreign_keys", true).expect("foreign keys are a known pragma");
    conn
}

/// Sets a damaged database aside, with its log and index, and puts the newest good copy back. Nothing is overwritten.
fn repair(home: &Home, why: &str, now: DateTime<Utc>) -> Result<String, String> {
    let path = home.database();
    let aside = (0..).map(|n| home.data().join(format!("damaged-{}-{n}", now.format("%Y%m%dT%H%M%S")))).find(|folder| !folder.exists());
    let aside = aside.ok_or("no name left for the damaged file")?;
    std::fs::create_dir(&aside).map_err(|error| error.to_string())?;
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let from = home.data().join(format!("greenroom.db{suffix}"));
        if from.exists() {
            std::fs::rename(&from, aside.join(format!("greenroom.db{suffix}"))).map_err(|error| error.to_string())?;
        }
    }
    let set_aside = format!("{why}. The database was set aside as {}", aside.join("greenroom.db").display());
    let Some(copy) = backup::newest_good(&home.backups()) else {
        return Ok(format!("{set_aside}; there is no back-up, so you start anew"));
    };
    let restoring = home.data().join("greenroom.db.restoring");
    let restored = std::fs::copy(&copy, &restoring).and_then(|_| std::fs::File::open(&restoring)?.sync_all()).and_then(|()| std::fs::rename(&restoring, &path));
    restored.map_err(|error| format!("{set_aside}, and {} could not be put back: {error}", copy.display()))?;
    let lost = match lost(&aside.join("greenroom.db"), &path) {
        Some(0) => "no attempt is missing".to_owned(),
        Some(n) => format!("{n} attempts since then are missing"),
        None => "what was saved since then is missing".to_owned(),
    };
    Ok(format!("{set_aside}; {} was put back, {lost}", copy.display()))
}

/// Attempts of the damaged file that the copy does not have, as far as they can still be counted.
fn lost(damaged: &Path, restored: &Path) -> Option<usize> {
    let ids = |path: &Path| -> rusqlite::Result<std::collections::BTreeSet<String>> {
        let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut all = conn.prepare("SELECT id FROM attempts")?;
        all.query_map([], |row| row.get(0))?.collect()
    };
    Some(ids(damaged).ok()?.difference(&ids(restored).ok()?).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_mount_decides() {
        let mounts = "/dev/sda / ext4 rw 0 0\nserver:/home /home nfs4 rw 0 0\n/dev/sdb /home/me/local\\040disk ext4 rw 0 0\n";
        for (path, network) in [("/var/x", false), ("/home/me", true), ("/home/me/local disk/x", false), ("/homes", false)] {
            assert_eq!(network_in(mounts, Path::new(path)), network, "{path}");
        }
    }
}
