//! The latency ladder of this machine: what a cache, memory, a system call, a packet and a disk really take here.

use super::wall::Stopwatch;
use sims::kernel::rng::Rng;
use std::fs::File;
use std::hint::black_box;
use std::io::{Seek, SeekFrom, Write};
use std::net::UdpSocket;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// A rung: what it is, and what textbooks say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rung {
    pub id: &'static str,
    pub title: &'static str,
    /// In nanoseconds, as every deck of numbers has it; none: textbooks do not name it.
    pub textbook: Option<f64>,
    /// How it is measured; none: it cannot be on one machine.
    pub how: Option<&'static str>,
}

const fn rung(id: &'static str, title: &'static str, textbook: Option<f64>, how: Option<&'static str>) -> Rung {
    Rung { id, title, textbook, how }
}

pub const RUNGS: &[Rung] = &[
    rung("l1", "Cache, nearest", Some(1.0), Some("one load after another through 16 KB")),
    rung("l2", "Cache, second", Some(4.0), Some("one load after another through 256 KB")),
    rung("atomic", "Atomic add", Some(10.0), Some("one thread adds to one counter")),
    rung("memory", "Memory", Some(100.0), Some("one load after another through 64 MB, in random order")),
    rung("system-call", "System call", Some(200.0), Some("asking for the parent's process id")),
    rung("loopback", "Loopback round trip", Some(20e3), Some("a datagram there and one back through 127.0.0.1, one thread")),
    rung("ssd", "SSD, random read", Some(100e3), None),
    rung("data-centre", "Round trip in a data centre", Some(500e3), None),
    rung("fsync", "Write 4 KB and fsync", Some(1e6), Some("beside your greenroom data: on the same disk")),
    rung("commit", "SQLite commit", None, Some("one row in your own database, waited for until it is on the disk")),
    rung("disk", "Spinning disk, seek", Some(10e6), None),
    rung("continents", "Round trip between continents", Some(100e6), None),
];

/// Time for one rung: enough for a stable median.
const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(12);

/// One rung's nanoseconds; none if it was cancelled or cannot be measured here. `commit` writes a row and waits for the disk.
pub fn measure(rung: &Rung, folder: &Path, commit: &dyn Fn() -> bool, cancel: &AtomicBool) -> Option<f64> {
    match rung.id {
        "l1" => chase(16 << 10, cancel),
        "l2" => chase(256 << 10, cancel),
        "memory" => chase(64 << 20, cancel),
        "atomic" => atomic(cancel),
        "system-call" => system_call(cancel),
        "loopback" => loopback(cancel),
        "fsync" => fsync(folder, cancel),
        "commit" => slow(cancel, commit),
        _ => None,
    }
}

/// The median time of one of `work`'s steps; `work` does as many as it is told.
fn fast(cancel: &AtomicBool, mut work: impl FnMut(u64)) -> Option<f64> {
    let mut steps = 64;
    // As many as fill a round: the clock itself takes some twenty nanoseconds.
    loop {
        let watch = Stopwatch::start();
        work(steps);
        if watch.elapsed() >= ROUND / 2 || steps > 1 << 40 {
            break;
        }
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        steps *= 2;
    }
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        let watch = Stopwatch::start();
        work(steps);
        rounds.push(watch.elapsed().as_secs_f64() * 1e9 / steps as f64);
    }
    median(rounds)
}

/// The median of single steps that take long; a step that fails ends it.
fn slow(cancel: &AtomicBool, work: impl Fn() -> bool) -> Option<f64> {
    const STEPS: usize = 41;
    const LIMIT: Duration = Duration::from_secs(3);
    let (mut times, all) = (Vec::new(), Stopwatch::start());
    for _ in 0..STEPS {
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        let watch = Stopwatch::start();
        if !work() {
            return None;
        }
        times.push(watch.elapsed().as_secs_f64() * 1e9);
        if all.elapsed() > LIMIT {
            break;
        }
    }
    median(times)
}

fn median(mut times: Vec<f64>) -> Option<f64> {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().filter(|ns| *ns > 0.0)
}

