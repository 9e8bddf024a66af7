//! The store through crashes, damage, locks, newer versions and a second instance.

use std::path::Path;

use super::*;
use crate::score::{Judged, Judgement, Taken, score};
use crate::session::{Mode, Plan, sample};

const LONG: Duration = Duration::from_secs(5);

fn home(folder: &tempfile::TempDir) -> Home {
    Home::at(folder.path())
}

fn session() -> Session {
    Session::start(Plan::of(&sample::problem(), None), Mode::Coached)
}

/// A folder with one finished and scored attempt.
fn lived_in(folder: &tempfile::TempDir) -> String {
    let store = Store::open(&home(folder));
    let mut session = session();
    let live = store.begin(&mut session).unwrap();
    session.write(0, "20 M players").unwrap();
    session.pass(Duration::from_secs(600));
    session.finish();
    store.keep(&live, &mut session);
    store.save_score(live.id(), Reading::Informed, &result(&session)).unwrap();
    live.id().to_owned()
}

fn result(session: &Session) -> Score {
    let mut judgement = Judgement::default();
    judgement.lines.insert("numbers".into(), Judged { grade: crate::score::Grade::Half, evidence: "20 M".into() });
    judgement.dimensions.insert("storage".into(), 4);
    judgement.communication.insert("clarity".into(), 3);
    score(&sample::problem(), &sample::rubric(), &Taken::of(session), &judgement)
}

fn sql(path: &Path, text: &str) {
    Connection::open(path).unwrap().execute_batch(text).unwrap();
}

#[test]
fn what_is_kept_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let id = lived_in(&folder);
    let store = Store::open(&home(&folder));
    assert_eq!(store.notices(), Vec::<String>::new());
    let attempt = store.attempt(&id).unwrap();
    assert_eq!((attempt.state, attempt.used_ms, attempt.problem.as_str()), (State::Finished, 600_000, "leaderboard"));
    assert_eq!(attempt.informed, Some(result(&store.session(&id).unwrap())));
    assert_eq!(attempt.blind, None);
    assert_eq!(store.notes(&id).unwrap()[0], ("scope".into(), "20 M players".into()));
    let kinds: Vec<_> = store.events(&id).unwrap().iter().map(|event| event.what.kind()).collect();
    assert_eq!(kinds, ["started", "phase", "said", "finished"]);
    assert!(store.unfinished().unwrap().is_empty());
    assert_eq!(store.attempt("nobody"), Err(StoreError::Unknown("nobody".into())));
}

#[test]
fn cut_off_in_the_middle_it_is_offered_again_and_nothing_written_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let before = tempfile::tempdir().unwrap();
    let store = Store::open(&home(&before));
    let mut session = session();
    let live = store.begin(&mut session).unwrap();
    session.write(0, "typed just now").unwrap();
    session.pass(Duration::from_secs(42));
    store.keep(&live, &mut session);
    // No flush: only the time that keystrokes are gathered at most.
    std::thread::sleep(Duration::from_millis(900));
    // What a killed process leaves behind: the files as they are, the log not folded in.
    for name in ["greenroom.db", "greenroom.db-wal"] {
        std::fs::copy(before.path().join(name), folder.path().join(name)).unwrap();
    }
    let after = Store::open(&home(&folder));
    let cut = after.unfinished().unwrap();
    assert_eq!((cut.len(), cut[0].elsewhere), (1, false));
    let (resumed, _live) = after.take_up(&cut[0].attempt.id).unwrap();
    assert_eq!(resumed, session);
    assert_eq!(resumed.notes(0), "typed just now");
}

