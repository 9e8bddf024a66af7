//! The meter: what each tenant used, from the workers' journals, each record once; and bills.

use super::messages::{Msg, Timer, Used};
use super::metrics::{BILLED, CENTS, INVOICED, INVOICED_CALLS, REPEATED};
use super::role::Ctx;
use super::system::Serverless;
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::meter::{Account, PUBLISHED, Usage};
use std::collections::BTreeMap;

#[derive(Clone)]
pub struct Meter {
    pub accounts: Vec<Account>,
    /// What each tenant has been billed, in cents.
    pub bills: Vec<u128>,
    /// Below this index each worker's records are in the accounts.
    upto: BTreeMap<NodeId, u64>,
}

impl Meter {
    pub fn new(system: &Serverless) -> Meter {
        let tenants = system.tenants as usize;
        Meter { accounts: vec![Account::default(); tenants], bills: vec![0; tenants], upto: BTreeMap::new() }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        cx.background(cx.system().period, Timer::Invoice);
    }

    pub fn hear(&mut self, from: NodeId, msg: &Msg, cx: &mut Ctx<'_>) {
        let Msg::Usage { from: first, used } = msg else { return };
        let known = self.upto.get(&from).copied().unwrap_or(0);
        for (index, record) in (*first..).zip(used) {
            let repeated = index < known;
            if repeated {
                cx.count(REPEATED, 1);
            }
            if !(repeated && cx.system().dedup) {
                self.book(record, cx);
            }
        }
        let upto = known.max(first + used.len() as u64);
        self.upto.insert(from, upto);
        cx.send(from, Msg::Metered { upto });
    }

    fn book(&mut self, used: &Used, cx: &mut Ctx<'_>) {
        let mb = if cx.system().bill_touched { used.touched_mb } else { used.mb };
        self.accounts[usize::from(used.tenant)].add(Usage::call(mb, used.ms), &PUBLISHED);
        cx.count(BILLED, 1);
        cx.fact(Fact::Billed { call: used.call });
    }

    /// A period ends: each tenant that used something gets a bill.
    pub fn wake(&mut self, cx: &mut Ctx<'_>) {
        let rounding = cx.system().rounding;
        for (tenant, account) in self.accounts.iter_mut().enumerate() {
            if account.usage().requests == 0 {
                continue;
            }
            let bill = account.close(&PUBLISHED, rounding);
            self.bills[tenant] += bill.cents;
            cx.count(CENTS, bill.cents as u64);
            cx.count(INVOICED, bill.usage.mb_ms as u64);
            cx.count(INVOICED_CALLS, bill.usage.requests);
            cx.fact(Fact::Bill { tenant: tenant as u16, cents: bill.cents });
        }
        cx.background(cx.system().period, Timer::Invoice);
    }

    pub fn weight(&self) -> usize {
        self.accounts.bytes() + self.bills.bytes() + self.upto.bytes()
    }

    pub fn look(&self) -> Look {
        let cents: u128 = self.bills.iter().sum();
        Look { label: format!("${}.{:02} billed", cents / 100, cents % 100), state: State::Idle, fill: None }
    }
}
