//! `SVC` and `SVR` (`svm/_base.py`, and the libsvm that comes with scikit-learn): the same support vectors, coefficients
//! within rounding, the same number of steps.

mod binary;
mod matrix;
mod platt;
mod solver;

use super::super::grow::{RandomState, pairwise_sum};
use super::super::params::{Literal, Params, Spec};
use super::state::{self, State};
use super::{Data, FitError, Fitted, weights};
use crate::model::FloatType;
use crate::model::svm::Kernel;
use crate::value::{Builder, DType, Id, Node, ScalarKind};
use binary::{Binary, Sample};
use matrix::{Doubled, Rows};
use solver::{Stop, Variable, solve};

/// What every problem of one fit has in common.
struct Settings {
    kernel: Kernel,
    gamma: f64,
    stop: Stop,
    cache_bytes: usize,
    /// Of libsvm's own generator.
    seed: u32,
}

impl Settings {
    fn new(params: &Params, x: &[f64], n_features: usize) -> Settings {
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
        Settings { kernel, gamma, stop, cache_bytes, seed: RandomState::new(params.random_state()).seed() }
    }
}

/// `X.var()`.
fn variance(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mean = pairwise_sum(x) / n;
    pairwise_sum(&x.iter().map(|x| (x - mean) * (x - mean)).collect::<Vec<_>>()) / n
}

/// One problem for each pair of classes.
pub(super) fn classifier(spec: &Spec, data: &Data<'_>) -> Result<Fitted, FitError> {
    let (class, params) = (spec.estimator.class(), &spec.params);
    let (classes, codes) = data.labels(class.class)?;
    data.check_values(class.class, FloatType::F64, false)?;
    let weights = weights::class_weights(params, classes, codes)?.unwrap_or_else(|| vec![1.0; classes.len()]);
    let x = data.x.as_standard_layout();
    let x = x.as_slice().expect("a standard layout is one slice");
    let settings = Settings::new(params, x, data.n_features());
    let c = params.number("C").unwrap_or(1.0);
    let bounds: Vec<f64> = weights.iter().map(|weight| c * weight).collect();
    let mut members = vec![Vec::new(); classes.len()];
    codes.iter().enumerate().for_each(|(row, code)| members[*code as usize].push(row));
    let rows: Vec<&[f64]> = x.chunks_exact(data.n_features()).collect();
    let pairs = train_pairs(&rows, &members, &settings, &bounds, params.flag("probability"));
    let machine = Machine::of_pairs(&members, pairs);
    let mut b = Builder::new();
    let mut state = State::new(&mut b, class, params);
    let labels = state::classes(&mut b, classes);
    state.set("classes_", labels);
    state.f64s(&mut b, "class_weight_", &weights);
    for name in ["nu", "epsilon"] {
        state.float(&mut b, name, 0.0);
    }
    let iterations = int32s(&mut b, machine.n_iter.iter().copied());
    state.set("n_iter_", iterations);
    // The sign that libsvm gives two classes is not that of scikit-learn.
    let sign = if classes.len() == 2 { -1.0 } else { 1.0 };
    machine.write(b, state, (spec, data, &settings), &rows, sign)
}

/// A problem with two variables for each row.
pub(super) fn regressor(spec: &Spec, data: &Data<'_>) -> Result<Fitted, FitError> {
    let (class, params) = (spec.estimator.class(), &spec.params);
    let y = data.numbers(class.class)?;
    data.check_values(class.class, FloatType::F64, false)?;
    let x = data.x.as_standard_layout();
    let x = x.as_slice().expect("a standard layout is one slice");
    let settings = Settings::new(params, x, data.n_features());
    let rows: Vec<&[f64]> = x.chunks_exact(data.n_features()).collect();
    let (c, epsilon) = (params.number("C").unwrap_or(1.0), params.number("epsilon").unwrap_or_default());
    let above = y.iter().map(|y| Variable { positive: true, c, p: epsilon - y });
    let below = y.iter().map(|y| Variable { positive: false, c, p: epsilon + y });
    let variables: Vec<Variable> = above.chain(below).collect();
    let matrix = Doubled::new(Rows::new(settings.kernel, rows.clone()), settings.cache_bytes);
    let solution = solve(matrix, &variables, settings.stop);
    let (above, below) = solution.alpha.split_at(y.len());
    let coef: Vec<f64> = above.iter().zip(below).map(|(above, below)| above - below).collect();
    let support: Vec<usize> = (0..y.len()).filter(|row| coef[*row] != 0.0).collect();
    let machine = Machine {
        coef: support.iter().map(|row| coef[*row]).collect(),
        n_support: vec![support.len(); 2],
        support,
        rho: vec![solution.rho],
        n_iter: vec![solution.n_iter],
        platt: Vec::new(),
        timed_out: solution.timed_out,
    };
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
    machine.write(b, state, (spec, data, &settings), &rows, 1.0)
}

/// One of the problems of a classifier: samples of the first class, then of the second.
struct Pair {
    binary: Binary,
    platt: Option<(f64, f64)>,
}

