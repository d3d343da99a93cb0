//! `MeanShift`, `AffinityPropagation` and `Birch`: the label of the nearest center.

use super::math::dot;
use super::{InputError, KMeans, Method, Output};
use ndarray::ArrayView2;

/// Centers, several of which may share a label.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    pub centers: KMeans,
    /// One for each center. Without any, every row has the label -1: affinity propagation that did not converge.
    pub labels: Vec<i64>,
    /// `Birch` also gives the distances.
    pub transforms: bool,
}

impl Cluster {
    pub fn methods(&self) -> Vec<Method> {
        match self.transforms {
            true => vec![Method::Predict, Method::Transform],
            false => vec![Method::Predict],
        }
    }

    pub fn n_features(&self) -> usize {
        self.centers.n_features()
    }

    /// `predict` of all, `transform` of a `Birch`.
    ///
    /// # Errors
    /// When the estimator refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        if method == Method::Transform {
            return self.centers.call(method, x);
        }
        self.centers.policy.check(x)?;
        let x = x.as_standard_layout();
        let rows = x.as_slice().unwrap_or_default().chunks_exact(self.n_features());
        Ok(Output::Ints(rows.map(|row| self.labels.get(self.nearest(row)).copied().unwrap_or(-1)).collect()))
    }

    /// `sklearn.metrics.pairwise_distances_argmin`: the first of the least |x|² - 2 x·c + |c|², summed in that order, so
    /// that far away from all centers they are equal.
    fn nearest(&self, row: &[f64]) -> usize {
        let own = dot(row, row);
        let centers = self.centers.centers.chunks_exact(row.len()).zip(&self.centers.squared_norms);
        let distances = centers.map(|(center, norm)| (own + -2.0 * dot(row, center) + norm).max(0.0));
        let mut best = (f64::INFINITY, 0);
        for (at, distance) in distances.enumerate() {
            if distance < best.0 {
                best = (distance, at);
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FloatType, InputPolicy};
    use ndarray::array;

    #[test]
    fn centers_share_labels_and_no_center_is_minus_one() {
        for (centers, labels, expected) in
            [(vec![0.0, 10.0, 20.0], vec![5, 0, 1], vec![5, 0, 1, 5]), (vec![], vec![], vec![-1; 4])]
        {
            let policy = InputPolicy {
                estimator: "Birch".into(),
                dtype: FloatType::F64,
                allow_nan: false,
                allow_infinite: false,
            };
            let model = Cluster { centers: KMeans::new(policy, centers, 1), labels, transforms: true };
            assert_eq!(
                model.call(Method::Predict, array![[1.0], [9.0], [99.0], [1e30]].view()),
                Ok(Output::Ints(expected))
            );
        }
    }
}
