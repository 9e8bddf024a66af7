//! One message as it stands in a partition's log.

use crate::kernel::time::Time;
use crate::parts::segments::Entry;

/// What a producer wrote. `producer`, `epoch` and `seq` tell a repeat from a new message; they are 0 where idempotence is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    pub producer: u32,
    pub epoch: u16,
    pub seq: u32,
    /// Begins a batch.
    pub first: bool,
    /// No consumer can process it.
    pub poison: bool,
    pub id: Id,
    pub key: u32,
    pub created: Time,
}

/// The message itself, whoever writes it how often: its producer, its partition, its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(pub u64);

impl Id {
    pub fn new(producer: u32, part: u32, number: u64) -> Id {
        Id(u64::from(producer) << 40 | u64::from(part & 0xff) << 32 | number & 0xffff_ffff)
    }

    /// Whose it is, and in which partition.
    pub fn source(self) -> u64 {
        self.0 >> 32
    }

    pub fn number(self) -> u64 {
        self.0 & 0xffff_ffff
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "message {} of producer {}", self.number(), self.0 >> 40)
    }
}

/// A record with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    pub offset: u64,
    /// The epoch of the leader that wrote it.
    pub leader_epoch: u32,
    /// When the leader wrote it.
    pub at: u64,
    pub record: Record,
}

const BYTES: usize = 31;

impl Record {
    pub fn encode(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[0..4].copy_from_slice(&self.producer.to_le_bytes());
        bytes[4..6].copy_from_slice(&self.epoch.to_le_bytes());
        bytes[6..10].copy_from_slice(&self.seq.to_le_bytes());
        bytes[10] = u8::from(self.first) | u8::from(self.poison) << 1;
        bytes[11..19].copy_from_slice(&self.id.0.to_le_bytes());
        bytes[19..23].copy_from_slice(&self.key.to_le_bytes());
        bytes[23..31].copy_from_slice(&self.created.0.to_le_bytes());
        bytes
    }
}

impl Stored {
    /// Reads back what [`Record::encode`] wrote; none if something else stands there.
    pub fn decode(entry: Entry<'_>) -> Option<Stored> {
        let bytes: &[u8; BYTES] = entry.carries.try_into().ok()?;
        let u32_at = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
        let record = Record {
            producer: u32_at(0),
            epoch: u16::from_le_bytes([bytes[4], bytes[5]]),
            seq: u32_at(6),
            first: bytes[10] & 1 == 1,
            poison: bytes[10] & 2 == 2,
            id: Id(u64_at(11)),
            key: u32_at(19),
            created: Time(u64_at(23)),
        };
        Some(Stored { offset: entry.offset, leader_epoch: entry.epoch, at: entry.at, record })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(producer: u32, epoch: u16, seq: u32, first: bool, poison: bool, id: u64, key: u32, created: u64) {
            let record = Record { producer, epoch, seq, first, poison, id: Id(id), key, created: Time(created) };
            let bytes = record.encode();
            let entry = Entry { offset: 7, epoch: 3, at: 9, carries: &bytes };
            prop_assert_eq!(Stored::decode(entry), Some(Stored { offset: 7, leader_epoch: 3, at: 9, record }));
        }
    }
}
