//! Markdown as it stands on the screen: widths, indents, tables, code.

use super::*;
use proptest::prelude::*;

const SAMPLE: &str = "\
## A head line

A paragraph with **strong**, *soft* and `code` words that is long enough to be wrapped at least once.

- first item, long enough to be wrapped so that the hanging indent can be seen
- second
  1. inner one
  2. inner two
- third

> Quoted words stand behind a bar, on every line that they take up in the pane.

| knob | default | what it does |
|---|---|---|
| `limit` | 100/min | how many requests a client may send in one window |
| algorithm | token-bucket | which of the six algorithms decides |

```rust
fn main() {}
```

The end.
";

fn shown(source: &str, cols: u16, glyphs: Glyphs) -> String {
    let lines = Markdown::new(source).lines(cols, &Theme::with(Mode::Dark, glyphs, false), None);
    lines.iter().map(|line| line.to_string().trim_end().to_string() + "\n").collect()
}

#[test]
fn a_document_looks_as_recorded() {
    insta::assert_snapshot!("wide", shown(SAMPLE, 60, Glyphs::Unicode));
    insta::assert_snapshot!("narrow", shown(SAMPLE, 28, Glyphs::Ascii));
}

#[test]
fn a_second_look_is_not_rendered_again() {
    let document = Markdown::new(SAMPLE);
    let theme = Theme::with(Mode::Dark, Glyphs::Unicode, false);
    let first = document.lines(50, &theme, None);
    assert!(Arc::ptr_eq(&first, &document.lines(50, &theme, None)));
    assert!(!Arc::ptr_eq(&first, &document.lines(51, &theme, None)));
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_pane(source in "[a-z*`|> \n#0-9.漢é-]{0,300}", cols in 12u16..70) {
        for line in Markdown::new(source).lines(cols, &Theme::with(Mode::Dark, Glyphs::Unicode, false), None).iter() {
            // Nested lists and quotes may need more than a narrow pane has; then the text still gets one column.
            prop_assert!(line.width() <= usize::from(cols) + 8, "{line:?}");
        }
    }

    #[test]
    fn no_word_is_lost(words in proptest::collection::vec("[a-z]{1,12}", 1..40), cols in 12u16..60) {
        let back = shown(&words.join(" "), cols, Glyphs::Unicode);
        prop_assert_eq!(back.split_whitespace().collect::<Vec<_>>(), words);
    }
}
