//! Storms: random faults and knob changes from a seed, to be survived with every safeguard on.

use super::action::{Action, ActionSpec, ArgDefault, Step};
use super::design::{Design, Spec};
use super::math;
use super::rng::Rng;
use super::time::{Span, Time};
use super::value::{Kind, Rate, Value};

/// What no safeguard is for: a disk that was synced and forgets breaks every promise made on it.
const BEYOND: &[&str] = &["forget-disk"];

/// A script of `steps` random steps within the first nine tenths of the spec's length. Same arguments, same storm.
///
/// Safeguards are left alone; other live knobs are turned within their limits, and never into a conflict.
pub fn storm(spec: &Spec, nodes: &[String], seed: u64, steps: usize) -> Vec<Step> {
    let mut rng = Rng::stream(seed, "storm");
    let mut knobs = spec.knobs.clone();
    let mut script = Vec::new();
    let mut times: Vec<Time> = (0..steps).map(|_| Time(rng.below(spec.length.0 / 10 * 9 + 1))).collect();
    times.sort_unstable();
    for at in times {
        let actions: Vec<_> = spec.design.all_actions().into_iter().filter(|action| !BEYOND.contains(&action.name)).collect();
        let action = if actions.is_empty() || rng.chance(0.3) {
            turn(spec.design, &mut knobs, &mut rng)
        } else {
            act(actions[rng.below(actions.len() as u64) as usize], nodes, &mut rng)
        };
        script.extend(action.map(|action| Step { at, action }));
    }
    script
}

/// Turns one live knob that is no safeguard; none if the new value would conflict.
fn turn(design: &Design, knobs: &mut super::knob::Knobs, rng: &mut Rng) -> Option<Action> {
    let free: Vec<_> = design.knobs.iter().filter(|k| k.live && design.safeguards.iter().all(|s| s.knob != k.name)).collect();
    if free.is_empty() {
        return None;
    }
    let knob = free[rng.below(free.len() as u64) as usize];
    let value = random(&knob.kind, &[], rng)?;
    let mut turned = knobs.clone();
    turned.put(knob.name, value.clone());
    (design.refuses)(&turned).ok()?;
    *knobs = turned;
    Some(Action { name: "set".into(), args: vec![(knob.name.into(), value)] })
}

pub(crate) fn act(spec: &ActionSpec, nodes: &[String], rng: &mut Rng) -> Option<Action> {
    let mut args = Vec::new();
    for arg in spec.args {
        if arg.default == ArgDefault::Absent && rng.chance(0.5) {
            continue;
        }
        // Some arguments would only slow the storm down: a thousandfold load, a minute's delay on every message.
        let value = match (spec.name, arg.name) {
            ("load", "times") => Value::Number(4.0 * rng.unit()),
            ("slow" | "slow-disk", "by") => Value::Duration(Span::millis(rng.below(2_000))),
            ("pause" | "load", "for") => Value::Duration(Span::millis(rng.below(10_000))),
            ("step-clock", "by") => Value::Shift(rng.below(10_000_000_000) as i64 - 5_000_000_000),
            ("drift-clock", "ppm") => Value::Number(400.0 * rng.unit() - 200.0),
            _ => random(&arg.kind, nodes, rng)?,
        };
        args.push((arg.name.to_string(), value));
    }
    Some(Action { name: spec.name.to_string(), args })
}

/// A value within the limits; large ranges logarithmically, so that small values are tried too.
fn random(kind: &Kind, nodes: &[String], rng: &mut Rng) -> Option<Value> {
    let between = |low: f64, high: f64, rng: &mut Rng| {
        let unit = rng.unit();
        if low >= 0.0 && high > 100.0 * low.max(1.0) { (low + 1.0) * math::pow((high + 1.0) / (low + 1.0), unit) - 1.0 } else { low + (high - low) * unit }
    };
    Some(match kind {
        Kind::Switch => Value::Switch(rng.chance(0.5)),
        Kind::Integer { min, max } => Value::Integer(((between(*min as f64, *max as f64, rng) + 0.5) as i64).clamp(*min, *max)),
        Kind::Number { min, max } => Value::Number(between(*min, *max, rng)),
        Kind::Choice(words) => Value::Choice(words[rng.below(words.len() as u64) as usize]),
        Kind::Duration { min, max } => Value::Duration(Span(between(min.0 as f64, max.0 as f64, rng) as u64)),
        Kind::Size { min, max } => Value::Size((between(*min as f64, *max as f64, rng) as u64).clamp(*min, *max)),
        Kind::Rate { min, max, per } => {
            let count = libm::floor(between(*min, *max, rng) * per.as_secs()).max(1.0);
            Value::Rate(Rate { count, per: *per })
        }
        Kind::Shift { max } => Value::Shift(rng.below(2 * max.0 + 1) as i64 - max.0 as i64),
        Kind::Node => Value::Text(if nodes.is_empty() { return None } else { rng.pick(nodes).clone() }),
        Kind::Groups => Value::Text(groups(nodes, rng)?),
    })
}

/// Every node in one of two groups; none if there are not two nodes.
pub(crate) fn groups(nodes: &[String], rng: &mut Rng) -> Option<String> {
    let mut shuffled = nodes.to_vec();
    rng.shuffle(&mut shuffled);
    let cut = 1 + rng.below((shuffled.len().max(2) - 1) as u64) as usize;
    let (left, right) = shuffled.split_at(cut.min(shuffled.len()));
    if right.is_empty() {
        return None;
    }
    Some(format!("{} | {}", left.join(" "), right.join(" ")))
}
