//! `MeanShift`, `AffinityPropagation` and `Birch`: the label of the nearest center.

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

    /// `sklearn.metrics.pairwise_distances_argmin` for labels, `euclidean_distances` for the transform.
    ///
    /// # Errors
    /// When the estimator refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        match self.centers.call(method, x)? {
            Output::Ints(nearest) => {
                let label = |center: i64| self.labels.get(center as usize).copied().unwrap_or(-1);
                Ok(Output::Ints(nearest.into_iter().map(label).collect()))
            }
            distances => Ok(distances),
        }
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
            [(vec![0.0, 10.0, 20.0], vec![1, 0, 1], vec![1, 0, 1]), (vec![], vec![], vec![-1; 3])]
        {
            let policy = InputPolicy {
                estimator: "Birch".into(),
                dtype: FloatType::F64,
                allow_nan: false,
                allow_infinite: false,
            };
            let model = Cluster { centers: KMeans::new(policy, centers, 1), labels, transforms: true };
            assert_eq!(model.call(Method::Predict, array![[1.0], [9.0], [99.0]].view()), Ok(Output::Ints(expected)));
        }
    }
}
