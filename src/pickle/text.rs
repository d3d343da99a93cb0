//! Numbers and strings as pickle spells them: the text lines of protocol 0, and little-endian integers of any length.
//!
//! Every function is total: bytes in, a value or `None` out.

use std::borrow::Cow;

/// Longest number in text, and longest binary integer in bytes. numpy's random states need 16 bytes.
pub(super) const MAX_DIGITS: usize = 64;

/// An integer that fits a node.
#[derive(Debug, PartialEq)]
pub(super) enum Integer {
    Small(i64),
    /// Little-endian two's complement, outside the range of `i64`.
    Big(Vec<u8>),
}

/// A little-endian two's complement integer of at most [`MAX_DIGITS`] bytes; none is 0.
pub(super) fn binary_integer(bytes: &[u8]) -> Option<Integer> {
    if bytes.len() > MAX_DIGITS {
        return None;
    }
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let fill = if negative { 0xff } else { 0 };
    let fits =
        bytes.iter().skip(8).all(|byte| *byte == fill) && bytes.get(7).is_none_or(|b| (b & 0x80 != 0) == negative);
    if !fits {
        return Some(Integer::Big(shortest(bytes).to_vec()));
    }
    let mut raw = [fill; 8];
    for (slot, byte) in raw.iter_mut().zip(bytes) {
        *slot = *byte;
    }
    Some(Integer::Small(i64::from_le_bytes(raw)))
}

/// Without the last bytes that only repeat the sign.
fn shortest(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., before, last] = bytes {
        let sign = if before & 0x80 == 0 { 0 } else { 0xff };
        if *last != sign {
            break;
        }
        bytes = &bytes[..rest.len() + 1];
    }
    bytes
}

/// A decimal integer with an optional sign.
pub(super) fn decimal_integer(line: &[u8]) -> Option<Integer> {
    let (negative, digits) = match line {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > MAX_DIGITS {
        return None;
    }
    // 64 decimal digits need 213 bits; one byte more leaves room for the sign.
    let mut bytes = [0u8; 28];
    for digit in digits {
        let mut carry = u16::from(digit.is_ascii_digit().then(|| digit - b'0')?);
        for byte in &mut bytes {
            carry += u16::from(*byte) * 10;
            *byte = carry as u8;
            carry >>= 8;
        }
    }
    if negative {
        let mut carry = true;
        for byte in &mut bytes {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    binary_integer(&bytes)
}

/// A float as Python's `repr` writes it.
pub(super) fn float(line: &[u8]) -> Option<f64> {
    if line.len() > MAX_DIGITS {
        return None;
    }
    std::str::from_utf8(line).ok()?.parse().ok()
}

/// A quoted string of Python 2 (`S'…'`), its bytes taken as Latin-1.
pub(super) fn quoted(line: &[u8]) -> Option<Cow<'_, str>> {
    let inner = match line {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        _ => return None,
    };
    if !inner.contains(&b'\\') {
        return Some(latin1(inner));
    }
    let mut out = String::with_capacity(inner.len());
    let mut bytes = inner.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(char::from(byte));
            continue;
        }
        out.push(match bytes.next()? {
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'x' => char::from_u32(hex(&mut bytes, 2)?)?,
            quoted @ (b'\\' | b'\'' | b'"') => char::from(quoted),
            _ => return None,
        });
    }
    Some(Cow::Owned(out))
}

/// A line of Python's `raw-unicode-escape`: Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
pub(super) fn raw_unicode(line: &[u8]) -> Option<Cow<'_, str>> {
    if !line.contains(&b'\\') {
        return Some(latin1(line));
    }
    let mut out = String::with_capacity(line.len());
    let mut bytes = line.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let digits = match (byte, bytes.peek()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => {
                out.push(char::from(byte));
                continue;
            }
        };
        bytes.next();
        out.push(char::from_u32(hex(&mut bytes, digits)?)?);
    }
    Some(Cow::Owned(out))
}

fn hex(bytes: &mut impl Iterator<Item = u8>, digits: u32) -> Option<u32> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    (0..digits).try_fold(0u32, |value, _| value.checked_mul(16)?.checked_add(digit(bytes.next()?)?))
}

/// Bytes as code points; borrowed where they are ASCII.
pub(super) fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// Code points up to 255 as bytes, the inverse of [`latin1`]; borrowed where they are ASCII.
pub(super) fn to_latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}
