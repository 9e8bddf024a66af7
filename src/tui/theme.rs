//! How things look: dark, light, without colour; and with which glyphs. State is never told by colour alone.

use crate::config;
use ratatui::style::{Color, Modifier, Style};

/// What the user asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    #[default]
    Auto,
    Dark,
    Light,
}

impl Choice {
    /// As `config.toml` has it.
    pub fn of(theme: config::Theme) -> Choice {
        match theme {
            config::Theme::Auto => Choice::Auto,
            config::Theme::Dark => Choice::Dark,
            config::Theme::Light => Choice::Light,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    Dark,
    Light,
    /// `NO_COLOR`: the terminal's own colours, and modifiers.
    Plain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Glyphs {
    Unicode,
    /// Boxes and blocks, but no braille: the console of Linux.
    Blocks,
    Ascii,
}

/// Everything a painter needs to know of looks. Small and `Copy`: hand it around.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theme {
    pub mode: Mode,
    pub glyphs: Glyphs,
    /// What lies behind everything: nothing of ours, unless the user chose a theme that the terminal may not have.
    pub base: Style,
    pub text: Style,
    /// Less important than the text.
    pub dim: Style,
    /// Headings and titles of boxes.
    pub title: Style,
    /// What the eye should find first: keys, links, the chosen number.
    pub accent: Style,
    pub good: Style,
    pub warn: Style,
    pub bad: Style,
    pub border: Style,
    /// The border of the box that has the keys.
    pub focus: Style,
    /// The chosen row.
    pub selected: Style,
    /// Background of the header and the footer.
    pub bar: Style,
    pub key: Style,
    /// Code in prose.
    pub code: Style,
    /// Lines of a chart, in order; none has the colour of what is bad.
    pub series: [Color; 6],
}

/// What the surroundings say, read once at the start.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    pub no_color: bool,
    pub truecolor: bool,
    pub utf8: bool,
    /// `TERM=linux`: its font has no braille.
    pub console: bool,
    /// `COLORFGBG`'s verdict, if it gives one.
    pub light: Option<bool>,
}

impl Surroundings {
    pub fn read() -> Surroundings {
        let var = |name: &str| std::env::var(name).unwrap_or_default();
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().map(|n| var(n)).find(|v| !v.is_empty()).unwrap_or_default().to_lowercase();
        Surroundings {
            no_color: !var("NO_COLOR").is_empty(),
            truecolor: matches!(var("COLORTERM").as_str(), "truecolor" | "24bit"),
            // macOS terminals often start programs without a locale, and speak UTF-8 all the same.
            utf8: locale.contains("utf-8") || locale.contains("utf8") || (locale.is_empty() && cfg!(target_os = "macos")),
            console: var("TERM") == "linux",
            light: background(&var("COLORFGBG")),
        }
    }
}

impl Surroundings {
    /// Whether only the terminal itself can say if its background is light.
    pub fn unsure(&self) -> bool {
        self.light.is_none() && !self.no_color && !self.console
    }

    /// Asks the terminal for its background. Many never answer, so not for long.
    pub fn ask_terminal(&mut self) {
        const LIMIT: std::time::Duration = std::time::Duration::from_millis(100);
        let mut options = terminal_colorsaurus::QueryOptions::default();
        options.timeout = LIMIT;
        let mode = terminal_colorsaurus::theme_mode(options);
        self.light = mode.ok().map(|mode| mode == terminal_colorsaurus::ThemeMode::Light);
    }
}

/// `COLORFGBG` is `foreground;background`, or `foreground;default;background`: 7 and 9 to 15 are light.
fn background(colorfgbg: &str) -> Option<bool> {
    let number: u8 = colorfgbg.rsplit(';').next()?.parse().ok()?;
    Some(number == 7 || (9..=15).contains(&number))
}

impl Theme {
    /// Configuration first, then what the surroundings say, else dark.
    pub fn new(choice: Choice, ascii: bool, around: &Surroundings) -> Theme {
        let mode = match choice {
            _ if around.no_color => Mode::Plain,
            Choice::Dark => Mode::Dark,
            Choice::Light => Mode::Light,
            Choice::Auto => match around.light {
                Some(true) => Mode::Light,
                Some(false) | None => Mode::Dark,
            },
        };
        let glyphs = match (ascii || !around.utf8, around.console) {
            (true, _) => Glyphs::Ascii,
            (false, true) => Glyphs::Blocks,
            (false, false) => Glyphs::Unicode,
        };
        let theme = Theme::with(mode, glyphs, around.truecolor);
        if choice == Choice::Auto { theme } else { theme.on_own_ground(around.truecolor) }
    }

