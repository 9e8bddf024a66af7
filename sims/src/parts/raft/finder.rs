//! A client's search for the leader: whom to ask next.

use super::NotLeader;
use crate::kernel::node::NodeId;

#[derive(Clone, Debug)]
pub struct Finder {
    members: Vec<NodeId>,
    target: usize,
}

impl Finder {
    /// Begins with the first member.
    pub fn new(members: Vec<NodeId>) -> Finder {
        Finder { members, target: 0 }
    }

    /// Whom to ask now.
    ///
    /// # Panics
    /// If there are no members.
    pub fn target(&self) -> NodeId {
        self.members[self.target % self.members.len()]
    }

    /// The one asked named another, or nobody: then the next in turn.
    pub fn redirect(&mut self, no: NotLeader) {
        match no.hint.and_then(|hint| self.members.iter().position(|id| *id == hint)) {
            Some(at) if at != self.target => self.target = at,
            _ => self.no_answer(),
        }
    }

    /// The one asked said nothing in time.
    pub fn no_answer(&mut self) {
        self.target = (self.target + 1) % self.members.len().max(1);
    }

    /// The group has changed; the target stays if it is still there.
    pub fn set_members(&mut self, members: Vec<NodeId>) {
        let target = self.members.get(self.target).copied();
        self.target = target.and_then(|id| members.iter().position(|m| *m == id)).unwrap_or(0);
        self.members = members;
    }

    pub fn members(&self) -> &[NodeId] {
        &self.members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_hints_and_else_asks_around() {
        let mut finder = Finder::new(vec![NodeId(4), NodeId(5), NodeId(6)]);
        finder.redirect(NotLeader { hint: Some(NodeId(6)) });
        assert_eq!(finder.target(), NodeId(6));
        // One that names itself, or nobody, is passed by.
        finder.redirect(NotLeader { hint: Some(NodeId(6)) });
        assert_eq!(finder.target(), NodeId(4));
        finder.redirect(NotLeader { hint: None });
        assert_eq!(finder.target(), NodeId(5));
        finder.set_members(vec![NodeId(5), NodeId(9)]);
        assert_eq!(finder.target(), NodeId(5));
        finder.no_answer();
        assert_eq!(finder.target(), NodeId(9));
    }
}
