//! News feed: posts reach followers by fan-out on write, on read, or a mixture of both.

mod act;
mod api;
mod bench;
mod build;
mod client;
mod metrics;
mod msg;
mod node;
mod outbox;
mod queue;
mod shard;
mod slot;
mod social;
mod store;
mod system;
#[cfg(test)]
mod tests;
mod verdict;
mod view;
mod watch;
mod worker;

use crate::kernel::design::{Design, Harm, Safeguard, Trial};
use crate::kernel::faults;
use crate::kernel::invariant::{InvariantSpec, always, finally, sometimes};
use crate::kernel::knob::{Knob, Knobs};
use crate::kernel::time::Span;
use crate::kernel::value::{Kind, per_second};
use crate::kernel::world;
use system::NewsFeed;

pub static DESIGN: Design = Design {
    id: "news-feed",
    title: "Social feed (timeline fan-out)",
    teaches: "Copying a post into every follower's timeline makes reading cheap and a celebrity's post slow; fetching big accounts' posts at read instead bounds the slowest delivery.",
    leaves_out: "Media, search and advertisements; replicas of shards and stores; timelines dropped when a user falls idle during a run; authors who grow past the threshold while running; ranking by learned models; several data centres.",
    knobs: KNOBS,
    actions: act::ACTIONS,
    faults: faults::NETWORK,
    metrics: metrics::METRICS,
    reasons: &["timeout"],
    invariants: INVARIANTS,
    safeguards: SAFEGUARDS,
    panes: view::PANES,
    charts: &[&["deliveries", "list_reads"], &["delivery_lag"], &["read"], &["queue_depth"]],
    refuses,
    start: |spec| world::start::<NewsFeed>(spec),
    benches: bench::BENCHES,
};

const COST: Kind = Kind::Duration { min: Span::ZERO, max: Span::millis(10) };

const KNOBS: &[Knob] = &[
    Knob::live(
        "strategy",
        Kind::Choice(&["push", "pull", "hybrid"]),
        "hybrid",
        "copy a post to its followers, fetch it at read, or copy for small authors and fetch big ones",
    ),
    Knob::live("threshold", Kind::Integer { min: 1, max: 20_000 }, "300", "followers from which an author is fetched at read (hybrid)"),
    Knob::live("keep", Kind::Integer { min: 20, max: 2_000 }, "800", "entries a timeline holds at most"),
    Knob::live("skip_inactive", Kind::Switch, "on", "write no timelines for users who do not read; build them when they return"),
    Knob::live("order", Kind::Choice(&["chronological", "ranked"]), "chronological", "newest first, or by the author's followers against the post's age"),
    Knob::live("page", Kind::Integer { min: 5, max: 100 }, "20", "posts on a page"),
    Knob::live("workers", Kind::Integer { min: 1, max: 16 }, "4", "fan-out workers, one job at a time each"),
    Knob::live("chunk", Kind::Integer { min: 20, max: 20_000 }, "200", "followers in one job; more are split among workers"),
    Knob::live("write_cost", COST, "500us", "a worker's time per follower written"),
    Knob::live("list_cost", COST, "50us", "a store's time per author's list read"),
    Knob::live(
        "list_cache",
        Kind::Duration { min: Span::ZERO, max: Span::secs(60) },
        "0s",
        "how long the API tier keeps an author's list for all readers; 0 is not at all",
    ),
    Knob::live("post_rate", per_second(100.0), "10/s", "posts written by all authors together"),
    Knob::live("post_skew", Kind::Number { min: 0.0, max: 1.5 }, "0", "authors post in proportion to followers to this power: 0 all alike, 1 by audience"),
    Knob::live("read_rate", per_second(1_000.0), "200/s", "pages read by all readers together"),
    Knob::live("return_rate", per_second(50.0), "0.5/s", "inactive users who come back"),
    Knob::live("churn_rate", per_second(50.0), "1/s", "follows and unfollows, half each"),
    Knob::live("delete_rate", per_second(50.0), "0.2/s", "posts deleted by their authors"),
    Knob::live("lease", Kind::Duration { min: Span::millis(500), max: Span::secs(60) }, "2s", "a job goes to another worker if nobody renews for so long"),
    Knob::live("dedupe", Kind::Switch, "on", "safeguard: a post that is in the timeline already is not put in again"),
    Knob::live("ack", Kind::Choice(&["after-delivery", "on-receipt"]), "after-delivery", "safeguard: when the queue forgets a job"),
    Knob::live("tombstones", Kind::Switch, "on", "safeguard: every page is checked against the post store before it is shown"),
    Knob::live("fence", Kind::Switch, "on", "safeguard: a delivery planned before an unfollow or a rebuild is refused"),
    Knob::live("backfill", Kind::Switch, "on", "safeguard: follows and shortfalls are filled from the authors' own lists"),
    Knob::live("trim", Kind::Switch, "on", "safeguard: a full timeline drops its oldest entry"),
    Knob::at_start(
        "retention",
        Kind::Duration { min: Span::secs(60), max: Span::secs(24 * 3600) },
        "30min",
        "posts older than this are shown to nobody; lists, timelines and tombstones forget them",
    ),
    Knob::at_start("users", Kind::Integer { min: 100, max: 20_000 }, "2000", "users, all of whom may post"),
    Knob::at_start("followees", Kind::Integer { min: 1, max: 300 }, "30", "how many a user follows in the mean"),
    Knob::at_start("skew", Kind::Number { min: 0.0, max: 1.5 }, "0.8", "how unevenly followers are spread: 0 evenly, 1 Zipf's law"),
    Knob::at_start("active", Kind::Number { min: 0.0, max: 1.0 }, "0.5", "share of the users who read"),
    Knob::at_start("shards", Kind::Integer { min: 1, max: 16 }, "4", "timeline shards"),
    Knob::at_start("stores", Kind::Integer { min: 1, max: 8 }, "4", "post stores"),
    Knob::at_start("apis", Kind::Integer { min: 1, max: 8 }, "2", "API nodes"),
];

