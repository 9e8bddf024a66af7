//! From Markdown's events to lines.

use super::flow::{self, Glyph, chop, columns, glyphs, width, wrap};
use crate::graph::{self, Ink, WHITEBOARD};
use crate::tui::panes::code::{self, Highlighter};
use crate::tui::panes::table::fitted;
use crate::tui::theme::Theme;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

/// `base` is the look of plain words.
pub fn lines(source: &str, cols: usize, base: Style, theme: &Theme, code: Option<&Highlighter>) -> Vec<Line<'static>> {
    let mut writer = Writer { cols, theme, code, out: Vec::new(), text: Vec::new(), styles: vec![base], indents: Vec::new(), block: Block::Flow, gap: false };
    for event in Parser::new_ext(source, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        writer.event(event);
    }
    writer.flush();
    writer.out
}

/// What stands before each line of a block: once before its first line, then blanks or a bar.
struct Indent {
    first: Option<String>,
    rest: String,
    style: Style,
    /// The next number, in a list that counts.
    number: Option<u64>,
}

enum Block {
    Flow,
    Code { language: String, text: String },
    Table { rows: Vec<Vec<Vec<Glyph>>> },
}

struct Writer<'a> {
    cols: usize,
    theme: &'a Theme,
    code: Option<&'a Highlighter>,
    out: Vec<Line<'static>>,
    /// The paragraph so far.
    text: Vec<Glyph>,
    styles: Vec<Style>,
    indents: Vec<Indent>,
    block: Block,
    /// A blank line is due before the next block.
    gap: bool,
}

