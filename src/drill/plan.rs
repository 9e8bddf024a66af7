//! Plans against what was done: which task is done, late, or next; a plan of one's own; the checklist and its evidence.

use super::numbers::Kind;
use super::practised::{Practised, Sat};
use crate::catalog::plans::{Counted, Do, Item, Need, Pace, Plan, Plans, Task, Week};
use crate::session::Mode;
use chrono::{Days, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};

/// The id of the plan that is made for the interview's date.
pub const CUSTOM: &str = "custom";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Done,
    /// Its week has not passed.
    Open,
    /// Its week is over.
    Late,
    /// Its problem has no card yet.
    ToCome,
}

/// A task as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub task: Task,
    pub status: Status,
    /// So many of so many, where a task counts.
    pub count: Option<(usize, usize)>,
}

/// A week as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct WeekStanding {
    pub title: String,
    pub from: NaiveDate,
    /// Its last day.
    pub to: NaiveDate,
    pub tasks: Vec<Standing>,
}

/// A plan's weeks from its first day on.
pub fn standing(plan: &Plan, begun_on: NaiveDate, today: NaiveDate, past: &Practised, has_card: &dyn Fn(&str) -> bool) -> Vec<WeekStanding> {
    let mut weeks = Vec::new();
    for (n, week) in plan.weeks.iter().enumerate() {
        let from = after(begun_on, n as u64 * 7);
        let to = after(from, 6);
        let tasks = week.tasks.iter().map(|task| stand(task, to, today, past, has_card)).collect();
        weeks.push(WeekStanding { title: week.title.clone(), from, to, tasks });
    }
    weeks
}

fn after(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}

fn stand(task: &Task, last_day: NaiveDate, today: NaiveDate, past: &Practised, has_card: &dyn Fn(&str) -> bool) -> Standing {
    let done = done(task, past);
    let status = match task.what {
        _ if done >= task.count => Status::Done,
        Do::Sit | Do::Predict if !has_card(&task.problem) => Status::ToCome,
        _ if last_day < today => Status::Late,
        _ => Status::Open,
    };
    let count = (task.what != Do::Sit).then_some((done.min(task.count), task.count));
    Standing { task: task.clone(), status, count }
}

fn done(task: &Task, past: &Practised) -> usize {
    match task.what {
        Do::Sit => past.sat.iter().filter(|sat| counts(task, sat)).count(),
        Do::Predict => past.predicted_of(&task.problem),
        Do::Cards => past.cards.len(),
        Do::Numbers => past.estimates.len(),
        Do::Flaws => past.flaws_found(),
        Do::Better => past.bettered(),
    }
}

/// The whole problem does for its small form as well, and strictness does for leniency.
fn counts(task: &Task, sat: &Sat) -> bool {
    let strict = match task.mode {
        Some(Pace::Real) => sat.mode == Mode::Real,
        Some(Pace::Coached) => sat.mode != Mode::Untimed,
        Some(Pace::Untimed) | None => true,
    };
    sat.problem == task.problem && strict && (sat.variant.is_none() || sat.variant == task.variant)
}

/// The first task that can be done now: what is late comes before what is not.
pub fn next(weeks: &[WeekStanding], today: NaiveDate) -> Option<(&WeekStanding, &Standing)> {
    let tasks = || weeks.iter().flat_map(|week| week.tasks.iter().map(move |task| (week, task)));
    let late = tasks().find(|(_, task)| task.status == Status::Late);
    // Next week's tasks may be done early, once this week's are.
    late.or_else(|| tasks().find(|(week, task)| task.status == Status::Open && week.from <= today))
        .or_else(|| tasks().find(|(_, task)| task.status == Status::Open))
}

/// Done, late and all tasks of a plan; what has no card yet is not counted.
pub fn tally(weeks: &[WeekStanding]) -> (usize, usize, usize) {
    let of = |status| weeks.iter().flat_map(|week| &week.tasks).filter(|task| task.status == status).count();
    let (done, late) = (of(Status::Done), of(Status::Late));
    (done, late, done + late + of(Status::Open))
}

