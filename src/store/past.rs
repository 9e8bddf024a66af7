//! Everything there is to look back on, read at once; the minutes of practice.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, Transaction, params};
use uuid::Uuid;

use super::rows::{Attempt, Correction, Entry, Past, PhaseSpent, Practice, Stint};
use super::{attempts, columns, ledger, mend};
use crate::session::Session;

pub(super) fn past(conn: &Connection) -> rusqlite::Result<Past> {
    let (attempts, mut notes, mut sessions, mut corrections) = (attempts::all(conn)?, all_notes(conn)?, snapshots(conn)?, mend::all(conn)?);
    let entries = attempts.into_iter().map(|attempt| {
        let (notes, corrections) = (notes.remove(&attempt.id).unwrap_or_default(), corrections.remove(&attempt.id).unwrap_or_default());
        let session = sessions.remove(&attempt.id);
        entry(attempt, notes, session.as_ref(), corrections)
    });
    Ok(Past { entries: entries.collect(), predictions: ledger::predictions(conn)?, stints: stints(conn)? })
}

fn entry(attempt: Attempt, notes: Vec<(String, String)>, session: Option<&Session>, corrections: Vec<Correction>) -> Entry {
    let (phases, estimates, sizing) = session.map_or_else(Default::default, told);
    Entry { attempt, notes, phases, estimates, sizing, corrections }
}

type Told = (Vec<PhaseSpent>, Vec<String>, Vec<(String, String)>);

fn told(session: &Session) -> Told {
    let phase = |(place, plan): (usize, &crate::session::PhasePlan)| PhaseSpent {
        id: plan.id.clone(),
        name: plan.name.clone(),
        plan_ms: millis(plan.time),
        spent_ms: millis(session.phase_clock(place).spent),
        begun: session.has_begun(place),
    };
    let phases = session.plan().phases.iter().enumerate().map(phase).collect();
    let sizing = session.sizing().iter().map(|(knob, answer)| (knob.clone(), answer.clone())).collect();
    (phases, session.estimates().to_vec(), sizing)
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn all_notes(conn: &Connection) -> rusqlite::Result<BTreeMap<String, Vec<(String, String)>>> {
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let mut rows = conn.prepare_cached("SELECT attempt, phase, text FROM notes ORDER BY attempt, place")?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        found.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
    }
    Ok(found)
}

/// The last state of each interview; one that cannot be read any more is left out, its row stays.
fn snapshots(conn: &Connection) -> rusqlite::Result<BTreeMap<String, Session>> {
    let mut rows = conn.prepare_cached("SELECT id, snapshot FROM kept")?;
    let mut rows = rows.query([])?;
    let mut found = BTreeMap::new();
    while let Some(row) = rows.next()? {
        if let Ok(session) = serde_json::from_str(row.get_ref(1)?.as_str()?) {
            found.insert(row.get(0)?, session);
        }
    }
    Ok(found)
}

pub(super) fn spend(tx: &Transaction<'_>, stint: &Stint) -> rusqlite::Result<()> {
    let (at, ms) = (columns::text(stint.began_at), i64::try_from(stint.ms).unwrap_or(i64::MAX));
    tx.execute("INSERT INTO stints VALUES (?1, ?2, ?3, ?4, ?5)", params![Uuid::now_v7().to_string(), stint.practice.name(), stint.subject, at, ms])?;
    Ok(())
}

/// Where minutes of practice stand: practice, subject, moment, milliseconds. A table that keeps its own time joins with one line here.
const SOURCES: &[&str] = &[
    "SELECT practice, subject, began_at, ms FROM stints",
    "SELECT 'cards', card, at, took_ms FROM card_log WHERE took_ms > 0",
    "SELECT 'drills', kind, made_at, took_ms FROM estimates WHERE took_ms > 0",
];

/// Oldest first. Practice of a kind that only a later greenroom knows is passed over.
pub(super) fn stints(conn: &Connection) -> rusqlite::Result<Vec<Stint>> {
    let mut rows = conn.prepare_cached(&format!("{} ORDER BY 3", SOURCES.join(" UNION ALL ")))?;
    let read = |row: &Row<'_>| {
        let Some(practice) = Practice::parse(row.get_ref(0)?.as_str()?) else { return Ok(None) };
        Ok(Some(Stint { practice, subject: row.get(1)?, began_at: columns::moment(2, &row.get::<_, String>(2)?)?, ms: columns::count(row, 3)? }))
    };
    rows.query_map([], read)?.filter_map(Result::transpose).collect()
}
