//! Locks between instances: who is alive, who may repair, and which interview is open where.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

/// Held as long as it lives. The operating system lets go of it, however the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)
}

/// Takes a lock nobody else may have; `None` if somebody has.
pub(super) fn try_alone(path: &Path) -> std::io::Result<Option<Lock>> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        // A file system without locks: nothing can be learned, so nothing is refused.
        Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => Ok(Some(Lock { _file: file })),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Waits, but not longer than `limit`, for a lock that many may share.
pub(super) fn share(path: &Path, limit: Duration) -> std::io::Result<Option<Lock>> {
    let (file, begun) = (open(path)?, Instant::now());
    loop {
        match file.try_lock_shared() {
            Ok(()) => return Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) if begun.elapsed() < limit => std::thread::sleep(Duration::from_millis(5)),
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => return Ok(Some(Lock { _file: file })),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}
