//! Lists the content files for embedding, so that a new file is seen and nothing is read from disk at run time.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Folders of content, in the order in which they are read.
const FOLDERS: &[&str] = &["rubrics", "problems", "problems/decks", "problems/runs", "assets"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    println!("cargo::rerun-if-changed=build.rs");
    let mut listed = String::from("/// Every built-in content file: its path from the root, and its text.\nstatic BUILT_IN: &[(&str, &str)] = &[\n");
    // Cargo looks into these folders itself, so that new files and new subfolders are seen.
    for folder in FOLDERS.iter().filter(|f| !f.contains('/') && root.join(f).is_dir()) {
        println!("cargo::rerun-if-changed={folder}");
    }
    for folder in FOLDERS {
        for file in yaml_files(&root.join(folder))? {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let _ = writeln!(listed, "    ({:?}, include_str!({:?})),", format!("{folder}/{name}"), file);
        }
    }
    listed.push_str("];\n");
    fs::write(out.join("embedded.rs"), listed)
}

/// The YAML files of a folder, sorted; none if there is no such folder.
fn yaml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "yaml") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
