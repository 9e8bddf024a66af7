//! Expectations read as they are meant, and are refused with what was expected.

use super::*;
use crate::catalog::model::{Is, Pairs, Scalar};
use proptest::prelude::*;

/// The value of the left side where every metric is 10, every knob 3 and every aggregate the sum it is of.
fn left(text: &str) -> f64 {
    fn look(leaf: &Leaf) -> Option<f64> {
        match leaf {
            Leaf::Metric { .. } => Some(10.0),
            Leaf::Knob { .. } => Some(3.0),
            Leaf::Aggregate { of, .. } => of.value(&look),
            Leaf::Given(_) | Leaf::Share(_) => None,
        }
    }
    let expectation = Expectation::parse(text).unwrap_or_else(|why| panic!("{text}: {why:?}"));
    let (left, _) = expectation.law.sides().expect("a comparison");
    left.value(&look).expect("a value")
}

fn refused(text: &str, expected: &str) {
    let why = Expectation::parse(text).expect_err(text);
    assert!(why.message.contains(expected), "{text}: {why:?}");
}

#[test]
fn sums_follow_the_rules_of_arithmetic() {
    for (text, value) in [
        ("1 + 2 * 3 < 0", 7.0),
        ("(1 + 2) * 3 < 0", 9.0),
        ("8 / 2 / 2 < 0", 2.0),
        ("8 - 2 - 2 < 0", 4.0),
        ("-2 * -3 < 0", 6.0),
        ("a.x - b.y < 0", 0.0),
        ("1.9 * 100 < 0", 190.0),
        ("4KiB < 0", 4096.0),
        ("2% < 0", 0.02),
        ("1e3 < 0", 1000.0),
        ("20M < 0", 2e7),
        ("pow(2, 10) + sqrt(9) + max(1, 2) + min(1, 2) + abs(-4) < 0", 1034.0),
        ("log2(8) + ln(1) < 0", 3.0),
        ("mean(a.x) * a.set.limit < 0", 30.0),
        ("a.failed.store < 0", 10.0),
    ] {
        assert!((left(text) - value).abs() < 1e-9, "{text}");
    }
}

#[test]
fn times_count_in_the_unit_of_the_metrics() {
    for (text, value) in [("5ms < a.x_ms", 5.0), ("5ms < a.x_us", 5000.0), ("2s < a.x_p99_ms", 2000.0), ("1500us < a.x_s", 0.0015)] {
        assert!((left(text) - value).abs() < 1e-9, "{text}");
    }
    refused("a.x_ms < a.y_s", "is in s, but the comparison is in ms");
    refused("a.count < 5ms", "no metric here ends in");
    // A share is a comparison of its own; a rate is no time.
    assert!(Expectation::parse("share(a.x_ms < 5ms) >= 0.9").is_ok());
    assert!(Expectation::parse("a.sent_per_s > a.wait_ms").is_ok());
    let knob = |text: &str| match Expectation::parse(text).map(|e| e.law) {
        Ok(Law::Compare { right: Sum::Leaf(Leaf::Knob { unit, .. }), .. }) => unit,
        other => panic!("{other:?}"),
    };
    assert_eq!(knob("a.x_us <= a.set.ttl"), TimeUnit::Micros);
    assert_eq!(knob("a.x <= a.set.ttl"), TimeUnit::Millis);
}

#[test]
fn verdicts_name_runs_and_invariants() {
    let law = |text: &str| Expectation::parse(text).unwrap().law;
    assert_eq!(law("log holds"), Law::Holds { run: "log".into(), invariant: None });
    assert_eq!(law("log holds never-above-limit"), Law::Holds { run: "log".into(), invariant: Some("never-above-limit".into()) });
    assert_eq!(law("edge breaks never-above-limit"), Law::Breaks { run: "edge".into(), invariant: "never-above-limit".into() });
    assert_eq!(law("a reaches b"), Law::Reaches { run: "a".into(), invariant: "b".into() });
    assert!(law("share(a holds) > 90%").is_over_seeds());
    assert!(!law("a.x > 1").is_over_seeds());
    refused("a breaks", "the invariant that breaks");
}

