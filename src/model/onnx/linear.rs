//! Linear models and support vector machines of ai.onnx.ml: float32 throughout, with ONNX Runtime's order of steps.

use super::matrix::rows_by_rows;
use super::post::{Post, logistic};
use super::tensor::{Data, Op, Tensor, fail};

/// `LinearClassifier`, `LinearRegressor`.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// One row of as many as there are columns, for each target.
    pub coefficients: Vec<f32>,
    /// One for each target; none where there are none.
    pub intercepts: Vec<f32>,
    pub targets: usize,
    pub post: Post,
    /// Of a classifier: how many labels it has.
    pub labels: Option<usize>,
}

impl Linear {
    /// Scores, shape (rows, targets) or of two labels (rows, 2), and the position of each label.
    pub fn run(&self, x: &Tensor) -> Op<(Tensor, Vec<u32>)> {
        let width = self.coefficients.len() / self.targets.max(1);
        let (rows, _) = fitting(x, width)?;
        let mut scores = rows_by_rows(&x.f32s()?, &self.coefficients, width)?;
        for row in scores.chunks_exact_mut(self.targets) {
            row.iter_mut().zip(&self.intercepts).for_each(|(score, intercept)| *score += intercept);
        }
        let label = |row: &[f32]| match row {
            [score] => u32::from(*score > 0.0),
            row => first_largest(row) as u32,
        };
        let labels = scores.chunks_exact(self.targets).map(label).collect();
        if self.labels == Some(2) && self.targets == 1 {
            let both = scores.into_iter().flat_map(|score| self.post.of_two(score, self.post == Post::None)).collect();
            return Ok((Tensor::new(vec![rows, 2], Data::F32(both))?, labels));
        }
        for row in scores.chunks_exact_mut(self.targets) {
            if self.labels.is_some() { self.post.scores(row) } else { self.post.regression(row) }
        }
        Ok((Tensor::new(vec![rows, self.targets], Data::F32(scores))?, labels))
    }
}

fn first_largest(row: &[f32]) -> usize {
    (1..row.len()).fold(0, |best, at| if row[at] > row[best] { at } else { best })
}

/// A kernel of a support vector machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kernel {
    Linear,
    Poly { gamma: f32, coef0: f32, degree: f32 },
    Rbf { gamma: f32 },
    Sigmoid { gamma: f32, coef0: f32 },
}

impl Kernel {
    /// Kernel values of each row with each support vector.
    fn run(self, x: &[f32], vectors: &[f32], width: usize) -> Op<Vec<f32>> {
        if let Kernel::Rbf { gamma } = self {
            let value = |row: &[f32], vector: &[f32]| {
                let distance = row.iter().zip(vector).fold(0.0, |sum, (x, y)| sum + (x - y) * (x - y));
                (-gamma * distance).exp()
            };
            let row = |row| vectors.chunks_exact(width).map(move |vector| value(row, vector));
            return Ok(x.chunks_exact(width).flat_map(row).collect());
        }
        let mut values = rows_by_rows(x, vectors, width)?;
        match self {
            Kernel::Poly { gamma, coef0, degree } => values.iter_mut().for_each(|value| {
                let base = *value * gamma + coef0;
                *value = match degree {
                    2.0 => base * base,
                    3.0 => base * base * base,
                    degree => base.powf(degree),
                };
            }),
            Kernel::Sigmoid { gamma, coef0 } => {
                values.iter_mut().for_each(|value| *value = f64::from(*value * gamma + coef0).tanh() as f32);
            }
            Kernel::Linear | Kernel::Rbf { .. } => {}
        }
        Ok(values)
    }
}

/// `SVMRegressor`: one number a row.
#[derive(Debug, Clone, PartialEq)]
pub struct SvmRegressor {
    pub kernel: Kernel,
    /// Support vectors; none where the coefficients are of the columns themselves.
    pub vectors: Vec<f32>,
    pub coefficients: Vec<f32>,
    pub rho: f32,
    pub width: usize,
    /// The sign instead of the number.
    pub one_class: bool,
}

impl SvmRegressor {
    pub fn run(&self, x: &Tensor) -> Op<Tensor> {
        let (rows, _) = fitting(x, self.width)?;
        let x = x.f32s()?;
        let mut out = match self.vectors.is_empty() {
            true => rows_by_rows(&x, &self.coefficients, self.width)?,
            false => {
                let kernels = self.kernel.run(&x, &self.vectors, self.width)?;
                rows_by_rows(&kernels, &self.coefficients, self.coefficients.len())?
            }
        };
        out.iter_mut().for_each(|value| *value += self.rho);
        if self.one_class {
            out.iter_mut().for_each(|value| *value = if *value > 0.0 { 1.0 } else { -1.0 });
        }
        Tensor::new(vec![rows, 1], Data::F32(out))
    }
}

/// `SVMClassifier`: pairs of classes, whose decisions vote. Sizes are checked when it is built.
#[derive(Debug, Clone, PartialEq)]
pub struct SvmClassifier {
    pub kernel: Kernel,
    pub vectors: Vec<f32>,
    /// Shape (classes - 1, vectors), or (classes, columns) where there are no vectors.
    pub coefficients: Vec<f32>,
    /// One for each pair; at least one.
    pub rho: Vec<f32>,
    /// Platt's slopes and intercepts, one for each pair; none where there are no probabilities.
    pub platt: Vec<(f32, f32)>,
    /// How many support vectors each class has.
    pub per_class: Vec<usize>,
    pub classes: usize,
    pub width: usize,
    pub post: Post,
}

