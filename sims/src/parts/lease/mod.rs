//! Leases: what is lent for a time, with a number that rises, and the check of that number where it counts.
//!
//! Gray and Cheriton, "Leases" (SOSP 1989): a right that ends by itself outlives neither its holder nor a cut line. The number
//! is Chubby's sequencer (Burrows, OSDI 2006), called fencing token since Kleppmann (2016).

mod deadlines;
mod fence;
mod fills;
mod table;

pub use deadlines::Deadlines;
pub use fence::Fence;
pub use fills::{Grant, Leases};
pub use table::{Lease, Table};
