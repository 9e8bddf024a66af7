//! Shrinking: the smallest script that still breaks what a long one broke (ddmin; Zeller and Hildebrandt, 2002).

use sims::kernel::action::Step;
use std::collections::BTreeMap;

/// How far a shrinking has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Scripts tried so far.
    pub tried: usize,
    /// Steps of the smallest that still fails.
    pub steps: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Shrunk {
    /// Fails. If `whole`, it fails no more with any one step left out.
    pub script: Vec<Step>,
    pub tried: usize,
    /// False if it was stopped on the way.
    pub whole: bool,
}

/// What a shrinking asks of the world. Pure: the same answers give the same result.
pub struct Ask<'a> {
    /// Whether a script still fails. Asked once for each script.
    pub fails: &'a mut dyn FnMut(&[Step]) -> bool,
    /// Simpler forms of a step, the simplest first; each must be simpler by the same measure, or the search would go in circles.
    pub simpler: &'a dyn Fn(&Step) -> Vec<Step>,
    /// Told after each try; false stops the search with the best so far.
    pub go_on: &'a mut dyn FnMut(Progress) -> bool,
}

/// More tries than this are not worth waiting for.
const TRIES_MAX: usize = 3_000;

/// None if the script does not fail in the first place.
pub fn shrink(script: &[Step], ask: Ask<'_>) -> Option<Shrunk> {
    let mut search = Search { ask, seen: BTreeMap::new(), tried: 0, stopped: false, steps: script.len() };
    let mut best = in_order(script);
    if !search.fails(&best) {
        return None;
    }
    loop {
        best = search.fewer(best);
        let (simpler, changed) = search.simplest(best);
        best = simpler;
        if !changed || search.stopped {
            break;
        }
    }
    Some(Shrunk { script: best, tried: search.tried, whole: !search.stopped })
}

struct Search<'a> {
    ask: Ask<'a>,
    seen: BTreeMap<String, bool>,
    tried: usize,
    stopped: bool,
    steps: usize,
}

impl Search<'_> {
    /// Never true once stopped, so that every loop runs out.
    fn fails(&mut self, script: &[Step]) -> bool {
        if self.stopped {
            return false;
        }
        // Debug, because the readable form of a time is rounded.
        let key = format!("{script:?}");
        if let Some(known) = self.seen.get(&key) {
            return *known;
        }
        let fails = (self.ask.fails)(script);
        self.seen.insert(key, fails);
        self.tried += 1;
        if fails {
            self.steps = script.len();
        }
        self.stopped = !(self.ask.go_on)(Progress { tried: self.tried, steps: self.steps }) || self.tried >= TRIES_MAX;
        fails
    }

    /// ddmin: first parts alone, then the rest without a part, in ever finer parts; at the end no single step can go.
    fn fewer(&mut self, mut script: Vec<Step>) -> Vec<Step> {
        if self.fails(&[]) {
            return Vec::new();
        }
        let mut parts = 2;
        while script.len() >= 2 && !self.stopped {
            let cuts = cuts(script.len(), parts);
            let alone = cuts.iter().map(|(from, to)| script[*from..*to].to_vec());
            let without = cuts.iter().map(|(from, to)| [&script[..*from], &script[*to..]].concat());
            // Of two parts, each is the other's rest.
            let tries: Vec<(Vec<Step>, usize)> =
                if parts == 2 { alone.map(|s| (s, 2)).collect() } else { alone.map(|s| (s, 2)).chain(without.map(|s| (s, (parts - 1).max(2)))).collect() };
            match tries.into_iter().find(|(smaller, _)| self.fails(smaller)) {
                Some((smaller, next)) => (script, parts) = (smaller, next),
                None if parts >= script.len() => break,
                None => parts = (parts * 2).min(script.len()),
            }
        }
        script
    }

    /// Every step in its simplest form that still fails, one after the other, until nothing changes.
    fn simplest(&mut self, mut script: Vec<Step>) -> (Vec<Step>, bool) {
        let mut changed = false;
        let mut at = 0;
        while at < script.len() {
            let simpler = (self.ask.simpler)(&script[at]);
            let found = simpler.into_iter().find_map(|step| {
                let mut tried = script.clone();
                tried[at] = step;
                let tried = in_order(&tried);
                self.fails(&tried).then_some(tried)
            });
            match found {
                Some(simpler) => (script, changed) = (simpler, true),
                None => at += 1,
            }
        }
        (script, changed)
    }
}

