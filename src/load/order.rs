//! The feature order: in which order the columns of a request reach the model, and whether that is the order in
//! which the model was fitted.

use crate::sklearn;
use crate::value::{ArrayData, DType, Node, View};

/// Why the columns of a bundle cannot be put in order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    #[error("feature_order is {found}, not a list of column names")]
    NotAList { found: String },
    #[error("feature_order holds {found} at position {at}; requests name their columns by text")]
    NotText { at: usize, found: String },
    #[error("feature_order is empty")]
    Empty,
    #[error("feature_order names {name:?} twice (positions {first} and {second})")]
    Duplicate { name: String, first: usize, second: usize },
    #[error("{path} was fitted on the columns {fitted}, but feature_order is {order}: every request would fail")]
    Mismatch { path: String, fitted: String, order: String },
    #[error("feature_order names {named} columns, but {path} takes {takes}")]
    Count { named: usize, path: String, takes: usize },
    #[error("{path} was fitted without column names: give all {takes} in order with --features a,b,…")]
    Unnamed { path: String, takes: usize },
    #[error("--features names {given}, but the bundle says {own}; leave the flag out")]
    Contradiction { given: String, own: String },
}

/// Reads `feature_order`: a list, a tuple, a numpy array or a pandas Index of strings.
///
/// # Errors
/// When it is anything else, is empty, or names a column twice.
pub fn read(value: &View<'_, '_>) -> Result<Vec<String>, OrderError> {
    let listed = index_items(value);
    let value = listed.as_ref().unwrap_or(value);
    let not_a_list = || OrderError::NotAList { found: value.kind() };
    let names = match value.node() {
        Node::Array(array) if array.shape.len() == 1 && matches!(array.dtype, DType::Str { .. }) => {
            value.strings().map_err(|_| not_a_list())?
        }
        Node::List(_) | Node::Tuple(_) => texts(value)?,
        Node::Array(array) if array.shape.len() == 1 && matches!(array.data, ArrayData::Objects(_)) => texts(value)?,
        _ => return Err(not_a_list()),
    };
    check(&names)?;
    Ok(names)
}

fn texts(value: &View<'_, '_>) -> Result<Vec<String>, OrderError> {
    let items = value.items().map_err(|_| OrderError::NotAList { found: value.kind() })?;
    let text = |(at, item): (usize, &View<'_, '_>)| {
        item.str().map(str::to_owned).map_err(|_| OrderError::NotText { at: at + 1, found: item.kind() })
    };
    items.iter().enumerate().map(text).collect()
}

/// The names are there, and each is there once.
///
/// # Errors
/// When there is none, or one stands twice.
pub fn check(names: &[String]) -> Result<(), OrderError> {
    let mut seen = std::collections::HashMap::new();
    for (at, name) in names.iter().enumerate() {
        if let Some(first) = seen.insert(name, at) {
            return Err(OrderError::Duplicate { name: name.clone(), first: first + 1, second: at + 1 });
        }
    }
    if names.is_empty() { Err(OrderError::Empty) } else { Ok(()) }
}

/// The array inside a pandas Index: `_new_Index(Index, {"data": array})`, in pandas 3 with the array in the state of
/// an extension array.
pub fn index_items<'g, 'a>(value: &View<'g, 'a>) -> Option<View<'g, 'a>> {
    let graph = value.graph();
    let object = value.object().filter(|object| object.class.name == "_new_Index")?;
    let data = graph.view(*object.args.get(1)?).get("data")?;
    let Some(extension) = data.object() else { return Some(data) };
    let state = extension.state.map(|id| graph.view(id));
    let parts = state.into_iter().flat_map(|state| state.items().unwrap_or_default());
    let mut arrays = parts.chain(extension.args.iter().map(|id| graph.view(*id)));
    arrays.find(|part| part.array().is_some())
}

/// Columns that the object was fitted on; one that has no names of its own says what the first of those in it says that
/// sees its input.
pub fn fitted_names(value: &View<'_, '_>) -> Option<Vec<String>> {
    let mut value = value.clone();
    // A pipeline in a pipeline in a pipeline: no more than a file that contains itself could ask for.
    for _ in 0..64 {
        if let Some(names) = value.some("feature_names_in_") {
            return names.strings().ok();
        }
        if let Some(names) = sklearn::booster_names(&value) {
            return Some(names);
        }
        value = first_inside(&value)?;
    }
    None
}

/// The first fitted object of a `Pipeline` or a `FeatureUnion`, and what a `FrozenEstimator` holds.
fn first_inside<'g, 'a>(value: &View<'g, 'a>) -> Option<View<'g, 'a>> {
    let Some(list) = value.get("steps").or_else(|| value.get("transformer_list")) else {
        return value.get("estimator").filter(|_| value.class().is_some_and(|class| class.name == "FrozenEstimator"));
    };
    let named = list.items().ok()?.into_iter().filter_map(|pair| pair.items().ok()?.into_iter().nth(1));
    named.into_iter().find(|object| object.object().is_some())
}

/// Some names for a message: all of a few, the first of many.
pub fn shown(names: &[String]) -> String {
    const SHOWN: usize = 6;
    match names.len().saturating_sub(SHOWN) {
        0 | 1 => format!("{names:?}"),
        more => format!("{:?} and {more} more", &names[..SHOWN]),
    }
}

/// Two lists of names for a message: whole where they are short, else from where they differ.
pub fn difference(left: &[String], right: &[String]) -> (String, String) {
    let same = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let from = |names: &[String]| match same {
        0..5 => shown(names),
        _ => format!("(from position {}) {}", same + 1, shown(&names[same..])),
    };
    (from(left), from(right))
}
