//! Matrix and target to a fitted estimator, as the value graph that scikit-learn 1.9.1 would have pickled.
//!
//! One file per family. A family returns the attributes it learned; parameters, names and version are added here, so
//! that every estimator is written the same way and read back by `sklearn` like any file. Never does I/O; results do
//! not depend on the number of threads.

mod centered;
mod coordinate;
mod forest;
mod isolation;
mod kmeans;
mod linear;
mod logistic;
mod naive_bayes;
mod neighbors;
mod positive;
mod scaler;
mod state;
mod svm;
mod tree;
mod weights;

pub use super::params::{Estimator, Literal, ParamError, ScalerKind, ScalerSpec, Spec, Task};
pub use super::target::{Target, TargetError};
pub use scaler::fit_scaler;

use crate::model::{self, FloatType, InputError, InputPolicy};
use crate::sklearn::{self, BuildError, Context, Version};
use crate::value::{Builder, Graph};
use ndarray::{Array2, ArrayView2, arr0};
use state::State;

/// The version whose behaviour is reproduced.
pub const SKLEARN_VERSION: &str = "1.9.1";

/// A fitted estimator or scaler.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// What a pickle of it would hold.
    pub graph: Graph<'static>,
    /// What the user should know: scikit-learn's warnings.
    pub warnings: Vec<String>,
}

