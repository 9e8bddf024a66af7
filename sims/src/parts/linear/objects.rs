//! Objects whose histories are checked most: a register with compare-and-set, a counter.

use super::Object;

/// A value that is read, written, and swapped if it is what was expected. `None`: nothing was written yet, or it was deleted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Register;

pub mod register {
    //! What a register is asked, and answers.

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Op {
        Read,
        Write(Option<u64>),
        Swap { from: Option<u64>, to: Option<u64> },
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Out {
        Value(Option<u64>),
        Done,
        Swapped(bool),
    }
}

impl Object for Register {
    type State = Option<u64>;
    type Op = register::Op;
    type Out = register::Out;

    fn step(state: &Option<u64>, op: &register::Op, out: Option<&register::Out>) -> Option<Option<u64>> {
        use register::{Op, Out};
        let (next, answer) = match *op {
            Op::Read => (*state, Out::Value(*state)),
            Op::Write(value) => (value, Out::Done),
            Op::Swap { from, to } if from == *state => (to, Out::Swapped(true)),
            Op::Swap { .. } => (*state, Out::Swapped(false)),
        };
        out.is_none_or(|out| *out == answer).then_some(next)
    }

    fn only_looks(op: &register::Op, out: Option<&register::Out>) -> bool {
        *op == register::Op::Read || out == Some(&register::Out::Swapped(false))
    }

    fn stands(state: &Option<u64>) -> String {
        value(*state)
    }

    fn told(op: &register::Op, out: Option<&register::Out>) -> String {
        use register::{Op, Out};
        match (*op, out) {
            (Op::Read, Some(Out::Value(seen))) => format!("reads {}", value(*seen)),
            (Op::Read, _) => "reads".into(),
            (Op::Write(to), Some(_)) => format!("writes {}", value(to)),
            (Op::Write(to), None) => format!("may have written {}", value(to)),
            (Op::Swap { from, to }, Some(Out::Swapped(false))) => format!("fails to swap {} for {}", value(from), value(to)),
            (Op::Swap { from, to }, Some(_)) => format!("swaps {} for {}", value(from), value(to)),
            (Op::Swap { from, to }, None) => format!("may have swapped {} for {}", value(from), value(to)),
        }
    }
}

fn value(value: Option<u64>) -> String {
    value.map_or_else(|| "nothing".into(), |value| value.to_string())
}

/// A number that is added to, and told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter;

pub mod counter {
    //! What a counter is asked; every answer is where it stands afterwards.

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Op {
        Get,
        Add(i64),
    }
}

impl Object for Counter {
    type State = i64;
    type Op = counter::Op;
    type Out = i64;

    fn step(state: &i64, op: &counter::Op, out: Option<&i64>) -> Option<i64> {
        let next = match op {
            counter::Op::Get => *state,
            counter::Op::Add(by) => state + by,
        };
        out.is_none_or(|out| *out == next).then_some(next)
    }

    fn only_looks(op: &counter::Op, _: Option<&i64>) -> bool {
        *op == counter::Op::Get
    }

    fn told(op: &counter::Op, out: Option<&i64>) -> String {
        match (op, out) {
            (counter::Op::Get, Some(seen)) => format!("reads {seen}"),
            (counter::Op::Get, None) => "reads".into(),
            (counter::Op::Add(by), Some(seen)) => format!("adds {by} and gets {seen}"),
            (counter::Op::Add(by), None) => format!("may have added {by}"),
        }
    }
}
