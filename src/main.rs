//! The only wiring: arguments to rooms; prints the one error.

use clap::Parser;
use greenroom::cli::{self, Cli, Done, Out, Start, Trouble};
use greenroom::drill::numbers::Kind;
use greenroom::home::Home;
use greenroom::session::Mode;
use greenroom::tui;
use greenroom::tui::screens::Place;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Wrong use leaves with 2 from in here, `--help` with 0.
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(trouble) => {
            if trouble != Trouble::PipeClosed {
                eprintln!("greenroom: {trouble}");
            }
            ExitCode::from(trouble.code())
        }
    }
}

fn run(cli: Cli) -> Result<u8, Trouble> {
    let home = Home::from_env().map_err(|why| Trouble::Around(why.to_string()))?;
    let mut options = tui::Options { theme: cli.theme.as_deref().and_then(theme), ascii: cli.ascii, ..tui::Options::default() };
    match cli::run(cli, &home, &mut Out::stdout())? {
        Done::Code(code) => Ok(code),
        Done::Screen(start) => {
            options.start = place(start);
            tui::run(options).map(|()| 0).map_err(|why| Trouble::Around(why.to_string()))
        }
    }
}

fn theme(name: &str) -> Option<tui::theme::Choice> {
    Some(match name {
        "auto" => tui::theme::Choice::Auto,
        "dark" => tui::theme::Choice::Dark,
        "light" => tui::theme::Choice::Light,
        _ => return None,
    })
}

fn place(start: Start) -> tui::Start {
    match start {
        Start::List => tui::Start::List,
        Start::Cards { deck: None } => tui::Start::At(Place::Cards),
        Start::Cards { deck } => tui::Start::At(Place::Review { deck, cram: false }),
        Start::Flaws => tui::Start::At(Place::Flaws),
        Start::Drills => tui::Start::At(Place::Drills),
        Start::Numbers { kind } => tui::Start::At(Place::Numbers { kind: kind.as_deref().and_then(Kind::parse) }),
        Start::Mock { problem, variant, mode } => tui::Start::Mock { problem, variant, mode: mode.and_then(Mode::parse) },
        Start::Lab { problem, run, seed, set } => tui::Start::Lab { problem, run, seed, set },
    }
}
