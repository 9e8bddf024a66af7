//! Tasks: what is asked for, and what becomes of it.

/// What happens when a task's handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Succeeds, unless the target refuses.
    Plain,
    /// Fails in a way that a retry might mend, and never does.
    Poison,
    /// Fails for good at the first try.
    Hopeless,
    /// Takes its worker's process down.
    Killer,
}

/// A task as it is submitted.
#[derive(Clone, Debug)]
pub struct Spec {
    pub id: u64,
    /// Not before this instant, on the wall clock: nanoseconds since the run began.
    pub due: u64,
    /// Work before its effect, in nanoseconds.
    pub length: u64,
    pub kind: Kind,
    /// Tasks that must be COMPLETED before.
    pub after: Vec<u64>,
}

/// Ids of cron's tasks are made of the job and the second it is due: a second scheduler that decides the same makes the same id.
const CRON: u64 = 1 << 63;
const SECOND_BITS: u32 = 40;

pub fn cron_id(job: u32, second: i64) -> u64 {
    CRON | u64::from(job) << SECOND_BITS | (second as u64 & ((1 << SECOND_BITS) - 1))
}

pub fn is_cron(id: u64) -> bool {
    id & CRON != 0
}

/// A task's name in sentences.
pub fn told(id: u64) -> String {
    if is_cron(id) { format!("job {} of second {}", (id & !CRON) >> SECOND_BITS, id & ((1 << SECOND_BITS) - 1)) } else { format!("task {id}") }
}

/// Why a task was not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Its time had passed, and the policy says not to run it late.
    Misfire,
    /// Something it depends on did not complete.
    Dependency,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// For others to complete.
    Waiting,
    /// For its time.
    Scheduled,
    /// In the ready queue, or handed out.
    Queued,
    Running,
    Completed,
    /// Out of retries, or failed for good: a dead letter.
    Failed,
    Skipped(Skip),
}

impl State {
    pub fn ended(self) -> bool {
        matches!(self, State::Completed | State::Failed | State::Skipped(_))
    }

    pub fn word(self) -> &'static str {
        match self {
            State::Waiting => "WAITING",
            State::Scheduled => "SCHEDULED",
            State::Queued => "QUEUED",
            State::Running => "RUNNING",
            State::Completed => "COMPLETED",
            State::Failed => "FAILED",
            State::Skipped(Skip::Misfire) => "SKIPPED (misfire)",
            State::Skipped(Skip::Dependency) => "SKIPPED (dependency)",
        }
    }
}

/// What a worker says of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Might work later.
    Retry,
    /// Never will.
    Hopeless,
}
