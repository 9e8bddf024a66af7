//! The history as one file that another machine can take in: what goes into it, and how two versions of one thing become one.
//!
//! Everything here is driven by [`KINDS`]. A new table joins the export and the import with one line there:
//! `Kind::flat("reviews", &["id"], "reviewed_at")`, or `Kind::log(…)` where rows are only ever added. It needs a text key that no other machine gives again (a UUID, or what the row is
//! about, such as a card's id) and a column with the moment of its last change, as `columns::text` writes it: of two versions of one
//! row the later one wins. Rows that only make sense together with another (the notes of an attempt) are its `parts`.

mod read;
mod take;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, params_from_iter};
use serde_json::{Map, Value};

pub(super) use read::{Document, read};
pub use take::Taken;
pub(super) use take::take;

/// The shape of the file. It grows by tables and columns alone; what older programs could not read gets a new number.
pub const FORMAT: u64 = 1;
/// What the file says it is.
pub const KIND: &str = "history";

/// One kind of thing that moves between machines.
pub(super) struct Kind {
    pub table: &'static str,
    pub key: &'static [&'static str],
    /// The moment of the last change.
    pub clock: &'static str,
    /// The column that names the attempt it belongs to, if it does: gone with it when that is deleted.
    pub attempt: Option<&'static str>,
    pub parts: &'static [Part],
    /// Written once and never changed: what is here stays as it is.
    pub log: bool,
}

/// Rows that belong to one thing and go where it goes.
pub(super) struct Part {
    pub table: &'static str,
    /// Columns that name the owner, in the order of its key.
    pub owner: &'static [&'static str],
    /// Columns that each database gives by itself.
    pub own: &'static [&'static str],
    pub order: &'static str,
}

impl Kind {
    const fn flat(table: &'static str, key: &'static [&'static str], clock: &'static str) -> Kind {
        Kind { table, key, clock, attempt: None, parts: &[], log: false }
    }

    const fn log(table: &'static str, key: &'static [&'static str], clock: &'static str) -> Kind {
        Kind { log: true, ..Kind::flat(table, key, clock) }
    }
}

/// In the order in which rows may point to one another.
pub(super) const KINDS: &[Kind] = &[
    Kind::flat("graves", &["id"], "deleted_at"),
    Kind {
        attempt: Some("id"),
        parts: &[
            Part { table: "notes", owner: &["attempt"], own: &[], order: "place" },
            Part { table: "session_events", owner: &["attempt"], own: &["id"], order: "id" },
        ],
        ..Kind::flat("attempts", &["id"], "saved_at")
    },
    Kind {
        attempt: Some("attempt"),
        parts: &[
            Part { table: "score_lines", owner: &["attempt", "reading"], own: &[], order: "place" },
            Part { table: "score_steps", owner: &["attempt", "reading"], own: &[], order: "scale, id" },
        ],
        ..Kind::flat("scores", &["attempt", "reading"], "scored_at")
    },
    Kind { attempt: Some("attempt"), ..Kind::flat("corrections", &["id"], "saved_at") },
    Kind::flat("predictions", &["id"], "made_at"),
    Kind::flat("bench_results", &["id"], "measured_at"),
    Kind::flat("stints", &["id"], "began_at"),
    Kind { attempt: Some("attempt"), ..Kind::flat("findings", &["attempt", "kind"], "made_at") },
    Kind::log("card_log", &["id"], "at"),
    Kind::log("estimates", &["id"], "made_at"),
    Kind::log("flaw_answers", &["id"], "made_at"),
    Kind::log("ladders", &["id", "rung"], "measured_at"),
    Kind::log("plans", &["id"], "chosen_at"),
    Kind::flat("plan_ticks", &["item"], "ticked_at"),
];

/// A column, as the database describes it.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub name: String,
    pub kind: String,
    /// A row without it can be taken in: it may be empty, or the table knows what to put there.
    pub optional: bool,
}

pub(super) fn columns_of(conn: &Connection, table: &str) -> rusqlite::Result<Vec<Column>> {
    let mut rows = conn.prepare_cached("SELECT name, type, \"notnull\" = 0 AND pk = 0 OR dflt_value IS NOT NULL FROM pragma_table_info(?1)")?;
    rows.query_map([table], |row| Ok(Column { name: row.get(0)?, kind: row.get(1)?, optional: row.get(2)? }))?.collect()
}

/// One thing with its parts, as the file has it.
pub(super) type Unit = Map<String, Value>;

/// Hands out the whole file in pieces. `give` answers false when nobody wants more.
pub(super) fn export(conn: &Connection, at: &str, give: &mut dyn FnMut(String) -> bool) -> rusqlite::Result<()> {
    // One look at the database: another program may be writing.
    let tx = conn.unchecked_transaction()?;
    let head =
        format!("{{\n  \"format\": {FORMAT},\n  \"kind\": \"{KIND}\",\n  \"written_by\": \"{}\",\n  \"written_at\": \"{at}\"", env!("CARGO_PKG_VERSION"));
    if !give(head) {
        return Ok(());
    }
    for kind in KINDS {
        if !give(format!(",\n  \"{}\": [", kind.table)) {
            return Ok(());
        }
        let (columns, mut first) = (columns_of(&tx, kind.table)?, true);
        let mut rows = tx.prepare(&format!("SELECT {} FROM {} {} ORDER BY {}", names(&columns), kind.table, living(kind), kind.key.join(", ")))?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let unit = with_parts(&tx, kind, object(&columns, &[], row)?)?;
            let comma = if std::mem::take(&mut first) { "" } else { "," };
            if !give(format!("{comma}\n    {}", Value::Object(unit))) {
                return Ok(());
            }
        }
        if !give(if first { "]".into() } else { "\n  ]".into() }) {
            return Ok(());
        }
    }
    give("\n}\n".into());
    Ok(())
}

