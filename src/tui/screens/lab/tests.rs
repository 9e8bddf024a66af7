//! The lab's screen driven by keys, on a small queue.

use super::LabScreen;
use crate::lab::{Frame, plan, toy};
use crate::tui::event::Message;
use crate::tui::screen::{Ask, Reply, Screen};
use crate::tui::screens::harness::Stage;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use sims::kernel::design::Spec;
use sims::kernel::log::Level;
use sims::kernel::time::Time;
use std::time::{Duration, Instant};

struct Bench {
    stage: Stage,
    lab: LabScreen,
}

impl Bench {
    fn new(cols: u16, rows: u16) -> Bench {
        Bench::on(plan::open_lab(&toy::DESIGN, 7), cols, rows)
    }

    /// Drawn once, so that it knows its size and asks for views.
    fn on(spec: Spec, cols: u16, rows: u16) -> Bench {
        let stage = Stage::new();
        let lab = LabScreen::open("toy", "A queue at a counter", spec, &stage.ctx()).unwrap();
        let mut bench = Bench { stage, lab };
        bench.stage.show(&bench.lab, cols, rows);
        bench.lab.on_tick(&bench.stage.ctx());
        bench
    }

    fn press(&mut self, keys: &str) -> Vec<Ask> {
        keys.chars().flat_map(|c| self.stage.press(&mut self.lab, KeyCode::Char(c))).collect()
    }

    fn key(&mut self, code: KeyCode) -> Vec<Ask> {
        self.stage.press(&mut self.lab, code)
    }

    /// Delivers what the run posts until a frame is as wanted.
    fn until(&mut self, what: &str, wanted: impl Fn(&Frame) -> bool) -> Vec<Ask> {
        let mut asks = Vec::new();
        let begun = Instant::now();
        while !wanted(&self.lab.frame) {
            assert!(begun.elapsed() < Duration::from_secs(10), "never came: {what}; {:?}", self.lab.frame);
            if let Ok(Message::To(_, message)) = self.stage.inbox.recv_timeout(Duration::from_millis(100)) {
                asks.extend(self.lab.on_message(message, &self.stage.ctx()));
            }
        }
        asks
    }

    /// Delivers what is posted until the screen shows the words.
    fn until_shown(&mut self, words: &str, cols: u16, rows: u16) -> String {
        let begun = Instant::now();
        loop {
            let shown = self.stage.show(&self.lab, cols, rows);
            if shown.contains(words) {
                return shown;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "never shown: {words}; {shown}");
            if let Ok(Message::To(_, message)) = self.stage.inbox.recv_timeout(Duration::from_millis(100)) {
                self.lab.on_message(message, &self.stage.ctx());
            }
        }
    }

    fn forward(&mut self, seconds: u64) {
        self.press(&">".repeat(usize::try_from(seconds).unwrap()));
        self.until("that second", |f| f.now == Time::from_secs(seconds) && !f.views.is_empty());
    }
}

#[test]
fn the_lab_fits_a_small_and_a_large_terminal() {
    for (cols, rows) in [(80, 24), (120, 40)] {
        let mut bench = Bench::new(cols, rows);
        bench.forward(3);
        bench.press("xj");
        bench.press("x");
        insta::assert_snapshot!(format!("lab_{cols}x{rows}"), bench.stage.show(&bench.lab, cols, rows));
    }
}

#[test]
fn space_plays_and_pauses() {
    let mut bench = Bench::new(80, 24);
    bench.press(" ");
    bench.until("it plays", |f| f.playing && f.now > Time::ZERO);
    bench.press(" ");
    bench.until("it pauses", |f| !f.playing);
}

#[test]
fn a_live_knob_acts_at_once_and_a_start_knob_waits_for_enter() {
    let mut bench = Bench::new(80, 24);
    bench.forward(2);
    bench.press("l");
    bench.until("the knob", |f| f.taken == 1);
    assert_eq!(bench.lab.frame.knobs.get("service").unwrap().to_string(), "10ms");
    assert_eq!(bench.lab.frame.now, Time::from_secs(2));
    bench.press("jjl");
    assert!(bench.stage.show(&bench.lab, 80, 24).contains("100/s → 200/s"), "{}", bench.stage.show(&bench.lab, 80, 24));
    bench.key(KeyCode::Enter);
    bench.until("a new run", |f| f.now == Time::ZERO && f.knobs.rate("rate").count == 200.0);
}

