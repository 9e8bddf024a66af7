//! The run of the sizing numbers as screens show it: started on a worker, with a bar, cancelled, and told in lines.

use crate::catalog::Problem;
use crate::catalog::expect::significant;
use crate::lab::verify::{self, Progress};
use crate::score::{Claim, Reached, Swing, Verification};
use crate::session::{Said, Session};
use crate::tui::event::Mailbox;
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, prose};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often the bar moves.
pub const TICK: Duration = Duration::from_millis(250);

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Running,
    Known(Box<Verification>),
    Failed(String),
    Stopped,
}

#[derive(Default)]
pub struct Proof {
    state: State,
    progress: Arc<Progress>,
    cancel: Arc<AtomicBool>,
    /// Tells the run that was asked for last from one that was stopped.
    turn: u64,
}

/// What a worker brings.
struct Proved {
    turn: u64,
    told: Result<Option<Verification>, String>,
}

impl Proof {
    /// A result that was kept.
    pub fn known(kept: Verification) -> Proof {
        let mut proof = Proof::default();
        proof.state = State::Known(Box::new(kept));
        proof
    }

    /// Runs the numbers as they stand, with what the interviewer has said so far.
    pub fn start(&mut self, problem: &Arc<Problem>, session: &Session, mailbox: &Mailbox) {
        self.stop();
        (self.progress, self.cancel, self.state) = (Arc::default(), Arc::default(), State::Running);
        self.turn += 1;
        let (problem, progress, cancel, turn) = (Arc::clone(problem), Arc::clone(&self.progress), Arc::clone(&self.cancel), self.turn);
        let answers = session.sizing().clone();
        // Only what the interviewer really said changes the run.
        let said: Vec<usize> = session.said().iter().filter_map(|(_, said)| if let Said::Moment(n) = said { Some(*n) } else { None }).collect();
        mailbox.work("proof", move || Proved { turn, told: verify::verify(&problem, &said, &answers, &progress, &cancel) });
    }

    pub fn stop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
        if self.is_running() {
            self.state = State::Stopped;
        }
    }

    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running)
    }

    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    pub fn verification(&self) -> Option<&Verification> {
        if let State::Known(known) = &self.state { Some(known) } else { None }
    }

    /// Takes a worker's message; true if a result has come that should be kept.
    ///
    /// # Errors
    /// The message, if it is another's.
    pub fn take(&mut self, message: Box<dyn Any + Send>) -> Result<bool, Box<dyn Any + Send>> {
        let proved = message.downcast::<Proved>()?;
        if proved.turn != self.turn || !self.is_running() {
            return Ok(false);
        }
        self.state = match proved.told {
            Ok(Some(known)) => State::Known(Box::new(known)),
            Ok(None) => State::Stopped,
            Err(why) => State::Failed(why),
        };
        Ok(self.verification().is_some())
    }

    /// `▓▓▓▓░░░░ 12 of 36 runs`.
    pub fn bar(&self, cols: usize, theme: &Theme) -> Line<'static> {
        let (done, total) = (self.progress.done.load(Ordering::Relaxed), self.progress.total.load(Ordering::Relaxed));
        let mut spans = meter::gauge(self.progress.part(), cols.saturating_sub(18).min(40), theme.accent, theme).to_vec();
        spans.push(Span::styled(format!(" {done} of {total} runs"), theme.dim));
        Line::from(spans)
    }

    /// What came of it. While the interview goes on the card's own numbers stay unsaid.
    pub fn lines(&self, tell: Tell, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
        let mut page = Page { cols, theme, lines: Vec::new() };
        match &self.state {
            State::Idle => page.say("", "The numbers have not been run.", theme.dim),
            State::Running => {
                page.lines.push(self.bar(cols, theme));
            }
            State::Stopped => page.say("", "Stopped. Nothing was judged.", theme.dim),
            State::Failed(why) => page.say("", why, theme.warn),
            State::Known(known) => page.verification(known, tell),
        }
        page.lines
    }
}

impl Drop for Proof {
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
    }
}

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tell {
    /// In the interview: which hold, and which knob it hangs on.
    Verdict,
    /// Afterwards: reasons, and what each number does alone.
    Everything,
}

struct Page<'a> {
    cols: usize,
    theme: &'a Theme,
    lines: Vec<Line<'static>>,
}

