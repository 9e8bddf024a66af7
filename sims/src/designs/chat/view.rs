//! Panes: who is connected where, messages by time, one conversation on its screens, and who is there.

use super::people::People;
use super::phones::{Link, Phones};
use super::registry::Registry;
use super::role::Role;
use super::server::Server;
use super::system::Chat;
use crate::kernel::view::{Ask, Bar, Heat, State, Table, View};
use crate::kernel::world::World;

pub fn pane(world: &World<Chat>, pane: &str, ask: &Ask) -> View {
    let Some(people) = phones(world).next().map(|(_, phones)| &*phones.people) else { return View::Empty("the world is not built".into()) };
    match pane {
        "partitions" => partitions(world, ask),
        "conversation" => conversation(world, people, ask),
        "presence" => presence(world, people),
        _ => sessions(world),
    }
}

fn phones(world: &World<Chat>) -> impl Iterator<Item = (&str, &Phones)> {
    world.ids().filter_map(|id| if let Role::Phones(phones) = world.node(id) { Some((world.name(id), &**phones)) } else { None })
}

fn servers(world: &World<Chat>) -> impl Iterator<Item = (&str, &Server)> {
    world.ids().filter_map(|id| if let Role::Server(server) = world.node(id) { Some((world.name(id), &**server)) } else { None })
}

fn registry(world: &World<Chat>) -> Option<&Registry> {
    world.ids().find_map(|id| if let Role::Registry(registry) = world.node(id) { Some(&**registry) } else { None })
}

fn devices(world: &World<Chat>) -> impl Iterator<Item = &super::phones::Device> {
    phones(world).flat_map(|(_, phones)| phones.devices.iter())
}

/// Devices by the gateway they believe to be connected to, and those that are not.
fn sessions(world: &World<Chat>) -> View {
    let system = world.system();
    let mut bars: Vec<Bar> = (0..system.gateways)
        .map(|rank| {
            let id = system.gateway(rank);
            let state = if world.is_up(id) { State::Busy } else { State::Down };
            let value = devices(world).filter(|device| device.link == Link::Up && device.gateway == rank).count() as f64;
            Bar { name: world.name(id).to_string(), value, says: String::new(), state }
        })
        .collect();
    let trying = devices(world).filter(|device| matches!(device.link, Link::Waiting | Link::Connecting)).count();
    let closed = devices(world).filter(|device| device.link == Link::Off).count();
    let state = if trying > 0 { State::Warn } else { State::Idle };
    bars.push(Bar { name: "trying".into(), value: trying as f64, says: format!("{trying} waiting"), state });
    bars.push(Bar { name: "closed".into(), value: closed as f64, says: format!("{closed} offline"), state: State::Idle });
    View::Bars(bars)
}

/// A server a row, a partition a column: how full, against the fullest.
fn partitions(world: &World<Chat>, ask: &Ask) -> View {
    let columns = usize::from(ask.cols).clamp(1, 40);
    let rows: Vec<(&str, Vec<usize>)> = servers(world).map(|(name, server)| (name, server.shelf.lines().buckets().map(|(_, rows)| rows).collect())).collect();
    let fullest = rows.iter().flat_map(|(_, buckets)| buckets).copied().max().unwrap_or(0).max(1) as f64;
    if rows.iter().all(|(_, buckets)| buckets.is_empty()) {
        return View::Empty("no message is kept: everybody has everything".into());
    }
    let row_names = rows.iter().map(|(name, buckets)| format!("{name} {} kept", buckets.iter().sum::<usize>())).collect();
    let cells = rows.iter().map(|(_, buckets)| buckets.iter().rev().take(columns).rev().map(|rows| *rows as f64 / fullest).collect()).collect();
    let says = format!("{} a column, the newest at the right; 1 is {fullest} messages; a column goes when everybody has it", world.system().bucket);
    View::Heat(Heat { row_names, cells, says })
}

/// The busiest group, or pair: what each screen has shown, confirmed, and what its user has read.
fn conversation(world: &World<Chat>, people: &People, ask: &Ask) -> View {
    let from = if people.conversations() > people.pairs { people.pairs } else { 0 };
    let system = world.system();
    let all: Vec<&Server> = servers(world).map(|(_, server)| server).collect();
    let last = |conv: u32| all.get(system.server_rank_of(conv, people) as usize).map_or(0, |server| server.shelf.last(conv));
    let Some(conv) = (from..people.conversations()).max_by_key(|conv| (last(*conv), u32::MAX - conv)) else { return View::Empty("no conversation".into()) };
    let Some(server) = all.get(system.server_rank_of(conv, people) as usize) else { return View::Empty("no server".into()) };
    let pools: Vec<&Phones> = phones(world).map(|(_, phones)| phones).collect();
    let last = server.shelf.last(conv);
    let head = ["user", "device", "link", "shown", "acked", "read", "unread"].map(String::from).to_vec();
    let screens = people.seats(conv).flat_map(|seat| (0..people.devices).map(move |device| (seat, people.screen(seat, device))));
    let rows = screens.take(usize::from(ask.rows)).filter_map(|(seat, screen)| {
        let device = people.device(screen);
        let phones = pools.get(system.pool_rank_of(device) as usize)?;
        let link = match phones.devices[phones.local(device)].link {
            Link::Up => "up",
            Link::Off => "closed",
            Link::Waiting | Link::Connecting => "trying",
        };
        Some(vec![
            people.user(seat).to_string(),
            (device % people.devices + 1).to_string(),
            link.into(),
            format!("{}/{last}", phones.shown[phones.screen_at(screen)]),
            server.shelf.acked(screen).to_string(),
            server.shelf.read(seat).to_string(),
            server.shelf.unread(seat).to_string(),
        ])
    });
    View::Table(Table { head, rows: rows.collect() })
}

/// Users by what is true and what others are told.
fn presence(world: &World<Chat>, people: &People) -> View {
    let Some(registry) = registry(world) else { return View::Empty("no registry".into()) };
    let mut counts = [0usize; 4];
    for (_, phones) in phones(world) {
        for (at, own) in phones.devices.chunks(people.devices.max(1) as usize).enumerate() {
            let there = own.iter().any(|device| device.link == Link::Up);
            counts[usize::from(there) * 2 + usize::from(registry.shown(phones.first_user + at as u32))] += 1;
        }
    }
    let bar = |name: &str, at: usize, says: &str, state| {
        let state = if counts[at] == 0 { State::Idle } else { state };
        Bar { name: name.into(), value: counts[at] as f64, says: format!("{} {says}", counts[at]), state }
    };
    View::Bars(vec![
        bar("online", 3, "shown online", State::Busy),
        bar("offline", 0, "shown offline", State::Idle),
        bar("just gone", 1, "still shown online", State::Warn),
        bar("unseen", 2, "shown offline", State::Warn),
    ])
}
