//! `ColumnTransformer` and `FeatureUnion`: transformers side by side.

use super::{InputError, Transformer};
use ndarray::{Array2, Axis, s};

/// Transformers that each get some of the columns; what they give stands side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Union {
    n_features: usize,
    parts: Vec<Part>,
}

/// One of the transformers of a [`Union`].
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Which input columns it gets, in its order; `None` for all.
    pub columns: Option<Vec<usize>>,
    /// `None` passes them through.
    pub transformer: Option<Transformer>,
    /// What its output is multiplied by (`transformer_weights`).
    pub weight: Option<f64>,
}

impl Union {
    /// Every column must be below `n_features`, and every transformer take as many as it gets.
    pub fn new(n_features: usize, parts: Vec<Part>) -> Union {
        Union { n_features, parts }
    }

    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub fn n_features_in(&self) -> usize {
        self.n_features
    }

    pub fn n_features_out(&self) -> usize {
        self.parts.iter().map(|part| part.n_features_out(self.n_features)).sum()
    }

    /// `ColumnTransformer.transform`, `FeatureUnion.transform`.
    ///
    /// # Errors
    /// When a transformer refuses a value; the place is that of the union's input.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        let mut out = Array2::zeros((x.nrows(), self.n_features_out()));
        let mut first = 0;
        for part in &self.parts {
            let given = part.transform(&x)?;
            out.slice_mut(s![.., first..first + given.ncols()]).assign(&given);
            first += given.ncols();
        }
        Ok(out)
    }
}

impl Part {
    fn n_features_out(&self, inputs: usize) -> usize {
        match &self.transformer {
            Some(transformer) => transformer.n_features_out(),
            None => self.columns.as_ref().map_or(inputs, Vec::len),
        }
    }

    fn transform(&self, x: &Array2<f64>) -> Result<Array2<f64>, InputError> {
        let own = match &self.columns {
            Some(columns) => x.select(Axis(1), columns),
            None => x.clone(),
        };
        let mut out = match &self.transformer {
            Some(transformer) => transformer.transform(own).map_err(|error| self.outer(error))?,
            None => own,
        };
        if let Some(weight) = self.weight {
            out.mapv_inplace(|value| value * weight);
        }
        Ok(out)
    }

    /// The same error with the place in the union's input.
    fn outer(&self, error: InputError) -> InputError {
        match &self.columns {
            Some(columns) => error.moved(|column| columns.get(column).copied().unwrap_or(column)),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::encoders::{Categories, Encoded, Scalars, ValueEncoder};
    use ndarray::array;

    fn encoder() -> Transformer {
        let categories = Categories::new(&[5.0]).unwrap();
        let encoded = Encoded { categories, values: array![[0.5]], unknown: None };
        Transformer::ValueEncoder(ValueEncoder::new(vec![encoded], Scalars::Plain))
    }

    #[test]
    fn outputs_stand_side_by_side() {
        let union = Union::new(
            3,
            vec![
                Part { columns: Some(vec![2]), transformer: Some(encoder()), weight: Some(4.0) },
                Part { columns: Some(vec![1, 0]), transformer: None, weight: None },
                Part { columns: None, transformer: None, weight: Some(-1.0) },
            ],
        );
        assert_eq!(union.n_features_out(), 6);
        assert_eq!(union.transform(array![[1.0, 2.0, 5.0]]), Ok(array![[2.0, 2.0, 1.0, -1.0, -2.0, -5.0]]));
        let error = union.transform(array![[1.0, 2.0, 5.0], [1.0, 2.0, 6.0]]).unwrap_err();
        assert_eq!(error.place(), (1, 2));
        assert_eq!(error.to_string(), "Found unknown categories [6.0] in column 0 during transform");
    }
}
