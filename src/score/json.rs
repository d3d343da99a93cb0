//! A scanner of JSON text with exactly the strictness, the extensions and the error texts of Python 3.11's `json`.
//!
//! It hands out positions and slices of the body and never builds a tree, never recurses, never allocates.

use super::number::{self, Decimal};
use std::borrow::Cow;

/// Brackets deeper than this are refused; Python's own limit is 1,000 less the frames of its server.
pub(super) const MAX_DEPTH: usize = 960;

/// Text that is not JSON, or more than a request may hold: what, and at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub what: What,
    pub at: usize,
}

/// Kinds of [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// The text of Python's `JSONDecodeError`.
    Syntax(&'static str),
    /// Nested deeper than [`MAX_DEPTH`]; the word that Python uses for the bracket.
    Depth(&'static str),
    /// An integer of more digits than Python reads.
    Digits(usize),
    /// More cells than the body may ask for.
    TooSparse,
}

pub(super) type Parse<T> = Result<T, Fault>;

/// A string between its quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    pub raw: &'a str,
    pub escaped: bool,
}

/// A position in a body, and the steps from there.
#[derive(Debug, Clone)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    pub at: usize,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str, at: usize) -> Self {
        Scanner { text, at }
    }

    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The byte at the position; 0, which no JSON holds outside a string, at the end.
    #[inline(always)]
    pub fn peek(&self) -> u8 {
        byte(self.text.as_bytes(), self.at)
    }

    pub fn fault<T>(&self, what: &'static str, at: usize) -> Parse<T> {
        Err(Fault { what: What::Syntax(what), at })
    }

    #[inline(always)]
    pub fn space(&mut self) {
        if self.peek() <= b' ' {
            while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
                self.at += 1;
            }
        }
    }

    /// The end of the body: only white space may be left.
    pub fn end(&mut self) -> Parse<()> {
        self.space();
        if self.at == self.text.len() { Ok(()) } else { self.fault("Extra data", self.at) }
    }

    /// Goes on in an object to its next key, from its `{` or from behind a value; behind the `}` and false at the end.
    #[inline]
    pub fn next_member(&mut self, first: bool) -> Parse<bool> {
        if first {
            self.at += 1;
        }
        self.space();
        match self.peek() {
            b'}' => {
                self.at += 1;
                return Ok(false);
            }
            b',' if !first => {
                self.at += 1;
                self.space();
            }
            _ if !first => return self.fault(NO_COMMA, self.at),
            _ => {}
        }
        if self.peek() == b'"' { Ok(true) } else { self.fault(NO_KEY, self.at) }
    }

    /// Walks an object from its `{` to behind its `}`; `member` gets the key and stands at the value.
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, Text<'a>) -> Parse<()>) -> Parse<()> {
        let mut first = true;
        while self.next_member(first)? {
            let key = self.string()?;
            self.colon()?;
            member(self, key)?;
            first = false;
        }
        Ok(())
    }

    /// Walks an array from its `[` to behind its `]`; `element` takes a value.
    #[inline]
    pub fn elements(&mut self, mut element: impl FnMut(&mut Self) -> Parse<()>) -> Parse<()> {
        self.at += 1;
        self.space();
        if self.peek() == b']' {
            self.at += 1;
            return Ok(());
        }
        loop {
            element(self)?;
            self.space();
            match self.peek() {
                b',' => self.at += 1,
                b']' => break,
                _ => return self.fault(NO_COMMA, self.at),
            }
            self.space();
        }
        self.at += 1;
        Ok(())
    }

    #[inline]
    pub fn colon(&mut self) -> Parse<()> {
        self.space();
        if self.peek() != b':' {
            return self.fault("Expecting ':' delimiter", self.at);
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    /// Takes the key at the position, with its colon, if its bytes are `raw` (as some earlier key had them).
    pub fn take_key(&mut self, raw: &[u8]) -> Parse<bool> {
        let rest = self.text.as_bytes().get(self.at + 1..).unwrap_or_default();
        match rest.split_at_checked(raw.len()) {
            Some((key, [b'"', ..])) if key == raw => {
                self.at += raw.len() + 2;
                self.colon()?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Takes the bytes at the position if they are `expected`, and not nothing.
    #[inline(always)]
    pub fn take(&mut self, expected: &[u8]) -> bool {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let found = rest.get(..expected.len()).is_some_and(|found| equal(found, expected)) && !expected.is_empty();
        if found {
            self.at += expected.len();
        }
        found
    }

    /// Reads a string at its opening quote.
    pub fn string(&mut self) -> Parse<Text<'a>> {
        let bytes = self.text.as_bytes();
        let begin = self.at;
        let mut at = begin + 1;
        let mut escaped = false;
        loop {
            at = plain(bytes, at);
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at = self.escape(begin, at)?;
                }
                Some(_) => return self.fault("Invalid control character at", at),
                None => return self.fault(UNTERMINATED, begin),
            }
        }
        self.at = at + 1;
        Ok(Text { raw: self.text.get(begin + 1..at).unwrap_or_default(), escaped })
    }

    /// Checks the escape at the backslash `at`; the position behind it.
    fn escape(&self, begin: usize, at: usize) -> Parse<usize> {
        let bytes = self.text.as_bytes();
        match bytes.get(at + 1) {
            None => self.fault(UNTERMINATED, begin),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
            Some(b'u') => match bytes.get(at + 2..at + 6) {
                Some(hex) if at + 6 < bytes.len() && hex.iter().all(u8::is_ascii_hexdigit) => Ok(at + 6),
                _ => self.fault("Invalid \\uXXXX escape", at + 1),
            },
            Some(_) => self.fault("Invalid \\escape", at),
        }
    }

    /// Reads a number of few digits if one stands at the position, else stays there.
    #[inline(always)]
    pub fn short_number(&mut self) -> Option<f64> {
        let (value, end) = number::short(self.text.as_bytes(), self.at)?;
        self.at = end;
        Some(value)
    }

    /// Reads a number if one stands at the position, else stays there.
    #[inline(always)]
    pub fn decimal(&mut self) -> Option<Decimal> {
        let (decimal, end) = Decimal::scan(self.text.as_bytes(), self.at)?;
        self.at = end;
        Some(decimal)
    }

    /// Takes `word` if it stands at the position.
    pub fn literal(&mut self, word: &str) -> bool {
        let found = self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes()));
        if found {
            self.at += word.len();
        }
        found
    }

    /// Reads over a value that stands inside `depth` brackets, checking all of it.
    pub fn skip(&mut self, depth: usize) -> Parse<()> {
        let mut open = Brackets::default();
        loop {
            match self.peek() {
                bracket @ (b'{' | b'[') => {
                    let object = bracket == b'{';
                    if depth + open.level >= MAX_DEPTH {
                        let what = What::Depth(if object { "object" } else { "array" });
                        return Err(Fault { what, at: self.at });
                    }
                    self.at += 1;
                    self.space();
                    if self.peek() == closing(object) {
                        self.at += 1;
                    } else {
                        open.push(object);
                        self.key_of(object)?;
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            if self.close(&mut open)? {
                return Ok(());
            }
        }
    }

    /// Goes on behind a value: closes brackets up to the next value; true when none is left.
    fn close(&mut self, open: &mut Brackets) -> Parse<bool> {
        while let Some(object) = open.innermost() {
            self.space();
            match self.peek() {
                b',' => {
                    self.at += 1;
                    self.space();
                    self.key_of(object)?;
                    return Ok(false);
                }
                found if found == closing(object) => {
                    self.at += 1;
                    open.level -= 1;
                }
                _ => return self.fault(NO_COMMA, self.at),
            }
        }
        Ok(true)
    }

    /// Reads over the key and colon that an object's member starts with.
    fn key_of(&mut self, object: bool) -> Parse<()> {
        match (object, self.peek()) {
            (false, _) => Ok(()),
            (true, b'"') => {
                self.string()?;
                self.colon()
            }
            (true, _) => self.fault(NO_KEY, self.at),
        }
    }

    /// Reads over anything that is no object and no array.
    pub fn scalar(&mut self) -> Parse<()> {
        let start = self.at;
        if self.peek() == b'"' {
            return self.string().map(|_| ());
        }
        if let Some(decimal) = self.decimal() {
            return decimal.check().map_err(|digits| Fault { what: What::Digits(digits), at: start });
        }
        match LITERALS.iter().any(|word| self.literal(word)) {
            true => Ok(()),
            false => self.fault("Expecting value", start),
        }
    }
}

impl<'a> Text<'a> {
    /// The text without escapes. Lone surrogates, which Python reads and UTF-8 lacks, take three bytes as in UTF-8:
    /// such a text equals no `str`.
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        if self.escaped { unescape(self.raw).into() } else { self.raw.as_bytes().into() }
    }
}

const LITERALS: [&str; 6] = ["null", "true", "false", "NaN", "Infinity", "-Infinity"];
const NO_KEY: &str = "Expecting property name enclosed in double quotes";
const NO_COMMA: &str = "Expecting ',' delimiter";
const UNTERMINATED: &str = "Unterminated string starting at";

/// Open brackets of [`Scanner::skip`], one bit each: 1 is an object.
#[derive(Default)]
struct Brackets {
    bits: [u64; MAX_DEPTH / 64],
    level: usize,
}

impl Brackets {
    fn push(&mut self, object: bool) {
        let (word, bit) = (self.level / 64, 1 << (self.level % 64));
        if object {
            self.bits[word] |= bit;
        } else {
            self.bits[word] &= !bit;
        }
        self.level += 1;
    }

    fn innermost(&self) -> Option<bool> {
        let top = self.level.checked_sub(1)?;
        Some(self.bits[top / 64] >> (top % 64) & 1 == 1)
    }
}

fn closing(object: bool) -> u8 {
    if object { b'}' } else { b']' }
}

#[inline(always)]
pub(super) fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// Whether two slices of one length are equal. Short ones, as between two values, are compared sooner than `memcmp` is
/// called.
#[inline(always)]
fn equal(a: &[u8], b: &[u8]) -> bool {
    let word = |chunk: &[u8; 8]| u64::from_le_bytes(*chunk);
    match (a.last_chunk::<8>(), b.last_chunk::<8>()) {
        (Some(last_a), Some(last_b)) => {
            let words = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
            words.fold(word(last_a) ^ word(last_b), |differ, (a, b)| differ | (word(a) ^ word(b))) == 0
        }
        _ => a.iter().eq(b),
    }
}

/// Where the first byte from `at` on stands that is a quote, a backslash or a control character.
#[inline]
fn plain(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    // the high bit of a byte that is 0, exact for the lowest such byte
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let found = control | zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\') {
        at += 1;
    }
    at
}

