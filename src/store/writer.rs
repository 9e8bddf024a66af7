//! The one thread that touches the database: work comes over a channel, keystrokes are gathered for a moment.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::attempts::{self, Progress};
use super::error::{Kind, StoreError, kind, say};
use super::open::{self, Health};

/// How long keystrokes are gathered before they are written: well under the second that may be lost.
const GATHER: Duration = Duration::from_millis(250);
/// How long a busy database is left alone before the next try.
const AGAIN: Duration = Duration::from_secs(1);

/// Work inside one transaction. It may be asked to run again.
pub(super) type Work = Box<dyn FnMut(&Transaction<'_>) -> rusqlite::Result<()> + Send>;
type Reply = SyncSender<Result<(), StoreError>>;

pub(super) enum Msg {
    Write(Work, Reply),
    Read(Box<dyn FnOnce(&Connection) + Send>),
    /// The latest state of a running interview.
    Keep(Box<Progress>),
    Flush(Reply),
}

/// What the thread and its handles share.
#[derive(Debug)]
pub(super) struct Shared {
    pub health: Mutex<Health>,
    pub notices: Mutex<Vec<String>>,
}

impl Shared {
    fn tell(&self, notice: String) {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if !notices.contains(&notice) {
            notices.push(notice);
        }
    }

    pub(super) fn health(&self) -> Health {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

pub(super) struct Writer {
    conn: Connection,
    shared: Arc<Shared>,
    pending: BTreeMap<String, Progress>,
    due: Option<Instant>,
}

impl Writer {
    pub(super) fn new(conn: Connection, shared: Arc<Shared>) -> Self {
        Self { conn, shared, pending: BTreeMap::new(), due: None }
    }

    /// Works until the last handle is gone, then writes what is left.
    pub(super) fn run(mut self, inbox: &Receiver<Msg>) {
        loop {
            let msg = match self.due {
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => inbox.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            match msg {
                Ok(msg) => self.take(msg),
                Err(RecvTimeoutError::Timeout) => drop(self.write_pending()),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            // A steady stream of keys must not put the writing off for ever.
            if self.due.is_some_and(|due| due <= Instant::now()) {
                let _ = self.write_pending();
            }
        }
        let _ = self.write_pending();
    }

    fn take(&mut self, msg: Msg) {
        match msg {
            Msg::Keep(progress) => {
                match self.pending.get_mut(&progress.id) {
                    Some(waiting) => waiting.follow(*progress),
                    None => drop(self.pending.insert(progress.id.clone(), *progress)),
                }
                self.due.get_or_insert_with(|| Instant::now() + GATHER);
            }
            // What was typed before a question belongs into its answer. If it cannot be written now, the answer is as of before.
            Msg::Read(ask) => {
                let _ = self.write_pending();
                ask(&self.conn);
            }
            Msg::Write(mut work, reply) => {
                let _ = self.write_pending();
                let _ = reply.send(self.write(&mut *work));
            }
            Msg::Flush(reply) => drop(reply.send(self.write_pending())),
        }
    }

    fn write_pending(&mut self) -> Result<(), StoreError> {
        self.due = None;
        if self.pending.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.pending);
        let result = self.write(&mut |tx| waiting.values().try_for_each(|progress| attempts::write(tx, progress)));
        match &result {
            Ok(()) => {}
            Err(StoreError::Locked) => {
                self.shared.tell("another program has the database locked; your notes wait and will be written".to_owned());
                self.pending = waiting;
                self.due = Some(Instant::now() + AGAIN);
            }
            Err(error) => self.shared.tell(format!("your notes are not saved: {error}")),
        }
        result
    }

    /// Runs the work in a transaction; when the disk gives out, goes on in memory with the same work.
    fn write(&mut self, work: &mut dyn FnMut(&Transaction<'_>) -> rusqlite::Result<()>) -> Result<(), StoreError> {
        if let Health::ReadOnly(why) = self.shared.health() {
            return Err(StoreError::ReadOnly(why));
        }
        let Err(error) = self.transact(work) else { return Ok(()) };
        if matches!(kind(&error), Kind::Disk | Kind::Damaged) && self.shared.health() == Health::Good {
            self.go_on_in_memory(&error);
            return Ok(self.transact(work)?);
        }
        Err(error.into())
    }

    fn transact(&mut self, work: &mut dyn FnMut(&Transaction<'_>) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        work(&tx)?;
        tx.commit()
    }

    fn go_on_in_memory(&mut self, error: &rusqlite::Error) {
        let why = format!("{}: work goes on in memory and is lost when you leave; export what you need", say(error));
        self.conn = open::copied(&self.conn).unwrap_or_else(open::fresh);
        *self.shared.health.lock().unwrap_or_else(PoisonError::into_inner) = Health::Memory(why.clone());
        self.shared.tell(why);
    }
}
