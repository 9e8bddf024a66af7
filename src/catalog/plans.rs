//! Plans: what is done in which week, the weekly routine, and the checklist at the end; read from `assets/plans.yaml`.

use super::Fault;
use super::model::{Pairs, number};
use super::yaml::{self, Source, Tree};
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

const PATH: &str = "assets/plans.yaml";
const TEXT: &str = include_str!("../../assets/plans.yaml");

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plans {
    pub format: u32,
    /// Every system of the catalogue, with and without a card.
    pub systems: Pairs<System>,
    pub plans: Vec<Plan>,
    /// By level: in what order a plan of one's own takes up systems.
    pub order: Pairs<Vec<String>>,
    pub routine: Vec<Habit>,
    pub checklist: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    pub title: String,
    pub level: String,
    pub minutes: u32,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub id: String,
    pub title: String,
    pub says: String,
    /// About so many hours a week.
    pub hours: f64,
    pub weeks: Vec<Week>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Week {
    pub title: String,
    pub tasks: Vec<Task>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Do {
    /// Sit a problem to its end.
    Sit,
    /// Predict experiments of a problem.
    Predict,
    /// Have seen so many different cards, counted from the first day.
    Cards,
    /// Have answered so many estimates, counted from the first day.
    Numbers,
    /// Have found so many flaws, counted from the first day.
    Flaws,
    /// Sit again, and better, so many problems.
    Better,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    #[serde(rename = "do")]
    pub what: Do,
    #[serde(default)]
    pub problem: String,
    #[serde(default)]
    pub variant: Option<String>,
    /// Only a sitting of this mode counts.
    #[serde(default)]
    pub mode: Option<Pace>,
    #[serde(default = "once")]
    pub count: usize,
}

/// How strict a sitting must have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    Real,
    Coached,
    Untimed,
}

impl Pace {
    pub fn name(self) -> &'static str {
        match self {
            Pace::Real => "real",
            Pace::Coached => "coached",
            Pace::Untimed => "untimed",
        }
    }
}

fn once() -> usize {
    1
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Habit {
    pub day: String,
    pub does: Vec<Do>,
    pub says: String,
}

/// One line of the final checklist.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub id: String,
    /// explain, design, calculate, trade-offs.
    pub group: String,
    pub says: String,
    pub needs: Need,
}

/// What is counted for a line of the checklist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counted {
    /// Interviews in real mode, to the end, not over time.
    InTime,
    /// Interviews whose communication is `least` on average.
    Communication,
    /// Interviews whose trade-off analysis is `least`.
    TradeOffs,
    /// Problems that were scored `least`.
    Scored,
    /// Groups of which a problem was scored `least`.
    Groups,
    /// Of the `last` estimates, those within a factor of two.
    Estimates,
    /// Kinds of estimate that were within a factor of two once.
    EstimateKinds,
    /// Of the `last` estimates, those within `seconds`.
    EstimateSpeed,
    /// Predictions, as long as a `share` of them held.
    Predictions,
    /// Different flaws that were found.
    Flaws,
}

/// The evidence that ticks a line: so many times what is counted.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    pub count: Counted,
    pub times: usize,
    #[serde(default)]
    pub least: f64,
    #[serde(default)]
    pub last: usize,
    #[serde(default)]
    pub seconds: f64,
    #[serde(default, deserialize_with = "number")]
    pub share: f64,
}

/// The built-in plans: read once, when they are asked for.
pub fn plans() -> &'static Plans {
    static READ: OnceLock<Plans> = OnceLock::new();
    READ.get_or_init(|| read().0.unwrap_or_default())
}

/// What is wrong with the file: for `check`, and for a test.
pub fn faults() -> Vec<Fault> {
    read().1
}

fn read() -> (Option<Plans>, Vec<Fault>) {
    let source = Source::new(PATH, TEXT);
    let tree = match Tree::parse(&source) {
        Ok(tree) => tree,
        Err(fault) => return (None, vec![fault]),
    };
    let read = yaml::read::<Plans>(&source, tree);
    let mut faults = read.faults;
    if let Some(plans) = &read.value {
        for (path, message) in wrong(plans) {
            let node = read.tree.walk(&path);
            faults.push(source.fault_at(node.at, node.width(), message));
        }
    }
    (read.value, faults)
}

/// Places and what is wrong there.
fn wrong(plans: &Plans) -> Vec<(String, String)> {
    const GROUPS: [&str; 4] = ["explain", "design", "calculate", "trade-offs"];
    let mut found = Vec::new();
    let known = |id: &String| plans.systems.get(id).is_some();
    for (p, plan) in plans.plans.iter().enumerate() {
        for (w, week) in plan.weeks.iter().enumerate() {
            for (t, task) in week.tasks.iter().enumerate() {
                let at = format!("plans/{p}/weeks/{w}/tasks/{t}");
                let named = matches!(task.what, Do::Sit | Do::Predict);
                if named && !known(&task.problem) {
                    found.push((format!("{at}/problem"), format!("there is no system `{}`", task.problem)));
                }
                if !named && !task.problem.is_empty() {
                    found.push((format!("{at}/problem"), "this is done without a problem".into()));
                }
                if task.count == 0 {
                    found.push((format!("{at}/count"), "nothing would be done".into()));
                }
            }
        }
    }
    for (level, ids) in plans.order.iter() {
        let unknown = ids.iter().enumerate().filter(|(_, id)| !known(id));
        found.extend(unknown.map(|(n, id)| (format!("order/{level}/{n}"), format!("there is no system `{id}`"))));
    }
    if plans.routine.len() != 7 {
        found.push(("routine".into(), "a week has seven days".into()));
    }
    for (n, item) in plans.checklist.iter().enumerate() {
        if !GROUPS.contains(&item.group.as_str()) {
            found.push((format!("checklist/{n}/group"), format!("`{}` is no group: {}", item.group, GROUPS.join(", "))));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_plans_are_sound_and_name_every_system_of_the_catalogue() {
        assert_eq!(faults(), []);
        let plans = plans();
        assert_eq!(plans.systems.len(), 58);
        let ids: Vec<&str> = plans.plans.iter().map(|plan| plan.id.as_str()).collect();
        assert_eq!(ids, ["beginner", "intermediate", "advanced", "eight-weeks"]);
        assert!(plans.plans.iter().all(|plan| plan.weeks.len() == 8));
    }

    #[test]
    fn what_is_wrong_is_found() {
        let mut plans = plans().clone();
        plans.plans[0].weeks[0].tasks[2].problem = "perpetual-motion".into();
        plans.routine.pop();
        let found: Vec<String> = wrong(&plans).into_iter().map(|(path, _)| path).collect();
        assert_eq!(found, ["plans/0/weeks/0/tasks/2/problem", "routine"]);
    }
}
