//! Where the user's data lies: one folder under `$GREENROOM_HOME`, else the XDG folders.

use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, base_strategy::Xdg};

/// The user's folders. Nothing here touches the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    data: PathBuf,
    config: PathBuf,
    state: PathBuf,
    from: &'static str,
}

/// Neither `$GREENROOM_HOME` nor a home folder is known.
#[derive(Debug, thiserror::Error)]
#[error("no folder for your data: neither GREENROOM_HOME nor HOME is set")]
pub struct NoHome;

impl Home {
    /// From the environment. `GREENROOM_HOME` puts everything under one folder.
    pub fn from_env() -> Result<Self, NoHome> {
        if let Some(root) = std::env::var_os("GREENROOM_HOME").filter(|root| !root.is_empty()) {
            // A relative folder would move with every `cd`.
            return Ok(Self::at(std::path::absolute(PathBuf::from(&root)).unwrap_or(root.into())));
        }
        let xdg = Xdg::new().map_err(|_| NoHome)?;
        Ok(Self {
            data: xdg.data_dir().join("greenroom"),
            config: xdg.config_dir().join("greenroom"),
            state: xdg.state_dir().unwrap_or_else(|| xdg.data_dir()).join("greenroom"),
            from: "the XDG folders",
        })
    }

    /// Everything under one folder, as `$GREENROOM_HOME` and tests want it.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self { data: root.clone(), config: root.clone(), state: root, from: "GREENROOM_HOME" }
    }

    /// What decided the folders, for `doctor`.
    pub fn from(&self) -> &'static str {
        self.from
    }

    /// The folder of the database and of the user's packs (`problems/`, `rubrics/`, `runs/`).
    pub fn data(&self) -> &Path {
        &self.data
    }

    pub fn database(&self) -> PathBuf {
        self.data.join("greenroom.db")
    }

    pub fn backups(&self) -> PathBuf {
        self.data.join("backups")
    }

    pub fn config(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    pub fn log(&self) -> PathBuf {
        self.state.join("log")
    }

    /// Where a panic's report goes: `crash-<name>.txt`.
    pub fn crash(&self, name: &str) -> PathBuf {
        self.data.join(format!("crash-{name}.txt"))
    }

    pub fn problems(&self) -> PathBuf {
        self.data.join("problems")
    }

    pub fn decks(&self) -> PathBuf {
        self.data.join("problems").join("decks")
    }

    pub fn rubrics(&self) -> PathBuf {
        self.data.join("rubrics")
    }

    pub fn runs(&self) -> PathBuf {
        self.data.join("runs")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_folder_holds_everything() {
        let home = Home::at("/x");
        assert_eq!(home.database(), Path::new("/x/greenroom.db"));
        assert_eq!(home.config(), Path::new("/x/config.toml"));
        assert_eq!(home.decks(), Path::new("/x/problems/decks"));
    }
}
