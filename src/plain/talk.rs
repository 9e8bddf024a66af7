//! The interview's own words: asking, writing, working out, going on.

use sims::kernel::design::find;

use super::command::{self, Command};
use super::{Room, Step, spoken};
use crate::catalog::{Sizing, sized};
use crate::prose::{self, flat};
use crate::session::{self, FIRST_PATH, Mode, Stage, templates};
use crate::store::State;

impl Room {
    pub(super) fn talk(&mut self, line: &str) -> Vec<String> {
        if line.trim().is_empty() {
            return Vec::new();
        }
        match Command::parse(line) {
            Err(why) => vec![why],
            Ok(command) if self.session.stage() == Stage::Paused && !may_wait(&command) => vec!["Paused: `pause` again goes on.".into()],
            Ok(command) => self.obey(command).unwrap_or_else(|why| vec![why]),
        }
    }

    fn obey(&mut self, command: Command) -> Result<Vec<String>, String> {
        Ok(match command {
            Command::Note(text) => self.note(&text)?,
            Command::Notes => self.notes(),
            Command::Replace(n, text) => self.rewrite(n, Some(text))?,
            Command::Remove(n) => self.rewrite(n, None)?,
            Command::Ask(question) => self.ask(&question)?,
            Command::Own(question) => {
                self.session.ask_openly(&question).map_err(|why| why.to_string())?;
                self.heard()
            }
            Command::Questions(words) => self.questions(&words),
            Command::Hint => {
                let before = self.session.hint_count();
                self.session.hint().map_err(|why| why.to_string())?;
                let mut words = self.heard();
                words.push(format!("{} of {} hints taken here.", before.0 + 1, before.1));
                words
            }
            Command::Estimate(line) => self.estimate(&line)?,
            Command::Size(rest) => self.size(&rest)?,
            Command::Template(name) => self.template(&name)?,
            Command::Next => {
                self.session.next_phase().map_err(|why| format!("{why}; `finish` ends the interview"))?;
                self.phase_words()
            }
            Command::Back => {
                let to = self.session.phase().checked_sub(1).ok_or("this is the first phase")?;
                self.session.go(to).map_err(|why| why.to_string())?;
                self.phase_words()
            }
            Command::Time => self.times(),
            Command::Mark => {
                self.session.mark(FIRST_PATH).map_err(|why| why.to_string())?;
                let at = self.session.marks().get(FIRST_PATH).copied().unwrap_or_default();
                vec![format!("A first full path stood at {}.", spoken(at))]
            }
            Command::Pause => self.pause()?,
            Command::Reveal(word) => self.reveal(&word)?,
            Command::Finish => self.finish(),
            Command::Problem => self.statement(),
            Command::Said => self.said_again(),
            Command::Anew => self.anew()?,
            Command::Leave => self.leave(self.last, self.away),
            Command::Help => command::help(),
        })
    }

    /// What was said since the last time.
    fn heard(&mut self) -> Vec<String> {
        let (last, away) = (self.last, self.away);
        self.wait(last, away)
    }

    fn ask(&mut self, question: &str) -> Result<Vec<String>, String> {
        match self.session.plan().matching(question).and_then(|found| found.first().copied()) {
            Some(fact) if self.session.has_asked(fact) => {
                let fact = self.session.ask(fact).map_err(|why| why.to_string())?;
                Ok(vec![format!("You asked that before: {} Answer: {}", flat(&fact.ask), prose::plain(&fact.answer))])
            }
            Some(fact) => {
                self.session.ask(fact).map_err(|why| why.to_string())?;
                Ok(self.heard())
            }
            None => {
                self.session.ask_openly(question).map_err(|why| why.to_string())?;
                Ok(self.heard())
            }
        }
    }

    fn questions(&self, words: &str) -> Vec<String> {
        let plan = self.session.plan();
        let found = match plan.matching(words) {
            Some(found) => found,
            None if self.session.mode() == Mode::Real => {
                return vec!["In a real interview nobody lists the questions: say what you look for, as in `questions users`.".into()];
            }
            None => (0..plan.facts.len()).collect(),
        };
        if found.is_empty() {
            return vec!["No question of the card resembles that; `own` asks it in your words.".into()];
        }
        let asked = |fact: usize| if self.session.has_asked(fact) { " (asked)" } else { "" };
        found.into_iter().map(|fact| format!("- {}{}", flat(&plan.facts[fact].ask), asked(fact))).collect()
    }

