//! What one cell of a text table says, by the rules of `pandas.read_csv`; dates, which pandas leaves as text, in the
//! form of ISO 8601. Numbers are read exactly: the nearest double, as Python reads them.

use super::NumberKind;
pub(super) use crate::calendar::{parse as time, text as time_text};

/// A cell that was understood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell {
    Missing,
    Number(f64, NumberKind),
    /// Microseconds since 1970-01-01 UTC.
    Time(i64),
    Text,
}

/// What the cell says on its own.
pub(super) fn read(cell: &[u8]) -> Cell {
    if is_missing(cell) {
        return Cell::Missing;
    }
    let cell = cell.trim_ascii();
    if let Some((value, kind)) = number(cell) {
        return Cell::Number(value, kind);
    }
    if let Some(value) = boolean(cell) {
        return Cell::Number(f64::from(u8::from(value)), NumberKind::Boolean);
    }
    time(cell).map_or(Cell::Text, Cell::Time)
}

/// Whether `pandas.read_csv` takes the cell for a missing value.
pub(super) fn is_missing(cell: &[u8]) -> bool {
    matches!(
        cell,
        b"" | b"NA"
            | b"NaN"
            | b"nan"
            | b"null"
            | b"NULL"
            | b"None"
            | b"N/A"
            | b"n/a"
            | b"<NA>"
            | b"#N/A"
            | b"#NA"
            | b"#N/A N/A"
            | b"-NaN"
            | b"-nan"
            | b"1.#IND"
            | b"-1.#IND"
            | b"1.#QNAN"
            | b"-1.#QNAN"
    )
}

pub(super) fn boolean(cell: &[u8]) -> Option<bool> {
    match cell {
        b"True" | b"true" | b"TRUE" => Some(true),
        b"False" | b"false" | b"FALSE" => Some(false),
        _ => None,
    }
}

/// A number without blanks around it, and whether it was written as an integer.
pub(super) fn number(cell: &[u8]) -> Option<(f64, NumberKind)> {
    match short(cell) {
        Some(found) => Some(found),
        None => long(cell),
    }
}

/// Powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// Up to 15 digits, perhaps with a point: digits and power of ten are exact in a double, so their quotient is the
/// nearest one (Clinger 1990).
fn short(cell: &[u8]) -> Option<(f64, NumberKind)> {
    let (negative, digits) = match cell {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, cell),
    };
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let (mut mantissa, mut point, mut count) = (0u64, None, 0);
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa * 10 + u64::from(byte - b'0');
                count += 1;
            }
            b'.' if point.is_none() => point = Some(digits.len() - at - 1),
            _ => return None,
        }
    }
    if count == 0 || count > 15 {
        return None;
    }
    let value = mantissa as f64 / POWERS[point.unwrap_or(0)];
    let kind = if point.is_some() { NumberKind::Float } else { NumberKind::Integer };
    // An integer has one zero.
    Some((if negative && !(mantissa == 0 && point.is_none()) { -value } else { value }, kind))
}

