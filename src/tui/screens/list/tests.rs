//! The list as the user sees it.

use super::*;
use crate::history::{Trend, Weakest};
use crate::tui::testing::{Stage, styles};
use crate::tui::theme::{Glyphs, Mode, Theme};
use entry::Cut;

/// One problem done, one paused, one fresh.
fn past() -> Past {
    let trend = Trend {
        problem: "token-mint".into(),
        title: "Token mint".into(),
        level: "L6".into(),
        attempts: 3,
        totals: vec![18.0, 29.0, 41.0],
        weakest: Some(Weakest { line: "Two desks never give one number.".into(), points: 15.0, of: 30.0 }),
        last_at: chrono::DateTime::UNIX_EPOCH,
    };
    let cut = Cut { attempt: "a1".into(), problem: "queue-desk".into(), title: "Queue desk".into(), used_min: 18, elsewhere: false };
    Past { attempts: Vec::new(), predictions: Vec::new(), unfinished: vec![cut], trends: [("token-mint".to_string(), trend)].into(), streak: 4 }
}

/// The list with that past; the question whether to go on is answered with no.
fn list(theme: Theme) -> Stage {
    let mut stage = Stage::with(theme);
    stage.app.deliver(1, Box::new(Found::Past(Ok(Box::new(past())))));
    assert!(stage.text(80, 24).contains("Queue desk was left after 18 min. Go on with it?"));
    stage.keys("n");
    stage.settle();
    stage
}

fn dark() -> Theme {
    Theme::with(Mode::Dark, Glyphs::Unicode, true)
}

#[test]
fn the_list_looks_as_recorded_at_three_sizes() {
    let mut stage = list(dark());
    stage.keys("j");
    stage.settle();
    for (name, cols, rows) in [("80x24", 80, 24), ("120x40", 120, 40), ("200x60", 200, 60)] {
        insta::assert_snapshot!(name, stage.text(cols, rows));
    }
}

#[test]
fn without_colour_the_choice_and_the_states_can_still_be_told() {
    let mut stage = list(Theme::with(Mode::Plain, Glyphs::Ascii, false));
    let buf = stage.buffer(80, 24);
    let text = crate::tui::testing::text(&buf);
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!("plain", format!("{text}\n{}", styles(&buf)));
    assert!(buf.content.iter().all(|cell| cell.fg == ratatui::style::Color::Reset && cell.bg == ratatui::style::Color::Reset));
}

#[test]
fn the_filter_finds_by_any_word_and_esc_clears_it() {
    let mut stage = list(dark());
    stage.keys("/game");
    let text = stage.text(80, 24);
    assert!(text.contains("Leaderboard") && !text.contains("○ Token mint"), "{text}");
    // While letters are typed, `q` and `?` are letters.
    stage.keys("q?");
    assert!(stage.text(80, 24).contains("nothing matches"));
    assert!(!stage.app.quit);
    stage.keys("<esc>");
    assert!(stage.text(80, 24).contains("Token mint"));
}

#[test]
fn headings_are_never_chosen() {
    let mut stage = list(dark());
    for keys in ["g", "k", "G", "j", "s", "gk", "s", "jjjjjj", "<up>"] {
        stage.keys(keys);
        stage.settle();
        let text = stage.text(120, 40);
        assert!(["Token mint ─", "Queue desk ─", "Leaderboard of a game ─"].iter().any(|title| text.contains(title)), "after {keys}:\n{text}");
    }
}

#[test]
fn every_key_of_the_footer_stands_in_the_help() {
    let mut stage = list(dark());
    let footer = stage.text(120, 40).lines().last().unwrap_or_default().to_string();
    stage.keys("?");
    let help = stage.text(120, 40);
    for word in ["card", "mock", "lab", "bench", "history", "filter", "sort", "quit"] {
        assert!(footer.contains(word) && help.contains(word), "{word}\n{footer}\n{help}");
    }
    stage.keys("<esc>");
    assert!(!stage.text(120, 40).contains("any key closes"));
}

#[test]
fn ctrl_c_asks_once_and_then_leaves() {
    let mut stage = list(dark());
    stage.keys("<c-c>");
    assert!(!stage.app.quit);
    stage.keys("n");
    assert!(!stage.app.quit);
    stage.keys("<c-c><c-c>");
    assert!(stage.app.quit);
}

#[test]
fn a_small_terminal_says_how_large_it_must_be() {
    let mut stage = list(dark());
    for (cols, rows) in (0..70).step_by(3).flat_map(|cols| (0..20).map(move |rows| (cols, rows))) {
        let text = stage.text(cols, rows);
        if cols >= 11 && rows >= 1 && (cols < 60 || rows < 18) {
            assert!(text.contains("60x18"), "{cols}x{rows}: {text}");
        }
    }
}

#[test]
fn the_card_hides_its_solution_until_the_user_insists() {
    let mut stage = list(dark());
    stage.keys("<enter>");
    insta::assert_snapshot!("card", stage.text(120, 40));
    let all: String = (0..4)
        .map(|_| {
            stage.keys("<tab>");
            stage.text(120, 40)
        })
        .collect();
    assert!(!all.contains("counter"), "{all}");
    stage.keys("rn");
    assert!(!stage.text(120, 40).contains("A counter behind all desks"));
    stage.keys("ry");
    insta::assert_snapshot!("revealed", stage.text(120, 40));
    stage.keys("<esc>");
    assert!(stage.text(120, 40).contains("Problems"));
}

/// Its history may be read only when something else lies over it: the keys typed there are no answer to its question.
#[test]
fn a_covered_list_asks_nothing() {
    let mut stage = Stage::with(dark());
    stage.keys("<enter>");
    stage.settle();
    stage.app.deliver(1, Box::new(Found::Past(Ok(Box::new(past())))));
    assert!(!stage.text(80, 24).contains("Go on with it?"));
}

#[test]
fn what_gives_the_answer_away_comes_after_the_first_interview() {
    let problem = crate::session::sample::problem();
    let (before, after) = (detail::told(&problem, false), detail::told(&problem, true));
    assert!(before.contains("3 phases: 10 + 30 + 20 min.") && !before.contains("High-level design"), "{before}");
    assert!(after.contains("- High-level design · 30 min"), "{after}");
    let mut head = Head::of(&problem);
    head.id = "token-mint".into();
    head.mechanisms = vec!["snowflake".into()];
    let stage = Stage::with(dark());
    let lines = |past: Option<&Past>, head: &Head| detail::facts(head, past, 60, &stage.app.theme).iter().map(ToString::to_string).collect::<String>();
    assert!(lines(Some(&past()), &head).contains("snowflake"));
    assert!(!lines(None, &head).contains("snowflake"));
    head.id = "queue-desk".into();
    assert!(!lines(Some(&past()), &head).contains("snowflake"), "one that was left in the middle is not finished");
}
