//! Taking a checked file into the database: what is new is added, what is newer replaces, the rest stays; all or nothing.

use std::cmp::Ordering;

use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension, Transaction, params_from_iter};
use serde_json::Value;

use crate::store::graves;

use super::{Column, Document, KINDS, Kind, Part, Unit, columns_of, compare, key_of, names, object, with_parts};

/// What became of the things of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The table's name.
    pub what: &'static str,
    pub added: usize,
    /// Replaced by a newer version from the file.
    pub updated: usize,
    /// Already here, as new or newer.
    pub skipped: usize,
}

/// Takes everything in. The caller's transaction makes it all or nothing.
///
/// # Errors
/// The database's own, with the entry it choked on in `blame`.
pub fn take(tx: &Transaction<'_>, document: &Document, blame: &mut String) -> rusqlite::Result<Vec<Taken>> {
    let mut taken = Vec::new();
    for (kind, units) in KINDS.iter().zip(&document.units) {
        let mut of_kind = Taken { what: kind.table, added: 0, updated: 0, skipped: 0 };
        for (n, unit) in units.iter().enumerate() {
            *blame = format!("`{}`, entry {}", kind.table, n + 1);
            match here(tx, kind, unit)? {
                None => {
                    put(tx, kind, unit)?;
                    of_kind.added += 1;
                }
                Some(here) if !kind.log && compare(kind, unit, &here) == Ordering::Greater => {
                    put(tx, kind, unit)?;
                    of_kind.updated += 1;
                }
                Some(_) => of_kind.skipped += 1,
            }
        }
        taken.push(of_kind);
    }
    blame.clear();
    graves::settle(tx)?;
    Ok(taken)
}

/// The version this database has, told as the file tells it.
fn here(tx: &Transaction<'_>, kind: &Kind, unit: &Unit) -> rusqlite::Result<Option<Unit>> {
    let columns = columns_of(tx, kind.table)?;
    let sql = format!("SELECT {} FROM {} WHERE {}", names(&columns), kind.table, wanted(kind.key));
    let found = tx.prepare_cached(&sql)?.query_row(params_from_iter(key_of(kind, unit)), |row| object(&columns, &[], row)).optional()?;
    let Some(mut found) = found else { return Ok(None) };
    // What may be left out of a file is left out of the comparison.
    let optional = |name: &str| columns.iter().any(|column| column.name == name && column.optional);
    found.retain(|name, cell| !(cell.is_null() && optional(name)));
    let mut whole = with_parts(tx, kind, found)?;
    for part in kind.parts {
        if let Some(Value::Array(rows)) = whole.get_mut(part.table) {
            rows.iter_mut().filter_map(Value::as_object_mut).for_each(|row| row.retain(|_, cell| !cell.is_null()));
        }
    }
    Ok(Some(whole))
}

fn wanted(columns: &[&str]) -> String {
    columns.iter().enumerate().map(|(n, name)| format!("{name} = ?{}", n + 1)).collect::<Vec<_>>().join(" AND ")
}

/// Writes the row over what is there, without touching what points to it, and its parts anew.
fn put(tx: &Transaction<'_>, kind: &Kind, unit: &Unit) -> rusqlite::Result<()> {
    let columns = columns_of(tx, kind.table)?;
    let set: Vec<_> = columns.iter().map(|column| &column.name).filter(|name| !kind.key.contains(&name.as_str())).collect();
    let set: Vec<_> = set.into_iter().map(|name| format!("{name} = excluded.{name}")).collect();
    let clash = format!("ON CONFLICT ({}) DO UPDATE SET {}", kind.key.join(", "), set.join(", "));
    insert(tx, kind.table, &columns, unit, &[], &clash)?;
    let key = key_of(kind, unit);
    for part in kind.parts {
        tx.prepare_cached(&format!("DELETE FROM {} WHERE {}", part.table, wanted(part.owner)))?.execute(params_from_iter(&key))?;
        put_parts(tx, part, unit, &key)?;
    }
    Ok(())
}

fn put_parts(tx: &Transaction<'_>, part: &Part, unit: &Unit, owner: &[Sql]) -> rusqlite::Result<()> {
    let mut columns = columns_of(tx, part.table)?;
    columns.retain(|column| !part.own.contains(&column.name.as_str()));
    let given: Vec<(&str, Sql)> = part.owner.iter().copied().zip(owner.iter().cloned()).collect();
    for row in unit.get(part.table).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
        insert(tx, part.table, &columns, row, &given, "")?;
    }
    Ok(())
}

fn insert(tx: &Transaction<'_>, table: &str, columns: &[Column], row: &Unit, given: &[(&str, Sql)], clash: &str) -> rusqlite::Result<()> {
    let given = |name: &str| given.iter().find(|(column, _)| *column == name).map(|(_, cell)| cell.clone());
    // What is left out gets the table's own default, where it has one.
    let cell = |column: &Column| given(&column.name).or_else(|| row.get(&column.name).map(|cell| sql(&column.kind, cell)));
    let (names, cells): (Vec<&str>, Vec<Sql>) = columns.iter().filter_map(|column| Some((column.name.as_str(), cell(column)?))).unzip();
    let places: Vec<String> = (1..=names.len()).map(|n| format!("?{n}")).collect();
    let text = format!("INSERT INTO {table} ({}) VALUES ({}) {clash}", names.join(", "), places.join(", "));
    tx.prepare_cached(&text)?.execute(params_from_iter(cells)).map(drop)
}

fn sql(kind: &str, cell: &Value) -> Sql {
    match (kind, cell) {
        (_, Value::Null) => Sql::Null,
        ("REAL", Value::String(text)) => text.parse().map_or(Sql::Null, Sql::Real),
        (_, Value::String(text)) => Sql::Text(text.clone()),
        (_, Value::Number(n)) => n.as_i64().map_or_else(|| Sql::Real(n.as_f64().unwrap_or(0.0)), Sql::Integer),
        (_, other) => Sql::Text(other.to_string()),
    }
}
