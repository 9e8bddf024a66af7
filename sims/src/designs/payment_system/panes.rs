//! Panes of the payment system: its latest payments, its books, its states, and who has card numbers in hand.

use super::money::{COINS, MONIES, told};
use super::payment::State;
use super::role::Role;
use super::store::Store;
use super::system::{Payments, STORE};
use crate::kernel::view::{self, Ask, Bar, Table, View};
use crate::kernel::world::World;
use crate::parts::ledger::Account;

pub fn pane(world: &World<Payments>, pane: &str, ask: &Ask) -> View {
    let Role::Store(store) = world.node(STORE) else { return View::Empty("there is no store".into()) };
    match pane {
        "payments" if store.tables.payments.is_empty() => View::Empty("nobody has paid yet".into()),
        "payments" => View::Table(payments(world, store, usize::from(ask.rows).saturating_sub(1))),
        "books" => View::Table(books(store)),
        "flight" => View::Bars(flight(world, store)),
        _ => View::Bars(states(world, store)),
    }
}

/// What is on its way where, and what of it nobody knows the end of.
fn flight(world: &World<Payments>, store: &Store) -> Vec<Bar> {
    let (mut waiting, mut asked, mut unsure, mut out, mut again, mut held) = (0, 0, 0, 0, 0, 0);
    for id in world.ids() {
        match world.node(id) {
            Role::Buyers(buyers) => waiting += buyers.waiting(),
            Role::Api(api) => {
                let (all, silent) = api.in_flight();
                (asked, unsure) = (asked + all, unsure + silent);
            }
            Role::Relay(relay) => (out, again) = relay.under_way(),
            Role::Network(net) => held += net.held(),
            _ => {}
        }
    }
    let cutoff = world.system().cutoff;
    let old = store.tables.payments.values().filter(|row| row.state.is_open() && world.now().since(row.born) >= cutoff).count();
    let calm = |name: &str, value: usize, says: &str| Bar { name: name.into(), value: value as f64, says: format!("{value} {says}"), state: view::State::Idle };
    let warn = |name: &str, value: usize, says: &str| {
        let state = if value > 0 { view::State::Warn } else { view::State::Idle };
        Bar { state, ..calm(name, value, says) }
    };
    vec![
        calm("buyers waiting", waiting, "orders unanswered"),
        calm("at servers", asked, "requests at work"),
        warn("ambiguous", unsure, "with a silent network"),
        calm("open", store.tables.open_count(), "pending or authorised"),
        warn("past the cut-off", old, "of these too old"),
        calm("held", held, "at the networks"),
        calm("row queue", store.longest_queue(), "at the busiest row"),
        calm("outbox", store.tables.outbox.len(), "not confirmed"),
        calm("webhooks out", out, "to merchants"),
        warn("webhooks again", again, "of these without 2xx"),
    ]
}

/// Open ones first, then the latest.
fn payments(world: &World<Payments>, store: &Store, most: usize) -> Table {
    let head = ["payment", "merchant", "amount", "state", "age", "given back", "network"].map(String::from).to_vec();
    let open = store.tables.payments.iter().filter(|(_, row)| row.state.is_open());
    let closed = store.tables.payments.iter().rev().filter(|(_, row)| !row.state.is_open());
    let cutoff = world.system().cutoff;
    let rows = open.chain(closed).take(most).map(|(payment, row)| {
        let age = world.now().since(row.born);
        let state = if row.state.is_open() && age >= cutoff { format!("{} !", row.state.word()) } else { row.state.word().to_string() };
        vec![
            payment.to_string(),
            (row.merchant + 1).to_string(),
            told(row.amount, row.coin),
            state,
            format!("{:.1} s", age.as_secs()),
            given_back(row),
            format!("net{}", row.net + 1),
        ]
    });
    Table { rows: rows.collect(), head }
}

fn given_back(row: &super::payment::Payment) -> String {
    match (row.refunded + row.disputed, row.reserved) {
        (0, 0) => String::new(),
        (done, 0) => told(done, row.coin),
        (_, reserved) => format!("{} asked", told(reserved, row.coin)),
    }
}

/// Balances per currency; what stands last must be nothing.
fn books(store: &Store) -> Table {
    let mut head = vec!["account".to_string()];
    head.extend(MONIES.iter().map(|money| money.name.to_string()));
    let (ledger, chart) = (&store.tables.ledger, &store.tables.chart);
    let house = |name: &str, account: fn(&super::money::House) -> Account| {
        let mut row = vec![name.to_string()];
        row.extend((0..COINS).map(|coin| told(ledger.balance(account(&chart.houses[coin])), coin as u8)));
        row
    };
    let mut merchants = [0i64; COINS];
    for (merchant, rows) in chart.merchants.iter().enumerate() {
        merchants[merchant % COINS] += rows.iter().map(|row| ledger.balance(*row)).sum::<i64>() + ledger.balance(chart.incoming[merchant]);
    }
    let mut owed = vec!["merchants".to_string()];
    owed.extend(merchants.iter().enumerate().map(|(coin, sum)| told(*sum, coin as u8)));
    let mut sums = vec!["sum of all".to_string()];
    sums.extend((0..COINS).map(|coin| store.tables.total(coin).to_string()));
    let rows = vec![
        house("networks owe us", |house| house.receivable),
        owed,
        house("our fees", |house| house.fees),
        house("exchange", |house| house.position),
        house("suspense", |house| house.suspense),
        sums,
    ];
    Table { head, rows }
}

fn states(world: &World<Payments>, store: &Store) -> Vec<Bar> {
    let cutoff = world.system().cutoff;
    let old = store.tables.payments.values().filter(|row| row.state.is_open() && world.now().since(row.born) >= cutoff).count();
    let bar = |state: State| {
        let warn = state.is_open() && old > 0;
        let count = store.tables.census[state as usize];
        let says = match state {
            State::Pending if old > 0 => format!("{count}; {old} open ones are past the cut-off"),
            State::Pending => format!("{count}, not known here"),
            State::Authorised => format!("{count} held on the card"),
            State::Captured => format!("{count} taken"),
            State::Failed => format!("{count} refused"),
            State::Voided => format!("{count} let go"),
            State::Refunded => format!("{count} given back"),
        };
        let value = count as f64;
        Bar { name: state.word().into(), value, says, state: if warn { view::State::Warn } else { view::State::Idle } }
    };
    State::ALL.into_iter().map(bar).collect()
}