#[test]
fn within_is_a_share_of_the_right_side() {
    for text in ["a.x within 5 % of 100", "a.x within 5% of 100"] {
        let law = Expectation::parse(text).unwrap().law;
        assert_eq!((law.holds(95.0, 100.0), law.holds(94.9, 100.0)), (Some(true), Some(false)), "{text}");
    }
    refused("a.x within 5 of 100", "`%` was expected");
    refused("a.x within 5 % 100", "`of` was expected");
}

#[test]
fn nonsense_is_refused_where_it_stands() {
    refused("", "but the line ends here");
    refused("a.x", "<=, <, >=");
    refused("a.x > ", "a number, RUN.METRIC or a function");
    refused("a.x > 1 > 2", "the end of the line");
    refused("a.x > 1 ? 2", "`?` means nothing");
    refused("sqr(2) > 1", "did you mean `sqrt`");
    refused("pow(2) > 1", "`,` was expected");
    refused("5parsec > 1", "no unit");
    refused(&format!("{} 1 > 0", "(".repeat(200)), "parentheses");
    assert_eq!(Expectation::parse("a.x > 1 > 2").unwrap_err().at, 8);
    assert_eq!(Expectation::parse("  a.x <= 2 ").unwrap().to_string(), "a.x <= 2");
}

#[test]
fn formulas_speak_of_what_is_given() {
    let given = Pairs(vec![("users".into(), Scalar::from("20M")), ("body".into(), Scalar::from("10KB")), ("kept".into(), Scalar::from("5y"))]);
    assert!((formula("users * 10 / 86400", &given).unwrap() - 2314.8).abs() < 0.1);
    assert!((formula("users * body / 1day", &given).unwrap() - 2.3148e6).abs() < 1e3);
    assert!((formula("kept / 365day", &given).unwrap() - 5.0).abs() < 1e-9);
    assert!(formula("usrs * 2", &given).unwrap_err().message.contains("did you mean `users`"));
    assert!(formula("a.x * 2", &given).unwrap_err().message.contains("not of runs"));
    assert!(formula("users / 0", &given).unwrap_err().message.contains("no value"));
    assert_eq!(threshold("5", "x_ms"), Ok(5.0));
    assert_eq!(threshold("5ms", "x_us"), Ok(5000.0));
    assert_eq!(threshold("1.9 * 100", "admitted"), Ok(190.0));
    assert!(threshold("5ms", "admitted").is_err());
}

#[test]
fn templates_fill_their_places_and_leave_code_alone() {
    let template = Template::read("of {edge.admitted} in {user} {\"a\": 1.5}: {edge.admitted / log.admitted} times, {a.none}");
    assert_eq!(template.sums().count(), 3);
    let filled = template.fill(&|sum| match sum {
        Sum::Leaf(Leaf::Metric { run, .. }) if run == "edge" => Some(1234.0),
        Sum::Leaf(_) => None,
        _ => Some(1.987_65),
    });
    assert_eq!(filled, "of 1,234 in {user} {\"a\": 1.5}: 1.99 times, –");
}

#[test]
fn three_figures_are_shown() {
    for (number, text) in
        [(0.0, "0"), (199.0, "199"), (1_234_567.0, "1,230,000"), (0.012_345, "0.0123"), (1.5, "1.5"), (99.96, "100"), (-1234.56, "-1,230"), (0.999_6, "1")]
    {
        assert_eq!(significant(number), text);
    }
}

#[test]
fn relations_mean_what_they_say() {
    for (is, results) in [(Is::AtMost, [true, true, false]), (Is::Below, [true, false, false]), (Is::Equal, [false, true, false])] {
        assert_eq!([1.0, 2.0, 3.0].map(|left| is.holds(left, 2.0)), results);
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[a-z0-9.<>=+*/()%, é-]{0,40}") {
        let _ = Expectation::parse(&text);
        let _ = Sum::parse(&text);
        let _ = Template::read(&text);
        let _ = Template::read(&format!("{{{text}}}"));
        let _ = threshold(&text, "x_ms");
    }

    #[test]
    fn a_sum_of_numbers_has_their_value(a in -1000i32..1000, b in -1000i32..1000, c in 1i32..1000) {
        let text = format!("({a} + {b}) * {c} - {a} / {c} == 0");
        let expected = f64::from(a + b) * f64::from(c) - f64::from(a) / f64::from(c);
        prop_assert!((left(&text) - expected).abs() < 1e-6);
    }
}
