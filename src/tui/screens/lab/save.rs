//! Saving the run so far, with what was done by hand, as a run file of the user's.

use crate::lab::{Lab, plan};
use crate::tui::screen::{Ask, Ctx, Reply, Tone};

/// What became of a save.
pub struct Saved(Result<std::path::PathBuf, String>);

impl Saved {
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

fn write(folder: &std::path::Path, file: &crate::catalog::RunFile) -> Result<std::path::PathBuf, String> {
    let path = folder.join(format!("{}.yaml", file.id));
    let text = file.to_yaml()?;
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text));
    written.map(|()| path.clone()).map_err(|why| format!("{}: {why}", path.display()))
}
