//! The user's settings: `config.toml`, read forgivingly, each fault reported and each value traced to its source.

use std::path::Path;

use chrono::NaiveDate;

use crate::session::Mode;

/// Which palette to use. `Auto` asks the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    Auto,
    Dark,
    Light,
}

impl Theme {
    pub const NAMES: [&'static str; 3] = ["auto", "dark", "light"];

    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "auto" => Self::Auto,
            "dark" => Self::Dark,
            "light" => Self::Light,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }
}

/// Below, cards are forgotten before they are learnt; above, the work grows without end.
pub const RETENTION: std::ops::RangeInclusive<f64> = 0.7..=0.97;
/// Cards a day: more is a slip of the finger.
const CARDS_A_DAY: std::ops::RangeInclusive<u32> = 0..=9999;

/// Frames a second the screen may draw at most.
pub const FPS: std::ops::RangeInclusive<u16> = 1..=120;

/// What holds, after the file and before the flags.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub theme: Theme,
    pub ascii: bool,
    pub mode: Mode,
    /// The level the user prepares for: `L6`, `L7`.
    pub level: Option<String>,
    pub interview_date: Option<NaiveDate>,
    pub hours_a_week: Option<f64>,
    /// Takes the notes instead of the built-in editor; else `$VISUAL`, `$EDITOR`.
    pub editor: Option<String>,
    pub fps: u16,
    /// The share of flashcards that should be recalled when they come up.
    pub retention: f64,
    pub new_cards_a_day: u32,
    pub reviews_a_day: u32,
    /// Keys the file has set, so that `doctor` can say from where a value comes.
    pub set: Vec<&'static str>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            theme: Theme::Auto,
            ascii: false,
            mode: Mode::Coached,
            level: None,
            interview_date: None,
            hours_a_week: None,
            editor: None,
            fps: 30,
            retention: 0.9,
            new_cards_a_day: 10,
            reviews_a_day: 100,
            set: Vec::new(),
        }
    }
}

/// Every key `config.toml` knows.
pub const KEYS: [&str; 11] =
    ["theme", "ascii", "mode", "level", "interview_date", "hours_a_week", "editor", "fps", "retention", "new_cards_a_day", "reviews_a_day"];

impl Config {
    /// Reads the file. A missing one is no fault; a wrong value keeps its default and is reported, with the line.
    pub fn load(path: &Path) -> (Self, Vec<String>) {
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let (config, faults) = Self::parse(&text);
                (config, faults.into_iter().map(|fault| format!("{}: {fault}", path.display())).collect())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (Self::default(), Vec::new()),
            Err(error) => (Self::default(), vec![format!("{}: {error}", path.display())]),
        }
    }

    /// Reads the text of a `config.toml`.
    pub fn parse(text: &str) -> (Self, Vec<String>) {
        let mut config = Self::default();
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                let place = error.span().map_or(String::new(), |span| format!("line {}: ", line_of(text, span.start)));
                return (config, vec![format!("{place}{}", error.message())]);
            }
        };
        let mut faults = Vec::new();
        for (key, value) in &table {
            let Some(known) = KEYS.into_iter().find(|known| known == key) else {
                let near = KEYS.into_iter().min_by_key(|known| strsim::damerau_levenshtein(known, key)).unwrap_or_default();
                faults.push((line_with(text, key), format!("unknown key `{key}`; the nearest is `{near}`")));
                continue;
            };
            match config.take(known, value) {
                Ok(()) => config.set.push(known),
                Err(expected) => faults.push((line_with(text, key), format!("`{key}` is {value}, but must be {expected}"))),
            }
        }
        // The parser sorts by key; people read from the top.
        faults.sort();
        (config, faults.into_iter().map(|(line, fault)| format!("line {line}: {fault}")).collect())
    }

    fn take(&mut self, key: &str, value: &toml::Value) -> Result<(), String> {
        let text = || value.as_str().ok_or_else(|| "a text in quotes".to_owned());
        match key {
            "theme" => self.theme = Theme::parse(text()?).ok_or("auto, dark or light")?,
            "ascii" => self.ascii = value.as_bool().ok_or("true or false")?,
            "mode" => self.mode = Mode::parse(text()?).ok_or("coached, real or untimed")?,
            "level" => self.level = Some(text()?.to_owned()),
            "interview_date" => self.interview_date = Some(date(value).ok_or("a day: 2027-01-31")?),
            "hours_a_week" => self.hours_a_week = Some(number(value).filter(|hours| (0.0..=168.0).contains(hours)).ok_or("a number of hours from 0 to 168")?),
            "editor" => self.editor = Some(text()?.to_owned()),
            "retention" => {
                let share = number(value).filter(|share| RETENTION.contains(share));
                self.retention = share.ok_or_else(|| format!("a share from {} to {}: 0.9 is nine cards of ten", RETENTION.start(), RETENTION.end()))?;
            }
            "new_cards_a_day" => self.new_cards_a_day = cards_a_day(value)?,
            "reviews_a_day" => self.reviews_a_day = cards_a_day(value)?,
            _ => {
                let fps = value.as_integer().and_then(|fps| u16::try_from(fps).ok());
                self.fps = fps.filter(|fps| FPS.contains(fps)).ok_or_else(|| format!("a whole number from {} to {}", FPS.start(), FPS.end()))?;
            }
        }
        Ok(())
    }

    /// Writes what differs from the defaults; the folder is made if it is not there.
    ///
    /// # Errors
    /// The disk's own.
    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        let default = Self::default().table();
        let mut text = String::from("# greenroom: see `greenroom doctor` for every key and what holds.\n");
        for ((key, value, _), (_, usual, _)) in self.table().into_iter().zip(default) {
            let bare = matches!(key, "ascii" | "interview_date" | "hours_a_week" | "fps" | "retention" | "new_cards_a_day" | "reviews_a_day");
            if value != usual {
                let written = if bare { value } else { toml::Value::String(value).to_string() };
                text.push_str(&format!("{key} = {written}\n"));
            }
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, text)
    }

    /// Key, value as text, and where it comes from.
    pub fn table(&self) -> Vec<(&'static str, String, &'static str)> {
        let value = |key: &str| match key {
            "theme" => self.theme.name().to_owned(),
            "ascii" => self.ascii.to_string(),
            "mode" => self.mode.name().to_owned(),
            "level" => self.level.clone().unwrap_or_default(),
            "interview_date" => self.interview_date.map(|day| day.to_string()).unwrap_or_default(),
            "hours_a_week" => self.hours_a_week.map(|hours| hours.to_string()).unwrap_or_default(),
            "editor" => self.editor.clone().unwrap_or_default(),
            "retention" => self.retention.to_string(),
            "new_cards_a_day" => self.new_cards_a_day.to_string(),
            "reviews_a_day" => self.reviews_a_day.to_string(),
            _ => self.fps.to_string(),
        };
        KEYS.into_iter().map(|key| (key, value(key), if self.set.contains(&key) { "config.toml" } else { "default" })).collect()
    }
}

