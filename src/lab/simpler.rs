//! Simpler forms of a step: earlier, shorter, smaller, rounder, fewer nodes.

use sims::kernel::action::Step;
use sims::kernel::design::Design;
use sims::kernel::math;
use sims::kernel::time::{Span, Time};
use sims::kernel::value::{Kind, Value};

/// The simplest first. Each lowers a time, a length, a number or a count of nodes, so that a search by them ends.
pub fn forms(step: &Step, design: &Design, nodes: &[String]) -> Vec<Step> {
    let mut forms: Vec<Step> = rounder(step.at.0).map(|at| Step { at: Time(at), ..step.clone() }).collect();
    let spec = design.all_actions().into_iter().find(|spec| spec.name == step.action.name);
    for (place, (name, value)) in step.action.args.iter().enumerate() {
        // The arguments of `set` are knobs: one less of several is simpler, another value is not.
        let Some(kind) = spec.and_then(|spec| spec.args.iter().find(|arg| arg.name == name)).map(|arg| arg.kind) else {
            if step.action.args.len() > 1 {
                let mut fewer = step.clone();
                fewer.action.args.remove(place);
                forms.push(fewer);
            }
            continue;
        };
        for value in values(&kind, value, nodes) {
            let mut simpler = step.clone();
            simpler.action.args[place].1 = value;
            forms.push(simpler);
        }
    }
    forms
}

/// Moments and lengths in nanoseconds that are smaller and rounder: down to whole seconds, tenths, hundredths, milliseconds.
fn rounder(ns: u64) -> impl Iterator<Item = u64> {
    const GRAINS: [u64; 5] = [10_000_000_000, 1_000_000_000, 100_000_000, 10_000_000, 1_000_000];
    GRAINS.into_iter().map(move |grain| ns / grain * grain).filter(move |rounded| *rounded < ns)
}

/// Lengths that are shorter, but not nothing: rounded down, then half.
fn shorter(ns: u64) -> impl Iterator<Item = u64> {
    let half = (ns > 2_000_000).then_some(ns / 2 / 1_000_000 * 1_000_000);
    rounder(ns).chain(half).filter(|ns| *ns > 0)
}

fn values(kind: &Kind, value: &Value, nodes: &[String]) -> Vec<Value> {
    match (kind, value) {
        (_, Value::Switch(true)) => vec![Value::Switch(false)],
        (Kind::Integer { min, .. }, Value::Integer(n)) => {
            let power = 10i64.pow(n.max(&1).ilog10());
            let smaller = [*min, n / power * power, n / 2, n - power, n - (power / 10).max(1)];
            smaller.into_iter().filter(|m| m < n && m >= min).map(Value::Integer).collect()
        }
        (Kind::Number { min, .. }, Value::Number(x)) if *x > 0.0 => {
            let smaller = [down(*x, 1.0), down(*x, 10.0), half(*x)];
            smaller.into_iter().filter(|y| y < x && y >= min && *y > 0.0).map(Value::Number).collect()
        }
        (Kind::Duration { min, .. }, Value::Duration(span)) => shorter(span.0).filter(|ns| *ns >= min.0).map(|ns| Value::Duration(Span(ns))).collect(),
        (Kind::Shift { .. }, Value::Shift(ns)) => {
            let sign = ns.signum();
            shorter(ns.unsigned_abs()).filter_map(|shorter| i64::try_from(shorter).ok()).map(|shorter| Value::Shift(sign * shorter)).collect()
        }
        (Kind::Size { min, .. }, Value::Size(bytes)) => [bytes / 2].into_iter().filter(|b| b < bytes && b >= min).map(Value::Size).collect(),
        (Kind::Node, Value::Text(name)) => members(name, nodes).into_iter().map(Value::Text).collect(),
        (Kind::Groups, Value::Text(groups)) => fewer(groups).into_iter().map(Value::Text).collect(),
        _ => Vec::new(),
    }
}

/// Rounded down to its first digit, or with `grain` 10 to its second.
fn down(x: f64, grain: f64) -> f64 {
    let power = math::pow(10.0, math::log10(x).floor()) / grain;
    // Through six decimals, or 0.30000000000000004 is what a user sees.
    ((x / power + 1e-9).floor() * power * 1e6).round() / 1e6
}

fn half(x: f64) -> f64 {
    if x > 0.02 { (x * 50.0).floor() / 100.0 } else { 0.0 }
}

/// The single nodes behind `all` or a role; nothing for a node's own name.
fn members(name: &str, nodes: &[String]) -> Vec<String> {
    if nodes.iter().any(|node| node == name) {
        return Vec::new();
    }
    let of_role = |node: &&String| name == "all" || node.trim_end_matches(|c: char| c.is_ascii_digit()) == name;
    nodes.iter().filter(of_role).cloned().collect()
}

/// The groups with one node less, as long as two groups have one.
fn fewer(groups: &str) -> Vec<String> {
    let split: Vec<Vec<&str>> = groups.split('|').map(|group| group.split([' ', ',']).filter(|name| !name.is_empty()).collect()).collect();
    let mut smaller = Vec::new();
    for (place, group) in split.iter().enumerate() {
        for leave in 0..group.len() {
            let mut rest = split.clone();
            rest[place].remove(leave);
            rest.retain(|group| !group.is_empty());
            if rest.len() >= 2 {
                smaller.push(rest.iter().map(|group| group.join(" ")).collect::<Vec<_>>().join(" | "));
            }
        }
    }
    smaller
}

#[cfg(test)]
mod tests {
    use super::*;
    use sims::designs::ALL;

    fn told(text: &str) -> Vec<String> {
        let design = ALL.iter().find(|design| design.id == "rate-limiter").unwrap();
        let nodes = ["s1", "s2", "s3", "store"].map(String::from);
        forms(&design.read_step(text).unwrap(), design, &nodes).iter().map(|step| format!("{}={}", step.at, step.action.told())).collect()
    }

    #[test]
    fn a_step_gets_earlier_rounder_shorter_and_smaller() {
        let forms = told("2345ms=pause:node=s1,for=1500ms");
        assert!(forms.contains(&"2.000 s=pause node=s1 for=1.5s".into()) && forms.contains(&"2.345 s=pause node=s1 for=1s".into()), "{forms:?}");
        assert_eq!(told("0s=lose:from=s1,to=s2,share=0.37"), ["0.000 s=lose from=s1 to=s2 share=0.3", "0.000 s=lose from=s1 to=s2 share=0.18"]);
        assert_eq!(told("0s=partition:groups=s1 s2 | s3"), ["0.000 s=partition groups=s2 | s3", "0.000 s=partition groups=s1 | s3"]);
        assert_eq!(told("0s=crash:node=s"), ["0.000 s=crash node=s1 for_good=off", "0.000 s=crash node=s2 for_good=off", "0.000 s=crash node=s3 for_good=off"]);
    }

    #[test]
    fn simplifying_comes_to_an_end() {
        let design = ALL.iter().find(|design| design.id == "rate-limiter").unwrap();
        for text in ["59999999999ns=step-clock:node=s1,by=-3599s", "1s=lose:from=s1,to=s2,share=0.999", "7s=load:times=3.7,for=59999ms", "9s=burst:n=999"] {
            let mut step = design.read_step(text).unwrap();
            let mut rounds = 0;
            while let Some(last) = forms(&step, design, &[]).pop() {
                step = last;
                rounds += 1;
                assert!(rounds < 400, "{text}: {step:?}");
            }
        }
    }
}
