//! What travels between clients, servers and the store.

use crate::kernel::node::Message;

/// One call of an API, as its server sees it.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub id: u64,
    pub user: u32,
}

#[derive(Clone, Debug)]
pub enum Msg {
    Request(Request),
    /// Runs the limiter's script on a key: judge and spend in one step.
    Take {
        ticket: u64,
        key: u64,
    },
    Decided {
        ticket: u64,
        allowed: bool,
        remaining: i64,
    },
    Answer {
        request: Request,
        allowed: bool,
    },
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Request(_) => "request",
            Msg::Take { .. } => "take",
            Msg::Decided { .. } => "decided",
            Msg::Answer { allowed: true, .. } => "200",
            Msg::Answer { allowed: false, .. } => "429",
        }
    }

    fn mark(&self) -> u64 {
        match self {
            Msg::Request(request) => request.id,
            Msg::Take { ticket, key } => ticket ^ key << 32,
            Msg::Decided { ticket, allowed, .. } => ticket << 1 | u64::from(*allowed),
            Msg::Answer { request, allowed } => request.id << 1 | u64::from(*allowed),
        }
    }
}

#[derive(Clone, Debug)]
pub enum Timer {
    /// The load's next arrival, or only the time to ask for it again.
    Arrive { send: bool },
}