#[test]
fn a_typed_value_is_checked_before_it_is_sent() {
    let mut bench = Bench::new(80, 24);
    bench.key(KeyCode::Enter);
    assert!(bench.lab.types());
    (0..9).for_each(|_| drop(bench.key(KeyCode::Backspace)));
    bench.press("9h");
    let asks = bench.key(KeyCode::Enter);
    assert!(matches!(&asks[..], [Ask::Toast(_, why)] if why.contains("0 ns to 1 s")));
    (0..2).for_each(|_| drop(bench.key(KeyCode::Backspace)));
    bench.press("70ms");
    bench.key(KeyCode::Enter);
    bench.until("the value", |f| f.knobs.get("service").unwrap().to_string() == "70ms");
    assert!(!bench.lab.types());
}

#[test]
fn an_action_is_chosen_filled_in_and_done() {
    let mut bench = Bench::new(120, 40);
    bench.press("x");
    assert!(bench.stage.show(&bench.lab, 120, 40).contains("many arrive at once"));
    bench.key(KeyCode::Enter);
    (0..5).for_each(|_| drop(bench.key(KeyCode::Backspace)));
    bench.press("0");
    bench.key(KeyCode::Enter);
    assert!(bench.stage.show(&bench.lab, 120, 40).contains("must be 1 to 10000"), "a refusal is shown in the form");
    bench.key(KeyCode::Backspace);
    bench.press("99");
    bench.key(KeyCode::Enter);
    bench.until("the burst", |f| f.log.iter().any(|e| e.level == Level::Act && e.text.contains("burst n=99")));
}

#[test]
fn much_done_by_hand_is_not_left_unasked() {
    let mut bench = Bench::new(120, 40);
    let escape = |bench: &mut Bench| bench.lab.on_key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE), &bench.stage.ctx());
    bench.forward(1);
    bench.press("jlh");
    bench.until("two turns", |f| f.taken == 2);
    assert!(matches!(escape(&mut bench), Reply::Passed), "little is left at once");
    bench.press("l");
    bench.until("three", |f| f.taken == 3);
    let Reply::Used(asks) = escape(&mut bench) else { panic!("it asks") };
    assert!(matches!(&asks[..], [Ask::Confirm { question, .. }] if question.contains("3 things") && question.contains("s saves")));
}

#[test]
fn a_broken_lamp_is_told_with_its_sentence() {
    let mut bench = Bench::new(120, 40);
    bench.forward(1);
    bench.press("jl");
    bench.until("no cap", |f| !f.knobs.on("cap"));
    assert!(bench.stage.show(&bench.lab, 120, 40).contains("! not safe: "));
    bench.press("x");
    bench.key(KeyCode::Enter);
    bench.key(KeyCode::Enter);
    bench.key(KeyCode::Esc);
    bench.until("the break", |f| matches!(f.verdicts[0].1, sims::kernel::invariant::Verdict::Broken { .. }));
    let shown = bench.stage.show(&bench.lab, 120, 40);
    assert!(shown.contains("✗ queue-below-fifty broken") && shown.contains(" wait"), "{shown}");
}

#[test]
fn tab_walks_through_the_views_and_comes_round() {
    let mut bench = Bench::new(80, 24);
    let mut titles = Vec::new();
    for _ in 0..6 {
        let shown = bench.stage.show(&bench.lab, 80, 24);
        titles.push(shown.lines().nth(1).unwrap().chars().skip(2).take_while(|c| *c != '─').collect::<String>().trim().to_string());
        bench.key(KeyCode::Tab);
    }
    assert_eq!(titles[..3], ["Design", "In words", "Messages, the last 50 ms"]);
    assert!(titles[3].starts_with("served, refused") && titles[4].starts_with("queue") && titles[5] == "Invariants", "{titles:?}");
    bench.forward(1);
    assert!(bench.stage.show(&bench.lab, 80, 24).contains(" 1/6 tab"));
}

#[test]
fn other_rooms_are_asked_for_not_opened() {
    use crate::tui::screens::Place;
    let mut bench = Bench::new(80, 24);
    assert!(matches!(&bench.press("e")[..], [Ask::Open(Place::Experiments { problem })] if problem == "toy"));
    assert!(matches!(&bench.press("b")[..], [Ask::Open(Place::Bench { design })] if design == "toy"));
}

