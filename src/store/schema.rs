//! The tables, and the steps that lead an older database to them.

use rusqlite::{Connection, TransactionBehavior};

/// Each step leads from the version of its place to the next; what has been released is never edited, only followed.
const STEPS: &[&str] = &[FIRST, LOOKING_BACK, FINDINGS, CARD_LOG, DRILLS, CORRECTIONS_TRAVEL];

/// The `user_version` this program writes.
pub(super) const VERSION: i64 = STEPS.len() as i64;

const FIRST: &str = "
CREATE TABLE about (
    key    TEXT PRIMARY KEY,
    value  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
    id          TEXT PRIMARY KEY,
    problem     TEXT NOT NULL CHECK (problem <> ''),
    variant     TEXT,
    title       TEXT NOT NULL,
    level       TEXT NOT NULL,
    mode        TEXT NOT NULL CHECK (mode IN ('coached', 'real', 'untimed')),
    state       TEXT NOT NULL CHECK (state IN ('live', 'finished', 'abandoned')),
    started_at  TEXT NOT NULL,
    saved_at    TEXT NOT NULL,
    ended_at    TEXT CHECK ((ended_at IS NULL) = (state = 'live')),
    allowed_ms  INTEGER NOT NULL CHECK (allowed_ms >= 0),
    used_ms     INTEGER NOT NULL CHECK (used_ms >= 0),
    hints       INTEGER NOT NULL CHECK (hints >= 0),
    assisted    INTEGER NOT NULL CHECK (assisted IN (0, 1)),
    snapshot    TEXT NOT NULL CHECK (json_valid(snapshot))
) STRICT;
CREATE INDEX attempts_by_start ON attempts (started_at);

CREATE TABLE notes (
    attempt  TEXT NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    phase    TEXT NOT NULL,
    place    INTEGER NOT NULL,
    text     TEXT NOT NULL,
    PRIMARY KEY (attempt, phase)
) STRICT, WITHOUT ROWID;

CREATE TABLE session_events (
    id       INTEGER PRIMARY KEY,
    attempt  TEXT NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    at_ms    INTEGER NOT NULL CHECK (at_ms >= 0),
    kind     TEXT NOT NULL,
    detail   TEXT NOT NULL CHECK (json_valid(detail))
) STRICT;
CREATE INDEX events_by_attempt ON session_events (attempt, id);

CREATE TABLE scores (
    attempt              TEXT NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    reading              TEXT NOT NULL CHECK (reading IN ('blind', 'informed')),
    points               REAL NOT NULL CHECK (points BETWEEN 0 AND 50),
    penalty              INTEGER NOT NULL CHECK (penalty >= 0),
    total                REAL NOT NULL CHECK (total BETWEEN 0 AND 50),
    dimensions_mean      REAL CHECK (dimensions_mean BETWEEN 1 AND 5),
    communication_mean   REAL CHECK (communication_mean BETWEEN 1 AND 5),
    scored_at            TEXT NOT NULL,
    PRIMARY KEY (attempt, reading)
) STRICT, WITHOUT ROWID;

