//! The auditor: what truly runs where, and what was billed, beside what must.

use super::messages::Version;
use super::system::Serverless;
use super::{BILL_EXACT, BILLED_ONCE, FENCED_LAMP, ONE_AT_A_TIME, RECLAIMED_LAMP, RESTORED_LAMP, ROLLED_BACK, STAYS_BACK, THROTTLED_LAMP, WITHIN_LIMIT};
use crate::kernel::invariant::Lamps;
use crate::kernel::node::Watch;
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::{Flat, deep};
use crate::parts::meter::{PUBLISHED, Usage, charged_ms};
use std::collections::{BTreeMap, VecDeque};

pub enum Fact {
    /// A worker is up; `anew`: what it ran before is no more.
    Alive {
        worker: u16,
        anew: bool,
    },
    /// The router gives a call to a sandbox of that version.
    Assigned {
        function: u32,
        version: Version,
        call: u64,
    },
    Began {
        worker: u16,
        sandbox: u32,
        call: u64,
        tenant: u16,
        limit: u32,
    },
    Ended {
        worker: u16,
        sandbox: u32,
        call: u64,
        ran: Span,
    },
    /// Its end may be told: what it used will not be lost any more, or so they say.
    Told {
        worker: u16,
        call: u64,
    },
    Killed {
        worker: u16,
        call: u64,
    },
    /// Its caller has an answer, or has given up.
    Over {
        call: u64,
    },
    Billed {
        call: u64,
    },
    Bill {
        tenant: u16,
        cents: u128,
    },
    /// A roll-back is confirmed.
    Withdrawn {
        function: u32,
        version: Version,
    },
    Fenced,
    Restored,
    Reclaimed,
    Throttled,
}

/// What became of one call.
#[derive(Clone, Copy, Default)]
struct Story {
    usage: u64,
    limit: u32,
    worker: u16,
    tenant: u16,
    running: bool,
    /// Told as ended, so owed to the bill.
    told: bool,
    billed: bool,
    over: bool,
}

impl Story {
    /// Nothing more will be heard of it.
    fn settled(&self) -> bool {
        self.over && !self.running && (self.billed || (!self.told && self.usage == 0))
    }
}

/// Stories kept in the window; older ones that are not settled are put aside.
const WINDOW: usize = 1 << 16;

#[derive(Clone, Default)]
pub struct Auditor {
    /// The id of the window's first call.
    first: u64,
    window: VecDeque<Story>,
    aside: BTreeMap<u64, Story>,
    /// Calls that truly run, by tenant.
    running: Vec<u32>,
    /// What runs in each sandbox of each worker; 0 is nothing.
    sandboxes: Vec<Vec<u64>>,
    /// When each worker was last known to be up.
    alive: Vec<Time>,
    /// Calls told as ended and not billed yet, by worker.
    pub owed: Vec<u32>,
    /// What each tenant's next bill is to say.
    usage: Vec<Usage>,
    withdrawn: BTreeMap<u32, Vec<Version>>,
    limit_broken: bool,
}

/// The place at `at`, made if need be.
fn place<T: Clone + Default>(list: &mut Vec<T>, at: usize) -> &mut T {
    if at >= list.len() {
        list.resize(at + 1, T::default());
    }
    &mut list[at]
}

impl Auditor {
    /// The story of a call, begun if there is none.
    fn story(&mut self, call: u64) -> &mut Story {
        if call < self.first {
            return self.aside.entry(call).or_default();
        }
        place_back(&mut self.window, (call - self.first) as usize)
    }

    fn known(&mut self, call: u64) -> Option<&mut Story> {
        if call < self.first { self.aside.get_mut(&call) } else { self.window.get_mut((call - self.first) as usize) }
    }

    /// Forgets what is settled.
    fn tidy(&mut self, call: u64) {
        if call < self.first {
            if self.aside.get(&call).is_some_and(Story::settled) {
                self.aside.remove(&call);
            }
            return;
        }
        while let Some(story) = self.window.front().copied() {
            if !story.settled() {
                if self.window.len() <= WINDOW {
                    break;
                }
                self.aside.insert(self.first, story);
            }
            self.window.pop_front();
            self.first += 1;
        }
    }

    fn stories(&self) -> impl Iterator<Item = &Story> {
        self.window.iter().chain(self.aside.values())
    }

    fn stopped(&mut self, call: u64) {
        if let Some(story) = self.known(call).filter(|story| story.running) {
            story.running = false;
            let tenant = usize::from(story.tenant);
            self.running[tenant] = self.running[tenant].saturating_sub(1);
        }
    }

    /// What a worker ran before it fell runs no more.
    fn anew(&mut self, worker: u16) {
        let fell: Vec<u64> = (self.first..)
            .zip(&self.window)
            .chain(self.aside.iter().map(|(id, s)| (*id, s)))
            .filter(|(_, s)| s.running && s.worker == worker)
            .map(|(id, _)| id)
            .collect();
        for call in fell {
            self.stopped(call);
            self.tidy(call);
        }
        place(&mut self.sandboxes, usize::from(worker)).clear();
    }

    fn is_up(&self, worker: u16, now: Time, system: &Serverless) -> bool {
        self.alive.get(usize::from(worker)).is_some_and(|at| now.since(*at) <= system.beat())
    }

