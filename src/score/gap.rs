//! The first gap: the line that cost most, and what would close it.

use super::{Grade, Score};
use crate::catalog::Problem;

/// Where the most points lie, and the next step towards them.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    pub line: String,
    /// The line's own words.
    pub text: String,
    pub lost: f64,
    pub action: String,
}

/// The line that lost most; of equals the one that comes first in the interview. `None`: nothing was lost.
pub fn first_gap(problem: &Problem, score: &Score) -> Option<Gap> {
    let mut worst: Option<&super::LineScore> = None;
    for line in score.lines.iter().filter(|line| line.of > line.points) {
        if worst.is_none_or(|worst| line.of - line.points > worst.of - worst.points) {
            worst = Some(line);
        }
    }
    let worst = worst?;
    let card = problem.rubric.iter().find(|line| line.id == worst.line)?;
    let phase = problem.phase(&worst.phase).map_or(worst.phase.as_str(), |phase| phase.name.as_str());
    let action = match (worst.reached, worst.grade) {
        (false, _) => format!("You did not reach “{phase}”. Next time keep its minutes free: leave the phase before it when its clock turns red."),
        (true, Some(Grade::Half)) => format!("You have half of it. The other half: {}", card.full),
        (true, _) => format!("Read the solution's “{phase}”, then say it in your own words until your notes show: {}", card.full),
    };
    Some(Gap { line: worst.line.clone(), text: card.line.clone(), lost: worst.of - worst.points, action })
}
