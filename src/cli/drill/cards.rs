//! `greenroom drill cards`: what is due as JSON, and a round of cards in words.

use crate::catalog::{Card, CardKind, Catalog};
use crate::cli::{Done, Out, Trouble};
use crate::config::Config;
use crate::drill::cards::answer::{Given, Verdict, filled, judge, shuffled};
use crate::drill::cards::{Desk, Grade, Moment, Rules, What, short_wait};
use crate::home::Home;
use crate::store::{Store, StoreError};
use serde_json::{Value, json};
use sims::kernel::knob::unknown;
use std::fmt::Write as _;
use std::io::{BufRead, Lines, StdinLock};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// One deck only.
    #[arg(long, value_name = "ID")]
    pub deck: Option<String>,
}

pub fn now() -> Moment {
    Moment { at: chrono::Utc::now(), day: chrono::Local::now().date_naive() }
}

fn around(why: &StoreError) -> Trouble {
    Trouble::Around(why.to_string())
}

/// # Errors
/// An unknown deck, with the nearest.
pub fn check(deck: Option<&str>, catalog: &Catalog) -> Result<(), Trouble> {
    match deck {
        Some(deck) if !catalog.decks().iter().any(|known| known.id == deck) => {
            Err(Trouble::Use(unknown("deck", deck, catalog.decks().iter().map(|d| d.id.as_str()))))
        }
        _ => Ok(()),
    }
}

/// Decks, log and states as they stand.
///
/// # Errors
/// The database's.
pub fn desk(catalog: &Catalog, store: &Store, home: &Home) -> Result<Desk, Trouble> {
    let (config, _) = Config::load(&home.config());
    Ok(Desk::new(catalog.decks(), store.card_log().map_err(|why| around(&why))?, Rules::of(&config, now().day)))
}

pub fn run(args: &Args, json: bool, catalog: &Catalog, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    check(args.deck.as_deref(), catalog)?;
    // Looking must not make a database.
    let store = if json && !home.database().exists() { Store::in_memory() } else { super::store(home) };
    let desk = desk(catalog, &store, home)?;
    if json {
        out.json(&due(&desk, args.deck.as_deref()))?;
        return Ok(Done::Code(0));
    }
    Round { desk, store, deck: args.deck.clone(), lines: std::io::stdin().lock().lines(), answers: 0 }.go(out)?;
    Ok(Done::Code(0))
}

fn due(desk: &Desk, deck: Option<&str>) -> Value {
    let now = now();
    let plan = desk.plan(deck, now);
    let counts = plan.counts(&desk.states);
    let decks = desk.decks.iter().filter_map(|d| {
        let c = counts.get(&d.id)?;
        Some(json!({"id": d.id, "title": d.title, "new": c.new, "learning": c.learning, "due": c.due, "seen": c.seen, "suspended": c.suspended, "cards": c.total}))
    });
    let ready = plan.ready.iter().filter_map(|(id, why)| {
        let (deck, card) = desk.card(id)?;
        let why = format!("{why:?}").to_lowercase();
        Some(json!({"id": id, "deck": deck.id, "kind": card.kind, "why": why, "ask": card.ask.trim(), "see": card.see}))
    });
    let soon = plan.soon.iter().map(|(at, id)| json!({"id": id, "at": at}));
    json!({
        "day": now.day, "done_new": plan.done_new, "done_reviews": plan.done_due,
        "decks": decks.collect::<Vec<_>>(), "ready": ready.collect::<Vec<_>>(), "soon": soon.collect::<Vec<_>>(),
    })
}

struct Round {
    desk: Desk,
    store: Store,
    deck: Option<String>,
    lines: Lines<StdinLock<'static>>,
    answers: usize,
}

/// What a line said besides an answer.
enum Said {
    Answer(Given),
    Show,
    Undo,
    Quit,
}

impl Round {
    fn go(mut self, out: &mut Out) -> Result<(), Trouble> {
        out.line("Cards in words. `?` shows the answer, `u` takes the last one back, `q` ends.")?;
        loop {
            let next = self.desk.plan(self.deck.as_deref(), now()).next(now().at).map(|(card, _)| card.to_string());
            let found = next.as_deref().and_then(|id| self.desk.card(id)).map(|(deck, card)| (deck.title.clone(), card.clone()));
            let Some((deck, card)) = found else {
                out.line(&format!("Nothing is left to do now. {} answered.", self.answers))?;
                return Ok(());
            };
            if !self.ask(&deck, &card, out)? {
                out.line(&format!("{} answered.", self.answers))?;
                return Ok(());
            }
        }
    }

    fn line(&mut self) -> Result<Option<String>, Trouble> {
        self.lines.next().transpose().map_err(|why| Trouble::Around(format!("standard input: {why}")))
    }