    /// With a background of our own: dark text on a dark terminal cannot be read.
    fn on_own_ground(mut self, truecolor: bool) -> Theme {
        let (fg, bg) = match (self.mode, truecolor) {
            (Mode::Plain, _) => return self,
            (Mode::Dark, true) => (rgb(0xd4d4d4), rgb(0x14171c)),
            (Mode::Light, true) => (rgb(0x24292f), rgb(0xfbfaf6)),
            (Mode::Dark, false) => (Color::Gray, Color::Black),
            (Mode::Light, false) => (Color::Black, Color::White),
        };
        self.base = Style::new().fg(fg).bg(bg);
        self
    }

    pub fn with(mode: Mode, glyphs: Glyphs, truecolor: bool) -> Theme {
        match mode {
            Mode::Plain => plain(glyphs),
            Mode::Dark if truecolor => coloured(mode, glyphs, &DARK),
            Mode::Light if truecolor => coloured(mode, glyphs, &LIGHT),
            Mode::Dark => coloured(mode, glyphs, &DARK_16),
            Mode::Light => coloured(mode, glyphs, &LIGHT_16),
        }
    }

    pub fn ascii(&self) -> bool {
        self.glyphs == Glyphs::Ascii
    }

    /// The glyph, or its twin where only ASCII can be shown.
    pub fn pick<'a>(&self, glyph: &'a str, twin: &'a str) -> &'a str {
        if self.ascii() { twin } else { glyph }
    }

