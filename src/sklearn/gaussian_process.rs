//! `GaussianProcessRegressor`, `GaussianProcessClassifier` and their kernels.

use super::attributes::{class_name, matrix, numbers, policy, vector};
use super::members::own_classes;
use super::multiclass::{one_vs_one, one_vs_rest};
use super::{BuildError, Context, pairwise};
use crate::model::gaussian_process::{Kernel, Laplace, Op, Process, Regression, Smoothness};
use crate::model::pairwise::Pairwise;
use crate::model::{GaussianProcess, InputPolicy};
use crate::value::{ValueError, View};

/// Reads the training rows and the weight of each.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or the kernel is not computed.
pub fn regressor(value: &View<'_, '_>, ctx: &mut Context) -> Result<GaussianProcess, BuildError> {
    let (process, n) = process(value, policy(value, false), ctx)?;
    let alpha = value.attr("alpha_")?;
    let targets = match alpha.shape()[..] {
        [rows] if rows == n => 1,
        [rows, targets] if rows == n && targets > 0 => targets,
        _ => return Err(alpha.error(format!("expected a number for each of {n} rows, found {}", alpha.kind())).into()),
    };
    let rows = numbers(&alpha, ctx)?;
    let alpha = (0..targets).flat_map(|at| rows.iter().skip(at).step_by(targets).copied()).collect();
    let mean = of_targets(value, "_y_train_mean", targets, ctx)?;
    let scale = of_targets(value, "_y_train_std", targets, ctx)?;
    Ok(GaussianProcess::Regressor(process, Regression { alpha, mean, scale }))
}

/// One number for each target, or one for all.
fn of_targets<'g>(
    value: &View<'g, '_>,
    key: &'g str,
    targets: usize,
    ctx: &mut Context,
) -> Result<Vec<f64>, ValueError> {
    let found = value.attr(key)?;
    match numbers(&found, ctx)? {
        all if all.len() == targets => Ok(all),
        all if all.len() == 1 => Ok(vec![all[0]; targets]),
        all => Err(found.error(format!("{} numbers for {targets} targets", all.len()))),
    }
}

/// Reads a classifier: of two classes itself, of more those that it is made of.
///
/// # Errors
/// As [`regressor`].
pub fn classifier(value: &View<'_, '_>, ctx: &mut Context) -> Result<GaussianProcess, BuildError> {
    let base = value.attr("base_estimator_")?;
    match class_name(&base) {
        "OneVsRestClassifier" => Ok(GaussianProcess::Classifiers(one_vs_rest(&base, ctx)?)),
        "OneVsOneClassifier" => Ok(GaussianProcess::Classifiers(one_vs_one(&base, ctx)?)),
        _ => binary(&base, ctx),
    }
}

/// Reads `_BinaryGaussianProcessClassifierLaplace`, whose input its owner has checked.
///
/// # Errors
/// As [`regressor`].
pub fn binary(value: &View<'_, '_>, ctx: &mut Context) -> Result<GaussianProcess, BuildError> {
    let policy = InputPolicy { estimator: "GaussianProcessClassifier".into(), ..policy(value, false) };
    let (process, n) = process(value, policy, ctx)?;
    let classes = own_classes(value, ctx)?;
    let (labels, shares) = (vector(value, "y_train_", ctx)?, vector(value, "pi_", ctx)?);
    let root = vector(value, "W_sr_", ctx)?;
    let lower = value.attr("L_")?;
    let agree = [labels.len(), shares.len(), root.len()] == [n; 3] && lower.shape() == [n, n];
    if !agree || classes.len() != 2 {
        return Err(value.error(format!("its arrays are not for {n} rows of two classes")).into());
    }
    let factor = numbers(&lower, ctx)?;
    if (0..n).any(|at| factor[at * n + at] == 0.0) {
        return Err(lower.error("a 0 on the diagonal").into());
    }
    let residuals = labels.into_iter().zip(shares).map(|(label, share)| label - share).collect();
    Ok(GaussianProcess::Classifier(process, Laplace { classes, residuals, root, factor }))
}

/// The training rows, the kernel, and how many rows there are.
fn process(value: &View<'_, '_>, policy: InputPolicy, ctx: &mut Context) -> Result<(Process, usize), BuildError> {
    let (n, n_features, rows) = matrix(value, "X_train_", ctx)?;
    if n == 0 {
        return Err(value.error("it has no training rows").into());
    }
    let kernel = kernel(value.attr("kernel_")?, n_features, ctx)?;
    Ok((Process { policy, n_features, kernel, rows }, n))
}

