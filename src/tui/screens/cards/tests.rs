//! Rounds of cards of all six kinds, by keys alone, on a fixed day.

use super::review::Review;
use super::stats::CardStats;
use super::{Decks, Found};
use crate::catalog::Deck;
use crate::drill::cards::{Desk, Event, Grade, Moment, Plan, Rules, Scheduler, Stage as Learnt, What};
use crate::tui::screen::{Ask, Screen, Tone};
use crate::tui::screens::Place;
use crate::tui::screens::harness::Stage;
use ratatui::crossterm::event::KeyCode;
use std::sync::Arc;
use std::time::Duration;

fn noon() -> Moment {
    let at = "2026-11-22T12:00:00Z".parse().unwrap();
    Moment { at, day: "2026-11-22".parse().unwrap() }
}

fn deck(cards: &serde_json::Value) -> Arc<Deck> {
    let deck = serde_json::json!({"format": 1, "kind": "deck", "id": "words", "title": "Words of the trade", "cards": cards});
    Arc::new(serde_json::from_value(deck).unwrap())
}

fn six() -> serde_json::Value {
    serde_json::json!([
        {"id": "basic", "kind": "basic", "topic": "caches", "ask": "What does a cache *aside* do on a miss?", "answer": "The caller reads the store and **writes** what it found into the cache.", "why": "The cache itself knows no store.", "see": "toy"},
        {"id": "pick", "kind": "choice", "topic": "codes", "ask": "Which status says that a limit was reached?", "choices": ["429", "503", "418"], "answer": "1", "see": ["toy/edge", "page:codes"]},
        {"id": "some", "kind": "several", "topic": "verbs", "ask": "Which are idempotent?", "choices": ["PUT", "POST", "DELETE"], "answer": ["1", "3"]},
        {"id": "gaps", "kind": "cloze", "topic": "cap", "ask": "During a {{event}}, one gives up {{first}} or consistency.", "answer": ["partition", "availability|avail"]},
        {"id": "order", "kind": "order", "topic": "ladder", "ask": "From fast to slow", "choices": ["memory", "SSD", "disk"]},
        {"id": "size", "kind": "number", "topic": "numbers", "ask": "Seconds of a day?", "answer": "86400", "unit": "s"},
    ])
}

struct Bench {
    stage: Stage,
    screen: Review,
}

impl Bench {
    fn of(cards: &serde_json::Value, log: Vec<Event>, cram: bool) -> Bench {
        let stage = Stage::new();
        let mut screen = Review::open(None, cram, &stage.ctx()).unwrap();
        screen.clock = noon;
        let rules = Rules { new_a_day: 99, ..Rules::default() };
        screen.take(Desk::new(&[deck(cards)], log, rules), &stage.ctx());
        Bench { stage, screen }
    }

    fn only(id: &str) -> Bench {
        let one: Vec<_> = six().as_array().unwrap().iter().filter(|card| card["id"] == id).cloned().collect();
        Bench::of(&one.into(), Vec::new(), false)
    }

    fn key(&mut self, code: KeyCode) -> Vec<Ask> {
        self.stage.press(&mut self.screen, code)
    }

    fn keys(&mut self, text: &str) {
        self.stage.write(&mut self.screen, text);
    }

    fn show(&self) -> String {
        self.stage.show(&self.screen, 80, 24)
    }

    fn log(&self) -> Vec<Event> {
        self.stage.store().card_log().unwrap()
    }
}

#[test]
fn a_first_card_is_shown_graded_and_comes_back_in_its_steps() {
    let mut bench = Bench::of(&six(), Vec::new(), false);
    insta::assert_snapshot!("asked_80x24", bench.show());
    bench.stage.now += Duration::from_secs(7);
    bench.keys(" ");
    insta::assert_snapshot!("answered_80x24", bench.show());
    insta::assert_snapshot!("answered_200x60", bench.stage.show(&bench.screen, 200, 60));
    bench.keys("3");
    let log = bench.log();
    assert!(matches!(&log[..], [event] if event.card == "basic" && event.what == What::Review { grade: Grade::Good, took_ms: 7000 }), "{log:?}");
    assert_eq!(Scheduler::default().states(&log)["basic"].stage, Learnt::Learning(1));
    assert!(bench.show().contains("limit was reached"), "the next one is asked");
}

