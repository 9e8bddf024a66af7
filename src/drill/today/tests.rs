//! Suggestions for made-up days.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

fn on(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
}

fn day() -> Day<'static> {
    Day { today: on(2), first: Some(("rate-limiter".into(), "Rate limiter".into())), flaws: (0, 12), cards: (0, 20), ..Day::default() }
}

fn sit(problem: &str) -> Planned {
    let task = Task { what: Do::Sit, problem: problem.into(), variant: None, mode: None, count: 1 };
    Planned { plan: "beginner".into(), task, says: format!("Sit {problem}"), late: false, week: 1 }
}

fn titles(day: &Day<'_>, past: &Practised) -> Vec<String> {
    suggest(day, past).into_iter().map(|found| found.title).collect()
}

#[test]
fn the_first_day_has_cards_a_drill_a_flaw_an_interview_and_a_plan() {
    let found = titles(&day(), &Practised::default());
    assert_eq!(found, ["Review cards", "Estimate", "Spot a flaw", "Sit Rate limiter, without a clock", "Choose a plan"]);
}

#[test]
fn what_was_left_unfinished_comes_first_and_each_suggestion_says_why() {
    let cut = Waiting { attempt: "a".into(), title: "News feed".into(), minutes: 18 };
    let weak = Weak { mechanism: "fan-out".into(), says: "2 of 8 points".into(), problem: "news-feed".into(), title: "News feed".into() };
    let day = Day {
        unfinished: vec![cut.clone()],
        unscored: vec![Waiting { attempt: "b".into(), ..cut }],
        weak: Some(weak),
        planned: Some(sit("chat")),
        follows: true,
        cards: (7, 0),
        ..day()
    };
    let found = suggest(&day, &Practised::default());
    let titles: Vec<&str> = found.iter().map(|found| found.title.as_str()).collect();
    let wanted = ["Go on with News feed", "Score News feed", "Review cards", "Sit chat", "Work on fan out, in the lab of News feed", "Estimate", "Spot a flaw"];
    assert_eq!(titles, wanted);
    assert!(found.iter().all(|found| !found.why.is_empty() && found.minutes > 0));
    assert_eq!(found[2].why, "7 cards are due today, just before you would forget");
}

#[test]
fn shortly_before_the_interview_nothing_new_is_begun() {
    let planned = |interview| Day { interview: Some(interview), planned: Some(sit("chat")), follows: true, ..day() };
    let has = |day: &Day<'_>| titles(day, &Practised::default()).contains(&"Sit chat".to_owned());
    assert!(has(&planned(on(20))) && has(&planned(on(6))));
    assert!(!has(&planned(on(5))) && !has(&planned(on(2))));
    // A date that has passed holds nothing back.
    assert!(has(&planned(on(1))));
}

#[test]
fn there_is_always_something_and_the_routine_is_the_weekdays() {
    let nothing = Day { today: on(2), follows: true, ..Day::default() };
    assert_eq!(titles(&nothing, &Practised::default()), ["Estimate"]);
    let routine = &crate::catalog::plans::plans().routine;
    assert_eq!(habit(routine, on(2)).map(|habit| habit.day.as_str()), Some("monday"));
    assert_eq!(habit(routine, on(8)).map(|habit| habit.day.as_str()), Some("sunday"));
}