/// By time; steps of one time as they were written.
fn in_order(script: &[Step]) -> Vec<Step> {
    let mut script = script.to_vec();
    script.sort_by_key(|step| step.at);
    script
}

/// `parts` stretches of nearly equal length that make up `length`.
fn cuts(length: usize, parts: usize) -> Vec<(usize, usize)> {
    (0..parts).map(|n| (length * n / parts, length * (n + 1) / parts)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sims::kernel::action::Action;
    use sims::kernel::time::Time;

    fn step(n: u64) -> Step {
        Step { at: Time(n), action: Action { name: format!("a{n}"), args: Vec::new() } }
    }

    fn numbers(script: &[Step]) -> Vec<u64> {
        script.iter().map(|step| step.action.name[1..].parse().unwrap()).collect()
    }

    /// Shrinks `0..size` to what `fails` still calls a failure.
    fn run(size: u64, fails: impl Fn(&[u64]) -> bool) -> Option<Shrunk> {
        let script: Vec<Step> = (0..size).map(step).collect();
        shrink(&script, Ask { fails: &mut |s| fails(&numbers(s)), simpler: &|_| Vec::new(), go_on: &mut |_| true })
    }

    #[test]
    fn what_does_not_fail_is_not_shrunk_and_what_always_fails_needs_nothing() {
        assert_eq!(run(8, |_| false), None);
        assert_eq!(run(8, |_| true).unwrap().script, Vec::new());
    }

    #[test]
    fn a_stopped_search_gives_the_best_so_far() {
        let script: Vec<Step> = (0..64).map(step).collect();
        let mut fails = |s: &[Step]| numbers(s).contains(&3);
        let found = shrink(&script, Ask { fails: &mut fails, simpler: &|_| Vec::new(), go_on: &mut |p| p.tried < 4 }).unwrap();
        assert!(!found.whole && found.script.len() < 64 && numbers(&found.script).contains(&3), "{found:?}");
    }

    #[test]
    fn times_are_made_simpler_as_long_as_it_fails() {
        let earlier = |step: &Step| {
            if step.at.0 > 0 { vec![Step { at: Time(step.at.0 / 2), ..step.clone() }, Step { at: Time(step.at.0 - 1), ..step.clone() }] } else { Vec::new() }
        };
        let script: Vec<Step> = (0..20).map(|n| step(n * 10)).collect();
        let mut fails = |s: &[Step]| s.iter().any(|step| step.action.name == "a150" && step.at.0 >= 37);
        let found = shrink(&script, Ask { fails: &mut fails, simpler: &earlier, go_on: &mut |_| true }).unwrap();
        assert_eq!(found.script.iter().map(|s| s.at.0).collect::<Vec<_>>(), [37]);
    }

    proptest! {
        /// Any law of the form "all of these, or all of those": monotone or not, the result fails and no single step of it can go.
        #[test]
        fn the_result_fails_and_is_one_minimal(size in 1u64..40, one in prop::collection::btree_set(0u64..40, 1..5), other in prop::collection::btree_set(0u64..40, 1..5), spoiler in 0u64..60) {
            let law = |s: &[u64]| (one.iter().all(|n| s.contains(n)) && !(s.contains(&spoiler) && s.len() < 9)) || other.iter().all(|n| s.contains(n));
            let whole: Vec<u64> = (0..size).collect();
            let found = run(size, law);
            prop_assert_eq!(found.is_some(), law(&whole));
            if let Some(found) = found {
                let kept = numbers(&found.script);
                prop_assert!(law(&kept) && found.whole);
                for at in 0..kept.len() {
                    let mut less = kept.clone();
                    less.remove(at);
                    prop_assert!(!law(&less), "{:?} is smaller than {:?}", less, kept);
                }
                prop_assert_eq!(run(size, law), Some(found), "the same question, the same answer");
            }
        }
    }
}
