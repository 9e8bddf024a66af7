//! Text graphs of cards and notes, drawn with box characters at a given width.

use mermaid_text::{Error, RenderOptions, render_with_options};

/// The width at which every graph of a card must fit.
pub const CARD_WIDTH: usize = 76;

/// More than a terminal can show, and more than the layout should be asked for.
const BYTES_MAX: usize = 8_000;
const LINES_MAX: usize = 120;
/// What is laid out within the time between a key and its frame.
const ARROWS_MAX: usize = 28;

/// The characters a graph is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Boxes,
    Ascii,
}

/// Draws `graph LR|TB` text in at most `width` columns: in the direction asked for and in the other, and gives the smaller that fits.
///
/// # Errors
/// What is wrong with the text, or how wide it would be.
pub fn draw(text: &str, width: usize, ink: Ink) -> Result<String, String> {
    match graph_of_arrows(text) {
        Some(chains) => draw_chains(&chains, width, ink),
        None => draw_graph(text, width, ink),
    }
}

/// Chains carry no labels, so they may stand close; and they are drawn anew at every key.
fn draw_chains(graph: &str, width: usize, ink: Ink) -> Result<String, String> {
    if graph.matches("-->").count() > ARROWS_MAX {
        return Err(format!("a whiteboard takes at most {ARROWS_MAX} arrows"));
    }
    let options = RenderOptions { gaps_override: Some((1, 1)), ascii: ink == Ink::Ascii, ..RenderOptions::default() };
    let drawn = ["graph LR", "graph TB"].iter().filter_map(|head| render_with_options(&graph.replacen("graph LR", head, 1), &options).ok());
    let pictures: Vec<String> = drawn.map(|picture| trimmed(&picture)).filter(|picture| !picture.is_empty()).collect();
    let narrowest = pictures.iter().map(|picture| wide(picture)).min();
    let fits = pictures.into_iter().filter(|picture| wide(picture) <= width).min_by_key(|picture| picture.lines().count());
    fits.ok_or_else(|| narrowest.map_or("the graph has no nodes".into(), |cols| too_wide(cols, width)))
}

fn draw_graph(text: &str, width: usize, ink: Ink) -> Result<String, String> {
    let (head, rest) = header(text)?;
    if text.len() > BYTES_MAX || text.lines().count() > LINES_MAX {
        return Err(format!("a text graph has at most {LINES_MAX} lines and {BYTES_MAX} bytes"));
    }
    let mut drawn: Vec<String> = Vec::new();
    let mut narrowest: Option<usize> = None;
    let mut wrong = None;
    for direction in ["LR", "TB"] {
        let options = RenderOptions { max_width: Some(width), max_width_strict: true, ascii: ink == Ink::Ascii, ..RenderOptions::default() };
        match render_with_options(&format!("{head} {direction}\n{rest}"), &options) {
            Ok(picture) => drawn.push(trimmed(&picture)),
            Err(Error::TooWide { actual, .. }) => narrowest = Some(narrowest.map_or(actual, |n| n.min(actual))),
            Err(why) => wrong = Some(why),
        }
    }
    match (drawn.into_iter().filter(|p| !p.is_empty()).min_by_key(|picture| size(picture)), narrowest, wrong) {
        (Some(picture), ..) => Ok(picture),
        (None, Some(actual), _) => Err(too_wide(actual, width)),
        (None, None, Some(Error::ParseError(why))) => Err(why),
        (None, None, Some(why)) => Err(why.to_string()),
        (None, None, None) => Err("the graph has no nodes".into()),
    }
}

fn wide(picture: &str) -> usize {
    picture.lines().map(columns).max().unwrap_or(0)
}

fn size(picture: &str) -> usize {
    picture.lines().count() * wide(picture)
}

fn too_wide(actual: usize, width: usize) -> String {
    format!("the graph is {actual} columns wide, but must fit in {width}")
}

/// The keyword of the first line, and what follows its direction.
fn header(text: &str) -> Result<(&str, &str), String> {
    let text = text.trim_start();
    let end = text.find(['\n', ';']).unwrap_or(text.len());
    let first = text[..end].trim();
    let rest = text[end..].trim_start_matches([';', '\n']);
    match first.split_whitespace().collect::<Vec<_>>().as_slice() {
        [word @ ("graph" | "flowchart"), "LR" | "TB" | "TD"] => Ok((word, rest)),
        _ => Err(format!("a text graph begins with `graph LR` or `graph TB`, but here is `{first}`")),
    }
}

