//! The sections of a card's solution as documents, each with its diagram.

use crate::catalog::Problem;
use crate::tui::panes::markdown::Markdown;

/// One section and the phase it answers.
pub struct Section {
    pub phase: String,
    pub text: Markdown,
}

/// All sections, in the card's order.
pub fn sections(problem: &Problem) -> Vec<Section> {
    let section = |section: &crate::catalog::SolutionSection| {
        let diagram = section.diagram.as_ref().map_or(String::new(), |graph| format!("\n\n```mermaid\n{}\n```\n", graph.trim_end()));
        Section { phase: section.phase.clone(), text: Markdown::new(format!("## {}\n\n{}{diagram}", section.title, section.body.trim_end())) }
    };
    problem.solution.iter().map(section).collect()
}
