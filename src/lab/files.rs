//! Cases that need a real file, which a simulation may not touch: a log's segments on disk, beside a plain write of the same bytes.

use super::wall::Stopwatch;
use sims::kernel::bench::{Bench, Case};
use sims::parts::segments::{HEADER, Medium, SegmentedLog, Shape};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// The file cases of a design, beside those that it declares itself.
pub fn of(design: &str) -> &'static [Bench] {
    if design == "message-queue" { LOGS } else { &[] }
}

const fn case(name: &'static str, says: &'static str, ops: u64, prepare: fn() -> Box<dyn Case>) -> Bench {
    Bench { name, says, threads: &[1], ops, prepare }
}

const LOGS: &[Bench] = &[
    case("file-append-1-kib", "one record of 1 KiB appended to a segment file, checksum and index included", 50_000, || Box::new(Appends::new())),
    case("file-plain-write", "the same bytes written to a plain file, buffered alike", 50_000, || Box::new(Writes::new(BUFFER))),
    case("file-write-each", "the same bytes written to a plain file, a system call each", 50_000, || Box::new(Writes::new(0))),
    case("file-read-1-kib", "one record of 1 KiB read back from segment files, 500 at a time", 50_000, || Box::new(Reads::new())),
];

const BODY: usize = 1024;
const RECORD: usize = HEADER + BODY;
/// What is gathered before it is written.
const BUFFER: usize = 256 << 10;
const SHAPE: Shape = Shape { segment: 16 << 20, index_every: 4096 };
/// Older segments go, so that a bench fills no disk.
const KEPT: u64 = 64 << 20;
const FILLED: u64 = 40_000;

