//! Steps of the protocols at which a machine can be made to crash, by an action that arms it.

use super::system::Banking;
use crate::kernel::cx::Cx;
use crate::kernel::time::Span;

macro_rules! steps {
    ($($step:ident $name:literal $at:ident,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Step { $($step,)* }

        /// As a script names them.
        pub const STEPS: &[&str] = &[$($name,)*];

        impl Step {
            pub fn named(name: &str) -> Option<Step> {
                match name {
                    $($name => Some(Step::$step),)*
                    _ => None,
                }
            }

            pub fn name(self) -> &'static str {
                match self {
                    $(Step::$step => $name,)*
                }
            }

            fn place(self) -> Place {
                match self {
                    $(Step::$step => Place::$at,)*
                }
            }
        }
    };
}

/// Which machines have that step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Coord,
    Bank,
    Both,
}

steps! {
    // Any record: appended and not yet synced; durable.
    Written "written" Both,
    Logged "logged" Both,
    // The coordinator.
    Asked "asked" Coord,
    PrepareSent "prepare-sent" Coord,
    VotesIn "votes-in" Coord,
    PrecommitHalf "precommit-half" Coord,
    PrecommitSent "precommit-sent" Coord,
    PreAcks "pre-acks" Coord,
    Decided "decided" Coord,
    HalfTold "half-told" Coord,
    Told "told" Coord,
    SagaBegun "saga-begun" Coord,
    Sent "step-sent" Coord,
    UndoSent "undo-sent" Coord,
    // A bank.
    PrepareIn "prepare-in" Bank,
    Prepared "prepared" Bank,
    Voted "voted" Bank,
    PrecommitIn "precommit-in" Bank,
    CommitIn "commit-in" Bank,
    Committed "committed" Bank,
    Acked "acked" Bank,
    Done "step-done" Bank,
    Undone "undone" Bank,
}

impl Step {
    pub fn is_at_coord(self) -> bool {
        self.place() != Place::Bank
    }

    pub fn is_at_bank(self) -> bool {
        self.place() != Place::Coord
    }
}

/// Steps of one kind of machine, for a message.
pub fn list(at_coord: bool) -> String {
    let fits = |name: &&&str| Step::named(name).is_some_and(|step| if at_coord { step.is_at_coord() } else { step.is_at_bank() });
    STEPS.iter().filter(fits).copied().collect::<Vec<_>>().join(", ")
}

/// Armed, it crashes its machine when a step is reached.
#[derive(Clone, Debug, Default)]
pub struct Fuse {
    armed: Option<Armed>,
    fell: bool,
}

#[derive(Clone, Debug)]
struct Armed {
    step: Step,
    /// How often the step must be reached.
    nth: u32,
    back: Option<Span>,
}

impl Fuse {
    pub fn arm(&mut self, step: Step, nth: u32, back: Option<Span>) {
        self.armed = Some(Armed { step, nth, back });
    }

    pub fn disarm(&mut self) {
        self.armed = None;
    }

    /// Whether it has crashed its machine just now: what the handler still does, does not happen.
    pub fn fell(&self) -> bool {
        self.fell
    }

    /// The machine is down now, and may rise again.
    pub fn rise(&mut self) {
        self.fell = false;
    }

    /// The step at which the machine will crash, if it is armed.
    pub fn armed(&self) -> Option<&'static str> {
        self.armed.as_ref().map(|armed| armed.step.name())
    }

    /// Whether the machine crashes here. If so, its handler must return at once.
    pub fn at(&mut self, step: Step, cx: &mut Cx<'_, Banking>) -> bool {
        let Some(armed) = self.armed.as_mut().filter(|armed| armed.step == step) else { return false };
        armed.nth -= 1;
        if armed.nth > 0 {
            return false;
        }
        let back = armed.back;
        self.armed = None;
        self.fell = true;
        let name = cx.name(cx.me()).to_string();
        cx.log(format!("{name} crashes at step `{}`", step.name()));
        cx.crash(back);
        true
    }
}
