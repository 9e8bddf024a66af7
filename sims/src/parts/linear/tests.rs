//! The checker against one that tries every order, and against histories from the papers.

use super::register::{Op, Out};
use super::search::{Found, Start, search};
use super::{Call, Counter, End, History, Object, Register, Verdict, counter};
use crate::kernel::rng::Rng;
use crate::kernel::time::Time;
use proptest::prelude::*;

/// A call as it is written here: client, begun, ended (0: never), what, answer.
type Line<O> = (u32, u64, u64, <O as Object>::Op, Option<<O as Object>::Out>);

/// Feeds calls in the order of their moments, and judges.
fn judge<O: Object>(lines: &[Line<O>]) -> Verdict {
    let mut history = History::<u32, O>::default();
    let mut moments: Vec<(u64, bool, usize)> = Vec::new();
    for (n, (_, begun, ended, _, _)) in lines.iter().enumerate() {
        moments.push((*begun, false, n));
        if *ended > 0 {
            moments.push((*ended, true, n));
        }
    }
    moments.sort_unstable();
    let mut ids = std::collections::BTreeMap::new();
    for (at, ends, n) in moments {
        let (client, _, _, op, out) = &lines[n];
        if ends {
            history.respond(Time(at * 1_000_000), ids[&n], out.clone().unwrap());
        } else {
            ids.insert(n, history.invoke(Time(at * 1_000_000), 7, *client, op.clone()));
        }
    }
    history.verdict()
}

fn holds(lines: &[Line<Register>]) {
    assert_eq!(judge::<Register>(lines), Verdict::Held { calls: lines.len() as u64, keys: 1 });
}

/// Broken, and the words say so.
fn breaks(lines: &[Line<Register>], words: &str) {
    match judge::<Register>(lines) {
        Verdict::Broken { told, .. } => assert_eq!(told, words),
        verdict => panic!("{verdict:?}"),
    }
}

fn write(client: u32, begun: u64, ended: u64, value: u64) -> Line<Register> {
    (client, begun, ended, Op::Write(Some(value)), (ended > 0).then_some(Out::Done))
}

fn read(client: u32, begun: u64, ended: u64, value: u64) -> Line<Register> {
    (client, begun, ended, Op::Read, Some(Out::Value((value > 0).then_some(value))))
}

fn swap(client: u32, begun: u64, ended: u64, from: u64, to: u64, done: bool) -> Line<Register> {
    (client, begun, ended, Op::Swap { from: Some(from), to: Some(to) }, (ended > 0).then_some(Out::Swapped(done)))
}

#[test]
fn a_read_beside_a_write_may_see_either_value_but_not_turn_back() {
    holds(&[write(1, 1, 10, 5), read(2, 2, 3, 0), read(2, 4, 5, 5)]);
    breaks(&[write(1, 1, 10, 5), read(2, 2, 3, 5), read(2, 4, 5, 0)], "key 7: no order explains it. From 5: 0.004 s to 0.005 s client 2 reads nothing");
}

#[test]
fn a_stale_read_is_told_with_what_it_should_have_seen() {
    breaks(
        &[write(1, 1, 2, 3), read(3, 3, 4, 3), write(1, 10, 20, 4), read(3, 12, 13, 3), read(2, 30, 31, 3)],
        "key 7: no order explains it. From 4: 0.030 s to 0.031 s client 2 reads 3",
    );
}

#[test]
fn an_update_is_not_lost() {
    // Both read 1 and write 2: as swaps only one may succeed.
    breaks(
        &[write(1, 1, 2, 1), swap(1, 3, 6, 1, 2, true), swap(2, 4, 7, 1, 2, true)],
        "key 7: no order explains it. From 1: 0.003 s to 0.006 s client 1 swaps 1 for 2; 0.004 s to 0.007 s client 2 swaps 1 for 2",
    );
    holds(&[write(1, 1, 2, 1), swap(1, 3, 6, 1, 2, true), swap(2, 4, 7, 1, 2, false)]);
}

/// Herlihy and Wing, figure 1, with registers for queues: their histories in which calls overlap or do not.
#[test]
fn calls_that_overlap_may_stand_in_either_order() {
    holds(&[write(1, 1, 4, 1), write(2, 2, 3, 2), read(1, 5, 6, 2), read(2, 7, 8, 2)]);
    holds(&[write(1, 1, 4, 1), write(2, 2, 3, 2), read(1, 5, 6, 1), read(2, 7, 8, 1)]);
    assert!(matches!(judge::<Register>(&[write(1, 1, 2, 1), write(2, 3, 4, 2), read(1, 5, 6, 1)]), Verdict::Broken { .. }));
}

