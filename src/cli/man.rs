//! `greenroom man`: the manual page, made from the very table that reads the arguments.

use super::{Cli, Done, Out, Trouble};
use clap::CommandFactory;
use clap_mangen::Man;

pub fn run(out: &mut Out) -> Result<Done, Trouble> {
    let page = page().map_err(|why| Trouble::Around(format!("the manual page: {why}")))?;
    out.text(&String::from_utf8_lossy(&page))?;
    Ok(Done::Code(0))
}

/// One page for all: a section for each subcommand stands where others have a page of its own.
fn page() -> std::io::Result<Vec<u8>> {
    let mut command = Cli::command();
    command.build();
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        page.extend_from_slice(format!(".SH GREENROOM {}\n{about}\n", sub.get_name().to_uppercase()).as_bytes());
        // What holds for all is told once, above.
        let own = sub.clone().mut_args(|arg| if arg.is_global_set() || arg.get_id() == "help" { arg.hide(true) } else { arg });
        let man = Man::new(own);
        let mut part = Vec::new();
        man.render_synopsis_section(&mut part)?;
        man.render_options_section(&mut part)?;
        // Its sections become parts of this one.
        page.extend_from_slice(String::from_utf8_lossy(&part).replace(".SH ", ".SS ").as_bytes());
    }
    page.extend_from_slice(FILES.as_bytes());
    man.render_extra_section(&mut page)?;
    man.render_version_section(&mut page)?;
    Ok(page)
}

const FILES: &str = r".SH FILES
.TP
\fB$GREENROOM_HOME\fR, else the XDG folders of greenroom
.br
greenroom.db, backups/, log/, config.toml, and your own problems/, rubrics/, runs/. \fBgreenroom doctor\fR prints where they are.
";

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_tells_every_subcommand_and_its_options() {
        let page = String::from_utf8(super::page().unwrap()).unwrap();
        assert!(page.contains(".TH greenroom 1"), "{page}");
        for part in [".SH GREENROOM SWEEP", ".SH GREENROOM SIM", ".SS OPTIONS", "\\-\\-warm\\-up", ".SH FILES", "Exit codes"] {
            assert!(page.contains(part), "no {part}");
        }
    }
}
