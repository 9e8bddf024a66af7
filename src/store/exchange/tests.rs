//! Two machines' histories become one: in any order, any number of times, and a bad file changes nothing.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::session::{Mode, Plan, Session, sample};
use crate::store::{ImportError, Practice, Store, StoreError};

fn at(second: u8) -> String {
    format!("2026-11-22T10:00:{second:02}.000Z")
}

/// Attempt, second of its version, content, score: second and total.
type Known = (u8, u8, u8, Option<(u8, u8)>);

/// What one machine might know: versions of few things, so that machines often know of the same ones.
#[derive(Clone, Debug)]
struct Machine {
    attempts: Vec<Known>,
    graves: Vec<(u8, u8)>,
    predictions: Vec<(u8, u8)>,
}

fn machine() -> impl Strategy<Value = Machine> {
    let attempt = (0..3u8, 0..6u8, 0..3u8, prop::option::of((0..6u8, 0..3u8)));
    let parts = (prop::collection::vec(attempt, 0..4), prop::collection::vec((0..3u8, 0..6u8), 0..2), prop::collection::vec((0..3u8, 0..2u8), 0..3));
    parts.prop_map(|(attempts, graves, predictions)| Machine { attempts, graves, predictions })
}

fn attempt(id: u8, second: u8, content: u8) -> Value {
    json!({
        "id": format!("a{id}"), "problem": "cache", "title": format!("title {content}"), "level": "L6", "mode": "real", "state": "finished",
        "started_at": at(0), "saved_at": at(second), "ended_at": at(1), "allowed_ms": 3_600_000, "used_ms": 1000, "hints": 0, "assisted": 0, "snapshot": "{}",
        "notes": [{ "phase": "scope", "place": 0, "text": format!("note {content}") }],
        "session_events": [{ "at_ms": 5, "kind": "phase", "detail": format!("\"{content}\"") }],
    })
}

fn score(id: u8, second: u8, total: u8) -> Value {
    json!({
        "attempt": format!("a{id}"), "reading": "informed", "points": f64::from(total), "penalty": 0, "total": f64::from(total) + 0.1, "scored_at": at(second),
        "score_lines": [{ "place": 0, "line": "x", "phase": "scope", "worth": 8.0, "points": 4.0, "grade": "half", "evidence": "e", "reached": 1 }],
        "score_steps": [{ "scale": "dimension", "id": "storage", "step": 4 }],
    })
}

fn file(machine: &Machine) -> String {
    let scores = machine.attempts.iter().filter_map(|(id, newest, _, scored)| scored.map(|(second, total)| score(*id, second.min(*newest), total)));
    json!({
        "format": FORMAT, "kind": KIND, "written_by": "test", "written_at": at(0),
        "graves": machine.graves.iter().map(|(id, second)| json!({ "id": format!("a{id}"), "deleted_at": at(*second) })).collect::<Vec<_>>(),
        "attempts": machine.attempts.iter().map(|(id, second, content, _)| attempt(*id, *second, *content)).collect::<Vec<_>>(),
        "scores": scores.collect::<Vec<_>>(),
        "predictions": machine.predictions.iter().map(|(id, second)| json!({
            "id": format!("p{id}"), "problem": "cache", "experiment": "e", "kind": "number", "guess": 0.1 + 0.2 + f64::from(*second), "low": 0.0, "high": 1e9,
            "actual": 1.0 / 3.0, "made_at": at(*second) })).collect::<Vec<_>>(),
    })
    .to_string()
}

fn told_by(store: &Store) -> String {
    let mut out = Vec::new();
    store.export(&mut out).unwrap().unwrap();
    let text = String::from_utf8(out).unwrap();
    // All but the moment it was written.
    text.lines().filter(|line| !line.contains("\"written_at\"")).map(|line| format!("{line}\n")).collect()
}

fn after(files: &[&str]) -> Store {
    let store = Store::in_memory();
    for file in files {
        store.import((*file).to_owned(), None).unwrap();
    }
    store
}

