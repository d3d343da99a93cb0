//! Small symmetric positive definite systems, by Cholesky's factors. Of matrices as large as a model's components, not as
//! its data.

use ndarray::{Array2, ArrayView2};

/// The lower factor of a symmetric positive definite matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Cholesky {
    lower: Array2<f64>,
}

impl Cholesky {
    /// Factors a square matrix, of which only the lower half is read. `None` when it is not positive definite.
    pub fn new(matrix: ArrayView2<'_, f64>) -> Option<Cholesky> {
        let n = matrix.nrows();
        let mut lower: Array2<f64> = Array2::zeros((n, n));
        for i in 0..n {
            for j in 0..=i {
                let known: f64 = (0..j).map(|k| lower[(i, k)] * lower[(j, k)]).sum();
                let rest = matrix[(i, j)] - known;
                lower[(i, j)] = match i == j {
                    true if rest > 0.0 => rest.sqrt(),
                    true => return None,
                    false => rest / lower[(j, j)],
                };
            }
        }
        Some(Cholesky { lower })
    }

    /// The x with `matrix x = b`, in the place of `b`.
    pub fn solve(&self, b: &mut [f64]) {
        let n = b.len();
        for i in 0..n {
            let known: f64 = (0..i).map(|k| self.lower[(i, k)] * b[k]).sum();
            b[i] = (b[i] - known) / self.lower[(i, i)];
        }
        for i in (0..n).rev() {
            let known: f64 = (i + 1..n).map(|k| self.lower[(k, i)] * b[k]).sum();
            b[i] = (b[i] - known) / self.lower[(i, i)];
        }
    }

    /// As [`Cholesky::solve`] for each column of a matrix.
    pub fn solve_columns(&self, mut b: Array2<f64>) -> Array2<f64> {
        for mut column in b.columns_mut() {
            let mut solved = column.to_vec();
            self.solve(&mut solved);
            column.iter_mut().zip(solved).for_each(|(cell, value)| *cell = value);
        }
        b
    }

    /// The last number on the factor's diagonal: how much the last column adds to the ones before.
    pub fn last(&self) -> f64 {
        self.lower.diag().last().copied().unwrap_or_default()
    }

    /// The logarithm of the determinant.
    pub fn log_determinant(&self) -> f64 {
        2.0 * self.lower.diag().iter().map(|value| value.ln()).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn systems_are_solved() {
        let matrix = array![[4.0, 2.0, 0.0], [2.0, 5.0, 4.0], [0.0, 4.0, 20.0]];
        let factors = Cholesky::new(matrix.view()).expect("positive definite");
        let mut x = [8.0, 24.0, 68.0];
        factors.solve(&mut x);
        assert_eq!(x, [1.0, 2.0, 3.0]);
        assert_eq!(factors.solve_columns(array![[8.0], [24.0], [68.0]]), array![[1.0], [2.0], [3.0]]);
        assert!((factors.log_determinant() - 256f64.ln()).abs() < 1e-14);
        assert_eq!(Cholesky::new(array![[1.0, 2.0], [2.0, 1.0]].view()), None);
        assert_eq!(Cholesky::new(array![[f64::NAN]].view()), None);
    }
}
