//! `ColumnTransformer` and `FeatureUnion`.

use super::attributes::n_features;
use super::sources::Sources;
use super::{BuildError, Context, nested};
use crate::model::Union;
use crate::model::compose::Part;
use crate::value::{Node, ValueError, View};
use std::collections::HashMap;

/// Parts under construction.
struct Parts {
    built: Vec<Part>,
    /// How many columns they give together.
    width: usize,
    /// What stands behind the columns that each part gives.
    gives: Vec<Option<usize>>,
    errors: Vec<BuildError>,
}

/// Reads a fitted `ColumnTransformer`. Which columns a transformer gets, however they were chosen, stands in
/// `_transformer_to_input_indices` (1.1 and newer).
pub fn column_transformer(value: &View<'_, '_>, ctx: &mut Context) -> Result<Union, BuildError> {
    let n = n_features(value, None, ctx)?;
    let indices: HashMap<&str, View<'_, '_>> =
        value.attr("_transformer_to_input_indices")?.entries()?.into_iter().collect();
    let weights = weights(value)?;
    let transformers = value.attr("transformers_")?;
    let mut parts = Parts::new();
    for entry in transformers.items()? {
        let Ok([name, transformer, _]) = <[View; 3]>::try_from(entry.items()?) else {
            return Err(entry.error("expected a name, a transformer and its columns").into());
        };
        let name = name.str()?;
        let columns = indices.get(name).ok_or_else(|| entry.error("nothing says which columns it gets"))?;
        let columns = read_columns(columns, n, ctx)?;
        if !columns.is_empty() && transformer.str() != Ok("drop") {
            parts.push(&transformer, Some(columns), n, weights.get(name).copied(), ctx);
        }
    }
    parts.finish(value, n, ctx)
}

/// Reads a fitted `FeatureUnion`: every transformer gets all columns.
pub fn feature_union(value: &View<'_, '_>, ctx: &mut Context) -> Result<Union, BuildError> {
    let weights = weights(value)?;
    let transformers = value.attr("transformer_list")?;
    let mut parts = Parts::new();
    let mut n = value.some("n_features_in_").map(|n| n.usize()).transpose()?.or(ctx.inputs);
    for entry in transformers.items()? {
        let Ok([name, transformer]) = <[View; 2]>::try_from(entry.items()?) else {
            return Err(entry.error("expected a name and a transformer").into());
        };
        if transformer.str() != Ok("drop") {
            let known = n.unwrap_or_default();
            parts.push(&transformer, None, known, weights.get(name.str()?).copied(), ctx);
            n = n.or_else(|| parts.built.last()?.transformer.as_ref().map(|t| t.n_features_in()));
        }
    }
    let n = n.filter(|n| *n > 0).ok_or_else(|| value.error("nothing says how many features it takes"))?;
    for part in &parts.built {
        let takes = part.transformer.as_ref().map_or(n, |transformer| transformer.n_features_in());
        if takes != n {
            return Err(value.error(format!("one of its transformers takes {takes} features, another {n}")).into());
        }
    }
    parts.finish(value, n, ctx)
}

impl Parts {
    fn new() -> Parts {
        Parts { built: vec![], width: 0, gives: vec![], errors: vec![] }
    }

    /// Builds one transformer for its columns; `columns` is `None` for all of the `n`.
    fn push(
        &mut self,
        transformer: &View<'_, '_>,
        columns: Option<Vec<usize>>,
        n: usize,
        weight: Option<f64>,
        ctx: &mut Context,
    ) {
        let passed = matches!(transformer.str(), Ok("passthrough")) || transformer.is_none();
        let own = columns.as_ref().map_or_else(|| ctx.sources.clone(), |columns| ctx.sources.pick(columns));
        let given =
            (ctx.inputs.replace(columns.as_ref().map_or(n, Vec::len)), std::mem::replace(&mut ctx.sources, own));
        if passed {
            ctx.gives = ctx.sources.clone();
            self.add(Part { columns, transformer: None, weight }, n, ctx);
        } else {
            match nested::transformer(transformer, ctx) {
                Ok(built) if columns.as_ref().is_some_and(|columns| columns.len() != built.n_features_in()) => {
                    let (gets, takes) = (columns.map_or(0, |columns| columns.len()), built.n_features_in());
                    self.errors.push(transformer.error(format!("takes {takes} features, but gets {gets}")).into());
                }
                Ok(built) => self.add(Part { columns, transformer: Some(built), weight }, n, ctx),
                Err(error) => self.errors.push(error),
            }
        }
        (ctx.inputs, ctx.sources) = given;
    }

    /// Takes a part, and what stands behind its output.
    fn add(&mut self, part: Part, n: usize, ctx: &mut Context) {
        let mut gives = std::mem::take(&mut ctx.gives);
        if part.weight.is_some() {
            // What is multiplied is a number, and no longer the request's.
            ctx.numbers.add(&std::mem::take(&mut gives));
        }
        let width = match (&part.transformer, &part.columns) {
            (Some(transformer), _) => transformer.n_features_out(),
            (None, Some(columns)) => columns.len(),
            (None, None) => n,
        };
        if gives.any() {
            self.gives.resize(self.width, None);
            self.gives.extend((0..width).map(|column| gives.of(column)));
        }
        self.width += width;
        self.built.push(part);
    }

    fn finish(self, value: &View<'_, '_>, n: usize, ctx: &mut Context) -> Result<Union, BuildError> {
        if !self.errors.is_empty() {
            return Err(BuildError::all(self.errors));
        }
        let union = Union::new(n, self.built);
        if union.n_features_out() == 0 {
            return Err(value.error("it gives no columns").into());
        }
        ctx.gives = match self.gives.is_empty() {
            true => Sources::Computed,
            false => Sources::Each(self.gives),
        };
        Ok(union)
    }
}

/// The columns of one transformer, each below `n`.
fn read_columns(indices: &View<'_, '_>, n: usize, ctx: &mut Context) -> Result<Vec<usize>, ValueError> {
    if matches!(indices.node(), Node::List(ids) if ids.is_empty()) {
        return Ok(vec![]);
    }
    ctx.read(indices)?;
    let column = |index: i64| usize::try_from(index).ok().filter(|index| *index < n);
    let columns = indices
        .i64s()?
        .into_iter()
        .map(|index| column(index).ok_or_else(|| indices.error(format!("there is no column {index}, of {n}"))));
    columns.collect()
}

/// `transformer_weights`, by name.
fn weights<'g>(value: &View<'g, '_>) -> Result<HashMap<&'g str, f64>, ValueError> {
    let Some(weights) = value.some("transformer_weights") else { return Ok(HashMap::new()) };
    weights.entries()?.into_iter().map(|(name, weight)| Ok((name, weight.f64()?))).collect()
}
