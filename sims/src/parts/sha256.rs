//! SHA-256 of a body: a name that two different bodies will not share.

use sha2::{Digest, Sha256};

/// The digest's first 64 bits as a number.
pub fn sha256_prefix(text: &[u8]) -> u64 {
    Sha256::digest(text)[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of FIPS 180-4: "abc".
    #[test]
    fn it_is_the_standards_digest() {
        assert_eq!(sha256_prefix(b"abc"), 0xba78_16bf_8f01_cfea);
    }
}
