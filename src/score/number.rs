//! Decimal text to the nearest `f64`: JSON numbers, and the strings that Python's `float()` takes.
//!
//! Every result is correctly rounded. Never allocates for a number as JSON writes it.

use super::json::byte;

/// Python's `sys.get_int_max_str_digits()`.
const MAX_INT_DIGITS: usize = 4300;

/// A JSON number that was scanned but not yet rounded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decimal {
    /// All digits as one integer; meaningful when there are at most 19.
    mantissa: u64,
    /// Digits before and after the point.
    digits: usize,
    exponent: i32,
    negative: bool,
    /// Python reads it as `int`: no point, no exponent.
    pub integer: bool,
}

impl Decimal {
    /// Scans the number at `start`; where it ends. `None` if no number stands there.
    #[inline(always)]
    pub fn scan(bytes: &[u8], start: usize) -> Option<(Decimal, usize)> {
        let negative = byte(bytes, start) == b'-';
        let first = start + usize::from(negative);
        let mut at = first;
        let mut mantissa = 0;
        if byte(bytes, at) == b'0' {
            at += 1;
        } else {
            at = digits(bytes, at, &mut mantissa);
            if at == first {
                return None;
            }
        }
        let mut number = Decimal { mantissa, digits: at - first, exponent: 0, negative, integer: true };
        if byte(bytes, at) == b'.' {
            let end = digits(bytes, at + 1, &mut number.mantissa);
            let fraction = end - (at + 1);
            if fraction > 0 {
                number.digits += fraction;
                number.exponent = i32::try_from(fraction).map_or(i32::MIN, |n| -n);
                number.integer = false;
                at = end;
            }
        }
        if byte(bytes, at) | 0x20 == b'e' {
            at = number.scan_exponent(bytes, at);
        }
        Some((number, at))
    }

    /// Takes the exponent at the `e`, if there is one; where the number ends.
    fn scan_exponent(&mut self, bytes: &[u8], e: usize) -> usize {
        let sign = byte(bytes, e + 1);
        let first = e + 1 + usize::from(matches!(sign, b'+' | b'-'));
        let mut at = first;
        let mut value = 0i32;
        while let digit @ 0..=9 = byte(bytes, at).wrapping_sub(b'0') {
            value = value.saturating_mul(10).saturating_add(i32::from(digit));
            at += 1;
        }
        if at == first {
            return e;
        }
        self.exponent = self.exponent.saturating_add(if sign == b'-' { -value } else { value });
        self.integer = false;
        at
    }

    /// The value, where one exact operation gives it (Clinger's fast path).
    #[inline(always)]
    pub fn fast(&self) -> Option<f64> {
        let power = *POWERS.get(self.exponent.unsigned_abs() as usize)?;
        if self.digits > 19 || self.mantissa > 1 << 53 {
            return None;
        }
        let whole = self.mantissa as f64;
        let value = if self.exponent < 0 { whole / power } else { whole * power };
        // Python's int has no negative zero
        Some(if self.negative && !(self.integer && self.mantissa == 0) { -value } else { value })
    }

    /// The value of any number, given its text. An integer beyond `f64` is infinite here and an error in Python.
    pub fn value(&self, text: &str) -> f64 {
        self.fast().unwrap_or_else(|| text.parse().unwrap_or(f64::NAN))
    }

    /// # Errors
    /// The number of digits, when Python would not read an integer that long.
    pub fn check(&self) -> Result<(), usize> {
        if self.integer && self.digits > MAX_INT_DIGITS { Err(self.digits) } else { Ok(()) }
    }
}

/// Powers of ten that `f64` holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// Appends the digits at `at` to `mantissa`, which wraps beyond 19 of them; where they end.
#[inline(always)]
fn digits(bytes: &[u8], mut at: usize, mantissa: &mut u64) -> usize {
    while let digit @ 0..=9 = byte(bytes, at).wrapping_sub(b'0') {
        *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    at
}

/// What Python's `float(text)` gives: white space around, underscores between digits, the decimal digits of every
/// script, `nan`, `inf` and `infinity` in any case. `None` where it raises `ValueError`.
pub(super) fn python_float(text: &str) -> Option<f64> {
    let space = |c: char| matches!(c, ' ' | '\t'..='\r') || !c.is_ascii() && c.is_whitespace();
    let text = text.trim_matches(space);
    let value = if text.is_ascii() && !text.contains('_') {
        text.parse::<f64>().ok()?
    } else {
        ascii_number(text)?.parse::<f64>().ok()?
    };
    // one NaN for all spellings
    Some(if value.is_nan() { f64::NAN } else { value })
}

/// ASCII digits for those of other scripts, without the underscores; `None` where an underscore is misplaced.
fn ascii_number(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut previous = '\0';
    for c in text.chars() {
        let c = if c.is_ascii() { c } else { decimal_digit(c)? };
        match (previous, c) {
            ('0'..='9', '_') => {}
            (_, '_') => return None,
            ('_', '0'..='9') => out.push(c),
            ('_', _) => return None,
            _ => out.push(c),
        }
        previous = c;
    }
    (previous != '_').then_some(out)
}

fn decimal_digit(c: char) -> Option<char> {
    let code = u32::from(c);
    let zero = ZEROS[..ZEROS.partition_point(|zero| *zero <= code)].last()?;
    char::from_digit(code - zero, 10)
}

/// The zero of each script's decimal digits outside ASCII (Unicode 14, category Nd, as in Python 3.11).
const ZEROS: [u32; 65] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
    0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0,
    0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0,
    0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0,
    0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];