    /// The style of a chart's n-th line.
    pub fn line(&self, n: usize) -> Style {
        Style::new().fg(self.series[n % self.series.len()])
    }
}

struct Palette {
    dim: Color,
    title: Color,
    accent: Color,
    good: Color,
    warn: Color,
    bad: Color,
    border: Color,
    /// Behind the chosen row; `None` reverses it.
    chosen: Option<Color>,
    bar: Color,
    code: Color,
    series: [Color; 6],
}

const fn rgb(hex: u32) -> Color {
    Color::Rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

const DARK: Palette = Palette {
    dim: rgb(0x8a919e),
    title: rgb(0xe6e1cf),
    accent: rgb(0x7fc8a9),
    good: rgb(0x8ccf7e),
    warn: rgb(0xe5b567),
    bad: rgb(0xf07178),
    border: rgb(0x4a515e),
    chosen: Some(rgb(0x2a3a36)),
    bar: rgb(0x9aa5b1),
    code: rgb(0xd8a657),
    series: [rgb(0x7fc8a9), rgb(0xe5b567), rgb(0x7aa8f0), rgb(0xb9c46a), rgb(0xc594e8), rgb(0x6cd0d8)],
};

const LIGHT: Palette = Palette {
    dim: rgb(0x68707a),
    title: rgb(0x1f2933),
    accent: rgb(0x0b6e4f),
    good: rgb(0x2f7d32),
    warn: rgb(0x9a6200),
    bad: rgb(0xb4232a),
    border: rgb(0xb0b7c0),
    chosen: Some(rgb(0xd5eae0)),
    bar: rgb(0x525b66),
    code: rgb(0x8a4b08),
    series: [rgb(0x0b6e4f), rgb(0xb86e00), rgb(0x1f5fbf), rgb(0x667000), rgb(0x7b3fa8), rgb(0x0f7c85)],
};

/// Sixteen colours whose values are the user's own: bright black is the only grey that all palettes have.
const DARK_16: Palette = Palette {
    dim: Color::DarkGray,
    title: Color::White,
    accent: Color::Cyan,
    good: Color::Green,
    warn: Color::Yellow,
    bad: Color::LightRed,
    border: Color::DarkGray,
    chosen: None,
    bar: Color::Gray,
    code: Color::Yellow,
    series: [Color::Cyan, Color::Yellow, Color::LightBlue, Color::White, Color::Magenta, Color::Green],
};

const LIGHT_16: Palette = Palette {
    dim: Color::DarkGray,
    title: Color::Black,
    accent: Color::Blue,
    good: Color::Green,
    warn: Color::Magenta,
    bad: Color::Red,
    border: Color::DarkGray,
    chosen: None,
    bar: Color::DarkGray,
    code: Color::Magenta,
    series: [Color::Blue, Color::Magenta, Color::Cyan, Color::Black, Color::Green, Color::DarkGray],
};

fn coloured(mode: Mode, glyphs: Glyphs, p: &Palette) -> Theme {
    let fg = |color| Style::new().fg(color);
    Theme {
        mode,
        glyphs,
        base: Style::new(),
        text: Style::new(),
        dim: fg(p.dim),
        title: fg(p.title).add_modifier(Modifier::BOLD),
        accent: fg(p.accent),
        good: fg(p.good),
        warn: fg(p.warn),
        bad: fg(p.bad).add_modifier(Modifier::BOLD),
        border: fg(p.border),
        focus: fg(p.accent),
        selected: p.chosen.map_or(Style::new().add_modifier(Modifier::REVERSED), |bg| Style::new().bg(bg).add_modifier(Modifier::BOLD)),
        bar: fg(p.bar),
        key: fg(p.accent).add_modifier(Modifier::BOLD),
        code: fg(p.code),
        series: p.series,
    }
}

/// Without colour only modifiers speak. `Color::Reset` keeps what the terminal has.
fn plain(glyphs: Glyphs) -> Theme {
    let style = Style::new();
    let bold = style.add_modifier(Modifier::BOLD);
    let dim = style.add_modifier(Modifier::DIM);
    Theme {
        mode: Mode::Plain,
        glyphs,
        base: style,
        text: style,
        dim,
        title: bold,
        accent: bold,
        good: style,
        warn: bold,
        bad: bold.add_modifier(Modifier::UNDERLINED),
        border: dim,
        focus: bold,
        selected: style.add_modifier(Modifier::REVERSED),
        bar: style,
        key: bold,
        code: style.add_modifier(Modifier::ITALIC),
        series: [Color::Reset; 6],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colorfgbg_tells_the_background_in_both_forms() {
        for (text, light) in [("15;0", Some(false)), ("0;15", Some(true)), ("0;default;15", Some(true)), ("7;8", Some(false)), ("0;7", Some(true)), ("", None)]
        {
            assert_eq!(background(text), light, "{text}");
        }
    }

    #[test]
    fn no_line_of_a_chart_has_the_colour_of_what_is_bad() {
        for (mode, truecolor) in [(Mode::Dark, true), (Mode::Dark, false), (Mode::Light, true), (Mode::Light, false)] {
            let theme = Theme::with(mode, Glyphs::Unicode, truecolor);
            assert!(theme.series.iter().all(|colour| Some(*colour) != theme.bad.fg), "{mode:?}, true colour {truecolor}");
            let different: std::collections::BTreeSet<String> = theme.series.iter().map(|colour| format!("{colour:?}")).collect();
            assert_eq!(different.len(), theme.series.len(), "{mode:?}, true colour {truecolor}");
        }
    }

    #[test]
    fn no_color_wins_over_everything() {
        let around = Surroundings { no_color: true, truecolor: true, utf8: true, console: false, light: Some(true) };
        let theme = Theme::new(Choice::Light, false, &around);
        assert_eq!(theme.mode, Mode::Plain);
        assert!(theme.series.iter().all(|c| *c == Color::Reset));
    }
}
