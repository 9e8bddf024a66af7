//! A follower's side of replication: ask the leader, cut back what it never had, take what comes.

use super::record::Stored;
use super::replica::{Replica, Role};
use super::system::Queue;
use super::wire::{Msg, Timer};
use crate::kernel::cx::Cx;

impl Replica {
    /// Asks the leader for what comes next, which tells it that all before is held; so with a sync before each acknowledgement it waits for that.
    pub fn fetch_if_synced(&mut self, life: u64, cx: &mut Cx<'_, Queue>) {
        let now = cx.now();
        let Role::Follower(follow) = &mut self.role else { return };
        let Some(leader) = follow.leader else { return };
        if cx.system().sync_first && self.log.synced() < self.log.end() {
            // Only what was written before the knob was turned has no sync under way; one more does no harm.
            if now.since(follow.asked) >= super::broker::ASK_AGAIN {
                follow.asked = now;
                cx.sync(Timer::Synced { part: self.part });
            }
            return;
        }
        follow.asked = now;
        let last_epoch = if cx.system().cut_by_epoch && !self.log.is_empty() { self.log.epochs().last() } else { None };
        cx.send(leader, Msg::Fetch { part: self.part, epoch: self.epoch, from: self.log.end(), last_epoch, life, knows: self.watermark });
    }

    /// The leader's answer.
    #[allow(clippy::too_many_arguments, reason = "the fields of one message")]
    pub fn take(&mut self, from: u64, records: &[Stored], watermark: u64, start: u64, diverges: Option<(u32, u64)>, life: u64, cx: &mut Cx<'_, Queue>) {
        if !matches!(self.role, Role::Follower(_)) || from != self.log.end() {
            return;
        }
        if let Some((epoch, end)) = diverges {
            let mine = self.log.epochs().end_of(epoch, self.log.end()).map_or(self.log.start(), |(_, end)| end);
            self.cut(mine.min(end));
            return self.fetch_if_synced(life, cx);
        }
        if from < start {
            // The leader has dropped what this one never got.
            self.log.begin_at(start);
            self.watermark = start;
            self.producers.forget();
            return self.fetch_if_synced(life, cx);
        }
        for stored in records {
            if self.log.append(stored.leader_epoch, stored.at, &stored.record.encode()).is_err() {
                break;
            }
            self.producers.note(stored.offset, &stored.record);
        }
        self.watermark = self.watermark.max(watermark.min(self.log.end()));
        if start > self.log.start() {
            let begins = self.log.drop_before(start);
            self.producers.keep_before(begins);
        }
        if records.is_empty() || self.log.end() == from {
            // Nothing new, or no room for it: the next question is the clock's.
            return;
        }
        if cx.system().sync_first {
            cx.sync(Timer::Synced { part: self.part });
        } else {
            self.fetch_if_synced(life, cx);
        }
    }
}
