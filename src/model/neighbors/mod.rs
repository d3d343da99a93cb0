//! Nearest neighbours: classifiers, regressors, the local outlier factor, and kernel densities.

mod density;
mod heap;
mod lof;
mod metric;
mod search;

pub use density::{Kernel, KernelDensity};
pub use lof::LocalOutlierFactor;
pub use metric::{Binary, Metric};
pub use search::{Index, Node, Search, Shape, Tree};

use super::math::argmax;
use super::tree::{pairwise_sum, rows_of};
use super::{Classes, InputError, InputPolicy, Method, Output};
use ndarray::ArrayView2;
use std::sync::Arc;

/// `KNeighbors*` and `RadiusNeighbors*`.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbors {
    pub policy: InputPolicy,
    pub search: Search,
    pub reach: Reach,
    /// `weights='distance'`: the inverse of the distance, and rows at distance 0 alone where there are any.
    pub by_distance: bool,
    pub target: Target,
}

/// Which rows are neighbours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reach {
    /// This many, at most as many as there are rows.
    Count(usize),
    Radius(f64),
}

/// What is predicted from the neighbours' own values.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// Row-major, shape (n_rows, columns); `empty` stands where there is no neighbour:
    /// NaN, or the least integer where the target was of integers (a float here also when no row has a neighbour).
    Numbers { values: Vec<f64>, columns: usize, matrix: bool, empty: f64 },
    /// One for each output; `matrix` when the target had two dimensions.
    Labels { outputs: Vec<Labels>, matrix: bool },
}

/// One output of a classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    pub classes: Arc<Classes>,
    /// The class of each training row.
    pub codes: Vec<u32>,
    /// Of a row without neighbours.
    pub outlier: Outlier,
}

/// What becomes of rows without neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlier {
    Refused,
    /// That class.
    Class(u32),
}

impl Neighbors {
    pub fn methods(&self) -> Vec<Method> {
        match self.target {
            Target::Numbers { .. } => vec![Method::Predict],
            Target::Labels { .. } => vec![Method::Predict, Method::PredictProba],
        }
    }

    pub fn n_features(&self) -> usize {
        self.search.n_features
    }

    /// `sklearn.neighbors._classification` and `_regression`.
    ///
    /// # Errors
    /// When the estimator refuses a value, or a row has no neighbour where that is refused.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        self.policy.check(x)?;
        let x = x.as_standard_layout();
        let rows = x.as_slice().unwrap_or_default();
        let found: Vec<Found> = match self.reach {
            Reach::Count(k) => self.search.all_nearest(rows, k).into_iter().map(|found| self.weigh(found)).collect(),
            Reach::Radius(radius) => {
                let rows = rows.chunks_exact(self.search.n_features);
                rows.map(|row| self.weigh(self.search.within(row, radius))).collect()
            }
        };
        match &self.target {
            Target::Numbers { values, columns, matrix, empty } => {
                let means = found.iter().flat_map(|found| found.means(values, *columns, *empty, self.reach)).collect();
                Ok(if *matrix { Output::Matrix(rows_of(means, *columns)) } else { Output::Floats(means) })
            }
            Target::Labels { outputs, matrix } => {
                refuse_outliers(&found, outputs)?;
                let proba = method == Method::PredictProba;
                let mut answers = outputs.iter().map(|output| output.shares(&found));
                if proba && *matrix {
                    let n = outputs.iter().map(|output| output.classes.len());
                    return Ok(Output::List(answers.zip(n).map(|(shares, n)| rows_of(shares, n)).collect()));
                }
                if proba {
                    let shares = answers.next().unwrap_or_default();
                    return Ok(Output::Matrix(rows_of(shares, outputs[0].classes.len())));
                }
                let mut columns: Vec<Output> = outputs.iter().map(|output| output.labels(&found, self.reach)).collect();
                Ok(if *matrix { Output::Columns(columns) } else { columns.remove(0) })
            }
        }
    }

    fn weigh(&self, neighbors: Vec<(f64, usize)>) -> Found {
        let weights = self.by_distance.then(|| {
            let exact = neighbors.iter().any(|(distance, _)| *distance == 0.0);
            let weight = |(distance, _): &(f64, usize)| match exact {
                true => f64::from(u8::from(*distance == 0.0)),
                false => 1.0 / distance,
            };
            neighbors.iter().map(weight).collect()
        });
        Found { places: neighbors.into_iter().map(|(_, place)| place).collect(), weights }
    }
}

