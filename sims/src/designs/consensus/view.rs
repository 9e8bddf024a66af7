//! Panes: the logs side by side, who led when, what the leader knows, and the clients' sessions.

use super::server::Server;
use super::system::{Consensus, Role};
use crate::kernel::node::NodeId;
use crate::kernel::view::{Ask, Table, View};
use crate::kernel::world::World;
use crate::parts::raft::{Flow, Role as Office};

pub fn pane(world: &World<Consensus>, pane: &str, ask: &Ask) -> View {
    match pane {
        "logs" => logs(world, ask),
        "terms" => terms(world, ask),
        "followers" => followers(world, ask),
        _ => sessions(world, ask),
    }
}

fn servers(world: &World<Consensus>) -> Vec<(NodeId, &Server)> {
    let server = |id: NodeId| match world.node(id) {
        Role::Server(server) => Some((id, &**server)),
        Role::Client(_) => None,
    };
    world.role("s").into_iter().filter_map(server).collect()
}

fn table(head: &[&str], rows: Vec<Vec<String>>) -> View {
    View::Table(Table { head: head.iter().map(ToString::to_string).collect(), rows })
}

/// Each server's office, term and commit index; then the latest entries of every log: term and contents, `=` where the server
/// knows them committed, `~` where not.
fn logs(world: &World<Consensus>, ask: &Ask) -> View {
    let servers = servers(world);
    let last = servers.iter().map(|(_, server)| server.member.raft().log().last_index()).max().unwrap_or_default();
    let line = |name: &str, of: &dyn Fn(NodeId, &Server) -> String| -> Vec<String> {
        std::iter::once(name.to_string()).chain(servers.iter().map(|(id, server)| of(*id, server))).collect()
    };
    let mut rows = vec![
        line("office", &|id, server| office(world, id, server).to_string()),
        line("term", &|_, server| server.member.term().to_string()),
        line("commit", &|_, server| server.member.raft().commit().to_string()),
    ];
    let count = u64::from(ask.rows).saturating_sub(5).clamp(1, 64);
    let first = last.saturating_sub(count - 1).max(1);
    for index in (first..=last).rev() {
        rows.push(line(&index.to_string(), &|_, server| {
            let end = server.member.raft().log().last_index();
            if index == first && end < first { format!("ends at {end}") } else { server.cell(index) }
        }));
    }
    View::Table(Table { head: line("entry", &|id, _| world.name(id).to_string()), rows })
}

fn office(world: &World<Consensus>, id: NodeId, server: &Server) -> &'static str {
    match server.member.role() {
        _ if !world.is_up(id) => "down",
        _ if server.member.is_outside() => "outside",
        Office::Leader => "leads",
        Office::Candidate => "stands",
        Office::PreCandidate => "asks",
        Office::Follower => "follows",
    }
}

fn terms(world: &World<Consensus>, ask: &Ask) -> View {
    let reigns = &world.watch().reigns;
    if reigns.is_empty() {
        return View::Empty("nobody has been elected yet".into());
    }
    let row = |n: usize| {
        let (term, leader, since) = reigns[n];
        let before = n.checked_sub(1).map(|n| reigns[n]);
        let until = reigns.get(n + 1).map_or_else(|| world.now(), |next| next.2);
        let skipped = before.map_or(term - 1, |(last, _, _)| term.saturating_sub(last + 1));
        vec![term.to_string(), world.name(leader).to_string(), since.to_string(), until.since(since).to_string(), skipped.to_string()]
    };
    let rows = (0..reigns.len()).rev().take(usize::from(ask.rows)).map(row).collect();
    table(&["term", "leader", "elected at", "until the next", "terms lost to split votes"], rows)
}

fn followers(world: &World<Consensus>, ask: &Ask) -> View {
    let leads = |(_, server): &&(NodeId, &Server)| server.member.is_leader();
    let servers = servers(world);
    let Some((_, leader)) = servers.iter().filter(leads).max_by_key(|(_, server)| server.member.term()) else {
        return View::Empty("nobody leads".into());
    };
    let raft = leader.member.raft();
    let row = |p: &crate::parts::raft::Progress| {
        let flow = match p.flow {
            Flow::Probe => "seeks agreement".to_string(),
            Flow::Stream => "streams".to_string(),
            Flow::Snapshot { at, offset } => format!("snapshot of {at}, {offset} bytes"),
        };
        let silent = world.now().since(p.heard);
        vec![world.name(p.id).to_string(), p.matched.to_string(), p.next.to_string(), p.in_flight.len().to_string(), flow, silent.to_string()]
    };
    let own = vec![world.name(raft.me()).to_string(), raft.stored().to_string(), String::new(), String::new(), "its own disk".into(), String::new()];
    let rows = std::iter::once(own).chain(raft.followers().iter().map(row)).take(usize::from(ask.rows)).collect();
    table(&["server", "on disk", "next", "on their way", "how", "silent for"], rows)
}

fn sessions(world: &World<Consensus>, ask: &Ask) -> View {
    let row = |id: NodeId| {
        let Role::Client(client) = world.node(id) else { return None };
        let (doing, waits, asked) = match client.open {
            Some(open) => {
                let what = format!("{} k{}", if open.op.reads() { "read" } else { "write" }, open.op.key());
                (what, world.now().since(open.since).to_string(), world.name(open.to).to_string())
            }
            None => ("nothing".into(), String::new(), world.name(client.finder.target()).to_string()),
        };
        let counts = [client.answered, client.repeats, client.waiting() as u64].map(|n| n.to_string());
        Some([vec![world.name(id).to_string(), client.number.to_string(), client.seq.to_string(), doing, asked, waits], counts.to_vec()].concat())
    };
    let rows = world.role("client").into_iter().filter_map(row).take(usize::from(ask.rows)).collect();
    table(&["client", "session", "request", "doing", "asks", "for", "answered", "sent again", "waiting"], rows)
}
