//! The table as the run uses it: which columns are features, which rows can be used, the target, the matrix.

use super::{Job, Order, TrainError};
use crate::bundle::Bundle;
use crate::data::{Column, NameError, Table, Values};
use crate::train::evaluate::{self, Split};
use crate::train::features::{self, FeatureError, Plan};
use crate::train::params::Task;
use crate::train::{Target, TargetError};
use ndarray::Array2;

/// Columns and rows that are used. Positions below are into `rows`, never into the table.
pub(super) struct Prepared {
    pub table: Table,
    /// The columns of a request, in its order.
    pub names: Vec<String>,
    /// Rows of the table that are left after cleaning.
    pub rows: Vec<usize>,
    /// One value for each of `rows`. Of an unsupervised estimator: to measure against, where it has labels.
    pub target: Option<Target>,
    pub target_name: Option<String>,
    /// The job's, with the columns' own names.
    pub plan: Plan,
    pub warnings: Vec<String>,
    supervised: bool,
    times: Option<String>,
}

impl Prepared {
    /// Finds the columns and drops the rows that cannot be used.
    ///
    /// # Errors
    /// When a column is absent or ambiguous, holds what cannot be used, or too many rows would be dropped.
    pub fn new(job: &Job, table: Table) -> Result<Self, TrainError> {
        let column = |what, name: &str| {
            let found = table.find(name).map_err(|problem| TrainError::Column { what, problem });
            found.map(|at| table.columns[at].name.clone())
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
        let mut prepared = Prepared {
            names: chosen(job, &table, target.as_deref(), times.as_deref())?,
            rows: (0..table.rows).collect(),
            target: None,
            target_name: target,
            plan: resolved(&job.plan, &table)?,
            warnings: Vec::new(),
            supervised,
            times,
            table,
        };
        prepared.check_numbers()?;
        prepared.clean(job)?;
        Ok(prepared)
    }

    /// The columns of a request, in its order.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.names.iter().filter_map(|name| self.table.column(name))
    }

    /// Lets go of all but the columns of a request and of the given rows, which are all rows from now on.
    pub fn keep(&mut self, rows: &[usize]) {
        let Prepared { table, names, .. } = self;
        table.columns.retain(|column| names.contains(&column.name));
        let kept: Vec<usize> = rows.iter().map(|at| self.rows[*at]).collect();
        // One by one, so that no more than a column is there twice.
        table.columns.iter_mut().for_each(|column| column.values = column.values.take(&kept));
        table.rows = kept.len();
        self.target = self.target.as_ref().map(|target| target.select(rows));
        self.rows = (0..kept.len()).collect();
    }

    /// Drops rows without a target where one is learned, and those that the plan drops; reads the target of the rest.
    fn clean(&mut self, job: &Job) -> Result<(), TrainError> {
        let target = self.target_name.as_deref().and_then(|name| self.table.column(name));
        let (all, mut why) = (self.table.rows, Vec::new());
        if let Some(column) = target.filter(|_| self.supervised) {
            self.rows.retain(|row| !column.values.is_missing(*row));
            if self.rows.is_empty() {
                return Err(TrainError::AllLost(format!("the target {:?} has no value in any of them", column.name)));
            }
            why.extend((self.rows.len() < all).then(|| format!("{} have no target", all - self.rows.len())));
        }
        let before = self.rows.len();
        self.rows = self.plan.complete(&self.table, &self.names, &self.rows)?;
        let incomplete = before - self.rows.len();
        why.extend((incomplete > 0).then(|| format!("{incomplete} lack a value where the plan drops such rows")));
        self.check_lost(job, all, &why.join(", "))?;
        self.read_target(job.spec.estimator.class().task)
    }

    fn read_target(&mut self, task: Task) -> Result<(), TrainError> {
        let column = self.target_name.as_deref().and_then(|name| self.table.column(name));
        let Some(column) = column else { return Ok(()) };
        let kept = column.take(&self.rows);
        if !self.supervised {
            self.target = Target::labels(&kept).ok();
            if self.target.is_none() {
                self.warnings.push(format!(
                    "{:?} is not compared with the model: it has missing values or no labels",
                    column.name
                ));
            }
            return Ok(());
        }
        // Rows as the table counts them, not as they were kept.
        self.target = Some(Target::of(&kept, task).map_err(|error| match error {
            TargetError::Continuous { column, row, value } => {
                TargetError::Continuous { column, row: self.rows[row] + 1, value }
            }
            TargetError::Infinite { column, row } => TargetError::Infinite { column, row: self.rows[row] + 1 },
            other => other,
        })?);
        Ok(())
    }

