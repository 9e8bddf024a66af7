//! The rows of attempts: written as they go on, read back with their notes and their record.

use chrono::{DateTime, Utc};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::rows::{Attempt, State};
use super::{columns, scores};
use crate::session::{Event, Mode, Session, Stage};

/// All of an interview that is to be written: its latest state and what happened since the last time.
pub(super) struct Progress {
    pub id: String,
    at: DateTime<Utc>,
    problem: String,
    variant: Option<String>,
    title: String,
    level: String,
    mode: Mode,
    finished: bool,
    allowed_ms: i64,
    used_ms: i64,
    hints: i64,
    assisted: bool,
    notes: Vec<(String, String)>,
    snapshot: String,
    events: Vec<Event>,
}

impl Progress {
    pub(super) fn of(id: &str, session: &mut Session, at: DateTime<Utc>) -> Self {
        let events = session.take_events();
        let plan = session.plan();
        Self {
            id: id.to_owned(),
            at,
            problem: plan.problem.clone(),
            variant: plan.variant.clone(),
            title: plan.title.clone(),
            level: plan.level.clone(),
            mode: session.mode(),
            finished: session.stage() == Stage::Finished,
            allowed_ms: millis(plan.time()),
            used_ms: millis(session.elapsed()),
            hints: i64::try_from(session.hints_taken()).unwrap_or(i64::MAX),
            assisted: session.assisted(),
            notes: plan.phases.iter().enumerate().map(|(place, phase)| (phase.id.clone(), session.notes(place).to_owned())).collect(),
            // Texts, numbers and lists: nothing in a session that JSON cannot hold.
            snapshot: serde_json::to_string(session).unwrap_or_default(),
            events,
        }
    }

    /// Takes the place of what is still waiting; nothing that happened is left out.
    pub(super) fn follow(&mut self, mut next: Self) {
        let mut events = std::mem::take(&mut self.events);
        events.append(&mut next.events);
        *self = Self { events, ..next };
    }
}

fn millis(time: std::time::Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Where this interview is written. Locks see to it that only one instance has it; on a disk without locks two may, and what the
/// other one finished or gave up must not be written over: then ours becomes an attempt of its own beside it.
fn place(tx: &Transaction<'_>, id: &str) -> rusqlite::Result<String> {
    let state: Option<String> = tx.query_row("SELECT state FROM attempts WHERE id = ?1", [id], |row| row.get(0)).optional()?;
    let ours = state.is_none_or(|state| state == State::Live.name());
    Ok(if ours { id.to_owned() } else { format!("{id}.2") })
}

pub(super) fn write(tx: &Transaction<'_>, now: &Progress) -> rusqlite::Result<()> {
    let at = columns::text(now.at);
    let id = place(tx, &now.id)?;
    let state = if now.finished { State::Finished } else { State::Live };
    let ended = now.finished.then_some(&at);
    tx.prepare_cached(
        "INSERT INTO attempts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         ON CONFLICT (id) DO UPDATE SET state = ?7, saved_at = ?8, ended_at = ?9, allowed_ms = ?10, used_ms = ?11, hints = ?12, assisted = ?13, snapshot = ?14",
    )?
    .execute(params![
        id,
        now.problem,
        now.variant,
        now.title,
        now.level,
        now.mode.name(),
        state.name(),
        at,
        ended,
        now.allowed_ms,
        now.used_ms,
        now.hints,
        now.assisted,
        now.snapshot
    ])?;
    let mut note = tx.prepare_cached(
        "INSERT INTO notes VALUES (?1, ?2, ?3, ?4) ON CONFLICT (attempt, phase) DO UPDATE SET text = excluded.text WHERE text <> excluded.text",
    )?;
    for (place, (phase, text)) in now.notes.iter().enumerate() {
        note.execute(params![id, phase, i64::try_from(place).unwrap_or(i64::MAX), text])?;
    }
    let mut event = tx.prepare_cached("INSERT INTO session_events (attempt, at_ms, kind, detail) VALUES (?1, ?2, ?3, ?4)")?;
    for happened in &now.events {
        let detail = serde_json::to_string(&happened.what).unwrap_or_else(|_| "null".to_owned());
        event.execute(params![id, millis(happened.at), happened.what.kind(), detail])?;
    }
    Ok(())
}

const COLUMNS: &str = "id, problem, variant, title, level, mode, state, started_at, saved_at, ended_at, allowed_ms, used_ms, hints, assisted";

fn attempt(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let unknown = |column: usize, text: &str| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, format!("unknown word `{text}`").into());
    let (mode, state): (String, String) = (row.get(5)?, row.get(6)?);
    let ended: Option<String> = row.get(9)?;
    Ok(Attempt {
        id: row.get(0)?,
        problem: row.get(1)?,
        variant: row.get(2)?,
        title: row.get(3)?,
        level: row.get(4)?,
        mode: Mode::parse(&mode).ok_or_else(|| unknown(5, &mode))?,
        state: State::parse(&state).ok_or_else(|| unknown(6, &state))?,
        started_at: columns::moment(7, &row.get::<_, String>(7)?)?,
        saved_at: columns::moment(8, &row.get::<_, String>(8)?)?,
        ended_at: ended.map(|text| columns::moment(9, &text)).transpose()?,
        allowed_ms: columns::count(row, 10)?,
        used_ms: columns::count(row, 11)?,
        hints: row.get(12)?,
        assisted: row.get(13)?,
        blind: None,
        informed: None,
    })
}

