//! What is learned: numbers, or labels that keep their type. Made from a column, checked before anything is fitted.

use super::params::Task;
use crate::data::{Column, NumberKind, Texts, Values};
use crate::model::Classes;

/// The target of supervised training, one value for each row.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Numbers(Vec<f64>),
    /// `classes` sorted as `np.unique` sorts them; `codes` are positions in it.
    Labels {
        classes: Classes,
        codes: Vec<u32>,
    },
}

/// Why a column cannot be a target. Rows count from 0.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TargetError {
    #[error("the target {column:?} has no value in row {row} of the table; drop such rows first")]
    Missing { column: String, row: usize },
    #[error(
        "the target {column:?} holds {found}, but a regressor learns numbers; choose a classifier or another column"
    )]
    NotNumbers { column: String, found: &'static str },
    /// scikit-learn's `check_classification_targets`.
    #[error(
        "the target {column:?} is continuous (row {row} holds {value}), but a classifier learns labels; choose a \
         regressor or another column"
    )]
    Continuous { column: String, row: usize, value: f64 },
    #[error("the target {column:?} holds an infinite value in row {row}")]
    Infinite { column: String, row: usize },
}

impl Target {
    /// The target that an estimator of `task` takes from `column`: labels for classification, else numbers.
    ///
    /// # Errors
    /// When a value is missing, or not what such an estimator learns.
    pub fn of(column: &Column, task: Task) -> Result<Target, TargetError> {
        match task {
            Task::Classification => Target::labels(column),
            _ => Target::numbers(column),
        }
    }

    /// # Errors
    /// When a value is missing or infinite, or the column does not hold numbers.
    pub fn numbers(column: &Column) -> Result<Target, TargetError> {
        let name = || column.name.clone();
        let found = match &column.values {
            Values::Numbers { values, .. } => {
                complete(column, |row| !values[row].is_nan(), values.len())?;
                return match values.iter().position(|x| x.is_infinite()) {
                    Some(row) => Err(TargetError::Infinite { column: name(), row }),
                    None => Ok(Target::Numbers(values.clone())),
                };
            }
            Values::Texts(_) => "text",
            Values::Times(_) => "times",
        };
        Err(TargetError::NotNumbers { column: name(), found })
    }