CREATE TABLE score_lines (
    attempt   TEXT NOT NULL,
    reading   TEXT NOT NULL,
    place     INTEGER NOT NULL,
    line      TEXT NOT NULL,
    phase     TEXT NOT NULL,
    worth     REAL NOT NULL,
    points    REAL NOT NULL CHECK (points BETWEEN 0 AND worth),
    grade     TEXT CHECK (grade IN ('none', 'half', 'full')),
    evidence  TEXT NOT NULL,
    reached   INTEGER NOT NULL CHECK (reached IN (0, 1)),
    PRIMARY KEY (attempt, reading, line),
    FOREIGN KEY (attempt, reading) REFERENCES scores (attempt, reading) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE score_steps (
    attempt  TEXT NOT NULL,
    reading  TEXT NOT NULL,
    scale    TEXT NOT NULL CHECK (scale IN ('dimension', 'communication')),
    id       TEXT NOT NULL,
    step     INTEGER NOT NULL CHECK (step BETWEEN 1 AND 5),
    PRIMARY KEY (attempt, reading, scale, id),
    FOREIGN KEY (attempt, reading) REFERENCES scores (attempt, reading) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE predictions (
    id          TEXT PRIMARY KEY,
    problem     TEXT NOT NULL,
    experiment  TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('number', 'choice')),
    guess       REAL NOT NULL,
    low         REAL,
    high        REAL,
    actual      REAL NOT NULL,
    made_at     TEXT NOT NULL,
    CHECK ((kind = 'number') = (low IS NOT NULL AND high IS NOT NULL))
) STRICT;

CREATE TABLE bench_results (
    id          TEXT PRIMARY KEY,
    design      TEXT NOT NULL,
    name        TEXT NOT NULL,
    threads     INTEGER NOT NULL CHECK (threads > 0),
    ops         INTEGER NOT NULL CHECK (ops > 0),
    ns_per_op   REAL NOT NULL CHECK (ns_per_op >= 0),
    ops_per_s   REAL NOT NULL CHECK (ops_per_s >= 0),
    measured_at TEXT NOT NULL
) STRICT;
CREATE INDEX bench_by_design ON bench_results (design, name, measured_at);
";

/// What looking back needs: what was deleted, what was corrected, and the minutes of practice besides interviews.
const LOOKING_BACK: &str = "
CREATE TABLE graves (
    id          TEXT PRIMARY KEY,
    deleted_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE corrections (
    id            TEXT PRIMARY KEY,
    attempt       TEXT NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    field         TEXT NOT NULL CHECK (field IN ('title', 'mode', 'minutes', 'blind', 'informed')),
    was           TEXT NOT NULL,
    corrected_at  TEXT NOT NULL
) STRICT;
CREATE INDEX corrections_by_attempt ON corrections (attempt, corrected_at);

CREATE TABLE stints (
    id        TEXT PRIMARY KEY,
    practice  TEXT NOT NULL CHECK (practice <> ''),
    subject   TEXT NOT NULL,
    began_at  TEXT NOT NULL,
    ms        INTEGER NOT NULL CHECK (ms > 0)
) STRICT;
CREATE INDEX stints_by_start ON stints (began_at);

-- An attempt lies in its grave until something newer than the grave is known of it.
CREATE VIEW kept AS SELECT * FROM attempts
    WHERE NOT EXISTS (SELECT 1 FROM graves WHERE graves.id = attempts.id AND graves.deleted_at >= attempts.saved_at);
";

/// What was found out about an attempt after it, as JSON by its kind: the run of its numbers, picked estimates, where scoring stands.
const FINDINGS: &str = "
CREATE TABLE findings (
    attempt  TEXT NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    kind     TEXT NOT NULL CHECK (kind <> ''),
    body     TEXT NOT NULL CHECK (json_valid(body)),
    made_at  TEXT NOT NULL,
    PRIMARY KEY (attempt, kind)
) STRICT, WITHOUT ROWID;
";

/// What happened to flashcards. It only grows: what is taken back is taken back by another row. Where cards stand is worked out from it.
const CARD_LOG: &str = "
CREATE TABLE card_log (
    id       TEXT PRIMARY KEY CHECK (id <> ''),
    card     TEXT NOT NULL CHECK (card <> ''),
    at       TEXT NOT NULL,
    day      TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('review', 'cram', 'suspend', 'unsuspend', 'bury', 'reset', 'undo')),
    grade    INTEGER CHECK (grade BETWEEN 1 AND 4),
    took_ms  INTEGER CHECK (took_ms >= 0),
    undoes   TEXT,
    CHECK ((grade IS NOT NULL AND took_ms IS NOT NULL) = (kind IN ('review', 'cram'))),
    CHECK ((undoes IS NOT NULL) = (kind = 'undo'))
) STRICT, WITHOUT ROWID;
CREATE TRIGGER card_log_stays BEFORE UPDATE ON card_log BEGIN SELECT RAISE(ABORT, 'the log of cards only grows'); END;
CREATE TRIGGER card_log_grows BEFORE DELETE ON card_log BEGIN SELECT RAISE(ABORT, 'the log of cards only grows'); END;
";

/// Estimates, flaws, measured ladders, and the plan that is followed.
const DRILLS: &str = "
CREATE TABLE estimates (
    id       TEXT PRIMARY KEY,
    kind     TEXT NOT NULL,
    level    TEXT NOT NULL CHECK (level IN ('easy', 'medium', 'hard')),
    seed     TEXT NOT NULL,
    ask      TEXT NOT NULL,
    answer   REAL NOT NULL,
    truth    REAL NOT NULL,
    error    REAL NOT NULL,
    took_ms  INTEGER NOT NULL CHECK (took_ms >= 0),
    made_at  TEXT NOT NULL
) STRICT;

CREATE TABLE flaw_answers (
    id       TEXT PRIMARY KEY,
    source   TEXT NOT NULL,
    flaw     TEXT NOT NULL,
    how      TEXT NOT NULL CHECK (how IN ('choice', 'line')),
    chosen   INTEGER NOT NULL CHECK (chosen > 0),
    hit      INTEGER NOT NULL CHECK (hit IN (0, 1)),
    made_at  TEXT NOT NULL
) STRICT;

CREATE TABLE ladders (
    id           TEXT NOT NULL,
    measured_at  TEXT NOT NULL,
    rung         TEXT NOT NULL,
    ns           REAL NOT NULL CHECK (ns > 0),
    PRIMARY KEY (id, rung)
) STRICT, WITHOUT ROWID;

CREATE TABLE plans (
    id         TEXT PRIMARY KEY,
    plan       TEXT NOT NULL,
    begun_on   TEXT NOT NULL,
    chosen_at  TEXT NOT NULL
) STRICT;

CREATE TABLE plan_ticks (
    item       TEXT PRIMARY KEY,
    ticked_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Takes out of a database what later steps than the first one added.
#[cfg(test)]
pub(super) fn back_to_first(conn: &Connection) {
    let things = |conn: &Connection| -> Vec<(String, String)> {
        let mut rows =
            conn.prepare("SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY type DESC").unwrap();
        rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
    };
    let first = Connection::open_in_memory().unwrap();
    first.execute_batch(FIRST).unwrap();
    let kept = things(&first);
    for (kind, name) in things(conn).into_iter().filter(|thing| !kept.contains(thing)) {
        conn.execute_batch(&format!("DROP {kind} {name}")).unwrap();
    }
    conn.pragma_update(None, "user_version", 1).unwrap();
}

/// A deleted attempt that is brought back is newer than its grave, and so must its corrections be, whenever they were made.
const CORRECTIONS_TRAVEL: &str = "
ALTER TABLE corrections ADD COLUMN saved_at TEXT NOT NULL DEFAULT '';
UPDATE corrections SET saved_at = corrected_at;
";

/// The version a database says it has; 0 for a new one.
pub(super) fn version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Leads a database to [`VERSION`], all steps in one transaction or none.
pub(super) fn migrate(conn: &mut Connection) -> rusqlite::Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Read again under the lock: another instance may have been quicker.
    let from = usize::try_from(version(&tx)?).unwrap_or(STEPS.len());
    for step in STEPS.iter().skip(from) {
        tx.execute_batch(step)?;
    }
    let broken: i64 = tx.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
    if broken > 0 {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CONSTRAINT);
        return Err(rusqlite::Error::SqliteFailure(code, Some(format!("{broken} rows point nowhere"))));
    }
    // So that an older program can say which one is needed.
    tx.execute("INSERT OR REPLACE INTO about VALUES ('written_by', ?1)", [env!("CARGO_PKG_VERSION")])?;
    tx.pragma_update(None, "user_version", VERSION)?;
    tx.commit()
}

/// The greenroom that led the database to its version.
pub(super) fn written_by(conn: &Connection) -> Option<String> {
    conn.query_row("SELECT value FROM about WHERE key = 'written_by'", [], |row| row.get(0)).ok()
}
