//! Texts that a model's encoders know, numbered, so that no string reaches the scoring code.

use std::collections::HashMap;

/// All categories of all text columns of one bundle.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vocabulary {
    codes: HashMap<String, u32>,
    /// Which input columns take text, by position in the feature order.
    text_columns: Vec<bool>,
}

impl Vocabulary {
    /// The code of a text that no encoder knows.
    pub const UNKNOWN: f64 = -1.0;

    /// The code of `text`, made if it is new.
    pub fn intern(&mut self, text: &str) -> u32 {
        let next = self.codes.len() as u32;
        *self.codes.entry(text.to_owned()).or_insert(next)
    }

    /// The value that stands for `text` in a matrix.
    pub fn code(&self, text: &str) -> f64 {
        self.codes.get(text).map_or(Self::UNKNOWN, |code| f64::from(*code))
    }

    /// Declares that input column `column` takes text.
    pub fn mark_text(&mut self, column: usize) {
        if self.text_columns.len() <= column {
            self.text_columns.resize(column + 1, false);
        }
        self.text_columns[column] = true;
    }

    /// How many input columns take text.
    pub fn text_columns(&self) -> usize {
        self.text_columns.iter().filter(|takes_text| **takes_text).count()
    }

    /// Whether input column `column` takes text; other columns take numbers.
    pub fn is_text(&self, column: usize) -> bool {
        self.text_columns.get(column).copied().unwrap_or(false)
    }
}
