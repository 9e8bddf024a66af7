//! SQLite, and the only SQL: attempts, notes, scores, predictions and bench results, kept through crashes and damage.

mod attempts;
mod backup;
mod cards;
mod columns;
mod drills;
mod error;
mod exchange;
mod findings;
mod graves;
mod ledger;
mod locks;
mod mend;
mod open;
mod past;
mod rows;
mod schema;
mod scores;
mod search;
mod writer;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::Utc;
use rusqlite::{Connection, Transaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

pub use drills::{Followed, Ladder};
pub use error::{ImportError, StoreError};
pub use exchange::Taken;
pub use graves::KEPT_DAYS;
pub use mend::Mend;
pub use open::Health;
pub use rows::{Attempt, BenchResult, Correction, Entry, Field, Guess, Past, PhaseSpent, Practice, Prediction, State, Stint, Unfinished};
pub use search::{Found, MARK};

use crate::home::Home;
use crate::score::{Reading, Score};
use crate::session::{Event, Session};
use attempts::Progress;
use locks::Lock;
use writer::{Msg, Shared, Writer};

/// A locked database is waited for, but nobody waits for ever.
const ANSWER: Duration = Duration::from_secs(12);

/// The same for years of history at once.
const PATIENCE: Duration = Duration::from_secs(600);

/// A handle on the database. Clones share it; the last one to go writes what is left.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    to: Option<Sender<Msg>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
    /// Where the locks of running interviews lie; `None` in memory.
    live: Option<PathBuf>,
    _alive: Option<Lock>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        drop(self.to.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// An interview this instance has open. As long as it lives, no other instance takes it up.
#[derive(Debug)]
pub struct Live {
    id: String,
    _lock: Option<Lock>,
}

impl Live {
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl Store {
    /// Opens the user's database, or works in memory and says why: see [`Store::health`] and [`Store::notices`].
    pub fn open(home: &Home) -> Self {
        let opened = open::open(home, Utc::now());
        let live = matches!(opened.health, Health::Good).then(|| home.data().join("live"));
        Self::with(opened, live)
    }

    /// A store that keeps nothing, for tests and for headless work.
    pub fn in_memory() -> Self {
        Self::with(open::Opened { conn: open::fresh(), health: Health::Good, notices: Vec::new(), alive: None }, None)
    }

    fn with(opened: open::Opened, live: Option<PathBuf>) -> Self {
        let shared = Arc::new(Shared { health: Mutex::new(opened.health), notices: Mutex::new(opened.notices) });
        let (to, inbox) = channel();
        let writer = Writer::new(opened.conn, Arc::clone(&shared));
        let thread = std::thread::Builder::new().name("store".into()).spawn(move || writer.run(&inbox));
        Self { inner: Arc::new(Inner { to: Some(to), thread: thread.ok(), shared, live, _alive: opened.alive }) }
    }

    pub fn health(&self) -> Health {
        self.inner.shared.health()
    }

    /// What the user must be told, once.
    pub fn notices(&self) -> Vec<String> {
        std::mem::take(&mut *self.inner.shared.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until everything handed over so far is on the disk, but not longer than `limit`.
    pub fn flush(&self, limit: Duration) -> Result<(), StoreError> {
        let (reply, answer) = sync_channel(1);
        self.send(Msg::Flush(reply));
        answer.recv_timeout(limit).map_err(slow)?
    }

    fn send(&self, msg: Msg) {
        // The thread is gone only after a panic of its own; the answer's channel then says so.
        let _ = self.inner.to.as_ref().map(|to| to.send(msg));
    }

    fn read<T: Send + 'static>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static) -> Result<T, StoreError> {
        let (reply, answer) = sync_channel(1);
        self.send(Msg::Read(Box::new(move |conn| drop(reply.send(ask(conn))))));
        Ok(answer.recv_timeout(ANSWER).map_err(slow)??)
    }

    fn write(&self, work: impl FnMut(&Transaction<'_>) -> rusqlite::Result<()> + Send + 'static) -> Result<(), StoreError> {
        let (reply, answer) = sync_channel(1);
        self.send(Msg::Write(Box::new(work), reply));
        answer.recv_timeout(ANSWER).map_err(slow)?
    }
}

fn slow(_: RecvTimeoutError) -> StoreError {
    StoreError::Slow
}

/// Interviews.
impl Store {
    /// Enters a new interview and claims it for this instance.
    pub fn begin(&self, session: &mut Session) -> Result<Live, StoreError> {
        let live = self.claim(&Uuid::now_v7().to_string())?;
        self.keep(&live, session);
        // The first entry is waited for: a problem with the disk should show before the hour has begun.
        self.read(|_| Ok(()))?;
        match self.health() {
            Health::ReadOnly(why) => Err(StoreError::ReadOnly(why)),
            Health::Good | Health::Memory(_) => Ok(live),
        }
    }

    /// Hands over the latest state and returns at once; it is on the disk within a fraction of a second.
    pub fn keep(&self, live: &Live, session: &mut Session) {
        self.send(Msg::Keep(Box::new(Progress::of(&live.id, session, Utc::now()))));
    }

    /// Interviews that were cut off, newest first.
    pub fn unfinished(&self) -> Result<Vec<Unfinished>, StoreError> {
        let attempts = self.attempts()?.into_iter().filter(|attempt| attempt.state == State::Live);
        Ok(attempts.map(|attempt| Unfinished { elsewhere: matches!(self.claim(&attempt.id), Err(StoreError::Elsewhere)), attempt }).collect())
    }

    /// Takes up an interview where it was cut off.
    pub fn take_up(&self, id: &str) -> Result<(Session, Live), StoreError> {
        // First the claim: whoever has it may still be writing.
        let live = self.claim(id)?;
        Ok((self.session(id)?, live))
    }

    /// Gives up an interview that was cut off; its notes stay.
    pub fn abandon(&self, id: &str) -> Result<(), StoreError> {
        let _live = self.claim(id)?;
        let (id, now) = (id.to_owned(), columns::text(Utc::now()));
        self.write(move |tx| tx.execute("UPDATE attempts SET state = 'abandoned', ended_at = ?2 WHERE id = ?1 AND state = 'live'", [&id, &now]).map(drop))
    }

    /// Takes an attempt out of the history. For [`KEPT_DAYS`] it can be brought back by [`Store::restore`].
    pub fn delete(&self, id: &str) -> Result<(), StoreError> {
        let _live = self.claim(id)?;
        let (id, now) = (id.to_owned(), Utc::now());
        self.write(move |tx| graves::bury(tx, &id, now))
    }

    /// Brings a deleted attempt back.
    pub fn restore(&self, id: &str) -> Result<(), StoreError> {
        let (id, now) = (id.to_owned(), Utc::now());
        self.write(move |tx| graves::raise(tx, &id, now))
    }

    /// Attempts that were deleted and can be brought back, the last deleted first.
    pub fn deleted(&self) -> Result<Vec<Attempt>, StoreError> {
        self.read(graves::deleted)
    }

    /// Removes for good what was deleted until now, or only what has been for [`KEPT_DAYS`].
    pub fn purge(&self, before: chrono::DateTime<Utc>) -> Result<(), StoreError> {
        self.write(move |tx| graves::purge(tx, before).map(drop))
    }

    /// Corrects an attempt; what stood there before stays to be seen.
    pub fn mend(&self, id: &str, what: Mend) -> Result<(), StoreError> {
        let _live = self.claim(id)?;
        let (id, now) = (id.to_owned(), Utc::now());
        self.write(move |tx| mend::mend(tx, &id, &what, now))
    }

    /// Everything there is to look back on.
    pub fn past(&self) -> Result<Past, StoreError> {
        self.read(past::past)
    }

    /// The last state of an interview, running or long finished.
    pub fn session(&self, id: &str) -> Result<Session, StoreError> {
        let wanted = id.to_owned();
        let text = self.read(move |conn| attempts::snapshot(conn, &wanted))?.ok_or_else(|| StoreError::Unknown(id.to_owned()))?;
        Ok(Session::restore(&text)?)
    }

    /// All attempts with their scores, newest first.
    pub fn attempts(&self) -> Result<Vec<Attempt>, StoreError> {
        self.read(attempts::all)
    }

    pub fn attempt(&self, id: &str) -> Result<Attempt, StoreError> {
        let wanted = id.to_owned();
        self.read(move |conn| attempts::one(conn, &wanted))?.ok_or_else(|| StoreError::Unknown(id.to_owned()))
    }

    /// Notes by the id of their phase, in the order of the interview.
    pub fn notes(&self, id: &str) -> Result<Vec<(String, String)>, StoreError> {
        let id = id.to_owned();
        self.read(move |conn| attempts::notes(conn, &id))
    }

    /// What happened, oldest first.
    pub fn events(&self, id: &str) -> Result<Vec<Event>, StoreError> {
        let id = id.to_owned();
        self.read(move |conn| attempts::events(conn, &id))
    }

    /// The lock lies beside the database and is let go of by the operating system, however a process ends.
    fn claim(&self, id: &str) -> Result<Live, StoreError> {
        let Some(folder) = &self.inner.live else { return Ok(Live { id: id.to_owned(), _lock: None }) };
        let lock = std::fs::create_dir_all(folder).and_then(|()| locks::try_alone(&folder.join(format!("{id}.lock"))));
        match lock {
            Ok(None) => Err(StoreError::Elsewhere),
            // No lock is no reason not to work: the writer finds out what is wrong with the disk.
            other => Ok(Live { id: id.to_owned(), _lock: other.ok().flatten() }),
        }
    }
}

/// Looking back, and carrying it to another machine.
impl Store {
    /// Notes and evidence that hold all the words: see `search.rs` for how words are meant.
    pub fn search(&self, words: &str) -> Result<Vec<Found>, StoreError> {
        let words = words.to_owned();
        self.read(move |conn| search::search(conn, &words))
    }

    /// Writes everything as one JSON file, piece by piece.
    ///
    /// # Errors
    /// Inside, those of `out`.
    pub fn export(&self, out: &mut dyn Write) -> Result<std::io::Result<()>, StoreError> {
        let (to, pieces) = sync_channel::<String>(64);
        let (reply, answer) = sync_channel(1);
        let at = columns::text(Utc::now());
        self.send(Msg::Read(Box::new(move |conn| {
            let done = exchange::export(conn, &at, &mut |piece| to.send(piece).is_ok());
            drop(reply.send(done));
        })));
        for piece in pieces {
            if let Err(why) = out.write_all(piece.as_bytes()) {
                return Ok(Err(why));
            }
        }
        answer.recv_timeout(ANSWER).map_err(slow)??;
        Ok(Ok(()))
    }

    /// Takes in the history of another machine: what is new is added, of two versions of one thing the later one stays.
    /// A back-up is made first; where anything is wrong, nothing changes.
    ///
    /// # Errors
    /// What is wrong with the file, or with the database.
    pub fn import(&self, text: String, backups: Option<PathBuf>) -> Result<Vec<Taken>, ImportError> {
        match self.health() {
            Health::Good => {}
            Health::ReadOnly(why) | Health::Memory(why) => return Err(StoreError::ReadOnly(why).into()),
        }
        let document = self.patiently(move |conn| Ok(exchange::read(conn, &text)))?.map_err(ImportError::File)?;
        // An interview that is going on here and now must not be changed under its screen.
        let live: BTreeSet<String> = self.unfinished()?.into_iter().map(|cut| cut.attempt.id).collect();
        let _claims = document.attempts().filter(|id| live.contains(*id)).map(|id| self.claim(id)).collect::<Result<Vec<_>, _>>()?;
        if let Some(folder) = backups {
            let made = self.patiently(move |conn| Ok(backup::before_import(conn, &folder, Utc::now())))?;
            made.map_err(|why| StoreError::Sql(format!("no back-up, so no import: {why}")))?;
        }
        let (blame, taken) = (Arc::new(Mutex::new(String::new())), Arc::new(Mutex::new(Vec::new())));
        let (blamed, found) = (Arc::clone(&blame), Arc::clone(&taken));
        let (reply, answer) = sync_channel(1);
        let work = move |tx: &Transaction<'_>| {
            let mut place = String::new();
            let done = exchange::take(tx, &document, &mut place);
            *blamed.lock().unwrap_or_else(PoisonError::into_inner) = place;
            *found.lock().unwrap_or_else(PoisonError::into_inner) = done?;
            Ok(())
        };
        self.send(Msg::Write(Box::new(work), reply));
        let blame = || std::mem::take(&mut *blame.lock().unwrap_or_else(PoisonError::into_inner));
        answer.recv_timeout(PATIENCE).map_err(slow)?.map_err(|why| ImportError::at(&blame(), why))?;
        match self.health() {
            Health::Good => Ok(std::mem::take(&mut *taken.lock().unwrap_or_else(PoisonError::into_inner))),
            Health::ReadOnly(why) | Health::Memory(why) => Err(StoreError::Sql(format!("nothing was imported: {why}")).into()),
        }
    }

    /// As `read`, for what may take long.
    fn patiently<T: Send + 'static>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static) -> Result<T, StoreError> {
        let (reply, answer) = sync_channel(1);
        self.send(Msg::Read(Box::new(move |conn| drop(reply.send(ask(conn))))));
        Ok(answer.recv_timeout(PATIENCE).map_err(slow)??)
    }
}

/// Scores, findings, predictions, bench results.
impl Store {
    /// Enters the score of one reading; a second one takes the place of the first.
    pub fn save_score(&self, attempt: &str, reading: Reading, score: &Score) -> Result<(), StoreError> {
        let (attempt, score, now) = (attempt.to_owned(), score.clone(), Utc::now());
        self.write(move |tx| scores::write(tx, &attempt, reading, &score, now))
    }

    /// Adds minutes of practice to the calendar; less than a second is nothing.
    pub fn spend(&self, practice: Practice, subject: &str, began_at: chrono::DateTime<Utc>, time: Duration) -> Result<(), StoreError> {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        if ms < 1000 {
            return Ok(());
        }
        let stint = Stint { practice, subject: subject.to_owned(), began_at, ms };
        self.write(move |tx| past::spend(tx, &stint))
    }

    /// Minutes of practice besides interviews, oldest first.
    pub fn stints(&self) -> Result<Vec<Stint>, StoreError> {
        self.read(past::stints)
    }

    /// Keeps what was found out about an attempt; of one kind the last counts.
    pub fn save_finding<T: Serialize>(&self, attempt: &str, kind: &str, found: &T) -> Result<(), StoreError> {
        let body = serde_json::to_string(found).map_err(|error| StoreError::Sql(error.to_string()))?;
        let (attempt, kind, now) = (attempt.to_owned(), kind.to_owned(), Utc::now());
        self.write(move |tx| findings::write(tx, &attempt, &kind, &body, now))
    }

    /// What was found out, if it can still be read: what another greenroom wrote differently counts as not there.
    pub fn finding<T: DeserializeOwned>(&self, attempt: &str, kind: &str) -> Result<Option<T>, StoreError> {
        let (attempt, kind) = (attempt.to_owned(), kind.to_owned());
        let body = self.read(move |conn| findings::one(conn, &attempt, &kind))?;
        Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
    }

    pub fn save_prediction(&self, problem: &str, experiment: &str, guess: Guess) -> Result<(), StoreError> {
        let made = Prediction { problem: problem.to_owned(), experiment: experiment.to_owned(), guess, made_at: Utc::now() };
        self.write(move |tx| ledger::predict(tx, &made))
    }

    /// The ledger, oldest first.
    pub fn predictions(&self) -> Result<Vec<Prediction>, StoreError> {
        self.read(ledger::predictions)
    }

    pub fn save_benches(&self, results: &[BenchResult]) -> Result<(), StoreError> {
        let results = results.to_vec();
        self.write(move |tx| ledger::measured(tx, &results))
    }

    /// All results of a design, newest first.
    pub fn benches(&self, design: &str) -> Result<Vec<BenchResult>, StoreError> {
        let design = design.to_owned();
        self.read(move |conn| ledger::benches(conn, &design))
    }
}
