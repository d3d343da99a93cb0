//! `Isomap` and `LocallyLinearEmbedding`: a row between its neighbours, in the space that these were unrolled to.

use super::kernel_pca::KernelPca;
use super::neighbors::{Reach, Search};
use super::solve::Cholesky;
use super::tree::rows_of;
use super::{InputError, InputPolicy};
use ndarray::{Array2, ArrayView1};

/// A manifold through the training rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifold {
    pub policy: InputPolicy,
    pub search: Search,
    pub embedding: Embedded,
}

/// Where the training rows came to lie.
#[derive(Debug, Clone, PartialEq)]
pub enum Embedded {
    /// Along the shortest ways over the rows, which a kernel PCA of them projects.
    Isomap {
        reach: Reach,
        /// `dist_matrix_`, square.
        ways: Array2<f64>,
        projection: Box<KernelPca>,
    },
    /// As sums of that many neighbours.
    LocallyLinear {
        n_neighbors: usize,
        regularization: f64,
        /// `embedding_`, shape (training rows, components).
        places: Array2<f64>,
    },
}

impl Manifold {
    pub fn n_features_out(&self) -> usize {
        match &self.embedding {
            Embedded::Isomap { projection, .. } => projection.components.nrows(),
            Embedded::LocallyLinear { places, .. } => places.ncols(),
        }
    }

    /// `Isomap.transform` and `LocallyLinearEmbedding.transform`.
    ///
    /// # Errors
    /// When a value is NaN or infinite, or a row has no neighbour within a radius.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        let rows = || x.rows().into_iter().enumerate();
        match &self.embedding {
            Embedded::Isomap { reach, ways, projection } => {
                let mut all = Vec::with_capacity(x.nrows() * ways.ncols());
                for (at, row) in rows() {
                    all.extend(self.ways(at, row, *reach, ways)?);
                }
                projection.transform(rows_of(all, ways.ncols()))
            }
            Embedded::LocallyLinear { n_neighbors, regularization, places } => {
                let between = |row: ArrayView1<'_, f64>| self.between(row, *n_neighbors, *regularization, places);
                Ok(rows_of(rows().flat_map(|(_, row)| between(row)).collect(), places.ncols()))
            }
        }
    }

    /// The shortest way to every training row over a neighbour: half the square of it, negative.
    fn ways(
        &self,
        at: usize,
        row: ArrayView1<'_, f64>,
        reach: Reach,
        ways: &Array2<f64>,
    ) -> Result<Vec<f64>, InputError> {
        let row = row.to_vec();
        let near = match reach {
            Reach::Count(k) => self.search.nearest(&row, k),
            Reach::Radius(radius) => self.search.within(&row, radius),
        };
        if near.is_empty() {
            let message = "zero-size array to reduction operation minimum which has no identity".to_owned();
            return Err(InputError::Refused { row: at, column: 0, message });
        }
        let least =
            |to: usize| near.iter().fold(f64::INFINITY, |least, (way, over)| least.min(ways[(*over, to)] + way));
        Ok((0..ways.ncols()).map(|to| least(to).powi(2) * -0.5).collect())
    }

    /// `barycenter_weights`: the sum of neighbours that is nearest to the row, and the same sum of their places.
    fn between(&self, row: ArrayView1<'_, f64>, k: usize, regularization: f64, places: &Array2<f64>) -> Vec<f64> {
        let row = row.to_vec();
        let near: Vec<usize> = self.search.nearest(&row, k).into_iter().map(|(_, at)| at).collect();
        let away: Vec<Vec<f64>> =
            near.iter().map(|at| self.search.row(*at).iter().zip(&row).map(|(a, x)| a - x).collect()).collect();
        let mut gram = Array2::from_shape_fn((k, k), |(i, j)| super::math::dot(&away[i], &away[j]));
        let trace = gram.diag().sum();
        gram.diag_mut().mapv_inplace(|value| value + if trace > 0.0 { regularization * trace } else { regularization });
        let mut weights = vec![1.0; k];
        match Cholesky::new(gram.view()) {
            Some(factors) => factors.solve(&mut weights),
            None => weights.fill(f64::NAN),
        }
        let whole: f64 = weights.iter().sum();
        let place = |component: usize| {
            near.iter().zip(&weights).map(|(at, weight)| places[(*at, component)] * (weight / whole)).sum()
        };
        (0..places.ncols()).map(place).collect()
    }
}
