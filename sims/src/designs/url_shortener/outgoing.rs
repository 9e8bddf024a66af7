//! A server's clicks on their way to the counter: gathered, sent as numbered batches, one at a time, until confirmed.

use super::messages::{Msg, Timer};
use super::metrics::REDIRECTS;
use super::role::Ctx;
use super::watch::Fact;
use crate::kernel::node::NodeId;
use crate::kernel::time::Span;

const PATIENCE: Span = Span::millis(300);

#[derive(Clone, Debug, Default)]
pub struct Clicks {
    gathered: u64,
    /// A batch under way: its number and its clicks.
    sending: Option<(u64, u64)>,
    /// Number of the last batch, on disk: a restarted server must not use it again.
    batch: u64,
    flush_set: bool,
    /// Each click is written to a log on disk before the visitor is sent on.
    logged: bool,
    /// Clicks that crashes took along, told and not yet told.
    lost: u64,
    untold: u64,
}

impl Clicks {
    pub fn start(&mut self, counter: NodeId, cx: &mut Ctx<'_>) {
        self.logged = cx.system().click_log;
        self.flush_set = false;
        if let Some((batch, _)) = self.sending {
            self.resend(batch, counter, cx);
        }
        self.set_flush(cx);
    }

    pub fn add(&mut self, cx: &mut Ctx<'_>) {
        self.logged = cx.system().click_log;
        self.gathered += 1;
        cx.count(REDIRECTS, 1);
        cx.fact(Fact::Redirected);
        self.set_flush(cx);
    }

    fn set_flush(&mut self, cx: &mut Ctx<'_>) {
        if self.gathered > 0 && self.sending.is_none() && !self.flush_set {
            self.flush_set = true;
            let flush = cx.system().flush;
            cx.after(flush, Timer::Flush);
        }
    }

    pub fn flush(&mut self, counter: NodeId, cx: &mut Ctx<'_>) {
        self.flush_set = false;
        if self.sending.is_none() && self.gathered > 0 {
            self.batch += 1;
            self.sending = Some((self.batch, std::mem::take(&mut self.gathered)));
            self.resend(self.batch, counter, cx);
        }
    }

    /// Sends the batch, if it is still this one that waits, and again until it is confirmed.
    pub fn resend(&mut self, batch: u64, counter: NodeId, cx: &mut Ctx<'_>) {
        if let Some((number, clicks)) = self.sending.filter(|(number, _)| *number == batch) {
            cx.send(counter, Msg::Clicks { batch: number, clicks });
            cx.after(PATIENCE, Timer::Resend { batch });
        }
    }

    pub fn counted(&mut self, batch: u64, cx: &mut Ctx<'_>) {
        if self.sending.is_some_and(|(number, _)| number == batch) {
            self.sending = None;
            self.set_flush(cx);
        }
    }

    /// In memory everything goes; whether the batch under way was counted nobody knows any more.
    pub fn crash(&mut self) {
        self.flush_set = false;
        if !self.logged {
            let gone = self.waiting();
            (self.gathered, self.sending) = (0, None);
            self.lost += gone;
            self.untold += gone;
        }
    }

    pub fn told_losses(&mut self) -> u64 {
        std::mem::take(&mut self.untold)
    }

    /// Clicks that may be missing from the count because of crashes.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    pub fn waiting(&self) -> u64 {
        self.gathered + self.sending.map_or(0, |(_, clicks)| clicks)
    }
}
