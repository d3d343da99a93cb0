//! `SVC` and `SVR` (`svm/_base.py`, and the libsvm that comes with scikit-learn): the same support vectors, coefficients
//! within rounding, the same number of steps.

mod binary;
mod machine;
mod matrix;
mod platt;
mod solver;

use super::super::grow::{RandomState, pairwise_sum};
use super::super::params::{Literal, Params, Spec};
use super::state::{self, State};
use super::{Data, FitError, Fitted, weights};
use crate::model::FloatType;
use crate::model::svm::Kernel;
use crate::value::{Builder, Node};
use binary::{Binary, Sample};
use machine::{Machine, int32s};
use solver::Stop;

/// What every problem of one fit has in common.
struct Settings {
    kernel: Kernel,
    gamma: f64,
    stop: Stop,
    cache_bytes: usize,
    threads: usize,
    /// Of libsvm's own generator.
    seed: u32,
}

impl Settings {
    fn new(params: &Params, x: &[f64], data: &Data<'_>) -> Settings {
        let n_features = data.n_features();
        let number = |name| params.number(name).unwrap_or_default();
        let gamma = match params.text("gamma") {
            None => number("gamma"),
            Some("auto") => 1.0 / n_features as f64,
            Some(_) => match variance(x) {
                0.0 => 1.0,
                variance => 1.0 / (n_features as f64 * variance),
            },
        };
        let coef0 = number("coef0");
        let kernel = match params.text("kernel") {
            Some("linear") => Kernel::Linear,
            Some("poly") => Kernel::Poly { gamma, coef0, degree: number("degree") as u32 },
            Some("sigmoid") => Kernel::Sigmoid { gamma, coef0 },
            _ => Kernel::Rbf { gamma },
        };
        let stop = Stop { tol: number("tol"), max_iter: params.count("max_iter"), shrinking: params.flag("shrinking") };
        // MiB, and never more than a machine could have.
        let cache_bytes = (number("cache_size") * f64::from(1 << 20)) as usize;
        let seed = RandomState::new(params.random_state()).seed();
        Settings { kernel, gamma, stop, cache_bytes, threads: data.threads, seed }
    }
}

/// `X.var()`.
fn variance(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mean = pairwise_sum(x) / n;
    pairwise_sum(&x.iter().map(|x| (x - mean) * (x - mean)).collect::<Vec<_>>()) / n
}

/// What a fit is about.
struct Problem<'p, 'd> {
    spec: &'p Spec,
    data: &'p Data<'d>,
    rows: Vec<&'p [f64]>,
    settings: Settings,
}

impl<'p, 'd> Problem<'p, 'd> {
    /// `x` is the data in one piece, row by row.
    fn new(spec: &'p Spec, data: &'p Data<'d>, x: &'p [f64]) -> Problem<'p, 'd> {
        let settings = Settings::new(&spec.params, x, data);
        Problem { spec, data, rows: x.chunks_exact(data.n_features()).collect(), settings }
    }
}

/// One problem for each pair of classes.
pub(super) fn classifier(spec: &Spec, data: &Data<'_>) -> Result<Fitted, FitError> {
    let (class, params) = (spec.estimator.class(), &spec.params);
    let (classes, codes) = data.labels(class.class)?;
    if params.flag("break_ties") && params.text("decision_function_shape") == Some("ovo") {
        let text = "break_ties must be False when decision_function_shape is 'ovo'";
        return Err(FitError::Parameter(text.to_owned()));
    }
    data.check_values(class.class, FloatType::F64, false)?;
    let weights = weights::class_weights(params, classes, codes)?.unwrap_or_else(|| vec![1.0; classes.len()]);
    let x = data.x.as_standard_layout();
    let problem = Problem::new(spec, data, x.as_slice().expect("a standard layout is one slice"));
    let c = params.number("C").unwrap_or(1.0);
    let bounds: Vec<f64> = weights.iter().map(|weight| c * weight).collect();
    let mut members = vec![Vec::new(); classes.len()];
    codes.iter().enumerate().for_each(|(row, code)| members[*code as usize].push(row));
    let machine = Machine::of_pairs(&members, train_pairs(&problem, &members, &bounds));
    let mut b = Builder::new();
    let mut state = State::new(&mut b, class, params);
    let labels = state::classes(&mut b, classes);
    state.set("classes_", labels);
    state.f64s(&mut b, "class_weight_", &weights);
    for name in ["nu", "epsilon"] {
        state.float(&mut b, name, 0.0);
    }
    let iterations = int32s(&mut b, &machine.n_iter);
    state.set("n_iter_", iterations);
    let sign = if classes.len() == 2 { -1.0 } else { 1.0 };
    let mut fitted = machine.write(b, state, &problem, sign)?;
    if *params.get("probability") != Literal::Str("deprecated".to_owned()) {
        let text = "the parameter probability is deprecated in scikit-learn 1.9 and goes in 1.11";
        fitted.warnings.push(text.to_owned());
    }
    Ok(fitted)
}

