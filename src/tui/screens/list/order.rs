//! In which order the problems stand, and under which headings.

use super::entry::{Past, Standing};
use crate::catalog::Head;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Under their groups, the short ones first.
    #[default]
    Group,
    Level,
    /// The shortest first.
    Minutes,
    /// The worst best score first; what was never sat last.
    Score,
    Title,
}

/// A row of the list: a heading, or a problem by its place in the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    Heading(String),
    Problem(usize),
}

/// The groups of the catalogue, from one machine's worth of a problem to whole platforms.
const GROUPS: &[&str] = &["traffic", "coordination", "messaging", "social", "media", "data", "commerce", "platforms", "operations", "security"];

impl Order {
    pub fn next(self) -> Order {
        match self {
            Order::Group => Order::Level,
            Order::Level => Order::Minutes,
            Order::Minutes => Order::Score,
            Order::Score => Order::Title,
            Order::Title => Order::Group,
        }
    }

    pub fn says(self) -> &'static str {
        match self {
            Order::Group => "by group",
            Order::Level => "by level",
            Order::Minutes => "by length",
            Order::Score => "by score",
            Order::Title => "by title",
        }
    }

    fn heading(self, head: &Head) -> Option<String> {
        match self {
            Order::Group => Some(head.group.clone()),
            Order::Level => Some(head.level.clone()),
            Order::Minutes | Order::Score | Order::Title => None,
        }
    }

    /// The problems in this order, each heading before its first one.
    pub fn rows(self, heads: &[Head], past: Option<&Past>) -> Vec<Row> {
        let mut places: Vec<usize> = (0..heads.len()).collect();
        let best = |at: usize| match past.map(|p| p.standing(&heads[at].id)) {
            Some(Standing::Done(trend)) => (trend.best().unwrap_or(0.0) * 10.0) as u64,
            _ => u64::MAX,
        };
        // A user's own groups come after the known ones, in the order in which the catalog names them first.
        let group = |at: usize| {
            let known = GROUPS.iter().position(|g| *g == heads[at].group).unwrap_or(GROUPS.len());
            (known, heads.iter().position(|h| h.group == heads[at].group))
        };
        match self {
            Order::Group => places.sort_by_key(|at| (group(*at), heads[*at].minutes)),
            Order::Level => places.sort_by_key(|at| (heads[*at].level.clone(), group(*at))),
            Order::Minutes => places.sort_by_key(|at| heads[*at].minutes),
            Order::Score => places.sort_by_key(|at| best(*at)),
            Order::Title => places.sort_by_key(|at| heads[*at].title.to_lowercase()),
        }
        let mut rows = Vec::new();
        let mut last = None;
        for at in places {
            let heading = self.heading(&heads[at]);
            if heading != last {
                rows.extend(heading.clone().map(Row::Heading));
                last = heading;
            }
            rows.push(Row::Problem(at));
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(id: &str, group: &str, minutes: u32) -> Head {
        Head {
            id: id.into(),
            title: id.to_uppercase(),
            group: group.into(),
            level: "L6".into(),
            difficulty: String::new(),
            minutes,
            mechanisms: Vec::new(),
            variants: Vec::new(),
            design: None,
            experiments: Vec::new(),
            yours: false,
        }
    }

    #[test]
    fn each_heading_stands_once_before_its_problems() {
        let heads = [head("a", "traffic", 45), head("b", "social", 60), head("c", "traffic", 30)];
        let rows = Order::Group.rows(&heads, None);
        let said: Vec<String> = rows
            .iter()
            .map(|row| match row {
                Row::Heading(text) => format!("# {text}"),
                Row::Problem(at) => heads[*at].id.clone(),
            })
            .collect();
        assert_eq!(said, ["# traffic", "c", "a", "# social", "b"], "the short ones first");
        assert_eq!(Order::Minutes.rows(&heads, None), [Row::Problem(2), Row::Problem(0), Row::Problem(1)]);
    }
}