fn long(cell: &[u8]) -> Option<(f64, NumberKind)> {
    // What no number begins with needs no second look: most texts end here.
    if !matches!(cell.first()?, b'0'..=b'9' | b'-' | b'+' | b'.' | b'i' | b'I') {
        return None;
    }
    let value = std::str::from_utf8(cell).ok()?.parse().ok()?;
    let digits = cell.strip_prefix(b"-").or(cell.strip_prefix(b"+")).unwrap_or(cell);
    let kind = if digits.iter().all(u8::is_ascii_digit) { NumberKind::Integer } else { NumberKind::Float };
    Some((value, kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: Cell) {
        assert_eq!(read(text.as_bytes()), expected, "{text:?}");
    }

    #[test]
    fn numbers_are_read_as_pandas_reads_them() {
        let int = |value| Cell::Number(value, NumberKind::Integer);
        let float = |value| Cell::Number(value, NumberKind::Float);
        check("0", int(0.0));
        check("-17", int(-17.0));
        check("+5", int(5.0));
        check("007", int(7.0));
        check(" 3 ", int(3.0));
        check("9007199254740993", int(9007199254740992.0));
        check("123456789012345678901234567890", int(1.2345678901234568e29));
        check("0.1", float(0.1));
        check("1.", float(1.0));
        check(".5", float(0.5));
        check("-0.0", float(-0.0));
        check("1e5", float(1e5));
        check("-1.5E-7", float(-1.5e-7));
        check("2.2250738585072014e-308", float(2.2250738585072014e-308));
        check("0.3333333333333333", float(1.0 / 3.0));
        check("inf", float(f64::INFINITY));
        check("-Infinity", float(f64::NEG_INFINITY));
    }

    #[test]
    fn other_text_is_no_number() {
        for text in ["", "-", ".", "-.", "1_000", "0x10", "1,5", "1e", "--1", "1-2", "e5", "NaNs", "½", "1 2"] {
            assert_eq!(number(text.as_bytes()), None, "{text:?}");
        }
        for text in ["abc", "1_000", "-", "yes", "12:30", " ", "na", "2013-1-1"] {
            check(text, Cell::Text);
        }
    }

    #[test]
    fn missing_is_what_pandas_says() {
        for text in ["", "NA", "NaN", "nan", "null", "N/A", "#N/A", "<NA>", "None", "-1.#IND"] {
            check(text, Cell::Missing);
        }
    }

    #[test]
    fn booleans() {
        check("True", Cell::Number(1.0, NumberKind::Boolean));
        check("false", Cell::Number(0.0, NumberKind::Boolean));
        check("T", Cell::Text);
    }

    #[test]
    fn times_are_iso_8601() {
        let check = |text: &str, expected: Option<i64>| assert_eq!(time(text.as_bytes()), expected, "{text:?}");
        check("1970-01-01", Some(0));
        check("2013-01-01T10:00:00Z", Some(1_357_034_400_000_000));
        check("2013-01-01 10:00", Some(1_357_034_400_000_000));
        check("2013-01-01T12:00:00+02:00", Some(1_357_034_400_000_000));
        check("2013-01-01T05:30:00-0430", Some(1_357_034_400_000_000));
        check("1969-12-31 23:59:59.999999", Some(-1));
        check("2000-02-29", Some(951_782_400_000_000));
        check("1970-01-01T00:00:00.123456789", Some(123_456));
        check("1970-01-01T00:00:00.5Z", Some(500_000));
        for text in
            ["1900-02-29", "2013-13-01", "2013-00-10", "2013-01-32", "0000-01-01", "2013-01-01T24:00", "20130101"]
        {
            check(text, None);
        }
        for text in
            ["2013-01-01T10", "2013-01-01T10:00:60", "2013-01-01x", "2013-01-01T10:00:00.", "2013-01-01T10:00+2"]
        {
            check(text, None);
        }
    }

    proptest! {
        #[test]
        fn every_double_survives_its_text(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            for text in [format!("{value}"), format!("{value:e}")] {
                let (read, _) = number(text.as_bytes()).unwrap();
                prop_assert_eq!(read.abs().to_bits(), value.abs().to_bits(), "{}", text);
            }
        }

        #[test]
        fn short_decimals_are_read_as_rust_reads_them(whole in 0u64..100_000_000, part in 0u64..1_000_000, width in 1usize..7) {
            let text = format!("{whole}.{part:0width$}");
            let expected: f64 = text.parse().unwrap();
            prop_assert_eq!(number(text.as_bytes()).unwrap().0.to_bits(), expected.to_bits());
        }

        #[test]
        fn every_time_survives_its_text(micros in -62_135_596_800_000_000i64..253_402_300_800_000_000) {
            prop_assert_eq!(time(time_text(micros).as_bytes()), Some(micros));
            let midnight = micros - micros.rem_euclid(86_400_000_000);
            prop_assert_eq!(time(time_text(midnight).as_bytes()), Some(midnight));
        }

        #[test]
        fn no_cell_panics(bytes: Vec<u8>) {
            read(&bytes);
        }
    }
}