fn number(value: &toml::Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))
}

fn cards_a_day(value: &toml::Value) -> Result<u32, String> {
    let count = value.as_integer().and_then(|n| u32::try_from(n).ok()).filter(|n| CARDS_A_DAY.contains(n));
    count.ok_or_else(|| format!("a whole number from {} to {}", CARDS_A_DAY.start(), CARDS_A_DAY.end()))
}

/// TOML has dates of its own; people also write them in quotes.
fn date(value: &toml::Value) -> Option<NaiveDate> {
    match value {
        toml::Value::String(text) => text.trim().parse().ok(),
        toml::Value::Datetime(when) => when.date.and_then(|d| NaiveDate::from_ymd_opt(d.year.into(), d.month.into(), d.day.into())),
        _ => None,
    }
}

fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|b| *b == b'\n').count() + 1
}

fn line_with(text: &str, key: &str) -> usize {
    text.lines().position(|line| line.trim_start().trim_start_matches(['"', '\'']).starts_with(key)).map_or(1, |line| line + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_read() {
        let (config, faults) = Config::parse(
            "theme = 'light'\nascii = true\nmode = 'real'\nlevel = 'L7'\ninterview_date = 2027-01-31\nhours_a_week = 6\neditor = 'hx'\nfps = 10\n\
             retention = 0.85\nnew_cards_a_day = 20\nreviews_a_day = 0\n",
        );
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(config.theme, Theme::Light);
        assert_eq!(config.mode, Mode::Real);
        assert_eq!(config.interview_date, NaiveDate::from_ymd_opt(2027, 1, 31));
        assert_eq!((config.ascii, config.fps, config.hours_a_week), (true, 10, Some(6.0)));
        assert_eq!((config.retention, config.new_cards_a_day, config.reviews_a_day), (0.85, 20, 0));
        assert!(config.table().iter().all(|(_, _, from)| *from == "config.toml"));
    }

    #[test]
    fn a_wrong_value_is_named_and_the_rest_holds() {
        let (config, faults) = Config::parse("fps = 0\nthem = 'dark'\nascii = true\nmode = 'hard'\n");
        assert!(config.ascii);
        assert_eq!((config.fps, config.mode), (30, Mode::Coached));
        assert_eq!(
            faults,
            [
                "line 1: `fps` is 0, but must be a whole number from 1 to 120",
                "line 2: unknown key `them`; the nearest is `theme`",
                "line 4: `mode` is \"hard\", but must be coached, real or untimed",
            ]
        );
    }

    #[test]
    fn retention_has_bounds() {
        for wrong in ["0.69", "0.98", "90", "'0.9'", "nan"] {
            let (config, faults) = Config::parse(&format!("retention = {wrong}\n"));
            assert_eq!((config.retention, faults.len()), (0.9, 1), "{wrong}");
            assert!(faults[0].contains("from 0.7 to 0.97"), "{faults:?}");
        }
    }

    #[test]
    fn what_is_saved_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("config.toml");
        let date = NaiveDate::from_ymd_opt(2027, 1, 31);
        let config =
            Config { level: Some("L7".into()), theme: Theme::Light, interview_date: date, hours_a_week: Some(6.5), retention: 0.8, ..Config::default() };
        config.save(&path).unwrap();
        let (back, faults) = Config::load(&path);
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(Config { set: Vec::new(), ..back }, config);
    }

    #[test]
    fn broken_toml_says_its_line() {
        let (config, faults) = Config::parse("ascii = true\nfps = = 3\n");
        assert_eq!(config, Config::default());
        assert!(faults[0].starts_with("line 2: "), "{faults:?}");
    }
}
