//! The terminal taken over and given back: one `enter` and one `leave` for every way in and out.

use super::Error;
use ratatui::Terminal;
use ratatui::crossterm::event::{DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute, queue};
use ratatui::prelude::{CrosstermBackend, Frame};
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the terminal is ours at the moment: makes `enter` and `leave` idempotent, from any thread.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// Room for the largest frame, so that it goes out in one write.
const FRAME_BYTES: usize = 64 * 1024;

/// Takes the terminal over: raw mode, alternate screen, mouse, bracketed paste, no cursor.
///
/// # Errors
/// What the terminal refused.
pub fn enter() -> io::Result<()> {
    if ENTERED.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste, cursor::Hide)
}

/// Gives the terminal back as it was. Every step is tried, whatever the others said: there is nobody left to tell.
pub fn leave() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    // Raw mode first: it needs no lock on standard output, which a frozen terminal may hold for ever.
    let _ = disable_raw_mode();
    let mut out = io::stdout();
    let _ = execute!(out, EndSynchronizedUpdate, DisableMouseCapture, DisableBracketedPaste, DisableFocusChange);
    let _ = execute!(out, LeaveAlternateScreen, cursor::Show);
}

/// Refuses to start without a terminal on both ends, and says what to do instead.
///
/// # Errors
/// [`Error::NoTerminal`].
pub fn check() -> Result<(), Error> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() { Ok(()) } else { Err(Error::NoTerminal) }
}

/// The screen that frames are painted on.
pub struct Painter {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl Painter {
    /// # Errors
    /// The size of the terminal cannot be read.
    pub fn new() -> io::Result<Painter> {
        let out = BufWriter::with_capacity(FRAME_BYTES, io::stdout());
        Ok(Painter { terminal: Terminal::new(CrosstermBackend::new(out))? })
    }

    /// Paints one frame; terminals that know synchronised output show it at once.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn paint(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(draw)?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// Forgets what stands on the screen, so that the next frame is painted whole.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn forget(&mut self) -> io::Result<()> {
        // Not `Terminal::clear`: it asks where the cursor is and may wait two seconds (ratatui/ratatui#2691).
        execute!(self.terminal.backend_mut(), Clear(ClearType::All))?;
        self.terminal.swap_buffers();
        Ok(())
    }

    /// Puts text on the clipboard of whoever sits at the terminal, also over ssh (OSC 52).
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        let out = self.terminal.backend_mut();
        execute!(out, ratatui::crossterm::clipboard::CopyToClipboard::to_clipboard_from(text))?;
        out.flush()
    }
}

/// Stops the whole process group as Ctrl-Z does everywhere, and returns when it is in the foreground again.
#[cfg(unix)]
pub fn stop_and_wait() {
    use rustix::process::{Signal, getpid, getsid, kill_current_process_group};
    // No shell to come back to: stopping would hang the terminal (helix-editor/helix#14868).
    if getsid(None).is_ok_and(|session| session == getpid()) {
        return;
    }
    leave();
    // The signal that cannot be caught: ours is, and the others of the group must stop as well.
    let _ = kill_current_process_group(Signal::STOP);
    wait_for_foreground();
    let _ = enter();
}

#[cfg(not(unix))]
pub fn stop_and_wait() {}

/// `bg` continues the process, but the terminal still belongs to the shell: it must not be touched before `fg`.
#[cfg(unix)]
fn wait_for_foreground() {
    use rustix::process::getpgrp;
    use rustix::termios::tcgetpgrp;
    const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(50);
    while tcgetpgrp(io::stdin()).is_ok_and(|group| group != getpgrp()) {
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Whether another program has the terminal, because we gave it: then stopping is its business and ours alike.
static LENT: AtomicBool = AtomicBool::new(false);

/// Gives the terminal to another program while `work` runs, and takes it back.
///
/// # Errors
/// The terminal is gone.
pub fn lend<T>(work: impl FnOnce() -> T) -> io::Result<T> {
    leave();
    LENT.store(true, Ordering::SeqCst);
    let done = work();
    LENT.store(false, Ordering::SeqCst);
    enter()?;
    Ok(done)
}

/// Somebody stopped the program that has the terminal: we stop as well, or the shell would wait for us for ever. False if nobody has it.
#[cfg(unix)]
pub fn stop_with_guest() -> bool {
    use rustix::process::{Signal, getpid, getsid, kill_process};
    let lent = LENT.load(Ordering::SeqCst);
    if lent && !getsid(None).is_ok_and(|session| session == getpid()) {
        let _ = kill_process(getpid(), Signal::STOP);
    }
    lent
}

#[cfg(not(unix))]
pub fn stop_with_guest() -> bool {
    LENT.load(Ordering::SeqCst)
}
