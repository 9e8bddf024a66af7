//! The day's agenda: what store, catalogue and settings say together about what is due, what comes next, and how far a plan has come.

use crate::catalog::Catalog;
use crate::catalog::plans::{self, Plan};
use crate::config::Config;
use crate::drill::cards::{Desk, Moment, Rules, Why};
use crate::drill::flaws::{self, Posed, Standing};
use crate::drill::plan::{self, Ticked, WeekStanding};
use crate::drill::practised::{Practised, Predicted, Sat};
use crate::drill::today::{self, Day, Planned, Suggestion, Waiting, Weak};
use crate::history::{self, Topics};
use crate::store::{Attempt, Followed, Prediction, State, Store, StoreError};
use chrono::{DateTime, Local, NaiveDate, Utc};

/// What screens and the command line show of a day.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    pub today: NaiveDate,
    pub past: Practised,
    /// Cards that are due, and new ones for today.
    pub cards: (usize, usize),
    pub flaws: Vec<Posed>,
    /// Missed, new, found.
    pub flaw_counts: (usize, usize, usize),
    pub followed: Option<(Followed, Plan)>,
    /// The weeks of the plan that is followed.
    pub weeks: Vec<WeekStanding>,
    pub checklist: Vec<Ticked>,
    pub suggestions: Vec<Suggestion>,
}

/// Reads everything; for a worker, since it opens every card.
///
/// # Errors
/// The store's own.
pub fn read(store: &Store, catalog: &Catalog, config: &Config, now: DateTime<Utc>) -> Result<Agenda, StoreError> {
    let today = now.with_timezone(&Local).date_naive();
    let (attempts, predictions) = (store.attempts()?, store.predictions()?);
    let log = store.card_log()?;
    let past = practised(store, &attempts, &predictions, log.iter().map(|event| event.card.clone()))?;
    let desk = Desk::new(catalog.decks(), log, Rules::of(config, today));
    let ready = desk.plan(None, Moment { at: now, day: today }).ready;
    let new = ready.iter().filter(|(_, why)| *why == Why::New).count();
    let posed = flaws::all(catalog);
    let of = |wanted| posed.iter().filter(|posed| flaws::standing(&past.flaws, posed) == wanted).count();
    let flaw_counts = (of(Standing::Missed), of(Standing::New), of(Standing::Found));
    let followed = store.followed()?.and_then(|followed| {
        let plan = plan_of(&followed, config, &past)?;
        Some((followed, plan))
    });
    let has_card = |id: &str| catalog.head(id).is_some();
    let weeks = followed.as_ref().map_or_else(Vec::new, |(followed, plan)| plan::standing(plan, followed.begun_on, today, &past, &has_card));
    let group = |id: &str| catalog.head(id).map(|head| head.group.clone());
    let checklist = plan::checklist(plans::plans(), &past, &group);
    let mut agenda = Agenda { today, cards: (ready.len() - new, new), flaws: posed, flaw_counts, followed, weeks, checklist, past, suggestions: Vec::new() };
    agenda.suggestions = suggestions(&agenda, store, catalog, config, &attempts, &predictions)?;
    Ok(agenda)
}

/// The plan that is followed, with the weeks it has for this user.
pub fn plan_of(followed: &Followed, config: &Config, past: &Practised) -> Option<Plan> {
    if followed.plan == plan::CUSTOM {
        // What has been done well since the plan was made keeps its place: it is ticked there.
        let before = Practised { sat: past.sat.iter().filter(|sat| sat.on < followed.begun_on).cloned().collect(), ..Practised::default() };
        let level = config.level.as_deref().unwrap_or("L6");
        return Some(plan::custom(plans::plans(), level, followed.begun_on, config.interview_date, config.hours_a_week, &before));
    }
    plans::plans().plans.iter().find(|plan| plan.id == followed.plan).cloned()
}

fn practised(store: &Store, attempts: &[Attempt], predictions: &[Prediction], cards: impl Iterator<Item = String>) -> Result<Practised, StoreError> {
    let mut sat: Vec<Sat> = attempts.iter().filter(|attempt| attempt.state == State::Finished).map(sat).collect();
    sat.sort_by_key(|sat| sat.on);
    let predicted = predictions.iter().map(|made| Predicted {
        problem: made.problem.clone(),
        experiment: made.experiment.clone(),
        on: made.made_at.with_timezone(&Local).date_naive(),
        hit: made.guess.hit(),
    });
    Ok(Practised {
        sat,
        predicted: predicted.collect(),
        estimates: store.estimates()?,
        flaws: store.flaws()?,
        cards: cards.collect(),
        ticks: store.ticks()?.into_iter().collect(),
    })
}

fn sat(attempt: &Attempt) -> Sat {
    Sat {
        problem: attempt.problem.clone(),
        variant: attempt.variant.clone(),
        on: attempt.started_at.with_timezone(&Local).date_naive(),
        mode: attempt.mode,
        allowed_ms: attempt.allowed_ms,
        used_ms: attempt.used_ms,
        total: attempt.result().map(|score| score.total),
        communication: attempt.result().map(|score| score.communication.clone()).unwrap_or_default(),
    }
}

fn suggestions(
    agenda: &Agenda,
    store: &Store,
    catalog: &Catalog,
    config: &Config,
    attempts: &[Attempt],
    predictions: &[Prediction],
) -> Result<Vec<Suggestion>, StoreError> {
    let waiting = |attempt: &Attempt| Waiting { attempt: attempt.id.clone(), title: attempt.title.clone(), minutes: attempt.used_ms / 60_000 };
    let unfinished = store.unfinished()?.iter().filter(|cut| !cut.elsewhere).map(|cut| waiting(&cut.attempt)).collect();
    let unscored = attempts.iter().filter(|attempt| attempt.state == State::Finished && attempt.result().is_none()).map(waiting).collect();
    let planned = plan::next(&agenda.weeks, agenda.today).and_then(|(week, task)| {
        let (_, plan) = agenda.followed.as_ref()?;
        let number = agenda.weeks.iter().position(|w| w.from == week.from).unwrap_or(0) + 1;
        let late = task.status == plan::Status::Late;
        Some(Planned { plan: plan.id.clone(), task: task.task.clone(), says: plan::says(&task.task, plans::plans()), late, week: number })
    });
    let first = ["rate-limiter"].iter().find_map(|id| catalog.head(id)).or_else(|| catalog.heads().first());
    let day = Day {
        today: agenda.today,
        interview: config.interview_date,
        unfinished,
        unscored,
        cards: agenda.cards,
        weak: weak(catalog, attempts, predictions),
        planned,
        follows: agenda.followed.is_some(),
        routine: today::habit(&plans::plans().routine, agenda.today),
        flaws: (agenda.flaw_counts.0, agenda.flaw_counts.1),
        first: first.map(|head| (head.id.clone(), head.title.clone())),
    };
    Ok(today::suggest(&day, &agenda.past))
}

/// The weakest mechanism that some lab shows.
fn weak(catalog: &Catalog, attempts: &[Attempt], predictions: &[Prediction]) -> Option<Weak> {
    let weakest = history::weakest_mechanism(attempts, predictions, &Topics::of_heads(catalog.heads()))?;
    let shows = |head: &&crate::catalog::Head| head.design.is_some() && !head.experiments.is_empty() && head.mechanisms.contains(&weakest.name);
    let head = catalog.heads().iter().find(shows)?;
    Some(Weak { says: weakest.says(), mechanism: weakest.name, problem: head.id.clone(), title: head.title.clone() })
}
