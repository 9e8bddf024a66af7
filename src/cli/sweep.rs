//! `greenroom sweep`: one knob over a range, several seeds; shards for many machines, and their merging.

use super::setting::Setting;
use super::{Done, Out, Trouble, out, target};
use crate::catalog::Catalog;
use crate::catalog::expect::significant;
use crate::lab::sweep::{self, Shard, Sheet, Sweep};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A problem's id, or a design's.
    #[arg(required_unless_present = "merge", conflicts_with = "merge")]
    id: Option<String>,
    /// The knob and its values: limit=10..100, limit=10..100:30, delay=1ms..1s:x10, policy=fifo,lru, policy=all.
    #[arg(long, value_name = "KNOB=RANGE", required_unless_present = "merge", conflicts_with = "merge")]
    knob: Option<String>,
    /// What to look at, as often as you like.
    #[arg(long, value_name = "METRIC", required_unless_present = "merge", conflicts_with = "merge")]
    metric: Vec<String>,
    /// So many seeds for each value, from --seed or 1 on.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    seeds: u64,
    #[command(flatten)]
    setting: Setting,
    /// Only part I of N: every N-th run. Its output is JSON, for --merge.
    #[arg(long, value_name = "I/N", conflicts_with_all = ["merge", "csv"])]
    shard: Option<Shard>,
    /// Put the shards of one sweep together again.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    merge: Vec<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Print CSV, a line for each run.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

pub fn run(args: &Args, catalog: &Catalog, out: &mut Out) -> Result<Done, Trouble> {
    let sheet = if args.merge.is_empty() { swept(args, catalog)? } else { merged(&args.merge)? };
    if args.json || args.shard.is_some() {
        out.json(&sheet)?;
    } else if args.csv {
        out.text(&sheet.csv())?;
    } else {
        out.text(&told(&sheet))?;
    }
    Ok(Done::Code(0))
}

fn swept(args: &Args, catalog: &Catalog) -> Result<Sheet, Trouble> {
    let design = target::design(catalog, args.id.as_deref().unwrap_or_default())?;
    let knob = args.knob.as_deref().unwrap_or_default();
    let (knob, range) = knob.split_once('=').ok_or_else(|| Trouble::Use(format!("--knob {knob}: write KNOB=RANGE (limit=10..100:30)")))?;
    let spec = args.setting.spec(design, catalog)?;
    let first = args.setting.seed.unwrap_or(1);
    let seeds = (0..args.seeds).map(|n| first.wrapping_add(n)).collect();
    let sweep = Sweep::new(spec, knob.trim(), range, args.metric.clone(), seeds)?;
    let shard = args.shard.unwrap_or(Shard::WHOLE);
    let done = AtomicUsize::new(0);
    let sheet = watched(&done, sweep.runs(shard), || sweep.run(shard, &done, &AtomicBool::new(false)))?;
    sheet.ok_or_else(|| Trouble::Around("the sweep was cut off".into()))
}

/// Says on a terminal how far it is, without getting into the output.
fn watched<T>(done: &AtomicUsize, of: usize, work: impl FnOnce() -> T) -> T {
    if !std::io::stderr().is_terminal() {
        return work();
    }
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let _ = write!(std::io::stderr(), "\r{} of {of} runs", done.load(Ordering::Relaxed));
                std::thread::sleep(Duration::from_millis(100));
            }
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        });
        let result = work();
        over.store(true, Ordering::Relaxed);
        result
    })
}

fn merged(files: &[PathBuf]) -> Result<Sheet, Trouble> {
    let sheets = files.iter().map(|path| sheet(path)).collect::<Result<Vec<_>, _>>()?;
    Ok(sweep::merge(sheets)?)
}

fn sheet(path: &Path) -> Result<Sheet, Trouble> {
    let wrong = |why: String| Trouble::Use(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|why| wrong(why.to_string()))?;
    let sheet: Sheet = serde_json::from_str(&text).map_err(|why| wrong(format!("no sheet of a sweep: {why}")))?;
    if sheet.format == 1 { Ok(sheet) } else { Err(wrong(format!("has format {}, but this greenroom reads 1", sheet.format))) }
}

fn told(sheet: &Sheet) -> String {
    let seeds = sheet.seeds.len();
    let mut text = format!("{} · {} over {} values · {seeds} seeds each\n", sheet.design, sheet.knob, sheet.values.len());
    for metric in &sheet.metrics {
        let mut rows = vec![[&sheet.knob, metric, "least", "most", "broken"].map(str::to_string).to_vec()];
        for at in sheet.spread(metric) {
            let number = |x: f64| if at.runs == 0 { "none".into() } else { significant(x) };
            let broken = if at.broken == 0 { String::new() } else { format!("{} of {seeds}", at.broken) };
            rows.push(vec![at.value.clone(), number(at.mean), number(at.least), number(at.most), broken]);
        }
        text.push_str(&format!("\n{}", out::table(&rows, &[0, 1, 2, 3])));
    }
    text.push_str("\nThe mean over the seeds, its least and most; `broken`: runs in which an invariant broke.\n");
    text
}
