//! Kernels and what is made of them by `+`, `*` and `**`: `sklearn.gaussian_process.kernels`.

use super::bessel::{bessel_k, gamma};
use crate::model::math::dot;
use crate::model::pairwise::Pairwise;
use crate::model::svm::squared_distance;
use std::f64::consts::PI;

/// An expression, operands before what combines them: its evaluation has no recursion, however a file nests it.
#[derive(Debug, Clone, PartialEq)]
pub struct Kernel(Vec<Op>);

/// A kernel of two rows, or what makes one kernel of one or two.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    Constant(f64),
    /// Only a row with itself has it.
    White(f64),
    /// Features are divided by the scale: one for all, or one each.
    Rbf {
        scale: Vec<f64>,
    },
    Matern {
        scale: Vec<f64>,
        smoothness: Smoothness,
    },
    RationalQuadratic {
        scale: f64,
        alpha: f64,
    },
    ExpSineSquared {
        scale: f64,
        periodicity: f64,
    },
    DotProduct {
        sigma: f64,
    },
    Pairwise(Pairwise),
    Sum,
    Product,
    Power(f64),
}

/// `nu` of a Matérn kernel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Smoothness {
    Half,
    OneAndHalf,
    TwoAndHalf,
    Infinite,
    /// Any other takes a Bessel function, times a factor of its own.
    Other {
        nu: f64,
        factor: f64,
    },
}

impl Kernel {
    /// From operands and operators in the order of evaluation; `None` when that does not leave exactly one value.
    pub fn new(ops: Vec<Op>) -> Option<Kernel> {
        let mut depth = 0usize;
        for op in &ops {
            depth = match op {
                Op::Sum | Op::Product => depth.checked_sub(1).filter(|left| *left > 0)?,
                Op::Power(_) => (depth > 0).then_some(depth)?,
                _ => depth + 1,
            };
        }
        (depth == 1).then_some(Kernel(ops))
    }

    /// Of one row and each of `rows`, which are as long: `kernel(X, Y)`.
    pub fn against(&self, row: &[f64], rows: &[f64]) -> Vec<f64> {
        self.evaluate(|op| op.against(row, rows))
    }

    /// Of a row and itself: `kernel.diag(X)`.
    pub fn own(&self, row: &[f64]) -> f64 {
        self.evaluate(|op| vec![op.own(row)])[0]
    }

    fn evaluate(&self, operand: impl Fn(&Op) -> Vec<f64>) -> Vec<f64> {
        let mut stack: Vec<Vec<f64>> = vec![];
        for op in &self.0 {
            let combine: fn(&mut f64, f64) = match op {
                Op::Sum => |a, b| *a += b,
                Op::Product => |a, b| *a *= b,
                Op::Power(exponent) => {
                    let base = stack.last_mut().expect("checked when it was made");
                    base.iter_mut().for_each(|value| *value = value.powf(*exponent));
                    continue;
                }
                operand_of => {
                    stack.push(operand(operand_of));
                    continue;
                }
            };
            let second = stack.pop().expect("checked when it was made");
            let first = stack.last_mut().expect("checked when it was made");
            first.iter_mut().zip(second).for_each(|(a, b)| combine(a, b));
        }
        stack.pop().expect("checked when it was made")
    }
}

impl Op {
    fn against(&self, row: &[f64], rows: &[f64]) -> Vec<f64> {
        let each = |value: &dyn Fn(&[f64]) -> f64| rows.chunks_exact(row.len()).map(value).collect();
        match self {
            Op::Constant(value) => each(&|_| *value),
            Op::Rbf { scale } => scaled(row, rows, scale, |squared| (-0.5 * squared).exp()),
            Op::Matern { scale, smoothness } => scaled(row, rows, scale, |squared| smoothness.of(squared.sqrt())),
            Op::RationalQuadratic { scale, alpha } => {
                each(&|other| (1.0 + squared_distance(row, other) / (2.0 * alpha * scale * scale)).powf(-alpha))
            }
            Op::ExpSineSquared { scale, periodicity } => each(&|other| {
                let wave = (PI / periodicity * squared_distance(row, other).sqrt()).sin() / scale;
                (-2.0 * (wave * wave)).exp()
            }),
            Op::DotProduct { sigma } => each(&|other| dot(row, other) + sigma * sigma),
            Op::Pairwise(kernel) => each(&|other| kernel.of(row, other)),
            Op::White(_) | Op::Sum | Op::Product | Op::Power(_) => each(&|_| 0.0),
        }
    }

