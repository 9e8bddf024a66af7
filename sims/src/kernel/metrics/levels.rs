//! One level of each of many nodes, told as one number.

use crate::kernel::metric::Fold;

#[derive(Clone, Debug)]
pub(super) struct Levels {
    fold: Fold,
    /// By the node's number, ascending.
    of: Vec<(u32, f64)>,
}

impl Levels {
    pub fn new(fold: Fold) -> Levels {
        Levels { fold, of: Vec::new() }
    }

    pub fn set(&mut self, node: u32, value: f64) {
        match self.of.binary_search_by_key(&node, |(node, _)| *node) {
            Ok(at) => self.of[at].1 = value,
            Err(at) => self.of.insert(at, (node, value)),
        }
    }

    pub fn drop(&mut self, node: u32) {
        self.of.retain(|(other, _)| *other != node);
    }

    /// None while no node has one.
    pub fn value(&self) -> Option<f64> {
        let levels = self.of.iter().map(|(_, value)| *value);
        match self.fold {
            Fold::Most => levels.reduce(f64::max),
            Fold::Least => levels.reduce(f64::min),
            Fold::Sum => levels.reduce(|a, b| a + b),
            Fold::Mean => levels.reduce(|a, b| a + b).map(|sum| sum / self.of.len() as f64),
        }
    }

    pub fn weight(&self) -> usize {
        self.of.capacity() * std::mem::size_of::<(u32, f64)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_folded_over_the_nodes_that_have_one() {
        let told = [Fold::Sum, Fold::Most, Fold::Least, Fold::Mean].map(|fold| {
            let mut levels = Levels::new(fold);
            assert_eq!(levels.value(), None);
            for (node, value) in [(3, 9.0), (1, 2.0), (7, 100.0), (3, 4.0)] {
                levels.set(node, value);
            }
            levels.drop(7);
            levels.value()
        });
        assert_eq!(told, [Some(6.0), Some(4.0), Some(2.0), Some(3.0)]);
    }
}