/// A queue, for the histories of Herlihy and Wing's figure 1 themselves.
#[derive(Clone, Debug, Default)]
struct Fifo;

#[derive(Clone, Debug, PartialEq)]
enum Queue {
    Enqueue(char),
    Dequeue,
}

impl Object for Fifo {
    type State = Vec<char>;
    type Op = Queue;
    type Out = Option<char>;
    fn step(state: &Vec<char>, op: &Queue, out: Option<&Option<char>>) -> Option<Vec<char>> {
        let mut next = state.clone();
        let answer = match op {
            Queue::Enqueue(item) => {
                next.push(*item);
                None
            }
            Queue::Dequeue if next.is_empty() => return None,
            Queue::Dequeue => Some(next.remove(0)),
        };
        out.is_none_or(|out| *out == answer).then_some(next)
    }
    fn only_looks(_: &Queue, _: Option<&Option<char>>) -> bool {
        false
    }
}

#[test]
fn the_queues_of_herlihy_and_wing() {
    let put = |client, begun, ended, item| (client, begun, ended, Queue::Enqueue(item), (ended > 0).then_some(None));
    let get = |client, begun, ended, item| (client, begun, ended, Queue::Dequeue, Some(Some(item)));
    let held = |lines: &[Line<Fifo>]| matches!(judge::<Fifo>(lines), Verdict::Held { .. });
    // Figure 1 (a): B enqueues y while A enqueues x; B dequeues x, A dequeues y, then the rest.
    assert!(held(&[put(1, 1, 4, 'x'), put(2, 2, 5, 'y'), get(2, 6, 7, 'x'), get(1, 8, 9, 'y'), put(1, 10, 11, 'z')]));
    // (b): x is in the queue before y comes, yet y is taken first.
    assert!(!held(&[put(1, 1, 2, 'x'), put(2, 3, 4, 'y'), get(1, 5, 6, 'y')]));
    // (c): a dequeue overlaps the enqueue that it takes from.
    assert!(held(&[put(1, 1, 5, 'x'), get(2, 2, 3, 'x')]));
    // (d): y is taken twice.
    assert!(!held(&[put(1, 1, 4, 'x'), put(2, 2, 5, 'y'), get(1, 6, 8, 'y'), get(2, 7, 9, 'y')]));
    // Never answered, yet seen: it had its effect.
    assert!(held(&[put(1, 1, 0, 'x'), get(2, 5, 6, 'x')]));
    assert!(!held(&[put(1, 4, 0, 'x'), get(2, 2, 3, 'x')]), "not before it was asked");
}

#[test]
fn what_was_never_answered_may_come_late_or_never_but_only_once() {
    holds(&[write(1, 1, 0, 5), write(2, 2, 3, 6), read(2, 4, 5, 6), read(3, 6, 7, 6)]);
    holds(&[write(1, 1, 0, 5), write(2, 2, 3, 6), read(2, 4, 5, 6), read(3, 6, 7, 5)]);
    let twice = [write(1, 1, 0, 5), read(2, 2, 3, 5), write(2, 4, 5, 6), read(2, 6, 7, 6), read(2, 8, 9, 5)];
    assert!(matches!(judge::<Register>(&twice), Verdict::Broken { .. }));
}

#[test]
fn a_refused_call_had_no_effect_and_keys_stand_for_themselves() {
    let mut history = History::<&str, Register>::default();
    let id = history.invoke(Time(1), "a", 1, Op::Write(Some(1)));
    history.fail(id);
    let id = history.invoke(Time(2), "b", 1, Op::Write(Some(2)));
    history.respond(Time(3), id, Out::Done);
    let id = history.invoke(Time(4), "a", 1, Op::Read);
    history.respond(Time(5), id, Out::Value(None));
    assert_eq!(history.verdict(), Verdict::Held { calls: 3, keys: 2 });
    let id = history.invoke(Time(6), "a", 1, Op::Read);
    history.respond(Time(7), id, Out::Value(Some(1)));
    let Verdict::Broken { at, told } = history.verdict() else { panic!("{:?}", history.verdict()) };
    assert_eq!(at, Time(7));
    assert!(told.starts_with("key a: ") && told.ends_with("reads 1"), "{told}");
}

