//! Whether an answer is right: gaps, choices, orders, and numbers with their units.

use crate::catalog::{Card, CardKind, plain};
use sims::kernel::math;
use sims::kernel::rng::{Rng, hash_name};
use sims::kernel::units::{self, Quantity};

/// What the user did with a card.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// Basic: it was thought, and the answer looked at.
    Shown,
    /// Choice and several: numbers of choices as the card has them, from 1.
    Chosen(Vec<usize>),
    /// Cloze: a text for each gap.
    Gaps(Vec<String>),
    /// Order: numbers of choices as the card has them, in the user's order.
    Ordered(Vec<usize>),
    Number(String),
}

/// How it came out.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Nobody can tell but the user.
    Yours,
    Right(String),
    Wrong(String),
}

/// Judges an answer.
///
/// # Errors
/// It is no answer yet: what is expected instead. Nothing is lost by it.
pub fn judge(card: &Card, given: &Given) -> Result<Verdict, String> {
    match (card.kind, given) {
        (CardKind::Basic, _) => Ok(Verdict::Yours),
        (CardKind::Choice, Given::Chosen(chosen)) => match chosen.as_slice() {
            [one] if card.right().contains(one) => Ok(right()),
            [_] => Ok(Verdict::Wrong(String::new())),
            _ => Err("choose one".into()),
        },
        (CardKind::Several, Given::Chosen(chosen)) => Ok(several(card, chosen)),
        (CardKind::Cloze, Given::Gaps(texts)) => Ok(gaps(card, texts)),
        (CardKind::Order, Given::Ordered(order)) => Ok(ordered(card, order)),
        (CardKind::Number, Given::Number(text)) => number(card, text),
        _ => Err("that is no answer to this kind of card".into()),
    }
}

fn right() -> Verdict {
    Verdict::Right(String::new())
}

fn several(card: &Card, chosen: &[usize]) -> Verdict {
    let wanted = card.right();
    let missed = wanted.iter().filter(|n| !chosen.contains(n)).count();
    let extra = chosen.iter().filter(|n| !wanted.contains(n)).count();
    match (missed, extra) {
        (0, 0) => right(),
        (_, 0) => Verdict::Wrong(format!("{missed} missing")),
        (0, _) => Verdict::Wrong(format!("{extra} too many")),
        _ => Verdict::Wrong(format!("{missed} missing, {extra} too many")),
    }
}

/// The words shown in the gaps of a cloze card: `{{capital}}` gives `capital`.
pub fn gap_words(ask: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = ask;
    while let Some((_, after)) = rest.split_once("{{") {
        let Some((word, tail)) = after.split_once("}}") else { break };
        words.push(word.trim().to_string());
        rest = tail;
    }
    words
}

/// The text of a cloze card with each gap filled by `fill`.
pub fn filled(ask: &str, mut fill: impl FnMut(usize, &str) -> String) -> String {
    let mut text = String::new();
    let mut rest = ask;
    let mut n = 0;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((word, tail)) = after.split_once("}}") else { break };
        text.push_str(before);
        text.push_str(&fill(n, word.trim()));
        n += 1;
        rest = tail;
    }
    text.push_str(rest);
    text
}

/// Letters and digits alone, in lower case: hyphens, blanks and capitals are not what is asked.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || "+<>=%./".contains(*c)).flat_map(char::to_lowercase).collect()
}

/// How one gap came out: right, or nearly so spelt. Alternatives are divided by a bar.
pub fn gap(wanted: &str, typed: &str) -> bool {
    let typed = bare(typed);
    // One slip of the finger in a longer word is a slip, not a gap in knowledge; a figure is a figure.
    let slip = |wanted: &str| wanted.chars().count() >= 5 && !wanted.contains(|c: char| c.is_ascii_digit()) && strsim::damerau_levenshtein(wanted, &typed) <= 1;
    wanted.split('|').map(bare).any(|wanted| !typed.is_empty() && (wanted == typed || slip(&wanted)))
}

fn gaps(card: &Card, texts: &[String]) -> Verdict {
    let wanted = &card.answer.0;
    let hits = wanted.iter().enumerate().filter(|(n, wanted)| texts.get(*n).is_some_and(|typed| gap(wanted, typed))).count();
    match wanted.len() {
        all if hits == all => right(),
        1 => Verdict::Wrong(String::new()),
        all => Verdict::Wrong(format!("{hits} of {all} gaps")),
    }
}

