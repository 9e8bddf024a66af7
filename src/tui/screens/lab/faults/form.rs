//! The form of one fault or action: its arguments picked, typed or put together.

use super::groups::{self, Groups};
use super::{CHAOS, Picked};
use crate::lab::Frame;
use crate::lab::chaos::Wish;
use crate::lab::turn::{self, Way};
use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::text;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::action::{self, ActionSpec, ArgDefault, ArgSpec};
use sims::kernel::value::Kind;

/// The arguments of one action, as texts.
pub struct Form {
    spec: &'static ActionSpec,
    fields: Vec<Entry>,
    /// In place of a field, where nodes are put into groups.
    groups: Option<Groups>,
    at: usize,
    refused: Option<String>,
}

/// Whether the argument is picked from a list instead of typed.
fn picked(arg: &ArgSpec) -> bool {
    matches!(arg.kind, Kind::Node | Kind::Choice(_) | Kind::Switch)
}

impl Form {
    pub fn new(spec: &'static ActionSpec, frame: &Frame) -> Form {
        let mut nodes = 0;
        let fields = spec.args.iter().map(|arg| Entry::new(first(arg, frame, &mut nodes))).collect();
        let groups = spec.args.iter().any(|arg| arg.kind == Kind::Groups).then(|| Groups::new(&frame.nodes));
        Form { spec, fields, groups, at: 0, refused: None }
    }

    pub fn types(&self) -> bool {
        self.groups.is_none() && self.spec.args.get(self.at).is_some_and(|arg| !picked(arg))
    }

    /// Whether nodes are put into groups.
    pub fn groups(&self) -> bool {
        self.groups.is_some()
    }

    pub fn on_paste(&mut self, text: &str) {
        if let Some(input) = self.fields.get_mut(self.at) {
            input.paste(text);
        }
    }

    pub fn on_key(&mut self, key: KeyEvent, frame: &Frame) -> Picked {
        let last = self.fields.len().saturating_sub(1);
        match key.code {
            KeyCode::Esc => return Picked::Close,
            KeyCode::Enter => match self.done(frame) {
                Ok(done) => return done,
                Err(why) => self.refused = Some(why),
            },
            _ if self.groups.is_some() => {
                self.refused = None;
                if let Some(groups) = &mut self.groups {
                    groups.on_key(key);
                }
            }
            KeyCode::Down | KeyCode::Tab => self.at = (self.at + 1).min(last),
            KeyCode::Up | KeyCode::BackTab => self.at = self.at.saturating_sub(1),
            _ => self.change(key, frame),
        }
        Picked::Stay
    }

    fn change(&mut self, key: KeyEvent, frame: &Frame) {
        let (Some(arg), Some(field)) = (self.spec.args.get(self.at), self.fields.get_mut(self.at)) else { return };
        self.refused = None;
        if !picked(arg) {
            field.on_key(key);
            return;
        }
        let way = match key.code {
            KeyCode::Right | KeyCode::Char('l' | ' ') => Way::Up,
            KeyCode::Left | KeyCode::Char('h') => Way::Down,
            // A letter jumps to the next that begins with it.
            KeyCode::Char(c) => {
                let options = options(arg, frame);
                let from = options.iter().position(|o| o == field.text()).map_or(0, |at| at + 1);
                if let Some(found) = options.iter().cycle().skip(from).take(options.len()).find(|o| o.starts_with(c)) {
                    *field = Entry::new(found.as_str());
                }
                return;
            }
            _ => return,
        };
        let options = options(arg, frame);
        if !options.is_empty() {
            let at = options.iter().position(|o| o == field.text()).unwrap_or(0);
            let step = if way == Way::Up { 1 } else { options.len() - 1 };
            *field = Entry::new(options[(at + step) % options.len()].as_str());
        }
    }

    /// What was asked for, read and checked.
    ///
    /// # Errors
    /// What is missing or out of range, with what is allowed.
    pub fn done(&self, frame: &Frame) -> Result<Picked, String> {
        let text = |arg: &ArgSpec, field: &Entry| match (&self.groups, arg.kind) {
            (Some(groups), Kind::Groups) => groups.text(),
            _ => field.text().trim().to_string(),
        };
        let given = self.spec.args.iter().zip(&self.fields).map(|(arg, field)| (arg.name.to_string(), text(arg, field)));
        let args: Vec<(String, String)> = given.filter(|(_, text)| !text.is_empty()).collect();
        if self.spec.name != CHAOS.name {
            return frame.design.read_action(self.spec.name, &args).map(|action| Picked::Act(vec![action]));
        }
        let read = action::read(&[&CHAOS], &[], CHAOS.name, &args)?;
        let number = |name: &str| read.int(name).and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
        let wish = Wish { seed: number("seed"), intensity: u32::try_from(number("faults")).unwrap_or(1) };
        Ok(Picked::Chaos(wish, read.span("for").unwrap_or_default()))
    }