const INVARIANTS: &[InvariantSpec] = &[
    always("no-duplicates", "No page shows a post twice."),
    always("within-bound", "No timeline holds more entries than the bound."),
    always("deleted-stays-deleted", "A page asked for after a deletion was acknowledged does not show that post."),
    finally(
        "same-timeline",
        "Once the queues are empty, every timeline is what collecting and sorting all posts of the followed authors within the retention gives, whatever the strategy.",
    ),
    sometimes("rebuilt-on-return", "A user without a timeline came back and got one with posts in it."),
];

/// A quiet world in which only the script acts, with one worker and all users active.
const BARE: [(&str, &str); 8] = [
    ("strategy", "push"),
    ("active", "1"),
    ("workers", "1"),
    ("chunk", "20000"),
    ("post_rate", "0/s"),
    ("read_rate", "0/s"),
    ("churn_rate", "0/s"),
    ("delete_rate", "0/s"),
];

const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        knob: "dedupe",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("no-duplicates"),
        // The worker dies half-way through a celebrity's fan-out; the job is done again from the start.
        trial: Trial {
            set: &[BARE[0], BARE[1], BARE[2], BARE[3], BARE[4], ("read_rate", "200/s"), BARE[6], BARE[7]],
            script: &["5s=celebrity-posts:rank=1", "5300ms=crash:node=w1", "5500ms=restart:node=w1"],
            length: Span::secs(20),
        },
    },
    Safeguard {
        knob: "ack",
        safe: &["after-delivery"],
        off: "on-receipt",
        harms: Harm::Breaks("same-timeline"),
        trial: Trial { set: &BARE, script: &["5s=celebrity-posts:rank=1", "5300ms=crash:node=w1", "5500ms=restart:node=w1"], length: Span::secs(20) },
    },
    Safeguard {
        knob: "tombstones",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("deleted-stays-deleted"),
        // The removal waits in the queue behind a dead worker, the deletion has long been acknowledged.
        trial: Trial {
            set: &[BARE[0], BARE[1], BARE[2], BARE[3], BARE[4], ("read_rate", "200/s"), BARE[6], BARE[7]],
            script: &["5s=celebrity-posts:rank=1", "8s=crash:node=w1", "9s=delete-latest:rank=1", "15s=restart:node=w1"],
            length: Span::secs(20),
        },
    },
    Safeguard {
        knob: "fence",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("same-timeline"),
        // Two workers: the unfollow overtakes a fan-out that has read the followers but not yet written them.
        trial: Trial {
            set: &[BARE[0], BARE[1], ("workers", "2"), BARE[3], BARE[4], BARE[5], BARE[6], BARE[7]],
            script: &["5s=celebrity-posts:rank=1", "5050ms=lose-followers:rank=1,n=20"],
            length: Span::secs(20),
        },
    },
    Safeguard {
        knob: "backfill",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("same-timeline"),
        trial: Trial {
            set: &[BARE[0], BARE[1], BARE[2], BARE[3], ("post_rate", "20/s"), BARE[5], BARE[6], BARE[7]],
            script: &["10s=follow-many:user=1000,n=300"],
            length: Span::secs(20),
        },
    },
    Safeguard {
        knob: "trim",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("within-bound"),
        trial: Trial { set: &[("keep", "20"), ("post_rate", "20/s")], script: &[], length: Span::secs(60) },
    },
];

const EDGES_MAX: usize = 1_000_000;

fn refuses(knobs: &Knobs) -> Result<(), String> {
    let edges = knobs.count("users") * knobs.count("followees");
    if edges > EDGES_MAX {
        return Err(format!("`users` times `followees` is {edges}, but must be at most {EDGES_MAX}: the graph is kept in memory"));
    }
    Ok(())
}
