//! Reading a file of the exchange: everything about it is checked before anything is touched.

use chrono::DateTime;
use rusqlite::Connection;
use serde_json::{Map, Value};

use super::{Column, FORMAT, KIND, KINDS, Kind, Part, Unit, columns_of};
use crate::store::columns;

/// A file that holds what it should: for each of [`KINDS`] its things, in the same order.
#[derive(Debug)]
pub struct Document {
    pub(super) units: Vec<Vec<Unit>>,
}

impl Document {
    /// Ids of the attempts in it.
    pub fn attempts(&self) -> impl Iterator<Item = &str> {
        let of = KINDS.iter().zip(&self.units).filter(|(kind, _)| kind.table == "attempts");
        of.flat_map(|(_, units)| units).filter_map(|unit| unit.get("id")?.as_str())
    }
}

/// Reads a file's text against the tables of this database.
///
/// # Errors
/// What is wrong and where, for the one who gave the file.
pub fn read(conn: &Connection, text: &str) -> Result<Document, String> {
    let mut top = whole(text)?;
    let mut units = Vec::new();
    for kind in KINDS {
        let shape = Shape::of(conn, kind).map_err(|why| format!("the database: {why}"))?;
        // A file from before the table was: nothing of that kind.
        let rows = match top.remove(kind.table) {
            None => Vec::new(),
            Some(Value::Array(rows)) => rows,
            Some(_) => return Err(format!("`{}` must be a list", kind.table)),
        };
        let of = |(n, row): (usize, Value)| shape.unit(row).map_err(|why| format!("`{}`, entry {}: {why}", kind.table, n + 1));
        units.push(rows.into_iter().enumerate().map(of).collect::<Result<Vec<_>, _>>()?);
    }
    let by = top.get("written_by").and_then(Value::as_str).unwrap_or("?").to_owned();
    let unknown = top.keys().find(|name| !["format", "kind", "written_by", "written_at"].contains(&name.as_str()));
    match unknown {
        Some(name) => Err(format!("it holds `{name}`, which this greenroom ({}) does not know; it was written by greenroom {by}", env!("CARGO_PKG_VERSION"))),
        None => Ok(Document { units }),
    }
}

/// The file as one object of the right kind and version.
fn whole(text: &str) -> Result<Map<String, Value>, String> {
    const HINT: &str = "a history is what `greenroom export --format json` writes";
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(format!("it is empty; {HINT}"));
    }
    let value: Value = serde_json::from_str(text).map_err(|why| match why.is_eof() {
        true => format!("it ends in the middle (line {}): it was cut off", why.line()),
        false => format!("it is damaged or no JSON: {why}"),
    })?;
    let Value::Object(top) = value else { return Err(format!("it is no history; {HINT}")) };
    match top.get("kind").and_then(Value::as_str) {
        Some(KIND) => {}
        Some(other) => return Err(format!("it is a `{other}`, no history; {HINT}")),
        None => return Err(format!("it does not say `\"kind\": \"{KIND}\"`; {HINT}")),
    }
    let by = top.get("written_by").and_then(Value::as_str).unwrap_or("a newer greenroom");
    match top.get("format").and_then(Value::as_u64) {
        Some(FORMAT) => Ok(top),
        Some(newer) if newer > FORMAT => {
            Err(format!("it was written by greenroom {by} (format {newer}; this one knows {FORMAT}): take that greenroom or a newer one"))
        }
        _ => Err(format!("`format` must be {FORMAT}")),
    }
}

/// What a thing of one kind must look like.
struct Shape<'a> {
    kind: &'a Kind,
    columns: Vec<Column>,
    parts: Vec<(&'a Part, Vec<Column>)>,
}

impl<'a> Shape<'a> {
    fn of(conn: &Connection, kind: &'a Kind) -> rusqlite::Result<Self> {
        let of_part = |part: &'a Part| -> rusqlite::Result<_> {
            let mut columns = columns_of(conn, part.table)?;
            columns.retain(|column| !part.owner.contains(&column.name.as_str()) && !part.own.contains(&column.name.as_str()));
            Ok((part, columns))
        };
        Ok(Self { kind, columns: columns_of(conn, kind.table)?, parts: kind.parts.iter().map(of_part).collect::<rusqlite::Result<_>>()? })
    }

    fn unit(&self, row: Value) -> Result<Unit, String> {
        let Value::Object(mut row) = row else { return Err("it must be an object".into()) };
        let mut parts = Vec::new();
        for (part, columns) in &self.parts {
            let rows = match row.remove(part.table) {
                None => Vec::new(),
                Some(Value::Array(rows)) => rows,
                Some(_) => return Err(format!("`{}` must be a list", part.table)),
            };
            let of = |(n, row)| match row {
                Value::Object(row) => cells(columns, row).map(Value::Object).map_err(|why| format!("`{}` {}: {why}", part.table, n + 1)),
                _ => Err(format!("`{}` {} must be an object", part.table, n + 1)),
            };
            parts.push((part.table.to_owned(), Value::Array(rows.into_iter().enumerate().map(of).collect::<Result<_, _>>()?)));
        }
        let mut unit = cells(&self.columns, row)?;
        for name in self.kind.key {
            if unit.get(*name).and_then(Value::as_str).is_none_or(str::is_empty) {
                return Err(format!("`{name}` is empty"));
            }
        }
        self.moments(&mut unit)?;
        unit.extend(parts);
        Ok(unit)
    }

    /// Moments are compared as texts, so they must be written one way.
    fn moments(&self, unit: &mut Unit) -> Result<(), String> {
        for (name, cell) in unit.iter_mut().filter(|(name, _)| name.ends_with("_at") || *name == self.kind.clock) {
            let Value::String(text) = cell else { continue };
            let moment = DateTime::parse_from_rfc3339(text).map_err(|_| format!("`{name}`: `{text}` is no moment such as 2026-11-22T09:30:00Z"))?;
            *cell = Value::String(columns::text(moment.to_utc()));
        }
        match unit.get(self.kind.clock) {
            Some(Value::String(_)) => Ok(()),
            _ => Err(format!("`{}` is missing", self.kind.clock)),
        }
    }
}

/// The cells of a row, each of its column's type and in the columns' order.
fn cells(columns: &[Column], mut row: Unit) -> Result<Unit, String> {
    let mut cells = Unit::new();
    for column in columns {
        match row.remove(&column.name) {
            None | Some(Value::Null) if column.optional => {}
            None => return Err(format!("`{}` is missing", column.name)),
            Some(cell) => drop(cells.insert(column.name.clone(), cell_of(column, cell)?)),
        }
    }
    match row.keys().next() {
        Some(unknown) => Err(format!("`{unknown}` is not known here; a newer greenroom may have written it")),
        None => Ok(cells),
    }
}

fn cell_of(column: &Column, cell: Value) -> Result<Value, String> {
    let wrong = |what: &str| Err(format!("`{}` must be {what}", column.name));
    match (column.kind.as_str(), cell) {
        ("INTEGER", Value::Number(n)) if n.is_i64() => Ok(Value::Number(n)),
        ("INTEGER", Value::Bool(yes)) => Ok(Value::from(i64::from(yes))),
        ("INTEGER", _) => wrong("a whole number"),
        ("REAL", Value::Number(n)) => Ok(n.as_f64().map_or(Value::Null, Value::from)),
        ("REAL", Value::String(text)) if text.parse::<f64>().is_ok_and(|x| !x.is_nan()) => Ok(Value::String(text)),
        ("REAL", _) => wrong("a number"),
        (_, Value::String(text)) => Ok(Value::String(text)),
        _ => wrong("a text"),
    }
}
