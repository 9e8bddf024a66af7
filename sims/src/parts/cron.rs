//! Cron times in a time zone: croner reads the pattern and knows the days on which clocks change; two ways that do not stand beside it.
//!
//! croner follows Debian's cron. A job at a fixed time of day runs once on every date: at the end of the gap if its time is left
//! out in spring, and the first time only if its time comes twice in autumn. A job with `*` or a step runs whenever the wall clock fits.
//! Zones are POSIX rules (IEEE Std 1003.1, `TZ`), so that no database of zones and no clock is asked.

use croner::{Cron, JobType};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use std::str::FromStr;

/// Central European Time: clocks change on the last Sundays of March (2:00 to 3:00) and October (3:00 to 2:00).
pub const CENTRAL_EUROPE: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

/// How a pattern becomes instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// By the zone's rules.
    Zone,
    /// Look at the wall clock each minute and compare: what is left out never comes, what comes twice comes twice.
    WallClock,
    /// By the offset from UTC that held when the job was defined.
    Offset,
}

impl Reading {
    /// For a knob's choice.
    pub const NAMES: &'static [&'static str] = &["zone", "wall-clock", "offset"];

    /// The reading of that name; by the zone, if there is none.
    pub fn named(name: &str) -> Reading {
        match name {
            "wall-clock" => Reading::WallClock,
            "offset" => Reading::Offset,
            _ => Reading::Zone,
        }
    }
}

/// A pattern in a zone. Instants are seconds since 1970.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    reading: Reading,
    zone: TimeZone,
    /// Whether the pattern has a field for seconds, so that the wall clock is looked at each second.
    seconds: bool,
}

/// The wall clock is looked at for so long before a pattern counts as one that never comes: a leap day may be eight years away,
/// but looking at every minute until then would take seconds of computing.
const LOOKED_AHEAD_S: i64 = 2 * 86_400;

impl Schedule {
    /// Five fields, or six with seconds in front, in a zone given by POSIX rules; `defined` is when the job was written down.
    ///
    /// # Errors
    /// What is wrong with the pattern or the zone.
    pub fn parse(pattern: &str, posix_zone: &str, reading: Reading, defined: i64) -> Result<Schedule, String> {
        let cron = Cron::from_str(pattern).map_err(|why| format!("pattern `{pattern}`: {why}"))?;
        let zone = TimeZone::posix(posix_zone).map_err(|why| format!("time zone `{posix_zone}`: {why}"))?;
        let zone = match reading {
            Reading::Offset => TimeZone::fixed(zone.to_offset(timestamp(defined)?)),
            Reading::Zone | Reading::WallClock => zone,
        };
        Ok(Schedule { cron, reading, zone, seconds: pattern.split_whitespace().count() > 5 })
    }

    /// The first instant after `after`; none if there is none, or none near for a wall clock.
    pub fn next(&self, after: i64) -> Option<i64> {
        if self.reading == Reading::WallClock {
            return self.next_by_wall_clock(after);
        }
        let start = self.zoned(after)?;
        self.cron.find_next_occurrence(&start, false).ok().map(|next| next.timestamp().as_second())
    }

    fn next_by_wall_clock(&self, after: i64) -> Option<i64> {
        let step = if self.seconds { 1 } else { 60 };
        let first = after.div_euclid(step) * step + step;
        (first..after.saturating_add(LOOKED_AHEAD_S))
            .step_by(step as usize)
            .find(|at| self.zoned(*at).is_some_and(|now| self.cron.is_time_matching(&now.datetime()).unwrap_or(false)))
    }

    /// Whether the job has one time of day, which it should meet once on each date.
    pub fn is_fixed_time(&self) -> bool {
        self.cron.determine_job_type() == JobType::FixedTime
    }

    /// What the wall clock shows then: `2026-03-29 03:00:00`.
    pub fn local(&self, at: i64) -> String {
        self.zoned(at).map_or_else(|| format!("{at} s"), |now| now.datetime().strftime("%Y-%m-%d %H:%M:%S").to_string())
    }

    /// The date on the wall, as a number that grows by the day.
    pub fn local_day(&self, at: i64) -> i64 {
        let offset = timestamp(at).map_or(0, |at| i64::from(self.zone.to_offset(at).seconds()));
        (at + offset).div_euclid(86_400)
    }

    fn zoned(&self, at: i64) -> Option<Zoned> {
        Some(timestamp(at).ok()?.to_zoned(self.zone.clone()))
    }
}

fn timestamp(seconds: i64) -> Result<Timestamp, String> {
    Timestamp::from_second(seconds).map_err(|why| format!("{seconds} s: {why}"))
}

