//! `HistGradientBoostingClassifier` and `HistGradientBoostingRegressor`.

use super::attributes::class_name;
use super::encoders::{Label, labels};
use super::labels::classes;
use super::tree::Distinct;
use super::{BuildError, Context, Version};
use crate::model::HistGradientBoosting;
use crate::model::hist_gradient_boosting::Target;
use crate::model::tree::{Categories, Column, ForestBuilder, Node, Ranks, Test};
use crate::value::{ValueError, View};
use std::sync::Arc;

/// Reads the predictors, and how their features come from the input.
///
/// # Errors
/// When its attributes are not what scikit-learn writes, or its nodes are not trees.
pub fn hist_gradient_boosting(value: &View<'_, '_>, ctx: &mut Context) -> Result<HistGradientBoosting, BuildError> {
    let version = Version::of(value, ctx);
    let n_features = value.attr("n_features_in_")?.usize()?;
    let baseline = value.attr("_baseline_prediction")?.f64s()?;
    let columns = value.attr("n_trees_per_iteration_")?.usize()?;
    if baseline.len() != columns || columns == 0 || !baseline.iter().all(|raw| raw.is_finite()) {
        let problem = format!("{} baseline predictions for {columns} trees an iteration", baseline.len());
        return Err(value.error(problem).into());
    }
    let target = target(value, columns, version)?;
    let mut distinct = Distinct::default();
    let trees = predictors(value, columns, &mut distinct)?;
    let encoded = value.some("_preprocessor").is_some();
    let mut features = features(value, n_features, &mut distinct, ctx)?;
    collect_thresholds(&trees, &mut features)?;
    let mut forest = ForestBuilder::new(n_features, 1, columns);
    for tree in &trees {
        tree.plant(&features, &mut forest)?;
    }
    let forest = forest.finish().map_err(|error| value.error(error.to_string()))?;
    Ok(HistGradientBoosting { forest, ranks: Ranks { columns: features }, baseline, target, encoded })
}

fn target(value: &View<'_, '_>, columns: usize, version: Version) -> Result<Target, BuildError> {
    let loss = value.attr("loss")?.str()?;
    let unsupported = || BuildError::option(value, format!("loss={loss:?}"));
    if class_name(value) == "HistGradientBoostingRegressor" {
        return match loss {
            _ if columns != 1 => Err(value.error(format!("a regressor with {columns} trees an iteration")).into()),
            "poisson" | "gamma" => Ok(Target::Number { exponential: true }),
            "squared_error" | "absolute_error" | "quantile" => Ok(Target::Number { exponential: false }),
            _ => Err(unsupported()),
        };
    }
    if !["log_loss", "auto", "binary_crossentropy", "categorical_crossentropy"].contains(&loss) {
        return Err(unsupported());
    }
    let labels = value.attr("classes_")?;
    let classes = classes(&labels)?;
    if columns != if classes.len() == 2 { 1 } else { classes.len() } {
        return Err(labels.error(format!("{} classes, but {columns} trees an iteration", classes.len())).into());
    }
    Ok(Target::Labels { classes: Arc::new(classes), by_probability: version < Version(1, 5) })
}

/// One tree (`TreePredictor`), field by field, as its file has it.
struct Predictor<'g, 'a> {
    nodes: View<'g, 'a>,
    value: Vec<f64>,
    threshold: Vec<f64>,
    feature: Vec<i64>,
    left: Vec<i64>,
    right: Vec<i64>,
    missing_left: Vec<i64>,
    is_leaf: Vec<i64>,
    is_categorical: Vec<i64>,
    bitset: Vec<i64>,
    /// `raw_left_cat_bitsets`.
    bitsets: Vec<[u32; 8]>,
}

fn predictors<'g, 'a>(
    value: &View<'g, 'a>,
    columns: usize,
    distinct: &mut Distinct,
) -> Result<Vec<Predictor<'g, 'a>>, ValueError> {
    let mut trees = vec![];
    for iteration in value.attr("_predictors")?.items()? {
        let predictors = iteration.items()?;
        if predictors.len() != columns {
            return Err(iteration.error(format!("expected {columns} trees, found {}", predictors.len())));
        }
        for predictor in &predictors {
            trees.push(Predictor::read(predictor, distinct)?);
        }
    }
    Ok(trees)
}

