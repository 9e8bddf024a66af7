//! The menu of faults and actions: choose one, fill its arguments, do it.

use crate::lab::Frame;
use crate::lab::turn::{self, Way};
use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::{scroll, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::action::{Action, ActionSpec, ArgDefault, ArgSpec};
use sims::kernel::design::Design;
use sims::kernel::value::Kind;

pub struct Menu {
    chosen: usize,
    form: Option<Form>,
}

/// The arguments of one action, as texts.
struct Form {
    spec: &'static ActionSpec,
    fields: Vec<Entry>,
    at: usize,
    refused: Option<String>,
}

pub enum Picked {
    Stay,
    Close,
    Act(Action),
}

impl Menu {
    pub fn new() -> Menu {
        Menu { chosen: 0, form: None }
    }

    pub fn types(&self) -> bool {
        self.form.as_ref().is_some_and(|form| form.spec.args.get(form.at).is_some_and(|arg| !picked(arg)))
    }

    pub fn in_form(&self) -> bool {
        self.form.is_some()
    }

    pub fn on_key(&mut self, key: KeyEvent, frame: &Frame) -> Picked {
        match &mut self.form {
            Some(form) => {
                let picked = form.on_key(key, frame);
                if matches!(picked, Picked::Close) {
                    self.form = None;
                    return Picked::Stay;
                }
                picked
            }
            None => self.menu_key(key, frame),
        }
    }

    fn menu_key(&mut self, key: KeyEvent, frame: &Frame) -> Picked {
        let actions = frame.design.all_actions();
        match key.code {
            KeyCode::Down | KeyCode::Char('j') => self.chosen = (self.chosen + 1).min(actions.len().saturating_sub(1)),
            KeyCode::Up | KeyCode::Char('k') => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Char('g') | KeyCode::Home => self.chosen = 0,
            KeyCode::Char('G') | KeyCode::End => self.chosen = actions.len().saturating_sub(1),
            KeyCode::Enter | KeyCode::Char('l') | KeyCode::Right => {
                let Some(spec) = find(frame.design, self.chosen) else { return Picked::Stay };
                let form = Form::new(spec, frame);
                if spec.args.is_empty() {
                    return form.done(frame).unwrap_or(Picked::Stay);
                }
                self.form = Some(form);
            }
            KeyCode::Esc | KeyCode::Char('x' | 'q') => return Picked::Close,
            _ => {}
        }
        Picked::Stay
    }

    pub fn on_paste(&mut self, text: &str) {
        if let Some(input) = self.form.as_mut().and_then(|form| form.fields.get_mut(form.at)) {
            input.paste(text);
        }
    }

    pub fn draw(&self, frame: &Frame, area: Rect, buf: &mut Buffer, theme: &Theme) {
        if let Some(form) = &self.form {
            return form.draw(area, buf, theme);
        }
        let actions = frame.design.all_actions();
        let from = scroll::window(self.chosen, area.height, actions.len());
        let name_cols = actions.iter().map(|a| a.name.len()).max().unwrap_or(0);
        for (row, (at, action)) in area.rows().zip(actions.iter().enumerate().skip(from)) {
            let style = if at == self.chosen { theme.selected } else { theme.text };
            let room = usize::from(area.width).saturating_sub(name_cols + 3);
            let name = Span::styled(format!(" {} ", text::pad(action.name, name_cols)), style);
            Line::from(vec![name, Span::styled(format!(" {}", text::fit(action.says, room)), theme.dim)]).render(row, buf);
        }
    }
}

/// The action at a place of the menu, out of the design's own lists.
fn find(design: &'static Design, at: usize) -> Option<&'static ActionSpec> {
    design.all_actions().get(at).copied()
}

/// Whether the argument is picked from a list instead of typed.
fn picked(arg: &ArgSpec) -> bool {
    matches!(arg.kind, Kind::Node | Kind::Choice(_) | Kind::Switch)
}

impl Form {
    fn new(spec: &'static ActionSpec, frame: &Frame) -> Form {
        let mut nodes = 0;
        let fields = spec.args.iter().map(|arg| Entry::new(first(arg, frame, &mut nodes))).collect();
        Form { spec, fields, at: 0, refused: None }
    }

    fn on_key(&mut self, key: KeyEvent, frame: &Frame) -> Picked {
        let last = self.fields.len().saturating_sub(1);
        match key.code {
            KeyCode::Esc => return Picked::Close,
            KeyCode::Enter => match self.done(frame) {
                Ok(done) => return done,
                Err(why) => self.refused = Some(why),
            },
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

    /// The action, read and checked.
    fn done(&self, frame: &Frame) -> Result<Picked, String> {
        let given = self.spec.args.iter().zip(&self.fields).filter(|(_, field)| !field.text().trim().is_empty());
        let args: Vec<(String, String)> = given.map(|(arg, field)| (arg.name.to_string(), field.text().trim().to_string())).collect();
        frame.design.read_action(self.spec.name, &args).map(Picked::Act)
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let name_cols = self.spec.args.iter().map(|a| a.name.len()).max().unwrap_or(0);
        let mut lines = vec![Line::styled(self.spec.says, theme.dim), Line::raw("")];
        for (at, (arg, field)) in self.spec.args.iter().zip(&self.fields).enumerate() {
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
            spans.push(Span::styled(format!("   {}: {}", arg.says, arg.kind), theme.dim));
            lines.push(Line::from(spans));
        }
        if let Some(why) = &self.refused {
            lines.push(Line::raw(""));
            lines.extend(text::wrap(why, usize::from(area.width)).into_iter().map(|line| Line::styled(line, theme.bad)));
        }
        area.rows().zip(lines).for_each(|(row, line)| line.render(row, buf));
    }
}

fn shown(field: &Entry) -> &str {
    if field.text().is_empty() { "(none)" } else { field.text() }
}

/// What can be picked. An argument that may be left out has an empty one.
fn options(arg: &ArgSpec, frame: &Frame) -> Vec<String> {
    let mut options: Vec<String> = match arg.kind {
        Kind::Node => frame.nodes.clone(),
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
        (ArgDefault::Required, Kind::Groups) => {
            let (one, two) = frame.nodes.split_at(frame.nodes.len() / 2);
            format!("{} | {}", one.join(" "), two.join(" "))
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
