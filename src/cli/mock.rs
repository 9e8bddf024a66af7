//! `greenroom mock --plain`: the interview in words over standard input and output.

use super::{Done, MockArgs, Out, Trouble, target};
use crate::catalog::Catalog;
use crate::config::Config;
use crate::home::Home;
use crate::plain::{Room, Wanted};
use crate::session::Mode;
use crate::store::Store;
use crate::watch::Watch;
use std::io::{BufRead, IsTerminal};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// # Errors
/// The card is missing or has faults; whoever read our output has left.
pub fn plain(args: &MockArgs, mode: Option<&str>, catalog: &Catalog, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    target::problem_or_variant(catalog, &args.id)?;
    let (config, told) = Config::load(&home.config());
    told.iter().for_each(|line| eprintln!("greenroom: {line}"));
    let (problem, variant) = args.id.split_once('/').map_or((args.id.as_str(), None), |(problem, variant)| (problem, Some(variant)));
    let wanted = Wanted { problem, variant, mode: mode.and_then(Mode::parse), usual: config.mode };
    let store = Store::open(home);
    let mut talk = Talk { watch: Watch::default(), prompts: std::io::stdin().is_terminal(), out };
    talk.say(&store.notices())?;
    let (mut room, words) =
        if args.score { Room::score_last(&wanted, catalog, store, talk.watch.now()) } else { Room::enter(&wanted, catalog, store, talk.watch.now()) }?;
    talk.say(&words)?;
    let heard = talk.sit(&mut room, &lines());
    // Whatever ended it: what was said is kept.
    let words = room.leave(talk.watch.now(), talk.watch.away());
    heard?;
    talk.say(&words)?;
    Ok(Done::Code(0))
}

struct Talk<'a> {
    watch: Watch,
    /// Somebody sits at a keyboard: then a prompt says that a line is awaited.
    prompts: bool,
    out: &'a mut Out,
}

impl Talk<'_> {
    fn sit(&mut self, room: &mut Room, lines: &Receiver<String>) -> Result<(), Trouble> {
        const TICK: Duration = Duration::from_secs(1);
        self.prompt(room)?;
        while !room.is_over() {
            let begun = Instant::now();
            let heard = lines.recv_timeout(TICK);
            self.watch.woke(begun.elapsed(), TICK);
            let (now, away) = (self.watch.now(), self.watch.away());
            match heard {
                Ok(line) => {
                    let words = room.hear(&line, now, away);
                    self.say(&words)?;
                    self.prompt(room)?;
                }
                Err(RecvTimeoutError::Timeout) => {
                    let words = room.wait(now, away);
                    if !words.is_empty() {
                        if self.prompts {
                            self.out.line("")?;
                        }
                        self.say(&words)?;
                        self.prompt(room)?;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
        Ok(())
    }

    fn say(&mut self, words: &[String]) -> Result<(), Trouble> {
        words.iter().try_for_each(|line| self.out.line(line))
    }

    fn prompt(&mut self, room: &Room) -> Result<(), Trouble> {
        if self.prompts && !room.is_over() { self.out.text(&room.prompt()) } else { Ok(()) }
    }
}

/// Standard input, line by line, from a thread of its own: the clock goes on while nothing is typed.
fn lines() -> Receiver<String> {
    let (sender, lines) = channel();
    // Without the thread the channel is closed at once, as at the end of input.
    let _ = std::thread::Builder::new().name("input".into()).spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut bytes = Vec::new();
        while matches!(input.read_until(b'\n', &mut bytes), Ok(1..)) {
            if sender.send(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_string()).is_err() {
                return;
            }
            bytes.clear();
        }
    });
    lines
}
