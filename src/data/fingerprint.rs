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
            // There are many NaN; one stands for all.
            let bits = |value: &f64| if value.is_nan() { f64::NAN } else { *value }.to_bits().to_le_bytes();
            words(&mut sha, values, bits);
        }
        Values::Times(values) => {
            sha.update(b"t");
            words(&mut sha, values, |value| value.to_le_bytes());
        }
        Values::Texts(texts) => {
            sha.update(b"s");
            sha.update((texts.dictionary.len() as u64).to_le_bytes());
            texts.dictionary.iter().for_each(|entry| text(&mut sha, entry));
            words(&mut sha, &texts.codes, |code| code.to_le_bytes());
        }
    }
    sha.finalize().into()
}

/// The number of values, then each in `N` bytes; many at a time, for the digest's speed.
fn words<T, const N: usize>(sha: &mut Sha256, values: &[T], bytes: impl Fn(&T) -> [u8; N]) {
    sha.update((values.len() as u64).to_le_bytes());
    let mut buffer = vec![0; 1024 * N];
    for chunk in values.chunks(1024) {
        for (place, value) in buffer.chunks_exact_mut(N).zip(chunk) {
            place.copy_from_slice(&bytes(value));
        }
        sha.update(&buffer[..chunk.len() * N]);
    }
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
        // sha256(b"scorelet table 1\n" + sha256(pack("<Q", 1) + b"ai" + pack("<Q2d", 2, 1, 2)))
        assert_eq!(of(&table("a", values)), "af0093fe4c22dcac0ff4689e4c33435eb67be849e9a2281a2f2fc886beb5edf3");
    }
}
