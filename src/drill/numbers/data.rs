//! Drills about data: storage over years, the cache by the 80/20 rule, shards.

use super::maker::{Made, Maker};
use super::{Level, Unit, spell};
use spell::{balanced, bytes, grouped, number, one_figure, words};

pub(super) fn storage(m: &mut Maker) -> Made {
    let s = m.setting;
    let (users, writes, size) = (m.round(s.users), m.round(s.writes_a_day), m.round(s.bytes));
    let who = format!("{} serves {} {} a day; each {} {writes} {} a day of {}.", s.name, words(users), s.who, s.writes, s.items, bytes(size));
    let a_day = (users * writes) as f64 * size as f64;
    m.step("Bytes in a day", format!("a_day = {} * {} * {} / day", number(users), number(writes), bytes(size)));
    let (ask, answer) = match m.level {
        Level::Easy => {
            let years = *m.one_of(&[1_u64, 2, 5, 10]);
            m.step("Over the years", format!("a_day * {years}y"));
            m.trick("A year for 400 days: the digits stay easy.", format!("a_day * {}day", years * 400));
            (format!("{who} How much is that after {}?", year_word(years)), a_day * 365.0 * years as f64)
        }
        Level::Medium => {
            let (years, copies) = (*m.one_of(&[1_u64, 2, 3, 5, 10]), *m.one_of(&[2_u64, 3, 5]));
            m.step("Over the years", format!("once = a_day * {years}y"));
            m.step("Every copy is paid for", format!("{copies} * once"));
            m.trick("A year for 400 days.", format!("{copies} * a_day * {}day", years * 400));
            (format!("{who} It is kept in {copies} copies. How much is that after {}?", year_word(years)), a_day * 365.0 * years as f64 * copies as f64)
        }
        Level::Hard => {
            let (years, copies, index, deleted) =
                (*m.one_of(&[2_u64, 3, 4, 5, 7]), 3, *m.one_of(&[20_u64, 25, 30, 40, 50]), *m.one_of(&[10_u64, 20, 25, 30, 40]));
            m.step("Over the years", format!("once = a_day * {years}y"));
            m.step("What is not deleted", format!("kept = once * {}%", 100 - deleted));
            m.step("Indexes on top", format!("full = kept * {}%", 100 + index));
            m.step("Every copy is paid for", format!("{copies} * full"));
            let [u, w, b] = balanced([users, writes, size]);
            let rough = format!("{copies} * {} * {} * {} / day * {}day * {}% * {}%", number(u), number(w), bytes(b), years * 400, 100 - deleted, 100 + index);
            m.trick("One figure each, one up and the next down; 400 days for a year.", rough);
            let ask = format!(
                "{who} {deleted} % is deleted again, indexes add {index} %, and all is kept in {copies} copies. How much is that after {}?",
                year_word(years)
            );
            let factor = (100 - deleted) as f64 / 100.0 * (100 + index) as f64 / 100.0 * copies as f64;
            (ask, a_day * 365.0 * years as f64 * factor)
        }
    };
    Made { ask, answer, unit: Unit::Bytes, so: storage_means(answer) }
}

fn year_word(years: u64) -> String {
    if years == 1 { "a year".into() } else { format!("{years} years") }
}

fn storage_means(bytes: f64) -> String {
    let says = match bytes {
        b if b < 2e12 => "It fits on one machine's disk; copies are for safety, not for room.",
        b if b < 1e14 => "A small cluster; shards, or a large machine with a plan for the day it is full.",
        b if b < 1e16 => "Shards from the beginning, and old data on cheaper disks.",
        _ => "Object storage with tiers: what is old must become cheap by itself.",
    };
    says.into()
}

pub(super) fn cache(m: &mut Maker) -> Made {
    let s = m.setting;
    match m.level {
        Level::Easy => {
            let (items, size) = (m.round((10_000_000, 10_000_000_000)), m.round((100, 20_000)));
            let ask = format!("{} keeps {} {} of {}. By the 80/20 rule, how large must a cache be?", s.name, words(items), s.items, bytes(size));
            m.step("All of it", format!("all = {} * {}", number(items), bytes(size)));
            m.step("A fifth takes four fifths of the reads", "all * 20%");
            m.trick("A fifth is a tenth, doubled.", "all / 10 * 2");
            made_cache(ask, items as f64 * size as f64 * 0.2, Unit::Bytes)
        }
        Level::Medium => {
            let (users, reads, size) = (m.round(s.users), m.round(s.reads_a_day), m.round((200, 20_000)));
            let ask = format!(
                "{} serves {} {} a day; each {} {reads} times a day, {} a time. A cache shall hold the hottest 20 % of one day's reads. How large is it?",
                s.name,
                words(users),
                s.who,
                s.reads,
                bytes(size)
            );
            m.step("Reads in a day", format!("a_day = {} * {}", number(users), number(reads)));
            m.step("Their bytes, if no two were the same", format!("all = a_day * {}", bytes(size)));
            m.step("A fifth of it", "all * 20%");
            m.trick("Divide the largest number by five first.", format!("{} / 5 * {} * {}", number(users), number(reads), bytes(size)));
            made_cache(ask, (users * reads) as f64 * size as f64 * 0.2, Unit::Bytes)
        }
        Level::Hard => {
            let (items, size, extra) = (m.round((50_000_000, 20_000_000_000)), m.round((100, 10_000)), *m.one_of(&[30_u64, 40, 50, 60]));
            let (copies, node) = (*m.one_of(&[2_u64, 3]), *m.one_of(&[16_u64, 32, 64, 128, 256]));
            let ask = format!(
                "{} keeps {} {} of {}. A cache holds the hottest 20 %, each entry needs {extra} % more for keys and pointers, \
                 all in {copies} copies on nodes of {node} GB. How many nodes?",
                s.name,
                words(items),
                s.items,
                bytes(size)
            );
            m.step("A fifth of everything", format!("hot = {} * {} * 20%", number(items), bytes(size)));
            m.step("With keys and pointers", format!("full = hot * {}%", 100 + extra));
            m.step("In copies", format!("all = {copies} * full"));
            m.step("To a node", format!("all / {node} GB"));
            m.trick("Half as much again for what surrounds a value.", format!("{copies} * hot * 1.5 / {node} GB"));
            let answer = items as f64 * size as f64 * 0.2 * (100 + extra) as f64 / 100.0 * copies as f64 / (node as f64 * 1e9);
            made_cache(ask, answer, Unit::Count("nodes"))
        }
    }
}

