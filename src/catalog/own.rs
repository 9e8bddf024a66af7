//! A deck of the user's own: cards are written under what stands there, which is kept to the letter, comments and all.

use super::check::{self, Content, Parsed};
use super::model::{Card, CardKind, Deck};
use super::yaml::Source;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// The text of a deck with these cards under what it has. The result is read back and checked before it is given out.
///
/// # Errors
/// What stands there is no sound deck, or the cards are not sound: each fault in a line. Then nothing should be written.
pub fn with_cards(path: &str, before: Option<&str>, id: &str, title: &str, cards: &[Card]) -> Result<String, String> {
    let old = before.filter(|text| !text.trim().is_empty());
    let kept = old.map(|text| read(path, text)).transpose()?.map_or_else(Vec::new, |deck| deck.cards);
    let mut text = match old {
        Some(text) => text.to_string(),
        None => format!("format: 1\nkind: deck\nid: {id}\ntitle: {}\ncards:\n", quoted(title)),
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let indent = indent(&text);
    cards.iter().for_each(|card| write_card(&mut text, card, indent));
    let deck = read(path, &text)?;
    // Where something follows the list of cards, what is written under it would not belong to them.
    let whole: Vec<Card> = kept.into_iter().chain(cards.iter().map(trimmed)).collect();
    if deck.cards != whole {
        return Err(format!("{path} does not end with its list of cards: move `cards:` to its end, then try again"));
    }
    Ok(text)
}

/// Writes a file whole or not at all.
///
/// # Errors
/// The disk's own.
pub fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // A name of its own for each process: two that write at once leave one whole file.
    let partial = path.with_extension(format!("{}.partial", std::process::id()));
    let written = fs::File::create(&partial).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&partial, path)).inspect_err(|_| drop(fs::remove_file(&partial)))
}

