//! Rows that were held out, as a model gets them when it serves, and the truth about them in the model's own labels.
//!
//! What serving would refuse is refused here: text where the model takes numbers, values that it does not accept.

use crate::bundle::Bundle;
use crate::data::{Column, Loaded, NameError, Table, Values};
use crate::model::{Classes, Content, Method, Output, Vocabulary};
use crate::score::{Form, ReplyStyle, Scorer};
use crate::train::Target;
use crate::train::evaluate::{self, Answers, Evaluation};
use crate::train::features;
use crate::train::params::Task;
use ndarray::Array2;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

/// Why a model cannot be measured on these rows. Rows count from 1, without the header.
#[derive(Debug, thiserror::Error)]
pub enum HoldoutError {
    #[error("--target: {0}")]
    Target(NameError),
    #[error("the slice of gate.toml: {0}")]
    Slice(NameError),
    #[error(
        "the slice {column:?} has {groups} values; it must be a column of few\n  leave it out, or add one that groups its values"
    )]
    Groups { column: String, groups: usize },
    #[error("{what} takes columns that the data lack: {missing}\n  the data have {columns}")]
    Lacks { what: String, missing: String, columns: String },
    #[error("{what} takes {takes} in {column:?}, but the data hold {found}")]
    Kind { what: String, column: String, takes: &'static str, found: String },
    #[error("{what} refuses row {row} of the data: {message}")]
    Refused { what: String, row: usize, message: String },
    #[error("the target {column:?} has no value in row {row}; leave such rows out of the data")]
    NoTruth { column: String, row: usize },
    #[error("the target {column:?} holds {found} (row {row}), but {what} predicts {predicts}")]
    Truth { what: String, column: String, row: usize, found: String, predicts: &'static str },
    #[error(
        "the target {column:?} holds {classes} different values; an anomaly detector is measured by two, the second of which \
         is the anomaly (0 and 1, false and true), or -1 and 1, where it is -1"
    )]
    Anomalies { column: String, classes: usize },
    #[error("{what} needs a target to be measured by; name its column with --target")]
    NoTarget { what: String },
    #[error("the target {column:?} is a feature of {what}, so it is not what the model tells; name another --target")]
    TargetIsFeature { what: String, column: String },
    #[error("{what} gives {gives}; a gate measures models that predict one value a row")]
    Shape { what: String, gives: &'static str },
}

/// What a model said of the rows, and how good that is.
pub struct Measured {
    pub task: Task,
    pub answers: Answers,
    pub truth: Option<Target>,
    pub evaluation: Evaluation,
    /// What the estimator itself got: a clustering is measured by distances there.
    seen: Array2<f64>,
    /// The columns of a request, in the model's order and by its names.
    pub columns: Vec<Column>,
}

impl Measured {
    /// Scores all rows with at most `threads` threads; `what` is what messages call the model.
    ///
    /// # Errors
    /// When the rows do not fit the model, or it refuses one.
    pub fn new(
        what: &str,
        bundle: &Arc<Bundle>,
        data: &Loaded,
        target: Option<&str>,
        threads: usize,
    ) -> Result<Measured, HoldoutError> {
        let task = task(what, bundle)?;
        let target = target.map(|name| data.table.find(name).map_err(HoldoutError::Target)).transpose()?;
        let target = target.map(|at| &data.table.columns[at]);
        if let Some(column) = target.filter(|target| bundle.feature_order.contains(&target.name)) {
            return Err(HoldoutError::TargetIsFeature { what: what.to_owned(), column: column.name.clone() });
        }
        let columns = request_columns(what, bundle, &data.table)?;
        let rows: Vec<usize> = (0..data.table.rows).collect();
        let table = Table { columns, rows: rows.len() };
        let vocabulary = with_documents(&bundle.vocabulary, &table.columns);
        let x = features::requests(&table, &bundle.feature_order, &rows, &vocabulary);
        let x = x.expect("the columns have the names of the order");
        let texts = vocabulary.texts();
        let refused = |refused: evaluate::Refused| {
            let message = words(bundle, &table.columns, refused.row).unwrap_or_else(|| refused.error.to_string());
            HoldoutError::Refused { what: what.to_owned(), row: refused.row + 1, message }
        };
        let answers = texts.during(|| evaluate::answers(bundle, x.view(), threads)).map_err(refused)?;
        let truth = truth(what, bundle, task, target)?;
        let seen = match task {
            Task::Clustering => texts.during(|| evaluate::seen_by_model(bundle, x)),
            _ => Array2::zeros((0, 0)),
        };
        let evaluation = evaluate::evaluate(task, &answers, truth.as_ref(), seen.view(), 0);
        Ok(Measured { task, answers, truth, evaluation, seen, columns: table.columns })
    }

