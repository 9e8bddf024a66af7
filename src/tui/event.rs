//! What wakes the app: the terminal, workers, signals; all through one channel.

use super::screen::ScreenId;
use ratatui::crossterm::event::{self, Event, KeyEventKind, MouseEventKind};
use std::any::Any;
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

pub enum Message {
    /// A burst of what came from the terminal: drained before the next frame.
    Input(Vec<Event>),
    /// The terminal cannot be read any more.
    Gone,
    /// A signal wants everything saved; answered when it is.
    Save(SyncSender<()>),
    /// Somebody sent SIGTSTP.
    Stop,
    /// Something shared has changed: draw.
    Wake,
    /// The catalog has been read.
    Loaded(Box<super::rooms::Loaded>),
    /// A worker panicked: in one line.
    Panicked(String),
    /// From a screen's own worker.
    To(ScreenId, Box<dyn Any + Send>),
}

/// Where workers of one screen post what they found. Posting to a screen that was left is quietly lost.
#[derive(Clone)]
pub struct Mailbox {
    to: ScreenId,
    sender: Sender<Message>,
}

impl Mailbox {
    pub fn new(to: ScreenId, sender: Sender<Message>) -> Mailbox {
        Mailbox { to, sender }
    }

    /// Delivers to the screen's `on_message`.
    pub fn send<T: Any + Send>(&self, what: T) {
        let _ = self.sender.send(Message::To(self.to, Box::new(what)));
    }

    /// Asks for a new frame without a message.
    pub fn wake(&self) {
        let _ = self.sender.send(Message::Wake);
    }

    /// Runs `work` on a thread of its own and posts its result. A panic in it becomes a message.
    pub fn work<T: Any + Send>(&self, name: &str, work: impl FnOnce() -> T + Send + 'static) {
        let mailbox = self.clone();
        let spawned = thread::Builder::new().name(name.into()).spawn(move || mailbox.send(work()));
        if let Err(why) = spawned {
            let _ = self.sender.send(Message::Panicked(format!("no thread for `{name}`: {why}")));
        }
    }
}

/// Reads the terminal. It reads one burst, then waits until the app says `go on`: so nobody else's input is taken while
/// an editor runs, bursts are drained before a frame, and there is nothing to do while nothing happens.
pub struct Reader {
    go_on: SyncSender<()>,
}

impl Reader {
    pub fn start(sender: Sender<Message>) -> std::io::Result<Reader> {
        let (go_on, wait) = sync_channel(1);
        thread::Builder::new().name("terminal".into()).spawn(move || read(&sender, &wait))?;
        Ok(Reader { go_on })
    }

    pub fn go_on(&self) {
        let _ = self.go_on.try_send(());
    }
}

fn read(sender: &Sender<Message>, wait: &Receiver<()>) {
    while let Ok(burst) = burst() {
        if burst.is_empty() {
            continue;
        }
        if sender.send(Message::Input(burst)).is_err() || wait.recv().is_err() {
            return;
        }
    }
    let _ = sender.send(Message::Gone);
}

fn burst() -> std::io::Result<Vec<Event>> {
    const BURST_MAX: usize = 4096;
    let mut events = Vec::new();
    let mut next = event::read()?;
    loop {
        if wanted(&next) {
            events.push(next);
        }
        if events.len() >= BURST_MAX || !event::poll(Duration::ZERO)? {
            return Ok(events);
        }
        next = event::read()?;
    }
}

/// Mere movements of the mouse and releases of keys are nobody's business here.
fn wanted(event: &Event) -> bool {
    match event {
        Event::Key(key) => key.kind != KeyEventKind::Release,
        Event::Mouse(mouse) => mouse.kind != MouseEventKind::Moved,
        Event::FocusGained | Event::FocusLost => false,
        Event::Paste(_) | Event::Resize(..) => true,
    }
}
