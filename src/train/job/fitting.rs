//! Rows of a table to a fitted bundle: features, scaler, estimator.
//!
//! In two steps, so that the table can be let go of between them: what is fitted is a matrix of its own, which is gone in
//! its turn when the trees of a forest grow.

use super::columns::Prepared;
use super::{Job, TrainError, ranked};
use crate::model::InputError;
use crate::train::evaluate::{Refused, importance};
use crate::train::fit::{FitError, fit_owned, fit_scaler};
use crate::train::{Assembled, Parts, Target, assemble};
use crate::value::Graph;
use ndarray::Array2;
use serde_json::Map;

/// What is fitted.
pub(super) struct Fitting {
    /// Shape (rows, inputs).
    x: Array2<f64>,
    /// Names of the columns of `x`.
    inputs: Vec<String>,
    /// What makes them of a request.
    step: Option<Graph<'static>>,
    target: Option<Target>,
    feature_order: Vec<String>,
    /// Rows of the table, from 0.
    rows: Vec<u32>,
}

/// A fitted bundle.
pub(super) struct Fitted {
    pub assembled: Assembled,
    pub warnings: Vec<String>,
    /// What the model itself says, for each input of it, most important first.
    pub importances: Option<Vec<(String, f64)>>,
}

impl Fitting {
    /// Fits the features to some rows, and computes them.
    ///
    /// # Errors
    /// When the plan of features does not fit them.
    pub fn new(data: &Prepared, rows: &[usize]) -> Result<Fitting, TrainError> {
        let of_table = data.table_rows(rows);
        let prepared = data.plan.fit_rows(&data.table, &data.names, &of_table)?;
        Ok(Fitting {
            x: prepared.x,
            inputs: prepared.names,
            step: prepared.step,
            target: data.learned().map(|target| target.take(rows)),
            feature_order: prepared.feature_order,
            rows: of_table.into_iter().map(|row| row as u32).collect(),
        })
    }

    /// Fits scaler and estimator.
    ///
    /// # Errors
    /// When they do not take these rows.
    pub fn fit(self, job: &Job) -> Result<Fitted, TrainError> {
        let Fitting { mut x, inputs, step, target, feature_order, rows } = self;
        let located = |error| located(error, job, &inputs, &rows);
        let mut scaler = None;
        // As in scikit-learn, where transformers give arrays without names.
        let mut names = if step.is_some() { &[] } else { feature_order.as_slice() };
        if let Some(spec) = &job.scaler {
            let fitted = fit_scaler(spec, x.view(), names).map_err(located)?;
            let transformer = fitted.transformer().map_err(FitError::from)?;
            x = transformer.transform(x).map_err(|error| Refused { row: error.place().0, error })?;
            scaler = Some((spec, fitted));
            names = &[];
        }
        let model = fit_owned(&job.spec, x, names, target.as_ref(), job.threads).map_err(located)?;
        let warnings = model.warnings.clone();
        let importances = importance::own(&model.graph.root())?.map(|own| ranked(&inputs, own));
        let parts = Parts {
            spec: &job.spec,
            model,
            scaler,
            features: step,
            feature_order,
            metadata: Map::new(),
            extra: Map::new(),
        };
        Ok(Fitted { assembled: assemble(parts, job.output.clone())?, warnings, importances })
    }
}

/// The error with the name of the column, which a scaler takes away, and the row as the table counts it, from 1.
fn located(error: FitError, job: &Job, inputs: &[String], rows: &[u32]) -> TrainError {
    let FitError::Value { problem, .. } = error else { return error.into() };
    let (row, at) = problem.place();
    let row = rows[row] as usize + 1;
    let column = inputs.get(at).cloned().unwrap_or_default();
    match problem {
        InputError::Missing { .. } => TrainError::MissingValue { column, row, class: job.spec.estimator.class().class },
        problem => TrainError::Value { column, row, problem },
    }
}