    pub fn draw(&self, _frame: &Frame, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let cols = usize::from(area.width);
        let name_cols = self.spec.args.iter().map(|a| a.name.len()).max().unwrap_or(0);
        let mut lines = vec![Line::styled(self.spec.name, theme.title)];
        lines.extend(text::wrap(self.spec.says, cols).into_iter().map(|line| Line::styled(line, theme.dim)));
        for (at, (arg, field)) in self.spec.args.iter().zip(&self.fields).enumerate().filter(|_| self.groups.is_none()) {
            let here = at == self.at;
            let mut spans = vec![Span::styled(
                format!("{} {}  ", if here { theme.pick("▸", ">") } else { " " }, text::pad(arg.name, name_cols)),
                if here { theme.accent } else { theme.text },
            )];
            match (here, picked(arg)) {
                (true, true) => spans.push(Span::styled(format!("{} {} {}", theme.pick("◀", "<"), shown(field), theme.pick("▶", ">")), theme.selected)),
                (true, false) => spans.extend(field.spans(theme.accent, theme)),
                (false, _) => spans.push(Span::styled(shown(field).to_string(), theme.text)),
            }
            lines.push(Line::from(spans));
            if here {
                let says = format!("{}{}: {}", " ".repeat(name_cols + 4), arg.says, arg.kind);
                lines.push(Line::styled(text::fit(&says, cols), theme.dim));
            }
        }
        if let Some(why) = &self.refused {
            lines.extend(text::wrap(why, cols).into_iter().map(|line| Line::styled(line, theme.bad)));
        }
        let used = u16::try_from(lines.len()).unwrap_or(area.height).min(area.height);
        area.rows().zip(lines).for_each(|(row, line)| line.render(row, buf));
        if let Some(groups) = &self.groups {
            groups.draw(Rect { y: area.y + used, height: area.height - used, ..area }, buf, theme);
        }
    }
}

fn shown(field: &Entry) -> &str {
    if field.text().is_empty() { "(none)" } else { field.text() }
}

/// What can be picked: nodes, then whole roles, then everyone. An argument that may be left out has an empty one.
fn options(arg: &ArgSpec, frame: &Frame) -> Vec<String> {
    let mut options: Vec<String> = match arg.kind {
        Kind::Node => {
            let roles: std::collections::BTreeSet<&str> = frame.nodes.iter().map(|name| groups::role(name)).collect();
            let many = roles.into_iter().filter(|role| frame.nodes.iter().filter(|name| groups::role_of(name, role)).count() > 1);
            frame.nodes.iter().cloned().chain(many.map(String::from)).chain(["all".to_string()]).collect()
        }
        Kind::Choice(words) => words.iter().map(ToString::to_string).collect(),
        Kind::Switch => vec!["off".into(), "on".into()],
        _ => Vec::new(),
    };
    if arg.default == ArgDefault::Absent {
        options.insert(0, String::new());
    }
    options
}

/// What a field begins with: two nodes of one form begin as two different nodes.
fn first(arg: &ArgSpec, frame: &Frame, nodes: &mut usize) -> String {
    match (arg.default, arg.kind) {
        (ArgDefault::Text(text), _) => text.to_string(),
        (ArgDefault::Absent, _) => String::new(),
        (ArgDefault::Required, Kind::Node) => {
            *nodes += 1;
            frame.nodes.get(*nodes - 1).or(frame.nodes.first()).cloned().unwrap_or_default()
        }
        (ArgDefault::Required, kind) => start(&kind),
    }
}

/// A number to begin with, well inside the limits.
fn start(kind: &Kind) -> String {
    let candidates = ["100", "10", "1", "0.5", "100ms", "1s", "1KiB", "10/s"];
    let fits = candidates.iter().find_map(|text| kind.read(text).ok());
    let value = fits.or_else(|| kind.limits().first().and_then(|text| kind.read(text).ok()));
    value.map_or_else(String::new, |value| turn::next(kind, &value, Way::Up).map_or_else(|| value.to_string(), |_| value.to_string()))
}
