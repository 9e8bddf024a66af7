//! The promises of the design's text, kept; and the paths that no card's experiment takes.

use super::DESIGN;
use crate::kernel::design::Spec;
use crate::kernel::invariant::Verdict;
use crate::kernel::run::Run;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::{Ask, View, What};

fn run(set: &[(&str, &str)], script: &[&str], seconds: u64) -> Box<dyn Run> {
    let mut run = started(set, script, seconds);
    run.drain();
    run
}

fn started(set: &[(&str, &str)], script: &[&str], seconds: u64) -> Box<dyn Run> {
    let mut spec = Spec { length: Span::secs(seconds), ..Spec::new(&DESIGN) };
    for (knob, value) in set {
        spec.set(knob, value).unwrap();
    }
    spec.script = script.iter().map(|step| DESIGN.read_step(step).unwrap()).collect();
    spec.start().unwrap()
}

fn value(run: &dyn Run, metric: &str) -> f64 {
    run.metric(metric).unwrap_or_else(|| panic!("{metric} has no value"))
}

fn is_broken(run: &dyn Run, lamp: &str) -> bool {
    run.verdicts().iter().any(|(spec, verdict)| spec.id == lamp && matches!(verdict, Verdict::Broken { .. }))
}

/// No *always* and no *finally* lamp is broken.
fn holds(run: &dyn Run) -> bool {
    run.verdicts().iter().all(|(_, verdict)| !matches!(verdict, Verdict::Broken { .. }))
}

fn pane(run: &dyn Run, pane: &'static str) -> View {
    run.view(&Ask { what: What::Pane(pane), cols: 60, rows: 12, from: Time::ZERO, to: run.now() })
}

#[test]
fn time_first_ids_spare_the_index_its_page_reads() {
    // What `teaches` promises: turn one knob, watch one number.
    let fetches = |scheme| value(&*run(&[("scheme", scheme), ("rate", "2000/s")], &[], 20), "fetches_per_row");
    let (random, sorted) = (fetches("uuid4"), fetches("snowflake"));
    assert!(random > 20.0 * sorted.max(0.01), "random {random}, time first {sorted}");
}

#[test]
fn every_scheme_answers_every_request() {
    for scheme in ["snowflake", "uuid4", "uuid7", "ulid", "db-sequence", "ticket-server"] {
        let run = run(&[("scheme", scheme)], &[], 5);
        assert_eq!(value(&*run, "issue_count"), value(&*run, "issued"), "{scheme}");
        assert!(value(&*run, "issued") > 0.98 * value(&*run, "requests") && value(&*run, "failed") == 0.0, "{scheme}");
        assert!(!is_broken(&*run, "ids-unique") && !is_broken(&*run, "index-in-order") && !is_broken(&*run, "every-request-ends"), "{scheme}");
    }
}

#[test]
fn a_generator_stops_when_its_lease_ends_and_no_sooner() {
    let cut = |seconds: u64| run(&[("nodes", "1"), ("rate", "500/s"), ("lease", "3s")], &["5s=cut:from=g1,to=coordinator"], seconds);
    // Renewed every second, so between two and three seconds of the lease are left when the link is cut.
    assert_eq!(value(&*cut(7), "failed"), 0.0);
    let late = started(&[("nodes", "1"), ("rate", "500/s"), ("lease", "3s")], &["5s=cut:from=g1,to=coordinator"], 20);
    let mut late = late;
    late.advance(Time::from_secs(9));
    let issued = value(&*late, "issued");
    late.advance(Time::from_secs(12));
    assert_eq!(value(&*late, "issued"), issued, "nothing is made without a lease");
    assert!(holds(&*late));
}