/// A folder of its own that goes with its case.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Arc<Folder> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("greenroom-bench-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        // A folder that cannot be made shows in the case's note.
        let _ = fs::create_dir_all(&path);
        Arc::new(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A segment's bytes in a file, written in large pieces.
struct OnFile {
    folder: Arc<Folder>,
    path: PathBuf,
    /// None if it could not be opened or written.
    file: Mutex<Option<File>>,
    written: u64,
    buffer: Vec<u8>,
}

impl OnFile {
    fn new(folder: Arc<Folder>, base: u64) -> OnFile {
        let path = folder.0.join(format!("{base:020}.log"));
        let file = OpenOptions::new().create(true).truncate(true).read(true).write(true).open(&path).ok();
        OnFile { folder, path, file: Mutex::new(file), written: 0, buffer: Vec::with_capacity(BUFFER + RECORD) }
    }

    fn flush(&mut self) {
        if let Ok(Some(file)) = self.file.get_mut() {
            let at = file.seek(SeekFrom::Start(self.written));
            if at.and_then(|_| file.write_all(&self.buffer)).is_err() {
                self.file = Mutex::new(None);
            }
        }
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
    }

    fn sound(&self) -> bool {
        self.file.lock().is_ok_and(|file| file.is_some())
    }

    fn read_file(&self, at: u64, into: &mut [u8]) -> usize {
        let Ok(mut file) = self.file.lock() else { return 0 };
        let Some(file) = file.as_mut() else { return 0 };
        if file.seek(SeekFrom::Start(at)).is_err() {
            return 0;
        }
        let mut got = 0;
        while got < into.len() {
            match file.read(&mut into[got..]) {
                Ok(0) | Err(_) => break,
                Ok(n) => got += n,
            }
        }
        got
    }
}

impl Medium for OnFile {
    fn append(&mut self, head: &[u8], body: &[u8]) {
        self.buffer.extend_from_slice(head);
        self.buffer.extend_from_slice(body);
        if self.buffer.len() >= BUFFER {
            self.flush();
        }
    }

    fn len(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    fn read<'a>(&'a self, at: u64, count: usize, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        let count = (self.len().saturating_sub(at) as usize).min(count);
        scratch.resize(count, 0);
        let on_disk = (self.written.saturating_sub(at) as usize).min(count);
        let mut got = self.read_file(at, &mut scratch[..on_disk]);
        if got == on_disk && count > on_disk {
            let from = (at + on_disk as u64 - self.written) as usize;
            scratch[on_disk..].copy_from_slice(&self.buffer[from..from + count - on_disk]);
            got = count;
        }
        &scratch[..got]
    }

    fn truncate(&mut self, len: u64) {
        self.flush();
        if let Ok(Some(file)) = self.file.get_mut() {
            let _ = file.set_len(len);
        }
        self.written = self.written.min(len);
    }

    fn fresh(&self, base: u64) -> Self {
        OnFile::new(Arc::clone(&self.folder), base)
    }

    fn remove(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Bytes and the wall time they took, for a rate in the note.
#[derive(Default)]
struct Rate(Mutex<(u64, f64)>);

impl Rate {
    fn note(&self, records: u64, watch: Stopwatch) {
        if let Ok(mut sum) = self.0.lock() {
            sum.0 += records * RECORD as u64;
            sum.1 += watch.elapsed().as_secs_f64();
        }
    }

    fn told(&self, sound: bool, folder: &Path) -> Option<String> {
        if !sound {
            return Some(format!("could not write in {}", folder.display()));
        }
        let (bytes, secs) = *self.0.lock().ok()?;
        Some(format!("{:.0} MB/s of wall time, into the page cache", bytes as f64 / 1e6 / secs.max(1e-9)))
    }
}

struct Appends {
    log: Mutex<SegmentedLog<OnFile>>,
    folder: Arc<Folder>,
    body: Vec<u8>,
    rate: Rate,
}

impl Appends {
    fn new() -> Appends {
        let folder = Folder::new();
        let log = SegmentedLog::on(OnFile::new(Arc::clone(&folder), 0), SHAPE);
        Appends { log: Mutex::new(log), folder, body: vec![7; BODY], rate: Rate::default() }
    }
}

impl Case for Appends {
    fn run(&self, _: usize, ops: u64) -> u64 {
        let Ok(mut log) = self.log.lock() else { return 0 };
        let watch = Stopwatch::start();
        for _ in 0..ops {
            let at = log.end();
            let _ = log.append(1, at, &self.body);
        }
        log.medium_mut().flush();
        self.rate.note(ops, watch);
        let end = log.end();
        log.expire(0, KEPT, end);
        end
    }

    fn note(&self) -> Option<String> {
        let sound = self.log.lock().is_ok_and(|mut log| log.medium_mut().sound());
        self.rate.told(sound, &self.folder.0)
    }
}

struct Writes {
    file: Mutex<OnFile>,
    /// Bytes gathered before a write; 0 writes each record by itself.
    buffer: usize,
    record: Vec<u8>,
    rate: Rate,
}

impl Writes {
    fn new(buffer: usize) -> Writes {
        Writes { file: Mutex::new(OnFile::new(Folder::new(), 0)), buffer, record: vec![7; RECORD], rate: Rate::default() }
    }
}

impl Case for Writes {
    fn run(&self, _: usize, ops: u64) -> u64 {
        let Ok(mut file) = self.file.lock() else { return 0 };
        let watch = Stopwatch::start();
        for _ in 0..ops {
            file.buffer.extend_from_slice(&self.record);
            if file.buffer.len() >= self.buffer {
                file.flush();
            }
        }
        file.flush();
        self.rate.note(ops, watch);
        let written = file.written;
        if written > KEPT {
            file.truncate(0);
        }
        written
    }

    fn note(&self) -> Option<String> {
        let file = self.file.lock().ok()?;
        self.rate.told(file.sound(), &file.folder.0)
    }
}

struct Reads {
    log: Mutex<SegmentedLog<OnFile>>,
    next: AtomicU64,
    rate: Rate,
}

impl Reads {
    fn new() -> Reads {
        let mut log = SegmentedLog::on(OnFile::new(Folder::new(), 0), SHAPE);
        for at in 0..FILLED {
            let _ = log.append(1, at, &[7; BODY]);
        }
        log.medium_mut().flush();
        Reads { log: Mutex::new(log), next: AtomicU64::new(0), rate: Rate::default() }
    }
}

impl Case for Reads {
    fn run(&self, _: usize, ops: u64) -> u64 {
        let Ok(log) = self.log.lock() else { return 0 };
        let watch = Stopwatch::start();
        let (mut left, mut sum) = (ops, 0);
        while left > 0 {
            let want = left.min(500);
            let from = self.next.fetch_add(want, Ordering::Relaxed) % (FILLED - 500);
            let mut got = 0;
            let _ = log.read(from, |entry| {
                sum += entry.carries.len() as u64;
                got += 1;
                got < want
            });
            left -= want;
        }
        self.rate.note(ops, watch);
        sum
    }

    fn note(&self) -> Option<String> {
        let sound = self.log.lock().is_ok_and(|mut log| log.medium_mut().sound());
        self.rate.told(sound, &std::env::temp_dir()).map(|told| told.replace("into", "from"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_does_what_it_says() {
        for bench in of("message-queue") {
            let case = (bench.prepare)();
            assert!(case.run(0, 700) > 0, "{}", bench.name);
            assert!(case.note().is_some_and(|note| note.contains("MB/s")), "{}: {:?}", bench.name, case.note());
        }
    }

    #[test]
    fn a_folder_goes_with_its_case() {
        let folder = Folder::new();
        let path = folder.0.clone();
        let file = OnFile::new(folder, 0);
        assert!(path.exists());
        drop(file);
        assert!(!path.exists());
    }

    /// What stands on files is what stands in memory, across segments and after a cut.
    #[test]
    fn a_log_on_files_reads_what_a_log_in_memory_reads() {
        let shape = Shape { segment: 10_000, index_every: 512 };
        let mut files = SegmentedLog::on(OnFile::new(Folder::new(), 0), shape);
        let mut memory = SegmentedLog::new(shape);
        for at in 0..300u64 {
            let body = vec![at as u8; (at * 37 % 200) as usize];
            assert_eq!(files.append(at as u32 / 100, at, &body), memory.append(at as u32 / 100, at, &body));
            if at == 250 {
                files.truncate(180);
                memory.truncate(180);
            }
        }
        let (mut from_files, mut from_memory) = (Vec::new(), Vec::new());
        let next = files.read(17, |entry| {
            from_files.push((entry.offset, entry.carries.to_vec()));
            true
        });
        let same = memory.read(17, |entry| {
            from_memory.push((entry.offset, entry.carries.to_vec()));
            true
        });
        assert_eq!(next, same);
        assert_eq!(from_files, from_memory);
        assert_eq!(from_files.len() as u64, memory.end() - 17);
    }
}
