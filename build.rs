//! Lists the content files for embedding, and indexes the heads of the problems, the ids of the cards and pages, so that start-up parses nothing.

use serde::Deserialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Folders of content, in the order in which they are read.
const FOLDERS: &[&str] = &["rubrics", "problems", "problems/decks", "problems/pages", "problems/runs"];

/// What the list shows of a problem. Whether the rest of a card is sound is for `greenroom check` to say: a bad card must not keep
/// the program from being built.
#[derive(Deserialize)]
struct Head {
    id: String,
    title: String,
    group: String,
    level: String,
    difficulty: String,
    minutes: u32,
    #[serde(default)]
    mechanisms: Vec<String>,
    #[serde(default)]
    variants: Vec<Part>,
    #[serde(default)]
    design: Option<String>,
    #[serde(default)]
    experiments: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    id: String,
}

/// What must be known of a deck without reading it: which ids are taken.
#[derive(Deserialize)]
struct Deck {
    id: String,
    #[serde(default)]
    cards: Vec<Part>,
    #[serde(default)]
    flaws: Vec<Part>,
}

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    println!("cargo::rerun-if-changed=build.rs");
    // Cargo looks into these folders itself, so that new files and new subfolders are seen.
    for folder in FOLDERS.iter().chain(&["assets"]).filter(|f| !f.contains('/') && root.join(f).is_dir()) {
        println!("cargo::rerun-if-changed={folder}");
    }
    let mut files = String::new();
    let mut heads = String::new();
    let mut decks = String::new();
    let mut pages = String::new();
    for folder in FOLDERS {
        for file in yaml_files(&root.join(folder))? {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let _ = writeln!(files, "    ({:?}, include_str!({:?})),", format!("{folder}/{name}"), file);
            if *folder == "problems"
                && let Ok(head) = serde_yaml::from_str::<Head>(&fs::read_to_string(&file)?)
            {
                write_head(&mut heads, &head);
            }
            if *folder == "problems/pages" {
                let _ = writeln!(pages, "    {:?},", name.trim_end_matches(".yaml"));
            }
            if *folder == "problems/decks"
                && let Ok(deck) = serde_yaml::from_str::<Deck>(&fs::read_to_string(&file)?)
            {
                let ids: Vec<String> = deck.cards.into_iter().chain(deck.flaws).map(|part| part.id).collect();
                let _ = writeln!(decks, "    ({:?}, &{ids:?}),", deck.id);
            }
        }
    }
    let text = format!(
        "static FILES: &[(&str, &str)] = &[\n{files}];\nstatic HEADS: &[BuiltIn] = &[\n{heads}];\n\
         static DECKS: &[(&str, &[&str])] = &[\n{decks}];\nstatic PAGES: &[&str] = &[\n{pages}];\n"
    );
    fs::write(out.join("embedded.rs"), text)
}

fn write_head(out: &mut String, head: &Head) {
    let ids = |parts: &[Part]| parts.iter().map(|part| part.id.clone()).collect::<Vec<_>>();
    let _ = writeln!(
        out,
        "    BuiltIn {{ id: {:?}, title: {:?}, group: {:?}, level: {:?}, difficulty: {:?}, minutes: {}, mechanisms: &{:?}, variants: &{:?}, design: {:?}, experiments: &{:?} }},",
        head.id,
        head.title,
        head.group,
        head.level,
        head.difficulty,
        head.minutes,
        head.mechanisms,
        ids(&head.variants),
        head.design,
        ids(&head.experiments),
    );
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