impl SvmClassifier {
    /// Scores (of pairs, or probabilities of classes) and the position of each label.
    pub fn run(&self, x: &Tensor) -> Op<(Tensor, Vec<u32>)> {
        let (rows, _) = fitting(x, self.width)?;
        let x = x.f32s()?;
        let (mut out, mut labels) = (vec![], Vec::with_capacity(rows));
        if self.vectors.is_empty() {
            out = rows_by_rows(&x, &self.coefficients, self.width)?;
            for row in out.chunks_exact_mut(self.classes) {
                row.iter_mut().for_each(|score| *score += self.rho[0]);
                labels.push(first_largest(row) as u32);
                self.post.scores(row);
            }
        } else {
            let kernels = self.kernel.run(&x, &self.vectors, self.width)?;
            for kernels in kernels.chunks_exact(self.per_class.iter().sum()) {
                labels.push(self.of_row(kernels, &mut out));
            }
        }
        let pairs = self.classes * (self.classes - 1) / 2;
        let width = if self.vectors.is_empty() || !self.platt.is_empty() { self.classes } else { pairs.max(2) };
        Ok((Tensor::new(vec![rows, width], Data::F32(out))?, labels))
    }

    fn of_row(&self, kernels: &[f32], out: &mut Vec<f32>) -> u32 {
        let (decisions, votes) = self.decisions(kernels);
        let most = (1..votes.len()).fold(0, |best, at| if votes[at] > votes[best] { at } else { best });
        let from = out.len();
        if !self.platt.is_empty() {
            out.extend(self.probabilities(&decisions));
            self.post.scores(&mut out[from..]);
        } else if let [decision] = decisions[..] {
            out.extend(self.post.of_two(decision, self.post != Post::None));
        } else {
            out.extend(decisions);
            self.post.scores(&mut out[from..]);
        }
        most as u32
    }

    /// The decision of each pair, and how many pairs each class wins.
    fn decisions(&self, kernels: &[f32]) -> (Vec<f32>, Vec<usize>) {
        let starts = self.per_class.iter().scan(0, |sum, n| Some(std::mem::replace(sum, *sum + n)));
        let starts: Vec<usize> = starts.collect();
        let (mut decisions, mut votes) = (vec![], vec![0; self.classes]);
        let add = |sum: f64, row: usize, class: usize| {
            let span = starts[class]..starts[class] + self.per_class[class];
            let coefficients = &self.coefficients[row * kernels.len()..][span.clone()];
            coefficients.iter().zip(&kernels[span]).fold(sum, |sum, (c, k)| sum + f64::from(c * k))
        };
        for i in 0..self.classes {
            for j in i + 1..self.classes {
                let sum = add(add(0.0, j - 1, i), i, j) + f64::from(self.rho[decisions.len()]);
                votes[if sum > 0.0 { i } else { j }] += 1;
                decisions.push(sum as f32);
            }
        }
        (decisions, votes)
    }

    /// libsvm's coupling of pairwise probabilities, in float32.
    fn probabilities(&self, decisions: &[f32]) -> Vec<f32> {
        let n = self.classes;
        let mut r = vec![0.0; n * n];
        let mut pairs = decisions.iter().zip(&self.platt);
        for i in 0..n {
            for (j, (decision, (a, b))) in (i + 1..n).zip(&mut pairs) {
                let p = (1.0 - logistic(decision * a + b)).clamp(1e-7, 1.0 - 1e-7);
                r[i * n + j] = p;
                r[j * n + i] = 1.0 - p;
            }
        }
        couple(n, &r)
    }
}

fn couple(n: usize, r: &[f32]) -> Vec<f32> {
    let mut q = vec![0.0f32; n * n];
    for i in 0..n {
        for j in (0..n).filter(|j| *j != i) {
            q[i * n + i] += r[j * n + i] * r[j * n + i];
            q[i * n + j] = if j < i { q[j * n + i] } else { -r[j * n + i] * r[i * n + j] };
        }
    }
    let mut p = vec![1.0 / n as f32; n];
    for _ in 0..100 {
        let mut qp: Vec<f32> = (0..n).map(|i| (0..n).fold(0.0, |sum, j| sum + q[i * n + j] * p[j])).collect();
        let mut pqp = (0..n).fold(0.0, |sum, i| sum + p[i] * qp[i]);
        let error = qp.iter().fold(0.0f32, |most, value| most.max((value - pqp).abs()));
        if error < 0.005 / n as f32 {
            break;
        }
        for i in 0..n {
            let step = (pqp - qp[i]) / q[i * n + i];
            p[i] += step;
            pqp = (pqp + step * (step * q[i * n + i] + 2.0 * qp[i])) / (1.0 + step) / (1.0 + step);
            for j in 0..n {
                qp[j] = (qp[j] + step * q[i * n + j]) / (1.0 + step);
                p[j] /= 1.0 + step;
            }
        }
    }
    p
}

/// Rows and columns of an input that must have `width` columns.
fn fitting(x: &Tensor, width: usize) -> Op<(usize, usize)> {
    match x.rows()? {
        (rows, columns) if columns == width && width > 0 => Ok((rows, columns)),
        (_, columns) => fail(format!("it takes {width} columns, but its input has {columns}")),
    }
}