#[test]
fn a_challenge_tells_its_story_and_judges_its_objectives_at_its_end() {
    use crate::catalog::RunFile;
    let mut bench = Bench::new(120, 40);
    let yaml = "format: 1\nkind: run\ntitle: Calm\ndesign: toy\nstory: Keep them served.\nobjectives:\n  - {value: refused, is: \"<=\", than: 0}\n";
    bench.lab.file = Some(RunFile::from_yaml(yaml).unwrap());
    bench.lab.lab.send(crate::lab::Command::EndAtLength);
    bench.key(KeyCode::Tab);
    let shown = bench.stage.show(&bench.lab, 120, 40);
    assert!(shown.contains("Keep them served.") && shown.contains("so far (judged at 1 min)") && shown.contains("✓ refused <= 0 · now 0"), "{shown}");
    bench.press("F ");
    bench.until("the end", |f| f.ended);
    assert!(bench.stage.show(&bench.lab, 120, 40).contains("The objectives"));
    // A small terminal has no room for both: the objectives are one view on.
    let shown = bench.stage.show(&bench.lab, 80, 24);
    assert!(shown.contains("Keep them served.") && shown.contains("tab: the objectives") && !shown.contains("refused <= 0"), "{shown}");
    bench.key(KeyCode::Tab);
    assert!(bench.stage.show(&bench.lab, 80, 24).contains("✓ refused <= 0"));
}

#[test]
fn help_opens_over_a_dialog_and_tells_its_keys() {
    let mut bench = Bench::new(80, 24);
    bench.press("f");
    let help = |bench: &mut Bench, code| bench.lab.on_key(KeyEvent::new(code, KeyModifiers::NONE), &bench.stage.ctx());
    assert!(matches!(help(&mut bench, KeyCode::Char('?')), Reply::Passed), "the app opens it");
    assert!(bench.lab.popup.is_some() && bench.lab.keys().iter().any(|key| key.says == "fork"));
    // Where letters are text only F1 is help.
    bench.press("g");
    bench.key(KeyCode::Esc);
    bench.press("g");
    assert!(matches!(help(&mut bench, KeyCode::Char('?')), Reply::Used(_)));
    assert!(matches!(help(&mut bench, KeyCode::F(1)), Reply::Passed));
}

#[test]
fn a_typed_moment_is_gone_to_and_nonsense_is_refused() {
    let mut bench = Bench::new(80, 24);
    bench.press("g1m1x");
    bench.key(KeyCode::Enter);
    assert!(bench.stage.show(&bench.lab, 80, 24).contains("is no time"));
    bench.key(KeyCode::Backspace);
    bench.press("s");
    bench.key(KeyCode::Enter);
    bench.until("the moment", |f| f.now == Time::from_secs(61));
    bench.press("g-41s");
    bench.key(KeyCode::Enter);
    bench.until("back", |f| f.now == Time::from_secs(20) && f.seeking.is_none());
}

#[test]
fn the_cursor_reads_the_charts_and_enter_goes_there() {
    let mut bench = Bench::new(120, 40);
    bench.forward(20);
    bench.press("[[[[[");
    let shown = bench.stage.show(&bench.lab, 120, 40);
    assert!(shown.contains("cursor at 16.9") && shown.matches("at 16.9").count() > 2 && shown.contains("enter goes there"), "{shown}");
    bench.key(KeyCode::Enter);
    bench.until("the moment", |f| f.now < Time::from_secs(17) && f.seeking.is_none());
    bench.press("]");
    bench.key(KeyCode::Esc);
    assert!(!bench.stage.show(&bench.lab, 120, 40).contains("cursor at"));
}

#[test]
fn breakpoints_are_listed_switched_added_and_removed() {
    let mut bench = Bench::new(120, 40);
    bench.press("B ");
    assert!(bench.stage.show(&bench.lab, 120, 40).contains("[✓] broken"));
    bench.press("aqueue > 20");
    bench.key(KeyCode::Enter);
    bench.press("aquue > 2");
    bench.key(KeyCode::Enter);
    let shown = bench.stage.show(&bench.lab, 120, 40);
    assert!(shown.contains("[✓] queue > 20") && shown.contains("did you mean `queue`"), "{shown}");
    bench.key(KeyCode::Esc);
    bench.press("kd");
    assert_eq!(bench.lab.stops.list.len(), 1);
    bench.key(KeyCode::Esc);
    assert!(bench.lab.popup.is_none());
}

#[test]
fn a_fork_is_compared_on_the_same_axes() {
    for (cols, rows) in [(80, 24), (120, 40)] {
        let mut bench = Bench::new(cols, rows);
        bench.forward(3);
        bench.press("fj");
        bench.key(KeyCode::Enter);
        (0..3).for_each(|_| drop(bench.key(KeyCode::Backspace)));
        bench.press("20ms");
        bench.key(KeyCode::Enter);
        bench.until("two runs", |f| f.compared.len() == 2);
        bench.press(">");
        bench.until("the parting", |f| {
            f.now == Time::from_secs(4) && f.compared[1].parting.is_some() && f.seeking.is_none() && (cols < 100 || !f.views.is_empty())
        });
        insta::assert_snapshot!(format!("compared_{cols}x{rows}"), bench.stage.show(&bench.lab, cols, rows));
        bench.press("1");
        bench.until("the first", |f| f.chosen == 0);
        assert_eq!(bench.lab.frame.knobs.get("service").unwrap().to_string(), "5ms");
        bench.press("cd");
        bench.until("one run", |f| f.compared.is_empty());
    }
}

