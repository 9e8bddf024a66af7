//! Films: wound back, played again, forked.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::lab::toy;

fn burst(n: &str) -> Action {
    toy::DESIGN.read_action("burst", &[("n".into(), n.into())]).unwrap()
}

#[test]
fn winding_back_and_playing_again_gives_the_same_run() {
    let mut film = Film::start(toy::spec()).unwrap();
    film.play(Time::from_secs(3));
    film.act(&burst("40")).unwrap();
    film.play(Time::from_secs(8));
    let (digest, events) = (film.run().digest(), film.run().events());
    for back in [0, 1, 3, 5, 8] {
        film.back_to(Time::from_secs(back));
        assert_eq!(film.run().now(), Time::from_secs(back));
        film.play(Time::from_secs(8));
        assert_eq!((film.run().digest(), film.run().events()), (digest, events), "back to {back} s");
    }
}

#[test]
fn one_event_back_and_one_forward_is_where_it_was() {
    let mut film = Film::start(toy::spec()).unwrap();
    film.play(Time::from_secs(2));
    film.act(&burst("3")).unwrap();
    for _ in 0..5 {
        film.step();
    }
    let (digest, events) = (film.run().digest(), film.run().events());
    for _ in 0..7 {
        film.back_one_event();
    }
    assert_eq!(film.run().events(), events - 7);
    while film.run().events() < events {
        assert!(film.step());
    }
    assert_eq!(film.run().digest(), digest);
}

#[test]
fn a_recorded_film_is_the_same_run_from_its_start() {
    let mut film = Film::start(toy::spec()).unwrap();
    film.play(Time::from_secs(3));
    film.act(&burst("40")).unwrap();
    film.play(Time::from_secs(5));
    film.act(&toy::DESIGN.read_action("set", &[("service".into(), "20ms".into())]).unwrap()).unwrap();
    film.play(Time::from_secs(9));
    let mut again = film.recorded().start().unwrap();
    again.advance(Time::from_secs(9));
    assert_eq!(again.digest(), film.run().digest());
}

#[test]
fn acting_after_winding_back_begins_another_film() {
    let mut film = Film::start(toy::spec()).unwrap();
    film.play(Time::from_secs(3));
    film.act(&burst("40")).unwrap();
    film.play(Time::from_secs(5));
    film.back_to(Time::from_secs(1));
    assert_eq!(film.taken(), 0);
    film.act(&burst("1")).unwrap();
    film.play(Time::from_secs(5));
    assert_eq!(film.recorded().script.len(), 1);
}

#[test]
fn a_fork_with_the_same_actions_is_the_same_run_and_leaves_its_parent_alone() {
    let mut parent = Film::start(toy::spec()).unwrap();
    parent.play(Time::from_secs(3));
    parent.act(&burst("40")).unwrap();
    parent.play(Time::from_secs(5));
    let before = (parent.run().digest(), parent.run().events());
    let mut fork = parent.fork();
    fork.act(&burst("7")).unwrap();
    fork.play(Time::from_secs(9));
    assert_eq!((parent.run().digest(), parent.run().events()), before, "the parent stands still");
    assert_eq!(parent.recorded().script.len(), 1, "and knows nothing of it");
    parent.act(&burst("7")).unwrap();
    parent.play(Time::from_secs(9));
    assert_eq!(parent.run().digest(), fork.run().digest());
    parent.back_to(Time::from_secs(4));
    parent.play(Time::from_secs(9));
    fork.back_to(Time::from_secs(1));
    fork.play(Time::from_secs(9));
    assert_eq!(parent.run().digest(), fork.run().digest(), "each winds by itself");
}

#[test]
fn leaving_an_action_out_is_the_film_that_never_had_it() {
    let film = |acts: &[(u64, &str)]| {
        let mut film = Film::start(toy::spec()).unwrap();
        for (at, n) in acts {
            film.play(Time::from_secs(*at));
            film.act(&burst(n)).unwrap();
        }
        film.play(Time::from_secs(9));
        film
    };
    let whole = film(&[(2, "30"), (4, "20"), (6, "10")]);
    for (left_out, rest) in [(0, [(4, "20"), (6, "10")]), (1, [(2, "30"), (6, "10")]), (2, [(2, "30"), (4, "20")])] {
        let mut without = whole.without_act(left_out);
        without.play(Time::from_secs(9));
        assert_eq!(without.run().digest(), film(&rest).run().digest(), "without action {left_out}");
    }
    assert_eq!(whole.acts().len(), 3);
}

#[test]
fn amending_keeps_what_was_recorded_later() {
    let mut film = Film::start(toy::spec()).unwrap();
    film.play(Time::from_secs(6));
    film.act(&burst("30")).unwrap();
    film.play(Time::from_secs(9));
    film.back_to(Time::from_secs(2));
    let mut other = film.fork();
    other.amend(&burst("5")).unwrap();
    assert_eq!(other.acts().iter().map(|act| act.at).collect::<Vec<_>>(), [Time::from_secs(2), Time::from_secs(6)]);
    other.play(Time::from_secs(9));
    let mut again = other.recorded().start().unwrap();
    again.advance(Time::from_secs(9));
    assert_eq!(again.digest(), other.run().digest());
}

#[test]
fn marks_tell_what_lies_behind_and_ahead() {
    let mut film = Film::start(toy::spec()).unwrap();
    film.act(&toy::DESIGN.read_action("set", &[("cap".into(), "off".into())]).unwrap()).unwrap();
    film.play(Time::from_secs(3));
    film.act(&burst("90")).unwrap();
    film.play(Time::from_secs(4));
    let kinds = |film: &mut Film| film.marks().iter().map(|mark| mark.kind).collect::<Vec<_>>();
    let expected = [MarkKind::Knob, MarkKind::Action, MarkKind::Break];
    assert_eq!(kinds(&mut film), expected);
    film.back_to(Time::from_secs(1));
    assert_eq!(kinds(&mut film), expected, "after winding back they lie ahead");
    assert_eq!(film.reached(), Time::from_secs(4));
    film.act(&burst("1")).unwrap();
    assert_eq!(kinds(&mut film), [MarkKind::Knob, MarkKind::Action], "a change of the past makes another future");
    assert_eq!(film.reached(), Time::from_secs(1));
}
