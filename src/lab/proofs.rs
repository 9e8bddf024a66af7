//! The proofs of all designs, over all cores: each safeguard bears load, each *sometimes* is reached, the laws hold.

use super::{owner, pool};
use sims::kernel::design::{Design, Safeguard};
use sims::kernel::invariant::{InvariantKind, InvariantSpec};
use sims::kernel::proof;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize};

/// Seeds under which a design at its defaults is run, and storms it has to weather.
const SEEDS: u64 = 20;
const STORMS: u64 = 20;
/// Seeds of a safeguard's trial.
const TRIALS: u64 = 3;

/// One thing proved, or not.
#[derive(Clone, Debug)]
pub struct Proof {
    pub design: &'static str,
    pub says: String,
    /// What was seen, or what failed and the command that shows it.
    pub outcome: Result<String, String>,
}

enum Job {
    Seeds,
    Storms,
    Safeguard(&'static Safeguard),
    Sometimes(&'static InvariantSpec),
}

/// Tries everything; none if `cancel` was set.
pub fn all(designs: &[&'static Design], done: &AtomicUsize, cancel: &AtomicBool) -> Option<Vec<Proof>> {
    let jobs: Vec<(&'static Design, Job)> = designs.iter().flat_map(|design| jobs(design)).collect();
    pool::each(&jobs, done, cancel, |(design, job)| Proof { design: design.id, says: says(job), outcome: tried(design, job) })
}

fn jobs(design: &'static Design) -> Vec<(&'static Design, Job)> {
    let guards = design.safeguards.iter().map(Job::Safeguard);
    let sometimes = design.invariants.iter().filter(|lamp| lamp.kind == InvariantKind::Sometimes).map(Job::Sometimes);
    [Job::Seeds, Job::Storms].into_iter().chain(guards).chain(sometimes).map(|job| (design, job)).collect()
}

fn says(job: &Job) -> String {
    match job {
        Job::Seeds => format!("the laws hold under {SEEDS} seeds"),
        Job::Storms => format!("the laws hold in {STORMS} storms"),
        Job::Safeguard(guard) => format!("safeguard `{}` bears load", guard.knob),
        Job::Sometimes(lamp) => format!("`{}` is reached", lamp.id),
    }
}

/// A design that panics fails its own proof and no other.
fn tried(design: &'static Design, job: &Job) -> Result<String, String> {
    let work = || match job {
        Job::Seeds => proof::holds_over_seeds(design, SEEDS).map(|()| "held".to_string()),
        Job::Storms => proof::holds_in_storms(design, STORMS).map(|()| "held".to_string()),
        Job::Safeguard(guard) => proof::load_bearing(design, guard, TRIALS),
        Job::Sometimes(lamp) => proof::reached(design, lamp),
    };
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(format!("panicked: {}", owner::words(panic.as_ref()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sims::kernel::design::{Harm, Trial};
    use sims::kernel::time::Span;

    #[test]
    fn the_frame_keeps_its_promises_and_a_false_one_is_found() {
        let (done, go) = (AtomicUsize::new(0), AtomicBool::new(false));
        let proofs = all(&[&sims::frame::DESIGN], &done, &go).unwrap();
        assert!(proofs.iter().all(|proof| proof.outcome.is_ok()), "{proofs:#?}");
        assert_eq!(proofs.len(), 2 + 2 + 1);
        // A safeguard that protects nothing.
        let idle = Safeguard {
            knob: "numbered",
            safe: &["on"],
            off: "off",
            harms: Harm::Breaks("counted-once"),
            trial: Trial { set: &[("rate", "0/s")], script: &[], length: Span::secs(5) },
        };
        let why = proof::load_bearing(&sims::frame::DESIGN, &idle, 1).unwrap_err();
        assert!(why.contains("does not hold with the safeguard on") || why.contains("does not break"), "{why}");
    }
}
