//! Drills about load: requests a second, bandwidth, servers by Little's law.

use super::maker::{Made, Maker};
use super::{Level, Unit, spell};
use spell::{bytes, number, one_figure, words};

const DAY_S: f64 = 86_400.0;

pub(super) fn requests(m: &mut Maker) -> Made {
    let s = m.setting;
    let (users, reads) = (m.round(s.users), m.round(s.reads_a_day));
    let who = format!("{} serves {} {} a day.", s.name, words(users), s.who);
    let (ask, answer) = match m.level {
        Level::Easy => {
            m.step("Requests in a day", format!("a_day = {} * {}", number(users), number(reads)));
            m.step("A day has 86,400 seconds", "a_day / day");
            m.trick("Take a day for 10^5 seconds: strike five zeros.", "a_day / 100000s");
            (format!("{who} Each {} {reads} times a day. How many requests a second is that on average?", s.reads), (users * reads) as f64 / DAY_S)
        }
        Level::Medium => {
            let (writes, peak) = (m.round(s.writes_a_day), m.whole(2, 5));
            m.step("What one of them does in a day", format!("each = {} + {}", number(reads), number(writes)));
            m.step("All of them, in a second on average", format!("mean = {} * each / day", number(users)));
            m.step("The peak is what must be carried", format!("{peak} * mean"));
            m.trick("A day for 10^5 seconds, then the factor.", format!("{peak} * {} * each / 100000s", number(users)));
            let ask = format!(
                "{who} Each {} {reads} times and {} {writes} {} a day. The busiest hour has {peak} times the mean. How many requests a second at the peak?",
                s.reads, s.writes, s.items
            );
            (ask, (users * (reads + writes) * peak) as f64 / DAY_S)
        }
        Level::Hard => {
            let (writes, peak, hits) = (m.round(s.writes_a_day), m.whole(2, 6), *m.one_of(&[70, 75, 80, 85, 90, 95]));
            let misses = 100 - hits;
            m.step("Reads that miss the cache", format!("missed = {} * {misses}%", number(reads)));
            m.step("Writes always go through", format!("each = missed + {}", number(writes)));
            m.step("All of them, in a second on average", format!("mean = {} * each / day", number(users)));
            m.step("At the peak", format!("{peak} * mean"));
            let rough = one_figure(users);
            m.trick("One figure for the users, 10^5 seconds for the day.", format!("{peak} * {} * each / 100000s", number(rough)));
            let ask = format!(
                "{who} Each {} {reads} times and {} {writes} {} a day. A cache answers {hits} % of the reads, the peak is {peak} times the mean. \
                 How many requests a second reach the database at the peak?",
                s.reads, s.writes, s.items
            );
            (ask, users as f64 * (reads as f64 * misses as f64 / 100.0 + writes as f64) * peak as f64 / DAY_S)
        }
    };
    Made { ask, answer, unit: Unit::PerSecond, so: load_means(answer) }
}

fn load_means(rate: f64) -> String {
    let says = match rate {
        r if r < 1e3 => "One machine carries this; a second one is for its failure.",
        r if r < 2e4 => "A handful of servers, and one database that is looked after.",
        r if r < 3e5 => "Dozens of servers; the database needs a cache before it, or shards.",
        _ => "Hundreds of servers, shards, and caches near the users.",
    };
    says.into()
}

pub(super) fn bandwidth(m: &mut Maker) -> Made {
    match m.level {
        Level::Easy => {
            let (rate, size) = (m.round((100, 500_000)), m.round((1_000, 5_000_000)));
            let ask = format!("{} answers {} requests a second with {} each. How much leaves the data centre?", m.setting.name, words(rate), bytes(size));
            m.step("Requests times size", format!("{}/s * {}", number(rate), bytes(size)));
            m.trick("Powers first: K times K is M, K times M is G; then the digits.", format!("{}/s * {}", number(rate), bytes(size)));
            made_bandwidth(ask, rate as f64 * size as f64)
        }
        Level::Medium => {
            let s = m.setting;
            let (users, reads, size, peak) = (m.round(s.users), m.round(s.reads_a_day), m.round((5_000, 2_000_000)), m.whole(2, 5));
            let ask = format!(
                "{} serves {} {} a day. Each {} {reads} times a day and gets {} back. The peak is {peak} times the mean. How much bandwidth does the peak need?",
                s.name,
                words(users),
                s.who,
                s.reads,
                bytes(size)
            );
            m.step("Requests a second on average", format!("mean = {} * {} / day", number(users), number(reads)));
            m.step("At the peak", format!("most = {peak} * mean"));
            m.step("Times the size", format!("most * {}", bytes(size)));
            m.trick("A day for 10^5 seconds.", format!("{peak} * {} * {} / 100000s * {}", number(users), number(reads), bytes(size)));
            made_bandwidth(ask, (users * reads * peak) as f64 / DAY_S * size as f64)
        }
        Level::Hard => {
            let (viewers, rate, hits) = (m.round((50_000, 20_000_000)), *m.one_of(&[2_u64, 3, 4, 5, 6, 8, 12, 15]), *m.one_of(&[80_u64, 85, 90, 92, 95, 98]));
            let misses = 100 - hits;
            let ask = format!(
                "A video service has {} viewers at once; each stream takes {rate} Mb/s. A CDN answers {hits} % of the bytes. \
                 How much must the origin send? Bytes or bits, as you like.",
                words(viewers)
            );
            m.step("What all viewers take, in bytes", format!("all = {} * {rate}Mb/s", number(viewers)));
            m.step("What the CDN does not have", format!("all * {misses}%"));
            m.trick("Ten bits for a byte, which leaves room for headers.", format!("{} * {rate}MB/s / 10 * {misses}%", number(viewers)));
            made_bandwidth(ask, viewers as f64 * rate as f64 * 1e6 / 8.0 * misses as f64 / 100.0)
        }
    }
}

