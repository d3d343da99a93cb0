//! numpy's sum of a contiguous row, whose order of additions is part of the result.

/// `np.add.reduce` over contiguous `f64`s (`DOUBLE_pairwise_sum` in numpy's `loops_utils.h`): eight running sums, and
/// halves of halves above 128 values.
pub fn pairwise_sum(values: &[f64]) -> f64 {
    const BLOCK: usize = 128;
    if values.len() < 8 {
        return values.iter().fold(0.0, |sum, value| sum + value);
    }
    if values.len() > BLOCK {
        let half = values.len() / 2;
        let (left, right) = values.split_at(half - half % 8);
        return pairwise_sum(left) + pairwise_sum(right);
    }
    let (first, rest) = values.split_at(8);
    let mut sums: [f64; 8] = std::array::from_fn(|i| first[i]);
    let chunks = rest.chunks_exact(8);
    let tail = chunks.remainder();
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(sum, value)| *sum += value);
    }
    let [a, b, c, d, e, f, g, h] = sums;
    tail.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::pairwise_sum;

    /// Values that lose bits in every order: `(i * 0.1 + 1e-3) * (-1) ** i * 10.0 ** (i % 5)`.
    fn values(n: usize) -> Vec<f64> {
        let sign = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        (0..n).map(|i| (i as f64 * 0.1 + 1e-3) * sign(i) * [1.0, 10.0, 100.0, 1000.0, 10000.0][i % 5]).collect()
    }

    /// Expected: `float(np.array(values).sum())` of numpy 2.4.
    #[test]
    fn sums_as_numpy_does() {
        let check = |n: usize, expected: f64| assert_eq!(pairwise_sum(&values(n)), expected, "{n} values");
        check(0, 0.0);
        check(3, 19.091);
        check(7, 3733.6000000000004);
        check(8, 3663.5);
        check(9, 4464.5);
        check(15, 8273.591);
        check(16, 8272.090000000002);
        check(40, -18182.0);
        check(127, 58387.59999999996);
        check(128, 57117.49999999994);
        check(129, 69918.49999999994);
        check(300, -136365.0000000001);
        check(1000, -454550.0000000001);
    }
}
