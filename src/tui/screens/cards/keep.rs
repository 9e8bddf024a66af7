//! A card from a miss: offered prefilled, edited, and written into the user's own deck.

use crate::catalog::{Card, own};
use crate::drill::cards::draft::{DECK, Draft, TITLE};
use crate::tui::keymap::{self, Binding, KeyHelp, bind, code, ctrl, f};
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::theme::Theme;
use crate::tui::widgets::popup;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Widget;
use ratatui_textarea::{TextArea, WrapMode};
use std::path::Path;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Keep,
    Skip,
    Next,
    Back,
}

const KEYS: &[Binding<Act>] = &[
    bind(&[f(2), ctrl('s')], "F2", "keep this card", Act::Keep),
    bind(&[f(3)], "F3", "skip", Act::Skip),
    bind(&[code(KeyCode::Tab)], "tab", "next field", Act::Next),
    bind(&[code(KeyCode::Esc)], "esc", "keep no more", Act::Back),
];

const FIELDS: [&str; 3] = ["Question", "Answer", "Why"];

pub struct Keep {
    drafts: Vec<Draft>,
    at: usize,
    field: usize,
    fields: [TextArea<'static>; 3],
    kept: usize,
}

impl Keep {
    /// # Errors
    /// There is nothing to make a card of.
    pub fn open(drafts: Vec<Draft>, ctx: &Ctx<'_>) -> Result<Keep, String> {
        let first = drafts.first().ok_or("nothing was missed that a card could be made of")?;
        let fields = fields(first, ctx.theme);
        Ok(Keep { fields, drafts, at: 0, field: 0, kept: 0 })
    }

    fn edited(&self) -> Option<Draft> {
        let text = |n: usize| self.fields[n].lines().join("\n").trim().to_string();
        Some(Draft { ask: text(0), answer: text(1), why: text(2), ..self.drafts.get(self.at)?.clone() })
    }

    fn keep(&mut self, ctx: &Ctx<'_>) -> Reply {
        let Some(draft) = self.edited() else { return Reply::ask(Ask::Back) };
        if draft.ask.is_empty() || draft.answer.is_empty() {
            return Reply::ask(Ask::Toast(Tone::Warn, "a card needs a question and an answer".into()));
        }
        match keep(&draft, &ctx.rooms.home.decks(), |id| ctx.rooms.catalog.as_ref().is_some_and(|catalog| catalog.card(id).is_some())) {
            Ok(card) => {
                self.kept += 1;
                let says = format!("kept as `{}` in {DECK}.yaml", card.id);
                let mut asks = self.go_on(ctx);
                asks.insert(0, Ask::Reread);
                asks.push(Ask::Toast(Tone::Good, says));
                Reply::Used(asks)
            }
            Err(why) => Reply::ask(Ask::Toast(Tone::Bad, format!("not kept: {}", why.lines().next().unwrap_or("")))),
        }
    }

    fn go_on(&mut self, ctx: &Ctx<'_>) -> Vec<Ask> {
        self.at += 1;
        self.field = 0;
        match self.drafts.get(self.at) {
            Some(next) => {
                self.fields = fields(next, ctx.theme);
                Vec::new()
            }
            None => vec![Ask::Back],
        }
    }
}

/// Writes a card into the user's deck of misses. A miss that was kept before gets a card beside it.
///
/// # Errors
/// The deck has a fault, or the disk.
fn keep(draft: &Draft, folder: &Path, known: impl Fn(&str) -> bool) -> Result<Card, String> {
    let path = folder.join(format!("{DECK}.yaml"));
    let shown = path.display().to_string();
    let before = match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => None,
        Err(why) => return Err(format!("{shown}: {why}")),
    };
    let there = before.as_deref().filter(|text| !text.trim().is_empty()).map(|text| own::read(&shown, text)).transpose()?;
    let taken = |id: &str| known(id) || there.as_ref().is_some_and(|deck| deck.cards.iter().any(|card| card.id == id));
    let card = draft.card(own::free_id(&draft.id, taken));
    let text = own::with_cards(&shown, before.as_deref(), DECK, TITLE, std::slice::from_ref(&card))?;
    own::write_whole(&path, &text).map_err(|why| format!("{shown}: {why}"))?;
    Ok(card)
}

fn fields(draft: &Draft, theme: &Theme) -> [TextArea<'static>; 3] {
    [&draft.ask, &draft.answer, &draft.why].map(|text| {
        let mut area = TextArea::new(text.split('\n').map(str::to_string).collect());
        area.set_wrap_mode(WrapMode::WordOrGlyph);
        area.set_cursor_line_style(Style::new());
        area.set_style(theme.text);
        area
    })
}

