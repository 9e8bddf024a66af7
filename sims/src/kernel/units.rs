//! The one parser of numbers with units: `250ms`, `10KB`, `100/min`, `20M`, `2%`.

use super::time::Span;

/// What a text with a unit stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quantity {
    /// A bare number, `K`, `M`, `G`, `T`, `P` and `%` applied.
    Number(f64),
    Duration(Span),
    Bytes(f64),
    Bits(f64),
    /// So much of something per span: `100/min`, `10KB/s` (then in bytes).
    Rate {
        amount: f64,
        per: Span,
    },
}

const DAY: u64 = 86_400;

/// Factor of a decimal or binary prefix.
fn prefix(text: &str) -> Option<f64> {
    Some(match text {
        "" => 1.0,
        "k" | "K" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        "Pi" => 1_125_899_906_842_624.0,
        _ => return None,
    })
}

/// Seconds in a unit of time. A month is 30 days, a year 365.
fn seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" | "sec" | "second" => 1.0,
        "m" | "min" | "minute" => 60.0,
        "h" | "hour" => 3600.0,
        "d" | "day" => DAY as f64,
        "w" | "week" => 7.0 * DAY as f64,
        "mo" | "month" => 30.0 * DAY as f64,
        "y" | "year" => 365.0 * DAY as f64,
        _ => return None,
    })
}

/// Splits `12.5KB` into its number and its unit. Underscores and commas between digits are allowed.
fn split(text: &str) -> Option<(f64, &str)> {
    let bytes = text.as_bytes();
    let mut end = 0;
    while end < bytes.len() {
        let c = bytes[end];
        let exponent = (c == b'e' || c == b'E')
            && end > 0
            && bytes.get(end + 1).is_some_and(|d| d.is_ascii_digit() || ((*d == b'-' || *d == b'+') && bytes.get(end + 2).is_some_and(u8::is_ascii_digit)));
        if exponent {
            end += 2;
        } else if c.is_ascii_digit() || matches!(c, b'.' | b'_' | b',') || (end == 0 && matches!(c, b'-' | b'+')) {
            end += 1;
        } else {
            break;
        }
    }
    let digits: String = text[..end].chars().filter(|c| !matches!(c, '_' | ',')).collect();
    let number: f64 = digits.parse().ok()?;
    number.is_finite().then_some((number, text[end..].trim()))
}

/// Reads one quantity.
///
/// # Errors
/// A sentence that says what was expected.
pub fn parse(text: &str) -> Result<Quantity, String> {
    let text = text.trim();
    if let Some((amount, per)) = text.split_once('/') {
        let per =
            Span::from_secs_f64(seconds(per.trim()).ok_or_else(|| format!("`{}` is no unit of time: ns, us, ms, s, min, h, day, month, year", per.trim()))?);
        let amount = match parse(amount)? {
            Quantity::Number(n) | Quantity::Bytes(n) => n,
            Quantity::Bits(n) => n / 8.0,
            Quantity::Duration(_) | Quantity::Rate { .. } => return Err(format!("`{text}` is no rate: write 100/min or 10KB/s")),
        };
        return Ok(Quantity::Rate { amount, per });
    }
    let (number, unit) = split(text).ok_or_else(|| format!("`{text}` is no number"))?;
    if unit == "%" {
        return Ok(Quantity::Number(number / 100.0));
    }
    // `5m` is five minutes and `5M` five million.
    if let Some(s) = seconds(unit) {
        if number < 0.0 {
            return Err(format!("`{text}`: a duration is not negative"));
        }
        return Ok(Quantity::Duration(Span::from_secs_f64(number * s)));
    }
    if let Some(factor) = unit.strip_suffix('B').and_then(prefix) {
        return Ok(Quantity::Bytes(number * factor));
    }
    if let Some(factor) = unit.strip_suffix('b').and_then(prefix) {
        return Ok(Quantity::Bits(number * factor));
    }
    if let Some(factor) = prefix(unit) {
        return Ok(Quantity::Number(number * factor));
    }
    Err(format!("`{unit}` is no unit: time ns us ms s min h day month year, size B KB MB KiB MiB, factor K M G T, or %"))
}

/// Reads a length of time; a bare number is refused, since nobody could tell its unit. Zero needs none.
///
/// # Errors
/// A sentence that says what was expected.
pub fn duration(text: &str) -> Result<Span, String> {
    match parse(text)? {
        Quantity::Duration(span) => Ok(span),
        Quantity::Number(0.0) => Ok(Span::ZERO),
        _ => Err(format!("`{}` is no duration: write 250ms, 30s or 45m", text.trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_have_one_meaning() {
        use Quantity::*;
        let per = |amount, s| Rate { amount, per: Span::secs(s) };
        for (text, meaning) in [
            ("20M", Number(2e7)),
            ("5m", Duration(Span::secs(300))),
            ("250ms", Duration(Span::millis(250))),
            ("45 min", Duration(Span::secs(2700))),
            ("10KB", Bytes(1e4)),
            ("4KiB", Bytes(4096.0)),
            ("4 Ki", Number(4096.0)),
            ("8Mb", Bits(8e6)),
            ("100/min", per(100.0, 60)),
            ("1K/s", per(1000.0, 1)),
            ("10KB/s", per(1e4, 1)),
            ("2%", Number(0.02)),
            ("1e6", Number(1e6)),
            ("1_000", Number(1000.0)),
            ("-3", Number(-3.0)),
            ("5y", Duration(Span::secs(5 * 365 * 86_400))),
            ("7B", Bytes(7.0)),
        ] {
            assert_eq!(parse(text), Ok(meaning), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_what_is_allowed() {
        for text in ["", "x", "5 parsecs", "1/parsec", "--3", "1.2.3", "5ms/s", "NaN", "inf"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(duration("30").unwrap_err().contains("250ms"));
        assert_eq!(duration("0"), Ok(Span::ZERO));
    }
}
