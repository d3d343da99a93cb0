//! One problem of two classes, solved: what libsvm calls `svm_train_one`.

use super::Settings;
use super::matrix::{Rows, Signed};
use super::solver::{Variable, solve};
use crate::model::svm::Kernel;

/// A training row and its side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample<'d> {
    pub positive: bool,
    pub row: &'d [f64],
}

/// What was found for the samples.
pub(super) struct Binary {
    /// Weight of each sample's kernel in a decision, its sign included.
    pub coef: Vec<f64>,
    /// What is taken from a decision.
    pub rho: f64,
    pub n_iter: usize,
    pub timed_out: bool,
}

impl Binary {
    /// Trains with the bounds of the positive and of the negative samples.
    pub fn train(samples: &[Sample<'_>], settings: &Settings, c: (f64, f64)) -> Binary {
        let variable = |sample: &Sample<'_>| {
            let c = if sample.positive { c.0 } else { c.1 };
            Variable { positive: sample.positive, c, p: -1.0 }
        };
        let variables: Vec<Variable> = samples.iter().map(variable).collect();
        let rows = Rows::new(settings.kernel, samples.iter().map(|sample| sample.row).collect(), settings.threads);
        let positive = samples.iter().map(|sample| sample.positive).collect();
        let solution = solve(Signed::new(rows, positive, settings.cache_bytes), &variables, settings.stop);
        let sign = |(alpha, sample): (f64, &Sample<'_>)| if sample.positive { alpha } else { -alpha };
        Binary {
            coef: solution.alpha.into_iter().zip(samples).map(sign).collect(),
            rho: solution.rho,
            n_iter: solution.n_iter,
            timed_out: solution.timed_out,
        }
    }

    /// The decision for a row, above 0 for the positive side.
    pub fn decide(&self, samples: &[Sample<'_>], row: &[f64], kernel: Kernel) -> f64 {
        let vectors = self.coef.iter().zip(samples).filter(|(coef, _)| **coef != 0.0);
        vectors.fold(0.0, |sum, (coef, sample)| sum + coef * kernel.of(row, sample.row)) - self.rho
    }
}
