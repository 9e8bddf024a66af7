//! The notes beside the rubric: the phase of the chosen line first, and a cursor that takes a line as evidence.

use super::{Item, Scoring};
use crate::tui::theme::Theme;
use crate::tui::widgets::text;
use ratatui::text::Line;

/// A block of notes under its title.
struct Block {
    title: String,
    lines: Vec<String>,
}

/// The notes of the line's phase first, those of the others after it: evidence may stand anywhere. Numbers are notes as well.
fn blocks(screen: &Scoring) -> Vec<Block> {
    let phase = match screen.item() {
        Some(Item::Line(line)) => Some(line.phase.as_str()),
        _ => None,
    };
    let mut phases: Vec<_> = screen.session.plan().phases.iter().enumerate().collect();
    phases.sort_by_key(|(_, plan)| Some(plan.id.as_str()) != phase);
    let mut blocks: Vec<Block> = phases
        .into_iter()
        .map(|(n, plan)| Block { title: plan.name.clone(), lines: screen.session.notes(n).trim_end().lines().map(str::to_string).collect() })
        .collect();
    let worked = crate::session::sheet(screen.session.estimates());
    let estimates =
        screen.session.estimates().iter().zip(worked).map(|(line, worked)| worked.map_or(line.clone(), |worked| format!("{line} = {}", worked.shown)));
    let sizes = screen.session.sizing().iter().map(|(knob, answer)| format!("{knob}: {answer}"));
    for (title, lines) in [("Estimates", estimates.collect::<Vec<_>>()), ("Sizing", sizes.collect())] {
        if !lines.is_empty() {
            blocks.push(Block { title: title.into(), lines });
        }
    }
    blocks
}

/// Every line that can be taken as evidence, in the order shown.
pub fn lines(screen: &Scoring) -> Vec<String> {
    let all = blocks(screen).into_iter().flat_map(|block| block.lines);
    all.map(|line| line.trim().to_string()).filter(|line| !line.is_empty()).collect()
}

/// The notes at a width, and the row at which the cursor's line begins.
pub fn rows(screen: &Scoring, cols: usize, theme: &Theme) -> (Vec<Line<'static>>, Option<usize>) {
    let (mut rows, mut place, mut cursor) = (Vec::new(), 0, None);
    for block in blocks(screen) {
        rows.push(Line::styled(text::fit(&block.title, cols), theme.title));
        if block.lines.is_empty() {
            rows.push(Line::styled("nothing written", theme.dim));
        }
        for line in &block.lines {
            let here = !line.trim().is_empty() && screen.picking == Some(place);
            if here {
                cursor = Some(rows.len());
            }
            place += usize::from(!line.trim().is_empty());
            let style = if here { theme.selected } else { theme.text };
            let mark = if here { theme.pick("▶ ", "> ") } else { "" };
            let wrapped = text::wrap(&format!("{mark}{line}"), cols);
            // An empty line parts what is written.
            rows.extend(if wrapped.is_empty() { vec![Line::default()] } else { wrapped.into_iter().map(|line| Line::styled(line, style)).collect() });
        }
        rows.push(Line::default());
    }
    (rows, cursor)
}
