//! `KNNImputer`: a missing value is the mean of what the nearest training rows have there.

use super::math::dot;
use super::tree::pairwise_sum;
use super::{InputError, InputPolicy};
use ndarray::{Array2, ArrayView1};

/// Fills gaps from training rows that are near in what both have.
#[derive(Debug, Clone, PartialEq)]
pub struct KnnImputer {
    pub(crate) policy: InputPolicy,
    /// The value that counts as missing; NaN is matched by being NaN.
    pub(crate) missing_value: f64,
    /// Row-major, 0 where it is missing.
    pub(crate) rows: Vec<f64>,
    /// 1 where a row has a value, else 0; shaped as `rows`.
    pub(crate) present: Vec<f64>,
    /// What becomes of each column.
    pub(crate) columns: Vec<Column>,
    /// At least one.
    pub(crate) n_neighbors: usize,
    pub(crate) by_distance: bool,
    /// Before 1.6 rows that have nothing in common with the input are averaged too, where nearer ones are too few.
    pub(crate) counts_strangers: bool,
    /// Input columns whose missingness is appended as 0 or 1.
    pub(crate) indicators: Vec<usize>,
    /// Before 1.3 the indicators are left out where no row of a request misses anything.
    pub(crate) forgets_indicators: bool,
}

/// A column of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Filled,
    /// It was empty in training, and is left out.
    Dropped,
    /// It was empty in training, and is 0.
    Zero,
}

/// A training row that has a value where one is missing.
#[derive(Debug, Clone, Copy)]
struct Donor {
    /// NaN where it has nothing else in common with the input.
    distance: f64,
    row: usize,
}

impl KnnImputer {
    pub fn n_features_in(&self) -> usize {
        self.columns.len()
    }

    pub fn n_features_out(&self) -> usize {
        self.columns.iter().filter(|column| **column != Column::Dropped).count() + self.indicators.len()
    }

    /// `KNNImputer.transform`.
    ///
    /// # Errors
    /// When the imputer refuses a value, or its version's answer is not defined.
    pub fn transform(&self, x: Array2<f64>) -> Result<Array2<f64>, InputError> {
        self.policy.check(x.view())?;
        if self.forgets_indicators && !self.indicators.is_empty() && !x.iter().any(|value| self.is_missing(*value)) {
            let message = "KNNImputer before scikit-learn 1.3 gives fewer columns where no row has a missing value.";
            return Err(InputError::Refused { row: 0, column: 0, message: message.into() });
        }
        let mut out = Vec::with_capacity(x.nrows() * self.n_features_out());
        for (at, row) in x.rows().into_iter().enumerate() {
            let distances = self.needs_neighbors(row).then(|| self.distances(row));
            for (column, value) in row.iter().enumerate() {
                match (self.columns[column], &distances) {
                    (Column::Dropped, _) => {}
                    (Column::Zero, _) => out.push(0.0),
                    (Column::Filled, Some(distances)) if self.is_missing(*value) => {
                        out.push(self.filled(column, distances).ok_or_else(|| undefined(at, column))?);
                    }
                    (Column::Filled, _) => out.push(*value),
                }
            }
            out.extend(self.indicators.iter().map(|column| f64::from(u8::from(self.is_missing(row[*column])))));
        }
        let shape = (x.nrows(), self.n_features_out());
        Ok(Array2::from_shape_vec(shape, out).expect("n_features_out values for each row"))
    }

    fn is_missing(&self, value: f64) -> bool {
        value == self.missing_value || value.is_nan() && self.missing_value.is_nan()
    }

    fn needs_neighbors(&self, row: ArrayView1<'_, f64>) -> bool {
        row.iter().zip(&self.columns).any(|(value, column)| *column == Column::Filled && self.is_missing(*value))
    }

    /// `nan_euclidean_distances` from every training row: over what both have, scaled up to all columns.
    fn distances(&self, row: ArrayView1<'_, f64>) -> Vec<f64> {
        let n = self.columns.len();
        let has: Vec<f64> = row.iter().map(|value| f64::from(u8::from(!self.is_missing(*value)))).collect();
        let own: Vec<f64> = row.iter().map(|value| if self.is_missing(*value) { 0.0 } else { *value }).collect();
        let squares: Vec<f64> = own.iter().map(|value| value * value).collect();
        let length = dot(&own, &own);
        let distance = |(known, present): (&[f64], &[f64])| {
            let (mut beside, mut missed, mut common) = (0.0, 0.0, 0.0);
            for at in 0..n {
                beside += squares[at] * (1.0 - present[at]);
                missed += (1.0 - has[at]) * (known[at] * known[at]);
                common += has[at] * present[at];
            }
            let squared = (-2.0 * dot(&own, known) + length + dot(known, known)).max(0.0) - beside - missed;
            match common {
                0.0 => f64::NAN,
                common => (squared.max(0.0) / common * n as f64).sqrt(),
            }
        };
        self.rows.chunks_exact(n).zip(self.present.chunks_exact(n)).map(distance).collect()
    }

