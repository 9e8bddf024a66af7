//! The faults' room by keys, on a design with nodes and links.

use super::*;
use crate::lab::{Command, Lab, plan};
use crate::tui::theme::{Glyphs, Mode};
use ratatui::crossterm::event::KeyModifiers;
use sims::designs::ALL;
use std::sync::Arc;
use std::time::{Duration, Instant};

struct Room {
    lab: Lab,
    menu: Menu,
}

impl Room {
    fn open() -> Room {
        let design = ALL.iter().find(|design| design.id == "rate-limiter").unwrap();
        let room = Room { lab: Lab::open(plan::open_lab(design, 1), || {}).unwrap(), menu: Menu::new() };
        room.lab.send(Command::StepBy(Length::secs(1)));
        room.until("a second", |frame| frame.now.as_secs() >= 1.0 && frame.seeking.is_none());
        room
    }

    fn until(&self, what: &str, wanted: impl Fn(&Frame) -> bool) -> Arc<Frame> {
        let begun = Instant::now();
        loop {
            let frame = self.lab.frame();
            if wanted(&frame) {
                return frame;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "never came: {what}; {:?}", frame.faults);
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn key(&mut self, code: KeyCode) -> Picked {
        let picked = self.menu.on_key(KeyEvent::new(code, KeyModifiers::NONE), &self.lab.frame());
        if let Picked::Act(actions) = &picked {
            actions.iter().for_each(|action| self.lab.send(Command::Act(action.clone())));
        }
        picked
    }

    fn keys(&mut self, keys: &str) {
        keys.chars().for_each(|c| drop(self.key(KeyCode::Char(c))));
    }

    /// Opens the form of a word.
    fn choose(&mut self, word: &str) {
        let at = words(self.lab.frame().design).iter().position(|(_, spec)| spec.name == word).unwrap();
        self.menu.chosen = at;
        self.key(KeyCode::Enter);
    }

    fn shown(&self, cols: u16, rows: u16) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, cols, rows));
        self.menu.draw(&self.lab.frame(), buf.area, &mut buf, &Theme::with(Mode::Dark, Glyphs::Unicode, false));
        let row = |y: u16| (0..cols).filter_map(|x| buf.cell((x, y)).map(|cell| cell.symbol().to_string())).collect::<String>();
        (0..rows).map(|y| row(y).trim_end().to_string() + "\n").collect()
    }
}

#[test]
fn the_whole_vocabulary_is_on_one_screen() {
    let room = Room::open();
    let shown = room.shown(120, 38);
    for (_, spec) in words(room.lab.frame().design) {
        assert!(shown.contains(spec.name), "{}: {shown}", spec.name);
    }
    assert!(shown.contains("Many at once") && shown.contains("In force: nothing"), "{shown}");
}

#[test]
fn each_fault_in_force_is_healed_alone() {
    let mut room = Room::open();
    room.choose("crash");
    room.key(KeyCode::Enter);
    room.choose("cut");
    room.key(KeyCode::Enter);
    room.choose("step-clock");
    room.key(KeyCode::Enter);
    let frame = room.until("four faults", |frame| frame.faults.len() == 4);
    let says: Vec<&str> = frame.faults.iter().map(|fault| fault.says.as_str()).collect();
    assert!(
        says[0].ends_with("is down") && says.iter().filter(|s| s.ends_with(": cut")).count() == 2 && says.iter().any(|s| s.starts_with("clock of")),
        "{says:?}"
    );
    room.key(KeyCode::Tab);
    room.key(KeyCode::Enter);
    let frame = room.until("the node is up", |frame| frame.faults.len() == 3);
    assert!(!frame.faults.iter().any(|fault| fault.says.ends_with("is down")));
    let cut = frame.faults.iter().position(|fault| fault.says.ends_with(": cut")).unwrap();
    (0..cut).for_each(|_| drop(room.key(KeyCode::Char('j'))));
    room.key(KeyCode::Enter);
    room.until("one direction is healed", |frame| frame.faults.iter().filter(|fault| fault.says.ends_with(": cut")).count() == 1);
    room.keys("a");
    room.until("all is healed", |frame| frame.faults.is_empty());
}

#[test]
fn a_partition_is_put_together_by_keys() {
    let mut room = Room::open();
    room.choose("partition");
    assert!(room.shown(80, 22).contains("no groups yet"), "{}", room.shown(80, 22));
    // The first node and its whole role into 1, the last into 2.
    room.keys("1r");
    room.key(KeyCode::End);
    room.keys("2");
    let shown = room.shown(80, 22);
    assert!(shown.contains(" | "), "{shown}");
    room.key(KeyCode::Enter);
    room.until("the cuts", |frame| !frame.faults.is_empty() && frame.faults.iter().all(|fault| fault.says.ends_with(": cut")));
}

#[test]
fn a_refusal_stays_in_the_form_and_esc_leaves_only_the_form() {
    let mut room = Room::open();
    room.choose("partition");
    room.key(KeyCode::Enter);
    assert!(room.shown(100, 30).contains("needs `groups`"), "{}", room.shown(100, 30));
    assert!(matches!(room.key(KeyCode::Esc), Picked::Stay));
    assert!(matches!(room.key(KeyCode::Esc), Picked::Close));
}

#[test]
fn a_chaos_is_wished_for_and_its_faults_come() {
    let mut room = Room::open();
    room.choose("chaos");
    let Picked::Chaos(wish, length) = room.key(KeyCode::Enter) else { panic!("no chaos") };
    assert_eq!((wish, length), (Wish { seed: 1, intensity: 20 }, Length::secs(30)));
    room.lab.send(Command::Chaos(Wish { seed: 1, intensity: 300 }, length));
    room.lab.send(Command::StepBy(Length::secs(20)));
    let frame = room.until("the faults", |frame| frame.taken > 20 && frame.seeking.is_none());
    let recorded = room.lab.recorded().unwrap();
    let mut again = recorded.start().unwrap();
    again.advance(frame.now);
    assert_eq!(again.digest(), frame.digest, "a recorded chaos is the same run again");
}
