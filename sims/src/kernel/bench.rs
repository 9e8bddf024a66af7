//! Benchmarks as a design declares them: it describes the case; threads, timing and files belong to the caller.

/// One case that `greenroom bench` times natively, with no virtual clock.
#[derive(Clone, Copy)]
pub struct Bench {
    /// kebab-case.
    pub name: &'static str,
    /// What one operation is.
    pub says: &'static str,
    /// Numbers of threads it makes sense to run with.
    pub threads: &'static [usize],
    /// Operations of one round, all threads together, for some tens of milliseconds.
    pub ops: u64,
    pub prepare: fn() -> Box<dyn Case>,
}

/// The real clock, handed in by whoever times: nanoseconds since 1970.
pub type WallClock = fn() -> u64;

/// A prepared case.
pub trait Case: Sync + Send {
    /// Called once before the first round, for cases that time an algorithm with the real clock.
    fn wind(&mut self, _wall: WallClock) {}
    /// Does `ops` operations as thread number `thread`; the number it gives keeps the work from being optimised away.
    fn run(&self, thread: usize, ops: u64) -> u64;
    /// Anything to say beside the time, such as a hit ratio.
    fn note(&self) -> Option<String> {
        None
    }
}
