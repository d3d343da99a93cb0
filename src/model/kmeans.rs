//! `KMeans` and `MiniBatchKMeans`: the nearest of a few centers.

use super::math::dot;
use super::product::{BLOCK, products};
use super::{InputError, InputPolicy, Method, Output};
use ndarray::{Array2, ArrayView2};

/// Cluster centers.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeans {
    pub(super) policy: InputPolicy,
    /// Row-major, shape (n_clusters, n_features).
    pub(super) centers: Vec<f64>,
    /// Squared length of each center, shape (n_clusters,).
    pub(super) squared_norms: Vec<f64>,
    n_features: usize,
}

impl KMeans {
    /// `centers` must be whole rows of `n_features` values, and without any only [`KMeans::n_features`] may be asked.
    pub fn new(policy: InputPolicy, centers: Vec<f64>, n_features: usize) -> Self {
        let squared_norms = centers.chunks_exact(n_features).map(|center| dot(center, center)).collect();
        KMeans { policy, centers, squared_norms, n_features }
    }

    pub fn methods(&self) -> Vec<Method> {
        vec![Method::Predict, Method::Transform]
    }

    pub fn n_features(&self) -> usize {
        self.n_features
    }

    pub fn n_clusters(&self) -> usize {
        self.squared_norms.len()
    }

    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        if method == Method::Predict {
            let mut labels = Vec::with_capacity(x.nrows());
            self.compare(x, |_, products| labels.push(self.least(products)))?;
            return Ok(Output::Ints(labels));
        }
        let mut distances = Vec::with_capacity(x.nrows() * self.n_clusters());
        self.compare(x, |row, products| distances.extend(self.distances(row, products)))?;
        let shape = (x.nrows(), self.n_clusters());
        Ok(Output::Matrix(Array2::from_shape_vec(shape, distances).expect("a distance for each center")))
    }

    /// Hands over each row with its products with the centers, block by block.
    fn compare(&self, x: ArrayView2<'_, f64>, mut each: impl FnMut(&[f64], &[f64])) -> Result<(), InputError> {
        let standard = x.as_standard_layout();
        let mut all = vec![0.0; x.nrows().min(BLOCK) * self.n_clusters()];
        for rows in standard.as_slice().unwrap_or_default().chunks(BLOCK * self.n_features) {
            let all = &mut all[..rows.len() / self.n_features * self.n_clusters()];
            products(rows, &self.centers, self.n_features, all);
            self.policy.check_by(all, x)?;
            let rows = rows.chunks_exact(self.n_features);
            rows.zip(all.chunks_exact(self.n_clusters())).for_each(|(row, products)| each(row, products));
        }
        Ok(())
    }

    /// The first center of least |c|² - 2 x·c: `_update_chunk_dense` in `sklearn.cluster._k_means_lloyd`, which leaves
    /// out |x|². Compared in this form, because far away from all centers it loses other bits than the distance does.
    pub(super) fn nearest(&self, row: &[f64]) -> i64 {
        let centers = self.centers.chunks_exact(self.n_features);
        self.least(&centers.map(|center| dot(row, center)).collect::<Vec<_>>())
    }

    fn least(&self, products: &[f64]) -> i64 {
        let mut best = (f64::INFINITY, 0);
        for (label, (product, squared)) in products.iter().zip(&self.squared_norms).enumerate() {
            let distance = squared - 2.0 * product;
            if label == 0 || distance < best.0 {
                best = (distance, label as i64);
            }
        }
        best.1
    }

    /// `sklearn.metrics.pairwise.euclidean_distances`: sqrt(-2 x·c + |x|² + |c|²), in that order.
    fn distances(&self, row: &[f64], products: &[f64]) -> impl Iterator<Item = f64> {
        let squared = dot(row, row);
        let centers = products.iter().zip(&self.squared_norms);
        centers.map(move |(product, norm)| (-2.0 * product + squared + norm).max(0.0).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FloatType;
    use ndarray::array;

    #[test]
    fn the_first_of_equally_near_centers() {
        let policy =
            InputPolicy { estimator: "KMeans".into(), dtype: FloatType::F64, allow_nan: false, allow_infinite: false };
        let model = KMeans::new(policy, vec![1.0, 0.0, -1.0, 0.0, 0.0, 4.0], 2);
        let x = array![[0.0, 0.0], [-0.1, 0.0], [0.0, 4.0]];
        assert_eq!(model.call(Method::Predict, x.view()), Ok(Output::Ints(vec![0, 1, 2])));
        let Ok(Output::Matrix(distances)) = model.call(Method::Transform, x.view()) else { panic!() };
        assert_eq!(distances.row(0), array![1.0, 1.0, 4.0]);
        assert_eq!(distances[(2, 2)], 0.0);
    }

    /// Whole numbers, so that every order of summing gives the same.
    #[test]
    fn many_rows_at_once_are_what_each_is_alone() {
        let policy =
            InputPolicy { estimator: "KMeans".into(), dtype: FloatType::F64, allow_nan: false, allow_infinite: false };
        let model = KMeans::new(policy, (0..7 * 3).map(|at| f64::from(at * 11 % 13)).collect(), 3);
        let x = Array2::from_shape_fn((2 * BLOCK + 3, 3), |(row, column)| ((row * 5 + column * 7) % 13) as f64);
        let labels: Vec<i64> = x.rows().into_iter().map(|row| model.nearest(&row.to_vec())).collect();
        assert_eq!(model.call(Method::Predict, x.view()), Ok(Output::Ints(labels)));
        let Ok(Output::Matrix(distances)) = model.call(Method::Transform, x.view()) else { panic!() };
        let alone = |row: usize| match model.call(Method::Transform, x.slice(ndarray::s![row..=row, ..])) {
            Ok(Output::Matrix(distances)) => distances.row(0).to_owned(),
            other => panic!("{other:?}"),
        };
        (0..x.nrows()).for_each(|row| assert_eq!(distances.row(row), alone(row)));
        let mut bad = x.clone();
        bad[(BLOCK + 1, 2)] = f64::NAN;
        let refused = model.call(Method::Predict, bad.view()).unwrap_err();
        assert_eq!(refused.place(), (BLOCK + 1, 2));
    }
}
