//! Skeletons for notes: the headings an interviewer listens for, to be filled in.

/// One skeleton.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    pub title: &'static str,
    /// Words in a phase's id for which it is offered first.
    suits: &'static [&'static str],
    pub text: &'static str,
}

const TEMPLATES: &[Template] = &[
    Template {
        title: "Requirements",
        suits: &["requirement", "clarify", "scope"],
        text: "Must do:\n- \nMust not, or later:\n- \nPromises (latency, availability, loss allowed):\n- p99 of \nWhoever is hurt when it is wrong:\n- ",
    },
    Template {
        title: "Estimation",
        suits: &["requirement", "clarify", "scope", "number"],
        text: "Users and actions a day: \nMean and peak a second: \nBytes each, and for how long: \nStorage in all: \nSo the design must: ",
    },
    Template {
        title: "API",
        suits: &["high", "design", "api"],
        text: "- POST /  {  } -> 201 {  }\n- GET /  -> 200 {  }\nErrors: 4xx when ; a retry is safe because \nWho may call: ",
    },
    Template {
        title: "The path, as a whiteboard",
        suits: &["high", "design"],
        text: "client -> balancer -> service -> cache\nservice -> store\n\nOne request, step by step:\n1. ",
    },
    Template {
        title: "Schema",
        suits: &["high", "design", "storage", "data"],
        text: "| table | key | columns | written | read by |\n|---|---|---|---|---|\n|  |  |  |  |  |\nPartitioned by , because \nHot keys: ",
    },
    Template {
        title: "Deep dive",
        suits: &["deep"],
        text: "The hard part: \nTwo ways to do it:\n- A: \n- B: \nChosen: , because \nWhat it costs: \nUnder two at once: \nWhen it fails halfway: ",
    },
    Template {
        title: "Failures",
        suits: &["fail", "operation"],
        text: "| what dies | who notices, after | what is lost | what happens then |\n|---|---|---|---|\n|  |  |  |  |\nOverload is shed at: ",
    },
    Template {
        title: "Running it",
        suits: &["operation", "wrap", "scale"],
        text: "Watched: , paged at \nRolled out by , back by \nTen times the load breaks first at: \nCost is mostly: ",
    },
    Template { title: "A decision", suits: &["deep"], text: "Decision: \nInstead of: \nBecause: \nI would change my mind if: " },
    Template { title: "Wrap-up", suits: &["wrap"], text: "What stands: \nThe weakest part, and what I would do next: \nWith half the budget I would drop: " },
];

/// Every skeleton, those for this phase first.
pub fn templates(phase: &str) -> Vec<Template> {
    let suits = |template: &Template| template.suits.iter().any(|word| phase.contains(word));
    let mut all = TEMPLATES.to_vec();
    all.sort_by_key(|template| !suits(template));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phase_chooses_what_comes_first() {
        assert_eq!(templates("requirements")[0].title, "Requirements");
        assert_eq!(templates("high-level")[0].title, "API");
        assert_eq!(templates("deep-dive")[0].title, "Deep dive");
        assert_eq!(templates("failures")[0].title, "Failures");
        assert_eq!(templates("anything at all").len(), TEMPLATES.len());
    }

    #[test]
    fn the_whiteboard_is_drawn() {
        let board = TEMPLATES.iter().find(|template| template.title.contains("whiteboard")).unwrap();
        assert!(crate::graph::whiteboard(board.text).contains("```whiteboard\nclient -> balancer"));
    }
}