fn exported(store: &Store) -> String {
    let mut out = Vec::new();
    store.export(&mut out).unwrap().unwrap();
    String::from_utf8(out).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn machines_may_learn_in_any_order(a in machine(), b in machine(), c in machine()) {
        let (a, b, c) = (file(&a), file(&b), file(&c));
        let all = told_by(&after(&[&a, &b, &c]));
        prop_assert_eq!(&told_by(&after(&[&b, &c, &a])), &all, "commutative");
        prop_assert_eq!(&told_by(&after(&[&c, &b, &a])), &all);
        prop_assert_eq!(&told_by(&after(&[&a, &b, &c, &b, &a])), &all, "twice is once");
        let b_and_c = exported(&after(&[&b, &c]));
        prop_assert_eq!(&told_by(&after(&[&a, &b_and_c])), &all, "associative");
        let back = exported(&after(&[&a, &b, &c]));
        prop_assert_eq!(&told_by(&after(&[&back])), &all, "what is written can be read");
        prop_assert_eq!(after(&[&back]).import(back.clone(), None).unwrap().iter().map(|one| one.added + one.updated).sum::<usize>(), 0);
    }
}

/// A store with a session, a score, a prediction, a correction and practice, by the ways of the program itself.
fn lived() -> Store {
    let store = Store::in_memory();
    let mut session = Session::start(Plan::of(&sample::problem(), None), Mode::Coached);
    let live = store.begin(&mut session).unwrap();
    session.write(0, "inf and 20 M players, “quoted”").unwrap();
    session.pass(std::time::Duration::from_secs(600));
    session.finish();
    store.keep(&live, &mut session);
    let judged = crate::score::Judgement::default();
    let score = crate::score::score(&sample::problem(), &sample::rubric(), &crate::score::Taken::of(&session), &judged);
    store.save_score(live.id(), crate::score::Reading::Informed, &score).unwrap();
    store.mend(live.id(), crate::store::Mend::Title("Another".into())).unwrap();
    store.save_prediction("cache", "e", crate::store::Guess::Number { value: 0.1 + 0.2, low: 0.0, high: f64::INFINITY, actual: 1e23 / 7.0 }).unwrap();
    store.spend(Practice::Lab, "cache", chrono::Utc::now(), std::time::Duration::from_secs(90)).unwrap();
    store
}

#[test]
fn everything_arrives_as_it_left() {
    let (from, to) = (lived(), Store::in_memory());
    let taken = to.import(exported(&from), None).unwrap();
    assert_eq!(taken.iter().map(|one| (one.what, one.added)).filter(|(_, added)| *added > 0).count(), 5, "{taken:?}");
    assert_eq!(to.past().unwrap(), from.past().unwrap());
    let id = &from.attempts().unwrap()[0].id;
    assert_eq!((to.session(id).unwrap(), to.events(id).unwrap()), (from.session(id).unwrap(), from.events(id).unwrap()));
}

#[test]
fn what_was_deleted_is_not_exported_and_does_not_come_back() {
    let store = lived();
    let before = exported(&store);
    let id = store.attempts().unwrap()[0].id.clone();
    store.delete(&id).unwrap();
    let after = exported(&store);
    assert!(!after.contains("20 M players") && after.contains("\"graves\": [\n"), "{after}");
    store.import(before.clone(), None).unwrap();
    assert!(store.attempts().unwrap().is_empty(), "its own old export does not bring it back");
    let other = Store::in_memory();
    other.import(before, None).unwrap();
    other.import(after, None).unwrap();
    assert!(other.attempts().unwrap().is_empty(), "the other machine learns of it");
    store.restore(&id).unwrap();
    other.import(exported(&store), None).unwrap();
    assert_eq!(other.past().unwrap().entries, store.past().unwrap().entries, "and that it was taken back");
    assert!(store.attempts().unwrap()[0].informed.is_some());
}

fn refused(text: &str) -> String {
    let store = lived();
    let before = told_by(&store);
    let why = store.import(text.to_owned(), None).unwrap_err();
    assert_eq!(told_by(&store), before, "nothing may change");
    let ImportError::File(why) = why else { panic!("{why:?}") };
    why
}

