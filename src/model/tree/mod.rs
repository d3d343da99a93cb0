//! Decision trees and forests of them: classifiers and regressors with any number of outputs.
//!
//! The packed trees and the walk through them also serve the isolation forest and both gradient boostings. Never
//! validates at scoring time: [`ForestBuilder`] is the only way to a [`Forest`], and it refuses what is not a tree.

mod forest;
mod keys;
mod quick;
mod simd;
mod slice;
mod sum;
mod walk;

pub use forest::{BLOCK, Forest, ForestBuilder, MISSING, Node, Test, TreeError};
pub use keys::{AsFloat32, Categories, Column, Encode, Ranks, key_of, rank, threshold_key};
pub use sum::pairwise_sum;

use super::math::argmax;
use super::{Classes, InputError, InputPolicy, Method, Output};
use ndarray::{Array2, ArrayView2};
use std::sync::Arc;

/// `DecisionTree*`, `ExtraTree*`, `RandomForest*`, `ExtraTrees*`.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeEnsemble {
    pub policy: InputPolicy,
    /// A leaf holds one number for each regression output, or one for each class of each output.
    pub forest: Forest,
    /// A forest, whose trees are averaged; else a single tree.
    pub averaged: bool,
    pub target: Target,
}

/// What is predicted.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// This many numbers.
    Numbers(usize),
    /// One label for each output. `counts`: the leaves hold class weights that are not yet divided by their sum
    /// (a single tree before scikit-learn 1.4).
    Labels { classes: Vec<Arc<Classes>>, counts: bool },
}

impl TreeEnsemble {
    pub fn methods(&self) -> Vec<Method> {
        match self.target {
            Target::Numbers(_) => vec![Method::Predict],
            Target::Labels { .. } => vec![Method::Predict, Method::PredictProba],
        }
    }

    pub fn n_features(&self) -> usize {
        self.forest.n_features()
    }

    /// `sklearn.ensemble._forest.Forest*.predict`, `sklearn.tree._classes.BaseDecisionTree.predict` and their
    /// `predict_proba`.
    ///
    /// # Errors
    /// When the estimator refuses a value.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        self.policy.check(x)?;
        let values = self.values(x);
        Ok(match (&self.target, method) {
            (Target::Numbers(1), _) => Output::Floats(values),
            (Target::Numbers(_), _) => Output::Matrix(self.matrix(values)),
            (Target::Labels { classes, .. }, Method::Predict) => labels(classes, &values),
            (Target::Labels { classes, counts }, _) => probabilities(classes, self.matrix(values), *counts),
        })
    }

    /// What the leaves of each row hold: summed and divided for a forest, as it is for a single tree.
    fn values(&self, x: ArrayView2<'_, f64>) -> Vec<f64> {
        // -0.0 + leaf is the leaf, whatever its sign; a forest of scikit-learn starts from 0.0.
        let start = if self.averaged { 0.0 } else { -0.0 };
        let mut values = vec![start; x.nrows() * self.forest.columns()];
        self.forest.add(x, &AsFloat32, &mut values);
        if self.averaged {
            let n_trees = self.forest.n_trees() as f64;
            values.iter_mut().for_each(|value| *value /= n_trees);
        }
        values
    }

    fn matrix(&self, values: Vec<f64>) -> Array2<f64> {
        let columns = self.forest.columns();
        rows_of(values, columns)
    }
}

/// Row-major values as a matrix.
pub(super) fn rows_of(values: Vec<f64>, columns: usize) -> Array2<f64> {
    let rows = values.len() / columns;
    Array2::from_shape_vec((rows, columns), values).expect("rows times columns values")
}

fn labels(classes: &[Arc<Classes>], values: &[f64]) -> Output {
    let columns: usize = classes.iter().map(|classes| classes.len()).sum();
    let mut from = 0;
    let label = |classes: &Arc<Classes>| {
        let span = from..from + classes.len();
        from = span.end;
        let indices = values.chunks_exact(columns).map(|row| argmax(&row[span.clone()])).collect();
        Output::Labels { indices, classes: classes.clone() }
    };
    let mut outputs: Vec<Output> = classes.iter().map(label).collect();
    if outputs.len() == 1 { outputs.remove(0) } else { Output::Columns(outputs) }
}

fn probabilities(classes: &[Arc<Classes>], mut values: Array2<f64>, counts: bool) -> Output {
    let mut from = 0;
    let mut spans = vec![];
    for classes in classes {
        spans.push(from..from + classes.len());
        from += classes.len();
    }
    if counts {
        for mut row in values.rows_mut() {
            let row = row.as_slice_mut().expect("rows of a new matrix are contiguous");
            spans.iter().for_each(|span| divide_by_sum(&mut row[span.clone()]));
        }
    }
    if spans.len() == 1 {
        return Output::Matrix(values);
    }
    let part = |span: std::ops::Range<usize>| values.slice(ndarray::s![.., span]).to_owned();
    Output::List(spans.into_iter().map(part).collect())
}

/// Class weights of one leaf to fractions, as `DecisionTreeClassifier.predict_proba` did before 1.4.
pub fn divide_by_sum(weights: &mut [f64]) {
    let sum = pairwise_sum(weights);
    let sum = if sum == 0.0 { 1.0 } else { sum };
    weights.iter_mut().for_each(|weight| *weight /= sum);
}

#[cfg(test)]
mod tests;