#[test]
fn a_wrong_choice_suggests_again_and_all_kinds_can_be_right() {
    let mut bench = Bench::only("pick");
    let place = |bench: &Bench, choice: &str| {
        bench.show().lines().find_map(|l| l.split_once(choice).map(|(head, _)| head.chars().rfind(char::is_ascii_digit).unwrap())).unwrap()
    };
    let wrong = place(&bench, "503");
    bench.keys(&format!("{wrong}\n"));
    assert!(bench.show().contains("✗ Not right") && bench.show().contains("›1 again"), "{}", bench.show());
    bench.keys("\n");
    assert_eq!(bench.log()[0].what.grade(), Some(Grade::Again));

    for (id, keys) in
        [("pick", None), ("gaps", Some("partition\navailabilty\n")), ("size", Some("1d\n")), ("size", Some("86400\n")), ("size", Some("86_000 s\n"))]
    {
        let mut bench = Bench::only(id);
        let keys = keys.map_or_else(|| format!("{}\n", place(&bench, "429")), str::to_string);
        bench.keys(&keys);
        assert!(bench.show().contains("✓ Right"), "{id}\n{}", bench.show());
    }
    let mut bench = Bench::only("some");
    let (put, delete) = (place(&bench, "PUT"), place(&bench, "DELETE"));
    bench.keys(&format!("{put}{delete}\n"));
    assert!(bench.show().contains("✓ Right"), "{}", bench.show());
}

#[test]
fn an_order_is_made_with_keys_alone() {
    let mut bench = Bench::only("order");
    // Each is carried up as often as it needs, the fastest last.
    for wanted in ["disk", "SSD", "memory"] {
        let rows: Vec<String> = bench.show().lines().filter(|l| ["memory", "SSD", "disk"].iter().any(|c| l.contains(c))).map(String::from).collect();
        let at = rows.iter().position(|row| row.contains(wanted)).unwrap();
        bench.keys("kkk");
        bench.keys(&"j".repeat(at));
        bench.keys(&"K".repeat(at));
    }
    bench.keys("\n");
    assert!(bench.show().contains("✓ Right"), "{}", bench.show());
}

#[test]
fn what_is_no_number_is_refused_and_stays_to_be_mended() {
    let mut bench = Bench::only("size");
    for (text, says) in [("ninety", "is no number"), ("", "type a number"), ("3 KB", "wanted")] {
        bench.keys(text);
        let asks = bench.key(KeyCode::Enter);
        assert!(matches!(&asks[..], [Ask::Toast(Tone::Warn, why)] if why.contains(says) || why.contains("unit")), "{text}");
        assert!(bench.show().contains(text) && bench.log().is_empty());
        for _ in text.chars() {
            bench.key(KeyCode::Backspace);
        }
    }
    bench.keys("10\n");
    assert!(
        bench.show().contains("4 powers of ten too low") || bench.show().contains("8 640 times too low") || bench.show().contains("too low"),
        "{}",
        bench.show()
    );
}

#[test]
fn undo_goes_back_step_by_step_and_shows_the_card_again() {
    let mut bench = Bench::of(&six(), Vec::new(), false);
    let first = bench.show();
    bench.keys(" 3");
    bench.key(KeyCode::F(4));
    bench.key(KeyCode::F(5));
    assert_eq!(bench.log().len(), 3);
    for _ in 0..3 {
        bench.key(KeyCode::F(3));
    }
    assert_eq!(bench.show(), first);
    assert_eq!(bench.log().len(), 6, "the log only grows");
    assert!(Scheduler::default().states(&bench.log()).is_empty());
    assert!(matches!(&bench.key(KeyCode::F(3))[..], [Ask::Toast(Tone::Plain, why)] if why.contains("nothing")));
}

#[test]
fn a_cram_leaves_the_schedule_alone() {
    let mut bench = Bench::of(&six(), Vec::new(), true);
    bench.key(KeyCode::F(2));
    bench.keys("1");
    for _ in 0..6 {
        bench.key(KeyCode::F(2));
        bench.keys(if bench.show().contains("How did it go") { "3" } else { " 3" });
    }
    assert!(bench.show().contains("7 answers in this round") || bench.show().contains("7 answers"), "{}", bench.show());
    let log = bench.log();
    assert!(log.len() == 7 && log.iter().all(|event| matches!(event.what, What::Cram { .. })), "{log:?}");
    assert!(Scheduler::default().states(&log).values().all(|state| *state == Default::default()));
}