    fn began(&mut self, now: Time, (worker, sandbox, call): (u16, u32, u64), (tenant, limit): (u16, u32), system: &Serverless, lamps: &mut Lamps) {
        let (at, row) = (sandbox as usize, place(&mut self.sandboxes, usize::from(worker)));
        let before = std::mem::replace(place(row, at), call);
        lamps.judge(ONE_AT_A_TIME, now, before == 0, || format!("call {call} begins in sandbox {sandbox} of w{}, where call {before} still runs", worker + 1));
        let story = self.story(call);
        (story.worker, story.tenant, story.limit, story.running) = (worker, tenant, limit, true);
        let running = place(&mut self.running, usize::from(tenant));
        *running += 1;
        let running = *running;
        if running <= limit {
            return lamps.judge(WITHIN_LIMIT, now, true, String::new);
        }
        // More than its own limit may only be if the limit was higher before, or if some are on machines that fell.
        let (truly, most) = if self.limit_broken {
            (running, limit)
        } else {
            let of = self.stories().filter(|s| s.running && s.tenant == tenant && self.is_up(s.worker, now, system));
            of.fold((0, 0), |(count, most), s| (count + 1, most.max(s.limit)))
        };
        self.limit_broken |= truly > most;
        lamps.judge(WITHIN_LIMIT, now, truly <= most, || format!("{truly} calls of tenant {} run at once, but only {most} may", tenant + 1));
    }

    fn billed(&mut self, now: Time, call: u64, lamps: &mut Lamps) {
        let Some(story) = self.known(call).filter(|story| !story.billed) else {
            return lamps.judge(BILLED_ONCE, now, false, || format!("call {call} is billed again"));
        };
        story.billed = true;
        let (told, worker, tenant, usage) = (story.told, story.worker, story.tenant, story.usage);
        lamps.judge(BILLED_ONCE, now, true, String::new);
        if told {
            let owed = place(&mut self.owed, usize::from(worker));
            *owed = owed.saturating_sub(1);
        }
        place(&mut self.usage, usize::from(tenant)).add(Usage { mb_ms: u128::from(usage), requests: 1 });
        self.tidy(call);
    }
}

fn place_back<T: Clone + Default>(list: &mut VecDeque<T>, at: usize) -> &mut T {
    if at >= list.len() {
        list.resize(at + 1, T::default());
    }
    &mut list[at]
}

impl Watch<Serverless> for Auditor {
    type Fact = Fact;

    fn weight(&self) -> usize {
        let flat = self.running.bytes() + self.alive.bytes() + self.owed.bytes() + self.usage.bytes();
        let nested = self.sandboxes.bytes() + deep(self.sandboxes.iter(), Flat::bytes) + self.withdrawn.bytes() + deep(self.withdrawn.values(), Flat::bytes);
        self.window.bytes() + self.aside.bytes() + flat + nested
    }

    fn see(&mut self, now: Time, fact: Fact, system: &Serverless, lamps: &mut Lamps) {
        match fact {
            Fact::Alive { worker, anew } => {
                *place(&mut self.alive, usize::from(worker)) = now;
                if anew {
                    self.anew(worker);
                }
            }
            Fact::Assigned { function, version, call } => {
                let stays = !self.withdrawn.get(&function).is_some_and(|list| list.contains(&version));
                lamps.judge(STAYS_BACK, now, stays, || {
                    format!("call {call} goes to version {} of function {}, which was taken back", version.number, function + 1)
                });
            }
            Fact::Began { worker, sandbox, call, tenant, limit } => self.began(now, (worker, sandbox, call), (tenant, limit), system, lamps),
            Fact::Ended { worker, sandbox, call, ran } => {
                self.stopped(call);
                let row = place(&mut self.sandboxes, usize::from(worker));
                let runs = place(row, sandbox as usize);
                if *runs == call {
                    *runs = 0;
                }
                // Computed here from what ran and what was asked for, whatever the journal says.
                self.story(call).usage = u64::from(system.memory_mb) * charged_ms(ran, system.granularity_ms);
            }
            Fact::Told { worker, call } => {
                let story = self.story(call);
                if !story.billed {
                    story.told = true;
                    *place(&mut self.owed, usize::from(worker)) += 1;
                }
            }
            Fact::Killed { worker, call } => {
                self.stopped(call);
                place(&mut self.sandboxes, usize::from(worker)).iter_mut().filter(|runs| **runs == call).for_each(|runs| *runs = 0);
                self.tidy(call);
            }
            Fact::Over { call } => {
                self.story(call).over = true;
                self.tidy(call);
            }
            Fact::Billed { call } => self.billed(now, call, lamps),
            Fact::Bill { tenant, cents } => {
                let usage = std::mem::take(place(&mut self.usage, usize::from(tenant)));
                let exact = PUBLISHED.cents(usage);
                lamps.judge(BILL_EXACT, now, cents == exact, || {
                    format!("tenant {} is sent a bill of {cents} cents for {} calls that cost {exact}", tenant + 1, usage.requests)
                });
            }
            Fact::Withdrawn { function, version } => {
                self.withdrawn.entry(function).or_default().push(version);
                lamps.reach(ROLLED_BACK);
            }
            Fact::Fenced => lamps.reach(FENCED_LAMP),
            Fact::Restored => lamps.reach(RESTORED_LAMP),
            Fact::Reclaimed => lamps.reach(RECLAIMED_LAMP),
            Fact::Throttled => lamps.reach(THROTTLED_LAMP),
        }
    }
}
