//! A stage for tests of screens: a clock that is turned by hand, a store in memory, and the screen as text.

use crate::catalog::Catalog;
use crate::config::Config;
use crate::home::Home;
use crate::store::Store;
use crate::tui::chrome;
use crate::tui::event::{Mailbox, Message};
use crate::tui::panes::code::Highlighter;
use crate::tui::rooms::{Loaded, Rooms};
use crate::tui::screen::{Ask, Ctx, Reply, Screen};
use crate::tui::theme::{Glyphs, Mode, Surroundings, Theme};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

pub struct Stage {
    pub theme: Theme,
    pub rooms: Rooms,
    pub now: Instant,
    mailbox: Mailbox,
    code: Highlighter,
    pub inbox: Receiver<Message>,
}

impl Stage {
    pub fn new() -> Stage {
        let (sender, inbox) = channel();
        let mut rooms = Rooms::new(Home::at("/nowhere"), Config::default(), Surroundings::default());
        rooms.take(Loaded { catalog: Arc::new(Catalog::default()), store: Store::in_memory() });
        let theme = Theme::with(Mode::Dark, Glyphs::Unicode, false);
        Stage { theme, rooms, now: Instant::now(), code: Highlighter::new(sender.clone()), mailbox: Mailbox::new(1, sender), inbox }
    }

    pub fn store(&self) -> &Store {
        self.rooms.store().unwrap()
    }

    pub fn ctx(&self) -> Ctx<'_> {
        Ctx { theme: &self.theme, rooms: &self.rooms, code: &self.code, now: self.now, mailbox: &self.mailbox }
    }

    pub fn wait(&mut self, screen: &mut impl Screen, seconds: u64) {
        for _ in 0..seconds {
            self.now += Duration::from_secs(1);
            screen.on_tick(&self.ctx());
        }
    }

    pub fn press(&self, screen: &mut impl Screen, code: KeyCode) -> Vec<Ask> {
        match screen.on_key(KeyEvent::new(code, KeyModifiers::NONE), &self.ctx()) {
            Reply::Passed => Vec::new(),
            Reply::Used(asks) => asks,
        }
    }

    pub fn write(&self, screen: &mut impl Screen, text: &str) {
        for c in text.chars() {
            self.press(screen, if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) });
        }
    }

    /// The whole terminal as text: header, screen, footer.
    pub fn show(&self, screen: &impl Screen, cols: u16, rows: u16) -> String {
        let area = Rect::new(0, 0, cols, rows);
        let mut buf = Buffer::empty(area);
        let [head, body, foot] = chrome::split(area);
        chrome::header(&screen.header(&self.ctx()), "?", head, &mut buf, &self.theme);
        screen.draw(body, &mut buf, &self.ctx());
        chrome::footer(&screen.keys(), foot, &mut buf, &self.theme);
        let row = |y: u16| (0..cols).filter_map(|x| buf.cell((x, y)).map(|cell| cell.symbol().to_string())).collect::<String>();
        (0..rows).map(|y| row(y).trim_end().to_string() + "\n").collect()
    }
}
