//! `greenroom check --designs`: what each design promises of itself, tried by running it.

use super::{Done, Out, Trouble};
use crate::lab::proofs::{self, Proof};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize};

/// Proves everything; the first line that does not hold decides the code.
pub fn run(as_json: bool, out: &mut Out) -> Result<Done, Trouble> {
    let proofs = proofs::all(sims::designs::ALL, &AtomicUsize::new(0), &AtomicBool::new(false)).unwrap_or_default();
    let well = proofs.iter().all(|proof| proof.outcome.is_ok());
    if as_json {
        out.json(&proofs.iter().map(value).collect::<Vec<_>>())?;
    } else {
        proofs.iter().try_for_each(|proof| out.line(&told(proof)))?;
        let held = proofs.iter().filter(|proof| proof.outcome.is_ok()).count();
        out.line(&format!("{held} of {} proofs hold", proofs.len()))?;
    }
    Ok(Done::Code(u8::from(!well)))
}

fn told(proof: &Proof) -> String {
    let (mark, detail) = match &proof.outcome {
        Ok(seen) => ("✓", seen),
        Err(why) => ("✗", why),
    };
    format!("{mark} {}: {}: {detail}", proof.design, proof.says)
}

fn value(proof: &Proof) -> Value {
    let detail = match &proof.outcome {
        Ok(detail) | Err(detail) => detail,
    };
    json!({"design": proof.design, "proof": proof.says, "held": proof.outcome.is_ok(), "detail": detail})
}