fn ordered(card: &Card, order: &[usize]) -> Verdict {
    let hits = order.iter().enumerate().filter(|(place, n)| place + 1 == **n).count();
    if hits == card.choices.len() { right() } else { Verdict::Wrong(format!("{hits} of {} in their place", card.choices.len())) }
}

/// The choices in another order each time, as numbers from 1; those of an order card never in the right one.
pub fn shuffled(card: &Card, reps: u32) -> Vec<usize> {
    let mut order: Vec<usize> = (1..=card.choices.len()).collect();
    // What names its place must stay in it.
    if card.kind != CardKind::Order && card.choices.iter().any(|choice| choice.to_lowercase().contains("above")) {
        return order;
    }
    let mut rng = Rng::numbered(hash_name(&card.id), "choices", u64::from(reps));
    for last in (1..order.len()).rev() {
        let other = usize::try_from(rng.below(last as u64 + 1)).unwrap_or(0);
        order.swap(last, other);
    }
    if card.kind == CardKind::Order && order.is_sorted() {
        order.rotate_left(1);
    }
    order
}

fn number(card: &Card, text: &str) -> Result<Verdict, String> {
    let wanted = meanings(card.answer.0.first().map_or("", String::as_str), &card.unit);
    let given = typed(text, &card.unit)?;
    let same = |wanted: &&Quantity| std::mem::discriminant(*wanted) == std::mem::discriminant(&given);
    let Some(wanted) = wanted.iter().find(same) else {
        return Err(match (wanted.last(), given) {
            (Some(Quantity::Duration(_)), _) => "that is a time: say its unit, as in 250ms, 3h or 10d".into(),
            (Some(Quantity::Bytes(_) | Quantity::Bits(_)), _) => "that is a size: say its unit, as in 10 KB or 1.2 TB".into(),
            (Some(Quantity::Rate { .. }), _) => "that is a rate: say per what, as in 12k/s or 100 MB/s".into(),
            _ => format!("a plain number is wanted{}", if card.unit.is_empty() { String::new() } else { format!(", in {}", card.unit) }),
        });
    };
    let (wanted, given) = (plain(*wanted), plain(given));
    let off = if wanted == 0.0 { given.abs() } else { (given / wanted - 1.0).abs() };
    if off <= card.tolerance() + 1e-9 {
        return Ok(if off > 1e-9 { Verdict::Right("near enough".into()) } else { right() });
    }
    Ok(Verdict::Wrong(distance(wanted, given)))
}

/// How far a number is off, as people say it.
pub fn distance(wanted: f64, given: f64) -> String {
    if wanted * given <= 0.0 {
        return String::new();
    }
    let (times, word) = if given > wanted { (given / wanted, "too high") } else { (wanted / given, "too low") };
    match times {
        0.0..2.0 => format!("{:.0} % {word}", ((given / wanted - 1.0).abs() * 100.0).max(1.0)),
        2.0..1000.0 => format!("{} times {word}", crate::catalog::expect::significant(times)),
        _ => format!("{:.0} powers of ten {word}", math::ln(times) / math::ln(10.0)),
    }
}

/// What a number card's answer may mean: as it stands, and with its unit.
fn meanings(answer: &str, unit: &str) -> Vec<Quantity> {
    let with = if let Some((_, per)) = unit.split_once('/') { format!("{answer}/{per}") } else { format!("{answer} {unit}") };
    let mut found: Vec<Quantity> = units::parse(answer).into_iter().collect();
    if !unit.trim().is_empty() {
        found.extend(units::parse(&with));
    }
    found
}

/// A number as the user typed it; the card's own unit may stand after it in words.
fn typed(text: &str, unit: &str) -> Result<Quantity, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("type a number: 86400, 12k/s, 1.2 TB, 3e9".into());
    }
    let read = units::parse(text);
    if read.is_ok() {
        return read;
    }
    // `12k requests/s`: the noun is the card's own.
    let noun = unit.split('/').next().unwrap_or("").trim();
    if !noun.is_empty()
        && let Some((before, after)) = text.split_once(noun)
    {
        let bare = format!("{}{}", before.trim(), after.trim());
        return units::parse(&bare).map_err(|_| refused(text));
    }
    Err(refused(text))
}

fn refused(text: &str) -> String {
    format!("`{text}` is no number: type 86400, 12k/s, 1.2 TB or 3e9")
}
