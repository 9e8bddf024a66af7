//! Cards as Anki's text files have them: one note a line, fields divided by tabs, headers that begin with `#`.

use super::answer::filled;
use crate::catalog::{Answer, Card, CardKind, Deck};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The decks as one text file that Anki imports: deck, question, answer, tags.
pub fn write(decks: &[&Deck]) -> String {
    let mut text = String::from("#separator:tab\n#html:true\n#columns:Deck\tFront\tBack\tTags\n#deck column:1\n#tags column:4\n");
    for deck in decks {
        for card in &deck.cards {
            let (front, back) = sides(card);
            let tags = [Some(format!("greenroom::{}", card.id)), Some(card.topic.trim().replace(' ', "-")).filter(|topic| !topic.is_empty())];
            let tags = tags.into_iter().flatten().collect::<Vec<_>>().join(" ");
            let fields = [field(&format!("greenroom::{}", deck.title)), field(&html(&front)), field(&html(&back)), field(&tags)];
            let _ = writeln!(text, "{}", fields.join("\t"));
        }
    }
    text
}

/// A card as question and answer, in Markdown: what has choices lists them.
pub fn sides(card: &Card) -> (String, String) {
    let listed = |numbers: &mut dyn Iterator<Item = usize>| {
        numbers.map(|n| format!("{n}. {}", card.choices.get(n - 1).map_or("", String::as_str))).collect::<Vec<_>>().join("\n")
    };
    let all = |order: &[usize]| listed(&mut order.iter().copied());
    let (front, mut back) = match card.kind {
        CardKind::Basic => (card.ask.trim().to_string(), card.answer.0.join("\n")),
        CardKind::Number => (card.ask.trim().to_string(), format!("{} {}", card.answer.0.join(" "), card.unit).trim().to_string()),
        CardKind::Choice | CardKind::Several => {
            let every: Vec<usize> = (1..=card.choices.len()).collect();
            let right: Vec<usize> = card.right().into_iter().filter(|n| every.contains(n)).collect();
            (format!("{}\n\n{}", card.ask.trim(), all(&every)), all(&right))
        }
        CardKind::Cloze => {
            let whole = filled(card.ask.trim(), |n, _| format!("**{}**", card.answer.0.get(n).map_or("", |answer| answer.split('|').next().unwrap_or(""))));
            (filled(card.ask.trim(), |_, word| format!("[{word}]")), whole)
        }
        CardKind::Order => {
            let mixed = super::answer::shuffled(card, 0).iter().map(|n| format!("- {}", card.choices[n - 1])).collect::<Vec<_>>().join("\n");
            (format!("{}\n\n{mixed}", card.ask.trim()), all(&(1..=card.choices.len()).collect::<Vec<_>>()))
        }
    };
    if !card.why.trim().is_empty() {
        let _ = write!(back, "\n\n{}", card.why.trim());
    }
    (front, back)
}

/// Quoted where a tab, a quote, a line break or a leading `#` would be read as something else.
fn field(text: &str) -> String {
    if text.contains(['\t', '"', '\n', '\r']) || text.starts_with('#') { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_string() }
}

/// Markdown's few marks as HTML; what HTML would read as its own is escaped.
fn html(text: &str) -> String {
    let safe = text.trim().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut out = String::new();
    for (n, part) in safe.split("```").enumerate() {
        if n % 2 == 1 {
            // The first line of a fence names its language.
            let code = part.split_once('\n').map_or(part, |(_, code)| code);
            let _ = write!(out, "<pre>{}</pre>", code.trim_end().replace('\n', "<br>"));
        } else {
            out.push_str(&marks(part).replace('\n', "<br>"));
        }
    }
    out
}

fn marks(text: &str) -> String {
    let mut out = text.to_string();
    for (mark, tag) in [("**", "b"), ("`", "code")] {
        let parts: Vec<&str> = out.split(mark).collect();
        // A mark without its partner is a character.
        if parts.len().is_multiple_of(2) {
            continue;
        }
        out = parts.iter().enumerate().map(|(n, part)| if n % 2 == 1 { format!("<{tag}>{part}</{tag}>") } else { (*part).to_string() }).collect();
    }
    out
}

