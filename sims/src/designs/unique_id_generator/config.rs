//! What the knobs mean: the configuration that every node reads.

use crate::kernel::knob::Knobs;
use crate::kernel::load::Arrivals;
use crate::kernel::time::Span;
use crate::parts::btree::Split;
use crate::parts::snowflake::{Layout, Policy, TWITTER_EPOCH_MS};

/// The date on which every run begins, in milliseconds since 1970: 13 November 2023, 18:26:40 UTC.
pub const START_MS: u64 = 1_699_900_000_000;

/// How far the second site's epoch lies after the first's, when each has its own.
pub const SITE_EPOCH_GAP_MS: u64 = 2_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Snowflake,
    Uuid4,
    Uuid7,
    Ulid,
    /// One round trip to a stepped sequence per id.
    DbSequence,
    /// One round trip per range.
    TicketServer,
}

impl Scheme {
    /// Whether ids are asked of a database.
    pub fn is_central(self) -> bool {
        matches!(self, Scheme::DbSequence | Scheme::TicketServer)
    }
}

/// How a generator comes by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    Lease,
    Ordinal,
    Hash,
}

/// The configuration.
#[derive(Clone, Debug)]
pub struct Ids {
    pub scheme: Scheme,
    pub nodes: usize,
    pub rate: f64,
    pub arrivals: Arrivals,
    pub batch: u64,
    pub layout: Layout,
    pub own_epoch_per_site: bool,
    pub policy: Policy,
    pub numbering: Numbering,
    pub lease: Span,
    pub redeploy: Span,
    pub remembers: bool,
    pub parses_with_own_epoch: bool,
    pub skew: Span,
    pub sequences: u64,
    pub range: u64,
    pub page_entries: usize,
    pub buffer_pages: usize,
    pub split: Split,
    pub page_read: Span,
}

impl Ids {
    pub fn read(knobs: &Knobs) -> Ids {
        let epoch_ms = match knobs.choice("epoch") {
            "unix" => 0,
            "twitter" => TWITTER_EPOCH_MS,
            "instagram" => 1_314_220_021_721,
            "discord" => 1_420_070_400_000,
            _ => 1_577_836_800_000,
        };
        let tick_ms = knobs.span("tick").0 / 1_000_000;
        Ids {
            scheme: match knobs.choice("scheme") {
                "snowflake" => Scheme::Snowflake,
                "uuid4" => Scheme::Uuid4,
                "uuid7" => Scheme::Uuid7,
                "ulid" => Scheme::Ulid,
                "db-sequence" => Scheme::DbSequence,
                _ => Scheme::TicketServer,
            },
            nodes: knobs.count("nodes"),
            rate: knobs.rate("rate").per_second(),
            arrivals: if knobs.choice("arrivals") == "steady" { Arrivals::Steady } else { Arrivals::Poisson },
            batch: knobs.count("batch") as u64,
            layout: Layout::split(knobs.count("time_bits") as u32, knobs.count("node_bits") as u32, tick_ms, epoch_ms),
            own_epoch_per_site: knobs.choice("site_epochs") == "own",
            policy: match knobs.choice("clock_policy") {
                "fail" => Policy::Fail,
                "wait" => Policy::Wait,
                _ => Policy::Logical { most_ms: knobs.span("max_lead").0 / 1_000_000 },
            },
            numbering: match knobs.choice("numbers") {
                "lease" => Numbering::Lease,
                "ordinal" => Numbering::Ordinal,
                _ => Numbering::Hash,
            },
            lease: knobs.span("lease"),
            redeploy: knobs.span("redeploy"),
            remembers: knobs.on("remember"),
            parses_with_own_epoch: knobs.choice("parser") == "own-epoch",
            skew: knobs.span("skew"),
            sequences: knobs.count("sequences") as u64,
            range: if knobs.choice("scheme") == "db-sequence" { 1 } else { knobs.count("range") as u64 },
            page_entries: knobs.count("page_entries"),
            buffer_pages: knobs.count("buffer_pages"),
            split: match knobs.choice("split") {
                "plain" => Split::Plain,
                _ => Split::RightMost { keep: knobs.num("fill_factor") },
            },
            page_read: knobs.span("page_read"),
        }
    }

    /// The layout of a site, 0 or 1: with its own epoch if each site has one.
    pub fn layout_of(&self, site: usize) -> Layout {
        let gap = if self.own_epoch_per_site && site == 1 { SITE_EPOCH_GAP_MS } else { 0 };
        Layout { epoch_ms: self.layout.epoch_ms + gap, ..self.layout }
    }

    /// What a reader of ids takes their layout for.
    pub fn parser(&self, site: usize) -> Layout {
        if self.parses_with_own_epoch { self.layout_of(site) } else { Layout { epoch_ms: TWITTER_EPOCH_MS, ..self.layout } }
    }
}

/// Only snowflakes and ranges come in blocks; everything else is asked for one by one.
pub fn refuses(knobs: &Knobs) -> Result<(), String> {
    let scheme = knobs.choice("scheme");
    let batch = knobs.int("batch");
    if batch > 1 && !matches!(scheme, "snowflake" | "ticket-server") {
        return Err(format!("knob `batch` is {batch}, but must be 1 unless `scheme` is snowflake or ticket-server"));
    }
    Ok(())
}

/// The year, with its fraction, of a moment in milliseconds since 1970; Gregorian years have 365.2425 days.
pub fn year(ms: u64) -> f64 {
    1970.0 + ms as f64 / 1000.0 / 86_400.0 / 365.2425
}
