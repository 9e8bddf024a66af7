//! The plan: choose one, see what is done, late and next, week by week, and the checklist with its evidence.

#[cfg(test)]
mod tests;
mod view;

use super::Place;
use crate::agenda::{self, Agenda};
use crate::catalog::plans::{self, Do, Plan};
use crate::drill::plan::{self, CUSTOM, Status};
use crate::session::Mode;
use crate::store::StoreError;
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code};
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::widgets::text;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;
use std::any::Any;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Down,
    Up,
    Go,
    Choose,
    Part,
    Tick,
    Back,
}

const FOLLOWING: &[Binding<Act>] = &[
    bind(&[code(KeyCode::Enter), ch(' '), ch('l')], "enter", "do it", Act::Go),
    bind(&[ch('j'), code(KeyCode::Down)], "j k", "move", Act::Down),
    bind(&[code(KeyCode::Tab)], "tab", "checklist", Act::Part),
    bind(&[ch('c')], "c", "another plan", Act::Choose),
    bind(&[code(KeyCode::Esc), ch('q')], "esc", "back", Act::Back),
    Binding { keys: &[ch('k'), code(KeyCode::Up)], shown: "k", says: "move", place: keymap::Place::Nowhere, act: Act::Up },
];

const CHECKING: &[Binding<Act>] = &[
    bind(&[ch('x'), ch(' '), code(KeyCode::Enter)], "x", "tick by hand", Act::Tick),
    bind(&[ch('j'), code(KeyCode::Down)], "j k", "move", Act::Down),
    bind(&[code(KeyCode::Tab)], "tab", "weeks", Act::Part),
    bind(&[code(KeyCode::Esc), ch('q')], "esc", "back", Act::Back),
    Binding { keys: &[ch('k'), code(KeyCode::Up)], shown: "k", says: "move", place: keymap::Place::Nowhere, act: Act::Up },
];

const CHOOSING: &[Binding<Act>] = &[
    bind(&[code(KeyCode::Enter), ch(' '), ch('l')], "enter", "follow this plan from today", Act::Go),
    bind(&[ch('j'), code(KeyCode::Down)], "j k", "move", Act::Down),
    bind(&[code(KeyCode::Esc), ch('q')], "esc", "back", Act::Back),
    Binding { keys: &[ch('k'), code(KeyCode::Up)], shown: "k", says: "move", place: keymap::Place::Nowhere, act: Act::Up },
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Weeks,
    Checklist,
    Choosing,
}

pub struct PlanScreen {
    agenda: Option<Box<Agenda>>,
    /// The built-in plans and one's own, as they would begin today.
    offered: Vec<Plan>,
    part: Part,
    /// The chosen row of each part.
    at: [usize; 3],
    /// The user has chosen the part; else it follows from whether there is a plan.
    settled: bool,
}

struct Found(Result<Box<Agenda>, StoreError>);

impl Default for PlanScreen {
    fn default() -> PlanScreen {
        PlanScreen { agenda: None, offered: Vec::new(), part: Part::Weeks, at: [0; 3], settled: false }
    }
}

impl PlanScreen {
    fn read(ctx: &Ctx<'_>) {
        if let (Some(store), Some(catalog)) = (ctx.rooms.store().cloned(), ctx.rooms.catalog.clone()) {
            let config = ctx.rooms.config.clone();
            ctx.mailbox.work("plan", move || Found(agenda::read(&store, &catalog, &config, chrono::Utc::now()).map(Box::new)));
        }
    }

    fn take(&mut self, agenda: Box<Agenda>, ctx: &Ctx<'_>) {
        let config = &ctx.rooms.config;
        let level = config.level.as_deref().unwrap_or("L6");
        let own = plan::custom(plans::plans(), level, agenda.today, config.interview_date, config.hours_a_week, &agenda.past);
        self.offered = plans::plans().plans.iter().cloned().chain([own]).collect();
        if !self.settled {
            self.part = if agenda.followed.is_some() { Part::Weeks } else { Part::Choosing };
            self.settled = true;
            // On the task that comes next.
            let next = plan::next(&agenda.weeks, agenda.today).map(|(_, task)| task.clone());
            let tasks = || agenda.weeks.iter().flat_map(|week| &week.tasks);
            self.at[0] = next.and_then(|next| tasks().position(|task| *task == next)).unwrap_or(0);
        }
        self.agenda = Some(agenda);
    }

    fn len(&self) -> usize {
        match (self.part, &self.agenda) {
            (Part::Choosing, _) => self.offered.len(),
            (Part::Weeks, Some(agenda)) => agenda.weeks.iter().map(|week| week.tasks.len()).sum(),
            (Part::Checklist, Some(agenda)) => agenda.checklist.len(),
            (_, None) => 0,
        }
    }

    fn step(&mut self, by: isize) -> Reply {
        let last = self.len().saturating_sub(1);
        let at = &mut self.at[self.part as usize];
        *at = at.saturating_add_signed(by).min(last);
        Reply::DONE
    }

