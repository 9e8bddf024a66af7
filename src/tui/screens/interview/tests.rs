//! The interview's screen: what is typed is kept, everything is one key away, and it fits small and large terminals.

use super::*;
use crate::session::sample;
use crate::store::State;
use crate::tui::screens::harness::Stage as Room;
use ratatui::crossterm::event::KeyModifiers;

fn sit(room: &Room, mode: Mode) -> Interview {
    let card = Arc::new(sample::problem());
    let mut session = Session::start(Plan::of(&card, None), mode);
    let live = room.store().begin(&mut session).unwrap();
    Interview::new(card, session, Some(live), &room.ctx())
}

/// Ten minutes of an interview: notes, a question, two hints, an estimate, and the interviewer's first word.
fn under_way(room: &mut Room) -> Interview {
    let mut screen = sit(room, Mode::Real);
    room.write(&mut screen, "20 M players, a tenth a day\ntop 100 exact, own rank may lag");
    room.press(&mut screen, KeyCode::F(3));
    room.write(&mut screen, "players");
    room.press(&mut screen, KeyCode::Enter);
    room.press(&mut screen, KeyCode::F(2));
    room.wait(&mut screen, 552);
    room.press(&mut screen, KeyCode::F(6));
    room.write(&mut screen, "app -> set\n");
    room.wait(&mut screen, 75);
    screen
}

#[test]
fn it_fits_a_small_terminal() {
    let mut room = Room::new();
    let screen = under_way(&mut room);
    insta::assert_snapshot!("small", room.show(&screen, 80, 24));
}

#[test]
fn it_fills_a_large_terminal() {
    let mut room = Room::new();
    let screen = under_way(&mut room);
    insta::assert_snapshot!("large", room.show(&screen, 120, 40));
}

#[test]
fn what_is_typed_is_kept_at_once() {
    let mut room = Room::new();
    let screen = under_way(&mut room);
    let id = screen.live.as_ref().unwrap().id().to_string();
    let notes = room.store().notes(&id).unwrap();
    assert_eq!(notes[0].1, "20 M players, a tenth a day\ntop 100 exact, own rank may lag");
    assert_eq!(notes[1].1, "app -> set\n");
    assert_eq!(room.store().session(&id).unwrap().elapsed(), screen.session.elapsed());
}

#[test]
fn the_popups_fit() {
    let mut room = Room::new();
    let mut screen = under_way(&mut room);
    room.press(&mut screen, KeyCode::F(3));
    room.write(&mut screen, "fresh");
    insta::assert_snapshot!("ask", room.show(&screen, 80, 24));
    room.press(&mut screen, KeyCode::Esc);
    room.press(&mut screen, KeyCode::F(4));
    room.write(&mut screen, "writes = 20M * 10 / day\nwrites * 100 B * 1y\n3 KB + 5 s");
    insta::assert_snapshot!("sheet", room.show(&screen, 80, 24));
    room.press(&mut screen, KeyCode::Enter);
    assert_eq!(screen.session.estimates().len(), 2, "a line that does not work out stays to be mended");
    room.press(&mut screen, KeyCode::Esc);
    room.press(&mut screen, KeyCode::F(10));
    insta::assert_snapshot!("finish", room.show(&screen, 80, 24));
}

#[test]
fn a_real_interview_has_no_pause_and_a_coached_one_does() {
    let mut room = Room::new();
    let mut real = sit(&room, Mode::Real);
    assert!(matches!(room.press(&mut real, KeyCode::F(7))[..], [Ask::Toast(Tone::Warn, _)]));
    assert!(!real.keys().iter().any(|key| key.says == "pause"));
    let mut coached = sit(&room, Mode::Coached);
    room.press(&mut coached, KeyCode::F(7));
    assert_eq!(coached.next_tick(&room.ctx()), None, "a clock that stands needs no tick");
    room.wait(&mut coached, 100);
    room.press(&mut coached, KeyCode::F(7));
    assert_eq!(coached.session.elapsed(), Duration::ZERO);
}

#[test]
fn the_clock_turns_red_and_goes_on() {
    let mut room = Room::new();
    let mut screen = sit(&room, Mode::Real);
    room.wait(&mut screen, 610);
    let shown = room.show(&screen, 80, 24);
    assert!(shown.contains("10:10 / 10:00 +00:10 over"), "{shown}");
}

#[test]
fn finishing_leads_to_scoring() {
    let mut room = Room::new();
    let mut screen = under_way(&mut room);
    let id = screen.live.as_ref().unwrap().id().to_string();
    room.press(&mut screen, KeyCode::F(10));
    let asks = room.press(&mut screen, KeyCode::Enter);
    let [Ask::Replace(Place::Scoring { attempt })] = &asks[..] else { panic!("no scoring") };
    assert_eq!(*attempt, id);
    assert_eq!(room.store().attempt(&id).unwrap().state, State::Finished);
}

#[test]
fn the_last_phase_ends_in_the_question_whether_to_finish() {
    let room = Room::new();
    let mut screen = sit(&room, Mode::Coached);
    for _ in 0..3 {
        room.press(&mut screen, KeyCode::F(6));
    }
    assert!(matches!(screen.pane, Some(Pane::Finish)));
    room.press(&mut screen, KeyCode::Esc);
    assert!(screen.pane.is_none());
}

