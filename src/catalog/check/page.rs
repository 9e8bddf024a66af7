//! Concept pages: words, graphs and links.

use super::shape::Checker;
use super::{Context, problem};
use crate::catalog::model::Page;

pub fn check(checker: &mut Checker<'_>, page: &Page, context: &Context<'_>) {
    problem::mechanisms(checker, &page.mechanisms, context);
    checker.says_something("body", &page.body);
    checker.markdown("body", &page.body);
    if let Some(diagram) = &page.diagram {
        checker.diagram("diagram", diagram);
    }
    checker.see("", &page.see, context);
}