#[test]
fn two_instances_do_not_hurt_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (Store::open(&home(&folder)), Store::open(&home(&folder)));
    let (mut first, mut second) = (session(), session());
    let (live_one, live_two) = (one.begin(&mut first).unwrap(), two.begin(&mut second).unwrap());
    std::thread::scope(|scope| {
        for (store, live, session) in [(&one, &live_one, &mut first), (&two, &live_two, &mut second)] {
            scope.spawn(move || {
                for n in 0..30 {
                    session.write(0, &format!("note {n}")).unwrap();
                    store.keep(live, session);
                    store.flush(LONG).unwrap();
                }
            });
        }
    });
    let seen = two.unfinished().unwrap();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|cut| cut.elsewhere), "each is open somewhere: {seen:?}");
    assert_eq!(two.take_up(live_one.id()).err(), Some(StoreError::Elsewhere));
    assert_eq!(two.notes(live_one.id()).unwrap()[0].1, "note 29");
    let id = live_one.id().to_owned();
    drop((live_one, one));
    assert_eq!(two.take_up(&id).unwrap().0, first);
}

#[test]
fn many_that_start_at_once_all_find_one_sound_database() {
    let folder = tempfile::tempdir().unwrap();
    let stores: Vec<Store> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..6).map(|_| scope.spawn(|| Store::open(&home(&folder)))).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    for store in &stores {
        assert_eq!((store.health(), store.notices()), (Health::Good, Vec::new()));
        store.begin(&mut session()).unwrap();
    }
    assert_eq!(stores[0].attempts().unwrap().len(), 6);
}

#[test]
fn a_damaged_database_is_set_aside_and_the_newest_good_copy_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let id = lived_in(&folder);
    // The second start makes the day's copy.
    drop(Store::open(&home(&folder)));
    let broken = b"this was a database once".repeat(200);
    std::fs::write(folder.path().join("greenroom.db"), &broken).unwrap();
    let store = Store::open(&home(&folder));
    assert_eq!(store.health(), Health::Good);
    let notices = store.notices();
    assert!(notices[0].contains("no database") && notices[0].contains("was put back"), "{notices:?}");
    assert_eq!(store.attempt(&id).unwrap().problem, "leaderboard");
    let aside: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("damaged-")).collect();
    assert_eq!(std::fs::read(aside[0].path().join("greenroom.db")).unwrap(), broken, "set aside, not overwritten");
}

#[test]
fn a_page_torn_in_the_middle_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    lived_in(&folder);
    drop(Store::open(&home(&folder)));
    let path = folder.path().join("greenroom.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 3000].fill(0xA5);
    std::fs::write(&path, bytes).unwrap();
    let store = Store::open(&home(&folder));
    assert_eq!((store.health(), store.attempts().unwrap().len()), (Health::Good, 1));
    assert!(store.notices()[0].contains("was put back"));
}

#[test]
fn an_empty_file_beside_copies_is_damage_and_without_them_a_beginning() {
    let folder = tempfile::tempdir().unwrap();
    lived_in(&folder);
    drop(Store::open(&home(&folder)));
    std::fs::write(folder.path().join("greenroom.db"), b"").unwrap();
    let store = Store::open(&home(&folder));
    assert!(store.notices()[0].contains("empty"));
    assert_eq!(store.attempts().unwrap().len(), 1);

    let fresh = tempfile::tempdir().unwrap();
    std::fs::write(fresh.path().join("greenroom.db"), b"").unwrap();
    let store = Store::open(&home(&fresh));
    assert_eq!((store.health(), store.notices()), (Health::Good, Vec::new()));
}

#[test]
fn a_newer_database_is_read_only_and_names_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let id = lived_in(&folder);
    sql(&folder.path().join("greenroom.db"), "PRAGMA user_version = 99; UPDATE about SET value = '9.1.0'");
    let store = Store::open(&home(&folder));
    let Health::ReadOnly(why) = store.health() else { panic!("{:?}", store.health()) };
    assert!(why.contains("greenroom 9.1.0") && why.contains("99"), "{why}");
    assert_eq!(store.attempt(&id).unwrap().id, id, "what is there can be read");
    assert!(matches!(store.begin(&mut session()), Err(StoreError::ReadOnly(_))));
    assert!(matches!(store.save_prediction("p", "e", Guess::Choice { chosen: 1, right: 1 }), Err(StoreError::ReadOnly(_))));
    drop(store);
    let version: i64 = schema::version(&Connection::open(folder.path().join("greenroom.db")).unwrap()).unwrap();
    assert_eq!(version, 99, "untouched");
}

