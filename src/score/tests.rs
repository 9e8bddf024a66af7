//! The contract's example and the borders of every rule of the score.

use super::*;
use crate::session::sample;
use proptest::prelude::*;

fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

fn taken(used: Duration, begun: &[&str]) -> Taken {
    Taken { begun: begun.iter().map(|id| (*id).to_owned()).collect(), drops: BTreeSet::new(), used, allowed: Some(minutes(60)) }
}

const ALL: [&str; 3] = ["scope", "design", "operate"];

fn judged(grades: &[(&str, Grade)]) -> Judgement {
    let lines = grades.iter().map(|(id, grade)| ((*id).to_owned(), Judged { grade: *grade, evidence: format!("notes on {id}") })).collect();
    Judgement { lines, ..Judgement::default() }
}

#[test]
fn the_contracts_example() {
    // 8 + 20 + 10 + 0: 38 points; 68 of 60 minutes are 13 % over.
    let judgement = judged(&[("numbers", Grade::Full), ("path", Grade::Full), ("ranks", Grade::Full), ("alarms", Grade::None)]);
    let score = score(&sample::problem(), &sample::rubric(), &taken(minutes(68), &ALL), &judgement);
    assert_eq!((score.points, score.penalty, score.total, score.band), (38.0, 5, 33.0, Band::LeanHire));
}

#[test]
fn half_earns_half_and_what_is_not_judged_earns_nothing() {
    let judgement = judged(&[("numbers", Grade::Half), ("path", Grade::Half)]);
    let score = score(&sample::problem(), &sample::rubric(), &taken(minutes(40), &ALL), &judgement);
    assert_eq!((score.points, score.total, score.open_lines()), (14.0, 14.0, 2));
    assert_eq!(score.lines[0].evidence, "notes on numbers");
}

#[test]
fn a_phase_not_begun_counts_nothing_and_is_marked() {
    let judgement = judged(&[("numbers", Grade::Full), ("alarms", Grade::Full)]);
    let score = score(&sample::problem(), &sample::rubric(), &taken(minutes(40), &["scope", "design"]), &judgement);
    assert_eq!(score.points, 8.0);
    let alarms = score.lines.iter().find(|line| line.line == "alarms").unwrap();
    assert!(!alarms.reached);
    assert_eq!(alarms.points, 0.0);
}

#[test]
fn being_late_costs_from_the_exact_border() {
    let rubric = sample::rubric();
    let cost = |seconds: u64| penalty(&rubric.late, &taken(Duration::from_secs(seconds), &ALL));
    for (seconds, points) in [(0, 0), (3600, 0), (3959, 0), (3960, 5), (4319, 5), (4320, 10), (36_000, 10)] {
        assert_eq!(cost(seconds), points, "{seconds} s of 3600 s");
    }
    let untimed = Taken { allowed: None, ..taken(minutes(600), &ALL) };
    assert_eq!(penalty(&rubric.late, &untimed), 0);
}

#[test]
fn a_total_is_never_below_zero() {
    let score = score(&sample::problem(), &sample::rubric(), &taken(minutes(90), &ALL), &judged(&[("numbers", Grade::Half)]));
    assert_eq!((score.points, score.penalty, score.total, score.band), (4.0, 10, 0.0, Band::NoHire));
}

#[test]
fn bands_begin_where_the_contract_says() {
    use Band::*;
    for (total, band) in [
        (50.0, StrongHire),
        (43.0, StrongHire),
        (42.5, Hire),
        (36.0, Hire),
        (35.5, LeanHire),
        (29.0, LeanHire),
        (28.5, LeanNoHire),
        (22.0, LeanNoHire),
        (21.5, NoHire),
        (0.0, NoHire),
    ] {
        assert_eq!(Band::of(total), band, "{total}");
    }
    assert_eq!(Hire.next(), Some((43.0, StrongHire)));
    assert_eq!(StrongHire.next(), None);
}

#[test]
fn dimensions_are_weighted_and_communication_is_not() {
    let steps = |steps: [(&str, u8); 2]| steps.map(|(id, step)| (id.to_owned(), step)).into();
    let (dimensions, communication) = (steps([("architecture", 5), ("storage", 2)]), steps([("clarity", 5), ("depth", 2)]));
    let judgement = Judgement { dimensions, communication, ..Judgement::default() };
    let score = score(&sample::problem(), &sample::rubric(), &taken(minutes(1), &ALL), &judgement);
    let mean = score.dimensions_mean.unwrap();
    assert!((mean - (5.0 * 25.0 + 2.0 * 20.0) / 45.0).abs() < 1e-12, "{mean}");
    assert_eq!(score.communication_mean, Some(3.5));
    assert_eq!(score.total, 0.0, "they stand beside the score, not in it");
}

#[test]
fn a_variant_that_drops_lines_is_worth_fifty_all_the_same() {
    let problem = sample::problem();
    let drops = problem.variants[0].drops.iter().cloned().collect();
    let taken = Taken { drops, ..taken(minutes(20), &ALL) };
    let all = judged(&[("numbers", Grade::Full), ("path", Grade::Full), ("ranks", Grade::Full)]);
    let score = score(&problem, &sample::rubric(), &taken, &all);
    assert_eq!((score.lines.len(), score.points), (3, 50.0));
}

