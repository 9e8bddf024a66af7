//! The schedule against the crate's own numbers, and the queue and the log against their promises.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use fsrs::{FSRS, FSRSItem, FSRSReview};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn day(n: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 1).unwrap() + Days::new(n)
}

fn at(day: NaiveDate, second: u32) -> DateTime<Utc> {
    day.and_hms_opt(10, 0, 0).unwrap().and_utc() + TimeDelta::seconds(i64::from(second))
}

fn event(n: usize, card: &str, day: NaiveDate, what: What) -> Event {
    Event { id: format!("e{n:06}"), card: card.into(), at: at(day, n as u32), day, what }
}

fn review(n: usize, card: &str, day: NaiveDate, grade: Grade) -> Event {
    event(n, card, day, What::Review { grade, took_ms: 4_000 })
}

/// One card's reviews as `(days since the first, grade)`.
fn history(card: &str, reviews: &[(u64, Grade)]) -> Vec<Event> {
    reviews.iter().enumerate().map(|(n, (on, grade))| review(n, card, day(*on), *grade)).collect()
}

/// What the crate itself says of the same reviews: memory, and the interval at this retention.
fn by_the_crate(reviews: &[(u64, Grade)], retention: f32) -> (f32, f32, f32) {
    let model = FSRS::default();
    let mut last = None;
    let reviews = reviews
        .iter()
        .map(|(on, grade)| {
            let delta_t = last.map_or(0, |last| (*on - last) as u32);
            last = Some(*on);
            FSRSReview { rating: grade.number(), delta_t }
        })
        .collect();
    let memory = model.memory_state(FSRSItem { reviews }, None).unwrap();
    (memory.stability, memory.difficulty, model.next_interval(Some(memory.stability), retention, 3))
}

use Grade::{Again, Easy, Good, Hard};

/// Recorded sequences: learning in steps, long runs, lapses, a long absence, several reviews a day.
const RECORDED: &[&[(u64, Grade)]] = &[
    &[(0, Good), (0, Good)],
    &[(0, Easy)],
    &[(0, Again), (0, Hard), (0, Good), (0, Good), (2, Good), (9, Good), (31, Hard), (60, Good)],
    &[(0, Good), (0, Good), (3, Again), (3, Good), (5, Good), (12, Easy), (80, Again), (80, Good), (84, Hard)],
    &[(0, Easy), (9, Easy), (60, Easy), (400, Easy), (1400, Good)],
    &[(0, Good), (0, Good), (500, Good), (501, Hard), (502, Hard)],
    &[(0, Hard), (0, Hard), (0, Good), (1, Again), (1, Again), (1, Hard), (1, Good), (2, Easy)],
];

#[test]
fn memories_and_intervals_are_the_crates_own() {
    for reviews in RECORDED {
        for retention in [0.7, 0.9, 0.97] {
            let scheduler = Scheduler::new(Rules { retention, ..Rules::default() });
            let state = &scheduler.states(&history("c", reviews))["c"];
            let memory = state.memory.unwrap();
            let (stability, difficulty, interval) = by_the_crate(reviews, retention as f32);
            assert_eq!((memory.stability, memory.difficulty), (stability, difficulty), "{reviews:?}");
            assert_eq!(scheduler.model.interval(memory, retention), interval, "{reviews:?}");
            assert_eq!(scheduler.days(memory), interval.round().max(1.0) as u32, "{reviews:?}");
        }
    }
}

#[test]
fn a_due_day_is_the_interval_within_its_spread() {
    for reviews in RECORDED {
        let scheduler = Scheduler::default();
        let state = &scheduler.states(&history("c", reviews))["c"];
        let Due::On(due) = state.due else { panic!("{reviews:?} ends in a review") };
        let (interval, days) = (f64::from(scheduler.days(state.memory.unwrap())), (due - state.last.unwrap()).num_days() as f64);
        let most = if interval < 2.5 { 0.0 } else { 1.0 + (interval * 0.15).max(1.0) };
        assert!((days - interval).abs() <= most, "{days} for {interval}");
    }
}