    fn check_lost(&mut self, job: &Job, rows: usize, why: &str) -> Result<(), TrainError> {
        let lost = rows - self.rows.len();
        if lost as f64 > job.max_lost * rows as f64 {
            return Err(TrainError::TooManyLost { lost, rows, limit: job.max_lost, why: why.to_owned() });
        }
        if lost > 0 {
            self.warnings.push(format!("{lost} of {rows} rows were dropped: {why}"));
        }
        Ok(())
    }

    /// A column of numbers with a stray text would become thousands of categories: unless it is said to be text, that is
    /// an error.
    fn check_numbers(&self) -> Result<(), TrainError> {
        let said = |column: &Column| self.plan.columns.get(&column.name).is_some_and(|own| own.encode.is_some());
        for column in self.columns().filter(|column| !said(column)) {
            if let Values::Texts(texts) = &column.values
                && let Some((row, value)) = texts.first_not_a_number()
            {
                let (column, value) = (column.name.clone(), value.to_owned());
                return Err(TrainError::NotNumbers { column, row: row + 1, value });
            }
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
        let column = self.times.as_deref().and_then(|name| self.table.column(name));
        let Some(column) = column else { return Err(TrainError::NothingToStratify) };
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

    /// Rows of the table.
    pub fn table_rows(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().map(|at| self.rows[*at]).collect()
    }

    /// What a request of these rows is decoded to: shape (rows, columns).
    ///
    /// # Errors
    /// Never: the columns are those of the table.
    pub fn request(&self, bundle: &Bundle, rows: &[usize]) -> Result<Array2<f64>, FeatureError> {
        features::requests(&self.table, &self.names, &self.table_rows(rows), &bundle.vocabulary)
    }
}

/// The plan with the names that the table has: they match whatever their case, blanks and underscores. Names of derived
/// columns stay.
fn resolved(plan: &Plan, table: &Table) -> Result<Plan, TrainError> {
    let name = |name: &String| match table.find(name) {
        Ok(at) => Ok(table.columns[at].name.clone()),
        Err(NameError::Absent { .. }) => Ok(name.clone()),
        Err(problem) => Err(TrainError::Column { what: "the plan of features", problem }),
    };
    let mut own = plan.clone();
    own.inputs_only = plan.inputs_only.iter().map(name).collect::<Result<_, _>>()?;
    own.dates =
        plan.dates.iter().map(|(key, parts)| Ok((name(key)?, parts.clone()))).collect::<Result<_, TrainError>>()?;
    own.columns =
        plan.columns.iter().map(|(key, how)| Ok((name(key)?, how.clone()))).collect::<Result<_, TrainError>>()?;
    Ok(own)
}

/// The names of the columns of a request, in the order that was asked for.
fn chosen(job: &Job, table: &Table, target: Option<&str>, times: Option<&str>) -> Result<Vec<String>, TrainError> {
    let Some(named) = &job.features else {
        let known: Vec<&str> = [target, times].into_iter().flatten().collect();
        let names = table.columns.iter().map(|column| &column.name);
        let rest: Vec<String> = names.filter(|name| !known.contains(&name.as_str())).cloned().collect();
        return if rest.is_empty() { Err(TrainError::NoFeatures(known.join(" and "))) } else { Ok(rest) };
    };
    let mut found: Vec<String> = Vec::new();
    for name in named {
        let at = table.find(name).map_err(|problem| TrainError::Column { what: "--features", problem })?;
        let name = &table.columns[at].name;
        if target == Some(name) {
            return Err(TrainError::TargetAmongFeatures(name.clone()));
        }
        if found.contains(name) {
            return Err(TrainError::Twice(name.clone()));
        }
        found.push(name.clone());
    }
    Ok(found)
}