/// One note of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// The line it begins on, from 1.
    pub line: usize,
    pub front: String,
    pub back: String,
    pub deck: Option<String>,
    pub tags: Vec<String>,
    /// Anki's own id of the note, or the one that we wrote into its tags.
    pub id: Option<String>,
}

/// What a file gave: the good notes, and what was wrong with the others, each with its line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    pub notes: Vec<Note>,
    pub wrong: Vec<String>,
}

/// Reads a file of Anki's: headers honoured, quotes and line breaks in quotes understood.
///
/// # Errors
/// A header that cannot be honoured, or a quote that is never closed: then nothing can be told of the rest.
pub fn read(text: &str) -> Result<Read, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let head = Head::of(text)?;
    let mut read = Read::default();
    for (line, fields) in records(text, head.lines, head.separator)? {
        match head.note(line, &fields) {
            Ok(note) => read.notes.push(note),
            Err(why) => read.wrong.push(format!("line {line}: {why}")),
        }
    }
    Ok(read)
}

#[derive(Debug)]
struct Head {
    separator: char,
    html: bool,
    deck: Option<String>,
    tags: Vec<String>,
    /// Columns from 1 that are no field of the note, by what they are.
    columns: BTreeMap<&'static str, usize>,
    /// How many lines it takes.
    lines: usize,
}

impl Head {
    fn of(text: &str) -> Result<Head, String> {
        let mut head = Head { separator: '\t', html: false, deck: None, tags: Vec::new(), columns: BTreeMap::new(), lines: 0 };
        let mut told = false;
        for (n, line) in text.lines().take_while(|line| line.starts_with('#')).enumerate() {
            head.lines = n + 1;
            let Some((key, value)) = line[1..].split_once(':') else { continue };
            let value = value.trim_end_matches('\r');
            let column =
                || value.trim().parse::<usize>().ok().filter(|n| *n > 0).ok_or_else(|| format!("line {}: `{}` is no column, from 1", n + 1, value.trim()));
            match key.trim().to_lowercase().as_str() {
                "separator" => {
                    head.separator =
                        separator(value).ok_or_else(|| format!("line {}: `{value}` is no separator: tab, comma, semicolon, pipe, space, colon", n + 1))?;
                    told = true;
                }
                "html" => head.html = value.trim().eq_ignore_ascii_case("true"),
                "deck" => head.deck = Some(value.trim().to_string()).filter(|deck| !deck.is_empty()),
                "tags" => head.tags = value.split_whitespace().map(str::to_string).collect(),
                "deck column" => drop(head.columns.insert("deck", column()?)),
                "tags column" => drop(head.columns.insert("tags", column()?)),
                "guid column" => drop(head.columns.insert("guid", column()?)),
                "notetype column" => drop(head.columns.insert("notetype", column()?)),
                _ => {}
            }
        }
        if !told && let Some(first) = text.lines().nth(head.lines) {
            head.separator = ['\t', ';', '|', ','].into_iter().find(|c| first.contains(*c)).unwrap_or('\t');
        }
        Ok(head)
    }

    fn note(&self, line: usize, fields: &[String]) -> Result<Note, String> {
        let at = |what: &str| self.columns.get(what).and_then(|n| fields.get(n - 1)).map(|text| text.trim().to_string()).filter(|text| !text.is_empty());
        let own: Vec<&String> =
            fields.iter().enumerate().filter(|(n, _)| !self.columns.values().any(|column| *column == n + 1)).map(|(_, text)| text).collect();
        let [front, back, rest @ ..] = own.as_slice() else {
            return Err(format!("a card needs a question and an answer, but here is {} field", own.len()));
        };
        let plain = |text: &str| if self.html { markdown(text) } else { text.trim().to_string() };
        let (front, back) = (plain(front), plain(back));
        if front.is_empty() || back.is_empty() {
            return Err("the question or the answer is empty".into());
        }
        let more = rest.iter().map(|text| plain(text)).filter(|text| !text.is_empty()).fold(String::new(), |all, text| all + "\n\n" + &text);
        let mut tags = self.tags.clone();
        tags.extend(at("tags").iter().flat_map(|tags| tags.split_whitespace().map(str::to_string).collect::<Vec<_>>()));
        // A card that we wrote out comes back under its own id.
        let ours = tags.iter().find_map(|tag| tag.strip_prefix("greenroom::").map(str::to_string));
        tags.retain(|tag| !tag.starts_with("greenroom::"));
        Ok(Note { line, front, back: back + &more, deck: at("deck").or_else(|| self.deck.clone()), tags, id: ours.or_else(|| at("guid")) })
    }
}

