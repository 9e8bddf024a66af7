//! The app: draw, wait, act. Screens ask; only this acts.

use super::event::{Mailbox, Message};
use super::keymap::{self, GLOBAL, Global};
use super::overlay::Overlay;
use super::panes::code::Highlighter;
use super::rooms::Rooms;
use super::screen::{Ask, Ctx, Reply, Screen, ScreenId, Tone};
use super::screens::{self, Place};
use super::theme::Theme;
use super::{chrome, overlay, practice};
use ratatui::crossterm::event::{Event, KeyEvent, MouseEvent};
use ratatui::prelude::{Frame, Rect};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// Below this nothing useful fits.
pub const COLS_MIN: u16 = 60;
pub const ROWS_MIN: u16 = 18;

/// What only the loop can do, because it owns the terminal.
#[derive(Debug, PartialEq)]
pub enum Deed {
    Suspend,
    Repaint,
    Copy(String),
    Edit { to: ScreenId, text: String },
}

struct Open {
    id: ScreenId,
    screen: Box<dyn Screen>,
    mailbox: Mailbox,
}

pub struct App {
    stack: Vec<Open>,
    overlay: Option<Overlay>,
    toasts: Vec<(Instant, Tone, String)>,
    pub rooms: Rooms,
    pub theme: Theme,
    code: Highlighter,
    sender: Sender<Message>,
    next_id: ScreenId,
    /// Where the top screen was drawn last: the mouse is told against it.
    body: Rect,
    practice: practice::Counter,
    pub quit: bool,
    /// To be opened once the catalog has been read.
    pub then: Option<Place>,
    /// Left for the loop to do.
    pub deeds: Vec<Deed>,
    now: Instant,
}

impl App {
    pub fn new(rooms: Rooms, theme: Theme, sender: Sender<Message>, now: Instant) -> App {
        let (stack, toasts, deeds) = (Vec::new(), Vec::new(), Vec::new());
        App {
            stack,
            overlay: None,
            toasts,
            rooms,
            theme,
            code: Highlighter::new(sender.clone()),
            sender,
            next_id: 1,
            body: Rect::default(),
            practice: practice::Counter::default(),
            quit: false,
            then: None,
            deeds,
            now,
        }
    }

    pub fn open(&mut self, place: Place) {
        let id = self.next_id;
        self.next_id += 1;
        let mailbox = Mailbox::new(id, self.sender.clone());
        let ctx = Ctx { theme: &self.theme, rooms: &self.rooms, code: &self.code, now: self.now, mailbox: &mailbox };
        match screens::build(place, &ctx) {
            Ok(screen) => {
                self.stack.push(Open { id, screen, mailbox });
                self.show();
            }
            Err(why) => self.toast(Tone::Bad, why),
        }
    }

    /// Acts on one message.
    pub fn handle(&mut self, message: Message, now: Instant) {
        self.now = now;
        match message {
            Message::Input(events) => events.into_iter().for_each(|event| self.input(event)),
            Message::Gone => {
                self.save();
                self.quit = true;
            }
            Message::Save(done) => {
                self.save();
                let _ = done.send(());
            }
            Message::Stop => self.deeds.push(Deed::Suspend),
            Message::Wake => {}
            Message::Loaded(loaded) => self.loaded(*loaded),
            Message::Panicked(why) => self.toast(Tone::Bad, format!("something broke in the background: {why}")),
            Message::To(id, what) => self.deliver(id, what),
        }
    }

    /// Time has passed while the loop was away: what is delivered next is of now.
    pub fn wake(&mut self, now: Instant) {
        self.now = now;
    }

    /// To the screen with this id, wherever it lies in the stack.
    pub fn deliver(&mut self, id: ScreenId, what: Box<dyn std::any::Any + Send>) {
        let Some(at) = self.stack.iter().position(|open| open.id == id) else { return };
        let asks = self.with(at, |screen, ctx| screen.on_message(what, ctx));
        self.perform_of(at, asks);
    }

    /// Lets time pass: screens that asked for a tick get it, old toasts go.
    pub fn tick(&mut self, now: Instant) {
        self.now = now;
        self.toasts.retain(|(until, ..)| *until > now);
        if let Some(top) = self.stack.len().checked_sub(1) {
            let asks = self.with(top, |screen, ctx| screen.on_tick(ctx));
            self.perform(asks);
        }
    }

    /// How long the app may sleep.
    pub fn next_tick(&self) -> Option<Duration> {
        let screen = self.stack.last().and_then(|open| open.screen.next_tick(&self.ctx(open)));
        let toast = self.toasts.iter().map(|(until, ..)| until.saturating_duration_since(self.now)).min();
        screen.into_iter().chain(toast).min()
    }

