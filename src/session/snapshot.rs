//! An interview read back from what was kept: of an older version, of a newer one, or damaged.

use std::time::Duration;

use serde::Deserialize;

use super::Session;

/// The shape that is written. Fields that came later have defaults, so that each older shape is still read.
pub(super) const FORMAT: u32 = 2;

/// Longer than any interview; sums of such times stay far from the end of the clock.
const LONG: Duration = Duration::from_secs(100 * 366 * 86_400);

/// Snapshots did not say their shape at first.
pub(super) fn first() -> u32 {
    1
}

/// Why a kept interview cannot be taken up. Nothing of it is touched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("it was kept by a newer greenroom (format {0}, this one reads up to {FORMAT}): update to go on with it")]
    Newer(u32),
    #[error("it is damaged ({0}); its notes are still in the history")]
    Damaged(String),
}

#[derive(Deserialize)]
struct Shape {
    #[serde(default = "first")]
    format: u32,
}

impl Session {
    /// Reads a snapshot.
    ///
    /// # Errors
    /// A newer greenroom wrote it, or it is damaged.
    pub fn restore(text: &str) -> Result<Session, Unreadable> {
        let damaged = |why: &dyn ToString| Unreadable::Damaged(why.to_string());
        // A newer shape may have words that this one does not know: say that first.
        let shape: Shape = serde_json::from_str(text).map_err(|why| damaged(&why))?;
        if shape.format > FORMAT {
            return Err(Unreadable::Newer(shape.format));
        }
        let mut session: Session = serde_json::from_str(text).map_err(|why| damaged(&why))?;
        session.sound().map_err(|why| damaged(&why))?;
        session.format = FORMAT;
        Ok(session)
    }

    /// Whether every place in it exists: a snapshot is data, and data may say anything.
    fn sound(&self) -> Result<(), String> {
        let phases = self.plan.phases.len();
        let counts = [("times", self.spent.len()), ("begun phases", self.begun.len()), ("notes", self.notes.len()), ("hints", self.hints.len())];
        if phases == 0 {
            return Err("it has no phases".into());
        }
        if let Some((what, count)) = counts.into_iter().find(|(_, count)| *count != phases) {
            return Err(format!("it has {count} {what} for {phases} phases"));
        }
        if self.moments.len() != self.plan.moments.len() {
            return Err(format!("it has {} moments of {}", self.moments.len(), self.plan.moments.len()));
        }
        if self.phase >= phases {
            return Err(format!("it stands in phase {} of {phases}", self.phase + 1));
        }
        if self.revealed.last().is_some_and(|last| *last >= phases) {
            return Err("it shows a phase it does not have".into());
        }
        if self.times().any(|time| time > LONG) {
            return Err("it has a time of more than a century".into());
        }
        Ok(())
    }

    fn times(&self) -> impl Iterator<Item = Duration> + '_ {
        let plan = self.plan.phases.iter().map(|phase| phase.time).chain(self.plan.moments.iter().map(|moment| moment.at));
        let said = self.said.iter().map(|(at, _)| *at).chain(self.moments.iter().flatten().copied());
        let clocks = [self.last_key, self.entered, self.paused_for, self.away_for];
        plan.chain(said).chain(self.spent.iter().copied()).chain(self.marks.values().copied()).chain(clocks)
    }
}
