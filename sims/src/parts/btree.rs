//! A B+ tree on pages behind a buffer pool: what a database's index does with the keys it is given.
//!
//! After Bayer and McCreight 1972, with all entries in linked leaves. Pages split as PostgreSQL's and InnoDB's do: in the
//! middle, or, at the right edge, so that the old page stays as full as asked.

use pool::{PageId, Pool, Traffic};

pub mod pool;

/// Where a full page is divided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Split {
    /// In the middle, wherever the new entry goes.
    Plain,
    /// At the right edge of the tree the old page keeps this share of the entries; elsewhere in the middle.
    RightMost { keep: f64 },
}

/// What became of an insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    New,
    /// The key was there with this row: a unique index refuses.
    Duplicate {
        row: u64,
    },
}

#[derive(Clone, Debug)]
enum Page<K> {
    Leaf {
        keys: Vec<K>,
        rows: Vec<u64>,
        next: Option<PageId>,
    },
    /// `keys[i]` is the least key under `children[i + 1]`.
    Inner {
        keys: Vec<K>,
        children: Vec<PageId>,
    },
}

/// A unique index from keys to rows.
#[derive(Clone, Debug)]
pub struct Tree<K> {
    pages: Vec<Page<K>>,
    root: PageId,
    first_leaf: PageId,
    height: usize,
    entries: u64,
    leaves: u64,
    /// Entries of a leaf and children of an inner page, at most.
    page_entries: usize,
    split: Split,
    pool: Pool,
    /// The inner pages from the root down, and which child was taken: kept to spare an allocation per insertion.
    path: Vec<(PageId, usize)>,
}

impl<K: Ord + Copy> Tree<K> {
    /// An empty index with pages of `page_entries` (at least 4) behind a pool of `buffer_pages`.
    pub fn new(page_entries: usize, buffer_pages: usize, split: Split) -> Tree<K> {
        let mut pool = Pool::new(buffer_pages);
        pool.create(0);
        Tree {
            pages: vec![Page::Leaf { keys: Vec::new(), rows: Vec::new(), next: None }],
            root: 0,
            first_leaf: 0,
            height: 1,
            entries: 0,
            leaves: 1,
            page_entries: page_entries.max(4),
            split,
            pool,
            path: Vec::new(),
        }
    }

    pub fn len(&self) -> u64 {
        self.entries
    }

    /// Bytes of this program, near enough: entries with their rows in vectors that are some three quarters full, and the pool.
    pub fn weight(&self) -> usize {
        let entries = self.entries as usize * (std::mem::size_of::<K>() + std::mem::size_of::<u64>());
        entries * 4 / 3 + self.pages.len() * (std::mem::size_of::<Page<K>>() + 16) + self.pool.weight()
    }

    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    pub fn pages(&self) -> usize {
        self.pages.len()
    }

    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    pub fn height(&self) -> usize {
        self.height
    }

    pub fn traffic(&self) -> Traffic {
        self.pool.traffic()
    }

    /// Entries over the room for entries, of all leaves.
    pub fn leaf_fill(&self) -> f64 {
        self.entries as f64 / (self.leaves as f64 * self.page_entries as f64)
    }

    pub fn set_split(&mut self, split: Split) {
        self.split = split;
    }

    pub fn set_buffer_pages(&mut self, pages: usize) {
        self.pool.resize(pages);
    }

    /// Looks a key up, as a query would: through the pool.
    pub fn get(&mut self, key: &K) -> Option<u64> {
        let leaf = self.descend(key);
        match &self.pages[leaf as usize] {
            Page::Leaf { keys, rows, .. } => keys.binary_search(key).ok().map(|at| rows[at]),
            Page::Inner { .. } => None,
        }
    }

    /// Enters a key with its row, unless it is there.
    pub fn insert(&mut self, key: K, row: u64) -> Inserted {
        let leaf = self.descend(&key);
        let Page::Leaf { keys, rows, .. } = &mut self.pages[leaf as usize] else { return Inserted::New };
        let at = match keys.binary_search(&key) {
            Ok(at) => return Inserted::Duplicate { row: rows[at] },
            Err(at) => at,
        };
        keys.insert(at, key);
        rows.insert(at, row);
        let full = keys.len() > self.page_entries;
        self.entries += 1;
        self.pool.write(leaf);
        if full {
            self.split_leaf(leaf);
        }
        Inserted::New
    }

