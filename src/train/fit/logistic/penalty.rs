//! What `penalty`, `l1_ratio`, `C`, `solver` and `dual` ask for together, and which of it scikit-learn refuses.

use super::super::FitError;
use crate::train::params::{Literal, Params};

/// Weights of half the squared coefficients and of their sizes, beside a sum of losses of weight 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Penalty {
    pub l2: f64,
    pub l1: f64,
    /// Whose intercept is the coefficient of a constant column, and penalized as one.
    pub liblinear: bool,
}

impl Penalty {
    /// # Errors
    /// When the solver does not do that, in scikit-learn's words: here any could, but then a name would mean two things.
    pub fn of(params: &Params, classes: usize) -> Result<Penalty, FitError> {
        let (name, solver) = (name(params), params.text("solver").unwrap_or("lbfgs"));
        if let Some(problem) = refusal(name, solver, params.flag("dual"), classes) {
            return Err(FitError::Parameter(problem));
        }
        let ratio = match (name, params.number("l1_ratio")) {
            (Some("l1"), _) => 1.0,
            (Some("elasticnet"), Some(ratio)) => ratio,
            (Some("elasticnet"), None) => {
                return Err(FitError::Parameter("l1_ratio must be specified when penalty is elasticnet.".to_owned()));
            }
            _ => 0.0,
        };
        let strength = if name.is_none() { 0.0 } else { 1.0 / params.number("C").unwrap_or(1.0) };
        Ok(Penalty { l2: strength * (1.0 - ratio), l1: strength * ratio, liblinear: solver == "liblinear" })
    }
}

/// What `penalty` says, or `l1_ratio` and `C` in its place; `None` is no penalty.
fn name(params: &Params) -> Option<&str> {
    match params.get("penalty") {
        Literal::None => None,
        Literal::Str(name) if name != "deprecated" => Some(name.as_str()),
        _ if params.number("C").is_some_and(f64::is_infinite) => None,
        _ => match params.number("l1_ratio") {
            None | Some(0.0) => Some("l2"),
            Some(1.0) => Some("l1"),
            Some(_) => Some("elasticnet"),
        },
    }
}

/// Why `solver` does not take that (`_check_solver`, and liblinear itself).
fn refusal(name: Option<&str>, solver: &str, dual: bool, classes: usize) -> Option<String> {
    if let (Some(name @ ("l1" | "elasticnet")), false) = (name, matches!(solver, "liblinear" | "saga")) {
        return Some(format!(
            "Solver {solver} supports only 'l2' or None penalties, got {name} penalty; solver='saga' supports all"
        ));
    }
    if solver != "liblinear" {
        return dual.then(|| format!("Solver {solver} supports only dual=False, got dual=True"));
    }
    let problem = match name {
        Some("elasticnet") => "Only 'saga' solver supports elasticnet penalty, got solver=liblinear.",
        None => "C=np.inf as well as penalty=None is not supported for the liblinear solver",
        Some("l1") if dual => "The l1 penalty is not supported when dual=True; use dual=False",
        _ if classes > 2 => {
            "The 'liblinear' solver does not support multiclass classification (n_classes >= 3); use another solver"
        }
        _ => return None,
    };
    Some(problem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::params::Estimator;

    fn check(given: &[(&str, &str)], expected: Result<(f64, f64), &str>) {
        let given = given.iter().map(|(name, text)| ((*name).to_owned(), Literal::parse(text))).collect();
        let params = Estimator::parse("logistic-regression", &given).unwrap().params;
        match (Penalty::of(&params, 2), expected) {
            (Ok(found), Ok(expected)) => assert_eq!((found.l2, found.l1), expected, "{given:?}"),
            (Err(error), Err(start)) => assert!(error.to_string().starts_with(start), "{error}"),
            (found, _) => panic!("{given:?}: {found:?}"),
        }
    }

    #[test]
    fn penalties_as_scikit_learn_reads_them() {
        check(&[], Ok((1.0, 0.0)));
        check(&[("C", "0.5")], Ok((2.0, 0.0)));
        check(&[("C", "inf")], Ok((0.0, 0.0)));
        check(&[("penalty", "None"), ("C", "0.5")], Ok((0.0, 0.0)));
        check(&[("l1_ratio", "1"), ("solver", "saga"), ("C", "0.5")], Ok((0.0, 2.0)));
        check(&[("l1_ratio", "0.25"), ("solver", "saga"), ("C", "0.5")], Ok((1.5, 0.5)));
        check(&[("penalty", "l1"), ("solver", "liblinear")], Ok((0.0, 1.0)));
        check(&[("solver", "liblinear"), ("dual", "True")], Ok((1.0, 0.0)));
        check(&[("penalty", "l1")], Err("Solver lbfgs supports only 'l2'"));
        check(
            &[("penalty", "elasticnet"), ("solver", "saga"), ("l1_ratio", "None")],
            Err("l1_ratio must be specified"),
        );
        check(&[("l1_ratio", "0.5"), ("solver", "liblinear")], Err("Only 'saga'"));
        check(&[("dual", "True")], Err("Solver lbfgs supports only dual=False"));
        check(&[("penalty", "None"), ("solver", "liblinear")], Err("C=np.inf"));
    }
}
