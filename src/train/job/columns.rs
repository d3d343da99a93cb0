//! The table as the run uses it: which columns are features, which rows can be used, the target, the matrix.

use super::{Job, Order, TrainError};
use crate::bundle::Bundle;
use crate::data::{Column, Table, Values};
use crate::train::evaluate::{self, Split};
use crate::train::params::Task;
use crate::train::{Target, TargetError};
use ndarray::Array2;

/// Columns and rows that are used. Positions below are into `rows`, never into the table.
pub(super) struct Prepared<'t> {
    /// The columns of a request, in its order.
    pub features: Vec<&'t Column>,
    /// Names of the columns that the scaler or the estimator gets.
    pub names: Vec<String>,
    /// Rows of the table that are left after cleaning.
    pub rows: Vec<usize>,
    /// One value for each of `rows`. Of an unsupervised estimator: to measure against, where it has labels.
    pub target: Option<Target>,
    pub target_name: Option<String>,
    pub warnings: Vec<String>,
    supervised: bool,
    times: Option<&'t Column>,
}

impl<'t> Prepared<'t> {
    /// Finds the columns and drops the rows that cannot be used.
    ///
    /// # Errors
    /// When a column is absent or ambiguous, holds what cannot be used, or too many rows would be dropped.
    pub fn new(job: &Job, table: &'t Table) -> Result<Self, TrainError> {
        let column = |what, name: &str| {
            let found = table.find(name).map_err(|problem| TrainError::Column { what, problem });
            found.map(|at| &table.columns[at])
        };
        let class = job.spec.estimator.class();
        let supervised = matches!(class.task, Task::Classification | Task::Regression);
        let target = job.target.as_deref().map(|name| column("--target", name)).transpose()?;
        if supervised && target.is_none() {
            return Err(TrainError::NoTarget { class: class.class });
        }
        let times = match &job.order {
            Order::Time(name) => Some(column("--time-column", name)?),
            _ => None,
        };
        let features = features(job, table, target, times)?;
        let mut prepared = Prepared {
            names: features.iter().map(|column| column.name.clone()).collect(),
            features,
            rows: (0..table.rows).collect(),
            target: None,
            target_name: target.map(|column| column.name.clone()),
            warnings: Vec::new(),
            supervised,
            times,
        };
        if let Some(target) = target {
            prepared.read_target(target, class.task)?;
        }
        prepared.check_lost(job, table.rows)?;
        prepared.check_numbers()?;
        Ok(prepared)
    }

    /// Rows without a target are dropped where it is learned.
    fn read_target(&mut self, column: &Column, task: Task) -> Result<(), TrainError> {
        if !self.supervised {
            self.target = Target::labels(column).ok();
            if self.target.is_none() {
                self.warnings.push(format!(
                    "{:?} is not compared with the model: it has missing values or no labels",
                    column.name
                ));
            }
            return Ok(());
        }
        self.rows.retain(|row| !column.values.is_missing(*row));
        if self.rows.is_empty() {
            return Err(TrainError::AllLost(format!("the target {:?} has no value in any of them", column.name)));
        }
        let kept = column.take(&self.rows);
        self.target = Some(match Target::of(&kept, task) {
            Ok(target) => target,
            // The row of the table, not of what was kept.
            Err(TargetError::Continuous { column, row, value }) => {
                return Err(TargetError::Continuous { column, row: self.rows[row], value }.into());
            }
            Err(TargetError::Infinite { column, row }) => {
                return Err(TargetError::Infinite { column, row: self.rows[row] }.into());
            }
            Err(error) => return Err(error.into()),
        });
        Ok(())
    }

    fn check_lost(&mut self, job: &Job, rows: usize) -> Result<(), TrainError> {
        let lost = rows - self.rows.len();
        if lost == 0 {
            return Ok(());
        }
        let why = format!("{lost} have no target");
        if lost as f64 > job.max_lost * rows as f64 {
            return Err(TrainError::TooManyLost { lost, rows, limit: job.max_lost, why });
        }
        self.warnings.push(format!("{lost} of {rows} rows were dropped: {why}"));
        Ok(())
    }

