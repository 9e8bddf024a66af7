//! The other rooms of the house, as far as the screens may reach them.

use std::path::PathBuf;

/// What screens may read and use. Parts that are still being loaded are `None`.
#[derive(Default)]
pub struct Rooms {
    pub heads: Option<Vec<Head>>,
    pub data: PathBuf,
}

/// What the list shows of a problem.
#[derive(Clone, Debug, Default)]
pub struct Head {
    pub id: String,
    pub title: String,
    pub group: String,
    pub level: String,
    pub difficulty: String,
    pub minutes: u32,
}

/// What the loading thread brings.
pub struct Loaded {
    pub heads: Vec<Head>,
}

impl Rooms {
    pub fn open() -> Rooms {
        let data = std::env::var_os("GREENROOM_HOME").map_or_else(std::env::temp_dir, PathBuf::from);
        Rooms { heads: None, data }
    }

    /// Takes in what was loaded; returns what the user should be told, a line each.
    pub fn take(&mut self, loaded: Loaded) -> Vec<String> {
        self.heads = Some(loaded.heads);
        Vec::new()
    }

    /// Frames a second at most for charts: fewer where every byte travels.
    pub fn frames_per_second(&self) -> u32 {
        if std::env::var_os("SSH_TTY").is_some() { 4 } else { 10 }
    }

    /// Writes down what is still on its way.
    pub fn flush(&self) {}

    /// The same for the thread of signals, which cannot reach the rooms: as long as the limit allows.
    pub fn flusher(&self) -> impl Fn(std::time::Duration) + Send + 'static {
        |_limit| {}
    }

    /// The user's editor.
    pub fn editor(&self) -> String {
        ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty())).unwrap_or_else(|| "vi".into())
    }
}

/// Reads the catalog; on a thread of its own, behind the first frame.
pub fn load() -> Loaded {
    let heads = sims::designs::ALL.iter().map(|d| Head { id: d.id.into(), title: d.title.into(), ..Head::default() }).collect();
    Loaded { heads }
}