/// What was deleted stays at home; that it was deleted travels in `graves`.
fn living(kind: &Kind) -> String {
    kind.attempt.map_or(String::new(), |attempt| format!("WHERE {attempt} IN (SELECT id FROM kept)"))
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn object(columns: &[Column], without: &[&str], row: &rusqlite::Row<'_>) -> rusqlite::Result<Unit> {
    let mut unit = Unit::new();
    for (place, column) in columns.iter().enumerate().filter(|(_, column)| !without.contains(&column.name.as_str())) {
        unit.insert(column.name.clone(), value(row.get_ref(place)?)?);
    }
    Ok(unit)
}

fn value(cell: ValueRef<'_>) -> rusqlite::Result<Value> {
    Ok(match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => n.into(),
        ValueRef::Real(x) => real(x),
        ValueRef::Text(_) | ValueRef::Blob(_) => Value::String(cell.as_str()?.to_owned()),
    })
}

/// A number that comes back bit for bit: as a text where JSON has none (infinity) or its reader is not that exact.
fn real(x: f64) -> Value {
    let same = |number: &serde_json::Number| serde_json::from_str::<f64>(&number.to_string()).is_ok_and(|back| back.to_bits() == x.to_bits());
    serde_json::Number::from_f64(x).filter(same).map_or_else(|| Value::String(x.to_string()), Value::Number)
}

fn with_parts(conn: &Connection, kind: &Kind, mut unit: Unit) -> rusqlite::Result<Unit> {
    let key = key_of(kind, &unit);
    for part in kind.parts {
        let columns = columns_of(conn, part.table)?;
        let wanted = part.owner.iter().enumerate().map(|(n, owner)| format!("{owner} = ?{}", n + 1)).collect::<Vec<_>>().join(" AND ");
        let mut rows = conn.prepare_cached(&format!("SELECT {} FROM {} WHERE {wanted} ORDER BY {}", names(&columns), part.table, part.order))?;
        let without: Vec<&str> = part.owner.iter().chain(part.own).copied().collect();
        let found = rows.query_map(params_from_iter(&key), |row| object(&columns, &without, row).map(Value::Object))?;
        unit.insert(part.table.to_owned(), Value::Array(found.collect::<rusqlite::Result<_>>()?));
    }
    Ok(unit)
}

fn key_of(kind: &Kind, unit: &Unit) -> Vec<Sql> {
    kind.key.iter().map(|name| Sql::Text(unit.get(*name).and_then(Value::as_str).unwrap_or_default().to_owned())).collect()
}

/// Which of two versions wins: the later one; of two of one moment the one that reads later, so that every machine decides alike.
pub(super) fn compare(kind: &Kind, left: &Unit, right: &Unit) -> Ordering {
    let at = |unit: &Unit| unit.get(kind.clock).and_then(Value::as_str).unwrap_or_default().to_owned();
    at(left).cmp(&at(right)).then_with(|| told(left).cmp(&told(right)))
}

/// The same text for the same content, whatever the order of its fields in a file.
fn told(unit: &Unit) -> String {
    let sorted: std::collections::BTreeMap<_, _> = unit.iter().collect();
    serde_json::to_string(&sorted).unwrap_or_default()
}
