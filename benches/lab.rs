//! The lab under load, measured: frames while ten thousand nodes run, rewinding over ten million events, memory over a minute flat out.
//!
//! `cargo bench --bench lab` prints what this machine does, `cargo bench --bench lab -- crowd rewind news-feed` a part of it. Nothing here
//! is a test: the figures are to be read. A number says how many seconds flat out.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use greenroom::config::Config;
use greenroom::home::Home;
use greenroom::tui::event::{Mailbox, Message as Wake};
use greenroom::tui::panes::code::Highlighter;
use greenroom::tui::rooms::Rooms;
use greenroom::tui::screen::{Ctx, Screen};
use greenroom::tui::screens::lab::LabScreen;
use greenroom::tui::theme::{Glyphs, Mode, Surroundings, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use sims::kernel::action::Action;
use sims::kernel::cx::Cx;
use sims::kernel::design::{Design, Spec, no_conflicts};
use sims::kernel::faults;
use sims::kernel::invariant::{Lamps, always};
use sims::kernel::knob::{Knob, Knobs};
use sims::kernel::metric::{Id, MetricSpec, Unit};
use sims::kernel::network::Delay;
use sims::kernel::node::{Look, Message, Node, NodeId, System, Watch};
use sims::kernel::stage::Stage;
use sims::kernel::time::{Span, Time};
use sims::kernel::value::Kind;
use sims::kernel::view::State;
use sims::kernel::world;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Every node greets its neighbour every 20 ms: 10 000 nodes make a million events a virtual second.
static CROWD: Design = Design {
    id: "crowd",
    title: "Crowd",
    teaches: "Nothing: it is a load.",
    leaves_out: "Everything.",
    knobs: &[Knob::at_start("nodes", Kind::Integer { min: 2, max: 10_000 }, "10000", "how many")],
    actions: &[],
    faults: faults::NETWORK,
    metrics: &[MetricSpec::counter(Id(0), "greetings", "greetings that arrived"), MetricSpec::histogram(Id(1), "way", Unit::Millis, "time they took")],
    reasons: &[],
    invariants: &[always("forward", "no greeting arrives before it was sent")],
    safeguards: &[],
    panes: &[],
    charts: &[&["greetings"], &["way"]],
    refuses: no_conflicts,
    start: world::start::<Crowd>,
    benches: &[],
};

struct Crowd {
    nodes: u32,
}

#[derive(Clone)]
struct Person {
    next: NodeId,
    heard: u64,
}

#[derive(Clone)]
struct Greeting {
    sent: Time,
}

#[derive(Clone, Default)]
struct Clockwise;

impl Message for Greeting {
    fn label(&self) -> &'static str {
        "greeting"
    }
}

impl System for Crowd {
    type Node = Person;
    type Msg = Greeting;
    type Timer = ();
    type Watch = Clockwise;

    fn configure(knobs: &Knobs) -> Crowd {
        Crowd { nodes: u32::try_from(knobs.count("nodes")).unwrap_or(u32::MAX) }
    }

    fn build(&self, stage: &mut Stage<'_, Crowd>) {
        for at in 0..self.nodes {
            stage.add("p", Person { next: NodeId((at + 1) % self.nodes), heard: 0 });
        }
    }

    fn delay(&self, _from: &'static str, _to: &'static str) -> Delay {
        Delay::with_jitter(Span::millis(1), Span::millis(1))
    }

    fn act(_stage: &mut Stage<'_, Crowd>, action: &Action) -> Result<(), String> {
        Err(format!("no {}", action.name))
    }
}

impl Node<Crowd> for Person {
    fn on_start(&mut self, cx: &mut Cx<'_, Crowd>) {
        let wait = cx.rng().span(Span::millis(20));
        cx.background(wait, ());
    }

    fn on_msg(&mut self, _from: NodeId, greeting: Greeting, cx: &mut Cx<'_, Crowd>) {
        self.heard += 1;
        cx.count(Id(0), 1);
        cx.record_since(Id(1), greeting.sent);
        cx.fact(greeting.sent);
    }

    fn on_timer(&mut self, (): (), cx: &mut Cx<'_, Crowd>) {
        let sent = cx.now();
        cx.send(self.next, Greeting { sent });
        cx.background(Span::millis(20), ());
    }

    fn look(&self, _system: &Crowd) -> Look {
        Look { label: format!("{} heard", self.heard), state: State::Idle, fill: None }
    }
}

impl Watch<Crowd> for Clockwise {
    type Fact = Time;

    fn see(&mut self, now: Time, sent: Time, _system: &Crowd, lamps: &mut Lamps) {
        lamps.judge(0, now, sent <= now, || format!("sent at {sent}, arrived at {now}"));
    }
}

/// The lab's screen without a terminal: what it would be sent is drawn into a buffer and compared with the last frame, as for a real one.
struct Room {
    rooms: Rooms,
    theme: Theme,
    code: Highlighter,
    mailbox: Mailbox,
    inbox: Receiver<Wake>,
    terminal: Terminal<TestBackend>,
}

impl Room {
    fn new() -> Room {
        let (sender, inbox) = channel();
        let rooms = Rooms::new(Home::at("/nowhere"), Config { fps: 60, ..Config::default() }, Surroundings::default());
        let theme = Theme::with(Mode::Dark, Glyphs::Unicode, false);
        let terminal = Terminal::new(TestBackend::new(200, 60)).unwrap();
        Room { rooms, theme, code: Highlighter::new(sender.clone()), mailbox: Mailbox::new(1, sender), inbox, terminal }
    }

    fn open(&self, spec: Spec) -> LabScreen {
        LabScreen::open("crowd", "Crowd", spec, &self.ctx()).unwrap()
    }

