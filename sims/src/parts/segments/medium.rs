//! What a segment's bytes stand on: memory here, a file where files are allowed.

/// Bytes that grow at their end.
pub trait Medium {
    /// Puts both parts at the end, one behind the other.
    fn append(&mut self, head: &[u8], body: &[u8]);
    fn len(&self) -> u64;
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// At most `count` bytes from `at` on; fewer at the end. What is not at hand is read into `scratch`.
    fn read<'a>(&'a self, at: u64, count: usize, scratch: &'a mut Vec<u8>) -> &'a [u8];
    fn truncate(&mut self, len: u64);
    /// An empty one for the segment that begins at `base`.
    fn fresh(&self, base: u64) -> Self;
    /// The segment goes away.
    fn remove(&mut self) {}
}

impl Medium for Vec<u8> {
    #[inline]
    fn append(&mut self, head: &[u8], body: &[u8]) {
        self.extend_from_slice(head);
        self.extend_from_slice(body);
    }

    fn len(&self) -> u64 {
        Vec::len(self) as u64
    }

    #[inline]
    fn read<'a>(&'a self, at: u64, count: usize, _: &'a mut Vec<u8>) -> &'a [u8] {
        let from = (at as usize).min(Vec::len(self));
        &self[from..(from + count).min(Vec::len(self))]
    }

    fn truncate(&mut self, len: u64) {
        Vec::truncate(self, len as usize);
    }

    fn fresh(&self, _: u64) -> Self {
        Vec::new()
    }
}