#[test]
fn a_new_card_goes_through_its_steps() {
    let scheduler = Scheduler::default();
    let (now, today) = (at(day(0), 0), day(0));
    let fresh = State::default();
    let minutes = |state: &State| if let Due::At(due) = state.due { (due - now).as_seconds_f64() / 60.0 } else { f64::NAN };
    let [again, hard, good, easy] = scheduler.choices("c", &fresh, now, today);
    assert_eq!((minutes(&again), minutes(&hard), minutes(&good)), (1.0, 5.5, 10.0));
    assert_eq!((again.stage, good.stage, easy.stage), (Stage::Learning(0), Stage::Learning(1), Stage::Review));
    let [again, hard, good, _] = scheduler.choices("c", &good, now, today);
    assert_eq!((minutes(&again), minutes(&hard)), (1.0, 10.0));
    assert_eq!(good.stage, Stage::Review);
    assert!(matches!(good.due, Due::On(due) if due > today));
    let [again, ..] = scheduler.choices("c", &good, now, today);
    assert_eq!((again.stage, again.lapses, minutes(&again)), (Stage::Relearning(0), 1, 10.0));
    let [_, hard, good, _] = scheduler.choices("c", &again, now, today);
    assert_eq!((minutes(&hard), good.stage), (15.0, Stage::Review));
}

#[test]
fn the_eighth_lapse_suspends_and_tells() {
    let scheduler = Scheduler::default();
    let mut log = history("c", &[(0, Easy)]);
    for n in 0..8 {
        assert!(!scheduler.states(&log)["c"].leech);
        log.push(review(2 * n + 1, "c", day(10 * (n as u64 + 1)), Again));
        log.push(review(2 * n + 2, "c", day(10 * (n as u64 + 1)), Good));
    }
    let state = &scheduler.states(&log)["c"];
    assert!(state.leech && state.suspended && state.lapses == 8);
    log.push(event(100, "c", day(100), What::Unsuspend));
    let state = &scheduler.states(&log)["c"];
    assert!(state.leech && !state.suspended);
}

#[test]
fn reset_begins_anew_and_the_log_stays() {
    let mut log = history("c", RECORDED[3]);
    log.push(event(100, "c", day(200), What::Reset));
    assert_eq!(Scheduler::default().states(&log)["c"], State::default());
    assert_eq!(log.len(), RECORDED[3].len() + 1);
}

#[test]
fn waits_are_shown_in_the_unit_people_use() {
    let (now, today) = (at(day(0), 0), day(0));
    let minutes = |n| Due::At(now + TimeDelta::minutes(n));
    for (due, says) in [(minutes(1), "1 m"), (minutes(10), "10 m"), (minutes(120), "2 h"), (Due::On(day(1)), "1 d"), (Due::On(day(76)), "2.5 mo")] {
        assert_eq!(short_wait(due, now, today), says);
    }
    assert_eq!((days(30), days(365), days(4000)), ("30 d".into(), "1 y".into(), "11 y".into()));
}

fn grade() -> impl Strategy<Value = Grade> {
    prop::sample::select(Grade::ALL.to_vec())
}

fn cards(n: usize) -> Vec<Entry> {
    (0..n).map(|n| Entry { card: format!("c{n}"), deck: format!("d{}", n % 3), group: (n % 4 != 0).then(|| format!("g{}", n / 3)) }).collect()
}

/// Steps of a user: which card, how many days later, what.
fn steps() -> impl Strategy<Value = Vec<(usize, u64, u8, Grade)>> {
    prop::collection::vec((0..24usize, 0..3u64, 0..20u8, grade()), 0..80)
}