#[test]
fn beyond_the_bound_nothing_is_claimed() {
    let mut history = History::<u32, Counter>::default();
    let ids: Vec<_> = (0..24).map(|client| history.invoke(Time(1), 7, client, counter::Op::Add(1 << client))).collect();
    let id = history.invoke(Time(2), 7, 99, counter::Op::Get);
    history.respond(Time(3), id, -1);
    let Verdict::Unknown(why) = history.verdict_within(10_000) else { panic!("{:?}", history.verdict_within(10_000)) };
    assert!(why.contains("not decided within 10000 steps; 25 calls, 24 of them never answered"), "{why}");
    drop(ids);
    assert_eq!(History::<u32, Register>::default().verdict(), Verdict::Unknown("nothing was called".into()));
}

/// Lost writes must not each double the work.
#[test]
fn many_lost_writes_are_no_trouble() {
    let mut lines = Vec::new();
    for n in 0..60 {
        lines.push(write(1, 10 * n + 1, 0, 1_000 + n));
        lines.push(write(2, 10 * n + 2, 10 * n + 3, n + 1));
        lines.push(read(3, 10 * n + 4, 10 * n + 5, if n % 3 == 0 { 1_000 + n / 2 } else { n + 1 }));
    }
    // A lost write is seen at most once here, so all of it can be explained.
    holds(&lines);
    lines.push(read(3, 9_000, 9_001, 5_000));
    assert!(matches!(judge::<Register>(&lines), Verdict::Broken { .. }));
}

/// Tries every order of every choice of lost calls.
fn naive<O: Object>(state: &O::State, calls: &[Call<O>]) -> bool {
    if calls.iter().all(|call| call.answered().is_none()) {
        return true;
    }
    (0..calls.len()).any(|n| {
        let before = |other: &Call<O>| other.answered().is_some_and(|answered| answered < calls[n].begun);
        let mut rest = calls.to_vec();
        rest.remove(n);
        !calls.iter().any(before) && O::step(state, &calls[n].op, calls[n].out()).is_some_and(|next| naive(&next, &rest))
    })
}

/// Random moments for at most `calls` calls; what is asked and answered is drawn from few values, so that about half can be explained.
fn random_calls<O: Object>(rng: &mut Rng, calls: u64, make: impl Fn(&mut Rng) -> (O::Op, O::Out)) -> Vec<Call<O>> {
    let count = 1 + rng.below(calls);
    let mut moments: Vec<u64> = (1..=2 * count).collect();
    rng.shuffle(&mut moments);
    let call = |n: u64, rng: &mut Rng| {
        let (a, b) = (moments[2 * n as usize], moments[2 * n as usize + 1]);
        let (op, out) = make(rng);
        let end = if rng.chance(0.25) { End::Lost } else { End::Answered { moment: a.max(b), at: Time(a.max(b)), out } };
        Call { client: n as u32, op, begun: a.min(b), begun_at: Time(a.min(b)), end }
    };
    let mut made: Vec<Call<O>> = (0..count).map(|n| call(n, rng)).collect();
    made.sort_by_key(|call| call.begun);
    made
}

fn a_register_call(rng: &mut Rng) -> (Op, Out) {
    let value = |rng: &mut Rng| Some(1 + rng.below(2)).filter(|_| rng.chance(0.8));
    match rng.below(3) {
        0 => (Op::Read, Out::Value(value(rng))),
        1 => (Op::Write(value(rng)), Out::Done),
        _ => (Op::Swap { from: value(rng), to: value(rng) }, Out::Swapped(rng.chance(0.6))),
    }
}

fn a_counter_call(rng: &mut Rng) -> (counter::Op, i64) {
    if rng.chance(0.5) { (counter::Op::Get, rng.below(4) as i64) } else { (counter::Op::Add(1 + rng.below(2) as i64), 1 + rng.below(4) as i64) }
}

