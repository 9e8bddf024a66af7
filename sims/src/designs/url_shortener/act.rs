//! What a user can do to the shortener beyond the common faults.

use super::client::Client;
use super::role::{Ctx, Role};
use super::system::Shortener;
use crate::kernel::action::{Action, ActionSpec, ArgDefault, ArgSpec};
use crate::kernel::stage::Stage;
use crate::kernel::time::Span;
use crate::kernel::value::Kind;

const fn n(says: &'static str, max: i64, default: &'static str) -> ArgSpec {
    ArgSpec { name: "n", says, kind: Kind::Integer { min: 1, max }, default: ArgDefault::Text(default) }
}

pub const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        name: "viral",
        says: "one link gets a share of all visits",
        args: &[
            ArgSpec { name: "share", says: "share of the visits", kind: Kind::Number { min: 0.0, max: 1.0 }, default: ArgDefault::Text("0.9") },
            ArgSpec { name: "for", says: "how long", kind: Kind::Duration { min: Span::ZERO, max: Span::secs(3600) }, default: ArgDefault::Text("20s") },
        ],
    },
    ActionSpec { name: "submit-again", says: "the same new address is handed in several times at once", args: &[n("how many times", 1_000, "2")] },
    ActionSpec { name: "want-alias", says: "several people want one and the same code of their own choice", args: &[n("how many people", 100, "2")] },
    ActionSpec {
        name: "probe",
        says: "a stranger tries the neighbours of the code handed out last",
        args: &[
            n("how many codes", 10_000, "100"),
            ArgSpec {
                name: "side",
                says: "below it, which were handed out before, or above it",
                kind: Kind::Choice(&["below", "above"]),
                default: ArgDefault::Text("below"),
            },
        ],
    },
];

pub fn act(stage: &mut Stage<'_, Shortener>, action: &Action) -> Result<(), String> {
    let count = u64::try_from(action.int("n").unwrap_or(1)).unwrap_or(1);
    match action.name.as_str() {
        "viral" => {
            let (share, length) = (action.num("share").unwrap_or(0.9), action.span("for").unwrap_or(Span::secs(20)));
            with_client(stage, |client, cx| client.go_viral(share, length, cx.now()))?
        }
        "submit-again" => with_client(stage, |client, cx| client.submit_again(count, cx)),
        "want-alias" => with_client(stage, |client, cx| client.want_alias(count, cx)),
        "probe" => {
            let above = action.text("side") == Some("above");
            with_client(stage, |client, cx| client.probe(count, above, cx))?
        }
        other => Err(format!("the shortener cannot {other}")),
    }
}

fn with_client<R>(stage: &mut Stage<'_, Shortener>, f: impl FnOnce(&mut Client, &mut Ctx<'_>) -> R) -> Result<R, String> {
    let id = stage.find("client")?;
    stage.with(id, |node, cx| match node {
        Role::Client(client) => Ok(f(client, cx)),
        _ => Err("there is no client".to_string()),
    })
}
