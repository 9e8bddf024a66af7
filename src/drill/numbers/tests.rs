//! Drills against the estimation sheet: two routes to one number.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use proptest::prelude::*;

/// The steps as the sheet works them out: nothing of the maker's own arithmetic.
fn by_sheet(drill: &Drill) -> Amount {
    let lines: Vec<&str> = drill.steps.iter().map(|step| step.line.as_str()).collect();
    let results = estimate::sheet(&lines);
    for (line, result) in lines.iter().zip(&results) {
        assert!(result.is_ok(), "{line}: {result:?}");
    }
    results.last().unwrap().clone().unwrap().amount
}

fn any_drill() -> impl Strategy<Value = Drill> {
    (0..Kind::ALL.len(), 0..Level::ALL.len(), any::<u64>()).prop_map(|(kind, level, seed)| Drill::new(Kind::ALL[kind], Level::ALL[level], seed))
}

fn check(drill: &Drill) {
    let sheet = by_sheet(drill);
    assert_eq!((sheet.bytes, sheet.seconds), drill.unit.dimension(), "{drill:#?}");
    let (value, right) = if drill.unit == Unit::Availability { (1.0 - sheet.value, 1.0 - drill.answer) } else { (sheet.value, drill.answer) };
    // Gaps of availabilities are differences of numbers near 1.
    assert!((value / right - 1.0).abs() < 1e-6, "the sheet says {} and the drill {}: {drill:#?}", sheet.value, drill.answer);
    assert!(drill.answer > 0.0 && drill.answer.is_finite() && drill.is_believable(), "{drill:#?}");
    assert!(drill.unit != Unit::Availability || drill.answer < 1.0, "{drill:#?}");
    assert!(!drill.tricks.is_empty() && drill.tricks.iter().all(|trick| trick.off.abs() < 1.0), "{drill:#?}");
    assert!(drill.tricks.len() == 1 && !drill.so.is_empty() && drill.ask.ends_with(['?', '.']), "{drill:#?}");
}

#[test]
fn every_kind_and_level_holds_over_many_seeds() {
    for (kind, level) in Kind::ALL.into_iter().flat_map(|kind| Level::ALL.map(|level| (kind, level))) {
        (0..60).for_each(|seed| check(&Drill::new(kind, level, seed)));
    }
}

