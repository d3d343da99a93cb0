//! Which estimators can be trained and with what parameters: scikit-learn's names, defaults, checks and wording.
//!
//! Raw text and tables come in, a [`Spec`] goes out that was checked, so that fitting has no check of parameters left
//! except those against the data.

mod accept;
mod table;

pub use crate::literal::Literal;
pub use table::{Class, Task};

use std::collections::BTreeMap;
use table::{ESTIMATORS, Lacks, Param, SCALERS};

/// What can be trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estimator {
    IsolationForest,
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    LinearRegression,
    Ridge,
    Lasso,
    ElasticNet,
    LogisticRegression,
    KMeans,
    KNeighborsClassifier,
    KNeighborsRegressor,
    GaussianNb,
    Svc,
    Svr,
}

/// What can be put before a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalerKind {
    Standard,
    MinMax,
    Robust,
    MaxAbs,
}

/// Why parameters cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ParamError {
    #[error("there is no estimator {name:?}{}; there are {known}", suggestion(nearest))]
    UnknownEstimator { name: String, nearest: Option<&'static str>, known: String },
    #[error("there is no scaler {name:?}{}; there are none, {known}", suggestion(nearest))]
    UnknownScaler { name: String, nearest: Option<&'static str>, known: String },
    #[error("{class} has no parameter {name:?}{}; it has {known}", suggestion(nearest))]
    UnknownParameter { class: &'static str, name: String, nearest: Option<&'static str>, known: String },
    /// scikit-learn's `InvalidParameterError`.
    #[error("The '{name}' parameter of {class} must be {expected}. Got {value} instead.")]
    Invalid { class: &'static str, name: &'static str, expected: String, value: Literal },
    #[error("{name}={value} of {class} is not supported; {hint}")]
    Unsupported { class: &'static str, name: &'static str, value: Literal, hint: String },
}

fn suggestion(nearest: &Option<&'static str>) -> String {
    nearest.map(|name| format!(" (did you mean {name:?}?)")).unwrap_or_default()
}

/// An estimator with all its parameters, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    pub estimator: Estimator,
    pub params: Params,
}

/// A scaler with all its parameters, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalerSpec {
    pub kind: ScalerKind,
    pub params: Params,
}

impl Estimator {
    pub const ALL: [Estimator; 20] = [
        Estimator::IsolationForest,
        Estimator::DecisionTreeClassifier,
        Estimator::DecisionTreeRegressor,
        Estimator::ExtraTreeClassifier,
        Estimator::ExtraTreeRegressor,
        Estimator::RandomForestClassifier,
        Estimator::RandomForestRegressor,
        Estimator::ExtraTreesClassifier,
        Estimator::ExtraTreesRegressor,
        Estimator::LinearRegression,
        Estimator::Ridge,
        Estimator::Lasso,
        Estimator::ElasticNet,
        Estimator::LogisticRegression,
        Estimator::KMeans,
        Estimator::KNeighborsClassifier,
        Estimator::KNeighborsRegressor,
        Estimator::GaussianNb,
        Estimator::Svc,
        Estimator::Svr,
    ];

    /// The estimator called `name` with `params` over scikit-learn's defaults. A parameter may be written with `-`
    /// for `_`. `random_state` is taken by every estimator, also where scikit-learn's has none.
    ///
    /// # Errors
    /// When there is no such estimator or parameter, or a value is not one that scikit-learn or scorelet takes.
    pub fn parse(name: &str, params: &BTreeMap<String, Literal>) -> Result<Spec, ParamError> {
        let estimator = Estimator::named(name)?;
        Ok(Spec { estimator, params: Params::check(estimator.class(), params)? })
    }

    /// The estimator with scikit-learn's defaults.
    pub fn defaults(self) -> Spec {
        Spec { estimator: self, params: Params::defaults(self.class()) }
    }

    /// The estimator that users call `name`: `isolation-forest`.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Estimator, ParamError> {
        let found = Estimator::ALL.into_iter().find(|estimator| estimator.class().name == name);
        found.ok_or_else(|| {
            let (nearest, known) = alternatives(name, ESTIMATORS.iter().map(|class| class.name));
            ParamError::UnknownEstimator { name: name.to_owned(), nearest, known }
        })
    }

    /// Its names, task and module.
    pub fn class(self) -> &'static Class {
        &ESTIMATORS[self as usize]
    }
}

impl ScalerKind {
    pub const ALL: [ScalerKind; 4] = [ScalerKind::Standard, ScalerKind::MinMax, ScalerKind::Robust, ScalerKind::MaxAbs];