/// A sound deck, judged beside what is built in.
///
/// # Errors
/// Its faults, a line each.
pub fn read(path: &str, text: &str) -> Result<Deck, String> {
    let mut files = [Parsed::read(Source::new(path, text))];
    let context = check::Context::beside_builtin(sims::designs::ALL, &files);
    check::meanings(&mut files, &context);
    let [file] = files;
    match file.content {
        Some(Content::Deck(deck)) if file.faults.is_empty() => Ok(deck),
        _ if file.faults.is_empty() => Err(format!("{path} is no deck")),
        _ => Err(file.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

/// An id that nothing in the list has: the wish itself, or with a number after it.
pub fn free_id(wish: &str, taken: impl Fn(&str) -> bool) -> String {
    let slug = slug(wish);
    if !taken(&slug) {
        return slug;
    }
    (2..).map(|n: u32| format!("{slug}-{n}")).find(|id| !taken(id)).unwrap_or(slug)
}

/// Letters, digits and hyphens, not too many.
pub fn slug(text: &str) -> String {
    const LONGEST: usize = 48;
    let words: Vec<String> = text.to_lowercase().split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_string).collect();
    let mut slug = String::new();
    for word in words {
        if slug.len() + word.len() >= LONGEST && !slug.is_empty() {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.extend(word.chars().take(LONGEST));
    }
    if slug.starts_with(|c: char| c.is_ascii_lowercase()) { slug } else { format!("card-{slug}").trim_end_matches('-').to_string() }
}

/// How far the items of `cards` stand in.
fn indent(text: &str) -> usize {
    let after = text.lines().skip_while(|line| !line.starts_with("cards:")).skip(1);
    let item = after.map(|line| (line.len() - line.trim_start().len(), line.trim_start())).find(|(_, line)| line.starts_with("- ") || *line == "-");
    item.map_or(2, |(indent, _)| indent)
}

/// As it is read back: blanks at the ends of lines and of texts mean nothing.
fn trimmed(card: &Card) -> Card {
    let text = |text: &String| clean(text);
    let mut card = card.clone();
    card.ask = text(&card.ask);
    card.why = text(&card.why);
    card.topic = text(&card.topic);
    card.choices = card.choices.iter().map(text).collect();
    card.answer.0 = card.answer.0.iter().map(text).collect();
    card.see.0 = card.see.0.iter().map(text).collect();
    card
}

fn clean(text: &str) -> String {
    let plain: String = text.replace("\r\n", "\n").replace('\t', "    ").chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    plain.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_string()
}

fn write_card(out: &mut String, card: &Card, indent: usize) {
    let card = trimmed(card);
    let pad = " ".repeat(indent);
    let kind = match card.kind {
        CardKind::Basic => "basic",
        CardKind::Choice => "choice",
        CardKind::Several => "several",
        CardKind::Cloze => "cloze",
        CardKind::Order => "order",
        CardKind::Number => "number",
    };
    let _ = writeln!(out, "{pad}- id: {}\n{pad}  kind: {kind}", card.id);
    let mut field = |key: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(out, "{pad}  {key}: {}", scalar(text, indent + 4));
        }
    };
    field("topic", &card.topic);
    field("ask", &card.ask);
    if let [one] = card.answer.0.as_slice() {
        field("answer", one);
    }
    field("unit", &card.unit);
    field("tolerance", &card.tolerance.map_or(String::new(), |share| share.to_string()));
    field("formula", card.formula.as_deref().unwrap_or(""));
    field("why", &card.why);
    if let [one] = card.see.0.as_slice() {
        field("see", one);
    }
    let mut list = |key: &str, texts: &[String]| {
        let _ = writeln!(out, "{pad}  {key}:");
        for text in texts {
            let _ = writeln!(out, "{pad}    - {}", scalar(text, indent + 6));
        }
    };
    if !card.choices.is_empty() {
        list("choices", &card.choices);
    }
    if card.answer.0.len() > 1 {
        list("answer", &card.answer.0);
    }
    if card.see.0.len() > 1 {
        list("see", &card.see.0);
    }
}

/// One line in quotes, several as a block.
fn scalar(text: &str, indent: usize) -> String {
    if !text.contains('\n') {
        return quoted(text);
    }
    let pad = " ".repeat(indent);
    let lines: Vec<String> = text.lines().map(|line| if line.is_empty() { String::new() } else { format!("{pad}{line}") }).collect();
    format!("|-\n{}", lines.join("\n"))
}

/// A text in double quotes: what JSON writes, YAML reads.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Answer;
    use proptest::prelude::*;

    fn card(id: &str, ask: &str, answer: &str) -> Card {
        Card {
            id: id.into(),
            kind: CardKind::Basic,
            topic: String::new(),
            ask: ask.into(),
            choices: Vec::new(),
            answer: Answer(vec![answer.into()]),
            formula: None,
            unit: String::new(),
            tolerance: None,
            why: String::new(),
            see: Answer::default(),
        }
    }

    #[test]
    fn what_stands_there_is_kept_to_the_letter() {
        let first = with_cards("my.yaml", None, "my", "My \"own\" cards", &[card("one", "A: b # c?", "1\n\n  two\n- three")]).unwrap();
        assert!(first.starts_with("format: 1\nkind: deck\nid: my\n"), "{first}");
        let noted = format!("{first}    # a note of mine\n");
        let second = with_cards("my.yaml", Some(&noted), "my", "x", &[card("two", "\"quoted\" {{x}}", "- no: list")]).unwrap();
        assert!(second.starts_with(&noted));
        let deck = read("my.yaml", &second).unwrap();
        assert_eq!(deck.title, "My \"own\" cards");
        assert_eq!(deck.cards[0].answer.0, ["1\n\n  two\n- three"]);
        assert_eq!(deck.cards[1].ask, "\"quoted\" {{x}}");
    }

    #[test]
    fn a_list_that_is_not_indented_is_followed() {
        let text = "format: 1\nkind: deck\nid: my\ntitle: t\ncards:\n- id: one\n  kind: basic\n  ask: a\n  answer: b";
        let more = with_cards("my.yaml", Some(text), "my", "t", &[card("two", "c", "d")]).unwrap();
        assert_eq!(read("my.yaml", &more).unwrap().cards.len(), 2);
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        let two = [card("two", "c", "d")];
        let refused = |text: &str| with_cards("my.yaml", Some(text), "my", "t", &two).unwrap_err();
        assert!(refused("format: 1\nkind: deck\nid: my\ntitle: t\ncards: [{id: one, kind: basic, ask: a, answer: b}]\n").contains("my.yaml"));
        assert!(refused("format: 1\nkind: deck\nid: my\ncards:\n").contains("my.yaml"), "a broken deck is named, not overwritten");
        let double = "format: 1\nkind: deck\nid: my\ntitle: t\ncards:\n  - {id: two, kind: basic, ask: a, answer: b}\n";
        assert!(refused(double).contains("two"), "ids are told apart");
    }

    #[test]
    fn ids_are_made_of_words_and_free() {
        assert_eq!(slug("What does a cache *aside* do?"), "what-does-a-cache-aside-do");
        assert_eq!((slug("99 %"), slug("漢字")), ("card-99".into(), "card".into()));
        assert_eq!(free_id("A b", |id| id == "a-b" || id == "a-b-2"), "a-b-3");
    }

    proptest! {
        #[test]
        fn any_text_comes_back_as_it_went_in(ask in "\\PC{1,60}", answer in "(\\PC|\n){1,80}") {
            prop_assume!(!clean(&ask).is_empty() && !clean(&answer).is_empty());
            let card = card("c", &ask, &answer);
            // A text that ends the card's own Markdown or says nothing may be refused, but never comes back changed.
            if let Ok(text) = with_cards("my.yaml", None, "my", "t", std::slice::from_ref(&card)) {
                prop_assert_eq!(&read("my.yaml", &text).unwrap().cards[0], &trimmed(&card));
            }
        }

        #[test]
        fn plain_text_is_never_refused(ask in "[a-zA-Z0-9 :#'\"|>,.?!{}\\[\\]%&*@`-]{1,60}", answer in "[a-zA-Z0-9 :#'\n|>-]{1,60}") {
            prop_assume!(!clean(&ask).is_empty() && !clean(&answer).is_empty());
            let text = with_cards("my.yaml", None, "my", "t", &[card("c", &ask, &answer)]);
            prop_assert!(text.is_ok(), "{text:?}");
        }
    }
}