    /// Fill of each leaf, 0 to 1, and whether it is in memory, in the order of the keys. Reads no page through the pool.
    pub fn leaf_fills(&self) -> impl Iterator<Item = (f64, bool)> {
        let mut at = Some(self.first_leaf);
        std::iter::from_fn(move || {
            let page = at?;
            let Page::Leaf { keys, next, .. } = &self.pages[page as usize] else { return None };
            at = *next;
            Some((keys.len() as f64 / self.page_entries as f64, self.pool.is_resident(page)))
        })
    }

    /// Every entry in the order of the keys. Reads no page through the pool.
    pub fn iter(&self) -> impl Iterator<Item = (K, u64)> {
        let mut at = Some((self.first_leaf, 0));
        std::iter::from_fn(move || {
            loop {
                let (page, entry) = at?;
                let Page::Leaf { keys, rows, next } = &self.pages[page as usize] else { return None };
                if let (Some(key), Some(row)) = (keys.get(entry), rows.get(entry)) {
                    at = Some((page, entry + 1));
                    return Some((*key, *row));
                }
                at = next.map(|next| (next, 0));
            }
        })
    }

    /// Reads the pages from the root to the leaf where `key` belongs, and keeps the path.
    fn descend(&mut self, key: &K) -> PageId {
        self.path.clear();
        let mut page = self.root;
        loop {
            self.pool.read(page);
            match &self.pages[page as usize] {
                Page::Leaf { .. } => return page,
                Page::Inner { keys, children } => {
                    let child = keys.partition_point(|k| k <= key);
                    self.path.push((page, child));
                    page = children[child];
                }
            }
        }
    }

    /// How many of `entries` entries, one too many, stay in the old page.
    fn stay(&self, entries: usize, at_right_edge: bool) -> usize {
        match self.split {
            Split::RightMost { keep } if at_right_edge => ((keep * self.page_entries as f64 + 0.5) as usize).clamp(1, entries - 1),
            Split::RightMost { .. } | Split::Plain => entries / 2,
        }
    }

    fn split_leaf(&mut self, leaf: PageId) {
        let fresh = self.pages.len() as PageId;
        let stay = {
            let Page::Leaf { keys, next, .. } = &self.pages[leaf as usize] else { return };
            self.stay(keys.len(), next.is_none())
        };
        let room = self.page_entries + 1;
        let Page::Leaf { keys, rows, next } = &mut self.pages[leaf as usize] else { return };
        let (mut right_keys, mut right_rows) = (Vec::with_capacity(room), Vec::with_capacity(room));
        right_keys.extend(keys.drain(stay..));
        right_rows.extend(rows.drain(stay..));
        let separator = right_keys[0];
        let right = Page::Leaf { keys: right_keys, rows: right_rows, next: next.replace(fresh) };
        self.pages.push(right);
        self.leaves += 1;
        self.pool.create(fresh);
        self.enter_in_parent(separator, fresh);
    }

    /// Enters a new page to the right of the child taken at the end of the path; splits upwards as far as needed.
    fn enter_in_parent(&mut self, mut separator: K, mut fresh: PageId) {
        while let Some((parent, child)) = self.path.pop() {
            let Page::Inner { keys, children } = &mut self.pages[parent as usize] else { return };
            keys.insert(child, separator);
            children.insert(child + 1, fresh);
            let (entries, at_end) = (children.len(), child + 2 == children.len());
            self.pool.write(parent);
            if entries <= self.page_entries {
                return;
            }
            let at_right_edge = at_end && self.path.iter().all(|(page, child)| self.is_last(*page, *child));
            // Each side needs two children, or it would be no inner page.
            let stay = self.stay(entries, at_right_edge).clamp(2, entries - 2);
            let Page::Inner { keys, children } = &mut self.pages[parent as usize] else { return };
            let right = Page::Inner { keys: keys.split_off(stay), children: children.split_off(stay) };
            // The key between the halves moves up.
            let Some(up) = keys.pop() else { return };
            (separator, fresh) = (up, self.pages.len() as PageId);
            self.pages.push(right);
            self.pool.create(fresh);
        }
        let root = self.pages.len() as PageId;
        self.pages.push(Page::Inner { keys: vec![separator], children: vec![self.root, fresh] });
        self.pool.create(root);
        self.root = root;
        self.height += 1;
    }

    fn is_last(&self, page: PageId, child: usize) -> bool {
        matches!(&self.pages[page as usize], Page::Inner { children, .. } if child + 1 == children.len())
    }
}

#[cfg(test)]
mod tests;
