//! What may be said to the interview in words, and what each word does.

use std::fmt::Write as _;

/// One thing the candidate said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Note(String),
    Notes,
    Replace(usize, String),
    Remove(usize),
    Ask(String),
    Own(String),
    Questions(String),
    Hint,
    Estimate(String),
    Size(String),
    Template(String),
    Next,
    Back,
    Time,
    Mark,
    Pause,
    Reveal(String),
    Finish,
    Problem,
    Said,
    Anew,
    Leave,
    Help,
}

/// Word, what follows it, what it does.
type Row = (&'static str, &'static str, &'static str);

const WORDS: &[Row] = &[
    ("ask", "WORDS", "ask the interviewer; what no fact answers is yours to decide"),
    ("own", "WORDS", "ask exactly this, whatever facts it may resemble"),
    ("questions", "[WORDS]", "list the questions that have an answer; a real interview wants words to look for"),
    ("note", "TEXT", "write a line into the notes of this phase"),
    ("notes", "", "read the notes of this phase, lines numbered"),
    ("replace", "N TEXT", "write line N of the notes anew"),
    ("remove", "N", "take line N out of the notes"),
    ("template", "[NAME]", "put a skeleton into the notes, or list them"),
    ("hint", "", "the next step of the phase's hints; it is recorded"),
    ("estimate", "[SUM]", "work out 100M/day * 10KB and keep it, or read the sheet"),
    ("size", "[KNOB VALUE]", "answer the sizing form, or read it"),
    ("next", "", "go on to the next phase"),
    ("back", "", "go back to the phase before"),
    ("time", "", "time per phase against the plan"),
    ("mark", "", "a first full path stands now"),
    ("pause", "", "stop the clock, and again to go on; not in a real interview"),
    ("reveal", "[anyway]", "the solution of this phase; the attempt counts as assisted"),
    ("problem", "", "read the problem again"),
    ("said", "", "read again what was asked and said"),
    ("anew", "", "leave this interview in the history and begin another"),
    ("finish", "", "end the interview and score it"),
    ("leave", "", "save and leave; the interview waits for you"),
    ("help", "", "these words"),
];

impl Command {
    /// Reads one line.
    ///
    /// # Errors
    /// The word is unknown, or something is missing behind it.
    pub fn parse(line: &str) -> Result<Command, String> {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).map_or((line, ""), |(word, rest)| (word, rest.trim()));
        let text = |what: fn(String) -> Command| if rest.is_empty() { Err(missing(word)) } else { Ok(what(rest.to_string())) };
        Ok(match word.to_lowercase().as_str() {
            // An empty note is an empty line.
            "note" => Command::Note(rest.to_string()),
            "notes" => Command::Notes,
            "replace" => {
                let (n, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                Command::Replace(place(word, n)?, text.trim().to_string())
            }
            "remove" => Command::Remove(place(word, rest)?),
            "ask" => text(Command::Ask)?,
            "own" => text(Command::Own)?,
            "questions" => Command::Questions(rest.to_string()),
            "hint" => Command::Hint,
            "estimate" => Command::Estimate(rest.to_string()),
            "size" => Command::Size(rest.to_string()),
            "template" => Command::Template(rest.to_string()),
            "next" => Command::Next,
            "back" => Command::Back,
            "time" => Command::Time,
            "mark" => Command::Mark,
            "pause" | "resume" => Command::Pause,
            "reveal" => Command::Reveal(rest.to_string()),
            "finish" => Command::Finish,
            "problem" => Command::Problem,
            "said" => Command::Said,
            "anew" => Command::Anew,
            "leave" | "quit" | "exit" => Command::Leave,
            "help" | "?" => Command::Help,
            unknown => {
                let near = WORDS.iter().map(|row| row.0).min_by_key(|known| strsim::damerau_levenshtein(known, unknown)).unwrap_or("help");
                return Err(format!("no word `{word}`; the nearest is `{near}`. To write it into your notes: note {line}"));
            }
        })
    }
}

fn missing(word: &str) -> String {
    let row = WORDS.iter().find(|row| row.0 == word);
    format!("`{word}` wants {} behind it", row.map_or("words", |row| row.1))
}

fn place(word: &str, n: &str) -> Result<usize, String> {
    n.split_whitespace()
        .next()
        .and_then(|n| n.parse().ok())
        .filter(|n| *n > 0)
        .ok_or_else(|| format!("`{word}` wants the number of a line, as `notes` reads them"))
}

/// Every word with what it does.
pub fn help() -> Vec<String> {
    WORDS
        .iter()
        .map(|(word, rest, says)| {
            let mut line = (*word).to_string();
            if !rest.is_empty() {
                let _ = write!(line, " {rest}");
            }
            format!("  {line}: {says}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_read_forgivingly() {
        assert_eq!(Command::parse("note  a -> b "), Ok(Command::Note("a -> b".into())));
        assert_eq!(Command::parse("Replace 2 new text"), Ok(Command::Replace(2, "new text".into())));
        assert_eq!(Command::parse("resume"), Ok(Command::Pause));
        assert!(Command::parse("ask").unwrap_err().contains("wants WORDS"));
        assert!(Command::parse("remove x").unwrap_err().contains("number of a line"));
        let slip = Command::parse("hnit please").unwrap_err();
        assert!(slip.contains("nearest is `hint`") && slip.contains("note hnit please"), "{slip}");
    }

    #[test]
    fn every_word_of_the_help_is_understood() {
        for (word, ..) in WORDS {
            assert!(Command::parse(&format!("{word} 1 x")).is_ok(), "{word}");
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "\\PC{0,40}") {
            let _ = Command::parse(&line);
        }
    }
}
