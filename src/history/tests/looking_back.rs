//! Calendar, streak, mechanisms, time per phase and series on small made-up histories.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

fn day(d: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, d).unwrap()
}

fn vienna() -> FixedOffset {
    FixedOffset::east_opt(3600).unwrap()
}

fn stint(at: &str, minutes: u64) -> Stint {
    Stint { practice: Practice::Cards, subject: String::new(), began_at: at.parse().unwrap(), ms: minutes * 60_000 }
}

fn days(attempts: &[Attempt], stints: &[Stint]) -> Calendar {
    calendar(attempts, &[], stints, &vienna())
}

#[test]
fn an_interview_counts_on_its_local_days() {
    // In Vienna, half past ten at night in Greenwich is half past eleven: half of the hour lies behind midnight.
    let mut late = attempt("a", "cache", "2026-11-21T22:30:00Z", None, None);
    late.used_ms = 3_600_000;
    late.ended_at = Some("2026-11-21T23:31:00Z".parse().unwrap());
    let found = days(std::slice::from_ref(&late), &[]);
    let minutes: Vec<_> = found.iter().map(|(day, what)| (*day, what.minutes(), what.sat)).collect();
    assert_eq!(minutes, [(day(21), 30, 1), (day(22), 30, 0)]);
    // Set back during the interview: nothing is lost, it stays on the day it was begun.
    late.ended_at = Some("2026-11-19T23:31:00Z".parse().unwrap());
    assert_eq!(days(&[late], &[])[&day(21)].minutes(), 60);
}

#[test]
fn a_streak_counts_minutes_and_today_may_still_come() {
    let enough = [stint("2026-11-18T08:00:00Z", 5), stint("2026-11-19T08:00:00Z", 3), stint("2026-11-19T20:00:00Z", 2), stint("2026-11-20T08:00:00Z", 40)];
    let found = days(&[], &enough);
    assert_eq!(streak(&found, day(20)), Streak { now: 3, longest: 3, today: true });
    assert_eq!(streak(&found, day(21)), Streak { now: 3, longest: 3, today: false }, "the 21st is not over");
    assert_eq!(streak(&found, day(22)).now, 0);
    let mut few = enough.to_vec();
    few[2].ms -= 1;
    assert_eq!(streak(&days(&[], &few), day(20)), Streak { now: 1, longest: 1, today: true }, "4:59 minutes are not five");
    assert_eq!(streak(&Calendar::new(), day(20)), Streak::default());
}

#[test]
fn a_prediction_alone_is_no_practice() {
    let made = Prediction {
        problem: "cache".into(),
        experiment: "e".into(),
        guess: Guess::Choice { chosen: 1, right: 1 },
        made_at: "2026-11-20T10:00:00Z".parse().unwrap(),
    };
    let found = calendar::<Attempt, _>(&[], &[made], &[], &vienna());
    assert_eq!((found[&day(20)].predicted, streak(&found, day(20)).now), (1, 0));
}

pub(super) fn topics() -> Topics {
    let head = |id: &str, group: &str, mechanisms: &[&str]| crate::catalog::Head {
        id: id.into(),
        title: id.into(),
        group: group.into(),
        level: "L6".into(),
        difficulty: "medium".into(),
        minutes: 60,
        mechanisms: mechanisms.iter().map(|name| (*name).to_owned()).collect(),
        variants: vec![],
        design: None,
        experiments: vec![],
        yours: false,
    };
    Topics::of_heads(&[head("cache", "data", &["cache-aside", "lru"]), head("feed", "social", &["fan-out"])])
}

fn guess(problem: &str, at: &str, actual: f64) -> Prediction {
    let guess = Guess::Number { value: 100.0, low: 50.0, high: 200.0, actual };
    Prediction { problem: problem.into(), experiment: "e".into(), guess, made_at: at.parse().unwrap() }
}

#[test]
fn the_weakest_mechanism_is_where_points_and_predictions_were_lost() {
    let sat = [attempt("a", "cache", "2026-11-18T10:00:00Z", Some(scored(28.0, 20.0)), None)];
    assert_eq!(weakest_mechanism::<Attempt>(&[], &[], &topics()), None);
    assert_eq!(weakest_mechanism(&sat, &[], &topics()), None, "full points everywhere");
    let missed = [guess("feed", "2026-11-19T10:00:00Z", 9000.0)];
    let found = weakest_mechanism(&sat, &missed, &topics()).unwrap();
    assert_eq!((found.name.as_str(), found.says().as_str()), ("fan-out", "0 of 1 predictions held"));
    let poor = [attempt("b", "cache", "2026-11-20T10:00:00Z", Some(scored(8.0, 0.0)), None)];
    let all = mechanisms(&poor, &[guess("feed", "2026-11-19T10:00:00Z", 90.0)], &topics());
    assert_eq!(all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["cache-aside", "lru", "fan-out"]);
    assert_eq!(all[0].says(), "4.0 of 14.0 points on its rubric lines");
}

