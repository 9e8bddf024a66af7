//! `greenroom doctor`: what holds, where it comes from, and what is wrong.

use super::{Done, Out, Trouble, out};
use crate::catalog::Catalog;
use crate::config::Config;
use crate::home::Home;
use crate::store::{Health, Store};
use std::io::IsTerminal;

/// A wrong state of the surroundings leaves with 3.
pub fn run(catalog: &Catalog, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let (config, faults) = Config::load(&home.config());
    let (database, sound) = database(home);
    let mut text = format!("greenroom {}\n\n", env!("CARGO_PKG_VERSION"));
    let rows = |rows: Vec<[String; 3]>| {
        out::table(&rows.into_iter().map(|row| [format!("  {}", row[0]), row[1].clone(), row[2].clone()].to_vec()).collect::<Vec<_>>(), &[])
    };
    text.push_str("Files\n");
    text.push_str(&rows(vec![
        ["data".into(), home.data().display().to_string(), format!("from {}", home.from())],
        ["settings".into(), home.config().display().to_string(), if home.config().exists() { String::new() } else { "not there: defaults hold".into() }],
        ["database".into(), home.database().display().to_string(), database],
        ["backups".into(), home.backups().display().to_string(), String::new()],
        ["log".into(), home.log().display().to_string(), String::new()],
    ]));
    text.push_str("\nSettings\n");
    text.push_str(&rows(
        config.table().into_iter().map(|(key, value, from)| [key.into(), if value.is_empty() { "-".into() } else { value }, from.into()]).collect(),
    ));
    faults.iter().for_each(|fault| text.push_str(&format!("  ! {fault}\n")));
    text.push_str("\nContent\n");
    let yours = catalog.heads().iter().filter(|head| head.yours).count();
    let runnable = catalog.heads().iter().filter(|head| head.design.is_some()).count();
    text.push_str(&rows(vec![
        ["problems".into(), catalog.heads().len().to_string(), format!("{yours} yours, {runnable} with a design")],
        ["designs".into(), sims::designs::ALL.len().to_string(), String::new()],
        ["run files".into(), catalog.runs().len().to_string(), String::new()],
        ["faults".into(), catalog.faults().len().to_string(), if catalog.faults().is_empty() { String::new() } else { "see `greenroom check`".into() }],
    ]));
    text.push_str("\nTerminal\n");
    text.push_str(&rows(terminal()));
    out.text(&text)?;
    Ok(Done::Code(if sound { 0 } else { 3 }))
}

/// Its state in words, and whether it is sound. Looking makes none.
fn database(home: &Home) -> (String, bool) {
    if !home.database().exists() {
        return ("not there yet: made with the first interview".into(), true);
    }
    let store = Store::open(home);
    let told = store.notices().join("; ");
    match store.health() {
        Health::Good => {
            let attempts = store.attempts().map_or_else(|why| why.to_string(), |all| format!("sound, {} attempts", all.len()));
            (if told.is_empty() { attempts } else { format!("{attempts}; {told}") }, true)
        }
        Health::Memory(why) => (format!("nothing is kept: {why}"), false),
        Health::ReadOnly(why) => (format!("read only: {why}"), false),
    }
}

fn terminal() -> Vec<[String; 3]> {
    let var = |name: &str| std::env::var(name).unwrap_or_else(|_| "-".into());
    let input = if std::io::stdin().is_terminal() { "a terminal" } else { "no terminal" };
    let output = if std::io::stdout().is_terminal() { "a terminal" } else { "no terminal" };
    let mut rows = vec![["standard input".into(), input.into(), String::new()], ["standard output".into(), output.into(), String::new()]];
    rows.extend(["TERM", "COLORTERM", "NO_COLOR", "LANG"].map(|name| [name.to_string(), var(name), String::new()]));
    rows
}
