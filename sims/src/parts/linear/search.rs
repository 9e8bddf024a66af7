//! The search for an order: depth first, with a memo of the sets and states that were tried.

use super::{Call, Object};
use std::collections::BTreeSet;

/// A state in which a history can begin, and which of the lost calls of before have had their effect already.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Start<State> {
    pub state: State,
    pub spent: Bits,
}

/// What a search came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Order,
    /// There is none.
    None,
    /// The steps ran out.
    Nothing,
}

pub(super) fn search<O: Object>(starts: &[Start<O::State>], calls: &[Call<O>], steps: u64) -> Found {
    let mut left = steps;
    for start in starts {
        match Search::new(calls).run(start, &mut left, |_| false) {
            Ok(true) => return Found::Order,
            Ok(false) => {}
            Err(OutOfSteps) => return Found::Nothing,
        }
    }
    Found::None
}

pub(super) struct OutOfSteps;

/// Every state in which the calls can end, with the lost ones that are spent then; an error if they are too many, or the steps run out.
pub(super) fn ends<O: Object>(starts: &[Start<O::State>], calls: &[Call<O>], steps: u64, most: usize) -> Result<Vec<Start<O::State>>, OutOfSteps> {
    let mut left = steps;
    let mut ends = BTreeSet::new();
    for start in starts {
        Search::new(calls).run(start, &mut left, |end| {
            ends.insert(end);
            ends.len() <= most
        })?;
    }
    if ends.len() > most { Err(OutOfSteps) } else { Ok(ends.into_iter().collect()) }
}

/// A set of small numbers. Equal sets are equal bits: no zeros at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub fn set(&mut self, n: usize) {
        if self.0.len() <= n / 64 {
            self.0.resize(n / 64 + 1, 0);
        }
        self.0[n / 64] |= 1 << (n % 64);
    }

    fn clear(&mut self, n: usize) {
        self.0[n / 64] &= !(1 << (n % 64));
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    pub fn has(&self, n: usize) -> bool {
        self.0.get(n / 64).is_some_and(|word| word >> (n % 64) & 1 == 1)
    }

    /// Without the full words at its beginning: mostly what came first is done first, so this is short.
    fn trimmed(&self) -> (usize, Vec<u64>) {
        let full = self.0.iter().take_while(|word| **word == u64::MAX).count();
        (full, self.0[full..].to_vec())
    }
}

/// A moment of the history, in a list from which calls are lifted when they have found their place in the order.
#[derive(Clone, Copy)]
struct Moment {
    call: usize,
    begins: bool,
    before: usize,
    after: usize,
}

/// A call in the order, and where the object stood before it.
struct Placed<State> {
    call: usize,
    before: State,
    /// Another could have come in its place.
    chosen: bool,
}

/// Of the list: its head, which is no moment; as a successor, its end.
const HEAD: usize = 0;

struct Search<'a, O: Object> {
    calls: &'a [Call<O>],
    moments: Vec<Moment>,
    /// By call: its first and second moment.
    at: Vec<[usize; 2]>,
    /// By call: its number among the answered, or among the others.
    number: Vec<usize>,
    /// By call, if it is lost: the one lost before it that asked the same.
    twin: Vec<Option<usize>>,
    done: Bits,
    spent: Bits,
    /// Answered calls without a place.
    left: usize,
}

/// Every set of calls that had their place, with the state they led to: what follows depends on nothing else.
type Memo<State> = BTreeSet<(usize, Vec<u64>, Bits, State)>;