/// The neighbours of one row.
struct Found {
    places: Vec<usize>,
    weights: Option<Vec<f64>>,
}

impl Found {
    /// The mean of each column. Several columns are added up row by row, a single one in numpy's order.
    fn means(&self, values: &[f64], columns: usize, empty: f64, reach: Reach) -> Vec<f64> {
        let (n, single) = (self.places.len() as f64, columns == 1);
        let mean = |column: usize| {
            let mut of_column: Vec<f64> = self.places.iter().map(|place| values[place * columns + column]).collect();
            let Some(weights) = &self.weights else {
                return if single { pairwise_sum(&of_column) / n } else { of_column.iter().sum::<f64>() / n };
            };
            of_column.iter_mut().zip(weights).for_each(|(value, weight)| *value *= weight);
            let in_order = !single && matches!(reach, Reach::Radius(_));
            let total = if in_order { of_column.iter().sum() } else { pairwise_sum(&of_column) };
            total / pairwise_sum(weights)
        };
        (0..columns).map(|column| if self.places.is_empty() { empty } else { mean(column) }).collect()
    }
}

impl Labels {
    /// The share of each class, row by row.
    fn shares(&self, found: &[Found]) -> Vec<f64> {
        let n = self.classes.len();
        let mut all = Vec::with_capacity(found.len() * n);
        for found in found {
            let mut shares = vec![0.0; n];
            for (at, place) in found.places.iter().enumerate() {
                shares[self.codes[*place] as usize] += found.weights.as_ref().map_or(1.0, |weights| weights[at]);
            }
            if let (true, Outlier::Class(class)) = (found.places.is_empty(), self.outlier) {
                shares[class as usize] = 1.0;
            }
            let sum = pairwise_sum(&shares);
            let sum = if sum == 0.0 { 1.0 } else { sum };
            all.extend(shares.into_iter().map(|share| share / sum));
        }
        all
    }

    /// The class of most weight, the first of equal ones: of a count by votes (`mode`, `weighted_mode`), within a radius by
    /// shares.
    fn labels(&self, found: &[Found], reach: Reach) -> Output {
        let n = self.classes.len();
        let of_count = |found: &Found| {
            let votes = |class: usize| {
                let own = |(at, place): (usize, &usize)| match self.codes[*place] as usize == class {
                    true => found.weights.as_ref().map_or(1.0, |weights| weights[at]),
                    false => 0.0,
                };
                pairwise_sum(&found.places.iter().enumerate().map(own).collect::<Vec<_>>())
            };
            argmax(&(0..n).map(votes).collect::<Vec<_>>())
        };
        let indices = match reach {
            Reach::Count(_) => found.iter().map(of_count).collect(),
            Reach::Radius(_) => self.shares(found).chunks_exact(n).map(argmax).collect(),
        };
        Output::Labels { indices, classes: self.classes.clone() }
    }
}

/// `RadiusNeighborsClassifier` without an `outlier_label`.
fn refuse_outliers(found: &[Found], outputs: &[Labels]) -> Result<(), InputError> {
    let lonely: Vec<usize> = (0..found.len()).filter(|row| found[*row].places.is_empty()).collect();
    if lonely.is_empty() || outputs.iter().all(|output| output.outlier != Outlier::Refused) {
        return Ok(());
    }
    let message = format!(
        "No neighbors found for test samples array({lonely:?}), you can try using larger radius, giving a label for \
         outliers, or considering removing them from your dataset."
    );
    Err(InputError::Refused { row: lonely[0], column: 0, message })
}
