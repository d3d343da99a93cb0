//! Texts to rows of numbers: `CountVectorizer`, `HashingVectorizer`, `TfidfVectorizer`, and `TfidfTransformer` behind one of
//! them. Rows are dense here, so who scores many texts does it a few rows at a time (`Bundle::score`).

mod analyzer;
mod hashing;
mod pattern;
mod stop_words;
mod unicode;

pub use analyzer::{Accents, Analyzer, Terms};
pub use pattern::TokenPattern;
pub use stop_words::ENGLISH;

use super::documents::Texts;
use super::{InputError, InputPolicy};
use ndarray::{Array2, ArrayViewMut1};
use std::collections::BTreeMap;

/// A vectorizer: one column of texts to counts of their terms, perhaps weighted.
#[derive(Debug, Clone, PartialEq)]
pub struct Vectorizer {
    pub analyzer: Analyzer,
    pub places: Places,
    /// Ones in the place of counts.
    pub binary: bool,
    pub weights: Weights,
}

/// Which column a term counts in.
#[derive(Debug, Clone, PartialEq)]
pub enum Places {
    /// That of `vocabulary_`, each below the number of them; a term that it lacks counts nowhere.
    Known(BTreeMap<Box<str>, u32>),
    /// That of its hash.
    Hashed { n_features: u32, alternate_sign: bool },
}

/// What counts become: `TfidfTransformer`.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// 1 + log of a count.
    pub sublinear: bool,
    /// One factor for each term (`idf_`).
    pub idf: Option<Vec<f64>>,
    pub norm: Option<RowNorm>,
}

/// What a row is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowNorm {
    L1,
    L2,
}

impl Vectorizer {
    pub fn n_features_out(&self) -> usize {
        match &self.places {
            Places::Known(terms) => terms.len(),
            Places::Hashed { n_features, .. } => *n_features as usize,
        }
    }

    /// `transform` of the texts that the only column of `x` stands for.
    ///
    /// # Errors
    /// When a text is missing.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        let texts = Texts::current();
        let mut out = Array2::zeros((x.nrows(), self.n_features_out()));
        // The columns that the terms of one text fall into.
        let mut touched = vec![];
        for (row, (value, mut counts)) in x.iter().zip(out.rows_mut()).enumerate() {
            let Some(text) = texts.get(*value) else { return Err(missing(row)) };
            touched.clear();
            self.analyzer.each(text, |term| {
                if let Some((place, count)) = self.places.find(term) {
                    counts[place] += count;
                    touched.push(place);
                }
            });
            touched.sort_unstable();
            touched.dedup();
            if self.binary {
                touched.iter().for_each(|place| counts[*place] = 1.0);
            }
            self.weights.apply(counts, &touched);
        }
        Ok(out)
    }
}

fn missing(row: usize) -> InputError {
    let message = "np.nan is an invalid document, expected byte or unicode string.".to_owned();
    InputError::Refused { row, column: 0, message }
}

impl Places {
    /// The column of a term, and what it counts there.
    fn find(&self, term: &str) -> Option<(usize, f64)> {
        match self {
            Places::Known(terms) => terms.get(term).map(|place| (*place as usize, 1.0)),
            Places::Hashed { n_features, alternate_sign } => {
                let hash = hashing::murmur3(term.as_bytes()) as i32;
                let count = if *alternate_sign && hash < 0 { -1.0 } else { 1.0 };
                Some(((hash.unsigned_abs() % n_features) as usize, count))
            }
        }
    }
}

impl Weights {
    /// Neither weighs nor divides.
    pub const NONE: Weights = Weights { sublinear: false, idf: None, norm: None };

    /// Weighs the values at `places` of a row, which ascend; all others are 0. Sums are made in their order, as over the
    /// stored values of a sparse row.
    fn apply(&self, mut row: ArrayViewMut1<'_, f64>, places: &[usize]) {
        for place in places {
            let value = &mut row[*place];
            if self.sublinear {
                *value = value.ln() + 1.0;
            }
            if let Some(idf) = &self.idf {
                *value *= idf[*place];
            }
        }
        let sum = |of: fn(f64) -> f64| places.iter().fold(0.0, |sum, place| sum + of(row[*place]));
        let length = match self.norm {
            None => return,
            Some(RowNorm::L1) => sum(f64::abs),
            Some(RowNorm::L2) => sum(|value| value * value).sqrt(),
        };
        if length != 0.0 {
            places.iter().for_each(|place| row[*place] /= length);
        }
    }
}

/// `TfidfTransformer`.
#[derive(Debug, Clone, PartialEq)]
pub struct TfidfTransformer {
    pub policy: InputPolicy,
    pub n_features: usize,
    pub weights: Weights,
}

impl TfidfTransformer {
    /// `TfidfTransformer.transform`: zeros stay zero.
    ///
    /// # Errors
    /// When a value is NaN or infinite.
    pub fn transform(&self, mut x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        for row in x.rows_mut() {
            let places: Vec<usize> = (0..row.len()).filter(|place| row[*place] != 0.0).collect();
            self.weights.apply(row, &places);
        }
        Ok(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use std::sync::Arc;

    fn vectorizer(places: Places, binary: bool, weights: Weights) -> Vectorizer {
        let tokens = TokenPattern::parse(r"\b\w+\b").expect("a pattern");
        let terms = Terms::Words { tokens, stop_words: Default::default() };
        let analyzer = Analyzer { lowercase: true, accents: Accents::Keep, terms, lengths: (1, 1) };
        Vectorizer { analyzer, places, binary, weights }
    }

    fn known() -> Places {
        Places::Known(["a", "b", "c"].into_iter().map(Into::into).zip(0..).collect())
    }

    fn check(vectorizer: &Vectorizer, texts: &[&str], expected: Array2<f64>) {
        let codes = Array2::from_shape_fn((texts.len(), 1), |(row, _)| row as f64);
        let texts = Arc::new(Texts::new(texts.iter().map(|text| (*text).into()).collect()));
        assert_eq!(texts.during(|| vectorizer.transform(codes)), Ok(expected));
    }

    #[test]
    fn terms_are_counted_and_weighted() {
        let rows = ["B a b x", "", "c c C"];
        check(&vectorizer(known(), false, Weights::NONE), &rows, array![[1.0, 2.0, 0.0], [0.0; 3], [0.0, 0.0, 3.0]]);
        check(&vectorizer(known(), true, Weights::NONE), &rows, array![[1.0, 1.0, 0.0], [0.0; 3], [0.0, 0.0, 1.0]]);
        let weights = Weights { sublinear: false, idf: Some(vec![2.0, 3.0, 5.0]), norm: Some(RowNorm::L1) };
        check(&vectorizer(known(), false, weights), &rows, array![[0.25, 0.75, 0.0], [0.0; 3], [0.0, 0.0, 1.0]]);
    }

    /// Expected: `HashingVectorizer(n_features=8, norm=None, token_pattern=r"\b\w+\b")`.
    #[test]
    fn terms_are_hashed() {
        let signed = Places::Hashed { n_features: 8, alternate_sign: true };
        let row = array![[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]];
        check(&vectorizer(signed, false, Weights::NONE), &["hello"], row);
    }

    #[test]
    fn a_missing_text_is_refused() {
        let error = vectorizer(known(), false, Weights::NONE).transform(array![[f64::NAN]]).unwrap_err();
        assert!(error.to_string().starts_with("np.nan is an invalid document"), "{error}");
    }
}
