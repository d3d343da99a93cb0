//! `CalibratedClassifierCV`.

use super::members::{Handed, classes_of, gives, member, own_classes, same_input};
use super::{BuildError, Context, Version, isotonic};
use crate::model::calibration::{Calibrator, Map, Maps};
use crate::model::{Calibrated, Classes, Estimator, Method};
use crate::value::{Id, View};

/// Reads each fold's estimator and its maps. An estimator that several folds share is built once.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or scorelet lacks an estimator in it.
pub fn calibrated(value: &View<'_, '_>, ctx: &mut Context) -> Result<Calibrated, BuildError> {
    let version = Version::of(value, ctx);
    let classes = own_classes(value, ctx)?;
    let list = value.attr("calibrated_classifiers_")?;
    let (mut known, mut estimators, mut calibrators): (Vec<Id>, Vec<Estimator>, _) = (vec![], vec![], vec![]);
    for fold in list.items()? {
        // `base_estimator` in 1.1.
        let inner = fold.some("estimator").map_or_else(|| fold.attr("base_estimator"), Ok)?;
        let at = match known.iter().position(|id| *id == inner.id()) {
            Some(at) => at,
            None => {
                estimators.push(member(&inner, ctx, Handed::Same)?);
                known.push(inner.id());
                known.len() - 1
            }
        };
        calibrators.push(calibrator(&fold, &inner, (at, &estimators[at]), &classes, version, ctx)?);
    }
    same_input(&list, &estimators)?;
    Ok(Calibrated { classes, estimators, calibrators })
}

fn calibrator(
    fold: &View<'_, '_>,
    inner: &View<'_, '_>,
    (at, estimator): (usize, &Estimator),
    classes: &Classes,
    version: Version,
    ctx: &mut Context,
) -> Result<Calibrator, BuildError> {
    let own = classes_of(inner, estimator)?;
    let method = match estimator.methods().contains(&Method::DecisionFunction) {
        true => Method::DecisionFunction,
        false => Method::PredictProba,
    };
    let Some(width) = estimator.width(method) else {
        return Err(inner.error("it has neither decision_function nor predict_proba").into());
    };
    let n = classes.len();
    let probabilities = method == Method::PredictProba;
    if probabilities {
        gives(inner, estimator, method, own.len())?;
    }
    let calibrators = fold.attr("calibrators")?.items()?;
    if fold.attr("method")?.str()? == "temperature" {
        let [scaling] = &calibrators[..] else {
            return Err(fold.error("expected one temperature").into());
        };
        let fits = if n == 2 { width <= 2 } else { width == n };
        if !fits {
            return Err(inner.error(format!("{width} columns for {n} classes")).into());
        }
        let maps = Maps::Temperature(scaling.attr("beta_")?.f64()?);
        return Ok(Calibrator { estimator: at, method, second_only: probabilities && own.len() == 2, maps });
    }
    // Before 1.4 the number of all classes decided, since then that of the estimator's own.
    let decisive = if version < Version(1, 4) { n } else { own.len() };
    let second_only = probabilities && decisive == 2;
    let mut maps = vec![];
    let columns = width - usize::from(second_only);
    for ((label, map), _) in (0..own.len()).zip(&calibrators).zip(0..columns) {
        let place = own.position(label, classes).map(|place| place + usize::from(n == 2));
        let Some(place) = place.filter(|place| *place < n) else {
            return Err(inner.error("a label of it is not among the classes").into());
        };
        maps.push((place, self::map(map, ctx)?));
    }
    Ok(Calibrator { estimator: at, method, second_only, maps: Maps::Each(maps) })
}

fn map(value: &View<'_, '_>, ctx: &mut Context) -> Result<Map, BuildError> {
    match value.class().map(|class| class.name.as_ref()) {
        Some("_SigmoidCalibration") => Ok(Map::Sigmoid { a: value.attr("a_")?.f64()?, b: value.attr("b_")?.f64()? }),
        Some("IsotonicRegression") => Ok(Map::Isotonic(isotonic::isotonic(value, ctx)?)),
        _ => Err(value.error(format!("expected a calibrator, found {}", value.kind())).into()),
    }
}
