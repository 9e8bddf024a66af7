//! The pictures of the README: the real screen of the real program, as SVG.
//!
//! `GREENROOM_PICTURES=write cargo test --test picture` makes them anew; without it the test only proves that the screen can still be reached.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod pty;

use pty::Terminal;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

const COLS: u16 = 120;
const ROWS: u16 = 40;
/// A cell in SVG units.
const WIDE: f64 = 8.4;
const HIGH: f64 = 18.0;
const INK: &str = "#cccccc";
const PAPER: &str = "#101218";

#[test]
fn the_lab_can_be_pictured() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::open(home.path(), COLS, ROWS, &["lab", "rate-limiter", "--seed", "7", "--set", "algorithm=fixed-window"]);
    terminal.until_some("the lab", |text| text.contains("Lab") && text.contains("Knobs"));
    std::thread::sleep(Duration::from_secs(if writing() { 12 } else { 1 }));
    let picture = svg(&terminal.formatted());
    assert!(picture.contains("rate limiter") && picture.len() > 10_000);
    if writing() {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/lab.svg"), picture).unwrap();
    }
    terminal.escape();
    terminal.keys("q");
}

fn writing() -> bool {
    std::env::var("GREENROOM_PICTURES").is_ok_and(|v| v == "write")
}

/// The screen as SVG: one rectangle per run of background, one text per run of one style, each stretched to its cells.
fn svg(screen: &vt100::Screen) -> String {
    let (width, height) = (f64::from(COLS) * WIDE, f64::from(ROWS) * HIGH);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-8 -8 {:.0} {:.0}\" font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"14\">\n<rect x=\"-8\" y=\"-8\" width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{PAPER}\"/>\n",
        width + 16.0,
        height + 16.0
    );
    for row in 0..ROWS {
        let mut col = 0;
        while col < COLS {
            let style = style_at(screen, row, col);
            let begin = col;
            let mut text = String::new();
            while col < COLS && style_at(screen, row, col) == style {
                let cell = screen.cell(row, col).map_or("", |c| c.contents());
                text.push_str(if cell.is_empty() { " " } else { cell });
                col += 1;
            }
            run(&mut out, row, begin, &text, &style);
        }
    }
    out.push_str("</svg>\n");
    out
}

#[derive(PartialEq)]
struct Style {
    ink: String,
    paper: Option<String>,
    bold: bool,
    dim: bool,
}

fn style_at(screen: &vt100::Screen, row: u16, col: u16) -> Style {
    let Some(cell) = screen.cell(row, col) else { return Style { ink: INK.into(), paper: None, bold: false, dim: false } };
    let (mut ink, mut paper) = (colour(cell.fgcolor()), colour(cell.bgcolor()));
    if cell.inverse() {
        (ink, paper) = (paper.or(Some(PAPER.into())), ink.or(Some(INK.into())));
    }
    Style { ink: ink.unwrap_or_else(|| INK.into()), paper, bold: cell.bold(), dim: cell.dim() }
}

fn run(out: &mut String, row: u16, col: u16, text: &str, style: &Style) {
    let (x, y) = (f64::from(col) * WIDE, f64::from(row) * HIGH);
    let cells = text.chars().count() as f64;
    if let Some(paper) = &style.paper {
        let _ = writeln!(out, "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{HIGH}\" fill=\"{paper}\"/>", cells * WIDE);
    }
    let text = &dots(out, x, y, text, &style.ink);
    let trimmed = text.trim_end();
    let lead = trimmed.chars().take_while(|c| *c == ' ').count();
    let trimmed = trimmed.trim_start();
    if trimmed.is_empty() {
        return;
    }
    let (x, length) = (x + lead as f64 * WIDE, trimmed.chars().count() as f64 * WIDE);
    let escaped = trimmed.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let bold = if style.bold { " font-weight=\"bold\"" } else { "" };
    let dim = if style.dim { " opacity=\"0.6\"" } else { "" };
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\" xml:space=\"preserve\"{bold}{dim}>{escaped}</text>",
        y + HIGH * 0.75,
        style.ink
    );
}

/// Draws braille as dots, since few fonts of a browser have it; gives the text with spaces in its place.
fn dots(out: &mut String, x: f64, y: f64, text: &str, ink: &str) -> String {
    const PLACES: [(f64, f64); 8] = [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (1.0, 0.0), (1.0, 1.0), (1.0, 2.0), (0.0, 3.0), (1.0, 3.0)];
    let mut rest = String::new();
    for (n, c) in text.chars().enumerate() {
        let Some(bits) = (c as u32).checked_sub(0x2800).filter(|bits| *bits < 256) else {
            rest.push(c);
            continue;
        };
        rest.push(' ');
        for (_, (col, row)) in PLACES.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1) {
            let (x, y) = (x + n as f64 * WIDE + 1.2 + col * WIDE / 2.0, y + 1.5 + row * HIGH / 4.0);
            let _ = writeln!(out, "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"2\" height=\"2\" fill=\"{ink}\"/>");
        }
    }
    rest
}

fn colour(colour: vt100::Color) -> Option<String> {
    const BASE: [&str; 16] = [
        "#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5", "#666666", "#f14c4c", "#23d18b", "#f5f543", "#3b8eea",
        "#d670d6", "#29b8db", "#ffffff",
    ];
    match colour {
        vt100::Color::Default => None,
        vt100::Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
        vt100::Color::Idx(n @ 0..=15) => Some(BASE[usize::from(n)].to_string()),
        vt100::Color::Idx(n @ 16..=231) => {
            let level = |k: u8| if k == 0 { 0 } else { 55 + 40 * k };
            let n = n - 16;
            Some(format!("#{:02x}{:02x}{:02x}", level(n / 36), level(n / 6 % 6), level(n % 6)))
        }
        vt100::Color::Idx(n) => {
            let grey = 8 + 10 * (n - 232);
            Some(format!("#{grey:02x}{grey:02x}{grey:02x}"))
        }
    }
}
