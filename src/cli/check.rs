//! `greenroom check`: every fault of every content file, with its place.

use super::{Done, Out, Trouble};
use crate::catalog::Paint;
use crate::catalog::check::{self, Report};
use crate::home::Home;
use std::io::IsTerminal;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files or folders; without any, everything built in and your own.
    paths: Vec<PathBuf>,
    /// Prove by running: each safeguard bears load, each *sometimes* is reached, the laws hold in storms.
    #[arg(long, conflicts_with = "paths")]
    designs: bool,
    /// As one JSON value.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    if args.designs {
        return super::designs::run(args.json, out);
    }
    if let Some(missing) = args.paths.iter().find(|path| !path.exists()) {
        return Err(Trouble::Use(format!("no file or folder `{}`", missing.display())));
    }
    let report = if args.paths.is_empty() { everything(home) } else { check::check_paths(&args.paths) };
    if args.json {
        out.json(&report)?;
    } else {
        let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        out.text(&report.render(if colours { Paint::Colour } else { Paint::Plain }))?;
    }
    Ok(Done::Code(u8::from(!report.is_clean())))
}

/// What is built in, and the user's own packs.
fn everything(home: &Home) -> Report {
    let mut report = check::check_builtin();
    let yours = check::check_user(home.data());
    report.files += yours.files;
    report.faults.extend(yours.faults);
    report
}