/// What a task asks for, in words.
pub fn says(task: &Task, plans: &Plans) -> String {
    let title = plans.systems.get(&task.problem).map_or(task.problem.as_str(), |system| system.title.as_str());
    let variant = task.variant.as_ref().map_or_else(String::new, |variant| format!(", {variant}"));
    match task.what {
        Do::Sit => {
            let mode = task.mode.map_or_else(String::new, |mode| format!(", {}", mode.name()));
            format!("Sit {title}{variant}{mode}")
        }
        Do::Predict => format!("Predict {} experiments of {title}", task.count),
        Do::Cards => format!("Know {} cards", task.count),
        Do::Numbers => format!("Answer {} estimates", task.count),
        Do::Flaws => format!("Find {} flaws", task.count),
        Do::Better => format!("Sit {} again, and better", if task.count == 1 { "one problem".into() } else { format!("{} problems", task.count) }),
    }
}

/// A plan of one's own: as many weeks as there are until the day, each as full as the hours allow, the last one for looking back.
pub fn custom(plans: &Plans, level: &str, begun_on: NaiveDate, interview: Option<NaiveDate>, hours: Option<f64>, past: &Practised) -> Plan {
    const WEEKS_UNLESS_SAID: i64 = 8;
    const WEEKS_MOST: i64 = 26;
    let hours = hours.filter(|hours| *hours > 0.0).unwrap_or(5.0);
    let days = interview.map_or(WEEKS_UNLESS_SAID * 7, |day| (day - begun_on).num_days().max(1));
    let weeks = ((days + 6) / 7).clamp(1, WEEKS_MOST);
    let order = plans.order.get(level).or_else(|| plans.order.iter().next().map(|(_, ids)| ids)).cloned().unwrap_or_default();
    // What was done well before needs no place.
    const WELL: f64 = 36.0;
    let mut left = order.into_iter().filter(|id| past.best(id).is_none_or(|best| best < WELL)).peekable();
    let mut made = Vec::new();
    for n in 1..=weeks {
        let mut tasks = vec![task(Do::Cards, n as usize * (hours * 4.0) as usize), task(Do::Numbers, n as usize * (hours as usize).max(1))];
        // Cards and estimates take about a fifth.
        let mut room = hours * 0.8 * 60.0;
        let last = n == weeks && weeks > 1;
        while let Some(id) = left.peek().filter(|_| !last) {
            let minutes = f64::from(plans.systems.get(id).map_or(60, |system| system.minutes));
            // Sitting it, then scoring, and the lab.
            let takes = minutes * 2.0;
            if takes > room && tasks.len() > 2 {
                break;
            }
            room -= takes;
            let mode = (n * 2 > weeks).then_some(Pace::Real);
            tasks.push(Task { mode, ..of(Do::Sit, id) });
            tasks.push(Task { count: 3, ..of(Do::Predict, id) });
            left.next();
        }
        if last {
            tasks.push(task(Do::Better, 2));
        }
        tasks.push(task(Do::Flaws, n as usize * 2));
        let title = if last { "Look back, and rest the day before".into() } else { week_title(&tasks, plans) };
        made.push(Week { title, tasks });
    }
    let until = interview.map_or_else(|| "Eight weeks, since no interview date is set".into(), |day| format!("Until {day}"));
    Plan { id: CUSTOM.into(), title: "Your own".into(), says: format!("{until}, {hours} hours a week"), hours, weeks: made }
}

fn week_title(tasks: &[Task], plans: &Plans) -> String {
    let sits = tasks.iter().filter(|task| task.what == Do::Sit).filter_map(|task| plans.systems.get(&task.problem));
    let titles: Vec<&str> = sits.map(|system| system.title.as_str()).collect();
    if titles.is_empty() { "Cards and drills".into() } else { titles.join(", ") }
}

