//! The only wiring: arguments to rooms; prints the one error.

use greenroom::tui;
use std::process::ExitCode;

fn main() -> ExitCode {
    match tui::run(tui::Options::default()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("greenroom: {why}");
            ExitCode::from(3)
        }
    }
}
