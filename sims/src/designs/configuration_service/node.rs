//! The three kinds of node as one type.

use super::app::App;
use super::message::{Msg, Timer};
use super::server::{Ctx, Server};
use super::system::Config;
use super::watching::Watching;
use crate::kernel::disk::File;
use crate::kernel::node::{Look, Node, NodeId};
use crate::kernel::view::State;

#[derive(Clone)]
pub enum Role {
    Server(Box<Server>),
    /// Many processes that watch.
    Host(Box<Watching>),
    App(Box<App>),
}

impl Node<Config> for Role {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        match self {
            Role::Server(server) => server.start(cx),
            Role::Host(watching) => watching.start(cx),
            Role::App(app) => app.start(cx),
        }
    }

    fn files(&mut self, each: &mut dyn FnMut(&mut dyn File)) {
        if let Role::Server(server) = self {
            server.files(each);
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match self {
            Role::Server(server) => server.hear(from, msg, cx),
            Role::Host(watching) => watching.hear(from, msg, cx),
            Role::App(app) => app.hear(from, msg, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match self {
            Role::Server(server) => server.ring(timer, cx),
            Role::Host(watching) => watching.ring(timer, cx),
            Role::App(app) => app.ring(timer, cx),
        }
    }

    fn on_crash(&mut self) {
        match self {
            Role::Server(server) => server.crash(),
            Role::Host(watching) => watching.crash(),
            Role::App(app) => app.crash(),
        }
    }

    fn on_restart(&mut self, cx: &mut Ctx<'_>) {
        match self {
            Role::Server(server) => server.restart(cx),
            Role::Host(watching) => watching.restart(cx),
            Role::App(app) => app.restart(cx),
        }
    }

    fn on_knobs(&mut self, cx: &mut Ctx<'_>) {
        if let Role::Server(server) = self {
            server.turn(cx);
        }
    }

    fn weight(&self) -> usize {
        match self {
            Role::Server(server) => std::mem::size_of::<Server>() + server.weight(),
            Role::Host(watching) => std::mem::size_of::<Watching>() + watching.weight(),
            Role::App(app) => std::mem::size_of::<App>() + app.weight(),
        }
    }

    fn look(&self, system: &Config) -> Look {
        match self {
            Role::Server(server) => server.look(system),
            Role::Host(watching) => {
                let share = watching.live() as f64 / watching.all.len().max(1) as f64;
                let state = if share < 0.5 { State::Warn } else { State::Idle };
                Look { label: watching.label(system), state, fill: Some(share) }
            }
            Role::App(app) => {
                let held = app.holders.iter().filter(|holder| holder.lease != 0).count();
                let state = if held == app.holders.len() { State::Idle } else { State::Warn };
                Look { label: format!("{held} of {} leases", app.holders.len()), state, fill: None }
            }
        }
    }
}
