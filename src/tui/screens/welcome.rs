//! The first start: what this is, three choices, what to do first.

use super::Place;
use crate::config::{self, Config};
use crate::session::Mode;
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code};
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen};
use crate::tui::theme::{self, Theme};
use crate::tui::widgets::{popup, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Down,
    Up,
    More,
    Less,
    Start,
}

const KEYS: &[Binding<Act>] = &[
    bind(&[code(KeyCode::Down), ch('j'), code(KeyCode::Tab)], "j k", "choose", Act::Down),
    bind(&[code(KeyCode::Right), ch('l'), ch(' ')], "h l", "change", Act::More),
    bind(&[code(KeyCode::Enter), code(KeyCode::Esc), ch('q')], "enter", "to the problems", Act::Start),
    Binding { keys: &[code(KeyCode::Up), ch('k'), code(KeyCode::BackTab)], shown: "k", says: "choose", place: keymap::Place::Nowhere, act: Act::Up },
    Binding { keys: &[code(KeyCode::Left), ch('h')], shown: "h", says: "change", place: keymap::Place::Nowhere, act: Act::Less },
];

const LEVELS: &[(&str, &str)] = &[("L6", "one system: sound, sized, operable"), ("L7", "a platform: tenants, adoption, cost, migration")];
const THEMES: &[(config::Theme, &str)] =
    &[(config::Theme::Auto, "as the terminal is"), (config::Theme::Dark, "light on dark"), (config::Theme::Light, "dark on light")];
const MODES: &[(Mode, &str)] = &[(Mode::Coached, "pauses and hints allowed"), (Mode::Real, "no pause, no reveal"), (Mode::Untimed, "no clock at all")];

#[derive(Default)]
pub struct Welcome {
    /// Which of the three choices has the keys.
    at: usize,
    chosen: [usize; 3],
}

impl Welcome {
    fn turn(&mut self, by: usize, ctx: &Ctx<'_>) -> Reply {
        let lengths = [LEVELS.len(), THEMES.len(), MODES.len()];
        self.chosen[self.at] = (self.chosen[self.at] + by) % lengths[self.at];
        Reply::ask(Ask::Look(self.look(ctx)))
    }

    /// The theme as chosen, at once: that is how one chooses it.
    fn look(&self, ctx: &Ctx<'_>) -> Theme {
        Theme::new(theme::Choice::of(THEMES[self.chosen[1]].0), ctx.theme.ascii(), &ctx.rooms.around)
    }

    fn config(&self, ctx: &Ctx<'_>) -> Config {
        let level = Some(LEVELS[self.chosen[0]].0.to_string());
        Config { level, theme: THEMES[self.chosen[1]].0, mode: MODES[self.chosen[2]].0, ..ctx.rooms.config.clone() }
    }
}

impl Screen for Welcome {
    fn header(&self, _ctx: &Ctx<'_>) -> Header {
        Header::title("greenroom")
    }

    fn keys(&self) -> Vec<KeyHelp> {
        keymap::help(KEYS)
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        let Some(act) = keymap::find(KEYS, key) else { return Reply::Passed };
        match act {
            Act::Down => self.at = (self.at + 1) % 3,
            Act::Up => self.at = (self.at + 2) % 3,
            Act::More => return self.turn(1, ctx),
            Act::Less => return self.turn(if self.at == 0 { 1 } else { 2 }, ctx),
            Act::Start => return Reply::Used(vec![Ask::Configure(Box::new(self.config(ctx))), Ask::Replace(Place::List)]),
        }
        Reply::DONE
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        const COLS: u16 = 74;
        let theme = ctx.theme;
        let lines = self.lines(usize::from(COLS - 6), theme);
        let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
        let inner = popup::draw("Welcome", COLS, rows, area, buf, theme);
        for (row, line) in inner.rows().zip(lines) {
            line.render(row, buf);
        }
    }
}

impl Welcome {
    fn lines(&self, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
        let mut lines = vec![Line::styled("The room where you get ready before a system-design interview.", theme.title), Line::default()];
        let steps = [
            ("m", "sit a timed mock interview; your notes are saved as you type"),
            ("", "then score it, line by line, and see where you leaned"),
            ("l", "open the lab: the reference design really runs; break it"),
            ("t", "what to do today and why: cards, estimates, flaws, a plan"),
            ("?", "all keys, on every screen; esc always goes back"),
        ];
        lines.extend(steps.iter().map(|(key, says)| Line::from(vec![Span::styled(format!("  {key:<3}"), theme.key), Span::raw(*says)])));
        lines.push(Line::default());
        let choices = [
            ("You prepare for", LEVELS.iter().map(|l| (l.0.to_string(), l.1)).collect::<Vec<_>>()),
            ("Colours", THEMES.iter().map(|t| (t.0.name().to_string(), t.1)).collect()),
            ("Interviews are", MODES.iter().map(|m| (m.0.name().to_string(), m.1)).collect()),
        ];
        for (n, (name, values)) in choices.iter().enumerate() {
            lines.push(self.choice(n, name, values, cols, theme));
        }
        lines.push(Line::default());
        let first = "Start with t: enter goes where it points. All of this can be changed in config.toml.";
        lines.extend(text::wrap(first, cols).into_iter().map(|line| Line::styled(line, theme.dim)));
        lines
    }

    fn choice(&self, n: usize, name: &str, values: &[(String, &str)], cols: usize, theme: &Theme) -> Line<'static> {
        let here = n == self.at;
        let (left, right) = (theme.pick("◂", "<"), theme.pick("▸", ">"));
        let (value, says) = &values[self.chosen[n]];
        let shown = if here { format!("{left} {value} {right}") } else { format!("  {value}  ") };
        let style = if here { theme.selected } else { theme.text };
        let rest = text::fit(says, cols.saturating_sub(34));
        Line::from(vec![
            Span::styled(format!("  {name:<16}"), if here { theme.title } else { theme.dim }),
            Span::styled(format!("{shown:<14}"), style),
            Span::styled(format!(" {rest}"), theme.dim),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::testing::Stage;
    use crate::tui::theme::{Glyphs, Mode as Look};

    #[test]
    fn what_is_chosen_is_seen_at_once_and_written_down() {
        let mut stage = Stage::with(Theme::with(Look::Dark, Glyphs::Unicode, true));
        stage.app.open(Place::Welcome);
        insta::assert_snapshot!("welcome", stage.text(80, 24));
        stage.keys("ljlljl");
        assert_eq!(stage.app.theme.mode, Look::Light);
        let text = stage.text(60, 18);
        assert!(text.contains("L7") && text.contains("light") && text.contains("real"), "{text}");
        stage.keys("<enter>");
        assert!(stage.text(80, 24).contains("Problems by group"));
        let (written, faults) = Config::load(&stage.app.rooms.home.config());
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!((written.level.as_deref(), written.theme, written.mode), (Some("L7"), config::Theme::Light, Mode::Real));
    }
}