/// Undoes the escapes of a string that [`Scanner::string`] checked.
fn unescape(raw: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.extend_from_slice(plain.as_bytes());
        let kind = escape.chars().next().unwrap_or('\\');
        rest = escape.get(kind.len_utf8()..).unwrap_or_default();
        match kind {
            'b' => out.push(8),
            'f' => out.push(12),
            'n' => out.push(b'\n'),
            'r' => out.push(b'\r'),
            't' => out.push(b'\t'),
            'u' => rest = unescape_unicode(rest, &mut out),
            quoted => out.extend_from_slice(quoted.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

/// Undoes `\uXXXX`, or a pair of them, from the digits on; what is left behind it.
fn unescape_unicode<'a>(digits: &'a str, out: &mut Vec<u8>) -> &'a str {
    let unit = |text: &str| text.get(..4).and_then(|hex| u16::from_str_radix(hex, 16).ok());
    let high = unit(digits).unwrap_or_default();
    let rest = digits.get(4..).unwrap_or_default();
    let low = rest.strip_prefix("\\u").and_then(unit).filter(|low| (0xdc00..0xe000).contains(low));
    match (high, low) {
        (0xd800..0xdc00, Some(low)) => {
            let pair = char::decode_utf16([high, low]).next().and_then(Result::ok).unwrap_or_default();
            out.extend_from_slice(pair.encode_utf8(&mut [0; 4]).as_bytes());
            rest.get(6..).unwrap_or_default()
        }
        (0xd800..0xe000, _) => {
            let [top, low] = [high >> 6 & 0x3f, high & 0x3f].map(|six| 0x80 | six as u8);
            out.extend_from_slice(&[0xed, top, low]);
            rest
        }
        _ => {
            let plain = char::from_u32(u32::from(high)).unwrap_or_default();
            out.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes());
            rest
        }
    }
}