fn made_bandwidth(ask: String, answer: f64) -> Made {
    let says = match answer * 8.0 {
        b if b < 1e9 => "Less than one network card of 1 Gb/s.",
        b if b < 2.5e10 => "A few network cards; one machine could send it, two should.",
        b if b < 1e12 => "Many machines, and a CDN that keeps most of it away.",
        _ => "Nobody sends this from one place: a CDN with points of presence carries it.",
    };
    Made { ask, answer, unit: Unit::BytesPerSecond, so: says.into() }
}

pub(super) fn servers(m: &mut Maker) -> Made {
    let s = m.setting;
    let (rate, takes) = (m.round((200, 500_000)), m.round(s.takes_ms));
    let busy = rate as f64 * takes as f64 / 1000.0;
    let first = format!("in_progress = {}/s * {takes}ms", number(rate));
    let per_worker = format!("Turn the time round: a worker that needs {takes} ms does 1 / {takes}ms a second.");
    match m.level {
        Level::Easy => {
            let ask = format!("{} takes {} requests a second; one takes {takes} ms. How many are in progress at once?", s.name, words(rate));
            m.step("Little's law: arrivals times time inside", first);
            m.trick(per_worker, format!("{}/s / (1 / {takes}ms)", number(rate)));
            let so = "So many connections, threads or tasks are open at any moment: pools must be at least this large.";
            Made { ask, answer: busy, unit: Unit::Count("requests in progress"), so: so.into() }
        }
        Level::Medium => {
            let workers = *m.one_of(&[8_u64, 16, 32, 50, 64, 100, 200]);
            let ask = format!(
                "{} takes {} requests a second; one keeps a worker busy for {takes} ms. A server runs {workers} workers. How many servers, at the least?",
                s.name,
                words(rate)
            );
            m.step("Little's law: arrivals times time inside", first);
            m.step(format!("{workers} of them to a server"), format!("in_progress / {workers}"));
            m.trick("First what one server does a second, then how often it goes into the rate.", format!("{}/s / ({workers} / {takes}ms)", number(rate)));
            let so = "The least: with every worker busy, the queue grows without end. Round up, and then leave room.";
            Made { ask, answer: busy / workers as f64, unit: Unit::Count("servers"), so: so.into() }
        }
        Level::Hard => {
            let (workers, full, peak) = (*m.one_of(&[8_u64, 16, 24, 32, 48, 64, 100]), *m.one_of(&[50_u64, 60, 65, 70, 75]), m.whole(2, 5));
            let ask = format!(
                "{} takes {} requests a second on average and {peak} times that at the peak; one keeps a worker busy for {takes} ms. \
                 A server runs {workers} workers, which shall be at most {full} % busy. How many servers?",
                s.name,
                words(rate)
            );
            m.step("Little's law, at the peak", format!("in_progress = {peak} * {}/s * {takes}ms", number(rate)));
            m.step("If every worker were always busy", format!("least = in_progress / {workers}"));
            m.step("With the room that was asked for", format!("least / {full}%"));
            m.trick("Dividing by a share near two thirds: add half.", format!("{peak} * {}/s * {takes}ms / {workers} * 1.5", number(rate)));
            let so = "Room is no luxury: at 90 % busy the queue is nine times as long as at 50 %. And one more, for the one that fails.";
            Made { ask, answer: peak as f64 * busy / workers as f64 / (full as f64 / 100.0), unit: Unit::Count("servers"), so: so.into() }
        }
    }
}
