//! For tests: the app without a terminal, with a small catalog of its own.

use super::app::App;
use super::event::Message;
use super::rooms::{Loaded, Rooms};
use super::screens::Place;
use super::theme::{Surroundings, Theme};
use crate::catalog::Catalog;
use crate::config::Config;
use crate::home::Home;
use crate::store::Store;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::{Color, Modifier};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// An app with an inbox, as the loop has it.
pub struct Stage {
    pub app: App,
    inbox: Receiver<Message>,
    now: Instant,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// On the list, with three problems in two groups.
    pub fn with(theme: Theme) -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let problems = folder.path().join("problems");
        std::fs::create_dir_all(&problems).unwrap();
        for (id, title, group) in
            [("token-mint", "Token mint", "traffic"), ("leaderboard", "Leaderboard of a game", "social"), ("queue-desk", "Queue desk", "traffic")]
        {
            std::fs::write(problems.join(format!("{id}.yaml")), card(id, title, group)).unwrap();
        }
        let (sender, inbox) = channel();
        let now = Instant::now();
        let rooms = Rooms::new(Home::at(folder.path()), Config::default(), Surroundings::default());
        let mut app = App::new(rooms, theme, sender, now);
        app.open(Place::List);
        let catalog = Catalog::only(folder.path());
        assert_eq!(catalog.faults(), [], "the sample cards are good");
        let loaded = Loaded { catalog: Arc::new(catalog), store: Store::in_memory() };
        app.handle(Message::Loaded(Box::new(loaded)), now);
        let mut stage = Stage { app, inbox, now, _folder: folder };
        stage.settle();
        stage
    }

    /// Lets workers finish and ticks pass, until nothing comes any more.
    pub fn settle(&mut self) {
        const QUIET: Duration = Duration::from_millis(150);
        loop {
            while let Ok(message) = self.inbox.recv_timeout(QUIET) {
                self.app.handle(message, self.now);
            }
            match self.app.next_tick() {
                Some(wait) if wait < Duration::from_millis(100) => {
                    self.now += wait;
                    self.app.tick(self.now);
                }
                _ => return,
            }
        }
    }

    /// Presses keys: characters, or names in angle brackets (`<enter>`, `<esc>`, `<tab>`, `<down>`, `<up>`, `<c-c>`).
    pub fn keys(&mut self, keys: &str) {
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let (key, after) = match rest.strip_prefix('<').and_then(|r| r.split_once('>')) {
                Some((name, after)) => (named(name), after),
                None => (KeyEvent::from(KeyCode::Char(c)), &rest[c.len_utf8()..]),
            };
            self.app.handle(Message::Input(vec![Event::Key(key)]), self.now);
            rest = after;
        }
    }

    /// What stands on a screen of this size, with its styles.
    pub fn buffer(&mut self, cols: u16, rows: u16) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(cols, rows)).unwrap();
        terminal.draw(|frame| self.app.draw(frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// The text alone, without blanks at the ends of lines.
    pub fn text(&mut self, cols: u16, rows: u16) -> String {
        text(&self.buffer(cols, rows))
    }
}

fn named(name: &str) -> KeyEvent {
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "down" => KeyCode::Down,
        "up" => KeyCode::Up,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        _ => {
            let held = name.strip_prefix("c-").and_then(|c| c.chars().next());
            return KeyEvent::new(KeyCode::Char(held.unwrap_or_else(|| panic!("no key <{name}>"))), KeyModifiers::CONTROL);
        }
    };
    KeyEvent::from(code)
}

pub fn text(buf: &Buffer) -> String {
    let row = |y: u16| (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect::<String>();
    (0..buf.area.height).map(|y| row(y).trim_end().to_string() + "\n").collect()
}

/// Where the styles are: a letter a cell, for the few places where style carries meaning.
/// `.` plain, `b` bold, `d` dim, `r` reversed, `u` underlined; upper case with a colour, `#` on a colour.
pub fn styles(buf: &Buffer) -> String {
    let letter = |x: u16, y: u16| {
        let cell = &buf[(x, y)];
        let letter = match () {
            () if cell.modifier.contains(Modifier::REVERSED) => 'r',
            () if cell.bg != Color::Reset => '#',
            () if cell.modifier.contains(Modifier::UNDERLINED) => 'u',
            () if cell.modifier.contains(Modifier::BOLD) => 'b',
            () if cell.modifier.contains(Modifier::DIM) => 'd',
            () if cell.fg != Color::Reset => 'c',
            () => '.',
        };
        if cell.fg != Color::Reset && letter != '.' { letter.to_ascii_uppercase() } else { letter }
    };
    (0..buf.area.height).map(|y| (0..buf.area.width).map(|x| letter(x, y)).collect::<String>().trim_end_matches('.').to_string() + "\n").collect()
}

fn card(id: &str, title: &str, group: &str) -> String {
    format!(
        "format: 1
id: {id}
title: {title}
group: {group}
level: L6
difficulty: medium
minutes: 40
statement: |
  Every desk gives out **numbers**. Design the part that gives them out, so that nobody waits for a number that was lost.
phases:
  - {{id: ask, name: Ask, minutes: 10, goals: [The load is known], prompts: [Who asks?]}}
  - {{id: build, name: Build, minutes: 30, goals: [A first path stands], prompts: [Where does it live?]}}
hints:
  - {{phase: ask, nudge: Who waits?, point: The peak., tell: Ask for the peak and the mean.}}
  - {{phase: build, nudge: Two desks at once., point: One step., tell: Count and give in one step.}}
interviewer:
  - {{at: 20m, kind: change, say: There are ten desks now., looks_for: The count moves out of the desk.}}
solution:
  - phase: build
    title: One counter
    body: |
      A counter behind all desks.
    diagram: |
      graph LR
        desk --> counter
rubric:
  - {{id: load, phase: ask, line: The load is stated., points: 20, full: Peak and mean., half: One of them., none: Neither.}}
  - {{id: step, phase: build, line: Two desks never give one number., points: 30, full: Names the step., half: Sees the race., none: Reads then writes.}}
"
    )
}
