//! Drills about cost: what is stored, what runs and what leaves, at prices that the question gives.

use super::maker::{Made, Maker};
use super::{Level, Unit, spell};
use spell::{bytes, number, words};

/// Cents for a gigabyte and month: archive, object storage, disk.
const STORED: &[(u64, &str)] = &[(1, "on cold object storage"), (2, "on object storage"), (4, "on slow disks"), (8, "on fast disks"), (10, "on fast disks")];

/// `0.02`, exactly as the cents say.
fn dollars(cents: u64) -> String {
    let text = format!("{}.{:02}", cents / 100, cents % 100);
    if text.ends_with(".00") { text[..text.len() - 3].to_owned() } else { text }
}

pub(super) fn cost(m: &mut Maker) -> Made {
    let s = m.setting;
    let (stored, (cents, place)) = (m.round((500_000_000_000, 20_000_000_000_000_000)), *m.one_of(STORED));
    let keeps = format!("{} keeps {} {place} at ${} for a GB and month", s.name, bytes(stored), dollars(cents));
    let storage = stored as f64 / 1e9 * cents as f64 / 100.0;
    let storage_line = format!("{} * {} / GB", bytes(stored), dollars(cents));
    let per_tb = format!("${} for a GB is ${} for a TB: move the point three places.", dollars(cents), cents * 10);
    let tb_line = format!("{} * {} / TB", bytes(stored), cents * 10);
    if m.level == Level::Easy {
        m.step("Size times price", storage_line);
        m.trick(per_tb, tb_line);
        return made(format!("{keeps}. What does that cost a month?"), storage);
    }
    let (servers, hour) = (m.round((4, 800)), *m.one_of(&[10_u64, 20, 25, 40, 50, 80]));
    let running = servers as f64 * hour as f64 / 100.0 * 720.0;
    let runs = format!("runs {servers} servers at ${} an hour", dollars(hour));
    let servers_line = format!("{servers} * {} / hour * 1month", dollars(hour));
    if m.level == Level::Medium {
        m.step("The data", format!("data = {storage_line}"));
        m.step("The servers: 720 hours a month", format!("servers = {servers_line}"));
        m.step("Together", "data + servers");
        m.trick("700 hours for a month.", format!("{tb_line} + {servers} * {} * 700", dollars(hour)));
        return made(format!("{keeps} and {runs}. What does that cost a month of 30 days?"), storage + running);
    }
    let (users, reads, size, out) = (m.round((100_000, 50_000_000)), m.round(s.reads_a_day), m.round((2_000, 500_000)), *m.one_of(&[2_u64, 5, 8, 9]));
    let leaving = (users * reads * 30) as f64 * size as f64 / 1e9 * out as f64 / 100.0;
    m.step("The data", format!("data = {storage_line}"));
    m.step("The servers: 720 hours a month", format!("servers = {servers_line}"));
    m.step("What leaves in a month", format!("leaves = {} * {} * {} * 30", number(users), number(reads), bytes(size)));
    m.step("Its price", format!("egress = leaves * {} / GB", dollars(out)));
    m.step("Together", "data + servers + egress");
    m.trick("Work out all three roughly and keep those within a tenth of the largest.", largest(storage, running, leaving));
    let ask = format!(
        "{keeps}, {runs}, and sends {} to each of {} {} {reads} times a day at ${} for a GB. What does a month of 30 days cost?",
        bytes(size),
        words(users),
        s.who,
        dollars(out)
    );
    made(ask, storage + running + leaving)
}

/// The parts that count, by their names in the steps.
fn largest(storage: f64, running: f64, leaving: f64) -> String {
    let most = storage.max(running).max(leaving);
    let parts = [("data", storage), ("servers", running), ("egress", leaving)];
    parts.iter().filter(|(_, value)| *value >= most / 10.0).map(|(name, _)| *name).collect::<Vec<_>>().join(" + ")
}

fn made(ask: String, answer: f64) -> Made {
    let says = match answer {
        a if a < 2e3 => "Less than an hour of a meeting about it costs.",
        a if a < 2e4 => "About an engineer's month: worth a look, not a redesign.",
        a if a < 3e5 => "Worth an engineer's quarter, if it saves a third.",
        _ => "Cost is a design goal here: tiers, compression, reserved machines, and less that leaves.",
    };
    Made { ask, answer, unit: Unit::DollarsAMonth, so: says.into() }
}
