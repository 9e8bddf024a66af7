//! The diagram of a running design: nodes with their state, links with their flow, cuts in words.

mod plan;
mod wires;

use super::numbers::short;
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, text};
use plan::{Form, Plan};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::view::{Box_, Diagram, State};
use wires::Wires;

pub fn draw(diagram: &Diagram, area: Rect, buf: &mut Buffer, theme: &Theme) {
    if diagram.nodes.is_empty() {
        return super::empty("no nodes", area, buf, theme);
    }
    let troubles = troubles(diagram);
    let told = u16::from(!troubles.is_empty() && area.height > 3);
    let picture = Rect { height: area.height - told, ..area };
    match plan::fitting(diagram, picture) {
        Some(plan) => draw_plan(diagram, &plan, picture, buf, theme),
        None => draw_list(diagram, picture, buf, theme),
    }
    if told > 0 {
        let line = text::fit(&troubles, usize::from(area.width));
        Line::styled(line, theme.bad).render(Rect { y: area.bottom() - 1, height: 1, ..area }, buf);
    }
}

/// What is wrong with the links, in words: no colour and no dash may be the only sign.
fn troubles(diagram: &Diagram) -> String {
    let name = |at: usize| diagram.nodes.get(at).map_or("?", |n| n.name.as_str());
    let link = |e: &sims::kernel::view::Edge| format!("{}>{}", name(e.from), name(e.to));
    let cut: Vec<String> = diagram.edges.iter().filter(|e| e.cut).map(link).collect();
    let mut parts = if cut.is_empty() { Vec::new() } else { vec![format!("cut {}", cut.join(" "))] };
    let told = |e: &sims::kernel::view::Edge| if e.label.is_empty() { format!("{} troubled", link(e)) } else { format!("{} {}", link(e), e.label) };
    parts.extend(diagram.edges.iter().filter(|e| !e.cut && (e.slow || e.lossy)).map(told));
    parts.join(" · ")
}

fn draw_plan(diagram: &Diagram, plan: &Plan, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let left = area.x + (area.width - plan.width) / 2;
    let top = area.y + (area.height - plan.height) / 2;
    Wires::new(Rect { x: left, y: top, width: plan.width, height: plan.height }, &plan.links, theme).paint(buf);
    for (node, place) in diagram.nodes.iter().zip(&plan.places) {
        let place = Rect { x: left + place.x, y: top + place.y, ..*place }.intersection(area);
        match plan.form {
            Form::Boxes => draw_box(node, place, buf, theme),
            Form::Words => draw_word(node, &node.label, place, buf, theme),
            Form::Names => draw_word(node, "", place, buf, theme),
        }
    }
}

fn draw_box(node: &Box_, place: Rect, buf: &mut Buffer, theme: &Theme) {
    if place.width < 4 || place.height < 3 {
        return draw_word(node, &node.label, place, buf, theme);
    }
    let (mark, style) = super::state(node.state, theme);
    ratatui::widgets::Clear.render(place, buf);
    crate::tui::widgets::popup::frame("", theme).border_style(border(node, style, theme)).render(place, buf);
    let inner = usize::from(place.width - 2);
    let title = text::fit(&plan::title(node), inner.saturating_sub(3));
    let line = Line::from(vec![Span::raw(" "), Span::styled(format!("{mark} "), style), Span::styled(title, theme.title), Span::raw(" ")]);
    line.render(Rect { x: place.x + 1, width: place.width - 2, height: 1, ..place }, buf);
    let body = Rect { x: place.x + 1, y: place.y + 1, width: place.width - 2, height: 1 };
    let label = text::pad(&node.label, inner);
    let bar = node.fill.filter(|_| node.label.is_empty()).map(|fill| meter::bar(fill, inner, theme));
    Line::styled(bar.unwrap_or(label), theme.text).render(body, buf);
    // With a label in the way, the lower border tells how full it is; whether that is bad its state says: a full cache is as it should be.
    let full_style = if node.state == State::Idle { theme.dim } else { style };
    if let Some(fill) = node.fill.filter(|_| !node.label.is_empty()) {
        let full = ((fill.clamp(0.0, 1.0) * inner as f64) + 0.5) as u16;
        for x in place.x + 1..place.x + 1 + full.min(place.width - 2) {
            buf.set_string(x, place.bottom() - 1, theme.pick("━", "="), full_style);
        }
    }
}

fn border(node: &Box_, style: Style, theme: &Theme) -> Style {
    match node.state {
        State::Idle | State::Busy => theme.border,
        State::Warn | State::Down | State::Paused | State::Leader => style,
    }
}

fn draw_word(node: &Box_, label: &str, place: Rect, buf: &mut Buffer, theme: &Theme) {
    let (mark, style) = super::state(node.state, theme);
    let width = usize::from(place.width);
    let mut line = Line::from(vec![Span::styled(format!("[{mark} "), style), Span::styled(plan::title(node), theme.title)]);
    if !label.is_empty() {
        line.push_span(Span::raw(format!(" {label}")));
    }
    let rest = width.saturating_sub(1);
    ratatui::widgets::Clear.render(place, buf);
    line.render(Rect { width: rest as u16, ..place }, buf);
    if place.width > 1 {
        buf.set_string(place.right() - 1, place.y, "]", style);
    }
}

/// Too many for a picture: every node in columns, with its state.
fn draw_list(diagram: &Diagram, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let says = |node: &Box_| if node.label.is_empty() { plan::title(node) } else { format!("{} {}", plan::title(node), node.label) };
    let widest = diagram.nodes.iter().map(|n| says(n).chars().count() + 4).max().unwrap_or(8).min(usize::from(area.width));
    let columns = (usize::from(area.width) / widest.max(1)).max(1);
    let rows = usize::from(area.height);
    let fits = (columns * rows).min(diagram.nodes.len());
    // The broken ones first: they must not be what is left out.
    let mut order: Vec<&Box_> = diagram.nodes.iter().collect();
    order.sort_by_key(|n| !matches!(n.state, State::Down | State::Warn));
    for (n, node) in order.iter().take(fits).enumerate() {
        let (x, y) = (area.x + ((n % columns) * widest) as u16, area.y + (n / columns) as u16);
        let (mark, style) = super::state(node.state, theme);
        let line = Line::from(vec![Span::styled(format!("{mark} "), style), Span::raw(text::fit(&says(node), widest.saturating_sub(3)))]);
        line.render(Rect { x, y, width: (widest as u16).min(area.right() - x), height: 1 }, buf);
    }
    if fits < diagram.nodes.len() {
        let more = format!("and {} more", short((diagram.nodes.len() - fits) as f64));
        Line::styled(more, theme.dim).right_aligned().render(Rect { y: area.bottom() - 1, height: 1, ..area }, buf);
    }
}