/// All attempts with their scores, newest first; deleted ones are left out.
pub(super) fn all(conn: &Connection) -> rusqlite::Result<Vec<Attempt>> {
    select(conn, &format!("SELECT {COLUMNS} FROM kept ORDER BY started_at DESC, id DESC"))
}

/// The deleted ones, the last deleted first.
pub(super) fn buried(conn: &Connection) -> rusqlite::Result<Vec<Attempt>> {
    let graves = "JOIN (SELECT id AS grave, deleted_at FROM graves) ON grave = id WHERE deleted_at >= saved_at";
    select(conn, &format!("SELECT {COLUMNS} FROM attempts {graves} ORDER BY deleted_at DESC, id DESC"))
}

fn select(conn: &Connection, sql: &str) -> rusqlite::Result<Vec<Attempt>> {
    let mut rows = conn.prepare_cached(sql)?;
    let mut attempts = rows.query_map([], attempt)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut scores = scores::all(conn)?;
    for attempt in &mut attempts {
        (attempt.blind, attempt.informed) = scores.remove(&attempt.id).unwrap_or_default();
    }
    Ok(attempts)
}

pub(super) fn one(conn: &Connection, id: &str) -> rusqlite::Result<Option<Attempt>> {
    // Few hundred rows at most in a life of interviews: one way of reading them is enough.
    Ok(all(conn)?.into_iter().find(|attempt| attempt.id == id))
}

pub(super) fn snapshot(conn: &Connection, id: &str) -> rusqlite::Result<Option<String>> {
    conn.query_row("SELECT snapshot FROM attempts WHERE id = ?1", [id], |row| row.get(0)).optional()
}

/// Notes by phase, in the order of the interview.
pub(super) fn notes(conn: &Connection, id: &str) -> rusqlite::Result<Vec<(String, String)>> {
    let mut rows = conn.prepare_cached("SELECT phase, text FROM notes WHERE attempt = ?1 ORDER BY place")?;
    rows.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

pub(super) fn events(conn: &Connection, id: &str) -> rusqlite::Result<Vec<Event>> {
    let mut rows = conn.prepare_cached("SELECT at_ms, detail FROM session_events WHERE attempt = ?1 ORDER BY id")?;
    let read = rows.query_map([id], |row| Ok((columns::count(row, 0)?, row.get::<_, String>(1)?)))?;
    let mut events = Vec::new();
    for row in read {
        let (at, detail) = row?;
        // What a later greenroom recorded and this one does not know is passed over.
        if let Ok(what) = serde_json::from_str(&detail) {
            events.push(Event { at: std::time::Duration::from_millis(at), what });
        }
    }
    Ok(events)
}