    /// The scaler called `name` with `params` over scikit-learn's defaults; `None` for `none`.
    ///
    /// # Errors
    /// As [`Estimator::parse`].
    pub fn parse(name: &str, params: &BTreeMap<String, Literal>) -> Result<Option<ScalerSpec>, ParamError> {
        if name == "none" {
            return Ok(None);
        }
        let found = ScalerKind::ALL.into_iter().find(|kind| kind.class().name == name);
        let kind = found.ok_or_else(|| {
            let (nearest, known) = alternatives(name, SCALERS.iter().map(|class| class.name));
            ParamError::UnknownScaler { name: name.to_owned(), nearest, known }
        })?;
        Ok(Some(ScalerSpec { kind, params: Params::check(kind.class(), params)? }))
    }

    /// Its names and module.
    pub fn class(self) -> &'static Class {
        &SCALERS[self as usize]
    }
}

/// Every parameter of one class with its value, in scikit-learn's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Params {
    values: Vec<(&'static str, Literal)>,
    random_state: u32,
}

impl Params {
    fn defaults(class: &'static Class) -> Params {
        let values = class.params.iter().map(|param| (param.name, Literal::parse(param.default))).collect();
        Params { values, random_state: 0 }
    }

    fn check(class: &'static Class, given: &BTreeMap<String, Literal>) -> Result<Params, ParamError> {
        let mut params = Params::defaults(class);
        for (key, value) in given {
            let name = key.replace('-', "_");
            let seed = (name == table::RANDOM_STATE.name).then_some(&table::RANDOM_STATE);
            let param = class.params.iter().find(|param| param.name == name).or(seed);
            let param = param.ok_or_else(|| {
                let (nearest, known) = alternatives(&name, class.params.iter().map(|param| param.name));
                ParamError::UnknownParameter { class: class.class, name: name.clone(), nearest, known }
            })?;
            check_value(class, param, value)?;
            if let Some(slot) = params.values.iter_mut().find(|(name, _)| *name == param.name) {
                slot.1 = value.clone();
            }
            if seed.is_some() {
                params.random_state = value.number().unwrap_or_default() as u32;
            }
        }
        Ok(params)
    }

    /// These, with the values that `other` has for `names`.
    pub(super) fn with(mut self, names: &[&str], other: &Params) -> Params {
        for (name, value) in &mut self.values {
            if names.contains(name) {
                *value = other.get(name).clone();
            }
        }
        self
    }

    /// All of them, for the report and the bundle.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Literal)> {
        self.values.iter().map(|(name, value)| (*name, value))
    }

    /// The seed of all that is drawn.
    pub fn random_state(&self) -> u32 {
        self.random_state
    }

    /// The value of a parameter.
    ///
    /// # Panics
    /// When the class has no such parameter: a mistake of the caller, who knows the class.
    pub fn get(&self, name: &str) -> &Literal {
        let found = self.values.iter().find(|(known, _)| *known == name);
        &found.unwrap_or_else(|| panic!("the class has a parameter {name}")).1
    }

    /// A count; `None` for what is no int.
    pub fn count(&self, name: &str) -> Option<usize> {
        match self.get(name) {
            Literal::Int(i) => usize::try_from(*i).ok(),
            _ => None,
        }
    }

    /// A number; `None` for what is none.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.get(name).number()
    }

    /// Whether it is `True`.
    pub fn flag(&self, name: &str) -> bool {
        *self.get(name) == Literal::Bool(true)
    }

    /// A string; `None` for what is none.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Literal::Str(text) => Some(text),
            _ => None,
        }
    }
}

fn check_value(class: &'static Class, param: &Param, value: &Literal) -> Result<(), ParamError> {
    let (class, name) = (class.class, param.name);
    if !param.accepts.iter().any(|kind| kind.takes(value)) {
        let expected = accept::describe(param.accepts);
        return Err(ParamError::Invalid { class, name, expected, value: value.clone() });
    }
    let lacking = |hint| ParamError::Unsupported { class, name, value: value.clone(), hint };
    match param.lacks {
        Lacks::These(values) if values.contains(&value.to_string().as_str()) => {
            let default = Literal::parse(param.default);
            Err(lacking(format!("use another, such as the default {default}")))
        }
        Lacks::AllButDefault if same(value, &Literal::parse(param.default)) => Ok(()),
        Lacks::AllButDefault => Err(lacking(format!("only the default {} is", Literal::parse(param.default)))),
        _ => Ok(()),
    }
}

/// Equal as Python compares: `0 == 0.0`.
fn same(a: &Literal, b: &Literal) -> bool {
    a == b || a.number().is_some() && a.number() == b.number()
}

/// The nearest of `names`, if it is near, and all of them in one phrase.
fn alternatives(name: &str, names: impl Iterator<Item = &'static str> + Clone) -> (Option<&'static str>, String) {
    let distance = |known: &&'static str| strsim::damerau_levenshtein(name, known);
    let nearest = names.clone().min_by_key(distance).filter(|known| distance(known) <= 1 + known.len() / 3);
    (nearest, names.collect::<Vec<_>>().join(", "))
}
