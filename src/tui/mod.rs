//! The terminal interface: the only room that knows ratatui.

pub mod app;
mod chrome;
mod crash;
mod editor;
pub mod event;
pub mod keymap;
mod overlay;
pub mod panes;
pub mod practice;
pub mod rooms;
pub mod screen;
pub mod screens;
mod signals;
pub mod terminal;
#[cfg(test)]
pub mod testing;
pub mod theme;
pub mod widgets;

use crate::config::Config;
use crate::home::{Home, NoHome};
use crate::session::Mode;
use crate::watch::Watch;
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
    /// Any screen, over the list.
    At(Place),
    /// `greenroom mock ID[/VARIANT]`; without a mode, the configuration's.
    Mock { problem: String, variant: Option<String>, mode: Option<Mode> },
    /// `greenroom lab ID`: knobs as `name`, `value`.
    Lab { problem: String, run: Option<PathBuf>, seed: Option<u64>, set: Vec<(String, String)> },
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "no terminal: the interface needs one on standard input and output\nwithout one, try `greenroom list`, `greenroom show ID`, `greenroom sim ID`, `greenroom experiment ID`"
    )]
    NoTerminal,
    #[error(transparent)]
    NoHome(#[from] NoHome),
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
    let home = Home::from_env()?;
    let (config, told) = Config::load(&home.config());
    let look = Theme::new(options.theme.unwrap_or(Choice::of(config.theme)), options.ascii || config.ascii, &around);
    let newcomer = matches!(options.start, Start::List) && !home.database().exists() && !home.config().exists();
    let rooms = Rooms::new(home, config, around);
    if look.mode == theme::Mode::Plain {
        // crossterm drops reverse video together with the colours; ours has no colours to drop.
        ratatui::crossterm::style::force_color_output(true);
    }
    let (sender, inbox) = channel();
    crash::install(rooms.home.data().to_path_buf(), sender.clone());
    signals::listen(sender.clone(), rooms.flusher())?;
    terminal::enter()?;
    let mut app = App::new(rooms, look, sender.clone(), Instant::now());
    told.into_iter().for_each(|line| app.toast(screen::Tone::Warn, line));
    app.open(if newcomer { Place::Welcome } else { Place::List });
    app.then = options.start.place();
    let ended = painted(&mut app, options.theme, &sender, &inbox);
    app.save();
    terminal::leave();
    ended
}

impl Start {
    /// What is opened over the list, once the catalog is there.
    fn place(self) -> Option<Place> {
        match self {
            Start::List => None,
            Start::At(place) => Some(place),
            Start::Mock { problem, variant, mode } => Some(Place::Interview { problem, variant, mode }),
            Start::Lab { problem, run, seed, set } => Some(Place::Lab { problem, run, seed, set }),
        }
    }
}

fn painted(app: &mut App, asked: Option<Choice>, sender: &Sender<Message>, inbox: &Receiver<Message>) -> Result<(), Error> {
    let mut painter = terminal::Painter::new()?;
    // The first frame stands before anything is read from disk.
    paint(app, &mut painter)?;
    let (load, home) = (sender.clone(), app.rooms.home.clone());
    std::thread::Builder::new().name("catalog".into()).spawn(move || load.send(Message::Loaded(Box::new(rooms::load(&home)))))?;
    if asked.unwrap_or(Choice::of(app.rooms.config.theme)) == Choice::Auto && app.rooms.around.unsure() {
        // Before the reader starts: it would take the answer for keys.
        app.rooms.around.ask_terminal();
        app.theme = Theme::new(Choice::Auto, app.theme.ascii(), &app.rooms.around);
    }
    let reader = Reader::start(sender.clone())?;
    let (mut due, mut watch) = (None, Watch::default());
    while !app.quit {
        if turn(app, &mut painter, &reader, inbox, &mut due, &mut watch).is_err() {
            // Any error in writing means that the terminal is gone: nobody is left to tell.
            return Ok(());
        }
    }
    Ok(())
}

/// One turn of the loop: wait, act on everything that waits, do what only the loop can, paint once.
fn turn(app: &mut App, painter: &mut Painter, reader: &Reader, inbox: &Receiver<Message>, due: &mut Option<Instant>, watch: &mut Watch) -> std::io::Result<()> {
    let read = wait(app, inbox, *due, watch);
    let now = watch.now();
    if due.is_some_and(|due| due <= now) {
        *due = None;
        app.tick(now);
    }
    for deed in std::mem::take(&mut app.deeds) {
        perform(app, painter, deed, watch)?;
    }
    if !app.quit {
        paint(app, painter)?;
    }
    if read {
        reader.go_on();
    }
    // Messages must not put a tick off again and again: the earlier of the old and the new one holds.
    let now = watch.now();
    *due = app.next_tick().map(|wait| due.map_or(now + wait, |old| old.min(now + wait)));
    Ok(())
}

/// Sleeps until something happens or the tick is due, and handles everything that has come; true if the terminal was read.
fn wait(app: &mut App, inbox: &Receiver<Message>, due: Option<Instant>, watch: &mut Watch) -> bool {
    const FOREVER: Duration = Duration::from_secs(3600);
    let (begun, limit) = (Instant::now(), due.map_or(FOREVER, |due| due.saturating_duration_since(watch.now())));
    let mut read = false;
    let mut next = inbox.recv_timeout(limit).ok();
    watch.woke(begun.elapsed(), limit);
    app.rooms.away = watch.away();
    while let Some(message) = next {
        read |= matches!(message, Message::Input(_));
        app.handle(message, watch.now());
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
fn perform(app: &mut App, painter: &mut Painter, deed: Deed, watch: &mut Watch) -> std::io::Result<()> {
    match deed {
        Deed::Suspend => {
            app.save();
            let begun = Instant::now();
            terminal::stop_and_wait();
            watch.slept(begun.elapsed());
            app.rooms.away = watch.away();
            painter.forget()
        }
        Deed::Repaint => painter.forget(),
        Deed::Copy(text) => painter.copy(&text),
        Deed::Edit { to, text } => {
            app.save();
            let (back, slept) = editor::edit(&app.rooms.editor(), &text);
            watch.slept(slept);
            app.rooms.away = watch.away();
            painter.forget()?;
            app.wake(watch.now());
            app.deliver(to, Box::new(Edited(back)));
            Ok(())
        }
    }
}
