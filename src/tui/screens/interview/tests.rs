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

/// The sample with texts as cards have them: long, broken into lines by their file, with marks.
fn wordy(room: &Room, mode: Mode) -> Interview {
    let mut card = sample::problem();
    let filler = "one two three four five six seven eight nine ten\n".repeat(24);
    card.statement = format!("Opening words of the *statement*.\n\n{filler}\nlast words of the statement.\n");
    card.phases[1].goals = vec!["Goals of the second\nphase stand".into()];
    card.clarify[0].answer = "1,157 links\nand **11,574 visits**\na second.\n".into();
    card.hints[0].nudge = format!("Beginning of the hint.\n{filler}\nending of the hint.");
    let card = Arc::new(card);
    let session = Session::start(Plan::of(&card, None), mode);
    Interview::new(card, session, None, &room.ctx())
}

#[test]
fn the_prompt_begins_at_its_top_and_what_is_new_comes_into_sight() {
    let mut room = Room::new();
    for (cols, rows) in [(80, 24), (120, 30)] {
        let mut screen = wordy(&room, Mode::Coached);
        let shown = room.show(&screen, cols, rows);
        assert!(shown.contains("Opening words") && shown.contains("more: pgdn") && !shown.contains("pgup"), "{shown}");
        // A hint that is longer than the pane is read from its beginning.
        room.press(&mut screen, KeyCode::F(2));
        let shown = room.show(&screen, cols, rows);
        assert!(shown.contains("Beginning of the hint") && shown.contains("more: pgup") && shown.contains("more: pgdn"), "{shown}");
        assert!(!shown.contains("Opening words"), "{shown}");
        // A short answer stands at the end, whole.
        room.press(&mut screen, KeyCode::F(3));
        room.write(&mut screen, "players\n");
        let shown = room.show(&screen, cols, rows);
        assert!(shown.contains("a second.") && shown.contains("asked: How many") && !shown.contains("more: pgdn"), "{shown}");
        // The next phase brings its goals.
        room.press(&mut screen, KeyCode::F(6));
        let shown = room.show(&screen, cols, rows);
        assert!(shown.contains("Goals of the second") && shown.contains("What breaks first in"), "{shown}");
        // What the interviewer says comes by itself, wherever the user has scrolled to.
        (0..9).for_each(|_| drop(room.press(&mut screen, KeyCode::PageUp)));
        assert!(room.show(&screen, cols, rows).contains("Opening words"));
        room.wait(&mut screen, 400);
        let shown = room.show(&screen, cols, rows);
        assert!(shown.contains("What does a rank cost?"), "{shown}");
    }
}

#[test]
fn the_prompt_scrolls_freely_and_stays_where_it_was_put() {
    let mut room = Room::new();
    let mut screen = wordy(&room, Mode::Coached);
    room.press(&mut screen, KeyCode::F(2));
    let _ = room.show(&screen, 80, 24);
    (0..9).for_each(|_| drop(room.press(&mut screen, KeyCode::PageDown)));
    assert!(room.show(&screen, 80, 24).contains("ending of the hint"));
    (0..4).for_each(|_| drop(screen.on_key(KeyEvent::new(KeyCode::Up, KeyModifiers::CONTROL), &room.ctx())));
    let before = room.show(&screen, 80, 24);
    room.write(&mut screen, "x");
    room.press(&mut screen, KeyCode::F(4));
    room.press(&mut screen, KeyCode::Esc);
    room.wait(&mut screen, 20);
    let prompt = |shown: &str| shown.lines().skip(2).take(20).map(|line| line.chars().take(30).collect::<String>()).collect::<Vec<_>>();
    assert_eq!(prompt(&room.show(&screen, 80, 24)), prompt(&before), "neither typing nor a pane nor time moves it");
}

#[test]
fn a_real_interview_stays_where_it_is_when_a_phase_begins() {
    let room = Room::new();
    let mut screen = wordy(&room, Mode::Real);
    room.press(&mut screen, KeyCode::F(6));
    assert!(room.show(&screen, 80, 24).contains("Opening words"), "there are no goals to show");
    // Taken up again, it stands at its top as well; with something said, that is in sight.
    screen.prompt = Prompt::new(&screen.session);
    assert!(room.show(&screen, 80, 24).contains("Opening words"));
    room.press(&mut screen, KeyCode::F(2));
    screen.prompt = Prompt::new(&screen.session);
    assert!(room.show(&screen, 80, 24).contains("nudge design"));
}

#[test]
fn what_a_card_says_flows_to_the_width() {
    let room = Room::new();
    let mut screen = wordy(&room, Mode::Coached);
    room.press(&mut screen, KeyCode::F(3));
    room.write(&mut screen, "players\n");
    let shown = room.show(&screen, 200, 60);
    assert!(shown.contains("→ 1,157 links and 11,574 visits a second."), "{shown}");
    assert!(!shown.contains('*'), "{shown}");
}