fn made_cache(ask: String, answer: f64, unit: Unit) -> Made {
    let says = match unit {
        Unit::Count(_) => "Round up, and add the one that may fail: its keys must fit on the others.",
        _ if answer < 5e10 => "One machine's memory holds it; a second is there for the day the first one dies.",
        _ if answer < 2e12 => "A ring of cache nodes; keys are placed by consistent hashing.",
        _ => "More than memory is worth: cache less than a fifth, or keep a second tier on SSDs.",
    };
    Made { ask, answer, unit, so: says.into() }
}

pub(super) fn shards(m: &mut Maker) -> Made {
    let s = m.setting;
    let so = "Round up to a power of two, or to what the next two years need: splitting later moves data under load.";
    match m.level {
        Level::Easy => {
            let (all, each) = (m.round((2_000_000_000_000, 2_000_000_000_000_000)), *m.one_of(&[200_u64, 500, 1000, 2000]));
            let ask = format!("{} keeps {}. One database server shall hold at most {}. How many shards?", s.name, bytes(all), bytes(each * 1_000_000_000));
            m.step("How often the limit goes into it", format!("{} / {}", bytes(all), bytes(each * 1_000_000_000)));
            m.trick("The same unit on both sides first.", format!("{} GB / {each} GB", grouped(all / 1_000_000_000)));
            Made { ask, answer: all as f64 / (each as f64 * 1e9), unit: Unit::Count("shards"), so: so.into() }
        }
        Level::Medium => {
            let (items, size, each) = (m.round((100_000_000, 1_000_000_000_000)), m.round(s.bytes), *m.one_of(&[500_u64, 1000, 2000, 4000]));
            let ask = format!(
                "{} keeps {} {} of {}; indexes add half as much again. One shard holds {}. How many shards?",
                s.name,
                words(items),
                s.items,
                bytes(size),
                bytes(each * 1_000_000_000)
            );
            m.step("The rows", format!("rows = {} * {}", number(items), bytes(size)));
            m.step("With indexes", "all = rows * 150%");
            m.step("To a shard", format!("all / {}", bytes(each * 1_000_000_000)));
            let [n, b] = balanced([items, size]);
            let rough = format!("{} * {} * 1.5 / {}", number(n), bytes(b), bytes(each * 1_000_000_000));
            m.trick("One figure each, one up and the other down; then K times G is T.", rough);
            Made { ask, answer: items as f64 * size as f64 * 1.5 / (each as f64 * 1e9), unit: Unit::Count("shards"), so: so.into() }
        }
        Level::Hard => by_size_or_writes(m, so),
    }
}

/// Two limits: the tighter one decides.
fn by_size_or_writes(m: &mut Maker, so: &str) -> Made {
    let s = m.setting;
    let (items, size, writes) = (m.round((100_000_000, 500_000_000_000)), m.round(s.bytes), m.round((5_000, 5_000_000)));
    let (each, rate) = (*m.one_of(&[500_u64, 1000, 2000, 4000]), *m.one_of(&[2_000_u64, 5_000, 8_000, 10_000, 20_000]));
    let by_size = items as f64 * size as f64 / (each as f64 * 1e9);
    let by_writes = writes as f64 / rate as f64;
    let ask = format!(
        "{} keeps {} {} of {} and takes {} writes a second. A shard holds {} and takes {} writes a second. How many shards?",
        s.name,
        words(items),
        s.items,
        bytes(size),
        words(writes),
        bytes(each * 1_000_000_000),
        words(rate)
    );
    m.step("By size", format!("by_size = {} * {} / {}", number(items), bytes(size), bytes(each * 1_000_000_000)));
    m.step("By writes", format!("by_writes = {}/s / ({}/s)", number(writes), number(rate)));
    let tighter = if by_size >= by_writes { "by_size" } else { "by_writes" };
    m.step("The tighter limit decides", tighter);
    let rough = if by_size >= by_writes {
        let [n, b] = balanced([items, size]);
        format!("{} * {} / {}", number(n), bytes(b), bytes(each * 1_000_000_000))
    } else {
        format!("{}/s / ({}/s)", number(one_figure(writes)), number(rate))
    };
    m.trick("One figure each; work out both, keep the larger.", rough);
    Made { ask, answer: by_size.max(by_writes), unit: Unit::Count("shards"), so: so.into() }
}
