//! The coordinator: leases node numbers, and with hashed numbers replaces the fleet now and then.

use super::config::Numbering;
use super::wire::{Msg, Timer};
use super::{Ids, metrics};
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::rng::splitmix;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use std::collections::BTreeMap;

/// Never more often than this, whatever the knob says: each deployment sends a message to every node.
const REDEPLOY_LEAST: Span = Span::millis(10);

#[derive(Clone, Debug, Default)]
pub struct Coordinator {
    leases: BTreeMap<u64, Lease>,
    generators: Vec<NodeId>,
    redeploys: bool,
}

#[derive(Clone, Debug)]
struct Lease {
    holder: NodeId,
    until: Time,
    /// No id of this number is later than this: what the holder said, and a whole lease on top.
    latest_ms: u64,
}

/// A node number out of an address, as generators without a coordinator do it.
pub fn hashed(address: u64, numbers: u64) -> u64 {
    splitmix(address) % numbers.max(1)
}

/// How many of these numbers are held by more than one node, counted by nodes.
pub fn shared(mut numbers: Vec<u64>) -> usize {
    numbers.sort_unstable();
    numbers.chunk_by(|a, b| a == b).filter(|same| same.len() > 1).map(<[u64]>::len).sum()
}

impl Coordinator {
    pub fn know(&mut self, generators: Vec<NodeId>) {
        self.generators = generators;
    }

    pub fn start(&mut self, cx: &mut Cx<'_, Ids>) {
        self.redeploys = false;
        self.wait_for_deployment(cx);
    }

    pub fn knobs(&mut self, cx: &mut Cx<'_, Ids>) {
        if !self.redeploys {
            self.wait_for_deployment(cx);
        }
    }

    fn wait_for_deployment(&mut self, cx: &mut Cx<'_, Ids>) {
        let system = cx.system();
        self.redeploys = system.numbering == Numbering::Hash && system.redeploy > Span::ZERO;
        if self.redeploys {
            let wait = system.redeploy.max(REDEPLOY_LEAST);
            cx.background(wait, Timer::Redeploy);
        }
    }

    /// Every machine is replaced: new addresses, and so new numbers.
    pub fn redeploy(&mut self, cx: &mut Cx<'_, Ids>) {
        let numbers = cx.system().layout.nodes();
        let addresses: Vec<u64> = self.generators.iter().map(|_| cx.rng().u64()).collect();
        let sharing = shared(addresses.iter().map(|a| hashed(*a, numbers)).collect());
        cx.count(metrics::DEPLOYMENTS, 1);
        cx.count(metrics::CLASHED, u64::from(sharing > 0));
        cx.gauge(metrics::SHARED, sharing as f64);
        for (to, address) in self.generators.iter().zip(addresses) {
            cx.send(*to, Msg::Moved { address });
        }
        self.wait_for_deployment(cx);
    }

    pub fn on_msg(&mut self, from: NodeId, msg: &Msg, cx: &mut Cx<'_, Ids>) {
        let Msg::LeaseAsk { holds, last_ms, asked } = *msg else { return };
        let (now, span, numbers) = (cx.now(), cx.system().lease, cx.system().layout.nodes());
        let kept = holds.filter(|number| self.leases.get(number).is_none_or(|lease| lease.holder == from));
        let own = || self.leases.iter().find(|(_, lease)| lease.holder == from).map(|(number, _)| *number);
        let Some(number) = kept.or_else(own).or_else(|| self.free(now, numbers)) else {
            cx.send(from, Msg::NoNumber);
            return;
        };
        let before = self.leases.get(&number);
        // Another node may have used this number: the new holder must begin after whatever that one can have reached.
        let after_ms = before.filter(|lease| lease.holder != from).map_or(0, |lease| lease.latest_ms);
        // A tenth more than the lease, for a holder whose clock runs fast.
        let latest_ms = (last_ms + span.0 * 11 / 10 / 1_000_000).max(before.map_or(0, |lease| lease.latest_ms));
        self.leases.insert(number, Lease { holder: from, until: now + span, latest_ms });
        cx.send(from, Msg::Leased { number, after_ms, asked });
    }

    /// A number that nobody ever held; failing that, the one whose lease ended first.
    fn free(&self, now: Time, numbers: u64) -> Option<u64> {
        let fresh = self.leases.len() as u64;
        if fresh < numbers {
            // Numbers are given out in order, so the count is the next; a claim from outside may have taken it.
            return (fresh..numbers).chain(0..fresh).find(|number| !self.leases.contains_key(number));
        }
        self.leases.iter().filter(|(_, lease)| lease.until < now).min_by_key(|(_, lease)| lease.until).map(|(number, _)| *number)
    }

    pub fn look(&self) -> Look {
        Look { label: format!("{} numbers given", self.leases.len()), state: State::Idle, fill: None }
    }
}
