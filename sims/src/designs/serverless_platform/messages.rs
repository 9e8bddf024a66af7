//! What travels between clients, router, workers, control plane and meter.

use crate::kernel::node::Message;
use crate::kernel::time::Span;

/// A version of a function's code. Whether it is bad nobody knows before it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub number: u32,
    pub bad: bool,
}

/// One invocation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Call {
    pub id: u64,
    pub function: u32,
    pub tenant: u16,
    /// The tenant's limit when it was let in.
    pub limit: u32,
    pub version: Version,
    pub length: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// The function's own fault.
    Error,
    /// It ran longer than its time-out and was stopped.
    TimedOut,
    /// The tenant has as many calls under way as it may, and as many waiting.
    Throttled,
    /// It waited for a place until its patience was over.
    NoRoom,
    /// The worker is gone.
    WorkerLost,
}

/// How a sandbox comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    Warm,
    Cold,
    Restore,
}

/// Router to worker, in order and once.
#[derive(Clone, Copy, Debug)]
pub enum Command {
    /// Run a call in this sandbox, which may have to be made first.
    Run {
        sandbox: u32,
        start: Start,
        call: Call,
    },
    /// Make a sandbox that waits for its first call.
    Warm {
        sandbox: u32,
        start: Start,
        function: u32,
        version: Version,
    },
    Stop {
        sandbox: u32,
    },
}

/// A sandbox as its worker tells of it.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    pub sandbox: u32,
    pub function: u32,
    pub version: Version,
    pub call: Option<Call>,
}

/// Worker to router, in order and once.
#[derive(Clone, Debug)]
pub enum Report {
    /// The first of a session: what is here.
    Here(Vec<Told>),
    Ready {
        sandbox: u32,
    },
    Done {
        sandbox: u32,
        call: u64,
        outcome: Outcome,
        ran: Span,
    },
}

/// Which life of the router talks to which life of the worker: what belongs to another session is not meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Session {
    pub router: u32,
    pub worker: u32,
}

/// What one call used, as it is billed.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    pub call: u64,
    pub tenant: u16,
    pub mb: u32,
    /// What it touched of them.
    pub touched_mb: u32,
    pub ms: u64,
}

/// What the router saw of a function in the last second.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub function: u32,
    pub arrived: u32,
    pub done: u32,
    pub busy: Span,
    pub waiting: u32,
    /// Most calls at once.
    pub peak: u32,
    /// Calls of the version on trial, and how many of them failed.
    pub tried: u32,
    pub failed: u32,
    pub trial: u32,
}

/// Which versions of a function serve.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Alias {
    pub stable: Version,
    /// Gets a share of the calls.
    pub trial: Option<Version>,
}

#[derive(Clone, Debug)]
pub enum Msg {
    Invoke(Call),
    Reply {
        call: u64,
        outcome: Outcome,
    },
    Command {
        session: Session,
        number: u64,
        acked: u64,
        command: Command,
    },
    Report {
        session: Session,
        number: u64,
        acked: u64,
        report: Report,
    },
    /// A worker is alive. The answer carries the time back at which it said so.
    Beat {
        session: Session,
        acked: u64,
        at: u64,
    },
    Beaten {
        session: Session,
        acked: u64,
        at: u64,
    },
    /// You are talking to an earlier life of mine.
    Reborn {
        router: u32,
    },
    /// I have given this life of yours up.
    GivenUp {
        session: Session,
    },
    Usage {
        from: u64,
        used: Vec<Used>,
    },
    Metered {
        upto: u64,
    },
    Stats {
        second: u64,
        seen: Vec<Seen>,
    },
    /// How many sandboxes of each function are to stand ready or busy.
    Provide {
        number: u64,
        targets: Vec<u32>,
    },
    Serve {
        serial: u64,
        function: u32,
        alias: Alias,
    },
    Serves {
        serial: u64,
        function: u32,
    },
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Invoke(_) => "invoke",
            Msg::Reply { outcome: Outcome::Done, .. } => "200",
            Msg::Reply { outcome: Outcome::Throttled, .. } => "429",
            Msg::Reply { .. } => "error",
            Msg::Command { command: Command::Run { .. }, .. } => "run",
            Msg::Command { command: Command::Warm { .. }, .. } => "warm up",
            Msg::Command { command: Command::Stop { .. }, .. } => "stop",
            Msg::Report { report: Report::Here(_), .. } => "here",
            Msg::Report { report: Report::Ready { .. }, .. } => "ready",
            Msg::Report { report: Report::Done { .. }, .. } => "done",
            Msg::Beat { .. } => "beat",
            Msg::Beaten { .. } => "beaten",
            Msg::Reborn { .. } => "reborn",
            Msg::GivenUp { .. } => "given up",
            Msg::Usage { .. } => "usage",
            Msg::Metered { .. } => "metered",
            Msg::Stats { .. } => "stats",
            Msg::Provide { .. } => "provide",
            Msg::Serve { .. } => "serve",
            Msg::Serves { .. } => "serves",
        }
    }

    fn mark(&self) -> u64 {
        match self {
            Msg::Invoke(call) => call.id ^ call.length.0 << 20 ^ u64::from(call.function) << 50,
            Msg::Reply { call, outcome } => call << 3 | *outcome as u64,
            Msg::Command { number, command, .. } => {
                number
                    ^ match command {
                        Command::Run { sandbox, call, .. } => call.id << 20 ^ u64::from(*sandbox) << 48,
                        Command::Warm { sandbox, .. } => u64::from(*sandbox) << 48 ^ 1 << 62,
                        Command::Stop { sandbox } => u64::from(*sandbox) << 48 ^ 1 << 63,
                    }
            }
            Msg::Report { number, report, .. } => {
                number
                    ^ match report {
                        Report::Here(told) => (told.len() as u64) << 40,
                        Report::Ready { sandbox } => u64::from(*sandbox) << 48,
                        Report::Done { call, ran, .. } => call << 20 ^ ran.0,
                    }
            }
            Msg::Beat { session, at, .. } | Msg::Beaten { session, at, .. } => at ^ u64::from(session.worker) << 50,
            Msg::Reborn { router } => u64::from(*router),
            Msg::GivenUp { session } => u64::from(session.worker) << 32 ^ u64::from(session.router),
            Msg::Usage { from, used } => from << 12 ^ used.len() as u64,
            Msg::Metered { upto } => *upto,
            Msg::Stats { second, seen } => seen.iter().fold(*second, |sum, s| sum.rotate_left(7) ^ u64::from(s.arrived) ^ s.busy.0),
            Msg::Provide { number, targets } => targets.iter().fold(*number, |sum, n| sum.rotate_left(5) ^ u64::from(*n)),
            Msg::Serve { serial, function, .. } | Msg::Serves { serial, function } => serial << 20 ^ u64::from(*function),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Timer {
    /// The load's next arrival, or only the time to ask for it again.
    Arrive { send: bool },
    /// The same of a noisy tenant, until its noise is over.
    Noise { send: bool, turn: u32 },
    /// Housekeeping, every so often.
    Tick,
    /// A second has passed: numbers go to the control plane, usage to the meter.
    Second,
    /// The right to run calls ends, unless it was renewed.
    Lease,
    /// A sandbox is up.
    Started { life: u32, sandbox: u32, call: u64 },
    /// A call ends.
    End { life: u32, call: u64 },
    /// The journal is durable up to here.
    Synced { life: u32, upto: u64 },
    /// Bills are written.
    Invoice,
}
