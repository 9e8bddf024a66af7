//! A believable long history from a seed, for tests only: months of interviews that get better, practice, predictions.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use chrono::{DateTime, Days, Utc};
use sims::kernel::rng::Rng;

use super::{Guess, Practice, Prediction, Stint, Store, columns, ledger, past};
use crate::catalog::{Catalog, Problem, Rubric};
use crate::score::{Grade, Judged, Judgement, Reading, Taken, score};
use crate::session::{Mode, Plan, Session};

const NOTES: [&str; 8] = [
    "Users: 20 M a day, a tenth of them at the busiest hour.",
    "p99 under 50 ms for reads; writes may take a second.",
    "client -> lb -> api -> cache -> store",
    "Hot keys: the top 1 % takes half of the reads. Replicate those.",
    "If the cache is away: serve stale for a minute, then shed load.",
    "One row per user and minute, 40 bytes: 1.1 GB a day.",
    "Consistent hashing with 200 virtual nodes; a node's loss moves 1/n of the keys.",
    "Alarms: hit share under 0.7 for five minutes; queue older than 10 s.",
];

/// What a third of the attempts say.
const SOMETIMES: &str = "Two regions, 80 ms apart.";

/// Fills a store with `weeks` of history up to `now`.
pub(crate) fn long(store: &Store, catalog: &Catalog, seed: u64, weeks: u64, now: DateTime<Utc>) {
    let mut rng = Rng::stream(seed, "a long history");
    let cards: Vec<_> = catalog.heads().iter().filter_map(|head| catalog.problem(&head.id).ok()).collect();
    let days = weeks * 7;
    for back in (0..days).rev() {
        let noon = now - Days::new(back);
        let skill = 0.3 + 0.5 * (days - back) as f64 / days as f64;
        // The last days in a row, so that there is a streak to see.
        if back > 3 && !rng.chance(0.55) {
            continue;
        }
        let card = rng.pick(&cards).clone();
        if back == 1 || rng.chance(0.4) {
            sit(store, &card, &catalog.rubric(&card.level).unwrap(), skill, noon, &mut rng);
        }
        let practice = *rng.pick(&Practice::ALL);
        let ms = (2 + rng.below(45)) * 60_000;
        let stint = Stint { practice, subject: card.id.clone(), began_at: noon + chrono::Duration::minutes(90), ms };
        store.write(move |tx| past::spend(tx, &stint)).unwrap();
        if let Some(experiment) = card.experiments.get(rng.below(card.experiments.len().max(1) as u64) as usize) {
            let made = Prediction { problem: card.id.clone(), experiment: experiment.id.clone(), guess: guess(skill, &mut rng), made_at: noon };
            store.write(move |tx| ledger::predict(tx, &made)).unwrap();
        }
    }
}

fn guess(skill: f64, rng: &mut Rng) -> Guess {
    if rng.chance(0.4) {
        let right = 1 + rng.below(3) as u32;
        return Guess::Choice { chosen: if rng.chance(skill) { right } else { right % 3 + 1 }, right };
    }
    let actual = sims::kernel::math::pow(10.0, rng.unit() * 4.0).round().max(1.0);
    let value = (actual * sims::kernel::math::pow(10.0, rng.normal() * (1.0 - skill))).round().max(1.0);
    Guess::Number { value, low: (value / 3.0).round(), high: value * 3.0, actual }
}

fn sit(store: &Store, card: &Problem, rubric: &Rubric, skill: f64, at: DateTime<Utc>, rng: &mut Rng) {
    let mode = *rng.pick(&Mode::ALL);
    let mut session = Session::start(Plan::of(card, None), mode);
    let live = store.begin(&mut session).unwrap();
    let phases = session.plan().phases.clone();
    for (place, phase) in phases.iter().enumerate() {
        if place > 0 {
            session.next_phase().unwrap();
        }
        session.pass(phase.time.mul_f64(0.7 + 0.5 * rng.unit()));
        let mut lines: Vec<&str> = NOTES.iter().filter(|_| rng.chance(skill * 0.7)).copied().collect();
        // By the day, not by chance: whatever cards there are, some attempts say this and others do not.
        if place == 0 && (at.timestamp() / 86_400) % 3 == 0 {
            lines.push(SOMETIMES);
        }
        session.write(place, &lines.join("\n")).unwrap();
        if rng.chance(1.0 - skill) {
            let _ = session.hint();
        }
    }
    session.estimate("20M/day * 40B").unwrap();
    session.finish();
    store.keep(&live, &mut session);
    let (mut judgement, id) = (Judgement::default(), live.id().to_owned());
    for reading in [Reading::Blind, Reading::Informed] {
        for line in &card.rubric {
            let drawn = skill + 0.25 * rng.normal() + if reading == Reading::Blind { 0.08 } else { 0.0 };
            let grade = if drawn > 0.62 {
                Grade::Full
            } else if drawn > 0.3 {
                Grade::Half
            } else {
                Grade::None
            };
            judgement.lines.insert(line.id.clone(), Judged { grade, evidence: if grade == Grade::None { String::new() } else { (*rng.pick(&NOTES)).into() } });
        }
        let mut step = || (1.0 + 4.0 * (skill + 0.15 * rng.normal())).round().clamp(1.0, 5.0) as u8;
        judgement.dimensions.extend(rubric.dimensions.iter().map(|scale| (scale.id.clone(), step())));
        judgement.communication.extend(rubric.communication.iter().map(|scale| (scale.id.clone(), step())));
        store.save_score(&id, reading, &score(card, rubric, &Taken::of(&session), &judgement)).unwrap();
    }
    let (began, ended) = (columns::text(at), columns::text(at + session.elapsed() + Duration::from_secs(60)));
    store
        .write(move |tx| {
            tx.execute("UPDATE scores SET scored_at = ?2 WHERE attempt = ?1", [&id, &ended])?;
            tx.execute("UPDATE attempts SET started_at = ?2, saved_at = ?3, ended_at = ?3 WHERE id = ?1", [&id, &began, &ended]).map(drop)
        })
        .unwrap();
}

/// With `GREENROOM_LONG=folder` it is written there, to be looked at.
#[test]
fn a_long_history_gets_better() {
    let folder = std::env::var_os("GREENROOM_LONG");
    let store = folder.map_or_else(Store::in_memory, |folder| Store::open(&crate::home::Home::at(folder)));
    long(&store, &Catalog::load(None), 7, 40, Utc::now());
    let mut totals: Vec<_> = store.attempts().unwrap().iter().filter_map(|attempt| Some((attempt.started_at, attempt.result()?.total))).collect();
    totals.sort_by_key(|(at, _)| *at);
    let mean = |part: &[(DateTime<Utc>, f64)]| part.iter().map(|(_, total)| total).sum::<f64>() / part.len() as f64;
    let (first, last) = totals.split_at(totals.len() / 2);
    assert!(totals.len() > 40 && mean(last) > mean(first) + 5.0, "{} attempts, {} then {}", totals.len(), mean(first), mean(last));
}
