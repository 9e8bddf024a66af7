//! The prompt pane: the statement, what this phase is about, and what was said; what is new comes into sight by itself.

use super::view::digits;
use crate::session::{self, Mode, Session, Voice};
use crate::tui::panes::markdown::Markdown;
use crate::tui::theme::Theme;
use crate::tui::widgets::{popup, prose, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use std::cell::Cell;

/// What is in sight.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Show {
    /// The statement's top.
    Top,
    /// What is new: whatever was said from this one on, and the phase's goals where it was entered.
    News { said: usize, phase: bool },
    /// From this line on: the user scrolled.
    From(usize),
}

pub struct Prompt {
    show: Show,
    /// So much was said before this phase was entered: its goals stand behind that.
    before: usize,
    /// The first line shown, the rows and the lines in all when it was last drawn.
    seen: Cell<(usize, usize, usize)>,
}

/// Where an interview stands: how much was said, and the phase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    pub said: usize,
    phase: usize,
}

impl Mark {
    pub fn of(session: &Session) -> Mark {
        Mark { said: session.said().len(), phase: session.phase() }
    }
}

impl Prompt {
    /// An interview that is taken up shows the goals of its phase behind what was said so far.
    pub fn new(session: &Session) -> Prompt {
        let at = Mark::of(session);
        let fresh = at == Mark { said: 0, phase: 0 };
        let show = if fresh { Show::Top } else { Show::News { said: at.said.saturating_sub(1), phase: true } };
        Prompt { show, before: at.said, seen: Cell::default() }
    }

    /// Brings into sight what is new since `was`. `heard`: how much had been said when the phase was entered, if it was.
    pub fn follow(&mut self, was: Mark, heard: usize, session: &Session) {
        let now = Mark::of(session);
        let entered = now.phase != was.phase;
        if entered {
            self.before = heard.min(now.said);
        }
        // A real interviewer shows no goals, so a new phase alone has nothing new to show there.
        let goals = entered && session.mode() != Mode::Real;
        if now.said > was.said || goals {
            self.show = Show::News { said: was.said, phase: goals };
        }
    }

    /// Scrolls by lines, down if positive.
    pub fn by(&mut self, lines: isize) {
        let (seen, rows, length) = self.seen.get();
        // Several keys may come before the next draw.
        let from = if let Show::From(line) = self.show { line } else { seen };
        self.show = Show::From(from.saturating_add_signed(lines).min(length.saturating_sub(rows)));
    }

    /// Scrolls by pages, one line of the old page kept in sight.
    pub fn page(&mut self, pages: isize) {
        let rows = isize::try_from(self.seen.get().1).unwrap_or(1);
        self.by(pages * (rows - 1).max(1));
    }

    pub fn draw(&self, statement: &Markdown, session: &Session, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let inner = popup::frame("Prompt", theme).inner(area);
        let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
        let page = self.lay_out(statement, session, usize::from(inner.width), theme);
        let (rows, length) = (usize::from(inner.height), page.lines.len());
        let from = self.from(&page).min(length.saturating_sub(rows));
        self.seen.set((from, rows, length));
        let below = length.saturating_sub(from + rows);
        framed(from, below, area, theme).render(area, buf);
        for (row, line) in inner.rows().zip(page.lines.iter().skip(from)) {
            line.render(row, buf);
        }
        scroll::bar(area, from, length, buf, theme);
    }

    /// The first line that is wanted. What is new stands at the end, so where it fits the end is in sight, else its beginning.
    fn from(&self, page: &Page<'_>) -> usize {
        match self.show {
            Show::Top => 0,
            Show::From(line) => line,
            Show::News { said, phase } => {
                let goals = page.goals.filter(|_| phase);
                // Words that the card no longer has leave no line: then the last that it has is meant.
                let heard = page.said.get(said).or(page.said.last()).copied();
                heard.into_iter().chain(goals).min().unwrap_or(0)
            }
        }
    }

