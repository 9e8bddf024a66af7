//! `greenroom schema`: the JSON Schema of the content files, for editors.

use super::{Done, Out, Trouble};
use crate::catalog::schema::schema;

pub fn run(out: &mut Out) -> Result<Done, Trouble> {
    out.json(&schema())?;
    Ok(Done::Code(0))
}
