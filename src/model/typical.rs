//! An input like the training data, as far as the model's own numbers tell: for examples shown to people, never for
//! scoring.

use super::power::PowerMethod;
use super::{Estimator, Transformer, Union};

impl Estimator {
    /// One value for each input feature, or nothing when no step tells; some values may not be finite.
    pub fn typical_input(&self) -> Option<Vec<f64>> {
        match self {
            Estimator::Pipeline(pipeline) => pipeline.steps().first()?.typical_input(),
            Estimator::Transformer(transformer) => transformer.typical_input(),
            _ => None,
        }
    }
}

impl Transformer {
    /// As [`Estimator::typical_input`]: what a scaler calls zero, what an imputer fills in.
    pub fn typical_input(&self) -> Option<Vec<f64>> {
        match self {
            Transformer::Scaler(scaler) => Some(scaler.center()),
            Transformer::SimpleImputer(imputer) => {
                Some(imputer.fill.iter().map(|fill| fill.unwrap_or_default()).collect())
            }
            Transformer::Pipeline(steps) => steps.first()?.typical_input(),
            Transformer::Estimator(estimator) => estimator.typical_input(),
            Transformer::OneHotEncoder(encoder) => {
                Some(encoder.columns().iter().map(|column| column.categories.first()).collect())
            }
            Transformer::ValueEncoder(encoder) => {
                Some(encoder.columns().iter().map(|column| column.categories.first()).collect())
            }
            // Box-Cox takes positive numbers only.
            Transformer::PowerTransformer(power) if power.method == PowerMethod::BoxCox => {
                Some(vec![1.0; power.n_features()])
            }
            Transformer::Union(union) => Some(typical_of(union)),
            _ => None,
        }
    }
}

/// For each column, what the first transformer says that gets it; NaN where none does.
fn typical_of(union: &Union) -> Vec<f64> {
    let mut row = vec![f64::NAN; union.n_features_in()];
    for part in union.parts() {
        let Some(values) = part.transformer.as_ref().and_then(Transformer::typical_input) else { continue };
        let places = match &part.columns {
            Some(columns) => columns.clone(),
            None => (0..row.len()).collect(),
        };
        for (place, value) in places.into_iter().zip(values) {
            if row[place].is_nan() {
                row[place] = value;
            }
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::preprocessing::Operation;
    use crate::model::{FloatType, InputPolicy, Scaler, SimpleImputer};

    fn policy() -> InputPolicy {
        InputPolicy { estimator: "X".into(), dtype: FloatType::F64, allow_nan: true, allow_infinite: false }
    }

    fn check(transformer: Transformer, expected: &[f64]) {
        assert_eq!(transformer.typical_input().as_deref(), Some(expected));
    }

    #[test]
    fn it_is_what_becomes_zero_or_is_filled_in() {
        let scaler = |operations| Transformer::Scaler(Scaler::new(policy(), 2, operations));
        let standard = [Operation::Subtract(vec![41.5, -3.0]), Operation::Divide(vec![2.0, 4.0])];
        check(scaler(standard.to_vec()), &[41.5, -3.0]);
        let min_max = [
            Operation::Multiply(vec![0.5, 0.25]),
            Operation::Add(vec![-1.0, 2.0]),
            Operation::Clip { low: 0.0, high: 1.0 },
        ];
        check(scaler(min_max.to_vec()), &[2.0, -8.0]);
        let fill = vec![Some(7.0), None];
        let imputer =
            SimpleImputer { policy: policy(), missing_value: f64::NAN, fill, indicators: vec![], keeps_objects: false };
        check(Transformer::Pipeline(vec![Transformer::SimpleImputer(imputer), scaler(vec![])]), &[7.0, 0.0]);
    }
}