fn separator(name: &str) -> Option<char> {
    Some(match name.trim().to_lowercase().as_str() {
        "tab" => '\t',
        "comma" => ',',
        "semicolon" => ';',
        "pipe" => '|',
        "space" => ' ',
        "colon" => ':',
        _ => {
            let mut chars = name.chars().filter(|c| *c != '\r');
            return chars.next().filter(|_| chars.next().is_none());
        }
    })
}

/// The records under the head, each with the line it begins on. A quote at a field's beginning lets it run over lines and separators.
fn records(text: &str, skip: usize, separator: char) -> Result<Vec<(usize, Vec<String>)>, String> {
    let body: String = text.split_inclusive('\n').skip(skip).collect();
    let separator = u8::try_from(separator).map_err(|_| format!("`{separator}` is no separator: tab, comma, semicolon, pipe, space, colon"))?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(body.as_bytes());
    let mut found: Vec<(usize, usize, Vec<String>)> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|why| why.to_string())?;
        // Empty lines before a record count as part of it: where it begins is after them.
        let byte = record.position().map_or(0, |at| usize::try_from(at.byte()).unwrap_or(0));
        let byte = byte + body.get(byte..).map_or(0, |rest| rest.len() - rest.trim_start_matches(['\n', '\r']).len());
        let line = body.get(..byte).map_or(0, |before| before.matches('\n').count()) + 1;
        found.push((line + skip, byte, record.iter().map(str::to_string).collect()));
    }
    // A quote that is never closed has swallowed everything to the end.
    if let Some((line, byte, _)) = found.last()
        && body.get(*byte..).is_some_and(|rest| rest.matches('"').count() % 2 == 1 && rest.trim_end().contains('\n'))
    {
        return Err(format!("line {line}: a quote is opened and never closed"));
    }
    let said = |fields: &[String]| fields.iter().any(|field| !field.trim().is_empty());
    Ok(found.into_iter().map(|(line, _, fields)| (line, fields)).filter(|(_, fields)| said(fields)).collect())
}

/// HTML as Markdown, as far as cards need it: lines, bold, italics, code, lists. Other tags go, their text stays.
pub fn markdown(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&entities(&rest[..at]));
        let after = &rest[at..];
        let Some(end) = after.find('>') else {
            out.push_str(&entities(after));
            rest = "";
            break;
        };
        let tag = after[1..end].trim();
        let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        let closing = tag.starts_with('/');
        // `a < b` is no tag.
        if name.is_empty() && !tag.starts_with("!--") {
            out.push('<');
            rest = &after[1..];
            continue;
        }
        out.push_str(match (name.as_str(), closing) {
            ("br", _) | ("div" | "p" | "tr" | "ul" | "ol", true) | ("div", false) => "\n",
            ("b" | "strong", _) => "**",
            ("i" | "em", _) => "*",
            ("code", _) => "`",
            ("pre", _) => "\n```\n",
            ("li", false) => "\n- ",
            ("td" | "th", true) => " ",
            _ => "",
        });
        rest = &after[end + 1..];
    }
    out.push_str(&entities(rest));
    let lines: Vec<&str> = out.lines().map(str::trim_end).collect();
    let mut text = lines.join("\n");
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    text.trim().to_string()
}

fn entities(text: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")];
    named.iter().fold(text.to_string(), |text, (from, to)| text.replace(from, to))
}