#[test]
fn links_lead_to_what_shows_the_card() {
    let mut bench = Bench::only("basic");
    assert!(matches!(&bench.key(KeyCode::Char('o'))[..], [Ask::Open(Place::Card { problem })] if problem == "toy"));
    let mut bench = Bench::only("pick");
    bench.key(KeyCode::Char('o'));
    assert!(bench.show().contains("What shows it"));
    assert!(matches!(&bench.key(KeyCode::Char('1'))[..], [Ask::Open(Place::Experiment { problem, .. })] if problem == "toy"));
}

#[test]
fn the_decks_count_what_is_to_do() {
    let stage = Stage::new();
    let mut screen = Decks { clock: noon, ..Decks::new() };
    screen.take(Desk::new(&[deck(&six())], Vec::new(), Rules::default()));
    insta::assert_snapshot!("decks_80x24", stage.show(&screen, 80, 24));
    stage.press(&mut screen, KeyCode::Down);
    insta::assert_snapshot!("decks_120x40", stage.show(&screen, 120, 40));
    let asks = stage.press(&mut screen, KeyCode::Enter);
    assert!(matches!(&asks[..], [Ask::Open(Place::Review { deck: Some(deck), cram: false })] if deck == "words"));
    screen.take(Desk { decks: Vec::new(), ..Desk::default() });
    assert!(stage.show(&screen, 80, 24).contains("No decks"));
}

/// Three months of reviews, the same every time.
fn lived() -> Vec<Event> {
    let scheduler = Scheduler::default();
    let mut log: Vec<Event> = Vec::new();
    let cards: Vec<String> = six().as_array().unwrap().iter().map(|card| card["id"].as_str().unwrap().to_string()).collect();
    for back in (0..90).rev() {
        let day = noon().day - chrono::Days::new(back);
        let at = day.and_hms_opt(9, 0, 0).unwrap().and_utc();
        let states = scheduler.states(&log);
        let desk = Desk::new(&[deck(&six())], log.clone(), Rules::default());
        let plan: Plan = desk.plan(None, Moment { at, day });
        for (n, (card, _)) in plan.ready.iter().filter(|(card, _)| cards.contains(card)).enumerate() {
            let lapse = (back as usize + n).is_multiple_of(9);
            let grade = if lapse && states.contains_key(card) { Grade::Again } else { Grade::Easy };
            let id = format!("{back:03}-{n}");
            log.push(Event { id, card: card.clone(), at, day, what: What::Review { grade, took_ms: 6000 + 1000 * n as u64 } });
        }
    }
    log
}

#[test]
fn statistics_fit_both_sizes() {
    let stage = Stage::new();
    let mut screen = CardStats::open(&stage.ctx()).unwrap();
    screen.clock = noon;
    screen.on_message(Box::new(Found(Ok(Desk::new(&[deck(&six())], lived(), Rules::default())))), &stage.ctx());
    insta::assert_snapshot!("stats_120x40", stage.show(&screen, 120, 40));
    insta::assert_snapshot!("stats_80x24", stage.show(&screen, 80, 24));
}

#[test]
fn the_browser_finds_suspends_and_begins_anew() {
    let stage = Stage::new();
    let mut screen = super::browse::Browse::open(&stage.ctx()).unwrap();
    screen.clock = noon;
    let log = vec![Event { id: "0".into(), card: "size".into(), at: noon().at, day: noon().day, what: What::Review { grade: Grade::Easy, took_ms: 1 } }];
    screen.take(Desk::new(&[deck(&six())], log, Rules::default()));
    insta::assert_snapshot!("browser_80x24", stage.show(&screen, 80, 24));
    insta::assert_snapshot!("browser_120x40", stage.show(&screen, 120, 40));
    stage.write(&mut screen, "/seconds day\n");
    assert!(stage.show(&screen, 80, 24).contains("1 of 6 cards"));
    stage.press(&mut screen, KeyCode::Char('s'));
    assert!(stage.show(&screen, 80, 24).contains("suspended"));
    stage.press(&mut screen, KeyCode::Char('s'));
    let asks = stage.press(&mut screen, KeyCode::Char('r'));
    let Ok([Ask::Confirm { yes, .. }]) = <[Ask; 1]>::try_from(asks) else { panic!("it asks first") };
    let Ask::Tell(anew) = *yes else { panic!("it tells the screen") };
    screen.on_message(anew, &stage.ctx());
    assert!(stage.show(&screen, 80, 24).contains("never seen"));
    let kinds: Vec<_> = stage.store().card_log().unwrap().iter().map(|event| event.what.kind()).collect();
    assert_eq!(kinds, ["suspend", "unsuspend", "reset"]);
}