#[test]
fn the_copy_before_a_migration_holds_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("greenroom.db");
    // An older database: it has something, and a version before ours.
    sql(&path, "CREATE TABLE old (x); INSERT INTO old VALUES (7); PRAGMA user_version = 0");
    let conn = Connection::open(&path).unwrap();
    let copy = backup::before_migration(&conn, &home(&folder).backups(), 0, Utc::now()).unwrap();
    drop(conn);
    let store = Store::open(&home(&folder));
    assert_eq!(store.health(), Health::Good);
    let kept: i64 = Connection::open(&copy).unwrap().query_row("SELECT x FROM old", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 7);
    assert!(copy.file_name().unwrap().to_string_lossy().starts_with(&format!("before-v{}-from-v0-", schema::VERSION)));
}

#[test]
fn a_daily_copy_is_made_once_there_is_something_to_lose() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(&home(&folder)));
    assert_eq!(backup::all(&home(&folder).backups()), Vec::<PathBuf>::new());
    lived_in(&folder);
    drop(Store::open(&home(&folder)));
    let copies = backup::all(&home(&folder).backups());
    assert_eq!(copies.len(), 1);
    assert_eq!(backup::newest_good(&home(&folder).backups()), copies.first().cloned());
}

#[test]
fn where_nothing_can_be_written_work_goes_on_in_memory_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    std::fs::write(&file, "not a folder").unwrap();
    let store = Store::open(&Home::at(file.join("below")));
    assert!(matches!(store.health(), Health::Memory(_)));
    assert!(store.notices()[0].contains("nothing you do now is kept"));
    let mut session = session();
    let live = store.begin(&mut session).unwrap();
    assert_eq!(store.attempts().unwrap()[0].id, live.id());
}

#[test]
fn a_disk_that_fills_up_moves_the_work_into_memory_and_loses_none_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let id = lived_in(&folder);
    let store = Store::open(&home(&folder));
    let mut session = session();
    let live = store.begin(&mut session).unwrap();
    // SQLite's own limit gives the same error as a full disk.
    store.read(|conn| conn.query_row("PRAGMA max_page_count = 1", [], |_| Ok(()))).unwrap();
    session.write(0, &"many notes ".repeat(50_000)).unwrap();
    store.keep(&live, &mut session);
    store.flush(LONG).unwrap();
    let Health::Memory(why) = store.health() else { panic!("{:?}", store.health()) };
    assert!(why.contains("the disk is full"), "{why}");
    assert_eq!(store.notices(), [why]);
    assert_eq!(store.attempts().unwrap().len(), 2, "the old attempts are still there to look at");
    assert_eq!(store.session(live.id()).unwrap(), session);
    assert!(store.attempt(&id).unwrap().informed.is_some());
}

