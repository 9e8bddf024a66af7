//! The command line: one file per subcommand; what needs the screen is handed back to `main`.

mod bench;
mod chaos;
mod check;
mod completions;
mod designs;
mod doctor;
mod drill;
mod experiment;
mod export;
mod history;
mod import;
mod list;
mod man;
mod mock;
mod new;
mod out;
mod schema;
mod setting;
mod show;
mod sim;
mod sweep;
mod target;
mod today;
mod trouble;

use clap::{Parser, Subcommand};
pub use out::Out;
use std::path::PathBuf;
pub use trouble::Trouble;

use crate::catalog::Catalog;
use crate::home::Home;

/// Get ready for system-design interviews: sit them against the clock, and run the designs they are about.
#[derive(Debug, Parser)]
#[command(name = "greenroom", version, max_term_width = 100, arg_required_else_help = false)]
#[command(after_help = "Exit codes: 0 all well; 1 something checked does not hold; 2 wrong use; 3 no terminal, database or disk; 128 + n after a signal.")]
pub struct Cli {
    /// Colours of the interface.
    #[arg(long, global = true, value_name = "NAME", value_parser = ["auto", "dark", "light"])]
    pub theme: Option<String>,
    /// Draw with ASCII only.
    #[arg(long, global = true)]
    pub ascii: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the problems.
    List(list::Args),
    /// Print a problem's card.
    Show(show::Args),
    /// Sit a mock interview.
    Mock(MockArgs),
    /// Open a problem's design in the lab.
    Lab(LabArgs),
    /// Run a design without a screen and print what came of it.
    Sim(sim::Args),
    /// Run experiments and check what they promise.
    Experiment(experiment::Args),
    /// Run a design over a range of one knob, on one machine or on many.
    Sweep(sweep::Args),
    /// Time the building blocks of a design natively.
    Bench(bench::Args),
    /// Show past interviews and their trend.
    History(history::Args),
    /// Write everything you did as Markdown, JSON, CSV or one HTML page.
    Export(export::Args),
    /// Say what to do next, and why.
    Today(today::Args),
    /// Drill: cards, estimates, flaws.
    Drill(drill::Args),
    /// Take in the history of another machine.
    Import(import::Args),
    /// Check content files, built in and your own.
    Check(check::Args),
    /// Write the frame of a problem or of a design.
    New(new::Args),
    /// Say what holds: files, settings, database, terminal.
    Doctor,
    /// Print a script that completes commands in your shell.
    Completions(completions::Args),
    /// Print the JSON Schema of the content files, for editors.
    Schema,
    /// Print the manual page: greenroom man > greenroom.1
    Man,
}

#[derive(Debug, clap::Args)]
pub struct MockArgs {
    /// A problem's id, or PROBLEM/VARIANT.
    pub id: String,
    /// As in life: no pause, no reveals.
    #[arg(long, conflicts_with_all = ["coached", "untimed"])]
    pub real: bool,
    /// May be paused; the solution may be looked at.
    #[arg(long, conflicts_with = "untimed")]
    pub coached: bool,
    /// The clock counts, but nothing is late.
    #[arg(long)]
    pub untimed: bool,
    /// In words, line by line: for screen readers, slow links and scripts.
    #[arg(long)]
    pub plain: bool,
    /// With --plain: score the last finished interview of this problem, or read its result again.
    #[arg(long, requires = "plain")]
    pub score: bool,
}

#[derive(Debug, clap::Args)]
pub struct LabArgs {
    /// A problem's id, or a design's.
    pub id: String,
    /// Open a run file.
    #[arg(long, value_name = "FILE")]
    pub run: Option<PathBuf>,
    /// Chance's seed.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Turn a knob, as often as you like.
    #[arg(long, value_name = "KNOB=VALUE")]
    pub set: Vec<String>,
}

/// What is left to do after the command line has been read and done.
#[derive(Debug)]
pub enum Done {
    /// Leave with this code.
    Code(u8),
    /// Open the interface here.
    Screen(Start),
}