    pub fn draw(&self, frame: &mut Frame<'_>) {
        self.compose(frame);
        chrome::to_ground(frame.buffer_mut(), &self.theme);
        if self.theme.ascii() {
            chrome::to_ascii(frame.buffer_mut());
        }
    }

    fn compose(&self, frame: &mut Frame<'_>) {
        let area = frame.area();
        if area.width < COLS_MIN || area.height < ROWS_MIN {
            chrome::too_small(area, frame.buffer_mut(), &self.theme);
            return;
        }
        let Some(open) = self.stack.last() else {
            chrome::header(&super::screen::Header::title("greenroom"), "?", area, frame.buffer_mut(), &self.theme);
            return;
        };
        let ctx = self.ctx(open);
        let keys = open.screen.keys();
        let [head, body, foot] = chrome::split(area);
        let help = if open.screen.types() { "F1" } else { "?" };
        chrome::header(&open.screen.header(&ctx), help, head, frame.buffer_mut(), &self.theme);
        open.screen.draw(body, frame.buffer_mut(), &ctx);
        match self.toasts.last() {
            Some((_, tone, text)) => chrome::toast(*tone, text, foot, frame.buffer_mut(), &self.theme),
            None => chrome::footer(&keys, foot, frame.buffer_mut(), &self.theme),
        }
        if let Some(overlay) = &self.overlay {
            overlay::draw(overlay, area, frame.buffer_mut(), &self.theme);
        } else if let Some(position) = open.screen.cursor(body) {
            frame.set_cursor_position(position);
        }
    }

    /// To be called after each frame, with the size it was painted at.
    pub fn drawn(&mut self, area: Rect) {
        self.body = chrome::split(area)[1];
    }

    pub fn toast(&mut self, tone: Tone, text: impl Into<String>) {
        const SHOWN_FOR: Duration = Duration::from_secs(5);
        self.toasts.push((self.now + SHOWN_FOR, tone, text.into()));
    }

    /// Every open screen writes down what it has not yet.
    pub fn save(&mut self) {
        for at in 0..self.stack.len() {
            self.with(at, |screen, ctx| screen.on_save(ctx));
        }
        let over = self.practice.end();
        self.spend(over);
        self.rooms.flush();
    }

    fn ctx<'a>(&'a self, open: &'a Open) -> Ctx<'a> {
        Ctx { theme: &self.theme, rooms: &self.rooms, code: &self.code, now: self.now, mailbox: &open.mailbox }
    }

