//! The rows of predictions and of bench results.

use rusqlite::{Connection, Row, Transaction, params};
use uuid::Uuid;

use super::columns;
use super::rows::{BenchResult, Guess, Prediction};

pub(super) fn predict(tx: &Transaction<'_>, made: &Prediction) -> rusqlite::Result<()> {
    let (kind, guess, low, high, actual) = match made.guess {
        Guess::Number { value, low, high, actual } => ("number", value, Some(low), Some(high), actual),
        Guess::Choice { chosen, right } => ("choice", f64::from(chosen), None, None, f64::from(right)),
    };
    tx.execute(
        "INSERT INTO predictions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![Uuid::now_v7().to_string(), made.problem, made.experiment, kind, guess, low, high, actual, columns::text(made.made_at)],
    )?;
    Ok(())
}

fn prediction(row: &Row<'_>) -> rusqlite::Result<Prediction> {
    let (kind, guess, actual): (String, f64, f64) = (row.get(2)?, row.get(3)?, row.get(6)?);
    // Choices are small whole numbers; they were written as such.
    let guess = match kind.as_str() {
        "number" => Guess::Number { value: guess, low: row.get(4)?, high: row.get(5)?, actual },
        _ => Guess::Choice { chosen: guess as u32, right: actual as u32 },
    };
    Ok(Prediction { problem: row.get(0)?, experiment: row.get(1)?, guess, made_at: columns::moment(7, &row.get::<_, String>(7)?)? })
}

/// Oldest first.
pub(super) fn predictions(conn: &Connection) -> rusqlite::Result<Vec<Prediction>> {
    let mut rows = conn.prepare_cached("SELECT problem, experiment, kind, guess, low, high, actual, made_at FROM predictions ORDER BY made_at, id")?;
    rows.query_map([], prediction)?.collect()
}

pub(super) fn measured(tx: &Transaction<'_>, results: &[BenchResult]) -> rusqlite::Result<()> {
    let mut row = tx.prepare_cached("INSERT INTO bench_results VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
    for result in results {
        let ops = i64::try_from(result.ops).unwrap_or(i64::MAX);
        let at = columns::text(result.measured_at);
        row.execute(params![Uuid::now_v7().to_string(), result.design, result.name, result.threads, ops, result.ns_per_op, result.ops_per_s, at])?;
    }
    Ok(())
}

/// All results of a design, newest first.
pub(super) fn benches(conn: &Connection, design: &str) -> rusqlite::Result<Vec<BenchResult>> {
    let mut rows = conn.prepare_cached(
        "SELECT design, name, threads, ops, ns_per_op, ops_per_s, measured_at FROM bench_results WHERE design = ?1 ORDER BY measured_at DESC, id",
    )?;
    let read = |row: &Row<'_>| {
        Ok(BenchResult {
            design: row.get(0)?,
            name: row.get(1)?,
            threads: row.get(2)?,
            ops: columns::count(row, 3)?,
            ns_per_op: row.get(4)?,
            ops_per_s: row.get(5)?,
            measured_at: columns::moment(6, &row.get::<_, String>(6)?)?,
        })
    };
    rows.query_map([design], read)?.collect()
}
