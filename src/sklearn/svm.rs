//! `SVC`, `NuSVC`, `SVR`, `NuSVR`, `OneClassSVM`: what libsvm found, under the names with a leading underscore. The public
//! ones change sign for two classes.

use super::attributes::{class_name, flag, n_features, policy, vector};
use super::members::own_classes;
use super::{BuildError, Context, sparse};
use crate::model::Svm;
use crate::model::svm::{Kernel, Labels, Target, Vectors};
use crate::value::View;

/// Reads vectors, coefficients and kernel.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or the kernel is a function.
pub fn svm(value: &View<'_, '_>, ctx: &mut Context) -> Result<Svm, BuildError> {
    let kernel = kernel(value)?;
    let (vectors, n_vectors, n_features) = vectors(value, kernel, ctx)?;
    let dual = value.attr("_dual_coef_")?;
    let intercept = vector(value, "_intercept_", ctx)?;
    let target = match class_name(value) {
        "SVC" | "NuSVC" => Target::Labels(labels(value, n_vectors, ctx)?),
        "OneClassSVM" => Target::Outlier { offset: value.attr("offset_")?.f64()? },
        _ => Target::Number,
    };
    let (rows, pairs) = match &target {
        Target::Labels(labels) => (labels.classes.len() - 1, labels.classes.len() * (labels.classes.len() - 1) / 2),
        _ => (1, 1),
    };
    let (dual_rows, dual_columns, coef) = sparse::matrix(&dual, ctx)?;
    if (dual_rows, dual_columns) != (rows, n_vectors) || intercept.len() != pairs {
        let found = format!("{dual_rows} of {dual_columns} and {} intercepts", intercept.len());
        return Err(dual
            .error(format!("expected {rows} rows of {n_vectors}, and {pairs} intercepts; found {found}"))
            .into());
    }
    Ok(Svm { policy: policy(value, false), n_features, kernel, vectors, coef, intercept, target })
}

/// `gamma` as it was resolved when fitted.
fn kernel(value: &View<'_, '_>) -> Result<Kernel, BuildError> {
    let name = value.attr("kernel")?;
    let Ok(name) = name.str() else {
        return Err(BuildError::option(value, format!("a kernel that is {}", name.kind())));
    };
    let gamma = || value.attr("_gamma")?.f64();
    let coef0 = || value.attr("coef0")?.f64();
    Ok(match name {
        "linear" => Kernel::Linear,
        "rbf" => Kernel::Rbf { gamma: gamma()? },
        "sigmoid" => Kernel::Sigmoid { gamma: gamma()?, coef0: coef0()? },
        "poly" => {
            let degree = value.attr("degree")?;
            let Ok(degree) = u32::try_from(degree.usize()?) else {
                return Err(degree.error("too large a degree").into());
            };
            Kernel::Poly { gamma: gamma()?, coef0: coef0()?, degree }
        }
        "precomputed" => Kernel::Precomputed,
        other => return Err(BuildError::option(value, format!("kernel={other:?}"))),
    })
}

/// The support vectors, how many there are, and how many columns the input has.
fn vectors(value: &View<'_, '_>, kernel: Kernel, ctx: &mut Context) -> Result<(Vectors, usize, usize), BuildError> {
    if kernel == Kernel::Precomputed {
        let n = n_features(value, None, ctx)?;
        let support = value.attr("support_")?;
        ctx.read(&support)?;
        let place = |at: i64| usize::try_from(at).ok().filter(|at| *at < n);
        let places: Option<Vec<usize>> = support.i64s()?.into_iter().map(place).collect();
        let Some(places) = places else { return Err(support.error(format!("a place beyond the {n} columns")).into()) };
        let count = places.len();
        return Ok((Vectors::Places(places), count, n));
    }
    let rows = value.attr("support_vectors_")?;
    let (count, columns, values) = sparse::matrix(&rows, ctx)?;
    let n = n_features(value, Some(columns), ctx)?;
    Ok((Vectors::Rows(values), count, n))
}

fn labels(value: &View<'_, '_>, n_vectors: usize, ctx: &mut Context) -> Result<Labels, BuildError> {
    let classes = own_classes(value, ctx)?;
    let n = classes.len();
    let counts = value.attr("_n_support")?;
    let n_support: Option<Vec<usize>> = counts.i64s()?.into_iter().map(|count| usize::try_from(count).ok()).collect();
    let n_support = n_support.unwrap_or_default();
    let total = n_support.iter().try_fold(0usize, |sum, count| sum.checked_add(*count));
    if n < 2 || n_support.len() != n || total != Some(n_vectors) {
        return Err(counts.error(format!("expected {n_vectors} vectors in {n} classes, at least two")).into());
    }
    let per_class = match value.attr("decision_function_shape")?.str()? {
        "ovr" => true,
        "ovo" => false,
        other => return Err(BuildError::option(value, format!("decision_function_shape={other:?}"))),
    };
    let break_ties = flag(value, "break_ties", false)?;
    if break_ties && !per_class {
        return Err(BuildError::option(value, "break_ties=True and decision_function_shape='ovo'"));
    }
    let platt = platt(value, n * (n - 1) / 2, ctx)?;
    Ok(Labels { classes, n_support, per_class, break_ties: break_ties && n > 2, platt })
}

/// `probability` is the text `'deprecated'` unless given, from 1.9.
fn platt(value: &View<'_, '_>, pairs: usize, ctx: &mut Context) -> Result<Option<Vec<(f64, f64)>>, BuildError> {
    let probability = value.attr("probability")?;
    if probability.str() == Ok("deprecated") || !probability.bool()? {
        return Ok(None);
    }
    let (a, b) = (vector(value, "_probA", ctx)?, vector(value, "_probB", ctx)?);
    match (a.len(), b.len()) {
        (0, 0) => Ok(None),
        (of_a, of_b) if of_a == pairs && of_b == pairs => Ok(Some(a.into_iter().zip(b).collect())),
        (found, _) => Err(value.error(format!("{found} sigmoids for {pairs} pairs of classes")).into()),
    }
}
