//! `greenroom import`: takes in a history that was exported as JSON; what both have becomes one.

use super::{Done, Out, Trouble};
use crate::home::Home;
use crate::store::{ImportError, Store, Taken};
use std::io::Read;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// What `greenroom export --format json` wrote; `-` is standard input.
    file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let name = args.file.display();
    let text = text(&args.file)?;
    let store = Store::open(home);
    store.notices().iter().for_each(|notice| eprintln!("greenroom: {notice}"));
    let taken = store.import(text, Some(home.backups())).map_err(|why| match why {
        ImportError::File(why) => Trouble::Use(format!("{name}: {why}; nothing was changed")),
        ImportError::Store(why) => Trouble::Around(format!("{why}; nothing was changed")),
    })?;
    if args.json {
        out.json(
            &taken
                .iter()
                .map(|one| serde_json::json!({ "what": one.what, "added": one.added, "updated": one.updated, "skipped": one.skipped }))
                .collect::<Vec<_>>(),
        )?;
    } else {
        out.text(&told(&taken))?;
    }
    Ok(Done::Code(0))
}

fn text(file: &Path) -> Result<String, Trouble> {
    let name = file.display();
    let read = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    let bytes = read.map_err(|why| Trouble::Use(format!("{name}: {why}")))?;
    String::from_utf8(bytes).map_err(|why| Trouble::Use(format!("{name}: no text from byte {} on: it is damaged or no JSON", why.utf8_error().valid_up_to())))
}

fn told(taken: &[Taken]) -> String {
    let mut rows = vec![["", "added", "updated", "already here"].map(String::from).to_vec()];
    for one in taken.iter().filter(|one| one.added + one.updated + one.skipped > 0) {
        rows.push(vec![words(one.what), one.added.to_string(), one.updated.to_string(), one.skipped.to_string()]);
    }
    if rows.len() == 1 { "There is nothing in it.\n".into() } else { super::out::table(&rows, &[1, 2, 3]) }
}

/// A table's name as a person would say it.
fn words(table: &str) -> String {
    match table {
        "graves" => "deletions".into(),
        "stints" => "practice".into(),
        other => other.replace('_', " "),
    }
}