    fn lay_out<'a>(&self, statement: &Markdown, session: &Session, cols: usize, theme: &'a Theme) -> Page<'a> {
        let mut page = Page { cols, theme, lines: Vec::new(), goals: None, said: Vec::new() };
        let wide = u16::try_from(cols).unwrap_or(u16::MAX);
        page.lines.extend(statement.lines(wide, theme, None).iter().cloned());
        // What was said at one moment is new together.
        let newest = session.said().last().map(|(at, _)| *at);
        for (n, line) in session.lines().enumerate() {
            if n == self.before {
                page.phase(session, n > 0);
            }
            page.gap();
            page.said.push(page.lines.len());
            page.said(&line, if Some(line.at) == newest { theme.title } else { theme.text });
        }
        if self.before >= page.said.len() {
            page.phase(session, !page.said.is_empty());
        }
        page
    }
}

/// The pane's frame, with marks that say what is out of sight and which keys lead there.
fn framed<'a>(above: usize, below: usize, area: Rect, theme: &Theme) -> ratatui::widgets::Block<'a> {
    let mut block = popup::frame("Prompt", theme);
    let room = area.width >= 30;
    let says = |mark: &str, lines: usize, key: &str| {
        Line::styled(if room { format!(" {mark} {lines} more: {key} ") } else { format!(" {mark} {lines} ") }, theme.focus).right_aligned()
    };
    if above > 0 {
        block = block.title_top(says(theme.pick("↑", "^"), above, "pgup"));
    }
    if below > 0 {
        block = block.title_bottom(says(theme.pick("↓", "v"), below, "pgdn"));
    }
    block
}

/// Lines at the width of the pane.
struct Page<'a> {
    cols: usize,
    theme: &'a Theme,
    lines: Vec<Line<'static>>,
    /// The line at which the goals of the phase begin.
    goals: Option<usize>,
    /// The line at which each thing that was said begins.
    said: Vec<usize>,
}

impl Page<'_> {
    fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| line.width() > 0) {
            self.lines.push(Line::default());
        }
    }

    /// What the phase is about. A real interviewer opens with the bare problem and keeps the list of what is looked for.
    fn phase(&mut self, session: &Session, named: bool) {
        let phase = session.phase_plan();
        if session.mode() == Mode::Real || phase.goals.is_empty() && phase.prompts.is_empty() {
            return;
        }
        let theme = self.theme;
        self.gap();
        self.goals = Some(self.lines.len());
        // Under what was said before, a name tells where the phase begins.
        if named {
            self.lines.push(Line::styled(phase.name.clone(), theme.title));
        }
        phase.goals.iter().for_each(|goal| self.say(theme.pick("• ", "- "), theme.accent, goal, theme.dim));
        phase.prompts.iter().for_each(|prompt| self.say("? ", theme.accent, prompt, theme.dim));
    }

    /// A text of the card behind a mark; further lines hang under the first.
    fn say(&mut self, mark: &str, mark_style: Style, says: &str, style: Style) {
        self.lines.extend(prose::hanging(mark, mark_style, says, style, self.cols, self.theme));
    }

    fn head(&mut self, says: &str, style: Style) {
        self.lines.extend(text::wrap(says, self.cols).into_iter().map(|line| Line::from(Span::styled(line, style))));
    }

    fn said(&mut self, said: &session::Line<'_>, fresh: Style) {
        let (theme, when) = (self.theme, digits(said.at));
        let mut spoken = |kind: &str, style: Style| {
            self.head(&format!("{when} interviewer, {kind}:"), style);
            self.say(theme.pick("“ ", "\" "), style, &said.text, fresh);
        };
        match said.voice {
            Voice::Change => spoken("a change", theme.warn),
            Voice::Probe => spoken("a question", theme.accent),
            Voice::Time => spoken("time", theme.warn),
            Voice::Answer => {
                let asked: Vec<&str> = said.asked.unwrap_or_default().split_whitespace().collect();
                self.head(&format!("{when} asked: {}", asked.join(" ")), theme.dim);
                self.say(theme.pick("→ ", "> "), theme.accent, &said.text, fresh);
            }
            Voice::Hint(step) => {
                let name = ["nudge", "point", "answer"][step % 3];
                self.head(&format!("{when} hint, {name}:"), theme.dim);
                self.say("* ", theme.accent, &said.text, fresh);
            }
        }
    }
}
