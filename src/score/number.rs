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
    /// Digits before and after the point; zeros that it begins with count when there are few in all.
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
        let mut whole = 0;
        if byte(bytes, at) == b'0' {
            at += 1;
        } else {
            at = digits(bytes, at, &mut mantissa);
            whole = at - first;
            if whole == 0 {
                return None;
            }
        }
        let mut number = Decimal { mantissa, digits: whole, exponent: 0, negative, integer: true };
        if byte(bytes, at) == b'.' {
            let end = digits(bytes, at + 1, &mut number.mantissa);
            let fraction = end - (at + 1);
            if fraction > 0 {
                number.digits += fraction;
                if number.digits > 19 && whole == 0 {
                    number.digits -= bytes[at + 1..end].iter().take_while(|digit| **digit == b'0').count();
                }
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

    /// The value, where it can be had without the text: all numbers of up to 19 digits that are neither huge nor tiny.
    #[inline(always)]
    pub fn fast(&self) -> Option<f64> {
        if self.digits > 19 {
            return None;
        }
        let value = match POWERS.get(self.exponent.unsigned_abs() as usize) {
            // One exact operation (Clinger's fast path).
            Some(power) if self.mantissa <= 1 << 53 => {
                let whole = self.mantissa as f64;
                if self.exponent < 0 { whole / power } else { whole * power }
            }
            _ => nearest(self.mantissa, self.exponent)?,
        };
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

/// Reads a number without an exponent whose digits and point end within eight bytes, as most do that people rounded or
/// counted, in one go; its value and where it ends. `None` for all others, and where no number stands at `start`.
#[inline(always)]
pub(super) fn short(bytes: &[u8], start: usize) -> Option<(f64, usize)> {
    let negative = byte(bytes, start) == b'-';
    let first = start + usize::from(negative);
    let (values, others) = marked(bytes.get(first..)?.first_chunk()?);
    let whole = (others.trailing_zeros() / 8) as usize;
    let begins_right = whole == 1 || whole > 1 && values & 0xff != 0;
    if !begins_right || whole == 8 {
        return None;
    }
    let next = byte(bytes, first + whole);
    if next != b'.' {
        let value = eight(values << (64 - 8 * whole)) as i64;
        // Python's int has no negative zero.
        return (next | 0x20 != b'e').then_some((if negative { -value } else { value } as f64, first + whole));
    }
    let end = ((others & others.wrapping_sub(1)).trailing_zeros() / 8) as usize;
    let digits = end - 1;
    let next = byte(bytes, first + end);
    if digits <= whole || next.is_ascii_digit() || next | 0x20 == b'e' {
        return None;
    }
    // The digits behind the point close up to those before it.
    let before = (1 << (8 * whole)) - 1;
    let joined = values & before | values >> 8 & !before;
    let value = eight(joined << (64 - 8 * digits)) as f64 / POWERS.get(digits - whole)?;
    Some((if negative { -value } else { value }, first + end))
}

/// Powers of ten that `f64` holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// The `f64` nearest to `mantissa` × 10^`exponent`, ties to even (Lemire, "Number parsing at a gigabyte per second", with
/// the proof of Mushtak and Lemire that it needs no second try). `None` for exponents beyond the table.
fn nearest(mantissa: u64, exponent: i32) -> Option<f64> {
    let power = *FIVES.get(usize::try_from(exponent.checked_add(MAX_FIVE)?).ok()?)?;
    if mantissa == 0 {
        return Some(0.0);
    }
    let shift = mantissa.leading_zeros();
    let mantissa = mantissa << shift;
    let mut product = u128::from(mantissa) * (power >> 64);
    if (product >> 64) as u64 & 0x1ff == 0x1ff {
        product += (u128::from(mantissa) * u128::from(power as u64)) >> 64;
    }
    let (high, low) = ((product >> 64) as u64, product as u64);
    let upper = (high >> 63) as i32;
    // 53 bits and one to round by.
    let mut bits = high >> (upper + 9);
    let exact_tie = low <= 1 && (-4..=23).contains(&exponent) && bits & 3 == 1 && bits << (upper + 9) == high;
    bits = if exact_tie { bits & !1 } else { bits + (bits & 1) } >> 1;
    let binary = ((217_706 * exponent) >> 16) + 63 + upper - shift as i32;
    // `bits` brings the leading one, or two where it was rounded up to it: both belong to the exponent, which is far from
    // both ends.
    Some(f64::from_bits((((binary + 1022) as u64) << 52) + bits))
}

/// Appends the digits at `at` to `mantissa`, which wraps beyond 19 of them; where they end. Takes up to eight at a time,
/// without a branch for each.
#[inline(always)]
fn digits(bytes: &[u8], mut at: usize, mantissa: &mut u64) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let (values, others) = marked(chunk);
        let n = (others.trailing_zeros() / 8) as usize;
        if n == 0 {
            return at;
        }
        *mantissa = mantissa.wrapping_mul(TENS[n]).wrapping_add(eight(values << (64 - 8 * n)));
        at += n;
        if n < 8 {
            return at;
        }
    }
    while let digit @ 0..=9 = byte(bytes, at).wrapping_sub(b'0') {
        *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    at
}

/// The values of eight digits, and the high bit of each byte that is none: exact up to the first such byte, and to the
/// second if the first is ASCII.
#[inline(always)]
fn marked(chunk: &[u8; 8]) -> (u64, u64) {
    let values = u64::from_le_bytes(*chunk) ^ (ONES * 0x30);
    (values, (values.wrapping_add(ONES * 0x76) | values) & (ONES << 7))
}

const ONES: u64 = u64::MAX / 255;

const TENS: [u64; 9] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The number of eight digits, one in each byte, the first in the lowest: pairs, then fours, then all.
#[inline(always)]
fn eight(digits: u64) -> u64 {
    const PAIRS: u64 = 0x0000_00ff_0000_00ff;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let outer = (pairs & PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let inner = (pairs >> 16 & PAIRS).wrapping_mul(1 + (10_000 << 32));
    outer.wrapping_add(inner) >> 32
}

/// 5^q for q from -27 to 27, shifted so that the highest bit of 128 is set; rounded up where it is not exact.
const FIVES: [u128; 2 * MAX_FIVE as usize + 1] = {
    let mut table = [0; 2 * MAX_FIVE as usize + 1];
    let mut power = 1_u128;
    let mut q = 0;
    while q <= MAX_FIVE as usize {
        table[MAX_FIVE as usize + q] = power << power.leading_zeros();
        if q > 0 {
            table[MAX_FIVE as usize - q] = reciprocal(power);
        }
        power *= 5;
        q += 1;
    }
    table
};

/// Largest power of five below 2^63.
const MAX_FIVE: i32 = 27;

/// 2^n / `power` + 1 for the n that gives it 128 bits, by long division.
const fn reciprocal(power: u128) -> u128 {
    let (mut quotient, mut rest) = (0_u128, 1_u128);
    while quotient >> 127 == 0 {
        rest <<= 1;
        quotient <<= 1;
        if rest >= power {
            rest -= power;
            quotient |= 1;
        }
    }
    quotient + 1
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Without the text.
    fn fast(text: &str) -> Option<f64> {
        let (number, end) = Decimal::scan(text.as_bytes(), 0).expect("a number");
        assert_eq!(end, text.len(), "{text}");
        number.fast()
    }

    #[test]
    fn long_numbers_are_rounded_to_the_nearest_and_ties_to_even() {
        for text in [
            "9007199254740993",
            "9007199254740993.0",
            "9007199254740994.99999999",
            "9007199254740995",
            "18014398509481990",
            "1.00000000000000011102",
            "1.0000000000000001110",
            "0.1000000000000000055",
            "4503599627370496.5",
            "4503599627370497.5",
            "9223372036854775807",
            "9999999999999999999",
            "9999999999999999999e27",
            "1234567890123456789e-27",
            "0.3000000000000000166",
            "0.012345678901234567",
            "0.001234567890123456789",
        ] {
            let expected: f64 = text.parse().unwrap();
            match fast(text) {
                Some(value) => assert_eq!(value.to_bits(), expected.to_bits(), "{text}"),
                None => assert!(text.len() > 20, "{text}"),
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn what_is_written_is_read(bits in any::<u64>(), small in -1e6..1e6f64) {
            for value in [f64::from_bits(bits), small].into_iter().filter(|value| value.is_finite()) {
                let text = format!("{value:?}");
                if let Some(read) = fast(&text) {
                    prop_assert_eq!(read.to_bits(), value.to_bits(), "{}", text);
                } else {
                    prop_assert!(!(1e-8..1e20).contains(&value.abs()), "{}", text);
                }
            }
        }

        /// Any digits, also half-way between two numbers and beside.
        #[test]
        fn digits_are_rounded_as_std_does(mantissa in any::<u64>(), cut in 0u32..64, exponent in -30..30i32, near in -1..=1i64) {
            let halfway = (mantissa >> cut | 1).wrapping_add_signed(near);
            for mantissa in [mantissa, mantissa >> cut, halfway] {
                let text = format!("{mantissa}e{exponent}");
                let expected: f64 = text.parse().unwrap();
                let read = fast(&text);
                prop_assert!(read.is_none_or(|read| read.to_bits() == expected.to_bits()), "{} {:?}", text, read);
                prop_assert!(read.is_some() || exponent.abs() > MAX_FIVE || mantissa > 9_999_999_999_999_999_999, "{}", text);
            }
        }

        /// Also beside what a number is not, or not in full.
        #[test]
        fn short_numbers_are_those_of_the_long_way(text in "-?[0-9]{0,8}[.]?[0-9]{0,8}[-,}.eE 0-9é]{0,3}", blanks in 0..9usize) {
            let bytes = [text.as_bytes(), &b"         "[..blanks]].concat();
            let long = Decimal::scan(&bytes, 0).and_then(|(number, end)| Some((number.fast()?.to_bits(), end)));
            if let Some((value, end)) = short(&bytes, 0) {
                prop_assert_eq!(Some((value.to_bits(), end)), long, "{}", text);
            }
        }

        #[test]
        fn short_numbers_are_taken(whole in 0..1000u32, fraction in "([.][0-9]{1,4})?", minus in "-?", next in "[,} \\]é]") {
            let text = format!("{minus}{whole}{fraction}");
            let (value, end) = short(format!("{text}{next}       ").as_bytes(), 0).expect("short enough");
            let expected: f64 = text.parse().unwrap();
            let expected = if text == "-0" { 0.0 } else { expected };
            prop_assert_eq!((value.to_bits(), end), (expected.to_bits(), text.len()));
        }

        #[test]
        fn digits_are_counted(text in "[0-9]{1,24}", rest in "[^0-9]{0,9}|[.eE/:][^0-9]{0,8}") {
            let mut mantissa = 0;
            let bytes = [text.as_bytes(), rest.as_bytes()].concat();
            prop_assert_eq!(digits(&bytes, 0, &mut mantissa), text.len());
            let expected = text.bytes().fold(0_u64, |sum, digit| sum.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')));
            prop_assert_eq!(mantissa, expected);
        }
    }
}
