//! `SplineTransformer`.

use super::attributes::{flag, n_features, numbers, policy, vector};
use super::{BuildError, Context, Version};
use crate::model::spline::{Beyond, Spline};
use crate::model::{InputPolicy, SplineTransformer};
use crate::value::{Id, View};
use std::collections::HashMap;
use std::sync::Arc;

/// Reads the B-splines of each column.
///
/// # Errors
/// When its attributes are not what scikit-learn and scipy write.
pub fn spline_transformer(value: &View<'_, '_>, ctx: &mut Context) -> Result<SplineTransformer, BuildError> {
    let beyond = match value.attr("extrapolation")?.str()? {
        "error" => Beyond::Refuse,
        "constant" => Beyond::Constant,
        "linear" => Beyond::Linear,
        "continue" => Beyond::Continue,
        "periodic" => Beyond::Periodic,
        other => return Err(BuildError::option(value, format!("extrapolation={other:?}"))),
    };
    let degree = value.attr("degree")?.usize()?;
    let all = value.attr("bsplines_")?;
    let items = all.items()?;
    n_features(value, Some(items.len()), ctx)?;
    let mut shared = HashMap::new();
    let mut splines: Vec<Spline> = Vec::with_capacity(items.len());
    // scikit-learn's own degree grows from column to column where lines go on from functions of degree 0 or 1.
    let mut edge = degree;
    for item in &items {
        let outer = if beyond == Beyond::Linear && edge <= 1 { edge + 1 } else { edge };
        let spline = spline(item, degree, (edge, outer), &mut shared, ctx)?;
        if splines.first().is_some_and(|first| first.n_functions != spline.n_functions) {
            return Err(item.error("another number of functions than the first column").into());
        }
        let (low, high) = (spline.knots[degree], spline.knots[spline.knots.len() - degree - 1]);
        if beyond == Beyond::Periodic && low >= high {
            return Err(BuildError::option(value, "a period of 0"));
        }
        splines.push(spline);
        edge = outer;
    }
    let drops_last = !flag(value, "include_bias", true)?;
    if drops_last && splines[0].n_functions == 1 {
        return Err(value.error("it gives no columns").into());
    }
    let refusal = match Version::of(value, ctx) >= Version(1, 8) {
        true => "`X` contains values beyond the limits of the knots.",
        false => "X contains values beyond the limits of the knots.",
    };
    let zeros = value.some("handle_missing").is_some_and(|how| how.str() == Ok("zeros"));
    let policy = InputPolicy { allow_infinite: zeros, ..policy(value, zeros) };
    Ok(SplineTransformer { policy, splines, beyond, drops_last, refusal })
}

/// One `BSpline`. Those of all columns share their coefficients, which are read once.
fn spline(
    value: &View<'_, '_>,
    degree: usize,
    (edge, outer): (usize, usize),
    shared: &mut HashMap<Id, Arc<Vec<f64>>>,
    ctx: &mut Context,
) -> Result<Spline, BuildError> {
    // Newer versions of scipy keep them with an underscore before the name.
    let (t, c) = if value.get("_t").is_some() { ("_t", "_c") } else { ("t", "c") };
    let knots = vector(value, t, ctx)?;
    let coefficients = value.attr(c)?;
    let rows = knots.len().saturating_sub(degree.saturating_add(1));
    let n_functions = match coefficients.shape()[..] {
        [found, n] if found >= rows && n > 0 => n,
        _ => return Err(coefficients.error(format!("expected {rows} rows, found {}", coefficients.kind())).into()),
    };
    let fits = value.attr("k")?.usize()? == degree && rows > degree && edge <= rows && outer <= n_functions;
    let ascending = knots.is_sorted_by(|a, b| a <= b) && knots.iter().all(|knot| knot.is_finite());
    if !fits || !ascending {
        return Err(value.error(format!("{} knots are not those of functions of degree {degree}", knots.len())).into());
    }
    let coefficients = match shared.get(&coefficients.id()) {
        Some(known) => known.clone(),
        None => {
            let read = Arc::new(numbers(&coefficients, ctx)?);
            shared.insert(coefficients.id(), read.clone());
            read
        }
    };
    Ok(Spline { knots, degree, coefficients, n_functions, edge, outer })
}
