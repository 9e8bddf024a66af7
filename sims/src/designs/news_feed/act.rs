//! What a user can do to the feed beyond the common faults.

use super::client::Client;
use super::node::{Ctx, FeedNode};
use super::system::NewsFeed;
use crate::kernel::action::{Action, ActionSpec, ArgDefault, ArgSpec};
use crate::kernel::stage::Stage;
use crate::kernel::value::Kind;

const USERS: Kind = Kind::Integer { min: 1, max: 20_000 };
const RANK: ArgSpec = ArgSpec { name: "rank", says: "which author: 1 is likely the most followed", kind: USERS, default: ArgDefault::Text("1") };
const USER: ArgSpec = ArgSpec { name: "user", says: "which user", kind: USERS, default: ArgDefault::Text("1000") };

const fn n(says: &'static str, max: i64, default: &'static str) -> ArgSpec {
    ArgSpec { name: "n", says, kind: Kind::Integer { min: 1, max }, default: ArgDefault::Text(default) }
}

pub const ACTIONS: &[ActionSpec] = &[
    ActionSpec { name: "celebrity-posts", says: "an author posts now", args: &[RANK, n("how many posts", 500, "1")] },
    ActionSpec { name: "delete-latest", says: "an author deletes their latest posts", args: &[RANK, n("how many posts", 500, "1")] },
    ActionSpec { name: "follow-many", says: "a user follows many others at once", args: &[USER, n("how many others", 5_000, "1000")] },
    ActionSpec {
        name: "unfollow",
        says: "a user unfollows some of those followed at the start, the most followed first",
        args: &[USER, n("how many", 5_000, "1")],
    },
    ActionSpec {
        name: "lose-followers",
        says: "some of an author's followers at the start unfollow, the highest numbers first: those a fan-out reaches last",
        args: &[RANK, n("how many followers", 5_000, "20")],
    },
    ActionSpec { name: "come-back", says: "inactive users open the app", args: &[n("how many users", 20_000, "100")] },
    ActionSpec { name: "read", says: "a user reads a page", args: &[USER, n("how many times", 1_000, "1")] },
];

pub fn act(stage: &mut Stage<'_, NewsFeed>, action: &Action) -> Result<(), String> {
    let users = stage.system().users;
    let count = usize::try_from(action.int("n").unwrap_or(1)).unwrap_or(1);
    // Numbers wrap around, so that a script written for a large world also runs in a small one.
    let number = |name: &str| (action.int(name).unwrap_or(1).max(1) - 1) as u32 % users.max(1);
    let (rank, user) = (number("rank"), number("user"));
    match action.name.as_str() {
        "celebrity-posts" => with_client(stage, |client, cx| (0..count).for_each(|_| client.post(rank, cx))),
        "delete-latest" => match with_client(stage, |client, cx| client.delete_latest(rank, count, cx))? {
            0 => Err(format!("author {} has no post to delete", rank + 1)),
            _ => Ok(()),
        },
        "follow-many" => with_client(stage, |client, cx| client.follow_many(user, count, cx)).map(drop),
        "unfollow" => with_client(stage, |client, cx| client.unfollow(user, count, cx)).map(drop),
        "lose-followers" => with_client(stage, |client, cx| client.lose_followers(rank, count, cx)).map(drop),
        "come-back" => with_client(stage, |client, cx| client.come_back(count, cx)),
        "read" => with_client(stage, |client, cx| (0..count).for_each(|_| client.read(user, cx))),
        other => Err(format!("the feed cannot {other}")),
    }
}

fn with_client<R>(stage: &mut Stage<'_, NewsFeed>, f: impl FnOnce(&mut Client, &mut Ctx<'_>) -> R) -> Result<R, String> {
    let id = stage.find("client")?;
    stage.with(id, |node, cx| match node {
        FeedNode::Client(client) => Ok(f(client, cx)),
        _ => Err("there is no client".to_string()),
    })
}
