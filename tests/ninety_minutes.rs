//! A whole interview of ninety minutes at L7, second by second: the interviewer's moments, the sizing form run against the design, the score.

#![allow(clippy::unwrap_used)]

use greenroom::catalog::Catalog;
use greenroom::plain::{Room, Wanted};
use greenroom::session::Mode;
use greenroom::store::Store;
use std::time::{Duration, Instant};

struct Sitting {
    room: Room,
    now: Instant,
    seconds: u64,
    heard: String,
}

impl Sitting {
    fn say(&mut self, line: &str) -> String {
        let words = self.room.hear(line, self.now, Duration::ZERO).join("\n");
        self.heard += &format!("> {line}\n{words}\n");
        words
    }

    /// Silence until that minute of the interview's own clock.
    fn until(&mut self, minute: u64) {
        while self.seconds < minute * 60 {
            self.seconds += 1;
            self.now += Duration::from_secs(1);
            let words = self.room.wait(self.now, Duration::ZERO).join("\n");
            if !words.is_empty() {
                self.heard += &format!("{words}\n");
            }
        }
    }
}

/// What is said, and at which minute.
const SAID: &[(u64, &str)] = &[
    (0, "ask who are the tenants"),
    (1, "ask how many calls, how long, how large"),
    (3, "ask how are calls spread over functions"),
    (5, "ask what may break when uploads are down"),
    (7, "estimate 10M / day * 10"),
    (9, "note below its limit, alone in a sandbox of the version that serves, on one bill"),
    (12, "note 1,160/s x 0.2 s = 230 at once; $18.67 a day: people cost more than machines"),
    (15, "next"),
    (17, "note caller -> router -> worker -> meter"),
    (20, "note no call asks the control plane; the router has aliases and limits on its own disk"),
    (26, "note starting, busy, idle, stopped; done names the call"),
    (33, "mark"),
    (36, "note pack small tenants, spread one function"),
    (40, "next"),
    (42, "note e^-(keep/gap); snapshots for all; forecast for nine o'clock"),
    (47, "note ceil(rate x duration x 1.2 + half the queue), down below 70 % and slowly"),
    (50, "note calls under way, counted before placement; workers tell a reborn router what they run"),
    (54, "size keep_alive 300"),
    (55, "size limit 30"),
    (56, "size workers 8"),
    (60, "hint"),
    (65, "next"),
    (67, "note lease from the asking; the worker kills by itself, the router waits longer"),
    (73, "note on disk before the answer, an index per worker, MB x ms, rounded once"),
    (80, "next"),
    (83, "note webhooks first; $1.87 a million; stop below ten teams"),
    (89, "finish"),
];

#[test]
fn a_platform_is_discussed_for_ninety_minutes_and_scored() {
    let catalog = Catalog::load(None);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&greenroom::home::Home::at(folder.path()));
    let now = Instant::now();
    let wanted = Wanted { problem: "serverless-platform", variant: None, mode: Some(Mode::Real), usual: Mode::Real };
    let (room, opening) = Room::enter(&wanted, &catalog, store, now).unwrap();
    let mut sitting = Sitting { room, now, seconds: 0, heard: opening.join("\n") + "\n" };
    for (minute, line) in SAID {
        sitting.until(*minute);
        sitting.say(line);
    }
    // Thirteen lines blind, then again beside the solution, then dimensions and communication.
    for line in 0..13 {
        sitting.say(if line % 3 == 2 { "half named without its price" } else { "full named with its number" });
    }
    for _ in 0..60 {
        if sitting.room.is_over() {
            break;
        }
        sitting.say("rest");
    }
    let heard = &sitting.heard;
    for words in [
        "L7, 90 minutes",
        "Forty product teams",
        "Interviewer asks: Show me on your drawing",
        "Interviewer, a change: A customer wants to load-test",
        "Interviewer asks: One worker is cut off",
        "objectives met",
        "Result: ",
        "First gap: ",
    ] {
        assert!(heard.contains(words), "{words}\n{heard}");
    }
    if std::env::var("SHOW").is_ok() {
        println!("{heard}");
    }
}
