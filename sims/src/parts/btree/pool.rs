//! A buffer pool: the few pages of an index that fit into memory, the least recently used one leaving first.

/// A page's number on the disk.
pub type PageId = u32;

const NONE: u32 = u32::MAX;

/// What the pool has done since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Pages looked at, in memory or not.
    pub touches: u64,
    /// Pages that had to be read from the disk.
    pub fetches: u64,
    /// Clean pages that became dirty: each is one page to write later.
    pub dirtied: u64,
    /// Dirty pages written because their frame was needed.
    pub write_backs: u64,
}

/// A frame of memory that holds one page, in a list from the most to the least recently used.
#[derive(Clone, Debug)]
struct Frame {
    page: PageId,
    dirty: bool,
    newer: u32,
    older: u32,
}

/// Which pages are in memory. Only their numbers: a simulated disk never loses what a page holds.
#[derive(Clone, Debug)]
pub struct Pool {
    frames: Vec<Frame>,
    capacity: usize,
    /// Frame of each page.
    places: Vec<u32>,
    newest: u32,
    oldest: u32,
    traffic: Traffic,
}

impl Pool {
    /// A pool of `capacity` pages; at least 8, so that a whole path from the root to a leaf and its splits fit.
    pub fn new(capacity: usize) -> Pool {
        Pool { frames: Vec::new(), capacity: capacity.max(8), places: Vec::new(), newest: NONE, oldest: NONE, traffic: Traffic::default() }
    }

    /// Bytes of this program.
    pub fn weight(&self) -> usize {
        self.frames.len() * std::mem::size_of::<Frame>() + self.places.len() * std::mem::size_of::<u32>()
    }

    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Pages in memory.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub fn is_resident(&self, page: PageId) -> bool {
        self.place(page) != NONE
    }

    /// Dirty pages in memory.
    pub fn dirty(&self) -> usize {
        self.frames.iter().filter(|f| f.dirty).count()
    }

    /// Reads a page, from the disk if it is not in memory.
    pub fn read(&mut self, page: PageId) {
        self.touch(page, true);
    }

    /// Changes a page that was read just before.
    pub fn write(&mut self, page: PageId) {
        self.touch(page, true);
        self.soil(page);
    }

    /// A page that did not exist before: it is born in memory, and dirty.
    pub fn create(&mut self, page: PageId) {
        self.touch(page, false);
        self.soil(page);
    }

    /// Sets the number of frames; what no longer fits leaves at once.
    pub fn resize(&mut self, capacity: usize) {
        self.capacity = capacity.max(8);
        while self.frames.len() > self.capacity {
            let frame = self.oldest;
            self.evict(frame);
            self.unlink(frame);
            self.remove(frame);
        }
    }

    fn place(&self, page: PageId) -> u32 {
        self.places.get(page as usize).copied().unwrap_or(NONE)
    }

    fn touch(&mut self, page: PageId, on_disk: bool) {
        self.traffic.touches += 1;
        let mut frame = self.place(page);
        if frame == NONE {
            self.traffic.fetches += u64::from(on_disk);
            frame = self.frame_for(page);
        } else if frame == self.newest {
            return;
        } else {
            self.unlink(frame);
        }
        self.push_newest(frame);
    }

    fn soil(&mut self, page: PageId) {
        let frame = self.place(page) as usize;
        self.traffic.dirtied += u64::from(!self.frames[frame].dirty);
        self.frames[frame].dirty = true;
    }

    /// A frame for `page`, not yet in the list: a new one, or that of the page used longest ago.
    fn frame_for(&mut self, page: PageId) -> u32 {
        if self.places.len() <= page as usize {
            self.places.resize(page as usize + 1, NONE);
        }
        let fresh = Frame { page, dirty: false, newer: NONE, older: NONE };
        let frame = if self.frames.len() < self.capacity {
            self.frames.push(fresh);
            (self.frames.len() - 1) as u32
        } else {
            let frame = self.oldest;
            self.evict(frame);
            self.unlink(frame);
            self.frames[frame as usize] = fresh;
            frame
        };
        self.places[page as usize] = frame;
        frame
    }

    fn evict(&mut self, frame: u32) {
        let Frame { page, dirty, .. } = self.frames[frame as usize];
        self.traffic.write_backs += u64::from(dirty);
        self.places[page as usize] = NONE;
    }

    fn unlink(&mut self, frame: u32) {
        let Frame { newer, older, .. } = self.frames[frame as usize];
        if newer == NONE {
            self.newest = older;
        } else {
            self.frames[newer as usize].older = older;
        }
        if older == NONE { self.oldest = newer } else { self.frames[older as usize].newer = newer }
    }

    fn push_newest(&mut self, frame: u32) {
        self.frames[frame as usize].newer = NONE;
        self.frames[frame as usize].older = self.newest;
        if self.newest == NONE {
            self.oldest = frame;
        } else {
            self.frames[self.newest as usize].newer = frame;
        }
        self.newest = frame;
    }

    /// Drops an unlinked frame; the last one takes its place.
    fn remove(&mut self, frame: u32) {
        let last = (self.frames.len() - 1) as u32;
        self.frames.swap_remove(frame as usize);
        if frame == last {
            return;
        }
        let Frame { page, newer, older, .. } = self.frames[frame as usize];
        self.places[page as usize] = frame;
        if newer == NONE {
            self.newest = frame;
        } else {
            self.frames[newer as usize].older = frame;
        }
        if older == NONE { self.oldest = frame } else { self.frames[older as usize].newer = frame }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same by brute force: a list with the newest at its end.
    #[derive(Default)]
    struct Naive {
        pages: Vec<(PageId, bool)>,
        capacity: usize,
        traffic: Traffic,
    }

    impl Naive {
        fn touch(&mut self, page: PageId, write: bool) {
            self.traffic.touches += 1;
            let dirty = match self.pages.iter().position(|(p, _)| *p == page) {
                Some(at) => self.pages.remove(at).1,
                None => {
                    self.traffic.fetches += 1;
                    false
                }
            };
            self.shrink(self.capacity - 1);
            self.traffic.dirtied += u64::from(write && !dirty);
            self.pages.push((page, dirty || write));
        }

        fn shrink(&mut self, most: usize) {
            while self.pages.len() > most {
                self.traffic.write_backs += u64::from(self.pages.remove(0).1);
            }
        }
    }

    proptest! {
        #[test]
        fn it_does_what_a_list_does(
            capacity in 8usize..20,
            steps in prop::collection::vec((0u32..40, any::<bool>(), prop::option::weighted(0.05, 8usize..20)), 1..400),
        ) {
            let mut pool = Pool::new(capacity);
            let mut naive = Naive { capacity, ..Naive::default() };
            for (page, write, resize) in steps {
                if let Some(capacity) = resize {
                    pool.resize(capacity);
                    naive.capacity = capacity;
                    naive.shrink(capacity);
                }
                if write { pool.write(page) } else { pool.read(page) }
                naive.touch(page, write);
                prop_assert_eq!(pool.traffic(), naive.traffic);
                prop_assert_eq!(pool.len(), naive.pages.len());
                prop_assert_eq!(pool.dirty(), naive.pages.iter().filter(|(_, dirty)| *dirty).count());
                prop_assert!(naive.pages.iter().all(|(page, _)| pool.is_resident(*page)));
            }
        }
    }
}
