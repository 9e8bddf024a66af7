//! Chaos: random faults from a seed, each undone after a while, so that the system limps on instead of lying dead.

use super::action::{Action, Step};
use super::design::Design;
use super::rng::Rng;
use super::storm;
use super::time::{Span, Time};

/// What determines a chaos, beside the design and the names of its nodes and links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chaos {
    pub seed: u64,
    /// The first fault comes after this, the last undoing before `until`.
    pub from: Time,
    pub until: Time,
    /// Faults; what undoes them comes on top.
    pub faults: usize,
}

/// What a chaos may hit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Targets {
    pub nodes: Vec<String>,
    /// Directed links that carry messages: troubling the others would show nothing.
    pub links: Vec<(String, String)>,
}

/// These undo: a chaos draws them as the other end of a fault, never alone.
const UNDO: &[&str] = &["restart", "resume", "heal"];
/// A fault lasts this part of the chaos on the average.
const LASTS: f64 = 0.15;

/// The script of a chaos, in order of time. Knobs are left alone. Same arguments, same script.
pub fn chaos(design: &Design, targets: &Targets, chaos: Chaos) -> Vec<Step> {
    let mut rng = Rng::stream(chaos.seed, "chaos");
    let room = chaos.until.since(chaos.from);
    let specs: Vec<_> = design.all_actions().into_iter().filter(|spec| !UNDO.contains(&spec.name)).collect();
    if specs.is_empty() {
        return Vec::new();
    }
    let mut script = Vec::new();
    for _ in 0..chaos.faults {
        let at = chaos.from + Span(rng.below((room.0 / 10 * 9).max(1)));
        let lasts = room.times(LASTS * rng.exponential());
        let name = specs[rng.below(specs.len() as u64) as usize].name;
        let Some((action, undo)) = fault(design, name, targets, lasts, &mut rng) else { continue };
        script.push(Step { at, action });
        script.extend(undo.map(|action| Step { at: (at + lasts).min(chaos.until), action }));
    }
    // Stable: of one time, a fault stands before what undoes it.
    script.sort_by_key(|step| step.at);
    script
}

/// One fault and what undoes it; none if there is nothing it could hit.
fn fault(design: &Design, name: &str, targets: &Targets, lasts: Span, rng: &mut Rng) -> Option<(Action, Option<Action>)> {
    let read = |name: &str, args: &[(&str, String)]| {
        let args: Vec<(String, String)> = args.iter().map(|(name, text)| ((*name).to_string(), text.clone())).collect();
        design.read_action(name, &args).ok()
    };
    let lasts = format!("{}ns", lasts.0.max(1));
    match name {
        "crash" | "pause" => {
            let node = node(targets, rng)?;
            let undo = if name == "crash" { "restart" } else { "resume" };
            Some((read(name, &[("node", node.clone())])?, read(undo, &[("node", node)])))
        }
        "cut" | "slow" | "lose" | "duplicate" | "reorder" => {
            let both = rng.chance(0.5);
            let (by, share) = (1 + rng.below(2_000), 0.05 + 0.6 * rng.unit());
            if targets.links.is_empty() {
                return None;
            }
            let (from, to) = rng.pick(&targets.links).clone();
            let more = match name {
                "cut" => ("both", if both { "on" } else { "off" }.to_string()),
                "slow" => ("by", format!("{by}ms")),
                _ => ("share", format!("{share:.2}")),
            };
            Some((read(name, &[("from", from.clone()), ("to", to.clone()), more])?, read("heal", &[("from", from), ("to", to)])))
        }
        "partition" => {
            let groups = storm::groups(&targets.nodes, rng)?;
            Some((read(name, &[("groups", groups)])?, read("heal", &[])))
        }
        "step-clock" => {
            let by = rng.below(10_000) as i64 - 5_000;
            let node = node(targets, rng)?;
            Some((read(name, &[("node", node.clone()), ("by", format!("{by}ms"))])?, read(name, &[("node", node), ("by", format!("{}ms", -by))])))
        }
        "drift-clock" => {
            let ppm = rng.below(400) as i64 - 200;
            let node = node(targets, rng)?;
            Some((read(name, &[("node", node.clone()), ("ppm", ppm.to_string())])?, read(name, &[("node", node), ("ppm", "0".into())])))
        }
        "slow-disk" | "fill-disk" => {
            let by = 1 + rng.below(2_000);
            let node = node(targets, rng)?;
            let (trouble, none) =
                if name == "slow-disk" { (("by", format!("{by}ms")), ("by", "0s".into())) } else { (("full", "on".into()), ("full", "off".into())) };
            Some((read(name, &[("node", node.clone()), trouble])?, read(name, &[("node", node), none])))
        }
        "load" => {
            let times = (4.0 * rng.unit() * 10.0 + 0.5) as i64 as f64 / 10.0;
            Some((read(name, &[("times", times.to_string()), ("for", lasts)])?, None))
        }
        _ => {
            let spec = design.all_actions().into_iter().find(|spec| spec.name == name)?;
            Some((storm::act(spec, &targets.nodes, rng)?, None))
        }
    }
}

fn node(targets: &Targets, rng: &mut Rng) -> Option<String> {
    if targets.nodes.is_empty() { None } else { Some(rng.pick(&targets.nodes).clone()) }
}
