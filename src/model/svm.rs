//! Support vector machines with kernels, in libsvm's order of operations.

use super::math::{argmax, dot};
use super::multiclass::one_against_one;
use super::tree::rows_of;
use super::{Classes, InputError, InputPolicy, Method, Output};
use ndarray::ArrayView2;
use std::sync::Arc;

/// `SVC`, `NuSVC`, `SVR`, `NuSVR`, `OneClassSVM`.
#[derive(Debug, Clone, PartialEq)]
pub struct Svm {
    pub policy: InputPolicy,
    pub n_features: usize,
    pub kernel: Kernel,
    /// Row-major, shape (n_vectors, n_features); with a precomputed kernel, the place of each in the training data.
    pub vectors: Vectors,
    /// `_dual_coef_`, row-major, shape (n_classes - 1, n_vectors), or (1, n_vectors).
    pub coef: Vec<f64>,
    /// `_intercept_`: one for each pair of classes, or one.
    pub intercept: Vec<f64>,
    pub target: Target,
}

/// What inputs are compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Vectors {
    Rows(Vec<f64>),
    Places(Vec<usize>),
}

/// How much alike two rows are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kernel {
    Linear,
    Poly {
        gamma: f64,
        coef0: f64,
        degree: u32,
    },
    Rbf {
        gamma: f64,
    },
    Sigmoid {
        gamma: f64,
        coef0: f64,
    },
    /// The input holds it already.
    Precomputed,
}

/// What is predicted.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Number,
    /// 1 above 0, else -1; scores are decisions plus the offset.
    Outlier {
        offset: f64,
    },
    Labels(Labels),
}

/// A classifier: at least two classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    pub classes: Arc<Classes>,
    /// Number of vectors of each class; they stand in the order of classes.
    pub n_support: Vec<usize>,
    /// `decision_function_shape='ovr'`: a value for each class, not for each pair.
    pub per_class: bool,
    /// The largest decision decides, not the votes: of more than two classes.
    pub break_ties: bool,
    /// `_probA` and `_probB`, one pair for each pair of classes; `None` without probabilities.
    pub platt: Option<Vec<(f64, f64)>>,
}

impl Svm {
    pub fn methods(&self) -> Vec<Method> {
        match &self.target {
            Target::Number => vec![Method::Predict],
            Target::Outlier { .. } => vec![Method::Predict, Method::DecisionFunction, Method::ScoreSamples],
            Target::Labels(Labels { platt: None, .. }) => vec![Method::Predict, Method::DecisionFunction],
            Target::Labels(_) => vec![Method::Predict, Method::PredictProba, Method::DecisionFunction],
        }
    }

    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// `sklearn.svm._base.BaseLibSVM`, `svm_predict_values` and `svm_predict_probability` of libsvm.
    ///
    /// # Errors
    /// When the estimator refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        self.policy.check(x)?;
        let mut kernels = vec![0.0; self.n_vectors()];
        let x = x.as_standard_layout();
        let rows = x.as_slice().unwrap_or_default().chunks_exact(self.n_features);
        let rows = rows.map(|row| {
            self.compare(row, &mut kernels);
            match &self.target {
                Target::Labels(labels) => self.pairs(labels, &kernels),
                _ => vec![kernels.iter().zip(&self.coef).fold(0.0, |sum, (k, c)| sum + c * k) + self.intercept[0]],
            }
        });
        let decisions: Vec<Vec<f64>> = rows.collect();
        let first = decisions.iter().map(|row| row[0]);
        Ok(match (&self.target, method) {
            (Target::Labels(labels), _) => labels.answer(method, &decisions),
            (Target::Outlier { .. }, Method::Predict) => {
                Output::Ints(first.map(|d| if d > 0.0 { 1 } else { -1 }).collect())
            }
            (Target::Outlier { offset }, Method::ScoreSamples) => Output::Floats(first.map(|d| d + offset).collect()),
            _ => Output::Floats(first.collect()),
        })
    }

    fn n_vectors(&self) -> usize {
        match &self.vectors {
            Vectors::Rows(rows) => rows.len() / self.n_features,
            Vectors::Places(places) => places.len(),
        }
    }

    /// The kernel of a row and each vector.
    fn compare(&self, row: &[f64], kernels: &mut [f64]) {
        match &self.vectors {
            Vectors::Rows(rows) => {
                let vectors = rows.chunks_exact(self.n_features);
                kernels.iter_mut().zip(vectors).for_each(|(value, vector)| *value = self.kernel.of(row, vector));
            }
            Vectors::Places(places) => kernels.iter_mut().zip(places).for_each(|(value, at)| *value = row[*at]),
        }
    }

    /// One decision for each pair of classes, above 0 for the first.
    fn pairs(&self, labels: &Labels, kernels: &[f64]) -> Vec<f64> {
        let (n, total) = (labels.n_support.len(), kernels.len());
        let starts: Vec<usize> = labels
            .n_support
            .iter()
            .scan(0, |end, size| {
                *end += size;
                Some(*end - size)
            })
            .collect();
        let mut decisions = Vec::with_capacity(self.intercept.len());
        let span = |class: usize| starts[class]..starts[class] + labels.n_support[class];
        for first in 0..n {
            for second in first + 1..n {
                let mut sum = 0.0;
                for (class, other) in [(first, second - 1), (second, first)] {
                    let coef = &self.coef[other * total..][span(class)];
                    coef.iter().zip(&kernels[span(class)]).for_each(|(c, k)| sum += c * k);
                }
                decisions.push(sum + self.intercept[decisions.len()]);
            }
        }
        decisions
    }
}

