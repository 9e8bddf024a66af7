//! `greenroom export`: everything the user did, as Markdown, JSON or CSV, to a file or standard output.

use super::history::Past;
use super::{Done, Out, Trouble};
use crate::history;
use crate::home::Home;
use clap::ValueEnum;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_enum, default_value_t = Format::Md)]
    format: Format,
    /// Standard output without it.
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Markdown, to be read.
    Md,
    /// Everything, to be kept.
    Json,
    /// One line an attempt.
    Csv,
}

pub fn run(args: &Args, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let past = Past::read(home)?;
    let text = match args.format {
        Format::Md => history::markdown(&past.entries, &past.predictions),
        Format::Json => format!("{:#}\n", history::json(&past.entries, &past.predictions)),
        Format::Csv => history::csv(&past.attempts()),
    };
    match &args.file {
        Some(path) => std::fs::write(path, text).map_err(|why| Trouble::Around(format!("{}: {why}", path.display())))?,
        None => out.text(&text)?,
    }
    Ok(Done::Code(0))
}
