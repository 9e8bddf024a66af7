//! The terminal interface: the only room that knows ratatui.

pub mod app;
mod chrome;
mod crash;
pub mod event;
pub mod keymap;
mod overlay;
pub mod rooms;
pub mod screen;
pub mod screens;
mod signals;
pub mod terminal;
pub mod theme;
pub mod widgets;

use app::{App, Deed};
use event::{Message, Reader};
use ratatui::layout::Rect;
use rooms::Rooms;
use screen::Edited;
use screens::Place;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use terminal::Painter;
use theme::{Choice, Surroundings, Theme};

/// How the interface is started.
#[derive(Debug, Default)]
pub struct Options {
    /// `--theme`; else the configuration's.
    pub theme: Option<Choice>,
    /// `--ascii`; else the configuration's.
    pub ascii: bool,
    pub start: Start,
}

/// What is opened first. Going back leads to the list.
#[derive(Debug, Default)]
pub enum Start {
    #[default]
    List,
    /// `greenroom mock ID[/VARIANT]`; the mode as in `config.toml`, or the configuration's.
    Mock { problem: String, mode: Option<String> },
    /// `greenroom lab ID`: knobs as `name`, `value`.
    Lab { problem: String, run: Option<PathBuf>, seed: Option<u64>, set: Vec<(String, String)> },
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "no terminal: the interface needs one on standard input and output\nwithout one, try `greenroom list`, `greenroom show ID`, `greenroom sim ID`, `greenroom experiment ID`"
    )]
    NoTerminal,
    #[error("the terminal: {0}")]
    Terminal(#[from] std::io::Error),
}

/// Runs the interface until the user leaves.
///
/// # Errors
/// There is no terminal, or it refuses to be one. A terminal that disappears later is no error: everything is saved.
pub fn run(options: Options) -> Result<(), Error> {
    terminal::check()?;
    let around = Surroundings::read();
    let rooms = Rooms::open();
    let look = theme_of(&options, &rooms, &around);
    if look.mode == theme::Mode::Plain {
        // crossterm drops reverse video together with the colours; ours has no colours to drop.
        ratatui::crossterm::style::force_color_output(true);
    }
    let (sender, inbox) = channel();
    crash::install(rooms.data.clone(), sender.clone());
    signals::listen(sender.clone(), rooms.flusher())?;
    terminal::enter()?;
    let mut app = App::new(rooms, look, sender.clone(), Instant::now());
    open_first(&mut app, options.start);
    let ended = painted(&mut app, &sender, &inbox);
    app.save();
    terminal::leave();
    ended
}

fn theme_of(options: &Options, _rooms: &Rooms, around: &Surroundings) -> Theme {
    Theme::new(options.theme.unwrap_or_default(), options.ascii, around)
}

fn open_first(app: &mut App, _start: Start) {
    app.open(Place::List);
}

fn painted(app: &mut App, sender: &Sender<Message>, inbox: &Receiver<Message>) -> Result<(), Error> {
    let mut painter = terminal::Painter::new()?;
    // The first frame stands before anything is read from disk.
    paint(app, &mut painter)?;
    let load = sender.clone();
    std::thread::Builder::new().name("catalog".into()).spawn(move || load.send(Message::Loaded(Box::new(rooms::load()))))?;
    let reader = Reader::start(sender.clone())?;
    let mut due = None;
    while !app.quit {
        if turn(app, &mut painter, &reader, inbox, &mut due).is_err() {
            // Any error in writing means that the terminal is gone: nobody is left to tell.
            return Ok(());
        }
    }
    Ok(())
}

/// One turn of the loop: wait, act on everything that waits, do what only the loop can, paint once.
fn turn(app: &mut App, painter: &mut Painter, reader: &Reader, inbox: &Receiver<Message>, due: &mut Option<Instant>) -> std::io::Result<()> {
    let read = wait(app, inbox, *due);
    let now = Instant::now();
    if due.is_some_and(|due| due <= now) {
        *due = None;
        app.tick(now);
    }
    for deed in std::mem::take(&mut app.deeds) {
        perform(app, painter, deed)?;
    }
    if !app.quit {
        paint(app, painter)?;
    }
    if read {
        reader.go_on();
    }
    // Messages must not put a tick off again and again: the earlier of the old and the new one holds.
    let now = Instant::now();
    *due = app.next_tick().map(|wait| due.map_or(now + wait, |old| old.min(now + wait)));
    Ok(())
}

/// Sleeps until something happens or the tick is due, and handles everything that has come; true if the terminal was read.
fn wait(app: &mut App, inbox: &Receiver<Message>, due: Option<Instant>) -> bool {
    const FOREVER: Duration = Duration::from_secs(3600);
    let limit = due.map_or(FOREVER, |due| due.saturating_duration_since(Instant::now()));
    let mut read = false;
    let mut next = inbox.recv_timeout(limit).ok();
    while let Some(message) = next {
        read |= matches!(message, Message::Input(_));
        app.handle(message, Instant::now());
        next = inbox.try_recv().ok();
    }
    read
}

fn paint(app: &mut App, painter: &mut Painter) -> std::io::Result<()> {
    let mut area = Rect::default();
    painter.paint(|frame| {
        area = frame.area();
        app.draw(frame);
    })?;
    app.drawn(area);
    Ok(())
}

/// What needs the terminal itself.
fn perform(app: &mut App, painter: &mut Painter, deed: Deed) -> std::io::Result<()> {
    match deed {
        Deed::Suspend => {
            app.save();
            terminal::stop_and_wait();
            painter.forget()
        }
        Deed::Repaint => painter.forget(),
        Deed::Copy(text) => painter.copy(&text),
        Deed::Edit { to, text } => {
            let back = terminal::edit(&app.rooms.editor(), &text);
            painter.forget()?;
            app.deliver(to, Box::new(Edited(back)));
            Ok(())
        }
    }
}
