//! The chosen row in full: what each grade or step looks like, and the words of evidence.

use super::{Item, Scoring};
use crate::catalog::{Dimension, RubricLine};
use crate::score::Grade;
use crate::tui::theme::Theme;
use crate::tui::widgets::{popup, prose, text};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

pub fn draw(screen: &Scoring, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let Some(item) = screen.item() else {
        popup::frame("", theme).render(area, buf);
        return;
    };
    match item {
        Item::Line(line) => draw_line(screen, line, area, buf, theme),
        Item::Dimension(scale) => draw_scale(scale, screen.judgement().dimensions.get(&scale.id), area, buf, theme),
        Item::Communication(scale) => draw_scale(scale, screen.judgement().communication.get(&scale.id), area, buf, theme),
    }
}

/// Rows that are filled from the top, each text hanging under its own beginning.
struct Rows<'a> {
    area: Rect,
    buf: &'a mut Buffer,
    theme: &'a Theme,
}

impl Rows<'_> {
    fn say(&mut self, mark: &str, mark_style: Style, says: &str, style: Style, most: usize) {
        let cols = usize::from(self.area.width);
        let mut lines = prose::hanging(mark, mark_style, says, style, cols, self.theme);
        if lines.len() > most {
            lines.truncate(most);
            if let Some(last) = lines.last_mut() {
                *last = Line::styled(text::fit(&format!("{last} …"), cols), style);
            }
        }
        for line in lines {
            if self.area.height == 0 {
                return;
            }
            line.render(Rect { height: 1, ..self.area }, self.buf);
            self.area = Rect { y: self.area.y + 1, height: self.area.height - 1, ..self.area };
        }
    }
}

fn inside(title: &str, area: Rect, buf: &mut Buffer, theme: &Theme) -> Rect {
    let block = popup::frame(title, theme);
    let inner = block.inner(area);
    block.render(area, buf);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

fn draw_line(screen: &Scoring, line: &RubricLine, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let inner = inside(&format!("{} points", line.points), area, buf, theme);
    let foot = Rect { y: inner.bottom().saturating_sub(1), height: inner.height.min(1), ..inner };
    let mut rows = Rows { area: Rect { height: inner.height.saturating_sub(1), ..inner }, buf, theme };
    rows.say("", theme.text, &line.line, theme.title, 2);
    let judged = screen.judgement().lines.get(&line.id);
    for (key, grade, says) in [("f full  ", Grade::Full, &line.full), ("h half  ", Grade::Half, &line.half), ("n none  ", Grade::None, &line.none)] {
        let style = if judged.is_some_and(|judged| judged.grade == grade) { theme.title } else { theme.text };
        rows.say(key, theme.key, says, style, 2);
    }
    let label = Span::styled("evidence ", theme.key);
    let width = u16::try_from(label.width()).unwrap_or(0);
    label.render(foot, buf);
    let field = Rect { x: foot.x + width, width: foot.width.saturating_sub(width), ..foot }.intersection(foot);
    let kept = screen.evidence_of(&line.id);
    match &screen.evidence {
        Some(entry) => entry.draw(field, buf, theme),
        None if !kept.is_empty() => Span::raw(text::fit(&kept, usize::from(field.width))).render(field, buf),
        None => Span::styled("enter: one line from your notes that shows it", theme.dim).render(field, buf),
    }
}

/// Cells before a step's text: its mark and its figure.
const STEP_MARK: usize = 5;

fn draw_scale(scale: &Dimension, step: Option<&u8>, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let inner = inside(&scale.title, area, buf, theme);
    // Every step is seen: where rows are short, each has one, from the first on.
    let high = |says: &str| prose::lines(says, usize::from(inner.width).saturating_sub(STEP_MARK), theme.text, theme).len().min(2);
    let wanted: usize = scale.steps.iter().map(|says| high(says)).sum();
    let mut short = wanted.saturating_sub(usize::from(inner.height));
    let mut rows = Rows { area: inner, buf, theme };
    for (n, says) in scale.steps.iter().enumerate() {
        let cut = short > 0 && high(says) == 2;
        short -= usize::from(cut);
        let chosen = step.is_some_and(|step| usize::from(*step) == n + 1);
        let mark = if chosen { theme.pick("▶", ">") } else { " " };
        rows.say(&format!("{mark} {}  ", n + 1), theme.key, says, if chosen { theme.title } else { theme.text }, if cut { 1 } else { 2 });
    }
}