#[test]
fn values_of_a_knob_are_ticked_and_compared() {
    let mut bench = Bench::new(120, 40);
    bench.forward(2);
    bench.press("cj");
    bench.key(KeyCode::Enter);
    assert!(bench.stage.show(&bench.lab, 120, 40).contains("[✓] on"));
    bench.press(" ");
    bench.key(KeyCode::Enter);
    assert!(bench.stage.show(&bench.lab, 120, 40).contains("two to four can be compared"));
    bench.press(" ");
    bench.key(KeyCode::Enter);
    bench.until("two runs", |f| f.compared.len() == 2 && f.seeking.is_none() && f.now == Time::from_secs(2));
    assert_eq!(bench.lab.frame.compared[1].name, "cap=off");
}

fn real(id: &str) -> Spec {
    plan::open_lab(sims::designs::ALL.iter().find(|design| design.id == id).unwrap(), 1)
}

#[test]
fn messages_are_seen_in_space_and_time_scrolled_and_zoomed() {
    for (cols, rows) in [(80, 24), (120, 40)] {
        let mut bench = Bench::on(real("rate-limiter"), cols, rows);
        bench.forward(2);
        bench.press("v");
        let shown = bench.until_shown("store ", cols, rows);
        assert!(shown.contains("Messages · 50 ms until now") && shown.contains("+50 ms"), "{shown}");
        bench.press("h");
        bench.until_shown("until 1.98", cols, rows);
        bench.press("++");
        bench.until_shown("+10 ms", cols, rows);
        bench.press("0");
        bench.until_shown("until now", cols, rows);
        bench.key(KeyCode::Esc);
        assert!(bench.stage.show(&bench.lab, cols, rows).contains("Knobs"));
    }
}

#[test]
fn any_number_says_whether_it_is_measured_modelled_or_assumed() {
    let mut bench = Bench::on(real("rate-limiter"), 80, 24);
    bench.forward(2);
    bench.press("m");
    assert!(bench.stage.show(&bench.lab, 80, 24).contains("Measured in this run."));
    (0..9).for_each(|_| drop(bench.key(KeyCode::PageDown)));
    let shown = bench.stage.show(&bench.lab, 80, 24);
    assert!(shown.contains("Assumed: set by hand."), "{shown}");
}

#[test]
fn failures_are_counted_by_reason_in_a_pane_of_their_own() {
    let mut bench = Bench::on(real("rate-limiter"), 80, 24);
    bench.press("x");
    bench.key(KeyCode::Enter);
    bench.key(KeyCode::Enter);
    bench.key(KeyCode::Esc);
    bench.forward(9);
    for _ in 0..20 {
        let shown = bench.stage.show(&bench.lab, 80, 24);
        if shown.contains("Failed requests by reason") {
            assert!(shown.contains(" %"), "{shown}");
            return;
        }
        bench.key(KeyCode::Tab);
    }
    panic!("no pane of reasons");
}

#[test]
fn what_broke_is_shrunk_told_and_opened() {
    let mut bench = Bench::new(120, 40);
    assert!(matches!(&bench.press("z")[..], [Ask::Toast(_, why)] if why.contains("nothing to shrink")));
    bench.forward(1);
    bench.press("jl");
    bench.until("no cap", |f| !f.knobs.on("cap"));
    bench.press("kl");
    bench.until("a knob that does not matter", |f| f.taken == 2);
    bench.press("x");
    bench.key(KeyCode::Enter);
    bench.key(KeyCode::Enter);
    bench.key(KeyCode::Esc);
    bench.until("the break", |f| matches!(f.verdicts[0].1, sims::kernel::invariant::Verdict::Broken { .. }));
    bench.press("z");
    let shown = bench.until_shown("2 steps of 3 are enough to break `queue-below-fifty`", 120, 40);
    assert!(shown.contains("cap is set to off") && shown.contains("Then `queue-below-fifty` breaks"), "{shown}");
    bench.key(KeyCode::Enter);
    bench.until("the smallest run", |f| f.now == Time::ZERO && f.length < sims::kernel::time::Span::secs(60));
}
