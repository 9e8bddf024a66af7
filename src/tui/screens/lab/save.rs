//! Saving the run so far, with what was done by hand, as a run file of the user's.

use crate::catalog::{RunFile, check};
use crate::lab::{Lab, plan};
use crate::tui::screen::{Ask, Ctx, Reply, Tone};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What became of a save.
pub struct Saved(Result<std::path::PathBuf, String>);

impl Saved {
    pub fn well(&self) -> bool {
        self.0.is_ok()
    }

    pub fn told(&self) -> Ask {
        match &self.0 {
            Ok(path) => Ask::Toast(Tone::Good, format!("saved as {}", path.display())),
            Err(why) => Ask::Toast(Tone::Bad, format!("not saved: {why}")),
        }
    }
}

/// Writes on a worker: a slow disk must not hold the screen.
pub fn save(lab: &Lab, title: &str, ctx: &Ctx<'_>) -> Reply {
    let Some(spec) = lab.recorded() else { return Reply::ask(Ask::Toast(Tone::Bad, "not saved: the run does not answer".into())) };
    keep(plan::to_file(&spec, title), ctx)
}

/// Writes a run file that is made already.
pub fn keep(file: crate::catalog::RunFile, ctx: &Ctx<'_>) -> Reply {
    let folder = ctx.rooms.home.runs();
    ctx.mailbox.work("save", move || Saved(write(&folder, &file)));
    Reply::DONE
}

/// The challenges and the user's own runs of a design, as they are on disk now.
pub struct Found(pub Vec<Arc<RunFile>>);

/// Looks on a worker, so that what was just saved, here or in another window, is found without a restart.
pub fn find(design: &'static str, ctx: &Ctx<'_>) {
    let known = ctx.rooms.catalog.as_deref().map_or_else(Vec::new, |catalog| catalog.runs_of(design));
    let folder = ctx.rooms.home.runs();
    ctx.mailbox.work("runs", move || Found(with_own(known, &folder, design)));
}

/// The user's files laid over what the catalogue knows; one that was removed is gone, one with faults is left out.
fn with_own(mut known: Vec<Arc<RunFile>>, folder: &Path, design: &str) -> Vec<Arc<RunFile>> {
    let Ok(entries) = std::fs::read_dir(folder) else { return known };
    let mut paths: Vec<PathBuf> =
        entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).filter(|path| path.extension().is_some_and(|e| e == "yaml")).collect();
    paths.sort();
    let own = paths.iter().filter_map(|path| check::run_file(path).ok()).filter(|run| run.design == design);
    for run in own.map(Arc::new) {
        match known.iter_mut().find(|other| other.id == run.id) {
            Some(other) => *other = run,
            None => known.push(run),
        }
    }
    known
}

fn write(folder: &std::path::Path, file: &crate::catalog::RunFile) -> Result<std::path::PathBuf, String> {
    let path = folder.join(format!("{}.yaml", file.id));
    let text = file.to_yaml()?;
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text));
    written.map(|()| path.clone()).map_err(|why| format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_was_just_saved_is_found_and_one_with_faults_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let design = sims::designs::ALL[0];
        let file = |title: &str| plan::to_file(&plan::open_lab(design, 7), title);
        write(folder.path(), &file("First try")).unwrap();
        std::fs::write(folder.path().join("broken.yaml"), "kind: run\n").unwrap();
        let titles = |known: Vec<Arc<RunFile>>| with_own(known, folder.path(), design.id).iter().map(|run| run.title.clone()).collect::<Vec<_>>();
        assert_eq!(titles(Vec::new()), ["First try"]);
        let mut older = file("First try");
        older.title = "An older one".into();
        assert_eq!(titles(vec![Arc::new(older)]), ["First try"], "the file on disk counts");
        assert_eq!(with_own(Vec::new(), &folder.path().join("nowhere"), design.id).len(), 0);
    }
}