impl Screen for Keep {
    fn header(&self, _ctx: &Ctx<'_>) -> Header {
        let right = format!("{} of {} · {} kept", self.at + 1, self.drafts.len(), self.kept);
        Header { right: Line::raw(right), ..Header::title("A card from what you missed") }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        keymap::help(KEYS)
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        match keymap::find(KEYS, key) {
            Some(Act::Keep) => self.keep(ctx),
            Some(Act::Skip) => Reply::Used(self.go_on(ctx)),
            Some(Act::Next) => {
                self.field = (self.field + 1) % FIELDS.len();
                Reply::DONE
            }
            Some(Act::Back) => Reply::ask(Ask::Back),
            None if key.code == KeyCode::BackTab => {
                self.field = (self.field + FIELDS.len() - 1) % FIELDS.len();
                Reply::DONE
            }
            None if matches!(key.code, KeyCode::F(_)) => Reply::Passed,
            None => {
                self.fields[self.field].input(key);
                Reply::DONE
            }
        }
    }

    fn on_paste(&mut self, text: &str, _ctx: &Ctx<'_>) -> Reply {
        self.fields[self.field].insert_str(text);
        Reply::DONE
    }

    fn types(&self) -> bool {
        true
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        let theme = ctx.theme;
        let [says, rest] = area.layout(&Layout::vertical([Constraint::Length(2), Constraint::Fill(1)]));
        let see = self.drafts.get(self.at).map_or("", |draft| draft.see.as_str());
        let link = if see.is_empty() { String::new() } else { format!(", with a link to {see}") };
        let line = format!(" It goes into your own deck {DECK}.yaml{link}. Say it in your words.");
        Line::styled(line, theme.dim).render(says, buf);
        let places = rest.layout::<3>(&Layout::vertical([Constraint::Fill(3), Constraint::Fill(3), Constraint::Fill(4)]));
        for (n, place) in places.into_iter().enumerate() {
            let block = if n == self.field { popup::focused(FIELDS[n], theme) } else { popup::frame(FIELDS[n], theme) };
            let inner = block.inner(place);
            block.render(place, buf);
            let mut field = self.fields[n].clone();
            if n != self.field {
                field.set_cursor_style(theme.text);
            }
            field.render(inner, buf);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::screens::harness::Stage;

    fn draft() -> Draft {
        Draft {
            id: "miss-a-b".into(),
            topic: "b".into(),
            ask: "How many pass?".into(),
            answer: "200".into(),
            why: "I said 100.".into(),
            see: "rate-limiter".into(),
        }
    }

    #[test]
    fn a_card_is_edited_kept_and_what_stands_in_the_deck_stays() {
        let folder = tempfile::tempdir().unwrap();
        let mut stage = Stage::new();
        stage.rooms.home = crate::home::Home::at(folder.path());
        let mut screen = Keep::open(vec![draft(), draft()], &stage.ctx()).unwrap();
        insta::assert_snapshot!("keep_80x24", stage.show(&screen, 80, 24));
        stage.press(&mut screen, KeyCode::Tab);
        stage.write(&mut screen, "about ");
        let asks = stage.press(&mut screen, KeyCode::F(2));
        assert!(matches!(asks.first(), Some(Ask::Reread)));
        let path = folder.path().join("problems/decks/my-misses.yaml");
        let noted = std::fs::read_to_string(&path).unwrap() + "    # mine\n";
        assert!(noted.contains("answer: \"about 200\""), "{noted}");
        std::fs::write(&path, &noted).unwrap();
        // The same miss again: a card beside the first.
        let asks = stage.press(&mut screen, KeyCode::F(2));
        assert!(matches!(asks.get(1), Some(Ask::Back)));
        let both = std::fs::read_to_string(&path).unwrap();
        assert!(both.starts_with(&noted) && both.contains("id: miss-a-b-2"), "{both}");
        assert_eq!(crate::catalog::check::check_paths(&[path]).faults, []);
    }

    #[test]
    fn a_deck_with_a_fault_is_named_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my-misses.yaml");
        std::fs::write(&path, "format: 1\nkind: deck\n  broken").unwrap();
        let why = keep(&draft(), folder.path(), |_| false).unwrap_err();
        assert!(why.contains("my-misses.yaml"), "{why}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "format: 1\nkind: deck\n  broken");
    }
}
