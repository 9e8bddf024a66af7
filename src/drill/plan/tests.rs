//! Plans and the checklist against made-up pasts.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::catalog::plans::plans;

fn day(n: u64) -> NaiveDate {
    after(NaiveDate::from_ymd_opt(2026, 11, 2).unwrap(), n)
}

fn sat(problem: &str, mode: Mode, total: Option<f64>) -> Sat {
    let communication = [("clarity".to_owned(), 4), ("trade-offs".to_owned(), 4)].into();
    Sat { problem: problem.into(), variant: None, on: day(0), mode, allowed_ms: 100, used_ms: 90, total, communication }
}

fn with_card(id: &str) -> bool {
    ["rate-limiter", "news-feed", "distributed-cache", "unique-id-generator"].contains(&id)
}

#[test]
fn what_is_done_late_open_and_to_come_is_told_apart() {
    let beginner = &plans().plans[0];
    let past = Practised { sat: vec![sat("rate-limiter", Mode::Coached, None)], ..Practised::default() };
    let weeks = standing(beginner, day(0), day(8), &past, &with_card);
    assert_eq!((weeks[0].from, weeks[0].to, weeks[1].from), (day(0), day(6), day(7)));
    let of = |week: usize| weeks[week].tasks.iter().map(|task| task.status).collect::<Vec<_>>();
    assert_eq!(of(0), [Status::Late, Status::Late, Status::Done, Status::Late]);
    assert_eq!(of(1), [Status::Open, Status::Open, Status::Open, Status::ToCome]);
    let (week, task) = next(&weeks, day(8)).unwrap();
    assert_eq!((week.from, task.task.what), (day(0), Do::Cards));
    let (done, late, all) = tally(&weeks);
    assert_eq!((done, late), (1, 3));
    assert!(all > 10);
}

#[test]
fn a_task_of_real_mode_is_not_done_by_a_coached_sitting_and_a_variant_is_by_the_whole() {
    let real = Task { mode: Some(Pace::Real), ..of(Do::Sit, "news-feed") };
    assert!(!counts(&real, &sat("news-feed", Mode::Coached, None)) && counts(&real, &sat("news-feed", Mode::Real, None)));
    let small = Task { variant: Some("simple".into()), ..of(Do::Sit, "news-feed") };
    assert!(counts(&small, &sat("news-feed", Mode::Untimed, None)));
    let other = Sat { variant: Some("simple".into()), ..sat("news-feed", Mode::Real, None) };
    assert!(counts(&small, &other) && !counts(&of(Do::Sit, "news-feed"), &other));
}

#[test]
fn a_plan_of_ones_own_fits_the_weeks_and_the_hours() {
    let none = Practised::default();
    for (days, hours) in [(1, 1.0), (10, 3.0), (28, 6.0), (56, 10.0), (400, 40.0)] {
        let plan = custom(plans(), "L6", day(0), Some(day(days)), Some(hours), &none);
        assert_eq!(plan.weeks.len() as u64, days.div_ceil(7).clamp(1, 26), "{days} days");
        for week in &plan.weeks {
            let sits: Vec<_> = week.tasks.iter().filter(|task| task.what == Do::Sit).collect();
            let minutes: u32 = sits.iter().map(|task| plans().systems.get(&task.problem).unwrap().minutes * 2).sum();
            // One problem is taken up even where an hour is all there is.
            assert!(sits.len() <= 1 || f64::from(minutes) <= hours * 0.8 * 60.0, "{hours} h: {minutes} min");
        }
        let all: Vec<_> = plan.weeks.iter().flat_map(|week| &week.tasks).filter(|task| task.what == Do::Sit).map(|task| &task.problem).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "no problem twice");
    }
    let known = Practised { sat: vec![sat("rate-limiter", Mode::Real, Some(45.0))], ..Practised::default() };
    let plan = custom(plans(), "L6", day(0), Some(day(28)), Some(6.0), &known);
    assert!(plan.weeks.iter().flat_map(|week| &week.tasks).all(|task| task.problem != "rate-limiter"));
    // A day that has passed and no hours at all still give a plan.
    assert_eq!(custom(plans(), "L9", day(5), Some(day(0)), Some(0.0), &none).weeks.len(), 1);
}

#[test]
fn a_hand_does_not_tick_what_history_does_not_show() {
    let group = |id: &str| Some(format!("group of {id}"));
    let mut past = Practised { ticks: ["in-time".to_owned()].into(), ..Practised::default() };
    let list = checklist(plans(), &past, &group);
    assert!(list.iter().all(|line| !line.proved()));
    assert!(list[0].by_hand && list[0].item.id == "in-time");
    past.sat = ["a", "b", "c", "d"].map(|id| sat(id, Mode::Real, Some(40.0))).to_vec();
    let list = checklist(plans(), &past, &group);
    let proved: Vec<&str> = list.iter().filter(|line| line.proved()).map(|line| line.item.id.as_str()).collect();
    assert_eq!(proved, ["in-time", "clear", "hire", "breadth", "weigh"]);
}

#[test]
fn few_predictions_and_wrong_ones_prove_nothing() {
    let made = |hits: usize, all: usize| {
        let predicted = (0..all).map(|n| super::super::practised::Predicted { problem: "p".into(), experiment: n.to_string(), on: day(0), hit: n < hits });
        Practised { predicted: predicted.collect(), ..Practised::default() }
    };
    let need = Need { count: Counted::Predictions, times: 10, least: 0.0, last: 0, seconds: 0.0, share: 0.6 };
    let proved = |past: &Practised| {
        let (have, need, _) = evidence(&need, past, &|_| None);
        have >= need
    };
    assert!(!proved(&made(3, 3)) && !proved(&made(4, 10)) && !proved(&made(5, 40)));
    assert!(proved(&made(6, 10)) && proved(&made(30, 40)));
}
