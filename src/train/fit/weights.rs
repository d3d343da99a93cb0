//! `class_weight`: what each class weighs, and with it each row (`utils/class_weight.py`).

use super::super::params::{Literal, Params};
use super::FitError;
use crate::model::Classes;

/// The weight of each row, or `None` where all weigh the same.
///
/// # Errors
/// When a dict names a label that is no class, and leaves a class out.
pub(super) fn row_weights(params: &Params, classes: &Classes, codes: &[u32]) -> Result<Option<Vec<f64>>, FitError> {
    let by_class = class_weights(params, classes, codes)?;
    Ok(by_class.map(|weights| codes.iter().map(|code| weights[*code as usize]).collect()))
}

/// The weight of each class (`compute_class_weight`).
///
/// # Errors
/// As [`row_weights`].
pub(super) fn class_weights(params: &Params, classes: &Classes, codes: &[u32]) -> Result<Option<Vec<f64>>, FitError> {
    match params.get("class_weight") {
        Literal::Str(_) => Ok(Some(balanced(classes.len(), codes))),
        Literal::Dict(pairs) if !pairs.is_empty() => named(pairs, classes).map(Some),
        _ => Ok(None),
    }
}

/// Rows / (classes * rows of the class).
fn balanced(n_classes: usize, codes: &[u32]) -> Vec<f64> {
    let mut counts = vec![0.0; n_classes];
    codes.iter().for_each(|code| counts[*code as usize] += 1.0);
    counts.into_iter().map(|count| codes.len() as f64 / (n_classes as f64 * count)).collect()
}

fn named(pairs: &[(Literal, Literal)], classes: &Classes) -> Result<Vec<f64>, FitError> {
    let labels: Vec<String> = (0..classes.len()).map(|at| label(classes, at)).collect();
    // The last entry of a key counts, as in a dict of Python.
    let find = |at: usize| pairs.iter().rev().find(|(key, _)| is_label(key, classes, at, &labels[at]));
    let weights: Vec<Option<f64>> = (0..labels.len()).map(|at| find(at).and_then(|(_, w)| w.number())).collect();
    let missing: Vec<&str> =
        weights.iter().zip(&labels).filter(|(weight, _)| weight.is_none()).map(|(_, label)| label.as_str()).collect();
    if !missing.is_empty() && labels.len() - missing.len() != pairs.len() {
        return Err(FitError::ClassWeight { missing: missing.join(", ") });
    }
    let bad = weights.iter().flatten().find(|weight| !weight.is_finite() || **weight < 0.0);
    match bad {
        Some(weight) => Err(FitError::Parameter(format!("class_weight holds {weight}, which is no weight"))),
        None => Ok(weights.into_iter().map(|weight| weight.unwrap_or(1.0)).collect()),
    }
}

/// Whether a key of the dict is that label: equal as in Python, or as text, since keys of a TOML table are text.
fn is_label(key: &Literal, classes: &Classes, at: usize, text: &str) -> bool {
    let number = match classes {
        Classes::Int(v) => Some(v[at] as f64),
        Classes::Float(v) => Some(v[at]),
        Classes::Bool(v) => Some(f64::from(u8::from(v[at]))),
        Classes::Str(_) => None,
    };
    match key {
        Literal::Str(key) => key == text,
        Literal::Bool(key) => number == Some(f64::from(u8::from(*key))),
        key => key.number().is_some() && (key.number() == number || key.to_string() == text),
    }
}

/// A label as text.
pub(super) fn label(classes: &Classes, at: usize) -> String {
    match classes {
        Classes::Int(v) => v[at].to_string(),
        Classes::Float(v) => Literal::Float(v[at]).to_string(),
        Classes::Bool(v) => Literal::Bool(v[at]).to_string(),
        Classes::Str(v) => v[at].clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Estimator;
    use super::*;
    use std::collections::BTreeMap;

    fn check(weight: &str, classes: Classes, codes: &[u32], expected: Option<&[f64]>) {
        let given = BTreeMap::from([("class_weight".to_owned(), Literal::parse(weight))]);
        let spec = Estimator::parse("decision-tree-classifier", &given).unwrap();
        let weights = class_weights(&spec.params, &classes, codes);
        assert_eq!(weights.as_ref().ok().and_then(Option::as_deref), expected, "{weight}: {weights:?}");
    }

    #[test]
    fn weights_of_classes() {
        check("balanced", Classes::Int(vec![0, 1]), &[0, 0, 0, 1], Some(&[4.0 / 6.0, 2.0]));
        check("{0: 1, 1: 5}", Classes::Int(vec![0, 1]), &[0, 1], Some(&[1.0, 5.0]));
        check("{'1': 5}", Classes::Int(vec![0, 1]), &[0, 1], Some(&[1.0, 5.0]));
        check("{True: 5}", Classes::Bool(vec![false, true]), &[0, 1], Some(&[1.0, 5.0]));
        check("{'cat': 0.5}", Classes::Str(vec!["ant".into(), "cat".into()]), &[0, 1], Some(&[1.0, 0.5]));
        check("{'cow': 0.5}", Classes::Str(vec!["ant".into(), "cat".into()]), &[0, 1], None);
        check("{0: -1}", Classes::Int(vec![0, 1]), &[0, 1], None);
        check("None", Classes::Int(vec![0, 1]), &[0, 1], None);
    }
}
