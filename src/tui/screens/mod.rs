//! Every screen: one file or folder each, and a place here by which it is opened.

pub mod list;

use super::screen::{Ctx, Screen};

/// Where a user can go. Adding a screen: its `mod` line above, a place here, a line in `build`.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    List,
}

/// Makes the screen of a place.
///
/// # Errors
/// A sentence: no such problem, the store does not answer.
pub fn build(place: Place, _ctx: &Ctx<'_>) -> Result<Box<dyn Screen>, String> {
    match place {
        Place::List => Ok(Box::new(list::List::new())),
    }
}
