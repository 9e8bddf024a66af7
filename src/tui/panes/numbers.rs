//! Numbers as charts and tables write them: short, and round where people look for round.

/// Three significant figures with a suffix: `0.12`, `41.3`, `1.2K`, `3M`.
pub fn short(value: f64) -> String {
    if !value.is_finite() {
        return "-".into();
    }
    let (scale, suffix) = match value.abs() {
        a if a >= 999_500_000_000.0 => (1e12, "T"),
        a if a >= 999_500_000.0 => (1e9, "G"),
        a if a >= 999_500.0 => (1e6, "M"),
        a if a >= 9_995.0 => (1e3, "K"),
        _ => (1.0, ""),
    };
    let scaled = value / scale;
    let digits = match scaled.abs() {
        a if a >= 99.95 => 0,
        a if a >= 9.995 => 1,
        a if a >= 0.0995 => 2,
        0.0 => 0,
        _ => 3,
    };
    let text = format!("{scaled:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{suffix}")
}

/// A moment in seconds, to the microsecond and never rounded to thousands: two ticks beside each other must differ.
pub fn moment(seconds: f64) -> String {
    let text = format!("{seconds:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// From so many milliseconds on they are told in seconds: nobody reads `57.7K ms`.
pub const LONG_MS: f64 = 9_995.0;

/// A number and its unit, if it has one.
pub fn with_unit(value: f64, unit: &str) -> String {
    match unit {
        "" => short(value),
        "ms" if value.abs() >= LONG_MS => format!("{} s", short(value / 1e3)),
        // The prefix belongs to the unit: `6.25 MB`.
        "B" => {
            let text = short(value);
            let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            format!("{digits} {}B", &text[digits.len()..])
        }
        _ => format!("{} {unit}", short(value)),
    }
}

/// At most about `most` round values that cover `from..to`: steps of 1, 2 or 5 times a power of ten.
pub fn ticks(from: f64, to: f64, most: usize) -> Vec<f64> {
    let width = to - from;
    if !width.is_finite() || width <= 0.0 || most == 0 {
        return vec![from];
    }
    let step = step(width / most as f64);
    let first = (from / step).ceil();
    (0..=most + 1).map(|n| (first + n as f64) * step).take_while(|tick| *tick <= to + step * 1e-9).collect()
}

/// The next round number at or above `least`.
pub fn step(least: f64) -> f64 {
    let mut power = 1.0_f64;
    while power > least {
        power /= 10.0;
    }
    while power * 10.0 <= least {
        power *= 10.0;
    }
    [1.0, 2.0, 5.0, 10.0].iter().map(|m| m * power).find(|s| *s >= least * (1.0 - 1e-9)).unwrap_or(power * 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_keep_their_digits() {
        for (seconds, says) in [(0.0, "0"), (0.05, "0.05"), (14_780.0, "14780"), (1_052.933, "1052.933")] {
            assert_eq!(moment(seconds), says);
        }
    }

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.0, "0"),
            (0.1234, "0.12"),
            (0.00512, "0.005"),
            (41.26, "41.3"),
            (1234.0, "1234"),
            (12345.0, "12.3K"),
            (3e6, "3M"),
            (999_999.0, "1M"),
            (-2.5, "-2.5"),
        ];
        for (value, says) in cases {
            assert_eq!(short(value), says);
        }
        assert_eq!(short(f64::NAN), "-");
    }

    #[test]
    fn units_are_those_that_people_use() {
        for (value, unit, says) in [(57_700.0, "ms", "57.7 s"), (41.9, "ms", "41.9 ms"), (6.25e6, "B", "6.25 MB"), (12.0, "B", "12 B"), (3.0, "", "3")] {
            assert_eq!(with_unit(value, unit), says);
        }
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 100.0, 5), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(3.0, 17.0, 4), [5.0, 10.0, 15.0]);
        assert_eq!(ticks(1.0, 1.0, 4), [1.0]);
    }
}
