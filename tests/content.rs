//! What is built in is sound, and every fault of a bad file is reported in its place.

#![allow(clippy::unwrap_used)]

use greenroom::catalog::check::{self, Report};
use greenroom::catalog::{Catalog, Missing, Paint};
use proptest::prelude::*;
use sims::kernel::action::{ActionSpec, ArgDefault, ArgSpec};
use sims::kernel::design::{Design, no_conflicts};
use sims::kernel::faults;
use sims::kernel::invariant::{InvariantKind, InvariantSpec};
use sims::kernel::knob::Knob;
use sims::kernel::metric::{Id, MetricSpec, Unit};
use sims::kernel::time::Span;
use sims::kernel::value::Kind;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A design that is only ever looked at.
static TINY: Design = Design {
    id: "tiny",
    title: "Tiny",
    teaches: "",
    leaves_out: "",
    knobs: &[
        Knob::live("limit", Kind::Rate { min: 0.0, max: 1000.0, per: Span::secs(60) }, "100/min", ""),
        Knob::live("servers", Kind::Integer { min: 1, max: 8 }, "3", ""),
        Knob::live("atomic", Kind::Switch, "on", ""),
        Knob::live("policy", Kind::Choice(&["open", "closed"]), "open", ""),
        Knob::at_start("ttl", Kind::Duration { min: Span::ZERO, max: Span::secs(60) }, "30s", ""),
    ],
    actions: &[ActionSpec {
        name: "burst",
        says: "",
        args: &[ArgSpec { name: "n", says: "", kind: Kind::Integer { min: 1, max: 1000 }, default: ArgDefault::Required }],
    }],
    faults: faults::NETWORK,
    metrics: &[MetricSpec::counter(Id(0), "admitted", ""), MetricSpec::histogram(Id(1), "decision", Unit::Millis, "")],
    reasons: &["refused"],
    invariants: &[
        InvariantSpec { id: "never-above-limit", kind: InvariantKind::Always, says: "" },
        InvariantSpec { id: "counts-agree", kind: InvariantKind::Finally, says: "" },
        InvariantSpec { id: "someone-waits", kind: InvariantKind::Sometimes, says: "" },
    ],
    safeguards: &[],
    panes: &[],
    charts: &[],
    refuses: no_conflicts,
    start: |_| panic!("a static check starts nothing"),
    benches: &[],
};

fn judge(paths: &[&Path]) -> Report {
    check::paths(&paths.iter().map(|p| p.to_path_buf()).collect::<Vec<_>>(), &[&TINY])
}

/// Compares with the text beside the fixture. `UPDATE_EXPECTED=1` writes it anew: read the difference before it is committed.
fn expect(fixture: &Path) {
    let expected = fixture.with_extension("expected");
    let report = judge(&[fixture]).render(Paint::Plain);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&expected, &report).unwrap();
    }
    let wanted = fs::read_to_string(&expected).unwrap_or_default();
    assert_eq!(report, wanted, "{}: the report is not what {} says", fixture.display(), expected.display());
}

#[test]
fn every_bad_file_gets_its_whole_report() {
    let mut fixtures: Vec<PathBuf> = fs::read_dir("tests/fixtures/bad").unwrap().map(|e| e.unwrap().path()).collect();
    fixtures.retain(|path| path.is_dir() || path.extension().is_some_and(|e| e == "yaml"));
    fixtures.sort();
    assert!(fixtures.len() > 20, "the fixtures are gone");
    for fixture in fixtures {
        expect(&fixture);
        assert!(!judge(&[&fixture]).is_clean(), "{} has no fault", fixture.display());
    }
}

#[test]
fn the_good_card_beside_the_bad_ones_has_no_fault() {
    let report = judge(&[Path::new("tests/fixtures/good")]);
    assert!(report.is_clean() && report.files >= 4, "{}", report.render(Paint::Plain));
}

#[test]
fn what_is_built_in_has_no_fault_and_is_checked_within_a_second() {
    let start = Instant::now();
    let report = check::check_builtin();
    let took = start.elapsed();
    assert!(report.is_clean(), "{}", report.render(Paint::Plain));
    assert!(report.files >= 4, "rubrics, words and a problem are built in");
    // Timed roughly: this machine may be busy, and the code is not fully optimised.
    assert!(took < Duration::from_secs(5), "took {took:?}");
}

#[test]
fn a_huge_file_is_refused_unread() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("huge.yaml");
    // Sparse: a hundred megabytes that take no disk.
    fs::File::create(&path).unwrap().set_len(100 << 20).unwrap();
    let start = Instant::now();
    let report = judge(&[&path]);
    assert!(start.elapsed() < Duration::from_secs(1));
    let message = &report.faults[0].message;
    assert_eq!((report.faults.len(), message.as_str()), (1, "is 100.0 MiB, but a content file has at most 4 MiB; it was not read"));
}

#[test]
fn a_byte_that_is_no_text_is_named_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("latin.yaml");
    fs::write(&path, b"format: 1\nid: latin\ntitle: Caf\xe9\n").unwrap();
    let report = judge(&[&path]);
    let fault = &report.faults[0];
    let place = fault.place.unwrap();
    assert_eq!((place.line, place.column), (3, 11));
    assert_eq!(fault.message, "byte 30 is 0xe9, which is not UTF-8");
}

#[test]
fn a_missing_file_and_a_folder_of_nothing_are_told() {
    assert!(judge(&[Path::new("no/such.yaml")]).faults[0].message.starts_with("cannot be read"));
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(judge(&[dir.path()]).summary(), "0 files, no faults");
}

