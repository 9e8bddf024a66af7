//! What the list knows of a problem besides its head: the user's own past with it.

use crate::catalog::Head;
use crate::history::{self, Trend};
use crate::store::{Attempt, Prediction, State, Store, StoreError};
use crate::tui::theme::Theme;
use ratatui::style::Style;
use std::collections::BTreeMap;

/// The user's past, read from the store by a worker.
pub struct Past {
    pub attempts: Vec<Attempt>,
    pub predictions: Vec<Prediction>,
    /// Interviews that can be taken up again, newest first: attempt, problem, title, minutes used.
    pub unfinished: Vec<Cut>,
    pub trends: BTreeMap<String, Trend>,
    /// Days in a row, up to today.
    pub streak: u32,
}

/// An interview that was left in the middle.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    pub attempt: String,
    pub problem: String,
    pub title: String,
    pub used_min: u64,
    /// Another greenroom has it open.
    pub elsewhere: bool,
}

impl Past {
    /// # Errors
    /// The store's own.
    pub fn read(store: &Store) -> Result<Past, StoreError> {
        let attempts = store.attempts()?;
        let predictions = store.predictions()?;
        let cut = |u: crate::store::Unfinished| Cut {
            attempt: u.attempt.id,
            problem: u.attempt.problem,
            title: u.attempt.title,
            used_min: u.attempt.used_ms / 60_000,
            elsewhere: u.elsewhere,
        };
        let unfinished = store.unfinished()?.into_iter().map(cut).collect();
        let trends = history::trends(&attempts).into_iter().map(|trend| (trend.problem.clone(), trend)).collect();
        let now = chrono::Local::now();
        let streak = history::streak(&history::calendar(&attempts, &predictions, &store.stints()?, &chrono::Local), now.date_naive()).now;
        Ok(Past { attempts, predictions, unfinished, trends, streak })
    }

    pub fn standing(&self, problem: &str) -> Standing<'_> {
        if let Some(cut) = self.unfinished.iter().find(|cut| cut.problem == problem) {
            return Standing::Paused(cut);
        }
        match self.trends.get(problem) {
            Some(trend) if !trend.totals.is_empty() => Standing::Done(trend),
            _ if self.sat(problem) => Standing::Unscored,
            _ => Standing::Fresh,
        }
    }

    /// Whether an interview of it was finished once.
    pub fn sat(&self, problem: &str) -> bool {
        self.trends.get(problem).is_some_and(|trend| !trend.totals.is_empty())
            || self.attempts.iter().any(|a| a.problem == problem && a.state == State::Finished)
    }

    pub fn done(&self, heads: &[Head]) -> usize {
        heads.iter().filter(|head| matches!(self.standing(&head.id), Standing::Done(_) | Standing::Unscored)).count()
    }
}

/// How a problem stands with the user.
#[derive(Clone, Copy, Debug)]
pub enum Standing<'a> {
    Fresh,
    Paused(&'a Cut),
    /// Sat, not scored.
    Unscored,
    Done(&'a Trend),
}

impl Standing<'_> {
    /// Each has a mark of its own.
    pub fn mark(&self, theme: &Theme) -> (&'static str, Style) {
        match self {
            Standing::Fresh => (theme.pick("○", "."), theme.dim),
            Standing::Paused(_) => (theme.pick("◐", "~"), theme.warn),
            Standing::Unscored => (theme.pick("◌", "o"), theme.accent),
            Standing::Done(_) => (theme.pick("●", "*"), theme.good),
        }
    }

    /// In a word or a number.
    pub fn says(&self) -> String {
        match self {
            Standing::Fresh => String::new(),
            Standing::Paused(cut) => format!("paused {}m", cut.used_min),
            Standing::Unscored => "score it".into(),
            Standing::Done(trend) => format!("{:.0}/50", trend.best().unwrap_or(0.0)),
        }
    }
}
