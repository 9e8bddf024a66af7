//! `greenroom drill export|import`: decks and reviews as CSV and as Anki's text files, and back.

use super::cards::{check, desk};
use crate::catalog::{Catalog, Deck, own};
use crate::cli::{Done, Out, Trouble};
use crate::drill::cards::{anki, table};
use crate::home::Home;
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// Cards for Anki: tab-separated text with its headers.
    Anki,
    /// Cards with where they stand, comma-separated.
    Cards,
    /// Every review, comma-separated: another machine takes it in again.
    Reviews,
}

#[derive(Debug, clap::Args)]
pub struct Export {
    /// What to write.
    #[arg(long, value_enum, default_value = "anki")]
    format: Form,
    /// One deck only.
    #[arg(long, value_name = "ID")]
    deck: Option<String>,
    /// Where to; else standard output.
    file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct Import {
    /// A text file of Anki's, or a table of reviews from another machine.
    file: PathBuf,
    /// The deck of yours that takes the cards; else the file's name.
    #[arg(long, value_name = "ID")]
    deck: Option<String>,
}

pub fn export(args: &Export, catalog: &Catalog, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    check(args.deck.as_deref(), catalog)?;
    let store = super::store(home);
    let desk = desk(catalog, &store, home)?;
    let decks: Vec<&Deck> = desk.decks.iter().map(|deck| &**deck).filter(|deck| args.deck.as_ref().is_none_or(|id| deck.id == *id)).collect();
    let text = match args.format {
        Form::Anki => anki::write(&decks),
        Form::Cards => table::cards(&decks, &desk.states),
        Form::Reviews => {
            let of = |card: &str| decks.iter().any(|deck| deck.cards.iter().any(|c| c.id == card));
            // Without a deck everything goes, also of cards that no deck has any more.
            let events: Vec<_> = desk.log.iter().filter(|event| args.deck.is_none() || of(&event.card)).cloned().collect();
            table::log(&events)
        }
    };
    match &args.file {
        Some(file) => own::write_whole(file, &text).map_err(|why| Trouble::Around(format!("{}: {why}", file.display())))?,
        None => out.text(&text)?,
    }
    Ok(Done::Code(0))
}

pub fn import(args: &Import, catalog: &Catalog, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let shown = args.file.display().to_string();
    let bytes = std::fs::read(&args.file).map_err(|why| Trouble::Use(format!("{shown}: {why}")))?;
    let text = String::from_utf8(bytes)
        .map_err(|why| Trouble::Use(format!("{shown}: byte {} is not UTF-8: save the file as UTF-8", why.utf8_error().valid_up_to())))?;
    if table::is_log(&text) {
        return reviews(&text, &shown, home, out);
    }
    cards(args, &text, &shown, catalog, home, out)
}

fn reviews(text: &str, shown: &str, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let events = table::read_log(text).map_err(|why| Trouble::Use(format!("{shown}: not taken in, nothing is changed\n{why}")))?;
    let (all, store) = (events.len(), super::store(home));
    let new = store.log_cards(events).map_err(|why| Trouble::Around(why.to_string()))?;
    out.line(&format!("{new} of {all} events are new and taken in; where cards stand is worked out from all of them."))?;
    Ok(Done::Code(0))
}

/// Good notes become cards of a deck of the user's; the others are named, and make the code 1.
fn cards(args: &Import, text: &str, shown: &str, catalog: &Catalog, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let read = anki::read(text).map_err(|why| Trouble::Use(format!("{shown}: {why}")))?;
    let stem = args.file.file_stem().map_or("anki".into(), |stem| stem.to_string_lossy().into_owned());
    let id = args.deck.clone().unwrap_or_else(|| own::slug(&stem));
    if id != own::slug(&id) {
        return Err(Trouble::Use(format!("`{id}` is no id of a deck: lower-case letters, digits and hyphens, as in `{}`", own::slug(&id))));
    }
    let path = home.decks().join(format!("{id}.yaml"));
    if !path.exists() && catalog.decks().iter().any(|deck| deck.id == id) {
        return Err(Trouble::Use(format!("`{id}` is a built-in deck: take your cards in under another name, with `--deck my-{id}`")));
    }
    // What is there already stays as it is: a second import of one file changes nothing.
    let there = catalog.decks().iter().find(|deck| deck.id == id);
    let known = |front: &str| there.is_some_and(|deck| deck.cards.iter().any(|card| card.ask.trim() == front.trim()));
    let (old, new): (Vec<_>, Vec<_>) = read.notes.into_iter().partition(|note| known(&note.front));
    let made = anki::cards(&new, |id| catalog.card(id).is_some());
    if !made.is_empty() {
        write(&path, &id, &stem, &made)?;
    }
    out.line(&format!("{} taken into {}, {} there before, {} left out.", made.len(), path.display(), old.len(), read.wrong.len()))?;
    for why in &read.wrong {
        eprintln!("greenroom: {shown}: {why}");
    }
    Ok(Done::Code(u8::from(!read.wrong.is_empty())))
}

fn write(path: &Path, id: &str, title: &str, cards: &[crate::catalog::Card]) -> Result<(), Trouble> {
    let before = if path.exists() { Some(std::fs::read_to_string(path).map_err(|why| Trouble::Around(format!("{}: {why}", path.display())))?) } else { None };
    let text = own::with_cards(&path.display().to_string(), before.as_deref(), id, title, cards)
        .map_err(|why| Trouble::Use(format!("not taken in, nothing is changed\n{why}")))?;
    own::write_whole(path, &text).map_err(|why| Trouble::Around(format!("{}: {why}", path.display())))
}
