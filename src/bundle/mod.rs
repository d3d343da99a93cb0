//! The scoring contract: model, scaler, feature order and metadata. Types and the native codec only; foreign formats
//! are read above.

mod digest;
pub mod native;

pub use digest::{FileDigest, hex_sha256};

use crate::model::{Estimator, InputError, Method, Output, Transformer, Vocabulary};
use ndarray::{Array2, Axis};
use std::fmt;
use std::hash::{DefaultHasher, Hasher};

/// A model that is checked and ready to score.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    pub estimator: Estimator,
    /// Applied to the input before the estimator; `None` where the bundle has none.
    pub scaler: Option<Transformer>,
    /// Column names in the order the model expects.
    pub feature_order: Vec<String>,
    pub metadata: Metadata,
    pub vocabulary: Vocabulary,
    /// Class name of the estimator, as scikit-learn has it: `IsolationForest`.
    pub estimator_name: String,
    pub scaler_name: Option<String>,
    /// Other keys of the bundle, kept and shown.
    pub extra: serde_json::Map<String, serde_json::Value>,
    pub source: Source,
}

/// What the bundle says about how it was made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    pub trained_at: Option<String>,
    pub source_rows: Option<i64>,
    pub clean_rows: Option<i64>,
    pub scikit_learn_version: Option<String>,
    /// Whatever else stands in `metadata`.
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// The file a bundle came from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Source {
    pub sha256: FileDigest,
    pub bytes: u64,
    /// In words: `pickle protocol 4`, `joblib (zlib)`, `scorelet bundle 1`.
    pub format: String,
}

impl Bundle {
    /// Outputs that can be asked for.
    pub fn methods(&self) -> Vec<Method> {
        self.estimator.methods()
    }

    /// What is computed when a request names no output.
    pub fn default_method(&self) -> Method {
        let methods = self.methods();
        if methods.contains(&Method::Predict) { Method::Predict } else { Method::Transform }
    }

    /// Whether the other bundle holds the same model, feature order and metadata, wherever it came from.
    pub fn same_contract(&self, other: &Bundle) -> bool {
        let said = |b: &Bundle| (b.feature_order.clone(), b.metadata.clone(), b.estimator_name.clone());
        let models = |b: &Bundle| fingerprint(&(&b.estimator, &b.scaler));
        let kept = self.extra == other.extra && self.scaler_name == other.scaler_name;
        kept && said(self) == said(other) && self.vocabulary == other.vocabulary && models(self) == models(other)
    }

    /// Scales `x` (rows, features in feature order) and computes the outputs asked for, in that order. Where a row has a
    /// column for each of many terms while it is scored, only a few rows are scored at a time.
    ///
    /// # Errors
    /// When scaler or estimator refuse a value.
    pub fn score(&self, x: Array2<f64>, methods: &[Method]) -> Result<Vec<Output>, InputError> {
        /// Numbers in a matrix of terms: 16 MiB.
        const TERMS: usize = 1 << 21;
        let rows = match self.vocabulary.n_terms() {
            0 => return self.score_at_once(x, methods),
            terms => (TERMS / terms).max(1),
        };
        if self.vocabulary.is_whole() && x.nrows() > rows {
            let message = format!("the answer depends on all rows together, and {rows} texts are the most at a time");
            return Err(InputError::Refused { row: rows, column: 0, message });
        }
        let mut outputs: Option<Vec<Output>> = None;
        for (at, chunk) in x.axis_chunks_iter(Axis(0), rows).enumerate() {
            let more = self.score_at_once(chunk.to_owned(), methods).map_err(|error| error.below(at * rows))?;
            match &mut outputs {
                None => outputs = Some(more),
                Some(outputs) => outputs.iter_mut().zip(more).for_each(|(output, more)| output.extend(more)),
            }
        }
        outputs.map_or_else(|| self.score_at_once(x, methods), Ok)
    }

    fn score_at_once(&self, x: Array2<f64>, methods: &[Method]) -> Result<Vec<Output>, InputError> {
        let x = match &self.scaler {
            Some(scaler) => scaler.transform(x)?,
            None => x,
        };
        methods.iter().map(|method| self.estimator.call(*method, x.view())).collect()
    }
}

/// A hash of all that the value holds. Goes by what `Debug` writes, which tells all floats apart (0.0 from -0.0) and
/// gives NaN a form that equals itself, as `==` does not.
fn fingerprint(value: &impl fmt::Debug) -> u64 {
    struct Hashing(DefaultHasher);
    impl fmt::Write for Hashing {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.write(text.as_bytes());
            Ok(())
        }
    }
    let mut hashing = Hashing(DefaultHasher::new());
    fmt::write(&mut hashing, format_args!("{value:?}")).expect("hashing does not fail");
    hashing.0.finish()
}
