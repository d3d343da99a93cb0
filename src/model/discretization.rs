//! `KBinsDiscretizer` and `Binarizer`: numbers to the interval that they fall in.

use super::{InputError, InputPolicy};
use ndarray::Array2;

/// `KBinsDiscretizer`.
#[derive(Debug, Clone, PartialEq)]
pub struct KBinsDiscretizer {
    pub(crate) policy: InputPolicy,
    /// For each column the edges between its bins, ascending: one less than there are bins.
    pub(crate) edges: Vec<Vec<f64>>,
    /// One column for each bin, instead of the bin's number.
    pub(crate) one_hot: bool,
}

/// `Binarizer`: 1 above a threshold, else 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Binarizer {
    pub(crate) policy: InputPolicy,
    pub(crate) n_features: usize,
    pub(crate) threshold: f64,
}

impl KBinsDiscretizer {
    pub fn n_features_in(&self) -> usize {
        self.edges.len()
    }

    pub fn n_features_out(&self) -> usize {
        match self.one_hot {
            true => self.edges.iter().map(|edges| edges.len() + 1).sum(),
            false => self.edges.len(),
        }
    }

    /// `KBinsDiscretizer.transform`, dense.
    ///
    /// # Errors
    /// When a value is NaN or infinite.
    pub fn transform(&self, mut x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        for mut row in x.rows_mut() {
            row.iter_mut()
                .zip(&self.edges)
                .for_each(|(x, edges)| *x = edges.partition_point(|edge| *edge <= *x) as f64);
        }
        if !self.one_hot {
            return Ok(x);
        }
        let mut out = Array2::zeros((x.nrows(), self.n_features_out()));
        for (bins, mut row) in x.rows().into_iter().zip(out.rows_mut()) {
            let mut first = 0;
            for (bin, edges) in bins.iter().zip(&self.edges) {
                row[first + *bin as usize] = 1.0;
                first += edges.len() + 1;
            }
        }
        Ok(out)
    }
}

impl Binarizer {
    /// `Binarizer.transform`.
    ///
    /// # Errors
    /// When a value is NaN or infinite.
    pub fn transform(&self, mut x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        x.mapv_inplace(|value| f64::from(u8::from(value > self.threshold)));
        Ok(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FloatType;
    use ndarray::array;

    #[test]
    fn a_value_on_an_edge_belongs_to_the_bin_above() {
        let policy =
            InputPolicy { estimator: String::new(), dtype: FloatType::F64, allow_nan: false, allow_infinite: false };
        let mut bins = KBinsDiscretizer { policy, edges: vec![vec![1.0, 2.0], vec![]], one_hot: false };
        let x = array![[0.5, 7.0], [1.0, 7.0], [9.0, -7.0]];
        assert_eq!(bins.transform(x.clone()), Ok(array![[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]));
        bins.one_hot = true;
        let expected = array![[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0]];
        assert_eq!(bins.transform(x), Ok(expected));
        assert!(bins.transform(array![[f64::NAN, 0.0]]).is_err());
    }
}
