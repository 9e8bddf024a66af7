//! What a screen is: it owns its state, draws from `&self`, and asks the app for everything else.

use super::event::Mailbox;
use super::keymap::KeyHelp;
use super::panes::code::Highlighter;
use super::rooms::Rooms;
use super::screens::Place;
use super::theme::Theme;
use crate::config::Config;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyEvent, MouseEvent};
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use std::any::Any;
use std::time::{Duration, Instant};

/// Tells messages of one opened screen from those of another.
pub type ScreenId = u64;

/// What a screen may read.
pub struct Ctx<'a> {
    pub theme: &'a Theme,
    pub rooms: &'a Rooms,
    /// Code in colours, for Markdown.
    pub code: &'a Highlighter,
    /// Handed in, so that a test can set it.
    pub now: Instant,
    /// For workers of this screen: what they post comes to `on_message`.
    pub mailbox: &'a Mailbox,
}

/// What a screen asks for. Only the app acts.
pub enum Ask {
    /// Puts a screen on top.
    Open(Place),
    /// Puts a screen in place of this one.
    Replace(Place),
    /// Back to the screen below; does nothing on the first.
    Back,
    /// Back to the list, whatever is open.
    Home,
    Quit,
    /// A line at the bottom for a few seconds.
    Toast(Tone, String),
    /// A question; `yes` is asked for if the answer is yes.
    Confirm {
        question: String,
        yes: Box<Ask>,
    },
    /// Text for the clipboard, also over ssh.
    Copy(String),
    /// The user's editor; what it returns comes to `on_message` as [`Edited`].
    Edit(String),
    /// Reads the content anew: a file of the user's was written.
    Reread,
    /// Another look, at once.
    Look(Theme),
    /// Settings to hold from now on, written to `config.toml`.
    Configure(Box<Config>),
    /// A message to the asking screen itself: what a confirmed question means.
    Tell(Box<dyn Any + Send>),
    /// The help of the keys.
    Help,
}

/// How a message is meant: each tone has a mark besides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Warn,
    Bad,
}

/// What came back from the user's editor.
pub struct Edited(pub Result<String, String>);

/// The answer to an event.
pub enum Reply {
    /// Not mine: the app's own keys may have it.
    Passed,
    /// Mine; draw again.
    Used(Vec<Ask>),
}

impl Reply {
    pub const DONE: Reply = Reply::Used(Vec::new());

    /// Mine, and this is what I ask for.
    pub fn ask(ask: Ask) -> Reply {
        Reply::Used(vec![ask])
    }
}

/// The line above every screen.
#[derive(Default)]
pub struct Header {
    pub left: Line<'static>,
    pub middle: Line<'static>,
    /// The middle in few words, for where it does not fit: it then goes before what stands on the right.
    pub brief: Line<'static>,
    pub right: Line<'static>,
}

impl Header {
    pub fn title(text: impl Into<String>) -> Header {
        Header { left: Line::raw(text.into()), ..Header::default() }
    }
}

pub trait Screen {
    /// The line above: left, middle, right.
    fn header(&self, ctx: &Ctx<'_>) -> Header;

    /// The keys that mean something now, most important first: writes the footer and the help.
    fn keys(&self) -> Vec<KeyHelp>;

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply;

    /// Pasted text: only for screens that take text.
    fn on_paste(&mut self, _text: &str, _ctx: &Ctx<'_>) -> Reply {
        Reply::Passed
    }

    /// `body` is the area the screen was last drawn in.
    fn on_mouse(&mut self, _mouse: MouseEvent, _body: Rect, _ctx: &Ctx<'_>) -> Reply {
        Reply::Passed
    }

    /// Time has passed: at least what `next_tick` asked for.
    fn on_tick(&mut self, _ctx: &Ctx<'_>) -> Vec<Ask> {
        Vec::new()
    }

    /// From a worker of this screen, or from the editor: downcast what you know, ignore the rest.
    fn on_message(&mut self, _message: Box<dyn Any + Send>, _ctx: &Ctx<'_>) -> Vec<Ask> {
        Vec::new()
    }

    /// It is on top again (or the catalog was read): what it shows may have changed.
    fn on_show(&mut self, _ctx: &Ctx<'_>) -> Vec<Ask> {
        Vec::new()
    }

    /// The app is about to leave or to be killed: write down what is not yet written.
    fn on_save(&mut self, _ctx: &Ctx<'_>) {}

    /// What is being practised here, if anything: its minutes go into the calendar. Screens that store their own time say nothing.
    fn practises(&self) -> Option<super::practice::What> {
        None
    }

    /// When the next tick is needed; `None`: never.
    fn next_tick(&self, _ctx: &Ctx<'_>) -> Option<Duration> {
        None
    }

    /// Whether letters are text now: then `?` and `q` are text as well.
    fn types(&self) -> bool {
        false
    }

    /// Reads only.
    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>);

    /// Where the terminal's cursor stands, if anywhere.
    fn cursor(&self, _area: Rect) -> Option<Position> {
        None
    }
}