    fn lines(&self) -> Vec<String> {
        let notes = self.session.notes(self.session.phase());
        if notes.is_empty() { Vec::new() } else { notes.split('\n').map(str::to_string).collect() }
    }

    fn write(&mut self, lines: &[String]) -> Result<(), String> {
        self.session.write(self.session.phase(), &lines.join("\n")).map_err(|why| why.to_string())
    }

    fn note(&mut self, text: &str) -> Result<Vec<String>, String> {
        let mut lines = self.lines();
        lines.push(text.to_string());
        self.write(&lines)?;
        Ok(vec![format!("Line {}.", lines.len())])
    }

    fn notes(&self) -> Vec<String> {
        let lines = self.lines();
        if lines.is_empty() {
            return vec![format!("No notes yet for {}.", self.session.phase_plan().name)];
        }
        lines.iter().enumerate().map(|(n, line)| format!("{} {line}", n + 1)).collect()
    }

    fn rewrite(&mut self, n: usize, text: Option<String>) -> Result<Vec<String>, String> {
        let mut lines = self.lines();
        if n == 0 || n > lines.len() {
            return Err(format!("there is no line {n}; the notes have {}", lines.len()));
        }
        match text {
            Some(text) => lines[n - 1] = text,
            None => drop(lines.remove(n - 1)),
        }
        self.write(&lines)?;
        Ok(self.notes())
    }

    fn template(&mut self, name: &str) -> Result<Vec<String>, String> {
        let all = templates(&self.session.phase_plan().id);
        if name.is_empty() {
            return Ok(all.iter().map(|template| format!("- {}", template.title)).collect());
        }
        let wanted = name.to_lowercase();
        let found = all
            .iter()
            .find(|template| template.title.to_lowercase().contains(&wanted))
            .ok_or_else(|| format!("no template `{name}`; `template` lists them"))?;
        let mut lines = self.lines();
        lines.extend(found.text.split('\n').map(|line| line.trim_end().to_string()));
        self.write(&lines)?;
        Ok(self.notes())
    }

    fn estimate(&mut self, line: &str) -> Result<Vec<String>, String> {
        let sheet = |lines: &[String]| {
            session::sheet(lines).into_iter().map(|worked| worked.map_or_else(|slip| slip.to_string(), |worked| worked.shown)).collect::<Vec<_>>()
        };
        let mut lines = self.session.estimates().to_vec();
        if line.is_empty() {
            let said = lines.iter().zip(sheet(&lines)).map(|(line, result)| format!("{line} is {result}")).collect::<Vec<_>>();
            return Ok(if said.is_empty() { vec!["The sheet is empty: `estimate 100M/day * 10KB`.".into()] } else { said });
        }
        lines.push(line.to_string());
        if let Some(Err(slip)) = session::sheet(&lines).pop() {
            return Err(format!("{slip}; the line is not kept"));
        }
        self.session.estimate(line).map_err(|why| why.to_string())?;
        Ok(sheet(&lines).pop().into_iter().collect())
    }

    fn size(&mut self, rest: &str) -> Result<Vec<String>, String> {
        let asked = self.problem.sizing.clone();
        if asked.is_empty() {
            return Ok(vec!["This card asks for no numbers.".into()]);
        }
        if rest.is_empty() {
            let answer = |row: &Sizing| self.session.sizing().get(&row.knob).map_or("not answered".to_string(), |answer| format!("{answer} {}", row.unit));
            return Ok(asked
                .iter()
                .map(|row| format!("{}: {} In {}. {}.", row.knob, flat(&row.ask), if row.unit.is_empty() { "a number" } else { &row.unit }, answer(row).trim()))
                .collect());
        }
        let (knob, answer) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let Some(row) = asked.iter().find(|row| row.knob == knob) else {
            let near = asked.iter().map(|row| row.knob.as_str()).min_by_key(|known| strsim::damerau_levenshtein(known, knob)).unwrap_or_default();
            return Err(format!("the form has no `{knob}`; the nearest is `{near}`"));
        };
        let effect = self.effect(row, answer.trim())?;
        self.session.size(knob, answer).map_err(|why| why.to_string())?;
        Ok(vec![effect])
    }

    /// What an answer does to its knob, or why it cannot.
    fn effect(&self, row: &Sizing, answer: &str) -> Result<String, String> {
        if answer.is_empty() {
            return Ok(format!("{} is not answered.", row.knob));
        }
        let design = self.problem.design.as_deref().and_then(|id| find(sims::designs::ALL, id).ok());
        let Some(knob) = design.and_then(|design| design.knobs.iter().find(|knob| knob.name == row.knob)) else {
            return Ok(format!("{} is {answer}.", row.knob));
        };
        let value = sized(answer, row.scale, &row.unit, &knob.kind)?;
        knob.kind.read(&value).map_err(|why| format!("{} {why}", row.knob))?;
        Ok(format!("{} will run as {value}.", row.knob))
    }