#[test]
fn a_bad_file_is_refused_with_its_reason_and_changes_nothing() {
    let good: Value = serde_json::from_str(&exported(&lived())).unwrap();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut value = good.clone();
        change(&mut value);
        refused(&value.to_string())
    };
    let text = good.to_string();
    for (bad, said) in [
        ("", "empty"),
        (&text[..text.len() / 2], "cut off"),
        ("{\"a\": }", "damaged"),
        ("[]", "no history"),
        ("{\"kind\": \"deck\"}", "`deck`"),
        ("{}", "does not say"),
    ] {
        let why = refused(bad);
        assert!(why.contains(said), "{bad:.20}: {why}");
    }
    assert!(with(&|v| v["format"] = json!(2)).contains("format 2; this one knows 1"));
}

/// What is spoilt, how, and the words that name it.
type Case = (&'static str, fn(&mut Value), &'static str);

#[test]
fn a_bad_entry_is_named() {
    let good: Value = serde_json::from_str(&exported(&lived())).unwrap();
    let cases: [Case; 9] = [
        ("a newer table", |v| v["dreams"] = json!([]), "`dreams`"),
        ("a newer column", |v| v["attempts"][0]["mood"] = json!(1), "`attempts`, entry 1: `mood`"),
        ("no id", |v| v["attempts"][0]["id"] = json!(""), "`attempts`, entry 1: `id` is empty"),
        ("no moment", |v| v["attempts"][0]["saved_at"] = json!("yesterday"), "`yesterday` is no moment"),
        ("a missing column", |v| drop(v["attempts"][0].as_object_mut().unwrap().remove("level")), "`level` is missing"),
        ("a wrong type", |v| v["attempts"][0]["used_ms"] = json!("much"), "`used_ms` must be a whole number"),
        ("an impossible value", |v| v["scores"][0]["total"] = json!(51.0), "`scores`, entry 1: "),
        ("a bad part", |v| v["attempts"][0]["notes"] = json!({}), "`notes` must be a list"),
        ("an orphan", |v| v["scores"][0]["attempt"] = json!("nobody"), "neither in the file nor here"),
    ];
    for (what, change, said) in cases {
        let mut value = good.clone();
        change(&mut value);
        // Newer than what is there, so that it is really tried.
        value["scores"][0]["scored_at"] = json!("2100-01-01T00:00:00Z");
        let why = refused(&value.to_string());
        assert!(why.contains(said), "{what}: {why}");
    }
}

#[test]
fn a_file_from_before_a_table_was_is_taken_in() {
    let mut value: Value = serde_json::from_str(&exported(&lived())).unwrap();
    for table in ["stints", "graves", "corrections"] {
        value.as_object_mut().unwrap().remove(table);
    }
    let store = Store::in_memory();
    store.import(value.to_string(), None).unwrap();
    assert_eq!((store.attempts().unwrap().len(), store.stints().unwrap().len()), (1, 0));
}

#[test]
fn an_interview_open_elsewhere_is_not_changed_under_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = crate::home::Home::at(folder.path());
    let (one, two) = (Store::open(&home), Store::open(&home));
    let mut session = Session::start(Plan::of(&sample::problem(), None), Mode::Coached);
    let _live = one.begin(&mut session).unwrap();
    let file = exported(&two);
    assert_eq!(two.import(file.clone(), Some(home.backups())).unwrap_err(), ImportError::Store(StoreError::Elsewhere));
    drop((_live, one));
    two.import(file, Some(home.backups())).unwrap();
    let copies: Vec<_> = std::fs::read_dir(home.backups()).unwrap().map(|copy| copy.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert!(copies.iter().any(|name| name.starts_with("before-import-")), "{copies:?}");
}

#[test]
fn words_are_found_in_notes_and_evidence() {
    let store = lived();
    let found = |words: &str| store.search(words).unwrap().len();
    assert_eq!((found("players"), found("play 20"), found("\"20 m players\""), found("\"players 20\""), found("quoted")), (1, 1, 1, 0, 1));
    for nonsense in ["", "  ", "\"", "OR x", "NOT (", "*", "a:b^ x:", "-- '"] {
        assert_eq!(found(nonsense), 0, "{nonsense}");
    }
    assert!(store.search("players").unwrap()[0].around.contains(&format!("{m}players{m}", m = crate::store::MARK)));
    let id = store.attempts().unwrap()[0].id.clone();
    store.delete(&id).unwrap();
    assert_eq!(found("players"), 0);
}
