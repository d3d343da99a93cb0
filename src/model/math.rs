//! The few functions that several families share, each with the order of operations of numpy or scipy.

/// `scipy.special.expit`.
pub fn expit(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// `sklearn.utils.extmath.softmax` of one row, in place: the maximum is subtracted first.
pub fn softmax(row: &mut [f64]) {
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for value in row.iter_mut() {
        *value = (*value - max).exp();
    }
    let sum: f64 = row.iter().sum();
    for value in row {
        *value /= sum;
    }
}

/// `scipy.special.logsumexp` of one row.
pub fn log_sum_exp(row: &[f64]) -> f64 {
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let max = if max.is_finite() { max } else { 0.0 };
    row.iter().map(|value| (value - max).exp()).sum::<f64>().ln() + max
}

/// `np.exp(row - logsumexp(row))`, in place.
pub fn log_normalise(row: &mut [f64]) {
    let total = log_sum_exp(row);
    row.iter_mut().for_each(|value| *value = (*value - total).exp());
}

/// `numpy.argmax`: the first of equal values; a NaN is greater than any number. 0 for an empty row.
pub fn argmax(row: &[f64]) -> u32 {
    let mut best = 0;
    for (at, value) in row.iter().enumerate().skip(1) {
        if !row[best].is_nan() && (*value > row[best] || value.is_nan()) {
            best = at;
        }
    }
    best as u32
}

/// Sum of products of two equally long rows, in four running sums so that it vectorises.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (mut a4, mut b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let mut sums = [0.0; 4];
    for (a, b) in (&mut a4).zip(&mut b4) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argmax_is_numpys() {
        let nan = f64::NAN;
        for (row, expected) in [
            (vec![1.0, 3.0, 3.0], 1),
            (vec![2.0, 2.0], 0),
            (vec![1.0, nan, 9.0, nan], 1),
            (vec![nan, 1.0], 0),
            (vec![f64::NEG_INFINITY, f64::NEG_INFINITY], 0),
            (vec![], 0),
        ] {
            assert_eq!(argmax(&row), expected, "{row:?}");
        }
    }

    #[test]
    fn softmax_and_expit_do_not_overflow() {
        let mut row = [1000.0, 1000.0, -1000.0];
        softmax(&mut row);
        assert_eq!(row, [0.5, 0.5, 0.0]);
        assert_eq!([expit(0.0), expit(800.0), expit(-800.0)], [0.5, 1.0, 0.0]);
    }

    #[test]
    fn dot_takes_every_element_once() {
        for len in 0..11 {
            let a: Vec<f64> = (1..=len).map(f64::from).collect();
            let expected: f64 = a.iter().map(|x| x * x).sum();
            assert_eq!(dot(&a, &a), expected, "{len}");
        }
    }
}