    fn keys(&self, screen: &mut LabScreen, keys: &str) {
        for key in keys.chars() {
            let code = if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) };
            drop(screen.on_key(KeyEvent::new(code, KeyModifiers::NONE), &self.ctx()));
        }
    }

    /// Plays, or pauses, and waits until the screen has heard of it: the key does the opposite of what is shown.
    fn toggle(&mut self, screen: &mut LabScreen) {
        let playing = screen.shown().playing;
        self.keys(screen, " ");
        while screen.shown().playing == playing {
            self.frame(screen);
        }
    }

    fn ctx(&self) -> Ctx<'_> {
        Ctx { theme: &self.theme, rooms: &self.rooms, code: &self.code, now: Instant::now(), mailbox: &self.mailbox }
    }

    /// Waits for news, hands them over, paints once; the time that took, without the waiting.
    fn frame(&mut self, screen: &mut LabScreen) -> Duration {
        let mut next = self.inbox.recv_timeout(Duration::from_secs(5)).ok();
        let begun = Instant::now();
        while let Some(message) = next {
            if let Wake::To(_, what) = message {
                screen.on_message(what, &self.ctx());
            }
            next = self.inbox.try_recv().ok();
        }
        let ctx = Ctx { theme: &self.theme, rooms: &self.rooms, code: &self.code, now: Instant::now(), mailbox: &self.mailbox };
        self.terminal.draw(|frame| screen.draw(frame.area(), frame.buffer_mut(), &ctx)).unwrap();
        begun.elapsed()
    }
}

/// Plays for so long and tells frames a second, what the screen's thread spent on each, and how far the run came.
fn play(what: &str, room: &mut Room, screen: &mut LabScreen, seconds: u64) {
    room.toggle(screen);
    // The first frames find the size of the panes.
    for _ in 0..5 {
        room.frame(screen);
    }
    let (begun, from) = (Instant::now(), Arc::clone(screen.shown()));
    let mut spent = Vec::new();
    while begun.elapsed() < Duration::from_secs(seconds) {
        spent.push(room.frame(screen));
    }
    let (wall, to) = (begun.elapsed().as_secs_f64(), Arc::clone(screen.shown()));
    room.toggle(screen);
    spent.sort();
    let (events, moved) = (to.events - from.events, to.now.since(from.now).as_secs());
    println!(
        "{what}: {:.1} frames/s; screen's thread {:.2} ms a frame (median), {:.2} ms (99 %); {:.2} M events/s of wall time, {:.2} M events per virtual second; resident {} MB at {}",
        spent.len() as f64 / wall,
        spent[spent.len() / 2].as_secs_f64() * 1e3,
        spent[spent.len() * 99 / 100].as_secs_f64() * 1e3,
        events as f64 / wall / 1e6,
        events as f64 / moved.max(1e-9) / 1e6,
        resident_mb(),
        to.now,
    );
}

/// Linux only; elsewhere nothing is known.
fn resident_mb() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok().and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096 / 1_000_000
}

/// From ten million events back to the first ones, and to the middle.
fn rewind(room: &mut Room, mut spec: Spec) {
    spec.length = Span::secs(100_000);
    let mut screen = room.open(spec);
    room.keys(&mut screen, "F");
    room.toggle(&mut screen);
    while screen.shown().events < 10_000_000 {
        room.frame(&mut screen);
    }
    room.toggle(&mut screen);
    let end = screen.shown().now;
    for (name, share) in [("half", 0.5), ("a tenth", 0.1), ("nine tenths and a bit", 0.93), ("a second before the end", 1.0)] {
        let goal = Time((end.0 as f64 * share) as u64 - if share == 1.0 { 1_000_000_000 } else { 0 });
        let begun = Instant::now();
        room.keys(&mut screen, &format!("g{}ns\n", goal.0));
        let mut told = 0;
        while screen.shown().now != goal || screen.shown().seeking.is_some() {
            room.frame(&mut screen);
            told += u32::from(screen.shown().seeking.is_some());
        }
        println!("  rewind over 10 M events to {name}: {:.2} s, {told} frames showed its progress", begun.elapsed().as_secs_f64());
    }
}

fn main() {
    let parts: Vec<String> = std::env::args().skip(1).filter(|part| !part.starts_with('-')).collect();
    let seconds = parts.iter().find_map(|part| part.parse().ok()).unwrap_or(60u64);
    let wanted = |part: &str| parts.iter().all(|one| one.parse::<u64>().is_ok()) || parts.iter().any(|one| one == part);
    let mut room = Room::new();
    println!("200x60, release build, {} cores", std::thread::available_parallelism().map_or(1, usize::from));
    if wanted("crowd") {
        let mut screen = room.open(Spec::new(&CROWD));
        play("10 000 nodes, at real time", &mut room, &mut screen, 8);
        room.keys(&mut screen, "F");
        play("10 000 nodes, flat out", &mut room, &mut screen, 8);
    }
    for design in sims::designs::ALL.iter().filter(|design| wanted(design.id)) {
        let mut spec = Spec::new(design);
        spec.length = Span::secs(1_000_000);
        let mut screen = room.open(spec);
        play(&format!("{}, at real time", design.id), &mut room, &mut screen, 3);
        room.keys(&mut screen, "F");
        for third in 1..=seconds.div_ceil(20) {
            play(&format!("{}, flat out, {} s", design.id, third * 20), &mut room, &mut screen, 20);
        }
    }
    if !wanted("rewind") {
        return;
    }
    rewind(&mut room, Spec::new(&CROWD));
    rewind(&mut room, Spec::new(sims::designs::ALL.iter().find(|design| design.id == "rate-limiter").unwrap()));
}