    /// A metric of all rows.
    pub fn metric(&self, name: &str) -> Option<f64> {
        of(&self.evaluation, name)
    }

    /// How good the model is on some of the rows; a row may be taken more than once.
    pub fn on(&self, rows: &[usize]) -> Evaluation {
        let truth = self.truth.as_ref().map(|truth| truth.select(rows));
        let seen = if self.task == Task::Clustering {
            self.seen.select(ndarray::Axis(0), rows)
        } else {
            Array2::zeros((0, 0))
        };
        evaluate::evaluate(self.task, &self.answers.take(rows), truth.as_ref(), seen.view(), 0)
    }
}

/// A metric by its name.
pub fn of(evaluation: &Evaluation, name: &str) -> Option<f64> {
    evaluation.metrics.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// What kind of question the model answers, by the answers that it gives.
fn task(what: &str, bundle: &Bundle) -> Result<Task, HoldoutError> {
    let wrong = |gives| Err(HoldoutError::Shape { what: what.to_owned(), gives });
    match bundle.estimator.shape_of(Method::Predict) {
        Some(Output::Labels { .. }) => Ok(Task::Classification),
        Some(Output::Floats(_)) => Ok(Task::Regression),
        Some(Output::Ints(_)) if bundle.methods().contains(&Method::DecisionFunction) => Ok(Task::AnomalyDetection),
        Some(Output::Ints(_)) => Ok(Task::Clustering),
        Some(_) => wrong("several values for each row"),
        None => wrong("no predictions, it only transforms"),
    }
}

/// The columns that the model takes, by its names and in its order. The data may vary names as in training.
fn request_columns(what: &str, bundle: &Bundle, table: &Table) -> Result<Vec<Column>, HoldoutError> {
    let found: Vec<_> = bundle.feature_order.iter().map(|name| (name, table.find(name))).collect();
    let missing: Vec<String> = found
        .iter()
        .filter_map(|(name, found)| match found {
            Err(NameError::Absent { .. }) => Some(format!("{name:?}")),
            Err(ambiguous) => Some(ambiguous.to_string()),
            Ok(_) => None,
        })
        .collect();
    if !missing.is_empty() {
        let columns: Vec<String> = table.columns.iter().map(|column| format!("{:?}", column.name)).collect();
        return Err(HoldoutError::Lacks { what: what.to_owned(), missing: some(&missing), columns: some(&columns) });
    }
    let columns = found.into_iter().enumerate().map(|(at, (name, found))| {
        let column = &table.columns[found.expect("none is missing")];
        fits(what, bundle.vocabulary.content(at), column)?;
        Ok(Column { name: name.clone(), values: column.values.clone() })
    });
    columns.collect()
}

/// The first few of many.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 12;
    match names.len().saturating_sub(SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..SHOWN].join(", ")),
    }
}

/// The vocabulary with every text of the columns that take whole texts, so that a matrix of codes can hold them.
fn with_documents<'v>(vocabulary: &'v Vocabulary, columns: &[Column]) -> Cow<'v, Vocabulary> {
    let mut own = Cow::Borrowed(vocabulary);
    for (_, column) in columns.iter().enumerate().filter(|(at, _)| vocabulary.is_document(*at)) {
        if let Values::Texts(texts) = &column.values {
            texts.dictionary.iter().for_each(|text| {
                own.to_mut().intern(text);
            });
        }
    }
    own
}