fn agrees<O: Object>(calls: &[Call<O>]) -> Result<bool, TestCaseError> {
    let expected = naive(&O::State::default(), calls);
    prop_assert_eq!(search(&[Start::default()], calls, 1_000_000) == Found::Order, expected, "{:?}", calls);
    Ok(expected)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn it_says_what_trying_every_order_says(seed in any::<u64>()) {
        let mut rng = Rng::stream(seed, "history");
        agrees(&random_calls::<Register>(&mut rng, 7, a_register_call))?;
        agrees(&random_calls::<Counter>(&mut rng, 7, a_counter_call))?;
    }

    /// Folding the past into states, and telling the shortest part, changes no verdict.
    #[test]
    fn a_history_cut_at_its_quiet_moments_is_judged_the_same(seed in any::<u64>()) {
        let mut rng = Rng::stream(seed, "parts");
        let mut calls: Vec<Call<Register>> = Vec::new();
        for part in 0..4 {
            for mut call in random_calls::<Register>(&mut rng, 3, a_register_call) {
                call.begun += 100 * part;
                if let End::Answered { moment, .. } = &mut call.end {
                    *moment += 100 * part;
                }
                calls.push(call);
            }
        }
        calls.retain(|call| call.answered().is_some() || !Register::only_looks(&call.op, None));
        let whole = search(&[Start::default()], &calls, 1_000_000) == Found::Order;
        let mut starts = vec![Start::default()];
        let mut carried: Vec<Call<Register>> = Vec::new();
        for part in 0..4 {
            carried.extend(calls.iter().filter(|call| call.begun / 100 == part).cloned());
            starts = super::search::ends(&starts, &carried, 1_000_000, 1_000).unwrap_or_else(|_| panic!("too many ends"));
            carried.retain(|call| call.answered().is_none());
        }
        prop_assert_eq!(!starts.is_empty(), whole);
        if !whole {
            let told = super::tell::broken(&7, &[Start::default()], &calls, 1_000_000);
            prop_assert!(matches!(told, super::Settled::Broken { .. }), "{:?}", told);
        }
    }
}

#[test]
fn half_of_the_random_histories_can_be_explained() {
    let mut rng = Rng::stream(1, "history");
    let explained = (0..500).filter(|_| naive(&None, &random_calls::<Register>(&mut rng, 7, a_register_call))).count();
    assert!((100..400).contains(&explained), "{explained} of 500");
}

/// Clients that read and write a true register, each call taking its effect at some moment within.
fn simulate(history: &mut History<u64, Register>, seed: u64, calls: u64, stale: Option<u64>) {
    let mut rng = Rng::stream(seed, "clients");
    let mut values = [None; 4];
    let mut open = Vec::new();
    let mut now = 0;
    for n in 0..calls {
        now += 1;
        let (key, client) = (rng.below(4), n as u32 % 8);
        let op = if rng.chance(0.5) { Op::Read } else { Op::Write(Some(n)) };
        let id = history.invoke(Time(now), key, client, op);
        let old = values[key as usize];
        let mut out = Out::Value(old);
        if let Op::Write(value) = op {
            values[key as usize] = value;
            out = Out::Done;
        } else if stale == Some(n) {
            out = Out::Value(Some(u64::MAX));
        }
        open.push((id, out));
        // Now and then all are answered; else a few overlap, and some answers are lost.
        while !open.is_empty() && (open.len() > 6 || rng.chance(0.4)) {
            now += 1;
            let (id, out) = open.swap_remove(rng.below(open.len() as u64) as usize);
            if rng.chance(0.002) { history.lose(id) } else { history.respond(Time(now), id, out) }
        }
    }
    open.drain(..).for_each(|(id, out)| history.respond(Time(now + 1), id, out));
}

#[test]
fn a_long_history_is_judged_and_its_memory_stays_flat() {
    let mut history = History::default();
    simulate(&mut history, 1, 20_000, None);
    let early = history.weight();
    simulate_more(&mut history);
    assert!(matches!(history.verdict(), Verdict::Held { .. }), "{:?}", history.verdict());
    assert!(history.weight() < early + (1 << 20), "{early} bytes, then {}", history.weight());
    let mut broken = History::default();
    let read = (0..20_000).find(|n| is_read(1, 20_000, 9_000 + n)).map(|n| n + 9_000);
    simulate(&mut broken, 1, 20_000, read);
    assert!(matches!(broken.verdict(), Verdict::Broken { .. }), "{:?}", broken.verdict());
}

fn simulate_more(history: &mut History<u64, Register>) {
    let mut later = History::default();
    simulate(&mut later, 2, 100_000, None);
    assert!(matches!(later.verdict(), Verdict::Held { .. }), "{:?}", later.verdict());
    *history = later;
}

/// Whether call `n` of that simulation is a read: a stale answer needs one.
fn is_read(seed: u64, calls: u64, n: u64) -> bool {
    let (mut plain, mut stale) = (History::default(), History::default());
    simulate(&mut plain, seed, calls.min(n + 1), None);
    simulate(&mut stale, seed, calls.min(n + 1), Some(n));
    plain.verdict() != stale.verdict()
}
