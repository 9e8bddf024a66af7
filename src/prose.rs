//! A card's text as plain words: each paragraph on one line and without Markdown's marks; lists, tables and code keep their lines.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The text in blocks, a blank line between them: the reader's terminal breaks the lines.
pub fn plain(text: &str) -> String {
    let mut writer = Writer::default();
    // What stands inside a table or a code block is taken from the source as it is.
    let mut kept_until = 0;
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        if range.start < kept_until {
            continue;
        }
        match event {
            Event::Start(Tag::Table(_) | Tag::CodeBlock(_)) => {
                kept_until = range.end;
                writer.flush();
                writer.block();
                writer.out.push_str(text[range].trim_end());
            }
            event => writer.event(event),
        }
    }
    writer.flush();
    writer.out
}

/// The text in one line: for a row of a list, or a sentence around it.
pub fn flat(text: &str) -> String {
    plain(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[derive(Default)]
struct Writer {
    out: String,
    /// The paragraph so far.
    text: String,
    /// Lists around this place, with the next number where they count.
    lists: Vec<Option<u64>>,
    /// What stands before the next paragraph: an item's mark.
    mark: String,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.text.push_str(&text);
            }
            Event::SoftBreak => self.text.push(' '),
            Event::HardBreak => self.text.push('\n'),
            Event::Start(Tag::List(first)) => {
                self.flush();
                self.lists.push(first);
            }
            Event::Start(Tag::Item) => {
                let depth = self.lists.len().saturating_sub(1);
                let mark = match self.lists.last_mut() {
                    Some(Some(n)) => {
                        *n += 1;
                        format!("{}. ", *n - 1)
                    }
                    _ => "- ".to_owned(),
                };
                self.mark = format!("{}{mark}", "  ".repeat(depth));
            }
            Event::End(TagEnd::List(_)) => {
                self.lists.pop();
            }
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item) => self.flush(),
            _ => {}
        }
    }

    /// Ends what stands before a new block: items follow each other line by line, all else after a blank line.
    fn block(&mut self) {
        if self.out.is_empty() {
            return;
        }
        let tight = self.mark.starts_with(' ') || !self.mark.is_empty() && self.out.lines().next_back().is_some_and(is_item);
        self.out.push_str(if tight { "\n" } else { "\n\n" });
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        if text.trim().is_empty() {
            return;
        }
        self.block();
        self.out.push_str(&std::mem::take(&mut self.mark));
        let lines: Vec<String> = text.trim().split('\n').map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        self.out.push_str(&lines.join("\n"));
    }
}

fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("- ") || line.split_once(". ").is_some_and(|(n, _)| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sentence_is_whole_and_has_no_marks() {
        assert_eq!(plain("1,157 links\nand **11,574 visits**\na `second`.\n"), "1,157 links and 11,574 visits a second.");
        assert_eq!(plain("one *two*\n\nthree\nfour"), "one two\n\nthree four");
        assert_eq!(plain("4 * 3 * 2, user_id and a < b"), "4 * 3 * 2, user_id and a < b");
    }

    #[test]
    fn lists_tables_and_code_keep_their_lines() {
        assert_eq!(plain("Two:\n- one is\n  long\n- two\n  - inner\n\nThen."), "Two:\n\n- one is long\n- two\n  - inner\n\nThen.");
        assert_eq!(plain("1. one\n2. two"), "1. one\n2. two");
        assert_eq!(plain("So:\n```\na  b\nc\n```\n| x | y |\n|---|---|\n| 1 | 2 |"), "So:\n\n```\na  b\nc\n```\n\n| x | y |\n|---|---|\n| 1 | 2 |");
    }

    #[test]
    fn a_row_is_one_line() {
        assert_eq!(flat("- a\n- `b`\n\nc\n"), "- a - b c");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z*`|<> \n#0-9.漢é~_-]{0,200}") {
            let _ = (plain(&text), flat(&text));
        }
    }
}
