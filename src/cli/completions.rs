//! `greenroom completions`: a script for the user's shell.

use super::{Cli, Done, Out, Trouble};
use clap::CommandFactory;
use clap_complete::Shell;

#[derive(Debug, clap::Args)]
pub struct Args {
    shell: Shell,
}

pub fn run(args: &Args, out: &mut Out) -> Result<Done, Trouble> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "greenroom", &mut script);
    out.text(&String::from_utf8_lossy(&script))?;
    Ok(Done::Code(0))
}
