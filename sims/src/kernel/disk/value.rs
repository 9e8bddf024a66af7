//! A file of one value, replaced as a whole: written beside the old one and renamed over it.

use super::{Cached, Content, Full, Rng, durable};

#[derive(Clone, Debug)]
pub struct ValueFile<V: Clone + Default>(Cached<One<V>>);

durable!([V: Clone + Default] ValueFile<V>);

#[derive(Clone, Debug)]
struct One<V>(V);

impl<V: Clone + Default> Default for ValueFile<V> {
    fn default() -> Self {
        ValueFile(Cached::new(One(V::default())))
    }
}

impl<V: Clone + Default> ValueFile<V> {
    pub fn get(&self) -> &V {
        &self.0.now.0
    }

    /// Replaces the value.
    ///
    /// # Errors
    /// The disk is full.
    pub fn put(&mut self, value: V) -> Result<(), Full> {
        self.0.room()?;
        let old = std::mem::replace(&mut self.0.now.0, value);
        self.0.fresh.get_or_insert(old);
        Ok(())
    }

    /// Bytes, near enough, without what the value points to.
    pub fn weight(&self) -> usize {
        0
    }
}

impl<V: Clone + Default> Content for One<V> {
    /// The mark's value, if it was replaced.
    type Past = Option<V>;

    fn mark(&self) -> Option<V> {
        None
    }

    fn undo(&mut self, past: Option<V>) {
        if let Some(value) = past {
            self.0 = value;
        }
    }

    fn tear(&mut self, past: Option<V>, rng: &mut Rng) {
        if rng.chance(0.5) {
            self.undo(past);
        }
    }

    fn emptied(&self) -> Self {
        One(V::default())
    }
}
