//! A workflow: steps that begin when all they need is done, and are passed over when something they need has failed.

/// What is to be done, in an order in which every step comes after all it needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Dag {
    names: Vec<&'static str>,
    needs: Vec<Vec<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Waiting,
    Running,
    Done,
    Failed,
    /// Something that it needs has failed.
    Skipped,
}

impl State {
    pub fn word(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Running => "running",
            State::Done => "done",
            State::Failed => "failed",
            State::Skipped => "skipped",
        }
    }

    pub fn ended(self) -> bool {
        matches!(self, State::Done | State::Failed | State::Skipped)
    }
}

impl Dag {
    /// # Errors
    /// A need that is no step, a name that stands twice, or the steps of a circle.
    pub fn new(steps: &[(&'static str, &[&'static str])]) -> Result<Dag, String> {
        let names: Vec<&'static str> = steps.iter().map(|(name, _)| *name).collect();
        if let Some((_, twice)) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            return Err(format!("step `{twice}` stands twice"));
        }
        let place = |step: &str, need: &str| names.iter().position(|n| *n == need).ok_or_else(|| format!("step `{step}` needs `{need}`, which is no step"));
        let needs: Vec<Vec<usize>> =
            steps.iter().map(|(name, needs)| needs.iter().map(|need| place(name, need)).collect::<Result<_, _>>()).collect::<Result<_, _>>()?;
        let dag = Dag { names, needs };
        dag.sorted().map(|_| dag)
    }

    /// Kahn's order (1962): again and again the first step whose needs are all placed.
    fn sorted(&self) -> Result<Vec<usize>, String> {
        let mut order: Vec<usize> = Vec::new();
        while order.len() < self.names.len() {
            let next = (0..self.names.len()).find(|step| !order.contains(step) && self.needs[*step].iter().all(|need| order.contains(need)));
            let Some(next) = next else {
                let left: Vec<&str> = (0..self.names.len()).filter(|step| !order.contains(step)).map(|step| self.names[step]).collect();
                return Err(format!("no step of {} can be the first: they need each other", left.join(", ")));
            };
            order.push(next);
        }
        Ok(order)
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub fn name(&self, step: usize) -> &'static str {
        self.names[step]
    }

    pub fn names(&self) -> &[&'static str] {
        &self.names
    }
}

/// How far one run of a workflow is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    states: Vec<State>,
}

impl Progress {
    pub fn new(dag: &Dag) -> Progress {
        Progress { states: vec![State::Waiting; dag.len()] }
    }

    /// Steps that may begin now.
    pub fn ready(&self, dag: &Dag) -> Vec<usize> {
        let done = |need: &usize| self.states[*need] == State::Done;
        (0..dag.len()).filter(|step| self.states[*step] == State::Waiting && dag.needs[*step].iter().all(done)).collect()
    }

    pub fn begin(&mut self, step: usize) {
        self.states[step] = State::Running;
    }

    /// A step that has ended already stays as it is: news may come twice.
    pub fn done(&mut self, step: usize) {
        if !self.states[step].ended() {
            self.states[step] = State::Done;
        }
    }

    /// The step failed: whatever needs it, near or far, is passed over.
    pub fn fail(&mut self, dag: &Dag, step: usize) {
        if self.states[step].ended() {
            return;
        }
        self.states[step] = State::Failed;
        loop {
            let lost = |need: &usize| matches!(self.states[*need], State::Failed | State::Skipped);
            let next = (0..dag.len()).find(|step| !self.states[*step].ended() && dag.needs[*step].iter().any(lost));
            match next {
                Some(step) => self.states[step] = State::Skipped,
                None => return,
            }
        }
    }

    pub fn state(&self, step: usize) -> State {
        self.states[step]
    }

    pub fn ended(&self) -> bool {
        self.states.iter().all(|state| state.ended())
    }

    pub fn failed(&self) -> bool {
        self.states.contains(&State::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DIAMOND: &[(&str, &[&str])] = &[("rows", &[]), ("train", &["rows"]), ("profile", &["rows"]), ("register", &["train", "profile"])];

    #[test]
    fn a_diamond_begins_with_its_top_and_ends_with_its_foot() {
        let dag = Dag::new(DIAMOND).unwrap();
        let mut run = Progress::new(&dag);
        assert_eq!(run.ready(&dag), [0]);
        run.begin(0);
        assert!(run.ready(&dag).is_empty());
        run.done(0);
        assert_eq!(run.ready(&dag), [1, 2]);
        run.done(1);
        assert_eq!(run.ready(&dag), [2]);
        run.fail(&dag, 2);
        assert_eq!(run.state(3), State::Skipped);
        assert!(run.ended() && run.failed());
    }

    #[test]
    fn circles_and_unknown_needs_are_refused() {
        assert!(Dag::new(&[("a", &["b"]), ("b", &["a"]), ("c", &[])]).unwrap_err().contains("a, b"));
        assert!(Dag::new(&[("a", &["x"])]).unwrap_err().contains("`x`"));
        assert!(Dag::new(&[("a", &[]), ("a", &[])]).unwrap_err().contains("twice"));
    }

    const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

    proptest! {
        /// Whatever the order in which steps end, none begins before all it needs, and exactly what hangs on a failure is skipped.
        #[test]
        fn nothing_begins_too_early(arrows in proptest::collection::vec((0usize..8, 0usize..8), 0..16), order in proptest::collection::vec((0usize..8, proptest::bool::weighted(0.2)), 64)) {
            let needs: Vec<Vec<&'static str>> =
                (0..8).map(|to| (0..to).filter(|from| arrows.contains(&(*from, to))).map(|from| NAMES[from]).collect()).collect();
            let steps: Vec<(&'static str, &[&'static str])> = (0..8).map(|n| (NAMES[n], needs[n].as_slice())).collect();
            let dag = Dag::new(&steps).unwrap();
            let mut run = Progress::new(&dag);
            for (pick, fails) in order {
                let ready = run.ready(&dag);
                for step in &ready {
                    prop_assert!(dag.needs[*step].iter().all(|need| run.state(*need) == State::Done));
                }
                let Some(step) = ready.get(pick % ready.len().max(1)).copied() else { break };
                run.begin(step);
                if fails { run.fail(&dag, step) } else { run.done(step) }
            }
            for step in 0..8 {
                let lost = dag.needs[step].iter().any(|need| matches!(run.state(*need), State::Failed | State::Skipped));
                prop_assert_eq!(run.state(step) == State::Skipped, lost);
            }
            prop_assert!(run.ended());
        }
    }
}
