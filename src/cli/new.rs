//! `greenroom new`: the frame of a problem or of a design, whole enough to pass its checks before a word is changed.

use super::{Done, Out, Trouble};
use crate::home::Home;
use clap::Subcommand;
use std::fs;
use std::path::Path;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// A card: into problems/ of a checkout of greenroom, else among your own.
    Problem {
        /// Lower-case words joined by hyphens: url-shortener.
        id: String,
    },
    /// A simulation: Rust code, into a checkout of greenroom.
    Design {
        /// Lower-case words joined by hyphens: url-shortener.
        id: String,
    },
}

const CARD: &str = include_str!("../../assets/frames/problem.yaml");
/// The frame is a design of the house itself, so that it always compiles and keeps the rules.
const DESIGN: [(&str, &str); 4] = [
    ("mod.rs", include_str!("../../sims/src/frame/mod.rs")),
    ("nodes.rs", include_str!("../../sims/src/frame/nodes.rs")),
    ("watch.rs", include_str!("../../sims/src/frame/watch.rs")),
    ("tests.rs", include_str!("../../sims/src/frame/tests.rs")),
];
const REGISTRY: &str = "sims/src/designs/mod.rs";
const GOLDEN: &str = "sims/tests/golden.txt";

pub fn run(args: &Args, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let here = std::env::current_dir().map_err(|why| Trouble::Around(format!("the current folder: {why}")))?;
    let checkout = here.ancestors().find(|dir| dir.join(REGISTRY).is_file());
    match &args.what {
        What::Problem { id } => out.text(&problem(named(id)?, checkout, home)?)?,
        What::Design { id } => {
            let root = checkout.ok_or_else(|| Trouble::Use("a design is Rust code: run this inside a checkout of greenroom".into()))?;
            out.text(&design(named(id)?, root)?)?;
        }
    }
    Ok(Done::Code(0))
}

/// The id, if it can be the name of a file and of a Rust module.
fn named(id: &str) -> Result<&str, Trouble> {
    let words = id.split('-').all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
    if words && id.starts_with(|c: char| c.is_ascii_lowercase()) && id.len() <= 60 {
        return Ok(id);
    }
    Err(Trouble::Use(format!("`{id}` is no id: lower-case letters and digits, words joined by hyphens, a letter first, at most 60 in all")))
}

/// `url-shortener` reads `Url shortener`.
fn title(id: &str) -> String {
    let text = id.replace('-', " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn problem(id: &str, checkout: Option<&Path>, home: &Home) -> Result<String, Trouble> {
    let dir = checkout.map_or_else(|| home.problems(), |root| root.join("problems"));
    let path = dir.join(format!("{id}.yaml"));
    write_new(&path, &CARD.replace("{id}", id).replace("{title}", &title(id)))?;
    Ok(format!("wrote {}\nnext: fill it in, then greenroom check {}\n", path.display(), path.display()))
}

fn design(id: &str, root: &Path) -> Result<String, Trouble> {
    let module = id.replace('-', "_");
    let folder = root.join("sims/src/designs").join(&module);
    if folder.exists() {
        return Err(Trouble::Use(format!("{} is there already; nothing was written", folder.display())));
    }
    let registry = read(&root.join(REGISTRY))?;
    let registry = registered(&registry, &module).ok_or_else(|| Trouble::Around(format!("{REGISTRY}: no list `ALL: &[&Design]` to add to")))?;
    let golden = read(&root.join(GOLDEN))?;
    for (name, text) in DESIGN {
        write_new(&folder.join(name), &renamed(name, text, id))?;
    }
    replace(&root.join(REGISTRY), &registry)?;
    // The frame's own digest is that of its copy, until its first change.
    let digest = golden.lines().find_map(|line| line.strip_prefix("frame ")).unwrap_or_default();
    replace(&root.join(GOLDEN), &format!("{}\n{id} {digest}\n", golden.trim_end()))?;
    Ok(format!(
        "wrote {}\nnext: HOUSE_DESIGN={id} cargo test -p sims --test house, then greenroom sim {id}\n\
         once it is your own: HOUSE_GOLDEN=write cargo test -p sims --test house golden\n",
        folder.display()
    ))
}

fn renamed(name: &str, text: &str, id: &str) -> String {
    if name != "mod.rs" {
        return text.to_string();
    }
    let head = text.lines().next().unwrap_or_default();
    text.replacen(head, &format!("//! {}: a frame to start from; say here in one sentence what it is.", title(id)), 1)
        .replace("id: \"frame\"", &format!("id: \"{id}\""))
        .replace("title: \"Frame\"", &format!("title: \"{}\"", title(id)))
}

/// The list of designs with one more: its `mod` line in order, its name at the end of the slice.
fn registered(text: &str, module: &str) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let line = format!("pub mod {module};");
    let mods: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].starts_with("pub mod ")).collect();
    let at = mods.iter().copied().find(|at| lines[*at] > line.as_str()).or_else(|| mods.last().map(|at| at + 1))?;
    lines.insert(at, &line);
    let text = lines.join("\n") + "\n";
    let start = text.find("pub const ALL: &[&Design] = &[")?;
    let end = start + text[start..].find("];")?;
    let list = text[..end].trim_end().trim_end_matches(',');
    let closing = if text[..end].ends_with('\n') { ",\n" } else { "" };
    Some(format!("{list}, &{module}::DESIGN{closing}{}", &text[end..]))
}