#[test]
fn a_number_lent_again_starts_after_its_last_holder() {
    // Sixteen numbers, sixteen holders; a seventeenth gets the number of one that is paused beyond its lease, and has a clock
    // that lies five seconds back. The paused one wakes up with requests waiting.
    let set = [("nodes", "16"), ("node_bits", "4"), ("lease", "2s"), ("rate", "800/s"), ("skew", "0s"), ("clock_policy", "logical")];
    let run = run(&set, &["5s=pause:node=g3,for=6s", "8s=join", "8s=step-clock:node=g17,by=-5s"], 20);
    assert!(holds(&*run), "{:?}", run.verdicts());
    let View::Table(table) = pane(&*run, "generators") else { panic!("no table") };
    assert_eq!(table.rows.len(), 11, "as many as asked for");
    // Everybody has a number in the end or is refused; nobody shares one.
    assert!(value(&*run, "issued") > 0.8 * value(&*run, "requests"));
}

#[test]
fn more_generators_than_numbers_are_refused_not_doubled() {
    let run = run(&[("nodes", "20"), ("node_bits", "4")], &[], 5);
    assert!(value(&*run, "failed.no-number") > 0.0);
    assert!(holds(&*run));
}

#[test]
fn a_range_is_used_once_even_if_the_network_doubles_its_answer() {
    for scheme in ["ticket-server", "db-sequence"] {
        let set = [("scheme", scheme), ("range", "5"), ("rate", "800/s")];
        let run = run(&set, &["0s=duplicate:from=seq,to=g,share=0.5", "4s=reorder:from=seq,to=g,share=0.3", "6s=crash:node=g1", "7s=restart:node=g1"], 10);
        assert!(!is_broken(&*run, "ids-unique"), "{scheme}: {:?}", run.verdicts());
        assert!(value(&*run, "issued") > 1000.0, "{scheme}");
    }
}

#[test]
fn a_logical_clock_borrows_within_its_bound_and_pays_back() {
    let set = [("nodes", "1"), ("clock_policy", "logical"), ("max_lead", "2s"), ("rate", "500/s")];
    let within = run(&set, &["5s=step-clock:node=g1,by=-1500ms"], 20);
    assert!(value(&*within, "lead_max_ms") <= 1501.0 && value(&*within, "issue_max_ms") < 10.0);
    // Beyond the bound it waits until the difference has shrunk to it: 3 s of 5 s.
    let beyond = run(&set, &["5s=step-clock:node=g1,by=-5s"], 20);
    assert!(value(&*beyond, "lead_max_ms") <= 2001.0);
    let stall = value(&*beyond, "issue_max_ms");
    assert!((stall / 3000.0 - 1.0).abs() < 0.05, "{stall}");
    assert!(holds(&*within) && holds(&*beyond));
}

#[test]
fn order_is_as_good_as_the_clocks() {
    // The lamp's bound is tight: with clocks 2 s apart some id is out of order by far more than a tick.
    let skewed = run(&[("skew", "2s"), ("rate", "1000/s")], &[], 5);
    assert!(holds(&*skewed));
    let View::Table(ids) = pane(&*skewed, "bits") else { panic!("no table") };
    let reads: Vec<f64> = ids.rows.iter().filter_map(|row| row[4].split(' ').next()?.parse().ok()).collect();
    let spread = reads.iter().copied().fold(f64::MIN, f64::max) - reads.iter().copied().fold(f64::MAX, f64::min);
    assert!(spread > 0.1, "the latest ids are {spread} s apart");
}

#[test]
fn panes_show_what_the_run_holds() {
    let mut run = started(&[("rate", "2000/s"), ("scheme", "uuid4")], &[], 20);
    run.advance(Time::from_secs(10));
    let View::Heat(heat) = pane(&*run, "leaves") else { panic!("no heat map") };
    let cells: Vec<f64> = heat.cells.iter().flatten().copied().collect();
    assert!(heat.cells.len() <= 12 && heat.cells.iter().all(|row| row.len() <= 60));
    let mean = cells.iter().sum::<f64>() / cells.len() as f64;
    assert!((mean - value(&*run, "leaf_fill")).abs() < 0.02, "{mean}");
    let View::Table(splits) = pane(&*run, "splits") else { panic!("no table") };
    let twitter = splits.rows.iter().find(|row| row[0] == "Twitter").unwrap();
    assert_eq!(twitter[4..], ["1024", "4096000", "2080.5"].map(String::from));
}
