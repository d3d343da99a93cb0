//! LightGBM: sums of leaves in float64, and what its objectives make of them.

use super::math::{argmax, softmax};
use super::tree::{Encode, Forest, MISSING, rank, rows_of};
use super::{Classes, InputError, Method, Output};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use std::sync::Arc;

/// `LGBMClassifier`, `LGBMRegressor`, `LGBMRanker`, and a bare `Booster`.
#[derive(Debug, Clone, PartialEq)]
pub struct LightGbm {
    pub scores: Scores,
    pub link: Link,
    pub target: Target,
    /// Columns that were categories of pandas.
    pub categories: Vec<PandasCategories>,
}

/// A column whose values are looked up first: each becomes its number, and any other is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct PandasCategories {
    pub column: usize,
    /// Values, ascending, and the number of each.
    pub values: Vec<(f64, u32)>,
}

/// Raw scores: `GBDT::PredictRaw`.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    pub n_features: usize,
    /// Numbers in one row.
    pub columns: usize,
    pub forest: Forest,
    /// Of the forest: what its columns are made of.
    pub features: Vec<Feature>,
    pub leaves: Leaves,
    /// The number of iterations, where their scores are averaged (random forests).
    pub divisor: Option<f64>,
}

/// One column of the forest.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// The column of the input.
    pub input: usize,
    pub tested: Tested,
}

/// How a feature is tested.
#[derive(Debug, Clone, PartialEq)]
pub enum Tested {
    /// Against thresholds, ascending.
    Numbers { missing: Missing, thresholds: Vec<f64> },
    /// For being in sets of categories below `size`.
    Categories { size: u32 },
}

/// Which values go where the tree says that missing ones go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// None; NaN is 0.
    None,
    /// Zero, and NaN.
    Zero,
    NaN,
}

/// What the payload of the forest's leaves is.
#[derive(Debug, Clone, PartialEq)]
pub enum Leaves {
    /// What they add.
    Constant,
    /// The number of their function; the forest has a column for each tree (`linear_tree`).
    Linear(Vec<LinearLeaf>),
}

/// A leaf that adds a linear function of the input.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearLeaf {
    pub constant: f64,
    /// Features and their factors.
    pub terms: Vec<(usize, f64)>,
    /// What it adds where one of those features is missing.
    pub otherwise: f64,
}

/// What becomes of a raw score (`ObjectiveFunction::ConvertOutput`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Link {
    Identity,
    /// With its sign kept (`reg_sqrt`).
    Square,
    Exp,
    /// Of the score times this.
    Logistic(f64),
    Softmax,
    /// `log(1 + exp(score))`.
    Softplus,
}

/// What is predicted.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Numbers,
    /// `raw`: it has a `decision_function`, which gives raw scores (from 4.7).
    Labels {
        classes: Arc<Classes>,
        raw: bool,
    },
}

impl LightGbm {
    pub fn methods(&self) -> Vec<Method> {
        match self.target {
            Target::Numbers => vec![Method::Predict],
            Target::Labels { raw: true, .. } => vec![Method::Predict, Method::PredictProba, Method::DecisionFunction],
            Target::Labels { raw: false, .. } => vec![Method::Predict, Method::PredictProba],
        }
    }

    pub fn n_features(&self) -> usize {
        self.scores.n_features
    }

    /// `LGBMModel.predict`, `LGBMClassifier.predict_proba`, `LGBMClassifier.decision_function`.
    ///
    /// # Errors
    /// Never: LightGBM takes every number.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let mut columns = self.scores.columns;
        let scores = match self.categories.is_empty() {
            true => self.scores.of(x),
            false => self.scores.of(self.numbered(x).view()),
        };
        if method == Method::DecisionFunction {
            return Ok(if columns == 1 { Output::Floats(scores) } else { Output::Matrix(rows_of(scores, columns)) });
        }
        let mut values = self.link.apply(self.scores.averaged(scores), columns);
        if matches!(self.target, Target::Labels { .. }) && columns == 1 {
            values = values.into_iter().flat_map(|second| [1.0 - second, second]).collect();
            columns = 2;
        }
        Ok(match (&self.target, method) {
            (Target::Labels { classes, .. }, Method::Predict) => {
                Output::Labels { indices: values.chunks_exact(columns).map(argmax).collect(), classes: classes.clone() }
            }
            (Target::Numbers, _) if columns == 1 => Output::Floats(values),
            _ => Output::Matrix(rows_of(values, columns)),
        })
    }

    /// The input with the numbers of its categories: `_data_from_pandas`.
    fn numbered(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut x = x.to_owned();
        for PandasCategories { column, values } in &self.categories {
            x.column_mut(*column).mapv_inplace(|value| {
                let at = values.partition_point(|(known, _)| *known < value);
                let found = values.get(at).filter(|(known, _)| *known == value);
                found.map_or(f64::NAN, |(_, number)| f64::from(*number))
            });
        }
        x
    }
}