impl Page<'_> {
    /// A text behind a mark, further lines hanging under the first.
    fn marked(&mut self, mark: &str, mark_style: Style, says: &str, style: Style) {
        self.lines.extend(prose::hanging(mark, mark_style, says, style, self.cols, self.theme));
    }

    fn say(&mut self, indent: &str, says: &str, style: Style) {
        self.marked(indent, style, says, style);
    }

    fn verification(&mut self, known: &Verification, tell: Tell) {
        let theme = self.theme;
        for number in known.numbers.iter().filter(|number| number.refused.is_some()) {
            let why = number.refused.as_deref().unwrap_or_default();
            let says = format!(
                "{} = {} could not be taken, it must be {why}. The run has {}.",
                number.knob,
                number.answer.as_deref().unwrap_or_default(),
                number.value
            );
            self.marked("! ", theme.warn, &says, theme.text);
        }
        if let Some(why) = &known.trouble {
            self.marked("! ", theme.bad, &format!("These numbers cannot run together: {why}"), theme.text);
            return;
        }
        let seeds: Vec<String> = known.seeds.iter().map(ToString::to_string).collect();
        let all = if known.met() == known.claims.len() { "all " } else { "" };
        self.say("", &format!("{all}{} of {} objectives met, each on its worst of seeds {}.", known.met(), known.claims.len(), seeds.join(", ")), theme.title);
        for change in &known.changes {
            self.say("", &format!("The run has the interviewer's change: {change}"), theme.dim);
        }
        for number in known.numbers.iter().filter(|number| number.answer.is_none()) {
            self.marked("- ", theme.dim, &format!("not sized: {} (the run has {} = {})", number.ask.trim(), number.knob, number.value), theme.dim);
        }
        for claim in &known.claims {
            self.claim(claim, known, tell);
        }
        if tell == Tell::Everything && known.claims.iter().any(|claim| claim.with_good.is_some_and(|good| !good.passed)) {
            self.say("", "With this change the card's own numbers miss an objective too: the design has to change, not only its numbers.", theme.warn);
        }
    }

    fn claim(&mut self, claim: &Claim, known: &Verification, tell: Tell) {
        let theme = self.theme;
        let (mark, style) = if claim.yours.passed { (theme.pick("✓ ", "+ "), theme.good) } else { (theme.pick("✗ ", "x "), theme.bad) };
        let mut says = claim.text.clone();
        if let Some(value) = claim.yours.value {
            says.push_str(&format!(": {}", significant(value)));
        }
        if let Some(by) = claim.by() {
            says.push_str(&format!(", {by}"));
        }
        if !claim.yours.passed {
            if let Some(seed) = claim.seed {
                says.push_str(&format!(" (seed {seed})"));
            }
            if let (None, Some(detail)) = (claim.yours.value, &claim.detail) {
                says.push_str(&format!(": {detail}"));
            }
        }
        self.marked(mark, style, &says, theme.text);
        if claim.yours.passed {
            return;
        }
        match (claim.matters(), tell) {
            (Some(swing), Tell::Verdict) => self.say("    ", &format!("It hangs on {}.", swing.knob), theme.text),
            (Some(swing), Tell::Everything) => self.say("    ", &hangs_on(claim, swing, known), theme.text),
            (None, _) if claim.with_good.is_some_and(|good| !good.passed) => {
                self.say("    ", "No number of the form mends it: the card's own miss it too.", theme.text);
            }
            (None, _) => self.say("    ", "No single number mends it: several must move together.", theme.text),
        }
        if tell == Tell::Verdict {
            return;
        }
        for swing in claim.swings.iter().filter(|swing| claim.matters() != Some(swing)) {
            if let Some(says) = alone(claim, swing) {
                self.say("    ", &says, theme.dim);
            }
        }
        if let Some(because) = &claim.because {
            self.say("    ", because, theme.dim);
        }
    }
}

/// The one sentence on why: which number, what it was, what it should be, and what it does alone.
fn hangs_on(claim: &Claim, swing: &Swing, known: &Verification) -> String {
    let number = known.number(&swing.knob);
    let yours = number.map_or(String::new(), |number| match &number.answer {
        Some(answer) if number.is_sized() => format!(" (yours {answer}, good {})", number.good),
        _ => format!(" (not sized, so {}; good {})", number.value, number.good),
    });
    let flips = |reached: Option<Reached>, wanted: bool| reached.is_some_and(|reached| reached.passed == wanted);
    let value = |reached: Option<Reached>| reached.and_then(|reached| reached.value).map_or(String::new(), |value| format!(" ({})", significant(value)));
    let does = match (flips(swing.mended, true), flips(swing.spoiled, false)) {
        (true, true) => format!(
            "alone at {} it is met{}; alone as you have it, good numbers around it, it is missed{}",
            swing.good,
            value(swing.mended),
            value(swing.spoiled)
        ),
        (true, false) => format!("alone at {} it is met{}", swing.good, value(swing.mended)),
        (false, true) => {
            format!("with all others good it is still missed{}, and alone at {} it does not suffice{}", value(swing.spoiled), swing.good, value(swing.mended))
        }
        (false, false) => format!("alone at {} it moves furthest{}, and does not suffice", swing.good, value(swing.mended)),
    };
    // One seed in a few may turn a claim that is near its limit: that is told, and no influence made of it.
    let clear = claim.is_clear(swing) || claim.with_good.zip(swing.spoiled).is_some_and(|(good, spoiled)| good.clearly_differs(spoiled));
    let doubt = if clear { String::new() } else { format!(" No clear difference, though: {}.", apart(claim, swing)) };
    format!("It hangs on {}{yours}: {does}.{doubt}", swing.knob)
}

/// How far chance alone moves a claim.
fn apart(claim: &Claim, swing: &Swing) -> String {
    let spread = |reached: Option<Reached>| reached.and_then(|reached| reached.spread).unwrap_or(0.0);
    format!("the seeds lie {} apart", significant(spread(Some(claim.yours)).max(spread(swing.mended))))
}

/// What another number does alone; nothing if it does nothing.
fn alone(claim: &Claim, swing: &Swing) -> Option<String> {
    let mended = swing.mended?;
    if mended.passed && claim.is_clear(swing) {
        return Some(format!("{} alone at {} would mend it as well.", swing.knob, swing.good));
    }
    let by = claim.mended_by(swing).filter(|by| by.abs() > 0.02)?;
    if !claim.is_clear(swing) {
        let value = significant(mended.value?);
        return Some(format!("{} alone at {}: no clear difference ({value}; {}).", swing.knob, swing.good, apart(claim, swing)));
    }
    let way = if by > 0.0 { "nearer to" } else { "further from" };
    Some(format!("{} alone at {}: {} the limit ({}).", swing.knob, swing.good, way, significant(mended.value?)))
}
