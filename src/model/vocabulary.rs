//! What the columns of a request hold: numbers, dates, or texts that a model's encoders know. Texts are numbered, so that
//! no string reaches the scoring code.

use super::Texts;
use std::collections::HashMap;
use std::sync::Arc;

/// All categories of all text columns of one bundle, and what its other columns hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vocabulary {
    codes: HashMap<String, u32>,
    /// For each input column, by position in the feature order; numbers where the list ends before.
    columns: Vec<Content>,
    /// How many columns all vectorizers of texts give together.
    n_terms: usize,
    /// Whether rows are scored together or not at all.
    whole: bool,
}

/// What a column of a request holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Content {
    #[default]
    Number,
    /// The texts that an encoder knows, in its order.
    Text(Vec<String>),
    /// Any text, which a vectorizer takes apart; such as this one. A cell holds the number that
    /// [`Texts`](super::Texts) gives it.
    Document(String),
    /// A date or time in ISO 8601. Reaches the model as microseconds since 1970-01-01 UTC.
    Date,
    /// Nothing reads it: it may hold anything.
    Unused,
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
        match self.slot(column) {
            Content::Text(texts) if texts.is_empty() => texts.extend(known.map(str::to_owned)),
            Content::Text(_) => {}
            other => *other = Content::Text(known.map(str::to_owned).collect()),
        }
    }

    /// Declares that input column `column` takes whole texts, such as `example`, of which a vectorizer makes `n_terms`
    /// columns.
    pub fn mark_document(&mut self, column: usize, example: &str, n_terms: usize) {
        *self.slot(column) = Content::Document(example.to_owned());
        self.n_terms = self.n_terms.saturating_add(n_terms);
    }

    /// Declares that an answer depends on all rows of a request.
    pub fn mark_whole(&mut self) {
        self.whole = true;
    }

    /// Whether all rows of a request must be scored together.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// How many columns of terms a row has while it is scored; 0 where no column takes whole texts.
    pub fn n_terms(&self) -> usize {
        self.n_terms
    }

    /// Whether input column `column` takes whole texts.
    pub fn is_document(&self, column: usize) -> bool {
        matches!(self.content(column), Content::Document(_))
    }

    /// A text for each of `width` columns, whose number is its column; empty where none takes whole texts.
    pub fn examples(&self, width: usize) -> Arc<Texts> {
        let example = |column| match self.content(column) {
            Content::Document(example) => example.as_str().into(),
            _ => "".into(),
        };
        Arc::new(Texts::new((0..width).map(example).collect()))
    }

    /// Every text by its code, for a matrix of codes.
    pub fn texts(&self) -> Arc<Texts> {
        let mut all = vec![Box::default(); self.codes.len()];
        self.codes.iter().for_each(|(text, code)| all[*code as usize] = text.as_str().into());
        Arc::new(Texts::new(all))
    }

    /// Declares what input column `column` takes.
    pub fn mark(&mut self, column: usize, content: Content) {
        *self.slot(column) = content;
    }

    fn slot(&mut self, column: usize) -> &mut Content {
        if self.columns.len() <= column {
            self.columns.resize(column + 1, Content::Number);
        }
        &mut self.columns[column]
    }

    /// Whether every column takes numbers.
    pub fn is_empty(&self) -> bool {
        self.columns.iter().all(|content| *content == Content::Number)
    }

    /// What input column `column` takes.
    pub fn content(&self, column: usize) -> &Content {
        self.columns.get(column).unwrap_or(&Content::Number)
    }

    /// The input columns that take texts, of categories or whole.
    pub fn text_columns(&self) -> impl Iterator<Item = usize> {
        (0..self.columns.len()).filter(|column| self.is_text(*column) || self.is_document(*column))
    }

    /// Whether input column `column` takes the texts of categories.
    pub fn is_text(&self, column: usize) -> bool {
        matches!(self.content(column), Content::Text(_))
    }
}