#[test]
fn the_sheet_says_which_question_a_line_answers_and_typing_goes_on() {
    let room = Room::new();
    let mut session = Session::start(Plan::of(&sample::problem(), None), Mode::Coached);
    let mut sheet = Sheet::new(vec!["How many posts?".into(), "How many\nworkers?".into()]);
    let press = |sheet: &mut Sheet, session: &mut Session, code: KeyCode| sheet.on_key(KeyEvent::new(code, KeyModifiers::NONE), session);
    let write = |sheet: &mut Sheet, session: &mut Session, text: &str| text.chars().for_each(|c| drop(press(sheet, session, KeyCode::Char(c))));
    let shown = |sheet: &Sheet, session: &Session| {
        let area = Rect::new(0, 0, 90, 20);
        let mut buf = ratatui::buffer::Buffer::empty(area);
        sheet.draw(session, area, &mut buf, &room.theme);
        buf.content.iter().map(ratatui::buffer::Cell::symbol).collect::<String>()
    };
    // On an empty line Tab chooses the question, and the line stays empty.
    press(&mut sheet, &mut session, KeyCode::Tab);
    press(&mut sheet, &mut session, KeyCode::Tab);
    assert!(shown(&sheet, &session).contains("answers 2: How many workers?"));
    assert!(!shown(&sheet, &session).contains("missing"));
    write(&mut sheet, &mut session, "12 * 3");
    assert!(shown(&sheet, &session).contains("36") && shown(&sheet, &session).contains("answers 2"));
    // In the middle of a line as well.
    press(&mut sheet, &mut session, KeyCode::Tab);
    assert!(!shown(&sheet, &session).contains("answers 2"), "after the last question comes none");
    press(&mut sheet, &mut session, KeyCode::Tab);
    write(&mut sheet, &mut session, " * 2");
    press(&mut sheet, &mut session, KeyCode::Enter);
    assert_eq!(session.estimates(), ["12 * 3 * 2 #1"]);
    // A line that comes back keeps its question; a remark stays behind the tag.
    press(&mut sheet, &mut session, KeyCode::Up);
    press(&mut sheet, &mut session, KeyCode::Tab);
    write(&mut sheet, &mut session, " # guessed");
    press(&mut sheet, &mut session, KeyCode::Enter);
    assert_eq!(session.estimates(), ["12 * 3 * 2 #2 guessed"]);
    // Whoever writes the tag himself is understood.
    write(&mut sheet, &mut session, "7 #1");
    press(&mut sheet, &mut session, KeyCode::Tab);
    press(&mut sheet, &mut session, KeyCode::Enter);
    assert_eq!(session.estimates()[1], "7 #2");
}

#[test]
fn asking_nothing_says_what_to_do() {
    let room = Room::new();
    for (mode, says) in [(Mode::Coached, "choose a question"), (Mode::Real, "type what you want to know")] {
        let mut screen = sit(&room, mode);
        room.press(&mut screen, KeyCode::F(3));
        let asks = room.press(&mut screen, KeyCode::Enter);
        assert!(matches!(&asks[..], [Ask::Toast(_, told)] if told.contains(says)), "{mode:?}");
        assert!(matches!(screen.pane, Some(Pane::Ask(_))), "it stays open");
    }
}

#[test]
fn every_question_takes_the_same_keys() {
    let room = Room::new();
    for (no, yes) in [(KeyCode::Esc, KeyCode::Enter), (KeyCode::Char('n'), KeyCode::Char('y'))] {
        let mut screen = sit(&room, Mode::Coached);
        for open in [KeyCode::F(8), KeyCode::F(10)] {
            room.press(&mut screen, open);
            let shown = room.show(&screen, 80, 24);
            assert!(shown.contains("y or enter ") && shown.contains("n or esc "), "{shown}");
            room.press(&mut screen, no);
            assert!(screen.pane.is_none());
        }
        room.press(&mut screen, KeyCode::F(8));
        room.press(&mut screen, yes);
        assert!(screen.session.assisted());
        room.press(&mut screen, KeyCode::Esc);
        room.press(&mut screen, KeyCode::F(10));
        assert!(matches!(room.press(&mut screen, yes)[..], [Ask::Replace(_)]));
    }
}

#[test]
fn a_sizing_question_is_whole_and_the_form_says_what_it_feeds() {
    let room = Room::new();
    let mut card = sample::problem();
    let size = |knob: &str, ask: &str| serde_json::from_value(serde_json::json!({"knob": knob, "ask": ask, "good": "1..2"})).unwrap();
    let long = "A question about\nthe number of stores that goes on for much longer than a line of a small terminal has cells, to its end here?";
    card.sizing = (0..9).map(|n| size(&format!("k{n}"), long)).chain([size("last", "The very last?")]).collect();
    let card = Arc::new(card);
    let session = Session::start(Plan::of(&card, None), Mode::Coached);
    let mut screen = Interview::new(card, session, None, &room.ctx());
    room.press(&mut screen, KeyCode::F(5));
    let shown = room.show(&screen, 80, 24);
    assert!(shown.contains("to its end here?") && !shown.contains('…') && shown.contains("no design to run them"), "{shown}");
    (0..12).for_each(|_| drop(room.press(&mut screen, KeyCode::Down)));
    room.write(&mut screen, "2");
    let shown = room.show(&screen, 80, 24);
    assert!(shown.contains("The very last?") && shown.contains("last = 2") && shown.contains("10 of 10"), "{shown}");
    for (cols, rows) in [(1, 3), (20, 5), (60, 18), (200, 60)] {
        room.show(&screen, cols, rows);
    }
}
