//! Files that are written whole or not at all: beside their place first, then renamed into it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What to do with a file that is already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    Keep,
    Replace,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum NotWritten {
    #[error("{0} is already there")]
    Exists(PathBuf),
    #[error("{0} is no file that could be written")]
    NoFile(PathBuf),
    #[error("{path}: {why}")]
    Disk { path: PathBuf, why: io::Error },
}

/// Lets `fill` write the file. If it or the disk fails, nothing is left behind, and what was there stays as it was.
///
/// # Errors
/// Why nothing was written.
pub fn write(path: &Path, existing: Existing, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), NotWritten> {
    let disk = |why| NotWritten::Disk { path: path.to_owned(), why };
    let Some(name) = path.file_name().filter(|_| !path.is_dir()) else { return Err(NotWritten::NoFile(path.to_owned())) };
    // A pipe or a device takes what it is given; there is nothing to rename.
    if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        let mut out = BufWriter::new(OpenOptions::new().write(true).open(path).map_err(disk)?);
        return fill(&mut out).and_then(|()| out.flush()).map_err(disk);
    }
    if existing == Existing::Keep && path.exists() {
        return Err(NotWritten::Exists(path.to_owned()));
    }
    let partial = path.with_file_name(format!(".{}.{}.partial", name.to_string_lossy(), std::process::id()));
    let done = filled(&partial, fill).and_then(|()| put(&partial, path, existing));
    done.map_err(|why| {
        let _ = std::fs::remove_file(&partial);
        if why.kind() == io::ErrorKind::AlreadyExists { NotWritten::Exists(path.to_owned()) } else { disk(why) }
    })
}

fn filled(partial: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(partial)?);
    fill(&mut out)?;
    out.flush()?;
    // A full disk may tell only now.
    out.get_ref().sync_all()
}

fn put(partial: &Path, path: &Path, existing: Existing) -> io::Result<()> {
    if existing == Existing::Replace {
        return std::fs::rename(partial, path);
    }
    // A link fails where somebody else was quicker; a rename would take their file's place.
    match std::fs::hard_link(partial, path) {
        Ok(()) => std::fs::remove_file(partial),
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists => Err(why),
        // A file system without links.
        Err(_) => std::fs::rename(partial, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_whole_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.md");
        let full = |out: &mut dyn Write| -> io::Result<()> {
            out.write_all(&[b'x'; 100_000])?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        };
        let why = write(&path, Existing::Keep, full).unwrap_err().to_string();
        assert!(why.contains("out.md: ") && why.contains("storage"), "{why}");
        assert_eq!(left(folder.path()), [] as [&str; 0]);
        write(&path, Existing::Keep, |out| out.write_all(b"one")).unwrap();
        assert!(matches!(write(&path, Existing::Keep, |out| out.write_all(b"two")), Err(NotWritten::Exists(_))));
        assert!(write(&path, Existing::Replace, full).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"one", "what was there stays");
        write(&path, Existing::Replace, |out| out.write_all(b"three")).unwrap();
        assert_eq!((std::fs::read(&path).unwrap(), left(folder.path())), (b"three".to_vec(), vec!["out.md".to_owned()]));
    }

    #[test]
    fn a_folder_and_a_missing_folder_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(write(folder.path(), Existing::Replace, |_| Ok(())), Err(NotWritten::NoFile(_))));
        assert!(matches!(write(&folder.path().join("no/such.md"), Existing::Keep, |_| Ok(())), Err(NotWritten::Disk { .. })));
    }
}