#[test]
fn the_first_gap_is_the_dearest_line_and_says_what_closes_it() {
    let problem = sample::problem();
    let gap = |begun: &[&str], grades: &[(&str, Grade)]| {
        let score = score(&problem, &sample::rubric(), &taken(minutes(40), begun), &judged(grades));
        first_gap(&problem, &score)
    };
    let half = gap(&ALL, &[("numbers", Grade::Full), ("path", Grade::Half), ("ranks", Grade::Half), ("alarms", Grade::Full)]).unwrap();
    assert_eq!((half.line.as_str(), half.lost), ("path", 10.0));
    assert!(half.action.contains("path: names, costs and limits"));
    let unreached = gap(&["scope", "design"], &[("numbers", Grade::Full), ("path", Grade::Full), ("ranks", Grade::Full)]).unwrap();
    assert!(unreached.line == "alarms" && unreached.action.contains("did not reach “Operations”"));
    let perfect = [("numbers", Grade::Full), ("path", Grade::Full), ("ranks", Grade::Full), ("alarms", Grade::Full)];
    assert_eq!(gap(&ALL, &perfect), None);
}

#[test]
fn the_lean_is_blind_less_informed() {
    assert_eq!(lean([]), None);
    let kind = lean([(40.0, 35.0), (30.0, 28.0)]).unwrap();
    assert_eq!((kind.mean, kind.readings), (3.5, 2));
    let say = |blind: f64, informed: f64, times: usize| lean(std::iter::repeat_n((blind, informed), times)).unwrap().say();
    assert_eq!(say(33.5, 30.0, 5), "you judge yourself 3.5 points too kindly");
    assert_eq!(say(30.0, 33.0, 5), "you judge yourself 3.0 points too harshly");
    assert_eq!(say(30.0, 31.0, 5), "you judge yourself fairly");
    assert_eq!(say(30.0, 30.0, 4), "blind +0.0 against informed so far (4 of 5 attempts)");
}

#[test]
fn a_band_is_corrected_from_the_fifth_attempt_on() {
    let lean = |times: usize| lean(std::iter::repeat_n((40.0, 36.0), times)).unwrap();
    assert_eq!(lean(4).corrected(38.0), None);
    assert_eq!(lean(5).corrected(38.0), Some((34.0, Band::LeanHire)));
    assert_eq!(lean(5).corrected(2.0), Some((0.0, Band::NoHire)));
}

#[test]
fn leanings_stand_by_scale_and_skip_what_was_judged_once() {
    let read = |total: f64, steps: &[(&str, u8)]| {
        let mut score = score(&sample::problem(), &sample::rubric(), &taken(minutes(1), &ALL), &Judgement::default());
        score.total = total;
        score.dimensions = steps.iter().map(|(id, step)| ((*id).to_owned(), *step)).collect();
        score
    };
    let (a, b) = (read(40.0, &[("storage", 4)]), read(35.0, &[("storage", 2), ("operations", 3)]));
    let found = leanings(&[(&a, &b), (&b, &a)], &["architecture", "storage", "operations"]);
    let told: Vec<_> = found.iter().map(|leaning| (leaning.scale.as_deref(), leaning.values.clone())).collect();
    assert_eq!(told, [(None, vec![5.0, -5.0]), (Some("storage"), vec![2.0, -2.0])]);
}

#[test]
fn the_staff_level_takes_less_for_being_late() {
    let mut rubric = sample::rubric();
    rubric.late = serde_json::from_value(serde_json::json!([{"over": "10%", "points": 3}, {"over": "20%", "points": 7}])).unwrap();
    let cost = |seconds: u64| penalty(&rubric.late, &taken(Duration::from_secs(seconds), &ALL));
    for (seconds, points) in [(3959, 0), (3960, 3), (4319, 3), (4320, 7), (7200, 7)] {
        assert_eq!(cost(seconds), points, "{seconds} s of 3600 s");
    }
}

#[test]
fn the_built_in_levels_take_what_the_contract_says() {
    let catalog = crate::catalog::Catalog::load(None);
    for (level, limits) in [("L6", [(3959, 0), (3960, 5), (4320, 10)]), ("L7", [(3959, 0), (3960, 3), (4320, 7)])] {
        let rubric = catalog.rubric(level).unwrap();
        for (seconds, points) in limits {
            assert_eq!(penalty(&rubric.late, &taken(Duration::from_secs(seconds), &ALL)), points, "{level}: {seconds} s of 3600 s");
        }
    }
}

