//! Products of matrices, for whatever compares many rows with many: blocks that stay in the cache, by matrixmultiply, which
//! has kernels for what the processor has.

use super::math::dot;
use ndarray::{ArrayView2, ArrayViewMut2, linalg::general_mat_mul};

/// Rows that share a block of results.
pub const BLOCK: usize = 128;

/// From this many rows on both sides, arranging them for the kernels pays.
const SEVERAL: usize = 4;

/// `x @ rows.T`, all row-major: `x` has shape (n, width), `rows` (m, width), `out` (n, m). A value depends on its two rows,
/// on whether `x` has several, and on the processor: equal rows have equal products.
pub fn products(x: &[f64], rows: &[f64], width: usize, out: &mut [f64]) {
    let (n, m) = (x.len() / width, rows.len() / width);
    if n < SEVERAL || m < SEVERAL {
        for (x, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(m)) {
            rows.chunks_exact(width).zip(out).for_each(|(row, out)| *out = dot(x, row));
        }
        return;
    }
    let matrix = |values, rows| ArrayView2::from_shape((rows, width), values).expect("whole rows");
    let mut out = ArrayViewMut2::from_shape((n, m), out).expect("a value for each pair");
    general_mat_mul(1.0, &matrix(x, n), &matrix(rows, m).t(), 0.0, &mut out);
}

/// `x @ weights`, shapes (n, k) and (k, m), into `out`, shape (n, m).
pub fn forward(x: ArrayView2<'_, f64>, weights: &ndarray::Array2<f64>, mut out: ArrayViewMut2<'_, f64>) {
    if x.nrows() >= SEVERAL {
        return general_mat_mul(1.0, &x, weights, 0.0, &mut out);
    }
    out.fill(0.0);
    for (x, mut out) in x.rows().into_iter().zip(out.rows_mut()) {
        x.iter().zip(weights.rows()).for_each(|(x, weights)| out.scaled_add(*x, &weights));
    }
}

/// Whether all are: sums of products are not where anything that went into them is not.
pub fn all_finite(values: &[f64]) -> bool {
    values.iter().fold(true, |all, value| all & value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn products_of_any_shape_are_sums_of_products() {
        for (n, m, width) in [(1, 1, 1), (1, 9, 5), (3, 2, 4), (4, 4, 1), (9, 5, 7), (130, 17, 300), (0, 5, 3)] {
            let values = |rows: usize, by: usize| (0..rows * width).map(|at| ((at * by) % 13) as f64 - 6.0).collect();
            let (x, rows): (Vec<f64>, Vec<f64>) = (values(n, 7), values(m, 5));
            let mut out = vec![f64::NAN; n * m];
            products(&x, &rows, width, &mut out);
            let weights = Array2::from_shape_fn((width, m), |(k, j)| rows[j * width + k]);
            let mut forwarded = Array2::from_elem((n, m), f64::NAN);
            forward(ArrayView2::from_shape((n, width), &x).unwrap(), &weights, forwarded.view_mut());
            for (at, out) in out.iter().enumerate() {
                let (i, j) = (at / m, at % m);
                // Whole numbers: exact in every order.
                let expected: f64 = (0..width).map(|k| x[i * width + k] * rows[j * width + k]).sum();
                assert_eq!((*out, forwarded[(i, j)]), (expected, expected), "{n} {m} {width}: {i}, {j}");
            }
        }
    }

    #[test]
    fn nothing_finite_comes_of_what_is_not() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for n in [1, 8] {
                for at in 0..5 {
                    let mut x = vec![1.0; n * 5];
                    x[at] = bad;
                    for factor in [0.0, 1.0, -2.0] {
                        let (mut out, rows) = (vec![0.0; n * 6], [factor; 30]);
                        products(&x, &rows, 5, &mut out);
                        assert!(!all_finite(&out), "{bad} times {factor}");
                    }
                }
            }
        }
    }
}
