//! The interview's promises: exact clocks, patient interviewers, and snapshots that lose nothing.

use super::*;
use proptest::prelude::*;

fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn phase(id: &str, minutes: u64) -> PhasePlan {
    PhasePlan {
        id: id.into(),
        name: id.to_uppercase(),
        time: secs(60 * minutes),
        goals: vec![],
        prompts: vec![],
        hints: ["nudge", "point", "tell"].map(|step| format!("{step} {id}")).to_vec(),
    }
}

fn moment(at: u64) -> Moment {
    Moment { at: secs(at), kind: MomentKind::Probe, say: format!("at {at}"), looks_for: String::new() }
}

pub(crate) fn plan() -> Plan {
    Plan {
        problem: "leaderboard".into(),
        variant: None,
        title: "Leaderboard".into(),
        level: "L6".into(),
        phases: vec![phase("scope", 5), phase("design", 10), phase("deep", 5)],
        facts: vec![Fact { ask: "How many?".into(), answer: "20 M".into() }, Fact { ask: "How fresh?".into(), answer: "a minute".into() }],
        moments: vec![moment(120), moment(600)],
        drops: vec![],
    }
}

fn start(mode: Mode) -> Session {
    let mut session = Session::start(plan(), mode);
    session.take_events();
    session
}

fn said_at(session: &Session, moment: usize) -> Option<Duration> {
    session.said().iter().find(|(_, said)| *said == Said::Moment(moment)).map(|(at, _)| *at)
}

#[test]
fn the_clock_turns_amber_then_red_and_is_never_cut_off() {
    let mut session = start(Mode::Real);
    let light = |session: &Session| session.phase_clock(0).light;
    session.pass(secs(239));
    assert_eq!(light(&session), Light::Calm);
    session.pass(secs(1));
    assert_eq!(light(&session), Light::Amber);
    session.pass(secs(60));
    assert_eq!(light(&session), Light::Amber);
    session.pass(secs(1));
    assert_eq!(light(&session), Light::Red);
    session.pass(secs(3600));
    assert_eq!(session.phase_clock(0).spent, secs(3901));
    assert_eq!(session.total_clock().light, Light::Red);
}

#[test]
fn an_untimed_clock_counts_but_nothing_is_late() {
    let mut session = start(Mode::Untimed);
    session.pass(secs(7200));
    assert_eq!(session.total_clock().light, Light::Calm);
    assert_eq!(session.elapsed(), secs(7200));
    assert!(!session.take_events().iter().any(|event| matches!(event.what, What::TimeUp | What::PhaseOver { .. })));
}

#[test]
fn pauses_do_not_count_and_real_interviews_have_none() {
    let mut session = start(Mode::Coached);
    session.pass(secs(10));
    session.pause().unwrap();
    session.pass(secs(500));
    session.resume();
    session.pass(secs(5));
    assert_eq!((session.elapsed(), session.paused_for()), (secs(15), secs(500)));
    let mut real = start(Mode::Real);
    assert_eq!(real.pause(), Err(Refused::NoPause));
    real.pass(secs(1));
    assert_eq!(real.elapsed(), secs(1));
}

#[test]
fn the_interviewer_waits_for_silence_but_not_forever() {
    let mut quiet = start(Mode::Real);
    quiet.pass(secs(119));
    assert_eq!(said_at(&quiet, 0), None);
    quiet.pass(secs(1));
    assert_eq!(said_at(&quiet, 0), Some(secs(120)));

    let mut typing = start(Mode::Real);
    typing.pass(secs(119));
    for _ in 0..5 {
        typing.key();
        typing.pass(secs(1));
    }
    assert_eq!(said_at(&typing, 0), None);
    typing.pass(secs(1));
    assert_eq!(said_at(&typing, 0), Some(secs(125)), "two seconds after the last key");

    let mut frantic = start(Mode::Real);
    for _ in 0..200 {
        frantic.key();
        frantic.pass(secs(1));
    }
    assert_eq!(said_at(&frantic, 0), Some(secs(140)), "twenty seconds are enough");
}

#[test]
fn hints_come_in_steps_per_phase_and_are_recorded() {
    let mut session = start(Mode::Real);
    assert_eq!(session.hint().unwrap(), Hint { step: 1, text: "nudge scope" });
    assert_eq!(session.hint().unwrap().text, "point scope");
    session.next_phase().unwrap();
    assert_eq!(session.hint_count(), (0, 3));
    assert_eq!(session.hint().unwrap().text, "nudge design");
    session.go(0).unwrap();
    assert_eq!(session.hint().unwrap().text, "tell scope");
    assert_eq!(session.hint(), Err(Refused::NoMoreHints));
    assert_eq!(session.take_events().iter().filter(|event| event.what.kind() == "hint").count(), 4);
    assert!(!session.assisted(), "a hint is recorded, not punished");
}

#[test]
fn a_fact_is_told_when_asked_for() {
    let mut session = start(Mode::Real);
    assert_eq!(session.ask(0).unwrap().answer, "20 M");
    assert_eq!(session.ask(0).unwrap().answer, "20 M");
    session.ask_openly("Is there cake?").unwrap();
    assert_eq!(session.ask(9), Err(Refused::Unknown));
    assert_eq!(session.said().len(), 2);
}

#[test]
fn reveal_always_works_and_marks_the_attempt() {
    let mut session = start(Mode::Real);
    assert!(!session.assisted());
    session.reveal();
    session.reveal();
    assert!(session.assisted() && session.is_revealed(0) && !session.is_revealed(1));
    assert_eq!(session.take_events().len(), 1);
}