fn task(what: Do, count: usize) -> Task {
    Task { what, problem: String::new(), variant: None, mode: None, count: count.max(1) }
}

fn of(what: Do, problem: &str) -> Task {
    Task { problem: problem.to_owned(), ..task(what, 1) }
}

/// A line of the checklist and what speaks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticked {
    pub item: Item,
    pub have: usize,
    pub need: usize,
    /// The user said so; it does not stand in for evidence.
    pub by_hand: bool,
    /// What was counted.
    pub says: String,
}

impl Ticked {
    pub fn proved(&self) -> bool {
        self.have >= self.need
    }
}

/// The checklist against what was done. `group` is a problem's group.
pub fn checklist(plans: &Plans, past: &Practised, group: &dyn Fn(&str) -> Option<String>) -> Vec<Ticked> {
    plans
        .checklist
        .iter()
        .map(|item| {
            let (have, need, says) = evidence(&item.needs, past, group);
            Ticked { item: item.clone(), have: have.min(need), need, by_hand: past.ticks.contains(&item.id), says }
        })
        .collect()
}

fn evidence(need: &Need, past: &Practised, group: &dyn Fn(&str) -> Option<String>) -> (usize, usize, String) {
    let recent = &past.estimates[past.estimates.len().saturating_sub(need.last)..];
    let near = |row: &&super::numbers::Taken| row.error.abs() <= 0.3011;
    let (have, says): (usize, String) = match need.count {
        Counted::InTime => (past.sat.iter().filter(|sat| sat.mode == Mode::Real && sat.used_ms <= sat.allowed_ms).count(), "interviews in real mode".into()),
        Counted::Communication => {
            let clear = |sat: &&Sat| !sat.communication.is_empty() && mean(&sat.communication) >= need.least;
            (past.sat.iter().filter(clear).count(), "interviews".into())
        }
        Counted::TradeOffs => {
            let weighed = |sat: &&Sat| sat.communication.get("trade-offs").is_some_and(|step| f64::from(*step) >= need.least);
            (past.sat.iter().filter(weighed).count(), "interviews".into())
        }
        Counted::Scored => (at_least(past, need.least).collect::<BTreeSet<_>>().len(), "problems".into()),
        Counted::Groups => (at_least(past, need.least).filter_map(group).collect::<BTreeSet<_>>().len(), "groups".into()),
        Counted::Estimates => (recent.iter().filter(near).count(), "of the last estimates".into()),
        Counted::EstimateKinds => (past.estimates.iter().filter(near).map(|row| row.kind).collect::<BTreeSet<Kind>>().len(), "kinds".into()),
        Counted::EstimateSpeed => (recent.iter().filter(|row| row.took_ms as f64 <= need.seconds * 1000.0).count(), "of the last estimates".into()),
        Counted::Predictions => {
            let (hits, all) = (past.predicted.iter().filter(|made| made.hit).count(), past.predicted.len());
            // Few predictions cannot prove it, and many wrong ones do not.
            let share = hits as f64 / all.max(1) as f64;
            let have = if share >= need.share { all } else { ((hits as f64 / need.share) as usize).min(need.times.saturating_sub(1)) };
            (have.min(all), format!("predictions, {:.0} % held", share * 100.0))
        }
        Counted::Flaws => (past.flaws_found(), "flaws".into()),
    };
    (have, need.times, says)
}

fn mean(steps: &BTreeMap<String, u8>) -> f64 {
    steps.values().map(|step| f64::from(*step)).sum::<f64>() / steps.len() as f64
}

fn at_least(past: &Practised, least: f64) -> impl Iterator<Item = &str> {
    past.sat.iter().filter(move |sat| sat.total.is_some_and(|total| total >= least)).map(|sat| sat.problem.as_str())
}

#[cfg(test)]
mod tests;