/// Whether serving would take what the column holds.
fn fits(what: &str, content: &Content, column: &Column) -> Result<(), HoldoutError> {
    let takes = match content {
        Content::Number => "numbers",
        Content::Text(_) | Content::Document(_) => "texts",
        Content::Date => "dates",
        Content::Unused => return Ok(()),
    };
    let found = match (content, &column.values) {
        (Content::Number, Values::Numbers { .. })
        | (Content::Text(_) | Content::Document(_), Values::Texts(_))
        | (Content::Date, Values::Times(_)) => return Ok(()),
        // Without a single value there is no telling what a column holds.
        (_, Values::Numbers { values, .. }) if values.iter().all(|value| value.is_nan()) => return Ok(()),
        (_, Values::Numbers { .. }) => "numbers".to_owned(),
        (_, Values::Times(_)) => "dates".to_owned(),
        (_, Values::Texts(texts)) => match texts.first_not_a_number() {
            Some((row, value)) => format!("{value:?} in row {}", row + 1),
            None => "texts".to_owned(),
        },
    };
    Err(HoldoutError::Kind { what: what.to_owned(), column: column.name.clone(), takes, found })
}

/// What serving answers to a request of that row, where it refuses it.
fn words(bundle: &Arc<Bundle>, columns: &[Column], row: usize) -> Option<String> {
    let columns: Vec<&Column> = columns.iter().collect();
    let request = evaluate::request(&columns, row);
    let answer =
        Scorer::new(Arc::clone(bundle), ReplyStyle::Plain).score(Form::Json, request.as_bytes(), &mut Vec::new());
    let message = answer.err()?.message;
    let message = message.lines().next()?;
    Some(message.strip_prefix("row 0, ").unwrap_or(message).to_owned())
}

/// The truth as the model would say it.
fn truth(what: &str, bundle: &Bundle, task: Task, target: Option<&Column>) -> Result<Option<Target>, HoldoutError> {
    let Some(column) = target else {
        let supervised = matches!(task, Task::Classification | Task::Regression);
        return if supervised { Err(HoldoutError::NoTarget { what: what.to_owned() }) } else { Ok(None) };
    };
    let rows = rows(&column.values);
    if let Some(row) = (0..rows).find(|row| column.values.is_missing(*row)) {
        return Err(HoldoutError::NoTruth { column: column.name.clone(), row: row + 1 });
    }
    let wrong = |row: usize, found: String, predicts| HoldoutError::Truth {
        what: what.to_owned(),
        column: column.name.clone(),
        row: row + 1,
        found,
        predicts,
    };
    match task {
        Task::Regression => match &column.values {
            Values::Numbers { values, .. } => match values.iter().position(|value| value.is_infinite()) {
                Some(row) => Err(wrong(row, "an infinite value".to_owned(), "numbers")),
                None => Ok(Some(Target::Numbers(values.clone()))),
            },
            other => Err(wrong(0, shown(other, 0), "numbers")),
        },
        Task::Classification => {
            let classes = bundle.estimator.classes().expect("a classifier has classes");
            labels(&column.values, &classes)
                .map(Some)
                .map_err(|(row, predicts)| wrong(row, shown(&column.values, row), predicts))
        }
        Task::AnomalyDetection => {
            let target =
                Target::labels(column).map_err(|_| wrong(0, "numbers with fractions".to_owned(), "anomalies"))?;
            match (&target, evaluate::anomalies(&target)) {
                (Target::Labels { classes, .. }, None) => {
                    Err(HoldoutError::Anomalies { column: column.name.clone(), classes: classes.len() })
                }
                _ => Ok(Some(target)),
            }
        }
        Task::Clustering | Task::Scaling => Ok(None),
    }
}

fn rows(values: &Values) -> usize {
    match values {
        Values::Numbers { values, .. } => values.len(),
        Values::Texts(texts) => texts.codes.len(),
        Values::Times(times) => times.len(),
    }
}

/// A value for a message.
fn shown(values: &Values, row: usize) -> String {
    match values {
        Values::Numbers { values, .. } => values[row].to_string(),
        Values::Texts(texts) => format!("{:?}", texts.get(row).unwrap_or_default()),
        Values::Times(times) => crate::calendar::text(times[row]),
    }
}

