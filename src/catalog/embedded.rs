//! What is built in: the texts of the content files, and the heads of the problems as `build.rs` wrote them down.

use super::Head;

/// A head in the binary.
struct BuiltIn {
    id: &'static str,
    title: &'static str,
    group: &'static str,
    level: &'static str,
    difficulty: &'static str,
    minutes: u32,
    mechanisms: &'static [&'static str],
    variants: &'static [&'static str],
    design: Option<&'static str>,
    experiments: &'static [&'static str],
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Every built-in content file: its path from the repository's root, and its text.
pub fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().copied()
}

/// Ids of the built-in decks, each with the ids of its cards and flaws.
pub fn decks() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    DECKS.iter().copied()
}

/// Ids of the built-in concept pages.
pub fn pages() -> impl Iterator<Item = &'static str> {
    PAGES.iter().copied()
}

pub fn heads() -> impl Iterator<Item = Head> {
    HEADS.iter().map(|head| Head {
        id: head.id.into(),
        title: head.title.into(),
        group: head.group.into(),
        level: head.level.into(),
        difficulty: head.difficulty.into(),
        minutes: head.minutes,
        mechanisms: owned(head.mechanisms),
        variants: owned(head.variants),
        design: head.design.map(String::from),
        experiments: owned(head.experiments),
        yours: false,
    })
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_string()).collect()
}
