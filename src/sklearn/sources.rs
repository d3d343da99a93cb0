//! Which columns of the request stand behind the columns that an estimator sees: who reads texts tells the vocabulary
//! which column of the request holds them.

use super::{BuildError, Context};
use crate::model::Content;
use crate::value::View;
use std::collections::BTreeSet;

/// What the columns are that an estimator sees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Sources {
    /// Numbers that a transformer computed.
    #[default]
    Computed,
    /// The request's own, in its order.
    Request,
    /// Column by column: a column of the request, perhaps with its gaps filled, or computed.
    Each(Vec<Option<usize>>),
}

impl Sources {
    /// The column of the request that stands behind `column`.
    pub fn of(&self, column: usize) -> Option<usize> {
        match self {
            Sources::Computed => None,
            Sources::Request => Some(column),
            Sources::Each(columns) => columns.get(column).copied().flatten(),
        }
    }

    /// Those of `columns`.
    pub fn pick(&self, columns: &[usize]) -> Sources {
        match self {
            Sources::Computed => Sources::Computed,
            _ => Sources::Each(columns.iter().map(|column| self.of(*column)).collect()),
        }
    }

    /// Whether any column is one of the request.
    pub fn any(&self) -> bool {
        match self {
            Sources::Computed => false,
            Sources::Request => true,
            Sources::Each(columns) => columns.iter().any(Option::is_some),
        }
    }
}

/// Columns of the request that something reads as numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Numbers {
    #[default]
    None,
    Some(BTreeSet<usize>),
    All,
}

impl Numbers {
    pub fn add(&mut self, sources: &Sources) {
        match (&mut *self, sources) {
            (Numbers::All, _) | (_, Sources::Computed) => {}
            (_, Sources::Request) => *self = Numbers::All,
            (Numbers::Some(known), Sources::Each(columns)) => known.extend(columns.iter().flatten()),
            (Numbers::None, Sources::Each(columns)) => {
                *self = Numbers::Some(columns.iter().flatten().copied().collect());
            }
        }
    }

    fn has(&self, column: usize) -> bool {
        match self {
            Numbers::None => false,
            Numbers::Some(known) => known.contains(&column),
            Numbers::All => true,
        }
    }
}

impl Context {
    /// Notes that the estimator being built reads all its columns as numbers.
    pub(super) fn takes_numbers(&mut self) {
        self.numbers.add(&self.sources);
    }

    /// Notes that it reads `column` as a number.
    pub(super) fn takes_number(&mut self, column: usize) {
        if let Some(source) = self.sources.of(column) {
            self.numbers.add(&Sources::Each(vec![Some(source)]));
        }
    }

    /// Notes that the estimator being built reads `column` as text, of which it knows `known`.
    ///
    /// # Errors
    /// When the column is computed: numbers have no texts.
    pub(super) fn takes_text<'t>(
        &mut self,
        value: &View<'_, '_>,
        column: usize,
        known: impl Iterator<Item = &'t str>,
    ) -> Result<(), BuildError> {
        let Some(source) = self.sources.of(column) else {
            return Err(BuildError::option(value, "text in a column that another step computes"));
        };
        if self.vocabulary.is_document(source) {
            return Err(both(value, source));
        }
        self.vocabulary.mark_text(source, known);
        Ok(())
    }

    /// Notes that the estimator being built takes whole texts in its only column, such as `example`, and makes `n_terms`
    /// columns of them.
    ///
    /// # Errors
    /// When it is not one column of the request, or an encoder takes the column as categories.
    pub(super) fn takes_document(
        &mut self,
        value: &View<'_, '_>,
        example: &str,
        n_terms: usize,
    ) -> Result<(), BuildError> {
        if self.inputs.is_some_and(|inputs| inputs != 1) {
            return Err(BuildError::option(value, "more than one column, where it takes one of texts,"));
        }
        let Some(source) = self.sources.of(0) else {
            return Err(BuildError::option(value, "text in a column that another step computes"));
        };
        if self.vocabulary.is_text(source) {
            return Err(both(value, source));
        }
        self.vocabulary.mark_document(source, example, n_terms);
        Ok(())
    }

    /// Notes that what the estimator being built answers for a row depends on the rows beside it.
    pub(super) fn needs_all_rows(&mut self) {
        self.vocabulary.mark_whole();
    }

    /// Declares what nothing reads, of the `n` columns of a request: a `ColumnTransformer` may drop some.
    pub(super) fn mark_unused(&mut self, n: Option<usize>) {
        for column in 0..n.unwrap_or_default() {
            if *self.vocabulary.content(column) == Content::Number && !self.numbers.has(column) {
                self.vocabulary.mark(column, Content::Unused);
            }
        }
    }

    /// Every column of the request holds either texts or numbers.
    ///
    /// # Errors
    /// When something reads a column of text as numbers.
    pub(super) fn check_texts(&self, value: &View<'_, '_>) -> Result<(), BuildError> {
        let mixed = self.vocabulary.text_columns().find(|column| self.numbers.has(*column));
        mixed.map_or(Ok(()), |column| {
            Err(BuildError::option(value, format!("column {column} of the request as text and as numbers")))
        })
    }
}

fn both(value: &View<'_, '_>, column: usize) -> BuildError {
    BuildError::option(value, format!("column {column} of the request as categories and as whole texts"))
}
