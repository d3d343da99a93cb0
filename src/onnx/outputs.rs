//! Which output of the graph is which method of an estimator: by type, by what stands before it, by its name.
//!
//! A graph does not say whether scores are probabilities: rows of them that sum to one are.

use super::OnnxError;
use crate::model::onnx::{Answer, Data, Form, Operator, Program, Session, Tensor};
use crate::model::{Classes, Method};
use std::sync::Arc;

/// Rows that are made up to see what an output is.
const ROWS: usize = 8;

/// An output of the graph.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub name: String,
    pub source: Source,
}

/// What stands behind a name.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Tensor(usize),
    /// A table that a `ZipMap` made maps of, with the keys of its columns.
    Maps {
        table: usize,
        labels: Data,
    },
    Sequence(Vec<usize>),
}

impl Source {
    pub fn tensor(&self) -> Option<usize> {
        match self {
            Source::Tensor(value) => Some(*value),
            _ => None,
        }
    }

    fn values(&self) -> Vec<usize> {
        match self {
            Source::Tensor(value) | Source::Maps { table: value, .. } => vec![*value],
            Source::Sequence(values) => values.clone(),
        }
    }
}

/// The answers that the outputs are.
///
/// # Errors
/// When the graph does not fit together, or has an output that is no estimator's.
pub(super) fn answers(session: &Session, given: &[Given], texts: &[String]) -> Result<Vec<Answer>, OnnxError> {
    let Some((first, rest)) = given.split_first() else {
        return Err(OnnxError::graph("the graph", "it has no output"));
    };
    let probe = |values: &[usize]| {
        let made = session.probe(values, ROWS);
        made.map_err(|error| OnnxError::graph("the graph", error.to_string()))
    };
    let program = session.program();
    let mut roles = vec![];
    let made = probe(&first.source.values())?;
    match (&first.source, &made[0].data) {
        (Source::Tensor(value), Data::I64(_) | Data::Bool(_) | Data::Text(_)) => {
            let classes = classes(program, rest, *value, &made[0], texts);
            let clusters = classes.is_none();
            roles.push((
                Method::Predict,
                vec![*value],
                classes.map_or(Form::Ints, |known| Form::Labels(Arc::new(known))),
            ));
            for (names, values, form) in tables(rest, &probe)? {
                let made = probe(&values)?;
                let method = score_method(&names, &made, &form, clusters);
                roles.push((method, values, form));
            }
        }
        (Source::Tensor(value), _) if rest.is_empty() => {
            let wide = made[0].shape.iter().skip(1).product::<usize>() > 1;
            let form = || Form::Floats;
            match purpose(program, *value) {
                Purpose::Transforms => roles.push((Method::Transform, vec![*value], Form::Matrix)),
                Purpose::Unknown if wide => {
                    roles.extend([
                        (Method::Predict, vec![*value], form()),
                        (Method::Transform, vec![*value], Form::Matrix),
                    ]);
                }
                _ => roles.push((Method::Predict, vec![*value], form())),
            }
        }
        _ => {
            return Err(OnnxError::graph(
                format!("output {:?}", first.name),
                "labels, or one table of numbers, come first",
            ));
        }
    }
    let doubled = roles.iter().enumerate().find(|(at, role)| roles[..*at].iter().any(|other| other.0 == role.0));
    if let Some((at, (method, ..))) = doubled {
        let problem = format!("two outputs would be {}; convert with fewer options", method.name());
        return Err(OnnxError::graph(format!("output {:?}", given.get(at).map_or("", |given| &given.name)), problem));
    }
    let answer =
        |(method, values, form): (Method, Vec<usize>, Form)| Answer { method, plan: program.plan(&values), form };
    Ok(roles.into_iter().map(answer).collect())
}

type Table = (String, Vec<usize>, Form);

/// The outputs after the labels. Several of one column each are the columns of one table.
fn tables(
    rest: &[Given],
    probe: &dyn Fn(&[usize]) -> Result<Vec<Arc<Tensor>>, OnnxError>,
) -> Result<Vec<Table>, OnnxError> {
    let named = |given: &Given| given.name.contains("score_samples");
    let mut single = vec![];
    for given in rest {
        if let Some(value) = given.source.tensor()
            && !named(given)
            && probe(&[value])?[0].shape.iter().skip(1).product::<usize>() == 1
        {
            single.push(value);
        }
    }
    if rest.len() > 1 && single.len() == rest.len() {
        return Ok(vec![(rest[0].name.clone(), single, Form::Matrix)]);
    }
    let one = |given: &Given| {
        let values = given.source.values();
        let made = probe(&values)?;
        let stacked = matches!(made[0].shape[..], [_, ROWS, _]);
        if let (Source::Maps { labels, .. }, [_, width]) = (&given.source, &made[0].shape[..])
            && ![0, *width].contains(&labels.elements())
        {
            let problem = format!("{} labels for {width} columns", labels.elements());
            return Err(OnnxError::graph(format!("ai.onnx.ml.ZipMap that gives {:?}", given.name), problem));
        }
        let form = match &given.source {
            Source::Sequence(_) => Form::List,
            _ if stacked => Form::Stack,
            Source::Tensor(_) => Form::Floats,
            Source::Maps { .. } => Form::Matrix,
        };
        Ok((given.name.clone(), values, form))
    };
    rest.iter().map(one).collect()
}