    pub(super) fn times(&self) -> Vec<String> {
        let (table, timed) = (self.session.time_table(), self.session.mode().is_timed());
        let of = |spent, planned| if timed { format!("{} of {}", spoken(spent), spoken(planned)) } else { spoken(spent) };
        let over = |over: std::time::Duration| if over.is_zero() { String::new() } else { format!(", {} over", spoken(over)) };
        let mut words: Vec<String> = table
            .rows
            .iter()
            .map(|row| if row.begun { format!("{}: {}{}", row.name, of(row.spent, row.planned), over(row.over)) } else { format!("{}: not begun", row.name) })
            .collect();
        words.push(format!("In all: {}{}", of(table.spent, table.planned), over(table.over)));
        words.extend(table.first_path.map(|at| format!("First full path at {}", spoken(at))));
        words.extend((!table.paused.is_zero()).then(|| format!("Paused for {}", spoken(table.paused))));
        words.extend((!table.away.is_zero()).then(|| format!("Stopped or asleep for {}, which no clock counts", spoken(table.away))));
        words
    }

    fn pause(&mut self) -> Result<Vec<String>, String> {
        if self.session.stage() == Stage::Paused {
            self.session.resume();
            return Ok(vec!["The clock runs.".into()]);
        }
        self.session.pause().map_err(|why| why.to_string())?;
        Ok(vec!["Paused; `pause` again goes on.".into()])
    }

    fn reveal(&mut self, word: &str) -> Result<Vec<String>, String> {
        let known = self.session.is_revealed(self.session.phase());
        match word {
            "anyway" => self.session.reveal_anyway(),
            _ if known => {}
            _ => self.session.reveal().map_err(|why| format!("{why}; `reveal anyway` shows it and marks the attempt as assisted"))?,
        }
        let phase = self.session.phase_plan().id.clone();
        let mut words = vec!["This attempt counts as assisted.".to_string()];
        words.extend(self.solution(&phase));
        Ok(words)
    }

    /// The reference solution of a phase, its drawings as the text they are made of.
    pub(super) fn solution(&self, phase: &str) -> Vec<String> {
        let sections = self.problem.solution.iter().filter(|section| section.phase == phase);
        let words: Vec<String> = sections
            .flat_map(|section| {
                let diagram = section.diagram.as_ref().map(|graph| format!("Drawn:\n{}", graph.trim_end()));
                [Some(format!("Solution, {}:", section.title)), Some(prose::plain(&section.body)), diagram].into_iter().flatten()
            })
            .collect();
        if words.is_empty() { vec!["The card has no solution for this phase.".into()] } else { words }
    }

    fn anew(&mut self) -> Result<Vec<String>, String> {
        if let Some(live) = self.live.take() {
            let id = live.id().to_string();
            self.store.keep(&live, &mut self.session);
            drop(live);
            self.store.abandon(&id).map_err(|why| why.to_string())?;
        }
        let plan = self.session.plan();
        let variant = plan.variant.as_deref().and_then(|id| self.problem.variant(id)).cloned();
        self.session = super::start(&self.problem, variant.as_ref(), self.session.mode());
        self.told = 0;
        let mut words = self.claim();
        words.extend(self.opening());
        Ok(words)
    }

    fn finish(&mut self) -> Vec<String> {
        self.session.finish();
        self.keep();
        let mut words = vec!["The interview is over.".to_string()];
        words.extend(self.times());
        // The claim goes: scoring needs none, and the attempt is complete.
        self.live = None;
        let kept = self.attempt.as_deref().and_then(|id| self.store.attempt(id).ok()).filter(|attempt| attempt.state == State::Finished);
        match kept {
            Some(attempt) => words.extend(self.judge(attempt)),
            None => {
                words.push("It could not be kept, so it cannot be scored.".into());
                self.step = Step::Over;
            }
        }
        words
    }
}

/// What may be said while the clock stands.
fn may_wait(command: &Command) -> bool {
    matches!(
        command,
        Command::Pause | Command::Finish | Command::Time | Command::Leave | Command::Help | Command::Said | Command::Problem | Command::Notes | Command::Anew
    )
}