impl<'g, 'a> Predictor<'g, 'a> {
    fn read(predictor: &View<'g, 'a>, distinct: &mut Distinct) -> Result<Self, ValueError> {
        let nodes = predictor.attr("nodes")?;
        let bitsets = predictor.attr("raw_left_cat_bitsets")?;
        if !matches!(bitsets.shape()[..], [_, 8]) {
            return Err(bitsets.error(format!("expected rows of 8 words, found {}", bitsets.kind())));
        }
        distinct.claim(&nodes)?;
        distinct.claim(&bitsets)?;
        let words = bitsets.i64s()?.into_iter().map(u32::try_from).collect::<Result<Vec<u32>, _>>();
        let words = words.map_err(|_| bitsets.error("a word is not a number of 32 bits"))?;
        Ok(Predictor {
            value: nodes.field_f64("value")?,
            threshold: nodes.field_f64("num_threshold")?,
            feature: nodes.field_i64("feature_idx")?,
            left: nodes.field_i64("left")?,
            right: nodes.field_i64("right")?,
            missing_left: nodes.field_i64("missing_go_to_left")?,
            is_leaf: nodes.field_i64("is_leaf")?,
            is_categorical: nodes.field_i64("is_categorical")?,
            bitset: nodes.field_i64("bitset_idx")?,
            bitsets: words.as_chunks().0.to_vec(),
            nodes,
        })
    }

    /// Thresholds of the numeric splits, by feature.
    fn thresholds(&self) -> impl Iterator<Item = (usize, f64)> {
        let numeric = |i: &usize| self.is_leaf[*i] == 0 && self.is_categorical[*i] == 0;
        (0..self.value.len())
            .filter(numeric)
            .map(|i| (usize::try_from(self.feature[i]).unwrap_or(usize::MAX), self.threshold[i]))
    }

    fn plant(&self, features: &[Column], forest: &mut ForestBuilder) -> Result<(), ValueError> {
        let bitsets: Vec<u32> = self.bitsets.iter().map(|bits| forest.bitsets([*bits])).collect();
        let nodes: Vec<Node> =
            (0..self.value.len()).map(|i| self.node(i, features, &bitsets)).collect::<Result<_, _>>()?;
        forest.push(&nodes, |node| std::slice::from_ref(&self.value[node])).map_err(|e| self.nodes.error(e.to_string()))
    }

    fn node(&self, i: usize, features: &[Column], bitsets: &[u32]) -> Result<Node, ValueError> {
        if self.is_leaf[i] != 0 {
            return Ok(Node::Leaf);
        }
        let number =
            |what: &str, n: i64| u32::try_from(n).map_err(|_| self.nodes.error(format!("node {i}: {n} is no {what}")));
        let outside = |what: &str, n: i64| self.nodes.error(format!("node {i}: there is no {what} {n}"));
        let feature = number("feature", self.feature[i])?;
        let column = features.get(feature as usize).ok_or_else(|| outside("feature", self.feature[i]))?;
        let test = match (self.is_categorical[i] != 0, column) {
            (true, Column::Categorical { .. }) => {
                let bitset = usize::try_from(self.bitset[i]).ok().and_then(|n| bitsets.get(n));
                Test::OneOf(*bitset.ok_or_else(|| outside("set of categories", self.bitset[i]))?)
            }
            (false, Column::Numeric { .. }) => Test::AtMost(column.threshold_key(self.threshold[i])),
            _ => return Err(self.nodes.error(format!("node {i}: its feature is of the other kind"))),
        };
        let (left, right) = (number("node", self.left[i])?, number("node", self.right[i])?);
        Ok(Node::Split { feature, test, missing_left: self.missing_left[i] != 0, left, right })
    }
}

/// Sorts the thresholds of all trees into the columns they test.
fn collect_thresholds(trees: &[Predictor<'_, '_>], features: &mut [Column]) -> Result<(), ValueError> {
    for tree in trees {
        for (feature, threshold) in tree.thresholds() {
            if threshold.is_nan() {
                return Err(tree.nodes.error("a threshold is NaN"));
            }
            // A feature that is none, or not numeric, is refused with its node.
            if let Some(Column::Numeric { thresholds, .. }) = features.get_mut(feature) {
                thresholds.push(threshold);
            }
        }
    }
    for feature in features {
        if let Column::Numeric { thresholds, .. } = feature {
            thresholds.sort_by(f64::total_cmp);
            thresholds.dedup();
            if thresholds.is_empty() {
                *feature = Column::Unused;
            }
        }
    }
    Ok(())
}

