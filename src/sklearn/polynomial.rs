//! `PolynomialFeatures`.

use super::attributes::{flag, n_features, policy};
use super::{BuildError, Context};
use crate::model::PolynomialFeatures;
use crate::value::View;

/// More terms than this are refused: a small file could ask for any number.
const MAX_TERMS: usize = 1 << 20;

/// Reads degrees, and lays out the terms.
pub fn polynomial_features(value: &View<'_, '_>, ctx: &mut Context) -> Result<PolynomialFeatures, BuildError> {
    let n = n_features(value, None, ctx)?;
    let bias = flag(value, "include_bias", true)?;
    let (least, degree) = match (value.get("_min_degree"), value.get("_max_degree")) {
        (Some(least), Some(degree)) => (least.usize()?, degree.usize()?),
        _ => (0, value.attr("degree")?.usize()?),
    };
    let interaction_only = flag(value, "interaction_only", false)?;
    let terms = PolynomialFeatures::terms(n, degree, interaction_only, bias, MAX_TERMS);
    let terms = terms.ok_or_else(|| BuildError::option(value, format!("more than {MAX_TERMS} terms")))?;
    let first = usize::from(bias);
    // Terms of lower degrees than asked for are computed, and left out.
    let hidden = match least {
        0 | 1 => first..first,
        _ => {
            let lower = PolynomialFeatures::terms(n, least - 1, interaction_only, bias, MAX_TERMS);
            first..lower.map_or(first, |lower| lower.len().min(terms.len()))
        }
    };
    let features = PolynomialFeatures { policy: policy(value, false), n_features: n, terms, hidden };
    match features.n_features_out() {
        0 => Err(value.error("it gives no columns").into()),
        _ => Ok(features),
    }
}