/// The instant of a wall clock's time in a zone; of one that comes twice the first, of one that is left out the end of the gap.
///
/// # Errors
/// What is wrong with the zone or the date.
pub fn instant(posix_zone: &str, year: i16, month: i8, day: i8, hour: i8) -> Result<i64, String> {
    let zone = TimeZone::posix(posix_zone).map_err(|why| format!("time zone `{posix_zone}`: {why}"))?;
    let civil = jiff::civil::DateTime::new(year, month, day, hour, 0, 0, 0).map_err(|why| why.to_string())?;
    Ok(zone.to_ambiguous_timestamp(civil).compatible().map_err(|why| why.to_string())?.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    /// Wall clock times of a pattern between two local midnights.
    fn day(pattern: &str, reading: Reading, month: i8, date: i8) -> Vec<String> {
        let from = instant(CENTRAL_EUROPE, 2026, month, date, 0).unwrap();
        let to = instant(CENTRAL_EUROPE, 2026, month, date + 1, 0).unwrap_or(from + 86_400);
        let schedule = Schedule::parse(pattern, CENTRAL_EUROPE, reading, from).unwrap();
        let wall = Schedule::parse(pattern, CENTRAL_EUROPE, Reading::Zone, from).unwrap();
        let mut times = Vec::new();
        let mut at = from - 1;
        while let Some(next) = schedule.next(at).filter(|next| *next < to) {
            times.push(wall.local(next)[11..16].to_string());
            at = next;
        }
        times
    }

    /// In 2026 the clocks of Central Europe go forward on 29 March and back on 25 October.
    #[test]
    fn a_nightly_job_on_the_days_the_clocks_change() {
        let nightly = "30 2 * * *";
        assert_eq!(day(nightly, Reading::Zone, 6, 15), ["02:30"]);
        assert_eq!(day(nightly, Reading::Zone, 3, 29), ["03:00"], "at the end of the gap");
        assert_eq!(day(nightly, Reading::Zone, 10, 25), ["02:30"], "once");
        assert!(day(nightly, Reading::WallClock, 3, 29).is_empty(), "2:30 is never shown");
        assert_eq!(day(nightly, Reading::WallClock, 10, 25), ["02:30", "02:30"], "2:30 is shown twice");
        assert_eq!(day(nightly, Reading::Offset, 3, 29), ["03:30"]);
        // Written down in summer time, it is an hour early from the next night on.
        let summer = instant(CENTRAL_EUROPE, 2026, 10, 25, 0).unwrap();
        let fixed = Schedule::parse(nightly, CENTRAL_EUROPE, Reading::Offset, summer).unwrap();
        let wall = Schedule::parse(nightly, CENTRAL_EUROPE, Reading::Zone, summer).unwrap();
        let nights: Vec<String> = (0..2)
            .scan(summer, |at, _| {
                Some({
                    *at = fixed.next(*at).unwrap();
                    wall.local(*at)
                })
            })
            .collect();
        assert_eq!(nights, ["2026-10-25 02:30:00", "2026-10-26 01:30:00"]);
    }

    #[test]
    fn an_hourly_job_runs_as_many_times_as_the_day_has_hours() {
        let hours = |month, date| day("0 * * * *", Reading::Zone, month, date).len();
        assert_eq!((hours(3, 29), hours(6, 15), hours(10, 25)), (23, 24, 25));
    }

    #[test]
    fn patterns_and_zones_that_make_no_sense_are_refused() {
        for (pattern, zone) in [("61 * * * *", CENTRAL_EUROPE), ("", CENTRAL_EUROPE), ("* * *", CENTRAL_EUROPE), ("0 * * * *", "Middle/Earth!")] {
            assert!(Schedule::parse(pattern, zone, Reading::Zone, 0).is_err(), "{pattern} {zone}");
        }
    }

    proptest! {
        /// Where no clock changes, croner and a walk over every minute agree.
        #[test]
        fn far_from_changes_both_ways_agree(minute in 0u8..60, hour in 0u8..24, step in 1u8..30, after in 0i64..2_000_000) {
            for pattern in [format!("{minute} {hour} * * *"), format!("*/{step} * * * *"), format!("{minute} * * * *"), format!("{minute} {hour} * * 1-5")] {
                let at = |reading| Schedule::parse(&pattern, "UTC0", reading, 0).unwrap().next(after);
                let (by_zone, by_walk) = (at(Reading::Zone), at(Reading::WallClock));
                prop_assert!(by_zone.is_some_and(|next| next > after));
                if by_zone.is_some_and(|next| next < after + LOOKED_AHEAD_S - 60) {
                    prop_assert_eq!(by_zone, by_walk, "{}", pattern);
                }
            }
        }

        /// Every day of a year, whatever the clocks do: once.
        #[test]
        fn a_fixed_time_is_met_once_a_date(minute in 0u8..60, hour in 0u8..24) {
            let mut at = instant(CENTRAL_EUROPE, 2026, 1, 1, 0).unwrap() - 1;
            let schedule = Schedule::parse(&format!("{minute} {hour} * * *"), CENTRAL_EUROPE, Reading::Zone, at).unwrap();
            prop_assert!(schedule.is_fixed_time());
            let first = schedule.local_day(at);
            for day in 1..=365 {
                at = schedule.next(at).unwrap();
                prop_assert_eq!(schedule.local_day(at), first + day);
            }
        }
    }
}
