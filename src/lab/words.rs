//! What was done to a run, in plain words.

use sims::kernel::action::{Action, Step};
use sims::kernel::time::Time;
use sims::kernel::value::Value;

/// `at 2.1 s every message from s1 to s2 is dropped`.
pub fn step(step: &Step) -> String {
    format!("{} {}", when(step.at), action(&step.action))
}

/// `at 2.1 s`, `at the start`.
pub fn when(at: Time) -> String {
    if at == Time::ZERO { "at the start".into() } else { format!("at {}", at.since(Time::ZERO)) }
}

/// The action as a clause, without its time.
pub fn action(action: &Action) -> String {
    let text = |name: &str| action.arg(name).map_or_else(String::new, Value::to_string);
    let node = || text("node");
    let link = || format!("from {} to {}", text("from"), text("to"));
    let lasting = || action.span("for").map_or_else(String::new, |span| format!(" for {span}"));
    let percent = || format!("{} %", (action.num("share").unwrap_or_default() * 1e4).round() / 100.0);
    match action.name.as_str() {
        "crash" if action.on("for_good") => format!("{} crashes for good", node()),
        "crash" => format!("{} crashes", node()),
        "restart" => format!("{} starts again", node()),
        "pause" => format!("{} freezes{}", node(), lasting()),
        "resume" => format!("{} goes on", node()),
        "cut" if action.on("both") => format!("{} and {} are cut from each other", text("from"), text("to")),
        "cut" => format!("every message {} is dropped", link()),
        "heal" if action.arg("from").is_none() && action.arg("to").is_none() => "every link is healed".into(),
        "heal" => heal(action),
        "partition" => format!("the network splits: {}", text("groups")),
        "slow" => format!("every message {} takes {} longer", link(), text("by")),
        "lose" => format!("{} of the messages {} are lost", percent(), link()),
        "duplicate" => format!("{} of the messages {} arrive twice", percent(), link()),
        "reorder" => format!("{} of the messages {} are overtaken by later ones", percent(), link()),
        "step-clock" => step_clock(action),
        "drift-clock" => format!("the clock of {} runs {} parts per million {}", node(), action.num("ppm").unwrap_or_default().abs(), pace(action)),
        "slow-disk" if action.span("by").is_none_or(|by| by.0 == 0) => format!("the disk of {} is as fast as ever", node()),
        "slow-disk" => format!("every sync of {}'s disk takes {} longer", node(), text("by")),
        "fill-disk" if !action.on("full") => format!("the disk of {} has room again", node()),
        "fill-disk" => format!("the disk of {} is full", node()),
        "forget-disk" => format!("{} gets an empty disk", node()),
        "join" if action.arg("node").is_none() => "a node joins".into(),
        "join" => format!("{} joins", node()),
        "leave" => format!("{} leaves", node()),
        "load" => format!("the load becomes {} times the usual{}", text("times"), lasting()),
        "set" => {
            let turned: Vec<String> = action.args.iter().map(|(knob, value)| format!("{knob} is set to {value}")).collect();
            turned.join(", ")
        }
        _ => own(action),
    }
}

fn heal(action: &Action) -> String {
    let (from, to) = (action.text("from").unwrap_or("all"), action.text("to").unwrap_or("all"));
    if action.on("both") { format!("the links between {from} and {to} are healed") } else { format!("the link from {from} to {to} is healed") }
}

fn step_clock(action: &Action) -> String {
    let by = action.shift("by").unwrap_or_default();
    let span = sims::kernel::time::Span(by.unsigned_abs());
    format!("the clock of {} jumps {span} {}", action.text("node").unwrap_or_default(), if by < 0 { "back" } else { "forward" })
}

fn pace(action: &Action) -> &'static str {
    if action.num("ppm").unwrap_or_default() < 0.0 { "slow" } else { "fast" }
}

/// A design's own action: its name and arguments say what it is.
fn own(action: &Action) -> String {
    let args: Vec<String> = action.args.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let name = action.name.replace('-', " ");
    if args.is_empty() { name } else { format!("{name} ({})", args.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sims::designs::ALL;

    fn check(text: &str, expected: &str) {
        let design = ALL.iter().find(|design| design.id == "rate-limiter").unwrap();
        assert_eq!(step(&design.read_step(text).unwrap()), expected);
    }

    #[test]
    fn faults_are_told_as_they_would_be_in_an_incident_report() {
        check("2100ms=cut:from=s1,to=s2,both=off", "at 2.1 s every message from s1 to s2 is dropped");
        check("2s=cut:from=s1,to=s2", "at 2 s s1 and s2 are cut from each other");
        check("3400ms=crash:node=s2", "at 3.4 s s2 crashes");
        check("1s=lose:from=s1,to=s2,share=0.125", "at 1 s 12.5 % of the messages from s1 to s2 are lost");
        check("1s=step-clock:node=s1,by=-5s", "at 1 s the clock of s1 jumps 5 s back");
        check("1s=load:times=3,for=2s", "at 1 s the load becomes 3 times the usual for 2 s");
        check("1s=heal", "at 1 s every link is healed");
        check("0s=restart:node=s1", "at the start s1 starts again");
        check("1s=burst:n=100,client=2", "at 1 s burst (n 100, client 2, connections 1)");
    }
}
