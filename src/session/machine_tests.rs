//! The state machine under any order of deeds: no time and no notes are lost, and the record is the same whatever the steps.

use super::tests::{secs, start};
use super::*;
use proptest::prelude::*;

/// Anything that can happen to an interview.
#[derive(Clone, Debug)]
enum Deed {
    Pass(u64),
    Key,
    Write(usize, String),
    Next,
    Go(usize),
    Hint,
    Ask(usize),
    AskOpenly(String),
    Pause,
    Resume,
    Size(String),
    Estimate,
    Unestimate,
    Reveal,
    RevealAnyway,
    Mark,
    Away(u64),
    Finish,
    /// The program is killed and the interview taken up again.
    Restore,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        8 => (0u64..200_000).prop_map(Deed::Pass),
        3 => Just(Deed::Key),
        3 => (0usize..4, "[a-z\n]{0,6}").prop_map(|(phase, text)| Deed::Write(phase, text)),
        2 => Just(Deed::Next),
        2 => (0usize..4).prop_map(Deed::Go),
        1 => Just(Deed::Hint),
        1 => (0usize..3).prop_map(Deed::Ask),
        1 => "[a-z]{1,5}".prop_map(Deed::AskOpenly),
        1 => Just(Deed::Pause),
        2 => Just(Deed::Resume),
        1 => "[0-9]{0,3}".prop_map(Deed::Size),
        1 => Just(Deed::Estimate),
        1 => Just(Deed::Unestimate),
        1 => Just(Deed::Reveal),
        1 => Just(Deed::RevealAnyway),
        1 => Just(Deed::Mark),
        1 => (0u64..10_000_000).prop_map(Deed::Away),
        1 => Just(Deed::Finish),
        2 => Just(Deed::Restore),
    ]
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    prop::collection::vec(deed(), 0..80)
}

fn modes() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Coached), Just(Mode::Real), Just(Mode::Untimed)]
}

fn restored(session: &mut Session) {
    let kept = session.take_events();
    let text = serde_json::to_string(session).unwrap();
    let mut back = Session::restore(&text).unwrap();
    assert_eq!(back, *session, "a snapshot is the whole interview");
    back.events = kept;
    *session = back;
}

/// Does the deed; time passes in steps of at most `step` milliseconds.
fn act(session: &mut Session, deed: &Deed, step: u64) {
    let _ = match deed {
        Deed::Pass(ms) => {
            let mut left = *ms;
            while left > 0 {
                let now = left.min(step);
                session.pass(Duration::from_millis(now));
                left -= now;
            }
            Ok(())
        }
        Deed::Key => {
            session.key();
            Ok(())
        }
        Deed::Write(phase, text) => session.write(*phase, text),
        Deed::Next => session.next_phase(),
        Deed::Go(phase) => session.go(*phase),
        Deed::Hint => session.hint().map(drop),
        Deed::Ask(fact) => session.ask(*fact).map(drop),
        Deed::AskOpenly(question) => session.ask_openly(question),
        Deed::Pause => session.pause(),
        Deed::Resume => {
            session.resume();
            Ok(())
        }
        Deed::Size(answer) => session.size("replicas", answer),
        Deed::Estimate => session.estimate("1M/day"),
        Deed::Unestimate => {
            session.unestimate();
            Ok(())
        }
        Deed::Reveal => session.reveal(),
        Deed::RevealAnyway => {
            session.reveal_anyway();
            Ok(())
        }
        Deed::Mark => session.mark(FIRST_PATH),
        Deed::Away(ms) => {
            session.away(Duration::from_millis(*ms));
            Ok(())
        }
        Deed::Finish => {
            session.finish();
            Ok(())
        }
        Deed::Restore => {
            restored(session);
            Ok(())
        }
    };
}

const WHOLE: u64 = u64::MAX;

proptest! {
    #[test]
    fn no_time_and_no_notes_are_lost(mode in modes(), deeds in deeds()) {
        let mut session = start(mode);
        let (mut running, mut paused, mut away) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        let mut notes = vec![String::new(); 3];
        for deed in &deeds {
            match (deed, session.stage()) {
                (_, Stage::Finished) => {}
                (Deed::Pass(ms), Stage::Running) => running += Duration::from_millis(*ms),
                (Deed::Pass(ms), Stage::Paused) => paused += Duration::from_millis(*ms),
                (Deed::Away(ms), _) => away += Duration::from_millis(*ms),
                (Deed::Write(phase, text), _) if *phase < 3 => notes[*phase].clone_from(text),
                _ => {}
            }
            act(&mut session, deed, WHOLE);
        }
        let by_phase: Duration = (0..3).map(|phase| session.phase_clock(phase).spent).sum();
        prop_assert_eq!(by_phase, running);
        prop_assert_eq!((session.elapsed(), session.paused_for(), session.away_for()), (running, paused, away));
        prop_assert!(mode != Mode::Real || paused.is_zero());
        prop_assert_eq!((0..3).map(|phase| session.notes(phase).to_string()).collect::<Vec<_>>(), notes);
        prop_assert_eq!(session.time_table().rows.iter().map(|row| row.spent).sum::<Duration>(), running);
    }

    #[test]
    fn the_size_of_the_steps_leaves_no_trace(mode in modes(), deeds in deeds(), step in 1u64..7_000) {
        let (mut fine, mut coarse) = (start(mode), start(mode));
        for deed in &deeds {
            act(&mut fine, deed, step);
            act(&mut coarse, deed, WHOLE);
        }
        prop_assert_eq!(fine, coarse);
    }

    #[test]
    fn killed_and_taken_up_anywhere_it_is_as_if_never_stopped(mode in modes(), deeds in deeds()) {
        let (mut whole, mut broken) = (start(mode), start(mode));
        for deed in &deeds {
            act(&mut whole, deed, WHOLE);
            act(&mut broken, deed, WHOLE);
            restored(&mut broken);
        }
        prop_assert_eq!(whole, broken);
    }

    #[test]
    fn the_record_is_in_order_and_nobody_speaks_into_typing(mode in modes(), deeds in deeds()) {
        let mut session = start(mode);
        let mut keys = Vec::new();
        let mut record = Vec::new();
        for deed in &deeds {
            act(&mut session, deed, WHOLE);
            if matches!(deed, Deed::Key) && session.stage() == Stage::Running {
                keys.push(session.elapsed());
            }
            record.extend(session.take_events());
        }
        prop_assert!(record.windows(2).all(|pair| pair[0].at <= pair[1].at), "{:?}", record);
        prop_assert!(session.said().windows(2).all(|pair| pair[0].0 <= pair[1].0), "{:?}", session.said());
        // Said at most once each, in the two seconds after a key only when patience had run out.
        for (at, said) in session.said() {
            let due = match said {
                Said::Moment(moment) => session.plan().moments[*moment].at,
                Said::Time(word) => word.due(session.plan().time()).unwrap(),
                _ => continue,
            };
            prop_assert!(due <= *at && *at <= due + PATIENCE, "{said:?} due at {due:?}, said at {at:?}");
            let typed = keys.iter().any(|key| key < at && *at < *key + SILENCE);
            prop_assert!(!typed || *at == due + PATIENCE, "{said:?} at {at:?} was said into typing");
        }
    }
}

#[test]
fn a_clock_that_ran_over_a_day_is_still_exact() {
    let mut session = start(Mode::Untimed);
    for _ in 0..3 {
        session.pass(secs(86_400));
    }
    assert_eq!(session.elapsed(), secs(3 * 86_400));
}