#[test]
fn a_locked_database_keeps_the_notes_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&home(&folder));
    let mut session = session();
    let live = store.begin(&mut session).unwrap();
    store.read(|conn| conn.busy_timeout(Duration::from_millis(20))).unwrap();
    let other = Connection::open(folder.path().join("greenroom.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    session.write(0, "while it was locked").unwrap();
    store.keep(&live, &mut session);
    assert_eq!(store.flush(LONG), Err(StoreError::Locked));
    assert!(store.notices()[0].contains("locked"));
    other.execute_batch("COMMIT").unwrap();
    store.flush(LONG).unwrap();
    assert_eq!(store.notes(live.id()).unwrap()[0].1, "while it was locked");
    assert_eq!(store.health(), Health::Good);
}

#[test]
fn the_ledger_keeps_guesses_and_benches() {
    let store = Store::in_memory();
    let range = Guess::Number { value: 150.0, low: 100.0, high: 200.0, actual: 199.0 };
    let choice = Guess::Choice { chosen: 1, right: 2 };
    store.save_prediction("rate-limiter", "window-edge", range).unwrap();
    store.save_prediction("rate-limiter", "race", choice).unwrap();
    let made: Vec<_> = store.predictions().unwrap().iter().map(|made| made.guess).collect();
    assert_eq!(made, [range, choice]);
    assert_eq!((range.hit(), choice.hit()), (true, false));
    let moment = "2026-11-22T10:00:00Z".parse().unwrap();
    let result = BenchResult { design: "d".into(), name: "one key".into(), threads: 1, ops: 1000, ns_per_op: 5.5, ops_per_s: 1.8e8, measured_at: moment };
    store.save_benches(std::slice::from_ref(&result)).unwrap();
    assert_eq!(store.benches("d").unwrap(), [result]);
}

#[test]
fn an_abandoned_interview_is_not_offered_again_and_a_deleted_one_is_gone() {
    let store = Store::in_memory();
    let live = store.begin(&mut session()).unwrap();
    store.abandon(live.id()).unwrap();
    assert!(store.unfinished().unwrap().is_empty());
    assert_eq!(store.attempt(live.id()).unwrap().state, State::Abandoned);
    store.delete(live.id()).unwrap();
    assert!(store.attempts().unwrap().is_empty());
    assert_eq!(store.deleted().unwrap()[0].id, live.id());
    store.restore(live.id()).unwrap();
    assert_eq!((store.attempts().unwrap().len(), store.deleted().unwrap().len()), (1, 0));
    store.delete(live.id()).unwrap();
    store.purge(Utc::now() + Duration::from_secs(1)).unwrap();
    assert_eq!((store.attempts().unwrap().len(), store.deleted().unwrap().len()), (0, 0));
    assert_eq!(store.notes(live.id()).unwrap(), []);
}

#[test]
fn the_tables_refuse_nonsense() {
    let store = Store::in_memory();
    for wrong in [
        "INSERT INTO about VALUES ('x', 7.5e300, 1)",
        "INSERT INTO notes VALUES ('nobody', 'scope', 0, 'x')",
        "INSERT INTO score_steps VALUES ('a', 'blind', 'dimension', 'x', 6)",
        "INSERT INTO predictions VALUES ('i', 'p', 'e', 'number', 1.0, NULL, NULL, 1.0, 'now')",
    ] {
        assert!(store.write(move |tx| tx.execute(wrong, []).map(drop)).is_err(), "{wrong}");
    }
}

#[test]
fn a_correction_keeps_the_original_in_sight() {
    let folder = tempfile::tempdir().unwrap();
    let id = lived_in(&folder);
    let store = Store::open(&home(&folder));
    let before = store.attempt(&id).unwrap();
    store.mend(&id, Mend::Minutes(25)).unwrap();
    store.mend(&id, Mend::Mode(Mode::Real)).unwrap();
    store.mend(&id, Mend::Mode(Mode::Real)).unwrap();
    let mut better = before.informed.clone().unwrap();
    better.total += 4.0;
    better.points += 4.0;
    for total in [1.0, 2.0] {
        better.lines.iter_mut().for_each(|line| line.grade = Some(crate::score::Grade::Half));
        better.total += total;
        better.points += total;
        store.save_score(&id, Reading::Informed, &better).unwrap();
    }
    let entry = store.past().unwrap().entries.remove(0);
    let told: Vec<_> = entry.corrections.iter().map(|c| (c.field, c.was.as_str())).collect();
    assert_eq!(
        told,
        [(Field::Minutes, "10 min"), (Field::Mode, "coached"), (Field::Informed, "4 of 50, no hire")],
        "the first version stays, however often it is given anew"
    );
    assert_eq!((entry.attempt.used_ms, entry.attempt.mode), (1_500_000, Mode::Real));
    assert!(entry.attempt.saved_at > before.saved_at, "other machines learn of it");
    assert_eq!(entry.phases.iter().map(|phase| phase.spent_ms).collect::<Vec<_>>(), [600_000, 0, 0]);
}

#[test]
fn a_database_of_the_first_version_is_led_to_this_one_with_all_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let id = lived_in(&folder);
    // As the first release left it.
    let conn = Connection::open(folder.path().join("greenroom.db")).unwrap();
    schema::back_to_first(&conn);
    drop(conn);
    let store = Store::open(&home(&folder));
    assert_eq!((store.health(), store.attempts().unwrap()[0].id.as_str()), (Health::Good, id.as_str()));
    store.spend(Practice::Lab, "cache", Utc::now(), Duration::from_secs(90)).unwrap();
    assert_eq!(store.past().unwrap().stints[0].ms, 90_000);
    assert!(backup::all(&home(&folder).backups()).iter().any(|path| path.to_string_lossy().contains("-from-v1-")));
}

