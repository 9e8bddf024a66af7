//! What can go wrong with the database, in words for the user, and what follows from each.

use rusqlite::{Error as Sql, ErrorCode};

/// Why something was not stored or read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StoreError {
    #[error("{0}")]
    ReadOnly(String),
    #[error("the database is locked by another program")]
    Locked,
    #[error("the database does not answer")]
    Slow,
    #[error("no attempt `{0}`")]
    Unknown(String),
    #[error("this interview is open in another greenroom")]
    Elsewhere,
    #[error("this interview cannot be read: {0}")]
    Unreadable(#[from] crate::session::Unreadable),
    #[error("database: {0}")]
    Sql(String),
}

/// Why a history was not taken in. Nothing has changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ImportError {
    /// What is wrong with the file.
    #[error("{0}")]
    File(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ImportError {
    /// A refusal by the tables themselves is the fault of the entry that was being written.
    pub(super) fn at(entry: &str, why: StoreError) -> Self {
        match why {
            StoreError::Sql(why) if !entry.is_empty() && why.contains("FOREIGN KEY") => {
                Self::File(format!("{entry}: it belongs to an attempt that is neither in the file nor here"))
            }
            StoreError::Sql(why) if !entry.is_empty() && why.contains("constraint") => Self::File(format!("{entry}: {why}")),
            other => Self::Store(other),
        }
    }
}

impl From<Sql> for StoreError {
    fn from(error: Sql) -> Self {
        match kind(&error) {
            Kind::Busy => Self::Locked,
            _ => Self::Sql(say(&error)),
        }
    }
}

/// What an error means for the work that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Try again later.
    Busy,
    /// The disk takes nothing: go on in memory.
    Disk,
    /// The file is no sound database.
    Damaged,
    /// This very statement is wrong; others are not.
    Other,
}

pub(super) fn kind(error: &Sql) -> Kind {
    let Some(code) = error.sqlite_error_code() else { return Kind::Other };
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Kind::Busy,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Kind::Damaged,
        ErrorCode::DiskFull
        | ErrorCode::ReadOnly
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::PermissionDenied
        | ErrorCode::FileLockingProtocolFailed => Kind::Disk,
        _ => Kind::Other,
    }
}

/// The error in plain words, for a message to the user.
pub(super) fn say(error: &Sql) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
        Some(ErrorCode::ReadOnly) => "the disk or the folder is read-only".to_owned(),
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => "the file cannot be opened or written".to_owned(),
        Some(ErrorCode::SystemIoFailure) => format!("the disk fails ({error})"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another program has it locked".to_owned(),
        Some(ErrorCode::NotADatabase) => "the file is no database".to_owned(),
        Some(ErrorCode::DatabaseCorrupt) => "the file is damaged".to_owned(),
        _ => error.to_string(),
    }
}