fn train_pairs(
    rows: &[&[f64]],
    members: &[Vec<usize>],
    settings: &Settings,
    bounds: &[f64],
    probability: bool,
) -> Vec<Pair> {
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

/// What libsvm calls a model.
struct Machine {
    /// Rows that are support vectors, class by class.
    support: Vec<usize>,
    n_support: Vec<usize>,
    /// Shape (classes - 1, vectors), or (1, vectors).
    coef: Vec<f64>,
    rho: Vec<f64>,
    n_iter: Vec<usize>,
    /// A sigmoid for each pair; empty without probabilities.
    platt: Vec<(f64, f64)>,
    timed_out: bool,
}

impl Machine {
    /// Rows that have a coefficient in any pair. A pair's coefficients stand in the row of the other class: for the second
    /// class in that of the first, for the first in that of the second less one.
    fn of_pairs(members: &[Vec<usize>], pairs: Vec<Pair>) -> Machine {
        let n = members.len();
        let names: Vec<(usize, usize)> = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).collect();
        let mut by_class: Vec<Vec<Vec<f64>>> = members.iter().map(|rows| vec![vec![0.0; rows.len()]; n - 1]).collect();
        for ((i, j), pair) in names.iter().zip(&pairs) {
            let (first, second) = pair.binary.coef.split_at(members[*i].len());
            by_class[*i][j - 1].copy_from_slice(first);
            by_class[*j][*i].copy_from_slice(second);
        }
        let mut machine = Machine {
            support: Vec::new(),
            n_support: Vec::new(),
            coef: Vec::new(),
            rho: pairs.iter().map(|pair| pair.binary.rho).collect(),
            n_iter: pairs.iter().map(|pair| pair.binary.n_iter).collect(),
            platt: pairs.iter().filter_map(|pair| pair.platt).collect(),
            timed_out: pairs.iter().any(|pair| pair.binary.timed_out),
        };
        let mut kept = Vec::new();
        for (rows, coefs) in members.iter().zip(&by_class) {
            let places: Vec<usize> = (0..rows.len()).filter(|at| coefs.iter().any(|coef| coef[*at] != 0.0)).collect();
            machine.support.extend(places.iter().map(|at| rows[*at]));
            machine.n_support.push(places.len());
            kept.push(places);
        }
        for output in 0..n - 1 {
            for (places, coefs) in kept.iter().zip(&by_class) {
                machine.coef.extend(places.iter().map(|at| coefs[output][*at]));
            }
        }
        machine
    }

    /// Adds what both estimators learn, in both of its forms: as libsvm has it, and as scikit-learn shows it.
    fn write(
        self,
        mut b: Builder,
        mut state: State,
        (spec, data, settings): (&Spec, &Data<'_>, &Settings),
        rows: &[&[f64]],
        sign: f64,
    ) -> Result<Fitted, FitError> {
        let intercept: Vec<f64> = self.rho.iter().map(|rho| if *rho == 0.0 { 0.0 } else { -rho }).collect();
        if !intercept.iter().chain(&self.coef).all(|x| x.is_finite()) {
            let text = "The dual coefficients or intercepts are not finite. The input data may contain large values and \
                        need to be preprocessed.";
            return Err(FitError::Parameter(text.to_owned()));
        }
        state.features(&mut b, data);
        state.float(&mut b, "_gamma", settings.gamma);
        let support = int32s(&mut b, self.support.iter().copied());
        state.set("support_", support);
        let n_support = int32s(&mut b, self.n_support.iter().copied());
        state.set("_n_support", n_support);
        let iterations = int32s(&mut b, self.n_iter.iter().copied());
        state.set("_num_iter", iterations);
        let vectors: Vec<f64> = self.support.iter().flat_map(|row| rows[*row]).copied().collect();
        let vectors = b.f64s(&[self.support.len(), data.n_features()], &vectors);
        state.set("support_vectors_", vectors);
        // Of two for a regressor too.
        let shape = [self.n_support.len() - 1, self.support.len()];
        for (names, sign) in [(["_dual_coef_", "_intercept_"], 1.0), (["dual_coef_", "intercept_"], sign)] {
            let signed = |values: &[f64]| values.iter().map(|x| sign * x).collect::<Vec<f64>>();
            let coef = b.f64s(&shape, &signed(&self.coef));
            state.set(names[0], coef);
            state.f64s(&mut b, names[1], &signed(&intercept));
        }
        let (slopes, offsets): (Vec<f64>, Vec<f64>) = self.platt.iter().copied().unzip();
        state.f64s(&mut b, "_probA", &slopes);
        state.f64s(&mut b, "_probB", &offsets);
        for (name, is) in [("_sparse", false), ("_effective_probability", !self.platt.is_empty())] {
            let is = b.push(Node::Bool(is));
            state.set(name, is);
        }
        state.int(&mut b, "fit_status_", usize::from(self.timed_out));
        let shape = vec![b.int(data.n_rows()), b.int(data.n_features())];
        let shape = b.tuple(shape);
        state.set("shape_fit_", shape);
        let warning = |max_iter: &Literal| {
            format!(
                "Solver terminated early (max_iter={max_iter}).  Consider pre-processing your data with StandardScaler \
                 or MinMaxScaler."
            )
        };
        let warnings = self.timed_out.then(|| warning(spec.params.get("max_iter"))).into_iter().collect();
        Ok(Fitted::new(b, state, warnings))
    }
}

fn int32s(b: &mut Builder, values: impl ExactSizeIterator<Item = usize>) -> Id {
    let int32 = DType::Scalar { kind: ScalarKind::Int, size: 4, big_endian: false };
    let shape = [values.len()];
    b.bytes(int32, &shape, values.flat_map(|value| (value as i32).to_le_bytes()).collect())
}
