//! Search in notes and evidence: a full-text index in memory, made when it is first asked for and again when something has changed.

use rusqlite::{Connection, OptionalExtension};

/// Where the words were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub attempt: String,
    /// A phase's id, or `evidence`.
    pub place: String,
    /// Some words around, what was found between [`MARK`]s.
    pub around: String,
}

/// Stands before and after what was found.
pub const MARK: char = '\u{1}';

/// Every text that holds all the words: beginnings of words count, `"quoted words"` must stand together. The best comes first.
pub(super) fn search(conn: &Connection, query: &str) -> rusqlite::Result<Vec<Found>> {
    let Some(query) = asked(query) else { return Ok(Vec::new()) };
    refresh(conn)?;
    let mut rows =
        conn.prepare_cached("SELECT attempt, place, snippet(words, 0, ?2, ?2, '…', 12) FROM temp.words WHERE words MATCH ?1 ORDER BY rank, rowid")?;
    let found = rows.query_map([query, MARK.to_string()], |row| Ok(Found { attempt: row.get(0)?, place: row.get(1)?, around: row.get(2)? }))?;
    found.collect()
}

/// The query in the index's language; `None` if there is no word in it. Nothing a user types is an error.
fn asked(query: &str) -> Option<String> {
    let mut parts = Vec::new();
    for (n, piece) in query.split('"').enumerate() {
        let spoken = |text: &&str| text.contains(char::is_alphanumeric);
        if n % 2 == 1 {
            parts.extend(Some(piece).filter(spoken).map(|phrase| format!("\"{phrase}\"")));
        } else {
            parts.extend(piece.split_whitespace().filter(spoken).map(|word| format!("\"{word}\"*")));
        }
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Makes the index anew unless it is of this very state of the database.
fn refresh(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.words USING fts5 (text, attempt UNINDEXED, place UNINDEXED, tokenize = \"unicode61 remove_diacritics 2\");
         CREATE TABLE IF NOT EXISTS temp.words_of (stamp TEXT NOT NULL);",
    )?;
    let stamp: String = conn.query_row(
        "SELECT (SELECT count(*) || ' ' || coalesce(max(saved_at), '') FROM kept) || ' ' || (SELECT count(*) || ' ' || total(length(text)) FROM notes)
                || ' ' || (SELECT coalesce(max(scored_at), '') FROM scores)",
        [],
        |row| row.get(0),
    )?;
    let of: Option<String> = conn.query_row("SELECT stamp FROM temp.words_of", [], |row| row.get(0)).optional()?;
    if of.as_ref() == Some(&stamp) {
        return Ok(());
    }
    conn.execute_batch(
        "DELETE FROM temp.words;
         INSERT INTO temp.words (text, attempt, place) SELECT text, attempt, phase FROM notes WHERE text <> '' AND attempt IN (SELECT id FROM kept);
         INSERT INTO temp.words (text, attempt, place)
             SELECT DISTINCT evidence, attempt, 'evidence' FROM score_lines WHERE evidence <> '' AND attempt IN (SELECT id FROM kept);
         DELETE FROM temp.words_of;",
    )?;
    conn.execute("INSERT INTO temp.words_of VALUES (?1)", [stamp]).map(drop)
}
