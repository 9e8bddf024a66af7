//! The router: which of the two pools answers, by person.

use super::message::{Msg, Route};
use super::metrics::TRIAL_ANSWERS;
use super::role::Ctx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::view::State;
use crate::parts::hash::mix;

#[derive(Clone)]
pub struct Router {
    pools: [NodeId; 2],
    route: Route,
}

impl Router {
    pub fn new(pools: [NodeId; 2]) -> Router {
        Router { pools, route: Route { live: 0, trial: None } }
    }

    pub fn hear(&mut self, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::SetRoute { route } => self.route = route,
            Msg::Predict { who, .. } => {
                let pool = self.pool(who);
                cx.count(TRIAL_ANSWERS, u64::from(pool != self.route.live));
                cx.send(self.pools[pool], msg);
            }
            _ => {}
        }
    }

    /// A person always gets the same version: or the two arms would not be told apart, and people would see answers flicker.
    fn pool(&self, who: u32) -> usize {
        let place = (mix(u64::from(who)) % 10_000) as f64 / 10_000.0;
        self.route.trial.filter(|(_, share)| place < *share).map_or(self.route.live, |(pool, _)| pool)
    }

    pub fn look(&self) -> Look {
        let live = super::COLOURS[self.route.live];
        let label = match self.route.trial {
            Some((pool, share)) => format!("{live}, {:.0} % {}", share * 100.0, super::COLOURS[pool]),
            None => live.to_string(),
        };
        Look { label, state: if self.route.trial.is_some() { State::Warn } else { State::Busy }, fill: None }
    }
}
