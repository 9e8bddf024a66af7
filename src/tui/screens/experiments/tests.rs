//! An experiment from the list to the debrief, on a small queue.

use super::Experiments;
use crate::catalog::Problem;
use crate::lab::toy;
use crate::store::Guess;
use crate::tui::event::Message;
use crate::tui::screen::Screen;
use crate::tui::screens::harness::Stage;
use ratatui::crossterm::event::KeyCode;
use std::sync::Arc;
use std::time::Duration;

fn problem() -> Arc<Problem> {
    let experiment = |id: &str, title: &str, predict: serde_json::Value| {
        serde_json::json!({
            "id": id, "title": title, "ask": "The server takes ten times as long. How many customers does it serve in a minute?",
            "predict": predict, "seeds": ["1", "2", "3"],
            "runs": {"fast": {"set": {"service": "5ms"}}, "slow": {"like": "fast", "set": {"service": "50ms"}}},
            "expect": ["slow.served within 5 % of 60 / 0.05", "slow.refused > 10 * fast.refused", "fast holds"],
            "explain": "The slow one served {slow.served} where the fast one served {fast.served}.\n\nA server that takes 50 ms cannot serve more than twenty a second.",
        })
    };
    let choices = serde_json::json!({"choices": [{"say": "None is refused", "when": "slow.refused == 0"}, {"say": "Most are refused", "when": "slow.refused > slow.served"}], "right": "2"});
    let card = serde_json::json!({
        "format": "1", "id": "toy", "title": "A queue at a counter", "group": "tests", "level": "L6", "difficulty": "easy", "minutes": "45",
        "statement": "A queue.", "phases": [], "rubric": [], "design": "toy",
        "experiments": [experiment("slow-server", "A slow server", serde_json::json!({"number": "slow.served"})), experiment("who-waits", "Who waits", choices)],
    });
    Arc::new(serde_json::from_value(unquoted(card)).unwrap())
}

/// Content is written as texts; JSON wants whole numbers as such.
fn unquoted(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) => text.parse::<u64>().map_or(Value::String(text), Value::from),
        Value::Array(all) => all.into_iter().map(unquoted).collect(),
        Value::Object(all) => all.into_iter().map(|(key, value)| (key, unquoted(value))).collect(),
        other => other,
    }
}

struct Bench {
    stage: Stage,
    screen: Experiments,
}

impl Bench {
    fn new() -> Bench {
        Bench { stage: Stage::new(), screen: Experiments::new(problem(), &toy::DESIGN) }
    }

    fn key(&mut self, code: KeyCode) {
        self.stage.press(&mut self.screen, code);
    }

    fn finish(&mut self) {
        let Ok(Message::To(_, message)) = self.stage.inbox.recv_timeout(Duration::from_secs(20)) else { panic!("no report") };
        self.screen.on_message(message, &self.stage.ctx());
    }

    fn show(&self, cols: u16, rows: u16) -> String {
        self.stage.show(&self.screen, cols, rows)
    }
}

#[test]
fn a_guess_comes_first_then_the_runs_then_why() {
    for (cols, rows) in [(80, 24), (120, 40)] {
        let mut bench = Bench::new();
        insta::assert_snapshot!(format!("list_{cols}x{rows}"), bench.show(cols, rows));
        bench.key(KeyCode::Enter);
        bench.stage.write(&mut bench.screen, "1.3K\n1000\n2K");
        insta::assert_snapshot!(format!("ask_{cols}x{rows}"), bench.show(cols, rows));
        bench.key(KeyCode::Enter);
        assert!(bench.show(cols, rows).contains("of 6 runs"));
        bench.finish();
        insta::assert_snapshot!(format!("told_{cols}x{rows}"), bench.show(cols, rows));
        let ledger = bench.stage.store().predictions().unwrap();
        assert!(
            matches!(&ledger[..], [made] if made.experiment == "slow-server" && matches!(made.guess, Guess::Number { value: 1300.0, .. }) && made.guess.hit()),
            "{ledger:?}"
        );
    }
}

#[test]
fn a_wrong_choice_is_entered_as_one() {
    let mut bench = Bench::new();
    bench.key(KeyCode::Down);
    bench.key(KeyCode::Enter);
    bench.key(KeyCode::Enter);
    bench.finish();
    let shown = bench.show(120, 40);
    assert!(shown.contains("✗ You said 1. Choice 2 is right.") && shown.contains("choice 1 is wrong"), "{shown}");
    assert_eq!(bench.stage.store().predictions().unwrap()[0].guess, Guess::Choice { chosen: 1, right: 2 });
    // What failed is offered as a card, with the user's own words.
    let asks = bench.stage.press(&mut bench.screen, KeyCode::Char('c'));
    let [crate::tui::screen::Ask::Open(crate::tui::screens::Place::Keep { drafts })] = &asks[..] else { panic!("no card is offered") };
    assert_eq!((drafts[0].answer.as_str(), drafts[0].see.as_str()), ("Most are refused", "toy/who-waits"));
    assert!(drafts[0].why.starts_with("I said None is refused."), "{:?}", drafts[0]);
}

#[test]
fn esc_cancels_and_the_late_report_is_not_shown() {
    let mut bench = Bench::new();
    bench.key(KeyCode::Down);
    bench.key(KeyCode::Enter);
    bench.key(KeyCode::Enter);
    bench.key(KeyCode::Esc);
    bench.finish();
    assert!(bench.show(80, 24).contains("enter choose"));
}

#[test]
fn the_runs_of_a_result_open_in_the_lab() {
    use crate::tui::screen::Ask;
    use crate::tui::screens::Place;
    let mut bench = Bench::new();
    bench.key(KeyCode::Enter);
    bench.screen.stage = super::Stage::Told(Box::new(told(&bench)));
    let opened = |bench: &mut Bench, key: char| match bench.stage.press(&mut bench.screen, KeyCode::Char(key)).into_iter().next() {
        Some(Ask::Open(Place::Runs { runs, .. })) => {
            runs.0.iter().map(|(name, spec)| format!("{name} {} seed {}", spec.knobs.span("service"), spec.seed)).collect()
        }
        Some(Ask::Toast(_, why)) => vec![why],
        _ => Vec::new(),
    };
    assert_eq!(opened(&mut bench, 'o'), ["fast 5 ms seed 1", "slow 50 ms seed 1"]);
    assert_eq!(opened(&mut bench, '2'), ["slow 50 ms seed 1"]);
    assert_eq!(opened(&mut bench, '3'), ["this experiment has 2 runs"]);
}

/// The result as it would be shown.
fn told(bench: &Bench) -> super::result::Told {
    let ready = crate::lab::experiment::prepare(bench.screen.design, &bench.screen.problem.experiments[0]).unwrap();
    let report = ready.run(&std::sync::atomic::AtomicUsize::new(0), &std::sync::atomic::AtomicBool::new(false)).unwrap().unwrap();
    super::result::Told::new(report, None)
}
