//! What `history --json` says: the look back in numbers. The file to carry to another machine is the store's `export`.

use serde_json::{Map, Value, json as value};

use crate::history::{Family, Look, Record, misses};
use crate::store::{Attempt, Entry, Past, Prediction};

/// One value with everything the screen shows.
pub fn json(past: &Past, look: &Look) -> Value {
    let days: Map<String, Value> = look.calendar.iter().map(|(day, done)| (day.to_string(), value!(done.minutes()))).collect();
    let families: Map<String, Value> = Family::ALL.into_iter().map(|family| (family.name().to_owned(), of_family(look, family))).collect();
    value!({
        "today": look.today, "streak_days": look.streak.now, "longest_streak_days": look.streak.longest,
        "interview_s": look.interviews.as_secs(), "practice_s": look.practice.as_secs(), "minutes_by_day": days,
        "lean": look.lean.map(|lean| value!({ "points": lean.mean, "readings": lean.readings, "says": lean.say() })),
        "problems": look.trends.iter().map(|trend| value!({
            "problem": trend.problem, "title": trend.title, "attempts": trend.attempts, "best": trend.best(), "last": trend.last(),
            "scores": trend.totals, "weakest_line": trend.weakest.as_ref().map(|weakest| &weakest.line),
        })).collect::<Vec<_>>(),
        "trends": families,
        "mechanisms": look.mechanisms.iter().map(|one| value!({
            "mechanism": one.name, "weakness": one.weakness(), "points": one.points, "of": one.worth, "says": one.says(),
            "predictions": of_record(&one.predictions),
        })).collect::<Vec<_>>(),
        "phases": look.phases.iter().map(|phase| value!({
            "phase": phase.id, "name": phase.name, "interviews": phase.interviews, "median_s": phase.median_ms / 1000, "plan_s": phase.plan_ms / 1000,
        })).collect::<Vec<_>>(),
        "calibration": of_record(&look.record),
        "predictions": misses(&past.predictions).into_iter().map(of_prediction).collect::<Vec<_>>(),
        "attempts": past.entries.iter().map(of_entry).collect::<Vec<_>>(),
    })
}

fn of_family(look: &Look, family: Family) -> Value {
    let point = |point: &crate::history::Point| value!({ "at": point.at, "value": point.value });
    let series = look.of(family).map(|one| (one.name.clone(), one.points.iter().map(point).collect::<Vec<_>>().into()));
    Value::Object(series.collect())
}

fn of_record(record: &Record) -> Value {
    value!({
        "ranges": record.ranges.of, "ranges_held": record.ranges.hit, "choices": record.choices.of, "choices_right": record.choices.hit,
        "mean_log10_error": record.mean_log_error(), "without_magnitude": record.boundless,
    })
}

fn of_prediction(made: &Prediction) -> Value {
    let error = crate::history::log_error(&made.guess).filter(|error| error.is_finite());
    value!({
        "problem": made.problem, "experiment": made.experiment, "made_at": made.made_at, "guess": made.guess, "hit": made.guess.hit(), "log10_error": error,
    })
}

fn of_entry(entry: &Entry) -> Value {
    let Attempt { id, problem, variant, title, level, mode, state, started_at, ended_at, .. } = &entry.attempt;
    let attempt = &entry.attempt;
    let notes: Map<_, _> = entry.notes.iter().filter(|(_, text)| !text.is_empty()).map(|(phase, text)| (phase.clone(), value!(text))).collect();
    value!({
        "id": id, "problem": problem, "variant": variant, "title": title, "level": level, "mode": mode, "state": state,
        "started_at": started_at, "ended_at": ended_at, "allowed_s": attempt.allowed_ms / 1000, "used_s": attempt.used_ms / 1000,
        "hints": attempt.hints, "assisted": attempt.assisted,
        "score": attempt.result().map(|score| score.total), "band": attempt.result().map(|score| score.band.name()),
        "blind": attempt.blind, "informed": attempt.informed, "notes": notes, "phases": entry.phases, "estimates": entry.estimates,
        "sizing": entry.sizing.iter().map(|(knob, answer)| (knob.clone(), value!(answer))).collect::<Map<_, _>>(), "corrections": entry.corrections,
    })
}
