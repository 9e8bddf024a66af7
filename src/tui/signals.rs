//! Signals, on a thread of their own: save, give the terminal back, leave with 128 + n.
//!
//! Never a flag that the loop looks at: with a dead terminal crossterm's `poll` does not return (crossterm-rs/crossterm#793).

use super::event::Message;
use super::terminal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::thread;
use std::time::Duration;

/// How long saving may take before we leave without it.
const SAVE_LIMIT: Duration = Duration::from_millis(500);
/// How long a frozen terminal may hold us up.
const RESTORE_LIMIT: Duration = Duration::from_millis(300);

/// Starts to listen. `flush` writes down what the store still holds, should the app's thread not answer.
///
/// # Errors
/// No thread, or the handlers cannot be set.
pub fn listen(app: Sender<Message>, flush: impl Fn(Duration) + Send + 'static) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGTSTP])?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            if signal == SIGTSTP {
                if !terminal::stop_with_guest() {
                    let _ = app.send(Message::Stop);
                }
            } else {
                save(&app, &flush);
                restore();
                std::process::exit(128 + signal);
            }
        }
    })?;
    Ok(())
}

fn save(app: &Sender<Message>, flush: &dyn Fn(Duration)) {
    let (saved, wait) = sync_channel(1);
    // The app's thread may hang in a write to a frozen terminal: it gets half of the limit, the store the rest.
    if app.send(Message::Save(saved)).is_ok() && wait.recv_timeout(SAVE_LIMIT / 2).is_ok() {
        return;
    }
    flush(SAVE_LIMIT / 2);
}

/// In a helper thread, because a frozen terminal may hold the lock on standard output for ever.
fn restore() {
    let (done, wait) = channel();
    let helper = thread::Builder::new().name("restore".into()).spawn(move || {
        terminal::leave();
        let _ = done.send(());
    });
    if helper.is_ok() {
        let _ = wait.recv_timeout(RESTORE_LIMIT);
    }
}
