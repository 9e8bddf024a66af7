//! A real terminal for tests: the program in a pseudo-terminal, and an emulator that sees what a person would.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]
// Each test file that includes this uses a part of it.
#![allow(dead_code)]

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long something may take to appear: generous, since the gate runs on small busy machines.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Terminal {
    screen: Arc<Mutex<vt100::Parser>>,
    writer: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
}

impl Terminal {
    /// Starts greenroom with its data in `home`.
    pub fn open(home: &Path, cols: u16, rows: u16, args: &[&str]) -> Terminal {
        Terminal::open_with(home, cols, rows, args, &[])
    }

    pub fn open_with(home: &Path, cols: u16, rows: u16, args: &[&str], env: &[(&str, &str)]) -> Terminal {
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_greenroom"));
        command.args(args);
        command.env("GREENROOM_HOME", home);
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("COLORFGBG", "15;0");
        command.env("LANG", "C.UTF-8");
        command.env_remove("NO_COLOR");
        for (name, value) in env {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(rows, cols, 0)));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let seen = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut bytes) {
                seen.lock().unwrap().process(&bytes[..n]);
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Terminal { screen, writer, master: pair.master, child }
    }

    /// What stands on the screen, line by line.
    pub fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Bytes that paint the screen as it stands, colours included.
    pub fn formatted(&self) -> vt100::Screen {
        self.screen.lock().unwrap().screen().clone()
    }

    /// Waits until a text stands on the screen.
    #[track_caller]
    pub fn until(&self, wanted: &str) -> String {
        self.until_some(&format!("{wanted:?}"), |text| text.contains(wanted))
    }

    /// Waits until a text no longer stands on the screen.
    #[track_caller]
    pub fn until_gone(&self, unwanted: &str) -> String {
        self.until_some(&format!("no {unwanted:?}"), |text| !text.contains(unwanted))
    }

    #[track_caller]
    pub fn until_some(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let begin = Instant::now();
        loop {
            let text = self.text();
            if holds(&text) {
                return text;
            }
            assert!(begin.elapsed() < PATIENCE, "never shown: {what}. The screen:\n{text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Types text or raw keys.
    pub fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
        // A person's keys come one by one: a burst would be one paste to some programs.
        std::thread::sleep(Duration::from_millis(60));
    }

    pub fn function(&mut self, n: u8) {
        let code = match n {
            1 => "\x1bOP",
            2 => "\x1bOQ",
            3 => "\x1bOR",
            4 => "\x1bOS",
            5 => "\x1b[15~",
            6 => "\x1b[17~",
            7 => "\x1b[18~",
            8 => "\x1b[19~",
            9 => "\x1b[20~",
            10 => "\x1b[21~",
            _ => panic!("no key F{n}"),
        };
        self.keys(code);
    }

    pub fn enter(&mut self) {
        self.keys("\r");
    }

    pub fn escape(&mut self) {
        self.keys("\x1b");
        // Alone, not the beginning of a sequence.
        std::thread::sleep(Duration::from_millis(100));
    }

    pub fn resize(&mut self, cols: u16, rows: u16) {
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        self.screen.lock().unwrap().screen_mut().set_size(rows, cols);
    }

    pub fn process_id(&self) -> i32 {
        i32::try_from(self.child.process_id().unwrap()).unwrap()
    }

    pub fn signal(&self, name: &str) {
        let done = std::process::Command::new("kill").args([format!("-{name}"), self.process_id().to_string()]).status().unwrap();
        assert!(done.success());
    }

    /// Waits for the end: the exit code, or 128 + the signal.
    #[track_caller]
    pub fn ends(mut self) -> u32 {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(begin.elapsed() < PATIENCE, "it does not end. The screen:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// As `kill -9` does.
    pub fn kill(mut self) {
        self.signal("KILL");
        let _ = self.child.wait();
    }
}