/// One column for each feature of the trees. From 1.4 a preprocessor puts categorical columns first, encoded.
fn features(
    value: &View<'_, '_>,
    n_features: usize,
    distinct: &mut Distinct,
    ctx: &mut Context,
) -> Result<Vec<Column>, BuildError> {
    let thresholds = value.attr("_bin_mapper")?.attr("bin_thresholds_")?;
    let known = thresholds.items()?;
    if known.len() != n_features {
        return Err(thresholds.error(format!("expected one entry for each of {n_features} features")).into());
    }
    let categorical = match value.some("is_categorical_") {
        Some(mask) => mask.i64s()?.into_iter().map(|flag| flag != 0).collect(),
        None => vec![false; n_features],
    };
    if categorical.len() != n_features || n_features == 0 {
        return Err(value.error("is_categorical_ and n_features_in_ disagree").into());
    }
    let inputs: Vec<usize> = match value.some("_preprocessor") {
        Some(_) => {
            let (first, last): (Vec<usize>, Vec<usize>) = (0..n_features).partition(|input| categorical[*input]);
            first.into_iter().chain(last).collect()
        }
        None => (0..n_features).collect(),
    };
    let encoder = value.some("_preprocessor").map(|preprocessor| encoder_categories(&preprocessor)).transpose()?;
    let mut columns = vec![];
    for (feature, input) in inputs.into_iter().enumerate() {
        if !categorical[input] || encoder.is_none() {
            ctx.takes_number(input);
        }
        if categorical[input] {
            distinct.claim(&known[feature])?;
        }
        columns.push(match (&encoder, categorical[input]) {
            (_, false) => Column::Numeric { input, thresholds: vec![] },
            (None, true) => Column::Categorical { input, categories: Categories::Raw(bits(&known[feature])?) },
            (Some(encoder), true) => {
                let list = encoder.get(feature).ok_or_else(|| value.error("the encoder has too few categories"))?;
                distinct.claim(list)?;
                let known = bits(&known[feature])?;
                Column::Categorical { input, categories: listed(list, input, known, ctx)? }
            }
        });
    }
    Ok(columns)
}

/// `categories_` of the `OrdinalEncoder` in `_preprocessor`.
fn encoder_categories<'g, 'a>(preprocessor: &View<'g, 'a>) -> Result<Vec<View<'g, 'a>>, ValueError> {
    let transformers = preprocessor.attr("transformers_")?;
    for transformer in transformers.items()? {
        if let [name, encoder, ..] = &transformer.items()?[..]
            && name.str()? == "encoder"
        {
            return encoder.attr("categories_")?.items();
        }
    }
    Err(transformers.error("there is no encoder"))
}

/// A set of categories: `_BinMapper.make_known_categories_bitsets`.
fn bits(categories: &View<'_, '_>) -> Result<[u32; 8], ValueError> {
    let mut bits = [0; 8];
    for category in categories.f64s()? {
        if !(0.0..256.0).contains(&category) {
            return Err(categories.error(format!("category {category} is not a number below 256")));
        }
        let category = category as usize;
        bits[category / 32] |= 1u32 << (category % 32);
    }
    Ok(bits)
}

/// The values that the encoder numbers, ascending, without those that the trees do not know. Its NaN is missing, but
/// its `None` is a category like others (`OrdinalEncoder._missing_indices`), and a column of texts with a gap holds
/// `None` where the pandas of those versions made it.
fn listed(list: &View<'_, '_>, input: usize, known: [u32; 8], ctx: &mut Context) -> Result<Categories, BuildError> {
    let is_known = |category: u32| category < 256 && known[(category >> 5) as usize] >> (category & 31) & 1 == 1;
    let labels = labels(list)?;
    let mut texts = labels.iter().filter_map(Label::text).peekable();
    let is_text = texts.peek().is_some();
    match is_text {
        true => ctx.takes_text(list, input, texts)?,
        false => ctx.takes_number(input),
    }
    let (mut values, mut nan) = (vec![], None);
    for (label, category) in labels.iter().zip(0u32..).filter(|(_, category)| is_known(*category)) {
        match label {
            Label::Text(text) => values.push((f64::from(ctx.vocabulary.intern(text)), category)),
            Label::Number(x) if x.is_nan() => {}
            Label::Number(x) if !is_text => values.push((*x, category)),
            Label::Number(_) => return Err(list.error("texts and numbers cannot be categories of one column").into()),
            Label::None => nan = Some(category),
        }
    }
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    if values.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(list.error("a category stands in it twice").into());
    }
    Ok(Categories::Listed { values, nan })
}
