//! `greenroom drill`: cards, estimates and flaws; in words for pipes and screen readers, on a terminal as screens.

mod cards;
mod files;
mod flaws;
mod numbers;

use super::{Done, Out, Start, Trouble, today};
use crate::catalog::Catalog;
use crate::home::Home;
use crate::store::Store;
use serde_json::json;
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
    /// Review flashcards.
    Cards(cards::Args),
    /// Write decks and reviews as CSV, or for Anki.
    Export(files::Export),
    /// Take in a text file of Anki's, or reviews from another machine.
    Import(files::Import),
    /// Estimate: requests, storage, servers, availability, cost.
    Numbers(numbers::Args),
    /// Name the one defect of a snippet.
    Flaws,
}

pub fn run(args: &Args, catalog: &Catalog, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let in_words = args.json || args.plain || !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal();
    match &args.which {
        Some(Which::Cards(cards)) if in_words => cards::run(cards, args.json, catalog, home, out),
        Some(Which::Cards(cards)) => {
            cards::check(cards.deck.as_deref(), catalog)?;
            Ok(Done::Screen(Start::Cards { deck: cards.deck.clone() }))
        }
        Some(Which::Export(export)) => files::export(export, catalog, home, out),
        Some(Which::Import(import)) => files::import(import, catalog, home, out),
        Some(Which::Numbers(numbers)) if in_words => numbers::run(numbers, args.json, home, out),
        Some(Which::Numbers(numbers)) => Ok(Done::Screen(Start::Numbers { kind: numbers.kind.clone() })),
        Some(Which::Flaws) if in_words => flaws::run(args.json, catalog, home, out),
        Some(Which::Flaws) => Ok(Done::Screen(Start::Flaws)),
        None if in_words => counts(args.json, catalog, home, out),
        None => Ok(Done::Screen(Start::Drills)),
    }
}

/// What is due of each kind.
fn counts(as_json: bool, catalog: &Catalog, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let (agenda, _) = today::read(catalog, home)?;
    let ((due, new), (missed, unseen, found)) = (agenda.cards, agenda.flaw_counts);
    let answered = agenda.past.estimates.len();
    if as_json {
        let flaws = json!({"missed": missed, "new": unseen, "found": found});
        out.json(&json!({"cards": {"due": due, "new": new}, "numbers": {"answered": answered}, "flaws": flaws}))?;
        return Ok(Done::Code(0));
    }
    out.line(&format!("cards    {due} due, {new} new today: greenroom drill cards"))?;
    out.line(&format!("numbers  {answered} answered: greenroom drill numbers"))?;
    out.line(&format!("flaws    {unseen} new, {missed} missed, {found} found: greenroom drill flaws"))?;
    Ok(Done::Code(0))
}

/// The user's database; what it has to say is told.
fn store(home: &Home) -> Store {
    let store = Store::open(home);
    store.notices().iter().for_each(|notice| eprintln!("greenroom: {notice}"));
    store
}
