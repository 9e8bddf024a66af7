//! What was agreed when the interview began: phases with their time, hints, facts, and the interviewer's moments.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::catalog::{MomentKind, Problem, Variant};

/// How strict the room is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// May be paused; the solution may be looked at.
    #[default]
    Coached,
    /// As in life: the clock runs.
    Real,
    /// The clock counts, but nothing is late.
    Untimed,
}

impl Mode {
    pub const ALL: [Self; 3] = [Self::Coached, Self::Real, Self::Untimed];

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == text)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Coached => "coached",
            Self::Real => "real",
            Self::Untimed => "untimed",
        }
    }

    /// Real interviews have no pause. Without a clock a pause harms nobody.
    pub fn may_pause(self) -> bool {
        self != Self::Real
    }

    pub fn is_timed(self) -> bool {
        self != Self::Untimed
    }
}

/// One phase of the interview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhasePlan {
    pub id: String,
    pub name: String,
    pub time: Duration,
    pub goals: Vec<String>,
    pub prompts: Vec<String>,
    /// Steps to be taken one by one: nudge, point, tell; and again for each further ladder.
    pub hints: Vec<String>,
}

/// Something the interviewer says at a time of the session's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    pub at: Duration,
    pub kind: MomentKind,
    pub say: String,
    pub looks_for: String,
}

/// A fact that is told when asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    pub ask: String,
    pub answer: String,
}

/// The whole agreement. It is kept with the session, so that a card edited meanwhile does not shift a running clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub problem: String,
    pub variant: Option<String>,
    pub title: String,
    pub level: String,
    pub phases: Vec<PhasePlan>,
    pub facts: Vec<Fact>,
    pub moments: Vec<Moment>,
    /// Rubric lines the variant leaves out.
    pub drops: Vec<String>,
}

impl Plan {
    /// What the card asks for, narrowed to a variant: its phases without the dropped ones, scaled to its minutes.
    pub fn of(problem: &Problem, variant: Option<&Variant>) -> Self {
        let kept: Vec<_> = problem.phases.iter().filter(|phase| problem.keeps(variant, &phase.id)).collect();
        let minutes = variant.map_or(problem.minutes, |variant| variant.minutes);
        let times = scaled(&kept.iter().map(|phase| phase.minutes).collect::<Vec<_>>(), minutes);
        let phases = kept.into_iter().zip(times).map(|(phase, time)| {
            let ladders = problem.hints.iter().filter(|hint| hint.phase == phase.id);
            let hints = ladders.flat_map(|hint| [&hint.nudge, &hint.point, &hint.tell]).filter(|step| !step.is_empty()).cloned().collect();
            PhasePlan { id: phase.id.clone(), name: phase.name.clone(), time, goals: phase.goals.clone(), prompts: phase.prompts.clone(), hints }
        });
        let moments = problem.interviewer.iter().map(|moment| {
            // A shorter interview hears its probes earlier, at the same part of its time.
            let nanos = u128::from(moment.at.span().0) * u128::from(minutes) / u128::from(problem.minutes.max(1));
            let at = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
            Moment { at, kind: moment.kind, say: moment.say.clone(), looks_for: moment.looks_for.clone() }
        });
        Self {
            problem: problem.id.clone(),
            variant: variant.map(|variant| variant.id.clone()),
            title: variant.map_or(&problem.title, |variant| &variant.title).clone(),
            level: problem.level.clone(),
            phases: phases.collect(),
            facts: problem.clarify.iter().map(|fact| Fact { ask: fact.ask.clone(), answer: fact.answer.clone() }).collect(),
            moments: moments.collect(),
            drops: variant.map_or(Vec::new(), |variant| variant.drops.clone()),
        }
    }

    /// The time of the whole interview.
    pub fn time(&self) -> Duration {
        self.phases.iter().map(|phase| phase.time).sum()
    }
}

/// Shares out `minutes` in the proportion of `parts`, to the second; what rounding leaves goes to the last.
fn scaled(parts: &[u32], minutes: u32) -> Vec<Duration> {
    let (sum, whole) = (parts.iter().map(|part| u64::from(*part)).sum::<u64>().max(1), u64::from(minutes) * 60);
    let mut times: Vec<u64> = parts.iter().map(|part| u64::from(*part) * whole / sum).collect();
    let rest = whole.saturating_sub(times.iter().sum());
    if let Some(last) = times.last_mut() {
        *last += rest;
    }
    times.into_iter().map(Duration::from_secs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::sample;

    #[test]
    fn a_plan_is_what_the_card_says() {
        let plan = Plan::of(&sample::problem(), None);
        let minutes: Vec<_> = plan.phases.iter().map(|phase| phase.time.as_secs() / 60).collect();
        assert_eq!(minutes, [10, 30, 20]);
        assert_eq!(plan.phases[1].hints, ["nudge design", "point design", "tell design"]);
        assert_eq!(plan.moments[1].at, Duration::from_secs(22 * 60));
    }

    #[test]
    fn a_variant_drops_phases_and_scales_the_rest() {
        let problem = sample::problem();
        let plan = Plan::of(&problem, problem.variant("small"));
        let seconds: Vec<_> = plan.phases.iter().map(|phase| phase.time.as_secs()).collect();
        assert_eq!(seconds, [450, 1350], "10 and 30 of 40 minutes, in half an hour");
        assert_eq!(plan.moments[1].at, Duration::from_secs(11 * 60));
        assert_eq!((plan.variant.as_deref(), plan.title.as_str()), (Some("small"), "Only the top"));
    }

    #[test]
    fn scaling_loses_no_second() {
        assert_eq!(scaled(&[8, 15, 20, 12, 5], 45).iter().sum::<Duration>(), Duration::from_secs(45 * 60));
        assert!(scaled(&[], 45).is_empty());
    }
}
