//! The database: a table whose primary key is the id, in a B+ tree behind a buffer pool.

use super::wire::Msg;
use super::{Ids, metrics};
use crate::kernel::cx::Cx;
use crate::kernel::node::Look;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::parts::btree::pool::Traffic;
use crate::parts::btree::{Inserted, Tree};

/// An insertion that finds every page in memory, assumed.
const INSERT: Span = Span::micros(20);

/// A table this long is put aside and a new one begun, as old partitions are: a lab that is left open must not grow. No run of a
/// card comes near.
const TABLE_MAX: u64 = 1 << 20;

#[derive(Clone, Debug)]
pub struct Database {
    index: Tree<u128>,
    rows: u64,
    busy_until: Time,
}

impl Database {
    pub fn new(system: &Ids) -> Database {
        Database { index: Tree::new(system.page_entries, system.buffer_pages, system.split), rows: 0, busy_until: Time::ZERO }
    }

    pub fn index(&self) -> &Tree<u128> {
        &self.index
    }

    /// Rows it accepted.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub fn knobs(&mut self, cx: &mut Cx<'_, Ids>) {
        let system = cx.shared();
        self.index.set_split(system.split);
        self.index.set_buffer_pages(system.buffer_pages);
    }

    pub fn on_msg(&mut self, msg: &Msg, cx: &mut Cx<'_, Ids>) {
        let Msg::Row { key } = *msg else { return };
        if self.index.len() >= TABLE_MAX {
            let system = cx.shared();
            self.index = Tree::new(system.page_entries, system.buffer_pages, system.split);
            cx.log(format!("{TABLE_MAX} rows are put aside, and a new table is begun"));
        }
        let before = self.index.traffic();
        let inserted = self.index.insert(key, self.rows);
        let after = self.index.traffic();
        match inserted {
            Inserted::New => {
                self.rows += 1;
                cx.count(metrics::ROWS, 1);
            }
            Inserted::Duplicate { row } => {
                cx.count(metrics::DUPLICATE_KEYS, 1);
                if self.rows.is_multiple_of(64) {
                    cx.log(format!("the index refuses id {key}: row {row} has it"));
                }
            }
        }
        self.account(before, after, cx);
    }

    /// Counts what the insertion did to the pages, and lets it take as long as the disk needs for that.
    fn account(&mut self, before: Traffic, after: Traffic, cx: &mut Cx<'_, Ids>) {
        let (fetches, writes) = (after.fetches - before.fetches, after.write_backs - before.write_backs);
        cx.count(metrics::FETCHES, fetches);
        cx.count(metrics::WRITES, writes);
        cx.count(metrics::DIRTIED, after.dirtied - before.dirtied);
        cx.gauge(metrics::PAGES, self.index.pages() as f64);
        cx.gauge(metrics::FILL, self.index.leaf_fill());
        let work = INSERT + cx.system().page_read * (fetches + writes);
        let now = cx.now();
        self.busy_until = self.busy_until.max(now) + work;
        cx.record(metrics::INSERT, self.busy_until.since(now).0);
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.index.weight()
    }

    pub fn look(&self) -> Look {
        Look { label: format!("{} rows in {} pages", self.rows, self.index.pages()), state: State::Idle, fill: Some(self.index.leaf_fill()) }
    }
}
