//! The columns that a bundle expects, prepared for finding them by name.

use crate::bundle::Bundle;
use crate::calendar;
use crate::model::{Content, Texts, Vocabulary};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The feature order, with a lookup by name.
#[derive(Debug, Clone)]
pub(super) struct Schema {
    pub names: Vec<String>,
    pub vocabulary: Vocabulary,
    index: HashMap<Vec<u8>, usize, BuildHasherDefault<NameHasher>>,
    /// Whether any column takes something else than numbers.
    has_others: bool,
    /// Class name of the estimator or transformer that sees the input first.
    pub first_step: String,
    /// Whether JSON may write every name without an escape.
    pub plain_names: bool,
    /// What stands before each value of a record in feature order, from the bracket or the comma on: as Python writes it,
    /// and as JavaScript does. Empty when a name may need an escape.
    pub gaps: [Vec<String>; 2],
}

impl Schema {
    pub fn new(bundle: &Bundle) -> Self {
        let names = bundle.feature_order.clone();
        let plain = |name: &String| name.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\');
        let plain_names = names.iter().all(plain);
        let gaps = [(", ", " "), (",", "")].map(|(comma, space)| {
            let open = std::iter::once("{").chain(std::iter::repeat(comma));
            let gaps = open.zip(&names).map(|(open, name)| format!("{open}\"{name}\":{space}"));
            if plain_names { gaps.collect() } else { vec![] }
        });
        Schema {
            index: names.iter().enumerate().map(|(i, name)| (name.as_bytes().to_vec(), i)).collect(),
            has_others: !bundle.vocabulary.is_empty(),
            plain_names,
            gaps,
            vocabulary: bundle.vocabulary.clone(),
            first_step: bundle.scaler_name.as_ref().unwrap_or(&bundle.estimator_name).clone(),
            names,
        }
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.names.len()
    }

    /// The column of that name.
    pub fn find(&self, name: &[u8]) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// Whether `column` takes numbers.
    #[inline(always)]
    pub fn is_number(&self, column: usize) -> bool {
        !self.has_others || *self.vocabulary.content(column) == Content::Number
    }

    /// What a text is in a column that takes no numbers: its code, a moment, its number in `texts`, nothing. `None` when it
    /// is no date where there should be one.
    pub fn value(&self, column: usize, text: &str, texts: &mut Texts) -> Option<f64> {
        match self.vocabulary.content(column) {
            Content::Date => calendar::parse(text.trim().as_bytes()).map(|micros| micros as f64),
            Content::Document(_) => Some(texts.add(text)),
            Content::Unused => Some(f64::NAN),
            Content::Text(_) | Content::Number => Some(self.vocabulary.code(text)),
        }
    }
}

/// Hashes eight bytes at a time. The table holds the bundle's names only, so no request can fill it with collisions.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NameHasher(u64);

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.write_u64(u64::from_le_bytes(*word)));
        match bytes.last_chunk::<8>() {
            // overlaps the word before it
            Some(last) if !rest.is_empty() => self.write_u64(u64::from_le_bytes(*last)),
            Some(_) => {}
            None => self.write_u64(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))),
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, length: usize) {
        self.write_u64(length as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}
