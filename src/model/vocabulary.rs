//! Texts that a model's encoders know, numbered, so that no string reaches the scoring code.

use std::collections::HashMap;

/// All categories of all text columns of one bundle.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vocabulary {
    codes: HashMap<String, u32>,
    /// For each input column, by position in the feature order, the texts that an encoder knows; `None` when the column
    /// takes numbers.
    columns: Vec<Option<Vec<String>>>,
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

    /// The text that a value of a matrix stands for; for messages, as it searches.
    pub fn text(&self, value: f64) -> Option<&str> {
        self.codes.iter().find(|(_, code)| f64::from(**code) == value).map(|(text, _)| text.as_str())
    }

    /// Declares that input column `column` takes text, and what of it an encoder knows. Of several encoders that see
    /// one column, the first that knows anything speaks.
    pub fn mark_text<'t>(&mut self, column: usize, known: impl Iterator<Item = &'t str>) {
        if self.columns.len() <= column {
            self.columns.resize(column + 1, None);
        }
        let texts = self.columns[column].get_or_insert_default();
        if texts.is_empty() {
            texts.extend(known.map(str::to_owned));
        }
    }

    /// The input columns that take text.
    pub fn text_columns(&self) -> impl Iterator<Item = usize> {
        (0..self.columns.len()).filter(|column| self.is_text(*column))
    }

    /// Whether input column `column` takes text; other columns take numbers.
    pub fn is_text(&self, column: usize) -> bool {
        self.texts(column).is_some()
    }

    /// What an encoder of that input column knows, in its order; nothing when the column takes numbers.
    pub fn texts(&self, column: usize) -> Option<&[String]> {
        self.columns.get(column)?.as_deref()
    }
}
