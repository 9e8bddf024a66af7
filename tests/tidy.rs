//! The house in order: who may know whom, how long a file may be, what may never be committed.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// A Rust file longer than this holds two nouns: find them. Tables of data are exempt.
const LINES_MAX: usize = 600;
const TABLES: &[&str] = &["sims/src/kernel/ziggurat.rs"];

/// Where a word may not stand: everything under `under`, except what begins with one of `except`.
struct Wall {
    under: &'static str,
    except: &'static [&'static str],
    words: &'static [&'static str],
    because: &'static str,
}

const WALLS: &[Wall] = &[
    Wall {
        under: "sims/src",
        except: &[],
        words: &["greenroom::", "std::thread", "std::fs", "std::net", "SystemTime", "Instant::now", "serde", "ratatui"],
        because: "a simulation knows no app, no file, no thread and no wall clock",
    },
    Wall { under: "sims/src", except: &["sims/src/parts/hash.rs"], words: &["HashMap", "HashSet"], because: "their order is random" },
    Wall { under: "src", except: &["src/catalog"], words: &["serde_yaml"], because: "YAML is read in catalog" },
    Wall { under: "src", except: &["src/store"], words: &["rusqlite"], because: "SQL is spoken in store" },
    Wall { under: "src", except: &["src/tui"], words: &["ratatui", "crossterm"], because: "screens are drawn in tui" },
    Wall { under: "src", except: &["src/cli", "src/main.rs"], words: &["clap::"], because: "arguments are read in cli" },
    Wall { under: "src", except: &["src/cli", "src/main.rs"], words: &["crate::cli", "greenroom::cli"], because: "nobody knows the command line" },
    Wall {
        under: "src",
        except: &["src/cli", "src/tui", "src/main.rs"],
        words: &["crate::tui", "greenroom::tui"],
        because: "only the command line opens the screens",
    },
    Wall {
        under: "src/session",
        except: &[],
        words: &["crate::store", "crate::lab", "std::fs", "Instant::now", "Utc::now"],
        because: "the interview has no clock and no disk: time is handed in",
    },
    Wall {
        under: "src/plain",
        except: &[],
        words: &["std::fs", "Instant::now", "Utc::now", "println!", "stdin"],
        because: "words in, words out: cli reads and prints",
    },
    Wall { under: "src/score", except: &[], words: &["crate::store", "crate::lab", "std::fs", "Instant::now", "Utc::now"], because: "scoring is pure" },
    Wall {
        under: "src/drill",
        except: &[],
        words: &["crate::store", "crate::lab", "std::fs", "Instant::now", "Utc::now", "Local::now"],
        because: "drills are pure",
    },
    Wall { under: "src/history", except: &[], words: &["std::fs", "Instant::now", "Utc::now", "Local::now"], because: "history is pure" },
    Wall { under: "src/catalog", except: &[], words: &["crate::store", "crate::lab", "crate::session"], because: "content knows only the designs" },
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below, by its path from the root, in order.
fn files(under: &str) -> Vec<String> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(dir) else { return };
        for path in entries.filter_map(|e| e.ok().map(|e| e.path())) {
            if path.is_dir() {
                if path.file_name().is_some_and(|n| n != "target") {
                    walk(&path, found);
                }
            } else {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(under), &mut found);
    let mut names: Vec<String> = found.iter().filter_map(|p| p.strip_prefix(root()).ok()?.to_str().map(str::to_string)).collect();
    names.sort();
    names
}

fn rust_files(under: &str) -> Vec<(String, String)> {
    let rust = files(under).into_iter().filter(|f| f.ends_with(".rs"));
    rust.map(|f| (f.clone(), fs::read_to_string(root().join(&f)).unwrap())).collect()
}

/// Code without its comments, so that a wall may be talked about, and without its tests, which may use threads to try what is shared.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().take_while(|line| *line != "mod tests {").enumerate().map(|(n, line)| (n + 1, line.split("//").next().unwrap_or("")))
}

#[test]
fn walls_hold() {
    let mut breaches = Vec::new();
    for wall in WALLS {
        for (file, text) in rust_files(wall.under) {
            if file.ends_with("tests.rs") || wall.except.iter().any(|e| file.starts_with(e)) {
                continue;
            }
            for (line, code) in code(&text) {
                if let Some(word) = wall.words.iter().find(|w| code.contains(**w)) {
                    breaches.push(format!("{file}:{line}: `{word}`: {}", wall.because));
                }
            }
        }
    }
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn files_say_what_they_are_and_have_an_end() {
    let mut wrong = Vec::new();
    for (file, text) in ["src", "sims/src", "tests", "sims/tests"].iter().flat_map(|dir| rust_files(dir)) {
        let lines = text.lines().count();
        if lines > LINES_MAX && !TABLES.contains(&file.as_str()) {
            wrong.push(format!("{file} has {lines} lines, more than {LINES_MAX}"));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{file} does not open by saying what it is"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn one_terminal_backend() {
    // Two versions of crossterm share neither raw mode nor events.
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    assert_eq!(lock.matches("name = \"crossterm\"\n").count(), 1);
}

#[test]
fn the_readme_gives_the_two_commands() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let commands: Vec<&str> = readme.lines().filter(|l| l.starts_with("cargo ")).collect();
    assert_eq!(commands, ["cargo run --release", "cargo test --workspace"]);
}

#[test]
fn nothing_is_left_undone() {
    let marks = ["todo", "unimplemented"].map(|word| format!("{word}!("));
    let mut found = Vec::new();
    for (file, text) in ["src", "sims/src"].iter().flat_map(|dir| rust_files(dir)) {
        for (line, code) in code(&text) {
            if marks.iter().any(|m| code.contains(m.as_str())) {
                found.push(format!("{file}:{line}"));
            }
        }
    }
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn no_path_of_a_machine_is_committed() {
    let words = ["/work/", "/root/", "/tmp/wt"];
    let mut found = Vec::new();
    for file in ["src", "sims", "problems", "rubrics", "assets", "tests", ".ci"].iter().flat_map(|dir| files(dir)) {
        if file == "tests/tidy.rs" {
            continue;
        }
        let Ok(text) = fs::read_to_string(root().join(&file)) else { continue };
        found.extend(text.lines().enumerate().filter(|(_, l)| words.iter().any(|w| l.contains(w))).map(|(n, _)| format!("{file}:{}", n + 1)));
    }
    assert!(found.is_empty(), "{found:?}");
}