    /// The value for a gap; `None` where scikit-learn's depends on how a partition happens to leave equals.
    fn filled(&self, column: usize, distances: &[f64]) -> Option<f64> {
        let n = self.columns.len();
        let has = |row: &usize| self.present[row * n + column] != 0.0;
        let mut donors: Vec<Donor> =
            (0..distances.len()).filter(has).map(|row| Donor { distance: distances[row], row }).collect();
        if donors.iter().all(|donor| donor.distance.is_nan()) {
            let all: Vec<f64> = self.rows.chunks_exact(n).map(|row| row[column]).collect();
            return Some(pairwise_sum(&all) / donors.len() as f64);
        }
        // A distance is never below 0, so the order of bits is that of numbers, NaN last; of equal ones the first row.
        let k = self.n_neighbors.min(donors.len());
        let spared = donors.len() > k;
        donors.select_nth_unstable_by_key(k - 1, |donor| (donor.distance.to_bits(), donor.row));
        donors.truncate(k);
        let strangers = donors.iter().any(|donor| donor.distance.is_nan());
        if self.counts_strangers && !self.by_distance && strangers && spared {
            return None;
        }
        donors.sort_unstable_by_key(|donor| (donor.distance.to_bits(), donor.row));
        let weights = self.weights(&donors);
        let values: Vec<f64> = donors.iter().map(|donor| self.rows[donor.row * n + column]).collect();
        Some(dot(&values, &weights) / pairwise_sum(&weights))
    }

    /// `_get_weights`: rows at no distance outweigh all others.
    fn weights(&self, donors: &[Donor]) -> Vec<f64> {
        let exact = donors.iter().any(|donor| (1.0 / donor.distance).is_infinite());
        let weight = |donor: &Donor| match donor.distance {
            distance if distance.is_nan() => f64::from(u8::from(self.counts_strangers && !self.by_distance)),
            _ if !self.by_distance => 1.0,
            distance if exact => f64::from(u8::from((1.0 / distance).is_infinite())),
            distance => 1.0 / distance,
        };
        donors.iter().map(weight).collect()
    }
}

fn undefined(row: usize, column: usize) -> InputError {
    let message = "too few training rows have a value in common with this one to fill its gap: which ones KNNImputer \
                   takes is not defined before scikit-learn 1.6.";
    InputError::Refused { row, column, message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FloatType;
    use ndarray::array;

    const NAN: f64 = f64::NAN;

    fn imputer(by_distance: bool) -> KnnImputer {
        let policy = InputPolicy {
            estimator: "KNNImputer".into(),
            dtype: FloatType::F64,
            allow_nan: true,
            allow_infinite: false,
        };
        KnnImputer {
            policy,
            missing_value: NAN,
            rows: vec![1.0, 10.0, 0.0, 2.0, 0.0, 0.0, 5.0, 40.0, 0.0, 0.0, 70.0, 0.0],
            present: vec![1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0],
            columns: vec![Column::Filled, Column::Filled, Column::Dropped],
            n_neighbors: 2,
            by_distance,
            counts_strangers: false,
            indicators: vec![1],
            forgets_indicators: false,
        }
    }

    /// Expected: scikit-learn 1.9.1, `fit([[1, 10, nan], [2, nan, nan], [5, 40, nan], [nan, 70, nan]])`.
    #[test]
    fn gaps_are_filled_from_rows_that_have_a_value_there() {
        let x = array![[1.5, NAN, 3.0], [NAN, NAN, 3.0], [1.0, NAN, 3.0], [NAN, 70.0, NAN], [7.0, 8.0, 9.0]];
        let close = |by_distance, expected: Array2<f64>| {
            let got = imputer(by_distance).transform(x.clone()).unwrap();
            assert!((&got - &expected).iter().all(|d| d.abs() < 1e-13), "{got}");
        };
        close(
            false,
            array![[1.5, 25.0, 1.0], [8.0 / 3.0, 40.0, 1.0], [1.0, 25.0, 1.0], [3.0, 70.0, 0.0], [7.0, 8.0, 0.0]],
        );
        close(
            true,
            array![
                [1.5, 13.75, 1.0],
                [8.0 / 3.0, 40.0, 1.0],
                [1.0, 10.0, 1.0],
                [11.0 / 3.0, 70.0, 0.0],
                [7.0, 8.0, 0.0]
            ],
        );
    }
}
