//! `greenroom drill`: estimation drills and flaws in words, for pipes and screen readers; on a terminal the screens.

mod numbers;

use super::{Done, Out, Start, Trouble};
use crate::catalog::Catalog;
use crate::home::Home;
use crate::store::Store;
use std::io::IsTerminal;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    which: Option<Which>,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    /// In words, line by line, also on a terminal.
    #[arg(long, global = true)]
    plain: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Which {
    /// Estimate: requests, storage, servers, availability, cost.
    Numbers(numbers::Args),
}

pub fn run(args: &Args, _catalog: &Catalog, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let in_words = args.json || args.plain || !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal();
    match &args.which {
        Some(Which::Numbers(numbers)) if in_words => numbers::run(numbers, args.json, home, out),
        Some(Which::Numbers(numbers)) => Ok(Done::Screen(Start::Numbers { kind: numbers.kind.clone() })),
        None => Err(Trouble::Use("say which: `greenroom drill numbers`".into())),
    }
}

/// The user's database; what it has to say is told.
fn store(home: &Home) -> Store {
    let store = Store::open(home);
    store.notices().iter().for_each(|notice| eprintln!("greenroom: {notice}"));
    store
}
