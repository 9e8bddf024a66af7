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
    assert_eq!(kind.say(), "you judge yourself 3.5 points too kindly");
    assert_eq!(lean([(30.0, 33.0)]).unwrap().say(), "you judge yourself 3.0 points too harshly");
    assert_eq!(lean([(30.0, 31.0)]).unwrap().say(), "you judge yourself fairly");
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
}
