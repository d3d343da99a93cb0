//! `AdaBoostClassifier` and `AdaBoostRegressor`.

use super::attributes::{class_name, policy, vector};
use super::members::{classes_of, gives, members, own_classes};
use super::{BuildError, Context, Version};
use crate::model::weight_boosting::{Target, Vote};
use crate::model::{AdaBoost, Method};
use crate::value::View;

/// Reads estimators and their weights. `algorithm` was `'SAMME.R'` unless said otherwise before 1.6, and has no effect
/// since. A wrong label of SAMME counts from 1.3 as `-1 / (K - 1)` of a right one, before as nothing.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or scorelet lacks an estimator in it.
pub fn ada_boost(value: &View<'_, '_>, ctx: &mut Context) -> Result<AdaBoost, BuildError> {
    let version = Version::of(value, ctx);
    let raw = ctx.sees_request();
    let list = value.attr("estimators_")?;
    let estimators = members(&list, ctx)?;
    let all_weights = vector(value, "estimator_weights_", ctx)?;
    let total = crate::model::tree::pairwise_sum(&all_weights);
    let mut weights = all_weights;
    if weights.len() < estimators.len() {
        return Err(value.error(format!("{} weights for {} estimators", weights.len(), estimators.len())).into());
    }
    weights.truncate(estimators.len());
    let items = list.items()?;
    let target = if class_name(value) == "AdaBoostRegressor" {
        items.iter().zip(&estimators).try_for_each(|(item, one)| gives(item, one, Method::Predict, 1))?;
        Target::Number
    } else {
        let classes = own_classes(value, ctx)?;
        let n = classes.len();
        let probability = version < Version(1, 6)
            && value.get("algorithm").map_or(Ok("SAMME.R"), |algorithm| algorithm.str())? == "SAMME.R";
        let mut places = Vec::with_capacity(estimators.len());
        for (item, estimator) in items.iter().zip(&estimators) {
            if probability {
                gives(item, estimator, Method::PredictProba, n)?;
                continue;
            }
            let own = classes_of(item, estimator)?;
            places.push((0..own.len()).map(|at| own.position(at, &classes).map(|place| place as u32)).collect());
        }
        let miss = if version < Version(1, 3) || n == 1 { 0.0 } else { -1.0 / (n as f64 - 1.0) };
        let vote = if probability { Vote::Probability } else { Vote::Label { places, miss } };
        Target::Labels { classes, vote, total }
    };
    let n_features = estimators[0].n_features();
    Ok(AdaBoost { policy: policy(value, false), raw, n_features, estimators, weights, target })
}