fn read(path: &Path) -> Result<String, Trouble> {
    fs::read_to_string(path).map_err(|why| Trouble::Around(format!("{}: {why}", path.display())))
}

/// Never over something that is there.
fn write_new(path: &Path, text: &str) -> Result<(), Trouble> {
    if path.exists() {
        return Err(Trouble::Use(format!("{} is there already; nothing was written", path.display())));
    }
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(|why| Trouble::Around(format!("{}: {why}", dir.display())))?;
    }
    replace(path, text)
}

fn replace(path: &Path, text: &str) -> Result<(), Trouble> {
    fs::write(path, text).map_err(|why| Trouble::Around(format!("{}: {why}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::check;

    #[test]
    fn the_frame_of_a_problem_has_no_fault() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        problem("photo-wall-2", None, &home).unwrap();
        let path = home.problems().join("photo-wall-2.yaml");
        let report = check::check_paths(std::slice::from_ref(&path));
        assert!(report.is_clean(), "{}", report.render(crate::catalog::Paint::Plain));
        assert!(fs::read_to_string(&path).unwrap().contains("title: Photo wall 2"));
        assert!(matches!(problem("photo-wall-2", None, &home), Err(Trouble::Use(why)) if why.contains("is there already")));
    }

    #[test]
    fn the_frame_of_a_design_is_registered_under_its_own_name() {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in [(REGISTRY, include_str!("../../sims/src/designs/mod.rs")), (GOLDEN, include_str!("../../sims/tests/golden.txt"))] {
            fs::create_dir_all(dir.path().join(path).parent().unwrap()).unwrap();
            fs::write(dir.path().join(path), text).unwrap();
        }
        design("photo-wall", dir.path()).unwrap();
        let registry = read(&dir.path().join(REGISTRY)).unwrap();
        assert!(registry.contains("pub mod photo_wall;\n") && registry.contains("&photo_wall::DESIGN"), "{registry}");
        assert_eq!(registry.matches("DESIGN").count(), include_str!("../../sims/src/designs/mod.rs").matches("DESIGN").count() + 1);
        let frame = read(&dir.path().join("sims/src/designs/photo_wall/mod.rs")).unwrap();
        assert!(frame.starts_with("//! Photo wall: ") && frame.contains("id: \"photo-wall\"") && frame.contains("title: \"Photo wall\""), "{frame}");
        assert!(!frame.contains("\"frame\""));
        let golden = read(&dir.path().join(GOLDEN)).unwrap();
        assert!(golden.lines().any(|line| line.starts_with("photo-wall ") && line.len() == "photo-wall ".len() + 16), "{golden}");
        assert!(design("photo-wall", dir.path()).is_err());
    }

    #[test]
    fn a_list_over_several_lines_grows_too() {
        let text = "pub mod b;\n\npub const ALL: &[&Design] = &[\n    &b::DESIGN,\n];\n";
        assert_eq!(registered(text, "a").unwrap(), "pub mod a;\npub mod b;\n\npub const ALL: &[&Design] = &[\n    &b::DESIGN, &a::DESIGN,\n];\n");
        assert_eq!(registered("nothing here", "a"), None);
    }

    #[test]
    fn ids_that_cannot_be_names_are_refused() {
        for bad in ["", "Photo", "a--b", "-a", "a-", "9lives", "a_b", "a/b", "..", "é"] {
            assert!(named(bad).is_err(), "{bad}");
        }
    }
}
