//! The lamps: what must hold, judged from what stores and servers report and readers are told.

use super::messages::{Row, Visibility};
use super::system::{Pastebin, meta, store, sweeper};
use crate::kernel::invariant::{InvariantSpec, Lamps, always, finally, sometimes};
use crate::kernel::node::Watch;
use crate::kernel::time::Time;
use crate::kernel::weight::Flat;
use crate::kernel::world::World;
use std::collections::{BTreeMap, BTreeSet};

const BURNT_ONCE: usize = 0;
const EXPIRED_IS_GONE: usize = 1;
const DELETED_IS_GONE: usize = 2;
const BODY_THERE: usize = 3;
const RIGHT_BODY: usize = 4;
const PRIVATE: usize = 5;
const NO_ORPHANS: usize = 6;
const ALL_THERE: usize = 7;
const SHARED_OUTLIVES: usize = 8;

pub const LAMPS: &[InvariantSpec] = &[
    always("burnt-once", "A paste that burns after reading is given out at most once."),
    always("expired-is-gone", "An expired paste is never given out."),
    always("deleted-is-gone", "Who asks after the owner was told \"deleted\" gets nothing."),
    always("body-there", "A body that a living paste names is never freed and never missing."),
    always("right-body", "A reader gets what was pasted, and nothing else."),
    always("private", "A private paste is given to its owner only."),
    finally("no-orphans", "Once the sweep has run, each body stored is named by some paste."),
    finally("all-there", "Each living paste has its row, and each row its body."),
    sometimes("shared-outlives", "A paste died, and its body stayed for another one that names it."),
];

pub enum Fact {
    /// A row was written.
    Named { id: u64, row: Row },
    /// Its user is told the paste's address.
    Promised { id: u64 },
    /// Burnt, or deleted.
    Died { id: u64 },
    /// Its row is taken out.
    Forgotten { id: u64 },
    /// A body is freed.
    Freed { name: u64 },
    /// A row was found, and no body.
    Lacking { id: u64 },
    /// A server gives a body out.
    Served { id: u64, reader: u64, content: u64 },
    /// The owner was told that it is deleted.
    Deleted { id: u64 },
    /// A reader who asked at `asked` has it.
    Seen { id: u64, asked: Time },
}

#[derive(Clone, Copy, Debug)]
struct Known {
    row: Row,
    dies: Time,
    promised: bool,
    served: u32,
    deleted: Option<Time>,
}

/// What the lamps remember: each row in the store, and which body it names.
#[derive(Clone, Debug, Default)]
pub struct Shadow {
    pastes: BTreeMap<u64, Known>,
    by_name: BTreeSet<(u64, u64)>,
}

impl Shadow {
    /// A living paste that names this body.
    fn living(&self, name: u64, now: Time) -> Option<u64> {
        let ids = self.by_name.range((name, 0)..=(name, u64::MAX)).map(|(_, id)| *id);
        ids.into_iter().find(|id| self.pastes.get(id).is_some_and(|known| known.dies > now))
    }

    fn served(&mut self, now: Time, id: u64, reader: u64, content: u64, lamps: &mut Lamps) {
        let Some(known) = self.pastes.get_mut(&id) else { return };
        known.served += 1;
        let Known { row, served, .. } = *known;
        if row.burn {
            lamps.judge(BURNT_ONCE, now, served <= 1, || format!("paste {id:016x} was given out {served} times"));
        }
        lamps.judge(EXPIRED_IS_GONE, now, row.expires > now, || format!("paste {id:016x} expired at {} and was given out", row.expires));
        lamps.judge(BODY_THERE, now, true, String::new);
        lamps.judge(RIGHT_BODY, now, content == row.content, || format!("paste {id:016x} is body {}, and body {content} was given out", row.content));
        if row.visibility == Visibility::Private {
            lamps.judge(PRIVATE, now, reader == row.owner, || format!("paste {id:016x} of user {} was given to user {reader}", row.owner));
        }
    }

