//! A flaw is asked, named by choice or by line, told, kept; what was missed comes first the next time.

use super::*;
use crate::catalog::Flaw;
use crate::tui::screens::harness::Stage;
use std::sync::Arc;

fn posed(id: &str) -> Posed {
    let flaw = Flaw {
        id: id.into(),
        title: format!("The {id} counter"),
        language: "python".into(),
        code: "def next(store):\n    n = store.read()\n    store.write(n + 1)\n    return n\n".into(),
        ask: "Two clients call this at once. What happens?".into(),
        choices: vec!["The store is full.".into(), "Both read the same number.".into(), "Nothing.".into()],
        right: 2,
        answer: "Reading and writing are **two steps**.".into(),
        lines: vec![2, 3],
        experiment: None,
        see: Default::default(),
    };
    Posed { source: "token-mint".into(), title: "Token mint".into(), flaw: Arc::new(flaw), shows: Some(("token-mint".into(), "race".into())) }
}

fn opened(stage: &Stage) -> Flaws {
    let mut screen = Flaws::open(&stage.ctx()).unwrap();
    screen.on_message(Box::new(Found(vec![posed("first"), posed("second")], Ok(Vec::new()))), &stage.ctx());
    screen
}

#[test]
fn a_flaw_is_named_by_choice_and_told() {
    let stage = Stage::new();
    let mut screen = opened(&stage);
    insta::assert_snapshot!("asked_80x24", stage.show(&screen, 80, 24));
    stage.press(&mut screen, KeyCode::Char('2'));
    insta::assert_snapshot!("told_80x24", stage.show(&screen, 80, 24));
    assert!(screen.rows[0].hit && screen.rows[0].how == How::Choice);
    stage.press(&mut screen, KeyCode::Enter);
    assert_eq!(screen.posed().map(|posed| posed.flaw.id.as_str()), Some("second"));
    for (cols, rows) in [(60, 18), (120, 40), (200, 60)] {
        stage.show(&screen, cols, rows);
    }
}

#[test]
fn a_line_names_it_as_well_and_a_wrong_one_is_missed() {
    let stage = Stage::new();
    let mut screen = opened(&stage);
    stage.press(&mut screen, KeyCode::Tab);
    stage.press(&mut screen, KeyCode::Char('j'));
    stage.press(&mut screen, KeyCode::Enter);
    assert_eq!((screen.rows[0].how, screen.rows[0].chosen, screen.rows[0].hit), (How::Line, 2, true));
    stage.press(&mut screen, KeyCode::Enter);
    stage.press(&mut screen, KeyCode::Tab);
    stage.press(&mut screen, KeyCode::Enter);
    assert!(!screen.rows[1].hit && stage.show(&screen, 80, 24).contains("Missed: you named line 1"));
    // The design is not in this catalogue: told, not opened.
    let asks = stage.press(&mut screen, KeyCode::Char('x'));
    assert!(matches!(asks.as_slice(), [Ask::Toast(Tone::Warn, _)]));
    // After the last one the missed one comes first.
    stage.press(&mut screen, KeyCode::Enter);
    assert_eq!(screen.posed().map(|posed| posed.flaw.id.as_str()), Some("second"));
}
