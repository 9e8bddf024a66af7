//! The kinds of node as one type.

use super::apis::Api;
use super::buyers::Buyers;
use super::merchants::Merchants;
use super::message::{Msg, Timer};
use super::network::CardNetwork;
use super::reconciler::Reconciler;
use super::relay::Relay;
use super::store::Store;
use super::system::Payments;
use super::vault::{Risk, Vault};
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, Node, NodeId};
use crate::kernel::view::State;

#[derive(Clone)]
pub enum Role {
    Store(Box<Store>),
    Vault(Vault),
    Risk(Risk),
    Relay(Relay),
    Merchants(Merchants),
    Reconciler(Reconciler),
    Buyers(Box<Buyers>),
    Network(CardNetwork),
    Api(Api),
}

impl Node<Payments> for Role {
    fn on_start(&mut self, cx: &mut Cx<'_, Payments>) {
        match self {
            Role::Store(store) => store.start(cx),
            Role::Relay(relay) => relay.start(cx),
            Role::Reconciler(reconciler) => reconciler.start(cx),
            Role::Buyers(buyers) => buyers.start(cx),
            Role::Vault(_) | Role::Risk(_) | Role::Merchants(_) | Role::Network(_) | Role::Api(_) => {}
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Payments>) {
        match self {
            Role::Store(store) => store.on_msg(from, msg, cx),
            Role::Vault(vault) => vault.on_msg(from, &msg, cx),
            Role::Risk(risk) => risk.on_msg(from, &msg, cx),
            Role::Relay(relay) => relay.on_msg(from, msg, cx),
            Role::Merchants(merchants) => merchants.on_msg(&msg, cx),
            Role::Reconciler(reconciler) => reconciler.on_msg(msg, cx),
            Role::Buyers(buyers) => buyers.on_msg(&msg, cx),
            Role::Network(network) => network.on_msg(from, &msg, cx),
            Role::Api(api) => api.on_msg(from, msg, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Payments>) {
        match self {
            Role::Store(store) => store.on_timer(timer, cx),
            Role::Relay(relay) => relay.on_timer(timer, cx),
            Role::Buyers(buyers) => buyers.on_timer(timer, cx),
            Role::Api(api) => api.on_timer(timer, cx),
            Role::Reconciler(reconciler) => {
                if let Timer::Round { turn } = timer {
                    reconciler.on_timer(turn, cx);
                }
            }
            Role::Vault(_) | Role::Risk(_) | Role::Merchants(_) | Role::Network(_) => {}
        }
    }

    fn on_crash(&mut self) {
        match self {
            Role::Store(store) => store.crash(),
            Role::Relay(relay) => relay.crash(),
            Role::Reconciler(reconciler) => reconciler.crash(),
            Role::Buyers(buyers) => buyers.crash(),
            Role::Api(api) => api.crash(),
            Role::Vault(_) | Role::Risk(_) | Role::Merchants(_) | Role::Network(_) => {}
        }
    }

    fn weight(&self) -> usize {
        match self {
            Role::Store(store) => store.weight(),
            Role::Vault(vault) => vault.weight(),
            Role::Risk(_) => 0,
            Role::Relay(relay) => relay.weight(),
            Role::Merchants(merchants) => merchants.weight(),
            Role::Reconciler(reconciler) => reconciler.weight(),
            Role::Buyers(buyers) => buyers.weight(),
            Role::Network(network) => network.weight(),
            Role::Api(api) => api.weight(),
        }
    }

    fn look(&self, system: &Payments) -> Look {
        match self {
            Role::Store(store) => store.look(),
            Role::Vault(vault) => vault.look(),
            Role::Risk(_) => Look { label: String::new(), state: State::Idle, fill: None },
            Role::Relay(relay) => relay.look(),
            Role::Merchants(merchants) => merchants.look(),
            Role::Reconciler(reconciler) => reconciler.look(system),
            Role::Buyers(buyers) => buyers.look(),
            Role::Network(network) => network.look(),
            Role::Api(api) => api.look(),
        }
    }
}
