//! The user's own editor for a text: started as they write it down, waited for, and its words taken back.

use super::terminal;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// How often we look whether the editor is still open.
const LOOK_EVERY: Duration = Duration::from_millis(30);
/// A look that comes this late was slept through: the editor was stopped, and we with it.
const ASLEEP: Duration = Duration::from_secs(3);
/// Nobody opens, reads and closes an editor in this time: it has left us behind.
const AT_ONCE: Duration = Duration::from_millis(700);

/// Hands the text to the editor and returns what came back, and how long both stood still; the terminal is the editor's in between.
pub fn edit(editor: &str, text: &str) -> (Result<String, String>, Duration) {
    let mut slept = Duration::ZERO;
    let back = words(editor).and_then(|words| {
        let path = draft(text).map_err(|why| format!("the editor's file: {why}"))?;
        let begun = Instant::now();
        let ended = terminal::lend(|| run(&words, &path, &mut slept)).map_err(|why| why.to_string())?;
        taken(&words, &path, text, ended, begun.elapsed())
    });
    (back, slept)
}

/// `code --wait` and `"/opt/my editor/bin/ed" -w` as a shell would read them; `~/` is the home.
fn words(editor: &str) -> Result<Vec<OsString>, String> {
    let split = shlex::split(editor).ok_or_else(|| format!("the editor `{editor}` has a quote that is not closed"))?;
    if split.is_empty() {
        return Err("the editor is an empty text: set `editor` in config.toml, or $EDITOR".into());
    }
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let full = |word: String| match (word.strip_prefix("~/"), &home) {
        (Some(rest), Some(home)) => home.join(rest).into_os_string(),
        _ => OsString::from(word),
    };
    Ok(split.into_iter().map(full).collect())
}

/// A file of our own that nobody else may read: notes are private.
fn draft(text: &str) -> std::io::Result<PathBuf> {
    let path = std::env::temp_dir().join(format!("greenroom-{}.md", uuid::Uuid::now_v7().simple()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&path)?.write_all(text.as_bytes())?;
    Ok(path)
}

fn run(words: &[OsString], path: &Path, slept: &mut Duration) -> std::io::Result<ExitStatus> {
    let mut child = Command::new(&words[0]).args(&words[1..]).arg(path).spawn()?;
    let mut looked = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        std::thread::sleep(LOOK_EVERY);
        let gap = looked.elapsed();
        if gap > ASLEEP {
            *slept += gap - LOOK_EVERY;
        }
        looked = Instant::now();
    }
}

/// The text as it is now, or why it is as it was. The file stays only if it holds words that could not be taken.
fn taken(words: &[OsString], path: &Path, before: &str, ended: std::io::Result<ExitStatus>, took: Duration) -> Result<String, String> {
    // The footer is short: the name without its folder says enough.
    let name = Path::new(&words[0]).file_name().unwrap_or(&words[0]).to_string_lossy();
    let done = match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{name}` ended with {status}; the notes are as they were")),
        Err(why) if why.kind() == ErrorKind::NotFound => Err(format!("there is no editor `{name}`: set `editor` in config.toml, or $EDITOR")),
        Err(why) => Err(format!("`{name}`: {why}; the notes are as they were")),
    };
    let text = std::fs::read_to_string(path);
    match (done, text) {
        (Err(why), _) => {
            let _ = std::fs::remove_file(path);
            Err(why)
        }
        (Ok(()), Err(why)) => Err(format!("what `{name}` wrote cannot be read ({why}); it is still in {}", path.display())),
        // A windowed editor that does not wait is still open: its file must stay, or what is typed there is lost.
        (Ok(()), Ok(text)) if text == before && took < AT_ONCE => {
            Err(format!("`{name}` came back at once: one with a window needs a flag to wait, as in `code --wait`"))
        }
        (Ok(()), Ok(text)) => {
            let _ = std::fs::remove_file(path);
            Ok(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_editor_is_read_as_a_shell_would() {
        let plain = |editor: &str| words(editor).map(|words| words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>());
        assert_eq!(plain("code --wait").unwrap(), ["code", "--wait"]);
        assert_eq!(plain("'/opt/my editor/ed' -w \"a b\"").unwrap(), ["/opt/my editor/ed", "-w", "a b"]);
        assert!(plain("vim 'x").unwrap_err().contains("not closed"));
        assert!(plain("  ").unwrap_err().contains("empty"));
        assert!(!plain("~/bin/ed").unwrap()[0].starts_with('~'));
    }

    #[test]
    fn only_we_may_read_the_draft() {
        let path = draft("a secret").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::remove_file(path).unwrap();
    }
}