    fn table(&self) -> &'static [Binding<Act>] {
        match self.part {
            Part::Weeks => FOLLOWING,
            Part::Checklist => CHECKING,
            Part::Choosing => CHOOSING,
        }
    }

    fn go(&mut self, ctx: &Ctx<'_>) -> Reply {
        let Some(agenda) = &self.agenda else { return Reply::DONE };
        if self.part == Part::Choosing {
            let Some(plan) = self.offered.get(self.at[2]) else { return Reply::DONE };
            return follow(plan, agenda, ctx, &mut self.part, &mut self.settled);
        }
        let task = agenda.weeks.iter().flat_map(|week| &week.tasks).nth(self.at[0]);
        let Some(task) = task else { return Reply::DONE };
        if task.status == Status::ToCome {
            return Reply::ask(Ask::Toast(Tone::Warn, "this problem has no card yet".into()));
        }
        let problem = task.task.problem.clone();
        let place = match task.task.what {
            Do::Sit => {
                let known = ctx
                    .rooms
                    .catalog
                    .as_ref()
                    .and_then(|catalog| catalog.head(&problem))
                    .is_some_and(|head| task.task.variant.as_ref().is_some_and(|variant| head.variants.contains(variant)));
                // A variant that its card does not have yet: the whole problem.
                let variant = task.task.variant.clone().filter(|_| known);
                Place::Interview { problem, variant, mode: task.task.mode.and_then(|mode| Mode::parse(mode.name())) }
            }
            Do::Predict => Place::Experiments { problem },
            Do::Cards => Place::Cards,
            Do::Numbers => Place::Numbers { kind: None },
            Do::Flaws => Place::Flaws,
            Do::Better => Place::History { problem: None },
        };
        Reply::ask(Ask::Open(place))
    }

    fn tick(&mut self, ctx: &Ctx<'_>) -> Reply {
        let (Some(agenda), Some(store)) = (&self.agenda, ctx.rooms.store()) else { return Reply::DONE };
        let Some(line) = agenda.checklist.get(self.at[1]) else { return Reply::DONE };
        if let Err(why) = store.tick(&line.item.id, !line.by_hand) {
            return Reply::ask(Ask::Toast(Tone::Bad, format!("the tick is not kept: {why}")));
        }
        Self::read(ctx);
        if line.by_hand || line.proved() {
            return Reply::DONE;
        }
        let says = format!("ticked by hand; history shows {} of {}, and only that proves it", line.have, line.need);
        Reply::ask(Ask::Toast(Tone::Plain, says))
    }
}

fn follow(plan: &Plan, agenda: &Agenda, ctx: &Ctx<'_>, part: &mut Part, settled: &mut bool) -> Reply {
    let Some(store) = ctx.rooms.store() else { return Reply::DONE };
    if let Err(why) = store.follow(&plan.id, agenda.today) {
        return Reply::ask(Ask::Toast(Tone::Bad, format!("the plan is not kept: {why}")));
    }
    (*part, *settled) = (Part::Weeks, false);
    PlanScreen::read(ctx);
    let note = match (plan.id.as_str(), ctx.rooms.config.interview_date) {
        (CUSTOM, None) => "; with interview_date and hours_a_week in config.toml it would fit them",
        _ => "",
    };
    Reply::ask(Ask::Toast(Tone::Good, format!("you follow {} from today{note}", plan.title)))
}

impl Screen for PlanScreen {
    fn header(&self, _ctx: &Ctx<'_>) -> Header {
        let right = match &self.agenda {
            Some(agenda) => match &agenda.followed {
                Some((_, plan)) => {
                    let (done, late, all) = plan::tally(&agenda.weeks);
                    format!("{} · {done} of {all} done{}", plan.title, if late > 0 { format!(" · {} late", text::count(late, "task")) } else { String::new() })
                }
                None => "no plan yet".into(),
            },
            None => String::new(),
        };
        Header { right: Line::raw(right), ..Header::title("Plan") }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        keymap::help(self.table())
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        match keymap::find(self.table(), key) {
            Some(Act::Down) => self.step(1),
            Some(Act::Up) => self.step(-1),
            Some(Act::Go) => self.go(ctx),
            Some(Act::Tick) => self.tick(ctx),
            Some(Act::Choose) => {
                self.part = Part::Choosing;
                Reply::DONE
            }
            Some(Act::Part) => {
                self.part = if self.part == Part::Weeks { Part::Checklist } else { Part::Weeks };
                Reply::DONE
            }
            Some(Act::Back) if self.part != Part::Weeks && self.agenda.as_ref().is_some_and(|agenda| agenda.followed.is_some()) => {
                self.part = Part::Weeks;
                Reply::DONE
            }
            Some(Act::Back) => Reply::ask(Ask::Back),
            None => Reply::Passed,
        }
    }

    fn on_show(&mut self, ctx: &Ctx<'_>) -> Vec<Ask> {
        Self::read(ctx);
        Vec::new()
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, ctx: &Ctx<'_>) -> Vec<Ask> {
        match message.downcast::<Found>().map(|found| found.0) {
            Ok(Ok(agenda)) => {
                self.take(agenda, ctx);
                Vec::new()
            }
            Ok(Err(why)) => vec![Ask::Toast(Tone::Bad, format!("your history cannot be read: {why}"))],
            Err(_) => Vec::new(),
        }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        view::draw(self, area, buf, ctx.theme);
    }
}
