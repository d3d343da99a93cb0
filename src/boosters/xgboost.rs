//! XGBoost's models: what `Booster.__getstate__` keeps (UBJSON from 1.6, JSON before), and the files of `save_model`.

#[cfg(test)]
mod tests;
mod tree;

use super::BoosterError;
use super::document::{Cursor, Document};
use super::{json, ubjson};
use crate::model::tree::ForestBuilder;
use crate::model::xgboost::{Booster, Features, Link, Margins};
use tree::Trees;

/// How the object around the booster predicts with it.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// It predicts up to the best iteration of an early stop: scikit-learn's wrappers do, a bare booster does not.
    pub until_best: bool,
    /// The best iteration, where the object keeps it beside the bytes (before 2.0).
    pub best_iteration: Option<usize>,
    /// It predicts from the matrix in place, as the wrappers do, and not by way of a `DMatrix`.
    pub in_place: bool,
    /// A number that stands for a missing value, besides NaN.
    pub missing: Option<f32>,
}

/// A model, checked, and what else its bytes say.
#[derive(Debug, PartialEq)]
pub struct Model {
    pub margins: Margins,
    pub link: Link,
    /// Major and minor number of the XGBoost that wrote it.
    pub version: [i32; 2],
    /// Empty where it was fitted on unnamed columns.
    pub feature_names: Vec<String>,
}

/// Reads a model.
///
/// # Errors
/// When the bytes are damaged, or scorelet cannot reproduce the model exactly.
pub fn read(bytes: &[u8], settings: &Settings) -> Result<Model, BoosterError> {
    let document = document(bytes)?;
    let learner = learner(&document)?;
    let parameters = learner.at("learner_model_param")?;
    let n_features = parameters.at("num_feature")?.parameter()?;
    let size = |key| parameters.get(key).map_or(Ok(0), |size| size.parameter::<usize>());
    let columns = size("num_class")?.max(size("num_target")?).max(1);
    let objective = learner.at("objective")?.at("name")?;
    let (link, start) = link(&objective)?;
    let mut base = base_margins(&parameters, columns, start, version(&document) >= [3, 1])?;
    let booster = learner.at("gradient_booster")?;
    no_named_categories(&booster)?;
    let booster = match booster.at("name")?.text()? {
        "gblinear" => {
            // It starts all columns from the first one's base.
            base.truncate(1);
            linear(&booster, n_features, columns)?
        }
        "gbtree" => forest(&learner, &booster, n_features, columns, settings, None)?,
        "dart" => {
            let weights = booster.at("weight_drop")?.f32s()?;
            let direct = !settings.in_place || version(&document) >= [3, 3];
            let dart = Dart { weights, base: (!direct).then_some(&base) };
            forest(&learner, &booster.at("gbtree")?, n_features, columns, settings, Some(dart))?
        }
        other => return Err(BoosterError::Unsupported(format!("XGBoost's booster {other:?}"))),
    };
    let by_matrix = !settings.in_place;
    let margins = Margins { n_features, missing: settings.missing, base, booster, by_matrix };
    Ok(Model { margins, link, version: version(&document), feature_names: names(&learner)? })
}

/// The columns that a model was fitted on; none where they had no names.
///
/// # Errors
/// When the bytes are damaged.
pub fn feature_names(bytes: &[u8]) -> Result<Vec<String>, BoosterError> {
    names(&learner(&document(bytes)?)?)
}

fn names(learner: &Cursor<'_, '_>) -> Result<Vec<String>, BoosterError> {
    let Some(names) = learner.get("feature_names") else { return Ok(vec![]) };
    names.items()?.iter().map(|name| name.text().map(str::to_owned)).collect()
}

fn document(bytes: &[u8]) -> Result<Document<'_>, BoosterError> {
    match bytes {
        [b'{', b'"' | b' ' | b'\n' | b'\r' | b'\t' | b'}', ..] => {
            let text = std::str::from_utf8(bytes);
            json::read(text.map_err(|error| super::document::damaged(error.valid_up_to(), "it is not UTF-8"))?)
        }
        [b'{', ..] => ubjson::read(bytes),
        _ if bytes.starts_with(b"CONFIG-offset:") || bytes.starts_with(b"binf") => Err(BoosterError::Unsupported(
            "XGBoost's old binary format; load the model with XGBoost 1.3 to 3.0 and dump it again".to_owned(),
        )),
        _ => Err(super::document::damaged(0, "it is no model of XGBoost")),
    }
}

/// A pickle holds configuration and model side by side, a file of `save_model` only the model.
fn learner<'d, 'a>(document: &'d Document<'a>) -> Result<Cursor<'d, 'a>, BoosterError> {
    let root = document.root();
    root.get("Model").unwrap_or(root).at("learner")
}

/// Major and minor number of the XGBoost that wrote it.
fn version(document: &Document<'_>) -> [i32; 2] {
    let root = document.root();
    let numbers = root.get("Model").unwrap_or(root).get("version").and_then(|version| version.i32s().ok());
    match numbers.as_deref() {
        Some([major, minor, ..]) => [*major, *minor],
        _ => [0, 0],
    }
}

/// What `base_score` is before the first tree is added (`ObjFunction::ProbToMargin`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    AsItIs,
    Logit,
    Log,
}