impl Writer<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Code(text) => self.text.extend(glyphs(&text, self.style().patch(self.theme.code))),
            Event::SoftBreak => self.say(" "),
            Event::HardBreak => self.say("\n"),
            Event::Rule => {
                self.open();
                let rule = self.theme.pick("─", "-").repeat(self.room());
                self.push(&glyphs(&rule, self.theme.border));
                self.gap = true;
            }
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) | Event::InlineMath(text) | Event::DisplayMath(text) => self.say(&text),
            Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
    }

    fn say(&mut self, text: &str) {
        match &mut self.block {
            Block::Code { text: code, .. } => code.push_str(text),
            Block::Flow | Block::Table { .. } => {
                let style = self.style();
                self.text.extend(glyphs(text, style));
            }
        }
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or_default()
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.open(),
            Tag::Heading { level, .. } => {
                self.open();
                let style = if level <= HeadingLevel::H2 { self.theme.title.add_modifier(Modifier::UNDERLINED) } else { self.theme.title };
                self.styles.push(style);
            }
            Tag::Emphasis => self.styles.push(self.style().add_modifier(Modifier::ITALIC)),
            Tag::Strong => self.styles.push(self.style().add_modifier(Modifier::BOLD)),
            Tag::Strikethrough => self.styles.push(self.style().add_modifier(Modifier::CROSSED_OUT)),
            Tag::Link { .. } | Tag::Image { .. } => self.styles.push(self.theme.accent.add_modifier(Modifier::UNDERLINED)),
            Tag::List(number) => {
                // A list inside a list follows without a blank line.
                self.gap = self.gap && self.indents.is_empty();
                self.open();
                self.indents.push(Indent { first: None, rest: String::new(), style: self.theme.accent, number });
            }
            Tag::Item => self.item(),
            Tag::BlockQuote(_) => {
                self.open();
                let bar = format!("{} ", self.theme.pick("▏", "|"));
                self.indents.push(Indent { first: None, rest: bar, style: self.theme.border, number: None });
            }
            Tag::CodeBlock(kind) => {
                self.open();
                let language = match kind {
                    CodeBlockKind::Fenced(info) => info.split_whitespace().next().unwrap_or_default().to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.block = Block::Code { language, text: String::new() };
            }
            Tag::Table(_) => {
                self.open();
                self.block = Block::Table { rows: Vec::new() };
            }
            Tag::TableHead => {
                self.styles.push(self.theme.title);
                self.row();
            }
            Tag::TableRow => self.row(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => {
                self.flush();
                self.gap = true;
            }
            TagEnd::Heading(_) => {
                self.flush();
                self.styles.pop();
            }
            TagEnd::TableHead | TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image => {
                self.styles.pop();
            }
            TagEnd::List(_) => {
                self.indents.pop();
                self.gap = self.indents.is_empty();
            }
            TagEnd::Item => {
                self.flush();
                self.gap = false;
                if let Some(indent) = self.indents.last_mut() {
                    indent.first = None;
                }
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.indents.pop();
                self.gap = true;
            }
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.text);
                if let Block::Table { rows } = &mut self.block
                    && let Some(row) = rows.last_mut()
                {
                    row.push(cell);
                }
            }
            TagEnd::Table => self.end_table(),
            _ => {}
        }
    }

    fn row(&mut self) {
        if let Block::Table { rows } = &mut self.block {
            rows.push(Vec::new());
        }
    }

    fn item(&mut self) {
        self.flush();
        let bullet = self.theme.pick("•", "-");
        if let Some(indent) = self.indents.last_mut() {
            let mark = match &mut indent.number {
                Some(n) => {
                    *n += 1;
                    format!("{}. ", *n - 1)
                }
                None => format!("{bullet} "),
            };
            indent.rest = " ".repeat(columns(&mark));
            indent.first = Some(mark);
        }
    }

    /// A new block begins: the old one is written, and a blank line where one is due.
    fn open(&mut self) {
        self.flush();
        let inside_first = self.indents.last().is_some_and(|i| i.first.is_some());
        if self.gap && !self.out.is_empty() && !inside_first {
            self.push(&[]);
        }
        self.gap = false;
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        if text.is_empty() {
            return;
        }
        if self.gap && !self.out.is_empty() && self.indents.is_empty() {
            self.push(&[]);
        }
        self.gap = false;
        for line in wrap(&text, self.room()) {
            self.push(&line);
        }
    }

    /// Cells left of what stands before the text.
    fn room(&self) -> usize {
        let taken: usize = self.indents.iter().map(|i| columns(&i.rest)).sum();
        self.cols.saturating_sub(taken).max(1)
    }

    fn push(&mut self, line: &[Glyph]) {
        let mut whole = Vec::new();
        for indent in &mut self.indents {
            let mark = indent.first.take().unwrap_or_else(|| indent.rest.clone());
            whole.extend(glyphs(&mark, indent.style));
        }
        whole.extend_from_slice(line);
        self.out.push(flow::line(&whole));
    }

    fn end_code(&mut self) {
        let Block::Code { language, text } = std::mem::replace(&mut self.block, Block::Flow) else { return };
        let text = text.trim_end_matches('\n');
        match drawn(&language, text, self.room(), self.theme) {
            Some(Ok(picture)) => {
                for line in picture.lines() {
                    self.push(&glyphs(line, self.theme.text));
                }
            }
            // In notes the reason belongs beside what was typed; a card's graphs were checked.
            Some(Err(why)) if language == WHITEBOARD => {
                self.code_lines("", text);
                for line in wrap(&glyphs(&format!("not drawn: {why}"), self.theme.warn), self.room()) {
                    self.push(&line);
                }
            }
            _ => self.code_lines(&language, text),
        }
        self.gap = true;
    }

    fn code_lines(&mut self, language: &str, text: &str) {
        const MARGIN: &str = "  ";
        let pieces = self.code.and_then(|code| code.get(language, text));
        let room = self.room().saturating_sub(MARGIN.len()).max(1);
        for (n, line) in text.lines().enumerate() {
            let whole: Vec<Glyph> = match pieces.as_ref().and_then(|p| p.get(n)) {
                Some(pieces) => pieces.iter().flat_map(|(kind, text)| glyphs(text, code::style(*kind, self.theme))).collect(),
                None => glyphs(line, self.theme.code),
            };
            for part in chop(&whole, room) {
                let mut indented = glyphs(MARGIN, Style::new());
                indented.extend(part);
                self.push(&indented);
            }
        }
    }

    fn end_table(&mut self) {
        let Block::Table { rows } = std::mem::replace(&mut self.block, Block::Flow) else { return };
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let natural: Vec<usize> = (0..columns).map(|c| rows.iter().filter_map(|r| r.get(c)).map(|cell| width(cell)).max().unwrap_or(0)).collect();
        // `fitted` counts two cells between columns; a bar between them takes one more.
        let word = |cell: &Vec<Glyph>| cell.split(|(c, _)| c.is_whitespace()).map(width).max().unwrap_or(0);
        let floors: Vec<usize> = (0..columns).map(|c| rows.iter().filter_map(|r| r.get(c)).map(word).max().unwrap_or(0)).collect();
        let widths = fitted(&natural, &floors, self.room().saturating_sub(columns.saturating_sub(1)));
        for (n, row) in rows.iter().enumerate() {
            self.table_row(row, &widths);
            if n == 0 {
                let rule: Vec<String> = widths.iter().map(|w| self.theme.pick("─", "-").repeat(*w)).collect();
                let rule = rule.join(self.theme.pick("─┼─", "-+-"));
                self.push(&glyphs(&rule, self.theme.border));
            }
        }
        self.gap = true;
    }

    fn table_row(&mut self, row: &[Vec<Glyph>], widths: &[usize]) {
        let cells: Vec<Vec<Vec<Glyph>>> = widths.iter().enumerate().map(|(c, w)| wrap(row.get(c).map_or(&[][..], Vec::as_slice), *w)).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for n in 0..height {
            let mut line = Vec::new();
            for (c, w) in widths.iter().enumerate() {
                if c > 0 {
                    line.extend(glyphs(self.theme.pick(" │ ", " | "), self.theme.border));
                }
                let part = cells[c].get(n).map_or(&[][..], Vec::as_slice);
                line.extend_from_slice(part);
                line.extend(glyphs(&" ".repeat(w.saturating_sub(width(part))), Style::new()));
            }
            self.push(&line);
        }
    }
}

/// A text graph as a picture, if the block is one; else it stays code.
fn drawn(language: &str, text: &str, cols: usize, theme: &Theme) -> Option<Result<String, String>> {
    let ink = if theme.ascii() { Ink::Ascii } else { Ink::Boxes };
    matches!(language, "mermaid" | WHITEBOARD).then(|| graph::draw(text, cols, ink))
}
