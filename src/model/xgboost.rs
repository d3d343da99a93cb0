//! XGBoost: sums of leaves in float32, and what its objectives make of them.

use super::tree::{Encode, Forest, MISSING, key_of, rows_of};
use super::{Classes, InputError, Method, Output};
use ndarray::{ArrayView1, ArrayView2};
use std::sync::Arc;

/// `XGBClassifier`, `XGBRegressor`, their kin, and a bare `Booster`.
#[derive(Debug, Clone, PartialEq)]
pub struct Xgboost {
    pub margins: Margins,
    pub link: Link,
    pub target: Target,
    /// It gives probabilities, where it has labels.
    pub probabilities: bool,
}

/// Sums before the objective has its say.
#[derive(Debug, Clone, PartialEq)]
pub struct Margins {
    pub n_features: usize,
    /// A number that stands for a missing value, besides NaN.
    pub missing: Option<f32>,
    /// Margins before the first tree: one for each column, or one for all.
    pub base: Vec<f32>,
    pub booster: Booster,
    /// The input goes through a `DMatrix`, which refuses infinity.
    pub by_matrix: bool,
}

/// What is added up.
#[derive(Debug, Clone, PartialEq)]
pub enum Booster {
    Trees {
        forest: Box<Forest>,
        features: Features,
    },
    /// `gblinear`: weights of shape (features + 1, columns), biases last.
    Linear {
        weights: Vec<f32>,
    },
}

/// How features become keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// Features whose categories are tested, with those that the trees name, ascending: the first has code 1, and 0 is
    /// any other.
    pub categories: Vec<(usize, Vec<u32>)>,
}

/// What becomes of a margin (`ObjFunction::PredTransform`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Identity,
    Logistic,
    Exp,
    /// 1 above 0.
    Hinge,
    Softmax,
    /// The number of the largest (`multi:softmax`).
    Largest,
}

/// What is predicted.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Numbers,
    Labels(Arc<Classes>),
    /// Each column says whether one of several labels holds.
    ManyLabels,
}

impl Xgboost {
    pub fn methods(&self) -> Vec<Method> {
        match self.target {
            Target::Numbers => vec![Method::Predict],
            _ if self.probabilities => vec![Method::Predict, Method::PredictProba],
            _ => vec![Method::Predict],
        }
    }

    pub fn n_features(&self) -> usize {
        self.margins.n_features
    }

    /// `XGBModel.predict`, `XGBClassifier.predict_proba`.
    ///
    /// # Errors
    /// When a value is infinite, and the input goes through a `DMatrix`.
    pub fn call(&self, method: Method, x: ArrayView2<'_, f64>) -> Result<Output, InputError> {
        let columns = self.margins.columns();
        let link = match (self.link, method) {
            (Link::Largest, Method::PredictProba) => Link::Softmax,
            (link, _) => link,
        };
        let values = link.apply(self.margins.of(x)?, columns);
        let columns = if link == Link::Largest { 1 } else { columns };
        let numbers = |values: Vec<f32>| values.into_iter().map(f64::from).collect::<Vec<f64>>();
        Ok(match (&self.target, method) {
            (Target::Labels(_), Method::PredictProba) if columns == 1 => Output::Matrix(rows_of(
                values.into_iter().flat_map(|p| [f64::from(1.0 - p), f64::from(p)]).collect(),
                2,
            )),
            (Target::Labels(classes), Method::Predict) => {
                let indices = match (link, columns) {
                    (Link::Largest, _) => values.into_iter().map(|index| index as u32).collect(),
                    (_, 1) => values.into_iter().map(|p| u32::from(p > 0.5)).collect(),
                    _ => values.chunks_exact(columns).map(largest).collect(),
                };
                Output::Labels { indices, classes: classes.clone() }
            }
            (Target::ManyLabels, Method::Predict) => {
                let labels = values.into_iter().map(|p| f64::from(u8::from(p > 0.5))).collect();
                Output::Matrix(rows_of(labels, columns))
            }
            (Target::Numbers, _) if columns == 1 => Output::Floats(numbers(values)),
            _ => Output::Matrix(rows_of(numbers(values), columns)),
        })
    }
}

/// The first of the largest values: `np.argmax`, `common::FindMaxIndex`.
fn largest(row: &[f32]) -> u32 {
    row.iter().enumerate().fold(0, |best, (at, value)| if *value > row[best] { at } else { best }) as u32
}