fn log_of(steps: &[(usize, u64, u8, Grade)]) -> (Vec<Event>, u64) {
    let (mut log, mut today) = (Vec::new(), 0);
    for (n, (card, later, kind, grade)) in steps.iter().enumerate() {
        today += later * u64::from(n % 4 == 0);
        let what = match kind {
            0 => What::Suspend,
            1 => What::Unsuspend,
            2 => What::Bury,
            3 => What::Reset,
            4 => What::Cram { grade: *grade, took_ms: 1 },
            _ => What::Review { grade: *grade, took_ms: 3_000 },
        };
        log.push(event(n, &format!("c{card}"), day(today), what));
    }
    (log, today)
}

proptest! {
    #[test]
    fn every_card_has_one_standing_and_none_is_lost(steps in steps(), limits in (0..6u32, 0..6u32), interview in prop::option::of(0..20u64)) {
        let (log, today) = log_of(&steps);
        let today = day(today);
        let interview = interview.map(|n| today + Days::new(n)).filter(|day| *day > today);
        let rules = Rules { new_a_day: limits.0, reviews_a_day: limits.1, interview, ..Rules::default() };
        let states = Scheduler::new(rules).states(&log);
        let entries = cards(24);
        let plan = plan(&entries, &states, None, &rules, at(today, 5_000), today);
        let listed: Vec<&str> = plan.standings.iter().map(|(entry, _)| entry.card.as_str()).collect();
        prop_assert_eq!(listed, entries.iter().map(|e| e.card.as_str()).collect::<Vec<_>>());
        let ready: BTreeSet<&str> = plan.ready.iter().map(|(card, _)| card.as_str()).collect();
        prop_assert_eq!(ready.len(), plan.ready.len(), "none twice");
        for (entry, standing) in &plan.standings {
            prop_assert_eq!(matches!(standing, Standing::Ready(_)), ready.contains(entry.card.as_str()), "{:?} {:?}", entry, standing);
        }
        // Limits hold, counting what was done today.
        let of = |wanted: Why| plan.ready.iter().filter(|(_, why)| *why == wanted).count();
        prop_assert!(of(Why::New) == 0 || of(Why::New) + plan.done_new <= limits.0 as usize);
        prop_assert!(of(Why::Due) == 0 || of(Why::Due) + plan.done_due <= limits.1 as usize);
        // Learning comes first.
        let first_other = plan.ready.iter().position(|(_, why)| *why != Why::Learning).unwrap_or(plan.ready.len());
        prop_assert!(plan.ready[first_other..].iter().all(|(_, why)| *why != Why::Learning));
        // Of one group at most one is new or due on a day, unless the interview is near.
        if interview.is_none_or(|day| (day - today).num_days() > 7) {
            let mut met: BTreeMap<&str, usize> = BTreeMap::new();
            for (card, _) in plan.ready.iter().filter(|(_, why)| *why != Why::Learning) {
                let entry = entries.iter().find(|e| e.card == *card).unwrap();
                if let Some(group) = &entry.group {
                    *met.entry(group).or_default() += 1;
                    prop_assert!(!entries.iter().any(|other| other.group == entry.group && states.get(&other.card).is_some_and(|s| s.last == Some(today))));
                }
            }
            prop_assert!(met.values().all(|n| *n == 1), "{:?}", met);
        }
    }

    #[test]
    fn new_cards_are_spread_among_reviews(due in 0..40usize, new in 1..10usize) {
        // Cards without groups: the first ones due, the others new.
        let entries: Vec<Entry> = (0..due + new).map(|n| Entry { card: format!("c{n}"), deck: "d".into(), group: None }).collect();
        let log: Vec<Event> = (0..due).map(|n| review(n, &format!("c{n}"), day(0), Easy)).collect();
        let rules = Rules { new_a_day: 99, ..Rules::default() };
        let today = day(60);
        let plan = plan(&entries, &Scheduler::new(rules).states(&log), None, &rules, at(today, 0), today);
        prop_assert_eq!(plan.ready.len(), due + new);
        let places: Vec<usize> = plan.ready.iter().enumerate().filter(|(_, (_, why))| *why == Why::New).map(|(n, _)| n).collect();
        for pair in places.windows(2) {
            prop_assert!(pair[1] - pair[0] <= due / new + 1);
        }
    }

    #[test]
    fn undo_is_the_exact_inverse(steps in steps(), back in 1..6usize) {
        let (log, _) = log_of(&steps);
        let scheduler = Scheduler::default();
        let mut undone = log.clone();
        let mut kept = live(&log).into_iter().cloned().collect::<Vec<_>>();
        for n in 0..back {
            let Some(last) = kept.last().cloned() else { break };
            prop_assert_eq!(last_to_undo(&undone, last.day).map(|e| &e.id), Some(&last.id));
            undone.push(event(1000 + n, &last.card, last.day, What::Undo { event: last.id.clone() }));
            kept.pop();
        }
        prop_assert_eq!(scheduler.states(&undone), scheduler.states(&kept));
        // And a desk that is moved event by event stands where a replay of its log does.
        let mut desk = Desk::default();
        undone.iter().for_each(|event| desk.take(event.clone()));
        prop_assert_eq!(desk.states, scheduler.states(&kept));
        prop_assert!(undone.len() >= log.len(), "nothing leaves the log");
    }

    #[test]
    fn logs_of_two_machines_merge_in_any_order(steps in steps(), cut in 0..80usize, seed in any::<u64>()) {
        let (mut log, _) = log_of(&steps);
        let whole = Scheduler::default().states(&log);
        let cut = cut.min(log.len());
        // Both machines know what happened before the cut; what follows arrives twice and in any order.
        let shared = log[..cut].to_vec();
        log.extend(shared);
        let keys: Vec<u64> = (0..log.len()).map(|n| sims::kernel::rng::splitmix(seed ^ n as u64)).collect();
        let mut order: Vec<usize> = (0..log.len()).collect();
        order.sort_by_key(|n| keys[*n]);
        let mixed: Vec<Event> = order.into_iter().map(|n| log[n].clone()).collect();
        prop_assert_eq!(Scheduler::default().states(&mixed), whole);
    }

    #[test]
    fn a_better_grade_is_never_sooner(reviews in prop::collection::vec((0..40u64, grade()), 1..12), card in "[a-z]{1,6}") {
        let mut on = 0;
        let reviews: Vec<(u64, Grade)> = reviews.into_iter().map(|(later, grade)| { on += later; (on, grade) }).collect();
        let scheduler = Scheduler::default();
        let state = &scheduler.states(&history(&card, &reviews))[&card];
        let today = day(on + 3);
        let due = scheduler.choices(&card, state, at(today, 0), today).map(|next| next.due);
        prop_assert!(due.is_sorted(), "{:?}", due);
    }

    #[test]
    fn each_card_is_seen_in_the_last_week_and_its_memory_is_fsrs_own(count in 1..12usize, far in 9..200u64, grades in prop::collection::vec(grade(), 1..20)) {
        let interview = day(far);
        let scheduler = Scheduler::new(Rules { interview: Some(interview), ..Rules::default() });
        for n in 0..count {
            let card = format!("c{n}");
            let mut log = vec![review(0, &card, day(0), Easy)];
            let mut plain = vec![(0, Easy)];
            while let Due::On(due) = scheduler.states(&log)[&card].due {
                if due >= interview { break }
                // Never Again: its steps of minutes would not end the day here.
                let grade = grades[log.len() % grades.len()].max(Hard);
                plain.push(((due - day(0)).num_days() as u64, grade));
                log.push(review(log.len(), &card, due, grade));
            }
            let last = live(&log).last().unwrap().day;
            prop_assert!(last >= interview - Days::new(7) && last < interview, "{last} before {interview}");
            let memory = scheduler.states(&log)[&card].memory.unwrap();
            let (stability, difficulty, _) = by_the_crate(&plain, 0.9);
            prop_assert_eq!((memory.stability, memory.difficulty), (stability, difficulty));
        }
    }
}
