//! Drills about availability: in series the gaps add up, in parallel they multiply.

use super::maker::{Made, Maker};
use super::{Level, Unit};

/// Availabilities as people promise them, in thousandths of a percent, so that sums stay exact.
const PROMISES: &[u64] = &[99_000, 99_500, 99_900, 99_950, 99_990, 99_995, 99_999];
const PARTS: &[&str] = &["the load balancer", "the API", "the database", "the cache", "the queue", "the identity service", "the DNS", "the payment provider"];
const PERIODS: &[(&str, &str, f64)] =
    &[("day", "day", 86_400.0), ("week", "week", 7.0 * 86_400.0), ("month of 30 days", "month", 30.0 * 86_400.0), ("year", "year", 365.0 * 86_400.0)];

/// `99.95%`: as people write it and as the sheet reads it.
fn percent(thousandths: u64) -> String {
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

fn share(thousandths: u64) -> f64 {
    thousandths as f64 / 100_000.0
}

pub(super) fn series(m: &mut Maker) -> Made {
    let s = m.setting;
    if m.level == Level::Easy {
        return downtime(m);
    }
    let count = if m.level == Level::Medium { m.whole(2, 3) } else { m.whole(4, 6) };
    let first = m.whole(0, PARTS.len() as u64 - 1) as usize;
    let parts: Vec<(&str, u64)> = (0..count as usize).map(|n| (PARTS[(first + n) % PARTS.len()], *m.one_of(PROMISES))).collect();
    let told: Vec<String> = parts.iter().map(|(name, up)| format!("{name} {}", percent(*up))).collect();
    let product: Vec<String> = parts.iter().map(|(_, up)| percent(*up)).collect();
    let gaps: Vec<String> = parts.iter().map(|(_, up)| percent(100_000 - up)).collect();
    let answer: f64 = parts.iter().map(|(_, up)| share(*up)).product();
    let asks = format!("{} needs all of these for every request: {}.", s.name, told.join(", "));
    let so = "In series the whole is worse than its worst part. Take parts off the path of a request, or let it go on without them.";
    if m.level == Level::Medium {
        m.step("All must be up at once: multiply", product.join(" * "));
        m.trick("What is missing adds up, as long as it is small.", format!("1 - ({})", gaps.join(" + ")));
        return Made { ask: format!("{asks} How available is it?"), answer, unit: Unit::Availability, so: so.into() };
    }
    let (period, unit, seconds) = *m.one_of(&PERIODS[2..]);
    m.step("All must be up at once: multiply", format!("up = {}", product.join(" * ")));
    m.step("What is missing", "down = 1 - up");
    m.step(format!("Of a {unit}"), format!("down * 1{unit}"));
    m.trick("What is missing adds up, as long as it is small.", format!("({}) * 1{unit}", gaps.join(" + ")));
    Made { ask: format!("{asks} How long is it down in a {period}?"), answer: (1.0 - answer) * seconds, unit: Unit::Time, so: so.into() }
}

fn downtime(m: &mut Maker) -> Made {
    let (up, (period, unit, seconds)) = (*m.one_of(PROMISES), *m.one_of(PERIODS));
    let ask = format!("{} promises {}. How long may it be down in a {period}?", m.setting.name, percent(up));
    m.step("What is missing", format!("down = 1 - {}", percent(up)));
    m.step(format!("Of a {unit}"), format!("down * 1{unit}"));
    let (least, says) = match unit {
        "day" => ("14.4min", "Keep one: 99 % of a day leaves 14.4 minutes, and each nine more a tenth of it."),
        "week" => ("100min", "Keep one: 99 % of a week leaves about 100 minutes, and each nine more a tenth of it."),
        "month" => ("7h", "Keep one: 99 % of a month leaves about 7 hours, and each nine more a tenth of it."),
        _ => ("3.65day", "Keep one: 99 % of a year leaves 3.65 days, and each nine more a tenth of it."),
    };
    m.trick(says, format!("{least} * {} / 1%", percent(100_000 - up)));
    let so = "Nobody wakes up, looks and mends in less than some twenty minutes: beyond three nines, machines must do it.";
    Made { ask, answer: (100_000 - up) as f64 / 100_000.0 * seconds, unit: Unit::Time, so: so.into() }
}

pub(super) fn parallel(m: &mut Maker) -> Made {
    /// Of one copy: what a plain machine does, in thousandths of a percent.
    const ALONE: &[u64] = &[90_000, 95_000, 97_000, 98_000, 99_000, 99_500, 99_900];
    let s = m.setting;
    let up = *m.one_of(ALONE);
    let gap = percent(100_000 - up);
    let down = (100_000 - up) as f64 / 100_000.0;
    let so = "Only if they fail apart: one power feed, one deployment or one bad configuration takes all copies at once.";
    match m.level {
        Level::Easy => {
            let answer = 1.0 - down * down;
            let ask = format!("{} runs in two copies, each up {} of the time; one is enough. How available is it?", s.name, percent(up));
            m.step("Both must be down at once: multiply what is missing", format!("down = {gap} * {gap}"));
            m.step("The rest", "1 - down");
            m.trick("Two copies double the nines.", format!("1 - {gap} * {gap}"));
            Made { ask, answer, unit: Unit::Availability, so: so.into() }
        }
        Level::Medium => {
            let others: Vec<u64> = (0..m.whole(1, 2)).map(|_| *m.one_of(ALONE)).collect();
            let all: Vec<u64> = std::iter::once(up).chain(others).collect();
            let told: Vec<String> = all.iter().map(|up| percent(*up)).collect();
            let gaps: Vec<String> = all.iter().map(|up| percent(100_000 - up)).collect();
            let ask = format!("{} runs in {} places that are up {} of the time; any one is enough. How available is it?", s.name, all.len(), told.join(", "));
            m.step("All must be down at once: multiply what is missing", format!("down = {}", gaps.join(" * ")));
            m.step("The rest", "1 - down");
            m.trick("Count zeros: 1 % of 1 % is four nines; the digits come last.", format!("1 - {}", gaps.join(" * ")));
            let answer = 1.0 - all.iter().map(|up| (100_000 - up) as f64 / 100_000.0).product::<f64>();
            Made { ask, answer, unit: Unit::Availability, so: so.into() }
        }
        Level::Hard => {
            let (copies, front, (period, unit, seconds)) = (m.whole(2, 3), *m.one_of(&[99_900_u64, 99_950, 99_990, 99_995]), *m.one_of(&PERIODS[2..]));
            let gaps = vec![gap.clone(); copies as usize].join(" * ");
            let ask = format!(
                "{} has {copies} copies behind one load balancer; a copy is up {} of the time and one is enough, the balancer is up {}. \
                 How long is the whole down in a {period}?",
                s.name,
                percent(up),
                percent(front)
            );
            m.step("The copies: multiply what is missing", format!("copies = 1 - {gaps}"));
            m.step("Balancer and copies must both be up", format!("up = {} * copies", percent(front)));
            m.step("What is missing", "down = 1 - up");
            m.step(format!("Of a {unit}"), format!("down * 1{unit}"));
            m.trick("The gaps add up, and the copies' gap is often too small to count.", format!("({} + {gaps}) * 1{unit}", percent(100_000 - front)));
            let all_down = (0..copies).map(|_| down).product::<f64>();
            let so = "What stands alone in the path decides: look at the balancer before adding a third copy.";
            Made { ask, answer: (1.0 - share(front) * (1.0 - all_down)) * seconds, unit: Unit::Time, so: so.into() }
        }
    }
}
