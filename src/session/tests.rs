//! The interview's promises: exact clocks, patient interviewers, and snapshots that lose nothing.

use super::*;

pub(super) fn secs(s: u64) -> Duration {
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

pub(super) fn start(mode: Mode) -> Session {
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
    assert_eq!(session.reveal(), Err(Refused::NoReveal), "a real interview refuses at first");
    assert!(!session.assisted());
    session.reveal_anyway();
    session.reveal_anyway();
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
fn the_record_tells_when_each_phase_ran_over_and_what_was_said() {
    let mut session = start(Mode::Real);
    session.pass(secs(2000));
    let kinds: Vec<_> = session.take_events().iter().map(|event| (event.at.as_secs(), event.what.kind())).collect();
    let told = [
        (120, "said"),
        (300, "phase-over"),
        (330, "pressed"),
        (480, "pressed"),
        (600, "said"),
        (600, "time-told"),
        (1080, "time-told"),
        (1200, "time-told"),
        (1200, "time-up"),
    ];
    assert_eq!(kinds, told);
}

fn texts(session: &Session) -> Vec<String> {
    session.lines().map(|line| format!("{} {}", line.at.as_secs(), line.text)).collect()
}

#[test]
fn a_phase_that_runs_over_is_pressed_with_a_question_of_the_card() {
    let mut asked = plan();
    asked.phases[0].prompts = vec!["Who waits?".into(), "What is the peak?".into()];
    asked.moments.clear();
    let mut session = Session::start(asked, Mode::Real);
    session.pass(secs(329));
    assert_eq!(texts(&session), Vec::<String>::new(), "half a minute of grace");
    session.key();
    session.pass(secs(1));
    assert_eq!(texts(&session), Vec::<String>::new(), "not into typing");
    session.pass(secs(1));
    assert_eq!(texts(&session), ["331 We are past the time I had for this part. Before we leave it: What is the peak?"]);
    session.pass(secs(149));
    assert_eq!(texts(&session).last().unwrap(), "480 Let us go on, or we will not get to “DESIGN”. You can come back if there is time.");
    // Once is enough, also when one comes back.
    session.next_phase().unwrap();
    session.go(0).unwrap();
    session.pass(secs(60));
    assert_eq!(session.lines().count(), 2);
}

#[test]
fn who_goes_on_in_time_is_not_pressed_and_who_comes_back_is_not_jumped_at() {
    let mut session = start(Mode::Real);
    session.pass(secs(310));
    session.next_phase().unwrap();
    session.pass(secs(280));
    assert!(!texts(&session).iter().any(|line| line.contains("past the time")));
    session.go(0).unwrap();
    session.pass(secs(19));
    assert!(!texts(&session).iter().any(|line| line.contains("past the time")));
    session.pass(secs(1));
    assert!(texts(&session).iter().any(|line| line.starts_with("610 We are past")), "20 s of the grace were left: {:?}", texts(&session));
}

#[test]
fn the_time_that_is_left_is_told_as_people_do() {
    let words = |minutes: u64, pressure: Option<u64>| {
        let mut long = plan();
        long.phases = vec![phase("all", minutes)];
        long.moments = pressure.map(|at| Moment { kind: MomentKind::Pressure, ..moment(at * 60) }).into_iter().collect();
        let mut session = Session::start(long, Mode::Real);
        session.pass(secs(minutes * 60 + 300));
        session.said().iter().filter_map(|(at, said)| if let Said::Time(word) = said { Some((at.as_secs() / 60, *word)) } else { None }).collect::<Vec<_>>()
    };
    assert_eq!(words(45, None), [(22, TimeWord::Half), (35, TimeWord::Ten), (43, TimeWord::Two), (45, TimeWord::Up)]);
    assert_eq!(words(12, None), [(7, TimeWord::Five), (10, TimeWord::Two), (12, TimeWord::Up)]);
    assert_eq!(words(3, None), [(3, TimeWord::Up)]);
    // The card's own interviewer says it: once is enough.
    assert_eq!(words(45, Some(36)), [(22, TimeWord::Half), (43, TimeWord::Two), (45, TimeWord::Up)]);
}

#[test]
fn a_word_about_the_time_that_is_no_longer_true_is_not_said() {
    let mut session = start(Mode::Real);
    session.pass(secs(1150));
    // As a snapshot that was kept before anybody spoke of time.
    session.said.clear();
    session.pass(secs(100));
    assert_eq!(session.said().iter().filter(|(_, said)| matches!(said, Said::Time(_))).collect::<Vec<_>>(), [&(secs(1200), Said::Time(TimeWord::Up))]);
}

#[test]
fn untimed_nobody_speaks_of_time() {
    let mut session = start(Mode::Untimed);
    session.pass(secs(7200));
    assert_eq!(session.lines().map(|line| line.voice).collect::<Vec<_>>(), [Voice::Probe, Voice::Probe]);
}

#[test]
fn what_was_not_asked_is_known() {
    let mut session = start(Mode::Real);
    session.ask(1).unwrap();
    assert_eq!(session.unasked().map(|fact| fact.ask.as_str()).collect::<Vec<_>>(), ["How many?"]);
}

#[test]
fn time_per_phase_stands_beside_its_plan() {
    let mut session = start(Mode::Coached);
    session.pass(secs(400));
    session.next_phase().unwrap();
    session.mark(FIRST_PATH).unwrap();
    session.pass(secs(60));
    session.pause().unwrap();
    session.pass(secs(30));
    session.resume();
    session.away(secs(3600));
    session.finish();
    let table = session.time_table();
    let rows: Vec<_> = table.rows.iter().map(|row| (row.id, row.planned.as_secs(), row.spent.as_secs(), row.over.as_secs(), row.begun)).collect();
    assert_eq!(rows, [("scope", 300, 400, 100, true), ("design", 600, 60, 0, true), ("deep", 300, 0, 0, false)]);
    assert_eq!((table.planned, table.spent, table.over), (secs(1200), secs(460), secs(0)));
    assert_eq!((table.paused, table.away, table.first_path), (secs(30), secs(3600), Some(secs(400))));
}

#[test]
fn a_process_that_stood_still_counts_no_time_in_any_mode() {
    for mode in Mode::ALL {
        let mut session = start(mode);
        session.pass(secs(5));
        session.away(secs(9000));
        session.pass(secs(5));
        assert_eq!((session.elapsed(), session.away_for(), session.paused_for()), (secs(10), secs(9000), secs(0)));
        assert_eq!(session.take_events().iter().filter(|event| event.what.kind() == "away").count(), 1);
    }
}

#[test]
fn snapshots_of_the_first_shape_are_still_read() {
    let text = include_str!("../../tests/fixtures/sessions/format-1.json");
    let session = Session::restore(text).unwrap();
    assert_eq!((session.plan().problem.as_str(), session.phase(), session.elapsed()), ("leaderboard", 1, secs(392)));
    assert_eq!(
        session.notes(0),
        "20 M players
top 100 exact"
    );
    assert_eq!(session.hints_taken(), 1);
    assert!(session.has_asked(0) && session.lines().any(|line| line.text == "You decide. Tell me why."));
    assert_eq!(Session::restore(&serde_json::to_string(&session).unwrap()), Ok(session));
}

#[test]
fn a_newer_or_damaged_snapshot_is_refused_with_a_reason() {
    let good = serde_json::to_value(start(Mode::Real)).unwrap();
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut changed = good.clone();
        change(&mut changed);
        Session::restore(&changed.to_string()).map(drop).unwrap_err().to_string()
    };
    let newer = with(&|value| {
        value["format"] = 99.into();
        value["said"] = serde_json::json!([[{"secs": 1, "nanos": 0}, {"sung": 3}]]);
    });
    assert!(newer.contains("newer greenroom (format 99"), "{newer}");
    assert!(with(&|value| value["phase"] = 7.into()).contains("it stands in phase 8 of 3"));
    assert!(with(&|value| value["notes"] = serde_json::json!([])).contains("0 notes for 3 phases"));
    assert!(with(&|value| value["revealed"] = serde_json::json!([12])).contains("damaged"));
    assert!(with(&|value| value["spent"][0]["secs"] = u64::MAX.into()).contains("century"));
    assert!(with(&|value| drop(value.as_object_mut().unwrap().remove("plan"))).contains("plan"));
    assert!(Session::restore("{\"format\": 2, \"pla").unwrap_err().to_string().contains("damaged"));
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
