//! Numbers as short texts: an alphabet, its digits, and codes of a fixed length.

/// Symbols in the order of their values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alphabet {
    symbols: &'static [u8],
    /// Value of each byte, or [`NONE`].
    values: &'static [u8; 256],
}

const NONE: u8 = 255;

const fn values(symbols: &[u8]) -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut at = 0;
    while at < symbols.len() {
        values[symbols[at] as usize] = at as u8;
        at += 1;
    }
    values
}

const BASE62_SYMBOLS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
static BASE62_VALUES: [u8; 256] = values(BASE62_SYMBOLS);
const HEX_SYMBOLS: &[u8] = b"0123456789abcdef";
static HEX_VALUES: [u8; 256] = values(HEX_SYMBOLS);

/// Digits, small letters, capital letters.
pub static BASE62: Alphabet = Alphabet { symbols: BASE62_SYMBOLS, values: &BASE62_VALUES };
/// As a hash is usually printed.
pub static HEX: Alphabet = Alphabet { symbols: HEX_SYMBOLS, values: &HEX_VALUES };

/// A code of at most 16 symbols: as many as 64 bits take in hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    bytes: [u8; LONGEST],
    len: u8,
}

const LONGEST: usize = 16;

impl Code {
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{}", *byte as char))
    }
}

impl Alphabet {
    pub fn radix(&self) -> u64 {
        self.symbols.len() as u64
    }

    /// How many codes of this length there are; all that 64 bits can number where it would be more.
    pub fn codes(&self, len: u32) -> u64 {
        self.radix().checked_pow(len).unwrap_or(u64::MAX)
    }

    /// The number, written with as few symbols as it takes, but at least `len`. Zero is the first symbol, not nothing.
    pub fn encode(&self, n: u64, len: usize) -> Code {
        let mut len = len.clamp(1, LONGEST);
        loop {
            let mut bytes = [0; LONGEST];
            // To divide by a number that is known when compiling is to multiply: half the time.
            let rest = match self.radix() {
                62 => write::<62>(self.symbols, n, &mut bytes[..len]),
                16 => write::<16>(self.symbols, n, &mut bytes[..len]),
                _ => write::<0>(self.symbols, n, &mut bytes[..len]),
            };
            if rest == 0 {
                // Behind its end a code holds zeros, so that equal codes are equal bytes.
                return Code { bytes, len: len as u8 };
            }
            len += 1;
        }
    }

    /// As it stands in many books: digits while something is left of the number. For zero that is none.
    pub fn encode_by_the_book(&self, n: u64) -> Code {
        if n == 0 { Code { bytes: [0; LONGEST], len: 0 } } else { self.encode(n, 1) }
    }

    /// The number that a code stands for; none for a foreign symbol, no symbol at all, or more than 64 bits.
    pub fn decode(&self, code: &[u8]) -> Option<u64> {
        if code.is_empty() {
            return None;
        }
        code.iter().try_fold(0u64, |n, byte| match self.values[usize::from(*byte)] {
            NONE => None,
            value => n.checked_mul(self.radix())?.checked_add(u64::from(value)),
        })
    }
}

/// Fills `to` with the last digits of a number, and gives what is left of it. A radix of 0 is the number of symbols.
fn write<const RADIX: u64>(symbols: &[u8], mut n: u64, to: &mut [u8]) -> u64 {
    let radix = if RADIX == 0 { symbols.len() as u64 } else { RADIX };
    for byte in to.iter_mut().rev() {
        *byte = symbols[(n % radix) as usize];
        n /= radix;
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(alphabet: &Alphabet, n: u64, len: usize) -> String {
        alphabet.encode(n, len).to_string()
    }

    #[test]
    fn known_codes() {
        assert_eq!(text(&BASE62, 0, 1), "0", "zero has a code");
        assert_eq!(text(&BASE62, 61, 1), "Z");
        assert_eq!(text(&BASE62, 62, 1), "10");
        assert_eq!(text(&BASE62, 62, 7), "0000010");
        assert_eq!(text(&BASE62, u64::MAX, 1), "lYGhA16ahyf");
        assert_eq!(text(&HEX, 0xdead_beef, 7), "deadbeef");
        assert_eq!((BASE62.codes(7), HEX.codes(7)), (3_521_614_606_208, 268_435_456));
    }

    #[test]
    fn in_the_books_zero_has_no_code() {
        assert_eq!(BASE62.encode_by_the_book(0).as_bytes(), b"");
        assert_eq!(BASE62.encode_by_the_book(61).to_string(), "Z");
        assert_eq!(BASE62.encode_by_the_book(62), BASE62.encode(62, 1));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        assert_eq!(BASE62.decode(b""), None);
        assert_eq!(BASE62.decode(b"ab-c"), None);
        assert_eq!(HEX.decode(b"cafeX"), None);
        assert_eq!(BASE62.decode(b"lYGhA16ahyg"), None, "one more than 64 bits");
    }

    /// The digits one by one, as by hand.
    fn naive(mut n: u64, radix: u64) -> Vec<u64> {
        let mut digits = vec![n % radix];
        while n >= radix {
            n /= radix;
            digits.insert(0, n % radix);
        }
        digits
    }

    proptest! {
        #[test]
        fn decode_inverts_encode(n: u64, len in 1usize..=11) {
            for alphabet in [&BASE62, &HEX] {
                let code = alphabet.encode(n, len);
                prop_assert_eq!(alphabet.decode(code.as_bytes()), Some(n));
                prop_assert!(code.len() >= len);
                let digits = naive(n, alphabet.radix());
                let shown: Vec<u64> = code.as_bytes().iter().map(|b| u64::from(alphabet.values[usize::from(*b)])).collect();
                prop_assert_eq!(&shown[code.len() - digits.len()..], &digits[..]);
            }
        }

        /// Codes of one length sort as their numbers do, by value of symbol.
        #[test]
        fn different_numbers_have_different_codes(a: u64, b: u64, len in 1usize..=11) {
            prop_assert_eq!(BASE62.encode(a, len) == BASE62.encode(b, len), a == b);
        }
    }
}
