//! Chaos for a spec: probes what can be hit, and writes the script.

use sims::kernel::action::Step;
use sims::kernel::chaos::{Chaos, Targets, chaos};
use sims::kernel::design::Spec;
use sims::kernel::run::Run;
use sims::kernel::time::{Span, Time};
use sims::kernel::view::{Ask, View, What};

/// A chaos as a user asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    pub seed: u64,
    /// Faults in a minute.
    pub intensity: u32,
}

pub const INTENSITY: u32 = 20;
pub const INTENSITY_MAX: u32 = 600;

impl Wish {
    /// Reads `SEED` or `SEED:INTENSITY`.
    ///
    /// # Errors
    /// The form, and what is allowed.
    pub fn read(text: &str) -> Result<Wish, String> {
        let (seed, intensity) = text.split_once(':').unwrap_or((text, ""));
        let seed = seed.trim().parse().map_err(|_| format!("`{text}` is no chaos: write SEED or SEED:FAULTS-A-MINUTE (7:20)"))?;
        if intensity.is_empty() && !text.contains(':') {
            return Ok(Wish { seed, intensity: INTENSITY });
        }
        let read = intensity.trim().parse().ok().filter(|n| (1..=INTENSITY_MAX).contains(n));
        let intensity = read.ok_or_else(|| format!("the intensity is `{intensity}`, but must be 1 to {INTENSITY_MAX} faults a minute"))?;
        Ok(Wish { seed, intensity })
    }

    /// The script for a run that can hit `targets`, from one moment to another.
    pub fn script(self, spec: &Spec, targets: &Targets, from: Time, until: Time) -> Vec<Step> {
        let minutes = until.since(from).as_secs() / 60.0;
        let faults = (minutes * f64::from(self.intensity)).ceil().max(1.0) as usize;
        chaos(spec.design, targets, Chaos { seed: self.seed, from, until, faults })
    }

    /// The script for a whole run that has not begun.
    ///
    /// # Errors
    /// As [`Spec::start`].
    pub fn over(self, spec: &Spec) -> Result<Vec<Step>, String> {
        let probe = Spec { script: Vec::new(), ..spec.clone() }.start()?;
        Ok(self.script(spec, &targets(probe.as_ref()), Time::ZERO, Time::ZERO + spec.length))
    }
}

/// So long a copy of a run goes on before it is asked which links it uses.
const PROBE: Span = Span::secs(3);

/// The nodes of a run and the links it uses soon, found on a copy: at its start it has used none.
pub fn targets(run: &dyn Run) -> Targets {
    let nodes = run.nodes();
    let mut run = run.fork();
    run.advance(run.now() + PROBE);
    // So large a picture that no role is drawn as one box.
    let ask = Ask { what: What::Diagram, cols: 2_000, rows: 2_000, from: Time::ZERO, to: run.now() };
    let links = match run.view(&ask) {
        View::Diagram(diagram) => {
            let name = |at: usize| diagram.nodes.get(at).map(|node| node.name.clone()).filter(|name| nodes.contains(name));
            diagram.edges.iter().filter_map(|edge| Some((name(edge.from)?, name(edge.to)?))).collect()
        }
        _ => Vec::new(),
    };
    Targets { nodes, links }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sims::designs::ALL;

    #[test]
    fn a_wish_is_read_or_refused_with_what_is_allowed() {
        assert_eq!(Wish::read("7"), Ok(Wish { seed: 7, intensity: INTENSITY }));
        assert_eq!(Wish::read("7:90"), Ok(Wish { seed: 7, intensity: 90 }));
        for (text, part) in [("x", "SEED:FAULTS"), ("7:", "1 to 600"), ("7:0", "1 to 600"), ("7:9999", "1 to 600"), ("-1", "SEED")] {
            assert!(Wish::read(text).is_err_and(|why| why.contains(part)), "{text}");
        }
    }

    #[test]
    fn the_same_wish_is_the_same_script_and_every_step_fits_the_run() {
        for design in ALL {
            let spec = Spec::new(design);
            let script = Wish { seed: 3, intensity: 40 }.over(&spec).unwrap();
            assert_eq!(Wish { seed: 3, intensity: 40 }.over(&spec).unwrap(), script, "{}", design.id);
            assert_ne!(Wish { seed: 4, intensity: 40 }.over(&spec).unwrap(), script, "{}", design.id);
            assert!(script.len() >= 30 && script.is_sorted_by_key(|step| step.at), "{}: {script:?}", design.id);
            assert_eq!(Spec { script, ..spec }.check(), Ok(()), "{}", design.id);
        }
    }
}