    fn forget(&mut self, now: Time, id: u64, lamps: &mut Lamps) {
        let Some(known) = self.pastes.remove(&id) else { return };
        self.by_name.remove(&(known.row.name, id));
        if self.living(known.row.name, now).is_some() {
            lamps.reach(SHARED_OUTLIVES);
        }
    }
}

impl Watch<Pastebin> for Shadow {
    type Fact = Fact;

    fn see(&mut self, now: Time, fact: Fact, _: &Pastebin, lamps: &mut Lamps) {
        match fact {
            Fact::Named { id, row } => {
                self.pastes.insert(id, Known { row, dies: row.expires, promised: false, served: 0, deleted: None });
                self.by_name.insert((row.name, id));
            }
            Fact::Promised { id } => {
                if let Some(known) = self.pastes.get_mut(&id) {
                    known.promised = true;
                }
            }
            Fact::Died { id } => {
                if let Some(known) = self.pastes.get_mut(&id) {
                    known.dies = now;
                }
            }
            Fact::Forgotten { id } => self.forget(now, id, lamps),
            Fact::Freed { name } => {
                let living = self.living(name, now);
                lamps.judge(BODY_THERE, now, living.is_none(), || format!("body {name:016x} was freed, and paste {:016x} names it", living.unwrap_or(0)));
            }
            Fact::Lacking { id } => {
                if self.pastes.get(&id).is_some_and(|known| known.dies > now) {
                    lamps.judge(BODY_THERE, now, false, || format!("paste {id:016x} lives, and its body is not there"));
                }
            }
            Fact::Served { id, reader, content } => self.served(now, id, reader, content, lamps),
            Fact::Deleted { id } => {
                if let Some(known) = self.pastes.get_mut(&id) {
                    known.deleted.get_or_insert(now);
                }
            }
            Fact::Seen { id, asked } => {
                let Some(known) = self.pastes.get(&id) else { return };
                let late = known.deleted.filter(|told| *told <= asked);
                lamps.judge(DELETED_IS_GONE, now, late.is_none(), || {
                    format!("paste {id:016x} was deleted at {}; who asked at {asked} got it", late.unwrap_or_default())
                });
            }
        }
    }

    fn weight(&self) -> usize {
        self.pastes.bytes() + self.by_name.bytes()
    }
}

/// Once the world is quiet: nothing is stored for nobody, and nobody lacks what was stored.
pub fn judge_at_last(world: &World<Pastebin>, lamps: &mut Lamps) {
    let (Some(meta), Some(store), Some(sweeper)) = (meta(world), store(world), sweeper(world)) else { return };
    let (now, grace) = (world.now(), world.system().grace);
    let bodies: BTreeSet<u64> = store.blobs().names().collect();

    let bare = meta.rows().find(|(_, stored)| stored.dies > now && !bodies.contains(&stored.row.name)).map(|(id, _)| id);
    let lost = world.watch().pastes.iter().find(|(id, known)| known.promised && known.dies > now && meta.get(**id).is_none()).map(|(id, _)| *id);
    lamps.judge(ALL_THERE, now, bare.is_none() && lost.is_none(), || match (bare, lost) {
        (Some(id), _) => format!("paste {id:016x} has a row and no body"),
        (_, lost) => format!("paste {:016x} was promised and has no row", lost.unwrap_or(0)),
    });

    let swept = if world.system().sweeper { sweeper.last() } else { Some(now) };
    let Some(swept) = swept else {
        if world.ids().all(|id| world.is_up(id)) {
            lamps.doubt(NO_ORPHANS, "the last sweep has not ended".into());
        }
        return;
    };
    // What died too late for that sweep may still lie there.
    let excused = |stored: &super::meta::Stored| stored.dies + grace > swept || stored.row.deadline > swept;
    let named: BTreeSet<u64> = meta.rows().filter(|(_, stored)| excused(stored)).map(|(_, stored)| stored.row.name).collect();
    let orphan = bodies.iter().find(|name| !named.contains(name));
    lamps.judge(NO_ORPHANS, now, orphan.is_none(), || format!("body {:016x} is stored, and no paste that lives names it", orphan.copied().unwrap_or(0)));
}
