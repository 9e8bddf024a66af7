//! Flashcards: when each is due, which comes next, whether an answer is right.
