//! The other rooms of the house, as far as the screens may reach them.

use crate::catalog::{Catalog, Head};
use crate::config::Config;
use crate::home::Home;
use crate::store::Store;
use crate::tui::theme::Surroundings;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What screens may read and use.
pub struct Rooms {
    pub home: Home,
    pub config: Config,
    /// What the terminal and the environment say of looks.
    pub around: Surroundings,
    /// How long the process stood still so far: stopped, or the machine asleep. No screen's clock counts it.
    pub away: Duration,
    /// None until it has been read, on a thread behind the first frame.
    pub catalog: Option<Arc<Catalog>>,
    /// Empty until it has been opened. Shared with the thread of signals, which saves on its own.
    store: Arc<OnceLock<Store>>,
}

/// What the loading thread brings.
pub struct Loaded {
    pub catalog: Arc<Catalog>,
    pub store: Store,
}

impl Rooms {
    pub fn new(home: Home, config: Config, around: Surroundings) -> Rooms {
        Rooms { home, config, around, away: Duration::ZERO, catalog: None, store: Arc::default() }
    }

    /// Takes in what was loaded; returns what the user should be told, a line each.
    pub fn take(&mut self, loaded: Loaded) -> Vec<String> {
        let faults = loaded.catalog.faults();
        let mut told = match faults {
            [] => Vec::new(),
            [one] => vec![one.to_string()],
            [first, ..] => vec![format!("{first} · and {} more: see `greenroom check`", faults.len() - 1)],
        };
        self.catalog = Some(loaded.catalog);
        told.extend(loaded.store.notices());
        let _ = self.store.set(loaded.store);
        told
    }

    /// The problems in the catalog's order; none while it is read.
    pub fn heads(&self) -> &[Head] {
        self.catalog.as_ref().map_or(&[], |catalog| catalog.heads())
    }

    /// How long charts wait between two frames: longer where every byte travels.
    pub fn frame_gap(&self) -> Duration {
        let most = if std::env::var_os("SSH_TTY").is_some() { 4 } else { 60 };
        Duration::from_secs(1) / u32::from(self.config.fps.clamp(1, most))
    }

    /// The database; none while it is opened.
    pub fn store(&self) -> Option<&Store> {
        self.store.get()
    }

    /// Writes down what is still on its way.
    pub fn flush(&self) {
        const LIMIT: Duration = Duration::from_millis(500);
        if let Some(store) = self.store() {
            // What could not be written is told through the store's notices.
            let _ = store.flush(LIMIT);
        }
    }

    /// The same for the thread of signals, which cannot reach the rooms: as long as the limit allows.
    pub fn flusher(&self) -> impl Fn(Duration) + Send + 'static {
        let store = Arc::clone(&self.store);
        move |limit| {
            if let Some(store) = store.get() {
                let _ = store.flush(limit);
            }
        }
    }

    /// The user's editor.
    pub fn editor(&self) -> String {
        let named = || ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
        self.config.editor.clone().or_else(named).unwrap_or_else(|| "vi".into())
    }
}

/// Reads what takes time; on a thread of its own, behind the first frame.
pub fn load(home: &Home) -> Loaded {
    Loaded { catalog: Arc::new(Catalog::load(Some(home.data()))), store: Store::open(home) }
}