fn score_method(name: &str, made: &[Arc<Tensor>], form: &Form, clusters: bool) -> Method {
    if name.contains("score_samples") {
        return Method::ScoreSamples;
    }
    let columns = |tensor: &Tensor| tensor.shape.iter().skip(1).product::<usize>();
    let width = if *form == Form::List { 1 } else { made.iter().map(|tensor| columns(tensor)).sum() };
    let rows: Vec<Vec<f64>> = match form {
        Form::Matrix | Form::Floats => {
            let tables: Vec<Vec<f64>> = made.iter().filter_map(|tensor| tensor.f64s().ok()).collect();
            let row = |row: usize| {
                let part = |table: &Vec<f64>| {
                    let each = table.len() / ROWS;
                    table[row * each..(row + 1) * each].to_vec()
                };
                tables.iter().flat_map(part).collect()
            };
            (0..ROWS).map(row).collect()
        }
        _ => return Method::PredictProba,
    };
    let known: Vec<&Vec<f64>> = rows.iter().filter(|row| row.iter().all(|value| value.is_finite())).collect();
    let probable = |row: &&Vec<f64>| {
        row.iter().all(|p| (-1e-6..=1.000_001).contains(p)) && (row.iter().sum::<f64>() - 1.0).abs() < 1e-3
    };
    match known.is_empty() {
        _ if width == 1 => Method::DecisionFunction,
        true if name.contains("prob") => Method::PredictProba,
        false if known.iter().all(probable) => Method::PredictProba,
        _ if clusters && name.contains("scores") => Method::Transform,
        _ => Method::DecisionFunction,
    }
}

/// The labels that `value` can be: the keys of a map of probabilities, else those of the nearest step before it that has
/// some. Of texts, else all that there are.
fn classes(program: &Program, rest: &[Given], value: usize, made: &Tensor, texts: &[String]) -> Option<Classes> {
    if made.data.elements() != ROWS {
        return None;
    }
    let mapped = rest.iter().find_map(|given| match &given.source {
        Source::Maps { labels, .. } if labels.elements() > 0 => Some(labels.clone()),
        _ => None,
    });
    match (mapped.or_else(|| nearest_labels(program, value)), &made.data) {
        (Some(Data::I64(known)), Data::I64(found)) if found.iter().all(|label| known.contains(label)) => {
            Some(Classes::Int(known))
        }
        (Some(Data::Text(known)), Data::Text(_)) => {
            Some(Classes::Str(known.iter().filter_map(|code| texts.get(*code as usize)).cloned().collect()))
        }
        (_, Data::Text(_)) => Some(Classes::Str(texts.to_vec())),
        _ => None,
    }
}

fn nearest_labels(program: &Program, value: usize) -> Option<Data> {
    let mut seen = vec![false; program.values];
    let mut waiting = std::collections::VecDeque::from([value]);
    while let Some(value) = waiting.pop_front() {
        if std::mem::replace(&mut seen[value], true) {
            continue;
        }
        let Some(step) = program.maker(value) else { continue };
        let constant = |value: usize| program.constants.iter().find(|(at, _)| *at == value).map(|(_, tensor)| tensor);
        match &step.operator {
            Operator::Trees { labels: Some(labels), .. } | Operator::Linear { labels: Some(labels), .. } => {
                return Some(labels.clone());
            }
            Operator::SvmClassifier { labels, .. } => return Some(labels.clone()),
            Operator::ArrayFeatureExtractor => {
                if let Some(labels) = step.inputs.first().copied().flatten().and_then(constant)
                    && matches!(labels.data, Data::I64(_) | Data::Text(_))
                {
                    return Some(labels.data.clone());
                }
            }
            _ => {}
        }
        waiting.extend(step.inputs.iter().flatten());
    }
    None
}

/// What the last step that computes something is there for.
enum Purpose {
    Transforms,
    Predicts,
    Unknown,
}

fn purpose(program: &Program, mut value: usize) -> Purpose {
    while let Some(step) = program.maker(value) {
        match &step.operator {
            Operator::Trees { .. } | Operator::Linear { .. } | Operator::SvmRegressor(_) => return Purpose::Predicts,
            Operator::Scaler { .. }
            | Operator::Normalizer(_)
            | Operator::OneHot(_)
            | Operator::Imputer { .. }
            | Operator::Binarizer(_)
            | Operator::FeatureVectorizer
            | Operator::ArrayFeatureExtractor
            | Operator::Table(_) => return Purpose::Transforms,
            Operator::Identity
            | Operator::Reshape { .. }
            | Operator::Flatten(_)
            | Operator::Squeeze(_)
            | Operator::Cast(_)
            | Operator::Concat(_) => match step.inputs.first().copied().flatten() {
                Some(before) => value = before,
                None => return Purpose::Unknown,
            },
            _ => return Purpose::Unknown,
        }
    }
    Purpose::Transforms
}