    fn with<T>(&mut self, at: usize, act: impl FnOnce(&mut dyn Screen, &Ctx<'_>) -> T) -> T {
        let open = &mut self.stack[at];
        let ctx = Ctx { theme: &self.theme, rooms: &self.rooms, code: &self.code, now: self.now, mailbox: &open.mailbox };
        act(open.screen.as_mut(), &ctx)
    }

    fn loaded(&mut self, loaded: super::rooms::Loaded) {
        for line in self.rooms.take(loaded) {
            self.toast(Tone::Warn, line);
        }
        if let Some(place) = self.then.take() {
            self.open(place);
        }
        for at in 0..self.stack.len() {
            let asks = self.with(at, |screen, ctx| screen.on_show(ctx));
            self.perform_of(at, asks);
        }
    }

    fn show(&mut self) {
        if let Some(top) = self.stack.len().checked_sub(1) {
            let asks = self.with(top, |screen, ctx| screen.on_show(ctx));
            self.perform(asks);
        }
    }

    fn input(&mut self, event: Event) {
        match event {
            Event::Key(key) => self.key(key),
            Event::Paste(text) => {
                if self.overlay.is_none() {
                    self.top(|screen, ctx| screen.on_paste(&text, ctx));
                }
            }
            Event::Mouse(mouse) => self.mouse(mouse),
            Event::Resize(..) | Event::FocusGained | Event::FocusLost => return,
        }
        let what = self.stack.last().and_then(|open| open.screen.practises());
        let over = self.practice.input(what, self.now, chrono::Utc::now());
        self.spend(over);
    }

    /// Minutes that cannot be stored are no reason to stop: the store has told its trouble itself.
    fn spend(&self, over: Option<practice::Over>) {
        if let (Some(over), Some(store)) = (over, self.rooms.store()) {
            let _ = store.spend(over.what.0, &over.what.1, over.began_at, over.spent);
        }
    }

    fn key(&mut self, key: KeyEvent) {
        self.toasts.clear();
        let global = keymap::find(GLOBAL, key);
        match global {
            Some(Global::Suspend) => return self.deeds.push(Deed::Suspend),
            Some(Global::Repaint) => return self.deeds.push(Deed::Repaint),
            Some(Global::Leave) => return self.leave(),
            Some(Global::Help | Global::Back) | None => {}
        }
        if let Some(overlay) = self.overlay.take() {
            let (kept, asks) = overlay.on_key(key);
            self.overlay = kept;
            return self.perform(asks);
        }
        if self.top(|screen, ctx| screen.on_key(key, ctx)) {
            return;
        }
        match global {
            Some(Global::Help) => self.perform(vec![Ask::Help]),
            Some(Global::Back) => self.perform(vec![Ask::Back]),
            _ => {}
        }
    }

    fn mouse(&mut self, mouse: MouseEvent) {
        if self.overlay.is_none() {
            let body = self.body;
            self.top(|screen, ctx| screen.on_mouse(mouse, body, ctx));
        }
    }

    /// Offers an event to the top screen; true if it was its.
    fn top(&mut self, act: impl FnOnce(&mut dyn Screen, &Ctx<'_>) -> Reply) -> bool {
        let Some(top) = self.stack.len().checked_sub(1) else { return false };
        match self.with(top, act) {
            Reply::Passed => false,
            Reply::Used(asks) => {
                self.perform(asks);
                true
            }
        }
    }

    /// Ctrl-C saves and asks once; pressed again, it leaves.
    fn leave(&mut self) {
        self.save();
        match self.overlay {
            Some(Overlay::Confirm { .. }) => self.quit = true,
            _ => self.overlay = Some(Overlay::confirm("Leave greenroom? What you typed is saved.", Ask::Quit)),
        }
    }

    /// What a screen asks for that may lie under another one: it must put no question over that one, or the user's keys answer it.
    fn perform_of(&mut self, at: usize, mut asks: Vec<Ask>) {
        if at + 1 < self.stack.len() {
            asks.retain(|ask| !matches!(ask, Ask::Confirm { .. }));
        }
        self.perform(asks);
    }

    fn perform(&mut self, asks: Vec<Ask>) {
        for ask in asks {
            self.act(ask);
        }
    }

    fn act(&mut self, ask: Ask) {
        match ask {
            Ask::Open(place) => self.open(place),
            Ask::Replace(place) => {
                self.pop();
                self.open(place);
            }
            Ask::Back => self.back(),
            Ask::Home => {
                while self.stack.len() > 1 {
                    self.pop();
                }
                self.show();
            }
            Ask::Quit => {
                self.save();
                self.quit = true;
            }
            Ask::Toast(tone, text) => self.toast(tone, text),
            Ask::Confirm { question, yes } => self.overlay = Some(Overlay::confirm(&question, *yes)),
            Ask::Copy(text) => {
                self.toast(Tone::Good, "copied");
                self.deeds.push(Deed::Copy(text));
            }
            Ask::Edit(text) => {
                if let Some(open) = self.stack.last() {
                    self.deeds.push(Deed::Edit { to: open.id, text });
                }
            }
            Ask::Reread => self.reread(),
            Ask::Look(theme) => self.theme = theme,
            Ask::Configure(config) => {
                if let Err(why) = config.save(&self.rooms.home.config()) {
                    self.toast(Tone::Warn, format!("the settings hold for now, but cannot be written: {why}"));
                }
                self.rooms.config = *config;
            }
            Ask::Tell(what) => {
                if let Some(id) = self.stack.last().map(|open| open.id) {
                    self.deliver(id, what);
                }
            }
            Ask::Help => self.help(),
        }
    }

    /// On a thread: what it brings comes as at the start.
    fn reread(&self) {
        let (Some(store), home, sender) = (self.rooms.store().cloned(), self.rooms.home.clone(), self.sender.clone()) else { return };
        let read = move || {
            let catalog = std::sync::Arc::new(crate::catalog::Catalog::load(Some(home.data())));
            let _ = sender.send(Message::Loaded(Box::new(super::rooms::Loaded { catalog, store })));
        };
        // Without a thread the next start reads it.
        let _ = std::thread::Builder::new().name("reread".into()).spawn(read);
    }

    fn help(&mut self) {
        if let Some(open) = self.stack.last() {
            let title = open.screen.header(&self.ctx(open)).left.to_string();
            self.overlay = Some(Overlay::help(&title, open.screen.keys()));
        }
    }

    /// The first screen stays: leaving the app is never a slip of Esc.
    fn back(&mut self) {
        if self.stack.len() > 1 {
            self.pop();
            self.show();
        }
    }

    fn pop(&mut self) {
        if let Some(top) = self.stack.len().checked_sub(1) {
            self.with(top, |screen, ctx| screen.on_save(ctx));
            self.stack.pop();
        }
    }
}