/// What becomes of a margin (`ObjFunction::PredTransform`).
fn link(objective: &Cursor<'_, '_>) -> Result<(Link, Start), BoosterError> {
    Ok(match objective.text()? {
        "reg:squarederror"
        | "reg:linear"
        | "reg:squaredlogerror"
        | "reg:pseudohubererror"
        | "reg:absoluteerror"
        | "reg:quantileerror"
        | "reg:expectileerror"
        | "binary:logitraw"
        | "rank:pairwise"
        | "rank:ndcg"
        | "rank:map" => (Link::Identity, Start::AsItIs),
        "reg:logistic" | "binary:logistic" => (Link::Logistic, Start::Logit),
        "binary:hinge" => (Link::Hinge, Start::AsItIs),
        "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => (Link::Exp, Start::Log),
        "multi:softprob" => (Link::Softmax, Start::AsItIs),
        "multi:softmax" => (Link::Largest, Start::AsItIs),
        other => return Err(BoosterError::Unsupported(format!("XGBoost's objective {other:?}"))),
    })
}

/// `base_score` as a margin for each column: one number for all of them, or from 3.1 a list.
fn base_margins(
    parameters: &Cursor<'_, '_>,
    columns: usize,
    start: Start,
    bounded: bool,
) -> Result<Vec<f32>, BoosterError> {
    let score = parameters.at("base_score")?;
    let text = score.text()?.trim();
    let list = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let scores: Result<Vec<f32>, _> = list.split(',').map(|score| score.trim().parse()).collect();
    let scores = scores.map_err(|_| score.error(format!("{text:?} is no number")))?;
    let margins: Vec<f32> = scores.into_iter().map(|score| start.margin(score, bounded)).collect();
    if !margins.iter().all(|margin| margin.is_finite()) {
        return Err(score.error(format!("{text:?} is no margin")));
    }
    match margins.len() {
        1 => Ok(margins),
        n if n == columns => Ok(margins),
        n => Err(score.error(format!("{n} numbers for {columns} columns"))),
    }
}

impl Start {
    /// `bounded`: probabilities are kept off 0 and 1.
    fn margin(self, score: f32, bounded: bool) -> f32 {
        const EPSILON: f32 = 1e-6;
        match self {
            Start::AsItIs => score,
            Start::Log => score.ln(),
            Start::Logit => {
                let score = if bounded { score.clamp(EPSILON, 1.0 - EPSILON) } else { score };
                -(1.0 / score - 1.0).ln()
            }
        }
    }
}

/// From 3.1 a model that was fitted on categories of pandas keeps them, and looks up those of the input.
fn no_named_categories(booster: &Cursor<'_, '_>) -> Result<(), BoosterError> {
    let tree = booster.get("gbtree").unwrap_or(*booster);
    let encoders = tree.get("model").and_then(|model| model.get("cats")).and_then(|cats| cats.get("enc"));
    match encoders.map(|encoders| encoders.items()) {
        Some(Ok(encoders)) if !encoders.is_empty() => Err(BoosterError::Unsupported(
            "categories of pandas (enable_categorical), which a request cannot carry; encode them by an OrdinalEncoder \
             in the pipeline"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

/// `gblinear`: a row of weights for each feature, and one of biases.
fn linear(booster: &Cursor<'_, '_>, n_features: usize, columns: usize) -> Result<Booster, BoosterError> {
    let list = booster.at("model")?.at("weights")?;
    let weights = list.f32s()?;
    let expected = n_features.checked_add(1).and_then(|rows| rows.checked_mul(columns));
    if n_features == 0 || Some(weights.len()) != expected || !weights.iter().all(|weight| weight.is_finite()) {
        let found = weights.len();
        return Err(list.error(format!("{found} numbers for {n_features} features and {columns} columns")));
    }
    Ok(Booster::Linear { weights })
}

/// Trees that were dropped out in training: each counts by its weight.
struct Dart<'b> {
    weights: Vec<f32>,
    /// The margins that a leaf is first added to and then freed from, where the versions before 3.3 predict in place.
    base: Option<&'b Vec<f32>>,
}

impl Dart<'_> {
    fn weighted(&self, tree: usize, column: usize, leaf: f32) -> f32 {
        match self.base {
            Some(base) => {
                let base = base[if base.len() == 1 { 0 } else { column }];
                ((base + leaf) - base) * self.weights[tree]
            }
            None => leaf * self.weights[tree],
        }
    }
}

fn forest(
    learner: &Cursor<'_, '_>,
    booster: &Cursor<'_, '_>,
    n_features: usize,
    columns: usize,
    settings: &Settings,
    dart: Option<Dart<'_>>,
) -> Result<Booster, BoosterError> {
    let model = booster.at("model")?;
    let trees = Trees::read(&model, columns)?;
    if let Some(dart) = dart.as_ref().filter(|dart| dart.weights.len() != trees.len()) {
        let problem = format!("{} weights for {} trees", dart.weights.len(), trees.len());
        return Err(booster.error(problem));
    }
    let best = settings.until_best.then(|| best_iteration(learner, settings)).flatten();
    let used = trees.used(&model, best)?;
    let features = trees.features(n_features)?;
    let width = if trees.vector { columns } else { 1 };
    let mut forest = ForestBuilder::new(n_features, width, columns);
    trees.plant(&used, &features, &mut forest, |tree, column, leaf| match &dart {
        Some(dart) => dart.weighted(tree, column, leaf),
        None => leaf,
    })?;
    let forest = forest.finish().map_err(|error| model.error(error.to_string()))?;
    Ok(Booster::Trees { forest: Box::new(forest), features: Features { categories: features.categories() } })
}

/// The iteration that an early stop found best, from 0.
fn best_iteration(learner: &Cursor<'_, '_>, settings: &Settings) -> Option<usize> {
    let stored = learner.get("attributes").and_then(|attributes| attributes.get("best_iteration"));
    stored.and_then(|iteration| iteration.parameter().ok()).or(settings.best_iteration)
}