/// Why an estimator cannot be fitted to these data.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FitError {
    #[error("there are no rows to train on")]
    NoRows,
    #[error("there are no features to train on")]
    NoFeatures,
    #[error("column {column:?}, row {row} of the training data: {problem}")]
    Value { column: String, row: usize, problem: InputError },
    #[error("{estimator} needs a target; name its column with --target")]
    NoTarget { estimator: &'static str },
    #[error("{estimator} learns {needs}, and the target holds {found}")]
    WrongTarget { estimator: &'static str, needs: &'static str, found: &'static str },
    #[error("the target has {target} values for {rows} rows")]
    Length { target: usize, rows: usize },
    #[error("the target has one class only, {class}; there is nothing to tell apart")]
    OneClass { class: String },
    #[error("the classes [{missing}] are not in class_weight")]
    ClassWeight { missing: String },
    /// A parameter that does not fit the data or another parameter, in scikit-learn's words where it has some.
    #[error("{0}")]
    Parameter(String),
    /// The model does not pass the checks that a loaded one passes.
    #[error("the fitted model cannot be used: {0}")]
    Build(#[from] BuildError),
}

/// What an estimator is fitted to.
#[derive(Clone, Copy)]
struct Data<'d> {
    /// Shape (rows, features).
    x: ArrayView2<'d, f64>,
    names: &'d [String],
    target: Option<&'d Target>,
    threads: usize,
}

/// Fits `spec` to `x`, shape (rows, features), whose columns are called `names`; empty `names` stand for a matrix
/// without names. Unsupervised estimators ignore `target`.
///
/// # Errors
/// When the estimator does not take these data.
pub fn fit(
    spec: &Spec,
    x: ArrayView2<'_, f64>,
    names: &[String],
    target: Option<&Target>,
    threads: usize,
) -> Result<Fitted, FitError> {
    let data = Data { x, names, target, threads: threads.max(1) };
    data.check_shape()?;
    let grown = |grow: Grow| grow(spec, &data, tree::columns(spec.estimator, &spec.params, &data)?);
    match spec.estimator {
        Estimator::IsolationForest => isolation::fit(spec, &data),
        Estimator::DecisionTreeClassifier
        | Estimator::DecisionTreeRegressor
        | Estimator::ExtraTreeClassifier
        | Estimator::ExtraTreeRegressor => grown(tree::grow),
        Estimator::RandomForestClassifier
        | Estimator::RandomForestRegressor
        | Estimator::ExtraTreesClassifier
        | Estimator::ExtraTreesRegressor => grown(forest::grow),
        Estimator::LinearRegression => linear::linear_regression(spec, &data),
        Estimator::Ridge => linear::ridge(spec, &data),
        Estimator::Lasso | Estimator::ElasticNet => coordinate::fit(spec, &data),
        Estimator::LogisticRegression => logistic::fit(spec, &data),
        Estimator::KMeans => kmeans::fit(spec, &data),
        Estimator::KNeighborsClassifier | Estimator::KNeighborsRegressor => neighbors::fit(spec, &data),
        Estimator::GaussianNb => naive_bayes::fit(spec, &data),
        Estimator::Svc => svm::classifier(spec, &data),
        Estimator::Svr => svm::regressor(spec, &data),
    }
}

/// As [`fit`], to a matrix that is not needed any more: trees read a copy of half its size, and it is gone when they grow.
///
/// # Errors
/// As [`fit`].
pub fn fit_owned(
    spec: &Spec,
    x: Array2<f64>,
    names: &[String],
    target: Option<&Target>,
    threads: usize,
) -> Result<Fitted, FitError> {
    use Estimator::{ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor};
    let grow: Grow = match spec.estimator {
        RandomForestClassifier | RandomForestRegressor | ExtraTreesClassifier | ExtraTreesRegressor => forest::grow,
        _ => return fit(spec, x.view(), names, target, threads),
    };
    let data = Data { x: x.view(), names, target, threads: threads.max(1) };
    data.check_shape()?;
    let values = tree::columns(spec.estimator, &spec.params, &data)?;
    // What is left of the matrix is its shape: one number, seen everywhere.
    let (shape, number) = (x.dim(), arr0(0.0));
    drop(x);
    let outline = number.broadcast(shape).ok_or(FitError::NoRows)?;
    grow(spec, &Data { x: outline, names, target, threads: threads.max(1) }, values)
}

/// Fits to float32 columns; of the matrix it reads the shape alone.
type Grow = fn(&Spec, &Data<'_>, Vec<Vec<f32>>) -> Result<Fitted, FitError>;

impl Fitted {
    /// The model, built as from a file.
    ///
    /// # Errors
    /// When the graph is not what `sklearn` reads: a fault of this program, reported rather than written to a bundle.
    pub fn estimator(&self) -> Result<model::Estimator, BuildError> {
        sklearn::estimator(&self.graph.root(), &mut Context::new(Version::NEWEST))
    }

    /// The scaler, built as from a file.
    ///
    /// # Errors
    /// As [`Fitted::estimator`].
    pub fn transformer(&self) -> Result<model::Transformer, BuildError> {
        sklearn::transformer(&self.graph.root(), &mut Context::new(Version::NEWEST))
    }

    fn new(builder: Builder, state: State, warnings: Vec<String>) -> Fitted {
        let mut builder = builder;
        let root = state.finish(&mut builder);
        Fitted { graph: builder.finish(root), warnings }
    }
}

impl<'d> Data<'d> {
    fn check_shape(&self) -> Result<(), FitError> {
        let (rows, features) = self.x.dim();
        if features == 0 {
            return Err(FitError::NoFeatures);
        }
        if rows == 0 {
            return Err(FitError::NoRows);
        }
        match self.target.map(Target::len) {
            Some(target) if target != rows => Err(FitError::Length { target, rows }),
            _ => Ok(()),
        }
    }

    fn n_rows(&self) -> usize {
        self.x.nrows()
    }

    fn n_features(&self) -> usize {
        self.x.ncols()
    }

    /// Checks every value as scikit-learn does, and names the column and row of the first that is refused.
    fn check_values(&self, estimator: &str, dtype: FloatType, allow_nan: bool) -> Result<(), FitError> {
        let policy = InputPolicy { estimator: estimator.to_owned(), dtype, allow_nan, allow_infinite: false };
        policy.check(self.x).map_err(|problem| {
            let (row, column) = problem.place();
            let column = self.names.get(column).cloned().unwrap_or_else(|| column.to_string());
            FitError::Value { column, row, problem }
        })
    }

    /// The numbers that a regressor learns.
    fn numbers(&self, estimator: &'static str) -> Result<&'d [f64], FitError> {
        match self.target {
            Some(Target::Numbers(values)) => Ok(values),
            Some(Target::Labels { .. }) => Err(FitError::WrongTarget { estimator, needs: "numbers", found: "labels" }),
            None => Err(FitError::NoTarget { estimator }),
        }
    }

    /// The labels that a classifier learns: at least two classes.
    fn labels(&self, estimator: &'static str) -> Result<(&'d model::Classes, &'d [u32]), FitError> {
        match self.target {
            Some(Target::Labels { classes, codes }) if classes.len() > 1 => Ok((classes, codes)),
            Some(Target::Labels { classes, .. }) => Err(FitError::OneClass { class: weights::label(classes, 0) }),
            Some(Target::Numbers(_)) => Err(FitError::WrongTarget { estimator, needs: "labels", found: "numbers" }),
            None => Err(FitError::NoTarget { estimator }),
        }
    }
}

/// `np.percentile` of all values, linear between neighbours; sorts them.
fn percentile(values: &mut [f64], q: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let at = (values.len() - 1) as f64 * (q / 100.0);
    let low = at.floor() as usize;
    let (a, b, part) = (values[low], values[(low + 1).min(values.len() - 1)], at - at.floor());
    match part >= 0.5 {
        true => b - (b - a) * (1.0 - part),
        false => a + (b - a) * part,
    }
}
