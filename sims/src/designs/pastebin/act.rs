//! What a user can do to the pastebin beyond the common faults.

use super::client::Client;
use super::role::{Ctx, Role};
use super::system::Pastebin;
use crate::kernel::action::{Action, ActionSpec, ArgDefault, ArgSpec};
use crate::kernel::stage::Stage;
use crate::kernel::time::{MINUTE, Span};
use crate::kernel::value::{Kind, Value};

pub const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        name: "viral",
        says: "one public paste gets a share of all reads",
        args: &[
            ArgSpec { name: "share", says: "share of the reads", kind: Kind::Number { min: 0.0, max: 1.0 }, default: ArgDefault::Text("0.9") },
            ArgSpec { name: "for", says: "how long", kind: Kind::Duration { min: Span::ZERO, max: Span::secs(3600) }, default: ArgDefault::Text("20s") },
        ],
    },
    ActionSpec {
        name: "crash-between",
        says: "a server crashes between the two writes of its next paste",
        args: &[
            ArgSpec { name: "node", says: "which server", kind: Kind::Node, default: ArgDefault::Text("app1") },
            ArgSpec {
                name: "back",
                says: "it is back after so long",
                kind: Kind::Duration { min: Span::millis(1), max: MINUTE },
                default: ArgDefault::Text("1s"),
            },
        ],
    },
    ActionSpec {
        name: "paste-again",
        says: "one new body is handed in several times at once",
        args: &[ArgSpec { name: "n", says: "how many times", kind: Kind::Integer { min: 1, max: 500 }, default: ArgDefault::Text("20") }],
    },
    ActionSpec {
        name: "paste-large",
        says: "a paste of a given size is handed in",
        args: &[ArgSpec { name: "bytes", says: "its size", kind: Kind::Size { min: 1, max: 1_000_000_000 }, default: ArgDefault::Text("10MB") }],
    },
];

pub fn act(stage: &mut Stage<'_, Pastebin>, action: &Action) -> Result<(), String> {
    let count = u64::try_from(action.int("n").unwrap_or(1)).unwrap_or(1);
    match action.name.as_str() {
        "viral" => {
            let (share, length) = (action.num("share").unwrap_or(0.9), action.span("for").unwrap_or(Span::secs(20)));
            with_client(stage, |client, cx| client.go_viral(share, length, cx.now()))?
        }
        "paste-again" => with_client(stage, |client, cx| client.paste_again(count, cx)),
        "paste-large" => {
            let bytes = if let Some(Value::Size(bytes)) = action.arg("bytes") { *bytes } else { 10_000_000 };
            with_client(stage, |client, cx| client.paste_large(bytes, cx))
        }
        "crash-between" => {
            let id = stage.find(action.text("node").unwrap_or("app1"))?;
            let back = action.span("back").unwrap_or(Span::secs(1));
            stage.with(id, |node, _| match node {
                Role::App(app) => {
                    app.crash_between(back);
                    Ok(())
                }
                _ => Err("only a server writes twice".to_string()),
            })
        }
        other => Err(format!("the pastebin cannot {other}")),
    }
}

fn with_client<R>(stage: &mut Stage<'_, Pastebin>, f: impl FnOnce(&mut Client, &mut Ctx<'_>) -> R) -> Result<R, String> {
    let id = stage.find("client")?;
    stage.with(id, |node, cx| match node {
        Role::Client(client) => Ok(f(client, cx)),
        _ => Err("there is no client".to_string()),
    })
}
