//! What must be true when all is quiet: every device has every message, and everybody sees who is there.

use super::people::People;
use super::phones::{Link, Phones};
use super::registry::Registry;
use super::role::Role;
use super::server::Server;
use super::system::Chat;
use super::{EVERY_DEVICE, PRESENCE_CONVERGES};
use crate::kernel::invariant::Lamps;
use crate::kernel::world::World;

/// What is still alive to be judged.
struct Left<'a> {
    servers: Vec<Option<&'a Server>>,
    phones: Vec<Option<&'a Phones>>,
    registry: Option<&'a Registry>,
    gateways: usize,
}

fn left(world: &World<Chat>) -> Left<'_> {
    let mut left = Left { servers: Vec::new(), phones: Vec::new(), registry: None, gateways: 0 };
    for id in world.ids() {
        let up = world.is_up(id);
        match world.node(id) {
            Role::Server(server) => left.servers.push(up.then_some(&**server)),
            Role::Phones(phones) => left.phones.push(up.then_some(&**phones)),
            Role::Registry(registry) => left.registry = up.then_some(&**registry),
            Role::Gateway(_) => left.gateways += usize::from(up),
            Role::Push(_) => {}
        }
    }
    left
}

pub fn judge(world: &World<Chat>, lamps: &mut Lamps) {
    let left = left(world);
    let Some(people) = left.phones.iter().flatten().next().map(|phones| &*phones.people) else { return };
    messages(world, &left, people, lamps);
    presence(world, &left, people, lamps);
}

/// A device that is connected has shown every message that its sender was told is sent; one that is not finds the rest at the server.
/// Where the world was cut off before it was quiet, what a server still looks after counts as on its way.
fn messages(world: &World<Chat>, left: &Left<'_>, people: &People, lamps: &mut Lamps) {
    let (system, mut judged, mut lacking) = (world.system(), false, None);
    // Without a registry or a gateway nobody can be found: then it must be waiting for all.
    let reachable = left.registry.is_some() && left.gateways > 0;
    'all: for conv in 0..people.conversations() {
        let Some(server) = left.servers[system.server_rank_of(conv, people) as usize] else { continue };
        let acked = world.watch().acked(conv);
        for screen in people.seats(conv).flat_map(|seat| (0..people.devices).map(move |device| people.screen(seat, device))) {
            let device = people.device(screen);
            let Some(phones) = left.phones[system.pool_rank_of(device) as usize] else { continue };
            judged |= acked > 0;
            let at = phones.screen_at(screen);
            let mut waiting = 0;
            let there = reachable && phones.devices[phones.local(device)].link == Link::Up;
            if world.watch().count(screen) < acked && (!there || server.seeks(conv)) {
                server.shelf.range(conv, phones.shown[at].max(server.shelf.acked(screen)), u32::MAX, usize::MAX, |_, _| waiting += 1);
            }
            let has = world.watch().count(screen) + waiting;
            if has < acked {
                lacking = Some((device, conv, has, acked));
                break 'all;
            }
        }
    }
    if judged {
        lamps.judge(EVERY_DEVICE, world.now(), lacking.is_none(), || {
            let (device, conv, has, acked) = lacking.unwrap_or_default();
            let of = format!("device {} of user {}", device % people.devices + 1, device / people.devices);
            format!("{of} has, or will find, {has} of the {acked} messages of conversation {conv} whose senders were told that they are sent")
        });
    }
}

/// Who is connected sees of each contact whether they are; of who has just gone, not before that has lasted.
fn presence(world: &World<Chat>, left: &Left<'_>, people: &People, lamps: &mut Lamps) {
    let Some(registry) = left.registry else { return };
    if left.gateways == 0 || left.phones.iter().any(Option::is_none) {
        return;
    }
    let system = world.system();
    let up = |device: u32| left.phones[system.pool_rank_of(device) as usize].is_some_and(|phones| phones.devices[phones.local(device)].link == Link::Up);
    let (mut judged, mut wrong) = (false, None);
    for user in 0..people.users {
        for (mine, theirs) in people.contacts(user) {
            let other = people.user(theirs);
            let there = (0..people.devices).any(|device| up(other * people.devices + device));
            for device in (0..people.devices).filter(|device| up(user * people.devices + device)) {
                let Some(phones) = left.phones[system.pool_rank_of(user * people.devices) as usize] else { continue };
                judged = true;
                let (sees, shown) = (phones.sees[phones.screen_at(people.screen(mine, device))], registry.shown(other));
                if sees != shown || (shown != there && (there || !registry.doubts(other))) {
                    wrong = Some((user, other, there));
                }
            }
        }
    }
    if judged {
        lamps.judge(PRESENCE_CONVERGES, world.now(), wrong.is_none(), || {
            let (user, other, there) = wrong.unwrap_or_default();
            format!("user {other} is {}, and user {user} sees the contrary", if there { "there" } else { "away" })
        });
    }
}
