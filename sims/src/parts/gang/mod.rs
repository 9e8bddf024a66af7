//! Gangs: which waiting jobs start now, each with all its processors or none, by four policies under a ceiling per tenant.
//!
//! Backfilling is Lifka's (EASY, 1995): the first job that does not fit gets a reservation at the earliest moment it will, by the estimates of
//! what runs; others may start ahead of it if that does not move the reservation. Fair share is max-min: whoever holds least comes next.

pub mod place;

#[cfg(test)]
mod tests;

/// A job that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub tenant: usize,
    pub gpus: u32,
    /// How long its owner says it will take.
    pub lasts: u64,
}

/// A job that runs, and when it should be through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    pub gpus: u32,
    pub ends: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// In order; what does not fit stops all behind it.
    Fifo,
    /// In order; what does not fit is passed over.
    FirstFit,
    /// In order, with a reservation for the first that does not fit.
    Backfill,
    /// The tenant that holds least comes next, with a reservation for the first that does not fit.
    FairShare,
}

impl Policy {
    pub const NAMES: &'static [&'static str] = &["fifo", "first-fit", "backfill", "fair-share"];

    /// The policy of that name; the first for any other.
    pub fn named(name: &str) -> Policy {
        match name {
            "first-fit" => Policy::FirstFit,
            "backfill" => Policy::Backfill,
            "fair-share" => Policy::FairShare,
            _ => Policy::Fifo,
        }
    }
}

/// A job to be started, by its place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    pub place: usize,
    /// It goes ahead of one that waits for room.
    pub ahead: bool,
}

/// When the first that does not fit will, and what will be left over then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    pub at: u64,
    pub extra: u32,
}

/// The moment at which `gpus` will be free if all that runs ends when it said; none if they never will be.
pub fn reservation(running: &[Running], free: u32, gpus: u32, now: u64) -> Option<Reservation> {
    let mut ends: Vec<Running> = running.to_vec();
    ends.sort_unstable_by_key(|job| job.ends);
    let (mut room, mut at) = (free, now);
    let mut next = ends.iter().peekable();
    while room < gpus {
        let job = next.next()?;
        room += job.gpus;
        // Who is late may end at any moment.
        at = at.max(job.ends);
    }
    // What ends at the same instant counts as well.
    room += next.take_while(|job| job.ends <= at).map(|job| job.gpus).sum::<u32>();
    Some(Reservation { at, extra: room - gpus })
}

/// What the policies work on: free processors, what runs, what each tenant holds and may hold at most.
#[derive(Clone, Debug)]
pub struct Floor<'a> {
    pub now: u64,
    pub free: u32,
    pub running: Vec<Running>,
    pub held: Vec<u32>,
    pub ceilings: &'a [u32],
}

/// Who starts now, in the order of starting. The queue is in the order of arrival.
pub fn choose(policy: Policy, queue: &[Waiting], mut floor: Floor<'_>) -> Vec<Start> {
    let mut lines = Lines::new(policy, queue, floor.held.len());
    let mut reserved: Option<Reservation> = None;
    let mut blocked = false;
    let mut starts = Vec::new();
    while let Some(place) = lines.next(&floor.held) {
        if floor.free == 0 {
            break;
        }
        let job = queue[place];
        if floor.held[job.tenant] + job.gpus > floor.ceilings[job.tenant] {
            // It waits for its own tenant's jobs, and so do those behind it of that tenant: or small ones would keep it out for ever.
            if policy != Policy::FirstFit {
                lines.close(job.tenant);
            }
            continue;
        }
        let in_time = reserved.is_none_or(|r| floor.now.saturating_add(job.lasts) <= r.at || job.gpus <= r.extra);
        if job.gpus <= floor.free && in_time {
            if let Some(r) = reserved.as_mut().filter(|r| floor.now.saturating_add(job.lasts) > r.at) {
                r.extra -= job.gpus;
            }
            floor.free -= job.gpus;
            floor.held[job.tenant] += job.gpus;
            floor.running.push(Running { gpus: job.gpus, ends: floor.now.saturating_add(job.lasts) });
            starts.push(Start { place, ahead: blocked });
        } else if !blocked {
            match policy {
                Policy::Fifo => break,
                Policy::FirstFit => {}
                Policy::Backfill | Policy::FairShare => reserved = reservation(&floor.running, floor.free, job.gpus, floor.now),
            }
            blocked = true;
        }
    }
    starts
}

/// In which order jobs are looked at.
enum Lines {
    One {
        next: usize,
        closed: Vec<bool>,
        tenants: Vec<usize>,
    },
    /// A line per tenant; the tenant that holds least comes next.
    Each {
        lines: Vec<std::collections::VecDeque<usize>>,
    },
}

impl Lines {
    fn new(policy: Policy, queue: &[Waiting], tenants: usize) -> Lines {
        if policy != Policy::FairShare {
            return Lines::One { next: 0, closed: vec![false; tenants], tenants: queue.iter().map(|job| job.tenant).collect() };
        }
        let mut lines = vec![std::collections::VecDeque::new(); tenants];
        for (place, job) in queue.iter().enumerate() {
            lines[job.tenant].push_back(place);
        }
        Lines::Each { lines }
    }

    fn next(&mut self, held: &[u32]) -> Option<usize> {
        match self {
            Lines::One { next, closed, tenants } => {
                let place = (*next..tenants.len()).find(|place| !closed[tenants[*place]])?;
                *next = place + 1;
                Some(place)
            }
            Lines::Each { lines } => {
                let first = |tenant: &usize| lines[*tenant].front().map(|place| (held[*tenant], *place));
                let tenant = (0..lines.len()).filter(|tenant| !lines[*tenant].is_empty()).min_by_key(first)?;
                lines[tenant].pop_front()
            }
        }
    }

    fn close(&mut self, tenant: usize) {
        match self {
            Lines::One { closed, .. } => closed[tenant] = true,
            Lines::Each { lines } => lines[tenant].clear(),
        }
    }
}
