//! A break in words: the shortest part of a history that no order explains.

use super::search::{Bits, Found, Start, ends, search};
use super::{Call, ENDS_MAX, End, Object, Settled};
use std::fmt::Display;

/// Calls told one by one; of more, the last.
const TOLD_MAX: usize = 8;
/// A longer part is not thinned out: nobody reads it, and each try is a search.
const THINNED_MAX: usize = 256;

/// `calls` have no order. Finds the answer that settled it, the last moment before it at which the state is known, and leaves out
/// the reads in between that do not matter.
pub(super) fn broken<O: Object>(key: &impl Display, starts: &[Start<O::State>], calls: &[Call<O>], steps: u64) -> Settled {
    let mut answers: Vec<u64> = calls.iter().filter_map(Call::answered).collect();
    answers.sort_unstable();
    // A history that can be explained can be explained up to any moment: halve.
    let first = answers.partition_point(|moment| search(starts, &until(calls, *moment), steps) != Found::None);
    let Some(moment) = answers.get(first).or(answers.last()) else { return Settled::Unknown(format!("key {key}: nothing was answered")) };
    let calls = until(calls, *moment);
    let (starts, calls) = last_rest(starts, calls, steps);
    let calls = without_idle_reads(&starts, calls, *moment, steps);
    let at = calls.iter().find_map(|call| match call.end {
        End::Answered { moment: answered, at, .. } if answered == *moment => Some(at),
        _ => None,
    });
    Settled::Broken { at: at.unwrap_or_default(), told: words(key, &starts, calls) }
}

/// The history up to that moment: what is answered later is open.
fn until<O: Object>(calls: &[Call<O>], moment: u64) -> Vec<Call<O>> {
    let before = calls.iter().filter(|call| call.begun <= moment);
    let cut = before.map(|call| if call.answered().is_some_and(|at| at > moment) { Call { end: End::Lost, ..call.clone() } } else { call.clone() });
    cut.filter(|call| call.answered().is_some() || !O::only_looks(&call.op, None)).collect()
}

/// Moves the start to the last moment at which no call that is answered was open: to the states that are possible there.
fn last_rest<O: Object>(starts: &[Start<O::State>], calls: Vec<Call<O>>, steps: u64) -> (Vec<Start<O::State>>, Vec<Call<O>>) {
    let mut latest = 0;
    let mut rests = Vec::new();
    for (n, call) in calls.iter().enumerate() {
        if n > 0 && call.begun > latest {
            rests.push(n);
        }
        latest = latest.max(call.answered().unwrap_or(0));
    }
    for n in rests.into_iter().rev() {
        let Ok(ends) = ends(starts, &calls[..n], steps, ENDS_MAX) else { continue };
        if ends.is_empty() {
            continue;
        }
        let kept: Vec<Call<O>> = calls.iter().enumerate().filter(|(at, call)| *at >= n || call.answered().is_none()).map(|(_, call)| call.clone()).collect();
        return (ends, kept);
    }
    (starts.to_vec(), calls)
}

/// Leaves out reads as long as what is left has no order either. Only reads: without a write, others lose their explanation.
fn without_idle_reads<O: Object>(starts: &[Start<O::State>], mut calls: Vec<Call<O>>, moment: u64, steps: u64) -> Vec<Call<O>> {
    let mut at = if calls.len() > THINNED_MAX { calls.len() } else { 0 };
    while at < calls.len() {
        let call = &calls[at];
        if !O::only_looks(&call.op, None) || call.answered() == Some(moment) {
            at += 1;
            continue;
        }
        let mut fewer = calls.clone();
        fewer.remove(at);
        if search(starts, &fewer, steps) == Found::None {
            calls = fewer;
        } else {
            at += 1;
        }
    }
    calls
}

fn words<O: Object>(key: &impl Display, starts: &[Start<O::State>], mut calls: Vec<Call<O>>) -> String {
    // A lost call that is spent in every state the part can begin in has been told by that state.
    let lost: Vec<u64> = calls.iter().filter(|call| call.answered().is_none()).map(|call| call.begun).collect();
    let spent = |n: usize| starts.iter().all(|start| Bits::has(&start.spent, n));
    calls.retain(|call| !lost.iter().position(|begun| *begun == call.begun).is_some_and(spent));
    let mut states: Vec<&O::State> = starts.iter().map(|start| &start.state).collect();
    states.dedup();
    let states: Vec<String> = states.iter().take(3).map(|state| O::stands(state)).collect();
    let told: Vec<String> = calls.iter().skip(calls.len().saturating_sub(TOLD_MAX)).map(sentence).collect();
    let skipped = calls.len() - told.len();
    let more = if skipped > 0 { format!("after {skipped} other calls, ") } else { String::new() };
    format!("key {key}: no order explains it. From {}: {more}{}", states.join(" or "), told.join("; "))
}

fn sentence<O: Object>(call: &Call<O>) -> String {
    let what = O::told(&call.op, call.out());
    match &call.end {
        End::Answered { at, .. } => format!("{} to {at} client {} {what}", call.begun_at, call.client),
        End::Open | End::Lost => format!("from {} on client {} {what}", call.begun_at, call.client),
    }
}
