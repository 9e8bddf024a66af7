//! Finding the fact that a question asks for: its words are matched against the card's own questions.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::{Fact, Plan};

impl Plan {
    /// Places of the facts that a question may mean, the likeliest first. `None`: it holds no word that could be looked for.
    pub fn matching(&self, question: &str) -> Option<Vec<usize>> {
        let words = words(question);
        (!words.is_empty()).then(|| matching(&words, &self.facts))
    }
}

/// Words that carry a question; the short ones are in every sentence.
fn words(text: &str) -> Vec<String> {
    const COMMON: [&str; 12] = ["what", "how", "many", "much", "the", "are", "does", "there", "will", "should", "which", "have"];
    let split = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    split.filter(|word| word.chars().count() >= 3 && !COMMON.contains(&word.as_str())).collect()
}

/// Facts whose question holds some of the words, those that hold most first.
fn matching(words: &[String], facts: &[Fact]) -> Vec<usize> {
    let atoms: Vec<_> = words.iter().map(|w| Atom::new(w, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy, false)).collect();
    let exact: Vec<_> = words.iter().map(|w| Atom::new(w, CaseMatching::Ignore, Normalization::Smart, AtomKind::Substring, false)).collect();
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut chars = Vec::new();
    let mut scored: Vec<(u32, usize)> = Vec::new();
    for (at, fact) in facts.iter().enumerate() {
        let mut score = 0;
        for hay in fact.ask.split_whitespace() {
            let hay = Utf32Str::new(hay, &mut chars);
            // A fuzzy match inside one word forgives a slip; across words it would match anything.
            score += atoms
                .iter()
                .zip(&exact)
                .filter_map(|(fuzzy, exact)| Some(exact.score(hay, &mut matcher).map_or(0, u32::from) + u32::from(fuzzy.score(hay, &mut matcher)?)))
                .sum::<u32>();
        }
        if score > 0 {
            scored.push((score, at));
        }
    }
    scored.sort_by_key(|(score, at)| (std::cmp::Reverse(*score), *at));
    scored.into_iter().map(|(_, at)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Vec<Fact> {
        ["How many players are there?", "How fresh must a rank be?", "May scores go down?"].map(|ask| Fact { ask: ask.into(), answer: String::new() }).to_vec()
    }

    #[test]
    fn a_question_finds_its_fact_in_other_words() {
        let found = |asked: &str| matching(&words(asked), &facts());
        assert_eq!(found("number of players?").first(), Some(&0));
        assert_eq!(found("how stale may ranks get, how fresh").first(), Some(&1));
        assert_eq!(found("can a score shrink").first(), Some(&2));
        assert_eq!(found("which colour is the button"), Vec::<usize>::new());
    }
}