#[test]
fn what_was_learned_stops_being_weak() {
    let sat =
        |days: &[(&str, f64)]| -> Vec<Attempt> { days.iter().map(|(at, path)| attempt(at, "cache", at, Some(scored(8.0 + path, *path)), None)).collect() };
    let weakness = |days: &[(&str, f64)]| mechanisms(&sat(days), &[], &topics())[0].weakness();
    let (early, late) = ("2026-11-01T10:00:00Z", "2026-11-10T10:00:00Z");
    assert!(weakness(&[(early, 0.0), (late, 20.0)]) < weakness(&[(early, 20.0), (late, 0.0)]));
}

#[test]
fn a_line_that_names_a_mechanism_is_about_that_one() {
    let mut card = crate::session::sample::problem();
    card.mechanisms = vec!["sorted-set".into(), "fan-out".into()];
    card.rubric[1].line = "The path names sorted sets and what they cost".into();
    let mut topics = Topics::default();
    topics.read(&card);
    assert_eq!(topics.of_line("leaderboard", "path"), ["sorted-set"]);
    assert_eq!(topics.of_line("leaderboard", "ranks"), ["sorted-set", "fan-out"], "it names none: all of the card's");
    assert_eq!(topics.of_line("nobody", "path"), [] as [&str; 0]);
}

#[test]
fn errors_are_orders_of_magnitude_and_the_biggest_miss_comes_first() {
    let far = guess("cache", "2026-11-19T10:00:00Z", 1000.0);
    let near = guess("cache", "2026-11-19T11:00:00Z", 100.0);
    let boundless = guess("cache", "2026-11-19T12:00:00Z", 0.0);
    let wrong = Prediction { guess: Guess::Choice { chosen: 1, right: 2 }, ..near.clone() };
    assert_eq!(log_error(&far.guess), Some(1.0));
    assert_eq!(log_error(&wrong.guess), None);
    let ledger = [near.clone(), wrong.clone(), far.clone(), boundless.clone()];
    let record = Record::of(&ledger);
    assert_eq!((record.mean_log_error(), record.boundless, record.all()), (Some(0.5), 1, Hits { hit: 1, of: 4 }));
    assert_eq!(misses(&ledger), [&boundless, &far, &wrong, &near]);
    assert_eq!(Record::of(&vec![far; 5]).verdict(), Some("too sure: widen your ranges"));
    assert_eq!(Record::of(&vec![near; 4]).verdict(), None, "four ranges say nothing");
}

#[test]
fn the_median_phase_stands_against_its_plan() {
    let sat = |minutes: &[u64]| {
        let mut one = entry(attempt("a", "cache", "2026-11-18T10:00:00Z", None, None), vec![]);
        let phase = |(n, min): (usize, &u64)| crate::store::PhaseSpent {
            id: format!("p{n}"),
            name: format!("Phase {n}"),
            plan_ms: 600_000,
            spent_ms: min * 60_000,
            begun: *min > 0,
        };
        one.phases = minutes.iter().enumerate().map(phase).collect();
        one
    };
    let times = phase_times(&[sat(&[5, 20]), sat(&[9, 0]), sat(&[7, 30])]);
    let told: Vec<_> = times.iter().map(|time| (time.id.as_str(), time.median_ms / 60_000, time.interviews, time.share())).collect();
    assert_eq!(told, [("p0", 7, 3, Some(0.7)), ("p1", 25, 2, Some(2.5))], "a phase that was not begun says nothing");
}

#[test]
fn every_scored_attempt_adds_a_point_to_all_it_has_to_do_with() {
    let all = series(&some(), &topics());
    let of = |family: Family, name: &str| all.iter().find(|one| (one.family, one.name.as_str()) == (family, name)).unwrap();
    assert_eq!(of(Family::Score, "all interviews").values(), [20.0, 35.0], "oldest first");
    assert_eq!(of(Family::Dimension, "storage").values(), [4.0, 4.0]);
    assert_eq!(of(Family::Group, "data").last(), Some(35.0));
    assert_eq!(of(Family::Lean, "total").values(), [5.0]);
    let lru = of(Family::Mechanism, "lru").values();
    assert!((lru[0] - 100.0 * 12.0 / 28.0).abs() < 1e-9 && lru.len() == 2, "{lru:?}");
    assert!(!all.iter().any(|one| one.family == Family::Communication));
    assert_eq!(of(Family::Score, "all interviews").change(), None);
    let rising =
        Series { points: (0..5).map(|n| Point { at: DateTime::UNIX_EPOCH, value: f64::from(n) }).collect(), ..of(Family::Score, "all interviews").clone() };
    assert_eq!(rising.change(), Some(2.5), "mean of 2, 3, 4 less mean of 0, 1");
}