proptest! {
    #[test]
    fn the_worked_steps_give_the_answer(drill in any_drill()) {
        check(&drill);
        prop_assert_eq!(Drill::new(drill.kind, drill.level, drill.seed), drill);
    }

    #[test]
    fn the_right_answer_is_read_back_as_sharp(drill in any_drill()) {
        // As it is told to the user, it can be typed; what stands in parentheses is the same in bits.
        let told = drill.unit.told(drill.answer);
        let told = told.split(" (").next().unwrap().replace("a month", "").replace("years", "year");
        let verdict = drill.judge(&told).unwrap();
        prop_assert_eq!(verdict.grade, Grade::Sharp, "{} for {:?}", told, drill);
    }

    #[test]
    fn nothing_typed_panics(text in ".{0,30}", drill in any_drill()) {
        let _ = drill.judge(&text);
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_was_asked_is_not_asked_again(kind in 0..Kind::ALL.len(), level in 0..3_usize, seed in 0..1000_u64) {
        let (kind, level) = (Kind::ALL[kind], Level::ALL[level]);
        let mut asked = BTreeSet::new();
        for _ in 0..60 {
            let drill = Drill::fresh(kind, level, seed, &asked);
            prop_assert!(asked.insert(drill.ask));
        }
    }
}

#[test]
fn answers_are_typed_as_people_type_them() {
    for (text, unit, value) in [
        ("12k/s", Unit::PerSecond, 12_000.0),
        ("12k rps", Unit::PerSecond, 12_000.0),
        ("12 K req/s", Unit::PerSecond, 12_000.0),
        ("3e6", Unit::PerSecond, 3e6),
        ("86400/day", Unit::PerSecond, 1.0),
        ("1.2 TB", Unit::Bytes, 1.2e12),
        ("3e9", Unit::Bytes, 3e9),
        ("8 Gb/s", Unit::BytesPerSecond, 1e9),
        ("8Gbps", Unit::BytesPerSecond, 1e9),
        ("43 min", Unit::Time, 2580.0),
        ("43 minutes", Unit::Time, 2580.0),
        ("3.65 days", Unit::Time, 315_360.0),
        ("99.95%", Unit::Availability, 0.9995),
        ("99.95", Unit::Availability, 0.9995),
        ("0.9995", Unit::Availability, 0.9995),
        ("$4,000", Unit::DollarsAMonth, 4000.0),
        ("~40 servers", Unit::Count("servers"), 40.0),
    ] {
        let read = parse(text, unit).unwrap();
        assert!((read / value - 1.0).abs() < 1e-12, "{text}: {read}");
    }
}

#[test]
fn what_is_no_answer_is_told_why() {
    for (text, unit, why) in [
        ("", Unit::Bytes, "a size"),
        ("lots", Unit::Bytes, "`lots`"),
        ("10 gb", Unit::Bytes, "did you mean `GB`"),
        ("5 s", Unit::Bytes, "something else"),
        ("10 KB", Unit::PerSecond, "something else"),
        ("50M * 8", Unit::Count("x"), "in your head"),
        ("400M/86400", Unit::PerSecond, "in your head"),
        ("-3", Unit::Count("x"), "more than zero"),
        ("0", Unit::Bytes, "more than zero"),
        ("100%", Unit::Availability, "less than 100%"),
        ("120%", Unit::Availability, "less than 100%"),
        ("1e999", Unit::Bytes, ""),
    ] {
        let said = parse(text, unit).unwrap_err();
        assert!(said.contains(why), "{text}: {said}");
    }
}

#[test]
fn errors_are_told_in_factors() {
    let drill = Drill { answer: 1000.0, unit: Unit::PerSecond, ..Drill::new(Kind::Requests, Level::Easy, 1) };
    for (value, grade, says) in [
        (1000.0, Grade::Sharp, "exactly"),
        (864.0, Grade::Sharp, "14 % too little"),
        (1900.0, Grade::Good, "90 % too much"),
        (300.0, Grade::Order, "3.3 times too little"),
        (50_000.0, Grade::Off, "50 times too much"),
    ] {
        let verdict = drill.verdict(value);
        assert_eq!((verdict.grade, verdict.says(drill.unit).as_str()), (grade, says));
    }
    // Of availabilities the downtime is compared.
    let drill = Drill { answer: 0.9999, unit: Unit::Availability, ..drill };
    let verdict = drill.verdict(0.99);
    assert_eq!(verdict.grade, Grade::Off);
    assert!((verdict.error - 2.0).abs() < 1e-9);
}

#[test]
fn the_days_trick_is_fourteen_percent_low() {
    let drill = Drill::new(Kind::Requests, Level::Easy, 3);
    assert_eq!(Drill::off(&drill.tricks[0]), "14 % low");
    assert!((drill.tricks[0].off - (86_400.0 / 100_000.0 - 1.0)).abs() < 1e-9);
}

#[test]
fn a_trend_compares_the_later_half_with_the_earlier() {
    let row = |error: f64, took_ms| Taken {
        kind: Kind::Requests,
        level: Level::Easy,
        seed: 1,
        ask: String::new(),
        answer: 1.0,
        right: 1.0,
        error,
        took_ms,
        made_at: chrono::DateTime::UNIX_EPOCH,
    };
    assert_eq!(trend([].iter()), None);
    let rows = [row(1.0, 60_000), row(-1.0, 40_000), row(0.0, 20_000), row(0.0, 10_000)];
    let found = trend(rows.iter()).unwrap();
    assert_eq!((found.count, found.good), (4, 0.5));
    assert!((found.factor - 1.0).abs() < 1e-9 && (found.took_ms - 15_000.0).abs() < 1e-9);
    let (factor, took) = found.was.unwrap();
    assert!((factor - 10.0).abs() < 1e-9 && (took - 50_000.0).abs() < 1e-9);
}