impl Scores {
    fn of(&self, x: ArrayView2<'_, f64>) -> Vec<f64> {
        let mut scores = vec![0.0; x.nrows() * self.columns];
        match &self.leaves {
            Leaves::Constant => self.forest.add(x, &Keys { features: &self.features }, &mut scores),
            Leaves::Linear(leaves) => {
                let blocks = x.axis_chunks_iter(Axis(0), LINEAR_ROWS);
                for (x, scores) in blocks.zip(scores.chunks_mut(LINEAR_ROWS * self.columns)) {
                    self.add_linear(x, leaves, scores);
                }
            }
        }
        scores
    }

    /// `GBDT::Predict` before the objective.
    fn averaged(&self, mut scores: Vec<f64>) -> Vec<f64> {
        if let Some(divisor) = self.divisor {
            scores.iter_mut().for_each(|score| *score /= divisor);
        }
        scores
    }

    fn add_linear(&self, x: ArrayView2<'_, f64>, leaves: &[LinearLeaf], scores: &mut [f64]) {
        let trees = self.forest.columns();
        let mut numbers = vec![0.0; x.nrows() * trees];
        self.forest.add(x, &Keys { features: &self.features }, &mut numbers);
        let rows = x.rows().into_iter().zip(numbers.chunks_exact(trees));
        for ((row, numbers), scores) in rows.zip(scores.chunks_exact_mut(self.columns)) {
            for (tree, number) in numbers.iter().enumerate() {
                scores[tree % self.columns] += leaves[*number as usize].value(row);
            }
        }
    }
}

/// Rows of linear trees that are taken at once: the leaf of each tree is kept for them.
const LINEAR_ROWS: usize = 256;

impl LinearLeaf {
    /// `Tree::Predict` of a linear tree.
    fn value(&self, row: ArrayView1<'_, f64>) -> f64 {
        let add = |sum: Option<f64>, (feature, factor): &(usize, f64)| {
            let value = seen(row[*feature]);
            sum.filter(|_| !value.is_nan()).map(|sum| sum + factor * value)
        };
        self.terms.iter().fold(Some(self.constant), add).unwrap_or(self.otherwise)
    }
}

/// Smaller numbers are zero.
const ZERO: f64 = 1e-35f32 as f64;

/// A value as LightGBM copies it from a matrix: numbers next to zero are left out.
fn seen(value: f64) -> f64 {
    if value.abs() <= ZERO { 0.0 } else { value }
}

struct Keys<'m> {
    features: &'m [Feature],
}

impl Encode for Keys<'_> {
    fn encode(&self, row: ArrayView1<'_, f64>, keys: &mut [u32]) -> bool {
        let mut missing = false;
        for (key, feature) in keys.iter_mut().zip(self.features) {
            *key = feature.tested.key(seen(row[feature.input]));
            missing |= *key == MISSING;
        }
        missing
    }
}

impl Tested {
    /// `Tree::NumericalDecision`, `Tree::CategoricalDecision`.
    fn key(&self, value: f64) -> u32 {
        match self {
            Tested::Numbers { missing, thresholds } => match missing {
                Missing::None if value.is_nan() => rank(0.0, thresholds),
                Missing::Zero if value.is_nan() || value == 0.0 => MISSING,
                _ => rank(value, thresholds),
            },
            // What is no category of any set has a code of its own. C's cast to int gives the smallest one for what
            // does not fit.
            Tested::Categories { size } => match value > -1.0 && value < f64::from(*size) {
                true => value as u32,
                false => *size,
            },
        }
    }

    /// The key of a threshold that is one of those given.
    pub fn threshold_key(&self, threshold: f64) -> u32 {
        match self {
            Tested::Numbers { thresholds, .. } => rank(threshold, thresholds),
            Tested::Categories { .. } => 0,
        }
    }
}

impl Link {
    fn apply(self, mut scores: Vec<f64>, columns: usize) -> Vec<f64> {
        let each = |scores: &mut Vec<f64>, link: &dyn Fn(f64) -> f64| {
            scores.iter_mut().for_each(|score| *score = link(*score));
        };
        match self {
            Link::Identity => {}
            Link::Square => each(&mut scores, &|score: f64| score.signum() * score * score),
            Link::Exp => each(&mut scores, &f64::exp),
            Link::Logistic(factor) => each(&mut scores, &|score: f64| 1.0 / (1.0 + (-factor * score).exp())),
            Link::Softplus => each(&mut scores, &|score: f64| score.exp().ln_1p()),
            Link::Softmax => scores.chunks_exact_mut(columns).for_each(softmax),
        }
        scores
    }
}