    fn own(&self, row: &[f64]) -> f64 {
        match self {
            Op::Constant(value) | Op::White(value) => *value,
            Op::DotProduct { sigma } => dot(row, row) + sigma * sigma,
            Op::Pairwise(kernel) => kernel.of(row, row),
            _ => 1.0,
        }
    }
}

/// A function of the squared distances of rows whose features are divided by the scale.
fn scaled(row: &[f64], rows: &[f64], scale: &[f64], of: impl Fn(f64) -> f64) -> Vec<f64> {
    let divide = |row: &[f64], out: &mut [f64]| {
        out.iter_mut().zip(row.iter().zip(scale.iter().cycle())).for_each(|(out, (x, scale))| *out = x / scale);
    };
    let (mut own, mut other) = (vec![0.0; row.len()], vec![0.0; row.len()]);
    divide(row, &mut own);
    let distance = |row| {
        divide(row, &mut other);
        of(squared_distance(&own, &other))
    };
    rows.chunks_exact(own.len()).map(distance).collect()
}

impl Smoothness {
    /// Of any `nu` above 0 whose gamma function is finite.
    pub fn of_nu(nu: f64) -> Smoothness {
        Smoothness::Other { nu, factor: 2f64.powf(1.0 - nu) / gamma(nu) }
    }

    fn of(self, distance: f64) -> f64 {
        match self {
            Smoothness::Half => (-distance).exp(),
            Smoothness::OneAndHalf => {
                let k = distance * 3f64.sqrt();
                (1.0 + k) * (-k).exp()
            }
            Smoothness::TwoAndHalf => {
                let k = distance * 5f64.sqrt();
                (1.0 + k + k * k / 3.0) * (-k).exp()
            }
            Smoothness::Infinite => (-(distance * distance) / 2.0).exp(),
            Smoothness::Other { nu, factor } => {
                let k = (2.0 * nu).sqrt() * if distance == 0.0 { f64::EPSILON } else { distance };
                factor * k.powf(nu) * bessel_k(nu, k)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_leaves_one_value() {
        let constant = || Op::Constant(2.0);
        for (ops, expected) in [
            (vec![constant()], Some(2.0)),
            (vec![constant(), Op::White(3.0), Op::Sum], Some(5.0)),
            (vec![constant(), Op::White(3.0), Op::Product, Op::Power(2.0)], Some(36.0)),
            (vec![], None),
            (vec![Op::Sum], None),
            (vec![Op::Power(2.0), constant()], None),
            (vec![constant(), Op::Product], None),
            (vec![constant(), constant()], None),
        ] {
            assert_eq!(Kernel::new(ops.clone()).map(|kernel| kernel.own(&[1.0])), expected, "{ops:?}");
        }
    }

    /// Expected: `kernel([[1., 2.]], [[0., 4.]])` of scikit-learn 1.9.1.
    #[test]
    fn kernels_are_scikit_learns() {
        let matern = |smoothness| Op::Matern { scale: vec![2.0], smoothness };
        for (op, expected) in [
            (Op::Rbf { scale: vec![1.0, 2.0] }, 0.36787944117144233),
            (matern(Smoothness::Half), 0.3269218953517579),
            (matern(Smoothness::OneAndHalf), 0.42346851483873416),
            (matern(Smoothness::TwoAndHalf), 0.4583079089834349),
            (matern(Smoothness::Infinite), 0.5352614285189902),
            (Op::RationalQuadratic { scale: 1.5, alpha: 0.7 }, 0.5140520098894372),
            (Op::ExpSineSquared { scale: 1.5, periodicity: 2.5 }, 0.9100578519649951),
            (Op::DotProduct { sigma: 0.5 }, 8.25),
            (Op::White(3.0), 0.0),
        ] {
            let got = Kernel::new(vec![op.clone()]).unwrap().against(&[1.0, 2.0], &[0.0, 4.0]);
            assert!((got[0] - expected).abs() <= 1e-15 * expected.abs(), "{op:?}: {got:?}");
        }
    }
}