    /// One card; false: that was enough.
    fn ask(&mut self, deck: &str, card: &Card, out: &mut Out) -> Result<bool, Trouble> {
        let state = self.desk.state(&card.id);
        let order = shuffled(card, state.reps);
        out.text(&asked(deck, card, &order))?;
        let since = crate::lab::wall::Stopwatch::start();
        let verdict = loop {
            let Some(line) = self.line()? else { return Ok(false) };
            match said(card, &order, line.trim()) {
                Said::Quit => return Ok(false),
                Said::Undo => {
                    self.undo(out)?;
                    return Ok(true);
                }
                Said::Show => break Verdict::Wrong("not answered".into()),
                Said::Answer(given) => match judge(card, &given) {
                    Ok(verdict) => break verdict,
                    Err(why) => out.line(&why)?,
                },
            }
        };
        let took_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(0);
        let suggested = if matches!(verdict, Verdict::Wrong(_)) { Grade::Again } else { Grade::Good };
        let moment = now();
        let choices = self.desk.scheduler.choices(&card.id, &state, moment.at, moment.day);
        out.text(&told(card, &verdict))?;
        let waits: Vec<String> =
            Grade::ALL.iter().zip(&choices).map(|(g, next)| format!("{} {} ({})", g.number(), g.name(), short_wait(next.due, moment.at, moment.day))).collect();
        out.line(&format!("{}; enter is {}", waits.join(", "), suggested.name()))?;
        let grade = loop {
            let Some(line) = self.line()? else { return Ok(false) };
            match line.trim() {
                "" => break suggested,
                "q" | "quit" => return Ok(false),
                text => match text.parse().ok().and_then(Grade::of).or_else(|| Grade::ALL.into_iter().find(|g| g.name() == text)) {
                    Some(grade) => break grade,
                    None => out.line(&format!("`{text}` is no grade: 1 again, 2 hard, 3 good, 4 easy"))?,
                },
            }
        };
        let event = Desk::event(Store::event_id(), &card.id, What::Review { grade, took_ms }, moment);
        self.store.log_card(&event).map_err(|why| around(&why))?;
        self.desk.take(event);
        self.answers += 1;
        let leech = self.desk.state(&card.id);
        if leech.leech && !state.leech {
            out.line("Forgotten eight times: this card is suspended. Say it in other words.")?;
        }
        Ok(true)
    }

    fn undo(&mut self, out: &mut Out) -> Result<(), Trouble> {
        match self.desk.undo(Store::event_id(), now()) {
            Some(event) => {
                self.store.log_card(&event).map_err(|why| around(&why))?;
                self.desk.take(event);
                self.answers = self.answers.saturating_sub(1);
                out.line("Took back the last one.")
            }
            None => out.line("Nothing of today is left to undo."),
        }
    }
}

fn asked(deck: &str, card: &Card, order: &[usize]) -> String {
    let ask = if card.kind == CardKind::Cloze { filled(card.ask.trim(), |_, word| format!("[{word}]")) } else { card.ask.trim().to_string() };
    let mut text = format!("\n{deck}{}\n{ask}\n", if card.topic.is_empty() { String::new() } else { format!(", {}", card.topic) });
    for (place, n) in order.iter().enumerate() {
        let _ = writeln!(text, "  {}. {}", place + 1, card.choices[n - 1]);
    }
    text.push_str(match card.kind {
        CardKind::Basic => "(enter shows the answer)\n",
        CardKind::Choice => "(the number of one)\n",
        CardKind::Several => "(the numbers of all that are right: 1 3)\n",
        CardKind::Cloze => "(what goes into the gaps, divided by semicolons)\n",
        CardKind::Order => "(the numbers in the right order: 3 1 2)\n",
        CardKind::Number => "(a number with its unit: 12k/s, 1.2 TB, 3e9)\n",
    });
    text
}

fn said(card: &Card, order: &[usize], line: &str) -> Said {
    let numbers =
        || line.split([' ', ',', ';']).filter_map(|n| n.parse::<usize>().ok()).filter_map(|n| order.get(n.checked_sub(1)?).copied()).collect::<Vec<_>>();
    match line {
        "q" | "quit" => Said::Quit,
        "u" | "undo" => Said::Undo,
        "?" => Said::Show,
        _ => Said::Answer(match card.kind {
            CardKind::Basic => Given::Shown,
            CardKind::Choice | CardKind::Several => Given::Chosen(numbers()),
            CardKind::Cloze => Given::Gaps(line.split(';').map(str::to_string).collect()),
            CardKind::Order => Given::Ordered(numbers()),
            CardKind::Number => Given::Number(line.to_string()),
        }),
    }
}

fn told(card: &Card, verdict: &Verdict) -> String {
    let (_, back) = crate::drill::cards::anki::sides(card);
    let word = match verdict {
        Verdict::Yours => String::new(),
        Verdict::Right(note) if note.is_empty() => "Right.\n".into(),
        Verdict::Right(note) => format!("Right, {note}.\n"),
        Verdict::Wrong(note) if note.is_empty() => "Not right.\n".into(),
        Verdict::Wrong(note) => format!("Not right: {note}.\n"),
    };
    let see = if card.see.0.is_empty() { String::new() } else { format!("Shown by: {}\n", card.see.0.join(", ")) };
    format!("{word}{}\n{see}", back.trim())
}