fn user_dir(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

const OWN: &str = "format: 1\nid: own\ntitle: My own\ngroup: mine\nlevel: L6\ndifficulty: easy\nminutes: 30\nstatement: Something of mine.\nphases:\n  - {id: all, name: All, minutes: 30}\nrubric:\n  - {id: one, phase: all, line: It works., points: 50, full: Yes., half: Partly., none: \"No.\"}\n";

#[test]
fn a_user_card_is_laid_over_and_marked() {
    let replaced = OWN.replace("id: own", "id: rate-limiter");
    let dir = user_dir(&[("problems/own.yaml", OWN), ("problems/rate-limiter.yaml", &replaced)]);
    let catalog = Catalog::load(Some(dir.path()));
    assert!(catalog.faults().is_empty(), "{:?}", catalog.faults());
    assert!(catalog.head("own").unwrap().yours && catalog.head("rate-limiter").unwrap().yours);
    assert_eq!(catalog.problem("rate-limiter").unwrap().title, "My own");
    assert_eq!(catalog.heads().iter().filter(|h| h.id == "rate-limiter").count(), 1);
}

#[test]
fn a_bad_user_file_hides_nothing() {
    let bad = OWN.replace("id: own", "id: rate-limiter").replace("minutes: 30}", "minutes: 31}");
    let dir = user_dir(&[("problems/own.yaml", OWN), ("problems/rate-limiter.yaml", &bad), ("problems/broken.yaml", "a: [")]);
    let catalog = Catalog::load(Some(dir.path()));
    assert_eq!(catalog.faults().len(), 2, "{:?}", catalog.faults());
    assert!(catalog.problem("own").is_ok());
    let head = catalog.head("rate-limiter").unwrap();
    assert!(!head.yours && catalog.problem("rate-limiter").unwrap().title == head.title);
}

#[test]
fn heads_and_cards_agree() {
    let catalog = Catalog::load(None);
    assert!(!catalog.heads().is_empty());
    for head in catalog.heads() {
        let card = catalog.problem(&head.id).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!((&card.title, card.minutes, card.experiments.len()), (&head.title, head.minutes, head.experiments.len()));
        assert!(catalog.rubric(&head.level).is_some(), "{} has the level {}", head.id, head.level);
    }
    assert!(matches!(catalog.problem("rate-limitr"), Err(Missing::Unknown(why)) if why.contains("did you mean `rate-limiter`")));
    assert!(matches!(catalog.find("rate-limiter/none"), Err(Missing::Unknown(why)) if why.contains("no variant")));
}

#[test]
fn a_built_in_card_with_a_design_is_whole() {
    let catalog = Catalog::load(None);
    for head in catalog.heads() {
        let (card, Some(design)) = (catalog.problem(&head.id).unwrap(), head.design.as_deref()) else { continue };
        let owed = [
            ("questions to clarify", card.clarify.len(), 8),
            ("estimations", card.estimation.len(), 1),
            ("solution sections", card.solution.len(), 2),
            ("text graphs", card.solution.iter().filter(|s| s.diagram.is_some() || s.body.contains("```mermaid")).count(), 1),
            ("follow-ups", card.follow_ups.len(), 6),
            ("sizing numbers", card.sizing.len(), 1),
            ("objectives", card.objectives.len(), 1),
            ("flaws", card.flaws.len(), 1),
            ("experiments", card.experiments.len(), 6),
            ("references", card.references.len(), 1),
            ("challenges", catalog.runs_of(design).len(), 2),
        ];
        for (what, has, least) in owed {
            assert!(has >= least, "{}: {has} {what}, but at least {least} are owed", head.id);
        }
        for run in catalog.runs_of(design) {
            assert!(run.id.starts_with(&format!("{design}-")), "{}: a challenge is called {design}-<name>", run.id);
        }
    }
}

#[test]
fn levels_have_their_rules() {
    let catalog = Catalog::load(None);
    for (level, dimensions, late, minutes) in [("L6", 5, [5, 10], 60), ("L7", 5, [3, 7], 90)] {
        let rubric = catalog.rubric(level).unwrap();
        assert_eq!((rubric.dimensions.len(), rubric.communication.len()), (dimensions, 3));
        assert_eq!(rubric.late.iter().map(|l| l.points).collect::<Vec<_>>(), late);
        assert_eq!(rubric.phases.iter().sum::<u32>(), minutes);
        assert!(rubric.late[0].over > 0.099 && rubric.late[0].over < 0.101);
    }
}

#[test]
fn the_whole_card_comes_back_as_json_under_its_own_names() {
    let catalog = Catalog::load(None);
    let card = serde_json::to_value(&*catalog.problem("rate-limiter").unwrap()).unwrap();
    for key in ["id", "title", "statement", "requirements", "clarify", "estimation", "phases", "hints", "interviewer", "rubric", "experiments"] {
        assert!(card.get(key).is_some(), "{key}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn a_card_with_a_piece_torn_out_or_put_in_is_judged_without_a_panic(at in 0usize..4000, len in 0usize..40, put in "[-a-z0-9:{}\\[\\]&*|>\"#%, \n]{0,12}") {
        let whole = fs::read_to_string("tests/fixtures/good/small.yaml").unwrap();
        let (from, to) = (at.min(whole.len()), (at + len).min(whole.len()));
        let torn = format!("{}{put}{}", &whole[..from], &whole[to..]);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("small.yaml");
        fs::write(&path, torn).unwrap();
        for fault in judge(&[&path]).faults {
            prop_assert!(!fault.render(Paint::Plain).is_empty());
            let (line, place) = (fault.source_line.unwrap_or_default(), fault.place.unwrap_or_default());
            prop_assert!(place.column as usize <= line.chars().count() + 1, "{} is beyond `{line}`", fault.message);
        }
    }
}