impl<'a, O: Object> Search<'a, O> {
    fn new(calls: &'a [Call<O>]) -> Search<'a, O> {
        let mut order: Vec<(u64, usize, bool)> = Vec::with_capacity(2 * calls.len());
        let mut numbers = [0, 0];
        let mut number = Vec::with_capacity(calls.len());
        for (call, is) in calls.iter().enumerate() {
            order.push((is.begun, call, true));
            order.extend(is.answered().map(|moment| (moment, call, false)));
            let kind = &mut numbers[usize::from(is.answered().is_some())];
            number.push(*kind);
            *kind += 1;
        }
        order.sort_unstable();
        let lost = |call: &usize| calls[*call].answered().is_none();
        let twin = |call: usize| (0..call).rev().find(|other| lost(other) && calls[*other].op == calls[call].op);
        let twin = (0..calls.len()).map(|call| if lost(&call) { twin(call) } else { None }).collect();
        let mut moments = vec![Moment { call: usize::MAX, begins: false, before: HEAD, after: usize::from(!order.is_empty()) }];
        let mut at = vec![[HEAD; 2]; calls.len()];
        let count = order.len();
        for (n, (_, call, begins)) in order.into_iter().enumerate() {
            let place = n + 1;
            at[call][usize::from(!begins)] = place;
            moments.push(Moment { call, begins, before: n, after: if place < count { place + 1 } else { HEAD } });
        }
        Search { calls, moments, at, number, twin, done: Bits::default(), spent: Bits::default(), left: numbers[1] }
    }

    /// Takes a call's moments out of the list.
    fn lift(&mut self, call: usize) {
        for place in self.at[call].into_iter().filter(|place| *place != HEAD) {
            let Moment { before, after, .. } = self.moments[place];
            self.moments[before].after = after;
            self.moments[after].before = before;
        }
    }

    /// Puts them back; in the reverse order of lifting, so that neighbours fit.
    fn lower(&mut self, call: usize) {
        for place in self.at[call].into_iter().rev().filter(|place| *place != HEAD) {
            let Moment { before, after, .. } = self.moments[place];
            self.moments[before].after = place;
            self.moments[after].before = place;
        }
    }

    fn mark(&mut self, call: usize, has_place: bool) {
        let answered = self.calls[call].answered().is_some();
        let (bits, number) = (if answered { &mut self.done } else { &mut self.spent }, self.number[call]);
        if has_place {
            bits.set(number);
        } else {
            bits.clear(number);
        }
        if answered {
            self.left = if has_place { self.left - 1 } else { self.left + 1 };
        }
    }

    /// Whether it can help to give this call the next place. Every rule leaves out only what another order does as well, with no
    /// fewer lost calls in hand: without these, each lost call doubles the work.
    fn helps(&self, call: usize, state: &O::State, next: &O::State, last: Option<&Placed<O::State>>) -> bool {
        let is = &self.calls[call];
        if is.answered().is_none() {
            // It changes nothing, or one that asked the same longer ago will do.
            let twin_waits = self.twin[call].is_some_and(|twin| !self.spent.has(self.number[twin]));
            if next == state || twin_waits {
                return false;
            }
        }
        // A lost call in the place before whose effect this one hides was for nothing.
        let hides = |last: &Placed<O::State>| self.calls[last.call].answered().is_none() && O::step(&last.before, &is.op, is.out()).as_ref() == Some(next);
        !last.is_some_and(hides)
    }

    /// Looks for orders of all answered calls, and of those others that help. Each end is shown; `go_on` says whether to look for more.
    fn run(mut self, start: &Start<O::State>, steps: &mut u64, mut go_on: impl FnMut(Start<O::State>) -> bool) -> Result<bool, OutOfSteps> {
        let mut state = start.state.clone();
        for call in (0..self.calls.len()).filter(|call| self.calls[*call].answered().is_none()) {
            if start.spent.has(self.number[call]) {
                self.lift(call);
                self.spent.set(self.number[call]);
            }
        }
        let mut tried: Memo<O::State> = BTreeSet::new();
        let mut stack: Vec<Placed<O::State>> = Vec::new();
        let mut found = false;
        let mut place = self.settle(&state, &mut stack);
        loop {
            if self.left == 0 {
                found = true;
                if !go_on(Start { state: state.clone(), spent: self.spent.clone() }) {
                    return Ok(true);
                }
            }
            // Behind an answer nothing may be tried: what it answers comes first.
            if self.left > 0 && place != HEAD && self.moments[place].begins {
                let call = self.moments[place].call;
                let is = &self.calls[call];
                if let Some(next) = O::step(&state, &is.op, is.out()).filter(|next| self.helps(call, &state, next, stack.last())) {
                    *steps = steps.checked_sub(1).ok_or(OutOfSteps)?;
                    self.mark(call, true);
                    let (full, words) = self.done.trimmed();
                    if tried.insert((full, words, self.spent.clone(), next.clone())) {
                        stack.push(Placed { call, before: std::mem::replace(&mut state, next), chosen: true });
                        self.lift(call);
                        place = self.settle(&state, &mut stack);
                        continue;
                    }
                    self.mark(call, false);
                }
                place = self.moments[place].after;
                continue;
            }
            let chosen = loop {
                let Some(Placed { call, before, chosen }) = stack.pop() else { return Ok(found) };
                state = before;
                self.mark(call, false);
                self.lower(call);
                if chosen {
                    break call;
                }
            };
            place = self.moments[self.at[chosen][0]].after;
        }
    }

    /// Gives a place to every call that only looked, as soon as it may come next: it could come no better later, and leaves all others
    /// as they were, so nothing else need be tried there. Without this, such calls double the work each. Gives the first moment that
    /// is left.
    fn settle(&mut self, state: &O::State, stack: &mut Vec<Placed<O::State>>) -> usize {
        let mut place = self.moments[HEAD].after;
        while place != HEAD && self.moments[place].begins {
            let Moment { call, before, after, .. } = self.moments[place];
            let is = &self.calls[call];
            if is.answered().is_some() && O::only_looks(&is.op, is.out()) && O::step(state, &is.op, is.out()).is_some() {
                self.mark(call, true);
                stack.push(Placed { call, before: state.clone(), chosen: false });
                self.lift(call);
                place = self.moments[before].after;
            } else {
                place = after;
            }
        }
        self.moments[HEAD].after
    }
}