/// Where the interface begins.
#[derive(Debug, PartialEq)]
pub enum Start {
    List,
    /// Flashcards: the decks, or a round of one.
    Cards {
        deck: Option<String>,
    },
    Flaws,
    Drills,
    /// Estimation drills, of one kind or of all.
    Numbers {
        kind: Option<String>,
    },
    Mock {
        problem: String,
        variant: Option<String>,
        mode: Option<&'static str>,
    },
    Lab {
        problem: String,
        run: Option<PathBuf>,
        seed: Option<u64>,
        set: Vec<(String, String)>,
    },
}

/// Does what the command line says.
///
/// # Errors
/// What went wrong, with the exit code it means.
pub fn run(cli: Cli, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let load = || load(home);
    match cli.command {
        None => Ok(Done::Screen(Start::List)),
        Some(Command::List(args)) => list::run(&args, &load(), home, out),
        Some(Command::Show(args)) => show::run(&args, &load(), out),
        Some(Command::Mock(args)) => mock(&args, &load(), home, out),
        Some(Command::Lab(args)) => lab(args, &load()),
        Some(Command::Sim(args)) => sim::run(&args, &load(), out),
        Some(Command::Experiment(args)) => experiment::run(&args, &load(), out),
        Some(Command::Sweep(args)) => sweep::run(&args, &load(), out),
        Some(Command::Bench(args)) => bench::run(&args, &load(), home, out),
        Some(Command::Check(args)) => check::run(&args, home, out),
        Some(Command::Today(args)) => today::run(&args, &load(), home, out),
        Some(Command::Drill(args)) => drill::run(&args, &load(), home, out),
        Some(Command::History(args)) => history::run(&args, &load(), home, out),
        Some(Command::Export(args)) => export::run(&args, &load(), home, out),
        Some(Command::Import(args)) => import::run(&args, home, out),
        Some(Command::Doctor) => doctor::run(&load(), home, out),
        Some(Command::Completions(args)) => completions::run(&args, out),
        Some(Command::New(args)) => new::run(&args, home, out),
        Some(Command::Schema) => schema::run(out),
        Some(Command::Man) => man::run(out),
    }
}

/// A bad file of the user's elsewhere is one line on standard error and changes no code.
fn load(home: &Home) -> Catalog {
    let catalog = Catalog::load(Some(home.data()));
    for fault in catalog.faults() {
        eprintln!("greenroom: {fault}");
    }
    catalog
}

fn mock(args: &MockArgs, catalog: &Catalog, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    target::problem_or_variant(catalog, &args.id)?;
    let mode = match (args.real, args.coached, args.untimed) {
        (true, ..) => Some("real"),
        (_, true, _) => Some("coached"),
        (.., true) => Some("untimed"),
        _ => None,
    };
    if args.plain {
        return mock::plain(args, mode, catalog, home, out);
    }
    let (problem, variant) = args.id.split_once('/').map_or((args.id.as_str(), None), |(problem, variant)| (problem, Some(variant.to_string())));
    Ok(Done::Screen(Start::Mock { problem: problem.to_string(), variant, mode }))
}

/// Everything is checked here, while an error can still be printed; the screen reads it again.
fn lab(args: LabArgs, catalog: &Catalog) -> Result<Done, Trouble> {
    let design = target::design(catalog, &args.id)?;
    let setting = setting::Setting { set: args.set, run: args.run, seed: args.seed, ..setting::Setting::default() };
    setting.spec(design, catalog)?;
    Ok(Done::Screen(Start::Lab { problem: args.id, set: setting.pairs()?, run: setting.run, seed: setting.seed }))
}

/// The best score of each problem that was sat. What the database says against it is told, and changes no code.
fn scores(home: &Home) -> std::collections::BTreeMap<String, f64> {
    let attempts = history::attempts(home).unwrap_or_else(|why| {
        eprintln!("greenroom: {why}");
        Vec::new()
    });
    let mut best = std::collections::BTreeMap::new();
    for trend in crate::history::trends(&attempts) {
        if let Some(score) = trend.best() {
            best.insert(trend.problem, score);
        }
    }
    best
}
