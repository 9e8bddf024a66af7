//! `greenroom check`: every fault of every content file, with its place.

use super::{Done, Out, Trouble};
use crate::catalog::Catalog;
use crate::home::Home;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files or folders; without any, everything built in and your own.
    paths: Vec<PathBuf>,
}

pub fn run(_args: &Args, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let catalog = Catalog::load(Some(home.data()));
    for fault in catalog.faults() {
        out.line(&fault.to_string())?;
    }
    Ok(Done::Code(u8::from(!catalog.faults().is_empty())))
}