/// Cards of one user's deck made of notes: ids are kept where they were ours or Anki's, else made of the question.
pub fn cards(notes: &[Note], taken: impl Fn(&str) -> bool) -> Vec<Card> {
    use crate::catalog::own::{free_id, slug};
    let mut made: Vec<Card> = Vec::new();
    for note in notes {
        let wish = note.id.as_deref().unwrap_or(&note.front);
        let id = free_id(&slug(wish), |id| taken(id) || made.iter().any(|card| card.id == id));
        // Two braces would be a gap in a card that has none.
        let text = |text: &str| text.replace("{{c1::", "").replace("{{", "{ {").replace("}}", "} }");
        made.push(Card {
            id,
            kind: CardKind::Basic,
            topic: note.tags.first().map_or(String::new(), |tag| tag.replace('-', " ")),
            ask: text(&note.front),
            choices: Vec::new(),
            answer: Answer(vec![text(&note.back)]),
            formula: None,
            unit: String::new(),
            tolerance: None,
            why: String::new(),
            see: Answer::default(),
        });
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn headers_quotes_and_line_breaks_are_understood() {
        let text =
            "#separator:tab\n#html:true\n#deck column:1\n#tags column:4\nA\tWhat is <b>it</b>?\t\"two\nlines, \"\"quoted\"\"\"\tx y\n\nB\tq\n\tno\tdeck\t\n";
        let read = read(text).unwrap();
        assert_eq!(read.notes.len(), 2);
        let first = &read.notes[0];
        assert_eq!((first.line, first.front.as_str(), first.back.as_str()), (5, "What is **it**?", "two\nlines, \"quoted\""));
        assert_eq!((first.deck.as_deref(), first.tags.join(" ").as_str()), (Some("A"), "x y"));
        assert_eq!(read.wrong, ["line 8: a card needs a question and an answer, but here is 1 field"]);
        assert_eq!((read.notes[1].line, read.notes[1].deck.as_deref()), (9, None));
    }

    #[test]
    fn without_headers_the_separator_is_guessed_and_text_is_text() {
        let read = read("a < b & c;<i>no tag</i>\nsecond;answer\n").unwrap();
        assert_eq!(read.notes[0].front, "a < b & c");
        assert_eq!(read.notes[0].back, "<i>no tag</i>");
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        for (text, says) in [
            ("#separator:tab\na\t\"never\nclosed\n", "line 2: a quote is opened and never closed"),
            ("#separator:zebra\na\tb\n", "line 1: `zebra` is no separator"),
            ("#separator:tab\n#deck column:0\na\tb\n", "line 2: `0` is no column"),
        ] {
            assert!(read(text).unwrap_err().starts_with(says), "{text:?}: {:?}", read(text));
        }
        assert_eq!(read("#html:true\n \t<br>\n").unwrap().wrong, ["line 2: the question or the answer is empty"]);
        assert_eq!(read("#html:true\n\n  \t \n").unwrap(), Read::default());
        assert_eq!(read("q\t \n").unwrap().wrong, ["line 1: the question or the answer is empty"]);
    }

    #[test]
    fn html_becomes_markdown_in_a_modest_way() {
        assert_eq!(
            markdown("a<br>b <b>c</b> <code>d</code><ul><li>one</li><li>two</li></ul>&lt;x&gt; &amp;amp; 1 < 2"),
            "a\nb **c** `d`\n- one\n- two\n<x> &amp; 1 < 2"
        );
        assert_eq!(markdown("<div>one</div><div>two</div><span style=\"x\">three</span>"), "one\n\ntwo\nthree");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(ask in "[a-zA-Z0-9 \t\"#<>&;,é]{1,40}", answer in "[a-zA-Z0-9 \n\"\t<>&]{1,40}") {
            prop_assume!(!ask.trim().is_empty() && !answer.trim().is_empty());
            let card = cards(&[Note { front: ask.trim().into(), back: answer.trim().into(), ..Note::default() }], |_| false).remove(0);
            let deck: Deck = serde_json::from_value(serde_json::json!({"format": 1, "kind": "deck", "id": "d", "title": "T", "cards": []})).unwrap();
            let deck = Deck { cards: vec![card.clone()], ..deck };
            let back = read(&write(&[&deck])).unwrap();
            prop_assert_eq!(back.wrong.len(), 0);
            let squeezed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_string();
            prop_assert_eq!(squeezed(&back.notes[0].front), squeezed(&card.ask));
            let lines = |text: &str| { let mut text = squeezed(text); while text.contains("\n\n\n") { text = text.replace("\n\n\n", "\n\n"); } text };
            prop_assert_eq!(lines(&back.notes[0].back), lines(&card.answer.0[0]));
            prop_assert_eq!(back.notes[0].id.as_ref(), Some(&card.id));
        }
    }
}
