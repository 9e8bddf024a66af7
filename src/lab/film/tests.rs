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