#[test]
fn phases_not_begun_are_known_after_an_early_finish() {
    let mut session = start(Mode::Coached);
    session.next_phase().unwrap();
    session.pass(secs(60));
    session.finish();
    assert_eq!(session.begun().collect::<Vec<_>>(), ["scope", "design"]);
    session.pass(secs(60));
    assert_eq!(session.elapsed(), secs(60), "a finished clock stands");
    assert_eq!(session.write(0, "x"), Err(Refused::Over));
    assert_eq!(session.next_phase(), Err(Refused::Over));
}

#[test]
fn the_record_tells_when_each_phase_ran_over() {
    let mut session = start(Mode::Real);
    session.pass(secs(2000));
    let kinds: Vec<_> = session.take_events().iter().map(|event| (event.at.as_secs(), event.what.kind())).collect();
    assert_eq!(kinds, [(120, "said"), (300, "phase-over"), (600, "said"), (1200, "time-up")]);
}

#[test]
fn a_mark_counts_once() {
    let mut session = start(Mode::Real);
    session.pass(secs(30));
    session.mark("first-full-path").unwrap();
    session.pass(secs(30));
    session.mark("first-full-path").unwrap();
    assert_eq!(session.marks()["first-full-path"], secs(30));
}

/// Anything a user can do.
#[derive(Clone, Debug)]
enum Deed {
    Pass(u64),
    Key,
    Write(usize, String),
    Next,
    Go(usize),
    Hint,
    Ask(usize),
    Pause,
    Resume,
    Size(String),
    Estimate,
    Reveal,
    Mark,
    Finish,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => (0u64..90_000).prop_map(Deed::Pass),
        3 => Just(Deed::Key),
        2 => (0usize..4, "[a-z]{0,6}").prop_map(|(phase, text)| Deed::Write(phase, text)),
        2 => Just(Deed::Next),
        1 => (0usize..4).prop_map(Deed::Go),
        1 => Just(Deed::Hint),
        1 => (0usize..3).prop_map(Deed::Ask),
        1 => Just(Deed::Pause),
        2 => Just(Deed::Resume),
        1 => "[0-9]{0,3}".prop_map(Deed::Size),
        1 => Just(Deed::Estimate),
        1 => Just(Deed::Reveal),
        1 => Just(Deed::Mark),
        1 => Just(Deed::Finish),
    ]
}

fn act(session: &mut Session, deed: &Deed) {
    let _ = match deed {
        Deed::Pass(ms) => {
            session.pass(Duration::from_millis(*ms));
            Ok(())
        }
        Deed::Key => {
            session.key();
            Ok(())
        }
        Deed::Write(phase, text) => session.write(*phase, text),
        Deed::Next => session.next_phase(),
        Deed::Go(phase) => session.go(*phase),
        Deed::Hint => session.hint().map(|_| ()),
        Deed::Ask(fact) => session.ask(*fact).map(|_| ()),
        Deed::Pause => session.pause(),
        Deed::Resume => {
            session.resume();
            Ok(())
        }
        Deed::Size(answer) => session.size("replicas", answer),
        Deed::Estimate => session.estimate("1M/day"),
        Deed::Reveal => {
            session.reveal();
            Ok(())
        }
        Deed::Mark => session.mark("first-full-path"),
        Deed::Finish => {
            session.finish();
            Ok(())
        }
    };
}

fn modes() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Coached), Just(Mode::Real), Just(Mode::Untimed)]
}

proptest! {
    #[test]
    fn the_clock_counts_running_time_and_nothing_else(mode in modes(), deeds in prop::collection::vec(deed(), 0..60)) {
        let mut session = start(mode);
        let (mut running, mut paused) = (Duration::ZERO, Duration::ZERO);
        for deed in &deeds {
            if let Deed::Pass(ms) = deed {
                match session.stage() {
                    Stage::Running => running += Duration::from_millis(*ms),
                    Stage::Paused => paused += Duration::from_millis(*ms),
                    Stage::Finished => {}
                }
            }
            act(&mut session, deed);
        }
        prop_assert_eq!(session.elapsed(), running);
        prop_assert_eq!(session.paused_for(), paused);
        prop_assert!(mode != Mode::Real || paused.is_zero());
    }

    #[test]
    fn resumed_from_any_snapshot_is_as_if_never_stopped(
        mode in modes(), deeds in prop::collection::vec(deed(), 0..60), stop in 0usize..60,
    ) {
        let mut whole = start(mode);
        let mut broken = start(mode);
        for (place, deed) in deeds.iter().enumerate() {
            if place == stop {
                let kept = broken.take_events();
                let text = serde_json::to_string(&broken).unwrap();
                broken = serde_json::from_str(&text).unwrap();
                broken.events = kept;
            }
            act(&mut whole, deed);
            act(&mut broken, deed);
        }
        prop_assert_eq!(whole, broken);
    }

    #[test]
    fn small_steps_and_long_ones_leave_the_same_record(parts in prop::collection::vec(1u64..30_000, 1..80)) {
        let (mut fine, mut coarse) = (start(Mode::Real), start(Mode::Real));
        coarse.pass(Duration::from_millis(parts.iter().sum()));
        for part in &parts {
            fine.pass(Duration::from_millis(*part));
        }
        prop_assert_eq!(fine, coarse);
    }
}
