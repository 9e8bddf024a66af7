//! One segment: records one behind the other, and a sparse index from offsets to where they stand.

use super::crc::crc32c;
use super::medium::Medium;

/// Length, checksum, epoch and instant of a record, before what it carries.
pub const HEADER: usize = 20;

/// A record as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    pub offset: u64,
    /// The leader's epoch under which it was written.
    pub epoch: u32,
    /// When it was appended, in nanoseconds.
    pub at: u64,
    pub carries: &'a [u8],
}

#[derive(Clone, Debug)]
pub struct Segment<M> {
    base: u64,
    /// The offset that the next record gets.
    end: u64,
    medium: M,
    /// Offset and byte of a record about every `index_every` bytes, beginning with the first.
    index: Vec<(u64, u64)>,
    index_every: u64,
    newest: u64,
}

impl<M: Medium> Segment<M> {
    pub fn new(base: u64, medium: M, index_every: u64) -> Segment<M> {
        Segment { base, end: base, medium, index: Vec::new(), index_every, newest: 0 }
    }

    pub fn base(&self) -> u64 {
        self.base
    }

    pub fn end(&self) -> u64 {
        self.end
    }

    pub fn bytes(&self) -> u64 {
        self.medium.len()
    }

    /// Entries of the index.
    pub fn marks(&self) -> usize {
        self.index.len()
    }

    /// When the last record was appended.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    pub fn medium(&self) -> &M {
        &self.medium
    }

    pub fn medium_mut(&mut self) -> &mut M {
        &mut self.medium
    }

    #[inline]
    pub fn append(&mut self, epoch: u32, at: u64, carries: &[u8]) {
        self.mark();
        let mut header = [0u8; HEADER];
        header[0..4].copy_from_slice(&(carries.len() as u32).to_le_bytes());
        header[8..12].copy_from_slice(&epoch.to_le_bytes());
        header[12..20].copy_from_slice(&at.to_le_bytes());
        let crc = crc32c(crc32c(0, &header[8..20]), carries);
        header[4..8].copy_from_slice(&crc.to_le_bytes());
        self.medium.append(&header, carries);
        self.end += 1;
        self.newest = self.newest.max(at);
    }

    /// Puts the record that comes next into the index if the last one there is far enough back.
    #[inline]
    fn mark(&mut self) {
        let here = self.medium.len();
        if self.index.last().is_none_or(|(_, at)| here - at >= self.index_every) {
            self.index.push((self.end, here));
        }
    }

    /// Where the record at `offset` begins: a search in the index, then a walk over fewer bytes than lie between two of its entries.
    pub fn position(&self, offset: u64) -> u64 {
        if offset >= self.end {
            return self.medium.len();
        }
        let near = self.index.partition_point(|(first, _)| *first <= offset).saturating_sub(1);
        let Some((mut at_offset, mut position)) = self.index.get(near).copied() else { return 0 };
        let mut scratch = Vec::new();
        while at_offset < offset {
            let Some(length) = self.length_at(position, &mut scratch) else { break };
            position += (HEADER + length) as u64;
            at_offset += 1;
        }
        position
    }

    fn length_at(&self, position: u64, scratch: &mut Vec<u8>) -> Option<usize> {
        let head = self.medium.read(position, 4, scratch);
        Some(u32::from_le_bytes(head.get(0..4)?.try_into().ok()?) as usize)
    }

    /// Shows records from `from` on to `each`, which says whether it wants another. Gives the offset behind the last one shown.
    pub fn read(&self, from: u64, each: &mut impl FnMut(Entry<'_>) -> bool) -> u64 {
        let (mut offset, mut position) = (from.max(self.base), self.position(from));
        let mut scratch = Vec::new();
        while offset < self.end {
            let bytes = self.medium.read(position, READ_AHEAD, &mut scratch);
            let mut used = 0;
            while offset < self.end {
                let Some(entry) = parse(&bytes[used..], offset) else { break };
                used += HEADER + entry.carries.len();
                offset += 1;
                if !each(entry) {
                    return offset;
                }
            }
            if used > 0 {
                position += used as u64;
                continue;
            }
            // Longer than what is read ahead: read it alone.
            let Some(length) = self.length_at(position, &mut scratch) else { return offset };
            let alone = self.medium.read(position, HEADER + length, &mut scratch);
            let Some(entry) = parse(alone, offset) else { return offset };
            position += (HEADER + length) as u64;
            offset += 1;
            if !each(entry) {
                return offset;
            }
        }
        offset
    }

    /// Drops the records from `offset` on.
    pub fn truncate(&mut self, offset: u64) {
        let position = self.position(offset);
        self.medium.truncate(position);
        self.end = self.end.min(offset.max(self.base));
        self.index.retain(|(first, _)| *first < offset);
        self.find_newest();
    }

    fn find_newest(&mut self) {
        let Some((last, _)) = self.index.last().copied() else {
            self.newest = 0;
            return;
        };
        let mut newest = 0;
        self.read(last, &mut |entry| {
            newest = entry.at;
            true
        });
        self.newest = newest;
    }

    /// Takes the medium's word for nothing: walks it from the start, checks each record, cuts off what is torn, and makes the index anew.
    /// Gives the number of bytes that were cut off.
    pub fn recover(&mut self) -> u64 {
        self.index.clear();
        self.end = self.base;
        self.newest = 0;
        let mut position = 0;
        let mut scratch = Vec::new();
        while let Some(length) = self.length_at(position, &mut scratch) {
            let bytes = self.medium.read(position, HEADER + length, &mut scratch);
            let Some((entry, crc)) = parse(bytes, self.end).zip(stored_crc(bytes)) else { break };
            if crc != crc32c(crc32c(0, &bytes[8..HEADER]), entry.carries) {
                break;
            }
            self.newest = self.newest.max(entry.at);
            if self.index.last().is_none_or(|(_, at)| position - at >= self.index_every) {
                self.index.push((self.end, position));
            }
            self.end += 1;
            position += (HEADER + length) as u64;
        }
        let torn = self.medium.len() - position;
        self.medium.truncate(position);
        torn
    }

    /// Bytes of memory beside the medium's own.
    pub fn weight(&self) -> usize {
        self.index.len() * std::mem::size_of::<(u64, u64)>() + std::mem::size_of::<Self>()
    }
}

/// What is read from the medium at once.
const READ_AHEAD: usize = 64 << 10;

fn stored_crc(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?))
}

/// The record at the start of `bytes`, if it is there as a whole.
#[inline]
fn parse(bytes: &[u8], offset: u64) -> Option<Entry<'_>> {
    let length = u32::from_le_bytes(bytes.get(0..4)?.try_into().ok()?) as usize;
    let epoch = u32::from_le_bytes(bytes.get(8..12)?.try_into().ok()?);
    let at = u64::from_le_bytes(bytes.get(12..20)?.try_into().ok()?);
    Some(Entry { offset, epoch, at, carries: bytes.get(HEADER..HEADER + length)? })
}
