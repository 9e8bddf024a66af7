//! `greenroom export`: everything the user did, as Markdown, JSON, CSV or one HTML page, to a file or standard output.

use super::history::Look;
use super::{Done, Out, Trouble};
use crate::aside::{self, Existing, NotWritten};
use crate::catalog::Catalog;
use crate::history;
use crate::home::Home;
use crate::store::Store;
use clap::ValueEnum;
use std::io::{self, Write};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Without it the file's ending decides, else Markdown.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Which table goes into a CSV file.
    #[arg(long, value_enum, value_name = "TABLE")]
    table: Option<Table>,
    /// Overwrite a file that is there.
    #[arg(long)]
    force: bool,
    /// Standard output without it.
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Markdown, to be read.
    Md,
    /// Everything, to be kept and to be imported elsewhere.
    Json,
    /// One table, for a spreadsheet.
    Csv,
    /// One page with charts.
    Html,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Table {
    Attempts,
    Lines,
    Phases,
    Notes,
    Predictions,
    Days,
}

impl Table {
    fn of_history(self) -> history::Table {
        match self {
            Table::Attempts => history::Table::Attempts,
            Table::Lines => history::Table::Lines,
            Table::Phases => history::Table::Phases,
            Table::Notes => history::Table::Notes,
            Table::Predictions => history::Table::Predictions,
            Table::Days => history::Table::Days,
        }
    }
}

pub fn run(args: &Args, catalog: &Catalog, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let format = args.format.unwrap_or_else(|| by_ending(args));
    if args.table.is_some() && format != Format::Csv {
        return Err(Trouble::Use("--table belongs to --format csv".into()));
    }
    let fill = filler(args, format, catalog, home)?;
    let Some(path) = &args.file else { return out.fill(fill).map(|()| Done::Code(0)) };
    let existing = if args.force { Existing::Replace } else { Existing::Keep };
    aside::write(path, existing, fill).map_err(|why| match why {
        NotWritten::Exists(_) => Trouble::Use(format!("{why}: --force overwrites it")),
        NotWritten::NoFile(_) => Trouble::Use(why.to_string()),
        NotWritten::Disk { .. } => Trouble::Around(why.to_string()),
    })?;
    Ok(Done::Code(0))
}

fn by_ending(args: &Args) -> Format {
    let ending = args.file.as_ref().and_then(|file| file.extension()).and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
    match ending.as_str() {
        "json" => Format::Json,
        "csv" => Format::Csv,
        "html" | "htm" => Format::Html,
        _ => Format::Md,
    }
}

type Fill = Box<dyn FnOnce(&mut dyn Write) -> io::Result<()>>;

/// What writes the chosen format. The history is read before a file is touched.
fn filler(args: &Args, format: Format, catalog: &Catalog, home: &Home) -> Result<Fill, Trouble> {
    if format == Format::Json {
        let store = if home.database().exists() { Store::open(home) } else { Store::in_memory() };
        store.notices().iter().for_each(|notice| eprintln!("greenroom: {notice}"));
        return Ok(Box::new(move |to| store.export(to).map_err(io::Error::other)?));
    }
    let Look { past, look } = Look::read(home, catalog)?;
    let table = args.table.unwrap_or(Table::Attempts).of_history();
    Ok(Box::new(move |to| match format {
        Format::Csv => history::csv(to, table, &past, &look),
        Format::Html => history::html(to, &past, &look),
        Format::Md | Format::Json => history::markdown(to, &past, &look),
    }))
}
