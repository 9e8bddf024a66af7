//! Our algorithms beside the crates they are measured against, in one run: `cargo run --release` in this folder.
//!
//! Times are processor time per operation, medians of nine rounds taken in turn. The ratio is to our own: above 1 the peer takes longer.

mod cache;
mod consensus;
mod ids;
mod kernel;
mod limiter;
mod measure;
mod ring;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let all: [(&str, fn()); 6] =
        [("kernel", kernel::compare), ("limiter", limiter::compare), ("ring", ring::compare), ("ids", ids::compare), ("cache", cache::compare), ("consensus", consensus::compare)];
    for (name, compare) in all {
        if wanted.is_empty() || wanted.iter().any(|w| w == name) {
            compare();
        }
    }
}