/// Loads that each need the one before: no processor can run ahead.
fn chase(bytes: usize, cancel: &AtomicBool) -> Option<f64> {
    /// A line of the cache, so that each step is a line of its own.
    const LINE: usize = 64 / size_of::<usize>();
    let lines = bytes / 64;
    let mut order: Vec<usize> = (0..lines).collect();
    // One cycle through all lines, by Sattolo: a plain shuffle would make short ones.
    let mut rng = Rng::stream(1, "ladder");
    for at in (1..lines).rev() {
        order.swap(at, usize::try_from(rng.below(at as u64)).unwrap_or(0));
    }
    let mut next = vec![0_usize; lines * LINE];
    for (from, to) in order.into_iter().enumerate() {
        next[from * LINE] = to * LINE;
    }
    if cancel.load(Ordering::Relaxed) {
        return None;
    }
    let mut at = 0;
    fast(cancel, |steps| {
        for _ in 0..steps {
            at = next[at];
        }
        at = black_box(at);
    })
}

fn atomic(cancel: &AtomicBool) -> Option<f64> {
    let counter = AtomicU64::new(0);
    fast(cancel, |steps| {
        for _ in 0..steps {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    })
}

#[cfg(unix)]
fn system_call(cancel: &AtomicBool) -> Option<f64> {
    fast(cancel, |steps| {
        for _ in 0..steps {
            black_box(rustix::process::getppid());
        }
    })
}

#[cfg(not(unix))]
fn system_call(_cancel: &AtomicBool) -> Option<f64> {
    None
}

fn loopback(cancel: &AtomicBool) -> Option<f64> {
    let [here, there] = [UdpSocket::bind("127.0.0.1:0").ok()?, UdpSocket::bind("127.0.0.1:0").ok()?];
    here.connect(there.local_addr().ok()?).ok()?;
    there.connect(here.local_addr().ok()?).ok()?;
    // A lost datagram must not hold the ladder for ever.
    let limit = Some(Duration::from_secs(1));
    here.set_read_timeout(limit).and_then(|()| there.set_read_timeout(limit)).ok()?;
    let mut bytes = [0_u8; 64];
    let mut whole = true;
    let ns = fast(cancel, |steps| {
        for _ in 0..steps {
            if !whole {
                return;
            }
            whole = here.send(&bytes).and_then(|_| there.recv(&mut bytes)).and_then(|_| there.send(&bytes)).and_then(|_| here.recv(&mut bytes)).is_ok();
        }
    });
    ns.filter(|_| whole)
}

fn fsync(folder: &Path, cancel: &AtomicBool) -> Option<f64> {
    std::fs::create_dir_all(folder).ok()?;
    let path = folder.join(format!("ladder-{}.tmp", std::process::id()));
    let file = File::create(&path).ok()?;
    let block = [7_u8; 4096];
    let write = || {
        let mut to = &file;
        to.seek(SeekFrom::Start(0)).is_ok() && to.write_all(&block).is_ok() && file.sync_all().is_ok()
    };
    let ns = slow(cancel, write);
    let _ = std::fs::remove_file(&path);
    ns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rung_that_says_how_is_measured_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let go_on = AtomicBool::new(false);
        for rung in RUNGS {
            let ns = measure(rung, folder.path(), &|| true, &go_on);
            assert_eq!(ns.is_some(), rung.how.is_some(), "{}", rung.id);
            assert!(ns.is_none_or(|ns| ns > 0.0 && ns < 60e9), "{}: {ns:?}", rung.id);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_cancelled_gives_nothing() {
        let stop = AtomicBool::new(true);
        let folder = tempfile::tempdir().unwrap();
        assert!(RUNGS.iter().all(|rung| measure(rung, folder.path(), &|| true, &stop).is_none()));
    }

    #[test]
    fn the_textbook_goes_up() {
        let said: Vec<f64> = RUNGS.iter().filter_map(|rung| rung.textbook).collect();
        assert!(said.is_sorted());
    }
}
