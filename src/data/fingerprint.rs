//! What identifies a table's content, so that a bundle can say what it was trained on.
//!
//! The digest is of names, types and values, column by column. How the rows were written, packed or split into files
//! does not matter, nor how many threads compute it.

use super::{Column, NumberKind, Table, Values};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// SHA-256 over the columns' own SHA-256, in hexadecimal.
pub(super) fn of(table: &Table) -> String {
    let digests = digests(&table.columns);
    let mut all = Sha256::new_with_prefix(b"scorelet table 1\n");
    digests.iter().for_each(|digest| all.update(digest));
    all.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Each column's digest; columns are handed out to as many threads as there are cores.
fn digests(columns: &[Column]) -> Vec<[u8; 32]> {
    let (next, digests) = (AtomicUsize::new(0), Mutex::new(vec![[0; 32]; columns.len()]));
    let work = || {
        while let Some((at, column)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, columns.get(at)?)))
        {
            let digest = digest(column);
            digests.lock().unwrap_or_else(PoisonError::into_inner)[at] = digest;
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..super::threads().min(columns.len()) {
            scope.spawn(work);
        }
        work();
    });
    digests.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn digest(column: &Column) -> [u8; 32] {
    let mut sha = Sha256::new();
    let text = |sha: &mut Sha256, text: &str| {
        sha.update((text.len() as u64).to_le_bytes());
        sha.update(text);
    };
    text(&mut sha, &column.name);
    match &column.values {
        Values::Numbers { kind, values } => {
            sha.update(match kind {
                NumberKind::Float => b"f",
                NumberKind::Integer => b"i",
                NumberKind::Boolean => b"b",
            });
            numbers(&mut sha, values);
        }
        Values::Times(values) => {
            sha.update(b"t");
            words(&mut sha, values, |value| value.to_le_bytes());
        }
        Values::Texts(texts) => {
            sha.update(b"s");
            sha.update((texts.dictionary.len() as u64).to_le_bytes());
            texts.dictionary.iter().for_each(|entry| text(&mut sha, entry));
            // As narrow as the dictionary allows; what is missing is all ones in any width.
            match texts.dictionary.len() {
                0..0xff => words(&mut sha, &texts.codes, |code| [*code as u8]),
                0xff..0xffff => words(&mut sha, &texts.codes, |code| (*code as u16).to_le_bytes()),
                _ => words(&mut sha, &texts.codes, |code| code.to_le_bytes()),
            }
        }
    }
    sha.finalize().into()
}

/// Values that are written together.
const BLOCK: usize = 1024;

/// Numbers in blocks, each as narrow as it can be, for the digest is most of the work: its width in a byte, then integers
/// of 2 or 4 bytes, the least of which stands for a missing value, or doubles. There are many NaN; one stands for all.
fn numbers(sha: &mut Sha256, values: &[f64]) {
    sha.update((values.len() as u64).to_le_bytes());
    for block in values.chunks(BLOCK) {
        let fits = |most: f64| block.iter().all(|value| value.is_nan() || is_integer_within(*value, most));
        if fits(f64::from(i16::MAX)) {
            sha.update([2]);
            let narrow = |value: &f64| if value.is_nan() { i16::MIN } else { *value as i16 }.to_le_bytes();
            block_of(sha, block, narrow);
        } else if fits(f64::from(i32::MAX)) {
            sha.update([4]);
            let narrow = |value: &f64| if value.is_nan() { i32::MIN } else { *value as i32 }.to_le_bytes();
            block_of(sha, block, narrow);
        } else {
            sha.update([8]);
            let bits = |value: &f64| if value.is_nan() { f64::NAN } else { *value }.to_bits().to_le_bytes();
            block_of(sha, block, bits);
        }
    }
}

/// Whether the value is an integer of at most that size, and not the negative zero.
fn is_integer_within(value: f64, most: f64) -> bool {
    value.abs() <= most && f64::from(value as i32).to_bits() == value.to_bits()
}

/// The number of values, then each in `N` bytes.
fn words<T, const N: usize>(sha: &mut Sha256, values: &[T], bytes: impl Fn(&T) -> [u8; N]) {
    sha.update((values.len() as u64).to_le_bytes());
    values.chunks(BLOCK).for_each(|block| block_of(sha, block, &bytes));
}

/// At most [`BLOCK`] values, each in `N` bytes.
fn block_of<T, const N: usize>(sha: &mut Sha256, values: &[T], bytes: impl Fn(&T) -> [u8; N]) {
    let mut buffer = [[0; N]; BLOCK];
    for (place, value) in buffer.iter_mut().zip(values) {
        *place = bytes(value);
    }
    sha.update(buffer[..values.len()].as_flattened());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Texts;

    fn table(name: &str, values: Values) -> Table {
        Table { columns: vec![Column { name: name.to_owned(), values }], rows: 0 }
    }

    #[test]
    fn every_difference_of_content_shows() {
        let numbers = |kind, values: &[f64]| Values::Numbers { kind, values: values.to_vec() };
        let texts = |dictionary: &[&str], codes: &[u32]| {
            let dictionary = dictionary.iter().map(|text| (*text).to_owned()).collect();
            Values::Texts(Texts { dictionary, codes: codes.to_vec() })
        };
        let tables = [
            table("a", numbers(NumberKind::Float, &[1.0, f64::NAN])),
            table("b", numbers(NumberKind::Float, &[1.0, f64::NAN])),
            table("a", numbers(NumberKind::Integer, &[1.0, f64::NAN])),
            table("a", numbers(NumberKind::Boolean, &[1.0, f64::NAN])),
            table("a", numbers(NumberKind::Float, &[1.0])),
            table("a", numbers(NumberKind::Float, &[0.0])),
            table("a", numbers(NumberKind::Float, &[-0.0])),
            table("a", numbers(NumberKind::Float, &[-32768.0])),
            table("a", numbers(NumberKind::Float, &[f64::NAN])),
            table("a", numbers(NumberKind::Float, &[2147483648.0])),
            table("a", numbers(NumberKind::Float, &[-2147483648.0])),
            table("a", numbers(NumberKind::Float, &[f64::INFINITY])),
            table("a", numbers(NumberKind::Float, &[0.5])),
            table("a", texts(&["x"], &[0, Texts::MISSING])),
            table("a", texts(&["x"], &[0, 0])),
            table("a", Values::Times(vec![1, i64::MIN])),
            table("a", texts(&["x", "y"], &[0, 1])),
            table("a", texts(&["xy"], &[0, 0])),
            table("a", texts(&["x", "y"], &[0, 0])),
            Table::default(),
        ];
        let mut prints: Vec<_> = tables.iter().map(of).collect();
        assert!(prints.iter().all(|print| print.len() == 64));
        prints.sort();
        prints.dedup();
        assert_eq!(prints.len(), tables.len());
        let other_nan = f64::from_bits(f64::NAN.to_bits() | 1);
        assert_eq!(of(&tables[0]), of(&table("a", numbers(NumberKind::Float, &[1.0, other_nan]))));
    }

    #[test]
    fn the_digest_stays_what_it_was() {
        let values = Values::Numbers { kind: NumberKind::Integer, values: vec![1.0, 2.0] };
        // column = sha256(pack("<Q", 1) + b"ai" + pack("<QBhh", 2, 2, 1, 2)); sha256(b"scorelet table 1\n" + column)
        assert_eq!(of(&table("a", values)), "b50468e15e3ef99d00a57e0feac502eaa8d23c193c2f4c04950ef24f3d867baf");
    }
}