#[test]
fn function_keys_have_twins_and_letters_are_notes() {
    let room = Room::new();
    let mut screen = sit(&room, Mode::Coached);
    room.write(&mut screen, "why? quit");
    assert_eq!(screen.notes[0].lines(), ["why? quit"]);
    screen.on_key(KeyEvent::new(KeyCode::Char('h'), KeyModifiers::ALT), &room.ctx());
    assert_eq!(screen.session.hints_taken(), 1);
    assert!(matches!(room.press(&mut screen, KeyCode::Esc)[..], [Ask::Confirm { .. }]));
}

#[test]
fn a_reveal_asks_first_and_shows_the_solution_of_the_phase() {
    let room = Room::new();
    let mut screen = sit(&room, Mode::Real);
    room.press(&mut screen, KeyCode::F(8));
    assert!(room.show(&screen, 80, 24).contains("shows no solution before"));
    room.press(&mut screen, KeyCode::Enter);
    assert!(!screen.session.assisted(), "an Enter out of habit reveals nothing in a real interview");
    room.press(&mut screen, KeyCode::Char('r'));
    assert!(screen.session.assisted());
    assert!(room.show(&screen, 120, 40).contains("Twenty million players."));
}

#[test]
fn any_size_and_any_pane_can_be_drawn() {
    let mut room = Room::new();
    let mut screen = under_way(&mut room);
    for pane in [2, 3, 4, 5, 8, 10] {
        room.press(&mut screen, KeyCode::F(pane));
        for (cols, rows) in [(1, 3), (5, 4), (20, 5), (60, 18), (80, 24), (200, 60)] {
            room.show(&screen, cols, rows);
        }
        room.press(&mut screen, KeyCode::Esc);
    }
}

#[test]
fn an_interview_that_is_not_kept_says_so_all_the_time() {
    let room = Room::new();
    let card = Arc::new(sample::problem());
    let session = Session::start(Plan::of(&card, None), Mode::Coached);
    let mut screen = Interview::new(card, session, None, &room.ctx());
    assert!(room.show(&screen, 80, 24).contains("not kept"));
    assert!(!room.show(&sit(&room, Mode::Coached), 80, 24).contains("not kept"));
    room.press(&mut screen, KeyCode::F(10));
    assert!(matches!(room.press(&mut screen, KeyCode::Enter)[..], [Ask::Toast(Tone::Bad, _), Ask::Back]));
}

#[test]
fn chains_in_the_notes_are_drawn_while_they_are_typed() {
    let room = Room::new();
    let mut screen = sit(&room, Mode::Real);
    screen.on_key(KeyEvent::new(KeyCode::Char('g'), KeyModifiers::CONTROL), &room.ctx());
    assert!(room.show(&screen, 80, 24).contains("is drawn here as boxes"));
    room.write(&mut screen, "# Path\nclient -> lb -> app\napp -> cache\nreads first, **then** writes");
    insta::assert_snapshot!("board_80x24", room.show(&screen, 80, 24));
    insta::assert_snapshot!("board_200x60", room.show(&screen, 200, 60));
    room.press(&mut screen, KeyCode::F(6));
    assert!(!room.show(&screen, 80, 24).contains("lb"), "the whiteboard is that of the phase");
    screen.on_key(KeyEvent::new(KeyCode::Char('g'), KeyModifiers::CONTROL), &room.ctx());
    assert!(!room.show(&screen, 80, 24).contains("Whiteboard"));
}

#[test]
fn a_template_goes_under_what_stands_and_the_cursor_where_the_first_word_belongs() {
    let room = Room::new();
    let mut screen = sit(&room, Mode::Real);
    room.write(&mut screen, "so far");
    screen.on_key(KeyEvent::new(KeyCode::Char('t'), KeyModifiers::CONTROL), &room.ctx());
    insta::assert_snapshot!("template", room.show(&screen, 80, 24));
    room.press(&mut screen, KeyCode::Enter);
    room.write(&mut screen, "a rank for each player");
    assert!(screen.session.notes(0).starts_with("so far\nMust do:\n- a rank for each player\n"), "{}", screen.session.notes(0));
}

#[test]
fn a_real_interview_opens_with_the_bare_problem() {
    let room = Room::new();
    let real = room.show(&sit(&room, Mode::Real), 80, 24);
    assert!(!real.contains("What breaks first") && !real.contains("stands on the board"), "{real}");
    assert!(room.show(&sit(&room, Mode::Coached), 80, 24).contains("What breaks first"));
}

#[test]
fn time_slept_through_does_not_count() {
    let mut room = Room::new();
    let mut screen = sit(&room, Mode::Real);
    room.wait(&mut screen, 10);
    // The app's clock stood meanwhile: it only says for how long.
    room.rooms.away = Duration::from_secs(7200);
    room.wait(&mut screen, 1);
    assert_eq!((screen.session.elapsed().as_secs(), screen.session.away_for().as_secs()), (11, 7200));
    screen.on_key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::ALT), &room.ctx());
    insta::assert_snapshot!("times", room.show(&screen, 80, 24));
}