fn trimmed(picture: &str) -> String {
    let lines: Vec<&str> = picture.lines().map(str::trim_end).collect();
    let first = lines.iter().position(|l| !l.is_empty()).unwrap_or(0);
    let last = lines.iter().rposition(|l| !l.is_empty()).map_or(0, |n| n + 1);
    let shown = lines.get(first..last).unwrap_or_default();
    let indent = shown.iter().filter(|l| !l.is_empty()).map(|l| l.len() - l.trim_start().len()).min().unwrap_or(0);
    shown.iter().map(|l| l.get(indent..).unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn columns(line: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(line)
}

/// Whether a line of notes is a chain: `client -> limiter -> store`.
pub fn is_chain(line: &str) -> bool {
    let links = links(line);
    links.len() >= 2 && links.iter().all(|name| !name.is_empty() && name.chars().count() <= 40)
}

/// The language of a fenced block that holds chains or a graph of the notes.
pub const WHITEBOARD: &str = "whiteboard";

/// Notes as Markdown: each line stays a line, and chains of arrows become blocks to be drawn, wherever they stand.
pub fn whiteboard(notes: &str) -> String {
    let (mut out, mut chains, mut fence) = (String::new(), String::new(), None::<String>);
    for line in notes.lines() {
        let mark = line.trim_start();
        match &mut fence {
            Some(block) if mark.starts_with("```") => {
                out.push_str(&fenced_block(block));
                fence = None;
            }
            Some(block) => block.push_str(&format!("{line}\n")),
            None if is_chain(line) && !is_marked(mark) => chains.push_str(&format!("{}\n", line.trim())),
            None => {
                flush(&mut out, &mut chains);
                if mark.starts_with("```") {
                    fence = Some(format!("{mark}\n"));
                } else {
                    // Two blanks: what stands on a line of its own in notes is meant so.
                    out.push_str(&format!("{line}  \n"));
                }
            }
        }
    }
    flush(&mut out, &mut chains);
    if let Some(block) = fence {
        // Still being typed: drawn as far as it goes.
        out.push_str(&fenced_block(&block));
    }
    out
}

fn flush(out: &mut String, chains: &mut String) {
    if !chains.is_empty() {
        out.push_str(&format!("\n```{WHITEBOARD}\n{chains}```\n\n"));
        chains.clear();
    }
}

/// A block of the notes, from its fence on: one without a language that holds a graph is drawn.
fn fenced_block(block: &str) -> String {
    let (first, body) = block.split_once('\n').unwrap_or((block, ""));
    let language = first.trim_start_matches('`').trim();
    let drawn = matches!(language, "" | "graph" | "mermaid") && (graph_of_arrows(body).is_some() || header(body).is_ok());
    let language = if drawn { WHITEBOARD } else { language };
    format!("\n```{language}\n{body}```\n\n")
}

/// List items, headings and quotes are prose, also where an arrow stands in them.
fn is_marked(line: &str) -> bool {
    line.starts_with(['#', '>', '|', '`']) || ["- ", "* ", "+ "].iter().any(|mark| line.starts_with(mark))
}

/// Lines of chains as a graph: one node for each name, however often it stands there. None if a line is no chain.
pub fn graph_of_arrows(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    if lines.is_empty() || !lines.iter().all(|l| is_chain(l)) || header(text).is_ok() {
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    let mut graph = String::from("graph LR\n");
    for line in lines {
        let ids: Vec<usize> = links(line).iter().map(|name| place(&mut names, name)).collect();
        for pair in ids.windows(2) {
            graph.push_str(&format!("  n{}[{}] --> n{}[{}]\n", pair[0], names[pair[0]], pair[1], names[pair[1]]));
        }
    }
    Some(graph)
}

fn links(line: &str) -> Vec<String> {
    // Signs that mean something to the drawing are no part of a name.
    line.replace("-->", "->")
        .replace('→', "->")
        .split("->")
        .map(|name| name.replace(['[', ']', '(', ')', '{', '}', '|', '"', ';', '<', '>'], " ").trim().to_string())
        .collect()
}

fn place(names: &mut Vec<String>, name: &str) -> usize {
    names.iter().position(|n| n == name).unwrap_or_else(|| {
        names.push(name.to_string());
        names.len() - 1
    })
}

/// The text graphs of a Markdown text: what stands in fenced `mermaid` blocks, each with the byte where it begins.
pub fn fenced(markdown: &str) -> Vec<(usize, &str)> {
    let mut blocks = Vec::new();
    let mut open: Option<usize> = None;
    let mut at = 0;
    for line in markdown.split_inclusive('\n') {
        let fence = line.trim_start();
        match open {
            Some(start) if fence.starts_with("```") => {
                blocks.push((start, &markdown[start..at]));
                open = None;
            }
            None if fence.starts_with("```mermaid") => open = Some(at + line.len()),
            _ => {}
        }
        at += line.len();
    }
    blocks.extend(open.map(|start| (start, &markdown[start..])));
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WHOLE: &str = "graph LR\n  c[client] -->|asks| l[limiter]\n  subgraph shared\n    l --> s[store]\n  end\n";

    #[test]
    fn a_graph_fits_its_width_or_says_how_wide_it_is() {
        let picture = draw(WHOLE, CARD_WIDTH, Ink::Boxes).unwrap();
        assert!(["client", "limiter", "store", "asks"].iter().all(|word| picture.contains(word)), "{picture}");
        assert!(picture.lines().all(|l| columns(l) <= CARD_WIDTH), "{picture}");
        assert!(draw(WHOLE, CARD_WIDTH, Ink::Ascii).unwrap().is_ascii());
        let wide = format!("graph LR\n  a[{}] --> b\n", "w".repeat(90));
        assert!(draw(&wide, CARD_WIDTH, Ink::Boxes).unwrap_err().contains("must fit in 76"));
    }

    #[test]
    fn a_long_chain_turns_to_stand() {
        let chain = "graph LR\n a[gateway one] --> b[limiter two] --> c[store three] --> d[replica four] --> e[archive five] --> f[report six]";
        let picture = draw(chain, 40, Ink::Boxes).unwrap();
        assert!(picture.lines().all(|l| columns(l) <= 40), "{picture}");
    }

    #[test]
    fn chains_of_notes_become_graphs() {
        assert!(is_chain("client -> limiter -> store"));
        assert!(!is_chain("x -> "));
        assert!(!is_chain("p99 is 5 ms"));
        let graph = graph_of_arrows("client -> limiter\nlimiter → store [main]").unwrap();
        assert_eq!(graph, "graph LR\n  n0[client] --> n1[limiter]\n  n1[limiter] --> n2[store  main]\n");
        assert!(draw("a -> b -> c", CARD_WIDTH, Ink::Boxes).unwrap().contains('c'));
        assert!(draw("pie\n \"a\": 1", CARD_WIDTH, Ink::Boxes).unwrap_err().contains("begins with `graph LR`"));
    }

    #[test]
    fn chains_in_notes_are_drawn_and_prose_is_left_alone() {
        let notes = "The path:\nclient -> lb -> app\napp -> cache\n- a miss -> the store\n```\na -> b\n```\n```rust\nx -> y\n```\nend";
        let expected = "The path:  \n\n```whiteboard\nclient -> lb -> app\napp -> cache\n```\n\n- a miss -> the store  \n\n```whiteboard\na -> b\n```\n\n\n```rust\nx -> y\n```\n\nend  \n";
        assert_eq!(whiteboard(notes), expected);
        assert_eq!(whiteboard("```\na -> b"), "\n```whiteboard\na -> b\n```\n\n", "also while it is typed");
        assert!(whiteboard("```mermaid\ngraph TB\n a --> b\n```").contains("```whiteboard\ngraph TB"));
    }

    #[test]
    fn a_whiteboard_is_close_and_has_an_end() {
        let picture = draw("client -> lb -> app\napp -> cache\napp -> store", 36, Ink::Boxes).unwrap();
        assert!(picture.lines().count() <= 20 && picture.lines().all(|line| columns(line) <= 36), "{picture}");
        assert!(draw("client -> lb -> app -> cache", 20, Ink::Ascii).unwrap().is_ascii());
        let many: String = (0..40).map(|n| format!("a{n} -> b{n}\n")).collect();
        assert_eq!(draw(&many, 76, Ink::Boxes).unwrap_err(), "a whiteboard takes at most 28 arrows");
        assert!(draw(&format!("{} -> b", "w".repeat(40)), 20, Ink::Boxes).unwrap_err().contains("must fit in 20"));
    }

    #[test]
    fn fenced_blocks_are_found() {
        let text = "a\n```mermaid\ngraph LR\n a --> b\n```\nb\n```rust\nx\n```\n";
        assert_eq!(fenced(text), vec![(13, "graph LR\n a --> b\n")]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn no_text_makes_the_drawing_panic(text in "[abA-C\\[\\](){}|\" >;-]{0,60}(\n[a-c >-]{0,20}){0,3}", width in 1usize..100) {
            let _ = draw(&format!("graph LR\n{text}"), width, Ink::Boxes);
            let _ = graph_of_arrows(&text).map(|g| draw(&g, width, Ink::Boxes));
            let _ = whiteboard(&text);
        }
    }
}
