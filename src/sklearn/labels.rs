//! `classes_`: int, float, bool or string labels.

use crate::model::Classes;
use crate::value::{ArrayData, DType, Node, ScalarKind, ValueError, View};
use std::collections::HashSet;

/// Reads `classes_`: labels of one type, each once.
///
/// # Errors
/// When it is no such array, mixes types, or a label repeats.
pub fn classes(value: &View<'_, '_>) -> Result<Classes, ValueError> {
    let classes = labels(value)?;
    let distinct = match &classes {
        Classes::Int(v) => v.iter().collect::<HashSet<_>>().len(),
        Classes::Float(v) => v.iter().map(|label| label.to_bits()).collect::<HashSet<_>>().len(),
        Classes::Bool(v) => v.iter().collect::<HashSet<_>>().len(),
        Classes::Str(v) => v.iter().collect::<HashSet<_>>().len(),
    };
    if distinct < classes.len() {
        return Err(value.error("a label stands twice"));
    }
    Ok(classes)
}

/// Reads an array or list of labels of one type, or a single label.
///
/// # Errors
/// When it is no such array, or mixes types.
pub fn labels(value: &View<'_, '_>) -> Result<Classes, ValueError> {
    if let Some(array) = value.array() {
        match (&array.dtype, &array.data) {
            (DType::Scalar { kind: ScalarKind::Bool, .. }, _) => {
                return Ok(Classes::Bool(value.i64s()?.into_iter().map(|b| b != 0).collect()));
            }
            (DType::Scalar { kind: ScalarKind::Int | ScalarKind::Uint, .. }, _) => {
                return Ok(Classes::Int(value.i64s()?));
            }
            (DType::Scalar { kind: ScalarKind::Float, .. }, _) => return Ok(Classes::Float(value.f64s()?)),
            (DType::Str { .. }, _) => return Ok(Classes::Str(value.strings()?)),
            (DType::Object, ArrayData::Objects(_)) => {}
            _ => return Err(value.error(format!("labels of dtype {} are not supported", array.dtype))),
        }
    }
    match value.node() {
        Node::Bool(label) => return Ok(Classes::Bool(vec![*label])),
        Node::Int(label) => return Ok(Classes::Int(vec![*label])),
        Node::Float(label) => return Ok(Classes::Float(vec![*label])),
        Node::Str(label) => return Ok(Classes::Str(vec![label.to_string()])),
        _ => {}
    }
    let items = value.items()?;
    match items.first().map(View::node) {
        Some(Node::Bool(_)) => Ok(Classes::Bool(items.iter().map(View::bool).collect::<Result<_, _>>()?)),
        Some(Node::Int(_)) => Ok(Classes::Int(items.iter().map(View::i64).collect::<Result<_, _>>()?)),
        Some(Node::Float(_)) => Ok(Classes::Float(items.iter().map(View::f64).collect::<Result<_, _>>()?)),
        Some(Node::Str(_)) => Ok(Classes::Str(value.strings()?)),
        Some(_) => Err(items[0].error(format!("a label cannot be {}", items[0].kind()))),
        None => Err(value.error("no labels")),
    }
}