/// A problem with two variables for each row.
pub(super) fn regressor(spec: &Spec, data: &Data<'_>) -> Result<Fitted, FitError> {
    let (class, params) = (spec.estimator.class(), &spec.params);
    let y = data.numbers(class.class)?;
    data.check_values(class.class, FloatType::F64, false)?;
    let x = data.x.as_standard_layout();
    let problem = Problem::new(spec, data, x.as_slice().expect("a standard layout is one slice"));
    let machine = Machine::of_regression(y, &problem);
    let mut b = Builder::new();
    let mut state = State::new(&mut b, class, params);
    state.float(&mut b, "nu", 0.0);
    for name in ["class_weight", "random_state"] {
        let none = b.none();
        state.set(name, none);
    }
    let no = b.push(Node::Bool(false));
    state.set("probability", no);
    state.int(&mut b, "n_iter_", machine.n_iter[0]);
    machine.write(b, state, &problem, 1.0)
}

/// One of the problems of a classifier: samples of the first class, then of the second.
struct Pair {
    binary: Binary,
    platt: Option<(f64, f64)>,
}

/// `bounds` has the largest coefficient of each class.
fn train_pairs(problem: &Problem<'_, '_>, members: &[Vec<usize>], bounds: &[f64]) -> Vec<Pair> {
    let Problem { rows, settings, spec, .. } = problem;
    let probability = spec.params.flag("probability");
    let mut pairs = Vec::new();
    for first in 0..members.len() {
        for second in first + 1..members.len() {
            let side = |class: usize| {
                members[class].iter().map(move |row| Sample { positive: class == first, row: rows[*row] })
            };
            let samples: Vec<Sample<'_>> = side(first).chain(side(second)).collect();
            let c = (bounds[first], bounds[second]);
            let platt = probability.then(|| platt::sigmoid(&samples, settings, c));
            let mut binary = Binary::train(&samples, settings, c);
            binary.timed_out |= platt.is_some_and(|(_, timed_out)| timed_out);
            pairs.push(Pair { binary, platt: platt.map(|(sigmoid, _)| sigmoid) });
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::super::super::params::Estimator;
    use super::super::{Fitted, Target, fit};
    use crate::model::Classes;
    use crate::train::params::Literal;
    use ndarray::arr2;

    const X: [[f64; 2]; 8] =
        [[0.0, 0.0], [1.0, 3.0], [2.0, 1.0], [3.0, 2.0], [1.0, 1.0], [4.0, 0.0], [2.0, 3.0], [0.0, 2.0]];

    fn fitted(name: &str, params: &[(&str, &str)], target: &Target) -> Fitted {
        let params = params.iter().map(|(name, text)| ((*name).to_owned(), Literal::parse(text))).collect();
        fit(&Estimator::parse(name, &params).unwrap(), arr2(&X).view(), &[], Some(target), 1).unwrap()
    }

    /// Support vectors, libsvm's coefficients and intercept, and steps, as scikit-learn 1.9.1 finds them.
    fn check(fitted: &Fitted, support: &[i64], coef: &[f64], intercept: f64, n_iter: &[i64]) {
        let root = fitted.graph.root();
        assert_eq!(root.attr("support_").unwrap().i64s().unwrap(), support);
        let found = root.attr("_dual_coef_").unwrap().f64s().unwrap();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(found.len() == coef.len() && found.iter().zip(coef).all(|(a, b)| near(*a, *b)), "{found:?}");
        assert!(near(root.attr("_intercept_").unwrap().f64s().unwrap()[0], intercept));
        assert_eq!(root.attr("_num_iter").unwrap().i64s().unwrap(), n_iter);
    }

    #[test]
    fn the_steps_of_libsvm() {
        let labels = Target::Labels { classes: Classes::Int(vec![0, 1]), codes: vec![0, 1, 0, 1, 0, 1, 1, 0] };
        let coef =
            [0.9072528900112178, 1.0, 0.06305079380121136, 1.0, -1.0, -1.0, -0.8612227633255741, -0.10908092048685493];
        let rbf = fitted("svc", &[("gamma", "0.5")], &labels);
        check(&rbf, &[0, 2, 4, 7, 1, 3, 5, 6], &coef, -0.13916397458103963, &[10]);
        let coef = [0.25, 0.25, 0.1564602750030769, -0.25, -0.21865988214153842, -0.18780039286153846];
        let linear = fitted("svc", &[("kernel", "linear"), ("C", "0.25")], &labels);
        check(&linear, &[2, 4, 7, 1, 5, 6], &coef, 2.001281676209231, &[20]);
        let coef = [0.22012024044781436, 0.04107029558607162, -0.16783070669213368, -0.09335982934175234];
        let poly = fitted("svc", &[("kernel", "poly"), ("gamma", "0.5"), ("degree", "2"), ("coef0", "1.0")], &labels);
        check(&poly, &[2, 7, 1, 5], &coef, 2.5286994343254614, &[48]);
        let numbers = Target::Numbers(vec![0.5, 2.0, 1.0, 3.0, 1.5, 4.0, 2.5, 1.0]);
        let coef = [-1.0, -1.0, 1.0, 0.5275575368987373, 1.0, 0.17850780666873134, -0.7060653435674688];
        let regression = fitted("svr", &[("gamma", "0.5"), ("epsilon", "0.2")], &numbers);
        check(&regression, &[0, 2, 3, 4, 5, 6, 7], &coef, 1.9034418089375829, &[10]);
    }

    #[test]
    fn too_few_steps_are_said() {
        let labels = Target::Labels { classes: Classes::Int(vec![0, 1]), codes: vec![0, 1, 0, 1, 0, 1, 1, 0] };
        let fitted = fitted("svc", &[("max_iter", "2")], &labels);
        assert!(fitted.warnings[0].starts_with("Solver terminated early (max_iter=2)."), "{:?}", fitted.warnings);
    }
}
