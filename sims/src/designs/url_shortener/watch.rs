//! The lamps: what must hold, judged from what servers and store report and visitors are told.

use super::messages::{Found, Link};
use super::role::Role;
use super::system::Shortener;
use crate::kernel::invariant::{InvariantSpec, Lamps, always, finally, sometimes};
use crate::kernel::node::Watch;
use crate::kernel::time::Time;
use crate::kernel::weight::Flat;
use crate::kernel::world::World;
use std::collections::BTreeMap;

const ONE_ADDRESS: usize = 0;
const NEVER_UNKNOWN: usize = 1;
const RIGHT_ADDRESS: usize = 2;
const EXPIRED_IS_GONE: usize = 3;
const CLICKS_ADD_UP: usize = 4;
const ALL_STORED: usize = 5;
const SECOND_DRAW: usize = 6;

pub const LAMPS: &[InvariantSpec] = &[
    always("one-address", "A code never stands for two addresses."),
    always("never-unknown", "A code that was handed out is never answered \"unknown\" before it expires."),
    always("right-address", "A visitor is sent to the address that the code was handed out for."),
    always("expired-is-gone", "Who follows a link after it expired is not sent on."),
    finally("clicks-add-up", "Once all batches are in, the counted clicks are the redirects, less at most what crashed servers had not sent."),
    finally("all-stored", "Every code that was handed out and has not expired is in the store."),
    sometimes("second-draw", "A code was taken, and the link got another one."),
];

pub enum Fact {
    /// A row was put into the store.
    Written { number: u64, link: Link },
    /// A server hands out a code; `drawn` codes were drawn for it.
    Acknowledged { number: u64, link: Link, drawn: u32 },
    /// An expired row is taken out.
    Swept { number: u64 },
    /// A server sends a visitor on.
    Redirected,
    /// What a visitor is told who asked at `asked`.
    Told { number: u64, found: Found, asked: Time },
}

#[derive(Clone, Copy, Debug)]
struct Known {
    address: u64,
    /// When it was handed out, for what, and until when it was promised.
    promised: Option<(Time, u64, Time)>,
}

/// What the lamps remember: every code in the store, and what was promised for it.
#[derive(Clone, Debug, Default)]
pub struct Shadow {
    codes: BTreeMap<u64, Known>,
    redirects: u64,
}

impl Shadow {
    /// Links that were there before.
    pub fn begin(&mut self, old: impl Iterator<Item = (u64, Link)>) {
        let known = |link: Link| Known { address: link.address, promised: Some((Time::ZERO, link.address, link.expires)) };
        self.codes = old.map(|(number, link)| (number, known(link))).collect();
    }

    fn told(&self, now: Time, number: u64, found: Found, asked: Time, lamps: &mut Lamps) {
        let Some((since, address, expires)) = self.codes.get(&number).and_then(|known| known.promised) else { return };
        if since > asked {
            return;
        }
        match found {
            Found::Unknown | Found::Gone => {
                let early = expires > now;
                lamps.judge(NEVER_UNKNOWN, now, !early, || format!("code {number}, promised until {expires}, was answered {found:?}"));
            }
            Found::Redirect(to) => {
                lamps.judge(NEVER_UNKNOWN, now, true, String::new);
                lamps.judge(RIGHT_ADDRESS, now, to == address, || format!("code {number} was handed out for address {address} and led to {to}"));
                lamps.judge(EXPIRED_IS_GONE, now, expires > asked, || format!("code {number} expired at {expires}; who asked at {asked} was sent on"));
            }
        }
    }
}

impl Watch<Shortener> for Shadow {
    type Fact = Fact;

    fn see(&mut self, now: Time, fact: Fact, _: &Shortener, lamps: &mut Lamps) {
        match fact {
            Fact::Written { number, link } => {
                let known = self.codes.entry(number).or_insert(Known { address: link.address, promised: None });
                let (before, same) = (known.address, known.address == link.address);
                lamps.judge(ONE_ADDRESS, now, same, || format!("code {number} stood for address {before} and now for {}", link.address));
                known.address = link.address;
            }
            Fact::Acknowledged { number, link, drawn } => {
                if drawn > 1 {
                    lamps.reach(SECOND_DRAW);
                }
                let known = self.codes.entry(number).or_insert(Known { address: link.address, promised: None });
                // A promise made before for the same address holds at least as long.
                let until =
                    known.promised.map_or(link.expires, |(_, address, until)| if address == link.address { until.max(link.expires) } else { link.expires });
                known.promised = Some((now, link.address, until));
            }
            Fact::Swept { number } => {
                self.codes.remove(&number);
            }
            Fact::Redirected => self.redirects += 1,
            Fact::Told { number, found, asked } => self.told(now, number, found, asked, lamps),
        }
    }

    fn weight(&self) -> usize {
        self.codes.bytes()
    }
}

/// Once the world is quiet: clicks add up, and what was promised is in the store.
pub fn judge_at_last(world: &World<Shortener>, lamps: &mut Lamps) {
    let (mut counted, mut lost) = (None, 0);
    let mut rows = BTreeMap::new();
    for id in world.ids() {
        match world.node(id) {
            // What a server that is down for good has on its disk nobody will send.
            Role::App(app) => lost += app.clicks().lost() + if world.is_up(id) { 0 } else { app.clicks().waiting() },
            Role::Counter(counter) => counted = world.is_up(id).then(|| counter.total()),
            Role::Shard(shard) => rows.extend(shard.rows().map(|(number, link)| (number, link.address))),
            Role::Client(_) | Role::Ranges(_) | Role::Cache(_) => {}
        }
    }
    let (redirects, now) = (world.watch().redirects, world.now());
    // With the counter gone for good the batches are never in.
    if let Some(counted) = counted {
        lamps.judge(CLICKS_ADD_UP, now, counted <= redirects && counted + lost >= redirects, || {
            format!("{redirects} redirects, {counted} clicks counted, at most {lost} lost in crashes")
        });
    }
    let gone =
        world.watch().codes.iter().find(|(number, known)| known.promised.is_some_and(|(_, address, until)| until > now && rows.get(number) != Some(&address)));
    lamps.judge(ALL_STORED, now, gone.is_none(), || {
        gone.map_or_else(String::new, |(number, _)| format!("code {number} was handed out and is not in the store, or for another address"))
    });
}