    fn check_numbers(&self) -> Result<(), TrainError> {
        for column in &self.features {
            let (found, value) = match &column.values {
                Values::Numbers { .. } => continue,
                Values::Texts(texts) => {
                    let row = (0..texts.codes.len()).find(|row| texts.get(*row).is_some()).unwrap_or_default();
                    ("text", (row, texts.get(row).unwrap_or_default().to_owned()))
                }
                Values::Times(times) => {
                    let row = times.iter().position(|time| *time != i64::MIN).unwrap_or_default();
                    ("times", (row, evaluate::iso(times[row])))
                }
            };
            let (row, value) = value;
            return Err(TrainError::NotNumbers { column: column.name.clone(), found, row: row + 1, value });
        }
        Ok(())
    }

    /// The target where the estimator learns it.
    pub fn learned(&self) -> Option<&Target> {
        self.target.as_ref().filter(|_| self.supervised)
    }

    /// Which rows are fitted and which held out.
    ///
    /// # Errors
    /// When the rows do not suffice, or there is nothing to split by.
    pub fn split(&self, job: &Job) -> Result<Split, TrainError> {
        let seed = job.spec.params.random_state();
        match &job.order {
            Order::Random => Ok(evaluate::shuffled(self.rows.len(), job.test_size, seed)?),
            Order::Stratified => match &self.target {
                Some(Target::Labels { codes, .. }) => Ok(evaluate::stratified(codes, job.test_size, seed)?),
                _ => Err(TrainError::NothingToStratify),
            },
            Order::Time(_) => self.split_by_time(job),
        }
    }

    fn split_by_time(&self, job: &Job) -> Result<Split, TrainError> {
        let Some(column) = self.times else { return Err(TrainError::NothingToStratify) };
        if let Some(row) = self.rows.iter().find(|row| column.values.is_missing(**row)) {
            return Err(TrainError::NoTime { column: column.name.clone(), row: row + 1 });
        }
        match &column.values {
            Values::Numbers { values, .. } => {
                let times: Vec<f64> = self.rows.iter().map(|row| values[*row]).collect();
                Ok(evaluate::by_time(&times, job.test_size)?)
            }
            Values::Times(values) => {
                let times: Vec<i64> = self.rows.iter().map(|row| values[*row]).collect();
                Ok(evaluate::by_time(&times, job.test_size)?)
            }
            Values::Texts(_) => Err(TrainError::TextTime { column: column.name.clone() }),
        }
    }

    /// What the scaler or the estimator gets for some rows: shape (rows, names).
    pub fn matrix(&self, rows: &[usize]) -> Array2<f64> {
        let mut x = Array2::zeros((rows.len(), self.features.len()));
        for (at, column) in self.features.iter().enumerate() {
            if let Values::Numbers { values, .. } = &column.values {
                x.column_mut(at).iter_mut().zip(rows).for_each(|(cell, row)| *cell = values[self.rows[*row]]);
            }
        }
        x
    }

    /// What a request of these rows is decoded to: shape (rows, features).
    pub fn request(&self, _bundle: &Bundle, rows: &[usize]) -> Array2<f64> {
        self.matrix(rows)
    }
}

/// The columns of a request, in the order that was asked for.
fn features<'t>(
    job: &Job,
    table: &'t Table,
    target: Option<&'t Column>,
    times: Option<&'t Column>,
) -> Result<Vec<&'t Column>, TrainError> {
    let is = |column: &Column, other: Option<&Column>| other.is_some_and(|other| other.name == column.name);
    let Some(named) = &job.features else {
        let rest: Vec<&Column> =
            table.columns.iter().filter(|column| !is(column, target) && !is(column, times)).collect();
        let known: Vec<&str> = [target, times].into_iter().flatten().map(|column| column.name.as_str()).collect();
        return if rest.is_empty() { Err(TrainError::NoFeatures(known.join(" and "))) } else { Ok(rest) };
    };
    let mut found: Vec<&Column> = Vec::new();
    for name in named {
        let at = table.find(name).map_err(|problem| TrainError::Column { what: "--features", problem })?;
        let column = &table.columns[at];
        if is(column, target) {
            return Err(TrainError::TargetAmongFeatures(column.name.clone()));
        }
        if found.iter().any(|known| known.name == column.name) {
            return Err(TrainError::Twice(column.name.clone()));
        }
        found.push(column);
    }
    Ok(found)
}