/// Grades for the sample's four lines; the last choice leaves one open.
fn grades(of: [usize; 4]) -> Judgement {
    let ids = ["numbers", "path", "ranks", "alarms"];
    judged(&ids.iter().zip(of).filter_map(|(id, grade)| Some((*id, *Grade::ALL.get(grade)?))).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn a_better_grade_never_costs(grades in prop::array::uniform4(0usize..3), better in 0usize..4, used in 0u64..6000) {
        let problem = sample::problem();
        let ids = ["numbers", "path", "ranks", "alarms"];
        let make = |grades: [usize; 4]| {
            let judgement = judged(&ids.iter().zip(grades).map(|(id, grade)| (*id, Grade::ALL[grade])).collect::<Vec<_>>());
            score(&problem, &sample::rubric(), &taken(Duration::from_secs(used), &ALL), &judgement)
        };
        let before = make(grades);
        let mut raised = grades;
        raised[better] = (raised[better] + 1).min(2);
        let after = make(raised);
        prop_assert!(after.total >= before.total);
        prop_assert!((0.0..=50.0).contains(&after.total));
        prop_assert_eq!(after.total, (after.points - f64::from(after.penalty)).max(0.0));
    }

    #[test]
    fn a_total_is_points_less_penalty_and_never_below_zero(of in prop::array::uniform4(0usize..4), used in 0u64..20_000, begun in 0usize..4, timed: bool, staff: bool) {
        let mut rubric = sample::rubric();
        if staff {
            rubric.late = serde_json::from_value(serde_json::json!([{"over": "10%", "points": 3}, {"over": "20%", "points": 7}])).unwrap();
        }
        let mut taken = taken(Duration::from_secs(used), &ALL[..begun]);
        taken.allowed = timed.then(|| minutes(60));
        let score = score(&sample::problem(), &rubric, &taken, &grades(of));
        let (small, large) = if staff { (3, 7) } else { (5, 10) };
        let penalty = if !timed || used < 3960 { 0 } else if used < 4320 { small } else { large };
        prop_assert_eq!(score.penalty, penalty);
        prop_assert_eq!(score.total, (score.points - f64::from(penalty)).max(0.0));
        prop_assert_eq!(score.band, Band::of(score.total));
        prop_assert!(score.lines.iter().all(|line| line.reached || line.points == 0.0));
        prop_assert!(score.lines.iter().all(|line| line.reached == ALL[..begun].contains(&line.phase.as_str())));
        // Half earns half, line by line.
        for line in &score.lines {
            let share = match line.grade { Some(Grade::Full) => 1.0, Some(Grade::Half) => 0.5, _ => 0.0 };
            prop_assert_eq!(line.points, if line.reached { line.of * share } else { 0.0 });
        }
    }

    #[test]
    fn more_time_never_earns_points(of in prop::array::uniform4(0usize..4), used in 0u64..6000, more in 0u64..6000) {
        let total = |used: u64| score(&sample::problem(), &sample::rubric(), &taken(Duration::from_secs(used), &ALL), &grades(of)).total;
        prop_assert!(total(used + more) <= total(used));
    }

    #[test]
    fn one_more_phase_never_costs(of in prop::array::uniform4(0usize..4), begun in 0usize..3) {
        let points = |begun: usize| score(&sample::problem(), &sample::rubric(), &taken(minutes(10), &ALL[..begun]), &grades(of)).points;
        prop_assert!(points(begun + 1) >= points(begun));
    }

    #[test]
    fn whatever_a_variant_drops_fifty_can_be_reached(dropped in prop::array::uniform4(any::<bool>())) {
        let ids = ["numbers", "path", "ranks", "alarms"];
        let drops: BTreeSet<String> = ids.iter().zip(dropped).filter(|(_, dropped)| *dropped).map(|(id, _)| (*id).to_owned()).collect();
        let kept = ids.len() - drops.len();
        let taken = Taken { drops, ..taken(minutes(20), &ALL) };
        let with = |grade: usize| score(&sample::problem(), &sample::rubric(), &taken, &grades([grade; 4]));
        let full = with(2);
        prop_assert_eq!(full.lines.len(), kept);
        prop_assert_eq!(full.points, if kept == 0 { 0.0 } else { 50.0 });
        prop_assert!((full.lines.iter().map(|line| line.of).sum::<f64>() - full.points).abs() < 1e-9);
        // Half of everything is half of fifty, to the half point that is told.
        prop_assert!((with(1).points - full.points / 2.0).abs() <= 0.25 + 1e-9);
    }

    #[test]
    fn a_steady_lean_is_corrected_away(informed in prop::collection::vec(10.0f64..40.0, 5..12), kind in -8.0f64..8.0, next in 10.0f64..40.0) {
        let lean = lean(informed.iter().map(|total| (total + kind, *total))).unwrap();
        let (total, band) = lean.corrected(next + kind).unwrap();
        prop_assert!((total - next).abs() < 1e-9);
        prop_assert_eq!(band, Band::of(total));
    }

    #[test]
    fn a_corrected_total_is_a_score_and_keeps_the_order(pairs in prop::collection::vec((0.0f64..50.0, 0.0f64..50.0), 0..9), blind in 0.0f64..50.0, more in 0.0f64..10.0) {
        let Some(lean) = lean(pairs.iter().copied()) else { return Ok(()) };
        prop_assert_eq!(lean.corrected(blind).is_some(), pairs.len() >= Lean::ENOUGH);
        if let (Some((low, _)), Some((high, _))) = (lean.corrected(blind), lean.corrected(blind + more)) {
            prop_assert!((0.0..=50.0).contains(&low) && low <= high);
        }
    }
}