/// The labels of a column without missing values, among all that occur there or that the model knows; else the row of the
/// first that the model could not say, and what it says.
fn labels(values: &Values, model: &Classes) -> Result<Target, (usize, &'static str)> {
    match (model, values) {
        (Classes::Str(known), Values::Texts(texts)) => {
            let found: Vec<&str> = (0..texts.codes.len()).map(|row| texts.get(row).unwrap_or_default()).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let owned = |labels: Vec<&str>| Classes::Str(labels.into_iter().map(str::to_owned).collect());
            Ok(encode(&found, &known, Ord::cmp, owned))
        }
        (Classes::Int(known), Values::Numbers { values, .. }) => {
            let whole = |x: &f64| x.fract() == 0.0 && x.abs() < 9e15;
            match values.iter().position(|x| !whole(x)) {
                Some(row) => Err((row, "integers")),
                None => {
                    Ok(encode(&values.iter().map(|x| *x as i64).collect::<Vec<_>>(), known, Ord::cmp, Classes::Int))
                }
            }
        }
        (Classes::Float(known), Values::Numbers { values, .. }) => {
            // 0.0 and -0.0 are one label.
            let plain: Vec<f64> = values.iter().map(|x| x + 0.0).collect();
            Ok(encode(&plain, known, f64::total_cmp, Classes::Float))
        }
        (Classes::Bool(known), Values::Numbers { values, .. }) => {
            match values.iter().position(|x| *x != 0.0 && *x != 1.0) {
                Some(row) => Err((row, "false and true")),
                None => {
                    Ok(encode(&values.iter().map(|x| *x == 1.0).collect::<Vec<_>>(), known, Ord::cmp, Classes::Bool))
                }
            }
        }
        (Classes::Str(_), _) => Err((0, "texts")),
        _ => Err((0, "numbers")),
    }
}

fn encode<T: Copy>(
    found: &[T],
    known: &[T],
    order: fn(&T, &T) -> Ordering,
    classes: impl FnOnce(Vec<T>) -> Classes,
) -> Target {
    let mut all = [found, known].concat();
    all.sort_unstable_by(order);
    all.dedup_by(|a, b| order(a, b) == Ordering::Equal);
    let code = |label: &T| all.partition_point(|other| order(other, label) == Ordering::Less) as u32;
    let codes = found.iter().map(code).collect();
    Target::Labels { classes: classes(all), codes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{NumberKind, Texts};

    #[test]
    fn truth_is_told_in_the_models_labels() {
        let numbers = |values: &[f64]| Values::Numbers { kind: NumberKind::Float, values: values.to_vec() };
        let texts = |values: &[&str]| {
            let dictionary = values.iter().map(|text| (*text).to_owned()).collect();
            Values::Texts(Texts { dictionary, codes: (0..values.len() as u32).collect() })
        };
        let check = |values: &Values, model: Classes, expected: Result<(Classes, &[u32]), (usize, &'static str)>| {
            let expected = expected.map(|(classes, codes)| Target::Labels { classes, codes: codes.to_vec() });
            assert_eq!(labels(values, &model), expected, "{values:?} {model:?}");
        };
        check(
            &numbers(&[1.0, 0.0, 7.0]),
            Classes::Int(vec![0, 1, 2]),
            Ok((Classes::Int(vec![0, 1, 2, 7]), &[1, 0, 3])),
        );
        check(&numbers(&[1.0, 0.5]), Classes::Int(vec![0, 1]), Err((1, "integers")));
        check(&numbers(&[2.5, -0.0]), Classes::Float(vec![0.0]), Ok((Classes::Float(vec![0.0, 2.5]), &[1, 0])));
        check(&numbers(&[1.0, 1.0]), Classes::Bool(vec![false, true]), Ok((Classes::Bool(vec![false, true]), &[1, 1])));
        check(&numbers(&[2.0]), Classes::Bool(vec![false, true]), Err((0, "false and true")));
        let known = Classes::Str(vec!["a".into(), "b".into()]);
        let all = Classes::Str(vec!["a".into(), "b".into(), "c".into()]);
        check(&texts(&["b", "c"]), known.clone(), Ok((all, &[1, 2])));
        check(&numbers(&[1.0]), known, Err((0, "texts")));
        check(&texts(&["b"]), Classes::Int(vec![1]), Err((0, "numbers")));
    }
}