/// What is left to do when a kernel is read without recursion.
enum Task<'g, 'a> {
    Read(View<'g, 'a>),
    Then(Op),
}

/// The expression, operands first.
fn kernel(value: View<'_, '_>, n_features: usize, ctx: &mut Context) -> Result<Kernel, BuildError> {
    let (mut ops, mut open) = (vec![], vec![Task::Read(value.clone())]);
    while let Some(task) = open.pop() {
        let view = match task {
            Task::Then(op) => {
                ops.push(op);
                continue;
            }
            Task::Read(view) => view,
        };
        ctx.read(&view)?;
        let both = |then| -> Result<_, ValueError> {
            Ok([Task::Then(then), Task::Read(view.attr("k2")?), Task::Read(view.attr("k1")?)])
        };
        match class_name(&view) {
            "Sum" => open.extend(both(Op::Sum)?),
            "Product" => open.extend(both(Op::Product)?),
            "Exponentiation" => {
                open.push(Task::Then(Op::Power(view.attr("exponent")?.f64()?)));
                open.push(Task::Read(view.attr("kernel")?));
            }
            _ => ops.push(operand(&view, n_features, ctx)?),
        }
    }
    Kernel::new(ops).ok_or_else(|| value.error("no kernel").into())
}

/// Beyond it, gamma(nu) is near the end of what a float holds.
const MOST_NU: f64 = 100.0;

fn operand(value: &View<'_, '_>, n_features: usize, ctx: &mut Context) -> Result<Op, BuildError> {
    let number = |key| value.attr(key)?.f64();
    Ok(match class_name(value) {
        "ConstantKernel" => Op::Constant(number("constant_value")?),
        "WhiteKernel" => Op::White(number("noise_level")?),
        "RBF" => Op::Rbf { scale: scale(value, n_features, ctx)? },
        "Matern" => {
            let smoothness = match number("nu")? {
                0.5 => Smoothness::Half,
                1.5 => Smoothness::OneAndHalf,
                2.5 => Smoothness::TwoAndHalf,
                f64::INFINITY => Smoothness::Infinite,
                nu if nu > 0.0 && nu <= MOST_NU => Smoothness::of_nu(nu),
                nu => return Err(BuildError::option(value, format!("nu={nu} (above 0 and up to {MOST_NU} is read)"))),
            };
            Op::Matern { scale: scale(value, n_features, ctx)?, smoothness }
        }
        "RationalQuadratic" => Op::RationalQuadratic { scale: number("length_scale")?, alpha: number("alpha")? },
        "ExpSineSquared" => Op::ExpSineSquared { scale: number("length_scale")?, periodicity: number("periodicity")? },
        "DotProduct" => Op::DotProduct { sigma: number("sigma_0")? },
        "PairwiseKernel" => Op::Pairwise(pairwise_kernel(value, n_features)?),
        _ => {
            let class = value.class().map_or_else(|| value.kind(), |class| class.to_string());
            return Err(BuildError::Unsupported { path: value.path(), class });
        }
    })
}

/// `length_scale`: one for all features, or one for each.
fn scale(value: &View<'_, '_>, n_features: usize, ctx: &mut Context) -> Result<Vec<f64>, ValueError> {
    let found = value.attr("length_scale")?;
    let scale = numbers(&found, ctx)?;
    match scale.len() == 1 || scale.len() == n_features {
        true => Ok(scale),
        false => Err(found.error(format!("{} length scales for {n_features} features", scale.len()))),
    }
}

fn pairwise_kernel(value: &View<'_, '_>, n_features: usize) -> Result<Pairwise, BuildError> {
    let metric = value.attr("metric")?;
    let Ok(name) = metric.str() else {
        return Err(BuildError::option(value, format!("a metric that is {}", metric.kind())));
    };
    let more = value.some("pairwise_kernels_kwargs");
    let parameter = |key| match key {
        "gamma" => value.some(key),
        _ => more.as_ref().and_then(|more| more.some(key)),
    };
    match pairwise::kernel(value, name, n_features, parameter)? {
        kernel if kernel.is_chi2() => Err(BuildError::option(value, format!("metric={name:?}"))),
        kernel => Ok(kernel),
    }
}
