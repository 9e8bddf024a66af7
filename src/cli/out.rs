//! Standard output, written so that a closed pipe is noticed and not a panic.

use super::Trouble;
use serde::Serialize;
use std::io::{BufWriter, ErrorKind, Write};

pub struct Out {
    to: Box<dyn Write>,
}

impl Out {
    pub fn stdout() -> Out {
        Out { to: Box::new(std::io::stdout()) }
    }

    /// # Errors
    /// The pipe is closed, the disk is full.
    pub fn text(&mut self, text: &str) -> Result<(), Trouble> {
        self.fill(|to| to.write_all(text.as_bytes()))
    }

    /// Lets `fill` write, piece by piece.
    ///
    /// # Errors
    /// As [`Out::text`].
    pub fn fill(&mut self, fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Trouble> {
        let mut to = BufWriter::new(&mut self.to);
        let written = fill(&mut to).and_then(|()| to.flush());
        written.map_err(|why| if why.kind() == ErrorKind::BrokenPipe { Trouble::PipeClosed } else { Trouble::Around(format!("standard output: {why}")) })
    }

    /// # Errors
    /// As [`Out::text`].
    pub fn line(&mut self, line: &str) -> Result<(), Trouble> {
        self.text(&format!("{line}\n"))
    }

    /// One value, and nothing else.
    ///
    /// # Errors
    /// As [`Out::text`].
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Trouble> {
        let text = serde_json::to_string_pretty(value).map_err(|why| Trouble::Around(format!("JSON: {why}")))?;
        self.line(&text)
    }
}

/// Columns as wide as their widest cell; the last one is left ragged. Numbers are set to the right where `right` says so.
pub fn table(rows: &[Vec<String>], right: &[usize]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let wide = |text: &str| unicode_width::UnicodeWidthStr::width(text);
    let widths: Vec<usize> = (0..columns).map(|c| rows.iter().filter_map(|r| r.get(c)).map(|t| wide(t)).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let gap = " ".repeat(widths[column] - wide(cell));
            line.push_str(&if right.contains(&column) { format!("{gap}{cell}  ") } else { format!("{cell}{gap}  ") });
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_end_without_blanks() {
        let rows = vec![vec!["a".into(), "10".into(), "x".into()], vec!["bbb".into(), "9".into(), String::new()]];
        assert_eq!(table(&rows, &[1]), "a    10  x\nbbb   9\n");
    }
}
