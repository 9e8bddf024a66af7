//! How numbers are written: in sentences (`50 million`), in lines of a sheet (`50M`), and availabilities with all their nines.

/// As the sheet reads it: `50M`, `1.2K`, `800`.
pub(super) fn number(n: u64) -> String {
    prefixed(n, "", "")
}

/// As the sheet reads it: `300 KB`, `1.2 TB`.
pub(super) fn bytes(n: u64) -> String {
    prefixed(n, " ", "B")
}

fn prefixed(n: u64, gap: &str, unit: &str) -> String {
    let steps = [(1_000_000_000_000_000, "P"), (1_000_000_000_000, "T"), (1_000_000_000, "G"), (1_000_000, "M"), (1_000, "K")];
    // 1,500 reads better than 1.5K, but 15K better than 15,000.
    let from = if unit.is_empty() { 10_000 } else { 1_000 };
    let step = steps.into_iter().find(|(by, _)| n >= *by && n >= from);
    let (by, prefix) = step.unwrap_or((1, ""));
    let text = if by == 1 { grouped(n) } else { decimal(n, by) };
    format!("{text}{gap}{prefix}{unit}")
}

/// In a sentence: `50 million`, `1.2 billion`, `200,000`.
pub(super) fn words(n: u64) -> String {
    match n {
        1_000_000_000.. => format!("{} billion", decimal(n, 1_000_000_000)),
        1_000_000.. => format!("{} million", decimal(n, 1_000_000)),
        _ => grouped(n),
    }
}

/// Exact, as far as three decimals reach.
fn decimal(n: u64, by: u64) -> String {
    let text = format!("{}.{:03}", n / by, n % by * 1000 / by);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Every digit: `1,000,000`.
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Tenths of a percent or finer, without trailing zeros: `99.95%`.
pub(super) fn share(value: f64) -> String {
    // Two figures of what is missing are what an availability says.
    let gap = (1.0 - value).abs().max(1e-12) * 100.0;
    let mut decimals = 1;
    let mut finest = 10.0;
    while gap * finest < 9.95 && decimals < 12 {
        decimals += 1;
        finest *= 10.0;
    }
    let text = format!("{:.decimals$}", value * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A rate of bytes in bits: `24 Gb/s`.
pub(super) fn bits(bytes_per_second: f64) -> String {
    let bits = bytes_per_second * 8.0;
    let (by, prefix) = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "K")].into_iter().find(|(by, _)| bits >= *by).unwrap_or((1.0, ""));
    let value = bits / by;
    let decimals = if value >= 100.0 { 0 } else { usize::from(value < 10.0) + 1 };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} {prefix}b/s")
}

/// To one figure, the nearer one: what a head can multiply.
pub(super) fn one_figure(n: u64) -> u64 {
    let mut power = 1;
    while n / power >= 10 {
        power *= 10;
    }
    (n + power / 2) / power * power
}

/// Each to one figure, up or down so that their product stays near: what is lost on one is won on the next.
pub(super) fn balanced<const N: usize>(numbers: [u64; N]) -> [u64; N] {
    let mut so_far = 1.0_f64;
    numbers.map(|n| {
        let mut power = 1;
        while n / power >= 10 {
            power *= 10;
        }
        let down = n / power * power;
        let up = if down == n { n } else { down + power };
        let away = |to: u64| (so_far * to as f64 / n as f64).max(n as f64 / to as f64 / so_far);
        let to = if away(down) <= away(up) { down } else { up };
        so_far *= to as f64 / n as f64;
        to
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!((number(50_000_000).as_str(), number(1_500).as_str(), number(15_000).as_str(), number(7).as_str()), ("50M", "1,500", "15K", "7"));
        assert_eq!((bytes(300_000).as_str(), bytes(1_200_000_000_000).as_str(), bytes(80).as_str()), ("300 KB", "1.2 TB", "80 B"));
        assert_eq!((words(1_200_000_000).as_str(), words(50_000_000).as_str(), words(200_000).as_str()), ("1.2 billion", "50 million", "200,000"));
        assert_eq!((bits(1e6).as_str(), bits(3.125e9).as_str()), ("8 Mb/s", "25 Gb/s"));
    }

    #[test]
    fn nines_are_never_rounded_away() {
        assert_eq!(share(0.999), "99.9%");
        assert_eq!(share(0.99975), "99.975%");
        assert_eq!(share(0.999_999), "99.9999%");
        assert_eq!(share(1.0 - 1e-9), "99.9999999%");
        assert_eq!(share(0.98), "98%");
    }

    #[test]
    fn one_figure_is_the_nearest() {
        for (n, rounded) in [(1, 1), (14, 10), (15, 20), (96, 100), (349, 300), (4_500_000, 5_000_000)] {
            assert_eq!(one_figure(n), rounded);
        }
        assert_eq!(balanced([15, 15]), [20, 10]);
        assert_eq!(balanced([3, 350, 9_500]), [3, 400, 9_000]);
    }
}