#[test]
fn a_finding_is_kept_with_its_attempt() {
    let store = Store::in_memory();
    let mut session = session();
    let live = store.begin(&mut session).unwrap();
    let id = live.id().to_owned();
    assert_eq!(store.finding::<Vec<u32>>(&id, "picks").unwrap(), None);
    store.save_finding(&id, "picks", &vec![1, 2]).unwrap();
    store.save_finding(&id, "picks", &vec![3]).unwrap();
    assert_eq!(store.finding(&id, "picks").unwrap(), Some(vec![3]));
    assert_eq!(store.finding::<String>(&id, "picks").unwrap(), None, "of another shape: as if it were not there");
    assert!(store.save_finding("nobody", "picks", &1).is_err());
}

/// As an instance does that has no locks, with the wall clock at `at`.
fn kept_at(store: &Store, id: &str, session: &mut Session, at: chrono::DateTime<Utc>) {
    let progress = attempts::Progress::of(id, session, at);
    store.write(move |tx| attempts::write(tx, &progress)).unwrap();
}

#[test]
fn two_instances_that_finish_one_interview_on_a_disk_without_locks_keep_both() {
    let store = Store::in_memory();
    let mut mine = session();
    let live = store.begin(&mut mine).unwrap();
    let mut yours = mine.clone();
    mine.write(0, "mine").unwrap();
    mine.finish();
    kept_at(&store, live.id(), &mut mine, Utc::now());
    yours.write(0, "yours").unwrap();
    kept_at(&store, live.id(), &mut yours, Utc::now());
    yours.finish();
    kept_at(&store, live.id(), &mut yours, Utc::now());
    let all = store.attempts().unwrap();
    assert_eq!(all.iter().map(|attempt| attempt.state).collect::<Vec<_>>(), [State::Finished, State::Finished]);
    let mut notes: Vec<String> = all.iter().map(|attempt| store.notes(&attempt.id).unwrap()[0].1.clone()).collect();
    notes.sort();
    assert_eq!(notes, ["mine", "yours"]);
}

#[test]
fn a_clock_set_back_during_an_interview_takes_none_of_its_minutes() {
    let store = Store::in_memory();
    let mut session = session();
    let live = store.begin(&mut session).unwrap();
    let noon = Utc::now();
    session.pass(Duration::from_secs(600));
    kept_at(&store, live.id(), &mut session, noon);
    session.pass(Duration::from_secs(600));
    session.finish();
    kept_at(&store, live.id(), &mut session, noon - chrono::Duration::days(400));
    let attempt = store.attempt(live.id()).unwrap();
    assert_eq!((attempt.state, attempt.used_ms), (State::Finished, 1_200_000));
    assert!(attempt.ended_at.unwrap() < attempt.started_at, "the wall clock says what it says; nothing is computed from it");
    assert_eq!(store.session(live.id()).unwrap().elapsed(), Duration::from_secs(1200));
}

#[test]
fn an_interview_of_a_newer_greenroom_is_refused_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let id = {
        let store = Store::open(&home(&folder));
        let live = store.begin(&mut session()).unwrap();
        live.id().to_owned()
    };
    let newer = "UPDATE attempts SET snapshot = json_set(snapshot, '$.format', 77, '$.stage', 'dreaming')";
    sql(&home(&folder).database(), newer);
    let store = Store::open(&home(&folder));
    let why = store.take_up(&id).map(drop).unwrap_err().to_string();
    assert!(why.contains("newer greenroom (format 77"), "{why}");
    assert_eq!((store.attempt(&id).unwrap().state, store.notes(&id).unwrap().len()), (State::Live, 3));
}
