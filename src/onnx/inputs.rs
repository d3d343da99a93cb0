//! The inputs of a graph as columns of a request: how many, of what, what they are called, and which texts they know.

use super::OnnxError;
use super::build::Built;
use crate::model::Vocabulary;
use crate::model::onnx::{Content, Data, Operator, Program};
use crate::value::View;

/// An input as the graph declares it.
pub(super) struct Declared<'g> {
    pub name: &'g str,
    pub content: Content,
    /// How many columns; `None` where that is open.
    pub width: Option<usize>,
}

/// What is asked of a request: inputs without a value of their own.
pub(super) fn declared<'g>(graph: &View<'g, '_>) -> Built<Vec<Declared<'g>>> {
    let initializers = graph.attr("initializer")?;
    let mut found = vec![];
    for input in graph.attr("input")?.items()? {
        let name = input.attr("name")?.str()?;
        if initializers.get(name).is_some() {
            continue;
        }
        let wrong = |problem: &str| OnnxError::graph(format!("input {name:?}"), problem);
        let content = match input.attr("elem_type")?.i64()? {
            1 => Content::F32,
            11 => Content::F64,
            6 | 7 => Content::I64,
            9 => Content::Bool,
            8 => Content::Text,
            0 => return Err(wrong("a map or sequence: convert the model for tensors")),
            other => return Err(wrong(&format!("elements of type {other}, which no request holds"))),
        };
        let width = match input.attr("shape")?.i64s()?[..] {
            [_, width] => usize::try_from(width).ok().filter(|width| *width > 0),
            ref shape => {
                let problem = format!("{} axes, where a request has two: declare it as [None, columns]", shape.len());
                return Err(wrong(&problem));
            }
        };
        found.push(Declared { name, content, width });
    }
    if found.is_empty() { Err(OnnxError::graph("the graph", "it has no input")) } else { Ok(found) }
}

/// As [`declared`], with the one width that is open from the number of columns.
pub(super) fn declared_as<'g>(graph: &View<'g, '_>, columns: Option<usize>) -> Built<Vec<Declared<'g>>> {
    /// As many as a request can carry.
    const MAX_COLUMNS: usize = 1 << 20;
    let mut inputs = declared(graph)?;
    let known: usize = inputs.iter().filter_map(|input| input.width).fold(0, usize::saturating_add);
    match inputs.iter_mut().filter(|input| input.width.is_none()).collect::<Vec<_>>().as_mut_slice() {
        [] => {}
        [open] => match columns.and_then(|columns| columns.checked_sub(known)).filter(|width| *width > 0) {
            Some(width) => open.width = Some(width),
            None => return Err(OnnxError::AnyWidth),
        },
        _ => return Err(OnnxError::graph("the graph", "several inputs with any number of columns")),
    }
    match inputs.iter().filter_map(|input| input.width).fold(0, usize::saturating_add) {
        columns if columns > MAX_COLUMNS => {
            Err(OnnxError::graph("the graph", format!("{columns} columns are more than a request can carry")))
        }
        _ => Ok(inputs),
    }
}

/// Columns of one matrix are called as scikit-learn calls them; those of several after the input.
pub(super) fn default_names(inputs: &[Declared<'_>]) -> Vec<String> {
    let alone = inputs.len() == 1;
    let of = |input: &Declared<'_>| match (input.width.unwrap_or(0), input.name.to_owned()) {
        (1, name) => vec![name],
        (width, _) if alone => (0..width).map(|at| format!("x{at}")).collect(),
        (width, name) => (0..width).map(|at| format!("{name}_{at}")).collect(),
    };
    inputs.iter().flat_map(of).collect()
}

/// Texts by their codes, and for each text column what the first encoder that sees it knows.
pub(super) fn vocabulary(program: &Program, inputs: &[Declared<'_>], texts: &[String]) -> Vocabulary {
    let mut vocabulary = Vocabulary::default();
    texts.iter().for_each(|text| {
        vocabulary.intern(text);
    });
    let mut column = 0;
    for (value, input) in program.inputs.iter().zip(inputs) {
        for own in 0..input.width.unwrap_or(0) {
            if input.content == Content::Text {
                let known = known_texts(program, *value, own);
                vocabulary
                    .mark_text(column, known.iter().filter_map(|code| texts.get(*code as usize)).map(String::as_str));
            }
            column += 1;
        }
    }
    vocabulary
}

/// What the first encoder knows that sees this column of a value, also by way of nodes that only move columns.
fn known_texts(program: &Program, value: usize, column: usize) -> Vec<i32> {
    let mut seen = vec![(value, column)];
    for step in &program.steps {
        let first = step.inputs.first().copied().flatten();
        let found = seen.iter().find(|(value, _)| first == Some(*value)).map(|(_, column)| *column);
        if let (Some(texts), Some(_)) = (step.operator.texts(), found) {
            return texts;
        }
        let column = match &step.operator {
            Operator::Concat(_) => {
                step.inputs.iter().position(|input| seen.iter().any(|(value, _)| *input == Some(*value)))
            }
            Operator::Identity | Operator::Reshape { .. } | Operator::Flatten(_) => found,
            Operator::Gather(_) | Operator::ArrayFeatureExtractor => found.and_then(|own| {
                let picked = program.constants.iter().find(|(at, _)| step.inputs.get(1) == Some(&Some(*at)))?;
                let Data::I64(picked) = &picked.1.data else { return None };
                picked.iter().position(|at| usize::try_from(*at) == Ok(own))
            }),
            _ => None,
        };
        if let (Some(column), Some(output)) = (column, step.outputs.first().copied().flatten()) {
            seen.push((output, column));
        }
    }
    vec![]
}