    /// # Errors
    /// When a value is missing, or numbers have fractions.
    pub fn labels(column: &Column) -> Result<Target, TargetError> {
        let name = || column.name.clone();
        match &column.values {
            Values::Numbers { kind, values } => {
                complete(column, |row| !values[row].is_nan(), values.len())?;
                if let Some(row) = values.iter().position(|x| x.is_infinite()) {
                    return Err(TargetError::Infinite { column: name(), row });
                }
                if let Some(row) = values.iter().position(|x| x.fract() != 0.0) {
                    return Err(TargetError::Continuous { column: name(), row, value: values[row] });
                }
                Ok(numeric_labels(*kind, values))
            }
            Values::Texts(texts) => {
                complete(column, |row| texts.codes[row] != Texts::MISSING, texts.codes.len())?;
                Ok(text_labels(texts))
            }
            Values::Times(times) => {
                complete(column, |row| times[row] != i64::MIN, times.len())?;
                Ok(encode(times, Classes::Int))
            }
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Target::Numbers(values) => values.len(),
            Target::Labels { codes, .. } => codes.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The target of some rows. Classes that none of them has stay, so that what is measured on different rows speaks of the
    /// same classes; what is fitted needs [`Target::take`].
    pub fn select(&self, rows: &[usize]) -> Target {
        match self {
            Target::Numbers(values) => Target::Numbers(rows.iter().map(|row| values[*row]).collect()),
            Target::Labels { classes, codes } => {
                Target::Labels { classes: classes.clone(), codes: rows.iter().map(|row| codes[*row]).collect() }
            }
        }
    }

    /// The target of some rows. Labels that none of them has are no class of it.
    pub fn take(&self, rows: &[usize]) -> Target {
        match self {
            Target::Numbers(values) => Target::Numbers(rows.iter().map(|row| values[*row]).collect()),
            Target::Labels { classes, codes } => {
                let taken: Vec<u32> = rows.iter().map(|row| codes[*row]).collect();
                let mut present = vec![false; classes.len()];
                taken.iter().for_each(|code| present[*code as usize] = true);
                let kept: Vec<usize> = (0..classes.len()).filter(|class| present[*class]).collect();
                let mut number = vec![0; classes.len()];
                kept.iter().enumerate().for_each(|(new, old)| number[*old] = new as u32);
                let codes = taken.into_iter().map(|code| number[code as usize]).collect();
                Target::Labels { classes: select(classes, &kept), codes }
            }
        }
    }
}

fn complete(column: &Column, present: impl Fn(usize) -> bool, rows: usize) -> Result<(), TargetError> {
    match (0..rows).find(|row| !present(*row)) {
        Some(row) => Err(TargetError::Missing { column: column.name.clone(), row }),
        None => Ok(()),
    }
}

fn numeric_labels(kind: NumberKind, values: &[f64]) -> Target {
    match kind {
        NumberKind::Boolean => encode(&values.iter().map(|x| *x != 0.0).collect::<Vec<_>>(), Classes::Bool),
        NumberKind::Integer => encode(&values.iter().map(|x| *x as i64).collect::<Vec<_>>(), Classes::Int),
        // Whole numbers, so that their order is that of integers; beyond 2^63 they are too large to be told apart.
        NumberKind::Float => {
            let whole: Vec<i64> = values.iter().map(|x| *x as i64).collect();
            encode(&whole, |labels| Classes::Float(labels.into_iter().map(|x| x as f64).collect()))
        }
    }
}

fn text_labels(texts: &Texts) -> Target {
    let mut used = vec![false; texts.dictionary.len()];
    texts.codes.iter().for_each(|code| used[*code as usize] = true);
    let mut order: Vec<usize> = (0..used.len()).filter(|at| used[*at]).collect();
    // UTF-8 sorts as code points do, and so as Python's strings.
    order.sort_by(|a, b| texts.dictionary[*a].cmp(&texts.dictionary[*b]));
    let mut number = vec![0; used.len()];
    order.iter().enumerate().for_each(|(new, old)| number[*old] = new as u32);
    let classes = Classes::Str(order.into_iter().map(|at| texts.dictionary[at].clone()).collect());
    Target::Labels { classes, codes: texts.codes.iter().map(|code| number[*code as usize]).collect() }
}

fn encode<T: Copy + Ord>(values: &[T], classes: impl FnOnce(Vec<T>) -> Classes) -> Target {
    let mut distinct = values.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let code = |value: &T| distinct.partition_point(|known| known < value) as u32;
    let codes = values.iter().map(code).collect();
    Target::Labels { classes: classes(distinct), codes }
}

fn select(classes: &Classes, kept: &[usize]) -> Classes {
    fn pick<T: Clone>(labels: &[T], kept: &[usize]) -> Vec<T> {
        kept.iter().map(|at| labels[*at].clone()).collect()
    }
    match classes {
        Classes::Int(v) => Classes::Int(pick(v, kept)),
        Classes::Float(v) => Classes::Float(pick(v, kept)),
        Classes::Bool(v) => Classes::Bool(pick(v, kept)),
        Classes::Str(v) => Classes::Str(pick(v, kept)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: Values) -> Column {
        Column { name: "y".into(), values }
    }

    fn numbers(kind: NumberKind, values: &[f64]) -> Column {
        column(Values::Numbers { kind, values: values.to_vec() })
    }

    #[test]
    fn labels_keep_their_type_and_are_sorted() {
        let check = |column: Column, classes: Classes, codes: &[u32]| {
            assert_eq!(Target::labels(&column), Ok(Target::Labels { classes, codes: codes.to_vec() }));
        };
        check(numbers(NumberKind::Integer, &[5.0, -1.0, 5.0]), Classes::Int(vec![-1, 5]), &[1, 0, 1]);
        check(numbers(NumberKind::Float, &[2.0, 1.0]), Classes::Float(vec![1.0, 2.0]), &[1, 0]);
        check(numbers(NumberKind::Boolean, &[1.0, 0.0]), Classes::Bool(vec![false, true]), &[1, 0]);
        let dictionary = vec!["b".to_owned(), "never".into(), "a".into(), "é".into()];
        let texts = Texts { dictionary, codes: vec![0, 2, 3, 0] };
        let classes = Classes::Str(vec!["a".into(), "b".into(), "é".into()]);
        check(column(Values::Texts(texts)), classes, &[1, 0, 2, 1]);
    }

    #[test]
    fn what_cannot_be_learned_is_refused() {
        let missing = numbers(NumberKind::Float, &[1.0, f64::NAN]);
        assert_eq!(Target::numbers(&missing), Err(TargetError::Missing { column: "y".into(), row: 1 }));
        assert_eq!(Target::labels(&missing), Err(TargetError::Missing { column: "y".into(), row: 1 }));
        let fractions = numbers(NumberKind::Float, &[1.0, 2.5]);
        let continuous = TargetError::Continuous { column: "y".into(), row: 1, value: 2.5 };
        assert_eq!(Target::labels(&fractions), Err(continuous));
        let texts = column(Values::Texts(Texts { dictionary: vec!["a".into()], codes: vec![0] }));
        let expected = TargetError::NotNumbers { column: "y".into(), found: "text" };
        assert_eq!(Target::of(&texts, Task::Regression), Err(expected));
    }

    #[test]
    fn rows_without_a_class_do_not_keep_it() {
        let target = Target::labels(&numbers(NumberKind::Integer, &[1.0, 2.0, 3.0, 1.0])).unwrap();
        let taken = target.take(&[2, 0]);
        assert_eq!(taken, Target::Labels { classes: Classes::Int(vec![1, 3]), codes: vec![1, 0] });
    }
}
