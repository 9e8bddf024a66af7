//! The final judgement: nothing old is open, both sides' books agree, and every capture was told to its merchant.

use super::message::Event;
use super::role::Role;
use super::system::{MERCHANTS, Payments, RECONCILER, RELAY, STORE, network};
use super::tables::Tables;
use super::{EVERY_CAPTURE_IS_TOLD, SETTLED_AFTER_CUT_OFF};
use crate::kernel::invariant::Lamps;
use crate::kernel::time::{Span, Time};
use crate::kernel::world::World;
use crate::parts::ledger::Fault;

/// The longest that a round of reconciliation takes, its waits for slow networks included.
const A_ROUND: Span = Span::secs(15);

pub fn judge(world: &World<Payments>, lamps: &mut Lamps) {
    let Role::Store(store) = world.node(STORE) else { return };
    // Who is gone for good can settle nothing and hear nothing, and a store with a queue has not come to rest.
    if !world.is_up(STORE) || store.is_busy() {
        return;
    }
    if let (Role::Reconciler(reconciler), true) = (world.node(RECONCILER), world.is_up(RECONCILER)) {
        // A world that came to rest has settled everything; one that was stopped, what is older than the cut-off and a round.
        let is_done = reconciler.is_done() && world.system().reconcile;
        let since = if is_done { world.now() } else { world.now() - world.system().cutoff - A_ROUND };
        let difference = unsettled(world, &store.tables, since).or_else(|| disagrees(world, &store.tables, since));
        lamps.judge(SETTLED_AFTER_CUT_OFF, world.now(), difference.is_none(), || difference.unwrap_or_default());
    }
    let at_rest = matches!(world.node(RELAY), Role::Relay(relay) if world.is_up(RELAY) && !relay.is_busy());
    if at_rest && world.is_up(MERCHANTS) {
        let untold = untold(world, &store.tables);
        lamps.judge(EVERY_CAPTURE_IS_TOLD, world.now(), untold.is_none(), || untold.unwrap_or_default());
    }
}

fn unsettled(world: &World<Payments>, tables: &Tables, since: Time) -> Option<String> {
    let cutoff = world.system().cutoff;
    let old = |born: Time| born < since;
    let mut payments = tables.payments.iter().filter(|(_, row)| row.state.is_open() && old(row.born) && world.is_up(network(row.net)));
    if let Some((payment, row)) = payments.next() {
        return Some(format!("payment {payment} is {} since {}, older than the cut-off of {cutoff}", row.state.word(), row.born));
    }
    let open = super::payment::RefundState::Open;
    let mut refunds = tables.refunds.iter().filter(|(_, row)| row.state == open && old(row.born) && world.is_up(network(row.net)));
    refunds.next().map(|(refund, row)| format!("refund {refund} is open since {}, older than the cut-off of {cutoff}", row.born))
}

/// The first name under which a network holds other money than we have booked.
fn disagrees(world: &World<Payments>, tables: &Tables, since: Time) -> Option<String> {
    for id in world.role("net").into_iter().filter(|id| world.is_up(*id)) {
        let Role::Network(net) = world.node(id) else { continue };
        let young = net.named_since(since);
        for (name, known) in net.names.iter().filter(|(name, _)| !young.contains(name)) {
            if tables.is_archived(super::payment::payment_of(*name)) {
                continue;
            }
            let theirs = known.captured() - known.refunded - known.disputed;
            let row = tables.payments.get(&super::payment::payment_of(*name)).filter(|row| row.state.is_paid() && row.reference == *name);
            let ours = row.map_or(0, |row| row.amount - row.refunded - row.disputed);
            if theirs != ours {
                return Some(format!("{} has {theirs} minor units under {name}, our books have {ours}", world.name(id)));
            }
        }
    }
    match tables.ledger.audit() {
        Err(Fault::Balance(account)) => Some(format!("the balance of account {} is not what its postings sum to", account.0)),
        Ok(()) | Err(Fault::Entry(_)) => None,
    }
}

fn untold(world: &World<Payments>, tables: &Tables) -> Option<String> {
    let Role::Merchants(merchants) = world.node(MERCHANTS) else { return None };
    let mut untold = tables.payments.iter().filter(|(payment, row)| row.state.is_paid() && !merchants.knows(Event::paid(**payment)));
    untold.next().map(|(payment, _)| format!("payment {payment} is paid, and its merchant has not heard of it"))
}