impl Kernel {
    /// `Kernel::k_function` of libsvm, for dense rows.
    pub(crate) fn of(self, x: &[f64], y: &[f64]) -> f64 {
        match self {
            Kernel::Linear | Kernel::Precomputed => dot(x, y),
            Kernel::Poly { gamma, coef0, degree } => power(gamma * dot(x, y) + coef0, degree),
            Kernel::Rbf { gamma } => (-gamma * squared_distance(x, y)).exp(),
            Kernel::Sigmoid { gamma, coef0 } => (gamma * dot(x, y) + coef0).tanh(),
        }
    }
}

/// `powi` of libsvm: by squaring.
pub(crate) fn power(base: f64, mut times: u32) -> f64 {
    let (mut square, mut power) = (base, 1.0);
    while times > 0 {
        if times % 2 == 1 {
            power *= square;
        }
        square *= square;
        times /= 2;
    }
    power
}

/// In four running sums, so that it vectorises.
pub(super) fn squared_distance(x: &[f64], y: &[f64]) -> f64 {
    let (mut x4, mut y4) = (x.chunks_exact(4), y.chunks_exact(4));
    let mut sums = [0.0; 4];
    for (x, y) in (&mut x4).zip(&mut y4) {
        for lane in 0..4 {
            sums[lane] += (x[lane] - y[lane]) * (x[lane] - y[lane]);
        }
    }
    let rest: f64 = x4.remainder().iter().zip(y4.remainder()).map(|(x, y)| (x - y) * (x - y)).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

impl Labels {
    /// From decisions of pairs, row by row.
    fn answer(&self, method: Method, decisions: &[Vec<f64>]) -> Output {
        let n = self.classes.len();
        let flat = |rows: Vec<Vec<f64>>, columns| Output::Matrix(rows_of(rows.concat(), columns));
        match (method, &self.platt) {
            (Method::PredictProba, Some(platt)) => {
                flat(decisions.iter().map(|pairs| couple(&probabilities(pairs, platt, n))).collect(), n)
            }
            (Method::DecisionFunction, _) if n == 2 => {
                Output::Floats(decisions.iter().map(|pairs| -pairs[0]).collect())
            }
            (Method::DecisionFunction, _) if self.per_class => {
                flat(decisions.iter().map(|pairs| self.per_class(pairs)).collect(), n)
            }
            (Method::DecisionFunction, _) => flat(decisions.to_vec(), n * (n - 1) / 2),
            _ => {
                let label = |pairs: &Vec<f64>| match self.break_ties {
                    true => argmax(&self.per_class(pairs)),
                    false => self.winner(pairs),
                };
                Output::Labels { indices: decisions.iter().map(label).collect(), classes: self.classes.clone() }
            }
        }
    }

    fn per_class(&self, pairs: &[f64]) -> Vec<f64> {
        one_against_one(self.classes.len(), pairs.iter().map(|decision| (*decision < 0.0, -decision)))
    }

    /// The first class of most votes.
    fn winner(&self, pairs: &[f64]) -> u32 {
        let n = self.classes.len();
        let mut votes = vec![0.0; n];
        let places = (0..n).flat_map(|first| (first + 1..n).map(move |second| (first, second)));
        for ((first, second), decision) in places.zip(pairs) {
            votes[if *decision > 0.0 { first } else { second }] += 1.0;
        }
        argmax(&votes)
    }
}

/// Probability of the row's class against the column's, each pair on its own (`sigmoid_predict`), shape (n, n).
fn probabilities(pairs: &[f64], platt: &[(f64, f64)], n: usize) -> Vec<Vec<f64>> {
    const LEAST: f64 = 1e-7;
    let mut against = vec![vec![0.0; n]; n];
    let places = (0..n).flat_map(|first| (first + 1..n).map(move |second| (first, second)));
    for ((first, second), (decision, (a, b))) in places.zip(pairs.iter().zip(platt)) {
        let f = decision * a + b;
        let sigmoid = if f >= 0.0 { (-f).exp() / (1.0 + (-f).exp()) } else { 1.0 / (1.0 + f.exp()) };
        // Also of a decision that is no number, as libsvm compares.
        against[first][second] = if sigmoid > LEAST { sigmoid.min(1.0 - LEAST) } else { LEAST };
        against[second][first] = 1.0 - against[first][second];
    }
    against
}

/// `multiclass_probability` of libsvm (Wu, Lin and Weng, 2004, method 2): also of two classes, and as far from the limit as
/// libsvm stops.
fn couple(against: &[Vec<f64>]) -> Vec<f64> {
    let n = against.len();
    let mut p = vec![1.0 / n as f64; n];
    let mut q = vec![vec![0.0; n]; n];
    for t in 0..n {
        for j in (0..n).filter(|j| *j != t) {
            q[t][t] += against[j][t] * against[j][t];
            q[t][j] = if j < t { q[j][t] } else { -against[j][t] * against[t][j] };
        }
    }
    let mut qp = vec![0.0; n];
    for _ in 0..n.max(100) {
        let mut pqp = 0.0;
        for t in 0..n {
            qp[t] = (0..n).fold(0.0, |sum, j| sum + q[t][j] * p[j]);
            pqp += p[t] * qp[t];
        }
        if qp.iter().fold(0.0, |largest: f64, qp| largest.max((qp - pqp).abs())) < 0.005 / n as f64 {
            break;
        }
        for t in 0..n {
            let diff = (pqp - qp[t]) / q[t][t];
            p[t] += diff;
            pqp = (pqp + diff * (diff * q[t][t] + 2.0 * qp[t])) / (1.0 + diff) / (1.0 + diff);
            for j in 0..n {
                qp[j] = (qp[j] + diff * q[t][j]) / (1.0 + diff);
                p[j] /= 1.0 + diff;
            }
        }
    }
    p
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_by_squaring() {
        for (base, times, expected) in [(2.0, 0, 1.0), (2.0, 1, 2.0), (3.0, 5, 243.0), (-2.0, 3, -8.0)] {
            assert_eq!(power(base, times), expected);
        }
    }

    /// Of two classes the coupling stops short of the sigmoid itself.
    #[test]
    fn coupled_probabilities_sum_to_one() {
        let p = couple(&probabilities(&[-1.3], &[(-1.5, 0.1)], 2));
        assert!((p[0] + p[1] - 1.0).abs() < 1e-15, "{p:?}");
        let sigmoid = 1.0 / (1.0 + (1.3f64 * 1.5 + 0.1).exp());
        assert!((p[0] - sigmoid).abs() < 0.01 && p[0] != sigmoid, "{p:?} {sigmoid}");
    }
}
