//! The text of one content file, and faults made from places in it.

use super::super::fault::{Fault, Place};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// No card comes near this; a larger file is refused unread.
pub const BYTES_MAX: u64 = 4 << 20;

#[derive(Clone, Debug)]
pub struct Source {
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Source {
        Source { path: path.into(), text: text.into() }
    }

    /// Reads a file, if it is of a sensible size and UTF-8.
    ///
    /// # Errors
    /// The one fault that keeps it from being read.
    pub fn open(file: &Path) -> Result<Source, Fault> {
        let path = file.display().to_string();
        let opened = File::open(file).map_err(|why| Fault::whole(&path, format!("cannot be read: {why}")))?;
        let length = opened.metadata().map(|m| m.len()).unwrap_or(0);
        if length > BYTES_MAX {
            return Err(too_large(&path, length));
        }
        // A pipe or a growing file has no honest length: the limit holds for what is read as well.
        let mut bytes = Vec::new();
        opened.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|why| Fault::whole(&path, format!("cannot be read: {why}")))?;
        if bytes.len() as u64 > BYTES_MAX {
            return Err(too_large(&path, bytes.len() as u64));
        }
        Source::from_bytes(&path, bytes)
    }

    /// # Errors
    /// The place of the first byte that is not UTF-8.
    pub fn from_bytes(path: &str, bytes: Vec<u8>) -> Result<Source, Fault> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Source { path: path.into(), text }),
            Err(why) => {
                let at = why.utf8_error().valid_up_to();
                let bytes = why.as_bytes();
                let bad = bytes.get(at).copied().unwrap_or(0);
                let text = String::from_utf8_lossy(bytes).into_owned();
                // What is before the bad byte is the same in both texts.
                let source = Source { path: path.into(), text };
                Err(source.fault_at(at, 1, format!("byte {at} is 0x{bad:02x}, which is not UTF-8")).expecting("save the file as UTF-8"))
            }
        }
    }

    /// Line and column of a byte.
    pub fn place(&self, byte: usize) -> Place {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let before = &self.text[..byte];
        let start = before.rfind('\n').map_or(0, |n| n + 1);
        Place { line: short(before.bytes().filter(|b| *b == b'\n').count() + 1), column: short(before[start..].chars().count() + 1) }
    }

    /// A line by its number from 1, without its end.
    pub fn line(&self, number: u32) -> Option<&str> {
        self.text.lines().nth(number.checked_sub(1)? as usize)
    }

    /// A fault at a byte, so many characters wide.
    pub fn fault_at(&self, byte: usize, width: usize, message: impl Into<String>) -> Fault {
        self.fault(self.place(byte), width, message)
    }

    pub fn fault(&self, place: Place, width: usize, message: impl Into<String>) -> Fault {
        let line = self.line(place.line).unwrap_or_default();
        let room = line.chars().count().saturating_sub(place.column as usize - 1);
        Fault {
            path: self.path.clone(),
            place: Some(place),
            source_line: Some(line.to_string()),
            width: short(width.min(room).max(1)),
            message: message.into(),
            expected: None,
        }
    }
}

/// A file has at most four million of anything.
fn short(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn too_large(path: &str, length: u64) -> Fault {
    let megabytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    Fault::whole(path, format!("is {:.1} MiB, but a content file has at most {:.0} MiB; it was not read", megabytes(length), megabytes(BYTES_MAX)))
}
