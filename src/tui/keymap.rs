//! Keys: one table per screen that finds the action and writes the footer and the help.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// One key press. Shift is part of the character (`?`, `G`), so only Ctrl and Alt are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    pub code: KeyCode,
    pub held: KeyModifiers,
}

/// A row of a key table: what is pressed, how it is shown, what it does in words, and the screen's own name for it.
#[derive(Clone, Copy, Debug)]
pub struct Binding<A: 'static> {
    pub keys: &'static [Press],
    /// As the footer writes it: `enter`, `j k`.
    pub shown: &'static str,
    pub says: &'static str,
    pub place: Place,
    pub act: A,
}

/// Where a binding is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the footer and in the help.
    Footer,
    /// In the help alone.
    Help,
    /// Nowhere: another row tells it as well.
    Nowhere,
}

/// What footer and help know of a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHelp {
    pub shown: &'static str,
    pub says: &'static str,
    pub place: Place,
}

pub const fn ch(c: char) -> Press {
    Press { code: KeyCode::Char(c), held: KeyModifiers::NONE }
}

pub const fn ctrl(c: char) -> Press {
    Press { code: KeyCode::Char(c), held: KeyModifiers::CONTROL }
}

pub const fn code(code: KeyCode) -> Press {
    Press { code, held: KeyModifiers::NONE }
}

pub const fn f(n: u8) -> Press {
    Press { code: KeyCode::F(n), held: KeyModifiers::NONE }
}

/// A binding told in footer and help.
pub const fn bind<A>(keys: &'static [Press], shown: &'static str, says: &'static str, act: A) -> Binding<A> {
    Binding { keys, shown, says, place: Place::Footer, act }
}

/// A binding told in the help alone.
pub const fn quiet<A>(keys: &'static [Press], shown: &'static str, says: &'static str, act: A) -> Binding<A> {
    Binding { keys, shown, says, place: Place::Help, act }
}

/// What a key means in a table.
pub fn find<A: Copy>(table: &[Binding<A>], key: KeyEvent) -> Option<A> {
    let press = pressed(key);
    table.iter().find(|row| row.keys.contains(&press)).map(|row| row.act)
}

/// What a table says of itself.
pub fn help<A>(table: &[Binding<A>]) -> Vec<KeyHelp> {
    table.iter().filter(|row| row.place != Place::Nowhere).map(|row| KeyHelp { shown: row.shown, says: row.says, place: row.place }).collect()
}

/// Keys that work everywhere; the app acts on them when a screen passes them on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Global {
    Help,
    Back,
    Leave,
    Suspend,
    Repaint,
}

pub const GLOBAL: &[Binding<Global>] = &[
    bind(&[ch('?'), f(1)], "? F1", "help", Global::Help),
    quiet(&[code(KeyCode::Esc)], "esc", "back", Global::Back),
    quiet(&[ctrl('c')], "ctrl-c", "save and leave", Global::Leave),
    quiet(&[ctrl('z')], "ctrl-z", "stop, back to the shell", Global::Suspend),
    quiet(&[ctrl('l')], "ctrl-l", "paint the screen anew", Global::Repaint),
];

/// What answers a question with yes. Every question takes the same two keys, and says so.
pub fn is_yes(key: KeyEvent) -> bool {
    matches!(key.code, KeyCode::Enter | KeyCode::Char('y' | 'Y'))
}

pub fn is_no(key: KeyEvent) -> bool {
    matches!(key.code, KeyCode::Esc | KeyCode::Char('n' | 'N'))
}

fn pressed(key: KeyEvent) -> Press {
    Press { code: key.code, held: key.modifiers.difference(KeyModifiers::SHIFT) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shift_is_part_of_the_character() {
        let key = KeyEvent::new(KeyCode::Char('?'), KeyModifiers::SHIFT);
        assert_eq!(find(GLOBAL, key), Some(Global::Help));
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::NONE);
        assert_eq!(find(GLOBAL, key), None);
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(find(GLOBAL, key), Some(Global::Leave));
    }
}
