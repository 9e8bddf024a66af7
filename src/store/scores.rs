//! The rows of scores: per reading, per line with its evidence, per step of the scales.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, params};

use super::{columns, mend};
use crate::score::{Band, Grade, LineScore, Reading, Score};

/// Blind and informed.
type Both = (Option<Score>, Option<Score>);

/// Replaces the score of one reading.
pub(super) fn write(tx: &Transaction<'_>, attempt: &str, reading: Reading, score: &Score, at: DateTime<Utc>) -> rusqlite::Result<()> {
    mend::rescored(tx, attempt, reading, score, at)?;
    // Never older than what belongs to it: see `graves::settle`.
    mend::touch(tx, attempt, at)?;
    let reading = reading.name();
    tx.execute("DELETE FROM scores WHERE attempt = ?1 AND reading = ?2", [attempt, reading])?;
    tx.execute(
        "INSERT INTO scores VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![attempt, reading, score.points, score.penalty, score.total, score.dimensions_mean, score.communication_mean, columns::text(at)],
    )?;
    let mut line = tx.prepare_cached("INSERT INTO score_lines VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?;
    for (place, row) in score.lines.iter().enumerate() {
        let (place, grade) = (i64::try_from(place).unwrap_or(i64::MAX), row.grade.map(Grade::name));
        line.execute(params![attempt, reading, place, row.line, row.phase, row.of, row.points, grade, row.evidence, row.reached])?;
    }
    let mut step = tx.prepare_cached("INSERT INTO score_steps VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for (scale, steps) in [("dimension", &score.dimensions), ("communication", &score.communication)] {
        for (id, at) in steps {
            step.execute(params![attempt, reading, scale, id, at])?;
        }
    }
    Ok(())
}

/// All scores, by attempt.
pub(super) fn all(conn: &Connection) -> rusqlite::Result<BTreeMap<String, Both>> {
    let mut found: BTreeMap<(String, String), Score> = BTreeMap::new();
    let mut rows = conn.prepare_cached("SELECT attempt, reading, points, penalty, total, dimensions_mean, communication_mean FROM scores")?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let total: f64 = row.get(4)?;
        let score = Score {
            lines: Vec::new(),
            points: row.get(2)?,
            penalty: row.get(3)?,
            total,
            band: Band::of(total),
            dimensions: BTreeMap::new(),
            communication: BTreeMap::new(),
            dimensions_mean: row.get(5)?,
            communication_mean: row.get(6)?,
        };
        found.insert((row.get(0)?, row.get(1)?), score);
    }
    add_lines(conn, &mut found)?;
    add_steps(conn, &mut found)?;
    let mut by_attempt: BTreeMap<String, Both> = BTreeMap::new();
    for ((attempt, reading), score) in found {
        let both = by_attempt.entry(attempt).or_default();
        if reading == Reading::Blind.name() { both.0 = Some(score) } else { both.1 = Some(score) }
    }
    Ok(by_attempt)
}

fn add_lines(conn: &Connection, found: &mut BTreeMap<(String, String), Score>) -> rusqlite::Result<()> {
    let mut rows = conn.prepare_cached("SELECT attempt, reading, line, phase, worth, points, grade, evidence, reached FROM score_lines ORDER BY place")?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(score) = found.get_mut(&(row.get(0)?, row.get(1)?)) {
            let grade: Option<String> = row.get(6)?;
            score.lines.push(LineScore {
                line: row.get(2)?,
                phase: row.get(3)?,
                of: row.get(4)?,
                points: row.get(5)?,
                grade: grade.as_deref().and_then(Grade::parse),
                evidence: row.get(7)?,
                reached: row.get(8)?,
            });
        }
    }
    Ok(())
}

fn add_steps(conn: &Connection, found: &mut BTreeMap<(String, String), Score>) -> rusqlite::Result<()> {
    let mut rows = conn.prepare_cached("SELECT attempt, reading, scale, id, step FROM score_steps")?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(score) = found.get_mut(&(row.get(0)?, row.get(1)?)) {
            let scale: String = row.get(2)?;
            let steps = if scale == "dimension" { &mut score.dimensions } else { &mut score.communication };
            steps.insert(row.get(3)?, row.get(4)?);
        }
    }
    Ok(())
}
