//! Weighted medians of growing sets (`WeightedFenwickTree` of `tree/_utils.pyx`): sums over ranks, each value added at its
//! own. The order of additions is scikit-learn's, since sums of targets are rounded.

/// A Fenwick tree of weights and weighted targets; its places count from 1.
#[derive(Default)]
pub struct Medians {
    weight: Vec<f64>,
    target: Vec<f64>,
    total: (f64, f64),
}

/// What lies below a rank.
#[derive(Clone, Copy, Default)]
struct Below {
    rank: usize,
    weight: f64,
    target: f64,
}

impl Medians {
    /// Adds samples, given as rank in `sorted` and weight, one after the other; sets `errors` to the sum of absolute
    /// errors around the median after each. Returns the last median.
    pub fn errors(
        &mut self,
        sorted: &[f64],
        samples: impl Iterator<Item = (usize, f64)>,
        errors: &mut Vec<f64>,
    ) -> f64 {
        for sums in [&mut self.weight, &mut self.target] {
            sums.clear();
            sums.resize(sorted.len() + 1, 0.0);
        }
        self.total = (0.0, 0.0);
        errors.clear();
        let mut median = 0.0;
        for (rank, weight) in samples {
            self.add(rank, sorted[rank], weight);
            let (below, previous) = self.search(0.5 * self.total.0);
            median = match below.rank == previous {
                true => sorted[below.rank],
                false => (sorted[previous] + sorted[below.rank]) / 2.0,
            };
            let (above_weight, above_target) = (self.total.0 - below.weight, self.total.1 - below.target);
            errors.push((above_target - median * above_weight) + (median * below.weight - below.target));
        }
        median
    }

    fn add(&mut self, rank: usize, y: f64, weight: f64) {
        let (target, mut at) = (weight * y, rank + 1);
        while at < self.weight.len() {
            self.weight[at] += weight;
            self.target[at] += target;
            at += at & at.wrapping_neg();
        }
        self.total.0 += weight;
        self.total.1 += target;
    }

    /// The rank at which more than `wanted` is reached, and the one where exactly that ends, if there is one; else the same.
    fn search(&self, wanted: f64) -> (Below, usize) {
        let size = self.weight.len() - 1;
        let (mut below, mut left) = (Below::default(), wanted);
        let mut bit = 1usize << size.ilog2();
        while bit > 0 {
            let next = below.rank + bit;
            if next <= size && left == self.weight[next] {
                let previous = self.descend(below, bit, left, |left, sum| left > sum).rank;
                return (self.descend(below, bit, left, |left, sum| left >= sum), previous);
            }
            if next <= size && left > self.weight[next] {
                left -= self.weight[next];
                below = self.past(below, next);
            }
            bit >>= 1;
        }
        (below, below.rank)
    }

    /// Goes on from `below` while `fits` says so, with `left` to be reached in steps from `bit` on.
    fn descend(&self, mut below: Below, mut bit: usize, mut left: f64, fits: fn(f64, f64) -> bool) -> Below {
        while bit > 0 {
            let next = below.rank + bit;
            if next < self.weight.len() && fits(left, self.weight[next]) {
                left -= self.weight[next];
                below = self.past(below, next);
            }
            bit >>= 1;
        }
        below
    }

    fn past(&self, below: Below, rank: usize) -> Below {
        Below { rank, weight: below.weight + self.weight[rank], target: below.target + self.target[rank] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(targets: &[f64], weights: &[f64], medians: &[f64], expected: &[f64]) {
        let mut order: Vec<usize> = (0..targets.len()).collect();
        order.sort_by(|a, b| targets[*a].total_cmp(&targets[*b]));
        let sorted: Vec<f64> = order.iter().map(|at| targets[*at]).collect();
        let samples: Vec<(usize, f64)> =
            (0..targets.len()).map(|at| (order.iter().position(|o| *o == at).unwrap(), weights[at])).collect();
        let mut found = Medians::default();
        let mut errors = Vec::new();
        for n in 1..=targets.len() {
            assert_eq!(found.errors(&sorted, samples[..n].iter().copied(), &mut errors), medians[n - 1], "{targets:?}");
        }
        assert_eq!(errors, expected, "{targets:?}");
    }

    #[test]
    fn medians_and_errors_of_growing_sets() {
        check(&[3.0, 1.0, 2.0], &[1.0; 3], &[3.0, 2.0, 2.0], &[0.0, 2.0, 2.0]);
        check(&[5.0, 5.0, 5.0], &[1.0; 3], &[5.0; 3], &[0.0; 3]);
        check(&[1.0, 2.0, 10.0, 20.0], &[1.0; 4], &[1.0, 1.5, 2.0, 6.0], &[0.0, 1.0, 9.0, 27.0]);
        check(&[1.0, 8.0, 4.0], &[3.0, 1.0, 1.0], &[1.0; 3], &[0.0, 7.0, 10.0]);
    }
}
