//! What happens on a panic: the terminal is given back, a report is written, the user is told where it lies.

use super::event::Message;
use super::terminal;
use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::thread;

/// From now on a panic on this thread ends the app tidily, and one on any other thread becomes a message.
pub fn install(folder: PathBuf, app: Sender<Message>) {
    let screen = thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        let report = report(info);
        let place = write(&folder, &report);
        let at = place.map_or_else(|why| format!("no report could be written: {why}"), |path| format!("report: {}", path.display()));
        if thread::current().id() == screen {
            terminal::leave();
            // The terminal is ours to write on again, unless it is gone: then this write may fail, and that is all.
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "greenroom stopped: {}\n{at}\nWhat you typed is saved; start again to go on.", says(info));
        } else {
            let _ = app.send(Message::Panicked(format!("{} · {at}", says(info))));
        }
    }));
}

fn says(info: &PanicHookInfo<'_>) -> String {
    let text = info.payload().downcast_ref::<&str>().map(ToString::to_string).or_else(|| info.payload().downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a message".into())
}

fn report(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(String::new, ToString::to_string);
    let thread = thread::current().name().unwrap_or("unnamed").to_string();
    let trace = Backtrace::force_capture();
    format!(
        "greenroom {}\nsystem: {} {}\nthread: {thread}\nat: {place}\n\n{}\n\n{trace}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        says(info)
    )
}

fn write(folder: &Path, report: &str) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let stamp = chrono::Utc::now().format("%Y%m%d-%H%M%S%.3f");
    let path = folder.join(format!("crash-{stamp}.txt"));
    std::fs::write(&path, report)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn a_worker_that_panics_becomes_a_message_and_a_report() {
        let folder = tempfile::tempdir().unwrap();
        let (sender, inbox) = channel();
        let before = std::panic::take_hook();
        install(folder.path().join("new"), sender);
        let worker = thread::Builder::new().name("worker".into()).spawn(|| panic!("the cache is on fire")).unwrap();
        assert!(worker.join().is_err());
        std::panic::set_hook(before);
        let told = inbox.try_iter().find_map(|message| match message {
            Message::Panicked(why) => Some(why),
            _ => None,
        });
        assert!(told.is_some_and(|why| why.starts_with("the cache is on fire · report: ")));
        let report = std::fs::read_dir(folder.path().join("new")).unwrap().flatten().next().unwrap();
        assert!(report.file_name().to_string_lossy().starts_with("crash-"));
        let text = std::fs::read_to_string(report.path()).unwrap();
        assert!(text.contains("thread: worker") && text.contains("the cache is on fire") && text.contains("crash.rs"), "{text}");
    }
}