impl Margins {
    /// Numbers in one row.
    pub fn columns(&self) -> usize {
        match &self.booster {
            Booster::Trees { forest, .. } => forest.columns(),
            Booster::Linear { weights } => weights.len() / (self.n_features + 1),
        }
    }

    /// Margins, row by row: `CPUPredictor::PredictBatch`, `GBLinear::Pred`.
    fn of(&self, x: ArrayView2<'_, f64>) -> Result<Vec<f32>, InputError> {
        if self.by_matrix {
            finite(x)?;
        }
        let columns = self.columns();
        let base = if self.base.len() == 1 { self.base.repeat(columns) } else { self.base.clone() };
        let mut margins = base.repeat(x.nrows());
        match &self.booster {
            Booster::Trees { forest, features } => {
                forest.add(x, &Keys { missing: self.missing, features }, &mut margins);
            }
            Booster::Linear { weights } => {
                let (weights, biases) = weights.split_at(self.n_features * columns);
                for (row, margins) in x.rows().into_iter().zip(margins.chunks_exact_mut(columns)) {
                    margins.iter_mut().zip(biases).for_each(|(margin, bias)| *margin += bias);
                    let present = row.iter().zip(weights.chunks_exact(columns));
                    for (value, weights) in present.filter(|(value, _)| !is_missing(**value as f32, self.missing)) {
                        margins.iter_mut().zip(weights).for_each(|(margin, weight)| *margin += *value as f32 * weight);
                    }
                }
            }
        }
        Ok(margins)
    }
}

fn is_missing(value: f32, missing: Option<f32>) -> bool {
    value.is_nan() || Some(value) == missing
}

/// The check of a `DMatrix`.
fn finite(x: ArrayView2<'_, f64>) -> Result<(), InputError> {
    match x.indexed_iter().find(|(_, value)| (**value as f32).is_infinite()) {
        None => Ok(()),
        Some(((row, column), _)) => {
            let message =
                "Input data contains `inf` or a value too large, while `missing` is not set to `inf`".to_owned();
            Err(InputError::Refused { row, column, message })
        }
    }
}

/// Values to keys: numbers as float32, categories by their place among those that the trees name.
struct Keys<'m> {
    missing: Option<f32>,
    features: &'m Features,
}

impl Encode for Keys<'_> {
    fn encode(&self, row: ArrayView1<'_, f64>, keys: &mut [u32]) -> bool {
        let mut missing = false;
        for (key, value) in keys.iter_mut().zip(row) {
            let value = *value as f32;
            *key = if Some(value) == self.missing { MISSING } else { key_of(value) };
            missing |= *key == MISSING;
        }
        for (feature, known) in &self.features.categories {
            if keys[*feature] != MISSING {
                keys[*feature] = code(row[*feature] as f32, known);
            }
        }
        missing
    }
}

/// `common::Decision` of a category: what is none, or none that a tree names, is like all others.
fn code(value: f32, known: &[u32]) -> u32 {
    const NONE: f32 = 16_777_216.0;
    match (0.0..NONE).contains(&value) {
        true => known.binary_search(&(value as u32)).map_or(0, |at| at as u32 + 1),
        false => 0,
    }
}

impl Link {
    fn apply(self, mut margins: Vec<f32>, columns: usize) -> Vec<f32> {
        match self {
            Link::Identity => {}
            Link::Logistic => margins.iter_mut().for_each(|margin| *margin = sigmoid(*margin)),
            Link::Exp => margins.iter_mut().for_each(|margin| *margin = margin.exp()),
            Link::Hinge => margins.iter_mut().for_each(|margin| *margin = f32::from(u8::from(*margin > 0.0))),
            Link::Softmax => margins.chunks_exact_mut(columns).for_each(softmax),
            Link::Largest => return margins.chunks_exact(columns).map(|row| largest(row) as f32).collect(),
        }
        margins
    }
}

/// `common::Sigmoid`.
fn sigmoid(x: f32) -> f32 {
    1.0 / ((-x).min(88.7).exp() + 1.0 + 1e-16)
}

/// `common::Softmax`: the sum is a double.
fn softmax(row: &mut [f32]) {
    let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut().for_each(|value| *value = (*value - max).exp());
    let sum: f64 = row.iter().map(|value| f64::from(*value)).sum();
    row.iter_mut().for_each(|value| *value /= sum as f32);
}
